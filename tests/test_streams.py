"""Events out of a thread: all of them, in order, and no work goes on behind the user's back."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import pytest

from commands.run import consume, drive
from tutor.events import Event, Finished, Notice
from tutor.streams import call, from_thread


def _endless(started: threading.Event, stopped: threading.Event, cancel: threading.Event) -> Iterator[int]:
    """Yields once and then waits for ``cancel``, as a compiler run does."""
    try:
        yield 1
        started.set()
        cancel.wait()
        yield 2
    finally:
        stopped.set()


async def test_everything_comes_in_order() -> None:
    numbers = [item async for item in from_thread(lambda cancel: range(1000))]
    assert numbers == list(range(1000))


async def test_the_work_runs_in_another_thread() -> None:
    (where,) = [item async for item in from_thread(lambda cancel: [threading.get_ident()])]
    assert where != threading.get_ident()
    assert await call(threading.get_ident) != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(3)])
async def test_what_the_work_raises_is_raised_here_after_what_it_yielded(error: BaseException) -> None:
    def work(cancel: threading.Event) -> Iterator[int]:
        yield 1
        raise error

    seen: list[int] = []
    with pytest.raises(type(error)) as raised:
        async for item in from_thread(work):
            seen += [item]
    assert seen == [1]
    assert raised.value is error


async def test_closing_in_the_middle_stops_the_work_before_it_returns() -> None:
    started, stopped = threading.Event(), threading.Event()
    async with aclosing(from_thread(lambda cancel: _endless(started, stopped, cancel))) as stream:
        assert await anext(stream) == 1
        await call(started.wait)
    assert stopped.is_set()


async def test_cancelling_stops_the_work_before_it_returns() -> None:
    started, stopped = threading.Event(), threading.Event()

    async def follow() -> None:
        async with aclosing(from_thread(lambda cancel: _endless(started, stopped, cancel))) as stream:
            async for _ in stream:
                pass

    task = asyncio.create_task(follow())
    await call(started.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped.is_set()


# Without an event loop.


async def _events(cancelled: list[bool]) -> AsyncGenerator[Event, None]:
    def work(cancel: threading.Event) -> Iterator[Event]:
        try:
            yield Notice(str(threading.get_ident()))
            yield Finished("done")
        finally:
            cancelled.append(True)

    async with aclosing(from_thread(work)) as stream:
        async for event in stream:
            yield event


def test_without_a_loop_the_work_is_done_right_here() -> None:
    seen: list[Event] = []
    assert drive(_events([]), seen.append) == Finished("done")
    assert seen == [Notice(str(threading.get_ident())), Finished("done")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_without_a_loop_a_listener_that_breaks_off_ends_the_work(error: type[BaseException]) -> None:
    ended: list[bool] = []

    def show(event: Event) -> None:
        raise error

    with pytest.raises(error):
        drive(_events(ended), show)
    assert ended == [True]


def test_an_action_that_must_wait_says_that_it_needs_a_loop() -> None:
    async def waits() -> AsyncGenerator[Event, None]:
        await asyncio.sleep(0)
        yield Finished("never")

    with pytest.raises(RuntimeError, match="event loop"):
        drive(waits(), lambda event: None)


async def test_consume_returns_the_last_event() -> None:
    seen: list[Event] = []
    assert await consume(_events([]), seen.append) == Finished("done")
    assert len(seen) == 2


def test_the_module_brings_no_asyncio() -> None:
    import subprocess

    code = "import sys, tutor.streams, commands.run; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
