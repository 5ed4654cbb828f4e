"""A Git process that never goes on alone: whatever ends the wait for it ends it too, before anything is put back.

Python raises what a signal means (Ctrl+C: KeyboardInterrupt) in the main thread, between any two of its steps, also
between the start of a process and the moment at which somebody knows of it. A process is therefore started in a thread
of its own, where nothing of the kind is raised.

Only :mod:`tutor.gitrepo` uses this module.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.02


class Child:
    """A process that ``start`` starts as the leader of a process group."""

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._start = start
        self._starting = threading.Lock()
        self._unwanted = False
        self._started = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._error: BaseException | None = None

    def follow(self, wait: Callable[[subprocess.Popen[bytes]], T]) -> T:
        """Starts the process and returns what ``wait``, which waits for its end, returns.

        When anything is raised meanwhile, the whole process group is ended, and then it is raised again: also what
        ``start`` raises, KeyboardInterrupt, and TimeoutExpired. SIGTERM comes first, on which Git removes its locks,
        and SIGKILL after five seconds, or on a second interruption.
        """
        try:
            threading.Thread(target=self._begin, daemon=True).start()
            return wait(self._get())
        except BaseException:
            self._end()
            raise

    @property
    def status(self) -> int:
        """How it ended: the exit status, or minus the signal. Only after :meth:`follow`."""
        if self._process is None or self._process.returncode is None:
            raise ValueError("it has not ended")
        return self._process.returncode

    def _get(self) -> subprocess.Popen[bytes]:
        self._started.wait()
        if self._error is not None:
            raise self._error
        if self._process is None:
            raise ValueError("it was ended before it was started")
        return self._process

    def _begin(self) -> None:
        try:
            with self._starting:
                if not self._unwanted:
                    self._process = self._start()
        except BaseException as error:  # raised again by the one who waits
            self._error = error
        self._started.set()

    def _end(self) -> None:
        with self._starting:
            self._unwanted = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        # The leader is not reaped before the end: as long as it is not, nobody else can get the group's number.
        try:
            for number in (signal.SIGTERM, signal.SIGKILL):
                _signal(process.pid, number)
                end = time.monotonic() + _GRACE_SECONDS
                while _is_alive(process.pid) and time.monotonic() < end:
                    time.sleep(_POLL_SECONDS)
        finally:
            _signal(process.pid, signal.SIGKILL)
            process.wait()


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _is_alive(group: int) -> bool:
    """Whether the group has a process that is more than an exit status waiting to be read (proc(5), "stat")."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_bytes().rpartition(b")")[2].split()[:3]
            if int(its_group) == group and state not in (b"Z", b"X"):
                return True
    return False
