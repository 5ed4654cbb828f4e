"""The app in what it knows: finder, map of everything, reader, outline, sources of an answer, reading in the
background."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from knowledgegraph.library import Library
from tests.helpers_knowledge import METHODS, build_small
from tests.helpers_tui import HOSTILE
from tests.helpers_tui_app import frame, make_app, running, said, until, until_said, until_text
from tui.app import TutorApp
from tui.finder import SHOWN, Finder
from tui.flow_knowledge import address_of, branches, found
from tui.lesson import Page, Reader, page_of
from tui.outline import Outline
from tui.page_lines import blocks_of, lines_of
from tui.turns import Sources
from tutor import events
from tutor.config import KnowledgeSettings, Settings
from tutor.knowledge import Knowledge
from tutor.paths import Home

SIZES = [(60, 20), (80, 24), (120, 40), (200, 50)]


@pytest.fixture
def library(home: Home) -> Library:
    """Lessons and a hand-made book, built."""
    build_small(home)
    return Library.open(Knowledge(home).path)


async def find(pilot: Pilot[int], app: TutorApp, text: str) -> Finder:
    """Opens the finder, types, and waits for what is listed."""
    await pilot.press("ctrl+f")
    await until(pilot, lambda: isinstance(app.screen, Finder), "the finder")
    finder = app.screen
    assert isinstance(finder, Finder)
    await pilot.press(*text)
    await until(pilot, lambda: finder.settled and finder.query_one(Input).value == text, "what is found")
    return finder


async def reader(pilot: Pilot[int], app: TutorApp, title: str) -> Reader:
    """Waits for the reader with a page of this title."""
    await until(pilot, lambda: isinstance(app.screen, Reader) and app.screen.page.title == title, f"the page {title}")
    assert isinstance(app.screen, Reader)
    return app.screen


# The finder.


@pytest.mark.parametrize("size", SIZES)
async def test_the_finder_shows_it_on_the_map(library: Library, tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(tmp_path)
    async with running(app, size) as pilot:
        finder = await find(pilot, app, "turn_29")
        assert [entry.title for entry in finder.found.entries] == [f"Hub::turn_{n}" for n in range(290, 300)]
        assert "Turns 290 times." in frame(app) and "Standard library" in frame(app)
        await pilot.press("down", "down")
        assert "Turns 292 times." in frame(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.concepts.centre == "std:demo::Hub::turn_292", "the map")
        await until(pilot, lambda: app.screen.focused is app.concepts, "the focus on the map")
        assert "part of" in frame(app) and "Hub" in frame(app)


async def test_the_finder_reads_and_leaves(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        await find(pilot, app, "second wh")
        await pilot.press("ctrl+o")
        page = await reader(pilot, app, "Second Wheels")
        assert "Second Wheels turn." in page.view.text
        await pilot.press("escape")
        finder = await find(pilot, app, "qqqzzz")
        assert finder.found.entries == () or not finder.found.entries
        assert "Nothing has this in its name." in frame(app)
        await pilot.press("enter", "down", "up", "pagedown")
        assert app.screen is finder
        await pilot.press("escape")
        assert not isinstance(app.screen, Finder)


async def test_the_finder_lists_few_of_many_and_takes_the_mouse(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        finder = await find(pilot, app, "turn")
        assert len(finder.found.entries) == SHOWN < METHODS
        await pilot.press(*["pagedown"] * 9)
        assert finder.found.at == SHOWN - 1
        first = finder.found.current
        await pilot.press("up")
        assert finder.found.current != first
        await pilot.click("#found", offset=(3, 2))
        await until(pilot, lambda: app.concepts.centre.startswith("std:demo::Hub::turn_"), "the map")


async def test_the_last_text_typed_wins(library: Library, tmp_path: Path) -> None:
    asked: list[str] = []
    waiting: list[tuple[str, Callable[[object], None]]] = []
    app = make_app(tmp_path)
    async with running(app) as pilot:

        def look(text: str, then: Callable[..., None]) -> None:
            asked.append(text)
            waiting.append((text, then))

        finder = Finder(look)
        app.push_screen(finder)
        await until(pilot, lambda: waiting, "the first question")
        await pilot.press(*"wheel")
        assert asked == [""]  # one at a time
        waiting.pop()[1](())
        assert asked == ["", "wheel"]
        waiting.pop()[1](library.find("wheel"))
        assert finder.settled and len(finder.found.entries) == 3


def test_what_is_found_is_filled_up_by_what_fits(library: Library) -> None:
    assert found(library, "   ") == ()
    by_words = found(library, "value used after it was moved")
    assert any(entry.kind == "concept" for entry in by_words)
    assert len({entry.id for entry in by_words}) == len(by_words)


async def test_a_damaged_knowledge_is_said_and_the_finder_goes_on(home: Home, tmp_path: Path) -> None:
    build_small(home)
    with contextlib.closing(sqlite3.connect(Knowledge(home).path)) as database:
        database.execute("ALTER TABLE concepts RENAME COLUMN intents TO other")
        database.commit()
    app = make_app(tmp_path)
    async with running(app) as pilot:
        finder = await find(pilot, app, "wheel")
        assert finder.settled and not finder.found.entries
        await until_said(pilot, app, "tutor knowledge build")


# The map.


async def test_the_map_goes_through_documentation_and_back(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app, (120, 40)) as pilot:
        app.commands.typed("/graph Second Wheels")
        await until(pilot, lambda: app.concepts.centre == "book:ch02.html", "the page on the map")
        await until(pilot, lambda: app.screen.focused is app.concepts, "the focus")
        text = frame(app)
        assert all(words in text for words in ("part of 1", "comes before 1", "comes next 1", "in The Book "))
        await pilot.press("right", "enter")
        assert app.concepts.centre == "book:ch03.html"
        await pilot.press("b")
        assert app.concepts.centre == "book:ch02.html"
        await pilot.press("n")
        assert (app.concepts.centre, app.concepts.trail) == ("book:ch03.html", ("book:ch02.html",))
        await pilot.press("b", "down")
        assert app.concepts.selected_id == "std:demo::Hub"
        await pilot.press("enter")
        assert app.concepts.centre == "std:demo::Hub" and "more" in frame(app)
        await pilot.press("right", *["down"] * 25)
        assert app.concepts.selected.nth >= 25
        await pilot.press("l")
        await reader(pilot, app, app.tutor.library.store.node(app.concepts.selected_id).title)  # type: ignore[union-attr]  # it is there


async def test_a_name_that_is_none_opens_the_finder(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        app.commands.typed("/graph wheel")
        await until(pilot, lambda: isinstance(app.screen, Finder), "the finder")
        await until(pilot, lambda: "First Wheels" in frame(app), "what comes near")
        assert "nothing called “wheel”" in said(app)


async def test_an_error_without_a_lesson_shows_its_page(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        app.learn_flow.follow("E0382")
        await until(pilot, lambda: app.concepts.centre in app.tutor.library.concepts, "the lesson")
        app.learn_flow.centre("book:nowhere.html")
        await until_said(pilot, app, "nothing called “book:nowhere.html”")


# The reader.


@pytest.mark.parametrize("size", SIZES)
async def test_reading_on_and_back_and_to_the_map(library: Library, tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(tmp_path)
    async with running(app, size) as pilot:
        app.knowledge_flow.open_page("book:ch01.html")
        page = await reader(pilot, app, "First Wheels")
        await until_text(pilot, "The Book")
        assert "fn turn() {}" in frame(app)
        await pilot.press("p", "r", "o")  # no page before, no example, nowhere to open: these keys do nothing
        await pilot.press("n")
        await reader(pilot, app, "Second Wheels")
        await pilot.press("n")
        await reader(pilot, app, "Third Wheels")
        await pilot.press("b")
        await reader(pilot, app, "Second Wheels")
        await pilot.press("b")
        await reader(pilot, app, "First Wheels")
        assert app.screen is page
        await pilot.press("n")
        await reader(pilot, app, "Second Wheels")
        await pilot.press("m")
        await until(pilot, lambda: app.concepts.centre == "book:ch02.html", "the map")
        assert not isinstance(app.screen, Reader)


async def test_the_example_of_a_lesson_runs(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app, (100, 40)) as pilot:
        app.knowledge_flow.open_page("ownership")
        page = await reader(pilot, app, "Ownership")
        assert page.page.place == "Lessons › ownership borrowing lifetimes"
        await pilot.press("r")
        await until(pilot, lambda: "the example runs; it prints:" in page.view.text, "the output")
        assert page.view.text.rstrip().endswith("hello HELLO")


async def test_a_page_scrolls_and_survives_a_resize(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        text = "\n\n".join(f"Paragraph {n} of some words that are wrapped {HOSTILE}" for n in range(200))
        app.push_screen(Reader(app.knowledge_flow, Page("x", HOSTILE, HOSTILE, tuple(blocks_of(text)))))
        await until_text(pilot, "Paragraph 0")
        shown = frame(app)
        assert not set(shown) & {"\x1b", "\x07", "\x00", "\x9b", "\u202e", "\u2066", "\udcff"}
        await pilot.press("space", "j", "k", "pagedown")
        assert "Paragraph 0" not in frame(app)
        await pilot.press("end")
        await until_text(pilot, "Paragraph 199")
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        await pilot.press("home")
        await until_text(pilot, "Paragraph 0")


async def test_where_a_page_is_can_be_copied(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    place = tmp_path / "page one.html"
    place.write_text("<p>First Wheels</p>")
    build_small(home, f"{place}#top")
    app = make_app(tmp_path)
    async with running(app) as pilot:
        app.knowledge_flow.open_page("book:ch01.html")
        await reader(pilot, app, "First Wheels")
        await pilot.press("o")  # no desktop: it is copied instead
        assert app.clipboard == f"{place}#top"
        opened = tmp_path / "opened"
        (tmp_path / "xdg-open").write_text(f'#!/bin/sh\nprintf %s "$1" > "{opened}"\n')
        (tmp_path / "xdg-open").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        monkeypatch.setenv("DISPLAY", ":0")
        await pilot.press("o")
        await until(pilot, lambda: opened.exists() and opened.read_text(), "what is opened")
        assert opened.read_text() == f"{place.as_uri()}#top"


@pytest.mark.parametrize(
    "location",
    ["", "relative.html", "javascript:alert(1)", "http://plain.example", "/nowhere/at/all.html", "/bin/sh", "-x.html",
     "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_page_is_not_opened(location: str) -> None:
    assert address_of(location) == ""


def test_the_page_of_a_lesson_and_of_a_part(library: Library) -> None:
    lesson = page_of(library, "ownership")
    assert lesson.example and lesson.after and "fn main" in lesson.example
    part = page_of(library, "book:ch02.html")
    assert (part.before, part.after, part.example) == ("book:ch01.html", "book:ch03.html", "")
    with pytest.raises(KeyError):
        page_of(library, "book:ch77.html")


MARKDOWN = """\
# A title *so*

Some `code` and **strong** words that go on and on until they are wrapped
in the middle.\\
A new line.

- one
- two that is long enough to be wrapped as well
  1. inside

     its own paragraph

> quoted
> on

| a | b |
|---|---|
| 1 | `2` |

```rust
fn main() {}
```

<b>html</b>
"""


def test_a_page_as_lines() -> None:
    lines = [line.text.rstrip() for line in lines_of(blocks_of(MARKDOWN), 40)]
    assert lines == [
        "A title so",
        "",
        "Some code and strong words that go on",
        "and on until they are wrapped in the",
        "middle.",
        "A new line.",
        "",
        "• one",
        "• two that is long enough to be wrapped",
        "  as well",
        "  1. inside",
        "",
        "     its own paragraph",
        "",
        "▏ quoted on",
        "",
        "a │ b",
        "1 │ 2",
        "",
        " fn main() {}",
        "",
        "<b>html</b>",
    ]


@pytest.mark.parametrize("width", [14, 30, 60, 98])
def test_no_line_of_a_page_is_wider_than_it_may_be(width: int) -> None:
    from tui.diff_cells import width_of

    text = f"{MARKDOWN}\n\n{HOSTILE * 9}\n\n- {HOSTILE * 3}\n\n```\n{HOSTILE * 4}\n```\n\n{'日本' * 99}"
    assert all(width_of(line.pieces) <= width for line in lines_of(blocks_of(text), width))


# The outline.


@pytest.mark.parametrize("size", SIZES)
async def test_the_outline_opens_lessons_and_books(library: Library, tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(tmp_path)
    async with running(app, size) as pilot:
        app.commands.typed("/outline")
        await until(pilot, lambda: isinstance(app.screen, Outline) and "Basics" in frame(app), "the outline")
        outline = app.screen
        assert isinstance(outline, Outline)
        await pilot.press("right")
        await until_text(pilot, "Variables and mutability")
        await pilot.press("right", "enter")
        await reader(pilot, app, "Variables and mutability")
        await pilot.press("escape")
        app.knowledge_flow.outline()
        await until(pilot, lambda: isinstance(app.screen, Outline) and "Basics" in frame(app), "the outline again")
        await pilot.press("end")
        titles = [str(node.label) for node in app.screen.tree_of.root.children]  # type: ignore[attr-defined]  # it is one
        assert titles[-1].startswith("E0382") and "A Small Book" in titles
        await pilot.press(*["up"] * (len(titles) - 1 - titles.index("A Small Book")), "right")
        await until_text(pilot, "Second Wheels")
        await pilot.press("down", "down", "m")
        await until(pilot, lambda: app.concepts.centre == "book:ch02.html", "the map")


def test_many_roots_of_one_kind_are_a_branch(library: Library) -> None:
    roots = branches(library, "")
    assert [branch.title for branch in roots][:2] == ["Basics", "Ownership borrowing lifetimes"]
    assert {branch.title for branch in roots} >= {"Git", "Linux", "gh", "A Small Book", "Hub"}
    assert all(branch.id or branch.open for branch in roots)
    assert len(branches(library, "parts std:demo::Hub")) == METHODS
    assert [branch.open for branch in branches(library, "parts book:")] == ["", "", ""]
    assert [branch.title for branch in branches(library, "roots std item")] == ["Hub"]


# The sources of an answer.


async def test_a_number_opens_what_an_answer_cites(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        app.commands.typed("what is ownership")
        await until(pilot, lambda: app.query(Sources) and not app.jobs.busy, "an answer")
        sources = app.query(Sources).last()
        shown = str(sources.render())
        found_it = re.search(r"(\d)  Ownership ", shown)
        assert found_it, shown
        assert sources in app.chat.stops()
        sources.focus()
        await pilot.pause()
        await pilot.press(found_it[1])
        await reader(pilot, app, "Ownership")
        await pilot.press("escape")
        app.go_to("chat")
        await pilot.pause()
        await pilot.press("ctrl+o")
        await reader(pilot, app, sources.listed[0].title)


async def test_a_source_that_is_not_here_says_where_it_is(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        app.ask_flow.open_source()
        await until_said(pilot, app, "cited anything yet")
        app.ask_flow.open_source(events.Citation("ch77.html", "book", "Far", 1.0, "https://example.org/ch77.html"))
        await until_said(pilot, app, "it is at https://example.org/ch77.html")


# Reading in the background.


class Slow:
    """A source that waits to be let on."""

    name = "slow"
    title = "Slow pages"

    def __init__(self) -> None:
        self.go = threading.Event()

    def detect(self) -> object:
        from knowledgegraph.sources.base import Found

        return Found("1", "1")

    def read(self, _: object) -> Iterator[object]:
        from knowledgegraph.entry import Entry, Form

        for number in range(2000):
            yield Entry("note", f"n{number}", f"Note {number}", Form.NOTE, "rust")
            if number == 1000:
                assert self.go.wait(60)


def reading_app(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[TutorApp, Slow]:
    """An app that reads one slow source by itself."""
    slow = Slow()
    monkeypatch.setattr(Knowledge, "sources", lambda _: [slow])
    return make_app(folder, settings=Settings(knowledge=KnowledgeSettings(build="auto"))), slow


async def test_the_first_start_reads_in_the_background(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, slow = reading_app(tmp_path, monkeypatch)
    async with running(app, (120, 40)) as pilot:
        await until(pilot, lambda: "reading 1/1: Slow pages" in app.status.text, "the progress")
        await until_said(pilot, app, "once and in the background")
        app.commands.typed("what is ownership")  # everything works meanwhile
        await until(pilot, lambda: app.query(Sources) and not app.jobs.busy, "an answer")
        app.knowledge_flow.build()
        await until_said(pilot, app, "being read already")
        slow.go.set()
        await until_said(pilot, app, "2,000 entries from 1 source")
        assert "reading" not in app.status.text
        finder = await find(pilot, app, "note 1999")
        assert [entry.title for entry in finder.found.entries] == ["Note 1999"]


async def test_leaving_stops_the_reading(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, slow = reading_app(tmp_path, monkeypatch)
    async with running(app) as pilot:
        await until(pilot, lambda: "reading 1/1" in app.status.text, "the progress")
        slow.go.set()
        app.exit(0)
    await asyncio.get_running_loop().shutdown_default_executor()  # as the end of the program does
    assert not list(home.data.glob("knowledge.sqlite.new-*"))


async def test_something_new_is_offered_and_not_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_small(home)
    app, slow = reading_app(tmp_path, monkeypatch)
    async with running(app) as pilot:
        await until_said(pilot, app, "New documentation: Slow pages: new. /knowledge reads it.")
        assert not app.knowledge_flow.building
        slow.go.set()
        app.commands.typed("/knowledge")
        await until_said(pilot, app, "2,000 entries from 1 source")
        app.commands.typed("/knowledge status")
        await until_said(pilot, app, "2,000 entries")
        app.commands.typed("/knowledge frob")
        await until_said(pilot, app, "or /knowledge status")


async def test_never_reads_nothing(home: Home, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        await pilot.pause()
        assert not app.knowledge_flow.building and not Knowledge(home).built
        finder = await find(pilot, app, "")
        assert "/knowledge reads" in frame(app) and finder.found.current is None


# Keys that are always there, and screens of any size.


@pytest.mark.parametrize("key", ["f1", "question_mark"])
async def test_the_reader_and_the_outline_have_help(library: Library, tmp_path: Path, key: str) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        app.knowledge_flow.open_page("book:ch02.html")
        await reader(pilot, app, "Second Wheels")
        await pilot.press(key)
        await until_text(pilot, "Keys here")
        assert "n  Next" in re.sub(" +", "  ", frame(app)) and "Keys everywhere" not in frame(app)
        await pilot.press("escape", "escape")
        app.commands.typed("/outline")
        await until(pilot, lambda: isinstance(app.screen, Outline), "the outline")
        await pilot.press(key)
        await until_text(pilot, "All lessons by chapter")


async def test_the_finder_has_help_and_takes_a_question_mark(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        await find(pilot, app, "wheels")
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen.query_one(Input).value == "wheels?", "the letter")
        await pilot.press("f1")
        await until_text(pilot, "Type a part of a name")


@pytest.mark.parametrize("size", SIZES)
async def test_the_keys_of_the_reader_stand_in_the_last_line(
    library: Library, tmp_path: Path, size: tuple[int, int]
) -> None:
    app = make_app(tmp_path)
    async with running(app, size) as pilot:
        app.knowledge_flow.open_page("book:ch02.html")
        await reader(pilot, app, "Second Wheels")
        await until_text(pilot, "esc Close")
        lines = frame(app).split("\n")
        assert lines[-1].startswith(" n Next  p Previous  m Map") and lines[-1].rstrip().endswith("? Help")
        assert "Fix" not in lines[-1]
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: frame(app).startswith("╭─ Second Wheels"), "the narrow screen filled")
        await pilot.resize_terminal(200, 50)
        await until_text(pilot, "Second Wheels turn.")


async def test_a_lesson_has_no_file_to_open(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        app.knowledge_flow.open_page("ownership")
        page = await reader(pilot, app, "Ownership")
        assert page.page.location == "" and "o Open" not in frame(app)
        await pilot.press("o")
        assert app.screen is page


async def test_a_list_below_the_edge_scrolls_into_sight(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app, (80, 16)) as pilot:
        app.commands.typed("/outline")
        await until_text(pilot, "16 lessons")
        await pilot.press("end", "up", "right")
        outline = app.screen
        assert isinstance(outline, Outline)
        opened = outline.tree_of.cursor_node
        await until(pilot, lambda: opened is not None and opened.is_expanded, "the branch")
        assert opened is not None and opened.children
        await until_text(pilot, str(opened.children[0].label)[:20])


# The list at the end of an answer.


async def test_the_list_is_walked_with_arrows_and_opened_with_enter(library: Library, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with running(app) as pilot:
        app.commands.typed("what is ownership")
        await until(pilot, lambda: app.query(Sources) and not app.jobs.busy, "an answer")
        sources = app.query(Sources).last()
        assert sources.listed[0].citation.ref == "ownership"  # what was told
        assert "See also" not in said(app)
        assert "^o reads the first" in str(sources.render())
        await pilot.press("tab")
        await until(pilot, lambda: app.screen.focused is sources, "the list before the question whether it helped")
        await until_text(pilot, "a number or enter reads")
        await pilot.press("up", "down")
        assert sources.at == 1 and "2› " in str(sources.render())
        sources.action_open(len(sources.listed) + 1)  # a number at which nothing stands
        assert sources.at == 1
        await pilot.press("up", "enter")
        await reader(pilot, app, sources.listed[0].title)
        await pilot.press("escape")
        await pilot.click(sources, offset=(4, 1))
        await reader(pilot, app, sources.listed[0].title)


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_keeps_to_the_width(library: Library, tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(tmp_path)
    async with running(app, size) as pilot:
        app.commands.typed("what is ownership")
        await until(pilot, lambda: app.query(Sources) and not app.jobs.busy, "an answer")
        sources = app.query(Sources).last()
        await until(pilot, lambda: sources.content_size.width > 0, "the layout")
        lines = str(sources.render()).split("\n")
        assert sources.content_size.height == len(lines) == len(sources.listed) + 1
        assert all(len(line) <= sources.content_size.width for line in lines[1:])
        assert all(line.endswith(cited.source) for line, cited in zip(lines[1:], sources.listed, strict=True))
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: sources.content_size.width <= 60, "the narrow layout")
        assert all(len(line) <= 60 for line in str(sources.render()).split("\n"))
