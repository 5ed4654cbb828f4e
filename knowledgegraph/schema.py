"""The tables of the knowledge file, and how an older file is brought up to date."""

from __future__ import annotations

import sqlite3
from typing import Final

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
        codes TEXT NOT NULL, leads TEXT NOT NULL, cites TEXT NOT NULL);
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
        tokenize='porter unicode61');
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


class StoreError(Exception):
    """The file is no knowledge of ours, or of a newer tutor. The message says what to do."""


def migrate(database: sqlite3.Connection) -> None:
    """Brings an empty or older database to :data:`SCHEMA`. Raises :class:`StoreError` for one from the future."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA:
        raise StoreError("The knowledge was built by a newer tutor; build it again: tutor knowledge build --fresh")
    for step in range(version, SCHEMA):
        database.executescript(f"BEGIN; {MIGRATIONS[step]}; PRAGMA user_version = {step + 1}; COMMIT;")
