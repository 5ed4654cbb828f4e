"""Rules for "expected …, found …": one token that is missing, mistaken for another, or one too many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.syntax_tokens import CLOSING, OPENING, TYPES, Brokenness, Tokens, tokens_of

_EXPECTED: Final = re.compile(r"^expected (?P<what>.*?),? found ")
_TICKED: Final = re.compile(r"`([^`]+)`")
# What may have been forgotten, as it is written after the token before it.
_WRITTEN: Final = {",": ",", ";": ";", ":": ":", "=>": " =>", "->": " ->", "=": " =", ">": ">", "in": " in"}
# What is taken for what.
_MISTAKEN: Final = {
    ":": ("=>", "::", "="),
    "=": (":", "=>"),
    "->": ("=>", "."),
    "=>": ("->", ">="),
    ";": (",",),
    ",": (";",),
    ".": ("::",),
    "::": (".", ":"),
}
_MOST_GIVEN: Final = 5
_MORE_SIGNS: Final = frozenset(("=", ":", ",", ";", ">", "=>", "->"))

Tried = tuple[list[Edit], str]


@rule(message=r"^expected .*found ")
def one_token_off(case: Case) -> Iterator[Fix]:
    """The parser says what it would have understood. One token put in, exchanged or left out at that place is tried
    where it makes the neighbourhood Rust; the same slip in the same list is mended as well."""
    tokens = tokens_of(case.source)
    index = tokens.at(case.place.start)
    match = _EXPECTED.match(case.message)
    if match is None or not 0 < index < len(tokens.all):
        return
    expected = _TICKED.findall(match["what"])
    measure = Brokenness(case, case.place.start)
    tried = [
        *_missing(case, tokens, index, expected),
        *_mistaken(case, tokens, index),
        *_superfluous(case, tokens, index),
    ]
    weighed = [(measure.after(edits), number, edits, words) for number, (edits, words) in enumerate(tried)]
    weighed = [entry for entry in weighed if entry[0] < max(1, measure.now)]
    weighed.sort(key=lambda entry: entry[:2])
    for number, (weight, _, edits, words) in enumerate(weighed[:_MOST_GIVEN]):
        yield Fix(tuple(edits), words, (0.5 if weight else 0.66) - 0.01 * number)


def _missing(case: Case, tokens: Tokens, index: int, expected: list[str]) -> Iterator[Tried]:
    before = tokens.all[index - 1]
    found = tokens.all[index]
    opening = tokens.enclosing(index)
    operand = found.kind in ("number", "string", "char") and before.kind == "word"
    if found.kind == "word" and before.kind == "word" and before.first and not found.first:
        operand = before.text not in TYPES and tokens.text(index + 1) in (";", ".", "(", "+", "-", "*")
    for sign in [*expected, *(["="] if operand and "=" not in expected else [])]:
        if sign not in _WRITTEN or (sign == ";" and not found.first) or (sign == ">" and before.text == ","):
            continue
        if sign == ":" and before.text in TYPES:
            continue  # a type before its name
        if sign == "," and (opening is None or before.text in OPENING):
            continue
        text = _WRITTEN[sign]
        words = f"add the missing `{sign}`"
        if sign == ":" and before.kind == "word" and opening is not None:
            yield [case.insert(tokens.all[i].end, text) for i in _without_colon(tokens, opening)], words
        if sign == "," and opening is not None:
            yield [case.insert(tokens.all[i].end, text) for i in _without_comma(tokens, opening, index)], words
        yield [case.insert(before.end, text)], words


def _without_colon(tokens: Tokens, opening: int) -> Iterator[int]:
    """The names in a list of fields or parameters that are followed by their type without a colon."""
    begins = True
    for index in tokens.inside(opening):
        if tokens.text(index) in ("pub", "mut"):
            continue
        following = tokens.text(index + 1)
        if (begins and tokens.kind(index) == "word" and tokens.kind(index + 1) == "word") or (
            begins and tokens.kind(index) == "word" and following in ("&", "[", "(")
        ):
            yield index
        begins = tokens.text(index) == ","


def _without_comma(tokens: Tokens, opening: int, index: int) -> Iterator[int]:
    """The ends of entries in a list that are followed by another operand, as at ``index``, without a comma."""
    kinds = ("word", "number", "string", "char")
    before = None
    for here in tokens.inside(opening):
        if before is not None and tokens.kind(here) in kinds and tokens.kind(before) in kinds:
            yield before
        before = here
    if tokens.kind(index - 1) not in kinds or tokens.kind(index) not in kinds:
        yield index - 1


def _mistaken(case: Case, tokens: Tokens, index: int) -> Iterator[Tried]:
    found = tokens.all[index]
    if found.kind != "sign":
        return
    opening = tokens.enclosing(index)
    for sign in _MISTAKEN.get(found.text, ()):
        words = f"write `{sign}` instead of `{found.text}`"
        text = f" {sign}" if sign in ("=>", "->") and not case.source[: found.start][-1:].isspace() else sign
        if found.text in (";", "=") and opening is not None:
            alike = [i for i in tokens.inside(opening) if tokens.text(i) == found.text]
            yield [Edit(case.file, tokens.all[i].start, tokens.all[i].end, text.encode()) for i in alike], words
        yield [Edit(case.file, found.start, found.end, text.encode())], words


def _superfluous(case: Case, tokens: Tokens, index: int) -> Iterator[Tried]:
    for here in (index, index - 1):
        token = tokens.all[here]
        if token.kind != "sign" or token.text in OPENING or token.text in CLOSING or token.text not in _MORE_SIGNS:
            continue
        following = tokens.text(here + 1)
        if token.text == "=" and following != "{":
            continue  # a value is missing there, not the sign one too many
        start = token.start
        if case.source[start - 1 : start] == b" " and case.source[token.end : token.end + 1].isspace():
            start -= 1
        yield [Edit(case.file, start, token.end, b"")], f"remove the `{token.text}`"
