"""What stands around an entry on the map: the lists at its sides, and which of their lines are shown.

Only what fits is looked at, so an entry with thousands of neighbours is as quick as one with three.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

from knowledgegraph.answer import SOURCES
from knowledgegraph.entry import Form
from knowledgegraph.graph import Neighbourhood, Node
from tutor.inert import inert_line

Below = Literal["lessons", "read", "errors", "related"]
Side = Literal["left", "centre", "right", "lessons", "read", "errors", "related"]
BELOW: Final[tuple[Below, ...]] = get_args(Below)

# What stands at a side, group after group: the list of the neighbourhood, and what it is called.
_LEFT = (("requires", "needs first"), ("above", "part of"), ("before", "comes before"))
_RIGHT = (("unlocks", "unlocks"), ("parts", "parts"), ("after", "comes next"))

Listing = Sequence[tuple[str, Node]]
"""Neighbours with the group that each is in, group after group."""


def listing(around: Neighbourhood, side: Side) -> Listing:
    """The neighbours at a side, in the order in which they are shown."""
    if side == "centre":
        return [("", around.centre)]
    if side in BELOW:
        return [(side, node) for node in getattr(around, side)]
    found: list[tuple[str, Node]] = []
    for name, group in _LEFT if side == "left" else _RIGHT:
        nodes = getattr(around, name)
        found += [(group, node) for node in (nodes[-1:] if name == "above" else nodes)]
    return found


class Spot(NamedTuple):
    """A place on the map: a side, and which entry of it."""

    side: Side
    nth: int = 0


CENTRE = Spot("centre")


class Item(NamedTuple):
    """One line of a list: an entry, how many are not shown ("+37 more"), or the name of a group."""

    text: str
    nth: int = -1  # -1: a count; -2: the name of a group


GROUP = -2

_OWN_ROOTS = frozenset({"crate", "note", "linux"})  # kinds with many roots, whose names matter


def place_of(kind: str, above: Sequence[Node]) -> list[str]:
    """What an entry of ``kind`` is a part of, from its source down to what is next ``above`` it."""
    source = inert_line(SOURCES.get(kind, kind))
    rooted = bool(above) and above[0].form == Form.BOOK and kind not in _OWN_ROOTS
    titles = [inert_line(node.title) for node in above[rooted:]]  # a book's title is its source in other words
    return titles if source in titles else [source, *titles]


def window(entries: Listing, selected: int, height: int) -> list[Item]:
    """At most ``height`` lines for a list of entries, ``selected`` (-1: none) among them, with counts of the rest."""
    total = len(entries)
    if height <= 0:
        return []
    if total <= height:
        return [Item(node.title, i) for i, (_, node) in enumerate(entries)]
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
    items = [Item(entries[i][1].title, i) for i in shown]
    if before and height > 1:
        items.insert(0, Item(f"+{before:,} before"))
    after = total - shown.stop
    if after and len(items) < height:
        items.append(Item(f"+{after:,} more"))
    return items[:height]


def grouped(entries: Listing, selected: int, height: int) -> list[Item]:
    """:func:`window` with the name of each group, and how many are in it, above its first entry that is shown. Where
    there is little room one line names them all, where there is none the names are left out."""
    sizes: dict[str, int] = {}
    for group, _ in entries:
        sizes[group] = sizes.get(group, 0) + 1
    if len(entries) + len(sizes) > height and height < len(sizes) + 3:
        names = Item(f"{' · '.join(sizes)} {len(entries):,}", GROUP)
        return [names, *window(entries, selected, height - 1)] if height >= 3 else window(entries, selected, height)
    # As many entries as leave room for the names of their groups: of those that are shown only.
    rooms = range(height - 1, height - len(sizes) - 1, -1)
    return next((items for room in rooms if len(items := _named(entries, selected, room, sizes)) <= height), [])


def _named(entries: Listing, selected: int, room: int, sizes: dict[str, int]) -> list[Item]:
    """:func:`window` of ``room`` lines, and a line more for each group in it."""
    items: list[Item] = []
    last = ""
    for item in window(entries, selected, room):
        group = entries[item.nth][0] if item.nth >= 0 else last
        if group != last:
            items.append(Item(f"{group} {sizes[group]:,}", GROUP))
            last = group
        items.append(item)
    if len(items) > 1 and items[0].nth == -1:  # "+3 before" belongs below the name
        items[0], items[1] = items[1], items[0]
    return items


def entry_at(around: Neighbourhood, spot: Spot) -> Node:
    """The entry at a spot; the centre where the spot is none of the map's."""
    side = listing(around, spot.side)
    return side[spot.nth][1] if 0 <= spot.nth < len(side) else around.centre
