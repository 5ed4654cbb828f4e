"""Building the knowledge: reads the sources that changed, takes the others over from the last build, and swaps.

The new file is made beside the old one and renamed over it at the end, under a lock that one process holds. Whatever
stops a build (Ctrl+C, kill -9, a full disk), the knowledge in use stays as it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from knowledgegraph.entry import Coverage, Trouble, storable
from knowledgegraph.lock import locked
from knowledgegraph.schema import SCHEMA, StoreError
from knowledgegraph.sources.base import READER, Found, Missing, Source
from knowledgegraph.writing import Writer, copy_source, create, derive

_TELL_EVERY = 500  # entries
_KEPT_MISSING = 200
_BROKEN_OFF = (
    " broken off"  # after the fingerprint of a source that was not read to its end: the next build tries again
)


@dataclass(frozen=True, slots=True)
class Step:
    """Where a build stands. ``place`` of ``total`` sources; ``title``: what is being read; ``entries``: how many of its
    entries so far; ``done``: it is finished; ``reused``: it had not changed."""

    place: int
    total: int
    title: str
    entries: int = 0
    done: bool = False
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """A finished build. ``read``, ``reused``: names of sources. ``lost``: links that led to nothing that was read."""

    entries: int
    relations: int
    seconds: float
    read: tuple[str, ...]
    reused: tuple[str, ...]
    missing: tuple[str, ...]
    troubles: tuple[str, ...]
    lost: int


class Stopped(Exception):
    """The build was asked to stop; nothing changed."""


def lock_file(path: Path) -> Path:
    """The lock that a build of ``path`` holds."""
    return path.with_name(path.name + ".lock")


def build(
    path: Path, sources: Sequence[Source], *, fresh: bool = False, stop: Callable[[], bool] = lambda: False
) -> Iterator[Step | Built]:
    """Brings the knowledge in ``path`` up to date; the last thing yielded is :class:`Built`.

    ``fresh``: reads everything again. ``stop`` is asked often. Closing the iterator early leaves everything as it was.
    Raises :class:`Stopped`, :class:`knowledgegraph.lock.LockHeld` while another process builds, and
    :class:`StoreError` (a full disk, a folder that cannot be written).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(lock_file(path)):
            if path.is_dir():
                raise StoreError(f"{path} is a folder; delete it, then: tutor knowledge build")
            _roll_back(path)
            yield from _from_old_or_new(path, sources, fresh, stop)
    except (OSError, sqlite3.OperationalError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StoreError(f"The knowledge could not be written to {path.parent}: {reason}.") from error


def _from_old_or_new(
    path: Path, sources: Sequence[Source], fresh: bool, stop: Callable[[], bool]
) -> Iterator[Step | Built]:
    """A build that takes over from the last one; where that turns out to be damaged, one that reads everything."""
    known = _fingerprints(path)
    if known:
        try:
            yield from _Build(path, sources, known, fresh, stop).run()
            return
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise
    yield from _Build(path, sources, {}, fresh, stop).run()


def _roll_back(path: Path) -> None:
    """Takes back what a process that was killed left half written in the file (the index of sessions)."""
    if os.path.exists(_beside(path, "-journal")):  # noqa: PTH110 (says no where nothing can be looked at, too)
        with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def _beside(path: Path, ending: str) -> Path:
    """One of the files that SQLite keeps beside a database."""
    return path.with_name(path.name + ending)


def changes(path: Path, sources: Sequence[Source]) -> list[tuple[Source, Found, str]]:
    """The sources that a build would read: each with what was found, and the version that was read before ("" if
    none was). Quick."""
    known = _fingerprints(path)
    found = ((source, detected(source)) for source in sources)
    return [
        (source, state, known.get(source.name, ("", ""))[1])
        for source, state in found
        if isinstance(state, Found)
        and known.get(source.name, ("", ""))[0] not in (_stamp(state), _stamp(state) + _BROKEN_OFF)
    ]


def _fingerprints(path: Path) -> dict[str, tuple[str, str]]:
    """Fingerprint and version of each source in a knowledge file; nothing where it cannot be read."""
    if not os.path.exists(path):  # noqa: PTH110 (says no where nothing can be looked at, too)
        return {}
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
                return {}
            rows = database.execute("SELECT name, fingerprint, version FROM sources")
            return {name: (fingerprint, version) for name, fingerprint, version in rows}
    except sqlite3.DatabaseError:
        return {}


#: What only a bug of ours raises. One that a single source brings out is said, and the others are none the worse.
FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def detected(source: Source) -> Found | Missing:
    """What a source finds on this machine; missing, with the reason, where it cannot look or fails."""
    try:
        return source.detect()
    except OSError as error:
        return Missing(f"It cannot be looked at: {error.strerror or error}.", "mend the folder, or take it out again")
    except FAULTS as error:
        return Missing(f"It cannot be looked at ({_fault(error)}).", "report it")


def _fault(error: BaseException) -> str:
    """What and where an unforeseen error was, and what to do."""
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}" if where else "?"
    return f"{type(error).__name__} at {place}; that is a fault of the tutor, please report it"


def _stamp(found: Found) -> str:
    """What has to be the same for a source to be taken over: the source, and how it is read."""
    return f"{READER}:{storable(found.fingerprint)}"


class _Build:
    """One build, from opening the new file to the swap."""

    def __init__(
        self,
        path: Path,
        sources: Sequence[Source],
        known: dict[str, tuple[str, str]],
        fresh: bool,
        stop: Callable[[], bool],
    ) -> None:
        self._path = path
        self._sources = sources
        self._old = bool(known)  # there is a last build, which can be read
        self._known = {} if fresh else known
        self._stop = stop
        self._read: list[str] = []
        self._reused: list[str] = []
        self._missing: list[str] = []
        self._troubles: list[str] = []

    def run(self) -> Iterator[Step | Built]:
        started = time.monotonic()
        for left in self._path.parent.glob(f"{self._path.name}.new-*"):  # of a build that was killed
            left.unlink(missing_ok=True)
        aside = self._path.with_name(f"{self._path.name}.new-{os.getpid()}")
        try:
            with contextlib.closing(create(aside)) as database:
                if self._old:
                    database.execute("ATTACH ? AS old", (os.fsencode(self._path),))
                database.execute("BEGIN")
                for place, source in enumerate(self._sources, 1):
                    yield from self._one(database, source, place)
                total = len(self._sources)
                yield Step(total, total, "connecting what belongs together")
                built = self._finish(database, started)
                self._ask()
            _to_disk(aside)
            for ending in ("-journal", "-wal", "-shm"):  # SQLite would write what is in them into the new file
                _beside(self._path, ending).unlink(missing_ok=True)
            aside.replace(self._path)
        finally:
            aside.unlink(missing_ok=True)
        yield replace(built, seconds=time.monotonic() - started)

    def _ask(self) -> None:
        if self._stop():
            raise Stopped

    def _one(self, database: sqlite3.Connection, source: Source, place: int) -> Iterator[Step]:
        self._ask()
        step = Step(place, len(self._sources), source.title)
        yield step
        state = detected(source)
        if isinstance(state, Missing):
            self._missing.append(source.name)
            row = (source.name, source.title, storable(state.why), state.how_to_get)
            database.execute("INSERT OR REPLACE INTO missing_sources VALUES (?, ?, ?, ?)", row)
            yield replace(step, done=True)
            return
        if self._known.get(source.name, ("",))[0] == _stamp(state):
            copy_source(database, source.name)
            columns = "name, title, ?, version, fingerprint, location, entries, seconds, read_at"
            database.execute(
                f"INSERT INTO sources SELECT {columns} FROM old.sources WHERE name = ?",  # noqa: S608 -- our own names
                (place, source.name),
            )
            self._reused.append(source.name)
            yield replace(step, done=True, reused=True)
            return
        yield from self._read_source(database, source, state, step)

    def _read_source(self, database: sqlite3.Connection, source: Source, found: Found, step: Step) -> Iterator[Step]:
        started = time.monotonic()
        writer = Writer(database, source.name)
        stamp = _stamp(found)
        told = 0
        try:
            for piece in source.read(found):
                match piece:
                    case Coverage():
                        missing = json.dumps(piece.missing[:_KEPT_MISSING])
                        row = (source.name, piece.name, piece.got, piece.total, missing)
                        database.execute("INSERT INTO coverage VALUES (?, ?, ?, ?, ?)", row)
                    case Trouble():
                        self._trouble(database, source, piece.sentence)
                    case _:
                        writer.add(piece)
                if writer.entries >= told + _TELL_EVERY:
                    told = writer.entries
                    self._ask()
                    yield replace(step, entries=told)
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            self._trouble(database, source, f"{source.title} could not be read to the end: {name}{error.strerror}.")
            stamp += _BROKEN_OFF
        except FAULTS as error:
            self._trouble(database, source, f"{source.title} could not be read to the end ({_fault(error)}).")
            stamp += _BROKEN_OFF
        writer.flush()
        self._read.append(source.name)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        database.execute(
            "INSERT INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (source.name, source.title, step.place, storable(found.version), stamp, storable(found.location),
             writer.entries, time.monotonic() - started, now),
        )  # fmt: skip
        yield replace(step, entries=writer.entries, done=True)

    def _trouble(self, database: sqlite3.Connection, source: Source, sentence: str) -> None:
        self._troubles.append(storable(sentence))
        database.execute("INSERT INTO troubles VALUES (?, ?)", (source.name, storable(sentence)))

    def _finish(self, database: sqlite3.Connection, started: float) -> Built:
        lost = derive(database)
        if self._old:
            for table in ("learning_sessions", "agent_actions"):
                database.execute(f"INSERT INTO {table} SELECT * FROM old.{table}")  # noqa: S608 -- our own names
        seconds = time.monotonic() - started
        facts = {"built_at": datetime.now(UTC).isoformat(timespec="seconds"), "seconds": f"{seconds:.3f}", "lost": lost}
        database.executemany("INSERT INTO facts VALUES (?, ?)", [(name, str(value)) for name, value in facts.items()])
        entries = database.execute("SELECT count(*) FROM concepts").fetchone()[0]
        relations = database.execute("SELECT count(*) FROM relations").fetchone()[0]
        database.execute("COMMIT")
        return Built(
            entries, relations, seconds, tuple(self._read), tuple(self._reused), tuple(self._missing),
            tuple(self._troubles), lost,
        )  # fmt: skip


def _to_disk(path: Path) -> None:
    """Waits until the file is on the disk: a rename must never be there before what it names."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
