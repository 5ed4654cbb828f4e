"""How well questions are answered: the figures of ``tutor eval retrieval``.

Asked are questions whose answers are known (``assets/eval/questions.toml``), questions that must be declined
(``assets/eval/elsewhere.txt``), and the intents of the authored concepts, each held aside while it is asked.

An answer is judged by its citations of documentation, best first. Our own lessons among them are passed over: they are
written by who wrote the questions, and are as good as the pages that they cite.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from knowledgegraph.concepts import DOMAINS, Concept, Concepts, default_folder
from knowledgegraph.references import BOOKS, Reference

if TYPE_CHECKING:
    from knowledgegraph.answer import Answer
    from knowledgegraph.library import Library

_OURS = frozenset({"concept", "pattern"})
_MOST_SEE = 6
_FEW = 5
_SHOWN = 5  # citations that a miss keeps
# The rest of a reference to a part of a command's manual: " -- EXAMPLES", " --onto", " -C".
_PART = re.compile(r" -.*", re.DOTALL)
_TYPE = re.compile(r"(.+::)?([A-Z]\w*|primitive\.\w+)")


class EvaluationError(Exception):
    """The questions cannot be used. One sentence a line, each with the file."""


@dataclass(frozen=True, slots=True)
class Question:
    """``ask``: what is typed. ``domain``: which one it is about. ``see``: the places that answer it, any of them."""

    ask: str
    domain: str
    see: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """``asked``: how many questions; ``first``, ``five``: for how many a place that answers it came first, among the
    first five; ``reciprocal``: the sum of 1 / place over all; ``refused``: how many were declined."""

    asked: int = 0
    first: int = 0
    five: int = 0
    reciprocal: float = 0.0
    refused: int = 0

    @property
    def recall_at_1(self) -> float:
        """The share that was found first; 0 where nothing was asked. So with all shares."""
        return self.first / self.asked if self.asked else 0.0

    @property
    def recall_at_5(self) -> float:
        """The share that was found among the first five."""
        return self.five / self.asked if self.asked else 0.0

    @property
    def mrr(self) -> float:
        """The mean reciprocal rank: 1 where everything is first, 0 where nothing is found."""
        return self.reciprocal / self.asked if self.asked else 0.0

    @property
    def refusal_rate(self) -> float:
        """The share that was declined."""
        return self.refused / self.asked if self.asked else 0.0

    def plus(self, place: int, *, refused: bool = False) -> Score:
        """With one more question, whose answer came at ``place`` (from 1; 0: not at all)."""
        return Score(
            self.asked + 1,
            self.first + (place == 1),
            self.five + (1 <= place <= _FEW),
            self.reciprocal + (1 / place if place else 0.0),
            self.refused + refused,
        )


@dataclass(frozen=True, slots=True)
class Miss:
    """A question whose answer did not come first. ``wanted``: what would have been right; ``found``: what came
    instead, best first, at most five; nothing where it was declined. ``place``: where the first right one came, from
    1; 0: not at all."""

    ask: str
    domain: str
    wanted: tuple[str, ...]
    found: tuple[str, ...]
    place: int


@dataclass(frozen=True, slots=True)
class Report:
    """``domains``: a score each, in the order of :data:`knowledgegraph.concepts.DOMAINS`; ``overall``: all questions.

    ``elsewhere``: how many questions should have been declined; ``answered``: those that were not; ``refused``:
    questions of ours that were. ``median_ms``, ``p95_ms``: how long a question of ours took, in a process that had
    answered before. ``misses``: what did not come first, the worst first.
    """

    domains: Mapping[str, Score]
    overall: Score
    elsewhere: int
    answered: tuple[str, ...]
    refused: tuple[str, ...]
    median_ms: float
    p95_ms: float
    misses: tuple[Miss, ...]

    @property
    def wrongly_answered(self) -> float:
        """The share of questions about something else that were answered."""
        return len(self.answered) / self.elsewhere if self.elsewhere else 0.0

    @property
    def wrongly_refused(self) -> float:
        """The share of our own questions that were declined."""
        return self.overall.refusal_rate


@dataclass(frozen=True, slots=True)
class HeldAside:
    """How often a concept is found by an intent of its own that was taken away. ``misses``: as in a report; ``wanted``
    is the concept."""

    score: Score
    misses: tuple[Miss, ...]


# What is asked.


def default_questions() -> Path:
    """The questions that come with the program; ``elsewhere.txt`` lies beside them."""
    return default_folder().parent / "eval" / "questions.toml"


def load_questions(path: Path) -> list[Question]:
    """Reads ``[[rust]]``, ``[[git]]``, ``[[linux]]`` and ``[[gh]]`` tables with ``ask`` and ``see``.

    Raises :class:`EvaluationError` with every problem: an unknown key or domain, an empty or repeated question, no or
    too many references, a reference of no known kind.
    """
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EvaluationError(f"{path.name}: cannot be read as TOML: {error}.") from error
    problems = [f"{path.name}: {key} is no domain; use {', '.join(DOMAINS)}." for key in data if key not in DOMAINS]
    questions: dict[str, Question] = {}
    for domain in DOMAINS:
        for table in data.get(domain, ()):
            question = _question(table, domain)
            if isinstance(question, str):
                problems.append(f"{path.name}: {question}.")
            elif question.ask.casefold() in questions:
                problems.append(f"{path.name}: {question.ask!r} is asked twice.")
            else:
                questions[question.ask.casefold()] = question
    if problems:
        raise EvaluationError("\n".join(problems))
    return list(questions.values())


def _question(table: object, domain: str) -> Question | str:
    """The question, or half a sentence on what is wrong with it."""
    if not isinstance(table, dict) or set(table) != {"ask", "see"}:
        return f"[[{domain}]] must have ask and see, and nothing else"
    ask, see = table["ask"], table["see"]
    if not isinstance(ask, str) or not ask.strip():
        return f"[[{domain}]]: ask must be a text that is not empty"
    if not isinstance(see, list) or not all(isinstance(text, str) for text in see):
        return f"{ask!r}: see must be a list of texts"
    if not 1 <= len(see) <= _MOST_SEE or len(set(see)) != len(see):
        return f"{ask!r}: see must name 1 to {_MOST_SEE} different places"
    try:
        places = tuple(map(Reference.parse, see))
    except ValueError as error:
        return f"{ask!r}: {error}"
    if ours := [str(place) for place in places if place.kind in _OURS]:
        return f"{ask!r}: {ours[0]} is no documentation, and is passed over"
    return Question(ask, domain, places)


def load_elsewhere(path: Path) -> list[str]:
    """Reads questions that must be declined, one a line; lines that start with # are passed over. Raises
    :class:`EvaluationError` where it cannot be read or one is asked twice."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path.name}: cannot be read: {error}.") from error
    asked: dict[str, str] = {}
    for line in lines:
        if line and not line.startswith("#"):
            if line.casefold() in asked:
                raise EvaluationError(f"{path.name}: {line!r} is asked twice.")
            asked[line.casefold()] = line
    return list(asked.values())


# Judging.


def matches(wanted: Reference, found: Reference) -> bool:
    """Whether who looks for ``wanted`` is served by ``found``: the same place, or the whole of which one is the part.

    A page and its anchors; a manual page of Linux and its sections and options; a type of std and its methods. Of git
    and gh, whose pages are short, all parts of one page are the same place.
    """
    if wanted.kind != found.kind:
        return False
    first, second = sorted((wanted.ref, found.ref), key=len)
    if first == second:
        return True
    if wanted.kind in ("git", "gh"):
        return _PART.sub("", first) == _PART.sub("", second)
    if wanted.kind == "linux":
        return _PART.sub("", second) == first
    if wanted.kind == "std":
        return bool(_TYPE.fullmatch(first)) and second.rpartition("::")[0] == first
    return wanted.kind in BOOKS and second.partition("#")[0] == first


def place_of(see: Sequence[Reference], found: Iterable[Reference]) -> int:
    """The place, from 1, of the first of ``found`` that is served by one of ``see``; 0 where none is."""
    places = (place for place, other in enumerate(found, 1) if any(matches(wanted, other) for wanted in see))
    return next(places, 0)


def _cited(answer: Answer) -> list[Reference]:
    return [Reference(cited.kind, cited.ref) for cited in answer.citations if cited.kind not in _OURS]


def evaluate(library: Library, questions: Sequence[Question], elsewhere: Sequence[str]) -> Report:
    """Asks everything and counts. One question is asked before, so that nothing is being opened while time is taken."""
    library.answer("warm up")
    scores = {domain: Score() for domain in DOMAINS if any(question.domain == domain for question in questions)}
    overall = Score()
    misses: list[Miss] = []
    refused: list[str] = []
    times: list[float] = []
    for question in questions:
        answer = _timed(library, question.ask, times)
        found = _cited(answer)
        place = place_of(question.see, found)
        if not answer.in_scope:
            refused.append(question.ask)
        scores[question.domain] = scores[question.domain].plus(place, refused=not answer.in_scope)
        overall = overall.plus(place, refused=not answer.in_scope)
        if place != 1:
            wanted, instead = tuple(map(str, question.see)), tuple(map(str, found[:_SHOWN]))
            misses.append(Miss(question.ask, question.domain, wanted, instead, place))
    answered = tuple(ask for ask in elsewhere if library.answer(ask).in_scope)
    median, p95 = _times(times)
    return Report(
        scores, overall, len(elsewhere), answered, tuple(refused), median, p95, tuple(sorted(misses, key=_badness))
    )


def _timed(library: Library, ask: str, times: list[float]) -> Answer:
    start = time.perf_counter()
    answer = library.answer(ask)
    times.append(1000 * (time.perf_counter() - start))
    return answer


def _times(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile; 0 where nothing was timed."""
    if len(times) < 2:
        return (times[0], times[0]) if times else (0.0, 0.0)
    return statistics.median(times), statistics.quantiles(times, n=20, method="inclusive")[-1]


def _badness(miss: Miss) -> float:
    """Declined first, then not found, then the later the worse."""
    return -1000.0 if not miss.found else -100.0 if not miss.place else -miss.place


# The intents, held aside.


def held_aside(concepts: Mapping[str, Concept], folds: int = 5) -> HeldAside:
    """Asks every intent of ``concepts`` of lessons from which it was taken away, and counts where its concept comes.

    The intents are dealt out to ``folds`` parts; each part is taken away together, so that few indexes serve all. A
    concept keeps most of its intents in every fold, because its own are dealt out one by one.
    """
    from knowledgegraph.search import Search
    from knowledgegraph.sources.assets import pieces
    from knowledgegraph.store import Store

    score = Score()
    misses: list[Miss] = []
    for fold in range(folds):
        left = Concepts({
            concept.id: replace(concept, intents=tuple(_without(concept.intents, fold, folds)))
            for concept in concepts.values()
        })  # fmt: skip
        store = Store.in_memory(pieces(left, Path()))
        search = Search(store, left)
        for concept in concepts.values():
            for intent in concept.intents[fold::folds]:
                found = [hit.entry.id for hit in search.search(intent, _FEW)]
                place = found.index(concept.id) + 1 if concept.id in found else 0
                score = score.plus(place, refused=not found)
                if place != 1:
                    misses.append(Miss(intent, concept.domain, (concept.id,), tuple(found), place))
        store.close()
    return HeldAside(score, tuple(sorted(misses, key=_badness)))


def _without(intents: Sequence[str], fold: int, folds: int) -> Iterable[str]:
    return (intent for place, intent in enumerate(intents) if place % folds != fold)
