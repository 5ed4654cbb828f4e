"""Reads a PDF's text page by page, in a process of its own.

PDFs come from anywhere, and a broken one can keep a reader busy for ever or eat all memory: the process has a limit of
memory and time, and what it dies of is what the caller is told. Run as a program, this module prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

MOST_PAGES = 2000

_SECONDS = 60
_MEMORY = 2 << 30  # bytes of address space


class UnreadablePdf(Exception):
    """Half a sentence that says why: "it is encrypted"."""


@dataclass(frozen=True, slots=True)
class Pdf:
    """``title``: as the file gives it, or ""; ``pages``: the text of each; ``total``: how many pages there are."""

    title: str
    pages: tuple[str, ...]
    total: int


def is_readable() -> bool:
    """Whether the optional package pypdf is installed."""
    from importlib.util import find_spec

    return find_spec("pypdf") is not None


def read_pdf(path: Path, seconds: float = _SECONDS) -> Pdf:
    """The first :data:`MOST_PAGES` pages. Raises :class:`UnreadablePdf`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8"}
    argv = [sys.executable, "-P", "-m", __spec__.name, str(path.absolute())]
    try:
        done = subprocess.run(
            argv, cwd="/", env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnreadablePdf(f"reading it took longer than {seconds:.0f} seconds") from None
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UnreadablePdf(f"it is broken or no PDF: {lines[-1] if lines else f'exit {done.returncode}'}"[:200])
    told = json.loads(done.stdout)
    if why := told.get("why"):
        raise UnreadablePdf(why)
    return Pdf(told["title"], tuple(told["pages"]), told["total"])


def _tell(path: str) -> dict[str, object]:
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        return {"why": "it is encrypted; save a copy without a password"}
    total = len(reader.pages)
    pages = [reader.pages[number].extract_text() for number in range(min(total, MOST_PAGES))]
    title = reader.metadata.title if reader.metadata else None
    # A lone surrogate in a broken font's text could not be stored.
    clean = [text.encode("utf-8", "replace").decode() for text in (title or "", *pages)]
    return {"title": clean[0].strip(), "pages": clean[1:], "total": total}


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not on Windows; the time limit holds there too
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    _limit()
    print(json.dumps(_tell(sys.argv[1])))
