"""From the first check of a broken program to proposals: what only a search that found errors needs.

A module of its own, so that it is imported while the compiler looks at the program for the first time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tutor.events import Event, Notice, Progress, ProposalReady
from tutor.fix.compiler import Checked, Checker, Tested
from tutor.fix.explain import quoted
from tutor.fix.explore import Explorer, Node
from tutor.fix.present import imperative, make_proposal
from tutor.fix.rules.base import RuleProposer
from tutor.fix.suggestions import CompilerSuggestions
from tutor.inert import inert_line

if TYPE_CHECKING:
    from tutor.fix.bench import Bench
    from tutor.fix.project import Project
    from tutor.fix.proposer import Proposer
    from tutor.fix.search import Fixer
    from tutor.proposal import Proposal

_MAX_LEADS: Final = 3


class Solver:
    """One request's search and the proposals that come out of it, the best first."""

    def __init__(
        self,
        fixer: Fixer,
        project: Project,
        checker: Checker,
        bench: Bench,
        first: Checked,
        tests: bool,
        cancel: threading.Event,
    ) -> None:
        self._fixer, self._project, self._checker, self._bench = fixer, project, checker, bench
        self._first, self._tests, self._cancel = first, tests, cancel
        self._found: list[tuple[tuple[object, ...], Proposal]] = []

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """The best first."""
        return tuple(proposal for _, proposal in self._found)

    def run(self, proposers: Sequence[Proposer] | None) -> Iterator[Event]:
        """Yields each proposal as it is proven, and what is to be said about what stays. ``proposers``: None for the
        compiler's suggestions and our rules."""
        rules = RuleProposer()
        if proposers is None:
            proposers = [CompilerSuggestions(), rules]
        root = Node({}, (), self._first)
        explorer = Explorer(self._bench, proposers, root)
        for item in explorer.explore():
            if isinstance(item, Progress):
                yield item
            elif item.checked.passed:
                yield self._ready(item)
        if not self._found and explorer.best is not root:
            yield self._ready(explorer.best)
        if not self._found or self._found[0][1].leaves:
            yield from self._leads(explorer)
        if rules.faults:
            yield Notice(f"One of the tutor's own rules failed ({inert_line(rules.faults[0])}); please report it.")

    def _ready(self, node: Node) -> ProposalReady:
        """The proposal of a state, in its place among those found so far."""
        passed = node.checked.passed
        tests = self._checker.test(node.files, self._cancel) if self._tests and passed else Tested("not-run")
        proposal = make_proposal(
            self._project, self._first, node, self._bench.base, self._checker.sandbox, tests, self._fixer.concepts_for
        )
        self._fixer.remember(proposal, self._project)
        rank = (tests.outcome == "failed", *node.rank)
        self._found.append((rank, proposal))
        self._found.sort(key=lambda pair: pair[0])
        return ProposalReady(proposal, [found for _, found in self._found].index(proposal))

    def _leads(self, explorer: Explorer) -> Iterator[Notice]:
        """What the compiler suggested about the errors that stay, as a lead; and that there is no fix."""
        left = [message.diagnostic for message in explorer.best.checked.error_messages]
        leads = [(d, *explorer.leads[d]) for d in left if d in explorer.leads]
        for diagnostic, candidate, why in leads[:_MAX_LEADS]:
            place = diagnostic.place
            where = f"{inert_line(place.file)}:{place.line}" if place else inert_line(self._project.name)
            words = imperative(candidate.reason.suggestion) or "an edit without words"
            yield Notice(f"{where}: a lead, not a fix: {words} ({why}).")
        if self._bench.spent:
            yield Notice(
                f"The search stopped after {self._bench.runs} compiler runs; fix.max_checks and fix.seconds in "
                "config.toml allow more."
            )
        elif left and not leads:
            what = quoted(left[0].message)
            yield Notice(f"There is no proven fix for “{what}”: the compiler suggests nothing that helps.")
