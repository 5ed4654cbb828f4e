"""The finder: any lesson, page, command, type or option by its name, narrowed down with every key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from knowledgegraph.answer import SOURCES
from tui.diff_cells import Line, fit, label, wrap
from tui.diff_lines import LineWidget
from tui.highlight import Piece
from tutor.inert import inert_line

if TYPE_CHECKING:
    from textual.strip import Strip

    from knowledgegraph.entry import Entry

SHOWN = 50
"""Entries listed at most: who needs more types one more letter."""
_SOURCE = 20  # cells for where an entry comes from
_SUMMARY = 3  # lines

_NOTHING = "Nothing has this in its name. Fewer letters find more; a question goes into the chat."
_PATHS = frozenset({"std", "crate"})  # kinds whose references say more than the titles

Look = Callable[[str, Callable[[Sequence["Entry"]], None]], None]
"""Looks a text up in the background and hands over what was found."""


def beside_title(entry: Entry) -> str:
    """What tells an entry from others of its title: the module that it is in; "" where the title says it all."""
    if entry.kind not in _PATHS or entry.ref == entry.title:
        return ""
    return entry.ref.removesuffix(entry.title).rstrip(":") or entry.ref


class Found(LineWidget, inherit_bindings=False):
    """The list of what was found, one line each; the finder moves in it."""

    class Chosen(Message):
        """An entry was clicked."""

    DEFAULT_CSS = "Found { overflow: hidden hidden; height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="found")
        self.can_focus = False
        self.entries: Sequence[Entry] = ()
        self.at = 0
        self.empty = ""

    @property
    def current(self) -> Entry | None:
        """The entry that the cursor is on."""
        return self.entries[self.at] if self.entries else None

    def fill(self, entries: Sequence[Entry]) -> None:
        """Lists these, the cursor on the first."""
        self.entries, self.at = entries, 0
        self.refresh()

    def move(self, by: int) -> None:
        """Moves the cursor; it stays in the list."""
        self.at = max(0, min(len(self.entries) - 1, self.at + by))
        self.refresh()

    @property
    def _first(self) -> int:
        return max(0, min(self.at - self.size.height // 2, len(self.entries) - self.size.height))

    def render_line(self, y: int) -> Strip:
        """One entry: its title, and where it comes from."""
        width = self.size.width
        number = self._first + y
        if number >= len(self.entries):
            lines = wrap(self.empty, max(8, width - 2)) if not self.entries else []
            said = [Piece(f" {lines[y]}", "muted")] if y < len(lines) else []
            return self.strip(Line(fit(said, width)), width)
        entry = self.entries[number]
        ground = "chosen" if number == self.at else ""
        source = inert_line(SOURCES.get(entry.kind, entry.kind))
        room = width - _SOURCE - 1
        name = [label(entry.title, "chosen" if ground else "plain", ground)]
        beside = beside_title(entry)
        if beside and cell_len(entry.title) + cell_len(beside) + 3 < room:
            name += [Piece("  ", "", ground), label(beside, "faint", ground)]
        pieces = [Piece(" ", "", ground), *fit(name, room - 1), Piece(" ", "", ground)]
        pieces += fit([Piece(source, "faint", ground)], _SOURCE)
        return self.strip(Line(pieces, ground), width)

    def on_click(self, event: events.Click) -> None:
        """Chooses the entry under the pointer."""
        number = self._first + event.y
        if number < len(self.entries):
            self.at = number
            self.refresh()
            self.post_message(self.Chosen())


class Finder(ModalScreen[tuple[str, str]], inherit_bindings=False):
    """Gives ("map", id), ("page", id) or None. ``look``: see :data:`Look`; it is asked for one text at a time, and
    then for the last one that was typed meanwhile. ``hint``: said below, where something is not there yet."""

    help_text = (
        "Type a part of a name: of a lesson, page, command, option, type, error code or lint. Arrows choose, enter "
        "puts what is chosen into the middle of the map, ctrl+o opens its page. Questions are for the chat."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, id="finder.down", priority=True),
        Binding("up", "move(-1)", "Up", show=False, id="finder.up", priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, id="finder.page_down", priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, id="finder.page_up", priority=True),
        Binding("enter", "choose('map')", "Map", id="finder.map", priority=True),
        Binding("ctrl+o", "choose('page')", "Read", id="finder.page", priority=True),
        Binding("escape", "cancel", "Close", id="finder.close", priority=True),
        Binding("f1", "app.help", "Help", id="finder.help", priority=True),
    ]

    DEFAULT_CSS = """
    Finder { align: center top; background: $background 60%; }
    Finder > Vertical {
        width: 96%; max-width: 100; height: 80%; max-height: 32; margin: 1 0 0 0;
        background: $surface; border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $foreground 70%;
    }
    Finder.-narrow > Vertical { width: 100%; height: 100%; margin: 0; }
    Finder Input, Finder Input:focus { background: $panel; border: none; height: 1; padding: 0 1; }
    Finder #about { height: 4; padding: 0 1; border-top: solid $border-blurred; color: $foreground 86%; }
    """

    def __init__(self, look: Look, text: str = "", hint: str = "") -> None:
        super().__init__()
        self._look = look
        self._text = text
        self._hint = inert_line(hint)
        self._asked: str | None = None
        self._wanted: str | None = None
        self.found = Found()

    def compose(self) -> ComposeResult:
        """The line, the list, what the chosen one is."""
        with Vertical() as box:
            box.border_title = "find"
            box.border_subtitle = "↑↓ · enter map · ctrl+o read · esc · f1"
            yield Input(self._text, placeholder="A part of a name: Vec::push, rebase, E0382…", compact=True)
            yield self.found
            yield Static("", id="about", markup=False)

    def on_mount(self) -> None:
        """Looks for what was given."""
        self.query_one(Input).focus()
        self._about()
        self._ask(self._text)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Every key narrows down."""
        self._ask(event.value)

    def _ask(self, text: str) -> None:
        self._wanted = text
        if self._asked is None:
            self._next()

    def _next(self) -> None:
        text, self._wanted = self._wanted, None
        self._asked = text
        if text is not None:
            self._look(text, self._show)

    def _show(self, entries: Sequence[Entry]) -> None:
        if not self.is_attached:
            return
        if self._wanted is None:
            self.found.empty = _NOTHING if (self._asked or "").strip() else ""
            self.found.fill(entries[:SHOWN])
            self._about()
        self._next()

    @property
    def settled(self) -> bool:
        """Whether what is listed is what was typed."""
        return self._asked is None

    def _about(self) -> None:
        entry = self.found.current
        if entry is None:
            self.query_one("#about", Static).update(Content(self._hint))
            return
        lines = wrap(entry.summary or entry.title, max(20, min(self.app.size.width - 8, 94)))
        more = " …" if len(lines) > _SUMMARY else ""
        self.query_one("#about", Static).update(Content("\n".join(lines[:_SUMMARY]) + more))

    def action_move(self, by: int) -> None:
        """Moves in the list."""
        self.found.move(by)
        self._about()

    def action_choose(self, where: str) -> None:
        """The one under the cursor."""
        if (entry := self.found.current) is not None:
            self.dismiss((where, entry.id))

    def on_found_chosen(self) -> None:
        """A click: to the map."""
        self.action_choose("map")

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)
