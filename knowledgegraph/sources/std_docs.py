"""What the readers of the Rust documentation share: its version, how to get it, its pages' bytes and names."""

from __future__ import annotations

import errno
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from knowledgegraph.entry import Mention
from knowledgegraph.sources.base import Missing
from knowledgegraph.sources.html import MOST_BYTES

#: Where there is no Rust documentation.
NO_DOCS = Missing("Rust's documentation is not on this machine.", "rustup component add rust-docs")

_VERSION = re.compile(r"\b(\d+\.\d+\.\d+(?:-[a-z0-9.]+)?)")
# What inline code says by name: a path, a macro, a type. A lone small word (`self`, `x`) names anything.
_NAME = re.compile(r"(?:\w+::)+\w+(?:\(\)|!)?|\w+!|[A-Z]\w{2,}(?:<[\w, ']+>)?")


def version_of(docs: Path) -> str:
    """The version of Rust that the documentation in this folder is of ("1.95.0"), "unknown" where it does not say."""
    try:
        told = (docs / "version_info.html").read_text("utf-8", "replace")[:5000]
    except OSError:
        return "unknown"
    found = _VERSION.search(told)
    return found[1] if found else "unknown"


def fingerprint_of(docs: Path, *indexes: str) -> str:
    """The version, and size and time of the files that list what there is; these change with every installation."""
    parts = [version_of(docs)]
    for name in ("version_info.html", *indexes):
        try:
            status = (docs / name).stat()
        except OSError:
            continue
        parts.append(f"{name}:{status.st_size}:{status.st_mtime_ns}")
    return " ".join(parts)


def bytes_of(path: Path) -> bytes:
    """A page as it is, for a reader that parses only a part of it.

    Raises OSError where there is no such file, it is no regular one, or too large for a page of documentation.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if status.st_size > MOST_BYTES:
        raise OSError(errno.EFBIG, "too large for a page of documentation", str(path))
    return path.read_bytes()


def mentions_in(source: str, title: str, code: Iterable[str]) -> Iterator[Mention]:
    """What the inline ``code`` in an entry names, besides itself."""
    for name in code:
        if name != title and _NAME.fullmatch(name):
            yield Mention(source, name)


def without_buttons(tree: LexborHTMLParser) -> None:
    """Takes the links that run an example out of a page: in older pages they have the text "Run"."""
    for button in tree.css("a.test-arrow"):
        button.decompose()
