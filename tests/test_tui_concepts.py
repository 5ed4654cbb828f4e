"""The concept map: its frames, its keys, its history."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers_tui import HOSTILE, SIZES, ladder, star
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message

from knowledgegraph.graph import Neighbourhood, Node
from tui.concept_lists import BELOW, CENTRE, Side, Spot, grouped, listing, window
from tui.concept_map import ConceptMap
from tui.concept_render import render
from tui.diff_cells import width_of
from tutor.inert import inert_line


def text_of(around: Neighbourhood, selected: Spot, width: int, height: int, trail: tuple[str, ...] = ()) -> list[str]:
    frame = render(around, selected, trail, width, height)
    assert len(frame.lines) == height
    assert all(width_of(line.pieces) == width for line in frame.lines)
    return [line.text.rstrip() for line in frame.lines]


def test_frame_side_by_side() -> None:
    assert text_of(star(3, 9), CENTRE, 80, 17, ("Ownership",)) == [
        " Ownership › Lifetimes",
        "",
        "                                                      unlocks 9",
        "                                                   ╭▶ Unlocked 0",
        "             needs first 3                         ├▶ Unlocked 1",
        "                    Need 0 ─╮   ┏━━━━━━━━━━━━━━┓   ├▶ Unlocked 2",
        "                    Need 1 ─┼──▶┃  Lifetimes   ┃───┼▶ Unlocked 3",
        "                    Need 2 ─╯   ┗━━━━━━━━━━━━━━┛   ├▶ Unlocked 4",
        "                                                   ├▶ Unlocked 5",
        "                                                   ├▶ Unlocked 6",
        "                                                   ├▶ Unlocked 7",
        "                                                   ╰▶ Unlocked 8",
        "── Lifetimes ──────────────────────────────────────────────────────── Lessons ──",
        " What it is, in a sentence.",
        "",
        "",
        " l read   ←↑↓→ look around   b back",
    ]


def test_frame_stacked_says_how_many_are_left_out() -> None:
    assert text_of(star(1, 40), Spot("right", 2), 40, 16) == [
        " Lifetimes",
        "",
        " needs first 1",
        " ╰─ Need 0",
        "   ▼",
        " ┃ Lifetimes ┃",
        "   ▼",
        " unlocks 40",
        " ├─ +2 before",
        " ├─ Unlocked 2",
        " ╰─ +37 more",
        "── Unlocked 2 ─────────────── Lessons ──",
        " Definition of unlocked 2.",
        "",
        "",
        " enter go there   l read   b back",
    ]


def test_a_page_of_documentation_shows_what_it_is_in_and_all_its_lists() -> None:
    around = star(3, 4, above=2, before=1, parts=30, after=1, read=40, lessons=2, related=60)
    assert text_of(around, Spot("right", 20), 100, 22) == [
        " Lifetimes",
        " in Above 0 › Above 1",
        "                       needs first 3                            parts 30",
        "                              Need 0 ─╮                      ╭▶ +17 before",
        "                              Need 1 ─┤                      ├▶ Parts 13",
        "                              Need 2 ─┤   ┏━━━━━━━━━━━━━━┓   ├▶ Parts 14",
        "                           part of 1  ├──▶┃  Lifetimes   ┃───┼▶ Parts 15",
        "                             Above 1 ─┤   ┗━━━━━━━━━━━━━━┛   ├▶ Parts 16",
        "                      comes before 1  │                      ├▶ Parts 17",
        "                            Before 0 ─╯                      ├▶ Parts 18",
        "                                                             ├▶ Parts 19",
        "                                                             ╰▶ +11 more",
        " lessons  Lessons 0  Lessons 1",
        " read on  Read 0  Read 1  Read 2  Read 3  Read 4  Read 5  Read 6  Read 7  Read 8  Read 9  +30 more",
        " related  Related 0  Related 1  Related 2  Related 3  Related 4  Related 5  Related 6  +53 more",
        "── Parts 16 ────────────────────────────────────────────────────────────────── The Book · section ──",
        " What it is, in a sentence.",
        "",
        "",
        "",
        "",
        " enter go there   l read   b back",
    ]


def test_a_lonely_concept() -> None:
    lines = text_of(star(0, 0), CENTRE, 80, 14)
    assert any("needs nothing" in line and "┃  Lifetimes   ┃" in line and "unlocks nothing" in line for line in lines)
    assert not any(sign in line for line in lines[:9] for sign in "╭╰├┤╮╯▶")


@given(
    st.lists(st.integers(0, 60), min_size=10, max_size=10),
    st.integers(0, 199),
    st.integers(24, 200),
    st.integers(10, 60),
    st.sampled_from(["left", "right", *BELOW]),
)
def test_any_frame_fits_and_shows_the_selected(
    counts: list[int], nth: int, width: int, height: int, side: Side
) -> None:
    needs, unlocks, above, *others = counts
    names = ("parts", "before", "after", "read", "lessons", "errors", "related")
    around = star(needs, unlocks, above=above % 5, **dict(zip(names, others, strict=True)))
    count = len(listing(around, side))
    selected = Spot(side, nth % count) if count else CENTRE
    frame = render(around, selected, [], width, height)
    assert len(frame.lines) == height
    assert all(width_of(line.pieces) == width for line in frame.lines)
    if width >= 40 and height >= 18:
        assert selected in {target.spot for target in frame.targets}
        assert any(piece.ground == "chosen" for line in frame.lines for piece in line.pieces)
    for target in frame.targets:
        assert 0 <= target.y < height
        assert 0 <= target.x < target.end <= width


@given(st.integers(0, 50), st.integers(-1, 49), st.integers(0, 20))
def test_a_window_counts_what_it_leaves_out(total: int, selected: int, height: int) -> None:
    selected = min(selected, total - 1)
    items = window(listing(star(0, total), "right"), selected, height)
    assert len(items) <= height
    shown = [item.nth for item in items if item.nth >= 0]
    assert shown == list(range(shown[0], shown[0] + len(shown))) if shown else True
    if height >= 3:
        left_out = sum(int(item.text.split()[0]) for item in items if item.nth < 0)
        assert left_out + len(shown) == total
        assert selected in shown or selected == -1 or not total


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 26), st.integers(1, 30))
def test_groups_are_named_where_there_is_room(requires: int, above: int, before: int, nth: int, height: int) -> None:
    entries = listing(star(requires, 0, above=above, before=before), "left")
    items = grouped(entries, min(nth, len(entries) - 1), height)
    assert len(items) <= height
    if entries:
        assert any(item.nth == min(nth, len(entries) - 1) for item in items) or height < 3
    names = [item.text.rpartition(" ")[0] for item in items if item.nth == -2]
    if len(entries) + 3 <= height:
        assert names == list(dict.fromkeys(group for group, _ in entries))


@pytest.mark.parametrize(("width", "height"), [(30, 12), (60, 20), (80, 24), (200, 50)])
def test_hostile_concepts_are_inert_and_exact(width: int, height: int) -> None:
    bad = Node(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE * 20)
    everywhere = dict.fromkeys(
        ("above", "parts", "before", "after", "read", "lessons", "errors", "related"), (bad,) * 9
    )
    frame = render(
        Neighbourhood(bad, (bad,) * 5, (bad,) * 50, **everywhere), Spot("right", 3), [HOSTILE] * 9, width, height
    )
    assert all(width_of(line.pieces) == width for line in frame.lines)
    assert all(line.text == inert_line(line.text) for line in frame.lines)


class Harness(App[None]):
    """The map, and what it said."""

    def __init__(self, lookup: Callable[[str], Neighbourhood], centre: str = "") -> None:
        super().__init__()
        self.map = ConceptMap(lookup, centre)
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.map

    def on_mount(self) -> None:
        self.map.focus()

    def on_concept_map_centred(self, event: ConceptMap.Centred) -> None:
        self.said.append(event)

    on_concept_map_lesson_wanted = on_concept_map_centred

    def heard(self, kind: type[ConceptMap.Centred] | type[ConceptMap.LessonWanted]) -> list[str]:
        return [message.concept_id for message in self.said if isinstance(message, kind)]


def screen(app: App[None]) -> list[str]:
    """The lines that are on screen."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize("size", [*SIZES, (44, 20)])
async def test_walking_and_going_back(size: tuple[int, int]) -> None:
    app = Harness(ladder(10), "5")
    async with app.run_test(size=size) as pilot:
        await pilot.press("right")
        assert app.map.selected_id == "6"
        assert any(line.startswith("── Step 6 ") for line in screen(app))
        assert any(line.startswith(" The step 6.") for line in screen(app))
        await pilot.press("enter", "right", "enter", "left", "enter")
        assert app.map.centre == "6"
        assert list(app.map.trail) == ["5", "6", "7"]
        assert screen(app)[0].rstrip() == " Step 5 › Step 6 › Step 7 › Step 6"
        await pilot.press("b")
        assert app.map.centre == "7"
        await pilot.press("backspace", "b", "b", "b")
        assert app.map.centre == "5"
        assert not app.map.trail
        assert app.heard(ConceptMap.Centred) == ["6", "7", "6", "7", "6", "5"]
        assert all(cell_len(line) == size[0] for line in screen(app))


@pytest.mark.parametrize("size", SIZES)
async def test_arrows_stay_on_the_map(size: tuple[int, int]) -> None:
    app = Harness(lambda _: star(3, 400), "centre")
    async with app.run_test(size=size) as pilot:
        await pilot.press("right")
        assert app.map.selected_id.startswith("u")
        await pilot.press(*["down"] * 30)
        number = app.map.selected.nth
        assert number >= 30
        assert any(f"Unlocked {number} " in line for line in screen(app)[:-6])
        await pilot.press("right")
        assert app.map.selected == Spot("right", number)
        await pilot.press("left")
        assert app.map.selected == CENTRE
        await pilot.press("up", "left")
        assert app.map.selected_id.startswith("r")
        await pilot.press("up", "up", "up", "up", "left")
        assert app.map.selected == Spot("left", 0)


async def test_upright_the_arrows_go_through_everything() -> None:
    app = Harness(lambda _: star(2, 2), "centre")
    async with app.run_test(size=(44, 24)) as pilot:
        seen = []
        await pilot.press("up")
        for _ in range(6):
            seen.append(app.map.selected_id)
            await pilot.press("down")
        assert seen == ["r1", "centre", "u0", "u1", "u1", "u1"]


async def test_lessons_are_asked_for() -> None:
    app = Harness(ladder(3), "1")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("l", "right", "space", "left", "enter")
        assert app.heard(ConceptMap.LessonWanted) == ["1", "2", "1"]
        assert app.map.centre == "1"


async def test_the_mouse_selects_and_then_goes_there() -> None:
    app = Harness(ladder(9), "4")
    async with app.run_test(size=(80, 24)) as pilot:
        row = next(y for y, line in enumerate(screen(app)) if "▶ Step 5" in line or "─ Step 5" in line)
        await pilot.click(ConceptMap, offset=(60, row))
        assert (app.map.selected_id, app.map.centre) == ("5", "4")
        await pilot.click(ConceptMap, offset=(60, row))
        assert app.map.centre == "5"


@pytest.mark.parametrize("size", SIZES)
async def test_no_concept_yet(size: tuple[int, int]) -> None:
    app = Harness(ladder(3))
    async with app.run_test(size=size) as pilot:
        await pilot.press("up", "down", "left", "right", "enter", "b", "l")
        assert "No concept chosen yet." in "\n".join(screen(app))
        assert app.said == []
        app.map.centre = "2"
        await pilot.pause()
        assert app.heard(ConceptMap.Centred) == ["2"]
        with pytest.raises(KeyError):
            app.map.centre_on("77")
        assert app.map.centre == "2"
        app.map.centre = ""
        await pilot.pause()
        assert "No concept chosen yet." in "\n".join(screen(app))


async def test_a_hub_with_10_000_neighbours_draws_only_what_fits() -> None:
    app = Harness(lambda _: star(5, 10_000), "centre")
    async with app.run_test(size=(120, 40)) as pilot:
        assert "more" in "\n".join(screen(app))
        await pilot.press("right", "down", "down")
        assert len(render(star(5, 10_000), app.map.selected, [], 120, 40).targets) < 60


def test_every_key_has_an_id() -> None:
    named = [b.id for bindings in ConceptMap._merge_bindings().key_to_bindings.values() for b in bindings]
    assert all(name and name.startswith("concept.") for name in named)


def test_long_names_break_where_they_are_joined() -> None:
    from dataclasses import replace

    around = star(0, 0, above=1)
    around = replace(around, centre=replace(around.centre, title="Option::unwrap_or_else", kind="std"))
    for width in (60, 80, 120):
        text = "\n".join(text_of(around, CENTRE, width, 22))
        assert "unwrap_or_else " in text and "Option::" in text, text


def test_a_lonely_neighbour_has_the_whole_line() -> None:
    from dataclasses import replace

    around = star(0, 0, read=1)
    title = "E0382: A value was used after it was moved"
    around = replace(around, read=(replace(around.read[0], title=title),))
    assert any(line.endswith(title) for line in text_of(around, CENTRE, 56, 24))
