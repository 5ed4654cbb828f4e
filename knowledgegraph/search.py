"""Full-text search that answers at once, and that says so when nothing fits.

Three steps. A query that *is* a name or an error code is looked up. Otherwise SQLite's FTS5 (porter stemming, BM25
with a weight a column) ranks the candidates. Last, a candidate must cover enough of what the question is about:
words are weighed by how rare they are, and words that no document knows weigh most, so that "python list
comprehension" is not answered with a lesson on lists.

The index takes :class:`Document` rows, so that other sources than the concepts can be searched the same way.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from knowledgegraph import words
from knowledgegraph.concepts import Concept

if TYPE_CHECKING:
    import sqlite3

_MAX_CHARS, _MAX_TERMS, _CANDIDATES = 500, 24, 40

# What a match in a column is worth: to BM25 (in the order of the table), and to how much of a question is covered.
_COLUMNS = {"title": 6.0, "aliases": 5.0, "intents": 4.0, "summary": 2.5, "body": 0.6, "codes": 1.0}
_HEADLINE = "{title aliases intents summary codes}"
_BODY_SHARE = 0.5
_RARE = 4  # a word in fewer documents says no more than this: rare words are often accidents
# The least that must be covered, measured on questions of both kinds; less when the question names our domain.
_THRESHOLD, _THRESHOLD_RUST, _THRESHOLD_OURS = 0.4, 0.3, 0.2
_THRESHOLD_ONE = 0.6  # one word alone must be in a headline: lessons use words in passing
_SIGN = 0.5  # what an operator or other sign in the question adds to the concept that is named so
_DOMAIN_BOOST, _FOREIGN_DOMAIN = 1.3, 0.6


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that can be found. ``id`` is unique in the index; ``kind`` and ``ref`` are what an answer cites.

    ``domain``: rust, git, linux or gh, where it has one. ``codes``: error codes that it explains, the most
    typical first; ``leads``: those for which it comes before all others.
    """

    id: str
    kind: str
    ref: str
    title: str
    domain: str = ""
    aliases: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    summary: str = ""
    text: str = ""
    codes: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that fits. ``score``: above 0 to 1, how well; hits come with falling scores.

    ``exact``: the query named it. ``concept``: the concept that the document shows; None for other sources.
    """

    document: Document
    score: float
    exact: bool = False
    concept: Concept | None = None


def document_of(concept: Concept) -> Document:
    """The row that makes a concept findable."""
    return Document(
        id=f"concept:{concept.id}",
        kind="concept",
        ref=concept.id,
        title=concept.title,
        domain=concept.domain,
        aliases=(*concept.aliases, concept.id),
        intents=concept.intents,
        summary=concept.definition,
        text=concept.lesson,
        codes=concept.errors,
        leads=concept.leads,
    )


@dataclass(slots=True)
class _Question:
    """A query, taken apart. ``weights``: how much each word says; ``known``: which rows know it, and how well."""

    domains: frozenset[str]
    weights: dict[str, float] = field(default_factory=dict)
    known: dict[str, dict[int, float]] = field(default_factory=dict)

    def coverage(self, row: int) -> float:
        total = sum(self.weights.values())
        return sum(weight * self.known[term].get(row, 0.0) for term, weight in self.weights.items()) / total


class Index:
    """An index in memory over concepts and documents of other sources; any thread may ask it."""

    def __init__(self, concepts: Mapping[str, Concept], documents: Iterable[Document] = ()) -> None:
        self._concepts = concepts
        self._documents = [*map(document_of, concepts.values()), *documents]
        self._lock = threading.Lock()
        self._database = _build(self._documents)
        self._names: dict[str, list[int]] = {}
        self._codes: dict[str, list[int]] = {}
        for row, document in enumerate(self._documents):
            for name in dict.fromkeys(map(words.name, (document.ref, document.title, *document.aliases))):
                self._names.setdefault(name, []).append(row)
            for code in document.codes:
                self._codes.setdefault(code, []).append(row)
        for code, rows in self._codes.items():
            rows.sort(key=partial(self._place_of_code, code))

    def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The documents that fit ``query``, best first; an empty list when it is about something else."""
        query = query[:_MAX_CHARS]
        exact = self._exact(query)
        is_code = words.codes(query) == [query.strip().upper()]
        found = [] if is_code or len(exact) >= limit else self._full_text(query, exact)
        hits = [self._hit(row, 1.0, exact=True) for row in exact]
        hits += [self._hit(row, score) for row, score in found if row not in exact]
        return hits[:limit]

    def _place_of_code(self, code: str, row: int) -> tuple[bool, int]:
        document = self._documents[row]
        return code not in document.leads, document.codes.index(code)

    def _hit(self, row: int, score: float, exact: bool = False) -> Hit:
        document = self._documents[row]
        concept = self._concepts.get(document.ref) if document.kind == "concept" else None
        return Hit(document, max(round(score, 3), 0.001), exact, concept)

    def _exact(self, query: str) -> list[int]:
        """Rows that the query names: by an error code in it, or because it is a name."""
        rows: dict[int, None] = {}
        for code in words.codes(query):
            rows.update(dict.fromkeys(self._codes.get(code, ())))
        for name in words.names(query):
            rows.update(dict.fromkeys(self._names.get(name, ())))
        return list(rows)

    def _full_text(self, query: str, exact: list[int]) -> list[tuple[int, float]]:
        """Rows with their scores: the share that the best one covers, falling with the rank of the others."""
        if words.is_elsewhere(query) and not exact:
            return []
        question = _Question(words.domains(query))
        with self._lock:
            self._weigh(question, query)
            ranked = self._rank(question) if any(question.known.values()) else []
        signs = {row for sign in words.signs(query) for row in self._names.get(sign, ())}
        least = _THRESHOLD_OURS if words.is_plainly_ours(query) else _THRESHOLD_RUST if question.domains else _THRESHOLD
        if len(question.weights) == 1:
            least = max(least, _THRESHOLD_ONE)
        found: list[tuple[float, int, float]] = []
        for row, bm25 in ranked:
            coverage = min(question.coverage(row) + (_SIGN if row in signs else 0.0), 1.0)
            if coverage >= least:
                found.append((bm25 * self._steer(row, question) * (2 if row in signs else 1), row, coverage))
        found.sort(reverse=True)
        return [(row, found[0][2] * rank / found[0][0]) for rank, row, _ in found]

    def _steer(self, row: int, question: _Question) -> float:
        if not question.domains:
            return 1.0
        return _DOMAIN_BOOST if self._documents[row].domain in question.domains else _FOREIGN_DOMAIN

    def _weigh(self, question: _Question, query: str) -> None:
        """Looks up every word of the query on its own: who knows it, and so how rare it is."""
        count = len(self._documents)
        quoted = words.quoted(query)
        for term in words.terms(query)[:_MAX_TERMS]:
            match = f'"{term}"'
            rows = dict.fromkeys(self._rows(match), _BODY_SHARE)
            rows.update(dict.fromkeys(self._rows(f"{_HEADLINE} : {match}"), 1.0))
            if not rows and term in quoted:
                continue  # a name out of the reader's own code says nothing of the subject
            question.known[term] = rows
            question.weights[term] = math.log(1 + count / max(len(rows), _RARE))

    def _rows(self, match: str) -> list[int]:
        return [row for (row,) in self._database.execute("SELECT rowid FROM document WHERE document MATCH ?", (match,))]

    def _rank(self, question: _Question) -> list[tuple[int, float]]:
        match = " OR ".join(f'"{term}"' for term, rows in question.known.items() if rows)
        weights = ", ".join(str(weight) for weight in _COLUMNS.values())
        statement = f"SELECT rowid, -bm25(document, {weights}) AS score FROM document WHERE document MATCH ? "  # noqa: S608 -- our own numbers
        return list(self._database.execute(f"{statement} ORDER BY score DESC LIMIT {_CANDIDATES}", (match,)))


def _build(documents: list[Document]) -> sqlite3.Connection:
    import sqlite3

    database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    columns = ", ".join(_COLUMNS)
    database.execute(f"CREATE VIRTUAL TABLE document USING fts5({columns}, content='', tokenize='porter unicode61')")
    database.execute("BEGIN")
    database.executemany(
        f"INSERT INTO document(rowid, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- our own names
        (
            (
                row,
                entry.title,
                " \n".join(entry.aliases),
                " \n".join(entry.intents),
                entry.summary,
                entry.text,
                " ".join(entry.codes),
            )
            for row, entry in enumerate(documents)
        ),
    )
    database.execute("COMMIT")
    return database
