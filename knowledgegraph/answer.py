"""Answers without a model: authored sentences, put in order and cited. Nothing is made up here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledgegraph import words
from knowledgegraph.concepts import Concept
from knowledgegraph.graph import Neighbourhood
from knowledgegraph.search import Hit

_NOTHING = (
    "I have nothing on that. I know Rust, Git, Linux and gh: name the command, the idea or the error code "
    "(`E0382`, `git rebase`, lifetimes), and I will look again."
)
_NEAR = 0.6  # of the best score: below it, a further hit is not worth a line


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
    """A grounded answer. ``citations``: best first. ``concepts``: ids of those it is made of, the main one first.

    ``in_scope`` is False when nothing was found; the Markdown then says so, and there are no citations.
    """

    markdown: str
    citations: tuple[Citation, ...]
    in_scope: bool
    concepts: tuple[str, ...]


def compose(query: str, hits: Sequence[Hit], neighbourhood: Neighbourhood | None = None) -> Answer:
    """The best hit told in full, the next ones named.

    ``neighbourhood``: that of the best hit's concept, for "learn first" and "next". Hits from sources without a
    lesson are cited by title.
    """
    if not hits:
        return Answer(_NOTHING, (), False, ())
    near = [hit for hit in hits if hit.exact or hit.score >= _NEAR * hits[0].score]
    main = near[0].concept
    code = next((code for code in words.codes(query) if main and code in main.errors), "")
    parts = [tell(main, neighbourhood, code)] if main else [f"## {near[0].document.title}", near[0].document.summary]
    others = [f"- **{hit.document.title}**: {hit.document.summary}" for hit in near[1:]]
    if others:
        parts.append("**See also**\n\n" + "\n".join(others))
    concepts = tuple(hit.concept.id for hit in near if hit.concept)
    return Answer("\n\n".join(part for part in parts if part), _citations(near), True, concepts)


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


def _titles(concepts: Sequence[Concept], most: int = 5) -> str:
    shown = [concept.title for concept in concepts[:most]]
    left = len(concepts) - len(shown)
    return ", ".join(shown) + (f", and {left} more" if left else "")


def _citations(hits: Sequence[Hit]) -> tuple[Citation, ...]:
    """Each hit, then what it points to; a place that two hits share is cited once, with the better score."""
    found: dict[tuple[str, str], Citation] = {}
    for hit in hits:
        document, concept = hit.document, hit.concept
        citation = Citation(document.ref, document.kind, document.title, hit.score, concept.source if concept else None)
        found.setdefault((document.kind, document.ref), citation)
        for reference in concept.see if concept else ():
            further = Citation(reference.ref, reference.kind, document.title, hit.score, reference.url)
            found.setdefault((reference.kind, reference.ref), further)
    return tuple(found.values())
