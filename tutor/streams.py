"""Carries events from blocking work to whoever awaits them, with cancellation both ways."""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")


class _End:
    """Marks the end of the work; carries what it raised."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


async def from_thread(start: Callable[[threading.Event], Iterable[T]]) -> AsyncGenerator[T, None]:
    """Runs ``start(cancel)`` in a thread and yields what it yields, as it comes.

    Leaving the generator early, or being cancelled, sets ``cancel`` and waits until the thread has stopped, so that
    no work goes on behind the user's back. What the work raises is raised here.

    Where no event loop runs (the command line, which has nothing else to do meanwhile) the work is done right here.
    """
    loop = _running_loop()
    if loop is None:
        for here in start(threading.Event()):
            yield here
        return
    from asyncio import Queue, shield

    queue: Queue[T | _End] = Queue()
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
        await shield(done)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of this thread, without importing asyncio where nobody has: that alone costs 20 ms."""
    if "asyncio" not in sys.modules:
        return None
    from asyncio import get_running_loop

    try:
        return get_running_loop()
    except RuntimeError:
        return None


async def call(work: Callable[[], T]) -> T:
    """Runs blocking ``work`` in a thread and returns its result."""
    from asyncio import get_running_loop

    return await get_running_loop().run_in_executor(None, work)
