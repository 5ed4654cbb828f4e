"""The books about Rust that come with its documentation, each page, section and rule an entry.

Every book is a folder that mdBook wrote. Its own table of contents says which files are pages
(:mod:`knowledgegraph.sources.mdbook_toc`); a page is cut at its headings (:mod:`knowledgegraph.sources.mdbook_page`).

``PAGE`` entries have the page as ref, ``SECTION`` and ``RULE`` entries ``page#anchor``; the whole book is
``index.html``, and where the table of contents lists that page, it is the page as well. The first heading of a page is
the page's own: its anchor is one of the page's names, and links to it lead to the page.

Coverage ``KIND_sections``: of each page that the table of contents lists, the headings in its file, counted in the
bytes of the file (1 for a page without a heading or that cannot be read); got: the entries made of them.
``reference_rules``: the rules of which the Reference itself says, on its page about tests, that it has them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from knowledgegraph.entry import (
    Coverage,
    Entry,
    Form,
    Kind,
    Mention,
    Piece,
    Relation,
    Trouble,
    entry_id,
    in_order,
    summary_of,
)
from knowledgegraph.references import BOOKS
from knowledgegraph.sources import html
from knowledgegraph.sources.base import Found, Missing, Source
from knowledgegraph.sources.hrefs import identity
from knowledgegraph.sources.mdbook_page import Passage, Rule, headings_in_source, passages
from knowledgegraph.sources.mdbook_toc import Chapter, chapters
from knowledgegraph.sources.std_docs import NO_DOCS, version_of

_TITLES = {
    "book": "The Rust Programming Language",
    "reference": "The Rust Reference",
    "rbe": "Rust by Example",
    "nomicon": "The Rustonomicon",
    "cargo": "The Cargo Book",
    "edition": "The Rust Edition Guide",
    "rustc": "The rustc Book",
}
_ABOUT = {
    "book": "Teaches Rust from the first program to concurrency and a web server.",
    "reference": "Says exactly what the language is: syntax, meaning and rules, one by one.",
    "rbe": "Shows each feature of Rust in a small program that runs.",
    "nomicon": "Explains unsafe Rust: what the compiler relies on and how not to break it.",
    "cargo": "Explains Cargo: packages, dependencies, workspaces, publishing, every command and setting.",
    "edition": "Tells what each edition of Rust changed and how to move a project to it.",
    "rustc": "Explains the compiler's command line: options, lints, targets and what it can print.",
}
_MEND = "rustup component remove rust-docs && rustup component add rust-docs"
_ROOT = "index.html"
#: Folders inside a book's folder that are other books: translations and old editions.
_OTHER_BOOKS = frozenset({"es", "ja", "ko", "zh", "first-edition", "second-edition", "2018-edition"})
_MOST_MISSING = 40
_RULE_DIV = re.compile(rb'<div class="rule"')
_GENERICS = re.compile(r"(::)?<.*>$")
#: Inline code that can be the name of something that is documented: a type or trait, a path, a macro, a function or
#: lint of more than one word, an error code. A single small word is mostly a variable.
_NAME = re.compile(
    r"[A-Z][A-Za-z0-9]+|[A-Za-z_]\w*(?:::[A-Za-z_]\w*)+!?|[a-z_][a-z0-9_]*!|[a-z]+(?:_[a-z0-9]+)+", re.ASCII
)
_COMMAND = re.compile(r"(?:cargo|git|gh|rustup) [a-z][a-z-]+")


def books(docs: Path | None) -> list[Source]:
    """The books of the documentation in this folder (:attr:`Machine.rust_docs`), whether they are there or not."""
    return [Book(kind, docs) for kind in BOOKS]


@dataclass(frozen=True, slots=True)
class Book:
    """One book; a :class:`~knowledgegraph.sources.base.Source`. ``kind``: one of :data:`BOOKS`."""

    kind: str
    docs: Path | None

    @property
    def name(self) -> str:
        return self.kind

    @property
    def title(self) -> str:
        return _TITLES[self.kind]

    def detect(self) -> Found | Missing:
        """Changes of any of the book's files change the fingerprint."""
        if self.docs is None or not self.docs.is_dir():
            return NO_DOCS
        folder = self.docs / BOOKS[self.kind]
        if not any((folder / name).is_file() for name in ("toc.html", _ROOT)):
            return Missing(f"{self.title} is not in the documentation in {self.docs}.", NO_DOCS.how_to_get)
        version = version_of(self.docs)
        return Found(version, f"{version} {_state_of(folder)}", str(folder))

    def read(self, found: Found) -> Iterator[Piece]:
        """Raises OSError where the book has no table of contents that can be read."""
        folder = Path(found.location)
        yield from _Reading(self.kind, folder, chapters(folder)).pieces()


@dataclass(slots=True)
class _Reading:
    """One pass through a book. ``places``: of each page that was read, its anchors and the ids they belong to."""

    kind: str
    folder: Path
    chapters: list[Chapter]
    total: int = 0
    got: int = 0
    rules_in_source: int = 0
    rules: int = 0
    missing: list[str] = field(default_factory=list)
    read: set[str] = field(default_factory=set)
    links: list[tuple[str, str, list[str]]] = field(default_factory=list)  # page, id of the entry, hrefs
    places: dict[str, dict[str, str]] = field(default_factory=dict)

    def pieces(self) -> Iterator[Piece]:
        above = {chapter.ref: chapter.above for chapter in self.chapters}
        if _ROOT not in above:
            yield self.root()
        for chapter in sorted(self.chapters, key=lambda chapter: chapter.ref != _ROOT):
            parent = chapter.above
            while parent and parent not in self.read:
                parent = above.get(parent, "")
            yield from self.chapter(chapter, parent or _ROOT)
        yield from in_order(self.id(chapter.ref) for chapter in self.chapters if chapter.ref in self.read)
        yield from self.link_relations()
        yield Coverage(f"{self.kind}_sections", self.got, self.total, tuple(self.missing[:_MOST_MISSING]))
        if self.kind == "reference":
            yield from self.rule_coverage()

    def id(self, ref: str) -> str:
        return entry_id(self.kind, ref)

    def root(self, page: Passage | None = None) -> Entry:
        """The book as a whole, with the text of its first page where that is the same page."""
        location = self.folder / _ROOT
        if not location.is_file():
            files = (self.folder / chapter.ref for chapter in self.chapters)
            location = next((file for file in files if file.is_file()), location)
        return Entry(
            self.kind,
            _ROOT,
            _TITLES[self.kind],
            Form.BOOK,
            "rust",
            summary=_ABOUT[self.kind],
            text=html.markdown_of(page.nodes) if page else _ABOUT[self.kind],
            location=str(location),
            names=(f"{_ROOT}#{page.anchor}",) if page and page.anchor else (),
        )

    def chapter(self, chapter: Chapter, parent: str) -> Iterator[Piece]:
        """A page with its sections and rules; a sentence about what is wrong with its file."""
        path = self.folder / chapter.ref
        content, cut, trouble = _page_in(path)
        if trouble:
            yield Trouble(trouble)
        self.total += max(1, headings_in_source(content))
        if not cut:
            self.missing.append(chapter.ref)
            if chapter.ref == _ROOT:
                yield self.root()
            return
        self.read.add(chapter.ref)
        self.rules_in_source += len(_RULE_DIV.findall(content))
        self.places[chapter.ref] = _places(self.kind, chapter.ref, cut)
        self.got += len(cut)
        titles = _titles_below(cut)
        for passage in cut:
            if passage is cut[0]:
                yield self.root(passage) if chapter.ref == _ROOT else self.page(chapter, passage, parent, titles)
            else:
                yield self.section(chapter, passage, cut[0], titles)
            yield from self.relations(chapter.ref, passage, cut[0])
            for rule in passage.rules:
                yield self.rule(chapter.ref, rule, passage, cut[0])

    def page(self, chapter: Chapter, passage: Passage, parent: str, titles: dict[int, str]) -> Entry:
        return Entry(
            self.kind,
            chapter.ref,
            chapter.title,
            Form.PAGE,
            "rust",
            summary=passage.summary() or titles.get(id(passage), ""),
            text=html.markdown_of(passage.nodes),
            location=str(self.folder / chapter.ref),
            parent=self.id(parent),
            names=(f"{chapter.ref}#{passage.anchor}",) if passage.anchor else (),
        )

    def section(self, chapter: Chapter, passage: Passage, page: Passage, titles: dict[int, str]) -> Entry:
        location = str(self.folder / chapter.ref)
        return Entry(
            self.kind,
            _ref(chapter.ref, passage, page),
            passage.title or chapter.title,
            Form.SECTION,
            "rust",
            summary=passage.summary() or titles.get(id(passage), ""),
            text=html.markdown_of(passage.nodes),
            location=f"{location}#{passage.anchor}" if passage.anchor else location,
            parent=self.id(_ref(chapter.ref, passage.above or page, page)),
        )

    def rule(self, page_ref: str, rule: Rule, passage: Passage, page: Passage) -> Entry:
        """A rule of which nothing follows but a heading says what that heading says."""
        self.rules += 1
        text = html.markdown_of(rule.nodes)
        return Entry(
            self.kind,
            f"{page_ref}#{rule.anchor}",
            rule.name,
            Form.RULE,
            "rust",
            summary=rule.summary() or passage.title,
            text=text or passage.title,
            location=f"{self.folder / page_ref}#{rule.anchor}",
            parent=self.id(_ref(page_ref, passage, page)),
            names=tuple(dict.fromkeys((rule.name, f"r-{rule.name}"))),
            headline=False,
        )

    def relations(self, page_ref: str, passage: Passage, page: Passage) -> Iterator[Piece]:
        """What a passage explains and names; its links are kept until all pages were read."""
        source = self.id(_ref(page_ref, passage, page))
        for code in passage.errors():
            yield Relation(source, f"error:{code}", Kind.EXPLAINS_ERROR)
        for name in _names_in(html.code_names_of(passage.nodes)):
            yield Mention(source, name)
        if hrefs := html.links_of(passage.nodes):
            self.links.append((page_ref, source, hrefs))

    def link_relations(self) -> Iterator[Relation]:
        """A link to a place inside a passage is a link to the passage."""
        elsewhere = _Elsewhere(self.folder.parent)
        for page_ref, source, hrefs in self.links:
            page = f"{self.folder.name}/{page_ref}"
            targets: dict[str, None] = {}
            for href in hrefs:
                target = identity(href, page)
                if target is not None:
                    targets.setdefault(self.entry_at(target, elsewhere))
            for target in targets:
                if target != source:
                    yield Relation(source, target, Kind.LINKS_TO)

    def entry_at(self, target: str, elsewhere: _Elsewhere) -> str:
        """The id of the entry that holds the place with this id; an anchor that a page lacks leads to the page."""
        kind, _, ref = target.partition(":")
        page, _, anchor = ref.partition("#")
        if not anchor or kind not in BOOKS:
            return target
        places = self.places.get(page) if kind == self.kind else elsewhere.places(kind, page)
        return places.get(anchor, entry_id(kind, page)) if places else target

    def rule_coverage(self) -> Iterator[Coverage]:
        stated = _stated_rules(self.folder / "test-summary.html")
        total = self.rules_in_source if stated is None else stated
        if total or self.rules:
            yield Coverage("reference_rules", self.rules, total)


class _Elsewhere:
    """The places in pages of other books, looked up when a link leads there."""

    def __init__(self, docs: Path) -> None:
        self._docs = docs
        self._known: dict[str, dict[str, str]] = {}

    def places(self, kind: str, page: str) -> dict[str, str]:
        """Anchors and the ids of the entries they belong to; none where there is no such page."""
        identity_of_page = entry_id(kind, page)
        if identity_of_page not in self._known:
            _, cut, _ = _page_in(self._docs / BOOKS[kind] / page)
            self._known[identity_of_page] = _places(kind, page, cut)
        return self._known[identity_of_page]


def _page_in(path: Path) -> tuple[bytes, list[Passage], str]:
    """The bytes of a page, its passages, and a sentence where something is wrong ("" where nothing is)."""
    try:
        content = html.read_page(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return b"", [], f"{path} could not be read ({reason}). To mend it: {_MEND}."
    cut = passages(LexborHTMLParser(content.decode("utf-8", "replace")))
    if not content.strip():
        return content, [], f"{path} is empty. To mend it: {_MEND}."
    if not cut:
        return content, [], f"{path} holds no page of a book. To mend it: {_MEND}."
    if b"</main>" not in content:
        return content, cut, f"{path} is cut short; what is there was read. To mend it: {_MEND}."
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content, cut, f"{path} is not all UTF-8; the rest of it was read. To mend it: {_MEND}."
    return content, cut, ""


def _ref(page_ref: str, passage: Passage, page: Passage) -> str:
    return page_ref if passage is page else f"{page_ref}#{passage.key}"


def _places(kind: str, page_ref: str, cut: list[Passage]) -> dict[str, str]:
    """Each anchor of a page and the id of the entry it belongs to; of equal anchors the first, as in browsers."""
    found: dict[str, str] = {}
    for passage in cut:
        identity_here = entry_id(kind, _ref(page_ref, passage, cut[0]))
        for anchor in passage.anchors:
            found.setdefault(anchor, identity_here)
        for rule in passage.rules:
            found[rule.anchor] = entry_id(kind, f"{page_ref}#{rule.anchor}")
    return found


def _titles_below(cut: list[Passage]) -> dict[int, str]:
    """For passages that only have parts: what the parts are called. Keys are the ``id()`` of passages."""
    below: dict[int, list[str]] = {}
    for passage in cut:
        if passage.above is not None and passage.title:
            below.setdefault(id(passage.above), []).append(passage.title)
    return {key: summary_of(f"In it: {', '.join(titles)}.") for key, titles in below.items()}


def _names_in(codes: Iterable[str]) -> list[str]:
    """Of texts of inline code those that can be names, without generics and empty parentheses, each once."""
    found: dict[str, None] = {}
    for code in codes:
        if len(code) > 100:
            continue
        name = _GENERICS.sub("", code.removesuffix("()"))
        if _NAME.fullmatch(name):
            found.setdefault(name)
        elif command := _COMMAND.match(code):
            found.setdefault(command[0])
    return list(found)


def _stated_rules(summary: Path) -> int | None:
    """How many rules the Reference says it has: the second cell of the last row of its summary of tests."""
    try:
        rows = html.parse(summary).css("main table tr")
    except OSError:
        return None
    for row in reversed(rows):
        cells = [html.text_of(cell) for cell in html.children(row) if cell.tag == "td"]
        if len(cells) > 1 and cells[0].casefold().startswith("total") and cells[1].isascii() and cells[1].isdigit():
            return int(cells[1])
    return None


def _state_of(folder: Path) -> str:
    """A digest of the names, sizes and times of the book's pages."""
    digest = hashlib.sha256()
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if Path(where) != folder or name not in _OTHER_BOOKS)
        for name in sorted(files):
            if name.endswith(".html") and name != "print.html":
                path = os.path.join(where, name)  # noqa: PTH118 -- thousands of files at every start
                try:
                    status = os.stat(path)  # noqa: PTH116 -- the same
                except OSError:
                    continue
                digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]
