"""``tutor eval``: how well the tutor does on questions whose answers are known, as a table and as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from commands import json_face
from commands.run import open_tutor
from commands.terminal import has_colour, put
from tutor.errors import Failed, Missing
from tutor.inert import inert_line

if TYPE_CHECKING:
    from knowledgegraph.evaluation import Miss, Report, Score
    from tutor.engine import Tutor

Figures = dict[str, Any]

#: How many misses are shown where ``--misses`` does not say.
MISSES: Final = 10
_DIGITS: Final = 4


def run(options: argparse.Namespace) -> int:
    """Runs one suite. Raises :class:`Missing` where what it measures is not there."""
    tutor = open_tutor(options, "eval")
    try:
        figures, text = SUITES[options.suite](tutor, options)
    finally:
        tutor.close()
    if options.json:
        json_face.write(figures)
    else:
        put(text)
    return 0


def _retrieval(tutor: Tutor, options: argparse.Namespace) -> tuple[Figures, str]:
    """Asks every question of ``assets/eval``."""
    most = max(0, options.misses)
    from knowledgegraph.evaluation import (
        EvaluationError,
        default_questions,
        evaluate,
        held_aside,
        load_elsewhere,
        load_questions,
    )

    library = tutor.library
    if not library.built:
        why = f" ({inert_line(library.problem)})" if library.problem else ""
        raise Missing("Nothing to measure", f"The documentation of this machine is not read yet{why}; build it first.",
                      "tutor knowledge build")  # fmt: skip
    try:
        questions = load_questions(default_questions())
        elsewhere = load_elsewhere(default_questions().with_name("elsewhere.txt"))
    except EvaluationError as error:
        raise Failed("Questions not usable", str(error)) from error
    report = evaluate(library, questions, elsewhere)
    intents = held_aside(library.concepts)
    figures: Figures = {
        "suite": "retrieval", "entries": library.store.counts()[0],
        "overall": _shares(report.overall),
        "domains": {domain: _shares(score) for domain, score in report.domains.items()},
        "intents": _shares(intents.score),
        "elsewhere": report.elsewhere, "wrongly_answered": round(report.wrongly_answered, _DIGITS),
        "wrongly_refused": round(report.wrongly_refused, _DIGITS),
        "median_ms": round(report.median_ms, 2), "p95_ms": round(report.p95_ms, 2),
        "misses": [_miss(miss) for miss in report.misses[:most]],
        "intent_misses": [_miss(miss) for miss in intents.misses[:most]],
        "answered": list(report.answered[:most]), "refused": list(report.refused[:most]),
    }  # fmt: skip
    return figures, retrieval_text(report, intents.score, most)


def _shares(score: Score) -> Figures:
    return {
        "questions": score.asked, "recall_at_1": round(score.recall_at_1, _DIGITS),
        "recall_at_5": round(score.recall_at_5, _DIGITS), "mrr": round(score.mrr, _DIGITS),
        "wrongly_refused": round(score.refusal_rate, _DIGITS),
    }  # fmt: skip


def _miss(miss: Miss) -> Figures:
    return {"question": miss.ask, "domain": miss.domain, "wanted": list(miss.wanted), "found": list(miss.found),
            "place": miss.place}  # fmt: skip


def retrieval_text(report: Report, intents: Score, most: int) -> str:
    """The figures as lines for a person, with at most ``most`` misses of a sort."""
    lines = [_strong(f"{'asked':<18} {'questions':>9}  {'first':>7} {'in five':>7} {'MRR':>6} {'refused':>8}")]
    lines += [_row(domain, score) for domain, score in report.domains.items()]
    lines += [_row("all", report.overall), _row("intents, aside", intents), ""]
    lines.append(f"about something else: {report.elsewhere} asked, {len(report.answered)} answered "
                 f"({_percent(report.wrongly_answered)})")  # fmt: skip
    lines.append(f"time to an answer: median {report.median_ms:.1f} ms, 95 of 100 within {report.p95_ms:.1f} ms")
    for heading, missed in (
        ("Not first", [_told(miss) for miss in report.misses]),
        ("Answered, and should not be", [f"  {inert_line(ask)}" for ask in report.answered]),
    ):
        if missed and most:
            lines += ["", _strong(heading), *missed[:most]]
            if len(missed) > most:
                lines.append(f"  and {len(missed) - most} more (--misses {len(missed)} shows them)")
    return "\n".join([*lines, ""])


def _row(name: str, score: Score) -> str:
    return (
        f"{name:<18} {score.asked:>9,}  {_percent(score.recall_at_1):>7} {_percent(score.recall_at_5):>7} "
        f"{score.mrr:>6.3f} {_percent(score.refusal_rate):>8}"
    )


def _told(miss: Miss) -> str:
    where = f"place {miss.place}" if miss.place else "not found" if miss.found else "nothing cited"
    found = f"; first: {inert_line(miss.found[0])}" if miss.found else ""
    return f"  {inert_line(miss.ask)}\n      {where}{found}; wanted: {inert_line(miss.wanted[0])}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _strong(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if has_colour() else text


def _fix(tutor: Tutor, options: argparse.Namespace) -> tuple[Figures, str]:
    from commands.evaluate_fix import fixing

    return fixing(tutor, options)


#: What can be measured: a suite's name, and what gives its figures and its text for a tutor and the call's options.
SUITES: Final[dict[str, Callable[[Tutor, argparse.Namespace], tuple[Figures, str]]]] = {
    "retrieval": _retrieval,
    "fix": _fix,
}
