"""The base of widgets that draw their own lines: pieces in, coloured cells out; only visible lines are drawn."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.diff_cells import Line, fit, wrap
from tui.highlight import Piece

# What text is, and how it looks. The colours are the theme's.
_INKS = {
    "plain": "color: $foreground",
    "muted": "color: $foreground 86%",
    "faint": "color: $foreground 74%",
    "line": "color: $foreground 55%",
    "title": "color: $foreground; text-style: bold",
    "path": "color: $foreground 82%",
    "help": "color: $text-secondary; text-style: italic",
    "sign": "color: $text-warning; text-style: reverse",
    "code": "color: $text-error; text-style: bold",
    "warning": "color: $text-warning; text-style: bold",
    "error": "color: $text-error; text-style: bold",
    "primary-mark": "color: $text-error; text-style: bold",
    "secondary-mark": "color: $text-primary; text-style: bold",
    "chosen": "text-style: bold",
    "centre": "color: $text-primary; text-style: bold",
    # Source code.
    "comment": "color: $foreground 74%; text-style: italic",
    "keyword": "color: $text-accent",
    "string": "color: $text-success",
    "number": "color: $text-warning",
    "type": "color: $text-secondary",
    "function": "color: $text-primary",
    "macro": "color: $text-primary; text-style: bold",
    "lifetime": "color: $text-warning; text-style: italic",
    "attribute": "color: $foreground 78%",
    "operator": "color: $foreground 80%",
    "name": "color: $foreground",
    # A review.
    "undecided": "color: $foreground; text-style: bold",
    "accepted": "color: $text-success; text-style: bold",
    "rejected": "color: $text-error; text-style: bold",
    "edited": "color: $text-warning; text-style: bold",
    "added": "color: $text-success; text-style: bold",
    "removed": "color: $text-error; text-style: bold",
    "origin-rustc": "color: $text-primary",
    "origin-rule": "color: $text-secondary",
    "origin-model": "color: $text-warning",
    "origin-you": "color: $text-accent",
    "bar-current": "color: $foreground 60%",
    "bar-undecided": "color: $foreground 40%",
    "bar-accepted": "color: $success",
    "bar-rejected": "color: $error",
    "number-context": "color: $foreground 62%",
    "number-added": "color: $text-success",
    "number-removed": "color: $text-error",
    "sign-context": "",
    "sign-added": "color: $text-success; text-style: bold",
    "sign-removed": "color: $text-error; text-style: bold",
}

# What text stands on. A ground with a colour of its own wins over the ink: there the marked words must be legible.
_GROUNDS = {
    "banner": "background: $primary 18%",
    "notice": "background: $warning 30%; color: $foreground; text-style: bold",
    "file": "background: $foreground 12%",
    "hunk": "background: $foreground 5%",
    "hunk-current": "background: $foreground 10%",
    "added": "background: $success 12%",
    "removed": "background: $error 12%",
    "added-word": "background: $success 38%; color: $foreground; text-style: bold",
    "removed-word": "background: $error 38%; color: $foreground; text-style: bold",
    "chosen": "background: $foreground 12%",
    "centre": "background: $primary 15%",
    "marked": "background: $foreground 6%",
}

_FOCUSED = {
    "ink--bar-current": "color: $accent",
    "on--hunk-current": "background: $primary 22%",
    "on--chosen": "background: $primary 26%",
}


def _css() -> str:
    rules = [f"LineWidget > .ink--{name} {{ {style} }}" for name, style in _INKS.items()]
    rules += [f"LineWidget > .on--{name} {{ {style} }}" for name, style in _GROUNDS.items()]
    rules += [f"LineWidget:focus > .{name} {{ {style} }}" for name, style in _FOCUSED.items()]
    return "\n".join(rules)


class LineWidget(ScrollView, can_focus=True, inherit_bindings=False):
    """A widget that is its own lines. Subclasses draw :class:`Line` values and call :meth:`strip`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"ink--{name}" for name in _INKS} | {f"on--{name}" for name in _GROUNDS}

    DEFAULT_CSS = """
    LineWidget {
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        overflow-x: auto;
        overflow-y: auto;
    }
    """ + _css()

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 (Textual's name for it)
        super().__init__(name=name, id=id, classes=classes)
        self._styles_of: dict[tuple[str, str], Style] = {}

    def notify_style_update(self) -> None:
        """Forgets the colours: the theme or the focus changed."""
        super().notify_style_update()
        self._styles_of.clear()

    def ink(self, ink: str, ground: str = "") -> Style:
        """The style of text in ``ink`` on ``ground``, as the theme has it now."""
        key = (ink, ground)
        if key not in self._styles_of:
            self._styles_of[key] = self._mix(ink, ground)
        return self._styles_of[key]

    def _mix(self, ink: str, ground: str) -> Style:
        # Textual mixes one component class with its parent; two on each other (an ink on a ground) are mixed here.
        _, background = self.background_colors
        color, text_style = self.styles.color, Style()
        if ground:
            below = self.get_component_styles(f"on--{ground}")
            background += below.background
            text_style += below.text_style
            color = below.color if below.has_rule("color") else color
        if ink:
            above = self.get_component_styles(f"ink--{ink}")
            if above.has_rule("color") and not (ground and below.has_rule("color")):
                color = above.color
            text_style += above.text_style
        return Style(color=(background + color).rich_color, bgcolor=background.rich_color) + text_style

    def strip(self, line: Line, width: int) -> Strip:
        """A drawn line, filled with its ground to ``width`` cells."""
        segments = [Segment(text, self.ink(ink, ground or line.ground)) for text, ink, ground in line.pieces]
        return Strip(segments).adjust_cell_length(width, self.ink("", line.ground))

    def centred(self, text: str, y: int) -> Line:
        """Line ``y`` of some paragraphs in the middle of the widget, the first line strong."""
        width, height = self.scrollable_content_region.size
        lines = wrap(text, max(10, min(60, width - 4)))
        at = y - max(0, (height - len(lines)) // 2)
        if not 0 <= at < len(lines):
            return Line(fit([], width))
        left = max(0, (width - cell_len(lines[at])) // 2)
        return Line(fit([Piece(" " * left), Piece(lines[at], "title" if at == 0 else "muted")], width))
