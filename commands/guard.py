"""What stands between an error and the user: one clear line and the right exit code, never a traceback."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from commands.terminal import silence, write
from tutor.errors import TutorError
from tutor.inert import inert, inert_line


def guarded(call: Callable[[], int], arguments: Sequence[str] = ()) -> int:
    """Runs ``call`` and returns its exit code; what it raises becomes a line on standard error and a code.

    ``arguments``: those of the command line. They say, whatever became of reading them, whether the answer is to be
    JSON (then a failure is one JSON object on standard output too) and where crash reports belong.
    """
    _accept_all_text()
    try:
        try:
            with _ended_by_signals():
                return _coded(call, arguments)
        finally:
            write("")
    except BrokenPipeError:
        # The reader has gone (`tutor … | head`), and has read what it wanted.
        silence()
        return 0
    except TutorError as error:
        tell(error)
        return error.exit_code


class Ended(SystemExit):
    """The system, or the terminal that went away, ends the program: raised in the main thread, so that everything is
    left in order as after an error. The exit code is the shell's for it: 128 and the signal's number."""


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Within this, SIGTERM and SIGHUP raise :class:`Ended`. One that is ignored (``nohup``) stays so, and only a main
    thread can say what a signal does."""

    def end(number: int, _: object) -> None:
        for each in changed:  # once: a second one must not break off the clean-up
            signal.signal(each, _nothing)
        raise Ended(128 + number)

    mine = threading.current_thread() is threading.main_thread()
    changed = [n for n in (signal.SIGTERM, signal.SIGHUP) if mine and signal.getsignal(n) == signal.SIG_DFL]
    for number in changed:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _nothing(*_: object) -> None:
    """Not SIG_IGN, which the programs that we start would inherit."""


def _coded(call: Callable[[], int], arguments: Sequence[str]) -> int:
    try:
        return call()
    except Ended as end:
        try:
            _tell_notes(end)
            write("")
        except (OSError, TutorError):  # the terminal has gone, which is what SIGHUP says
            silence()
        return int(str(end.code))
    except SystemExit as end:  # argparse, after it has printed help
        return end.code if isinstance(end.code, int) else 0
    except TutorError as error:
        tell(error)
        _answer_in_json(arguments, error.title, error.msg, error.hint or "", error.exit_code)
        return error.exit_code
    except KeyboardInterrupt as interrupt:
        sys.stderr.write("Stopped.\n")
        _tell_notes(interrupt)
        return 130
    except BrokenPipeError:
        raise
    except Exception as error:  # the last line of defence: it is reported, with a file that holds the cause
        line = unforeseen(error, home_in(arguments))
        sys.stderr.write(f"tutor: {line}\n")
        _answer_in_json(arguments, "Unforeseen error", line, "", 70)
        return 70


def _tell_notes(interrupt: BaseException) -> None:
    """What became of a write that was under way (:mod:`tutor.workspace`)."""
    for note in getattr(interrupt, "__notes__", ()):
        sys.stderr.write(f"tutor: {inert_line(str(note))}\n")


def unforeseen(error: BaseException, home: str | None) -> str:
    """Writes the crash report for an error that nobody foresaw, and returns the one line that says so."""
    report = crash_report(error, home)
    where = f"The report is in {inert_line(str(report))}." if report else "No report could be written."
    return f"something went wrong inside the tutor ({type(error).__name__}). {where}"


def tell(error: TutorError) -> None:
    """An error's sentence, and its hint on a line of its own, on standard error."""
    sys.stderr.write(f"tutor: {inert(error.msg)}\n")
    if error.hint:
        sys.stderr.write(f"       {inert_line(error.hint)}\n")


def crash_report(error: BaseException, home: str | None = None) -> Path | None:
    """Writes what happened to a file of the user's own (0600) in ``state/crashes``; None when even that fails."""
    import time
    import traceback

    from tutor import __version__
    from tutor.paths import find_home, write_private

    text = "".join(traceback.format_exception(error)).encode("utf-8", "backslashreplace").decode()
    try:
        path = find_home(home).state / "crashes" / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
        write_private(path, f"tutor {__version__}, Python {sys.version}\n\n{text}")
    except (OSError, TutorError):
        return None
    return path


def home_in(arguments: Sequence[str]) -> str | None:
    """The value of ``--home``, found without understanding the other arguments."""
    home = None
    options = _before_dashes(arguments)
    for index, argument in enumerate(options):
        if argument == "--home":
            home = options[index + 1] if index + 1 < len(options) else None
        elif argument.startswith("--home="):
            home = argument.removeprefix("--home=")
    return home or None


def _answer_in_json(arguments: Sequence[str], title: str, message: str, hint: str, code: int) -> None:
    """With ``--json`` a failure is an object too. (A batch answers line by line and has no object of its own.)"""
    options = _before_dashes(arguments)
    if "--json" in options and "--batch" not in options:
        from commands import json_face

        json_face.write({"error": message, "title": title, "hint": hint, "exit_code": code})


def _before_dashes(arguments: Sequence[str]) -> list[str]:
    """The arguments up to ``--``; what follows it are names and not options."""
    options = list(arguments)
    return options[: options.index("--")] if "--" in options else options


def _accept_all_text() -> None:
    """Output that the terminal's encoding cannot hold becomes ``?``; input that is no text keeps its bytes."""
    for stream, errors in ((sys.stdout, "replace"), (sys.stdin, "surrogateescape")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
