"""Makes the README's pictures from the running app: ``make picture``.

The app runs headless on the demo's broken project, with the real compiler and a real scratch repository, and is driven
by the keys that a user presses; what is on screen then is saved as SVG.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from commands.demo import scratch_project
from tui.app import TutorApp
from tui.diff_view import DiffView
from tutor.engine import Tutor
from tutor.paths import find_home

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
_MOST_TURNS = 3000


async def picture(size: tuple[int, int], theme: str) -> str:
    """The app as it looks after "fix this" on the demo's project, as SVG."""
    home = find_home()
    folder = scratch_project(home.cache)
    app = TutorApp(folder, tutor=Tutor(folder, home=home, use_model=False, tool="picture"))
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await pilot.pause()
        await pilot.press(*"fix", "space", *"this", "enter")
        diff = app.query_one(DiffView)
        for _ in range(_MOST_TURNS):
            await pilot.pause(0.02)
            if diff.review is not None and not app.jobs.busy:
                break
        else:
            sys.exit("No proposal came; is Rust installed?")
        await pilot.press("f3")
        await pilot.pause(1.0)
        return app.export_screenshot(title="tutor")


def main() -> None:
    """All pictures, in a home of their own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tutor-picture-") as home:
        os.environ["TUTOR_HOME"] = home
        for name, size, theme in (
            ("app", (160, 44), "tutor-dark"),
            ("app-light", (160, 44), "tutor-light"),
            ("app-narrow", (80, 24), "tutor-dark"),
        ):
            (FOLDER / f"{name}.svg").write_text(asyncio.run(picture(size, theme)), "utf-8")
            sys.stdout.write(f"docs/pictures/{name}.svg\n")


if __name__ == "__main__":
    main()
