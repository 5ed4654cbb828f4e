"""What a source gives: entries (one citable thing each), relations between them, and an account of what it read.

A source yields these pieces one by one (:data:`Piece`); :mod:`knowledgegraph.build` stores them. Authored concepts
become entries like everything else, so that one search and one graph serve all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from knowledgegraph.references import Reference


class Form(StrEnum):
    """What an entry is inside its source."""

    BOOK = "book"  # the whole of a book, manual or crate: the root that its parts hang from
    PAGE = "page"
    SECTION = "section"
    RULE = "rule"  # one normative sentence of the Reference
    CODE = "code"  # an error code
    LINT = "lint"
    MODULE = "module"
    ITEM = "item"  # a type, trait, function, macro, constant…
    METHOD = "method"  # a method, variant or associated item of an item
    KEYWORD = "keyword"
    COMMAND = "command"  # something that is typed in a shell
    OPTION = "option"
    VARIABLE = "variable"  # a configuration or environment variable
    TERM = "term"  # an entry of a glossary
    CONCEPT = "concept"  # one of our own
    PATTERN = "pattern"
    SIGNPOST = "signpost"  # leads the search to what it points to; never found itself
    NOTE = "note"  # from a folder of the user's


class Kind(StrEnum):
    """What a relation says, read from source to target."""

    REQUIRES = "requires"  # the source is a prerequisite of the target
    RELATED = "related"  # "see also"
    PART_OF = "part-of"  # the source is a part of the target
    NEXT = "next"  # the target is read after the source
    LINKS_TO = "links-to"
    EXPLAINS_ERROR = "explains-error"  # the target is an error code or lint that the source explains
    FIXED_BY = "fixed-by"  # the source is an error code or lint; the target shows what to do about it
    ILLUSTRATED_BY = "illustrated-by"  # the target teaches or shows the source at length


@dataclass(frozen=True, slots=True)
class Relation:
    """One directed edge between the ids of two entries. Where either end is not there after all sources were read,
    the relation is left out (and counted)."""

    source: str
    target: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Mention:
    """``source`` (an id) names something by one of its exact names: ``Vec::push`` or ``needless_return`` as inline
    code. The builder makes it a LINKS_TO relation where the name belongs to exactly one headline entry."""

    source: str
    name: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was read of what the source itself says there is. ``name``: a key of ``coverage`` in ``cli.md``
    ("book_sections"). ``missing``: what was not got, by name, at most a few dozen."""

    name: str
    got: int
    total: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part of the source could not be read; the rest was. One sentence that names the file and what to do."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that can be found, cited, opened and stood on in the map.

    ``kind`` and ``ref``: what an answer cites (:class:`~knowledgegraph.references.Reference`); together unique, and
    the id. ``domain``: rust, git, linux or gh. ``summary``: plain text on one line, its first sentence or two, at most
    300 characters. ``text``: Markdown of the entry itself, without the text of its parts. ``location``: the absolute
    path of the local page, with ``#anchor`` where there is one; "" where there is none to open. ``parent``: the id of
    what it is a part of; "" for a root. ``names``: further exact names by which it is looked up (``--hard``,
    ``Vec::push``, ``needless_return``); its ref and title always are. ``intents``: what a person types who needs it.
    ``codes``: error codes of rustc that it explains, the most typical first; ``leads``: those for which it comes first.
    ``headline``: found by words in a question; False: found by exact name only (options, rules, methods). ``cites``:
    ids of what a lesson or a signpost leads to, the best first: found through it.
    """

    kind: str
    ref: str
    title: str
    form: Form
    domain: str
    summary: str = ""
    text: str = ""
    location: str = ""
    parent: str = ""
    names: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    headline: bool = True
    cites: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """``KIND:REF``; of an authored concept its own id alone."""
        return entry_id(self.kind, self.ref)

    @property
    def page(self) -> tuple[str, str]:
        """What a reader opens: the sections of one page share it."""
        return page_of(self.kind, self.ref)


@dataclass(frozen=True, slots=True)
class PatternUse:
    """A Rust pattern at work in a crate. ``pattern``: its id in the recogniser's vocabulary; ``entry``: the id of the
    item that it is found in; ``file``: inside the crate; lines count from 1; ``confidence``: 0 to 1."""

    pattern: str
    entry: str
    file: str
    line: int
    end_line: int
    confidence: float = 1.0


_SURROGATES = re.compile("[\ud800-\udfff]")

Piece = Entry | Relation | Mention | PatternUse | Coverage | Trouble


def entry_id(kind: str, ref: str) -> str:
    """The id of the entry that a reference cites."""
    return ref if kind == "concept" else f"{kind}:{ref}"


def page_of(kind: str, ref: str) -> tuple[str, str]:
    """The page that a reference leads to, without the place in it."""
    return kind, ref.partition("#")[0].partition(" --")[0]


def storable(text: str) -> str:
    """``text`` as UTF-8 can hold it: names of files may hold bytes that are no text, which become U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def reference_of(identity: str) -> Reference:
    """The reference that an id stands for; the inverse of :func:`entry_id`."""
    kind, colon, ref = identity.partition(":")
    return Reference(kind, ref) if colon else Reference("concept", identity)


#: The kind of the entries that are signposts.
SIGNPOST = "signpost"


def in_order(entries: Iterable[str]) -> Iterable[Relation]:
    """NEXT relations along ids that are read in this order."""
    before = ""
    for identity in entries:
        if before:
            yield Relation(before, identity, Kind.NEXT)
        before = identity


def summary_of(text: str, most: int = 300) -> str:
    """The first sentence or two of plain ``text`` on one line, cut at a word within ``most`` characters."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    stop = max(cut.rfind(". "), cut.rfind("? "), cut.rfind("! "))
    return cut[: stop + 1] if stop > most // 3 else cut[: cut.rfind(" ")] + "…"
