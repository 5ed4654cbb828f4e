"""The compiler's own suggestions as candidates: all four applicabilities, alternatives taken apart."""

from __future__ import annotations

import re
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
_CLONE: Final = re.compile(rb"\s*\.clone\(\)\s*")
_ALTERNATIVE_COSTS: Final = 0.01
_MAX_ALTERNATIVES: Final = 12


class CompilerSuggestions:
    """Proposes what the compiler says could be done about each of its errors."""

    def propose(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, bytes]) -> Iterator[Candidate]:
        """One candidate for every alternative of every suggestion whose places can be edited."""
        for diagnostic in diagnostics:
            yield from _candidates(diagnostic, sources)


def _candidates(diagnostic: Diagnostic, sources: Mapping[str, bytes]) -> Iterator[Candidate]:
    for words, spans in _suggestions(diagnostic):
        if any(span.from_macro for span in spans):
            continue
        for number, alternative in enumerate(alternatives(spans)[:_MAX_ALTERNATIVES]):
            applicability = _weakest(alternative)
            edits = tuple(_edit(span, sources.get(span.file, b"")) for span in alternative)
            if applicability == "MachineApplicable" and all(_CLONE.fullmatch(edit.text) for edit in edits):
                # It always compiles; whether a copy is what was meant is another matter: borrowing may do.
                applicability = "MaybeIncorrect"
            yield Candidate(
                edits,
                Reason("rustc", diagnostic.code, diagnostic.message, words),
                diagnostic,
                applicability,
                _LIKELIHOOD[applicability] - number * _ALTERNATIVE_COSTS,
            )


def _suggestions(diagnostic: Diagnostic) -> list[tuple[str, list[Span]]]:
    """Each suggestion's words and places. One that begins with "..." goes on with the one before it."""
    found: list[tuple[str, list[Span]]] = []
    for part in diagnostic.walk():
        spans = [span for span in part.spans if span.replacement is not None]
        # A diagnostic may carry a suggestion itself; its message is then about the error, its label about the edit.
        words = part.message if part is not diagnostic else next((span.label for span in spans if span.label), "")
        if spans and found and words.startswith("..."):
            before, places = found.pop()
            found.append((f"{before.rstrip('.: ')} {words.removeprefix('...')}", [*places, *spans]))
        elif spans:
            found.append((words, spans))
    return found


def _edit(span: Span, content: bytes) -> Edit:
    """The edit that a span stands for. The compiler always writes LF; the file's own line endings win."""
    text = complete((span.replacement or "").encode("utf-8", "surrogateescape"))
    if b"\n" in text and b"\r\n" in content and content.count(b"\n") == content.count(b"\r\n"):
        text = text.replace(b"\n", b"\r\n")
    return Edit(span.file, span.start, span.end, text)


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
