"""From a page of ``std`` to entries: the item and its own parts, and what they link to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from selectolax.lexbor import LexborNode

from knowledgegraph.entry import Entry, Form, Kind, Piece, Relation, entry_id, summary_of
from knowledgegraph.sources.hrefs import identity
from knowledgegraph.sources.html import code_names_of, links_of, markdown_of, text_of
from knowledgegraph.sources.std_docs import mentions_in
from knowledgegraph.sources.std_items import Catalogue, Item, resolved
from knowledgegraph.sources.std_pages import Page, Part, Standing, generics_of, own_type, part_of

ROOT = entry_id("std", "std")
TITLE = "The Rust Standard Library"

_FORMS = {"mod": Form.MODULE, "keyword": Form.KEYWORD}
_WITH_OWN_TYPE = frozenset({"struct", "enum", "union"})
# Types whose methods people ask for in words ("how do I split a string"): what needs no `use`, the primitives, and what
# stands directly in these modules.
_EVERYDAY = frozenset({"cell", "collections", "fs", "io", "path", "process", "rc", "sync", "thread", "time"})
# The number types have the same methods: those of the types that literals and lengths have by default stand for all.
_INTEGERS = ("i32", "usize")
_NUMBER = re.compile(r"[iuf](?:\d+|size)")
_ELSEWHERE = ("std::os::windows", "std::os::darwin")  # of other systems: by name only
_MOST_TEXT = 24_000
_FENCE = re.compile(r"^`{3,}", re.MULTILINE)


class Writer:
    """Makes the entries of one tree, page after page. A link to a method is kept back until :meth:`links`, when it is
    known whether the method is an entry or only its type."""

    def __init__(self, catalogue: Catalogue, root: Path) -> None:
        self._catalogue = catalogue
        self._root = root
        self._known: set[str] = set()
        self._links: dict[tuple[str, str, str, Kind], None] = {}
        self._integer_methods: set[str] = set()
        self._lent: dict[tuple[str, str], list[str]] = {}
        for (file, method), owner in catalogue.borrowed.items():
            borrower = catalogue.by_file[file]
            self._lent.setdefault((owner, method), []).append(f"{borrower.title}::{method}")
            lender = catalogue.by_file[owner].id
            self._links[borrower.id, lender, lender, Kind.RELATED] = None

    def crate(self) -> Entry:
        """The root of all, where its own page cannot be read."""
        self._known.add(ROOT)
        return Entry("std", "std", TITLE, Form.BOOK, "rust")

    def write(self, item: Item, page: Page) -> Iterator[Piece]:
        """The item, then its parts."""
        everyday = self._is_everyday(item, page.standing)
        yield self._item(item, page)
        yield from mentions_in(item.id, item.title, code_names_of(page.docs))
        self._collect(item.id, item, page.docs)
        for same in _counterparts(item):
            self._links[item.id, same, same, Kind.RELATED] = None
        if item.place.what == "type":  # its page repeats the parts of the type that it stands for
            return
        named: dict[str, list[Part]] = {}
        for part in page.parts:
            if item.place.what not in _WITH_OWN_TYPE or own_type(part.owner) in ("", item.place.name):
                named.setdefault(part.name, []).append(part)
        for parts in named.values():
            yield from self._part(item, page.standing, parts, everyday)

    def links(self) -> Iterator[Relation]:
        """The relations of all that was written, to what was written or is in another source."""
        for source, target, instead, kind in self._links:
            end = target if target in self._known or not target.startswith("std:") else instead
            if end != source and (end in self._known or not end.startswith("std:")):
                yield Relation(source, end, kind)

    def _item(self, item: Item, page: Page) -> Entry:
        is_root = item.id == ROOT
        generics = generics_of(page.declaration, item.place.name) if "::" not in item.title else ""
        is_bare = item.place.path in self._catalogue.prelude and item.place.what == "fn"
        further = (item.place.name,) if is_bare else ("standard library",) if is_root else ()
        entry = Entry(
            kind="std",
            ref=item.ref,
            title=TITLE if is_root else item.title,
            form=Form.BOOK if is_root else _FORMS.get(item.place.what, Form.ITEM),
            domain="rust",
            summary=_summary(page.docs, page.standing, page.declaration),
            text=_text([(page.declaration, page.docs)], page.standing),
            location=str(self._root / item.place.file),
            parent="" if is_root else self._parent(item),
            names=tuple(dict.fromkeys((*further, *((f"{item.title}{generics}",) if generics else ()), *item.names))),
            headline=page.standing.is_plain and not item.ref.startswith(_ELSEWHERE),
        )
        self._known.add(entry.id)
        return entry

    def _part(self, item: Item, around: Standing, parts: list[Part], everyday: bool) -> Iterator[Piece]:
        """One entry for all parts of one name: ``cloned`` is a method of ``Option<&T>`` and of ``Option<&mut T>``."""
        parts = sorted(parts, key=lambda part: not part.standing.is_plain)
        first = parts[0]
        standing = _within(around, first.standing)
        heads = [f"{part.owner}\n" if len(parts) > 1 and part.owner else "" for part in parts]
        written = f"{item.place.name}::{first.name}"
        title = f"{item.title.removesuffix(' primitive')}::{first.name}"
        names = [name for name in (written,) if name != title]
        names += self._lent.get((item.place.file, first.name), [])  # Vec::sort is slice::sort
        if (*item.place.path, first.name) in self._catalogue.prelude:
            names.append(first.name)
        entry = Entry(
            kind="std",
            ref=f"{item.ref}::{first.name}",
            title=title,
            form=Form.METHOD,
            domain="rust",
            summary=_summary(first.docs, standing, first.signature),
            text=_text(
                [(f"{head}{part.signature}", part.docs) for head, part in zip(heads, parts, strict=True)], standing
            ),
            location=f"{self._root / item.place.file}#{first.anchor}",
            parent=item.id,
            names=tuple(names),
            headline=everyday and standing.is_plain and self._is_new(item, first.name),
        )
        self._known.add(entry.id)
        yield entry
        docs = tuple(node for part in parts for node in part.docs)
        yield from mentions_in(entry.id, title, code_names_of(docs))
        self._collect(entry.id, item, docs)

    def _parent(self, item: Item) -> str:
        """The nearest module around that could be read; the crate where there is none."""
        path = item.place.module
        while len(path) > 1:
            module = entry_id("std", "::".join(path))
            if module in self._known:
                return module
            path = path[:-1]
        return ROOT

    def _is_everyday(self, item: Item, standing: Standing) -> bool:
        place = item.place
        if place.what == "primitive" and _NUMBER.fullmatch(place.name):
            return place.name in (*_INTEGERS, "f64")
        chosen = place.what == "primitive" or place.path in self._catalogue.prelude
        return standing.is_plain and (chosen or (len(place.path) == 3 and place.path[1] in _EVERYDAY))

    def _is_new(self, item: Item, name: str) -> bool:
        """Whether no integer type before this one has a method of this name."""
        if item.place.what != "primitive" or item.place.name not in _INTEGERS:
            return True
        seen = name in self._integer_methods
        self._integer_methods.add(name)
        return not seen

    def _collect(self, source: str, item: Item, docs: Iterable[LexborNode]) -> None:
        for href in links_of(docs):
            self._link(source, item, href, Kind.LINKS_TO)

    def _link(self, source: str, item: Item, href: str, kind: Kind) -> None:
        file, anchor = resolved(item.place.file, href)
        target = self._catalogue.by_file.get(file)
        if target is not None:
            part = part_of(anchor)
            owner = self._catalogue.by_file[self._catalogue.borrowed.get((target.place.file, part), target.place.file)]
            exact = entry_id("std", f"{owner.ref}::{part}") if part else target.id
            self._links[source, exact, target.id, kind] = None
        elif not file:
            elsewhere = identity(href, f"std/{item.place.file}")
            if elsewhere is not None:
                self._links[source, elsewhere, elsewhere, kind] = None


def _counterparts(item: Item) -> Iterator[str]:
    """The ids of what has the same name and belongs with it: of ``primitive.str`` the module, of a derive its trait."""
    if item.place.what in ("primitive", "derive"):
        yield entry_id("std", "::".join(item.place.path))


def _within(around: Standing, own: Standing) -> Standing:
    """How a part stands: nothing of an unstable or deprecated type is to be used without a word."""
    if own.is_plain and not around.is_plain:
        return Standing(around.unstable, around.deprecated, (*around.notes, *own.notes))
    return own


def _summary(docs: Iterable[LexborNode], standing: Standing, signature: str) -> str:
    told = signature.split("\n")[0]
    for node in docs:
        first = node.css_first("p")
        told = text_of(first) if first is not None else text_of(node)
        break
    if standing.deprecated:
        why = next((note for note in standing.notes if note.startswith("Deprecat")), "Deprecated").rstrip(".")
        return summary_of(f"{why}. {told}")
    return summary_of(f"Unstable: {told}" if standing.unstable else told)


def _text(parts: Iterable[tuple[str, Iterable[LexborNode]]], standing: Standing) -> str:
    """Signatures, each with its documentation; notes on whether to use it at all after the first. What begins as
    something before it says the same once more: ``Atomic<u8>::swap`` and ``Atomic<u16>::swap``."""
    blocks: list[str] = []
    begun: set[str] = set()
    notes = "\n>\n".join(f"> {note}" for note in standing.notes)
    for signature, docs in parts:
        told = markdown_of(docs)
        first = told.partition("\n\n")[0]
        blocks += [f"```rust\n{signature}\n```" if signature else "", notes, "" if first in begun else told]
        begun.add(first)
        notes = ""
    return _cut("\n\n".join(block for block in blocks if block))


def _cut(text: str) -> str:
    """No page is longer than a long chapter: it ends after the last whole paragraph that fits; code is closed."""
    if len(text) <= _MOST_TEXT:
        return text
    end = text.rfind("\n\n", 0, _MOST_TEXT)
    kept = text[: end if end > 0 else _MOST_TEXT]
    fences = _FENCE.findall(kept)
    if len(fences) % 2:
        kept = f"{kept}\n{fences[-1]}"
    return f"{kept}\n\n…"
