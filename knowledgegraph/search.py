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
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

from knowledgegraph import ranking, words
from knowledgegraph.concepts import Concept
from knowledgegraph.entry import Entry, entry_id
from knowledgegraph.ranking import Candidate

if TYPE_CHECKING:
    import sqlite3

    from knowledgegraph.store import Store

_MAX_CHARS, _MAX_TERMS = 500, 24
_CANDIDATES = 100  # entries that FTS5 hands over
_NEAREST = 100  # entries that vectors hand over
_MEANING = 0.6  # what the nearest in meaning is worth, against the best by its words

# What a match in a column is worth to BM25, in the order of the table: title, names, intents, summary, body.
_WEIGHTS = (6.0, 4.0, 4.0, 2.5, 1.0)
_HEADLINE = "{title names intents summary}"
_BODY_SHARE = 0.5  # how much a word in the body covers, against one in a headline
_RARE = 4  # a word in fewer documents says no more than this: rare words are often accidents
# The least of a question that must be covered: when it names a domain by a word that means nothing else; when its words
# point to one; when "rust" is all, which may be the one on iron; when nothing says what it is about.
_LEAST_OURS, _LEAST_LEANING, _LEAST_RUST, _LEAST_ANY = 0.2, 0.33, 0.5, 0.54
_LEAST_ONE = 0.6  # one word alone must be in a headline: lessons use words in passing
_STRANGE = 0.1  # more, when nothing says what it is about and no document knows one of its words
_SIGN = 0.5  # what an operator or other sign in the question adds to the concept that is named so
_NAMED = 0.6  # what it adds to an entry that the question names it among other words
_PROGRAM = 0.3  # ... where the name may be an ordinary word: find, sort, top
_LEANING = 0.4
_INTENDED = 0.6  # what it adds to a concept that the query is one of its intents, word for word
_SAME_SHARE = 0.7  # how much a word covers that means the same, against the word itself
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
    """A query, taken apart. ``domains``: those that it names; ``leaning``: those that its words point to, as shares.
    ``weights``: how much each word says; ``known``: the candidates that know it, and how well."""

    text: str
    domains: frozenset[str]
    leaning: Mapping[str, float]
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
        self._counted = (-1, 0)

    def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The entries that fit ``query``, best first; an empty list when it is about something else."""
        query = query[:_MAX_CHARS]
        with self.store.reading() as database:
            exact = self._exact(database, query)
            is_code = words.codes(query) == [query.strip().upper()]
            found = [] if is_code or len(exact) >= limit else self._by_words(database, query, exact)
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

    def _by_words(self, database: sqlite3.Connection, query: str, exact: list[int]) -> list[tuple[int, float]]:
        """Rows with their scores: the share that the best one covers, falling with the fit of the others."""
        if words.is_elsewhere(query) and not exact:
            return []
        question = _Question(query, words.domains(query), words.leaning(query))
        candidates = self._candidates(database, question, query)
        if not candidates:
            return []
        self._weigh(database, question, query, candidates)
        least = _least(question)
        self._compare_intents(question, candidates)
        covering = {row: found for row, found in candidates.items() if found.coverage >= least}
        if not covering:
            return []
        # What is near in meaning need not share words; but whether the question is ours, words alone decide.
        covering |= {row: found for row, found in candidates.items() if found.meaning}
        self._spread(database, covering)
        ranking.pool(covering.values())
        ranked = sorted(covering.values(), key=lambda candidate: -candidate.fit)
        best = max(candidate.coverage for candidate in ranked[:5])
        return [(candidate.row, best * candidate.fit / ranked[0].fit) for candidate in ranked]

    def _candidates(self, database: sqlite3.Connection, question: _Question, query: str) -> dict[int, Candidate]:
        """What shares words or meaning with the query, with how well it does, its worth and domain counted in."""
        texts: dict[int, float] = {}
        candidates: dict[int, Candidate] = {}
        for row, bm25, kind, ref, form, domain in self._rank(database, query):
            candidates[row] = Candidate(row, kind, ref, form, domain)
            texts[row] = bm25 * ranking.worth(kind, ref, form) * _steer(domain, question)
        for row, text in ranking.normalised(texts).items():
            candidates[row].text = text
        self._add_near(database, question, candidates)
        named = dict(sorted(self._named(database, query), key=itemgetter(1)))
        absent = [row for row in named if row not in candidates]
        for row in self._look(database, absent):
            candidates[row.row] = row
        for row, value in named.items():
            candidates[row].named = value
        return candidates

    def _named(self, database: sqlite3.Connection, query: str) -> Iterable[tuple[int, float]]:
        """Rows that the query names inside a sentence, with what that adds."""
        statement = "SELECT n.row FROM names n JOIN concepts c ON c.row = n.row WHERE n.name = ? LIMIT 6"
        for sign in words.signs(query):
            yield from ((row, _SIGN) for (row,) in database.execute(statement, (words.name(sign),)))
        for mention in words.mentions(query):
            yield from ((row, _NAMED) for (row,) in database.execute(statement, (words.name(mention),)))
        programs = "SELECT row FROM commands WHERE command = ? AND option = ''"
        for term in words.terms(query):
            yield from ((row, _PROGRAM) for (row,) in database.execute(programs, (term,)))

    def _add_near(self, database: sqlite3.Connection, question: _Question, candidates: dict[int, Candidate]) -> None:
        """Adds what vectors find, with how near it is: 1 for the nearest, 0 for the last that is looked at."""
        near = dict(self._recall.near(question.text, _NEAREST)) if self._recall else {}
        if len(near) < 2:
            return
        most, least = max(near.values()), min(near.values())
        marks = ",".join("?" * len(near))
        statement = f"SELECT id, row, kind, ref, form, domain FROM concepts WHERE id IN ({marks})"  # noqa: S608 -- question marks
        for identity, row, kind, ref, form, domain in database.execute(statement, list(near)).fetchall():
            candidate = candidates.setdefault(row, Candidate(row, kind, ref, form, domain))
            share = (near[identity] - least) / ((most - least) or 1.0)
            candidate.meaning = _MEANING * share * ranking.worth(kind, ref, form) * _steer(domain, question)

    def _look(self, database: sqlite3.Connection, rows: Sequence[int]) -> Iterable[Candidate]:
        marks = ",".join("?" * len(rows))
        found = database.execute(f"SELECT row, kind, ref, form, domain FROM concepts WHERE row IN ({marks})", rows)  # noqa: S608 -- question marks
        return [Candidate(*row) for row in found]

    def _spread(self, database: sqlite3.Connection, candidates: dict[int, Candidate]) -> None:
        """Lets the lessons among the candidates speak for what they cite; brings in what was not found by its words."""
        lessons = []
        for candidate in list(candidates.values()):
            if candidate.kind != "concept" or candidate.ref not in self._concepts:
                continue
            see = self._concepts[candidate.ref].see
            ids = [entry_id(other.kind, other.ref) for other in see if other.kind != "concept"]
            marks = ",".join("?" * len(ids))
            rows = database.execute(f"SELECT id, row, kind, ref, form, domain FROM concepts WHERE id IN ({marks})", ids)  # noqa: S608 -- question marks
            known = {row[0]: row[1:] for row in rows}
            cited = []
            for identity in ids:
                if identity in known:
                    row = known[identity][0]
                    candidates.setdefault(row, Candidate(*known[identity], coverage=candidate.coverage))
                    cited.append(candidates[row])
            lessons.append((candidate, cited))
        ranking.spread(lessons)

    def _weigh(
        self, database: sqlite3.Connection, question: _Question, query: str, candidates: dict[int, Candidate]
    ) -> None:
        """Looks up every word of the query on its own: who of the candidates knows it, and how rare it is."""
        total = self._headlines(database)
        quoted = words.quoted(query)
        for term in words.terms(query)[:_MAX_TERMS]:
            # All rows of a word come faster than those among the candidates: FTS5 would look for each one anew.
            anywhere = _rows(database, f'"{term}"')
            if not anywhere and term in quoted:
                continue  # a name out of the reader's own code says nothing of the subject
            known = dict.fromkeys(anywhere, _BODY_SHARE)
            for other in words.same(term):
                known.update(dict.fromkeys(_rows(database, f'{_HEADLINE} : "{other}"'), _SAME_SHARE))
            known.update(dict.fromkeys(_rows(database, f'{_HEADLINE} : "{term}"'), 1.0))
            question.known[term] = known
            question.weights[term] = math.log(1 + total / max(len(anywhere), _RARE))
        for row, candidate in candidates.items():
            candidate.coverage = min(question.coverage(row) + candidate.named, 1.0)

    def _compare_intents(self, question: _Question, candidates: dict[int, Candidate]) -> None:
        """How much the query is like something that an author said people type who need this concept."""
        asked = {words.stem(term): weight for term, weight in question.weights.items()}
        total = sum(asked.values())
        for candidate in candidates.values():
            concept = self._concepts.get(candidate.ref) if candidate.kind == "concept" else None
            for intent in concept.intents if concept and total else ():
                said = {words.stem(term) for term in words.terms(intent)}
                both = said & asked.keys()
                if both:
                    recall = sum(asked[term] for term in both) / total
                    precision = len(both) / len(said)
                    like = 2 * recall * precision / (recall + precision)
                    candidate.intended = max(candidate.intended, _INTENDED * like**3)

    def _headlines(self, database: sqlite3.Connection) -> int:
        """How many documents there are; counted once for each file."""
        if self._counted[0] != self.store.generation:
            count = database.execute("SELECT count(*) FROM concepts WHERE headline").fetchone()[0]
            self._counted = (self.store.generation, count)
        return self._counted[1]

    def _rank(self, database: sqlite3.Connection, query: str) -> list[tuple[int, float, str, str, str, str]]:
        terms = words.terms(query)[:_MAX_TERMS]
        wanted = dict.fromkeys(word for term in terms for word in (term, *words.same(term)))
        match = " OR ".join(f'"{word}"' for word in wanted)
        if not match:
            return []
        weights = ", ".join(map(str, _WEIGHTS))
        statement = (
            "SELECT d.rowid, d.score, c.kind, c.ref, c.form, c.domain FROM "  # noqa: S608 -- our own numbers
            f"(SELECT rowid, -bm25(documents, {weights}) AS score FROM documents WHERE documents MATCH ? "
            f"ORDER BY score DESC LIMIT {_CANDIDATES}) d JOIN concepts c ON c.row = d.rowid"
        )
        return database.execute(statement, (match,)).fetchall()


def _least(question: _Question) -> float:
    """How much of a question the best answer must cover for it to be about what the tutor knows."""
    if words.is_plainly_ours(question.text):
        return _LEAST_OURS
    least = _LEAST_LEANING
    if not question.leaning:
        strange = any(not rows for rows in question.known.values())
        least = (_LEAST_RUST if question.domains else _LEAST_ANY) + (_STRANGE if strange else 0.0)
    return max(least, _LEAST_ONE) if len(question.weights) == 1 else least


def _steer(domain: str, question: _Question) -> float:
    if question.domains:
        return _DOMAIN_BOOST if domain in question.domains else _FOREIGN_DOMAIN
    return 1.0 + _LEANING * question.leaning.get(domain, 0.0)


def _rows(database: sqlite3.Connection, match: str) -> list[int]:
    statement = "SELECT rowid FROM documents WHERE documents MATCH ?"
    return [row for (row,) in database.execute(statement, (match,))]
