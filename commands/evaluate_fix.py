"""``tutor eval fix``: how many mistakes, made on purpose in programs that compile, are mended."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.terminal import has_colour
from tutor.errors import MissingTool

if TYPE_CHECKING:
    from tutor.engine import Tutor
    from tutor.fix.evaluation import Result

Figures = dict[str, Any]


def fixing(tutor: Tutor, options: argparse.Namespace) -> tuple[Figures, str]:
    """Repairs ``options.sample`` mistakes in the lessons' examples. Raises :class:`MissingTool` without Rust."""
    from tutor.fix.evaluation import evaluate, slips
    from tutor.toolchain import HOW_TO_GET_RUST, find_toolchain

    if find_toolchain(tutor.home.cache) is None:
        raise MissingTool("Nothing to measure", "Fixing needs a Rust compiler.", HOW_TO_GET_RUST)
    concepts = tutor.library.concepts.values()
    examples = [(concept.id, concept.example) for concept in concepts if concept.domain == "rust"]
    cases = slips(examples, max(0, options.sample))
    with tempfile.TemporaryDirectory(prefix="tutor-eval-") as folder:
        results = list(evaluate(tutor.fixer, cases, Path(folder), threading.Event()))
    return figures_of(results), text_of(results, max(0, options.misses))


def figures_of(results: Sequence[Result]) -> Figures:
    """The figures, over all and by kind and error code."""
    return {
        "suite": "fix",
        "overall": _shares(results),
        "kinds": {kind: _shares(group) for kind, group in _groups(results, "kind").items()},
        "codes": {code or "none": _shares(group) for code, group in _groups(results, "code").items()},
    }


def _groups(results: Iterable[Result], by: str) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.slip.kind if by == "kind" else result.code, []).append(result)
    return dict(sorted(groups.items()))


def _shares(results: Sequence[Result]) -> Figures:
    count = len(results) or 1
    seconds = sorted(result.seconds for result in results) or [0.0]
    return {
        "cases": len(results),
        "fixed": round(sum(result.status == "fixed" for result in results) / count, 4),
        "restored": round(sum(result.restored for result in results) / count, 4),
        "median_checks": statistics.median([result.checker_runs for result in results] or [0]),
        "median_seconds": round(statistics.median(seconds), 3),
        "p90_seconds": round(seconds[int(len(seconds) * 0.9)], 3),
    }


def text_of(results: Sequence[Result], most: int) -> str:
    """The figures as a table, and what was not mended."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if has_colour() else ("", "")
    lines = [f"{bold}{'mistake':<28} {'cases':>6} {'compiles':>9} {'as it was':>10}{plain}"]
    lines += [_row(kind, group) for kind, group in _groups(results, "kind").items()]
    lines += [_row("all", results), ""]
    shares = _shares(results)
    lines.append(
        f"compiler runs: median {shares['median_checks']:g}; seconds: median {shares['median_seconds']:.2f}, "
        f"90 of 100 within {shares['p90_seconds']:.2f}"
    )
    left = [f"  {r.slip.kind} in {r.slip.name} ({r.code or 'no code'}): {r.status}" for r in results
            if r.status != "fixed"]  # fmt: skip
    if left and most:
        lines += ["", f"{bold}Not mended{plain}", *left[:most]]
        if len(left) > most:
            lines.append(f"  and {len(left) - most} more (--misses {len(left)} shows them)")
    return "\n".join([*lines, ""])


def _row(name: str, results: Sequence[Result]) -> str:
    shares = _shares(results)
    return f"{name:<28} {len(results):>6} {100 * shares['fixed']:>8.1f}% {100 * shares['restored']:>9.1f}%"
