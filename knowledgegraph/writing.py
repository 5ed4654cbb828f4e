"""Writing a knowledge file: the pieces as the sources gave them, then everything that follows from them."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledgegraph import words
from knowledgegraph.entry import SIGNPOST, Entry, Mention, PatternUse, Relation, storable
from knowledgegraph.schema import migrate

_COLUMNS = (
    "id", "source", "kind", "ref", "title", "form", "domain", "headline", "parent", "location", "summary", "text",
    "names", "intents", "codes", "leads", "cites",
)  # fmt: skip
_OPTIONS = 4000  # characters of what a command's options say
_BODY = 1500  # characters of an entry's text that questions are matched with


def create(path: Path) -> sqlite3.Connection:
    """A new, empty database file, readable by its owner alone. Raises OSError or sqlite3.Error."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    database = sqlite3.connect(path, isolation_level=None)
    # Nobody reads the file before it is whole: no journal, and one wait for the disk at the end.
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    migrate(database)
    return database


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
                    "\n".join(piece.cites),
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
        insert = f"INSERT OR IGNORE INTO concepts({', '.join(_COLUMNS)}) VALUES ({marks})"  # noqa: S608 -- our own names
        self._database.executemany(insert, map(_storable, self._entries))
        self._database.executemany("INSERT INTO links VALUES (?, ?, ?, ?)", map(_storable, self._links))
        self._database.executemany("INSERT INTO mentions VALUES (?, ?, ?)", map(_storable, self._mentions))
        self._database.executemany("INSERT INTO patterns VALUES (?, ?, ?, ?, ?, ?, ?)", map(_storable, self._uses))
        for waiting in (self._entries, self._links, self._mentions, self._uses):
            waiting.clear()


def _storable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row that SQLite takes: text with a lone surrogate, from the name of a file, is none."""
    try:
        for value in row:
            if type(value) is str:
                value.encode()
    except UnicodeEncodeError:
        return tuple(storable(value) if isinstance(value, str) else value for value in row)
    return row


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
        "INSERT OR IGNORE INTO relations SELECT c.row, 'part-of', p.row "
        "FROM concepts c JOIN concepts p ON p.id = c.parent"
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
    """What an entry is called; of lessons and signposts also what people type who need them."""

    def named() -> Iterator[tuple[str, int]]:
        for row, kind, ref, title, names, intents in database.execute(
            "SELECT row, kind, ref, title, names, intents FROM concepts"
        ):
            own = [] if kind == SIGNPOST else [ref, title, *names.split("\n")]
            for name in {words.name(text) for text in (*own, *intents.split("\n"))}:
                if name:
                    yield name, row

    database.executemany("INSERT OR IGNORE INTO names VALUES (?, ?)", sorted(named()))


def _derive_mentions(database: sqlite3.Connection) -> None:
    """Inline code that names exactly one headline becomes a link; a name that several bear says nothing."""
    unique = dict(
        database.execute(
            "SELECT n.name, min(n.row) FROM names n JOIN concepts c ON c.row = n.row "
            "WHERE (c.headline OR c.form = 'method') AND c.kind <> 'signpost' GROUP BY n.name HAVING count(*) = 1"
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
        statement = (
            "SELECT o.row, o.ref, o.names, c.ref FROM concepts o JOIN concepts c ON c.id = o.parent "
            "WHERE o.form = 'option'"
        )
        for row, ref, names, command in database.execute(statement):
            for name in {ref, *names.split("\n")}:
                if name.startswith(f"{command} -"):
                    yield command, name.removeprefix(command).strip(), row

    database.executemany("INSERT OR IGNORE INTO commands VALUES (?, ?, ?)", list(options()))


def _derive_documents(database: sqlite3.Connection) -> None:
    """What is found by its words. A command is also found by what its options say."""
    options = (
        "SELECT substr(group_concat(o.title || ' ' || o.summary, char(10)), 1, ?) FROM concepts o "
        "WHERE o.parent = c.id AND o.form = 'option'"
    )
    database.execute(
        "INSERT INTO documents(rowid, title, names, intents, summary, body) "  # noqa: S608 -- our own text
        "SELECT row, title, iif(kind = ?, '', names || char(10) || ref), intents, summary, substr(text, 1, ?) || "
        f"CASE form WHEN 'command' THEN char(10) || coalesce(({options}), '') ELSE '' END "
        "FROM concepts c WHERE headline",
        (SIGNPOST, _BODY, _OPTIONS),
    )
    database.execute("INSERT INTO documents(documents) VALUES ('optimize')")
