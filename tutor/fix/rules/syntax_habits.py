"""Rules for words and signs of other languages: each is mended everywhere in the file at once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tutor.fix.edits import collide
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.syntax_tokens import Brokenness, Tokens, tokens_of

#: Old text's start and end, new text.
Change = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Slip:
    """One place where a habit of another language shows: what is changed, and how it reads for the user."""

    changes: tuple[Change, ...]
    words: str

    @property
    def start(self) -> int:
        return min(change[0] for change in self.changes)

    @property
    def end(self) -> int:
        return max(change[1] for change in self.changes)


Habit = Callable[[Tokens], Iterator[Slip]]
HABITS: list[Habit] = []
_NEAR_LINES: Final = 2
_MOST_SLIPS: Final = 60


def habit(function: Habit) -> Habit:
    """Registers what finds the slips of one habit in a file."""
    HABITS.append(function)
    return function


@rule(
    message=r"^(?:expected|unexpected|missing|unknown start of token|visibility|invalid (?:variable|label)|unmatched|"
    r"`mut` must|Rust has no|return types are|leading|keyword|struct|lifetimes? |prefix|keywords? |`match` arm with no|"
    r"mismatched closing|this file contains an unclosed|generic parameters|comparison|`const` is|unterminated char)"
)
def habits_of_other_languages(case: Case) -> Iterator[Fix]:
    """Where the parser stumbles near a word or a sign that other languages use, Rust's own takes its place, there and
    wherever else in the file the same habit shows; then all habits together."""
    measure = Brokenness(case, case.place.start)
    line = case.place.line - 1
    found: list[tuple[int, int, list[Edit], str]] = []
    everything: list[Slip] = []
    for number, placed in enumerate(_slips_of(case.source)):
        if not placed:
            continue
        slips = [slip for slip, _, _ in placed]
        everything += slips
        near = [s for s, first, last in placed if first - _NEAR_LINES <= line <= last + _NEAR_LINES]
        if near:
            edits = _together(case, slips)
            found.append((measure.after(edits), number, edits, near[0].words))
            if len(near) < len(slips):
                edits = _together(case, near)
                found.append((measure.after(edits), number, edits, near[0].words))
    found = [entry for entry in found if entry[0] < max(1, measure.now)]
    found.sort(key=lambda entry: entry[:2])
    if len(found) > 1 or (found and len({s.words for s in everything}) > 1):
        edits = _together(case, everything)
        weight = measure.after(edits)
        if weight < found[0][0]:
            words = "; ".join(dict.fromkeys(slip.words for slip in everything[:3]))
            found.insert(0, (weight, -1, edits, words))
    for place, (_, _, edits, words) in enumerate(found[:4]):
        yield Fix(tuple(edits), words, 0.8 - 0.01 * place)


@lru_cache(maxsize=4)
def _slips_of(source: bytes) -> Sequence[Sequence[tuple[Slip, int, int]]]:
    """The slips of each habit in a file, as many as are mended at once, with their first and last line from 0."""
    tokens = tokens_of(source)
    found = []
    for function in HABITS:
        slips = list(itertools.islice(function(tokens), _MOST_SLIPS))
        found.append([(s, source.count(b"\n", 0, s.start), source.count(b"\n", 0, s.end)) for s in slips])
    return found


def _together(case: Case, slips: Sequence[Slip]) -> list[Edit]:
    """The edits of all slips that do not touch each other."""
    taken: list[Edit] = []
    for slip in slips[:_MOST_SLIPS]:
        edits = [Edit(case.file, start, end, text.encode()) for start, end, text in slip.changes]
        if not any(collide(edit, other) for edit in edits for other in taken):
            taken += edits
    return taken


def swap(tokens: Tokens, index: int, text: str) -> Change:
    """Puts ``text`` in the place of one token."""
    token = tokens.all[index]
    return token.start, token.end, text


def drop(tokens: Tokens, index: int) -> Change:
    """Takes one token away, with the space after it."""
    token = tokens.all[index]
    end = token.end
    while tokens.source[end : end + 1] == b" ":
        end += 1
    return token.start, end, ""


def begins_statement(tokens: Tokens, index: int) -> bool:
    """Whether a statement or an item may begin with this token."""
    return index == 0 or tokens.all[index].first or tokens.text(index - 1) in (";", "{", "}")


def source_between(tokens: Tokens, first: int, last: int) -> str:
    """The source from one token to another, both included; "" where there are none."""
    if last < first:
        return ""
    return tokens.source[tokens.all[first].start : tokens.all[last].end].decode("utf-8", "replace")
