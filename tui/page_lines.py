"""A page of Markdown as coloured lines: read once, wrapped to any width, drawn line by line.

Textual's own Markdown widget makes a widget of every paragraph, which takes seconds for a long manual page; a page of
hundreds of kilobytes is wrapped here in the time of one key press.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, split_text

from tui.diff_cells import Line, fit
from tui.highlight import Highlighter, Piece, harmless
from tutor.inert import inert, inert_line

if TYPE_CHECKING:
    from markdown_it.token import Token

_FILES: Final = {"rust": "a.rs", "rs": "a.rs", "sh": "a.sh", "bash": "a.sh", "shell": "a.sh", "console": "a.sh",
                 "toml": "a.toml", "json": "a.json", "yaml": "a.yaml", "diff": "a.diff"}  # fmt: skip
_CODE: Final = "marked"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or one line of code. ``first`` and ``rest`` stand before its first and its other lines; ``code``: is
    not wrapped, and stands on a ground of its own."""

    pieces: tuple[Piece, ...]
    first: str = ""
    rest: str = ""
    code: bool = False


def blocks_of(markdown: str) -> list[Block]:
    """A page, taken apart. HTML in it stays text."""
    from tui.turns import parser

    blocks = list(_Walk(parser().parse(inert(markdown))).blocks())
    return blocks[1:] if blocks and not blocks[0].pieces else blocks


def lines_of(blocks: Iterable[Block], width: int) -> list[Line]:
    """The page's lines, wrapped to ``width`` cells. Code that is wider is cut."""
    lines: list[Line] = []
    for block in blocks:
        if block.code:
            body = [Piece(block.first, "faint"), *_on(fit(block.pieces, max(8, width - cell_len(block.first))), _CODE)]
            lines.append(Line(body))
            continue
        for number, pieces in enumerate(wrapped(block.pieces, max(12, width - cell_len(block.rest)))):
            lines.append(Line([Piece(block.rest if number else block.first, "faint"), *pieces]))
    return lines


def wrapped(pieces: Sequence[Piece], width: int) -> Iterator[list[Piece]]:
    """Pieces as lines of at most ``width`` cells, broken between words where that is possible."""
    line: list[Piece] = []
    used = 0
    for word in _words(pieces):
        if word is None:
            yield line
            line, used = [], 0
            continue
        size = sum(_cells(text) for text, _, _ in word)
        if line and used + 1 + size > width:
            yield line
            line, used = [], 0
        if line:
            same = (line[-1].ink, line[-1].ground) == (word[0].ink, word[0].ground)
            line.append(Piece(" ", *((line[-1].ink, line[-1].ground) if same else ("", ""))))
            used += 1
        while size > width:  # no place to break: by cells
            head, word = _split(word, width)
            yield head
            size = sum(_cells(text) for text, _, _ in word)
        line += word
        used += size
    yield line


def _words(pieces: Sequence[Piece]) -> Iterator[list[Piece] | None]:
    """Words, each of one or more pieces; None for a line that ends by the author's will."""
    word: list[Piece] = []
    for text, ink, ground in pieces:
        for number, part in enumerate(text.split("\n")):
            if number:
                if word:
                    yield word
                    word = []
                yield None
            head, *others = part.split(" ")
            if head:
                word.append(Piece(head, ink, ground))
            for other in others:
                if word:
                    yield word
                word = [Piece(other, ink, ground)] if other else []
    if word:
        yield word


def _split(word: list[Piece], width: int) -> tuple[list[Piece], list[Piece]]:
    head: list[Piece] = []
    for number, (text, ink, ground) in enumerate(word):
        size = cell_len(text)
        if size > width:
            before, after = split_text(text, max(1, width))
            return [*head, Piece(before, ink, ground)], [Piece(after, ink, ground), *word[number + 1 :]]
        head.append(Piece(text, ink, ground))
        width -= size
    return head, []


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _on(pieces: Iterable[Piece], ground: str) -> list[Piece]:
    return [Piece(text, ink, ground) for text, ink, _ in pieces]


class _Walk:
    """From the parser's tokens to blocks."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._marks: list[str] = []  # of the lists and quotes around, each as wide as its indent
        self._fresh = False  # the innermost mark is not drawn yet
        self._counts: list[int] = []  # of ordered lists; 0: a bullet

    def blocks(self) -> Iterator[Block]:
        """The blocks, an empty one between paragraphs."""
        row: list[Piece] = []
        heading = False
        for token in self._tokens:
            match token.type:
                case "heading_open":
                    yield from self._gap()
                    heading = True
                case "heading_close":
                    heading = False
                case "paragraph_open":
                    if not token.hidden and not self._fresh:
                        yield from self._gap()
                case "inline" if row:
                    row += [*_inline(token), Piece("  │  ", "faint")]
                case "inline":
                    yield self._block(_inline(token, "title" if heading else "plain"))
                case "fence" | "code_block" | "html_block":
                    yield from self._gap()
                    yield from self._code(token)
                case "hr":
                    yield from self._gap()
                    yield self._block([Piece("─" * 12, "faint")])
                case "tr_open":
                    row = [Piece("", "plain")]
                case "tr_close":
                    yield self._block(row[1:-1])
                    row = []
                case "table_open":
                    yield from self._gap()
                case "bullet_list_open" | "ordered_list_open":
                    if not self._marks:
                        yield from self._gap()
                    start = token.attrs.get("start", 1)
                    self._counts.append(int(start) if token.type.startswith("ordered") else 0)
                case "bullet_list_close" | "ordered_list_close":
                    self._counts.pop()
                case "list_item_open":
                    number = self._counts[-1]
                    self._counts[-1] += bool(number)
                    self._marks.append(f"{number}. " if number else "• ")
                    self._fresh = True
                case "blockquote_open":
                    yield from self._gap()
                    self._marks.append("▏ ")
                    self._fresh = True
                case "list_item_close" | "blockquote_close":
                    self._marks.pop()
                    self._fresh = False

    def _gap(self) -> Iterator[Block]:
        if not self._fresh:
            yield Block((), self._indent(), self._indent())

    def _indent(self) -> str:
        return "".join(mark if mark.startswith("▏") else " " * cell_len(mark) for mark in self._marks)

    def _block(self, pieces: Sequence[Piece], *, code: bool = False) -> Block:
        rest = self._indent()
        first = rest
        if self._fresh:
            first = rest[: len(rest) - len(self._marks[-1])] + self._marks[-1]
            self._fresh = False
        return Block(tuple(pieces), first, rest, code)

    def _code(self, token: Token) -> Iterator[Block]:
        text = token.content.rstrip("\n")
        language = (token.info.split(",")[0].split() or [""])[0].lower()
        source = [f"{line}\n".encode("utf-8", "surrogateescape") for line in text.split("\n")]
        colours = Highlighter(_FILES.get(language, "a.txt"), source) if language in _FILES else None
        for number, line in enumerate(text.split("\n")):
            pieces = colours.line(number) if colours else [Piece(line, "plain")]
            yield self._block([Piece(" "), *harmless(pieces)], code=True)


def _inline(token: Token, ink: str = "plain") -> list[Piece]:
    """The text of a paragraph with its inks."""
    pieces: list[Piece] = []
    inks = [ink]
    for child in token.children or ():
        match child.type:
            case "strong_open":
                inks.append("title")
            case "em_open":
                inks.append("help")
            case "link_open":
                inks.append("function" if ink == "plain" else ink)
            case "strong_close" | "em_close" | "link_close":
                inks.pop()
            case "code_inline":
                pieces.append(Piece(inert_line(child.content), "number" if ink == "plain" else ink, _CODE))
            case "softbreak":
                pieces.append(Piece(" ", inks[-1]))
            case "hardbreak":
                pieces.append(Piece("\n", inks[-1]))
            case _:
                pieces.append(Piece(inert_line(child.content), inks[-1]))
    return pieces
