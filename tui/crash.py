"""What is left of an unforeseen error: a file for whoever mends it, one line for the user, no traceback on screen."""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path

from tutor import __version__
from tutor.paths import Home, write_private


def write_report(error: BaseException, home: Home) -> Path | None:
    """Writes the cause to ``state/crashes`` (0600); None when that fails, too."""
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 1_000_000:06}"
    path = home.state / "crashes" / f"{stamp}.txt"
    text = "".join(traceback.format_exception(error))
    try:
        write_private(path, f"tutor {__version__}, Python {sys.version}\n\n{text}")
    except OSError:
        return None
    return path


def sentence(error: BaseException, report: Path | None) -> str:
    """What the user is told."""
    where = f"The report is in {report}." if report else "No report could be written."
    return f"Something went wrong inside the tutor ({type(error).__name__}); your files are as they were. {where}"
