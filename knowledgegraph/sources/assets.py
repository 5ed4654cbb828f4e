"""The project's own lessons as a source: every authored concept, what it requires and where it reads on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledgegraph.concepts import Concept, ConceptError, Concepts, load_concepts
from knowledgegraph.entry import (
    SIGNPOST,
    Coverage,
    Entry,
    Form,
    Kind,
    Piece,
    Relation,
    Trouble,
    entry_id,
    summary_of,
)  # fmt: skip
from knowledgegraph.signposts import Signpost, read_signposts
from knowledgegraph.sources.base import Found, Machine, Missing

_SIGNPOSTS = "signposts"
_TABLE = re.compile(rb"^\[\[concept\]\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Assets:
    """The concepts under ``machine.assets``; ``docs/authoring.md`` describes their files.

    Where a file breaks a rule, each broken rule is a :class:`~knowledgegraph.entry.Trouble` and no concept is given:
    half of the prerequisites would teach things in the wrong order.
    """

    machine: Machine
    name: str = "assets"
    title: str = "Lessons"

    def detect(self) -> Found | Missing:
        """The folder is here where it holds at least one file of concepts; its version is a digest of the content."""
        folder = self.machine.assets.absolute() / "concepts" if self.machine.assets else None
        files = _files(folder) if folder else []
        if not files:
            return Missing("The lessons that come with tutor are not here.", "Install tutor again.")
        digest = hashlib.sha256()
        for path in files:
            content = _content(path)
            digest.update(f"{path.name}\0{len(content)}\0".encode())
            digest.update(content)
        return Found(digest.hexdigest()[:12], digest.hexdigest(), str(folder))

    def read(self, found: Found) -> Iterator[Piece]:
        """The concepts in the order of the content, then what each of them states about others."""
        folder = Path(found.location)
        total = sum(len(_TABLE.findall(_content(path))) for path in _files(folder))
        try:
            concepts = load_concepts(folder)
        except ConceptError as error:
            yield from (Trouble(problem) for problem in error.problems)
            yield Coverage("concepts", 0, total)
            return
        yield from pieces(concepts, folder)
        yield Coverage("concepts", len(concepts), total)
        signposts, problems = read_signposts(folder.parent / _SIGNPOSTS)
        yield from map(_signpost, signposts)
        yield from map(Trouble, problems)


def pieces(concepts: Concepts, folder: Path) -> Iterator[Entry | Relation]:
    """What ``concepts``, read from ``folder``, give: their entries, then what they state about others."""
    for concept in concepts.values():
        yield _entry(concept, folder)
    for concept in concepts.values():
        yield from _relations(concept)


def _signpost(signpost: Signpost) -> Entry:
    return Entry(
        kind=SIGNPOST,
        ref=signpost.ref,
        title="",
        form=Form.SIGNPOST,
        domain=signpost.domain,
        intents=signpost.intents,
        cites=tuple(entry_id(see.kind, see.ref) for see in signpost.see),
    )


def _files(folder: Path) -> list[Path]:
    """The files of concepts, and those of signposts beside them."""
    return [*sorted(folder.glob("*.toml")), *sorted((folder.parent / _SIGNPOSTS).glob("*.toml"))]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # reading the concepts says which file it is, and why
        return b""


def _entry(concept: Concept, folder: Path) -> Entry:
    example = f"\n\n```{concept.language}\n{concept.example}\n```" if concept.example else ""
    return Entry(
        kind="concept",
        ref=concept.id,
        title=concept.title,
        form=Form.CONCEPT,
        domain=concept.domain,
        summary=summary_of(concept.definition),
        text=concept.core + example,
        location=str(folder / concept.source),
        names=concept.aliases,
        intents=concept.intents,
        codes=concept.errors,
        leads=concept.leads,
        cites=tuple(entry_id(see.kind, see.ref) for see in concept.see if see.kind != "concept"),
    )


def _relations(concept: Concept) -> Iterator[Relation]:
    for needed in concept.requires:
        yield Relation(needed, concept.id, Kind.REQUIRES)
    for reference in concept.see:
        kind = Kind.RELATED if reference.kind == "concept" else Kind.ILLUSTRATED_BY
        yield Relation(concept.id, entry_id(reference.kind, reference.ref), kind)
    for code in concept.errors:
        yield Relation(concept.id, entry_id("error", code), Kind.EXPLAINS_ERROR)
    for code in concept.leads:
        yield Relation(entry_id("error", code), concept.id, Kind.FIXED_BY)
