"""What kind of terminal this is, asked in one place, and how lines get to and from it."""

from __future__ import annotations

import os
import sys

from tutor.errors import Failed, UsageError


def is_interactive() -> bool:
    """Whether a person can be asked: standard input and output are terminals."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def has_colour(stream: object = None) -> bool:
    """Whether to write colours: a terminal that can, and no ``NO_COLOR`` (no-color.org)."""
    out = stream or sys.stdout
    tty = getattr(out, "isatty", lambda: False)()
    return bool(tty) and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("", "dumb")


def width(most: int = 100) -> int:
    """Columns to wrap text at."""
    return max(20, min(columns(), most))


def columns() -> int:
    """How wide the terminal is: ``COLUMNS``, else what the terminal says, else 80. As :func:`shutil.get_terminal_size`,
    without importing all that shutil can do with archives."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated) > 0:
        return int(stated)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns or 80
    except (OSError, ValueError):  # no terminal, or closed
        return 80


def ask(question: str) -> str:
    """What the user answers on one line; "" when there is nobody to answer (the end of input)."""
    try:
        return input(question).strip()
    except EOFError:
        sys.stdout.write("\n")
        return ""


def put(text: str) -> None:
    """Writes to standard output, at once. A reader that has gone does not stop the work: ``tutor fix --yes | head``
    still does all that it was asked for."""
    try:
        write(text)
    except BrokenPipeError:
        silence()


def write(text: str) -> None:
    """Writes to standard output, at once. Raises BrokenPipeError when the reader has gone, and :class:`Failed` when
    what it leads to cannot take it (a full disk)."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence()
        raise Failed("Cannot write", f"The answer could not be written: {error.strerror}.") from error


def silence() -> None:
    """Lets standard output lead nowhere, so that Python does not complain at exit about what nobody can take."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def require_path(path: str) -> None:
    """Raises :class:`UsageError` when there is nothing at ``path``, or when it cannot be looked at."""
    if not os.path.exists(path):  # noqa: PTH110 (says no to names that are too long or forbidden, too)
        raise UsageError("No such file", f"There is no file or folder {path!r}.")


def require_terminal() -> None:
    """Raises :class:`UsageError` where the app cannot run, naming what to use instead."""
    if not is_interactive():
        raise UsageError(
            "Not a terminal",
            "The app needs a terminal. Without one use: tutor fix, tutor ask, tutor explain, tutor chat, tutor demo.",
            "add --json for machine-readable answers",
        )
