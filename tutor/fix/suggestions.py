"""The compiler's own suggestions as candidates: all four applicabilities, alternatives taken apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from tutor.diagnostics import Applicability, Diagnostic, Span
from tutor.fix.edits import complete
from tutor.fix.proposer import Candidate, Edit
from tutor.proposal import Reason

# How sure the compiler is that its suggestion is what was meant ("Applicability" in rustc's documentation).
_LIKELIHOOD: Final[Mapping[Applicability, float]] = {
    "MachineApplicable": 0.9,
    "MaybeIncorrect": 0.6,
    "Unspecified": 0.4,
    "HasPlaceholders": 0.2,
}
_ALTERNATIVE_COSTS: Final = 0.01
_MAX_ALTERNATIVES: Final = 12


class CompilerSuggestions:
    """Proposes what the compiler says could be done about each of its errors."""

    def propose(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, bytes]) -> Iterator[Candidate]:
        """One candidate for every alternative of every suggestion whose places can be edited."""
        for diagnostic in diagnostics:
            yield from _candidates(diagnostic)


def _candidates(diagnostic: Diagnostic) -> Iterator[Candidate]:
    for part in diagnostic.walk():
        suggested = [span for span in part.spans if span.replacement is not None]
        if not suggested or any(span.from_macro for span in suggested):
            continue
        for number, alternative in enumerate(alternatives(suggested)[:_MAX_ALTERNATIVES]):
            # The first error of a diagnostic may carry the suggestion itself; a child says what it does.
            words = part.message if part is not diagnostic else _label(alternative)
            applicability = _weakest(alternative)
            yield Candidate(
                tuple(_edit(span) for span in alternative),
                Reason("rustc", diagnostic.code, diagnostic.message, words),
                diagnostic,
                applicability,
                _LIKELIHOOD[applicability] - number * _ALTERNATIVE_COSTS,
            )


def _edit(span: Span) -> Edit:
    text = (span.replacement or "").encode("utf-8", "surrogateescape")
    return Edit(span.file, span.start, span.end, complete(text))


def _label(spans: Sequence[Span]) -> str:
    return next((span.label for span in spans if span.label), "")


def alternatives(spans: Iterable[Span]) -> list[list[Span]]:
    """Spans of one suggestion that belong together, alternative by alternative.

    The compiler writes them all into one list; within one alternative no two spans overlap, so a span that overlaps
    one before it begins the next alternative.
    """
    found: list[list[Span]] = []
    for span in spans:
        if not found or any(_collide(span, other) for other in found[-1]):
            found.append([])
        found[-1].append(span)
    return found


def _collide(one: Span, other: Span) -> bool:
    if one.file != other.file:
        return False
    return (one.start, one.end) == (other.start, other.end) or (one.start < other.end and other.start < one.end)


def _weakest(spans: Iterable[Span]) -> Applicability:
    """The least sure of the spans' applicabilities."""
    return min((span.applicability or "Unspecified" for span in spans), key=lambda a: _LIKELIHOOD[a])
