"""The command line: ``tutor …``. ``cli.md``'s contract: exit codes, one JSON object with ``--json``, never a traceback.

Everything is imported where it is used: ``tutor --version`` costs little more than starting Python.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def main(argv: list[str] | None = None) -> int:
    """Runs one call and returns its exit code: 0 done, 1 the answer is no, 2 the call was wrong, 3 something is
    missing, 70 an unforeseen error, 129, 130 or 143 ended by SIGHUP, Ctrl+C or SIGTERM."""
    arguments = sys.argv[1:] if argv is None else argv
    _open_closed_streams()
    try:
        if arguments in (["--version"], ["-V"]):
            return _version()
        from commands.guard import guarded

        return guarded(lambda: _dispatch(arguments), arguments)
    except KeyboardInterrupt:  # before or after the guard's own watch
        return 130
    finally:
        gc.freeze()  # the program ends: looking through all that it imported for garbage would take 15 ms


def _open_closed_streams() -> None:
    """A stream that the caller closed (``tutor … >&-``) leads to /dev/null: else the next file that is opened would
    take its number, and what is printed would land in it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


def _version() -> int:
    from tutor import __version__

    try:
        sys.stdout.write(f"tutor {__version__}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _dispatch(arguments: list[str]) -> int:
    from importlib import import_module

    from commands.parser import parse

    options = parse(arguments)
    if options.command == "version":
        return _version()
    _require_folder()
    if options.command == "app":
        return _app(options)
    # Every subcommand is a module of its own with a function run(options) -> exit code.
    return int(import_module(f"commands.{options.module}").run(options))


def _require_folder() -> None:
    """Raises :class:`UsageError` when the current folder was removed: nothing can be found from there."""
    from tutor.errors import UsageError

    try:
        os.getcwd()  # noqa: PTH109 (pathlib would be imported for this alone)
    except OSError as error:
        raise UsageError("No folder", "The folder that you are in no longer exists.", "cd to another one") from error


def _app(options: argparse.Namespace) -> int:
    from commands.terminal import require_path, require_terminal

    path = options.path or "."
    require_path(path)
    require_terminal()
    return open_app(path, options)


def open_app(path: str | os.PathLike[str], options: argparse.Namespace, *, guided: bool = False) -> int:
    """Runs the Textual app on ``path`` until the user leaves it; the only place that knows of the room ``tui``.

    ``guided``: the app explains each step of the main job."""
    from pathlib import Path

    from tui.app import run
    from tutor.paths import find_home

    return run(Path(path), use_model=not options.no_model, home=find_home(options.home), guided=guided)


if __name__ == "__main__":
    sys.exit(main())
