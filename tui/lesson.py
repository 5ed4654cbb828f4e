"""The reader: one lesson or page of documentation at a time, in reading order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Markdown, Static

from tui.themes import QUIET
from tui.turns import markdown
from tutor.inert import inert, inert_line

if TYPE_CHECKING:
    from typing import Protocol

    from knowledgegraph.library import Library

    class Guide(Protocol):
        """What the reader asks for; each answers later, by :meth:`Reader.show` or a note."""

        def turn(self, reader: Reader, identity: str) -> None:
            """Show another page in ``reader``."""

        def to_map(self, identity: str) -> None:
            """Put the page into the middle of the map."""

        def open_place(self, location: str) -> None:
            """Open the local page outside of the tutor."""

        def copy_place(self, location: str) -> None:
            """Copy where the page is."""

        def run_example(self, reader: Reader, example: str) -> None:
            """Compile and run an example, and show what it prints below it."""


_MOST = 60_000  # characters of one page that are shown at once


@dataclass(frozen=True, slots=True)
class Page:
    """What the reader shows. ``place``: what it is a part of; ``location``: of the local page or ""; ``before`` and
    ``after``: ids of its neighbours in reading order or ""; ``example``: a Rust program of our own that can be run."""

    id: str
    title: str
    place: str
    markdown: str
    location: str = ""
    before: str = ""
    after: str = ""
    example: str = ""


def page_of(library: Library, identity: str) -> Page:
    """The page of an entry. Blocks shortly. Raises KeyError for an unknown id."""
    from knowledgegraph.answer import SOURCES

    entry = library.entry(identity)
    if entry is None:
        raise KeyError(identity)
    around = library.neighbourhood(identity)
    concept = library.concepts.get(identity)
    source = SOURCES.get(entry.kind, entry.kind)
    place = [source, *(node.title for node in around.above if node.title != source)]
    before, after = (nodes[0].id if nodes else "" for nodes in (around.before, around.after))
    example = ""
    if concept is not None:
        place.append(concept.competency.replace("-", " "))
        chapter = library.concepts.by_competency()[concept.competency]
        at = chapter.index(concept)
        before = chapter[at - 1].id if at else ""
        after = chapter[at + 1].id if at + 1 < len(chapter) else ""
        example = concept.example if concept.language == "rust" else ""
    text = library.page(identity)
    if len(text) > _MOST:
        text = f"{text[: text.rfind(chr(10), 0, _MOST)]}\n\n… the rest is on the page itself."
    return Page(identity, entry.title, " › ".join(place), text, entry.location, before, after, example)


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
        Binding("r", "run", "Run the example", id="reader.run"),
        Binding("o", "open", "Open", id="reader.open"),
        Binding("y", "copy", "Copy path", id="reader.copy", show=False),
        Binding("escape,q", "close", "Close", id="reader.close"),
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
    Reader #place { height: 1; padding: 0 1; color: $foreground 70%; text-wrap: nowrap; text-overflow: ellipsis; }
    Reader VerticalScroll { padding: 0 1; scrollbar-size-vertical: 1; background: $surface; }
    Reader Markdown { padding: 0; background: $surface; }
    Reader #output { height: auto; background: $panel; padding: 0 1; margin: 0 0 1 0; display: none; }
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
            with VerticalScroll(can_focus=False):
                yield markdown(inert(self.page.markdown))
                yield Static("", id="output", markup=False)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Names the page."""
        self._name_it()

    def _name_it(self) -> None:
        box = self.query_one(Vertical)
        box.border_title = Content(inert_line(self.page.title))
        self.query_one("#place", Static).update(Content(inert_line(self.page.place)))
        self.query_one("#output", Static).display = False
        self.refresh_bindings()

    async def show(self, page: Page, *, remember: bool = True) -> None:
        """Another page in place of this one; ``remember``: "back" leads back to this one."""
        if remember and page.id != self.page.id:
            self._trail.append(self.page.id)
        self.page = page
        self._name_it()
        self.query_one(VerticalScroll).scroll_home(animate=False, immediate=True)
        await self.query_one(Markdown).update(inert(page.markdown))

    def show_output(self, text: str, *, good: bool) -> None:
        """What the example printed, or why it did not run, below the text."""
        output = self.query_one("#output", Static)
        head = ("✓ the example runs; it prints:\n", "$text-success") if good else ("the example\n", "$text-warning")
        output.update(Content.assemble(head, (inert(text).rstrip() or "(nothing)", "$foreground")))
        output.display = True
        self.call_after_refresh(self.query_one(VerticalScroll).scroll_end, animate=False)

    def show_running(self) -> None:
        """The example is being compiled."""
        output = self.query_one("#output", Static)
        output.update(Content.styled("compiling the example…", QUIET))
        output.display = True
        self.call_after_refresh(self.query_one(VerticalScroll).scroll_end, animate=False)

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
        identity = self._trail.pop()
        self.page = Page(identity, "", "", "")  # so that it is not remembered again
        self._guide.turn(self, identity)

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
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_scroll_page(self, step: int) -> None:
        """A screen at a time."""
        box = self.query_one(VerticalScroll)
        box.scroll_relative(y=step * max(1, box.size.height - 2), animate=False)

    def action_go_to_end(self, step: int) -> None:
        """To the beginning or the end."""
        box = self.query_one(VerticalScroll)
        (box.scroll_home if step < 0 else box.scroll_end)(animate=False)

    def action_close(self) -> None:
        """Back to where the user was."""
        self.dismiss(None)
