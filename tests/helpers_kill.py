"""Run as a program by ``test_workspace_kill.py``: stops the writer at each of its steps, and looks at what is left.

A step is a call by which the writer changes something or starts Git. The writer runs in a fork of this process, in
which those calls are counted; at the chosen one it sends itself a signal: before the call, or, for a started Git, also
right after. After SIGKILL a Git that was started goes on alone, and the next start settles it; after SIGINT everything
is settled when the writer ends. Prints one JSON object.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers_git import User, git, line, new_repository, write
from tutor.errors import TutorError

BASE = b"".join(b"line %d\n" % number for number in range(20))
WORK = BASE.replace(b"line 18\n", b"mine, not staged\n").replace(b"line 15\n", b"mine, staged\n")
FIXED = WORK.replace(b"line 2\n", b"fixed\n")
COMMITTED = BASE.replace(b"line 2\n", b"fixed\n")
OLD: dict[str, bytes | None] = {"a.rs": WORK, "src/b.rs": BASE, "new/c.rs": None}
NEW: dict[str, bytes | None] = {"a.rs": FIXED, "src/b.rs": BASE + b"more\n", "new/c.rs": b"c\n"}
WRITING = {"commit", "update-ref", "read-tree", "update-index", "hash-object", "write-tree"}
_INTERRUPTED = 130
STEPS = ("replace", "link", "unlink", "fsync", "mkdir", "rmdir")


def prepare(folder: Path, scenario: str) -> None:
    """The state before the scenario's action."""
    root = new_repository(folder / "r", {"a.rs": BASE, "src/b.rs": BASE, "c": b"c\n"})
    write(root / "a.rs", BASE.replace(b"line 15\n", b"mine, staged\n"))
    write(root / "c", b"staged\n")
    git(root, "add", "-A")
    write(root / "a.rs", WORK)
    write(root / "untracked", b"u\n")
    user = User(root, folder / "state")
    if scenario != "apply and commit":
        user.commit(user.apply({name: (OLD[name], NEW[name] or b"") for name in OLD}))
    if scenario == "revert":
        git(root, "commit", "-q", "--allow-empty", "-m", "on top", "--", "nothing", check=False)
        tree = line(root, "rev-parse", "HEAD^{tree}")
        git(root, "update-ref", "HEAD", line(root, "commit-tree", tree, "-p", "HEAD", "-m", "on top"))


def act(user: User, scenario: str) -> None:
    """What is killed."""
    if scenario == "apply and commit":
        user.commit(user.apply({name: (OLD[name], NEW[name] or b"") for name in OLD}))
    else:
        last = user.workspace.last_applied
        assert last is not None
        user.undo(last)


def count_down(steps: int, number: signal.Signals) -> None:
    """From here on, the call after ``steps`` more of them is the one at which this process gets the signal."""
    left = steps

    def step() -> None:
        nonlocal left
        left -= 1
        if left == -1:
            os.kill(os.getpid(), number)

    def counted(call: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **named: Any) -> Any:
            counts = not after or bool(WRITING & set(arguments[1]))
            if counts:
                step()
            result = call(*arguments, **named)
            if after and counts:
                step()
            return result

        return wrapper

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name), after=False))
    start = subprocess.Popen.__init__
    vars(subprocess)["Popen"].__init__ = counted(start, after=True)


def stopped_at(folder: Path, scenario: str, steps: int, number: signal.Signals) -> bool:
    """Runs the scenario in a fork; whether it was stopped (False: it came to its end before)."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            count_down(steps, number)
            act(User(folder / "r", folder / "state"), scenario)
        except KeyboardInterrupt:
            os._exit(_INTERRUPTED)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    # Git processes that it left are ours now (see main); they come to their own end.
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, _INTERRUPTED if number == signal.SIGINT else -number)
    return code != 0


def look(folder: Path, scenario: str, number: signal.Signals) -> list[str]:
    """What is wrong after the signal, before and after recovery; [] when nothing is."""
    root, wrong = folder / "r", []

    def expect(condition: bool, complaint: str) -> None:
        if not condition:
            wrong.append(complaint)

    def files() -> dict[str, bytes | None]:
        return {name: (root / name).read_bytes() if (root / name).exists() else None for name in OLD}

    def blob(name: str) -> bytes | None:
        return git(root, "cat-file", "blob", name, check=False) or None

    for name, content in files().items():
        expect(content in (OLD[name], NEW[name]), f"{name} is half")
    expect(git(root, "fsck", "--strict", "--no-dangling") == b"", "fsck complains")
    expect(git(root, "ls-files", "--stage", "c") != b"", "the index cannot be read")
    lines = User(root, folder / "state").workspace.recover()
    expect(number == signal.SIGKILL or not lines, f"an interrupt was not settled at once: {lines}")
    for text in lines:
        expect("cannot be read" not in text, text)
    expect(files() in (OLD, NEW), "some files are old and some new")
    expect(User(root, folder / "state").workspace.recover() == [], "recovery is not done in one go")
    names = [p.name for p in root.rglob("*") if ".git" not in p.relative_to(root).parts]
    expect(not [n for n in names if n.startswith(".tutor")], f"left in the tree: {names}")
    inside = sorted(p.name for p in (root / ".git").iterdir())
    expect(not [n for n in inside if n.startswith("tutor") or n.endswith("lock")], f"left in .git: {inside}")
    expect(git(root, "diff", "--cached", "--", "c") != b"" and blob(":c") == b"staged\n", "c is not staged any more")
    in_head, in_index = blob("HEAD:a.rs"), blob(":a.rs")
    expect(in_head in (BASE, COMMITTED), "HEAD is neither")
    if in_head == COMMITTED:
        expect(in_index == COMMITTED.replace(b"line 15\n", b"mine, staged\n"), "the index would take the commit back")
    else:
        expect(in_index == BASE.replace(b"line 15\n", b"mine, staged\n"), "the index has what is not committed")
    expect((root / "untracked").read_bytes() == b"u\n", "untracked has changed")
    try:
        return wrong + go_on(folder, scenario, files() == NEW, in_head == COMMITTED)
    except (TutorError, AssertionError) as error:
        return [*wrong, f"cannot go on: {error}", *lines]


def go_on(folder: Path, scenario: str, written: bool, committed: bool) -> list[str]:
    """After recovery the user can do what remains to be done."""
    user = User(folder / "r", folder / "state")
    last = user.workspace.last_applied
    if scenario == "apply and commit":
        if not written:
            act(user, scenario)
        elif last is None:
            return ["written, but not remembered"]
        elif not committed:
            user.commit(last)
        return [] if git(user.root, "show", "HEAD:a.rs") == COMMITTED else ["it cannot be committed any more"]
    if written:
        if last is None:
            return ["forgotten, but not undone"]
        user.undo(last)
    elif last is not None or committed:
        return [f"undone by half: {last}, committed: {committed}"]
    return [] if git(user.root, "show", "HEAD:a.rs") == BASE else ["it cannot be undone any more"]


def main() -> None:
    """``helpers_kill.py FOLDER SCENARIO SIGNAL``."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans come to us
    folder, scenario, number = Path(sys.argv[1]), sys.argv[2], signal.Signals[sys.argv[3]]
    User(folder, folder / "state").workspace.state()  # GitPython is imported once, before the forks
    prepare(folder / "template", scenario)
    wrong: dict[int, list[str]] = {}
    steps = 0
    while True:
        here = folder / "here"
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(folder / "template", here, symlinks=True)
        # The state is kept by the workspace's real path: the same for template and copy.
        _move_state(folder / "template", here)
        if not stopped_at(here, scenario, steps, number):
            break
        if found := look(here, scenario, number):
            wrong[steps] = found
        steps += 1
    print(json.dumps({"steps": steps, "wrong": wrong}))


def _move_state(template: Path, here: Path) -> None:
    """The history names the folder that it is about; make it the copy's."""
    from tutor.applied import Ledger

    old, new = (Ledger(here / "state", str(place / "r")) for place in (template, here))
    if old._history.exists():
        new._folder.mkdir(parents=True)
        text = old._history.read_text().replace(str(template / "r"), str(here / "r"))
        new._history.write_text(text)


if __name__ == "__main__":
    main()
