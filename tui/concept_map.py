"""The concept map: an entry in the middle, what is around it, and the way that the user came."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from knowledgegraph.graph import Neighbourhood
from tui.concept_lists import BELOW, CENTRE, Side, Spot, entry_at, listing
from tui.concept_render import STACKED, Frame, render
from tui.diff_cells import Line
from tui.diff_lines import LineWidget

Direction = Literal["up", "down", "left", "right"]

_MAX_TRAIL = 50
_ACROSS: tuple[Side, ...] = ("left", "centre", "right")
_EMPTY = (
    "No concept chosen yet.\n\nAsk a question, fix an error, or find something (ctrl+f):\n"
    "what it is about appears here, with what to learn first."
)


class ConceptMap(LineWidget, inherit_bindings=False):
    """The neighbourhood of one concept. ``lookup`` gives it for an id, and raises KeyError for an id that is none."""

    HELP = """\
### Concepts

What you look at is in the middle, **what it needs first** (or is a part of) on the left, **what it unlocks** on the
right, lessons and pages about it below. The line on top is the way that you came.

| key | |
|---|---|
| `←` `→` `↑` `↓` | look at a neighbour |
| `enter` | make it the middle |
| `b`, `backspace` | back to where you were |
| `n` | forward again |
| `l`, `space` | read the lesson or page |
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "centre", "Go there", id="concept.centre"),
        Binding("l,space", "lesson", "Read", id="concept.lesson"),
        Binding("b,backspace", "back", "Back", id="concept.back"),
        Binding("n", "forward", "Forward", id="concept.forward", show=False),
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
        lookup: Callable[[str], Neighbourhood],
        centre: str = "",
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 (Textual's name for it)
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._lookup = lookup
        self._around: Neighbourhood | None = None
        self._trail: list[tuple[str, str]] = []  # (id, title) of the entries before, the oldest first
        self._ahead: list[str] = []  # ids that "back" left, the nearest last
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
    def centre_title(self) -> str:
        """The title of the entry in the middle; "" when there is none."""
        return self._around.centre.title if self._around is not None else ""

    @property
    def selected_id(self) -> str:
        """The id of the concept that the cursor is on; "" when there is none."""
        return entry_at(self._around, self.selected).id if self._around is not None else ""

    def centre_on(self, concept_id: str, *, remember: bool = True) -> None:
        """Puts a concept into the middle; ``remember``: so that "back" leads to the one before. Raises KeyError."""
        self._enter(concept_id, remember)
        self.selected = CENTRE
        self.centre = concept_id

    def _enter(self, concept_id: str, remember: bool) -> None:
        around, before = self._lookup(concept_id), self._around
        if before is not None and remember and before.centre.id != around.centre.id:
            self._trail = [*self._trail, (before.centre.id, before.centre.title)][-_MAX_TRAIL:]
            self._ahead.clear()
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
        below = [name for name in BELOW if self._count(name)]
        forward = direction in ("down", "right")
        step = 1 if forward else -1
        along = direction in (("left", "right") if side in below else ("up", "down"))
        if along and 0 <= index + step < self._count(side):
            self.selected = Spot(side, index + step)
        elif direction in ("left", "right"):
            if side not in below:
                self._change_side(step, None, frame)
        elif side in below:
            at = below.index(side) + step
            if 0 <= at < len(below):
                self.selected = Spot(below[at])
            elif at < 0:
                upright = self.size.width < STACKED and self._count("right")
                self.selected = Spot("right", self._count("right") - 1) if upright else CENTRE
        elif self.size.width < STACKED and not (side == "right" and forward):
            if not self._change_side(step, 0 if forward else -1) and forward and below:
                self.selected = Spot(below[0])
        elif forward and below:
            self.selected = Spot(below[0])

    def _count(self, side: Side) -> int:
        return len(listing(self._around, side)) if self._around is not None else 0

    def _change_side(self, step: int, index: int | None, frame: Frame | None = None) -> bool:
        """To the side next to this one that has entries: to the one at ``index``, or to the one that is nearest.
        False where there is no such side."""
        at = _ACROSS.index(self.selected.side) + step
        while 0 <= at < len(_ACROSS) and not self._count(_ACROSS[at]):
            at += step
        if not 0 <= at < len(_ACROSS):
            return False
        side = _ACROSS[at]
        if index is None and frame is not None and side != "centre":
            rows = {target.spot: target.y for target in frame.targets}
            here = next((t.y for t in frame.targets if t.spot == CENTRE), 0) + 1
            spots = [spot for spot in rows if spot.side == side]
            self.selected = min(spots, key=lambda spot: abs(rows[spot] - here), default=Spot(side))
        else:
            self.selected = Spot(side, self._count(side) - 1 if index == -1 else 0)
        return True

    def action_centre(self) -> None:
        """Makes the selected entry the middle; on the middle itself, opens its page."""
        if self._around is None:
            return
        if self.selected == CENTRE:
            self.action_lesson()
        else:
            self.centre_on(self.selected_id)

    def action_back(self) -> None:
        """To what was in the middle before."""
        if self._trail:
            before, _ = self._trail.pop()
            self._ahead.append(self.centre)
            self.centre_on(before, remember=False)

    def action_forward(self) -> None:
        """To what "back" left."""
        if self._ahead and self._around is not None:
            here = self._around.centre
            self._trail.append((here.id, here.title))
            self.centre_on(self._ahead.pop(), remember=False)

    def action_lesson(self) -> None:
        """Asks for the lesson of the selected concept."""
        if self.selected_id:
            self.post_message(self.LessonWanted(self.selected_id))
