"""Drives the whole app in tests: real repositories, the real engine, and the screen as text."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tui.app import TutorApp
from tui.dialogs import Question
from tutor.config import Settings
from tutor.engine import Tutor

SIZES = [(60, 20), (80, 24), (120, 40)]

ONE_ERROR = b"""\
fn main() {
    let count = 3;
    count += 1;
    println!("{count}");
}
"""

TWO_ERRORS = b"""\
fn main() {
    let names = vec![String::from("ada"), String::from("grace")];
    let copy = names;
    println!("{}", names.len());




    let total = 3;
    total += copy.len();
    println!("{total}");
}
"""


def git(folder: Path, *words: str) -> str:
    """What git says; fails the test when git does."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def project(folder: Path, source: bytes = ONE_ERROR, *, repository: bool = True, identity: bool = True) -> Path:
    """A folder with one broken ``main.rs``, committed where there is a repository."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.rs").write_bytes(source)
    if repository:
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", ".")
        git(folder, "-c", "user.name=Setup", "-c", "user.email=setup@example.invalid", "commit", "-q", "-m", "Start")
        if identity:
            git(folder, "config", "user.name", "Ada")
            git(folder, "config", "user.email", "ada@example.invalid")
    return folder


def make_app(root: Path, *, settings: Settings | None = None, guided: bool = False) -> TutorApp:
    """The app on ``root``, without a model."""
    return TutorApp(root, tutor=Tutor(root, settings=settings, use_model=False, tool="app"), guided=guided)


@asynccontextmanager
async def running(app: TutorApp, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[int]]:
    """The app, started, with what begins after the first paint done."""
    async with app.run_test(size=size, notifications=True) as pilot:
        # Bindings, toasts and the diff's grace period go by the clock; tests wait for what is on the screen.
        await until(pilot, lambda: app.startup.ready, "the start")
        yield pilot


async def until(pilot: Pilot[int], condition: Callable[[], object], what: str, rounds: int = 3000) -> None:
    """Lets the app work until ``condition`` holds. Bounded, so that a test ends with a name for what did not happen."""
    for _ in range(rounds):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError(f"never happened: {what}\n{frame(pilot.app)}")


async def until_text(pilot: Pilot[int], text: str) -> None:
    """Waits until ``text`` is on the screen."""
    await until(pilot, lambda: text in frame(pilot.app), f"{text!r} on the screen")


async def until_said(pilot: Pilot[int], app: TutorApp, text: str) -> None:
    """Waits until a line of the chat, in sight or not, says ``text``."""
    await until(pilot, lambda: text in said(app), f"{text!r} in the chat; it says:\n{said(app)}")


def said(app: TutorApp) -> str:
    """All lines of the chat that are not Markdown."""
    from tui.turns import Note

    return "\n".join(f"{note.text}\n{note.details}" for note in app.query(Note))


def frame(app: object) -> str:
    """What is on the screen, as lines of text without trailing spaces."""
    screen = app.screen  # type: ignore[attr-defined]  # any App; Textual's is generic
    return "\n".join(strip.text.rstrip() for strip in screen._compositor.render_strips())


def compare(name: str, text: str) -> None:
    """Compares a frame with ``tests/frames/NAME.txt``; with UPDATE_FRAMES=1 writes it."""
    path = Path(__file__).parent / "frames" / f"{name}.txt"
    if os.environ.get("UPDATE_FRAMES"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", "utf-8")
    assert text + "\n" == path.read_text("utf-8"), f"{path.name} differs; UPDATE_FRAMES=1 accepts what is there now"


async def fix(pilot: Pilot[int], app: TutorApp) -> None:
    """Types “fix this” and waits for the search to end and for the diff to take keys."""
    await pilot.press(*"fix this", "enter")
    await until(pilot, lambda: app.fix_flow.review is not None and not app.jobs.busy, "a proposal")
    await until(pilot, lambda: app.screen.focused is app.diff, "the focus in the diff")
    await until(pilot, lambda: app.diff._gate.is_open(), "the end of the grace period")


async def settle(pilot: Pilot[int], app: TutorApp) -> None:
    """Waits until nothing runs any more."""
    await until(pilot, lambda: not app.jobs.busy, "the end of what runs")
    await asyncio.sleep(0)


def asks(app: TutorApp) -> bool:
    """Whether a question is on the screen, and long enough for every answer to count."""
    return isinstance(app.screen, Question) and app.screen.gate.is_open()
