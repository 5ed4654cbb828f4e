"""Runs the engine's actions: one at a time, in a worker that only posts messages; the handlers own the state.

A :class:`Job` is one running action. Its worker reads the stream and posts every event as :class:`JobEvent` and the
end as :class:`JobEnded`; the app hands both to the job's own callbacks, on the app's own message loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.message import Message

from tutor.events import Event, Progress

if TYPE_CHECKING:
    from textual.app import App
    from textual.worker import Worker


Heard = Callable[[Event], Awaitable[bool]]
"""Hears one event; True: dealt with, False: the app shows it as usual."""


@dataclass(eq=False, slots=True)
class Job:
    """One action. ``title``: what is shown while it runs. ``on_end`` gets True when it came to its own end and False
    when it was stopped or broke. ``ask_to_stop``: a gentle way to stop, tried before cancelling."""

    title: str
    stream: AsyncGenerator[Event, None]
    on_event: Heard
    on_end: Callable[[bool], None]
    ask_to_stop: asyncio.Event | None = None
    started: float = field(default_factory=time.monotonic)
    progress: Progress | None = None
    stopping: bool = False
    begun: bool = False

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.started


class JobEvent(Message):
    """A job yielded an event."""

    def __init__(self, job: Job, event: Event) -> None:
        super().__init__()
        self.job = job
        self.event = event


class JobEnded(Message):
    """A job is over. ``error``: what it broke with, if it did; ``whole``: it came to its own end."""

    def __init__(self, job: Job, whole: bool, error: Exception | None = None) -> None:
        super().__init__()
        self.job = job
        self.whole = whole
        self.error = error


class Jobs:
    """The running action and those that wait for it, in order."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._worker: Worker[None] | None = None
        self._waiting: list[Callable[[], None]] = []
        self.current: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether an action is running."""
        return self.current is not None

    def start(self, job: Job) -> None:
        """Runs ``job`` now. Only one runs at a time: ask :attr:`busy` first, or use :meth:`when_free`."""
        if self.current is not None:
            raise RuntimeError(f"{self.current.title!r} is still running")
        self.current = job
        self._worker = self._app.run_worker(self._run(job), group="jobs", name=job.title, exit_on_error=False)

    def when_free(self, begin: Callable[[], None]) -> bool:
        """Calls ``begin`` at once, or when what runs now is over. True when it was at once."""
        if not self.busy:
            begin()
            return True
        self._waiting.append(begin)
        return False

    def stop(self) -> bool:
        """Stops what runs: first gently, where it knows how, the second time for good. False when nothing runs."""
        job = self.current
        if job is None or self._worker is None:
            return False
        if job.ask_to_stop is not None and not job.stopping:
            job.ask_to_stop.set()
        elif job.begun:  # cancelling a task that has not run yet would end it without a word
            self._worker.cancel()
        job.stopping = True
        return True

    def ended(self, message: JobEnded) -> None:
        """Called by the app when it hears :class:`JobEnded`: the job's own end, then the next one that waits."""
        if self.current is message.job:
            self.current = None
            self._worker = None
        message.job.on_end(message.whole)
        while self._waiting and not self.busy:
            self._waiting.pop(0)()

    async def _run(self, job: Job) -> None:
        whole, error = False, None
        job.begun = True
        try:
            async with aclosing(job.stream) as stream:
                if job.stopping and job.ask_to_stop is None:
                    return
                async for event in stream:
                    self._app.post_message(JobEvent(job, event))
            whole = True
        except Exception as raised:  # handed to the app, which writes the crash report
            error = raised
        finally:
            self._app.post_message(JobEnded(job, whole, error))
