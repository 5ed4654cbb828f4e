"""What kind of terminal this is, asked in one place."""

from __future__ import annotations

import os
import shutil
import sys

from tutor.errors import UsageError


def is_interactive() -> bool:
    """Whether a person can be asked: standard input and output are terminals."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def has_colour(stream: object = None) -> bool:
    """Whether to write colours: a terminal that can, and no ``NO_COLOR`` (no-color.org)."""
    out = stream or sys.stdout
    tty = getattr(out, "isatty", lambda: False)()
    return bool(tty) and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("", "dumb")


def width(most: int = 100) -> int:
    """Columns to wrap text at."""
    return max(20, min(shutil.get_terminal_size((80, 24)).columns, most))


def require_terminal() -> None:
    """Raises :class:`UsageError` where the app cannot run, naming what to use instead."""
    if not is_interactive():
        raise UsageError(
            "Not a terminal",
            "The app needs a terminal. Without one use: tutor fix, tutor ask, tutor explain, tutor chat, tutor demo.",
            "add --json for machine-readable answers",
        )
