"""Lines of pieces, cut and filled to exact widths in terminal cells (wide characters take two)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, split_text

from tui.highlight import Piece
from tutor.inert import inert_line


@dataclass(slots=True)
class Line:
    """One line to draw: its pieces and the ground behind all that have none of their own."""

    pieces: list[Piece] = field(default_factory=list)
    ground: str = ""

    @property
    def text(self) -> str:
        """The line as plain text."""
        return "".join(piece.text for piece in self.pieces)


def width_of(pieces: Iterable[Piece]) -> int:
    """How many cells the pieces take."""
    return sum(cell_len(piece.text) for piece in pieces)


def crop(pieces: Iterable[Piece], start: int, width: int) -> list[Piece]:
    """The cells from ``start`` on, ``width`` of them at most. Half of a wide character becomes a space."""
    out: list[Piece] = []
    left = width
    for text, ink, ground in pieces:
        if left <= 0:
            break
        size = cell_len(text)
        if start >= size:
            start -= size
            continue
        if start:
            text = split_text(text, start)[1]
            size -= start
            start = 0
        if size > left:
            text = split_text(text, left)[0]
            size = left
        out.append(Piece(text, ink, ground))
        left -= size
    return out


def fit(pieces: Sequence[Piece], width: int, start: int = 0, ink: str = "faint") -> list[Piece]:
    """Exactly ``width`` cells, from cell ``start`` on: filled with spaces, or cut with an ellipsis of ``ink``."""
    if width <= 0:
        return []
    total = width_of(pieces)
    if total > start + width:
        return [*crop(pieces, start, width - 1), Piece("…", ink)]
    missing = width - max(0, total - start)
    return [*crop(pieces, start, width), Piece(" " * missing)] if missing else crop(pieces, start, width)


def spread(left: Sequence[Piece], right: Sequence[Piece], width: int) -> list[Piece]:
    """``left`` at the left edge and ``right`` at the right one; ``left`` is cut first, ``right`` dropped if it must."""
    size = width_of(right)
    if not size or size + 8 > width:
        return fit(left, width)
    return [*fit(left, width - size), *right]


def label(text: str, ink: str = "", ground: str = "") -> Piece:
    """Text from outside as one harmless piece of one line."""
    return Piece(inert_line(text), ink, ground)


def wrap(text: str, width: int) -> list[str]:
    """Text from outside as harmless lines of at most ``width`` cells, broken between words where that is possible."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, size = "", 0
        for word in inert_line(paragraph).split():
            need = cell_len(word)
            if size and size + 1 + need > width:
                lines.append(line)
                line, size = "", 0
            while need > width:  # no place to break: by cells
                head, word = split_text(word, max(1, width))
                lines.append(head)
                need = cell_len(word)
            line = f"{line} {word}" if size else word
            size = cell_len(line)
        lines.append(line)
    return lines
