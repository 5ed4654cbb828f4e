"""Logs are listed, found and read whatever state they are in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions import store
from sessions.log import SessionLog
from sessions.redact import Redactor
from sessions.schema import Entry
from sessions.store import SessionNotFound, Torn


def session(folder: Path, notices: int = 2, *, end: bool = True) -> Path:
    log = SessionLog.create(folder, root="/project/here", tool="app", version="1", redactor=Redactor("/home/ann"))
    for number in range(notices):
        log.append("notice", {"text": f"n{number}", "level": "info"})
    if end:
        log.close()
    return log.path


def shape(path: Path) -> list[object]:
    """What was read: the number of each entry, the reason of each flaw."""
    return [item.seq if isinstance(item, Entry) else item.reason for item in store.read(path)]


def test_an_undamaged_log_reads_as_written(tmp_path: Path) -> None:
    path = session(tmp_path)
    assert shape(path) == [0, 1, 2, 3]
    assert [entry.kind for entry in store.entries(path)] == ["session-started", "notice", "notice", "session-ended"]


@given(st.data())
def test_a_log_cut_anywhere_loses_at_most_its_last_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = session(tmp_path_factory.mktemp("log"), 3)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:at])
    kept, rest = whole[:at].count(b"\n"), whole[:at].rpartition(b"\n")[2]
    if rest and whole[at : at + 1] == b"\n":
        assert shape(path) == list(range(kept + 1)), "only the end of the line is missing: the entry is whole"
    else:
        assert shape(path) == [*range(kept), *(["torn"] if rest else [])]


@given(st.binary(max_size=200), st.integers(0, 4))
def test_any_bytes_in_the_middle_leave_the_rest_readable(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, after: int
) -> None:
    path = session(tmp_path_factory.mktemp("log"), 3)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*whole[: after + 1], junk + b"\n", *whole[after + 1 :]]))
    read = list(store.read(path))
    assert [item.seq for item in read if isinstance(item, Entry)] == [0, 1, 2, 3, 4]
    assert all(item.reason == "corrupt" for item in read if isinstance(item, Torn))
    assert len(store.list_sessions(path.parent)) == 1


@pytest.mark.parametrize(
    "junk",
    [
        b"not json", b"[1,2]", b"{}", b"\xff\xfe\x00",
        b'{"v":1,"session":"x","seq":"1","time":"t","kind":"k","data":{}}',
        b'{"v":1,"session":"x","seq":true,"time":"t","kind":"k","data":{}}', b"[" * 100_000, b"9" * 5000, b"\0" * 64,
        b'{"v":1,"session":"x","seq":1,"time":"t","kind":"k","data":[]}', b'{"v":1', b"null",
    ],
)  # fmt: skip
def test_a_corrupt_line_is_named_and_passed_over(tmp_path: Path, junk: bytes) -> None:
    path = session(tmp_path)
    whole = path.read_bytes().splitlines(keepends=True)
    whole[1] = junk + b"\n"
    path.write_bytes(b"".join(whole))
    assert shape(path) == [0, "corrupt", 2, 3]
    assert [i.problem for i in store.read(path) if isinstance(i, Torn)] == [
        "Line 2 is not an entry; it is passed over."
    ]


def test_missing_entries_show(tmp_path: Path) -> None:
    path = session(tmp_path, 4)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([whole[0], whole[2], whole[5]]))
    assert [item.problem for item in store.read(path) if isinstance(item, Torn)] == [
        "Before line 2, entry 1 could not be written.",
        "Before line 3, entries 3 to 4 could not be written.",
    ]


def test_empty_lines_are_nothing(tmp_path: Path) -> None:
    path = session(tmp_path, 1)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n\n"))
    assert shape(path) == [0, 1, 2]


def test_a_newer_schema_is_read_with_one_warning(tmp_path: Path) -> None:
    path = session(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'{"v":1,', b'{"v":7,'))
    assert shape(path) == ["version", 0, 1, 2, 3]
    assert {entry.v for entry in store.entries(path)} == {7}
    (summary,) = store.list_sessions(tmp_path)
    assert summary.counts["notice"] == 2


def test_lines_too_long_for_an_entry_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = session(tmp_path)
    whole = path.read_bytes().splitlines(keepends=True)
    whole.insert(1, b'{"v":1,' + b"x" * 5000 + b"\n")
    path.write_bytes(b"".join(whole))
    monkeypatch.setattr(store, "_LONGEST_LINE", 1000)
    assert shape(path) == [0, "corrupt", 1, 2, 3]


def test_what_is_not_there_is_no_exception(tmp_path: Path) -> None:
    (flaw,) = store.read(tmp_path / "no.jsonl")
    assert isinstance(flaw, Torn)
    assert flaw.reason == "unreadable"
    assert store.list_sessions(tmp_path / "nowhere") == []


def test_the_list_counts_and_is_newest_first(tmp_path: Path) -> None:
    old = session(tmp_path, 1)
    old.rename(tmp_path / "20200101-000000-000-aaaaaaaaaaaa.jsonl")
    log = SessionLog.create(tmp_path, root="/project/there", tool="fix", version="1", redactor=Redactor("/home/ann"))
    log.append("request", {"action": "ask", "text": "why?"})
    log.append("request", {"action": "explain", "text": "E0382"})
    log.append("request", {"action": "fix", "text": "src/main.rs"})
    log.append("applied", {"id": "a", "proposal_id": "p", "paths": ["x"], "rebased": False})
    log.append("committed", {"applied_id": "a", "commit": "0" * 40, "summary": "Fix", "warning": ""})
    log.append("feedback", {"subject": "p", "helpful": True, "wrong": ""})
    newest, oldest = store.list_sessions(tmp_path)
    assert (newest.id, newest.path, newest.root, newest.tool) == (log.session, log.path, "/project/there", "fix")
    assert (newest.questions, newest.fixes, newest.commits, newest.feedback) == (2, 1, 1, 1)
    assert newest.counts == {"session-started": 1, "request": 3, "applied": 1, "committed": 1, "feedback": 1}
    assert newest.ended is None
    assert oldest.id == "20200101-000000-000-aaaaaaaaaaaa"
    assert oldest.ended is not None
    assert oldest.started <= oldest.ended
    assert (oldest.questions, oldest.fixes, oldest.commits, oldest.feedback, oldest.damaged) == (0, 0, 0, 0, 0)


def test_a_damaged_file_is_listed_with_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "20200101-000000-000-bbbbbbbbbbbb.jsonl").write_bytes(b"\0\0\0\n{")
    (tmp_path / "20200102-000000-000-bbbbbbbbbbbb.jsonl").write_bytes(b"")
    torn = session(tmp_path, 3, end=False)
    torn.write_bytes(torn.read_bytes()[:-5])
    newest, empty, junk = store.list_sessions(tmp_path)
    assert (newest.counts["notice"], newest.damaged) == (2, 1)
    assert (empty.started, empty.ended, empty.root, empty.damaged) == ("", None, "", 0)
    assert (junk.started, junk.damaged) == ("", 2)


def test_only_session_files_are_listed(tmp_path: Path) -> None:
    path = session(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder.jsonl").mkdir()
    os.mkfifo(tmp_path / "pipe.jsonl")  # reading it would never end
    assert [summary.path for summary in store.list_sessions(tmp_path)] == [path]


def test_listing_does_not_parse_what_it_only_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session(tmp_path, 50)
    parsed: list[bytes] = []
    real = json.loads

    def loads(text: bytes, *rest: Any) -> object:
        parsed.append(text)
        return real(text, *rest)

    monkeypatch.setattr(json, "loads", loads)
    (summary,) = store.list_sessions(tmp_path)
    assert summary.counts["notice"] == 50
    assert len(parsed) == 1, "the first line only"


def names(folder: Path, *stems: str) -> None:
    for stem in stems:
        (folder / f"{stem}.jsonl").write_bytes(b"")


def test_finding_by_the_beginning_of_the_id_or_of_its_random_part(tmp_path: Path) -> None:
    names(
        tmp_path,
        "20250101-101010-001-abc123abc123",
        "20250101-101011-001-abd000000000",
        "20260101-000000-000-ffff00000000",
    )
    assert store.find(tmp_path, "2026").stem == "20260101-000000-000-ffff00000000"
    assert store.find(tmp_path, "abc").stem == "20250101-101010-001-abc123abc123"
    assert store.find(tmp_path, "20250101-101011-001-abd000000000").stem.endswith("abd000000000")


def test_what_finding_says_when_it_cannot(tmp_path: Path) -> None:
    with pytest.raises(SessionNotFound, match=r"^There are no sessions yet\.$"):
        store.find(tmp_path, "x")
    stems = [f"20250101-10101{n}-001-abc123abc123" for n in range(5)]
    names(tmp_path, *stems)
    with pytest.raises(SessionNotFound, match=f'begins with "zz"; the newest is {stems[4]}'):
        store.find(tmp_path, "zz")
    with pytest.raises(SessionNotFound, match=f"5 ids: {stems[4]}, {stems[3]}, {stems[2]} and 2 more; give more of it"):
        store.find(tmp_path, "2025")
    with pytest.raises(SessionNotFound, match="begins with"):
        store.find(tmp_path, "../../etc/passwd")


def test_an_id_that_begins_another_is_found_when_whole(tmp_path: Path) -> None:
    names(tmp_path, "one", "one-more")
    assert store.find(tmp_path, "one").stem == "one"
