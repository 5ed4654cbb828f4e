"""What every source of knowledge can do, and the machine that it looks at.

A source is asked three things. ``detect``: is it here, in which version? Quick (no page is read), so that a new version
is noticed at start. ``read``: everything in it, as a stream of pieces; one bad file is a
:class:`~knowledgegraph.entry.Trouble`, never the end.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from knowledgegraph.entry import Piece

_SECONDS = 30.0

#: Counts the ways in which sources were ever read. Raised by whoever changes what a source gives: knowledge that an
#: older tutor built is then read again.
READER = 1


@dataclass(frozen=True, slots=True)
class Found:
    """The source is here. ``version``: as its makers count ("1.95.0"). ``fingerprint``: changes whenever reading it
    again could give something else. ``location``: the folder or program it is read from."""

    version: str
    fingerprint: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """The source is not here. ``why``: one sentence; ``how_to_get``: the command that gets it, or what to do."""

    why: str
    how_to_get: str


class Source(Protocol):
    """One body of documentation."""

    @property
    def name(self) -> str:
        """Short and unique: "book", "git"."""

    @property
    def title(self) -> str:
        """As a person calls it: "The Rust Programming Language"."""

    def detect(self) -> Found | Missing:
        """Looks whether it is here; a few file or program calls at most."""

    def read(self, found: Found) -> Iterator[Piece]:
        """All of it. Entries come before their parts. Raises OSError only where nothing at all can be read."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where things are on this machine; tests make one of folders of their own.

    ``sysroot``: of the Rust toolchain; None: no Rust. ``man_path``: folders that hold ``man1``, ``man7``…, the first
    one wins. ``programs``: folders that are searched for programs, in order (``PATH``). ``assets``: the folder
    of the project's own content. ``notes``: folders and files that the user added. ``crates``: folders of crates'
    source that the user added.
    """

    sysroot: Path | None = None
    rust_docs: Path | None = None
    man_path: tuple[Path, ...] = ()
    programs: tuple[Path, ...] = ()
    assets: Path | None = None
    notes: tuple[Path, ...] = ()
    crates: tuple[Path, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    def find(self, program: str) -> Path | None:
        """The program of this name in :attr:`programs`, or None."""
        for folder in self.programs:
            path = folder / program
            if path.is_file() and os.access(path, os.X_OK):
                return path
        return None

    def tell(self, argv: Sequence[str | Path], *, seconds: float = _SECONDS) -> str | None:
        """What a program prints on standard output, in English and without a pager; None where it fails, is not there
        or takes longer than ``seconds``. It runs in the root folder, so that no project's settings reach it."""
        environment = {
            **os.environ, "PATH": os.pathsep.join(map(str, self.programs)), **self.environment,
            "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "PAGER": "cat", "GIT_PAGER": "cat", "MANPAGER": "cat",
            "NO_COLOR": "1", "GH_NO_UPDATE_NOTIFIER": "1", "GIT_CONFIG_NOSYSTEM": "1",
        }  # fmt: skip
        try:
            done = subprocess.run(
                [str(part) for part in argv],
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
