"""Keeps the scratch copies in the cache small: build results that are too large, copies that nobody uses any more.

What lies in a build's folder was made by foreign code: links are not followed, and it may be nested deeply.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import Final

from tutor import process

MAX_RESULTS: Final = 8 * 1024 * 1024 * 1024
"""How many bytes of the disk a project's build results may take to be kept."""

_UNUSED_SECONDS: Final = 30 * 24 * 3600.0
_DELETE_SECONDS: Final = 60.0


def too_large(folder: Path) -> bool:
    """Whether the files below ``folder`` take more than ``MAX_RESULTS``, or cannot be counted."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except FileNotFoundError:
            continue
        except OSError:  # too deep, or closed to its own user
            return True
    return total > MAX_RESULTS


def delete(folder: Path) -> None:
    """Removes ``folder``, as far as that is possible."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():  # deeper than Python goes
        words = ["rm", "-rf", "--", str(folder)]
        process.run(words, cwd=Path("/"), env=process.clean_env(), timeout=_DELETE_SECONDS, max_output=64 * 1024)


def prune(copies: Path) -> None:
    """Empties the copies in ``copies`` that have not been used for a month. Their locks stay: someone may be waiting
    for one."""
    before = time.time() - _UNUSED_SECONDS
    with contextlib.suppress(OSError):
        for home in list(copies.iterdir()):
            if home.stat().st_mtime < before and ((home / "tree").exists() or (home / "target").exists()):
                _empty(home)


def _empty(home: Path) -> None:
    with contextlib.suppress(OSError), (home / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails when it is in use
        (home / "index.json").unlink(missing_ok=True)
        delete(home / "tree")
        delete(home / "target")
