"""Tables of tbl(1): their rows, without their looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from knowledgegraph.sources.roff_blocks import join

_MOST_ROWS = 2_000


class Table:
    """Takes the lines between ``.TS`` and ``.TE``."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        self._separator = "\t"
        self._in_format = True
        self._started = False
        self._row: list[str] = []
        self._block: list[str] | None = None

    @property
    def in_block(self) -> bool:
        """Whether a cell of several lines (``T{``) is open."""
        return self._block is not None

    def new_format(self) -> None:
        """What follows says how the columns look, up to a line that ends with a full stop."""
        self._in_format = True

    def words(self, marked: Iterable[str]) -> None:
        """More text of the open cell."""
        if self._block is not None:
            self._block += marked

    def line(self, line: str, expand: Callable[[str], str]) -> None:
        """One line that is not a macro."""
        if self._in_format:
            self._format(line)
        elif self._block is not None:
            if not line.startswith("T}"):
                self._block.append(expand(line.strip()))
                return
            self._row.append(join(self._block or [""]))
            self._block = None
            if line[2:].startswith(self._separator):
                self._cells(line[2 + len(self._separator) :], expand)
            else:
                self._end_row()
        elif line.strip() and line.strip() not in ("_", "="):
            self._cells(line, expand)

    def _format(self, line: str) -> None:
        stripped = line.rstrip()
        if stripped.endswith(";") and not self._started:
            _, found, rest = stripped.partition("tab")
            rest = rest.lstrip(" ")
            if found and len(rest) > 2 and rest[0] == "(":
                self._separator = rest[1]
        self._started = True
        if stripped.endswith("."):
            self._in_format = False

    def _cells(self, line: str, expand: Callable[[str], str]) -> None:
        cells = line.split(self._separator)
        last = cells.pop().strip()
        self._row += [_cell(cell, expand) for cell in cells]
        if last == "T{":
            self._block = []
            return
        self._row.append(_cell(last, expand))
        self._end_row()

    def _end_row(self) -> None:
        row, self._row = self._row, []
        if any(row) and len(self._rows) < _MOST_ROWS:
            self._rows.append(row)

    def rows(self) -> list[list[str]]:
        """The rows, cells as marked text; one that is left open ends here."""
        if self._block is not None:
            self._row.append(join(self._block or [""]))
            self._block = None
        if self._row:
            self._end_row()
        return self._rows


def _cell(text: str, expand: Callable[[str], str]) -> str:
    text = text.strip()
    return "" if text in ("_", "=", "\\^", "\\_") else expand(text)
