"""What the prompt offers while a slash command is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget

from commands.registry import find, offered
from tui.themes import QUIET
from tutor.inert import inert_line

_SHOWN = 8


class Choice(NamedTuple):
    """One offer: ``text`` replaces the whole prompt; ``label`` and ``about`` are what is shown."""

    text: str
    label: str
    about: str


def choices(typed: str, arguments: Callable[[str], Sequence[tuple[str, str]]]) -> list[Choice]:
    """The offers for what stands in the prompt; none unless it is one line that begins with a slash.

    ``arguments(command)``: what the command can be asked about, as (word, what it is).
    """
    if not typed.startswith("/") or "\n" in typed:
        return []
    name, space, rest = typed[1:].partition(" ")
    if not space:
        return [
            Choice(f"/{c.name}" + (" " if c.argument else ""), f"/{c.name} {c.argument}".rstrip(), c.summary)
            for c in offered("app")
            if c.name.startswith(name.lower())
        ]
    command = find(name.lower())
    if command is None or not command.argument:
        return []
    wanted = rest.strip().lower()
    pairs = [(word, about) for word, about in arguments(command.name) if wanted in word.lower() and wanted != word]
    pairs.sort(key=lambda pair: not pair[0].lower().startswith(wanted))
    return [Choice(f"/{command.name} {word}", word, about) for word, about in pairs[: 5 * _SHOWN]]


class Offers(Widget):
    """The list above the prompt. It never takes the focus; the prompt moves in it."""

    DEFAULT_CSS = """
    Offers {
        display: none;
        height: auto;
        max-height: 8;
        background: $panel;
        padding: 0 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    Offers.open { display: block; }
    """

    class Picked(Message):
        """An offer was clicked."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self) -> None:
        super().__init__()
        self._choices: list[Choice] = []
        self._at = 0

    @property
    def current(self) -> Choice | None:
        """The offer that tab takes; None when nothing is offered."""
        return self._choices[self._at] if self._choices else None

    def show(self, offers: Sequence[Choice]) -> None:
        """Offers these, the first one chosen; nothing hides the list."""
        self._choices = list(offers)
        self._at = 0
        self.set_class(bool(self._choices), "open")
        self.refresh(layout=True)

    def move(self, by: int) -> None:
        """Chooses the next or the previous one, round and round."""
        if self._choices:
            self._at = (self._at + by) % len(self._choices)
            self.refresh()

    def render(self) -> Content:
        """The lines around the chosen one."""
        first = self._first()
        lines = self._choices[first : first + _SHOWN]
        label_width = min(24, max((len(choice.label) for choice in lines), default=0))
        drawn = []
        for number, choice in enumerate(lines, first):
            ink = "bold $text-accent" if number == self._at else "$foreground"
            sign = "❯ " if number == self._at else "  "
            label = inert_line(choice.label).ljust(label_width)
            drawn.append(Content.assemble((sign, ink), (label + "  ", ink), (inert_line(choice.about), QUIET)))
        return Content("\n").join(drawn)

    def _first(self) -> int:
        return max(0, min(self._at - _SHOWN // 2, len(self._choices) - _SHOWN))

    def on_click(self, event: Click) -> None:
        """Takes the offer under the pointer."""
        number = self._first() + event.y
        if 0 <= number < len(self._choices):
            self.post_message(self.Picked(self._choices[number]))
