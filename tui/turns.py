"""What stands in the chat: turns, notes and the question whether it helped. Text from outside is made inert first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from commands.citations import MOST, Cited
from tui.diff_cells import fit
from tui.highlight import Piece
from tui.themes import QUIET
from tutor.events import Citation
from tutor.inert import inert, inert_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from textual.timer import Timer
    from textual.widgets import Markdown
    from textual.widgets.markdown import MarkdownStream

Level = Literal["info", "success", "warning", "error"]
_SIGNS: dict[Level, str] = {"info": "·", "success": "✓", "warning": "!", "error": "✗"}
_INKS: dict[Level, str] = {
    "info": QUIET, "success": "$text-success", "warning": "$text-warning", "error": "$text-error",
}  # fmt: skip
_RATE = 1 / 25  # seconds between two updates of a streamed answer


def parser() -> MarkdownIt:
    """A Markdown parser for text from outside: HTML stays text, and nothing becomes a link by itself."""
    from markdown_it import MarkdownIt

    return MarkdownIt("gfm-like", {"html": False, "linkify": False})


def markdown(text: str = "") -> Markdown:
    """A Markdown widget whose links do nothing by themselves. ``text`` must be inert already."""
    from textual.widgets import Markdown

    return Markdown(text, parser_factory=parser, open_links=False)


class Plain(Static):
    """Foreign or composed text: never markup, never escapes."""

    def __init__(self, text: str, *, classes: str = "") -> None:
        super().__init__(Content(inert(text)), markup=False, classes=classes)


class UserTurn(Plain):
    """What the user typed, as it was typed."""

    def __init__(self, text: str) -> None:
        super().__init__(text, classes="turn user")


class Note(Static, can_focus=False):
    """One line about what happened; ``details`` come below it on demand (a click, or Enter on the focused line)."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "details", "Details", id="note.details")]

    help_text = "Enter shows or hides the details of this line."

    def __init__(self, text: str, level: Level = "info", details: str = "") -> None:
        super().__init__("", markup=False, classes=f"turn note {level}")
        self.text = inert_line(text.strip())
        self.details = inert(details).rstrip()
        self._level: Level = level
        self._open = False
        self.can_focus = bool(details)

    def render(self) -> Content:
        """The line, with its details below when they are wanted."""
        ink = _INKS[self._level]
        line = Content.assemble((f"{_SIGNS[self._level]} ", ink), (self.text, ink))
        if self.details and self._open:
            return Content.assemble(line, "\n", (self.details, "$foreground"))
        return Content.assemble(line, ("  ▸ details", "$text-accent")) if self.details else line

    def action_details(self) -> None:
        """Shows or hides the details."""
        self._open = bool(self.details) and not self._open
        self.refresh(layout=True)

    def on_click(self) -> None:
        """The same with the mouse."""
        self.action_details()


class TutorTurn(Vertical):
    """An answer or an explanation. ``head``: the dim line above it, which says where it comes from."""

    class Grew(Message):
        """The turn was laid out, perhaps with more text than before."""

        def __init__(self, turn: TutorTurn) -> None:
            super().__init__()
            self.turn = turn

    def __init__(self, head: str, text: str = "") -> None:
        super().__init__(classes="turn tutor")
        self._head = head
        self._body = markdown(inert(text))
        self._there = asyncio.Event()
        self._pending: list[str] = []
        self._stream: MarkdownStream | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The head and the Markdown; sources are added when they are known."""
        yield Plain(self._head, classes="head")
        yield self._body

    def on_mount(self) -> None:
        """From now on it can be filled."""
        self._there.set()

    def on_resize(self) -> None:
        """Says so."""
        self.post_message(self.Grew(self))

    def delta(self, text: str) -> None:
        """The next piece of a streamed answer; shown with the next update, at most 25 a second."""
        self._pending.append(inert(text))
        if self._timer is None:
            self._timer = self.set_interval(_RATE, self._flush)

    async def _flush(self) -> None:
        if not self._pending:
            return
        if self._stream is None:
            self._stream = self._body.get_stream(self._body)
        text = "".join(self._pending)
        self._pending.clear()
        await self._stream.write(text)

    async def finish(self, text: str, sources: Sources | None = None, *, stopped: bool = False) -> None:
        """The whole answer, parsed once more from the beginning, and where it stands. An empty ``text`` keeps what
        has come so far."""
        await self._there.wait()
        if self._timer is not None:
            self._timer.stop()
        await self._flush()
        if self._stream is not None:
            await self._stream.stop()
            self._stream = None
        if text:
            await self._body.update(inert(text))
        if stopped:
            await self.mount(Plain("stopped here", classes="stopped"))
        if sources is not None:
            await self.mount(sources)


class Sources(Widget, can_focus=True):
    """Where an answer comes from, a numbered line each. With the focus, a number opens a place; ``key``: the one that
    opens the first from anywhere, as the user has it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Read it", id="sources.open"),
        Binding("up,k", "move(-1)", "Up", id="sources.up", show=False),
        Binding("down,j", "move(1)", "Down", id="sources.down", show=False),
        *(Binding(str(n), f"open({n})", f"Read {n}", id=f"sources.{n}", show=False) for n in range(1, MOST + 1)),
    ]

    help_text = "Where the answer comes from. A number opens that page, arrows and enter do the same, esc goes back."

    class Opened(Message):
        """The user wants to read a source."""

        def __init__(self, citation: Citation) -> None:
            super().__init__()
            self.citation = citation

    def __init__(self, listed: Sequence[Cited], key: str = "") -> None:
        super().__init__(classes="sources")
        self.listed = listed
        self.at = 0
        self._key = key

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each, and one for what they are."""
        return len(self.listed) + 1

    def render(self) -> Content:
        """What they are and how they are opened, then the places."""
        width = self.content_size.width
        key = "bold $text-accent"
        hint: list[str | tuple[str, str]] = [("From", "bold $foreground 80%"), ("   ", "")]
        if self.has_focus:
            hint += [("a number", key), (" or ", QUIET), ("enter", key), (" reads", QUIET)]
        else:
            hint += [(self._key, key), (" reads the first, ", QUIET), ("tab", key), (" chooses", QUIET)]
        lines = [Content.assemble(*hint)]
        for number, cited in enumerate(self.listed, 1):
            chosen = self.has_focus and number == self.at + 1
            room = width - 3 - cell_len(cited.source)
            title = "".join(piece.text for piece in fit([Piece(cited.title)], max(8, room - 2))).rstrip()
            gap = " " * max(2, room - cell_len(title))
            line = Content.assemble(
                (f"{number}", key), (f"{'›' if chosen else ' '} {title}", ""), (gap + cited.source, QUIET)
            )
            lines.append(line.stylize("$text on $primary 26%" if chosen else ""))
        return Content("\n").join(lines)

    def action_move(self, by: int) -> None:
        """To another line."""
        self.at = max(0, min(len(self.listed) - 1, self.at + by))
        self.refresh()

    def action_open(self, number: int = 0) -> None:
        """Asks for the one of this number, or for the one under the cursor."""
        if number > len(self.listed):
            return
        self.at = number - 1 if number else self.at
        self.refresh()
        self.post_message(self.Opened(self.listed[self.at].citation))

    def on_click(self, event: events.Click) -> None:
        """The one under the pointer."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 < offset.y <= len(self.listed):
            self.action_open(offset.y)

    def on_focus(self) -> None:
        """Shows its keys, all of its lines on the screen."""
        self.refresh()
        self.scroll_visible(animate=False)

    def on_blur(self) -> None:
        """Hides them."""
        self.refresh()


class Helpful(Static, can_focus=True):
    """“Was this helpful?” Its keys count only while it has the focus; it never asks for it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "say(True)", "Yes", id="helpful.yes"),
        Binding("n", "say(False)", "No", id="helpful.no"),
    ]

    help_text = "`y`: it helped. `n`: it did not; then say in a line what was wrong, and it is tried again."

    class Said(Message):
        """The user said whether ``subject`` helped."""

        def __init__(self, subject: str, helpful: bool) -> None:
            super().__init__()
            self.subject = subject
            self.helpful = helpful

    def __init__(self, subject: str) -> None:
        super().__init__("", markup=False, classes="turn helpful")
        self.subject = subject
        self._said: bool | None = None

    def render(self) -> Content:
        """The question, or the answer to it."""
        if self._said is not None:
            return Content.styled("Noted: it helped." if self._said else "Noted: it did not help.", QUIET)
        key = "bold $text-accent"
        if self.has_focus:
            return Content.assemble(
                ("Was this helpful?  ", QUIET), ("y", key), (" yes  ", QUIET), ("n", key), (" no", QUIET)
            )
        return Content.assemble(("Was this helpful?  ", QUIET), ("/helpful", key), (" yes or no", QUIET))

    def action_say(self, helpful: bool) -> None:
        """Passes the answer on, once."""
        if self._said is None:
            self.post_message(self.Said(self.subject, helpful))

    def settle(self, helpful: bool) -> None:
        """Shows what was said; the line stops asking."""
        self._said = helpful
        self.can_focus = False
        self.refresh()

    def on_focus(self) -> None:
        """Shows its keys."""
        self.refresh()

    def on_blur(self) -> None:
        """Hides its keys."""
        self.refresh()
