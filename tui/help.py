"""Help for the pane in use: what it is for, and every key that works there now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from tui.themes import QUIET
from tui.turns import markdown
from tutor.inert import inert

if TYPE_CHECKING:
    from textual.app import App
    from textual.binding import ActiveBinding


def help_of(widget: Widget | None) -> str:
    """The ``help_text`` of ``widget`` or of the nearest widget around it that has one; "" if none has."""
    for node in widget.ancestors_with_self if widget is not None else ():
        text = getattr(node, "help_text", "")
        if isinstance(text, str) and text:
            return text
    return ""


def key_lines(app: App[int], bindings: Iterable[ActiveBinding]) -> list[tuple[str, str, str]]:
    """What the bindings do, once each: (where: "here" or "everywhere", key, description)."""
    lines: dict[tuple[str, str], tuple[str, str, str]] = {}
    for active in bindings:
        binding = active.binding
        if not binding.id or not binding.description or binding.id.startswith("dialog."):
            continue
        screen = active.node is app.screen and not isinstance(app.screen, ModalScreen)
        where = "everywhere" if active.node is app or screen else "here"
        key = app.get_key_display(binding)
        same = lines.get((where, binding.id))
        lines[where, binding.id] = (where, f"{same[1]} {key}" if same else key, binding.description)
    return list(lines.values())


def without_tables(text: str) -> str:
    """Markdown without its tables: the keys are listed as they are bound now, by the user's own keymap, too."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("|"))


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """Shows the help; Escape, q or ? closes it, arrows scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "close", "Close", id="help.close"),
        Binding("down,j", "scroll(1)", "Down", id="help.down"),
        Binding("up,k", "scroll(-1)", "Up", id="help.up"),
        Binding("pagedown,space", "page(1)", "Page down", id="help.page_down"),
        Binding("pageup", "page(-1)", "Page up", id="help.page_up"),
    ]

    def __init__(self, text: str, keys: list[tuple[str, str, str]]) -> None:
        super().__init__(classes="dialog")
        self._text = text
        self._lines = keys

    def compose(self) -> ComposeResult:
        """The text, the pane's keys, the keys of the whole app."""
        with VerticalScroll(classes="box help", can_focus=False) as box:
            box.border_title = "help"
            box.border_subtitle = "esc closes"
            if self._text:
                yield markdown(inert(without_tables(self._text)))
            for where, title in (("here", "Keys here"), ("everywhere", "Keys everywhere")):
                if lines := [line for line in self._lines if line[0] == where]:
                    yield Static(self._table(title, lines), classes="key-table", markup=False)

    @staticmethod
    def _table(title: str, lines: list[tuple[str, str, str]]) -> Content:
        width = max(len(key) for _, key, _ in lines)
        rows = [Content.styled(title, "bold $text-accent")]
        rows += [Content.assemble((key.ljust(width + 2), "bold"), (does, QUIET)) for _, key, does in lines]
        return Content("\n").join(rows)

    def action_close(self) -> None:
        """Back to where the user was."""
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Line by line."""
        self.query_one(VerticalScroll).scroll_relative(y=2 * by, animate=False)

    def action_page(self, by: int) -> None:
        """A screen at a time."""
        box = self.query_one(VerticalScroll)
        box.scroll_relative(y=by * max(1, box.size.height - 3), animate=False)
