"""The neighbourhood of a concept as lines: what it needs on the left, what it unlocks on the right.

Pure: from a neighbourhood, a selection and a size to pieces. Only what fits is looked at, so a concept with
thousands of neighbours is drawn as fast as one with three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from rich.cells import cell_len

from tui.diff_cells import Line, fit, label, width_of, wrap
from tui.highlight import Piece
from tutor.inert import inert_line

STACKED = 60  # columns below which the map stands upright
Side = Literal["requires", "centre", "unlocks"]


class ConceptLike(Protocol):
    """What the map shows of a concept."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def title(self) -> str:
        """Its name."""
        ...

    @property
    def definition(self) -> str:
        """One or two sentences."""
        ...

    @property
    def domain(self) -> str:
        """ "rust", "git", "linux" or "gh"."""
        ...

    @property
    def competency(self) -> str:
        """The chapter that it belongs to, in kebab-case."""
        ...


class NeighbourhoodLike(Protocol):
    """A concept with what it requires and what it unlocks (``knowledgegraph.graph.Neighbourhood`` is one)."""

    @property
    def centre(self) -> ConceptLike:
        """The concept in the middle."""
        ...

    @property
    def requires(self) -> Sequence[ConceptLike]:
        """What to understand first."""
        ...

    @property
    def unlocks(self) -> Sequence[ConceptLike]:
        """What it leads to."""
        ...


class Spot(NamedTuple):
    """A place on the map: a side, and which concept of it."""

    side: Side
    nth: int = 0


CENTRE = Spot("centre")


class Target(NamedTuple):
    """Cells that select a spot when they are clicked: row ``y``, columns ``x`` to ``end`` (exclusive)."""

    y: int
    x: int
    end: int
    spot: Spot


@dataclass(slots=True)
class Frame:
    """The drawn map."""

    lines: list[Line] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)


class _Item(NamedTuple):
    """One line of a list: a concept, or how many are not shown ("+37 more")."""

    text: str
    nth: int = -1  # -1: a count


def window(concepts: Sequence[ConceptLike], selected: int, height: int) -> list[_Item]:
    """At most ``height`` lines for a list of concepts, ``selected`` (-1: none) among them, with counts of the rest."""
    total = len(concepts)
    if height <= 0:
        return []
    if total <= height:
        return [_Item(concept.title, i) for i, concept in enumerate(concepts)]
    room = max(1, height - 1)  # one line for "+n more" at the end
    if selected < room:
        shown = range(room)
        before = 0
    else:
        room = max(1, height - 2)
        first = min(selected - room // 2, total - room)
        if first + room >= total:
            room = max(1, height - 1)
            first = total - room
        shown = range(first, first + room)
        before = first
    items = [_Item(concepts[i].title, i) for i in shown]
    if before and height > 1:
        items.insert(0, _Item(f"+{before:,} before"))
    after = total - shown.stop
    if after and len(items) < height:
        items.append(_Item(f"+{after:,} more"))
    return items[:height]


def concept_of(around: NeighbourhoodLike, spot: Spot) -> ConceptLike:
    """The concept at a spot; the centre where the spot is none of the map's."""
    side: Sequence[ConceptLike] = (around.centre,)
    if spot.side != "centre":
        side = around.requires if spot.side == "requires" else around.unlocks
    return side[spot.nth] if 0 <= spot.nth < len(side) else around.centre


def render(around: NeighbourhoodLike, selected: Spot, trail: Sequence[str], width: int, height: int) -> Frame:
    """The whole pane: where you came from, the map, and the definition of the selected concept.

    ``trail``: the titles of the concepts visited before, the oldest first.
    """
    frame = Frame([_trail_line(trail, around.centre.title, width), Line(fit([], width))])
    about = _about(concept_of(around, selected), selected, width, max(4, min(9, height // 3)))
    room = max(3, height - len(frame.lines) - len(about))
    if width < STACKED:
        _stacked(frame, around, selected, width, room)
    else:
        _side_by_side(frame, around, selected, width, room)
    frame.lines += about
    del frame.lines[height:]
    frame.lines += [Line(fit([], width)) for _ in range(height - len(frame.lines))]
    return frame


def _trail_line(trail: Sequence[str], title: str, width: int) -> Line:
    here = Piece(inert_line(title), "title")
    past: list[Piece] = []
    for earlier in reversed(trail):
        step = [label(earlier, "muted"), Piece(" › ", "faint")]
        if width_of([*step, *past, here]) > width - 6:
            past.insert(0, Piece("… › ", "faint"))
            break
        past = [*step, *past]
    return Line(fit([Piece(" "), *past, here], width), "banner")


def _about(concept: ConceptLike, selected: Spot, width: int, height: int) -> list[Line]:
    """A rule, the definition of the selected concept and a hint: always ``height`` lines, so that the map above
    stands still."""
    title = inert_line(concept.title)
    tag = f" {inert_line(concept.domain)} · {inert_line(concept.competency)} "
    head = [Piece("── ", "line"), Piece(title, "title"), Piece(" ", "line")]
    rest = width - width_of(head) - cell_len(tag) - 2
    if rest >= 2:
        head += [Piece("─" * rest, "line"), Piece(tag, "faint"), Piece("──", "line")]
    else:
        head.append(Piece("─" * max(0, width - width_of(head)), "line"))
    text = wrap(concept.definition, max(8, min(width - 2, 88)))
    room = height - 2
    if len(text) > room > 0:
        text = [*text[: room - 1], text[room - 1] + " …"]
    hint = "l lesson   ←↑↓→ look around   b back" if selected == CENTRE else "enter go there   l lesson   b back"
    lines = [Line(fit(head, width))]
    lines += [Line(fit([Piece(" "), Piece(line)], width)) for line in text[:room]]
    lines += [Line(fit([], width)) for _ in range(height - 1 - len(lines))]
    lines.append(Line(fit([Piece(" "), Piece(hint, "faint")], width)))
    return lines


def _heading(side: Side, count: int) -> list[Piece]:
    if not count:
        return [Piece("needs nothing" if side == "requires" else "unlocks nothing", "faint")]
    return [Piece("needs first" if side == "requires" else "unlocks", "muted"), Piece(f" {count:,}", "faint")]


def _centre_box(title: str, width: int, chosen: bool) -> list[list[Piece]]:
    """The focus as a box of three or more lines, ``width`` cells wide."""
    inner = width - 4
    rows = wrap(title, inner)[:3]
    ground = "chosen" if chosen else "centre"
    box = [[Piece("┏" + "━" * (width - 2) + "┓", "centre")]]
    for row in rows:
        left = (inner - cell_len(row)) // 2
        text = " " * (left + 1) + row + " " * (inner - left - cell_len(row) + 1)
        box.append([Piece("┃", "centre"), Piece(text, "centre", ground), Piece("┃", "centre")])
    box.append([Piece("┗" + "━" * (width - 2) + "┛", "centre")])
    return box


def _item(item: _Item, side: Side, selected: Spot, width: int, align_right: bool) -> list[Piece]:
    """One neighbour, ``width`` cells."""
    if item.nth < 0:
        text, ink, ground = item.text, "faint", ""
    elif selected == Spot(side, item.nth):
        text, ink, ground = inert_line(item.text), "chosen", "chosen"
    else:
        text, ink, ground = inert_line(item.text), "plain", ""
    inner = fit([Piece(text, ink, ground)], min(width - 2, cell_len(text)))
    pieces = [Piece(" ", ink, ground), *(Piece(t, ink, ground) for t, _, _ in inner), Piece(" ", ink, ground)]
    filler = Piece(" " * (width - width_of(pieces)))
    return [filler, *pieces] if align_right else [*pieces, filler]


def _side_by_side(frame: Frame, around: NeighbourhoodLike, selected: Spot, width: int, room: int) -> None:
    """Three columns with connectors between them."""
    wire = 5 if width >= 80 else 3
    middle = min(30, max(16, width // 4), max(16, cell_len(inert_line(around.centre.title)) + 4))
    side, right_side = _sides(around, width - middle - 2 * wire)
    height = min(room - 1, max(len(around.requires), len(around.unlocks), 5))
    top = len(frame.lines)
    box = _centre_box(around.centre.title, middle, selected == CENTRE)
    at = max(0, (height - len(box)) // 2)
    pivot = at + len(box) // 2
    left = _column(around.requires, "requires", selected, height, pivot)
    right = _column(around.unlocks, "unlocks", selected, height, pivot)
    for y in range(-1, height):
        row_of = y + top + 1
        pieces = _cell(around.requires, "requires", left, y, pivot, selected, side)
        pieces.append(Piece(_wires(left, y, pivot, wire, "left"), "line"))
        inside = 0 <= y - at < len(box)
        pieces += box[y - at] if inside else [Piece(" " * middle)]
        pieces.append(Piece(_wires(right, y, pivot, wire, "right"), "line"))
        pieces += _cell(around.unlocks, "unlocks", right, y, pivot, selected, right_side)
        frame.lines.append(Line(pieces))
        if y in left and left[y].nth >= 0:
            frame.targets.append(Target(row_of, 0, side, Spot("requires", left[y].nth)))
        if y in right and right[y].nth >= 0:
            frame.targets.append(Target(row_of, width - right_side, width, Spot("unlocks", right[y].nth)))
        if inside:
            frame.targets.append(Target(row_of, side + wire, side + wire + middle, CENTRE))
    frame.lines += [Line(fit([], width)) for _ in range(room - 1 - height)]


def _sides(around: NeighbourhoodLike, total: int) -> tuple[int, int]:
    """How wide the two lists are: the same, but for what one does not need and the other can use."""
    longest = [
        max((cell_len(inert_line(concept.title)) + 2 for concept in concepts[:200]), default=17)
        for concepts in (around.requires, around.unlocks)
    ]
    left = total // 2
    if longest[1] > total - left:
        left = max(min(left, longest[0]), total - longest[1])
    elif longest[0] > left:
        left = min(longest[0], total - longest[1])
    return left, total - left


def _cell(
    concepts: Sequence[ConceptLike],
    side: Side,
    column: dict[int, _Item],
    y: int,
    pivot: int,
    selected: Spot,
    width: int,
) -> list[Piece]:
    """What one of the two lists has in row ``y``: a neighbour, its heading above the first, or nothing."""
    if y in column:
        return _item(column[y], side, selected, width, side == "requires")
    if y != (min(column) - 1 if column else pivot):
        return [Piece(" " * width)]
    heading = [Piece(" "), *_heading(side, len(concepts)), Piece(" ")]
    filler = Piece(" " * max(0, width - width_of(heading)))
    return fit([filler, *heading] if side == "requires" else heading, width)


def _column(concepts: Sequence[ConceptLike], side: Side, selected: Spot, height: int, pivot: int) -> dict[int, _Item]:
    """The lines of a side by their row, centred on the pivot as far as there is room."""
    items = window(concepts, selected.nth if selected.side == side else -1, height)
    first = max(0, min(pivot - len(items) // 2, height - len(items)))
    return {first + i: item for i, item in enumerate(items)}


def _wires(column: dict[int, _Item], y: int, pivot: int, size: int, side: Literal["left", "right"]) -> str:
    """The connector between a list and the focus in row ``y``: ``size`` cells of box-drawing characters."""
    if not column:
        return " " * size
    first, last = min(min(column), pivot), max(max(column), pivot)
    up, down = first < y, y < last
    if not first <= y <= last:
        return " " * size
    outer, inner = y in column, y == pivot
    joint = _JOINTS[(up, down, outer if side == "left" else inner, inner if side == "left" else outer)]
    tail = size - 2
    near, far = ("─" if outer else " "), (("─" * (tail - 1) + "▶") if inner else " " * tail)
    if side == "left":
        return near + joint + far
    return ("─" * tail if inner else " " * tail) + joint + ("▶" if outer and size > 3 else near)


# (up, down, left, right) → the character that joins them.
_JOINTS = {
    (False, False, True, True): "─", (False, False, True, False): "─", (False, False, False, True): "─",
    (False, True, True, False): "╮", (False, True, False, True): "╭", (False, True, True, True): "┬",
    (True, False, True, False): "╯", (True, False, False, True): "╰", (True, False, True, True): "┴",
    (True, True, True, False): "┤", (True, True, False, True): "├", (True, True, True, True): "┼",
    (True, True, False, False): "│", (True, False, False, False): "╵", (False, True, False, False): "╷",
    (False, False, False, False): " ",
}  # fmt: skip


def _stacked(frame: Frame, around: NeighbourhoodLike, selected: Spot, width: int, room: int) -> None:
    """One above the other: needs, focus, unlocks."""
    top = len(frame.lines)
    box = 3  # the focus on one line with an arrow above and below
    headings = 2
    free = max(2, room - box - headings)
    want_left, want_right = len(around.requires), len(around.unlocks)
    left_height = min(want_left, max(free // 2, free - want_right))
    right_height = min(want_right, free - left_height)
    _stack(frame, around.requires, "requires", selected, width, left_height)
    arrow = Piece("   ▼", "line")
    frame.lines.append(Line(fit([arrow] if want_left else [], width)))
    row = len(frame.lines)
    title = inert_line(around.centre.title)
    chosen = "chosen" if selected == CENTRE else "centre"
    inner = fit([Piece(title)], min(width - 6, cell_len(title)))
    text = "".join(piece.text for piece in inner)
    frame.lines.append(
        Line(fit([Piece(" ┃", "centre"), Piece(f" {text} ", "centre", chosen), Piece("┃", "centre")], width))
    )
    frame.targets.append(Target(row, 0, width, CENTRE))
    frame.lines.append(Line(fit([arrow] if want_right else [], width)))
    _stack(frame, around.unlocks, "unlocks", selected, width, right_height)
    frame.lines += [Line(fit([], width)) for _ in range(top + room - len(frame.lines))]


def _stack(frame: Frame, concepts: Sequence[ConceptLike], side: Side, selected: Spot, width: int, height: int) -> None:
    frame.lines.append(Line(fit([Piece(" "), *_heading(side, len(concepts))], width)))
    items = window(concepts, selected.nth if selected.side == side else -1, height)
    for i, item in enumerate(items):
        branch = "╰" if i == len(items) - 1 else "├"
        row = len(frame.lines)
        frame.lines.append(Line([Piece(f" {branch}─", "line"), *_item(item, side, selected, width - 3, False)]))
        if item.nth >= 0:
            frame.targets.append(Target(row, 0, width, Spot(side, item.nth)))
