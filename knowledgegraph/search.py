"""Search that answers at once, and that says so when nothing fits.

1. What the question *names* is looked up: an error code, a lint, a std path, a command, an option, a sign.
2. SQLite's FTS5 (porter stemming, BM25 with a weight a column) ranks the headline documents by its words; where vectors
   are there, they add what is near in meaning.
3. An authored concept that fits speaks for the sections that it cites: they are found through it.
4. A candidate must cover enough of what the question is about: words are weighed by how rare they are, and words that
   no document knows weigh most, so that "python list comprehension" is not answered with a lesson on lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Protocol

from knowledgegraph import ranking, words
from knowledgegraph.concepts import Concept
from knowledgegraph.entry import SIGNPOST, Entry, Form, reference_of
from knowledgegraph.question import Question
from knowledgegraph.ranking import Candidate
from knowledgegraph.references import Reference

if TYPE_CHECKING:
    import sqlite3

    from knowledgegraph.store import Store

_MAX_CHARS = 500
_CANDIDATES = 100  # entries that FTS5 hands over
_NEAREST = 100  # entries that vectors hand over
_GUIDES = 10  # lessons and signposts that may speak for what they cite
_BEARERS = 6  # of a name that more entries bear only so many count
_MOST_BEARERS = 500  # of a name, that are looked at at all
_FLOOR = 0.2  # an entry that knows less of a question is no candidate
_MEANING = 0.6  # what the nearest in meaning is worth, against the best by its words
# What a match in a column is worth to BM25, in the order of the table: title, names, intents, summary, body.
_WEIGHTS = (6.0, 4.0, 4.0, 2.5, 1.0)
# What it adds to an entry that the question names it among other words: as a sign, as code, by a word that may be an
# ordinary one (find, sort, top).
_SIGN, _NAMED, _PROGRAM = 0.5, 0.6, 0.3
_INTENDED = 0.6  # what it adds to a concept that the query is one of its intents, word for word


class Recall(Protocol):
    """Finds entries by meaning (vectors)."""

    @property
    def problem(self) -> str:
        """Why it finds nothing although it was set up; "" where all is well."""

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


class Search:
    """Searches one store; any thread may ask."""

    def __init__(self, store: Store, concepts: Mapping[str, Concept], recall: Recall | None = None) -> None:
        self.store = store
        self._concepts = concepts
        self._recall = recall
        self._counted = (-1, 0)

    def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The entries that fit ``query``, best first; an empty list when it is about something else."""
        query = query[:_MAX_CHARS].encode("utf-8", "surrogatepass").decode("utf-8", "replace")  # no lone surrogates
        with self.store.reading() as database:
            exact = self._exact(database, query)
            is_code = words.codes(query) == [query.strip().upper()]
            found = [] if is_code or len(exact) >= limit else self._fitting(database, query, exact)
        scores = dict.fromkeys(exact, 1.0)
        for candidate, score in found:
            scores.setdefault(candidate.row, score)
        best = sorted(scores, key=lambda row: -scores[row])[:limit]
        entries = self.store.entries(best)
        entries |= {candidate.row: _unread(candidate) for candidate, _ in found if candidate.row < 0}
        return [self._hit(entries[row], scores[row], row in exact) for row in best if row in entries]

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
            rows.update(dict.fromkeys(_bearing(database, name)))
        return list(rows)

    def _fitting(self, database: sqlite3.Connection, query: str, exact: list[int]) -> list[tuple[Candidate, float]]:
        """What fits, with scores: the share of the question that the best one covers, falling with their fit."""
        if words.is_elsewhere(query) and not exact:
            return []
        question = Question.of(query)
        candidates = self._candidates(database, question)
        question.weigh(database, self._headlines(database))
        guides = _guides(database, candidates.values())
        for candidate in candidates.values():
            candidate.coverage = min(question.coverage(candidate.row) + candidate.named, 1.0)
            if candidate.row in guides:
                candidate.intended = _INTENDED * question.likeness(guides[candidate.row].intents) ** 3
        if max((found.coverage for found in candidates.values()), default=0.0) < question.least:
            return []
        # What is near in meaning need not share words; but whether the question is ours, words alone decide.
        fitting = {row: found for row, found in candidates.items() if found.coverage >= _FLOOR or found.meaning}
        _spread(database, fitting, guides)
        fitting = {row: found for row, found in fitting.items() if found.kind != SIGNPOST}
        if not fitting:
            return []
        ranking.pool(fitting.values())
        ranked = sorted(fitting.values(), key=attrgetter("fit"), reverse=True)
        best = max(candidate.coverage for candidate in ranked[:5])
        return [(candidate, best * candidate.fit / ranked[0].fit) for candidate in ranked]

    # Where candidates come from.

    def _candidates(self, database: sqlite3.Connection, question: Question) -> dict[int, Candidate]:
        """What shares words or meaning with the question or is named in it, with its worth and domain counted in."""
        candidates: dict[int, Candidate] = {}
        texts: dict[int, float] = {}
        for bm25, candidate in _ranked(database, question.match):
            candidates[candidate.row] = candidate
            texts[candidate.row] = bm25 * candidate.worth * question.steer(candidate.domain)
        for row, text in ranking.normalised(texts).items():
            candidates[row].text = text
        self._add_near(database, question, candidates)
        named = dict(sorted(_named(database, question), key=itemgetter(1)))
        for candidate in _look(database, "row", [row for row in named if row not in candidates]).values():
            candidates[candidate.row] = candidate
        for row, value in named.items():
            candidates[row].named = value
        return candidates

    def _add_near(self, database: sqlite3.Connection, question: Question, candidates: dict[int, Candidate]) -> None:
        """Adds what vectors find, with how near it is: 1 for the nearest, 0 for the last that is looked at."""
        near = dict(self._recall.near(question.text, _NEAREST)) if self._recall else {}
        if len(near) < 2:
            return
        most, least = max(near.values()), min(near.values())
        for identity, found in _look(database, "id", list(near)).items():
            candidate = candidates.setdefault(found.row, found)
            share = (near[str(identity)] - least) / ((most - least) or 1.0)
            candidate.meaning = _MEANING * share * candidate.worth * question.steer(candidate.domain)

    def _headlines(self, database: sqlite3.Connection) -> int:
        """How many documents there are; counted once for each file."""
        if self._counted[0] != self.store.generation:
            count = database.execute("SELECT count(*) FROM concepts WHERE headline").fetchone()[0]
            self._counted = (self.store.generation, count)
        return self._counted[1]


@dataclass(frozen=True, slots=True)
class _Guide:
    """A lesson or a signpost: what was written for which questions, and the ids of what it cites, the best first."""

    intents: tuple[str, ...]
    cites: tuple[str, ...]


def _guides(database: sqlite3.Connection, candidates: Iterable[Candidate]) -> dict[int, _Guide]:
    """Those among the candidates, by row."""
    rows = [candidate.row for candidate in candidates if candidate.kind in ("concept", SIGNPOST)]
    marks = ",".join("?" * len(rows))
    statement = f"SELECT row, intents, cites FROM concepts WHERE row IN ({marks})"  # noqa: S608 -- question marks
    return {
        row: _Guide(tuple(intents.splitlines()), tuple(cites.splitlines()))
        for row, intents, cites in database.execute(statement, rows)
    }


def _spread(database: sqlite3.Connection, candidates: dict[int, Candidate], guides: Mapping[int, _Guide]) -> None:
    """Lets the guides among the candidates speak for what they cite; brings in what was not found by its words, and
    what was never read on this machine (with a row below 0)."""
    told = []
    unread: dict[str, Candidate] = {}
    best = sorted((candidates[row] for row in candidates if row in guides), key=lambda guide: -guide.own - guide.named)
    for guide in best[:_GUIDES]:
        row, cited = guide.row, []
        found = _look(database, "id", guides[row].cites)
        for identity in guides[row].cites:
            candidate = found.get(identity) or unread.get(identity)
            if candidate is None:
                see = reference_of(identity)
                candidate = _also_called(database, see)
            if candidate is None:
                candidate = unread[identity] = Candidate(-1 - len(unread), see.kind, see.ref, "", guide.domain)
            candidate.coverage = guide.coverage
            cited.append(candidates.setdefault(candidate.row, candidate))
        told.append((guide, cited))
    ranking.spread(told)


def _also_called(database: sqlite3.Connection, see: Reference) -> Candidate | None:
    """What bears the name of a reference as a further one: awk is mawk on one machine, gawk on another."""
    rows = _bearing(database, words.name(see.ref))
    return next((found for found in _look(database, "row", rows).values() if found.kind == see.kind), None)


def _unread(candidate: Candidate) -> Entry:
    """What a lesson cites and nobody read here: no more than its reference."""
    return Entry(candidate.kind, candidate.ref, candidate.ref, Form.PAGE, candidate.domain)


def _ranked(database: sqlite3.Connection, match: str) -> list[tuple[float, Candidate]]:
    """The best documents by BM25, with their scores."""
    if not match:
        return []
    weights = ", ".join(map(str, _WEIGHTS))
    statement = (
        "SELECT d.score, c.row, c.kind, c.ref, c.form, c.domain FROM "  # noqa: S608 -- our own numbers
        f"(SELECT rowid, -bm25(documents, {weights}) AS score FROM documents WHERE documents MATCH ? "
        f"ORDER BY score DESC LIMIT {_CANDIDATES}) d JOIN concepts c ON c.row = d.rowid"
    )
    return [(row[0], Candidate(*row[1:])) for row in database.execute(statement, (match,))]


def _named(database: sqlite3.Connection, question: Question) -> Iterable[tuple[int, float]]:
    """Rows that the question names inside a sentence, with what that adds."""
    programs = "SELECT row FROM commands WHERE command = ? AND option = ''"
    whole = "SELECT n.row FROM names n JOIN concepts c ON c.row = n.row WHERE n.name = ? AND c.kind = ?"
    yield from ((row, 1.0) for (row,) in database.execute(whole, (words.name(question.text), SIGNPOST)))
    for sign in words.signs(question.text):
        yield from ((row, _SIGN) for row in _bearing(database, words.name(sign))[:_BEARERS])
    for mention in words.mentions(question.text):
        yield from ((row, _NAMED) for row in _bearing(database, words.name(mention))[:_BEARERS])
    for term in question.terms:
        yield from ((row, _PROGRAM) for (row,) in database.execute(programs, (term,)))


def _bearing(database: sqlite3.Connection, name: str) -> list[int]:
    """The rows of the entries that bear a name, of very many the first; signposts bear none."""
    statement = "SELECT n.row FROM names n JOIN concepts c ON c.row = n.row WHERE n.name = ? AND c.kind <> ? LIMIT ?"
    return [row for (row,) in database.execute(statement, (name, SIGNPOST, _MOST_BEARERS))]


def _look(database: sqlite3.Connection, column: str, keys: Sequence[object]) -> dict[object, Candidate]:
    """The entries with these rows or ids, by them."""
    marks = ",".join("?" * len(keys))
    statement = f"SELECT {column}, row, kind, ref, form, domain FROM concepts WHERE {column} IN ({marks})"  # noqa: S608 -- our own names
    return {row[0]: Candidate(*row[1:]) for row in database.execute(statement, list(keys))}
