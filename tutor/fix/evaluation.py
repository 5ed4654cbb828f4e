"""The project's own measure of fixing: programs that compile, each with one mistake made on purpose.

Made at run time from the lessons' examples (``assets/concepts``), seeded, so that everybody gets the same cases. A fix
is compared with the program as it was before the mistake.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor import events
from tutor.fix.mutations import mutants
from tutor.fix.search import Fixer, FixOutcome, FixRequest

_TOKEN = re.compile(rb"//[^\n]*|\s+|,(?=\s*[)\]}])")


@dataclass(frozen=True, slots=True)
class Slip:
    """One case: an ``original`` program that compiles, and the same with a mistake of a ``kind``."""

    name: str
    kind: str
    original: bytes
    broken: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case. ``code``: of the first error ("" for those without); ``status`` as in ``cli.md``;
    ``restored``: the first proposal gives the original back, layout aside."""

    slip: Slip
    code: str
    status: str
    restored: bool
    checker_runs: int
    seconds: float


def slips(examples: Sequence[tuple[str, str]], sample: int, seed: int = 1) -> list[Slip]:
    """``sample`` cases drawn from all mistakes in all ``examples`` (name, program); all of them for 0."""
    found = [
        Slip(name, mutant.kind, source.encode(), mutant.source)
        for name, source in examples
        for mutant in mutants(source.encode(), seed)
    ]
    if not sample or sample >= len(found):
        return found
    return random.Random(seed).sample(found, sample)  # noqa: S311 -- not for secrets


def evaluate(fixer: Fixer, cases: Iterable[Slip], folder: Path, cancel: threading.Event) -> Iterator[Result]:
    """Repairs each case in a file of its own under ``folder``; those that compile all the same are passed over."""
    for number, slip in enumerate(cases):
        if cancel.is_set():
            return
        place = folder / str(number)
        place.mkdir()
        path = place / "main.rs"
        path.write_bytes(slip.broken)
        result = _repair(fixer, slip, path, cancel)
        if result is not None:
            yield result


def _repair(fixer: Fixer, slip: Slip, path: Path, cancel: threading.Event) -> Result | None:
    code, fixed = "", b""
    outcome: FixOutcome | None = None
    stream = fixer.find(FixRequest(path), cancel)
    while outcome is None:
        try:
            event = next(stream)
        except StopIteration as end:
            outcome = end.value
        else:
            if isinstance(event, events.DiagnosticsFound):
                code = next((d.code for d in event.diagnostics if d.level == "error"), "")
    if outcome.status == "clean":
        return None
    if outcome.proposals:
        fixed = outcome.proposals[0].files[0].content
    return Result(slip, code, outcome.status, _bare(fixed) == _bare(slip.original), outcome.checker_runs,
                  outcome.seconds)  # fmt: skip


def _bare(source: bytes) -> bytes:
    """A program without what layout and taste decide: white space, comments, trailing commas."""
    return _TOKEN.sub(b"", source)
