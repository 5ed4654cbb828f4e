"""Writes the typed stream into the session log: the only place where the tutor's values become log entries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import __version__, events
from tutor.events import Event, to_data

if TYPE_CHECKING:
    from sessions.log import SessionLog
    from tutor.review import ReviewHunk

# What each event is called in the log (sessions/schema.py says what the entries hold). Events that are not named here
# are passing remarks (progress, pieces of an answer that is logged whole) and are not written down.
_KINDS: Mapping[type[Event], str] = {
    events.Notice: "notice",
    events.DiagnosticsFound: "diagnostics",
    events.ProposalReady: "proposal",
    events.Verified: "verification",
    events.AnswerReady: "answer",
    events.NeedsPermission: "permission-asked",
    events.Applied: "applied",
    events.Committed: "committed",
    events.Undone: "undone",
    events.Finished: "finished",
    events.Failed: "failed",
}
_DURABLE = frozenset({"applied", "committed", "undone"})


class Recorder:
    """Records one session. Without a folder nothing is kept (the user switched the log off).

    A log that cannot be written never stops the tutor: ``problem`` then holds one sentence, once, and writing is
    tried again with the next entry.
    """

    def __init__(self, folder: Path | None, root: Path, tool: str) -> None:
        self._folder, self._root, self._tool = folder, root, tool
        self._problem: str | None = None
        self._told = False
        self._holds = False
        self._held: list[tuple[str, Mapping[str, object]]] = []

    @cached_property
    def _log(self) -> SessionLog | None:
        if self._folder is None:
            return None
        from sessions.log import SessionLog

        return SessionLog.create(self._folder, root=str(self._root), tool=self._tool, version=__version__)

    @property
    def session(self) -> str:
        """The session's id; "" when nothing is kept."""
        return self._log.session if self._log else ""

    def take_problem(self) -> str | None:
        """The sentence about a log that cannot be written, the first time it is asked for."""
        if self._problem is None or self._told:
            return None
        self._told = True
        return self._problem

    def write(self, kind: str, data: Mapping[str, object], *, durable: bool = False) -> None:
        """One entry. ``durable``: on the disk when this returns."""
        self.catch_up()
        self._append(kind, data, durable)

    def _append(self, kind: str, data: Mapping[str, object], durable: bool) -> None:
        if self._log is None:
            return
        from sessions.log import LogError

        try:
            self._log.append(kind, {key: to_data(value) for key, value in data.items()}, durable=durable)
        except (LogError, OSError) as error:
            self._problem = self._problem or f"The session log cannot be written: {error}"

    def hold(self) -> None:
        """The next request waits in memory for :meth:`catch_up`, or for the next entry if that comes first: the
        compiler is started before the log is opened. Whoever holds catches up as soon as the compiler works."""
        self._holds = True

    def catch_up(self) -> None:
        """Writes the request that waits, and lets no other wait."""
        self._holds = False
        while self._held:
            self._append(*self._held.pop(0), durable=False)

    def request(self, action: str, text: str, details: Mapping[str, object] | None = None) -> None:
        """What the user asked for."""
        data = {"action": action, "text": text, **(details or {})}
        if self._holds:
            self._held.append(("request", data))
        else:
            self.write("request", data)

    def event(self, event: Event) -> None:
        """What came of it."""
        kind = _KINDS.get(type(event))
        if kind is not None:
            data = to_data(event)
            self.write(kind, data if isinstance(data, dict) else {}, durable=kind in _DURABLE)

    def decision(self, proposal_id: str, hunk: ReviewHunk, by: str) -> None:
        """One decision about one hunk, with the user's own bytes where they edited it."""
        self.write(
            "decision",
            {
                "proposal_id": proposal_id, "hunk_id": hunk.id, "path": hunk.path, "start": hunk.hunk.start,
                "verdict": hunk.verdict, "edited": hunk.edited, "parent": hunk.parent, "by": by,
                "old": b"".join(hunk.hunk.old), "new": b"".join(hunk.hunk.new),
            },
            durable=True,
        )  # fmt: skip

    def permission(self, kind: str, scope: str, granted: bool, by: str) -> None:
        """The user's answer to a NeedsPermission."""
        self.write("permission", {"kind": kind, "scope": scope, "granted": granted, "by": by}, durable=True)

    def feedback(self, subject: str, helpful: bool, wrong: str) -> None:
        """Whether an answer or a proposal helped, and what was wrong with it."""
        self.write("feedback", {"subject": subject, "helpful": helpful, "wrong": wrong}, durable=True)

    def close(self) -> None:
        """Ends the session's log."""
        if "_log" not in vars(self) or self._log is None:  # never opened
            return
        from sessions.log import LogError

        try:
            self._log.close()
        except (LogError, OSError) as error:
            self._problem = self._problem or str(error)
