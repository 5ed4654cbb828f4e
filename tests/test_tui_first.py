"""The first frame: it is the app's frame, nothing in it moves when the panes come, and no key is lost before."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events
from textual.widgets import TextArea

from tests.helpers_tui_app import make_app
from tui.app import TutorApp
from tui.first import FirstFrame, draw


def _drawn(width: int, height: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in draw(width, height)]


def _screen(app: TutorApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize(
    ("width", "height"),
    [(60, 24), (80, 24), (99, 30), (100, 30), (120, 40), (143, 50), (150, 24), (160, 45), (201, 70), (317, 90)],
)
async def test_nothing_of_the_first_frame_moves_when_the_panes_come(tmp_path: Path, width: int, height: int) -> None:
    app = make_app(tmp_path)
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        assert not app.screen.query(FirstFrame)
        lines = _screen(app)
        frame = _drawn(width, height - 2)  # below it stand the status and the keys
        assert len(frame) == height - 2
        assert all(len(line) == width for line in frame)
        for drawn, seen in zip(frame, lines, strict=False):
            assert "".join(new if old != " " else " " for old, new in zip(drawn, seen, strict=True)) == drawn


async def test_the_first_frame_shows_titles_prompt_and_keys(tmp_path: Path) -> None:
    frames: list[str] = []

    class Watched(TutorApp):
        async def _begin(self) -> None:
            frames.append("\n".join(_screen(self)))
            await super()._begin()

    given = make_app(tmp_path)
    app = Watched(tmp_path, tutor=given.tutor)
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        after = _screen(app)
    (first,) = frames
    for part in ("─ chat ─", "─ diff ─", "─ problems ─", "─ concepts ─", "▌ Ask, or type", "fix this  finds fixes"):
        assert part in first
    assert first.splitlines()[-1] == after[-1]  # the keys of the prompt


async def test_what_is_typed_before_the_panes_are_there_is_in_the_prompt(tmp_path: Path) -> None:
    class Typing(TutorApp):
        async def _begin(self) -> None:
            first = self.screen.query_one(FirstFrame)
            for key in "why f":
                first.post_message(events.Key(key if key != " " else "space", key))
            first.post_message(events.Paste(" E0382"))
            await super()._begin()

    given = make_app(tmp_path)
    app = Typing(tmp_path, tutor=given.tutor)
    async with app.run_test() as pilot:
        await pilot.pause()
        await pilot.press("?")
        assert app.chat.prompt.text == "why f E0382?"
        assert isinstance(app.screen.focused, TextArea)
