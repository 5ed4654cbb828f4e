"""A proposal: a change to the user's files that was checked before it is shown, and waits for a decision.

A proposal never changes. What the user decides about it lives in :class:`tutor.review.Review`; what came of it in the
events of ``tutor.events``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tutor import hunks as hunk_algebra
from tutor import inert, patch
from tutor.diagnostics import Diagnostic
from tutor.hunks import Hunk

Origin = Literal["rustc", "rule", "model", "you"]
Outcome = Literal["passed", "failed", "not-run"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a hunk is there: where it comes from, the error that it answers, and the proposer's own words."""

    origin: Origin
    code: str = ""
    message: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class ProposedHunk:
    """One hunk of a file with its reasons. ``id`` is unique within the proposal and stays the same in the log."""

    id: str
    hunk: Hunk
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class FileChange:
    """What is proposed for one file. ``path``: relative to the proposal's root, POSIX separators (bytes that are not
    UTF-8 as lone surrogates). ``base``: the content that the hunks were made from; None: the file is new."""

    path: str
    base: bytes | None
    hunks: tuple[ProposedHunk, ...]

    @property
    def content(self) -> bytes:
        """The file's content with every hunk applied."""
        return hunk_algebra.apply(self.base or b"", [h.hunk for h in self.hunks])


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, and how it went. ``sandbox`` says in words what held while it ran ("bubblewrap",
    "not needed: rustc runs no foreign code", …); ``detail`` is one line about the outcome."""

    check: Outcome = "not-run"
    tests: Outcome = "not-run"
    clippy: Outcome = "not-run"
    sandbox: str = ""
    detail: str = ""

    def to_json(self) -> dict[str, str]:
        """The shape of ``cli.md``."""
        return {"check": self.check, "tests": self.tests, "clippy": self.clippy, "sandbox": self.sandbox,
                "detail": self.detail}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A verified change. ``root``: the absolute folder that the paths are relative to.

    ``solves`` are the errors that go away, ``leaves`` those that stay (empty: it compiles afterwards);
    ``explanation`` is Markdown; ``concepts`` are concept ids, the most important first; ``warnings`` are what a
    careful reviewer would want to be told ("changes a public signature").
    """

    id: str
    root: str
    title: str
    origin: Origin
    files: tuple[FileChange, ...]
    explanation: str = ""
    concepts: tuple[str, ...] = ()
    solves: tuple[Diagnostic, ...] = ()
    leaves: tuple[Diagnostic, ...] = ()
    verification: Verification = field(default_factory=Verification)
    warnings: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the errors that it solves, each once, in order."""
        return tuple(dict.fromkeys(d.code for d in self.solves if d.code))

    @property
    def diff(self) -> bytes:
        """The whole change as a unified diff that ``git apply`` takes from ``root``."""
        return b"".join(patch.unified(f.path, f.base, [h.hunk for h in f.hunks]) for f in self.files)

    def to_json(self) -> dict[str, object]:
        """The shape of ``cli.md``, with ``solves`` and ``leaves`` added."""
        return {
            "id": self.id, "origin": self.origin, "title": self.title, "explanation": self.explanation,
            "concepts": list(self.concepts), "diff": inert.decode(self.diff).encode("utf-8", "replace").decode(),
            "verification": self.verification.to_json(), "warnings": list(self.warnings),
            "solves": [d.to_json() for d in self.solves], "leaves": [d.to_json() for d in self.leaves],
        }  # fmt: skip


def file_change(
    path: str, base: bytes | None, content: bytes, reasons: Iterable[tuple[Hunk, tuple[Reason, ...]]] = ()
) -> FileChange:
    """The change that turns ``base`` into ``content``, its hunks numbered, each with the reasons given for the
    lines of the base that it touches."""
    given = list(reasons)
    proposed = []
    for hunk in hunk_algebra.diff(base or b"", content):
        why = tuple(
            dict.fromkeys(r for about, rs in given for r in rs if about.start <= hunk.end and hunk.start <= about.end)
        )
        digest = hashlib.sha256(
            b"\0".join([path.encode("utf-8", "surrogateescape"), str(hunk.start).encode(), *hunk.old, b"\1", *hunk.new])
        ).hexdigest()
        proposed.append(ProposedHunk(digest[:10], hunk, why))
    return FileChange(path, base, tuple(proposed))
