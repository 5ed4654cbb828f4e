"""Checks and repairs: the one entrance to this package.

Everything here blocks and belongs in a worker thread; the user's files are only read. ``find`` yields events as it
goes and returns what came of it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from tutor.errors import Failed
from tutor.events import DiagnosticsFound, Event, NeedsPermission, Notice, Progress, Verified
from tutor.fix.bench import Bench
from tutor.fix.opening import open_checker
from tutor.fix.project import Project, find_project
from tutor.inert import inert_line
from tutor.values import Value

if TYPE_CHECKING:
    from tutor.config import FixSettings
    from tutor.diagnostics import Diagnostic
    from tutor.fix.compiler import Checker
    from tutor.fix.proposer import Proposer
    from tutor.fix.source import CrateType
    from tutor.paths import Home
    from tutor.proposal import Proposal
    from tutor.review import AcceptedChange

Status = Literal["clean", "fixed", "partial", "unfixed", "error"]

_MAX_REMEMBERED: Final = 200


class FixRequest(Value):
    """What to check: a file, a folder or a Cargo.toml. ``edition`` and ``crate_type`` are for a lone file (None: the
    settings' edition, a guess); ``tests``: also run the tests of what compiles, where that is permitted."""

    path: Path
    edition: str | None = None
    crate_type: CrateType | None = None
    tests: bool = False


class FixOutcome(Value):
    """What came of a search. ``proposals``: the best first; ``after``: the errors that the best one leaves;
    ``checker_runs``: compiler processes. "error": nothing could be checked, and the events said why."""

    status: Status
    before: tuple[Diagnostic, ...] = ()
    after: tuple[Diagnostic, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    checker_runs: int = 0
    seconds: float = 0.0


def _no_concepts(code: str) -> Sequence[str]:
    return ()


class Fixer:
    """Checks projects and finds proven fixes.

    ``trusted``: whether the user lets a folder run its own code without a sandbox; ``proposers``: where candidates
    come from (the compiler's suggestions when None); ``concepts_for``: the concept ids behind an error code.
    """

    def __init__(
        self,
        home: Home,
        settings: FixSettings,
        *,
        trusted: Callable[[Path], bool],
        proposers: Sequence[Proposer] | None = None,
        concepts_for: Callable[[str], Sequence[str]] = _no_concepts,
    ) -> None:
        self._home, self._settings, self._trusted, self._concepts_for = home, settings, trusted, concepts_for
        self._proposers = proposers
        self._projects: dict[str, Project] = {}

    def check(self, request: FixRequest, cancel: threading.Event) -> Generator[Event, None, tuple[Diagnostic, ...]]:
        """What the compiler says of the user's files as they are. Raises TutorError."""
        project = self._project(request)
        checker = self._open(project, cancel)
        with checker.scratch:
            yield from _beforehand(project, checker)
            if not checker.checks_anything:
                return ()
            yield Progress(f"{checker.name}: {inert_line(project.name)}")
            found = checker.check({}, cancel)
            yield from (Notice(text) for text in found.notices)
            yield DiagnosticsFound(str(project.root), checker.name, found.diagnostics)
            return found.diagnostics

    def find(self, request: FixRequest, cancel: threading.Event) -> Generator[Event, None, FixOutcome]:
        """Looks for fixes; each proposal is yielded when it is proven. Raises TutorError."""
        started = time.monotonic()
        project = self._project(request)
        tests = request.tests or self._settings.tests
        checker = self._open(project, cancel, tests=tests)
        with checker.scratch:
            yield from _beforehand(project, checker)
            if not checker.checks_anything:
                return FixOutcome("error", seconds=time.monotonic() - started)
            bench = Bench(checker, project.root, self._settings, cancel)
            yield Progress(f"{checker.name}: {inert_line(project.name)}", 0, bench.most)
            first = bench.first()
            yield from (Notice(text) for text in first.notices)
            yield DiagnosticsFound(str(project.root), checker.name, first.diagnostics)
            before = tuple(d for d in first.diagnostics if d.level == "error")
            if first.passed:
                return FixOutcome("clean", (), (), (), bench.runs, time.monotonic() - started)
            from tutor.fix.solver import Solver

            solver = Solver(self, project, checker, bench, first, tests, cancel)
            yield from solver.run(self._proposers)
            proposals = solver.proposals
            after = proposals[0].leaves if proposals else before
            status: Status = "unfixed" if not proposals else "partial" if after else "fixed"
            return FixOutcome(status, before, after, proposals, bench.runs, time.monotonic() - started)

    def verify(
        self, proposal: Proposal, changes: Sequence[AcceptedChange], *, tests: bool, cancel: threading.Event
    ) -> Verified:
        """Checks exactly ``changes`` over the user's files as they are now. Raises TutorError."""
        from tutor.fix.compiler import Tested
        from tutor.proposal import Verification

        project = self._projects.get(proposal.id) or self._project_of(proposal)
        checker = self._open(project, cancel, tests=tests)
        with checker.scratch:
            if not checker.checks_anything:
                return Verified(proposal.id, Verification(sandbox="none", detail="nothing here may be checked"))
            edits = {change.path: change.content for change in changes}
            found = checker.check(edits, cancel)
            left = tuple(message.diagnostic for message in found.error_messages)
            run = checker.test(edits, cancel) if tests and found.passed else Tested("not-run")
            detail = run.detail if found.passed else f"{len(left)} errors left" if len(left) != 1 else "1 error left"
            check: Literal["passed", "failed"] = "passed" if found.passed else "failed"
            return Verified(proposal.id, Verification(check, run.outcome, "not-run", checker.sandbox, detail), left)

    def remember(self, proposal: Proposal, project: Project) -> None:
        """Keeps what a proposal was made for, so that parts of it are checked in the same way."""
        while len(self._projects) >= _MAX_REMEMBERED:
            self._projects.pop(next(iter(self._projects)))
        self._projects[proposal.id] = project

    def concepts_for(self, code: str) -> Sequence[str]:
        """The concept ids behind an error code."""
        return self._concepts_for(code)

    def _project(self, request: FixRequest) -> Project:
        return find_project(request.path, request.edition or self._settings.edition, request.crate_type)

    def _project_of(self, proposal: Proposal) -> Project:
        """The project of a proposal from another run of the program: its package, else its first file."""
        root = Path(proposal.root)
        if (root / "Cargo.toml").is_file():
            return find_project(root)
        if not proposal.files:
            raise Failed("Nothing to check", "The proposal changes no file.")
        return find_project(root / proposal.files[0].path, self._settings.edition)

    def _open(self, project: Project, cancel: threading.Event, *, tests: bool = False) -> Checker:
        return open_checker(project, self._home, self._settings, self._trusted, cancel, tests=tests)


def _beforehand(project: Project, checker: Checker) -> Iterator[Event]:
    """What the user should know, or be asked, before anything is checked."""
    yield from (Notice(text) for text in checker.notices)
    if checker.question:
        yield NeedsPermission("trust-workspace", os.fspath(project.root), checker.question)
