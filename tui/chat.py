"""The chat pane: the last turns, a line about what is running, the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui.completion import Offers
from tui.first import welcome
from tui.history import History
from tui.prompt import Arguments, Prompt
from tui.status import Working

if TYPE_CHECKING:
    from tui.turns import Helpful, Level, TutorTurn

_MOUNTED = 20  # turns on screen at most: every Markdown turn is dozens of widgets


class Turns(VerticalScroll, can_focus=True):
    """The turns. Follows the end unless the user scrolled up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", id="chat.down", show=False),
        Binding("k", "scroll_up", "Up", id="chat.up", show=False),
    ]

    help_text = "The conversation: arrows, page up and page down scroll it. Tab goes on, F2 goes to the prompt."


class ChatPane(Vertical):
    """Turns above, prompt below. The app says what happened; the pane shows it."""

    def __init__(self, history: History, arguments: Arguments) -> None:
        super().__init__(id="chat", classes="pane")
        self._offers = Offers()
        self.prompt = Prompt(history, self._offers, arguments)
        self.working = Working()
        self._turns = Turns(id="turns")
        self._gone = 0
        self._helpful: Helpful | None = None
        self._reading: TutorTurn | None = None

    def compose(self) -> ComposeResult:
        """The parts, top to bottom."""
        self.border_title = "chat"
        with self._turns:
            yield Static(
                Content("\n").join([Content.assemble(*line) for line in welcome()]), id="welcome", markup=False
            )
        yield self.working
        yield self._offers
        yield self.prompt

    def on_mount(self) -> None:
        """The end is what matters."""
        self._turns.anchor()

    # What is shown.

    def say_user(self, text: str) -> None:
        """The user's own words."""
        from tui.turns import UserTurn

        self._reading = None
        self._turns.anchor()  # whoever asks wants to see the answer
        self._add(UserTurn(text))

    def note(self, text: str, level: Level = "info", details: str = "") -> None:
        """One line about what happened."""
        from tui.turns import Note

        self._add(Note(text, level, details))

    def tell(self, head: str, markdown: str = "") -> TutorTurn:
        """A turn of the tutor; give it the rest with ``delta`` and ``finish``."""
        from tui.turns import TutorTurn

        turn = TutorTurn(head, markdown)
        self._add(turn)
        return turn

    def read_from(self, turn: TutorTurn) -> None:
        """Shows ``turn`` from its beginning, where it is longer than what is seen: people read from the top."""
        self._reading = turn
        self._show_top(turn)

    def _show_top(self, turn: TutorTurn) -> None:
        if turn is self._reading and turn.is_attached and turn.outer_size.height > self._turns.size.height - 2 > 0:
            self._reading = None
            self._turns.release_anchor()
            self._turns.scroll_to_widget(turn, animate=False, top=True, immediate=True)

    def on_tutor_turn_grew(self, message: TutorTurn.Grew) -> None:
        """Only now is it known how long the turn is."""
        self.call_after_refresh(self._show_top, message.turn)

    def on_mouse_scroll_up(self) -> None:
        """Who scrolls wants to be where they are."""
        self._reading = None

    def ask_helpful(self, subject: str) -> None:
        """Asks quietly whether ``subject`` helped; an older question that is still open goes away."""
        from tui.turns import Helpful

        self.drop_helpful()
        self._helpful = Helpful(subject)
        self._add(self._helpful)

    def drop_helpful(self) -> None:
        """Takes an open question off the screen."""
        if self._helpful is not None and self._helpful.can_focus:
            self._helpful.remove()
        self._helpful = None

    def settle_helpful(self, helpful: bool) -> None:
        """Shows that the answer was noted."""
        if self._helpful is not None:
            self._helpful.settle(helpful)
            self._helpful = None

    @property
    def helpful_subject(self) -> str:
        """What the open question is about; "" when none is open."""
        return self._helpful.subject if self._helpful else ""

    def scroll_page(self, step: int) -> None:
        """A screen of turns up (-1) or down (1), from the prompt."""
        self._turns.release_anchor()
        self._turns.scroll_relative(y=step * max(1, self._turns.size.height - 2), animate=False, immediate=True)

    def on_prompt_paged(self, message: Prompt.Paged) -> None:
        """Page up and page down in the prompt are for the turns."""
        self.scroll_page(message.step)

    def stops(self) -> list[Widget]:
        """What tab goes through besides the prompt: lines that can be opened, the newest first, then the one that can
        be answered."""
        lines = [line for child in self._turns.children for line in (child, *child.query(".sources")) if line.can_focus]
        lines.reverse()
        return [*sorted(lines, key=lambda line: line.has_class("helpful")), self._turns]

    def take_offer(self, message: Offers.Picked) -> None:
        """An offer was clicked."""
        self.prompt.take(message.choice)
        self.prompt.focus()

    on_offers_picked = take_offer

    def _add(self, turn: Widget) -> None:
        before = self._turns.children[-1] if self._turns.children else None
        # A blank line between turns; Markdown brings its own, and notes stand together.
        close = before is not None and (before.has_class("note") or before.has_class("tutor"))
        turn.set_class(close and (turn.has_class("note") or turn.has_class("helpful")), "joined")
        self._turns.mount(turn)
        mounted: Sequence[Widget] = [child for child in self._turns.children if child.has_class("turn")]
        extra = mounted[: max(0, len(mounted) - _MOUNTED)]
        if not extra:
            return
        for old in extra:
            old.remove()
        self._gone += len(extra)
        self._turns.query_one("#welcome", Static).update(
            Content(f"{self._gone} earlier lines are in the session log: tutor sessions show")
        )
