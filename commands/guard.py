"""What stands between an error and the user: one clear line and the right exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from tutor.errors import TutorError
from tutor.inert import inert, inert_line


def guarded(call: Callable[[], int]) -> int:
    """Runs ``call`` and returns its exit code; what it raises becomes a line on standard error and a code."""
    try:
        code = call()
        sys.stdout.flush()
        return code
    except TutorError as error:
        tell(error)
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130
    except BrokenPipeError:
        # The reader has gone (`tutor … | head`). Keep Python from complaining when it closes the stream at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the last line of defence: it is reported, with a file that holds the cause
        report = crash_report(error)
        where = f"The report is in {report}." if report else "No report could be written."
        sys.stderr.write(f"tutor: something went wrong inside the tutor ({type(error).__name__}). {where}\n")
        return 70


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

    text = "".join(traceback.format_exception(error))
    path = find_home(home).state / "crashes" / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        write_private(path, f"tutor {__version__}, Python {sys.version}\n\n{text}")
    except OSError:
        return None
    return path
