"""The one door to what the tutor knows: find an entry, ask a question, look around."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from knowledgegraph.concepts import Concept, Concepts, default_folder, load_concepts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from knowledgegraph.answer import Answer
    from knowledgegraph.entry import Entry
    from knowledgegraph.graph import ConceptGraph, Neighbourhood
    from knowledgegraph.search import Hit, Recall, Search
    from knowledgegraph.store import Store


T = TypeVar("T")


def _is_there(path: Path) -> bool:
    """Whether there is something at ``path``; no where it cannot be looked at (a forbidden folder, too long a name)."""
    return os.path.exists(path)  # noqa: PTH110 (pathlib's raises)


class Library:
    """The lessons, and with a built ``database`` all documentation of this machine. Each part is opened when it is
    first asked for; any thread may ask.

    ``folder``: of the authored concepts. ``database``: the knowledge file; where there is none, or none that can be
    read (``problem`` says why), the lessons alone answer, searched the same way. A file that appears or is replaced
    later is noticed. ``recall``: finds entries by meaning, where vectors are there.
    """

    def __init__(self, folder: Path, database: Path | None = None, recall: Recall | None = None) -> None:
        self._folder = folder
        self._path = database
        self._recall = recall
        self._lock = threading.RLock()
        self._concepts: Concepts | None = None
        self._store: Store | None = None
        self._lessons: Store | None = None
        self._search: Search | None = None
        self._graph: ConceptGraph | None = None
        self._broken = -1  # when the file that cannot be used was written
        self.problem = ""

    @classmethod
    def open(cls, database: Path | None = None, *, folder: Path | None = None, recall: Recall | None = None) -> Library:
        """The library over a knowledge file and the concepts that come with the program. Reads nothing yet."""
        return cls(folder or default_folder(), database, recall)

    @property
    def concepts(self) -> Concepts:
        """The authored concepts. Raises :class:`knowledgegraph.concepts.ConceptError` where the content is wrong."""
        with self._lock:
            if self._concepts is None:
                self._concepts = load_concepts(self._folder)
            return self._concepts

    @property
    def graph(self) -> ConceptGraph:
        """What requires what among the authored concepts."""
        with self._lock:
            if self._graph is None:
                from knowledgegraph.graph import ConceptGraph

                self._graph = ConceptGraph.of(self.concepts)
            return self._graph

    @property
    def built(self) -> bool:
        """Whether the documentation of this machine was read, and can be."""
        return self._built() is not None

    @property
    def store(self) -> Store:
        """Everything that can be found: the built knowledge, else the lessons."""
        with self._lock:
            built = self._built()
            if built is not None:
                return built
            if self._lessons is None:
                from knowledgegraph.sources.assets import pieces
                from knowledgegraph.store import Store

                self._lessons = Store.in_memory(pieces(self.concepts, self._folder))
            return self._lessons

    def _built(self) -> Store | None:
        with self._lock:
            if self._store is None and self._path is not None and _is_there(self._path):
                from knowledgegraph.schema import StoreError
                from knowledgegraph.store import Store

                stamp = self._path.stat().st_mtime_ns
                if stamp == self._broken:
                    return None
                try:
                    self._store = Store.open(self._path)
                    self.problem = ""
                except (StoreError, OSError) as error:
                    self.problem, self._broken = str(error), stamp
            return self._store

    def _ask(self, use: Callable[[], T]) -> T:
        """What ``use`` finds; in the lessons, and :attr:`problem` says why, where the built knowledge turns out to be
        damaged."""
        from knowledgegraph.schema import StoreError

        try:
            return use()
        except StoreError as error:
            with self._lock:
                if self._store is None or self._path is None:
                    raise
                self._store.close()
                self._store, self.problem = None, str(error)
                self._broken = self._path.stat().st_mtime_ns if _is_there(self._path) else 0
            return use()

    @property
    def _searching(self) -> Search:
        with self._lock:
            store = self.store
            if self._search is None or self._search.store is not store:
                from knowledgegraph.search import Search

                self._search = Search(store, self.concepts, self._recall)
            return self._search

    @property
    def recall_problem(self) -> str:
        """Why nothing is found by meaning although it was set up; "" where all is well."""
        return self._recall.problem if self._recall else ""

    def get(self, name: str) -> Concept | None:
        """The authored concept with this id, or whose title or alias this is, in any case; None if there is none."""
        if name in self.concepts:
            return self.concepts[name]
        entries = self._ask(lambda: self.store.entries(self.store.named(name))).values()
        return next((self.concepts[entry.ref] for entry in entries if entry.id in self.concepts), None)

    def entry(self, identity: str) -> Entry | None:
        """The entry with this id ("book:ch04-01-what-is-ownership.html", "ownership"), or None."""
        return self._ask(lambda: self.store.entry(identity))

    def look_up(self, name: str, limit: int = 10) -> list[Entry]:
        """The entries that are called exactly this: an id, a title, a code, a lint, a std path, a command, an option;
        our own concepts first, then what can be read at length."""
        entry = self.entry(name)
        found = list(self._ask(lambda: self.store.entries(self.store.named(name, limit + 1))).values())
        found.sort(key=lambda other: (other.kind != "concept", not other.headline, other.ref))
        rest = [other for other in found if entry is None or other.id != entry.id]
        return ([entry] if entry else [])[:limit] + rest[: limit - bool(entry)]

    def find(self, text: str, limit: int = 50, kinds: Sequence[str] = ()) -> list[Entry]:
        """Entries in whose title or reference ``text`` occurs: for a finder that narrows down with every key."""
        return self._ask(lambda: self.store.find(text, limit, kinds))

    def search(self, query: str, limit: int = 5) -> list[Hit]:
        """What fits ``query``, best first; nothing when it is about something else."""
        return self._ask(lambda: self._searching.search(query, limit))

    def answer(self, question: str, limit: int = 8) -> Answer:
        """An answer out of lessons and documentation, with citations; ``in_scope`` is False when they hold none."""
        from knowledgegraph.answer import compose

        return self._ask(lambda: compose(question, self.search(question, limit), self))

    def page(self, identity: str) -> str:
        """A lesson, or a page of documentation with the text of its sections, as Markdown. Raises KeyError for an
        unknown id."""
        from knowledgegraph.answer import page

        return self._ask(lambda: page(identity, self))

    def neighbourhood(self, identity: str) -> Neighbourhood:
        """What surrounds an entry. Raises KeyError for an unknown id. Needs no networkx."""
        return self._ask(lambda: self.store.around(identity))

    def for_error(self, code: str) -> tuple[Concept, ...]:
        """The concepts that explain an error code of rustc, the most typical first."""
        from knowledgegraph.errors import concepts_for_error

        return concepts_for_error(self.concepts, code)
