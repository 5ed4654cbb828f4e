"""The knowledge on disk: one SQLite file that is only ever replaced as a whole.

``concepts`` holds every entry as its source gave it, ``links`` and ``mentions`` what the sources said about
connections; everything else (``names``, ``relations``, ``errors``, ``commands``, ``documents``) is derived from those
by :func:`derive` and could be derived again. The builder writes a new file beside the old one and renames it, so that a
reader always sees one whole build, and a build that is interrupted leaves no trace.

The same tables in memory serve a machine on which nothing was built yet: lessons alone, searched the same way.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from knowledgegraph import words
from knowledgegraph.entry import Coverage, Entry, Form, Kind, Mention, PatternUse, Relation

#: Each entry brings a database from the version that is its place to the next one. Never edited, only added to.
MIGRATIONS: Final = (
    """
    CREATE TABLE sources(
        name TEXT PRIMARY KEY, title TEXT NOT NULL, place INTEGER NOT NULL, version TEXT NOT NULL,
        fingerprint TEXT NOT NULL, location TEXT NOT NULL, entries INTEGER NOT NULL, seconds REAL NOT NULL,
        read_at TEXT NOT NULL);
    CREATE TABLE missing_sources(name TEXT PRIMARY KEY, title TEXT NOT NULL, why TEXT NOT NULL, how TEXT NOT NULL);
    CREATE TABLE coverage(source TEXT NOT NULL, name TEXT NOT NULL, got INTEGER NOT NULL, total INTEGER NOT NULL,
        missing TEXT NOT NULL);
    CREATE TABLE troubles(source TEXT NOT NULL, sentence TEXT NOT NULL);
    CREATE TABLE concepts(
        row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, kind TEXT NOT NULL, ref TEXT NOT NULL,
        title TEXT NOT NULL, form TEXT NOT NULL, domain TEXT NOT NULL, headline INTEGER NOT NULL, parent TEXT NOT NULL,
        location TEXT NOT NULL, summary TEXT NOT NULL, text TEXT NOT NULL, names TEXT NOT NULL, intents TEXT NOT NULL,
        codes TEXT NOT NULL, leads TEXT NOT NULL);
    CREATE INDEX concepts_by_parent ON concepts(parent);
    CREATE INDEX concepts_by_source ON concepts(source);
    CREATE TABLE links(source TEXT NOT NULL, origin TEXT NOT NULL, target TEXT NOT NULL, kind TEXT NOT NULL);
    CREATE TABLE mentions(source TEXT NOT NULL, origin TEXT NOT NULL, name TEXT NOT NULL);
    CREATE TABLE names(name TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY(name, row)) WITHOUT ROWID;
    CREATE TABLE relations(origin INTEGER NOT NULL, kind TEXT NOT NULL, target INTEGER NOT NULL,
        PRIMARY KEY(origin, kind, target)) WITHOUT ROWID;
    CREATE INDEX relations_back ON relations(target, kind);
    CREATE TABLE errors(code TEXT NOT NULL, place INTEGER NOT NULL, row INTEGER NOT NULL,
        PRIMARY KEY(code, place, row)) WITHOUT ROWID;
    CREATE TABLE commands(command TEXT NOT NULL, option TEXT NOT NULL, row INTEGER NOT NULL,
        PRIMARY KEY(command, option, row)) WITHOUT ROWID;
    CREATE TABLE patterns(source TEXT NOT NULL, pattern TEXT NOT NULL, entry TEXT NOT NULL, file TEXT NOT NULL,
        line INTEGER NOT NULL, end_line INTEGER NOT NULL, confidence REAL NOT NULL);
    CREATE INDEX patterns_by_id ON patterns(pattern);
    CREATE VIRTUAL TABLE documents USING fts5(title, names, intents, summary, body, content='',
        tokenize='porter unicode61', detail=column);
    CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE learning_sessions(
        id TEXT PRIMARY KEY, started TEXT NOT NULL, ended TEXT NOT NULL, tool TEXT NOT NULL, workspace TEXT NOT NULL,
        events INTEGER NOT NULL, log TEXT NOT NULL, bytes INTEGER NOT NULL);
    CREATE TABLE agent_actions(
        session TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        PRIMARY KEY(session, seq)) WITHOUT ROWID;
    """,
)
SCHEMA: Final = len(MIGRATIONS)

_COLUMNS = (
    "id", "source", "kind", "ref", "title", "form", "domain", "headline", "parent", "location", "summary", "text",
    "names", "intents", "codes", "leads",
)  # fmt: skip
_ENTRY = "kind, ref, title, form, domain, summary, text, location, parent, names, intents, codes, leads, headline"
_BODY = 1500  # characters of an entry's text that questions are matched with
_FINDER = 200


class StoreError(Exception):
    """The file is no knowledge of ours, or of a newer tutor. The message says what to do."""


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


def migrate(database: sqlite3.Connection) -> None:
    """Brings an empty or older database to :data:`SCHEMA`. Raises :class:`StoreError` for one from the future."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA:
        raise StoreError("The knowledge was built by a newer tutor; build it again: tutor knowledge build --fresh")
    for step in range(version, SCHEMA):
        database.executescript(f"BEGIN; {MIGRATIONS[step]}; PRAGMA user_version = {step + 1}; COMMIT;")


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
            assert self._database is not None
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
            row = database.execute(f"SELECT {_ENTRY} FROM concepts WHERE id = ?", (identity,)).fetchone()  # noqa: S608 -- our own names
        return _entry(row) if row else None

    def entries(self, rows: Sequence[int]) -> dict[int, Entry]:
        """The entries in these rows."""
        marks = ",".join("?" * len(rows))
        with self.reading() as database:
            found = database.execute(f"SELECT row, {_ENTRY} FROM concepts WHERE row IN ({marks})", list(rows))  # noqa: S608 -- question marks
            return {row[0]: _entry(row[1:]) for row in found}

    def named(self, name: str) -> list[int]:
        """The rows of the entries that bear this exact name (as :func:`knowledgegraph.words.name` compares)."""
        with self.reading() as database:
            return [row for (row,) in database.execute("SELECT row FROM names WHERE name = ?", (words.name(name),))]

    def parts(self, identity: str) -> list[Entry]:
        """What is a part of this entry, in the order of the source."""
        with self.reading() as database:
            found = database.execute(f"SELECT {_ENTRY} FROM concepts WHERE parent = ? ORDER BY row", (identity,))  # noqa: S608 -- our own names
            return [_entry(row) for row in found]

    def find(self, text: str, limit: int = 50, kinds: Sequence[str] = ()) -> list[Entry]:
        """Entries in whose title or ref ``text`` occurs, the shortest and those that start with it first: for a finder
        that narrows down with every key."""
        pattern = "%" + text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        start = pattern[1:]
        where = f"AND kind IN ({','.join('?' * len(kinds))})" if kinds else ""
        order = "title LIKE ? ESCAPE '\\' DESC, headline DESC, kind = 'concept' DESC, length(title), row"
        statement = (
            f"SELECT {_ENTRY} FROM concepts WHERE (title LIKE ? ESCAPE '\\' OR ref LIKE ? ESCAPE '\\') {where} "  # noqa: S608 -- our own names
            f"ORDER BY {order} LIMIT ?"
        )
        with self.reading() as database:
            return [_entry(row) for row in database.execute(statement, (pattern, pattern, *kinds, start, limit))]

    # Connections.

    def related(self, identity: str) -> list[tuple[Kind, bool, Entry]]:
        """Everything one edge away: the kind, whether the edge leads away from this entry, the other end. PART_OF is
        among them."""
        statement = (
            f"SELECT r.kind, 1, {_of('c')} FROM concepts s JOIN relations r ON r.origin = s.row "  # noqa: S608 -- our own names
            "JOIN concepts c ON c.row = r.target WHERE s.id = ?1 UNION ALL "
            f"SELECT r.kind, 0, {_of('c')} FROM concepts s JOIN relations r ON r.target = s.row "
            "JOIN concepts c ON c.row = r.origin WHERE s.id = ?1"
        )
        with self.reading() as database:
            found = database.execute(statement, (identity,)).fetchall()
        return [(Kind(kind), bool(away), _entry(row)) for kind, away, *row in found]

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

    def __exit__(self, *_: object) -> None:
        self._store._lock.release()


def _open_for_reading(path: Path) -> sqlite3.Connection:
    if not path.exists():
        raise FileNotFoundError(path)
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False, timeout=10)
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


class Writer:
    """Adds the pieces of one source to a database that is being built."""

    _BATCH = 2000

    def __init__(self, database: sqlite3.Connection, source: str) -> None:
        self._database = database
        self._source = source
        self._entries: list[tuple[Any, ...]] = []
        self._links: list[tuple[str, ...]] = []
        self._mentions: list[tuple[str, ...]] = []
        self._uses: list[tuple[Any, ...]] = []
        self.entries = 0

    def add(self, piece: Entry | Relation | Mention | PatternUse) -> None:
        """Takes one piece. Of two entries with one id the first is kept."""
        match piece:
            case Entry():
                self.entries += 1
                self._entries.append((
                    piece.id, self._source, piece.kind, piece.ref, piece.title, str(piece.form), piece.domain,
                    piece.headline, piece.parent, piece.location, piece.summary, piece.text,
                    "\n".join(piece.names), "\n".join(piece.intents), " ".join(piece.codes), " ".join(piece.leads),
                ))  # fmt: skip
                if len(self._entries) >= self._BATCH:
                    self.flush()
            case Relation():
                self._links.append((self._source, piece.source, piece.target, str(piece.kind)))
            case Mention():
                self._mentions.append((self._source, piece.source, piece.name))
            case PatternUse():
                self._uses.append((self._source, piece.pattern, piece.entry, piece.file, piece.line, piece.end_line,
                                   piece.confidence))  # fmt: skip

    def flush(self) -> None:
        """Writes what is waiting. Raises sqlite3.Error (a full disk)."""
        marks = ",".join("?" * len(_COLUMNS))
        insert = f"INSERT OR IGNORE INTO concepts({', '.join(_COLUMNS)}) VALUES ({marks})"
        self._database.executemany(insert, self._entries)
        self._database.executemany("INSERT INTO links VALUES (?, ?, ?, ?)", self._links)
        self._database.executemany("INSERT INTO mentions VALUES (?, ?, ?)", self._mentions)
        self._database.executemany("INSERT INTO patterns VALUES (?, ?, ?, ?, ?, ?, ?)", self._uses)
        for waiting in (self._entries, self._links, self._mentions, self._uses):
            waiting.clear()


def copy_source(database: sqlite3.Connection, name: str) -> None:
    """Takes what the attached database ``old`` holds of one source, as it is."""
    columns = ", ".join(_COLUMNS)
    database.execute(
        f"INSERT OR IGNORE INTO concepts({columns}) SELECT {columns} FROM old.concepts WHERE source = ? ORDER BY row",  # noqa: S608 -- our own names
        (name,),
    )
    for table in ("links", "mentions", "coverage", "troubles", "patterns"):
        database.execute(f"INSERT INTO {table} SELECT * FROM old.{table} WHERE source = ?", (name,))  # noqa: S608 -- our own names


def derive(database: sqlite3.Connection) -> int:
    """Makes everything that follows from entries, links and mentions. Returns how many links led nowhere."""
    _derive_names(database)
    database.execute(
        "INSERT OR IGNORE INTO relations SELECT c.row, 'part-of', p.row FROM concepts c JOIN concepts p ON p.id = c.parent"
    )
    database.execute(
        "INSERT OR IGNORE INTO relations SELECT a.row, l.kind, b.row FROM links l "
        "JOIN concepts a ON a.id = l.origin JOIN concepts b ON b.id = l.target WHERE a.row <> b.row"
    )
    _derive_mentions(database)
    _derive_errors(database)
    _derive_commands(database)
    _derive_documents(database)
    lost = database.execute(
        "SELECT count(*) FROM links l WHERE NOT EXISTS (SELECT 1 FROM concepts WHERE id = l.origin) "
        "OR NOT EXISTS (SELECT 1 FROM concepts WHERE id = l.target)"
    ).fetchone()[0]
    return int(lost)


def _derive_names(database: sqlite3.Connection) -> None:
    def named() -> Iterator[tuple[str, int]]:
        for row, ref, title, names in database.execute("SELECT row, ref, title, names FROM concepts"):
            for name in {words.name(ref), words.name(title), *map(words.name, names.split("\n"))}:
                if name:
                    yield name, row

    database.executemany("INSERT OR IGNORE INTO names VALUES (?, ?)", sorted(named()))


def _derive_mentions(database: sqlite3.Connection) -> None:
    """Inline code that names exactly one headline becomes a link; a name that several bear says nothing."""
    unique = dict(
        database.execute(
            "SELECT n.name, min(n.row) FROM names n JOIN concepts c ON c.row = n.row "
            "WHERE c.headline OR c.form = 'method' GROUP BY n.name HAVING count(*) = 1"
        )
    )
    found = database.execute("SELECT c.row, m.name FROM mentions m JOIN concepts c ON c.id = m.origin").fetchall()
    links = {(row, unique[key]) for row, name in found if (key := words.name(name)) in unique}
    database.executemany(
        "INSERT OR IGNORE INTO relations VALUES (?, 'links-to', ?)", sorted((a, b) for a, b in links if a != b)
    )


def _derive_errors(database: sqlite3.Connection) -> None:
    """Who explains a code: those that lead for it, then by the code's place in each one's list."""

    def explained() -> Iterator[tuple[str, int, int]]:
        for row, kind, codes, leads in database.execute(
            "SELECT row, kind, codes, leads FROM concepts WHERE codes <> ''"
        ):
            first = set(leads.split())
            for place, code in enumerate(codes.split()):
                yield code, place + (0 if code in first else 100) + (0 if kind == "concept" else 50), row

    database.executemany("INSERT OR IGNORE INTO errors VALUES (?, ?, ?)", list(explained()))


def _derive_commands(database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO commands SELECT ref, '', row FROM concepts WHERE form = 'command'")

    def options() -> Iterator[tuple[str, str, int]]:
        statement = "SELECT o.row, o.ref, o.names, c.ref FROM concepts o JOIN concepts c ON c.id = o.parent WHERE o.form = 'option'"
        for row, ref, names, command in database.execute(statement):
            for name in {ref, *names.split("\n")}:
                if name.startswith(f"{command} -"):
                    yield command, name.removeprefix(command).strip(), row

    database.executemany("INSERT OR IGNORE INTO commands VALUES (?, ?, ?)", list(options()))


def _derive_documents(database: sqlite3.Connection) -> None:
    database.execute(
        "INSERT INTO documents(rowid, title, names, intents, summary, body) "
        "SELECT row, title, names || char(10) || ref, intents, summary, substr(text, 1, ?) FROM concepts WHERE headline",
        (_BODY,),
    )
    database.execute("INSERT INTO documents(documents) VALUES ('optimize')")


def _of(alias: str) -> str:
    return ", ".join(f"{alias}.{column.strip()}" for column in _ENTRY.split(","))


def _entry(row: Sequence[Any]) -> Entry:
    kind, ref, title, form, domain, summary, text, location, parent, names, intents, codes, leads, headline = row
    return Entry(
        kind, ref, title, Form(form), domain, summary, text, location, parent, _lines(names), _lines(intents),
        tuple(codes.split()), tuple(leads.split()), bool(headline),
    )  # fmt: skip


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n")) if text else ()


def create(path: Path) -> sqlite3.Connection:
    """A new, empty database file, readable by its owner alone. Raises OSError or sqlite3.Error."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    database = sqlite3.connect(path, isolation_level=None)
    # Nobody reads the file before it is whole: no journal, and one wait for the disk at the end.
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    migrate(database)
    return database
