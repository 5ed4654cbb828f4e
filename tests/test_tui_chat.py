"""The chat pane: the prompt, completion, history, turns, and text from outside that wants to act."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Markdown

from commands.citations import listed
from tests.helpers_tui import HOSTILE
from tests.helpers_tui_app import frame, make_app, project, running, said, settle, until, until_said, until_text
from tests.ollama_server import running as ollama
from tui.app import TutorApp
from tui.completion import choices
from tui.history import History
from tui.routing import understand
from tui.status import Fact
from tui.turns import Helpful, Note, Sources, TutorTurn, UserTurn
from tutor.engine import Tutor
from tutor.events import Citation
from tutor.inert import inert


@pytest.mark.parametrize(
    "text",
    ["fix", "fix this", "Fix this!", "fix it", "repair it", "please fix my code", "fix the errors", "can you fix this?",
     "fix all of it", "mend this program", "correct the problems."],
)  # fmt: skip
def test_the_wish_for_a_fix_is_understood(text: str) -> None:
    assert understand(text).command == "fix"


@pytest.mark.parametrize(
    "text", ["how do I fix a merge conflict?", "fix E0382 by cloning?", "what does git fixup do", "prefix", "why"]
)
def test_a_question_stays_a_question(text: str) -> None:
    assert understand(text) == ("ask", text, "")


def test_commands_are_understood_and_wrong_ones_get_the_nearest() -> None:
    assert understand("/explain E0382") == ("explain", "E0382", "")
    assert understand("/UNDO").command == "undo"
    assert "/explain" in understand("/explian E0382").problem
    assert "THING" in understand("/explain").problem
    assert understand("/sessions").problem, "a command of the command line is none of the app"
    assert understand("exit").command == "quit"


def test_completion_offers_commands_then_arguments() -> None:
    def arguments(command: str) -> list[tuple[str, str]]:
        return [("E0382", "borrow of moved value"), ("E0502", "cannot borrow")] if command == "explain" else []

    assert [choice.text for choice in choices("/he", arguments)] == ["/helpful ", "/help"]
    assert [choice.text for choice in choices("/explain e03", arguments)] == ["/explain E0382"]
    assert choices("/undo ", arguments) == [] == choices("why", arguments) == choices("/x\ny", arguments)


def test_history_is_kept_private_and_survives_damage(tmp_path: Path) -> None:
    history = History(tmp_path)
    assert history.load() == ""
    for text in ("one", "two\nlines", "two\nlines"):
        history.add(text)
    history.save()
    history.save_draft("not sent")
    file = tmp_path / "prompt-history.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(file.read_text() + '{"torn": ', "utf-8")
    again = History(tmp_path)
    assert again.load() == "not sent"
    assert [again.older("now"), again.older(""), again.older("")] == ["two\nlines", "one", None]
    assert [again.newer(), again.newer(), again.newer()] == ["two\nlines", "now", None]
    again.save_draft("  ")
    assert History(tmp_path).load() == ""


async def test_enter_sends_ctrl_j_breaks_and_the_arrows_recall(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job", b"fn main() {}\n"))
    async with running(app) as pilot:
        prompt = app.chat.prompt
        await pilot.press(*"/nope", "ctrl+j", *"second")
        assert prompt.text == "/nope\nsecond"
        await pilot.press("enter")
        assert prompt.text == ""
        await until_said(pilot, app, "There is no command")
        await pilot.press(*"dra", "up")
        assert prompt.text == "/nope\nsecond"
        await pilot.press("up")  # within the text first
        assert prompt.text == "/nope\nsecond"
        await pilot.press("down", "down")
        assert prompt.text == "dra"
        home = app.tutor.home
        await until(pilot, lambda: (home.state / "prompt-history.jsonl").exists(), "the history's file")
    assert json.loads((home.state / "prompt-history.jsonl").read_text()) == "/nope\nsecond"
    assert (home.state / "prompt-draft.txt").read_text() == "dra"


async def test_a_draft_comes_back(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app) as pilot:
        await pilot.press(*"half a quest")
    again = make_app(root)
    async with running(again):
        assert again.chat.prompt.text == "half a quest"


async def test_a_question_mark_asks_for_help_only_in_an_empty_prompt(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        await pilot.press("w", "question_mark")
        assert app.chat.prompt.text == "w?"
        await pilot.press("backspace", "backspace", "question_mark")
        await until_text(pilot, "Keys here")
        assert app.chat.prompt.text == ""
        await pilot.press("question_mark")
        await until(pilot, lambda: len(app.screen_stack) == 1, "the end of the help")


async def test_slash_commands_complete_in_the_list(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        await pilot.press("slash", *"exp")
        await until_text(pilot, "❯ /explain THING")
        await pilot.press("tab")
        assert app.chat.prompt.text == "/explain "
        await pilot.press(*"owners")
        await until_text(pilot, "❯ ownership")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.chat.helpful_subject, "an explanation")
        await pilot.press("slash", "escape")
        assert app.chat.prompt.text == "/" and "❯" not in frame(app)
        await pilot.press(*"und", "down", "up", "enter")  # a command that is half typed is completed first
        assert app.chat.prompt.text == "/undo"
        await pilot.press("enter")
        await until_said(pilot, app, "nothing to undo")


async def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app, (200, 50)) as pilot:
        app.chat.say_user(HOSTILE)
        app.chat.note(HOSTILE, "warning", HOSTILE)
        turn = app.chat.tell(HOSTILE)
        turn.delta(HOSTILE)
        await turn.finish(
            f"{HOSTILE}\n\n<b>Vec<T></b> [link](javascript:alert) <script>",
            Sources(listed([Citation("x", "std", HOSTILE)])),
        )
        app.show_counts("diff", "[/b]", f"diff [/b] {HOSTILE}")
        app.status.tell("repository", Fact(HOSTILE))
        await until_text(pilot, "<b>Vec<T></b>")
        shown = frame(app)
    assert "[/b] [red]x[/red]" in shown
    assert not any(sign in shown for sign in "\x1b\u202e\u2066\x00\x9b")
    assert inert(HOSTILE).split()[0] in shown


async def test_where_the_chat_is_out_of_sight_its_lines_pass_over_the_screen(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: app.panes.active == "diff", "the diff")
        app.note("[/b] \x1b[31m happened", "warning")
        await until_text(pilot, "[/b] ␛[31m happened")


async def test_a_model_streams_and_escape_keeps_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [{"text": f"word{number} "} for number in range(40)]
    script = {
        "models": [{"name": "gemma3:4b", "capabilities": ["completion"], "context_length": 8192}],
        "replies": {"/api/chat": [
            {"body": [{"text": "# First\n\n* **bold** `Vec<T>` <b>x</b> [/b] \x1b[31m\n"}, *words, {"stall": True}]},
            {"body": [{"text": "All of it."}, {"done": "stop"}]},
        ]},
    }  # fmt: skip
    root = project(tmp_path / "job")
    with ollama(script) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.host)
        app = TutorApp(root, tutor=Tutor(root, tool="app"))
        async with running(app, (160, 45)) as pilot:
            await until_text(pilot, "model gemma3:4b")
            await pilot.press(*"why?", "enter")
            await until_text(pilot, "word39")
            assert app.jobs.busy
            await until_text(pilot, "esc stops")
            await pilot.press(*"next question", "escape")
            await until_text(pilot, "stopped here")
            await settle(pilot, app)
            shown = frame(app)
            assert "word0" in shown, shown
            assert "<b>x</b> [/b] ␛[31m" in shown, shown
            assert "\x1b" not in shown
            assert app.chat.prompt.text == "next question"
            await pilot.press("enter")
            await until_text(pilot, "All of it.")
            await settle(pilot, app)


async def test_links_are_shown_and_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    app = make_app(project(tmp_path / "job"))
    monkeypatch.setattr(type(app), "open_url", lambda self, url, **_: opened.append(url))
    async with running(app, (120, 40)) as pilot:
        turn = app.chat.tell("head")
        await turn.finish("[safe](https://evil.example/[/b])")
        body = turn.query_one(Markdown)
        body.post_message(Markdown.LinkClicked(body, "https://evil.example/[/b]"))
        await until_text(pilot, "https://evil.example/[/b]")
    assert opened == []


async def test_a_streamed_answer_grows_is_stopped_and_keeps_its_text(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app, (120, 40)) as pilot:
        turn = app.chat.tell("llama answers")
        for number in range(200):
            turn.delta(f"word{number} ")
        await until_text(pilot, "word199")
        await turn.finish("", stopped=True)
        await until_text(pilot, "stopped here")
        assert "word0 " in turn.query_one(Markdown).source and "word199" in turn.query_one(Markdown).source


async def test_only_the_last_turns_stay_on_the_screen(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        for number in range(50):
            app.chat.note(f"note {number}")
        await until(pilot, lambda: len(app.query(Note)) == 20, "a short list")
        assert "note 49" in said(app) and "note 29\n" not in said(app)


async def test_reading_further_up_is_not_interrupted(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        for number in range(19):
            app.chat.say_user(f"line {number}\nand more")
        await pilot.pause()
        turns = app.query_one("#turns")
        await until(pilot, lambda: turns.scroll_y == turns.max_scroll_y > 0, "the end")
        await pilot.press("shift+tab")
        turns.focus()
        await pilot.press("home")
        await until(pilot, lambda: turns.scroll_y == 0, "the beginning")
        app.chat.note("something new")
        await pilot.pause()
        assert turns.scroll_y == 0


async def test_details_open_on_demand(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        app.chat.note("It failed", "error", "line one\nline two")
        await until_text(pilot, "▸ details")
        app.query_one(Note).focus()
        await pilot.press("enter")
        await until_text(pilot, "line two")


async def test_helpful_keys_count_only_with_the_focus(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job"))
    async with running(app) as pilot:
        await pilot.press(*"what is a borrow?", "enter")
        await until(pilot, lambda: app.chat.helpful_subject, "the question")
        await settle(pilot, app)
        await pilot.press("y")
        assert app.chat.prompt.text == "y"
        app.query_one(Helpful).focus()
        await pilot.press("y")
        await until(pilot, lambda: not app.chat.helpful_subject, "the answer to it")
        assert "Noted: it helped." in str(app.query_one(Helpful).render())


async def test_user_text_is_plain_text(tmp_path: Path) -> None:
    app = make_app(project(tmp_path / "job", b"fn main() {}\n"))
    async with running(app) as pilot:
        await pilot.press(*"# not *a* [b]heading[/b]", "enter")
        await until(pilot, lambda: app.query(UserTurn) and app.query(TutorTurn), "the turns")
        assert str(app.query_one(UserTurn).render()) == "# not *a* [b]heading[/b]"
