"""The problems list and the code view."""

from __future__ import annotations

import pytest
from helpers_tui import HOSTILE, SIZES
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message

from tui.diff_cells import width_of
from tui.problems import CodeView, ProblemsList, problem_line, sort_problems
from tui.problems_code import CodePage, Mark, mark_lines, marks_on
from tutor.diagnostics import Diagnostic, Level, Span
from tutor.inert import inert_line

SOURCE = b"""\
fn greet(name: String) {}

fn main() {
    let name = String::from("Ada");
\tlet (a, b) = (greet(name), name.len());
    match a {
        () => 1,
    }
}
"""


def span(line: int, column: int, end: int, text: str = "", *, primary: bool = False, end_line: int = 0) -> Span:
    return Span("src/main.rs", 0, 0, line, column, end_line or line, end, primary, text)


MOVED = Diagnostic(
    "E0382",
    "error",
    "borrow of moved value: `name`",
    (
        span(4, 9, 13, "move occurs because it is a `String`"),
        span(5, 22, 26, "value moved here"),
        span(5, 29, 33, "value borrowed here after move", primary=True),
        span(6, 5, 6, "this match", end_line=8),
    ),
    (Diagnostic("", "note", "a note\nof two lines"), Diagnostic("", "help", "consider cloning the value")),
)


def problem(level: Level, code: str = "", message: str = "something", line: int = 1) -> Diagnostic:
    return Diagnostic(code, level, message, (span(line, 1, 2, primary=True),))


def page(diagnostic: Diagnostic | None, width: int, content: bytes = SOURCE) -> list[str]:
    made = CodePage("src/main.rs", content, diagnostic, width)
    lines = [made.title(width), *(made.line(row, width) for row in range(made.height))]
    assert all(width_of(line.pieces) == width for line in lines)
    return [line.text.rstrip() for line in lines]


def test_frame_of_a_marked_file() -> None:
    assert page(MOVED, 80) == [
        " error[E0382] borrow of moved value: `name`",
        "  1 │ fn greet(name: String) {}",
        "  2 │",
        "  3 │ fn main() {",
        '  4 │     let name = String::from("Ada");',
        "    │         ──── move occurs because it is a `String`",
        "  5 │     let (a, b) = (greet(name), name.len());",
        "    │                         ────   ━━━━ value borrowed here after move",
        "    │                         ╰ value moved here",
        "  6 │     match a {",
        "    │     ───────── from here",
        "  7 │         () => 1,",
        "  8 │     }",
        "    │     ─ this match",
        "    │",
        "    │ = note: a note",
        "    │         of two lines",
        "    │ = help: consider cloning the value",
        "  9 │ }",
    ]


def test_narrow_labels_go_below_and_are_broken() -> None:
    lines = page(MOVED, 46)
    at = next(i for i, line in enumerate(lines) if "let (a, b)" in line)
    assert lines[at + 1 : at + 5] == [
        "    │                         ────   ━━━━",
        "    │         ━ value borrowed here after move",
        "    │                       ─ value moved here",
        "  6 │     match a {",
    ]


def test_labels_below_are_tied_to_their_marks() -> None:
    marks = [Mark(2, 5, False, "first"), Mark(8, 9, False, "second"), Mark(12, 15, True, "third")]
    assert ["".join(piece.text for piece in line) for line in mark_lines(marks)] == [
        "  ───   ─   ━━━ third",
        "  │     ╰ second",
        "  ╰ first",
    ]


def test_marks_count_cells_and_characters_rightly() -> None:
    line = "\t日本 x = \x1b;\n".encode()
    assert marks_on(line, 1, [span(1, 5, 6, "x", primary=True)]) == [Mark(9, 10, True, "x")]
    assert marks_on(line, 1, [span(1, 2, 4, "wide")]) == [Mark(4, 8, False, "wide")]
    assert marks_on(line, 1, [span(1, 9, 9, "empty")]) == [Mark(13, 14, False, "empty")]
    assert marks_on(line, 2, [span(1, 1, 2)]) == []


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20), st.booleans(), st.text(max_size=30)), max_size=6),
    st.integers(20, 90),
)
def test_any_marks_are_drawn_and_every_label_is_there(raw: list[tuple[int, int, bool, str]], room: int) -> None:
    marks = sorted({Mark(start, start + size, primary, text) for start, size, primary, text in raw})
    lines = mark_lines(marks, room)
    text = "".join("".join(piece.text for piece in line) for line in lines)
    assert text == inert_line(text)
    letters = "".join(text.split())
    for mark in marks:
        for word in " ".join(inert_line(part) for part in mark.label.split("\n")).split():
            assert len(word) > 20 or word in letters


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_hostile_code_and_messages_are_inert(width: int) -> None:
    content = f"{HOSTILE}\n".encode("utf-8", "surrogateescape") * 3
    bad = Diagnostic(HOSTILE, "error", HOSTILE, (Span("src/main.rs", 0, 0, 2, 3, 3, 9, True, HOSTILE),),
                     (Diagnostic("", "help", HOSTILE),))  # fmt: skip
    lines = page(bad, width, content)
    assert all(line == inert_line(line) for line in lines)
    for part in (0, 1):
        line = problem_line(bad, width, part, chosen=True)
        assert width_of(line.pieces) == width
        assert line.text == inert_line(line.text)


@pytest.mark.parametrize("place", [(0, 0), (99, 1), (3, 999)])
def test_a_span_that_does_not_fit_the_file_hurts_nothing(place: tuple[int, int]) -> None:
    odd = Diagnostic("", "error", "odd", (span(place[0], place[1], place[1] + 1, "label", primary=True),))
    assert page(odd, 60)[0].startswith(" error odd")
    assert page(odd, 60, b"") == [" error odd"]


def test_order_and_lines_of_problems() -> None:
    mixed = [problem("warning", "w"), problem("error", "E1"), problem("note"), problem("error", "E2")]
    assert [d.code for d in sort_problems(mixed)] == ["E1", "E2", "w", ""]
    line = problem_line(problem("error", "E0382", "borrow of moved value", 12), 80).text
    assert line.startswith("  ✗ E0382 borrow of moved value  ")
    assert line.endswith(" src/main.rs:12:1 ")
    assert problem_line(problem("warning"), 60, 0).text.startswith("  ▲ something")
    assert problem_line(problem("warning", line=7), 60, 1).text.strip() == "src/main.rs:7:1"
    assert problem_line(Diagnostic("", "error", "no place"), 80).text.strip() == "✗ no place"


class Harness(App[None]):
    """Both panes, and what they said."""

    CSS = "ProblemsList { height: 1fr; border: round $primary; } CodeView { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.list = ProblemsList()
        self.code = CodeView()
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.list
        yield self.code

    def on_mount(self) -> None:
        self.list.focus()

    def on_problems_list_selected(self, event: ProblemsList.Selected) -> None:
        self.said.append(event)
        self.code.show("src/main.rs", SOURCE, event.diagnostic)

    def on_problems_list_explain_wanted(self, event: ProblemsList.ExplainWanted) -> None:
        self.said.append(event)


def screen(app: App[None]) -> list[str]:
    """The lines that are on screen."""
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize("size", SIZES)
async def test_listing_jumping_and_explaining(size: tuple[int, int]) -> None:
    app = Harness()
    async with app.run_test(size=size) as pilot:
        app.list.diagnostics = (problem("warning", "unused"), MOVED, problem("error", "", "aborting"))
        await pilot.pause()
        assert "Problems  ✗ 2  ▲ 1" in screen(app)[0]
        await pilot.press("enter")
        assert isinstance(app.said[-1], ProblemsList.Selected)
        assert app.said[-1].diagnostic is MOVED
        await pilot.pause()
        text = "\n".join(screen(app))
        assert "error[E0382] borrow of moved value" in text
        assert "value borrowed here after move" in text
        await pilot.press("x")
        assert isinstance(app.said[-1], ProblemsList.ExplainWanted)
        assert app.said[-1].code == "E0382"
        await pilot.press("j", "x")  # has no code
        assert len(app.said) == 2
        await pilot.press("j", "j", "j", "x")
        assert isinstance(app.said[-1], ProblemsList.ExplainWanted)
        assert app.said[-1].code == "unused"
        await pilot.press("k", "k", "k")
        assert app.list.current is MOVED
        assert all(cell_len(line) == size[0] for line in screen(app))


async def test_a_click_jumps() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        app.list.diagnostics = (MOVED, problem("error", "E2"))
        await pilot.pause()
        await pilot.click(ProblemsList, offset=(20, 2))
        assert isinstance(app.said[-1], ProblemsList.Selected)
        assert app.said[-1].diagnostic.code == "E2"
        count = len(app.said)
        await pilot.click(ProblemsList, offset=(20, 6))
        assert len(app.said) == count


@pytest.mark.parametrize("size", SIZES)
async def test_thousands_of_problems(size: tuple[int, int]) -> None:
    app = Harness()
    async with app.run_test(size=size) as pilot:
        app.list.diagnostics = tuple(problem("error", f"E{i:05}") for i in range(5_000))
        await pilot.pause()
        assert "✗ 5,000" in screen(app)[0]
        for key, code in (("end", "E04999"), ("k", "E04998"), ("home", "E00000"), ("down", "E00001")):
            await pilot.press(key)
            assert any("▌" in line and code in line for line in screen(app))
        await pilot.press("pagedown", "pagedown", "pageup")
        assert any("▌" in line for line in screen(app))


@pytest.mark.parametrize("size", SIZES)
async def test_no_problems_and_no_code(size: tuple[int, int]) -> None:
    app = Harness()
    async with app.run_test(size=size) as pilot:
        await pilot.press("j", "k", "enter", "x", "end", "home", "pagedown", "pageup")
        text = "\n".join(screen(app))
        assert "No problems listed." in text
        assert "No code chosen." in text
        assert app.said == []
        app.code.focus()
        await pilot.press("g", "down", "up", "end", "home", "right", "left", "pagedown", "pageup")
        app.code.show("a.rs", SOURCE)
        app.code.clear()
        await pilot.pause()
        assert "No code chosen." in "\n".join(screen(app))


@pytest.mark.parametrize("size", SIZES)
async def test_code_opens_at_the_mark_and_the_message_stays(size: tuple[int, int]) -> None:
    content = b"".join(b"let x%d = %d;\n" % (i, i) for i in range(1, 3_001))
    there = Diagnostic("E1", "error", "look here", (span(2_000, 5, 10, "this one", primary=True),))
    app = Harness()
    async with app.run_test(size=size) as pilot:
        app.code.focus()
        app.code.show("src/main.rs", content, there)
        await pilot.pause()
        for keys in ((), ("home", "g"), ("end", "g")):
            await pilot.press(*keys)
            text = "\n".join(screen(app))
            assert "2000 │ let x2000 = 2000;" in text
            assert "━━━━━ this one" in text
        await pilot.press("end")
        assert "3000 │ let x3000" in "\n".join(screen(app))
        assert "error[E1] look here" in "\n".join(screen(app))
        await pilot.press("home")
        assert "   1 │ let x1 = 1;" in "\n".join(screen(app))


def test_every_key_has_an_id() -> None:
    for widget, prefix in ((ProblemsList, "problem."), (CodeView, "code.")):
        named = [b.id for bindings in widget._merge_bindings().key_to_bindings.values() for b in bindings]
        assert named
        assert all(name and name.startswith(prefix) for name in named)
