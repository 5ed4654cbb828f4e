"""The one lock of a folder's writer: held by a process, and gone with it however it ends (flock(2))."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_AGAIN = 0.05  # seconds


class LockHeld(Exception):
    """Somebody else is writing. ``path``: the lock; ``pid``: of the process that holds it, None where not known."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"{path} is held by {who}; wait until it has finished, or end it.")
        self.path = path
        self.pid = pid


@contextmanager
def locked(path: Path, wait: float | None = 0) -> Iterator[None]:
    """Holds the lock ``path`` (a file of its own, 0600, made when missing; it stays).

    Excludes other processes and other threads of this one; not re-entrant. ``wait``: the longest time to wait for the
    holder, in seconds; None: as long as it takes. Raises :class:`LockHeld` when it is still held then, and OSError
    where there can be no such file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = _acquire(path, None if wait is None else time.monotonic() + wait)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        # Closing is not enough: a child made by fork would go on holding it.
        os.ftruncate(descriptor, 0)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _acquire(path: Path, until: float | None) -> int:
    """A descriptor of ``path`` that holds its lock."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(descriptor, path):
                return descriptor
        except BlockingIOError:
            pid = _holder(descriptor)
            if until is not None and time.monotonic() >= until:
                os.close(descriptor)
                raise LockHeld(path, pid) from None
            time.sleep(_LOOK_AGAIN)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_still(descriptor: int, path: Path) -> bool:
    """Whether ``path`` leads to the open file: a lock on a file that was deleted meanwhile excludes nobody."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None
