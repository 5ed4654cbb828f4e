"""The main job in a real terminal: bytes in, a screen out, and at the end a commit that ``git show`` shows."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

from tests.helpers_tui_app import ONE_ERROR, git, project
from tutor.paths import find_home

_DEADLINE = 90.0  # seconds for one thing to appear; only a hang reaches it
_CODE = "import sys; from commands.cli import main; sys.exit(main(['--no-model', *sys.argv[1:]]))"


class Terminal:
    """The program in a pseudo-terminal, and what a user would see."""

    def __init__(self, columns: int, rows: int, folder: Path, *arguments: str, code: str = _CODE) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._pid, self._fd = pty.fork()
        if self._pid == 0:  # the child: nothing but the program
            environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "", "LINES": ""}
            environment = {name: value for name, value in environment.items() if value}
            os.chdir(folder)
            os.execve(sys.executable, [sys.executable, "-c", code, *arguments], environment)  # noqa: S606 (no shell)
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """The user changes the window's size."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    @property
    def text(self) -> str:
        """The screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def type(self, keys: str) -> None:
        """Keys, as a terminal sends them."""
        os.write(self._fd, keys.encode())

    def until(self, condition: Callable[[str], bool], what: str) -> None:
        """Reads until the screen is as it should be."""
        end = time.monotonic() + _DEADLINE
        while not condition(self.text):
            ready, _, _ = select.select([self._fd], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"never happened: {what}\n{self.text}")
            if not self._read():
                raise AssertionError(f"the program ended before: {what}\n{self.text}")

    def shows(self, text: str) -> None:
        """Waits for ``text`` on the screen."""
        self.until(lambda screen: text in screen, repr(text))

    def _read(self) -> bool:
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux says so when the other side has closed
            return False
        self._stream.feed(data)
        return bool(data)

    def wait(self) -> int:
        """Reads to the end and returns the exit status."""
        end = time.monotonic() + _DEADLINE
        while select.select([self._fd], [], [], max(0.0, end - time.monotonic()))[0]:
            if not self._read():
                break
        else:
            raise AssertionError(f"the program did not end\n{self.text}")
        _, status = os.waitpid(self._pid, 0)
        return os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """Ends what is left of the program."""
        try:
            os.kill(self._pid, 9)
            os.waitpid(self._pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self._fd)


@contextmanager
def terminal(columns: int, rows: int, folder: Path, *arguments: str) -> Iterator[Terminal]:
    """A terminal that is closed at the end."""
    opened = Terminal(columns, rows, folder, *arguments)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (160, 45)])
def test_from_tutor_to_git_show(tmp_path: Path, columns: int, rows: int) -> None:
    root = project(tmp_path / "job")
    with terminal(columns, rows, root) as screen:
        screen.shows("fix this  finds fixes")
        screen.shows("on main")
        screen.type("fix this\r")
        screen.shows("undecided")
        screen.type("\r")  # Enter accepts nothing

        def accepted(text: str) -> bool:
            # A key that is pressed too early does not count; a person presses it again.
            if "Too early" in text or "undecided" in text:
                screen.type("a")
            return "accepted" in text and "✓ 1" in text

        screen.until(accepted, "an accepted hunk")
        assert (root / "main.rs").read_bytes() == ONE_ERROR
        screen.type("w")
        screen.shows("ctrl+s commits")
        screen.type("\x13")
        screen.shows("Committed")
        screen.shows("compiles")
        screen.type("\x11")
        assert screen.wait() == 0
    shown = git(root, "show", "HEAD")
    assert "+    let mut count = 3;" in shown and "-    let count = 3;" in shown and "E0384" in shown
    assert git(root, "status", "--porcelain") == ""


def test_a_resize_in_a_real_terminal_and_leaving_by_a_typed_word(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    with terminal(160, 45, root) as screen:
        screen.shows("No concept chosen yet")
        screen.resize(70, 24)
        screen.until(lambda text: "chat  diff  problems  concepts" in text.replace("▎", " "), "tabs")
        screen.type("\x1bOR")  # F3
        screen.shows("Nothing to review yet")
        screen.type("\x1bOQ")  # F2
        screen.shows("Ask, or type")
        screen.shows("Send")
        screen.type("/quit\r")
        assert screen.wait() == 0


def test_the_terminal_is_left_as_it_was(tmp_path: Path) -> None:
    root = project(tmp_path / "job")
    with terminal(80, 24, root) as screen:
        screen.shows("fix this  finds fixes")
        before = screen.text
        screen.type("\x11")
        assert screen.wait() == 0
    assert before
    done = subprocess.run([sys.executable, "-c", _CODE, "."], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "needs a terminal" in done.stderr


def test_an_error_of_our_own_ends_in_one_line_a_private_report_and_exit_code_70(tmp_path: Path) -> None:
    broken = (
        "import sys\nfrom pathlib import Path\nfrom tui.startup import Startup\nfrom tui.app import run\n"
        "from tutor.paths import find_home\n"
        "def begin(self): raise ZeroDivisionError('inside')\n"
        "Startup.begin = begin\n"
        "sys.exit(run(Path('.'), use_model=False, home=find_home()))\n"
    )
    root = project(tmp_path / "job")
    opened = Terminal(80, 24, root, code=broken)
    try:
        assert opened.wait() == 70
        text = opened.text
    finally:
        opened.close()
    assert "Something went wrong inside the tutor (ZeroDivisionError)" in text
    assert "Traceback" not in text
    reports = list((find_home().state / "crashes").iterdir())
    assert len(reports) == 1 and "inside" in reports[0].read_text()


def test_keys_find_read_and_walk_in_a_real_terminal(tmp_path: Path) -> None:
    from tests.helpers_knowledge import build_small

    build_small(find_home())
    with terminal(100, 30, project(tmp_path / "job")) as screen:
        screen.shows("Ask, or type")
        screen.shows("sandbox")
        screen.type("\x06")  # ctrl+f
        screen.shows("A part of a name")
        screen.type("second whe")
        screen.shows("Second Wheels in short.")
        screen.type("\x0f")  # ctrl+o
        screen.shows("Second Wheels turn.")
        screen.type("n")
        screen.shows("Third Wheels turn.")
        screen.type("m")
        screen.shows("comes before 1")
        screen.type("\x1b[D\r")  # left, to the page before, and there
        screen.shows("comes next 1")
        screen.type("\x11")
        assert screen.wait() == 0
