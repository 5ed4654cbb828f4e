"""What all flows share. A flow is one job of the user's, over several steps: fixing, writing, asking.

A flow starts the engine's actions and hears their events on the app's message loop; it decides what is shown where.
It holds the state of its own job and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.jobs import Heard, Job

if TYPE_CHECKING:
    from tui.app import TutorApp
    from tutor.engine import Stream


class Flow:
    """The base of the flows."""

    def __init__(self, app: TutorApp) -> None:
        self.app = app

    def run(
        self, title: str, stream: Callable[[], Stream], heard: Heard, ended: Callable[[bool], None] | None = None,
        stop: asyncio.Event | None = None, *, quiet: bool = False,
    ) -> None:  # fmt: skip
        """Runs an action, at once or when the one that runs now is over; the user is told which.

        ``heard`` gets every event and says whether it has dealt with it (else the app shows it as usual); ``ended``
        gets whether the action came to its own end. ``quiet``: waiting is nothing that the user need know of.
        """

        def begin() -> None:
            self.app.start_job(Job(title, stream(), heard, ended or (lambda whole: None), stop))

        if not self.app.jobs.when_free(begin) and not quiet:
            self.app.note(f"{title}: waits until what is running now is done (esc stops that).")
