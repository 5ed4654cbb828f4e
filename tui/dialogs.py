"""Questions in the middle of the screen. The safe answer has the focus, and Escape always means no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual._time import get_time
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

from tui.gate import Gate
from tui.themes import QUIET
from tui.turns import Plain
from tutor.config import AppSettings
from tutor.inert import inert, inert_line

Result = TypeVar("Result")


class Dialog(ModalScreen[Result], Generic[Result], inherit_bindings=False):
    """The frame of every dialog: a title, some text, and what the subclass puts below. Escape gives ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="dialog.cancel"),
        Binding("tab", "app.focus_next", "Next", show=False, id="dialog.next"),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, id="dialog.previous"),
    ]

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__(classes="dialog")
        self._title = inert_line(title)
        self._text = text

    def compose(self) -> ComposeResult:
        """The box."""
        with Vertical(classes="box") as box:
            box.border_title = Content(self._title)
            if self._text:
                with VerticalScroll(classes="text", can_focus=False):
                    yield Plain(self._text)
            yield from self.parts()

    def parts(self) -> ComposeResult:
        """What is below the text."""
        yield from ()

    def action_cancel(self) -> None:
        """No."""
        self.dismiss(None)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to choose: its value, the key that means it, and its words."""

    value: str
    key: str
    words: str


class Question(Dialog[str]):
    """Asks for one of some answers. The last one is the safe one: it has the focus, and its key counts at once. The
    keys of the others count only once the question has been on screen for a moment: it may have come up while the user
    was typing something else."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "app.focus_previous", "Previous", show=False, id="dialog.left"),
        Binding("right,down", "app.focus_next", "Next", show=False, id="dialog.right"),
    ]

    def __init__(self, title: str, text: str, answers: Sequence[Answer]) -> None:
        super().__init__(title, text)
        self._answers = answers
        self.gate = Gate(AppSettings().grace_ms, monotonic)

    def parts(self) -> ComposeResult:
        """A button for each answer."""
        with Horizontal(classes="answers"):
            for answer in self._answers:
                label = Content.assemble((answer.key, "bold $text-accent"), f"  {answer.words}")
                yield Button(label, id=f"answer-{answer.value}", compact=True)

    def on_mount(self) -> None:
        """Enter, pressed by habit, must do no harm."""
        self.query_one(f"#answer-{self._answers[-1].value}", Button).focus()
        self.call_after_refresh(self.gate.seen)

    def on_key(self, event: events.Key) -> None:
        """The answers' own keys."""
        for answer in self._answers:
            if event.key == answer.key:
                event.stop()
                self._choose(answer.value, get_time() - event.time)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """An answer was chosen."""
        self._choose((event.button.id or "").removeprefix("answer-"))

    def _choose(self, value: str, waited: float = 0.0) -> None:
        if value == self._answers[-1].value or self.gate.is_open(waited):
            self.dismiss(value)


def yes_or_no(title: str, text: str, yes: str, no: str = "no") -> Question:
    """A question whose result is "yes", "no" or None."""
    return Question(title, text, [Answer("yes", "y", yes), Answer("no", "n", no)])


class MessageEditor(Dialog[str]):
    """The message of a commit, to be read and changed. ctrl+s gives the text."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Commit", id="dialog.commit")]

    def __init__(self, message: str, paths: Sequence[str]) -> None:
        super().__init__("commit", "")
        self.add_class("tall")
        self._message = message
        self._paths = paths

    def parts(self) -> ComposeResult:
        """What is committed, the editor, and the keys."""
        named = ", ".join(map(inert_line, self._paths)) if len(self._paths) <= 3 else f"{len(self._paths)} files"
        yield Plain(f"Exactly the accepted lines of {named}", classes="about")
        yield TextArea(inert(self._message), soft_wrap=True, compact=True, highlight_cursor_line=False, id="message")
        yield Static(
            _keys(("ctrl+s", "commits"), ("esc", "leaves the files written and commits nothing")),
            classes="keys",
            markup=False,
        )

    def on_mount(self) -> None:
        """Enter makes a new line here; it never commits."""
        self.query_one(TextArea).focus()

    def action_save(self) -> None:
        """An empty message is no message."""
        text = self.query_one(TextArea).text.strip()
        if text:
            self.dismiss(text + "\n")
        else:
            self.notify("A commit needs a message.", markup=False)


class LineInput(Dialog[str]):
    """Asks for one line of the user's own words."""

    def __init__(self, title: str, text: str, placeholder: str) -> None:
        super().__init__(title, text)
        self._placeholder = placeholder

    def parts(self) -> ComposeResult:
        """The line and the keys."""
        yield Input(placeholder=self._placeholder, compact=True)
        yield Static(_keys(("enter", "sends"), ("esc", "cancels")), classes="keys", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Sent."""
        self.dismiss(event.value.strip())


class IdentityForm(Dialog[tuple[str, str]]):
    """Asks for the name and the e-mail address of one commit; ctrl+s gives both."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+s", "save", "Commit", id="dialog.identity")]

    _HOW = (
        "Git does not know who you are. For this commit only, give a name and an e-mail address.\n"
        "For all commits, type these two lines in a shell:\n\n"
        '  git config --global user.name "Your Name"\n'
        "  git config --global user.email you@example.org"
    )

    def __init__(self) -> None:
        super().__init__("who commits?", self._HOW)

    def parts(self) -> ComposeResult:
        """Two lines and the keys."""
        yield Input(placeholder="Name", compact=True, id="identity-name")
        yield Input(placeholder="E-mail address", compact=True, id="identity-email")
        yield Static(_keys(("ctrl+s", "commits"), ("esc", "commits nothing")), classes="keys", markup=False)

    def on_mount(self) -> None:
        """The name comes first."""
        self.query_one("#identity-name", Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter only goes on to the other line."""
        self.focus_next()

    def action_save(self) -> None:
        """Both are needed, and the address must look like one."""
        name = self.query_one("#identity-name", Input).value.strip()
        email = self.query_one("#identity-email", Input).value.strip()
        if name and "@" in email and not any(sign in name + email for sign in "<>\n"):
            self.dismiss((name, email))
        else:
            self.notify("Both are needed: a name, and an address such as you@example.org.", markup=False)


def _keys(*pairs: tuple[str, str]) -> Content:
    parts: list[tuple[str, str]] = []
    for key, does in pairs:
        parts += [(key, "bold $text-accent"), (f" {does}    ", QUIET)]
    return Content.assemble(*parts)
