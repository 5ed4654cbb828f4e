"""The one door to what the tutor knows: find a concept, ask a question, look around."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from knowledgegraph.concepts import Concept, Concepts, default_folder, load_concepts

if TYPE_CHECKING:
    from knowledgegraph.answer import Answer
    from knowledgegraph.graph import ConceptGraph, Neighbourhood
    from knowledgegraph.search import Hit, Index


class Library:
    """Concepts, their index and their graph, each made when first asked for; any thread may ask."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._concepts: Concepts | None = None
        self._index: Index | None = None
        self._graph: ConceptGraph | None = None

    @classmethod
    def open(cls, folder: Path | None = None) -> Library:
        """The library over ``folder``, or over the concepts that come with the program. Reads nothing yet."""
        return cls(folder or default_folder())

    @property
    def concepts(self) -> Concepts:
        """All concepts. Raises :class:`knowledgegraph.concepts.ConceptError` where the content is wrong."""
        with self._lock:
            if self._concepts is None:
                self._concepts = load_concepts(self._folder)
            return self._concepts

    @property
    def graph(self) -> ConceptGraph:
        """The prerequisites and other relations."""
        with self._lock:
            if self._graph is None:
                from knowledgegraph.graph import ConceptGraph

                self._graph = ConceptGraph(self.concepts)
            return self._graph

    @property
    def index(self) -> Index:
        """The full-text index."""
        with self._lock:
            if self._index is None:
                from knowledgegraph.search import Index

                self._index = Index(self.concepts)
            return self._index

    def get(self, name: str) -> Concept | None:
        """The concept with this id, or whose title or alias this is, in any case; None if there is none."""
        if name in self.concepts:
            return self.concepts[name]
        return next((hit.concept for hit in self.index.search(name, limit=20) if hit.exact and hit.concept), None)

    def search(self, query: str, limit: int = 5) -> list[Hit]:
        """What fits ``query``, best first; nothing when it is about something else."""
        return self.index.search(query, limit)

    def answer(self, question: str, limit: int = 5) -> Answer:
        """An answer out of the lessons, with citations; ``in_scope`` is False when they hold none."""
        from knowledgegraph.answer import compose

        hits = self.search(question, limit)
        main = hits[0].concept if hits else None
        return compose(question, hits, self.neighbourhood(main.id) if main else None)

    def page(self, concept_id: str) -> str:
        """The whole lesson of a concept as Markdown. Raises KeyError for an unknown id."""
        from knowledgegraph.answer import tell

        return tell(self.concepts[concept_id], self.neighbourhood(concept_id))

    def neighbourhood(self, concept_id: str) -> Neighbourhood:
        """What surrounds a concept. Raises KeyError for an unknown id. Needs no networkx."""
        return self.graph.neighbourhood(concept_id)

    def for_error(self, code: str) -> tuple[Concept, ...]:
        """The concepts that explain an error code of rustc, the most typical first."""
        from knowledgegraph.errors import concepts_for_error

        return concepts_for_error(self.concepts, code)
