"""Reads session logs. Never writes, and never fails for what a file holds: a crash, a full disk and a stray edit leave
torn or damaged lines, and the rest of the log is still good."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from sessions.log import SUFFIX
from sessions.schema import VERSION, Entry

# Longer lines are not entries of ours; they are passed over without being held in memory.
_LONGEST_LINE = 64 * 1024 * 1024

# How the writer begins each line (sessions/log.py): enough to count by, without parsing what can be large.
_HEAD = re.compile(rb'\{"v":\d+,"session":"[^"]*","seq":\d+,"time":"([^"]*)","kind":"([^"]*)","data":')


class SessionNotFound(LookupError):
    """No session, or more than one, has an id that begins so; says which there are."""


@dataclass(frozen=True, slots=True)
class Torn:
    """A place where the log is not as it was written. ``line`` counts from 1. ``problem`` is a sentence.

    ``reason``: "torn" (the last line is cut off), "corrupt" (a line is not an entry), "gap" (entries before this line
    were never written), "version" (a newer schema: the entries are given as they are), "unreadable" (the file cannot
    be read on).
    """

    line: int
    reason: Literal["torn", "corrupt", "gap", "version", "unreadable"]
    problem: str


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One session at a glance. ``started`` and ``ended``: UTC, ISO 8601; ``started`` is "" when nothing in the file can
    be read; ``ended`` is None when it was interrupted or still goes on. ``counts``: entries by kind.
    ``questions``: what was asked or to be explained. ``fixes``: proposals applied. ``damaged``: lines that cannot be
    read."""

    id: str
    path: Path
    started: str
    ended: str | None
    root: str
    tool: str
    counts: Mapping[str, int]
    questions: int
    damaged: int

    @property
    def fixes(self) -> int:
        """How many proposals were applied."""
        return self.counts.get("applied", 0)

    @property
    def commits(self) -> int:
        """How many commits were made."""
        return self.counts.get("committed", 0)

    @property
    def feedback(self) -> int:
        """How often the user said whether something helped."""
        return self.counts.get("feedback", 0)


def list_sessions(folder: Path) -> list[SessionSummary]:
    """All sessions in ``folder``, newest first; empty when there is no such folder. Looks at the beginning of each
    line only. A file that cannot be read is listed with nothing known about it."""
    return [_summary(path) for path in reversed(_paths(folder))]


def find(folder: Path, id_prefix: str) -> Path:
    """The file of the one session whose id, or the random part at its end, begins with ``id_prefix``.

    Raises :class:`SessionNotFound`.
    """
    paths = _paths(folder)
    if not paths:
        raise SessionNotFound("There are no sessions yet.")
    found = [p for p in paths if p.stem == id_prefix] or [
        p for p in paths if p.stem.startswith(id_prefix) or p.stem.rpartition("-")[2].startswith(id_prefix)
    ]
    if not found:
        raise SessionNotFound(f'No session has an id that begins with "{id_prefix}"; the newest is {paths[-1].stem}.')
    if len(found) > 1:
        some = ", ".join(path.stem for path in found[:-4:-1])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise SessionNotFound(f'"{id_prefix}" is the beginning of {len(found)} ids: {some}{more}; give more of it.')
    return found[0]


def read(path: Path) -> Iterator[Entry | Torn]:
    """The entries of the log at ``path`` in order, with a :class:`Torn` wherever something is missing or damaged.

    Never raises. Entries of a newer schema are given too, after one "version" warning.
    """
    try:
        with path.open("rb") as file:
            yield from _read(file)
    except OSError as error:
        yield Torn(0, "unreadable", f"{path} cannot be read: {error.strerror}.")


def entries(path: Path) -> Iterator[Entry]:
    """Only the entries of :func:`read`."""
    return (entry for entry in read(path) if isinstance(entry, Entry))


def parse(line: bytes) -> Entry | None:
    """The entry that a line holds; None when it holds none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    session, seq, time, kind, data, v, cut = (
        value.get(key) for key in ("session", "seq", "time", "kind", "data", "v", "cut")
    )
    if not (isinstance(session, str) and isinstance(time, str) and isinstance(kind, str) and isinstance(data, dict)):
        return None
    if not (type(seq) is int and type(v) is int):
        return None
    return Entry(session, seq, time, kind, data, cut if isinstance(cut, dict) else {}, v)


def _paths(folder: Path) -> list[Path]:
    """The session files, oldest first."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == SUFFIX and path.is_file())
    except OSError:
        return []


def _read(file: IO[bytes]) -> Iterator[Entry | Torn]:
    expected, warned = 0, False
    for number, line in _lines(file):
        entry = parse(line)
        if entry is None:
            whole = line.endswith(b"\n")
            problem = "is not an entry; it is passed over" if whole else "is cut off: writing it was interrupted"
            yield Torn(number, "corrupt" if whole else "torn", f"Line {number} {problem}.")
            expected += 1  # the damaged line was most likely the next entry
            continue
        if entry.v != VERSION and not warned:
            warned = True
            yield Torn(number, "version", f"Written with schema {entry.v}; this program knows {VERSION}.")
        if entry.seq > expected:
            what = f"entry {expected}" if entry.seq == expected + 1 else f"entries {expected} to {entry.seq - 1}"
            yield Torn(number, "gap", f"Before line {number}, {what} could not be written.")
        expected = entry.seq + 1
        yield entry


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not empty, with their numbers from 1; of a line that is too long its beginning."""
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        rest = line
        while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = file.readline(_LONGEST_LINE)
        if line.strip():
            yield number, line if rest is line else line + b"\n"


def _summary(path: Path) -> SessionSummary:
    counts: Counter[str] = Counter()
    started, ended, root, tool = "", None, "", ""
    questions = damaged = 0
    try:
        with path.open("rb") as file:
            for _, line in _lines(file):
                head = _HEAD.match(line)
                if head is None or not line.rstrip().endswith(b"}"):
                    damaged += 1
                    continue
                time, kind = (part.decode("ascii", "replace") for part in head.groups())
                counts[kind] += 1
                started = started or time
                if kind == "session-ended":
                    ended = time
                elif kind in ("session-started", "request") and (entry := parse(line)):
                    root = root or str(entry.data.get("root", ""))
                    tool = tool or str(entry.data.get("tool", ""))
                    questions += entry.data.get("action") in ("ask", "explain")
    except OSError:
        pass  # listed all the same; read() says why it cannot be read
    return SessionSummary(path.stem, path, started, ended, root, tool, counts, questions, damaged)
