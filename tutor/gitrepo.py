"""Git, asked and told through GitPython: the only module that imports it, and only when the first call is made.

What runs when. A repository's own configuration can name programs (``core.fsmonitor``, ``filter.*``, ``diff.external``,
``core.sshCommand``, ``gpg.program``, hooks). Reading (:meth:`Git.read`) starts none of them: no hook, no file system
monitor, no external diff or text conversion, no filter (commands that could look into files of the work tree get them
switched off: ``Repository.without_filters``), no transport, no pager, editor or prompt. Only :meth:`Git.commit` starts
what the user asks for by committing: the repository's hooks, its signing program, and the clean filters that
``git commit`` itself applies to files which look changed; it has no terminal to ask on.

Paths are relative to the repository's top folder, with bytes that are not UTF-8 as lone surrogates.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from tutor.errors import Failed, MissingTool
from tutor.gitchild import Child
from tutor.inert import decode

if TYPE_CHECKING:
    import git

_SECONDS = 120.0
_COMMIT_SECONDS = 1800.0
_KEPT_OUTPUT = 16_000

# Variables that would point Git elsewhere, or make it start something or ask on the terminal (git(1), "Environment
# Variables"; the first ones are what `git rev-parse --local-env-vars` lists).
_UNSET = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY", "GIT_DIR",
    "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REFLOG_ACTION", "GIT_TEMPLATE_DIR", "GPG_TTY",
)  # fmt: skip
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "GIT_PAGER": "cat"}
_READING = {
    "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_NO_LAZY_FETCH": "1", "GIT_LITERAL_PATHSPECS": "1",
}  # fmt: skip
_NO_FOREIGN_CODE = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never",
    "-c", "core.pager=cat",
)  # fmt: skip
_COMMITTING = (
    "-c", "core.fsmonitor=false", "-c", "commit.template=", "-c", "commit.verbose=false", "-c", "commit.status=false",
    "-c", "i18n.commitEncoding=UTF-8", "-c", "user.useConfigOnly=true", "-c", "core.pager=cat",
)  # fmt: skip


@functools.cache
def _program() -> str:
    """The absolute path of git. Relative entries of PATH do not count: the folder worked on must not provide it."""
    folders = [f for f in os.environ.get("PATH", os.defpath).split(os.pathsep) if f.startswith("/")]
    found = shutil.which("git", path=os.pathsep.join(folders))
    if found is None:
        raise MissingTool("No Git", "Git is not installed.", "sudo apt install git")
    return found


def installed() -> bool:
    """Whether there is a git program."""
    try:
        _program()
    except MissingTool:
        return False
    return True


@functools.cache
def _gitpython() -> type[git.Git]:
    # GitPython runs git once when it is imported: the one that we found, not what PATH or the folder offers.
    os.environ["GIT_PYTHON_GIT_EXECUTABLE"] = _program()
    import git

    return git.Git


@dataclass(frozen=True, slots=True)
class Output:
    """How a git command ended. ``text``: what it wrote to standard error, or a commit all that it wrote."""

    status: int
    data: bytes
    text: str


class Git:
    """Runs git commands in one folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def try_read(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Output:
        """Runs a command that starts no foreign code; its status is the caller's to look at.

        Raises :class:`MissingTool` without git, Failed when it takes too long.
        """
        env = {**_QUIET, **_READING, **(env or {})}
        command = [*_unset(env), _program(), *_NO_FOREIGN_CODE, "-C", self._folder, *arguments]
        with _input(stdin) as source:
            child = Child(lambda: self._start(command, source, env))
            try:
                data, said = child.follow(_read)
            except subprocess.TimeoutExpired as error:
                sentence = f"git {arguments[0]} took more than {_SECONDS:g} seconds and was stopped."
                raise Failed("Git hangs", sentence) from error
        return Output(child.status, data, decode(said).removesuffix("\n"))

    def read(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Like :meth:`try_read`, for a command that has to work. Raises Failed with Git's own words."""
        done = self.try_read(*arguments, stdin=stdin, env=env)
        if done.status != 0:
            raise Failed("Git failed", f"git {arguments[0]}: {done.text.strip() or f'exit status {done.status}'}")
        return done.data

    def commit(self, *arguments: str, stdin: bytes, env: Mapping[str, str], lock: int) -> Output:
        """``git commit`` with hooks and signing. ``lock``: a descriptor that stays open as long as it runs, also when
        this program is killed. What it prints is cut in the middle where it is very long."""
        user_locale = {name: os.environ.get(name, "") for name in ("LC_ALL", "LANGUAGE")}
        env = {**user_locale, **_QUIET, **env}
        command = [*_unset(env), _program(), *_COMMITTING, "-C", self._folder, "commit", *arguments]
        with _input(stdin) as source:
            child = Child(lambda: self._start(command, source, env, (lock,)))
            readers: list[_Reader] = []

            def wait(process: subprocess.Popen[bytes]) -> None:
                readers.extend(_Reader(pipe) for pipe in (process.stdout, process.stderr) if pipe is not None)
                process.wait(_COMMIT_SECONDS)

            with contextlib.suppress(subprocess.TimeoutExpired):  # it was ended, and its status says so
                child.follow(wait)
        # A process that a hook left in the background may hold the pipes open; nobody waits for it.
        text = "\n".join(filter(None, (reader.text(5.0) for reader in readers)))
        return Output(child.status, b"", text)

    def _start(
        self, command: list[str], stdin: BinaryIO | None, env: Mapping[str, str], descriptors: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        """Starts it in a session of its own: no terminal, and a process group by which all of it can be ended."""
        handle = _gitpython()(self._folder).execute(
            command, istream=stdin, as_process=True, env=dict(env), start_new_session=True, pass_fds=descriptors,
        )  # fmt: skip
        process, handle.proc = handle.proc, None  # else the handle kills it when it is collected
        if process is None:
            raise Failed("Git failed", "git could not be started.")
        return cast("subprocess.Popen[bytes]", process)


def _read(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """Standard output and standard error of a process that ends soon. Raises TimeoutExpired."""
    try:
        return process.communicate(timeout=_SECONDS)
    except BaseException:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        raise


class _Reader(threading.Thread):
    """Reads a pipe to its end, and keeps its beginning and its end."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._head = b""
        self._tail = b""
        self._cut = False
        self.start()

    def run(self) -> None:
        with self._pipe:
            while data := os.read(self._pipe.fileno(), 65_536):
                room = _KEPT_OUTPUT - len(self._head)
                self._head += data[:room]
                tail = self._tail + data[room:]
                self._cut |= len(tail) > _KEPT_OUTPUT
                self._tail = tail[-_KEPT_OUTPUT:]

    def text(self, seconds: float) -> str:
        """What was read, at the latest after ``seconds``."""
        self.join(seconds)
        return decode(self._head + (b"\n[...]\n" if self._cut else b"") + self._tail).strip()


def _unset(ours: Mapping[str, str]) -> list[str]:
    """The words before a command that take the user's variables out of its environment; GitPython can only add some."""
    foreign = [name for name in os.environ if name in _UNSET or name.startswith("GIT_TRACE")]
    present = [name for name in foreign if name not in ours]
    return ["/usr/bin/env", *(word for name in present for word in ("-u", name))] if present else []


@contextlib.contextmanager
def _input(data: bytes) -> Iterator[BinaryIO | None]:
    if not data:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield cast("BinaryIO", file)
