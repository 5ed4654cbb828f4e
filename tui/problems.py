"""The list of what the compiler said, and the code that it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.diff_cells import Line, fit, label, spread
from tui.diff_lines import LineWidget
from tui.highlight import Piece
from tui.problems_code import CodeView
from tutor.diagnostics import Diagnostic
from tutor.inert import inert_line

__all__ = ["CodeView", "ProblemsList", "problem_line", "sort_problems"]

GLYPHS = {"error": "✗", "failure-note": "✗", "warning": "▲", "note": "•", "help": "•"}
_RANK = {"error": 0, "failure-note": 0, "warning": 1, "note": 2, "help": 3}
_TWO_LINES = 72  # columns below which a problem takes two lines
_EMPTY = "No problems listed.\n\nCheck the code, and what the compiler says stands here."


def sort_problems(diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Errors before warnings before the rest; among equals in the compiler's order."""
    return tuple(sorted(diagnostics, key=lambda diagnostic: _RANK[diagnostic.level]))


def place_of(diagnostic: Diagnostic) -> str:
    """Where it is, as ``file:line:column``; "" for a problem without a place."""
    place = diagnostic.place
    return f"{place.file}:{place.line}:{place.column}" if place else ""


def problem_line(diagnostic: Diagnostic, width: int, part: int = 0, *, chosen: bool = False) -> Line:
    """One problem, or line ``part`` of it where the pane is narrow."""
    kind = "error" if _RANK[diagnostic.level] == 0 else "warning" if diagnostic.level == "warning" else "muted"
    bar = Piece("▌", "bar-current") if chosen else Piece(" ")
    place = inert_line(place_of(diagnostic))
    head = [Piece(f" {GLYPHS[diagnostic.level]} ", kind)]
    if diagnostic.code:
        head += [label(diagnostic.code, "code" if kind == "error" else kind), Piece(" ")]
    message = label(diagnostic.message, "plain")
    ground = "chosen" if chosen else ""
    if width >= _TWO_LINES:
        where = _end_of(place, width // 3)
        return Line([bar, *spread([*head, message], [Piece(" "), Piece(where, "path"), Piece(" ")], width - 1)], ground)
    if part == 0:
        return Line([bar, *fit([*head, message], width - 1)], ground)
    return Line([bar, *fit([Piece("   "), Piece(_end_of(place, width - 6), "path")], width - 1)], ground)


def _end_of(text: str, width: int) -> str:
    """The last cells of a place: the file's name and the line matter more than the folders."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return "…" + text


class ProblemsList(LineWidget, inherit_bindings=False):
    """What the compiler said, one problem a line (two on narrow screens)."""

    HELP = """\
### Problems

What the compiler says of your code as it is: ✗ errors first, then ▲ warnings.

| key | |
|---|---|
| `j` `k`, `↓` `↑` | next, previous problem |
| `enter` | show the code |
| `x` | explain the error code |
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "jump", "Show code", id="problem.jump"),
        Binding("x", "explain", "Explain", id="problem.explain"),
        Binding("j,down", "move(1)", "Next problem", id="problem.next", show=False),
        Binding("k,up", "move(-1)", "Previous problem", id="problem.previous", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="problem.page_down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="problem.page_up", show=False),
        Binding("home", "edge(0)", "First problem", id="problem.first", show=False),
        Binding("end", "edge(-1)", "Last problem", id="problem.last", show=False),
    ]

    DEFAULT_CSS = """
    ProblemsList { overflow-x: hidden; }
    """

    diagnostics: reactive[tuple[Diagnostic, ...]] = reactive(())
    """What is listed; sorted when it is set."""
    cursor: reactive[int] = reactive(0)
    """Which problem the cursor is on, from 0."""
    empty_text: reactive[str] = reactive(_EMPTY)
    """What stands here while there is nothing to list."""

    class Selected(Message):
        """The user wants to see the code of a problem."""

        def __init__(self, diagnostic: Diagnostic) -> None:
            super().__init__()
            self.diagnostic = diagnostic

    class ExplainWanted(Message):
        """The user wants an explanation of an error code or lint ("E0382")."""

        def __init__(self, code: str) -> None:
            super().__init__()
            self.code = code

    @property
    def help_text(self) -> str:
        """Markdown about this pane."""
        return self.HELP

    @property
    def current(self) -> Diagnostic | None:
        """The problem that the cursor is on."""
        return self.diagnostics[self.cursor] if self.cursor < len(self.diagnostics) else None

    def validate_diagnostics(self, diagnostics: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Errors come first."""
        return sort_problems(diagnostics)

    def watch_diagnostics(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Counts them in the title and begins at the first."""
        errors = sum(_RANK[diagnostic.level] == 0 for diagnostic in diagnostics)
        warnings = sum(diagnostic.level == "warning" for diagnostic in diagnostics)
        counts = [f"{GLYPHS['error']} {errors:,}"] * bool(errors) + [f"{GLYPHS['warning']} {warnings:,}"] * bool(
            warnings
        )
        self.border_title = Content("  ".join(["Problems", *counts]))
        self.cursor = 0
        self._resize_content()
        self.scroll_to(0, 0, animate=False, force=True, immediate=True)

    def validate_cursor(self, cursor: int) -> int:
        """Stays within the list."""
        return max(0, min(cursor, len(self.diagnostics) - 1))

    def watch_cursor(self, cursor: int) -> None:
        """Keeps the cursor in sight."""
        height = self.scrollable_content_region.height
        top, bottom = cursor * self._tall, (cursor + 1) * self._tall
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True, immediate=True)
        elif height and bottom > self.scroll_offset.y + height:
            self.scroll_to(y=bottom - height, animate=False, force=True, immediate=True)
        self.refresh()

    @property
    def _tall(self) -> int:
        return 1 if self.scrollable_content_region.width >= _TWO_LINES else 2

    def _resize_content(self) -> None:
        self.virtual_size = Size(0, len(self.diagnostics) * self._tall)
        self.refresh()

    def on_resize(self) -> None:
        """One line or two."""
        self._resize_content()
        self.watch_cursor(self.cursor)

    def render_line(self, y: int) -> Strip:
        """One visible line."""
        width = self.scrollable_content_region.width
        if not self.diagnostics:
            return self.strip(self.centred(self.empty_text, y), width)
        index, part = divmod(self.scroll_offset.y + y, self._tall)
        if index >= len(self.diagnostics):
            return self.strip(Line(), width)
        return self.strip(problem_line(self.diagnostics[index], width, part, chosen=index == self.cursor), width)

    def on_click(self, event: events.Click) -> None:
        """A click jumps."""
        offset = event.get_content_offset(self)
        index = (self.scroll_offset.y + offset.y) // self._tall if offset else len(self.diagnostics)
        if index < len(self.diagnostics):
            self.cursor = index
            self.action_jump()

    def action_move(self, step: int) -> None:
        """To the next or previous problem."""
        self.cursor += step

    def action_page(self, step: int) -> None:
        """One screen up or down."""
        self.cursor += step * max(1, self.scrollable_content_region.height // self._tall - 1)

    def action_edge(self, index: int) -> None:
        """To the first (0) or the last (-1) problem."""
        self.cursor = len(self.diagnostics) - 1 if index else 0

    def action_jump(self) -> None:
        """Asks the app to show the code."""
        if self.current is not None:
            self.post_message(self.Selected(self.current))

    def action_explain(self) -> None:
        """Asks the app to explain the code of the error."""
        if self.current is not None and self.current.code:
            self.post_message(self.ExplainWanted(self.current.code))
