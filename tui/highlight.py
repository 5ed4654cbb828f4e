"""Source code as harmless, coloured pieces of text, line by line, in bounded time.

A piece names its *ink* (what the text is: ``keyword``, ``string``, ``muted`` …); a theme gives inks their colours
(``tui.diff_lines``). Lexing is Pygments'; it happens for the lines that are looked at, not for the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rich.cells import cell_len

from tutor.inert import decode, inert_line

TAB = 4
MAX_LINE = 2_000  # characters of one line that are shown; what follows is counted, not drawn
_MAX_COLOURED = 1_000_000  # bytes; a bigger file stays plain
_LEX_WHOLE = 100_000  # bytes; in a bigger file lexing starts near the wanted line
_BLOCK = 1_000  # lines lexed at once in a bigger file
_LEAD_IN = 400  # lines at most to look back for a place to start
_REMARK = 24  # cells for what is said after a line: that it goes on, or how it ends

# A line that begins an item at the left margin: outside of strings and comments in all but odd files.
_ITEM = re.compile(r"(?:pub|fn|impl|struct|enum|mod|use|trait|const|static|unsafe|extern|#\[|\[|def |class )\b|\[")

_RUST_WORDS = frozenset({"mut", "dyn", "ref", "self", "crate", "super", "async", "await", "move"})


class Piece(NamedTuple):
    """Some text with its ink and, where it differs from the line's, the ground behind it."""

    text: str
    ink: str = ""
    ground: str = ""


def split_ending(line: bytes) -> tuple[bytes, str]:
    """A line without its ending, and the ending's name: "", "lf" or "crlf"."""
    if line.endswith(b"\r\n"):
        return line[:-2], "crlf"
    if line.endswith(b"\n"):
        return line[:-1], "lf"
    return line, ""


def shown(line: bytes) -> str:
    """The text of a line that is drawn, not yet harmless: without its ending, cut after :data:`MAX_LINE`."""
    body, _ = split_ending(line)
    # A character takes at most four bytes; decoding no more than that keeps a line of megabytes cheap.
    return decode(body[: 4 * MAX_LINE])[:MAX_LINE]


def hidden_size(line: bytes) -> int:
    """How many bytes of the line :func:`shown` leaves out."""
    body, _ = split_ending(line)
    if len(body) <= MAX_LINE:
        return 0
    return max(0, len(body) - len(shown(line).encode("utf-8", "surrogateescape")))


def harmless(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces of one line as they may be drawn: tabs expanded, acting characters as visible signs (ink ``sign``)."""
    out: list[Piece] = []
    column = 0
    for text, ink, ground in pieces:
        for number, part in enumerate(text.split("\t")):
            if number:
                gap = TAB - column % TAB
                out.append(Piece(" " * gap, ink, ground))
                column += gap
            if not part:
                continue
            drawn = [Piece(part, ink, ground)] if inert_line(part) == part else _signs(part, ink, ground)
            out += drawn
            column += sum(cell_len(piece.text) for piece in drawn)
    return out


def drawn_width(line: bytes) -> int:
    """How many cells a line takes when it is drawn, with a remark about its ending (at most, for ASCII)."""
    if line.isascii() and len(line) <= MAX_LINE:
        return len(line) + (TAB - 1) * line.count(b"\t") + (0 if line.endswith(b"\n") else _REMARK)
    return sum(cell_len(piece.text) for piece in harmless([Piece(shown(line))])) + _REMARK


def _signs(text: str, ink: str, ground: str) -> Iterator[Piece]:
    plain = ""
    for char in text:
        sign = inert_line(char)
        if sign == char:
            plain += char
            continue
        if plain:
            yield Piece(plain, ink, ground)
            plain = ""
        yield Piece(sign, "sign", ground)
    if plain:
        yield Piece(plain, ink, ground)


def with_ground(pieces: Iterable[Piece], ranges: Sequence[tuple[int, int]], ground: str) -> list[Piece]:
    """The pieces with ``ground`` behind the character ranges, which are sorted and do not overlap."""
    out: list[Piece] = []
    at = 0
    for piece in pieces:
        end = at + len(piece.text)
        cuts = sorted({at, end, *(edge for pair in ranges for edge in pair if at < edge < end)})
        for left, right in pairwise(cuts):
            inside = any(start <= left < stop for start, stop in ranges)
            text = piece.text[left - at : right - at]
            out.append(Piece(text, piece.ink, ground if inside else piece.ground))
        at = end
    return out


class Highlighter:
    """The lines of one file as pieces. ``path`` says which language it is; ``lines`` keep their endings."""

    def __init__(self, path: str, lines: Sequence[bytes]) -> None:
        self._path = path
        self._lines = lines
        size = sum(map(len, lines))
        self._plain = size > _MAX_COLOURED
        self._whole = size <= _LEX_WHOLE
        self._cache: dict[int, list[Piece]] = {}
        self._running: Iterator[list[Piece]] | None = None
        self._next = 0  # the line that comes out of _running next

    def line(self, index: int) -> list[Piece]:
        """The pieces of the line at ``index`` (from 0). Together they are :func:`shown` of it: not yet harmless."""
        if self._plain:
            return [Piece(shown(self._lines[index]))]
        if index not in self._cache:
            self._lex_to(index)
        pieces = self._cache.get(index)
        return pieces if pieces is not None else [Piece(shown(self._lines[index]))]

    def _lex_to(self, index: int) -> None:
        near = self._whole or index < self._next + _BLOCK
        if self._running is None or index < self._next or not near:
            self._next = 0 if self._whole else self._start_for(index)
            self._running = self._lex(self._next, len(self._lines) if self._whole else self._next + 2 * _BLOCK)
        while self._next <= index:
            pieces = next(self._running, None)
            if pieces is None:
                self._running = None
                return
            if "".join(piece.text for piece in pieces) == shown(self._lines[self._next]):
                self._cache[self._next] = pieces
            self._next += 1

    def _start_for(self, index: int) -> int:
        first = max(0, index - _LEAD_IN)
        return next((i for i in range(index, first, -1) if _ITEM.match(shown(self._lines[i]))), first)

    def _lex(self, start: int, stop: int) -> Iterator[list[Piece]]:
        from pygments.lexers import get_lexer_for_filename
        from pygments.util import ClassNotFound

        try:
            lexer = get_lexer_for_filename(self._path)
        except ClassNotFound:
            self._plain = True
            return
        text = "".join(shown(line) + "\n" for line in self._lines[start:stop])
        line: list[Piece] = []
        for value, ink in _calls(
            (value, _ink(str(kind), value)) for _, kind, value in lexer.get_tokens_unprocessed(text)
        ):
            head, *rest = value.split("\n")
            if head:
                line.append(Piece(head, ink))
            for part in rest:
                yield line
                line = [Piece(part, ink)] if part else []


def _calls(tokens: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same tokens, a name in front of ``(`` as a function."""
    last: tuple[str, str] | None = None
    for token in tokens:
        if last is not None:
            yield (last[0], "function") if last[1] == "name" and token[0].startswith("(") else last
        last = token
    if last is not None:
        yield last


# The first prefix of a Pygments token type that fits names the ink.
_INKS = (
    ("Token.Comment.Preproc", "attribute"),
    ("Token.Literal.String.Doc", "comment"),
    ("Token.Comment", "comment"),
    ("Token.Keyword.Type", "type"),
    ("Token.Keyword.Constant", "number"),
    ("Token.Keyword.Pseudo", "operator"),
    ("Token.Keyword", "keyword"),
    ("Token.Literal.String", "string"),
    ("Token.Literal.Number", "number"),
    ("Token.Name.Function.Magic", "macro"),
    ("Token.Name.Function", "function"),
    ("Token.Name.Attribute", "lifetime"),
    ("Token.Name.Builtin.Pseudo", "keyword"),
    ("Token.Name.Builtin", "type"),
    ("Token.Name.Class", "type"),
    ("Token.Name.Namespace", "type"),
    ("Token.Name.Tag", "keyword"),
    ("Token.Name.Decorator", "attribute"),
    ("Token.Name", "name"),
    ("Token.Operator", "operator"),
    ("Token.Punctuation", "operator"),
    ("Token.Generic.Heading", "keyword"),
    ("Token.Generic.Subheading", "keyword"),
)


def _ink(kind: str, value: str) -> str:
    if kind.startswith("Token.Name") and value in _RUST_WORDS:
        return "keyword"
    ink = next((ink for prefix, ink in _INKS if kind.startswith(prefix)), "")
    if ink == "name" and value[:1].isupper():
        return "type"
    return ink
