"""The concept map, and the lesson of a concept."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Footer

from tui.concept_render import CENTRE, STACKED, Frame, NeighbourhoodLike, Side, Spot, concept_of, render
from tui.diff_cells import Line
from tui.diff_lines import LineWidget
from tui.turns import markdown
from tutor.inert import inert, inert_line

Direction = Literal["up", "down", "left", "right"]

_MAX_TRAIL = 50
_ORDER: tuple[Side, ...] = ("requires", "centre", "unlocks")
_EMPTY = (
    "No concept chosen yet.\n\nAsk a question, or fix an error:\n"
    "what it is about appears here, with what to learn first."
)


class ConceptMap(LineWidget, inherit_bindings=False):
    """The neighbourhood of one concept. ``lookup`` gives it for an id, and raises KeyError for an id that is none."""

    HELP = """\
### Concepts

The concept in the middle, **what it needs first** on the left, **what it unlocks** on the right, and below the
definition of the one that is selected. The line on top is the way that you came.

| key | |
|---|---|
| `←` `→` `↑` `↓` | look at a neighbour |
| `enter` | make it the middle |
| `b`, `backspace` | back to the concept before |
| `l`, `space` | open the lesson |
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "centre", "Go there", id="concept.centre"),
        Binding("l,space", "lesson", "Lesson", id="concept.lesson"),
        Binding("b,backspace", "back", "Back", id="concept.back"),
        Binding("up,k", "look('up')", "Up", id="concept.up", show=False),
        Binding("down,j", "look('down')", "Down", id="concept.down", show=False),
        Binding("left", "look('left')", "Left", id="concept.left", show=False),
        Binding("right", "look('right')", "Right", id="concept.right", show=False),
    ]

    DEFAULT_CSS = """
    ConceptMap { overflow: hidden hidden; }
    """

    centre: reactive[str] = reactive("")
    """The id of the concept in the middle; "": none yet."""
    selected: reactive[Spot] = reactive(CENTRE)
    """The neighbour (or the centre) that the cursor is on."""
    empty_text: reactive[str] = reactive(_EMPTY)
    """What stands here while no concept is chosen."""

    class Centred(Message):
        """Another concept is in the middle."""

        def __init__(self, concept_id: str) -> None:
            super().__init__()
            self.concept_id = concept_id

    class LessonWanted(Message):
        """The user asks for the lesson of a concept."""

        def __init__(self, concept_id: str) -> None:
            super().__init__()
            self.concept_id = concept_id

    def __init__(
        self,
        lookup: Callable[[str], NeighbourhoodLike],
        centre: str = "",
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 (Textual's name for it)
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._lookup = lookup
        self._around: NeighbourhoodLike | None = None
        self._trail: list[tuple[str, str]] = []  # (id, title) of the concepts before, the oldest first
        self._frame: tuple[tuple[object, ...], Frame] | None = None
        if centre:
            self._around = lookup(centre)
            self.set_reactive(ConceptMap.centre, centre)

    @property
    def help_text(self) -> str:
        """Markdown about this pane."""
        return self.HELP

    @property
    def trail(self) -> tuple[str, ...]:
        """The ids of the concepts visited before this one, the oldest first."""
        return tuple(concept_id for concept_id, _ in self._trail)

    @property
    def selected_id(self) -> str:
        """The id of the concept that the cursor is on; "" when there is none."""
        return concept_of(self._around, self.selected).id if self._around is not None else ""

    def centre_on(self, concept_id: str, *, remember: bool = True) -> None:
        """Puts a concept into the middle; ``remember``: so that "back" leads to the one before. Raises KeyError."""
        self._enter(concept_id, remember)
        self.selected = CENTRE
        self.centre = concept_id

    def _enter(self, concept_id: str, remember: bool) -> None:
        around, before = self._lookup(concept_id), self._around
        if before is not None and remember and before.centre.id != around.centre.id:
            self._trail = [*self._trail, (before.centre.id, before.centre.title)][-_MAX_TRAIL:]
        self._around = around

    def validate_centre(self, concept_id: str) -> str:
        """Setting ``centre`` is the same as :meth:`centre_on`. Raises KeyError."""
        if concept_id and (self._around is None or self._around.centre.id != concept_id):
            self._enter(concept_id, True)
        return concept_id

    def watch_centre(self, concept_id: str) -> None:
        """Draws anew and reports it."""
        self.selected = CENTRE
        if not concept_id:
            self._around = None
            self._trail.clear()
        else:
            self.post_message(self.Centred(concept_id))
        self.refresh()

    def _draw(self) -> Frame | None:
        if self._around is None:
            return None
        width, height = self.size
        key = (self._around, self.selected, tuple(self._trail), width, height)
        if self._frame is None or self._frame[0] != key:
            titles = [title for _, title in self._trail]
            self._frame = (key, render(self._around, self.selected, titles, width, height))
        return self._frame[1]

    def on_resize(self) -> None:
        """The map always fits: there is nothing to scroll."""
        self.virtual_size = Size(self.size.width, self.size.height)

    def render_line(self, y: int) -> Strip:
        """One line of the map."""
        width, height = self.size
        frame = self._draw()
        if frame is None:
            return self.strip(self.centred(self.empty_text, y), width)
        return self.strip(frame.lines[y] if y < height else Line(), width)

    def on_click(self, event: events.Click) -> None:
        """A click selects; a click on what is selected makes it the middle."""
        frame, offset = self._draw(), event.get_content_offset(self)
        if frame is None or offset is None:
            return
        for target in frame.targets:
            if target.y == offset.y and target.x <= offset.x < target.end:
                if target.spot == self.selected:
                    self.action_centre()
                else:
                    self.selected = target.spot
                return

    def action_look(self, direction: Direction) -> None:
        """Moves the cursor among the neighbours."""
        frame = self._draw()
        if frame is None or self._around is None:
            return
        side, index = self.selected
        upright = self.size.width < STACKED
        if direction in ("up", "down"):
            step = 1 if direction == "down" else -1
            if 0 <= index + step < self._count(side):
                self.selected = Spot(side, index + step)
            elif upright:
                self._change_side(step, 0 if step > 0 else -1)
        else:
            self._change_side(1 if direction == "right" else -1, None, frame)

    def _count(self, side: Side) -> int:
        if self._around is None:
            return 0
        return {"requires": len(self._around.requires), "centre": 1, "unlocks": len(self._around.unlocks)}[side]

    def _change_side(self, step: int, index: int | None, frame: Frame | None = None) -> None:
        """To the side next to this one that has concepts: to the one at ``index``, or to the one that is nearest."""
        at = _ORDER.index(self.selected.side) + step
        while 0 <= at < len(_ORDER) and not self._count(_ORDER[at]):
            at += step
        if not 0 <= at < len(_ORDER):
            return
        side = _ORDER[at]
        if index is None and frame is not None and side != "centre":
            rows = {target.spot: target.y for target in frame.targets}
            here = next((t.y for t in frame.targets if t.spot == CENTRE), 0) + 1
            spots = [spot for spot in rows if spot.side == side]
            self.selected = min(spots, key=lambda spot: abs(rows[spot] - here), default=Spot(side))
            return
        self.selected = Spot(side, self._count(side) - 1 if index == -1 else 0)

    def action_centre(self) -> None:
        """Makes the selected concept the middle; on the middle itself, opens its lesson."""
        if self._around is None:
            return
        if self.selected == CENTRE:
            self.action_lesson()
        else:
            self.centre_on(self.selected_id)

    def action_back(self) -> None:
        """To the concept that was in the middle before."""
        if self._trail:
            concept_id, _ = self._trail.pop()
            self.centre_on(concept_id, remember=False)

    def action_lesson(self) -> None:
        """Asks for the lesson of the selected concept."""
        if self.selected_id:
            self.post_message(self.LessonWanted(self.selected_id))


class LessonView(ModalScreen[None]):
    """A lesson, to read. Its links do nothing: the text is shown, not followed."""

    HELP = """\
### Lesson

| key | |
|---|---|
| `↓` `↑`, `space` | scroll |
| `escape`, `q` | close |
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="lesson.close"),
        Binding("j", "scroll_by(2)", "Down", id="lesson.down", show=False),
        Binding("k", "scroll_by(-2)", "Up", id="lesson.up", show=False),
        Binding("space", "scroll_by(12)", "Page down", id="lesson.page_down", show=False),
    ]

    DEFAULT_CSS = """
    LessonView { align: center middle; background: $background 60%; }
    LessonView > VerticalScroll {
        width: 92%; max-width: 100; height: 90%;
        background: $surface; border: round $primary; border-title-color: $text-primary; padding: 0 1;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, title: str, markdown: str) -> None:
        super().__init__()
        self._title = inert_line(title)
        self._markdown = inert(markdown)

    @property
    def help_text(self) -> str:
        """Markdown about this screen."""
        return self.HELP

    def compose(self) -> ComposeResult:
        """The text in a frame."""
        with VerticalScroll() as box:
            box.border_title = Content(self._title)
            yield markdown(self._markdown)
        yield Footer()

    def on_mount(self) -> None:
        """Arrow keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    def action_scroll_by(self, lines: int) -> None:
        """Scrolls the text."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Closes the lesson."""
        self.dismiss(None)
