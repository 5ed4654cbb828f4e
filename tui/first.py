"""The first frame: the app's own frame, drawn by one widget at once; the panes take its place right after.

Panes with all that is in them take several times as long to make as this takes to draw. What is typed meanwhile is
kept, in order, for the prompt. ``tests/test_tui_first.py`` holds that nothing of it moves when the panes come.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from tui.themes import QUIET

SEND: Final = Binding("enter", "send", "Send", id="prompt.send")
NEWLINE: Final = Binding("ctrl+j,shift+enter", "newline", "New line", id="prompt.newline", key_display="^j")
PLACEHOLDER: Final = "Ask, or type “fix this” · / for commands"
BREAKPOINTS: Final = [(0, "-narrow"), (100, "-medium"), (150, "-wide")]

Part = tuple[str, str]
Drawn = list[list[Part]]

_WELCOME = (
    ("fix this", "finds fixes, proven, as a diff"),
    ("why …?", "Rust, Git, Linux, gh · /explain"),
    ("?", "keys of this pane · ctrl+p all"),
)


def welcome() -> Drawn:
    """What stands in the chat before anything was said: lines of (text, style)."""
    lines: Drawn = [[("It shows, explains and proves; you decide.", "bold $foreground")], [("", "")]]
    return lines + [[(typed.ljust(10), "bold $text-accent"), (does, "$foreground 80%")] for typed, does in _WELCOME]


def tab_parts(labels: list[tuple[str, bool]]) -> list[Part]:
    """The names in a line of tabs, the active one marked by more than a colour."""
    return [
        (f"▎{label} " if active else f" {label} ", "bold $text-accent" if active else QUIET) for label, active in labels
    ]


class FirstFrame(Widget, can_focus=True):
    """Stands where the panes will be, with the focus that the prompt will have."""

    BINDINGS: ClassVar[list[BindingType]] = [
        SEND,
        NEWLINE,
    ]  # to be shown: no key is acted on before the panes are there

    DEFAULT_CSS = """
    FirstFrame { height: 1fr; width: 1fr; background: $surface; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__(id="first")
        self.typed: list[events.Key | events.Paste] = []

    def render(self) -> Content:
        """The panes' frames with their titles, the tabs, the prompt."""
        lines = draw(self.screen.size.width, self.size.height)
        return Content("\n").join([Content.assemble(*line) for line in lines])

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Letters are for the prompt."""
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Keeps a key for the prompt."""
        event.stop()
        event.prevent_default()
        self.typed.append(events.Key(event.key, event.character))

    def on_paste(self, event: events.Paste) -> None:
        """Keeps pasted text for the prompt."""
        event.stop()
        event.prevent_default()
        self.typed.append(events.Paste(event.text))


def draw(width: int, height: int) -> Drawn:
    """The frame of all panes, as ``panes.tcss`` lays them out on a screen ``width`` wide."""
    if width < BREAKPOINTS[1][0]:
        names = [("chat", True), ("diff", False), ("problems", False), ("concepts", False)]
        return [_tabs(names, width, "on $background"), *_chat(width, height - 1)]
    if width < BREAKPOINTS[2][0]:
        chat = int(width * 0.42)
        names = [("diff", True), ("problems", False), ("concepts", False)]
        side = [_tabs(names, width - chat, "on $background"), *_box("diff", [], width - chat, height - 1)]
        return _beside(_box("chat", _chat(chat - 2, height - 2), chat, height), side)
    chat = max(46, int(width * 0.3))
    concepts = int((width - chat) * 0.36)
    work = width - chat - concepts
    problems = min(16, max(6, int(height * 0.28)))
    column = _box("problems", [], work, problems) + _box("diff", [], work, height - problems)
    left = _box("chat", _chat(chat - 2, height - 2), chat, height)
    return _beside(left, column, _box("concepts", [], concepts, height))


def _chat(width: int, height: int) -> Drawn:
    inside: Drawn = [[(" ", ""), *line] for line in welcome()]
    if any(sum(len(text) for text, _ in line) > width - 1 for line in inside):
        inside = []  # it will be wrapped: it comes with the panes
    hint = PLACEHOLDER if len(PLACEHOLDER) <= width - 3 else PLACEHOLDER[: width - 2].rpartition(" ")[0]  # whole words
    prompt: list[Part] = [("▌", "$accent on $panel"), (f" {hint}", "$foreground 60% on $panel")]
    lines = [*inside, [], _fit(prompt, width, "on $panel")][-max(0, height) :]
    empty: Drawn = [[]] * (height - len(lines))
    return [_fit(line, width) for line in empty + lines]


def _box(title: str, inside: Drawn, width: int, height: int) -> Drawn:
    """A round frame; the one around something has the focus."""
    ink, title_ink = ("$accent", "bold $accent") if inside else ("$border-blurred", QUIET)
    body = inside or [_fit([], width - 2)] * (height - 2)
    top: list[Part] = [("╭─", ink), (f" {title} ", title_ink), ("─" * (width - len(title) - 5) + "╮", ink)]
    return [top, *([("│", ink), *line, ("│", ink)] for line in body), [(f"╰{'─' * (width - 2)}╯", ink)]]


def _tabs(labels: list[tuple[str, bool]], width: int, ground: str) -> list[Part]:
    parts = [(" ", ground), *((text, f"{ink} {ground}") for text, ink in tab_parts(labels))]
    return _fit(parts, width, ground)


def _fit(parts: list[Part], width: int, ink: str = "") -> list[Part]:
    """Parts cut or filled to ``width`` cells; every character in them is one cell wide."""
    fitted: list[Part] = []
    for text, style in parts:
        fitted.append((text[:width], style))
        width -= len(fitted[-1][0])
    return [*fitted, (" " * width, ink)]


def _beside(*columns: Drawn) -> Drawn:
    return [[part for line in lines for part in line] for lines in zip(*columns, strict=False)]
