"""The reader: one lesson or page of documentation at a time, in reading order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Static

from tui.concept_lists import place_of
from tui.diff_cells import Line, label
from tui.diff_lines import LineWidget
from tui.highlight import Piece
from tui.keyline import KeyLine
from tui.page_lines import Block, blocks_of, lines_of
from tutor.inert import inert, inert_line

if TYPE_CHECKING:
    from typing import Protocol

    from knowledgegraph.library import Library

    class Guide(Protocol):
        """What the reader asks for; each answers later, by :meth:`Reader.show` or a note."""

        def turn(self, reader: Reader, identity: str, *, back: bool = False) -> None:
            """Show another page in ``reader``; ``back``: one that was there before."""

        def to_map(self, identity: str) -> None:
            """Put the page into the middle of the map."""

        def open_place(self, location: str) -> None:
            """Open the local page outside of the tutor."""

        def copy_place(self, location: str) -> None:
            """Copy where the page is."""

        def run_example(self, reader: Reader, example: str) -> None:
            """Compile and run an example, and show what it prints below it."""


_MOST = 120_000  # characters of one page that are shown at once


@dataclass(frozen=True, slots=True)
class Page:
    """What the reader shows. ``place``: what it is a part of; ``location``: of the local page or ""; ``before`` and
    ``after``: ids of its neighbours in reading order or ""; ``example``: a Rust program of our own that can be run.
    A lesson has no ``location``: the file that it is in is nothing to read."""

    id: str
    title: str
    place: str
    blocks: tuple[Block, ...]
    location: str = ""
    before: str = ""
    after: str = ""
    example: str = ""


def page_of(library: Library, identity: str) -> Page:
    """The page of an entry. Blocks shortly. Raises KeyError for an unknown id."""
    entry = library.entry(identity)
    if entry is None:
        raise KeyError(identity)
    around = library.neighbourhood(identity)
    concept = library.concepts.get(identity)
    place = place_of(entry.kind, around.above)
    before, after = (nodes[0].id if nodes else "" for nodes in (around.before, around.after))
    example = ""
    if concept is not None:
        place.append(concept.competency.replace("-", " "))
        chapter = library.concepts.by_competency()[concept.competency]
        at = chapter.index(concept)
        before = chapter[at - 1].id if at else ""
        after = chapter[at + 1].id if at + 1 < len(chapter) else ""
        example = concept.example if concept.language == "rust" else ""
    text = _without_head(library.page(identity), entry.title)
    if len(text) > _MOST:
        text = f"{text[: text.rfind(chr(10), 0, _MOST)]}\n\n… the rest is on the page itself."
    return Page(
        identity,
        entry.title,
        " › ".join(place),
        tuple(blocks_of(text)),
        "" if concept else entry.location,
        before,
        after,
        example,
    )


def _without_head(text: str, title: str) -> str:
    """A page without the title and the place that stand in the reader's frame already."""
    head = f"## {title}\n\n"
    body = text.removeprefix(head)
    if body != text and body.startswith("*"):
        place, _, rest = body.partition("\n\n")
        body = rest if place.endswith("*") and "\n" not in place else body
    return body or text


class PageView(LineWidget, inherit_bindings=False):
    """The lines of a page, and of what was added below it."""

    DEFAULT_CSS = "PageView { height: 1fr; overflow-x: hidden; }"

    def __init__(self) -> None:
        super().__init__(id="page")
        self.can_focus = False
        self._blocks: Sequence[Block] = ()
        self._below: Sequence[Block] = ()
        self._lines: list[Line] = []
        self._width = 0

    def show(self, blocks: Sequence[Block]) -> None:
        """Another page, from its beginning."""
        self._blocks, self._below = blocks, ()
        self._wrap()
        self.scroll_to(y=0, animate=False, immediate=True)

    def show_below(self, blocks: Sequence[Block]) -> None:
        """Adds to the end, in place of what was added before, and goes there."""
        self._below = blocks
        self._wrap()
        self.scroll_end(animate=False)

    def _wrap(self) -> None:
        self._width = self.scrollable_content_region.width
        self._lines = lines_of([*self._blocks, *self._below], self._width - 2) if self._width > 2 else []
        self.virtual_size = Size(0, len(self._lines))
        self.refresh()

    def on_resize(self) -> None:
        """Wraps anew; what is read stays about where it is."""
        if self._width != self.scrollable_content_region.width:
            at = self.scroll_offset.y / max(1, len(self._lines))
            self._wrap()
            self.scroll_to(y=int(at * len(self._lines)), animate=False, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One line of the page."""
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        line = self._lines[row] if row < len(self._lines) else Line()
        return self.strip(Line([Piece(" "), *line.pieces], line.ground), width)

    @property
    def text(self) -> str:
        """All lines as text."""
        return "\n".join(line.text.rstrip() for line in self._lines)


class Reader(ModalScreen[None]):
    """A page, to read. Its links do nothing: the text is shown, not followed."""

    HELP = """\
### Reading

A lesson, or a page of the documentation on this machine.

| key | |
|---|---|
| `↓` `↑`, `space` | scroll |
| `n` `p` | next and previous page in reading order |
| `b` | back to the page before |
| `m` | show it on the map |
| `o` `y` | open the local page, copy where it is |
| `r` | run the example |
| `escape`, `q` | close |
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "turn('after')", "Next", id="reader.next"),
        Binding("p", "turn('before')", "Previous", id="reader.previous"),
        Binding("b,backspace", "back", "Back", id="reader.back"),
        Binding("m", "map", "Map", id="reader.map"),
        Binding("r", "run", "Run it", id="reader.run"),
        Binding("o", "open", "Open", id="reader.open"),
        Binding("y", "copy", "Copy path", id="reader.copy", show=False),
        Binding("escape,q", "close", "Close", id="reader.close"),
        Binding("question_mark,f1", "app.help", "Help", id="reader.help"),
        Binding("down,j", "scroll_by(2)", "Down", id="reader.down", show=False),
        Binding("up,k", "scroll_by(-2)", "Up", id="reader.up", show=False),
        Binding("pagedown,space", "scroll_page(1)", "Page down", id="reader.page_down", show=False),
        Binding("pageup", "scroll_page(-1)", "Page up", id="reader.page_up", show=False),
        Binding("home,g", "go_to_end(-1)", "Top", id="reader.top", show=False),
        Binding("end,G", "go_to_end(1)", "End", id="reader.end", show=False),
    ]

    DEFAULT_CSS = """
    Reader { align: center middle; background: $background 60%; }
    Reader > Vertical {
        width: 96%; max-width: 104; height: 94%;
        background: $surface; border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $foreground 70%;
    }
    Reader.-narrow > Vertical { width: 100%; height: 100%; }
    Reader KeyLine { dock: bottom; }
    Reader #place { height: 1; padding: 0 1; color: $foreground 70%; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, guide: Guide, page: Page) -> None:
        super().__init__()
        self.page = page
        self._guide = guide
        self._trail: list[str] = []

    @property
    def help_text(self) -> str:
        """Markdown about this screen."""
        return self.HELP

    def compose(self) -> ComposeResult:
        """The frame, what the page is a part of, the text, what its example prints."""
        with Vertical():
            yield Static("", id="place", markup=False)
            yield PageView()
        yield KeyLine()

    def on_mount(self) -> None:
        """Shows the page."""
        self._name_it()
        self.call_after_refresh(self.view.show, self.page.blocks)

    @property
    def view(self) -> PageView:
        """The text."""
        return self.query_one(PageView)

    def _name_it(self) -> None:
        self.query_one(Vertical).border_title = Content(inert_line(self.page.title))
        self.query_one("#place", Static).update(Content(inert_line(self.page.place)))
        self.refresh_bindings()

    def show(self, page: Page, *, back: bool = False) -> None:
        """Another page in place of this one. ``back``: one that was there before; else "back" leads to this one."""
        if not back and page.id != self.page.id:
            self._trail.append(self.page.id)
        self.page = page
        self._name_it()
        self.view.show(page.blocks)

    def show_output(self, text: str, *, good: bool) -> None:
        """What the example printed, or why it did not run, below the text."""
        head = Piece("✓ the example runs; it prints:", "added") if good else Piece("✗ the example:", "removed")
        self._below(head, text.rstrip() or "(nothing)")

    def show_running(self) -> None:
        """The example is being compiled."""
        self._below(Piece("compiling the example…", "muted"), "")

    def _below(self, head: Piece, text: str) -> None:
        lines = [Block((Piece(" "), label(line)), code=True) for line in inert(text).split("\n") if text]
        self.view.show_below([Block(()), Block((head,)), *lines])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that lead nowhere here are not offered."""
        if action == "turn":
            return bool(self.page.after if parameters == ("after",) else self.page.before)
        allowed = {"back": bool(self._trail), "run": bool(self.page.example), "open": bool(self.page.location),
                   "copy": bool(self.page.location)}  # fmt: skip
        return allowed.get(action, True)

    def action_turn(self, where: str) -> None:
        """The next or the previous page."""
        self._guide.turn(self, self.page.after if where == "after" else self.page.before)

    def action_back(self) -> None:
        """The page that was here before."""
        self._guide.turn(self, self._trail.pop(), back=True)

    def action_map(self) -> None:
        """Leaves for the map."""
        self.dismiss(None)
        self._guide.to_map(self.page.id)

    def action_open(self) -> None:
        """The page itself, in the program that the desktop has for it."""
        self._guide.open_place(self.page.location)

    def action_copy(self) -> None:
        """Where the page is."""
        self._guide.copy_place(self.page.location)

    def action_run(self) -> None:
        """Runs the example."""
        self.show_running()
        self._guide.run_example(self, self.page.example)

    def action_scroll_by(self, lines: int) -> None:
        """Scrolls the text."""
        self.view.scroll_relative(y=lines, animate=False)

    def action_scroll_page(self, step: int) -> None:
        """A screen at a time."""
        self.view.scroll_relative(y=step * max(1, self.view.size.height - 2), animate=False)

    def action_go_to_end(self, step: int) -> None:
        """To the beginning or the end."""
        (self.view.scroll_home if step < 0 else self.view.scroll_end)(animate=False)

    def action_close(self) -> None:
        """Back to where the user was."""
        self.dismiss(None)
