"""The one typed stream: everything that an action reports, as small frozen values.

An action is an async generator of events. Whoever runs it (the app, the REPL, the command line) shows them, and the
recorder writes them down; the action knows none of them. The last event of an action is always :class:`Finished` or
:class:`Failed`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from tutor.errors import TutorError
from tutor.inert import decode
from tutor.values import Value

if TYPE_CHECKING:
    from tutor.diagnostics import Diagnostic
    from tutor.proposal import Proposal, Verification


class Event(Value):
    """The base of all events."""


class Notice(Event):
    """One plain line that the user must see: something was left out, fell back or is missing (law 6)."""

    text: str
    level: Literal["info", "warning"] = "info"


class Progress(Event):
    """Work goes on: ``what`` in a few words, ``done`` of ``total`` steps where they are known."""

    what: str
    done: int = 0
    total: int | None = None


class DiagnosticsFound(Event):
    """What the compiler says of the user's code as it is. ``checker``: "cargo check" or "rustc"."""

    root: str
    checker: str
    diagnostics: tuple[Diagnostic, ...]


class ProposalReady(Event):
    """A verified proposal. Proposals come as they are proven; ``rank`` 0 is the best so far."""

    proposal: Proposal
    rank: int = 0


class Verified(Event):
    """A proposal, or the part of it that the user accepted, was checked (again)."""

    proposal_id: str
    verification: Verification
    remaining: tuple[Diagnostic, ...] = ()


class AnswerStarted(Event):
    """An answer begins. ``origin``: "knowledge" (on this machine, no model) or "model"; ``model``: its name."""

    origin: Literal["knowledge", "model"]
    model: str = ""


class AnswerDelta(Event):
    """The next piece of the answer's Markdown."""

    text: str


class Citation(Event):
    """Where an answer's statement stands. ``kind`` and ``ref`` as in ``cli.md``; ``location``: a file, a URL or ""."""

    ref: str
    kind: str
    title: str
    score: float = 0.0
    location: str = ""


class AnswerReady(Event):
    """The whole answer. ``in_scope`` False: the question is not about what the tutor knows, and it says so.
    ``concepts``: ids, the most important first. ``stopped``: the user or the server cut it short."""

    id: str
    question: str
    markdown: str
    origin: Literal["knowledge", "model"]
    citations: tuple[Citation, ...] = ()
    concepts: tuple[str, ...] = ()
    in_scope: bool = True
    stopped: bool = False
    seconds: float = 0.0


class NeedsPermission(Event):
    """Something may only go on after a yes. The action carried on as far as it may without; run it again after
    the permission was granted. ``scope``: what the permission is for (a folder)."""

    kind: Literal["trust-workspace"]
    scope: str
    question: str


class Applied(Event):
    """Accepted hunks were written. ``rebased``: the files had changed meanwhile and the hunks were moved."""

    id: str
    proposal_id: str
    paths: tuple[str, ...]
    rebased: bool = False


class Committed(Event):
    """One commit was made. ``warning``: what the user should know about it (a hook's output)."""

    applied_id: str
    commit: str
    summary: str
    warning: str = ""


class Undone(Event):
    """The last applied proposal was taken back. ``how``: "files", "commit removed" or "revert commit"."""

    applied_id: str
    how: str
    commit: str = ""


class KnowledgeBuilt(Event):
    """The documentation of this machine was read. ``read``, ``reused``, ``missing``: names of sources; ``reused``: had
    not changed since the last time."""

    entries: int
    relations: int
    seconds: float
    read: tuple[str, ...] = ()
    reused: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Finished(Event):
    """The action came to its end. ``status`` is the action's own word ("fixed", "clean", "answered", …); ``ok``
    False means that the answer is no (exit code 1)."""

    status: str
    ok: bool = True
    checker_runs: int = 0
    seconds: float = 0.0


class Failed(Event):
    """The action could not be done. ``hint``: what to do, where ``message`` does not say it; ``kind``: the name of the
    class in :mod:`tutor.errors`, for a face that can help with it."""

    title: str
    message: str
    hint: str = ""
    exit_code: int = 1
    kind: str = ""

    @classmethod
    def of(cls, error: TutorError) -> Failed:
        """The event that shows ``error``."""
        return cls(error.title, error.msg, error.hint or "", error.exit_code, type(error).__name__)


def to_data(value: object) -> object:
    """An event, or anything inside one, as JSON values: dataclasses as objects, bytes as text."""
    if isinstance(value, Value):
        return {name: to_data(item) for name, item in value.members().items()}
    if hasattr(value, "__dataclass_fields__"):
        return _dataclass_to_data(value)
    if isinstance(value, Mapping):
        return {str(key): to_data(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return decode(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_data(item) for item in value]
    return value


def _dataclass_to_data(value: object) -> object:
    from dataclasses import fields, is_dataclass

    from tutor.proposal import Proposal

    if isinstance(value, Proposal):
        # The log needs the diff's exact bytes: those that are not UTF-8 stay as lone surrogates.
        return {**value.to_json(), "root": value.root, "diff": decode(value.diff)}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_data(getattr(value, f.name)) for f in fields(value)}
    return value
