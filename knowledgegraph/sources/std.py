"""Rust's standard library, from the pages that rustdoc made of it (``rustup component add rust-docs``).

The pages are read, not the search index: that is an undocumented format that changes. An item is an entry, and so is
each of its own methods, variants and associated items; what it has from a trait or through ``Deref`` is on the page of
that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knowledgegraph.entry import Coverage, Piece, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.html import parse
from knowledgegraph.sources.std_docs import NO_DOCS, bytes_of, fingerprint_of, version_of
from knowledgegraph.sources.std_entries import ROOT, TITLE, Writer
from knowledgegraph.sources.std_items import catalogue, is_left_out
from knowledgegraph.sources.std_pages import Page, page_of

_MOST_MISSING = 30


class Std:
    """The standard library."""

    name = "std"
    title = TITLE

    def __init__(self, machine: Machine) -> None:
        self._docs = machine.rust_docs

    def detect(self) -> Found | Missing:
        """Looks for the folder and its list of items."""
        if self._docs is None or not (self._docs / "std").is_dir():
            return NO_DOCS
        fingerprint = fingerprint_of(self._docs, "std/all.html", "std/index.html")
        return Found(version_of(self._docs), fingerprint, str(self._docs / "std"))

    def read(self, found: Found) -> Iterator[Piece]:
        """The crate, its modules, items and their parts, then what they link to, then the account against the list of
        all items. Raises OSError where there is no folder any more."""
        root = Path(found.location)
        items = catalogue(root)
        writer = Writer(items, root)
        got: set[str] = set()
        for folder, why in items.unread.items():
            yield Trouble(f"{root / folder} could not be read ({why}).")
        if items.by_file.get("index.html") is None:
            yield writer.crate()
        for item in items.items:
            page, trouble = _page(root / item.place.file)
            if trouble:
                yield Trouble(trouble)
            if page is not None:
                yield from writer.write(item, page)
                got.update(item.files)
            elif item.id == ROOT:
                yield writer.crate()
        yield from writer.links()
        yield from _account(root, got)


def _page(path: Path) -> tuple[Page | None, str]:
    """The page, if there is one in this file, and what is wrong with it."""
    try:
        page = page_of(bytes_of(path))
    except OSError as error:
        return None, f"{path} could not be read ({error.strerror})."
    if page is None:
        return None, f"{path} is no page of documentation; install rust-docs again."
    return page, "" if page.is_whole else f"{path} ends too early; install rust-docs again."


def _account(root: Path, got: set[str]) -> Iterator[Piece]:
    """How many of the items that the library lists itself were read, without those that are left out."""
    path = root / "all.html"
    try:
        links = parse(path).css("#main-content li > a")
    except OSError as error:
        yield Trouble(f"{path}, the list of all items, could not be read ({error.strerror}).")
        return
    listed = {link.attributes.get("href") or "": link.text() for link in links}
    wanted = {file: name for file, name in listed.items() if file.endswith(".html") and not is_left_out(file)}
    missing = sorted(name for file, name in wanted.items() if file not in got)
    yield Coverage("std_items", len(wanted) - len(missing), len(wanted), tuple(missing[:_MOST_MISSING]))
