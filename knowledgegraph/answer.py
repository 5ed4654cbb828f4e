"""Answers without a model: authored sentences and those of the documentation, put in order and cited.

Nothing is made up here: every sentence of an answer stands in a lesson or on a page that is cited with it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from knowledgegraph import words
from knowledgegraph.concepts import Concept
from knowledgegraph.entry import Entry, Form, entry_id, reference_of
from knowledgegraph.graph import Neighbourhood, Node
from knowledgegraph.search import Hit

if TYPE_CHECKING:
    from knowledgegraph.library import Library

_NOTHING = (
    "I have nothing on that. I know Rust, Git, Linux and gh: name the command, the idea or the error code "
    "(`E0382`, `git rebase`, lifetimes), and I will look again."
)
_NEAR = 0.6  # of the best score: below it, a further hit is not worth a line
_LESSON = 0.75  # of the best score: a lesson this near is told first, because it is made to be read
_PASSAGE, _UNITS, _OPTIONS = 1200, 4, 5  # characters of a page that an answer shows, parts of it, options
_SELDOM = 10  # a word in more than one of so many options says little about any
_LINE, _ALSO = 140, 6  # characters of a line in a list; lines of "see also"
_MOST_SECTIONS = 60

#: What each kind of citation is called where a reader sees it.
SOURCES = {
    "book": "The Book", "reference": "The Reference", "rbe": "Rust by Example", "nomicon": "The Nomicon",
    "cargo": "The Cargo Book", "edition": "The Edition Guide", "rustc": "The rustc Book", "std": "Standard library",
    "error": "Error codes", "clippy": "Clippy", "rustc-lint": "Compiler lints", "git": "Git manual",
    "linux": "Manual pages", "gh": "gh manual", "concept": "Lessons", "pattern": "Patterns", "crate": "Crates",
    "note": "Your notes",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Citation:
    """Where an answer comes from. ``score``: 0 to 1. ``location``: a file or an address, where one is known."""

    ref: str
    kind: str
    title: str
    score: float
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A grounded answer. ``citations``: best first. ``concepts``: ids of the entries it is made of, the main one first.

    ``in_scope`` is False when nothing was found; the Markdown then says so, and there are no citations.
    """

    markdown: str
    citations: tuple[Citation, ...]
    in_scope: bool
    concepts: tuple[str, ...]


def compose(query: str, hits: Sequence[Hit], library: Library) -> Answer:
    """The best lesson or passage told, the next ones named."""
    if not hits:
        return Answer(_NOTHING, (), False, ())
    near = [hit for hit in hits if hit.exact or hit.score >= _NEAR * hits[0].score]
    told = [hit for hit in near if hit.concept or hit.entry.text or hit.entry.summary]
    if not told or (told[0].score < _LESSON * near[0].score and not told[0].exact):
        return Answer(_elsewhere(near), tuple(_citations(near, library)), True, ())
    main = _main(told, query)
    around = library.neighbourhood(main.entry.id)
    if main.concept:
        code = next((code for code in words.codes(query) if code in main.concept.errors), "")
        parts = [tell(main.concept, around, code)]
    else:
        parts = [relevant(query, main.entry, library, around)]
    others = list(dict.fromkeys(_also(hit.entry) for hit in near if hit is not main))
    if others:
        parts.append("**See also**\n\n" + "\n".join(others[:_ALSO]))
    concepts = (main.entry.id, *(hit.entry.id for hit in told if hit is not main))
    return Answer("\n\n".join(parts), tuple(_citations(near, library)), True, concepts)


def _elsewhere(near: Sequence[Hit]) -> str:
    """Where the answer stands, when none of it is on this machine."""
    lines = [f"- **{hit.entry.title}** ({SOURCES.get(hit.entry.kind, hit.entry.kind)})" for hit in near]
    note = "These pages are not on this machine; `tutor knowledge status` says how to get what is missing."
    return "\n\n".join(["## Where to read", "\n".join(dict.fromkeys(lines)), note])


def _main(near: Sequence[Hit], query: str) -> Hit:
    """The hit that is told: a lesson that fits about as well as the best hit, else of the best hit's page the part that
    shares most words with the question."""
    lessons = (hit for hit in near if hit.concept and (hit.exact or hit.score >= _LESSON * near[0].score))
    lesson = next(lessons, None)
    if lesson is not None or near[0].exact:
        return lesson or near[0]
    asked = _asked(query)
    page = near[0].entry.page
    same = [hit for hit in near if hit.entry.page == page]
    return max(same, key=lambda hit: _shared(asked, f"{hit.entry.title} {hit.entry.text[:_PASSAGE]}"))


def _also(entry: Entry) -> str:
    source = SOURCES.get(entry.kind, entry.kind)
    where = "" if entry.kind == "concept" else f" ({source})"
    return f"- **{entry.title}**{where}" + (f": {_short(entry.summary)}" if entry.summary else "")


def tell(concept: Concept, neighbourhood: Neighbourhood | None = None, code: str = "") -> str:
    """A concept as one Markdown page: what it is, an example, what goes wrong, a question, where to go.

    ``code``: the error code that led here, shown in the title.
    """
    parts = [f"## {concept.title}" + (f" ({code})" if code else ""), concept.definition, concept.core]
    if concept.example:
        parts.append(f"```{concept.language}\n{concept.example}\n```")
    if concept.failing:
        parts.append(f"**What goes wrong** ({concept.failing_code})\n\n```rust\n{concept.failing}\n```")
    parts.append(f"**Check yourself.** {concept.check}")
    if neighbourhood and neighbourhood.requires:
        parts.append(f"**Learn first:** {_titles(neighbourhood.requires)}")
    if neighbourhood and neighbourhood.unlocks:
        parts.append(f"**Next:** {_titles(neighbourhood.unlocks)}")
    return "\n\n".join(parts)


def passage(entry: Entry, neighbourhood: Neighbourhood | None = None, most: int = _PASSAGE) -> str:
    """An entry of the documentation from its beginning, as far as ``most`` characters go, and where it stands."""
    return "\n\n".join((_head(entry, neighbourhood), cut(entry.text, most) or entry.summary))


def relevant(question: str, entry: Entry, library: Library, neighbourhood: Neighbourhood) -> str:
    """What an entry says about ``question``: how it begins, the paragraphs and examples that share the question's
    words, and of a command the options that do. All of it its own words."""
    asked = _asked(question) - {words.stem(term) for term in words.terms(entry.ref)}
    units = _units(entry.text)
    shared = [_shared(asked, unit) for unit in units]
    chosen = {0} if units else set()
    size = len(units[0]) if units else 0
    for place in sorted(range(1, len(units)), key=lambda place: (-shared[place], place)):
        wanted = shared[place] > 0 or len(chosen) == 1  # something to begin with, where nothing fits better
        if wanted and len(chosen) < _UNITS and size + len(units[place]) <= _PASSAGE:
            chosen.add(place)
            size += len(units[place])
    parts = [_head(entry, neighbourhood)]
    before = -1
    for place in sorted(chosen):
        if place > before + 1:
            parts.append("…")
        parts.append(units[place])
        before = place
    if not units:
        parts.append(entry.summary)
    elif before < len(units) - 1:
        parts.append("…")
    if entry.form is Form.COMMAND:
        parts += _options(asked, entry, library)
    return "\n\n".join(parts)


def _asked(question: str) -> set[str]:
    """The stems of a question's words, and of those that mean the same."""
    terms = words.terms(question)
    return {words.stem(word) for term in terms for word in (term, *words.same(term))}


def _options(asked: set[str], entry: Entry, library: Library) -> list[str]:
    """The options of a command that share words with the question: several, or one that few of its options have."""
    options = [part for part in library.store.parts(entry.id) if part.form is Form.OPTION]
    said = [_stems(f"{option.title} {option.summary}") & asked for option in options]
    counts = Counter(term for terms in said for term in terms)
    rare = {term for term, count in counts.items() if count <= max(2, len(options) // _SELDOM)}
    fitting = [(len(terms), -place) for place, terms in enumerate(said) if terms & rare or len(terms) > 1]
    best = [options[-place] for _, place in sorted(fitting, reverse=True)[:_OPTIONS]]
    lines = [f"- `{option.title}`: {_short(option.summary)}" for option in best]
    return ["**Options that fit**\n\n" + "\n".join(lines)] if lines else []


def _stems(text: str) -> set[str]:
    return {words.stem(term) for term in words.terms(text)}


def _shared(asked: set[str], text: str) -> int:
    return len(asked & _stems(text))


def _short(summary: str) -> str:
    """The first sentence of a summary, as far as a line of a list goes."""
    first = re.split(r"(?<=[.:!?])\s", summary, maxsplit=1)[0]
    return first if len(first) <= _LINE else f"{first[:_LINE].rsplit(' ', 1)[0]}…"


def _head(entry: Entry, neighbourhood: Neighbourhood | None) -> str:
    """The title of an entry, and the way to it from its source."""
    above = neighbourhood.above if neighbourhood else ()
    place = " › ".join([SOURCES.get(entry.kind, entry.kind), *(node.title for node in above[1:])])
    return f"## {entry.title}\n\n*{place}*"


def cut(markdown: str, most: int) -> str:
    """The first whole paragraphs, lists and code blocks of ``markdown`` within about ``most`` characters; at least
    one. A code block is never cut in two."""
    taken: list[str] = []
    size = 0
    for block in _blocks(markdown):
        if taken and size + len(block) > most:
            taken.append("…")
            break
        taken.append(block)
        size += len(block)
    return "\n\n".join(taken)


def _units(markdown: str) -> list[str]:
    """Blocks as they are understood: code with the paragraph before it, a heading with what follows it."""
    units: list[str] = []
    joined = False
    for block in _blocks(markdown):
        if units and (joined or (block.lstrip().startswith(("```", "~~~")) and len(units[-1]) < _PASSAGE // 2)):
            units[-1] += f"\n\n{block}"
        else:
            units.append(block)
        joined = block.startswith("#")
    return units


def _blocks(markdown: str) -> Iterable[str]:
    """Paragraphs as they are separated by empty lines, fenced code in one piece."""
    block: list[str] = []
    fence = ""
    for line in markdown.splitlines():
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark[1]
        if line.strip() or fence:
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []
    if block:
        yield "\n".join([*block, fence] if fence else block)


def page(identity: str, library: Library) -> str:
    """A lesson, or an entry of the documentation with its parts, as one Markdown page. Raises KeyError."""
    around = library.neighbourhood(identity)
    if identity in library.concepts:
        return tell(library.concepts[identity], around)
    entry = library.entry(identity)
    if entry is None:
        raise KeyError(identity)
    parts = [passage(entry, around, most=100_000)]
    told = 0
    for part in library.store.parts(identity):
        if part.form is Form.SECTION and part.text and told < _MOST_SECTIONS:
            parts.append(f"### {part.title}\n\n{part.text}")
            told += 1
    listed = [node for node in around.parts if node.form != Form.SECTION]
    if listed:
        parts.append("**In it:** " + _titles(listed, most=40))
    return "\n\n".join(parts)


def _titles(nodes: Sequence[Node], most: int = 5) -> str:
    shown = [node.title for node in nodes[:most]]
    left = len(nodes) - len(shown)
    return ", ".join(shown) + (f", and {left} more" if left else "")


def _citations(hits: Sequence[Hit], library: Library) -> Iterable[Citation]:
    """Each hit, best first; then what the lessons among them cite and nobody found, because it was never read.

    A section of a manual page is cited as its page, under its own title and with its own place.
    """
    seen = set()
    for hit in hits:
        entry = hit.entry
        ref = entry.ref.partition(" -- ")[0] if entry.kind == "linux" else entry.ref
        title = entry.title if ref == entry.ref else f"{ref}: {entry.title}"
        if (entry.kind, ref) not in seen:
            seen.add((entry.kind, ref))
            yield Citation(ref, entry.kind, title, hit.score, _location(entry) or reference_of(entry.id).url)
    for hit in hits:
        for see in hit.concept.see if hit.concept else ():
            if (see.kind, see.ref) not in seen:
                seen.add((see.kind, see.ref))
                known = library.entry(entry_id(see.kind, see.ref))
                title = known.title if known else hit.entry.title
                score = min(hit.score, hits[-1].score)  # nobody found it by what was asked
                yield Citation(see.ref, see.kind, title, score, (_location(known) if known else "") or see.url)


def _location(entry: Entry) -> str:
    """Where the page of an entry lies; "" where it has gone since it was read."""
    file = entry.location.partition("#")[0]
    return entry.location if file and Path(file).exists() else ""
