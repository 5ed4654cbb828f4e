"""The app around its panes: layout, focus, keys, help, palette, themes, status, guide, crashes, the first paint."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from time import monotonic

import pytest
from textual.geometry import Offset

from commands.registry import offered
from tests.helpers_tui_app import (
    SIZES,
    TWO_ERRORS,
    asks,
    compare,
    fix,
    frame,
    git,
    make_app,
    project,
    running,
    said,
    settle,
    until,
    until_said,
    until_text,
)  # fmt: skip
from tui.bindings import BY_ID, KEYED
from tui.dialogs import Question
from tui.gate import Gate
from tui.guide import STEPS
from tui.keymap import checked, known_bindings
from tui.layout import PANES
from tui.palette import entries
from tui.startup import repository_fact
from tui.status import Fact, fit_facts
from tutor import events
from tutor.config import Settings
from tutor.repository import RepoState


@pytest.mark.parametrize("size", [*SIZES, (200, 50)])
async def test_every_pane_is_reached_by_its_key_and_by_tab(tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app, size) as pilot:
        for key, pane in zip(("f3", "f4", "f5", "f2"), ("diff", "problems", "concepts", "chat"), strict=True):
            await pilot.press(key)
            await until(pilot, lambda pane=pane: app.panes.active == pane, pane)
            assert app.screen.focused is not None and app.screen.focused.region.area > 0
        seen = set()
        for _ in range(6):
            await pilot.press("tab")
            seen.add(app.panes.active)
            assert app.screen.focused is not None and app.screen.focused.region.area > 0
        assert seen == set(PANES)
        await pilot.press("shift+tab")


async def test_a_resize_keeps_focus_text_review_and_scroll(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job", TWO_ERRORS))
    async with running(app, (160, 40)) as pilot:
        await fix(pilot, app)
        await pilot.press("a")
        app.chat.prompt.put("half a thought")
        review, current = app.diff.review, app.diff.current
        widgets = set(app.screen.walk_children())
        for size in ((60, 20), (110, 30), (80, 24), (200, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert app.screen.focused is app.diff, size
            assert app.diff.region.area > 0, size
            assert app.diff.review is review and app.diff.current == current
            assert app.chat.prompt.text == "half a thought"
            assert widgets - set(app.screen.walk_children()) == set(), "nothing was composed anew"
        assert review is not None and review.count("accepted") == 1


async def test_wide_shows_all_panes_and_narrow_one(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app, (200, 50)) as pilot:
        panes = [app.chat, app.diff, app.problems, app.concepts]
        assert all(pane.region.area for pane in panes)
        columns = {pane.region.x for pane in panes}
        assert len(columns) == 3
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert app.chat.region.area and app.diff.region.area and not app.concepts.region.area
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert app.chat.region.width == 60 and not app.diff.region.area


async def test_tabs_and_keys_take_the_mouse(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        line = frame(app).splitlines()[0]
        await pilot.click(offset=Offset(line.index("concepts") + 1, 0))
        await until(pilot, lambda: app.panes.active == "concepts", "the concepts")
        last = frame(app).splitlines()[-1]
        await pilot.click(offset=Offset(last.index("Help"), 23))
        await until_text(pilot, "Keys everywhere")


@pytest.mark.parametrize("pane", ["f2", "f3", "f4", "f5"])
async def test_help_is_about_the_focused_pane(tmp_path: Path, pane: str) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app, (120, 40)) as pilot:
        await pilot.press(pane)
        await pilot.pause()
        focused = app.screen.focused
        await pilot.press("f1")
        await until_text(pilot, "Keys everywhere")
        words = {"f2": "Send", "f3": "Accept all", "f4": "Show code", "f5": "Read"}
        assert words[pane] in frame(app) or pane == "f3"  # the diff's keys count only while there is a diff
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.focused is focused, "the focus where it was")


async def test_the_palette_offers_every_action_of_the_registry(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        titles = {entry.title for entry in entries(app)}
        assert {command.title for command in offered("app")} <= titles
        await pilot.press("ctrl+p")
        await until_text(pilot, "Search for commands")
        await pilot.press(*"neighbours")
        await until_text(pilot, "Show a concept's neighbours")
        await pilot.press("enter")
        await until(pilot, lambda: app.chat.prompt.text == "/graph ", "the command in the prompt")
        await pilot.press(*"borrow", "tab", "enter")
        await until(pilot, lambda: app.concepts.centre, "a concept")
        for command in offered("app"):
            assert (
                command.name in ("quit", "ask", "explain", "graph", "helpful") or app.commands.do(command.name) is None
            )
        await settle(pilot, app)


async def test_a_theme_is_kept_and_a_wrong_one_reported(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app) as pilot:
        assert app.theme == "tutor-dark"
        app.theme = "tutor-light"
        file = app.tutor.home.config_file
        await until(pilot, lambda: file.exists() and "tutor-light" in file.read_text(), "the setting")
    assert tomllib.loads(file.read_text())["app"]["theme"] == "tutor-light"
    file.write_text('[app]\ntheme = "[/b] none"\n')
    wrong = make_app(root)
    async with running(wrong):
        assert wrong.theme == "tutor-dark" and "no theme “[/b] none”" in said(wrong)


async def test_the_users_keys_are_used_and_bad_ones_reported_in_one_line(tmp_path: Path) -> None:
    keymap = {"app.fix": "ctrl+g", "hunk.accept": "y", "app.nothing": "x", "app.apply": "ctrl+i", "app.undo": "f3"}
    app = make_app(project(tmp_path / "job"), settings=Settings(keymap=keymap))
    async with running(app, (120, 40)) as pilot:
        text = said(app)
        assert text.count("ignored") == 1
        assert "no binding app.nothing" in text and "terminals send tab" in text and "pane.diff has that key" in text
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.fix_flow.review is not None and not app.jobs.busy, "a proposal")
        await until(pilot, lambda: app.diff._gate.is_open(), "the end of the grace period")
        await pilot.press("a")
        assert app.fix_flow.review is not None and not app.fix_flow.review.accepted
        await pilot.press("y")
        assert app.fix_flow.review.accepted
        await until_text(pilot, "y Accept")


def test_every_binding_has_an_id_of_its_own_and_no_key_twice() -> None:
    known = known_bindings(KEYED)
    assert sum(len(bindings) for bindings in KEYED.values()) == len(BY_ID) == len(known)
    taken: set[tuple[str, str]] = set()
    for binding in known.values():
        for key in binding.keys:
            assert (binding.scope, key) not in taken, f"{key} twice in {binding.scope or 'the app'}"
            taken.add((binding.scope, key))


@pytest.mark.parametrize("key", ["ctrl+h", "ctrl+m", "nonsense", "hyper+x", "", "ctrl+"])
def test_a_key_that_nobody_can_press_is_refused(key: str) -> None:
    good, problems = checked({"app.fix": key}, known_bindings(KEYED))
    assert good == {} and len(problems) == 1


def test_keys_may_be_swapped() -> None:
    good, problems = checked({"hunk.accept": "r", "hunk.reject": "a"}, known_bindings(KEYED))
    assert good == {"hunk.accept": "r", "hunk.reject": "a"} and problems == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RepoState(), "no repository"),
        (RepoState(installed=False), "git is not installed"),
        (RepoState(Path("/r"), "main", "abc"), "on main"),
        (RepoState(Path("/r"), "main", None), "on main (no commit yet)"),
        (RepoState(Path("/r"), None, "0123456789"), "detached at 01234567"),
        (RepoState(Path("/r"), None, "0123", "rebase"), "rebase in progress"),
    ],
)
def test_the_repository_in_a_few_words(state: RepoState, words: str) -> None:
    assert repository_fact(state).long == words


def test_the_status_line_shortens_and_then_leaves_out() -> None:
    facts = [Fact("model: a long name", "model", rank=0), Fact("on main", rank=1), Fact("rustc 1.95", rank=5)]
    assert [words for words, _ in fit_facts(facts, 60)] == ["model: a long name", "on main", "rustc 1.95"]
    assert [words for words, _ in fit_facts(facts, 29)] == ["model", "on main", "rustc 1.95"]
    assert [words for words, _ in fit_facts(facts, 16)] == ["model", "on main"]
    assert [words for words, _ in fit_facts(facts, 3)] == ["model"]


async def test_the_status_line_says_what_holds(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    git(root, "checkout", "-q", "--detach")
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await until_text(pilot, "no model: answering from this machine's knowledge · detached at")


async def test_no_ollama_is_said_and_answers_still_come(tmp_path: Path) -> None:
    from tui.app import TutorApp
    from tutor.engine import Tutor

    root = project(tmp_path / "job")
    app = TutorApp(root, tutor=Tutor(root, tool="app"))
    async with running(app, (120, 40)) as pilot:
        await until_text(pilot, "no model: answering from this machine's knowledge")
        await pilot.press(*"what is ownership?", "enter")
        await until(pilot, lambda: app.chat.helpful_subject, "an answer")


async def test_a_problem_jumps_to_its_code_and_escape_comes_back(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job", TWO_ERRORS))
    async with running(app) as pilot:
        await pilot.press(*"check", "enter")
        await until_said(pilot, app, "f looks for fixes")
        await pilot.press("f4", "enter")
        await until(pilot, lambda: app.screen.focused is app.code, "the code")
        await until_text(pilot, "println!")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.focused is app.problems, "the list")
        await pilot.press("x")
        await until(pilot, lambda: app.chat.helpful_subject, "an explanation")


async def test_a_lesson_opens_from_the_map(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app, (120, 40)) as pilot:
        await pilot.press(*"/graph ownership", "enter")
        await until(pilot, lambda: app.screen.focused is app.concepts, "the map")
        await pilot.press("l")
        await until_text(pilot, "Check yourself")
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1, "the map again")


async def test_the_guide_ticks_what_is_done_and_takes_no_key(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root, guided=True)
    async with running(app) as pilot:
        await until_text(pilot, "1 find")
        await fix(pilot, app)
        await until_text(pilot, "✓ find   2 decide")
        await pilot.press("a")
        await until_text(pilot, "✓ decide   3 write")
        await pilot.press("w")
        await until(pilot, lambda: type(app.screen).__name__ == "MessageEditor", "the message")
        await pilot.press("ctrl+s")
        await until_text(pilot, "✓ commit   5 ask")
        await settle(pilot, app)
        await pilot.press("f2", *"why?", "enter")
        await until_text(pilot, "That is the whole job")
    assert len(STEPS) == 5


async def test_trust_is_asked_with_no_as_the_safe_answer(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app) as pilot:
        asked = events.NeedsPermission("trust-workspace", str(root), "May [/b] run its build script?")
        app.ask_permission(asked)
        await until(pilot, lambda: asks(app), "the question")
        assert "[/b]" in frame(app)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Question), "the end of the question")
        assert not app.tutor.trust.allows(root)
        app.ask_permission(asked)
        await pilot.pause()
        assert not isinstance(app.screen, Question), "asked once"
    again = make_app(root)
    async with running(again) as pilot:
        again.ask_permission(asked)
        await until(pilot, lambda: asks(again), "the question")
        await pilot.press("o")
        await until(pilot, lambda: again.fix_flow.review is not None, "the search runs again")
        assert again.tutor.trust.allows(root)
        assert not make_app(root).tutor.trust.allows(root), "this time only"


async def test_a_key_that_was_meant_for_something_else_is_no_consent(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app) as pilot:
        app.ask_permission(events.NeedsPermission("trust-workspace", str(root), "May it run its build script?"))
        await until(pilot, lambda: isinstance(app.screen, Question), "the question")
        assert isinstance(app.screen, Question)
        app.screen.gate = Gate(1_000_000, monotonic)  # as if it had come up this very moment
        app.screen.gate.seen()
        await pilot.press("a", "t", "o")
        assert isinstance(app.screen, Question)
        assert not app.tutor.trust.allows(root)
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Question), "the end of the question")
        assert not app.tutor.trust.allows(root)


async def test_leaving_with_accepted_hunks_is_asked_about(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        await fix(pilot, app)
        await pilot.press("a", "ctrl+q")
        await until(pilot, lambda: asks(app), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, Question), "staying")
        assert app.is_running


async def test_an_unforeseen_error_in_a_worker_is_a_line_and_a_private_report(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app, (120, 40)) as pilot:

        def breaks() -> None:
            raise ZeroDivisionError("the [/b] cause")

        app.in_thread(breaks, lambda _: None)
        await until_said(pilot, app, "Something went wrong inside the tutor (ZeroDivisionError)")
        assert "Traceback" not in frame(app)
        reports = list((app.tutor.home.state / "crashes").iterdir())
    assert len(reports) == 1 and reports[0].stat().st_mode & 0o777 == 0o600
    assert "the [/b] cause" in reports[0].read_text()


async def test_hostile_names_and_code_are_shown_inert(tmp_path: Path) -> None:
    root = tmp_path / "[/b] job\u202e\x1b[31m"
    project(root, b"fn main() {\n    let s = \"\xe2\x80\xae [/b] \x1b]0;x\x07\";\n    let count = 3;\n    count += 1;\n"
                  b"    println!(\"{count}{s}\");\n}\n", repository=False)  # fmt: skip
    app = make_app(root)
    async with running(app, (160, 40)) as pilot:
        await pilot.press(*"fix this", "enter")
        await until(pilot, lambda: app.problems.diagnostics and not app.jobs.busy, "diagnostics")
        shown = frame(app)
        assert not any(sign in shown for sign in "\x1b\u202e\x07")
        if app.fix_flow.review is not None:
            await until(pilot, lambda: app.diff._gate.is_open(), "the end of the grace period")
            await pilot.press("A", "w")
            await until(pilot, lambda: asks(app), "the offer of a repository")
            shown = frame(app)
            assert "[/b]" in shown and not any(sign in shown for sign in "\x1b\u202e")


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (160, 45)])
async def test_frames_of_the_main_screens(tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(project(tmp_path / "job", TWO_ERRORS))
    name = f"{size[0]}x{size[1]}"
    async with running(app, size) as pilot:
        # What differs from machine to machine is not compared.
        app.status.tell("toolchain", Fact("rustc 1.0", rank=5))
        app.status.tell("sandbox", Fact("sandboxed", rank=6))
        await pilot.pause()
        compare(f"{name}-start", frame(app))
        app.chat.say_user("fix this")
        app.look_flow.show_diagnostics(events.DiagnosticsFound(str(tmp_path), "rustc", ()))
        app.chat.note("It compiles. Nothing to fix (rustc).", "success")
        await pilot.press("slash", "e")
        await pilot.pause()
        await until(pilot, lambda: "explain" in frame(app), "the offers")
        compare(f"{name}-chat", frame(app))
        app.chat.prompt.put("")
        await pilot.press("f5")
        app.learn_flow.centre("ownership")
        await until_text(pilot, "Ownership")
        await pilot.press("f1")
        await until_text(pilot, "Keys here")
        compare(f"{name}-help", frame(app))


def test_the_first_paint_imports_nothing_heavy(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from tutor.engine import Tutor
from tui.app import TutorApp

app = TutorApp(Path({str(tmp_path)!r}), tutor=Tutor(Path({str(tmp_path)!r}), use_model=False))
app.startup.begin = lambda: None  # what comes after the first paint

async def main():
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        heavy = ("networkx", "git", "ollama", "chromadb", "sqlite3", "httpx", "tomlkit", "prompt_toolkit",
                 "knowledgegraph.store", "tutor.fix.search", "tutor.workspace")
        print([name for name in heavy if name in sys.modules])

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_no_color_is_respected(tmp_path: Path) -> None:
    code = f"""
import asyncio
from pathlib import Path
from tutor.engine import Tutor
from tui.app import TutorApp

async def main():
    app = TutorApp(Path({str(tmp_path)!r}), tutor=Tutor(Path({str(tmp_path)!r}), use_model=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        colours = set()
        for strip in app.screen._compositor.render_strips():
            for segment in strip.apply_filter(app._filters[-1], app.background_colors[0]):
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if colour is not None and colour.triplet is not None:
                        colours.add(len(set(colour.triplet)) == 1)
        print(colours, "no-color" in str(app.pseudo_classes) or bool(app.no_color))

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert "True" in done.stdout, done.stdout + done.stderr
    assert "False" not in done.stdout, done.stdout


def test_no_text_is_ever_given_to_textual_as_markup() -> None:
    import ast

    wrong = []
    for file in sorted((Path(__file__).parent.parent / "tui").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = {word.arg: word.value for word in node.keywords}
            off = isinstance(value := given.get("markup"), ast.Constant) and value.value is False
            if name in ("notify", "Static", "Label") and not off:
                wrong.append(f"{file.name}:{node.lineno} {name}")
            if name == "from_markup":
                wrong.append(f"{file.name}:{node.lineno} {name}")
    assert wrong == []


async def test_leaving_while_something_runs_is_quiet(tmp_path: Path) -> None:
    for rounds in range(5):
        app = make_app(project(tmp_path / f"job{rounds}", TWO_ERRORS))
        async with running(app) as pilot:
            await pilot.press(*"fix this", "enter")
            for _ in range(rounds):
                await pilot.pause()
            app.exit(0)
        assert app.return_code == 0
        assert not (app.tutor.home.state / "crashes").exists()
