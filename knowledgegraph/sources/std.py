"""Rust's standard library, from the pages that rustdoc made of it (``rustup component add rust-docs``).

The pages are read, not the search index: that is an undocumented format that changes. An item is an entry, and so is
each of its own methods, variants and associated items; what it has from a trait or through ``Deref`` is on the page of
that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knowledgegraph.entry import Coverage, Entry, Form, Piece, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.html import parse
from knowledgegraph.sources.std_docs import NO_DOCS, bytes_of, fingerprint_of, version_of
from knowledgegraph.sources.std_entries import ROOT, Writer
from knowledgegraph.sources.std_items import catalogue, is_left_out
from knowledgegraph.sources.std_pages import page_of

_MOST_MISSING = 30


class Std:
    """The standard library."""

    name = "std"
    title = "The Rust Standard Library"

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
        if not items.items or items.items[0].id != ROOT:
            yield Entry("std", "std", self.title, Form.BOOK, "rust", location="")
        for file, why in items.unread.items():
            yield Trouble(f"{root / file} could not be read ({why}).")
        for item in items.items:
            path = root / item.place.file
            try:
                page = page_of(bytes_of(path))
            except OSError as error:
                yield Trouble(f"{path} could not be read ({error.strerror}).")
                continue
            if page is None:
                yield Trouble(f"{path} is no page of documentation; install rust-docs again.")
                continue
            if not page.is_whole:
                yield Trouble(f"{path} ends too early; install rust-docs again.")
            yield from writer.write(item, page)
            got.update(item.files)
        yield from writer.links()
        yield from _account(root, got)


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
