"""The main job in the app: fix, decide, write, commit, undo, with the real compiler and real repositories."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.helpers_tui_app import (
    ONE_ERROR,
    SIZES,
    TWO_ERRORS,
    asks,
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
from tui.dialogs import IdentityForm, LineInput, MessageEditor, Question
from tutor import events
from tutor.events import Event


@pytest.mark.parametrize("size", SIZES)
async def test_from_fix_this_to_a_commit_of_exactly_the_accepted_bytes_and_back(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    root = project(tmp_path / "job")
    (root / "notes.txt").write_text("mine\n")
    (root / "staged.txt").write_text("staged\n")
    git(root, "add", "staged.txt")
    app = make_app(root)
    async with running(app, size) as pilot:
        await fix(pilot, app)
        assert (root / "main.rs").read_bytes() == ONE_ERROR
        await pilot.press("enter")  # Enter never accepts
        assert app.fix_flow.review is not None and not app.fix_flow.review.accepted
        await pilot.press("a", "w")
        await until(pilot, lambda: isinstance(app.screen, MessageEditor), "the commit's message")
        assert b"let mut count" in (root / "main.rs").read_bytes()
        assert git(root, "log", "--format=%s").splitlines() == ["Start"]
        await pilot.press("enter")  # Enter never commits
        assert isinstance(app.screen, MessageEditor)
        await pilot.press("ctrl+s")
        await until_said(pilot, app, "Committed")
        await until_said(pilot, app, "It compiles")
        await settle(pilot, app)
        assert git(root, "show", "--stat", "--format=", "HEAD").split("|")[0].strip() == "main.rs"
        assert "E0384" in git(root, "log", "-1", "--format=%B")
        assert git(root, "status", "--porcelain") == "A  staged.txt\n?? notes.txt\n"

        await pilot.press("u")
        await until(pilot, lambda: asks(app), "the question")
        await pilot.press("enter")  # the safe answer has the focus
        await until(pilot, lambda: not isinstance(app.screen, Question), "the end of the question")
        assert b"let mut count" in (root / "main.rs").read_bytes()
        await pilot.press("u")
        await until(pilot, lambda: asks(app), "the question")
        assert "main.rs" in frame(app)
        await pilot.press("y")
        await until_said(pilot, app, "Taken back")
        await settle(pilot, app)
    assert (root / "main.rs").read_bytes() == ONE_ERROR
    assert git(root, "status", "--porcelain") == "A  staged.txt\n?? notes.txt\n"


async def test_nothing_is_written_before_something_is_accepted(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app) as pilot:
        await pilot.press("f3", "w")
        await until_said(pilot, app, "nothing to write yet")
        await pilot.press("c")
        await until_said(pilot, app, "Nothing is waiting to be committed")
        await pilot.press("f2")
        await fix(pilot, app)
        await pilot.press("w")
        await until_said(pilot, app, "Nothing is accepted yet")
        await pilot.press("r", "w")
        await settle(pilot, app)
    assert (root / "main.rs").read_bytes() == ONE_ERROR


async def test_a_part_is_checked_again_and_written_only_after_a_yes_when_it_does_not_compile(tmp_path: Path) -> None:
    root = project(tmp_path / "job", TWO_ERRORS)
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await fix(pilot, app)
        assert app.fix_flow.review is not None and len(app.fix_flow.review.hunks) >= 2
        await pilot.press("a", "w")
        await until(pilot, lambda: asks(app), "the question")
        assert "does not compile" in frame(app)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Question), "the end of the question")
        assert (root / "main.rs").read_bytes() == TWO_ERRORS
        assert app.diff.banner.startswith("✗ does not compile")
        await pilot.press("w")
        await until(pilot, lambda: asks(app), "the question again, without another check")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, MessageEditor), "the commit's message")
        await pilot.press("escape")
        await until_said(pilot, app, "Not committed")
        await settle(pilot, app)
        await until_said(pilot, app, "left")
        content = (root / "main.rs").read_bytes()
        assert content != TWO_ERRORS
        assert git(root, "log", "--format=%s").splitlines() == ["Start"]
        await pilot.press("c")  # committing can still be done
        await until(pilot, lambda: isinstance(app.screen, MessageEditor), "the commit's message")
        await pilot.press("ctrl+s")
        await until_said(pilot, app, "Committed")
    assert git(root, "show", "HEAD:main.rs").encode() == content


async def test_an_edited_hunk_is_verified_as_it_was_edited(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await fix(pilot, app)
        assert app.diff.current
        app.diff.apply_edit(app.diff.current, b"    let mut count = 40;\n")
        await until(pilot, lambda: app.fix_flow.review is not None and app.fix_flow.review.hunks[0].edited, "the edit")
        await pilot.press("a")
        await until_text(pilot, "checks it again")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, MessageEditor), "the commit's message")
        await pilot.press("escape")
        await settle(pilot, app)
    assert b"let mut count = 40;" in (root / "main.rs").read_bytes()


async def test_editing_in_place_by_key(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await fix(pilot, app)
        await pilot.press("e")
        await until(pilot, lambda: type(app.screen).__name__ == "HunkEditor", "the editor")
        await pilot.press("end", "space", "/", "/", "ctrl+s")
        await until(pilot, lambda: type(app.screen).__name__ != "HunkEditor", "the end of the editor")
        review = app.fix_flow.review
        assert review is not None and review.hunks[0].edited and review.hunks[0].verdict == "undecided"


async def test_without_a_repository_one_is_offered_once(tmp_path: Path) -> None:
    root = project(tmp_path / "job", repository=False)
    app = make_app(root)
    async with running(app) as pilot:
        await until(pilot, lambda: "no repo" in app.status.text, "the status")
        await fix(pilot, app)
        await pilot.press("a", "w")
        await until(pilot, lambda: asks(app), "the offer")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Question), "the end of the offer")
        assert (root / "main.rs").read_bytes() == ONE_ERROR
        await pilot.press("w")
        await until(pilot, lambda: asks(app), "the offer")
        await pilot.press("n")
        await until_said(pilot, app, "Wrote main.rs")
        await settle(pilot, app)
        assert not isinstance(app.screen, MessageEditor)
    assert b"let mut count" in (root / "main.rs").read_bytes()
    assert not (root / ".git").exists()


async def test_a_repository_is_created_after_a_yes(tmp_path: Path) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.invalid\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
        root = project(tmp_path / "job", repository=False)
        app = make_app(root)
        async with running(app) as pilot:
            await fix(pilot, app)
            await pilot.press("a", "w")
            await until(pilot, lambda: asks(app), "the offer")
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, MessageEditor), "the commit's message")
            await pilot.press("ctrl+s")
            await until_said(pilot, app, "Committed")
        assert len(git(root, "log", "--format=%s").splitlines()) == 2
        assert git(root, "show", "HEAD~1:main.rs").encode() == ONE_ERROR


async def test_who_commits_is_asked_where_git_does_not_know(tmp_path: Path) -> None:
    root = project(tmp_path / "job", identity=False)
    app = make_app(root)
    async with running(app) as pilot:
        await fix(pilot, app)
        await pilot.press("a", "w")
        await until(pilot, lambda: isinstance(app.screen, MessageEditor), "the commit's message")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, IdentityForm), "the form")
        assert "git config --global user.name" in frame(app)
        await pilot.press(*"Grace", "enter", *"nonsense", "ctrl+s")
        assert isinstance(app.screen, IdentityForm)
        await pilot.press(*"@example.invalid", "ctrl+s")
        await until_said(pilot, app, "Committed")
    assert git(root, "log", "-1", "--format=%an <%ae>").strip() == "Grace <nonsense@example.invalid>"


async def test_who_commits_is_asked_for_the_first_commit_of_a_new_repository(tmp_path: Path) -> None:
    root = project(tmp_path / "job", repository=False)
    app = make_app(root)
    async with running(app) as pilot:
        await fix(pilot, app)
        await pilot.press("a", "w")
        await until(pilot, lambda: asks(app), "the offer")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, IdentityForm), "the form")
        await pilot.press(*"Grace", "enter", *"grace@example.invalid", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, MessageEditor), "the commit's message")
    assert git(root, "log", "-1", "--format=%an <%ae>").strip() == "Grace <grace@example.invalid>"


async def test_the_map_follows_the_hunk_until_the_user_goes_elsewhere(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app) as pilot:
        app.learn_flow.follow("E0382")
        await until(pilot, lambda: app.concepts.centre, "a concept")
        moved = app.concepts.centre
        app.learn_flow.follow("E0308")
        await until(pilot, lambda: app.concepts.centre != moved, "the other concept")
        assert app.concepts.trail == ()  # "back" is for the ways of the user
        other = app.concepts.centre
        app.concepts.action_look("left")
        app.concepts.action_centre()
        mine = app.concepts.centre
        assert mine != other
        app.learn_flow.follow("E0382")
        await settle(pilot, app)
        assert app.concepts.centre == mine
        await fix(pilot, app)
        app.learn_flow.centre("ownership")  # something new to look at
        await until(pilot, lambda: app.concepts.centre == "ownership", "what is new")
        app.learn_flow.follow("E0308")
        await until(pilot, lambda: app.concepts.centre == other, "the concept of the hunk")


async def test_a_failing_hook_is_shown_inert_and_nothing_is_lost(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    hook = root / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nprintf 'no [/b] \\033[31mred\\033[0m today\\n' >&2\nexit 1\n")
    hook.chmod(0o755)
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await fix(pilot, app)
        await pilot.press("a", "w")
        await until(pilot, lambda: isinstance(app.screen, MessageEditor), "the commit's message")
        await pilot.press("ctrl+s")
        await until_said(pilot, app, "Not committed; the files stay written")
        await settle(pilot, app)
        assert "[/b]" in said(app) and "\x1b" not in said(app) and "␛[31mred" in said(app)
    assert b"let mut count" in (root / "main.rs").read_bytes()
    assert git(root, "log", "--format=%s").splitlines() == ["Start"]


async def test_a_file_that_changed_in_the_same_place_is_not_overwritten(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await fix(pilot, app)
        mine = ONE_ERROR.replace(b"let count = 3;", b"let count = 4; // mine")
        (root / "main.rs").write_bytes(mine)
        await pilot.press("a", "w")
        await until(pilot, lambda: not app.jobs.busy and "main.rs" in said(app), "the reason")
        assert not isinstance(app.screen, MessageEditor)
        assert app.fix_flow.review is not None, "the proposal stays on the table"
    assert (root / "main.rs").read_bytes() == mine


async def test_helpful_is_logged_and_no_asks_what_was_wrong(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await pilot.press(*"what is ownership?", "enter")
        await until(pilot, lambda: app.chat.helpful_subject, "the question whether it helped")
        await settle(pilot, app)
        await pilot.press(*"/helpful no", "enter")
        await until(pilot, lambda: isinstance(app.screen, LineInput), "the question")
        await pilot.press(*"too long", "enter")
        await until(pilot, lambda: not isinstance(app.screen, LineInput), "the end of the question")
        await settle(pilot, app)
        home = app.tutor.home
    log = "".join(file.read_text() for file in home.sessions.glob("*.jsonl"))
    assert '"helpful": false' in log.replace('":', '": ').replace("  ", " ") and "too long" in log


async def test_what_cannot_be_fixed_is_said_and_explained(tmp_path: Path) -> None:
    root = project(tmp_path / "job", b'fn main() {\n    let x: u8 = missing_function(3);\n    println!("{x}");\n}\n')
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await pilot.press(*"fix it", "enter")
        await until_said(pilot, app, "No fix could be proven")
        await settle(pilot, app)
        await until_text(pilot, "E0425")


async def test_without_rust_the_diff_does_not_go_on_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(tmp_path / "job", ONE_ERROR)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CARGO_HOME", raising=False)
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        await pilot.press(*"fix it", "enter")
        await until_said(pilot, app, "There is no rustc")
        await settle(pilot, app)
        assert app.diff.empty_text.startswith("Nothing could be checked")


async def test_a_clean_program_is_said_to_be_clean(tmp_path: Path) -> None:
    root = project(tmp_path / "job", b"fn main() {}\n")
    app = make_app(root)
    async with running(app) as pilot:
        await pilot.press(*"fix", "enter")
        await until_said(pilot, app, "It compiles")
        assert app.screen.focused is app.chat.prompt


async def test_what_is_typed_while_something_runs_waits_and_escape_stops_it(tmp_path: Path) -> None:
    root = project(tmp_path / "job", TWO_ERRORS)
    app = make_app(root)
    ended: list[bool] = []

    async def endless() -> AsyncGenerator[Event, None]:
        yield events.Progress("counting", 3, 7)
        await asyncio.Event().wait()

    async def hear(event: Event) -> bool:
        return False

    async with running(app, (120, 40)) as pilot:
        app.fix_flow.run("Something long", endless, hear, ended.append)
        await until_text(pilot, "Something long · counting 3 of 7")
        await pilot.press(*"what is ownership?", "enter")
        await until_said(pilot, app, "waits until")
        assert not app.chat.helpful_subject
        await pilot.press("escape")
        await until(pilot, lambda: app.chat.helpful_subject, "the answer")
        assert ended == [False]


async def test_a_search_can_be_stopped(tmp_path: Path) -> None:
    root = project(tmp_path / "job", TWO_ERRORS)
    app = make_app(root)
    async with running(app, (120, 40)) as pilot:
        app.fix_flow.fix()
        assert app.jobs.stop()
        await settle(pilot, app)
        assert "Stopped looking for fixes" in said(app)
        await fix(pilot, app)  # and begun again
    assert (root / "main.rs").read_bytes() == TWO_ERRORS
