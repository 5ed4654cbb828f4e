"""The knowledge on disk: one SQLite file that is only ever replaced as a whole.

``concepts`` holds every entry as its source gave it, ``links`` and ``mentions`` what the sources said about
connections; everything else (``names``, ``relations``, ``errors``, ``commands``, ``documents``) is derived from those
by :func:`derive` and could be derived again. The builder writes a new file beside the old one and renames it, so that a
reader always sees one whole build, and a build that is interrupted leaves no trace.

The same tables in memory serve a machine on which nothing was built yet: lessons alone, searched the same way.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledgegraph import words
from knowledgegraph.entry import SIGNPOST, Coverage, Entry, Form, Kind, PatternUse, Relation
from knowledgegraph.graph import Neighbourhood, Node, neighbourhood
from knowledgegraph.schema import SCHEMA, StoreError, migrate
from knowledgegraph.writing import Writer, derive

#: The longest text that anything is looked for by; SQLite's LIKE takes 50,000 bytes.
LONGEST_NAME = 1000
_AT_ONCE = 500  # rows asked for in one statement
_NODE = "c.id, c.title, c.kind, c.domain, c.form, c.summary"
_ENTRY = (
    "kind, ref, title, form, domain, summary, text, location, parent, names, intents, codes, leads, headline, cites"
)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """What is kept of one source that was read. ``seconds``: how long reading took. ``read_at``: ISO 8601, UTC."""

    name: str
    title: str
    version: str
    fingerprint: str
    location: str
    entries: int
    seconds: float
    read_at: str


@dataclass(frozen=True, slots=True)
class MissingRow:
    """A source that this machine does not have, and how to get it."""

    name: str
    title: str
    why: str
    how_to_get: str


class Store:
    """Reads one knowledge file (or a database in memory). Any thread may ask; each call holds the connection shortly.

    When the file is replaced by a newer build, the next call reads the new one.
    """

    def __init__(self, path: Path | None, database: sqlite3.Connection | None = None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._stamp: tuple[int, int] | None = None
        self._database = database
        self.generation = 0  # counts the files seen; what was derived from an older one is stale

    @classmethod
    def open(cls, path: Path) -> Store:
        """The knowledge in ``path``. Raises FileNotFoundError, or :class:`StoreError` where it cannot be used."""
        store = cls(path)
        with store.reading():
            return store

    @classmethod
    def in_memory(cls, pieces: Iterable[Entry | Relation]) -> Store:
        """A store of these alone, for a machine on which nothing was built."""
        database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        migrate(database)
        database.execute("BEGIN")
        writer = Writer(database, "assets")
        for piece in pieces:
            writer.add(piece)
        writer.flush()
        derive(database)
        database.execute("COMMIT")
        return cls(None, database)

    def reading(self) -> _Reading:
        """``with store.reading() as database``: the connection, held. Raises as :meth:`open`."""
        return _Reading(self)

    def _connection(self) -> sqlite3.Connection:
        if self._path is None:
            if self._database is None:
                raise FileNotFoundError("the store is closed")
            return self._database
        try:
            status = self._path.stat()
        except FileNotFoundError:
            if self._database is None:
                raise
            return self._database  # the file is being replaced, or was deleted under us: the open one still reads
        stamp = (status.st_ino, status.st_mtime_ns)
        if self._database is None or stamp != self._stamp:
            fresh = _open_for_reading(self._path)
            if self._database is not None:
                self._database.close()
            self._database, self._stamp = fresh, stamp
            self.generation += 1
        return self._database

    def close(self) -> None:
        """Lets the file go."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    # Entries.

    def entry(self, identity: str) -> Entry | None:
        """The entry with this id, or None."""
        with self.reading() as database:
            row = database.execute(f"SELECT {_ENTRY} FROM concepts WHERE id = ?", (_text(identity),)).fetchone()  # noqa: S608 -- our own names
        return _entry(row) if row else None

    def entries(self, rows: Sequence[int]) -> dict[int, Entry]:
        """The entries in these rows."""
        found: dict[int, Entry] = {}
        with self.reading() as database:
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                statement = f"SELECT row, {_ENTRY} FROM concepts WHERE row IN ({marks})"  # noqa: S608 -- question marks
                found |= {row[0]: _entry(row[1:]) for row in database.execute(statement, list(some))}
        return found

    def named(self, name: str, limit: int = 50) -> list[int]:
        """The rows of the entries that bear this exact name (as :func:`knowledgegraph.words.name` compares): our own
        concepts first, then what can be read at length; at most ``limit``."""
        statement = (
            "SELECT n.row FROM names n JOIN concepts c ON c.row = n.row "  # noqa: S608 -- our own name
            f"WHERE n.name = ? AND c.kind <> '{SIGNPOST}' "
            "ORDER BY c.kind = 'concept' DESC, c.headline DESC, c.ref LIMIT ?"
        )
        with self.reading() as database:
            return [row for (row,) in database.execute(statement, (_text(words.name(name)), limit))]

    def parts(self, identity: str) -> list[Entry]:
        """What is a part of this entry, in the order of the source."""
        with self.reading() as database:
            found = database.execute(f"SELECT {_ENTRY} FROM concepts WHERE parent = ? ORDER BY row", (identity,))  # noqa: S608 -- our own names
            return [_entry(row) for row in found]

    def find(self, text: str, limit: int = 50, kinds: Sequence[str] = ()) -> list[Entry]:
        """Entries in whose title or ref ``text`` occurs, the shortest and those that start with it first: for a finder
        that narrows down with every key. Nothing is called by more than :data:`LONGEST_NAME` characters."""
        if len(text) > LONGEST_NAME:
            return []
        pattern = "%" + _text(text).strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        start = pattern[1:]
        where = f"AND kind IN ({','.join('?' * len(kinds))})" if kinds else ""
        order = "title LIKE ? ESCAPE '\\' DESC, headline DESC, kind = 'concept' DESC, length(title), row"
        statement = (
            f"SELECT {_ENTRY} FROM concepts WHERE kind <> '{SIGNPOST}' {where} "  # noqa: S608 -- our own names
            "AND (title LIKE ? ESCAPE '\\' OR ref LIKE ? ESCAPE '\\') "
            f"ORDER BY {order} LIMIT ?"
        )
        with self.reading() as database:
            return [_entry(row) for row in database.execute(statement, (*kinds, pattern, pattern, start, limit))]

    # Connections.

    def node(self, identity: str) -> Node | None:
        """The entry with this id as it stands in the graph, or None."""
        with self.reading() as database:
            row = database.execute(f"SELECT {_NODE} FROM concepts c WHERE c.id = ?", (_text(identity),)).fetchone()  # noqa: S608 -- our own names
        return Node(*row) if row else None

    def around(self, identity: str) -> Neighbourhood:
        """Everything one edge away. Raises KeyError for an unknown id."""
        centre = self.node(identity)
        if centre is None:
            raise KeyError(identity)
        edges = (
            f"SELECT r.kind, 1 AS away, {_NODE} FROM concepts s JOIN relations r ON r.origin = s.row "  # noqa: S608 -- our own names
            "JOIN concepts c ON c.row = r.target WHERE s.id = ?1 UNION ALL "
            f"SELECT r.kind, 0, {_NODE} FROM concepts s JOIN relations r ON r.target = s.row "
            "JOIN concepts c ON c.row = r.origin WHERE s.id = ?1"
        )
        with self.reading() as database:
            found = [(Kind(kind), bool(away), Node(*row)) for kind, away, *row in database.execute(edges, (identity,))]
            above = self._above(database, identity)
        return neighbourhood(centre, above, found)

    def _above(self, database: sqlite3.Connection, identity: str) -> list[Node]:
        """The chain of what an entry is a part of, the nearest last. A circle in a broken source ends it."""
        above: list[Node] = []
        seen = {identity}
        while True:
            row = database.execute(
                f"SELECT {_NODE} FROM concepts c JOIN concepts s ON s.parent = c.id WHERE s.id = ?",  # noqa: S608 -- our own names
                (above[0].id if above else identity,),
            ).fetchone()
            if row is None or row[0] in seen:
                return above
            seen.add(row[0])
            above.insert(0, Node(*row))

    def relations(self, kinds: Iterable[Kind] = Kind) -> Iterator[Relation]:
        """All relations of these kinds."""
        chosen = [str(kind) for kind in kinds]
        statement = (
            "SELECT a.id, b.id, r.kind FROM relations r JOIN concepts a ON a.row = r.origin "  # noqa: S608 -- question marks
            f"JOIN concepts b ON b.row = r.target WHERE r.kind IN ({','.join('?' * len(chosen))})"
        )
        with self.reading() as database:
            found = database.execute(statement, chosen).fetchall()
        return (Relation(origin, target, Kind(kind)) for origin, target, kind in found)

    def explaining(self, code: str) -> list[Entry]:
        """The entries that explain an error code, the most typical first."""
        statement = (
            f"SELECT {_of('c')} FROM errors e JOIN concepts c ON c.row = e.row WHERE e.code = ? ORDER BY e.place"  # noqa: S608 -- our own names
        )
        with self.reading() as database:
            return [_entry(row) for row in database.execute(statement, (code.upper(),))]

    # The account.

    def sources(self) -> list[SourceRow]:
        """What was read, in the order of reading."""
        columns = "name, title, version, fingerprint, location, entries, seconds, read_at"
        with self.reading() as database:
            return [SourceRow(*row) for row in database.execute(f"SELECT {columns} FROM sources ORDER BY place")]  # noqa: S608 -- our own names

    def missing_sources(self) -> list[MissingRow]:
        """What this machine did not have."""
        with self.reading() as database:
            return [MissingRow(*row) for row in database.execute("SELECT * FROM missing_sources ORDER BY name")]

    def coverage(self) -> list[Coverage]:
        """What was got of what there is."""
        with self.reading() as database:
            found = database.execute("SELECT name, got, total, missing FROM coverage ORDER BY rowid").fetchall()
        return [Coverage(name, got, total, tuple(json.loads(missing))) for name, got, total, missing in found]

    def troubles(self) -> list[tuple[str, str]]:
        """Each source with a sentence on what could not be read."""
        with self.reading() as database:
            return database.execute("SELECT source, sentence FROM troubles ORDER BY rowid").fetchall()

    def counts(self) -> tuple[int, int, dict[str, int]]:
        """How many entries, relations, and entries of each kind."""
        with self.reading() as database:
            relations = database.execute("SELECT count(*) FROM relations").fetchone()[0]
            kinds = dict(database.execute("SELECT kind, count(*) FROM concepts GROUP BY kind ORDER BY 2 DESC"))
        return sum(kinds.values()), relations, kinds

    def fact(self, name: str) -> str | None:
        """A named fact about the build ("seconds", "built_at"), or None."""
        with self.reading() as database:
            row = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def pattern_uses(self, pattern: str = "", limit: int = 1000) -> list[PatternUse]:
        """Where patterns occur in the crates that were read: all, or one pattern's."""
        statement = (
            "SELECT pattern, entry, file, line, end_line, confidence FROM patterns WHERE ? IN ('', pattern) LIMIT ?"
        )
        with self.reading() as database:
            return [PatternUse(*row) for row in database.execute(statement, (pattern, limit))]


class _Reading:
    """Holds a store's connection for the length of a ``with``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> sqlite3.Connection:
        self._store._lock.acquire()
        try:
            return self._store._connection()
        except BaseException:
            self._store._lock.release()
            raise

    def __exit__(self, kind: object, error: BaseException | None, *_: object) -> None:
        self._store._lock.release()
        if isinstance(error, sqlite3.DatabaseError):  # damaged on the disk, or written by hand
            raise StoreError(f"The knowledge is damaged ({error}); build it again: tutor knowledge build") from error


def _open_for_reading(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=10)
    except sqlite3.Error as error:  # a folder, a file that may not be read
        raise StoreError(f"{path} cannot be read ({error}); delete it, then: tutor knowledge build") from error
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA:
            database.execute("PRAGMA mmap_size = 268435456")
            database.execute("SELECT count(*) FROM facts")
            return database
    except sqlite3.DatabaseError:
        version = -1
    database.close()
    age = "by a newer tutor" if version > SCHEMA else "by an older tutor" if version > 0 else "by something else"
    raise StoreError(f"{path} was written {age}; build it again: tutor knowledge build")


def _text(given: str) -> str:
    """``given`` without lone surrogates, which SQLite does not take."""
    return given.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _of(alias: str) -> str:
    return ", ".join(f"{alias}.{column.strip()}" for column in _ENTRY.split(","))


def _entry(row: Sequence[Any]) -> Entry:
    kind, ref, title, form, domain, summary, text, location, parent, names, intents, codes, leads, headline, cites = row
    return Entry(
        kind, ref, title, Form(form), domain, summary, text, location, parent, _lines(names), _lines(intents),
        tuple(codes.split()), tuple(leads.split()), bool(headline), _lines(cites),
    )  # fmt: skip


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()
