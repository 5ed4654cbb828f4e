"""The neighbourhood of an entry as lines: what comes first on the left, what it leads to on the right, the rest below.

Pure: from a neighbourhood, a selection and a size to pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rich.cells import cell_len

from knowledgegraph.answer import SOURCES
from knowledgegraph.graph import Neighbourhood, Node
from tui.concept_lists import (
    BELOW,
    CENTRE,
    GROUP,
    Below,
    Item,
    Listing,
    Side,
    Spot,
    entry_at,
    grouped,
    listing,
    place_of,
)
from tui.diff_cells import Line, fit, label, width_of, wrap
from tui.highlight import Piece
from tutor.inert import inert_line

STACKED = 60  # columns below which the map stands upright
_BELOW: dict[Below, str] = {"lessons": "lessons", "read": "read on", "errors": "errors", "related": "related"}
_LEAST = 17  # cells of a list beside the centre, at least
_LABEL = 9  # cells of the names of the rows below


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


def render(around: Neighbourhood, selected: Spot, trail: Sequence[str], width: int, height: int) -> Frame:
    """The whole pane: where you came from, what the centre is a part of, the map, and the summary of the selected one.

    ``trail``: the titles of the entries visited before, the oldest first.
    """
    frame = Frame([_trail_line(trail, around.centre.title, width), _crumbs(around, width)])
    about = _about(entry_at(around, selected), selected, width, max(4, min(9, height // 3)))
    rows = [side for side in BELOW if getattr(around, side)]
    room = max(3, height - len(frame.lines) - len(about) - len(rows))
    if width < STACKED:
        _stacked(frame, around, selected, width, room)
    else:
        _side_by_side(frame, around, selected, width, room)
    for side in rows:
        _row(frame, around, side, selected, width)
    frame.lines += about
    del frame.lines[height:]
    frame.lines += [Line(fit([], width)) for _ in range(height - len(frame.lines))]
    frame.targets = [target for target in frame.targets if target.y < height]
    return frame


def source_of(node: Node) -> str:
    """What an entry comes from, as a reader calls it."""
    return inert_line(SOURCES.get(node.kind, node.kind))


def _crumbs(around: Neighbourhood, width: int) -> Line:
    """What the centre is a part of, the nearest at the end."""
    titles = place_of(around.centre.kind, around.above)
    if around.centre.kind == "concept":  # that it is a lesson stands below already
        titles = titles[1:]
    text = " › ".join(titles)
    while cell_len(text) > width - 6 and len(titles) > 1:
        titles = titles[1:]
        text = "… › " + " › ".join(titles)
    return Line(fit([Piece(f" in {text}" if text else "", "faint")], width))


def _row(frame: Frame, around: Neighbourhood, side: Below, selected: Spot, width: int) -> None:
    """One list below the map in one line, screenful by screenful: the one that the selected entry is on."""
    entries: Sequence[Node] = getattr(around, side)
    nth = selected.nth if selected.side == side else 0
    first, shown = 0, _screenful(entries, 0, width - _LABEL)
    while nth >= first + shown and first + shown < len(entries):
        first += shown
        shown = _screenful(entries, first, width - _LABEL)
    pieces = [Piece(f"{_BELOW[side]:>{_LABEL - 1}} ", "muted")]
    if first:
        pieces.append(Piece(f"+{first:,} ‹ ", "faint"))
    for number in range(first, first + shown):
        ink, ground = ("chosen", "chosen") if selected == Spot(side, number) else ("plain", "")
        start = width_of(pieces)
        most = _most(width - _LABEL, len(entries))
        title = fit([label(entries[number].title)], min(most, cell_len(_title(entries[number]))))
        pieces += [
            Piece(" ", ink, ground),
            *(Piece(text, ink, ground) for text, _, _ in title),
            Piece(" ", ink, ground),
        ]
        frame.targets.append(Target(len(frame.lines), start, min(width, width_of(pieces)), Spot(side, number)))
    if left := len(entries) - first - shown:
        pieces.append(Piece(f" +{left:,} more", "faint"))
    frame.lines.append(Line(fit(pieces, width)))


def _screenful(entries: Sequence[Node], first: int, room: int) -> int:
    """How many entries from ``first`` on fit ``room`` cells, counts before and after included; at least one."""
    used = 22 if first else 11
    for number, node in enumerate(entries[first : first + room // 3]):
        used += min(_most(room, len(entries)), cell_len(_title(node))) + 2
        if used > room:
            return max(1, number)
    return max(1, min(len(entries) - first, room // 3))


def _title(node: Node) -> str:
    return inert_line(node.title)


def _most(room: int, entries: int) -> int:
    """Cells that one of so many titles takes at most: a lonely one all of them, of two about half."""
    if entries == 1:
        return max(8, room - 2)
    return max(8, room - 26, min(36, room // 2 - 8)) if room < 62 else 36


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


def _about(node: Node, selected: Spot, width: int, height: int) -> list[Line]:
    """A rule, the summary of the selected entry and a hint: always ``height`` lines, so that the map above stands
    still."""
    title = fit([label(node.title, "title")], min(max(8, width - 8), cell_len(_title(node))))
    form = "" if node.kind == "concept" else f" · {inert_line(node.form)}"
    tag = f" {source_of(node)}{form} "
    head = [Piece("── ", "line"), *title, Piece(" ", "line")]
    rest = width - width_of(head) - cell_len(tag) - 2
    if rest >= 2:
        head += [Piece("─" * rest, "line"), Piece(tag, "faint"), Piece("──", "line")]
    else:
        head.append(Piece("─" * max(0, width - width_of(head)), "line"))
    text = wrap(node.summary, max(8, min(width - 2, 88)))
    room = height - 2
    if len(text) > room > 0:
        text = [*text[: room - 1], text[room - 1] + " …"]
    hint = "l read   ←↑↓→ look around   b back" if selected == CENTRE else "enter go there   l read   b back"
    lines = [Line(fit(head, width))]
    lines += [Line(fit([Piece(" "), Piece(line)], width)) for line in text[:room]]
    lines += [Line(fit([], width)) for _ in range(height - 1 - len(lines))]
    lines.append(Line(fit([Piece(" "), Piece(hint, "faint")], width)))
    return lines


def _nothing(node: Node, side: Literal["left", "right"]) -> str:
    """What stands at a side without neighbours."""
    if node.kind == "concept":
        return "needs nothing" if side == "left" else "unlocks nothing"
    return "part of nothing" if side == "left" else "no parts"


def _centre_box(title: str, width: int, chosen: bool) -> list[list[Piece]]:
    """The focus as a box of three or more lines, ``width`` cells wide."""
    inner = width - 4
    rows = wrap(title, inner)
    if len(rows) > 1:
        rows = wrap(broken(title), inner)
    if len(rows) > 3:
        rows = [*rows[:2], "".join(piece.text for piece in fit([label(rows[2] + " …")], inner)).rstrip()]
    ground = "chosen" if chosen else "centre"
    box = [[Piece("┏" + "━" * (width - 2) + "┓", "centre")]]
    for row in rows:
        left = (inner - cell_len(row)) // 2
        text = " " * (left + 1) + row + " " * (inner - left - cell_len(row) + 1)
        box.append([Piece("┃", "centre"), Piece(text, "centre", ground), Piece("┃", "centre")])
    box.append([Piece("┗" + "━" * (width - 2) + "┛", "centre")])
    return box


def _item(item: Item, side: Side, selected: Spot, width: int, align_right: bool) -> list[Piece]:
    """One line of a list, ``width`` cells."""
    if item.nth < 0:
        text, ink, ground = item.text, "muted" if item.nth == GROUP else "faint", ""
    elif selected == Spot(side, item.nth):
        text, ink, ground = inert_line(item.text), "chosen", "chosen"
    else:
        text, ink, ground = inert_line(item.text), "plain", ""
    inner = fit([Piece(text, ink, ground)], min(width - 2, cell_len(text)))
    pieces = [Piece(" ", ink, ground), *(Piece(t, ink, ground) for t, _, _ in inner), Piece(" ", ink, ground)]
    filler = Piece(" " * (width - width_of(pieces)))
    return [filler, *pieces] if align_right else [*pieces, filler]


def _side_by_side(frame: Frame, around: Neighbourhood, selected: Spot, width: int, room: int) -> None:
    """Three columns with connectors between them."""
    wire = 5 if width >= 80 else 3
    middle = _middle(around.centre.title, width, wire)
    lists = listing(around, "left"), listing(around, "right")
    side, right_side = _sides(lists, width - middle - 2 * wire)
    box = _centre_box(around.centre.title, middle, selected == CENTRE)
    longest = max(len(entries) + len({group for group, _ in entries}) for entries in lists)
    height = min(room, max(longest, len(box) + 2))
    top = len(frame.lines)
    at = max(0, (height - len(box)) // 2)
    pivot = at + len(box) // 2
    left, right = (
        _column(entries, selected.nth if selected.side == name else -1, height, pivot)
        for entries, name in zip(lists, ("left", "right"), strict=True)
    )
    for y in range(room):
        pieces = _cell(left, around.centre, "left", y, pivot, selected, side)
        pieces.append(Piece(_wires(left, y, pivot, wire, "left"), "line"))
        inside = 0 <= y - at < len(box)
        pieces += box[y - at] if inside else [Piece(" " * middle)]
        pieces.append(Piece(_wires(right, y, pivot, wire, "right"), "line"))
        pieces += _cell(right, around.centre, "right", y, pivot, selected, right_side)
        frame.lines.append(Line(pieces))
        if y in left and left[y].nth >= 0:
            frame.targets.append(Target(y + top, 0, side, Spot("left", left[y].nth)))
        if y in right and right[y].nth >= 0:
            frame.targets.append(Target(y + top, width - right_side, width, Spot("right", right[y].nth)))
        if inside:
            frame.targets.append(Target(y + top, side + wire, side + wire + middle, CENTRE))


def _middle(title: str, width: int, wire: int) -> int:
    """How wide the box of the centre is: as its title needs in up to three lines of whole words, where the lists beside
    it still have room."""
    title = inert_line(title)
    longest = max((cell_len(word) for word in broken(title).split()), default=0) + 4
    wanted = min(max(16, min(30, width // 4), longest), max(16, cell_len(title) + 4))
    return max(16, min(wanted, width - 2 * (wire + _LEAST)))


def broken(title: str) -> str:
    """A title with a place to break after each ``::``, where a word is long."""
    return title.replace("::", ":: ") if any(cell_len(word) > 16 for word in title.split()) else title


def _sides(lists: tuple[Listing, Listing], total: int) -> tuple[int, int]:
    """How wide the two lists are: the same, but for what one does not need and the other can use."""
    longest = [max((cell_len(_title(node)) + 2 for _, node in entries[:200]), default=_LEAST) for entries in lists]
    longest = [max(_LEAST, size) for size in longest]
    left = total // 2
    if longest[1] > total - left:
        left = max(min(left, longest[0]), total - longest[1])
    elif longest[0] > left:
        left = min(longest[0], total - longest[1])
    return left, total - left


def _cell(
    column: dict[int, Item],
    centre: Node,
    side: Literal["left", "right"],
    y: int,
    pivot: int,
    selected: Spot,
    width: int,
) -> list[Piece]:
    """What one of the two lists has in row ``y``: a line of it, that there is none, or nothing."""
    if y in column:
        return _item(column[y], side, selected, width, side == "left")
    if column or y != pivot:
        return [Piece(" " * width)]
    said = [Piece(" "), Piece(_nothing(centre, side), "faint"), Piece(" ")]
    filler = Piece(" " * max(0, width - width_of(said)))
    return fit([filler, *said] if side == "left" else said, width)


def _column(entries: Listing, selected: int, height: int, pivot: int) -> dict[int, Item]:
    """The lines of a side by their row, centred on the pivot as far as there is room."""
    items = grouped(entries, selected, height)
    lead = 1 if items and items[0].nth == GROUP else 0  # the name on top is beside the balance
    first = max(0, min(pivot - (len(items) - lead) // 2 - lead, height - len(items)))
    return {first + i: item for i, item in enumerate(items)}


def _wires(column: dict[int, Item], y: int, pivot: int, size: int, side: Literal["left", "right"]) -> str:
    """The connector between a list and the focus in row ``y``: ``size`` cells of box-drawing characters. Names of
    groups are not connected."""
    wired = [row for row, item in column.items() if item.nth != GROUP]
    if not wired:
        return " " * size
    first, last = min(*wired, pivot), max(*wired, pivot)
    up, down = first < y, y < last
    if not first <= y <= last:
        return " " * size
    outer, inner = y in wired, y == pivot
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


def _stacked(frame: Frame, around: Neighbourhood, selected: Spot, width: int, room: int) -> None:
    """One above the other: what comes first, focus, what it leads to."""
    end = len(frame.lines) + room
    lists = listing(around, "left"), listing(around, "right")
    needs = [max(1, len(entries) + len({group for group, _ in entries})) for entries in lists]
    free = max(2, room - 3)  # the focus is one line with an arrow above and below
    left_height = min(needs[0], max(free // 2, free - needs[1]))
    right_height = min(needs[1], free - left_height)
    _stack(frame, around.centre, lists[0], "left", selected, width, left_height)
    arrow = Piece("   ▼", "line")
    frame.lines.append(Line(fit([arrow] if lists[0] else [], width)))
    row = len(frame.lines)
    title = inert_line(around.centre.title)
    chosen = "chosen" if selected == CENTRE else "centre"
    inner = fit([Piece(title)], min(width - 6, cell_len(title)))
    text = "".join(piece.text for piece in inner)
    frame.lines.append(
        Line(fit([Piece(" ┃", "centre"), Piece(f" {text} ", "centre", chosen), Piece("┃", "centre")], width))
    )
    frame.targets.append(Target(row, 0, width, CENTRE))
    frame.lines.append(Line(fit([arrow] if lists[1] else [], width)))
    _stack(frame, around.centre, lists[1], "right", selected, width, right_height)
    frame.lines += [Line(fit([], width)) for _ in range(end - len(frame.lines))]


def _stack(
    frame: Frame,
    centre: Node,
    entries: Listing,
    side: Literal["left", "right"],
    selected: Spot,
    width: int,
    height: int,
) -> None:
    if not entries:
        frame.lines.append(Line(fit([Piece(f" {_nothing(centre, side)}", "faint")], width)))
        return
    items = grouped(entries, selected.nth if selected.side == side else -1, height)
    for i, item in enumerate(items):
        row = len(frame.lines)
        if item.nth == GROUP:
            frame.lines.append(Line(fit([Piece(f" {item.text}", "muted")], width)))
            continue
        branch = "╰" if i == len(items) - 1 else "├"
        frame.lines.append(Line([Piece(f" {branch}─", "line"), *_item(item, side, selected, width - 3, False)]))
        if item.nth >= 0:
            frame.targets.append(Target(row, 0, width, Spot(side, item.nth)))
