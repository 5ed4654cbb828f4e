"""Writes a session's log: append-only, redacted before it touches the disk, one line an entry.

The file comes to be with the first entry, not with the :class:`SessionLog`: a program that was opened and closed
leaves no log behind, and starting it costs no disk access. Its name is the session's id: the time of ``create`` (UTC)
and a random part.
"""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sessions.plain import Plain
from sessions.redact import Redactor
from sessions.schema import VERSION, Entry, JsonValue

SUFFIX = ".jsonl"

# Pure ASCII: no reader takes a character for the end of a line, and a torn line is never half a character.
_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, check_circular=False, separators=(",", ":")).encode


class LogError(Exception):
    """An entry could not be written. Says in one sentence why and what to do; the next ``append`` tries anew."""


class SessionLog:
    """The log of one session. Safe to use from several threads of one process.

    ``session``: its id. ``path``: its file, which exists after the first ``append``.
    """

    def __init__(self, path: Path, started: Mapping[str, str], redactor: Redactor) -> None:
        self.path = path
        self.session = path.name.removesuffix(SUFFIX)
        self._started = started
        self._redactor = redactor
        self._lock = threading.Lock()
        self._file: int | None = None
        self._closed = False
        self._begun = False  # session-started is written
        self._torn = False  # the file ends within a line
        self._named = False  # the folder's entry for the file is on the disk
        self._seq = 0
        self._lost = 0

    @classmethod
    def create(
        cls, folder: Path, *, root: str, tool: str, version: str, redactor: Redactor | None = None
    ) -> SessionLog:
        """A new session's log in ``folder``; touches no disk yet.

        ``root``: what the user works on. ``tool``: which face of the program. ``redactor``: for another home folder
        than the user's own.
        """
        now = datetime.now(UTC)
        name = f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03}-{os.urandom(6).hex()}{SUFFIX}"
        started = {"root": root, "tool": tool, "version": version}
        return cls(folder / name, started, redactor or Redactor())

    def append(self, kind: str, data: Mapping[str, object], *, durable: bool = False) -> Entry:
        """Writes one entry and returns it as it was written: redacted, and cut where a text was too long.

        ``data``: JSON values; also bytes, tuples and paths. ``durable``: it is on the disk when this returns (else it
        survives the end of this process but not of the machine). Raises :class:`LogError`; TypeError for a value that
        cannot be logged.
        """
        with self._lock:
            if self._closed:
                raise LogError("This session's log is closed; start a new session to go on.")
            try:
                if not self._begun:
                    self._write("session-started", self._started)
                    self._begun = True
                entry = self._write(kind, data)
                if durable:
                    self._sync()
            except OSError as error:
                raise LogError(self._sentence(error)) from error
            return entry

    def close(self) -> None:
        """Writes ``session-ended`` and closes the file; a session without entries leaves nothing. Closing again does
        nothing. Raises :class:`LogError` when the last entry cannot be written; the log is closed all the same."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._file is None:
                return
            try:
                if self._begun:
                    self._write("session-ended", {"entries": self._seq - self._lost, "lost": self._lost})
                    self._sync()
            except OSError as error:
                raise LogError(self._sentence(error)) from error
            finally:
                os.close(self._file)
                self._file = None

    def _write(self, kind: str, data: Mapping[str, object]) -> Entry:
        plain = Plain(self._redactor.text)
        kept: dict[str, JsonValue] = self._redactor.members(plain.convert(data))
        time = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
        entry = Entry(self.session, self._seq, time, kind, kept, plain.cut)
        # The order of the keys is part of the format: readers that only count look at the beginning of each line.
        line: dict[str, JsonValue] = {
            "v": VERSION, "session": entry.session, "seq": entry.seq, "time": time, "kind": kind, "data": kept,
        }  # fmt: skip
        if plain.cut:
            line["cut"] = plain.cut
        encoded = _encode(line).encode("ascii") + b"\n"
        # The number is used up even when the write fails: the gap tells a reader that something is missing.
        self._seq += 1
        try:
            self._put(encoded)
        except OSError:
            self._lost += 1
            raise
        return entry

    def _put(self, line: bytes) -> None:
        """Writes the whole line, on a line of its own also after a torn one. Raises OSError."""
        if self._file is None:
            self._file = self._open()
        left = memoryview(b"\n" + line if self._torn else line)
        while left:
            written = os.write(self._file, left)
            if written == 0:
                raise OSError(errno.EIO, "nothing was written")
            left = left[written:]
            self._torn = bool(left)

    def _open(self) -> int:
        folder = self.path.parent
        for above in reversed(folder.parents):  # not by parents=True, which leaves those to the umask
            if not above.exists():
                above.mkdir(mode=0o700, exist_ok=True)
                above.chmod(0o700)
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_mode & 0o777 != 0o700:
            folder.chmod(0o700)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        file = os.open(self.path, flags, 0o600)
        os.fchmod(file, 0o600)  # exactly, whatever the umask is
        return file

    def _sync(self) -> None:
        if self._file is None:
            return
        os.fsync(self._file)
        if not self._named:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            self._named = True

    def _sentence(self, error: OSError) -> str:
        folder = self.path.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"No space is left for {folder}; free some, and logging goes on by itself."
        if error.errno == errno.EFBIG:
            return f"{self.path} has reached the largest size allowed for a file; raise it (ulimit -f) and start again."
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return f"{folder} is not writable for you; make it so (chmod u+rwx), or choose another home with --home."
        return f"{self.path}: {error.strerror}; see to that, and logging goes on by itself."
