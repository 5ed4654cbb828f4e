"""Answers without a model: authored sentences and those of the documentation, put in order and cited.

Nothing is made up here: every sentence of an answer stands in a lesson or on a page that is cited with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
_PASSAGE = 1200  # characters of a page that an answer shows
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
    if not told:
        return Answer(_elsewhere(near), tuple(_citations(near, library)), True, ())
    main = _main(told)
    around = library.neighbourhood(main.entry.id)
    if main.concept:
        code = next((code for code in words.codes(query) if code in main.concept.errors), "")
        parts = [tell(main.concept, around, code)]
    else:
        parts = [passage(main.entry, around)]
    others = [_also(hit.entry) for hit in near if hit is not main]
    if others:
        parts.append("**See also**\n\n" + "\n".join(dict.fromkeys(others)))
    concepts = (main.entry.id, *(hit.entry.id for hit in told if hit is not main))
    return Answer("\n\n".join(parts), tuple(_citations(near, library)), True, concepts)


def _elsewhere(near: Sequence[Hit]) -> str:
    """Where the answer stands, when none of it is on this machine."""
    lines = [f"- **{hit.entry.title}** ({SOURCES.get(hit.entry.kind, hit.entry.kind)})" for hit in near]
    note = "These pages are not on this machine; `tutor knowledge status` says how to get what is missing."
    return "\n\n".join(["## Where to read", "\n".join(dict.fromkeys(lines)), note])


def _main(near: Sequence[Hit]) -> Hit:
    """The hit that is told: the best one, unless a lesson is about as good."""
    lessons = (hit for hit in near if hit.concept and (hit.exact or hit.score >= _LESSON * near[0].score))
    return next(lessons, near[0])


def _also(entry: Entry) -> str:
    source = SOURCES.get(entry.kind, entry.kind)
    where = "" if entry.kind == "concept" else f" ({source})"
    return f"- **{entry.title}**{where}" + (f": {entry.summary}" if entry.summary else "")


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
    """An entry of the documentation, as far as an answer shows it: its own words, and where they stand."""
    above = neighbourhood.above if neighbourhood else ()
    place = " › ".join([SOURCES.get(entry.kind, entry.kind), *(node.title for node in above[1:])])
    text = cut(entry.text, most) or entry.summary
    return f"## {entry.title}\n\n*{place}*\n\n{text}"


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
            yield Citation(ref, entry.kind, title, hit.score, entry.location or reference_of(entry.id).url)
    for hit in hits:
        for see in hit.concept.see if hit.concept else ():
            if (see.kind, see.ref) not in seen:
                seen.add((see.kind, see.ref))
                known = library.entry(entry_id(see.kind, see.ref))
                title = known.title if known else hit.entry.title
                score = min(hit.score, hits[-1].score)  # nobody found it by what was asked
                yield Citation(see.ref, see.kind, title, score, (known.location if known else "") or see.url)
