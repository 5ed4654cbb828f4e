"""The lock of a writer, between threads and between real processes."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from knowledgegraph.lock import LockHeld, locked

_HOLD = """
import sys
from pathlib import Path
from knowledgegraph.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def _holder(path: Path, project_root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds ``path`` until it is sent a line."""
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], cwd=project_root, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "data" / "lock"


def test_the_file_is_private_names_its_holder_and_stays(lock: Path) -> None:
    with locked(lock):
        assert lock.read_text() == f"{os.getpid()}\n"
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600
        assert stat.S_IMODE(lock.parent.stat().st_mode) == 0o700
    assert lock.read_text() == ""
    with locked(lock):
        pass


def test_another_process_is_named_at_once(lock: Path, project_root: Path) -> None:
    with _holder(lock, project_root) as holder:
        with pytest.raises(LockHeld) as caught, locked(lock):
            raise AssertionError("two held it")
        assert (caught.value.path, caught.value.pid) == (lock, holder.pid)
        assert re.fullmatch(rf"{lock} is held by process {holder.pid}; [^.]+\.", str(caught.value))
        with pytest.raises(LockHeld), locked(lock, wait=0.2):
            raise AssertionError("two held it")


def test_it_is_free_when_its_holder_was_killed(lock: Path, project_root: Path) -> None:
    with _holder(lock, project_root) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with locked(lock):
            assert lock.read_text() == f"{os.getpid()}\n"


@pytest.mark.parametrize("wait", [60, None])
def test_who_waits_gets_it_when_it_is_free(wait: float | None, lock: Path, project_root: Path) -> None:
    with _holder(lock, project_root) as holder:
        got = threading.Event()

        def take() -> None:
            with locked(lock, wait):
                got.set()

        waiting = threading.Thread(target=take)
        waiting.start()
        assert not got.is_set()
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.stdin.flush()
        waiting.join(60)
        assert got.is_set()


def test_threads_take_turns(lock: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with locked(lock, wait=60):
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 80


def test_a_child_made_by_fork_does_not_keep_it(lock: Path, project_root: Path) -> None:
    forking = (
        "import os, sys\nfrom pathlib import Path\nfrom knowledgegraph.lock import locked\n"
        "with locked(Path(sys.argv[1])):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        sys.stdin.readline()\n"
        "        os._exit(0)\n"
        "print('free', flush=True)\n"
        "os.waitpid(child, 0)\n"
    )
    with subprocess.Popen([sys.executable, "-W", "ignore", "-c", forking, str(lock)], cwd=project_root, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "free\n"
        with locked(lock):
            pass
        process.communicate("\n")


def test_an_error_inside_frees_it(lock: Path) -> None:
    with pytest.raises(ValueError, match="inside"), locked(lock):
        raise ValueError("inside")
    with locked(lock):
        pass


def test_a_lock_that_was_deleted_is_made_anew(lock: Path) -> None:
    with locked(lock):
        lock.unlink()
    with locked(lock), pytest.raises(LockHeld), locked(lock):
        raise AssertionError("two held it")


def test_a_lock_that_is_deleted_between_opening_and_locking_counts_for_nothing(
    lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.flock
    calls: list[int] = []

    def flock(descriptor: int, operation: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            lock.unlink()
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(lock):
        assert lock.read_text() == f"{os.getpid()}\n"


def test_a_link_is_not_followed(lock: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("text")
    lock.parent.mkdir()
    lock.symlink_to(target)
    with pytest.raises(OSError, match="lock"), locked(lock):
        raise AssertionError("a link was locked")
    assert target.read_text() == "text"
