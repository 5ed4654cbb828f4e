"""A file with what the compiler says about it, in its place: spans underlined, labels below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip

from tui.diff_cells import Line, fit, label, width_of, wrap
from tui.diff_lines import LineWidget
from tui.highlight import Highlighter, Piece, drawn_width, harmless, hidden_size, shown
from tutor.diagnostics import Diagnostic, Span
from tutor.hunks import split_lines
from tutor.inert import inert_line

_EMPTY = "No code chosen.\n\nPress enter on a problem to see the code that it is about."
_LABEL = 36  # cells that a label gets at least, where it does not fit beside its mark
_MAX_NOTES = 20  # notes and helps shown below the labels


class Mark(NamedTuple):
    """One underlined stretch of a line, in cells, with its label. ``primary``: what the message is about."""

    start: int
    end: int
    primary: bool
    label: str


def marks_on(line: bytes, number: int, spans: Sequence[Span]) -> list[Mark]:
    """The marks of the spans that touch the line with this number, from left to right.

    A span over several lines marks its first line to the end and its last line from the start of the text there.
    """
    text = shown(line)
    marks = []
    for span in spans:
        first, last = number == span.line, number == span.end_line
        if not (first or last):
            continue
        indent = len(text) - len(text.lstrip())
        start = span.column - 1 if first else indent
        end = span.end_column - 1 if last else len(text)
        left, right = _cells(text, start), _cells(text, max(start, end))
        spoken = span.label if last else ("from here" if span.label else "")
        marks.append(Mark(left, max(left + 1, right), span.primary, spoken))
    return sorted(dict.fromkeys(marks))


def _cells(text: str, characters: int) -> int:
    return width_of(harmless([Piece(text[: max(0, characters)])]))


def mark_lines(marks: Sequence[Mark], room: int = 1_000) -> list[list[Piece]]:
    """The lines below a line of code: one that underlines all marks, the last label beside it where ``room`` cells are
    enough, the others below on lines of their own, tied to their mark."""
    if not marks:
        return []
    under: list[Piece] = []
    at = 0
    for mark in marks:
        start = max(at, mark.start)
        if mark.end <= start:
            continue
        under += [Piece(" " * (start - at)), Piece(("━" if mark.primary else "─") * (mark.end - start), _ink(mark))]
        at = mark.end
    lines = [under]
    waiting = [mark for mark in marks if mark.label]
    if waiting and waiting[-1] == marks[-1] and at + 1 + cell_len(inert_line(waiting[-1].label)) <= room:
        last = waiting.pop()
        under += [Piece(" "), label(last.label, _ink(last))]
    while waiting:
        mark = waiting.pop()
        indent = max(0, min(mark.start, room - min(_LABEL, cell_len(inert_line(mark.label)) + 2)))
        tie = "╰ " if indent == mark.start else "━ " if mark.primary else "─ "
        for number, text in enumerate(wrap(mark.label, max(8, room - indent - 2))):
            lines.append([*_ties(waiting, indent), Piece("  " if number else tie, _ink(mark)), Piece(text, _ink(mark))])
    return lines


def _ink(mark: Mark) -> str:
    return "primary-mark" if mark.primary else "secondary-mark"


def _ties(waiting: Sequence[Mark], until: int) -> list[Piece]:
    """Bars down to the labels that are still to come."""
    pieces: list[Piece] = []
    at = 0
    for mark in waiting:
        if at <= mark.start < until:
            pieces += [Piece(" " * (mark.start - at)), Piece("│", _ink(mark))]
            at = mark.start + 1
    return [*pieces, Piece(" " * (until - at))]


class CodePage:
    """The lines of a file with the marks of one diagnostic between them, laid out for a pane ``width`` cells wide."""

    def __init__(self, path: str, content: bytes, diagnostic: Diagnostic | None, width: int) -> None:
        self.path = path
        self.lines = split_lines(content)
        self.digits = max(2, len(str(len(self.lines))))
        self._code = Highlighter(path, self.lines)
        self._diagnostic = diagnostic
        room = max(20, width - self.digits - 4)
        spans = [span for span in diagnostic.spans if span.file == path] if diagnostic else []
        self._below: dict[int, list[list[Piece]]] = {}
        for number in sorted({n for span in spans for n in (span.line, span.end_line) if 0 < n <= len(self.lines)}):
            self._below[number] = mark_lines(marks_on(self.lines[number - 1], number, spans), room)
        if self._below and diagnostic:
            self._below[max(self._below)] += _notes(diagnostic, room)
        self._starts = [(number, len(rows)) for number, rows in sorted(self._below.items())]
        place = next((span for span in spans if span.primary), spans[0] if spans else None)
        self.focus_line = min(place.line, len(self.lines)) if place else 0

    @property
    def height(self) -> int:
        """Rows of the page."""
        return len(self.lines) + sum(rows for _, rows in self._starts)

    @property
    def width(self) -> int:
        """Cells of the widest row."""
        code = max(map(drawn_width, self.lines), default=0)
        below = max((width_of(row) for rows in self._below.values() for row in rows), default=0)
        return self.digits + 4 + max(code, below)

    def row_of(self, number: int) -> int:
        """The row where the line with this number stands."""
        return number - 1 + sum(rows for line, rows in self._starts if line < number)

    def title(self, width: int) -> Line:
        """What stands above the code: the message."""
        diagnostic = self._diagnostic
        if diagnostic is None:
            return Line(fit([Piece(" "), label(self.path, "title")], width), "file")
        kind = "error" if diagnostic.level == "error" else "warning"
        code = f"[{inert_line(diagnostic.code)}]" if diagnostic.code else ""
        head = [Piece(f" {diagnostic.level}{code} ", kind), label(diagnostic.message, "title")]
        return Line(fit(head, width), "file")

    def line(self, row: int, width: int, start: int = 0) -> Line:
        """Row ``row``, ``width`` cells wide, scrolled ``start`` cells to the right."""
        shift = 0
        for number, rows in self._starts:
            first = number + shift  # the row of its first mark
            if row < first:
                break
            if row < first + rows:
                return self._mark_line(self._below[number][row - first], width, start)
            shift += rows
        return self._code_line(row - shift + 1, width, start)

    def _mark_line(self, pieces: list[Piece], width: int, start: int) -> Line:
        gutter = [Piece(f" {'':>{self.digits}} ", "number-context"), Piece("│ ", "line")]
        return Line([*gutter, *fit(pieces, width - width_of(gutter), start)])

    def _code_line(self, number: int, width: int, start: int) -> Line:
        is_marked = number in self._below
        gutter = [
            Piece(f" {number:>{self.digits}} ", "title" if is_marked else "number-context"),
            Piece("│ ", "line"),
        ]
        code = harmless(self._code.line(number - 1))
        if hidden := hidden_size(self.lines[number - 1]):
            code.append(Piece(f" …{hidden:,} more bytes", "faint"))
        return Line([*gutter, *fit(code, width - width_of(gutter), start)], "marked" if is_marked else "")


def _notes(diagnostic: Diagnostic, room: int) -> list[list[Piece]]:
    """The compiler's notes and helps."""
    notes: list[list[Piece]] = []
    for child in diagnostic.children:
        head = f"{child.level}: "
        ink = "help" if child.level == "help" else "plain"
        for place, text in enumerate(wrap(child.message, max(8, room - len(head) - 2))):
            first = [Piece("= ", "line"), Piece(head, "muted")] if place == 0 else [Piece(" " * (len(head) + 2))]
            notes.append([*first, Piece(text, ink)])
    if len(notes) > _MAX_NOTES:
        left_out = len(notes) - _MAX_NOTES
        notes = [*notes[:_MAX_NOTES], [Piece("= ", "line"), Piece(f"{left_out} more lines", "faint")]]
    return [[], *notes] if notes else []


class CodeView(LineWidget, inherit_bindings=False):
    """Shows a file, read-only, with one diagnostic marked in it."""

    HELP = """\
### Code

The file as it is on disk, to read. Heavy lines mark what the message is about, light ones what belongs to it.

| key | |
|---|---|
| `↓` `↑`, `space` | scroll |
| `←` `→` | scroll sideways |
| `g` | back to the marked line |
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "show_mark", "Marked line", id="code.mark"),
        Binding("down,j", "lines(1)", "Down", id="code.down", show=False),
        Binding("up,k", "lines(-1)", "Up", id="code.up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="code.page_down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="code.page_up", show=False),
        Binding("home", "edge(0)", "Top", id="code.home", show=False),
        Binding("end", "edge(1)", "Bottom", id="code.end", show=False),
        Binding("right", "sideways(1)", "Scroll right", id="code.right", show=False),
        Binding("left", "sideways(-1)", "Scroll left", id="code.left", show=False),
    ]

    DEFAULT_CSS = """
    CodeView { scrollbar-gutter: stable; }
    """

    empty_text: reactive[str] = reactive(_EMPTY)
    """What stands here while no file is shown."""

    _shown: tuple[str, bytes, Diagnostic | None] | None = None
    _page: CodePage | None = None

    @property
    def help_text(self) -> str:
        """Markdown about this pane."""
        return self.HELP

    def show(self, path: str, content: bytes, diagnostic: Diagnostic | None = None) -> None:
        """Shows the file, its path as in the diagnostic's spans, scrolled to what the message is about."""
        self._shown = (path, content, diagnostic)
        self.scroll_to(0, 0, animate=False, force=True, immediate=True)
        self._lay_out()

    def clear(self) -> None:
        """Shows nothing."""
        self._shown = None
        self._lay_out()

    def _lay_out(self) -> None:
        if self._shown is None:
            self._page = None
            self.virtual_size = Size(0, 0)
        else:
            self._page = CodePage(*self._shown, self.scrollable_content_region.width)
            self.virtual_size = Size(self._page.width, self._page.height + 1)
        self.action_show_mark()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The message, which stays on top, or one line of the file."""
        width = self.scrollable_content_region.width
        if self._page is None:
            return self.strip(self.centred(self.empty_text, y), width)
        if y == 0:
            return self.strip(self._page.title(width), width)
        scroll_x, scroll_y = self.scroll_offset
        row = scroll_y + y - 1
        line = self._page.line(row, width, scroll_x) if row < self._page.height else Line()
        return self.strip(line, width)

    def on_resize(self) -> None:
        """Labels are broken for the new width; what the message is about stays in sight."""
        self._lay_out()

    def action_show_mark(self) -> None:
        """Scrolls to the marked line, a third from the top."""
        if self._page is not None and self._page.focus_line:
            third = self.scrollable_content_region.height // 3
            row = self._page.row_of(self._page.focus_line)
            self.scroll_to(y=max(0, row - third), animate=False, force=True, immediate=True)

    def action_lines(self, step: int) -> None:
        """Scrolls a line."""
        self.scroll_relative(y=step, animate=False, immediate=True)

    def action_page(self, step: int) -> None:
        """Scrolls a screen."""
        self.scroll_relative(y=step * max(1, self.size.height - 3), animate=False, immediate=True)

    def action_edge(self, end: int) -> None:
        """To the top (0) or the bottom (1)."""
        self.scroll_to(y=self.max_scroll_y if end else 0, animate=False, force=True, immediate=True)

    def action_sideways(self, step: int) -> None:
        """Scrolls long lines."""
        self.scroll_relative(x=step * 8, animate=False, immediate=True)
