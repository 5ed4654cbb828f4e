"""Bounded children, with real ones: each test starts processes that misbehave and looks at what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tutor import process
from tutor.errors import MissingTool

LONG = 60.0
"""Seconds that a test would take if the thing that it is about did not work."""

DAEMON = """
import os, sys, time
waiting, held = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        os.close(held)
        time.sleep(1000)
    os._exit(0)
os.close(held)
os.read(waiting, 1)
os.wait()
"""


def run(*argv: str | Path, **options: Any) -> process.Completed:
    settings: dict[str, Any] = {"cwd": Path("/"), "env": process.clean_env(), "timeout": LONG, "max_output": 100_000}
    return process.run(argv, **(settings | options))


def script(text: str, **options: Any) -> process.Completed:
    return run("sh", "-c", text, **options)


def python(text: str, *arguments: str, **options: Any) -> process.Completed:
    return run(sys.executable, "-I", "-S", "-c", text, *arguments, **options)


def pids(output: bytes) -> list[int]:
    return [int(word) for word in output.split()]


def alive(numbers: list[int]) -> list[int]:
    return [pid for pid in numbers if Path(f"/proc/{pid}").exists()]


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A named pipe that a child writes to when it is where the test wants it."""
    path = tmp_path / "ready"
    os.mkfifo(path)
    return path


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No test leaves a child, dead or alive, or an open file behind."""
    children, files = process._children(os.getpid()), _open_files()
    yield
    assert set(process._children(os.getpid())) == set(children)
    assert _open_files() == files


def test_says_how_it_ended_and_what_it_wrote() -> None:
    done = script("echo out; echo err >&2; exit 3")
    assert (done.returncode, done.stdout, done.stderr, done.outcome) == (3, b"out\n", b"err\n", "ok")
    assert not done.succeeded
    assert script("exit 0").succeeded
    assert script("kill -TERM $$").returncode == -signal.SIGTERM


def test_input_reaches_the_child_and_no_input_is_an_end_of_file() -> None:
    data = bytes(range(256)) * 4096
    assert run("cat", stdin=data, max_output=len(data)).stdout == data
    done = run("cat")
    assert (done.stdout, done.outcome) == (b"", "ok")


def test_output_on_both_pipes_at_once_does_not_block() -> None:
    done = script("head -c 300000 /dev/zero & head -c 300000 /dev/zero >&2; wait", max_output=600_000)
    assert (len(done.stdout), len(done.stderr), done.outcome) == (300_000, 300_000, "ok")


@pytest.mark.parametrize("where", ["", ">&2", "& head -c 1G /dev/zero >&2"])
def test_a_gigabyte_of_output_is_cut_off(where: str) -> None:
    done = script(f"head -c 1G /dev/zero {where}", max_output=50_000)
    assert done.outcome == "too-much-output"
    assert len(done.stdout) + len(done.stderr) == 50_000


def test_output_that_just_fits_is_whole_and_one_byte_more_is_not() -> None:
    assert script("head -c 5000 /dev/zero", max_output=5000).succeeded
    done = script("head -c 5001 /dev/zero", max_output=5000)
    assert (done.outcome, len(done.stdout)) == ("too-much-output", 5000)


def test_a_child_that_hangs_is_killed_with_its_children() -> None:
    done = script("sleep 1000 & echo $!; setsid sleep 1000 & echo $!; trap '' TERM INT HUP; wait", timeout=2.0)
    assert (done.outcome, done.returncode) == ("timeout", -signal.SIGKILL)
    assert len(pids(done.stdout)) == 2
    assert alive(pids(done.stdout)) == []


def test_a_stopped_child_is_killed() -> None:
    assert script("kill -STOP $$", timeout=0.5).outcome == "timeout"


def test_a_grandchild_that_holds_the_pipes_open_does_not_keep_us() -> None:
    done = script("sleep 1000 & echo $!")
    assert done.succeeded
    assert alive(pids(done.stdout)) == []


@pytest.mark.parametrize("waits", [True, False])
def test_a_daemon_in_a_session_of_its_own_is_found(waits: bool) -> None:
    """Also the dead process between it and the child, when nobody has waited for it."""
    done = python(DAEMON if waits else DAEMON.replace("os.wait()", ""))
    assert done.succeeded
    assert len(pids(done.stdout)) == 1
    assert alive(pids(done.stdout)) == []


def test_a_daemon_with_an_empty_environment_is_found() -> None:
    done = script("setsid -f env -i /bin/sh -c 'echo $$; exec sleep 1000' | head -n 1")
    assert done.succeeded
    assert len(pids(done.stdout)) == 1
    assert alive(pids(done.stdout)) == []


def test_a_run_inside_a_run_ends_what_is_its_own(project_root: Path) -> None:
    inner = (
        "import os; from pathlib import Path; from tutor import process\n"
        "outer = os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '1000')\n"
        "done = process.run(['sh', '-c', 'setsid -f sleep 1000; echo $$'], cwd=Path('/'),"
        " env=process.clean_env(), timeout=60, max_output=1000)\n"
        "print(outer, done.stdout.decode(), process._children(os.getpid()) == [outer])\n"
    )
    done = run(sys.executable, "-c", inner, cwd=project_root)
    assert done.succeeded, done.stderr.decode()
    outer, child, alone = done.stdout.split()
    assert alone == b"True"
    assert alive([int(outer), int(child)]) == []


def test_cancelling_stops_it_wherever_it_is(ready: Path) -> None:
    cancel = threading.Event()

    def watch() -> None:
        ready.read_bytes()  # returns when the child has written and closed
        cancel.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    done = script(f"sleep 1000 & echo $!; echo > {ready}; wait", cancel=cancel)
    watcher.join()
    assert (done.outcome, done.returncode) == ("cancelled", -signal.SIGKILL)
    assert len(pids(done.stdout)) == 1
    assert alive(pids(done.stdout)) == []


def test_cancelling_reaches_a_child_that_floods_its_output() -> None:
    cancel = threading.Event()
    timer = threading.Timer(0.1, cancel.set)
    timer.start()
    assert run("cat", "/dev/zero", cancel=cancel, max_output=1 << 33).outcome == "cancelled"
    timer.join()


def test_cancelled_before_it_started() -> None:
    cancel = threading.Event()
    cancel.set()
    assert run("sleep", "1000", cancel=cancel).outcome == "cancelled"


def test_a_process_cannot_take_more_memory() -> None:
    take = "x = b'x' * (600 << 20); print(len(x))"
    assert python(take, memory=1 << 30).succeeded
    done = python(take, memory=300 << 20)
    assert (done.outcome, done.stdout) == ("ok", b"")
    assert b"MemoryError" in done.stderr


def test_processes_together_cannot_take_more_memory() -> None:
    hog = "import os, time\nfor _ in range(4):\n    if os.fork() == 0: break\nx = b'x' * (120 << 20)\ntime.sleep(1000)"
    assert python(hog, memory=300 << 20).outcome == "too-much-memory"


def test_too_many_processes_are_stopped_together() -> None:
    done = script("for i in $(seq 40); do sleep 1000 & echo $!; done; wait", processes=15)
    assert done.outcome == "too-many-processes"
    assert alive(pids(done.stdout)) == []
    assert script("for i in $(seq 5); do sleep 0 & done; wait", processes=15).succeeded


def test_files_cannot_grow_beyond_the_limit(tmp_path: Path) -> None:
    done = script("head -c 3000000 /dev/zero > big", cwd=tmp_path, file_size=1_000_000)
    assert done.returncode != 0
    assert (tmp_path / "big").stat().st_size == 1_000_000


def test_processor_time_is_bounded() -> None:
    done = script("while :; do :; done", cpu=1)
    assert done.outcome == "ok"
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)


def test_the_limits_hold_from_the_first_instruction() -> None:
    done = script("ulimit -c; ulimit -v; ulimit -t", memory=1 << 30, cpu=7)
    assert done.stdout.split() == [b"0", str((1 << 30) // 1024).encode(), b"7"]


def test_the_child_sees_no_children_terminal_or_files_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        done = python(
            "import os\n"
            "try: os.wait()\n"
            "except ChildProcessError: print('none')\n"
            "print(sorted(os.listdir('/proc/self/fd'))[:3], len(os.listdir('/proc/self/fd')))\n"
            "print(os.getsid(0) == os.getpid())\n"
        )
    assert done.stdout.decode().splitlines() == ["none", "['0', '1', '2'] 4", "True"]  # the fourth lists the folder


def test_no_child_outlives_a_killed_parent(ready: Path, project_root: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tutor import process\n"
        f"process.run(['sh', '-c', 'sleep 1000 & echo $$ $! > {ready}; wait'], cwd=Path('/'),"
        " env=process.clean_env(), timeout=1000, max_output=1000)"
    )
    run("true")  # from now on orphans become children of this process
    before = set(process._children(os.getpid()))
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=project_root)
    started = pids(ready.read_bytes())
    parent.kill()
    parent.wait()
    while orphans := set(process._children(os.getpid())) - before:
        for pid in orphans:
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert len(started) == 2
    assert alive(started) == []


def test_many_at_once_leave_each_other_alone() -> None:
    results: list[process.Completed] = []

    def work(number: int) -> None:
        results.extend(script(f"sleep 1000 & sleep 0.0{number}; echo $! {number}") for _ in range(8))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 48
    assert all(done.succeeded for done in results)
    assert alive([pids(done.stdout)[0] for done in results]) == []


def test_an_interrupt_also_leaves_nothing(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(process._Child, "follow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run("sleep", "1000")


def test_what_cannot_start_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="no-such-program"):
        run("no-such-program")
    with pytest.raises(MissingTool):
        run(tmp_path / "absent")
    with pytest.raises(FileNotFoundError):
        run("true", cwd=tmp_path / "absent")
    with pytest.raises(NotADirectoryError):
        (tmp_path / "file").touch()
        run("true", cwd=tmp_path / "file")


def test_a_program_is_never_looked_for_in_the_working_folder(tmp_path: Path) -> None:
    planted = tmp_path / "rustc"
    planted.write_text("#!/bin/sh\necho planted\n")
    planted.chmod(0o755)
    with pytest.raises(MissingTool):
        run("rustc", cwd=tmp_path, env={"PATH": "/nonexistent"})
    assert run("./rustc", cwd=tmp_path).stdout == b"planted\n"


def test_arguments_arrive_as_they_are() -> None:
    words = ["-n", "$(id)", "a b", "'\"", "", "*", "é\n", "-"]
    done = python("import sys; print(ascii(sys.argv[1:]))", *words)
    assert done.stdout.decode() == ascii(words) + "\n"


def test_the_environment_is_an_allow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "LD_PRELOAD", "PYTHONPATH", "RUSTC_WRAPPER"):
        monkeypatch.setenv(name, "private")
    monkeypatch.setenv("PATH", f"relative::.:{os.environ['PATH']}")
    env = process.clean_env({"CARGO_NET_OFFLINE": "true"})
    assert "private" not in env.values()
    assert all(folder.startswith("/") for folder in env["PATH"].split(":"))
    assert env["CARGO_NET_OFFLINE"] == "true"
    assert env["HOME"] == os.environ["HOME"]
    seen = run("env", env=env).stdout.decode()
    assert "private" not in seen
