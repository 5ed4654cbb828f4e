"""An index of the session logs inside the knowledge file: which sessions there were and what was done in them.

The logs are the truth (law 8). The tables ``learning_sessions`` and ``agent_actions`` only make it quick to ask across
sessions; they are brought up to date from the logs, and can be made again from them at any time.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from knowledgegraph.build import lock_file
from knowledgegraph.entry import storable
from knowledgegraph.lock import LockHeld, locked
from sessions.schema import Entry
from sessions.store import Torn, list_sessions, read

# What counts as done, and which of its data says what it was about.
_SUBJECT: Final = {
    "request": "text", "answer": "question", "proposal": "rank", "verification": "proposal_id", "decision": "path",
    "applied": "id", "committed": "commit", "undone": "applied_id", "permission": "scope", "feedback": "subject",
}  # fmt: skip
_MOST = 200  # characters of a subject
_LARGEST = 2**63 - 1  # that SQLite takes
_PATIENCE = 2.0  # seconds to wait for a build


def index_sessions(knowledge: Path, logs: Path) -> int:
    """Brings the tables in the file ``knowledge`` up to date with the ``logs``; how many sessions were read anew.

    Only logs that grew are read. Does nothing where there is no file, or while somebody else writes it.
    Raises sqlite3.Error where the file cannot be written.
    """
    if not knowledge.exists():
        return 0
    try:
        with locked(lock_file(knowledge), wait=_PATIENCE), closing(sqlite3.connect(knowledge, timeout=10)) as database:
            return _bring(database, logs)
    except LockHeld:
        return 0


def _bring(database: sqlite3.Connection, logs: Path) -> int:
    known: dict[str, int] = dict(database.execute("SELECT id, bytes FROM learning_sessions"))
    there = {summary.id: summary for summary in list_sessions(logs)}
    changed = 0
    with database:
        for gone in known.keys() - there.keys():
            _forget(database, gone)
        for session, summary in there.items():
            try:
                size = summary.path.stat().st_size
            except OSError:  # erased since it was listed
                continue
            if known.get(session) == size:
                continue
            _forget(database, session)
            database.execute(
                "INSERT INTO learning_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (session, storable(summary.started), storable(summary.ended or ""), storable(summary.tool),
                 storable(summary.root), sum(summary.counts.values()), summary.path.name, size),
            )  # fmt: skip
            actions = [action for entry in read(summary.path) if (action := _action(session, entry))]
            database.executemany("INSERT OR REPLACE INTO agent_actions VALUES (?, ?, ?, ?, ?)", actions)
            changed += 1
    return changed


def _forget(database: sqlite3.Connection, session: str) -> None:
    database.execute("DELETE FROM learning_sessions WHERE id = ?", (session,))
    database.execute("DELETE FROM agent_actions WHERE session = ?", (session,))


def _action(session: str, entry: Entry | Torn) -> tuple[str, int, str, str, str] | None:
    if isinstance(entry, Torn) or entry.kind not in _SUBJECT or abs(entry.seq) > _LARGEST:
        return None
    subject = str(entry.data.get(_SUBJECT[entry.kind], ""))[:_MOST]
    # Bytes that are no UTF-8 stand in the log as lone surrogates, which SQLite does not take.
    return session, entry.seq, storable(entry.time), entry.kind, storable(subject)
