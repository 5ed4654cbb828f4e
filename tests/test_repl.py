"""``tutor chat`` as its users meet it: on a real pseudo-terminal, on a dumb one, and through a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyte
import pytest

from sessions.store import entries, list_sessions
from tests.helpers_cli import BROKEN, TUTOR, git, no_traceback, package, repository, tutor
from tests.ollama_server import running
from tutor.paths import Home

DEADLINE = 60.0


class Terminal:
    """A program on a pseudo-terminal of 100×40, and what a person would see there."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.raw = b""
        self._master = master
        self._screen = pyte.HistoryScreen(100, 40, history=2000)
        self._stream = pyte.ByteStream(self._screen)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    @property
    def text(self) -> str:
        """All that was ever shown, what has scrolled away included."""
        above = ["".join(line[x].data for x in range(100)) for line in self._screen.history.top]
        return "\n".join(line.rstrip() for line in [*above, *self._screen.display])

    def until(self, wanted: str, times: int = 1) -> str:
        """Reads until ``wanted`` has been shown so often."""
        end = time.monotonic() + DEADLINE
        while self.text.count(wanted) < times:
            assert self._read(end - time.monotonic()), f"{wanted!r} did not come:\n{self.text}"
        return self.text

    def prompted(self, times: int) -> None:
        """Reads until the chat has asked for its ``times``-th entry. What is typed before that is the tty's: it makes
        a newline of Enter, which is Ctrl+J."""
        self.until("›", times)

    def ended(self) -> int:
        """Reads to the end and returns the exit code."""
        end = time.monotonic() + DEADLINE
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(DEADLINE)

    def _read(self, wait: float) -> bool:
        if wait <= 0 or not select.select([self._master], [], [], wait)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end was closed
            return False
        self.raw += data
        self._stream.feed(data)
        # prompt_toolkit asks where the cursor is and waits a little for the answer
        for _ in range(data.count(b"\x1b[6n")):
            self.type(f"\x1b[{self._screen.cursor.y + 1};{self._screen.cursor.x + 1}R")
        return bool(data)


@contextmanager
def terminal(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """``tutor`` on a terminal that it controls, so that typed Ctrl+C interrupts it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        ["/usr/bin/env", "-u", "COLUMNS", "-u", "LINES", "setsid", "--ctty", "--wait", TUTOR, *arguments],
        cwd=cwd,
        env={**os.environ, "TERM": "xterm-256color", **(env or {})},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        os.close(ours)  # hangs up: nothing of it stays
        process.wait(DEADLINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository(package(tmp_path / "made"))


# Through a pipe.


def test_each_line_is_answered_and_the_end_of_input_ends_it(tmp_path: Path, home: Home) -> None:
    given = b"what is ownership?\n\n/explain E0382\n/nonsense\n/doctor\n/demo\n/graph ownership\n/help\n"
    done = tutor("chat", "--no-model", cwd=tmp_path, given=given)
    text = done.stdout.decode()
    assert done.returncode == 0, done
    for part in ("owner", "What the compiler says of E0382", "There is no command /nonsense", "rustc", "tutor demo",
                 "It unlocks", "/commit"):  # fmt: skip
        assert part in text, part
    (session,) = list_sessions(home.sessions)
    assert (session.tool, session.questions) == ("chat", 2)
    assert session.ended


def test_quit_ends_it_and_nothing_after_it_counts(tmp_path: Path) -> None:
    done = tutor("chat", "--no-model", cwd=tmp_path, given=b"/quit\nwhat is ownership?\n")
    assert (done.returncode, done.stdout) == (0, b"")


def test_bytes_that_are_no_text_and_hostile_text(tmp_path: Path) -> None:
    lines = [b"\xff\xfe", b"/explain \x1b[31m\xe2\x80\xae", b"/\x1b[31m", b"/fix \xff", b"/check /no/such",
             b"/graph \xff", b"/undo", b"/commit", b"/helpful", b"/helpful yes", b"/helpful maybe", b"/ask",
             b"/explain"]  # fmt: skip
    done = tutor("chat", "--no-model", cwd=tmp_path, given=b"\n".join(lines))
    assert done.returncode == 0, done
    no_traceback(done)
    assert b"\x1b" not in done.stdout + done.stderr
    assert "\u202e" not in (done.stdout + done.stderr).decode()


def test_a_piped_fix_writes_nothing(folder: Path) -> None:
    done = tutor("chat", "--no-model", cwd=folder, given=b"fix this\n/check\n/fix src/main.rs\n")
    text = done.stdout.decode()
    assert text.count("+    let mine = names.clone();") == 2
    assert text.count("error[E0382]") == 3
    assert (folder / "src/main.rs").read_text() == BROKEN


def test_what_did_not_help_is_answered_again(tmp_path: Path, home: Home) -> None:
    given = b"what is ownership?\n/helpful no\ntoo abstract\n/helpful yes\n"
    assert tutor("chat", "--no-model", cwd=tmp_path, given=given).returncode == 0
    (session,) = list_sessions(home.sessions)
    feedback = [entry.data for entry in entries(session.path) if entry.kind == "feedback"]
    answers = [entry.data for entry in entries(session.path) if entry.kind == "answer"]
    assert [f["helpful"] for f in feedback] == [False, True]
    assert feedback[0]["wrong"] == "too abstract"
    assert [f["subject"] for f in feedback] == [a["id"] for a in answers]
    assert answers[0]["markdown"] != answers[1]["markdown"]


# On a terminal.


def test_the_main_job_hunk_by_hunk(folder: Path, home: Home) -> None:
    with terminal("chat", "--no-model", cwd=folder) as screen:
        screen.prompted(1)
        screen.type("fix this\r")
        screen.until("Accept this hunk [1/1]?")
        screen.type("\r")  # Enter decides nothing
        screen.until("y  accept this hunk")
        screen.until("Accept this hunk [1/1]?", 2)
        assert (folder / "src/main.rs").read_text() == BROKEN
        screen.type("y\r")
        screen.until("Commit exactly this? [y/N]")
        screen.type("\r")
        screen.prompted(2)
        assert "Was this helpful?" in screen.text
        assert "names.clone()" in (folder / "src/main.rs").read_text()
        screen.type("/commit Keep the names\r")
        screen.prompted(3)
        assert "Committed " in screen.text
        assert git(folder, "log", "-1", "--format=%s") == "Keep the names\n"
        screen.type("/helpful yes\r")
        screen.prompted(4)
        assert "Noted" in screen.text
        screen.type("/undo\r")
        screen.prompted(5)
        assert "Taken back" in screen.text
        assert (folder / "src/main.rs").read_text() == BROKEN
        screen.type("\x04")
        assert screen.ended() == 0
    assert (home.state / "chat-history").stat().st_mode & 0o777 == 0o600
    assert "/undo" in (home.state / "chat-history").read_text()
    (session,) = list_sessions(home.sessions)
    kinds = [entry.kind for entry in entries(session.path)]
    for kind in ("decision", "applied", "committed", "undone", "feedback", "session-ended"):
        assert kind in kinds


def test_ctrl_c_leaves_the_line_and_not_the_program(tmp_path: Path) -> None:
    with terminal("chat", "--no-model", cwd=tmp_path) as screen:
        screen.prompted(1)
        screen.type("half a question")
        screen.until("half a question")
        screen.type("\x03")
        screen.prompted(2)
        screen.type("/hel\t")
        screen.until("/help")
        screen.type("\x15/help\r")
        screen.prompted(3)
        assert "Ctrl+D: leave" in screen.text
        screen.type("one\ntwo")  # Ctrl+J: two lines, one entry
        screen.until("two")
        screen.type("\x03")
        screen.prompted(4)
        screen.type("/quit\r")
        assert screen.ended() == 0
    assert b"Traceback" not in screen.raw


def _model(*steps: Mapping[str, object]) -> dict[str, object]:
    return {
        "models": [{"name": "small:1b", "capabilities": ["completion"], "context_length": 8192}],
        "replies": {"/api/chat": [{"body": list(steps)}]},
    }


def test_ctrl_c_during_a_models_answer_keeps_what_it_said(tmp_path: Path, home: Home) -> None:
    with running(_model({"text": "The first half"}, {"stall": True})) as server:
        with terminal("chat", cwd=tmp_path, env={"OLLAMA_HOST": server.host}) as screen:
            screen.prompted(1)
            screen.type("what is a move?\r")
            screen.until("The first half")
            screen.type("\x03")
            screen.prompted(2)
            screen.type("/quit\r")
            assert screen.ended() == 0
        assert b"Traceback" not in screen.raw
    (session,) = list_sessions(home.sessions)
    (answer,) = [entry.data for entry in entries(session.path) if entry.kind == "answer"]
    assert (answer["markdown"], answer["stopped"]) == ("The first half", True)


def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    with terminal("chat", "--no-model", cwd=tmp_path, env={"TERM": "dumb"}) as screen:
        screen.until(">")
        screen.type("what is ownership?\r")
        screen.until("Was this helpful?")
        screen.until(">", 2)
        screen.type("\x03")
        screen.until("^C")
        screen.until("\n>", 2)
        screen.type("\x04")
        assert screen.ended() == 0
    assert b"\x1b[3" not in screen.raw  # no colours


def test_a_home_that_cannot_be_written_costs_the_history_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with terminal("chat", "--no-model", cwd=tmp_path, env={"TUTOR_HOME": str(tmp_path / "file")}) as screen:
        screen.until("not kept")
        screen.prompted(1)
        screen.type("/quit\r")
        assert screen.ended() == 0


# The same prompt in `tutor fix`.


@pytest.mark.parametrize("keys", ["q\r", "n\r", "\x04", "d\r"])
def test_what_is_not_accepted_is_not_written(keys: str, folder: Path) -> None:
    with terminal("fix", "--no-model", cwd=folder) as screen:
        screen.until("Accept this hunk [1/1]?")
        screen.type(keys)
        assert screen.ended() == 1
    assert "nothing written" in screen.text
    assert (folder / "src/main.rs").read_text() == BROKEN


def test_the_end_of_input_after_a_yes_commits_nothing(folder: Path) -> None:
    head = git(folder, "rev-parse", "HEAD")
    with terminal("fix", "--no-model", cwd=folder) as screen:
        screen.until("Accept this hunk [1/1]?")
        screen.type("y\r")
        screen.until("Commit exactly this?")
        screen.type("\x04")
        assert screen.ended() == 0
    assert b"Traceback" not in screen.raw
    assert git(folder, "rev-parse", "HEAD") == head


@pytest.mark.parametrize("editor", ["false", "no-such-editor --wait", 'unbalanced "', "/"])
def test_an_editor_that_fails_leaves_the_hunk_as_it_was(editor: str, folder: Path) -> None:
    with terminal("fix", "--no-model", cwd=folder, env={"EDITOR": editor}) as screen:
        screen.until("Accept this hunk [1/1]?")
        screen.type("e\r")
        screen.until("the hunk is as it was")
        screen.until("Accept this hunk [1/1]?", 2)
        screen.type("q\r")
        assert screen.ended() == 1
    assert (folder / "src/main.rs").read_text() == BROKEN


def test_an_edit_is_shown_checked_again_and_only_then_written(folder: Path, tmp_path: Path) -> None:
    editor = tmp_path / "my editor"  # a name with a space
    editor.write_text("#!/bin/sh\nprintf '    let mine = &names;\\n' > \"$1\"\n")
    editor.chmod(0o755)
    with terminal("fix", "--no-model", cwd=folder, env={"EDITOR": str(editor)}) as screen:
        screen.until("Accept this hunk [1/1]?")
        screen.type("e\r")
        screen.until("let mine = &names;")
        screen.until("Accept this hunk [1/1]?", 2)
        screen.type("y\r")
        screen.until("Checked again: check passed")
        screen.until("Commit exactly this?")
        screen.type("y\r")
        assert screen.ended() == 0
    assert "let mine = &names;" in git(folder, "show", "HEAD:src/main.rs")


def test_ctrl_c_at_the_question_writes_nothing(folder: Path) -> None:
    with terminal("fix", "--no-model", cwd=folder) as screen:
        screen.until("Accept this hunk [1/1]?")
        screen.type("\x03")
        assert screen.ended() == 130
    assert (folder / "src/main.rs").read_text() == BROKEN
    assert b"Traceback" not in screen.raw


def test_a_terminal_that_hangs_up_ends_it(folder: Path) -> None:
    with terminal("fix", "--no-model", cwd=folder) as screen:
        screen.until("Accept this hunk [1/1]?")
        screen.process.send_signal(signal.SIGTERM)
    assert (folder / "src/main.rs").read_text() == BROKEN
