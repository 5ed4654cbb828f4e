"""Carries events from blocking work in a thread to whoever awaits them, with cancellation both ways."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


class _End:
    """Marks the end of the work; carries what it raised."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


async def from_thread(start: Callable[[threading.Event], Iterable[T]]) -> AsyncGenerator[T, None]:
    """Runs ``start(cancel)`` in a thread and yields what it yields, as it comes.

    Leaving the generator early, or being cancelled, sets ``cancel`` and waits until the thread has stopped, so that
    no work goes on behind the user's back. What the work raises is raised here.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[T | _End] = asyncio.Queue()
    cancel = threading.Event()

    def put(item: T | _End) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, item)

    def work() -> None:
        error: BaseException | None = None
        try:
            for item in start(cancel):
                put(item)
                if cancel.is_set():
                    break
        except BaseException as raised:  # carried over to the awaiting side, where it is raised again
            error = raised
        put(_End(error))

    done = loop.run_in_executor(None, work)
    try:
        while not isinstance(item := await queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        cancel.set()
        await asyncio.shield(done)


async def call(work: Callable[[], T]) -> T:
    """Runs blocking ``work`` in a thread and returns its result."""
    return await asyncio.get_running_loop().run_in_executor(None, work)
