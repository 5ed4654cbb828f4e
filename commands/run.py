"""Runs the engine's actions for the line-based faces: opens the tutor, drives a stream, gives back how it ended."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path

from tutor import events
from tutor.engine import Tutor
from tutor.events import Event
from tutor.paths import find_home

Show = Callable[[Event], None]


def open_tutor(options: argparse.Namespace, tool: str, root: str | Path = ".") -> Tutor:
    """The tutor for one call, with the options that all subcommands share."""
    return Tutor(Path(root), home=find_home(options.home), use_model=not options.no_model, tool=tool)


async def consume(stream: AsyncGenerator[Event, None], show: Show) -> Event:
    """Shows every event of ``stream`` and returns the last one."""
    last: Event = events.Finished("nothing")
    async with aclosing(stream):
        async for last in stream:
            show(last)
    return last


def drive(stream: AsyncGenerator[Event, None], show: Show) -> Event:
    """:func:`consume` for a caller without an event loop. Ctrl+C stops the work and raises KeyboardInterrupt."""
    return asyncio.run(consume(stream, show))


def exit_code(last: Event) -> int:
    """The exit code for the last event of an action (``cli.md``)."""
    if isinstance(last, events.Failed):
        return last.exit_code
    return 0 if isinstance(last, events.Finished) and last.ok else 1
