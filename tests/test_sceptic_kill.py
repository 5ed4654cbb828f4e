"""The installed program, stopped in the middle of a write or a commit; and what the next start makes of it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.helpers_cli import TUTOR, git, no_traceback, tutor
from tests.helpers_sceptic import BROKEN, FIX, FIXED, commits, committed, leftovers, stopped_at, wait_for_end
from tutor.paths import Home
from tutor.workspace import Workspace

# In the order in which they happen: the journal, the file, the history, the clean-up; then the index and the commit.
WRITING = ["replace:journal.json", "link:.old", "replace:.tutor-", "replace:applied.json", "unlink:.old"]
COMMITTING = ["link:index.lock", "replace:.git/index", "start:commit", "started:commit", "unlink:.git/index.lock"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A broken program, and work of the user's beside it: staged, unstaged and untracked."""
    root = committed(tmp_path / "p", {"m.rs": BROKEN, "other": b"1\n"})
    (root / "other").write_bytes(b"1\nstaged\n")
    git(root, "add", "other")
    (root / "other").write_bytes(b"1\nstaged\nunstaged\n")
    (root / "untracked").write_bytes(b"u\n")
    return root


def assert_all_is_well(root: Path, home: Home) -> None:
    """The files are whole, the user's other work is as it was, the repository is sound, the log can be read."""
    assert (root / "m.rs").read_bytes() in (BROKEN, FIXED)
    assert (root / "other").read_bytes() == b"1\nstaged\nunstaged\n"
    assert (root / "untracked").read_bytes() == b"u\n"
    assert git(root, "show", ":other") == "1\nstaged\n"
    assert git(root, "fsck", "--strict", "--no-dangling") == ""
    for log in home.sessions.rglob("*.jsonl"):
        for line in log.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                json.loads(line)
        assert tutor("sessions", "show", log.stem).returncode == 0


@pytest.mark.parametrize("step", [*WRITING, *COMMITTING])
def test_after_a_kill_the_next_start_settles_it_and_says_so(root: Path, tmp_path: Path, home: Home, step: str) -> None:
    assert stopped_at(step, signal.SIGKILL, tmp_path, {}, [*FIX, str(root / "m.rs")]) == -signal.SIGKILL
    assert_all_is_well(root, home)
    done = tutor(*FIX, root / "m.rs")
    no_traceback(done)
    assert done.returncode == 0, done
    if step != WRITING[0]:
        assert b"interrupted" in done.stderr
    assert leftovers(root) == []
    assert_all_is_well(root, home)
    assert (root / "m.rs").read_bytes() == FIXED
    if commits(root) == 2:
        assert git(root, "show", "HEAD:m.rs").encode() == FIXED
        assert git(root, "status", "--porcelain", "m.rs") == ""
    else:
        assert git(root, "status", "--porcelain", "m.rs") == " M m.rs\n"


@pytest.mark.parametrize(
    ("step", "number"),
    [
        *((step, signal.SIGINT) for step in [*WRITING[1:-1], *COMMITTING[1:4]]),
        (WRITING[2], signal.SIGTERM),
        (COMMITTING[1], signal.SIGHUP),
        (COMMITTING[3], signal.SIGTERM),
    ],
)
def test_a_signal_in_the_middle_leaves_nothing_behind(
    root: Path, tmp_path: Path, home: Home, step: str, number: signal.Signals
) -> None:
    assert stopped_at(step, number, tmp_path, {}, [*FIX, str(root / "m.rs")]) == 128 + number
    assert leftovers(root) == []
    assert_all_is_well(root, home)
    done = tutor(*FIX, root / "m.rs")
    assert done.returncode == 0, done
    assert (root / "m.rs").read_bytes() == FIXED


def _hanging_rustc(folder: Path, pipe: Path) -> str:
    """A PATH on which rustc answers when asked who it is, and else says its process id and hangs."""
    sysroot = folder / "sysroot"
    (sysroot / "bin").mkdir(parents=True)
    rustc = sysroot / "bin/rustc"
    rustc.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *sysroot*) echo {sysroot}; exit;; -vV) echo "release: 1.95.0"; exit;; esac\n'
        f"setsid sleep 600 & echo $$ $! > {pipe}\nwait\n"
    )
    rustc.chmod(0o755)
    for name in ("sh", "git", "bwrap", "sleep", "setsid", "env"):
        (sysroot / "bin" / name).symlink_to(str(shutil.which(name)))
    return str(sysroot / "bin")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_no_child_behind(root: Path, tmp_path: Path, number: signal.Signals) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    env = {**os.environ, "PATH": _hanging_rustc(tmp_path, pipe), "HOME": str(tmp_path)}
    with subprocess.Popen(
        [str(TUTOR), *FIX, str(root / "m.rs")], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        rustc, its_child = map(int, pipe.read_text().split())
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    wait_for_end(rustc)
    if number != signal.SIGKILL:  # only who is alive can find what has left the group
        wait_for_end(its_child)
    else:
        os.kill(its_child, signal.SIGKILL)
    assert b"Traceback" not in said
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert leftovers(root) == []
    assert (root / "m.rs").read_bytes() == BROKEN


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_app_leaves_the_terminal_as_it_was(root: Path, number: signal.Signals) -> None:
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(
        [str(TUTOR), str(root)], env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        got = b""
        while b"on main" not in got:  # all of it is painted
            got += os.read(ours, 65_536)
        process.send_signal(number)
        while process.poll() is None:
            if select.select([ours], [], [], 0.05)[0]:
                got += os.read(ours, 65_536)
        while select.select([ours], [], [], 0)[0]:
            got += os.read(ours, 65_536)
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 128 + number
    for on, off in ((b"\x1b[?1049h", b"\x1b[?1049l"), (b"\x1b[?25l", b"\x1b[?25h"), (b"\x1b[?1000h", b"\x1b[?1000l")):
        assert got.rfind(off) > got.rfind(on)
    assert b"Traceback" not in got


_TRAP = {"a hook that ends on SIGTERM": "", "a hook that ignores SIGTERM": "trap '' TERM"}


@pytest.mark.parametrize("trap", _TRAP.values(), ids=_TRAP)
@pytest.mark.parametrize(("name", "made"), [("pre-commit", 1), ("commit-msg", 1), ("post-commit", 2)])
def test_ctrl_c_while_a_hook_runs(root: Path, tmp_path: Path, home: Home, name: str, made: int, trap: str) -> None:
    said, go_on = tmp_path / "said", tmp_path / "go-on"
    os.mkfifo(said)
    os.mkfifo(go_on)
    hook = root / ".git/hooks" / name
    hook.write_text(f"#!/bin/sh\n{trap}\necho $$ $PPID > {said}\nread line < {go_on}\nexit 0\n")
    hook.chmod(0o755)
    with subprocess.Popen(
        [str(TUTOR), *FIX, str(root / "m.rs")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        pids = list(map(int, said.read_text().split()))
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=60)
    # What is still there goes on now, if anything is: it was ended before anything was put back.
    with contextlib.suppress(OSError):
        os.close(os.open(go_on, os.O_WRONLY | os.O_NONBLOCK))
    for pid in pids:
        wait_for_end(pid)
    assert process.returncode == 130
    assert_all_is_well(root, home)
    assert commits(root) == made
    assert (b"interrupted after it was made" if made == 2 else b"interrupted before it was made") in words
    last = Workspace(root, state=home.state).last_applied
    assert last is not None
    assert last.commit == (git(root, "rev-parse", "HEAD").strip() if made == 2 else "")
    assert git(root, "ls-tree", "--name-only", "HEAD").split() == ["m.rs", "other"]
    assert git(root, "status", "--porcelain", "m.rs") == (" M m.rs\n" if made == 1 else "")
    assert leftovers(root) == []


def test_several_at_once_make_one_commit(root: Path, home: Home) -> None:
    started = [
        subprocess.Popen([sys.executable, str(TUTOR), *FIX, str(root / "m.rs")], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
        for _ in range(3)
    ]  # fmt: skip
    ends = []
    for process in started:
        _, said = process.communicate(timeout=120)
        assert b"Traceback" not in said
        ends.append(process.returncode)
    assert 0 in ends
    assert set(ends) <= {0, 1}
    assert commits(root) == 2
    assert (root / "m.rs").read_bytes() == FIXED
    assert leftovers(root) == []
    assert_all_is_well(root, home)
