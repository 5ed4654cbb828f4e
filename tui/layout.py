"""How the panes share the screen: three columns, two, or one at a time behind tabs.

The tree of widgets never changes. The screen carries ``-wide``, ``-medium`` or ``-narrow`` (its width) and the
:class:`Panes` carry ``show-NAME`` (the pane in use) and ``side-NAME`` (the last one in use that is not the chat);
``panes.tcss`` turns those into what is seen. So a resize loses no state, no focus and no scroll position.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal, get_args

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tui.first import BREAKPOINTS, tab_parts
from tutor.inert import inert_line

PaneName = Literal["chat", "diff", "problems", "concepts"]
PANES: Final[tuple[PaneName, ...]] = get_args(PaneName)


class Pane(Vertical):
    """A titled frame around one kind of content."""

    def __init__(self, name: PaneName) -> None:
        super().__init__(id=f"{name}-pane", classes="pane")
        self.border_title = name


class TabBar(Widget):
    """The names of panes in one line, with what is in them; a click shows one."""

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, pane: PaneName) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, names: tuple[PaneName, ...], *, id: str) -> None:  # noqa: A002 (Textual's name for it)
        super().__init__(id=id, classes="tabs")
        self._names = names
        self._counts: dict[PaneName, str] = {}
        self._active: PaneName = names[0]

    def update(self, active: PaneName, counts: Mapping[PaneName, str]) -> None:
        """Which pane is seen, and a few characters about each ("1/3")."""
        self._active = active if active in self._names else self._active
        self._counts = dict(counts)
        self.refresh()

    def _labels(self) -> list[tuple[PaneName, str]]:
        return [(name, inert_line(f"{name} {self._counts.get(name, '')}".strip())) for name in self._names]

    def render(self) -> Content:
        """The names, the active one marked by more than a colour."""
        return Content.assemble(*tab_parts([(label, name == self._active) for name, label in self._labels()]))

    def on_click(self, event: events.Click) -> None:
        """Shows the pane under the pointer."""
        right = 0
        for name, label in self._labels():
            right += cell_len(label) + 2
            if event.x < right:
                self.post_message(self.Chosen(name))
                return


class Panes(Vertical):
    """All panes and their tabs."""

    class Active(Message):
        """Another pane is in use now."""

        def __init__(self, pane: PaneName) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, chat: Widget) -> None:
        super().__init__(id="panes", classes="show-chat side-diff")
        self._chat = chat
        self._diff, self._problems, self._concepts = Pane("diff"), Pane("problems"), Pane("concepts")
        self._all_tabs = TabBar(PANES, id="tabs")
        self._side_tabs = TabBar(("diff", "problems", "concepts"), id="side-tabs")
        self.active: PaneName = "chat"
        self.side: PaneName = "diff"
        self._counts: dict[PaneName, str] = {}

    def compose(self) -> ComposeResult:
        """Tabs, then the columns."""
        yield self._all_tabs
        with Horizontal(id="columns"):
            yield self._chat
            with Vertical(id="side"):
                yield self._side_tabs
                with Horizontal(id="side-columns"):
                    with Vertical(id="work"):
                        yield self._problems
                        yield self._diff
                    yield self._concepts

    async def fill(self, contents: Mapping[PaneName, Sequence[Widget]]) -> None:
        """Puts widgets into the panes."""
        for name, widgets in contents.items():
            await self._frame(name).mount(*widgets)

    def pane_of(self, widget: Widget) -> PaneName | None:
        """The pane that ``widget`` is in."""
        places: dict[Widget, PaneName] = {
            self._chat: "chat", self._diff: "diff", self._problems: "problems", self._concepts: "concepts",
        }  # fmt: skip
        return next(
            (name for node in widget.ancestors_with_self for pane, name in places.items() if pane is node), None
        )

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The pane with the focus is the one in use."""
        if (pane := self.pane_of(event.widget)) is not None:
            self.reveal(pane)

    def reveal(self, pane: PaneName) -> None:
        """Makes sure that ``pane`` is on the screen, without moving the focus."""
        if pane != self.active:
            self.active = pane
            if pane != "chat":
                self.side = pane
            self._mark()
            self.post_message(self.Active(pane))
        self._update_tabs()

    def reveal_beside(self, pane: PaneName) -> None:
        """Shows ``pane`` where there is room for it beside the one in use; else only its tab says that it is there."""
        if pane != "chat" and self.side != pane and self.active == "chat":
            self.side = pane
            self._mark()
        self._update_tabs()

    def say_below(self, pane: PaneName, text: str) -> None:
        """A few words in the lower edge of a pane's frame."""
        self._frame(pane).border_subtitle = Content(inert_line(text))

    def _frame(self, pane: PaneName) -> Widget:
        return {"chat": self._chat, "diff": self._diff, "problems": self._problems, "concepts": self._concepts}[pane]

    def _mark(self) -> None:
        for name in PANES:
            self.set_class(name == self.active, f"show-{name}")
            self.set_class(name == self.side, f"side-{name}")

    def count(self, pane: PaneName, text: str, title: str) -> None:
        """A few characters behind the pane's name in the tabs, and the title of its frame."""
        self._counts[pane] = text
        self._frame(pane).border_title = Content(inert_line(title))
        self._update_tabs()

    def _update_tabs(self) -> None:
        self._all_tabs.update(self.active, self._counts)
        self._side_tabs.update(self.side, self._counts)


class MainScreen(Screen[None], inherit_bindings=False):
    """The one screen under all dialogs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.cycle(1)", "Next", id="pane.next", show=False),
        Binding("shift+tab", "app.cycle(-1)", "Previous", id="pane.previous", show=False),
        Binding("ctrl+c,super+c", "screen.copy_text", "Copy the selection", id="app.copy", show=False),
    ]

    AUTO_FOCUS = "#first, #prompt"

    def __init__(self, width: int, *parts: Widget) -> None:
        # Known from the start: the first layout is the right one.
        super().__init__(id="main", classes=[name for columns, name in BREAKPOINTS if width >= columns][-1])
        self._parts = parts

    def compose(self) -> ComposeResult:
        """Top to bottom."""
        yield from self._parts
