"""The app without its panes: work in the background, one action at a time, and what happens when something breaks."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from rich.text import Text
from textual.app import App

from tutor.errors import TutorError

if TYPE_CHECKING:
    from tui.jobs import Job, JobEnded, JobEvent, Jobs
    from tui.turns import Level
    from tutor import events
    from tutor.engine import Tutor
    from tutor.paths import Home

T = TypeVar("T")


class BaseApp(App[int]):
    """Runs the engine's actions and tells the user what comes of them; subclasses say where that is shown."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self.home = home
        self._crashed = ""

    # The first frame needs no engine: what does is imported when it is first asked for.

    @property
    def tutor(self) -> Tutor:
        """The engine."""
        raise NotImplementedError

    @cached_property
    def jobs(self) -> Jobs:
        """The engine's actions that run and wait."""
        from tui.jobs import Jobs

        return Jobs(self)

    def note(self, text: str, level: Level = "info", details: str = "") -> None:
        """Shows one line."""
        raise NotImplementedError

    def show_running(self, job: Job | None) -> None:
        """Shows what is running."""
        raise NotImplementedError

    def ask_permission(self, asked: events.NeedsPermission) -> None:
        """Asks the user."""
        raise NotImplementedError

    def in_thread(self, work: Callable[[], T], then: Callable[[T], None]) -> None:
        """Does blocking ``work`` in a thread and hands the result to ``then`` on the app's own loop. What goes wrong is
        shown, and ``then`` is not called."""

        async def do() -> None:
            from tutor.streams import call

            try:
                result = await call(work)
            except TutorError as error:
                failed = error
                self.call_later(self._while_here, lambda: self.tell_error(failed))
            except Exception as error:  # reported with a file that holds the cause
                broken = error
                self.call_later(self._while_here, lambda: self.tell_crash(broken))
            else:
                self.call_later(self._while_here, lambda: then(result))

        self.run_worker(do(), group="background", exit_on_error=False)

    @property
    def leaving(self) -> bool:
        """Whether the screens are gone: what comes in now has nowhere to be shown."""
        return not self.is_running or not self.screen_stack

    def _while_here(self, call: Callable[[], None]) -> None:
        if not self.leaving:
            call()

    def start_job(self, job: Job) -> None:
        """Runs an action of the engine and shows that it runs."""
        self.jobs.start(job)
        self.show_running(job)

    async def on_job_event(self, message: JobEvent) -> None:
        """An action yielded something: its flow hears it first."""
        from tutor import events

        if self.leaving:
            return
        job, event = message.job, message.event
        if isinstance(event, events.Progress):
            job.progress = event
        elif not await job.on_event(event):
            match event:
                case events.Notice(text=text, level=level):
                    self.note(text, level)
                case events.Failed():
                    self.tell_failure(event)
                case events.NeedsPermission():
                    self.ask_permission(event)

    def on_job_ended(self, message: JobEnded) -> None:
        """An action is over."""
        if self.leaving:
            return
        if message.error is not None:
            self.tell_crash(message.error)
        self.jobs.ended(message)
        self.show_running(self.jobs.current)

    def tell_error(self, error: TutorError) -> None:
        """Why something could not be done."""
        from tutor import events

        self.tell_failure(events.Failed.of(error))

    def tell_failure(self, failed: events.Failed) -> None:
        """Why something could not be done: a line, and the other program's words on demand."""
        first, _, rest = failed.message.strip().partition("\n")
        details = "\n".join(part for part in (rest, failed.hint) if part)
        hint = f" {failed.hint}" if failed.hint and not rest else ""
        self.note(f"{first}{hint}", "error", details if rest else "")

    def tell_crash(self, error: Exception) -> None:
        """An unforeseen error: a file for whoever mends it, a line for the user."""
        from tui import crash

        self.note(crash.sentence(error, crash.write_report(error, self.home)), "error")

    def _handle_exception(self, error: Exception) -> None:
        """An error on the app's own loop ends the app; never with a traceback on the screen."""
        from tui import crash

        if not self._crashed:
            self._crashed = crash.sentence(error, crash.write_report(error, self.home))
        self._return_code = 70
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.panic(Text(self._crashed))
