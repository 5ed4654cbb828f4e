"""Runs the engine's actions for the line-based faces: opens the tutor, drives a stream, gives back how it ended."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import events
from tutor.errors import Missing
from tutor.events import Event
from tutor.inert import inert_line
from tutor.paths import find_home

if TYPE_CHECKING:
    import argparse

    from tutor.engine import Tutor

Show = Callable[[Event], None]


def open_tutor(options: argparse.Namespace, tool: str, root: str | Path = ".") -> Tutor:
    """The tutor for one call, with the options that all subcommands share. Settings that cannot be used are said."""
    from tutor.engine import Tutor

    tutor = Tutor(Path(root), home=find_home(options.home), use_model=not options.no_model, tool=tool)
    for problem in tutor.settings.problems:
        sys.stderr.write(f"note: {inert_line(problem)}\n")
    return tutor


def read_once(tutor: Tutor, *, quiet: bool = False) -> None:
    """Where nothing of this machine's documentation was ever read it is read now, unless the settings say never or it
    could not be kept. Ctrl+C ends that: then, and after a failure, the lessons alone answer. All that is said goes to
    standard error; ``quiet``: not that only lessons answer."""
    if tutor.knowledge.built:
        return
    if tutor.settings.knowledge.build == "never":
        if not quiet:
            sys.stderr.write("note: only lessons answer; tutor knowledge build adds this machine's documentation.\n")
        return
    try:
        tutor.home.ensure(tutor.home.data)
    except OSError:  # as the session log says, which cannot be kept either
        return
    from commands.knowledge import build

    sys.stderr.write("reading the documentation on this machine, once; Ctrl+C answers from the lessons alone\n")
    try:
        build(tutor)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; the lessons alone answer. Later: tutor knowledge build\n")


@contextmanager
def readable() -> Iterator[None]:
    """Raises :class:`Missing`, which says how to build it again, where the knowledge turns out to be damaged."""
    from knowledgegraph.schema import StoreError

    try:
        yield
    except StoreError as error:
        raise Missing("Not readable", str(error), "tutor knowledge build --fresh") from error


async def consume(stream: AsyncGenerator[Event, None], show: Show) -> Event:
    """Shows every event of ``stream`` and returns the last one."""
    last: Event = events.Finished("nothing")
    async with aclosing(stream):
        async for last in stream:
            show(last)
    return last


def drive(stream: AsyncGenerator[Event, None], show: Show) -> Event:
    """:func:`consume` without an event loop, for actions whose work blocks (check, fix, verify, apply, commit, undo):
    it is done in the caller's own thread, and starting asyncio would cost as much as a compiler run.

    Ctrl+C stops the work and raises KeyboardInterrupt. Raises RuntimeError for an action that waits for a model.
    """
    consuming = consume(stream, show)
    try:
        consuming.send(None)
        consuming.throw(RuntimeError("this action needs an event loop"))
    except StopIteration as end:
        last: Event = end.value
        return last
    raise RuntimeError("this action needs an event loop and does not end without")


def exit_code(last: Event) -> int:
    """The exit code for the last event of an action (``cli.md``)."""
    if isinstance(last, events.Failed):
        return last.exit_code
    return 0 if isinstance(last, events.Finished) and last.ok else 1
