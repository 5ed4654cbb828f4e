"""The prompt: several lines, Enter sends, history at the edges, completion of slash commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from tui.completion import Choice, Offers, choices
from tui.first import NEWLINE, PLACEHOLDER, SEND
from tui.history import History

Arguments = Callable[[str], Sequence[tuple[str, str]]]


class Prompt(TextArea):
    """Where the user types. ``offers`` is the list that it fills; ``arguments`` see :func:`tui.completion.choices`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        SEND,
        NEWLINE,
        Binding("up", "older", "Earlier input", id="prompt.older", show=False),
        Binding("down", "newer", "Later input", id="prompt.newer", show=False),
        Binding("pageup", "page(-1)", "Scroll the chat up", id="prompt.page_up", show=False),
        Binding("pagedown", "page(1)", "Scroll the chat down", id="prompt.page_down", show=False),
        Binding("tab", "complete", "Complete", id="prompt.complete", show=False),
        Binding("escape", "close_offers", "Close the list", id="prompt.close", show=False),
    ]

    help_text = (
        "Ask anything about Rust, Git, Linux or gh, or type `fix this`. Enter sends, ctrl+j makes a new line, "
        "up and down go through what you typed before. A line that begins with `/` is a command: keep typing, "
        "tab completes it. Esc stops a running answer and keeps its text."
    )

    class Sent(Message):
        """The user sent ``text``."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Paged(Message):
        """Page up (-1) or page down (1) was pressed."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Drafted(Message):
        """The unsent text is ``text`` now; posted when typing pauses."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, history: History, offers: Offers, arguments: Arguments) -> None:
        super().__init__(
            id="prompt", soft_wrap=True, compact=True, highlight_cursor_line=False, tab_behavior="focus",
            placeholder=PLACEHOLDER,
        )  # fmt: skip
        self._history = history
        self._offers = offers
        self._arguments = arguments
        self._quiet = False

    def on_mount(self) -> None:
        """Typing that pauses is a draft worth keeping."""
        self._pause = self.set_timer(0.6, lambda: self.post_message(self.Drafted(self.text)), pause=True)

    def put(self, text: str) -> None:
        """Replaces what is there, with the cursor at the end and no completion list."""
        self._quiet = True
        self.load_text(text)
        self.move_cursor(self.document.end)

    def on_text_area_changed(self) -> None:
        """Keeps the list of offers and the draft up to date."""
        self._offers.show([] if self._quiet else choices(self.text, self._arguments))
        self._quiet = False
        self._pause.reset()
        self._pause.resume()

    def begin(self, text: str) -> None:
        """Like :meth:`put`, and what can follow is offered at once."""
        self.put(text)
        self.call_after_refresh(lambda: self._offers.show(choices(self.text, self._arguments)))

    def take(self, choice: Choice) -> None:
        """Completes with ``choice``; what can be asked about next is offered at once."""
        if choice.text.endswith(" "):
            self.begin(choice.text)
        else:
            self.put(choice.text)

    def action_send(self) -> None:
        """Sends the text; a command that is half typed is completed first."""
        chosen = self._offers.current
        if chosen and " " not in self.text.strip() and chosen.text.strip() != self.text.strip():
            self.take(chosen)
            return
        text = self.text.strip()
        if text:
            self._history.add(text)
            self.put("")
            self.post_message(self.Sent(text))

    def action_newline(self) -> None:
        """A new line where the cursor is."""
        self.insert("\n")

    def action_older(self) -> None:
        """The offer above; at the first line the input before; else the line above."""
        if self._offers.current:
            self._offers.move(-1)
        elif self.cursor_location[0] == 0:
            self._recall(self._history.older(self.text))
        else:
            self.action_cursor_up()

    def action_newer(self) -> None:
        """The offer below; at the last line the input after; else the line below."""
        if self._offers.current:
            self._offers.move(1)
        elif self.cursor_location[0] == self.document.line_count - 1:
            self._recall(self._history.newer())
        else:
            self.action_cursor_down()

    def _recall(self, text: str | None) -> None:
        if text is not None:
            self.put(text)

    def action_page(self, step: int) -> None:
        """Scrolls the chat."""
        self.post_message(self.Paged(step))

    def action_complete(self) -> None:
        """Takes the chosen offer."""
        if (chosen := self._offers.current) is not None:
            self.take(chosen)

    def action_close_offers(self) -> None:
        """Hides the list."""
        self._offers.show([])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a list, tab and escape are the app's."""
        if action in ("complete", "close_offers"):
            return self._offers.current is not None
        return super().check_action(action, parameters)

    async def on_key(self, event: events.Key) -> None:
        """Runs this widget's bindings here and now, so that fast typing, which arrives in one piece, keeps its order:
        Textual would insert the letters first, or last, and run bindings in between. A question mark in an empty
        prompt asks for help."""
        if event.key == "question_mark" and not self.text:
            action = "app.help"
        else:
            bound = self.screen.active_bindings.get(event.key)
            if bound is None or bound.node is not self:
                return
            action = bound.binding.action
        event.stop()
        event.prevent_default()
        await self.run_action(action)
