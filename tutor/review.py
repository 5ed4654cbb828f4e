"""The approval gate: what the user decides about each hunk of a proposal, and the only place where consent is made.

Every hunk begins undecided. Only hunks that were accepted one by one, or by an explicit "accept all", are in the
:class:`Approval` that :mod:`tutor.workspace` asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from tutor import hunks as hunk_algebra
from tutor.errors import Refused, UsageError
from tutor.hunks import Hunk
from tutor.proposal import Proposal, Reason

Verdict = Literal["undecided", "accepted", "rejected"]
Decider = Literal["key", "prompt", "--yes"]
Action = Literal["apply", "commit", "undo", "create-repository"]

_MINT = object()


@dataclass(frozen=True, slots=True)
class AcceptedChange:
    """The accepted hunks of one file and the content that they were made from (None: the file is new)."""

    path: str
    base: bytes | None
    hunks: tuple[Hunk, ...]

    @property
    def content(self) -> bytes:
        """The base with exactly the accepted hunks."""
        return hunk_algebra.apply(self.base or b"", self.hunks)


@dataclass(frozen=True, slots=True)
class Approval:
    """A user's consent to one action on one subject. Made by :meth:`Review.approve` and :func:`approve` only, which
    the faces call from a key, a prompt or ``--yes``; never by an engine, a model or a default.

    ``subject``: the id of the proposal, or of what was applied; for "create-repository" the folder. ``changes`` holds
    the accepted bytes for "apply", and ``root`` the folder that their paths are relative to.
    """

    action: Action
    subject: str
    by: Decider
    changes: tuple[AcceptedChange, ...] = ()
    root: str = ""
    _mint: object = None

    def __post_init__(self) -> None:
        if self._mint is not _MINT:
            raise TypeError("an Approval is made by a user's decision: Review.approve() or approve()")

    def check(self, action: Action, subject: str) -> None:
        """Raises :class:`Refused` unless this is consent to ``action`` on ``subject``."""
        if (self.action, self.subject) != (action, subject):
            given = f"{self.action} {self.subject}"
            raise Refused("Not approved", f"This was approved to {given}, not to {action} {subject}.")


def approve(action: Action, subject: str, by: Decider) -> Approval:
    """The user's consent to an action that carries no hunks: commit, undo, create-repository."""
    if action == "apply":
        raise TypeError("consent to apply comes from Review.approve()")
    return Approval(action, subject, by, _mint=_MINT)


@dataclass(frozen=True, slots=True)
class ReviewHunk:
    """One hunk under review. ``edited``: the user changed its new lines. ``parent``: the id it was split from."""

    id: str
    path: str
    hunk: Hunk
    reasons: tuple[Reason, ...] = ()
    verdict: Verdict = "undecided"
    edited: bool = False
    parent: str = ""


class Review:
    """The decisions about one proposal, with undo. All methods are cheap; none touches a file."""

    def __init__(self, proposal: Proposal) -> None:
        self.proposal = proposal
        self._bases = {change.path: change.base for change in proposal.files}
        self._hunks: tuple[ReviewHunk, ...] = tuple(
            ReviewHunk(h.id, change.path, h.hunk, h.reasons) for change in proposal.files for h in change.hunks
        )
        self._history: list[tuple[ReviewHunk, ...]] = []

    @property
    def hunks(self) -> tuple[ReviewHunk, ...]:
        """All hunks, in the order of files and lines."""
        return self._hunks

    @property
    def paths(self) -> tuple[str, ...]:
        """The files of the proposal, in order."""
        return tuple(self._bases)

    def base(self, path: str) -> bytes | None:
        """The content that the hunks of ``path`` were made from; None for a new file."""
        return self._bases[path]

    def get(self, hunk_id: str) -> ReviewHunk:
        """The hunk with this id. Raises KeyError."""
        for hunk in self._hunks:
            if hunk.id == hunk_id:
                return hunk
        raise KeyError(hunk_id)

    def count(self, verdict: Verdict) -> int:
        """How many hunks have this verdict."""
        return sum(hunk.verdict == verdict for hunk in self._hunks)

    def decide(self, hunk_id: str, verdict: Verdict) -> None:
        """Sets one hunk's verdict. Raises KeyError."""
        self._replace(hunk_id, [replace(self.get(hunk_id), verdict=verdict)])

    def decide_all(self, verdict: Verdict) -> None:
        """Gives every hunk this verdict, also those that have another."""
        self._set(tuple(replace(hunk, verdict=verdict) for hunk in self._hunks))

    def edit(self, hunk_id: str, new: bytes) -> None:
        """Replaces the hunk's new lines by the user's own. The verdict goes back to undecided: an edit is not yet
        consent. Raises KeyError."""
        before = self.get(hunk_id)
        lines = hunk_algebra.split_lines(new)
        if lines and not lines[-1].endswith(b"\n") and self._is_followed(before):
            lines[-1] += b"\n"  # a following line must not be glued to it
        hunk = Hunk(before.hunk.start, before.hunk.old, tuple(lines))
        self._replace(hunk_id, [replace(before, hunk=hunk, verdict="undecided", edited=True)])

    def _is_followed(self, hunk: ReviewHunk) -> bool:
        """Whether a line of the base or of another hunk may come after this hunk's lines."""
        if hunk.hunk.end < len(hunk_algebra.split_lines(self._bases[hunk.path] or b"")):
            return True
        return [h.id for h in self._hunks if h.path == hunk.path][-1] != hunk.id

    def split(self, hunk_id: str) -> tuple[str, ...]:
        """Divides a hunk; returns the ids of the parts, which keep its verdict. Raises KeyError, and
        :class:`UsageError` when it cannot be divided."""
        whole = self.get(hunk_id)
        parts = hunk_algebra.split(whole.hunk)
        if len(parts) < 2:
            raise UsageError("Cannot split", "This hunk changes one line and cannot be divided; press e to edit it.")
        self._replace(
            hunk_id,
            [replace(whole, id=f"{whole.id}.{i}", hunk=part, parent=whole.id) for i, part in enumerate(parts, 1)],
        )
        return tuple(f"{whole.id}.{i}" for i in range(1, len(parts) + 1))

    @property
    def can_undo(self) -> bool:
        """Whether there is a decision, edit or split to take back."""
        return bool(self._history)

    def undo(self) -> bool:
        """Takes back the last decision, edit or split; False when there is none."""
        if not self._history:
            return False
        self._hunks = self._history.pop()
        return True

    @property
    def accepted(self) -> tuple[AcceptedChange, ...]:
        """The accepted hunks by file; files without any are left out, and so are hunks that the user has edited back
        to what was there."""
        accepted = [h for h in self._hunks if h.verdict == "accepted" and h.hunk.old != h.hunk.new]
        changes = []
        for path, base in self._bases.items():
            chosen = tuple(h.hunk for h in accepted if h.path == path)
            if chosen:
                changes.append(AcceptedChange(path, base, chosen))
        return tuple(changes)

    @property
    def is_whole(self) -> bool:
        """True when what is accepted is the proposal as it was verified: every hunk, none edited."""
        whole = {change.path: change.content for change in self.proposal.files}
        return whole == {change.path: change.content for change in self.accepted}

    def approve(self, by: Decider) -> Approval:
        """The user's consent to write the accepted hunks. Raises :class:`Refused` when nothing is accepted."""
        if not self.accepted:
            raise Refused("Nothing accepted", "Accept at least one hunk first: undecided hunks are never written.")
        return Approval("apply", self.proposal.id, by, self.accepted, self.proposal.root, _MINT)

    def _replace(self, hunk_id: str, parts: Iterable[ReviewHunk]) -> None:
        parts = tuple(parts)
        self._set(tuple(p for h in self._hunks for p in (parts if h.id == hunk_id else (h,))))

    def _set(self, hunks: tuple[ReviewHunk, ...]) -> None:
        if hunks != self._hunks:
            self._history.append(self._hunks)
            self._hunks = hunks
