"""The search: which of the candidates, alone and together, bring a broken program to one that compiles.

Best first, round by round. A round tries what could be done about one error, the earliest in the compiler's own
order; what brings the program further (``tutor.fix.phases``) is kept and searched from there. What the compiler is
sure of is tried first, and all at once.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tutor import hunks as hunk_algebra
from tutor.diagnostics import Diagnostic
from tutor.events import Progress
from tutor.fix.bench import Bench, Files
from tutor.fix.compiler import Checked
from tutor.fix.edits import apply_all, collide, new_line, why_degenerate
from tutor.fix.phases import PARSE, Vector, is_progress, phase_of, vector
from tutor.fix.proposer import Candidate, Edit, Proposer
from tutor.inert import inert_line

MAX_SOLUTIONS: Final = 3
_MAX_PER_ERROR: Final = 8
_MAX_AFTER_FIRST: Final = 4
_MAX_TOGETHER: Final = 1_000
_SURE: Final = "MachineApplicable"


@dataclass(frozen=True, slots=True)
class Round:
    """One step of a solution: the candidates applied together, and the files that they changed as they were before."""

    before: Files
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A state of the program: the changed files, how it came about, and what the compiler says of it."""

    files: Files
    rounds: tuple[Round, ...]
    checked: Checked

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All candidates that were applied, in order."""
        return tuple(c for r in self.rounds for c in r.candidates)

    @property
    def standing(self) -> tuple[int, int, Vector]:
        """How far this is from compiling, the nearest first; comparable within one search."""
        return (0 if self.checked.passed else 1, -len(self.checked.reached), vector(self.checked.errors))

    @property
    def rank(self) -> tuple[object, ...]:
        """The order in which solutions are offered: fewest warnings, what the compiler is sure of, the likeliest,
        the smallest edit."""
        used = self.candidates
        return (
            not self.checked.passed,
            self.checked.warnings,
            any(c.applicability != _SURE for c in used),
            -min((c.likelihood for c in used), default=0.0),
            sum(e.end - e.start + len(e.text) for c in used for e in c.edits),
        )


class Explorer:
    """One search from ``root``. ``best``: the furthest state so far; ``leads``: what was suggested about an error
    and is no fix, with the reason."""

    def __init__(self, bench: Bench, proposers: Sequence[Proposer], root: Node) -> None:
        self.best = root
        self.leads: dict[Diagnostic, tuple[Candidate, str]] = {}
        self._bench, self._proposers, self._root = bench, proposers, root
        self._seen = {frozenset(root.files.items())}
        self._made: dict[frozenset[tuple[str, bytes]], list[Candidate]] = {}

    def explore(self) -> Iterator[Progress | Node]:
        """States that compile, as they are proven, and progress between them."""
        start = self._root
        for item in self._all_sure():
            yield item
            if isinstance(item, Node):
                start = item
        if not start.checked.passed:
            # What the compiler is sure of may still be a way that leads nowhere: then the search begins anew.
            yield from self._best_first([start] if start is self._root else [start, self._root], solutions=0)
        elif len(start.rounds) == 1 and len(self._root.checked.error_messages) == 1:
            # One error, and the compiler is sure of one way out. Are there others to choose from?
            yield from self._best_first([self._root], solutions=1)

    def _all_sure(self) -> Iterator[Progress | Node]:
        """Everything that the compiler is sure of at once, as long as that brings the program further."""
        node = self._root
        while not (node.checked.passed or self._bench.spent):
            sure: dict[int, Candidate] = {}
            for candidate in self._candidates(node):
                if candidate.applicability == _SURE:
                    sure.setdefault(id(candidate.diagnostic), candidate)
            together = _fitting(sure.values())
            following = self._next(node, together) if together else None
            if following is None:
                return
            yield self._progress(f"{len(together)} suggestions together" if len(together) > 1 else together[0])
            after = self._child(node, *following)
            if after is None:
                return
            node = after
            yield node

    def _best_first(self, starts: Iterable[Node], solutions: int) -> Iterator[Progress | Node]:
        order = itertools.count()
        heap = [(start.standing, next(order), start) for start in starts]
        heapq.heapify(heap)
        last_run = self._bench.runs + _MAX_AFTER_FIRST if solutions else None
        while heap and solutions < MAX_SOLUTIONS:
            for item in self._children(heapq.heappop(heap)[2], last_run):
                if isinstance(item, Progress):
                    yield item
                elif item.checked.passed:
                    yield item
                    solutions += 1
                    last_run = last_run or self._bench.runs + _MAX_AFTER_FIRST
                    if solutions == MAX_SOLUTIONS:
                        return
                else:
                    heapq.heappush(heap, (item.standing, next(order), item))
                if last_run is not None and self._bench.runs >= last_run:
                    return

    def _children(self, node: Node, last_run: int | None) -> Iterator[Progress | Node]:
        """The states one candidate further, for the first error about which something helps."""
        candidates = self._candidates(node)
        for _, group in itertools.groupby(candidates, key=lambda c: id(c.diagnostic)):
            helped = False
            for candidate in itertools.islice(group, _MAX_PER_ERROR):
                if self._bench.spent or (last_run is not None and self._bench.runs >= last_run):
                    return
                following = self._next(node, [candidate])
                child = None
                if following is not None:
                    yield self._progress(candidate)
                    child = self._child(node, *following)
                if child is not None:
                    helped = True
                    yield child
                else:
                    self.leads.setdefault(candidate.diagnostic, (candidate, "it does not make the error go away"))
            if helped:
                return

    def _next(self, node: Node, together: Sequence[Candidate]) -> tuple[Files, Round] | None:
        """The files after these candidates; None when that state is known already, or they change nothing."""
        sources = Sources(self._bench, node)
        wanted = {edit.file: sources[edit.file] for candidate in together for edit in candidate.edits}
        changed = apply_all(wanted, [edit for candidate in together for edit in candidate.edits])
        if changed is None:
            return None
        merged = {**node.files, **changed}
        files = {path: content for path, content in merged.items() if content != self._bench.base(path)}
        state = frozenset(files.items())
        if state in self._seen:
            return None
        self._seen.add(state)
        return files, Round({path: wanted[path] for path in changed}, tuple(together))

    def _child(self, node: Node, files: Files, step: Round) -> Node | None:
        """The state after a step, checked; None when it is no progress."""
        checked = self._bench.check(files)
        if checked is None or not is_progress(node.checked, checked):
            return None
        child = Node(files, (*node.rounds, step), checked)
        if not _only_moved(node, step, files, checked):
            self.best = min(self.best, child, key=lambda n: n.standing)
        return child

    def _candidates(self, node: Node) -> list[Candidate]:
        """What could be done about the errors of ``node``, the earliest error first, the likeliest first; each edit
        once. Made once for a state: what begins with the sure steps is looked at again without them."""
        state = frozenset(node.files.items())
        if state not in self._made:
            self._made[state] = self._make(node)
        return self._made[state]

    def _make(self, node: Node) -> list[Candidate]:
        errors = [message.diagnostic for message in node.checked.error_messages]
        errors.sort(key=lambda d: phase_of(d.code, d.message))
        place = {id(diagnostic): number for number, diagnostic in enumerate(errors)}
        sources = Sources(self._bench, node)
        found = [c for proposer in self._proposers for c in proposer.propose(errors, sources)]
        found.sort(key=lambda c: (place.get(id(c.diagnostic), len(place)), -c.likelihood))
        kept: dict[frozenset[object], Candidate] = {}
        for candidate in found:
            if not all(edit.file in sources for edit in candidate.edits):
                continue
            if why := why_degenerate(candidate, sources):
                self.leads.setdefault(candidate.diagnostic, (candidate, why))
            else:
                kept.setdefault(frozenset(candidate.edits), candidate)
        return list(kept.values())

    def _progress(self, what: Candidate | str) -> Progress:
        words = what if isinstance(what, str) else (what.reason.suggestion or what.reason.message)
        return Progress(f"Trying: {inert_line(words)}", self._bench.runs, self._bench.most)


def _only_moved(node: Node, step: Round, files: Files, after: Checked) -> bool:
    """Whether an edit made an error of a later phase in its own place, or in that of the error that it answers: worth
    a further look, but nothing to offer, because the mistake is not mended, it is another one now. After an error in
    the syntax anything may stand there."""
    if after.passed or any(phase_of(c.reason.code, c.reason.message) == PARSE for c in step.candidates):
        return False
    known = {(m.diagnostic.code, m.diagnostic.message) for m in node.checked.error_messages}
    fresh = [m.diagnostic.place for m in after.error_messages if (m.diagnostic.code, m.diagnostic.message) not in known]
    new = {(place.file, place.line - 1) for place in fresh if place is not None}
    for path, before in step.before.items():
        changed = hunk_algebra.diff(before, files.get(path, before))
        places = [c.diagnostic.place for c in step.candidates]
        lines = {new_line(place.line - 1, changed) for place in places if place is not None and place.file == path}
        shift = 0
        for hunk in changed:
            lines |= set(range(hunk.start + shift, hunk.start + shift + len(hunk.new)))
            shift += len(hunk.new) - len(hunk.old)
        if any((path, line) in new for line in lines):
            return True
    return False


def _fitting(candidates: Iterable[Candidate]) -> list[Candidate]:
    """As many of ``candidates`` as can be applied together, the earlier ones first; bounded."""
    taken: list[Candidate] = []
    edits: set[Edit] = set()
    for candidate in itertools.islice(candidates, _MAX_TOGETHER):
        new = [edit for edit in candidate.edits if edit not in edits]
        if not any(collide(edit, other) for edit in new for other in edits):
            taken.append(candidate)
            edits.update(new)
    return taken


class Sources(Mapping[str, bytes]):
    """The editable files of a state, read when they are asked for: path to content, as compiled."""

    def __init__(self, bench: Bench, node: Node) -> None:
        self._bench, self._files = bench, node.files

    def __getitem__(self, path: str) -> bytes:
        content = self._files.get(path)
        if content is None:
            content = self._bench.base(path)
        if content is None:
            raise KeyError(path)
        return content

    def __iter__(self) -> Iterator[str]:
        return iter({**self._files, **self._bench.known_files})

    def __len__(self) -> int:
        return len({**self._files, **self._bench.known_files})
