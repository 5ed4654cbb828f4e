"""Editing a hunk in place and in the user's own editor: the bytes are exact, and nothing is left behind."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers_tui import SIZES, proposal, sample_review
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, SuspendNotSupported
from textual.pilot import Pilot
from textual.widgets import TextArea

from tui.diff_edit import HunkEditor, edit_in_editor, editable_text, edited_bytes, find_editor
from tutor.errors import MissingTool, Refused
from tutor.proposal import file_change
from tutor.review import Review, ReviewHunk


class Harness(App[None]):
    """Opens the editor on a hunk and keeps what it gives back."""

    def __init__(self, hunk: ReviewHunk) -> None:
        super().__init__()
        self.hunk = hunk
        self.given: list[bytes | None] = []

    def on_mount(self) -> None:
        self.push_screen(HunkEditor(self.hunk), self.given.append)

    @property
    def area(self) -> TextArea:
        return self.screen.query_one(TextArea)

    async def leave(self, pilot: Pilot[None], key: str) -> bytes | None:
        await pilot.press(key)
        await pilot.pause()
        assert len(self.given) == 1
        return self.given[0]


def hunk_of(old: bytes, new: bytes) -> ReviewHunk:
    return Review(proposal(file_change("a.rs", old, new))).hunks[0]


@pytest.mark.parametrize("size", SIZES)
async def test_typing_and_keeping(size: tuple[int, int]) -> None:
    app = Harness(sample_review().hunks[1])
    async with app.run_test(size=size) as pilot:
        assert app.area.text == "    greet(name.clone());\n"
        assert app.area.has_focus
        assert app.area.region.height >= 3
        await pilot.press("/", "/", "a", "E", "enter")
        assert await app.leave(pilot, "ctrl+s") == b"//aE\n    greet(name.clone());\n"


@pytest.mark.parametrize("key", ["escape", "ctrl+s"])
async def test_no_change_is_no_edit(key: str) -> None:
    app = Harness(sample_review().hunks[1])
    async with app.run_test(size=(80, 24)) as pilot:
        if key == "escape":
            await pilot.press("x")
        assert await app.leave(pilot, key) is None


async def test_windows_line_endings_stay() -> None:
    app = Harness(hunk_of(b"a\r\nb\r\n", b"a\r\nc\r\n"))
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.area.text == "c\n"
        await pilot.press("x", "enter", "y")
        assert await app.leave(pilot, "ctrl+s") == b"x\r\nyc\r\n"


async def test_a_pasted_escape_is_not_taken() -> None:
    app = Harness(sample_review().hunks[1])
    async with app.run_test(size=(80, 24)) as pilot:
        app.area.insert("\x1b[31m")
        await pilot.press("ctrl+s")
        assert app.given == []
        assert await app.leave(pilot, "escape") is None


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (b"caf\xe9\n", "not UTF-8"),
        (b"a\r\nb\n", "mixed line endings"),
        (b"a\rb\n", "mixed line endings"),
        (b"a\x1b[31m\n", "control characters"),
        ("a\u202e\n".encode(), "control characters"),
        (b"a\x0cb\n", "control characters"),
        ("a\u2028b\n".encode(), "control characters"),
        (b"a\x00\n", "control characters"),
    ],
)
def test_what_cannot_be_edited_exactly_is_refused_kindly(new: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        HunkEditor(hunk_of(b"", new))
    assert "press E" in caught.value.msg


LINES = st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=5)


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_is_not_changed_comes_back_byte_for_byte(lines: list[str], ending: str, final: bool) -> None:
    new = (ending.join(lines) + (ending if final else "")).encode()
    try:
        text = editable_text(new)
    except Refused:
        return
    assert edited_bytes(text, new) == new
    assert TextArea(text).text == text


def test_a_hunk_without_new_lines_takes_the_ending_of_the_old_ones() -> None:
    assert edited_bytes("x\n", b"", b"a\r\nb\r\n") == b"x\r\n"
    assert edited_bytes("x\n", b"", b"a\n") == b"x\n"


class Lending(App[None]):
    """An app that can give its terminal away, as far as a test can tell."""

    lent = 0

    @contextmanager
    def suspend(self) -> Iterator[None]:
        self.lent += 1
        yield


def script(folder: Path, body: str) -> str:
    path = folder / "my editor.py"
    path.write_text(body)
    return f"'{sys.executable}' '{path}' --wait"


def test_own_editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "note"
    body = f"""
import os, pathlib, sys
assert sys.argv[1] == "--wait"
file = pathlib.Path(sys.argv[2])
before = file.read_bytes()
modes = [oct(os.stat(p).st_mode & 0o777) for p in (file, file.parent)]
pathlib.Path({str(note)!r}).write_text("\\n".join([str(file), *modes]))
file.write_bytes(before.replace(b"one", b"two") + b"\\xff\\r\\n")
"""
    monkeypatch.setenv("EDITOR", "not-used")
    monkeypatch.setenv("VISUAL", script(tmp_path, body))
    app = Lending()
    assert edit_in_editor(app, b"one\r\n\xfe", ".rs") == b"two\r\n\xfe\xff\r\n"
    path, file_mode, folder_mode = note.read_text().split("\n")
    assert (file_mode, folder_mode) == ("0o600", "0o700")
    assert path.endswith(".rs")
    assert not Path(path).exists()
    assert not Path(path).parent.exists()
    assert app.lent == 1


@pytest.mark.parametrize(
    "body", ["", "import sys; open(sys.argv[2], 'a').write('x'); sys.exit(1)", "import os, sys; os.unlink(sys.argv[2])"]
)
def test_unchanged_failed_or_removed_is_no_edit(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", script(tmp_path, body))
    assert edit_in_editor(Lending(), b"one\n") is None


def test_editor_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value, why in (("no-such-editor -w", "not installed"), ("'open", "cannot be read")):
        monkeypatch.setenv("EDITOR", value)
        with pytest.raises(MissingTool, match=why):
            find_editor()
    monkeypatch.setenv("EDITOR", " ")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="EDITOR"):
        find_editor()
    (tmp_path / "vi").write_text("#!/bin/sh\n")
    (tmp_path / "vi").chmod(stat.S_IRWXU)
    assert find_editor() == [str(tmp_path / "vi")]


async def test_a_terminal_that_cannot_be_lent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", script(tmp_path, ""))
    app: App[None] = App()
    async with app.run_test():
        with pytest.raises(Refused, match="cannot be lent") as caught:
            edit_in_editor(app, b"x")
        assert isinstance(caught.value.__cause__, SuspendNotSupported)
