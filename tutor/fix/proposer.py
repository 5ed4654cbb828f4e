"""The seam that every source of fixes plugs into: the compiler's suggestions now; rules, past fixes, a model later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tutor.diagnostics import Applicability, Diagnostic
from tutor.proposal import Reason


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces the bytes ``start`` to ``end`` of ``file`` (relative to the project's root) by ``text``."""

    file: str
    start: int
    end: int
    text: bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible fix for one diagnostic: edits that belong together, and why. Not yet checked by anybody.

    ``likelihood`` orders candidates (0 to 1, higher first); ``applicability`` is the compiler's own word for it.
    """

    edits: tuple[Edit, ...]
    reason: Reason
    diagnostic: Diagnostic
    applicability: Applicability = "Unspecified"
    likelihood: float = 0.5


class Proposer(Protocol):
    """Makes candidates for diagnostics. It reads ``sources`` (path to content, as compiled) and changes nothing."""

    def propose(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, bytes]) -> Iterable[Candidate]:
        """Candidates in any order; the search ranks, checks and combines them."""
        ...
