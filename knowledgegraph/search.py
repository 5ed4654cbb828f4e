"""Search that answers at once, and that says so when nothing fits.

1. What the question *names* is looked up: an error code, a lint, a std path, a command, an option, a sign.
2. SQLite's FTS5 (porter stemming, BM25 with a weight a column) ranks the headline documents by its words; where vectors
   are there, they rank them by meaning, and both ranks are fused.
3. An authored concept that fits speaks for the sections that it cites: they are found through it.
4. A candidate must cover enough of what the question is about: words are weighed by how rare they are, and words that
   no document knows weigh most, so that "python list comprehension" is not answered with a lesson on lists.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from knowledgegraph import words
from knowledgegraph.concepts import Concept
from knowledgegraph.entry import Entry

if TYPE_CHECKING:
    import sqlite3

    from knowledgegraph.store import Store

_MAX_CHARS, _MAX_TERMS, _CANDIDATES = 500, 24, 80

# What a match in a column is worth to BM25, in the order of the table: title, names, intents, summary, body.
_WEIGHTS = (6.0, 4.0, 4.0, 2.5, 0.6)
_HEADLINE = "{title names intents summary}"
_BODY_SHARE = 0.5  # how much a word in the body covers, against one in a headline
_RARE = 4  # a word in fewer documents says no more than this: rare words are often accidents
# The least that must be covered; less when the question names our domain.
_THRESHOLD, _THRESHOLD_RUST, _THRESHOLD_OURS = 0.4, 0.3, 0.2
_THRESHOLD_ONE = 0.6  # one word alone must be in a headline: lessons use words in passing
_SIGN = 0.5  # what an operator or other sign in the question adds to the concept that is named so
_DOMAIN_BOOST, _FOREIGN_DOMAIN = 1.3, 0.6


class Recall(Protocol):
    """Finds entries by meaning (vectors)."""

    def near(self, query: str, limit: int) -> Sequence[tuple[str, float]]:
        """Ids with their cosine similarity, the nearest first; nothing while vectors are not ready."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that fits. ``score``: above 0 to 1, how well; hits come with falling scores.

    ``exact``: the query named it. ``concept``: the authored concept that the entry is; None for other sources.
    """

    entry: Entry
    score: float
    exact: bool = False
    concept: Concept | None = None


@dataclass(slots=True)
class _Question:
    """A query, taken apart. ``weights``: how much each word says; ``known``: the candidates that know it, and how
    well."""

    domains: frozenset[str]
    weights: dict[str, float] = field(default_factory=dict)
    known: dict[str, dict[int, float]] = field(default_factory=dict)

    def coverage(self, row: int) -> float:
        total = sum(self.weights.values())
        return sum(weight * self.known[term].get(row, 0.0) for term, weight in self.weights.items()) / (total or 1.0)


class Search:
    """Searches one store; any thread may ask."""

    def __init__(self, store: Store, concepts: Mapping[str, Concept], recall: Recall | None = None) -> None:
        self.store = store
        self._concepts = concepts
        self._recall = recall

    def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The entries that fit ``query``, best first; an empty list when it is about something else."""
        query = query[:_MAX_CHARS]
        with self.store.reading() as database:
            exact = self._exact(database, query)
            is_code = words.codes(query) == [query.strip().upper()]
            found = [] if is_code or len(exact) >= limit else self._full_text(database, query, exact)
        scores = dict.fromkeys(exact, 1.0)
        for row, score in found:
            scores.setdefault(row, score)
        best = sorted(scores, key=lambda row: -scores[row])[:limit]
        entries = self.store.entries(best)
        return [self._hit(entries[row], scores[row], row in exact) for row in best]

    def _hit(self, entry: Entry, score: float, exact: bool) -> Hit:
        concept = self._concepts.get(entry.ref) if entry.kind == "concept" else None
        return Hit(entry, max(round(score, 3), 0.001), exact, concept)

    def _exact(self, database: sqlite3.Connection, query: str) -> list[int]:
        """Rows that the query names: by an error code in it, or because it is a name."""
        rows: dict[int, None] = {}
        for code in words.codes(query):
            found = database.execute("SELECT row FROM errors WHERE code = ? ORDER BY place", (code,))
            rows.update(dict.fromkeys(row for (row,) in found))
        for name in words.names(query):
            found = database.execute("SELECT row FROM names WHERE name = ?", (name,))
            rows.update(dict.fromkeys(row for (row,) in found))
        return list(rows)

    def _full_text(self, database: sqlite3.Connection, query: str, exact: list[int]) -> list[tuple[int, float]]:
        """Rows with their scores: the share that the best one covers, falling with the rank of the others."""
        if words.is_elsewhere(query) and not exact:
            return []
        question = _Question(words.domains(query))
        ranked = self._rank(database, query)
        self._weigh(database, question, query, [row for row, _, _ in ranked])
        names = [("SELECT row FROM names WHERE name = ?", sign) for sign in words.signs(query)]
        signs = {row for statement, sign in names for (row,) in database.execute(statement, (sign,))}
        least = _THRESHOLD_OURS if words.is_plainly_ours(query) else _THRESHOLD_RUST if question.domains else _THRESHOLD
        if len(question.weights) == 1:
            least = max(least, _THRESHOLD_ONE)
        found: list[tuple[float, int, float]] = []
        for row, bm25, domain in ranked:
            coverage = min(question.coverage(row) + (_SIGN if row in signs else 0.0), 1.0)
            if coverage >= least:
                found.append((bm25 * _steer(domain, question) * (2 if row in signs else 1), row, coverage))
        found.sort(reverse=True)
        return [(row, found[0][2] * rank / found[0][0]) for rank, row, _ in found]

    def _weigh(self, database: sqlite3.Connection, question: _Question, query: str, rows: list[int]) -> None:
        """Looks up every word of the query on its own: who of the candidates knows it, and how rare it is."""
        total = database.execute("SELECT count(*) FROM concepts WHERE headline").fetchone()[0]
        quoted = words.quoted(query)
        among = f"rowid IN ({','.join(map(str, rows))})"
        for term in words.terms(query)[:_MAX_TERMS]:
            match = f'"{term}"'
            count = database.execute("SELECT count(*) FROM documents WHERE documents MATCH ?", (match,)).fetchone()[0]
            if not count and term in quoted:
                continue  # a name out of the reader's own code says nothing of the subject
            known = dict.fromkeys(_rows(database, among, match), _BODY_SHARE)
            known.update(dict.fromkeys(_rows(database, among, f"{_HEADLINE} : {match}"), 1.0))
            question.known[term] = known
            question.weights[term] = math.log(1 + total / max(count, _RARE))

    def _rank(self, database: sqlite3.Connection, query: str) -> list[tuple[int, float, str]]:
        match = " OR ".join(f'"{term}"' for term in words.terms(query)[:_MAX_TERMS])
        if not match:
            return []
        weights = ", ".join(map(str, _WEIGHTS))
        statement = (
            f"SELECT d.rowid, -bm25(documents, {weights}) AS score, c.domain FROM documents d "  # noqa: S608 -- our own numbers
            f"JOIN concepts c ON c.row = d.rowid WHERE documents MATCH ? ORDER BY score DESC LIMIT {_CANDIDATES}"
        )
        return database.execute(statement, (match,)).fetchall()


def _steer(domain: str, question: _Question) -> float:
    if not question.domains:
        return 1.0
    return _DOMAIN_BOOST if domain in question.domains else _FOREIGN_DOMAIN


def _rows(database: sqlite3.Connection, among: str, match: str) -> Iterable[int]:
    statement = f"SELECT rowid FROM documents WHERE documents MATCH ? AND {among}"  # noqa: S608 -- our own numbers
    return [row for (row,) in database.execute(statement, (match,))]
