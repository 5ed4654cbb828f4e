"""What the rules for the parser's errors read: the tokens of a source that is no Rust yet, and how broken it is."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from knowledgegraph.rust_syntax import Node, TooMuch, parse
from tutor.fix.edits import apply_edits
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case

_RUST_TYPES: Final = ("i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
                      "f32", "f64", "bool", "char", "str", "String")  # fmt: skip
OPENING: Final = {"(": ")", "[": "]", "{": "}"}
CLOSING: Final = {")": "(", "]": "[", "}": "{"}
#: Types of other languages, and Rust's, by what they are called there: the type that is meant; "" where Rust infers.
TYPES: Final = {
    **{name: name for name in _RUST_TYPES},
    "int": "i32", "long": "i64", "short": "i16", "float": "f32", "double": "f64", "boolean": "bool",
    "string": "String", "unsigned": "u32", "byte": "u8", "void": "()",
}  # fmt: skip

# Tokens as in the Rust Reference, chapter "Tokens"; a string or comment that never ends goes on to the end.
_TOKEN: Final = re.compile(
    rb"""(?P<skip>\s+|//[^\n]*|/\*)
    |(?P<string>(?:br|cr|r)(?P<hashes>\#*)".*?(?:"(?P=hashes)|\Z)|[bc]?"(?:[^"\\]|\\.)*(?:"|\Z))
    |(?P<char>b?'(?:\\(?:u\{[^}'\n]*\}|x[0-9a-fA-F]{2}|.)|[^'\\\n\x80-\xff]|[\xc2-\xf4][\x80-\xbf]{1,3})')
    |(?P<lifetime>'[A-Za-z_]\w*)
    |(?P<number>\d\w*(?:\.\d\w*)?)
    |(?P<word>(?:r\#)?(?:[A-Za-z_]|[\xc2-\xf4][\x80-\xbf]{1,3})(?:\w|[\xc2-\xf4][\x80-\xbf]{1,3})*)
    |(?P<sign>::|->|=>|\.\.=|\.\.\.|\.\.|[=!<>+*/%^&|-]=|&&|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE: Final = re.compile(rb"/\*|\*/")
_WINDOW: Final = 2_000  # bytes on either side of a place that are parsed again to see whether an edit helps
_MOST_BYTES: Final = 300_000  # a longer file is left to the compiler's own suggestions


@dataclass(frozen=True, slots=True)
class Token:
    """One token. ``kind``: string, char, lifetime, number, word or sign. ``line``: counted from 0. ``first``, ``last``:
    whether it begins or ends the code of its line."""

    kind: str
    text: str
    start: int
    end: int
    line: int
    first: bool


class Tokens:
    """The tokens of a source, without comments, in order; none of a source that is very long."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.all: Sequence[Token] = tuple(_lex(source)) if len(source) <= _MOST_BYTES else ()
        self._starts = [token.start for token in self.all]

    def before(self, offset: int) -> int:
        """The index of the last token that ends at or before ``offset``; -1 where there is none."""
        index = bisect.bisect_right(self._starts, offset) - 1
        while index >= 0 and self.all[index].end > offset:
            index -= 1
        return index

    def at(self, offset: int) -> int:
        """The index of the first token that ends after ``offset``; the number of tokens where there is none."""
        return self.before(offset) + 1

    def text(self, index: int) -> str:
        """The text of a token; "" outside."""
        return self.all[index].text if 0 <= index < len(self.all) else ""

    def kind(self, index: int) -> str:
        """The kind of a token; "" outside."""
        return self.all[index].kind if 0 <= index < len(self.all) else ""

    def ends_line(self, index: int) -> bool:
        """Whether no code follows on the line of this token."""
        return index + 1 >= len(self.all) or self.all[index + 1].first

    def indent(self, index: int) -> str:
        """The white space that the line of this token begins with."""
        start = self.source.rfind(b"\n", 0, self.all[index].start) + 1
        line = self.source[start : self.all[index].end]
        return line[: len(line) - len(line.lstrip(b" \t"))].decode("utf-8", "replace")

    def line_end(self, offset: int) -> int:
        """Where the line that ``offset`` is in ends, before its line break."""
        end = self.source.find(b"\n", offset)
        end = len(self.source) if end < 0 else end
        return end - 1 if end > offset and self.source[end - 1 : end] == b"\r" else end

    @cached_property
    def partner(self) -> dict[int, int]:
        """The index of the closing bracket for each opening one and the reverse, where they match."""
        found: dict[int, int] = {}
        stack: list[int] = []
        for index, token in enumerate(self.all):
            if token.kind != "sign":
                continue
            if token.text in OPENING:
                stack.append(index)
            elif token.text in CLOSING and stack and self.all[stack[-1]].text == CLOSING[token.text]:
                found[stack[-1]] = index
                found[index] = stack.pop()
        return found

    def skip(self, index: int) -> int:
        """The index after the token at ``index``, or after the whole group that it opens."""
        partner = self.partner.get(index, index)
        return max(partner, index) + 1

    def enclosing(self, index: int) -> int | None:
        """The index of the bracket that the token at ``index`` stands in; None at the top."""
        here = index - 1
        while here >= 0:
            text = self.text(here)
            if self.kind(here) == "sign" and text in CLOSING and here in self.partner:
                here = self.partner[here]
            elif self.kind(here) == "sign" and text in OPENING:
                return here
            here -= 1
        return None

    def inside(self, opening: int) -> Iterator[int]:
        """The indexes of the tokens directly inside a bracket, those of inner groups left out."""
        here, end = opening + 1, self.partner.get(opening, len(self.all))
        while here < end:
            yield here
            here = self.skip(here)


@lru_cache(maxsize=4)
def tokens_of(source: bytes) -> Tokens:
    """The tokens of ``source``."""
    return Tokens(source)


def _lex(source: bytes) -> Iterator[Token]:
    at, line, first = 0, 0, True
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:  # a lone byte that is no UTF-8
            at += 1
            continue
        end = _end_of_comment(source, found.end()) if found.group("skip") == b"/*" else found.end()
        kind = next(name for name in ("skip", *_KINDS) if found.group(name) is not None)
        if kind != "skip":
            yield Token(kind, source[at:end].decode("utf-8", "replace"), at, end, line, first)
            first = False
        breaks = source.count(b"\n", at, end)
        line += breaks
        first = first or breaks > 0
        at = end


_KINDS: Final = ("string", "char", "lifetime", "number", "word", "sign")


def _end_of_comment(source: bytes, at: int) -> int:
    depth = 1
    for edge in _COMMENT_EDGE.finditer(source, at):
        depth += 1 if edge.group() == b"/*" else -1
        if depth == 0:
            return edge.end()
    return len(source)


class Brokenness:
    """How broken the neighbourhood of a place is, as it stands and after edits; 0 where it is Rust."""

    def __init__(self, case: Case, at: int, window: int = _WINDOW) -> None:
        self._source = case.source
        self._start, self._end = 0, len(case.source)
        if len(case.source) > 2 * window:
            self._start = case.source.rfind(b"\n", 0, max(0, at - window)) + 1
            end = case.source.find(b"\n", min(len(case.source), at + window))
            self._end = len(case.source) if end < 0 else end
        self.now = _weight(case.source[self._start : self._end])

    def after(self, edits: Iterable[Edit]) -> int:
        """The same after those of ``edits`` that lie here; more than now where they do not fit together."""
        inside = [edit for edit in edits if self._start <= edit.start and edit.end <= self._end]
        moved = [Edit(e.file, e.start - self._start, e.end - self._start, e.text) for e in inside]
        changed = apply_edits(self._source[self._start : self._end], moved)
        return self.now + 1 if changed is None else _weight(changed)


@lru_cache(maxsize=256)
def _weight(source: bytes) -> int:
    """How many places of ``source`` make no sense to the grammar, and how many bytes they are long."""
    try:
        root = parse(source).root
    except TooMuch:
        return 0
    weight = 0
    waiting: list[Node] = [root]
    while waiting:
        node = waiting.pop()
        if node.is_missing:
            weight += 10
        elif node.is_error:
            weight += 10 + node.end_byte - node.start_byte
        elif node.has_error:
            waiting.extend(node.children)
    return weight
