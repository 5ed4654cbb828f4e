"""The index of sessions follows the logs: grown, damaged, erased."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

import pytest

from knowledgegraph.build import lock_file
from knowledgegraph.lock import locked
from sessions.store import list_sessions
from tests.helpers_build import HandMade, built, entry
from tutor.engine import Tutor
from tutor.knowledge import Knowledge
from tutor.paths import Home
from tutor.recording import Recorder
from tutor.session_index import index_sessions


@pytest.fixture
def knowledge(tmp_path: Path) -> Path:
    path = tmp_path / "knowledge.sqlite"
    built(path, HandMade(pieces=(entry("one.html"),)))
    return path


def rows(path: Path, statement: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(path)
    found = database.execute(statement).fetchall()
    database.close()
    return found


def record(logs: Path, *texts: str) -> None:
    recorder = Recorder(logs, Path("/projects/box"), "app")
    for text in texts:
        recorder.request("ask", text)
    recorder.feedback("answer-1", True, "")
    recorder.close()


def test_sessions_and_what_was_done_in_them(knowledge: Path, tmp_path: Path) -> None:
    logs = tmp_path / "sessions"
    record(logs, "what is a box", "how do I \udcff move it")
    assert index_sessions(knowledge, logs) == 1
    assert rows(knowledge, "SELECT tool, workspace, events FROM learning_sessions") == [("app", "/projects/box", 5)]
    assert rows(knowledge, "SELECT kind, subject FROM agent_actions ORDER BY seq") == [
        ("request", "what is a box"), ("request", "how do I \ufffd move it"), ("feedback", "answer-1")
    ]  # fmt: skip
    assert index_sessions(knowledge, logs) == 0  # nothing grew
    assert rows(knowledge, "SELECT count(*) FROM agent_actions") == [(3,)]


def test_what_grew_is_read_again_and_what_was_erased_goes(knowledge: Path, tmp_path: Path) -> None:
    logs = tmp_path / "sessions"
    record(logs, "first")
    record(logs, "second")
    assert index_sessions(knowledge, logs) == 2
    first, second = (summary.path for summary in list_sessions(logs))
    with first.open("ab") as file:
        file.write(b'{"v":1,"torn')
    second.unlink()
    assert index_sessions(knowledge, logs) == 1
    assert rows(knowledge, "SELECT count(*) FROM learning_sessions") == [(1,)]
    assert rows(knowledge, "SELECT count(*) FROM agent_actions") == [(2,)]


def test_nothing_to_write_into(tmp_path: Path, knowledge: Path) -> None:
    record(tmp_path / "sessions", "a question")
    assert index_sessions(tmp_path / "no.sqlite", tmp_path / "sessions") == 0
    assert not (tmp_path / "no.sqlite").exists()
    assert index_sessions(knowledge, tmp_path / "nowhere") == 0


def test_the_index_survives_a_build(knowledge: Path, tmp_path: Path) -> None:
    record(tmp_path / "sessions", "a question")
    index_sessions(knowledge, tmp_path / "sessions")
    built(knowledge, HandMade(pieces=(entry("two.html"),), fingerprint="2"))
    assert rows(knowledge, "SELECT count(*) FROM learning_sessions") == [(1,)]


def test_a_build_goes_first(knowledge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor.session_index._PATIENCE", 0)
    record(tmp_path / "sessions", "a question")
    with locked(lock_file(knowledge)):
        assert index_sessions(knowledge, tmp_path / "sessions") == 0
    assert index_sessions(knowledge, tmp_path / "sessions") == 1


def test_a_log_that_somebody_made_up_does_not_end_the_index(knowledge: Path, tmp_path: Path) -> None:
    logs = tmp_path / "sessions"
    record(logs, "first")
    (first,) = (summary.path for summary in list_sessions(logs))
    lines = [json.loads(line) for line in first.read_text().splitlines()]
    forged = [{**line, "seq": seq, "time": "\udcff"} for line in lines for seq in (10**30, -(10**30), 5)]
    forged += [{**line, "data": {**line["data"], "root": "\udcff", "tool": "\ud800"}} for line in lines]
    (logs / "20260102-000000-001-0123456789ab.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in forged))
    assert index_sessions(knowledge, logs) == 2


def test_a_build_indexes_the_sessions_at_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    record(home.sessions, "what is a box")
    tutor = Tutor(home.data.parent, home=home, use_model=False)
    monkeypatch.setattr(Knowledge, "sources", lambda knowledge: [])  # what is read is no matter
    assert list(tutor.knowledge.build(threading.Event()))
    assert rows(tutor.knowledge.path, "SELECT subject FROM agent_actions WHERE kind = 'request'") == [
        ("what is a box",)
    ]
