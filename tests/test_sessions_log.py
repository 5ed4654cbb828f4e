"""What is appended is on the disk as it should be: redacted, whole, private, and readable after any accident."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions import plain, store
from sessions.log import LogError, SessionLog
from sessions.redact import Redactor
from sessions.schema import Entry, validate
from sessions.store import Torn

TOKEN = "ghp_" + "a1B2" * 9


def start(folder: Path) -> SessionLog:
    return SessionLog.create(folder, root="/home/ann/work", tool="fix", version="1.2.3", redactor=Redactor("/home/ann"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(params=[0, 0o377], ids=["open", "closed"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """A umask that gives everything to everybody, and one that takes even the user's own rights, for a test."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def test_a_session_from_start_to_end(tmp_path: Path) -> None:
    log = start(tmp_path / "state" / "sessions")
    first = log.append("request", {"action": "ask", "text": "What is a borrow?"})
    log.append("feedback", {"subject": "a1", "helpful": True, "wrong": ""}, durable=True)
    log.close()
    assert [(e["v"], e["session"], e["seq"], e["kind"]) for e in lines(log.path)] == [
        (1, log.session, 0, "session-started"),
        (1, log.session, 1, "request"),
        (1, log.session, 2, "feedback"),
        (1, log.session, 3, "session-ended"),
    ]
    assert lines(log.path)[0]["data"] == {"root": "~/work", "tool": "fix", "version": "1.2.3"}
    assert lines(log.path)[3]["data"] == {"entries": 3, "lost": 0}
    assert list(store.read(log.path))[1] == first
    assert [validate(entry) for entry in store.entries(log.path)] == [[], [], [], []]
    assert all(len(e["time"]) == len("2025-01-02T03:04:05.678Z") and e["time"].endswith("Z") for e in lines(log.path))


def test_an_entry_can_be_read_before_the_session_ends(tmp_path: Path) -> None:
    log = start(tmp_path)
    for number in range(3):
        entry = log.append("notice", {"text": str(number), "level": "info"})
        assert list(store.read(log.path))[-1] == entry


def test_a_session_without_entries_leaves_nothing(tmp_path: Path) -> None:
    log = start(tmp_path / "sessions")
    log.close()
    log.close()
    assert not (tmp_path / "sessions").exists()


def test_nothing_is_appended_to_a_closed_log(tmp_path: Path) -> None:
    log = start(tmp_path)
    log.append("stopped", {"action": "fix"})
    log.close()
    before = log.path.read_bytes()
    with pytest.raises(LogError, match="closed"):
        log.append("stopped", {"action": "fix"})
    assert log.path.read_bytes() == before


def test_names_sort_by_age_and_differ(tmp_path: Path) -> None:
    made = [start(tmp_path).session for _ in range(200)]
    assert len(set(made)) == 200
    assert [name[:19] for name in sorted(made)] == [name[:19] for name in made]


@pytest.mark.usefixtures("umask")
def test_only_the_user_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir(mode=0o777)
    log = start(folder)
    log.append("stopped", {"action": "fix"})
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    fresh = start(tmp_path / "b")
    fresh.append("stopped", {"action": "fix"})
    assert stat.S_IMODE(fresh.path.parent.stat().st_mode) == 0o700
    deep = start(tmp_path / "c/state/sessions")
    deep.append("stopped", {"action": "fix"})
    made = [deep.path.parent, *deep.path.parent.parents][:3]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700] * 3


def test_secrets_never_reach_the_disk(tmp_path: Path) -> None:
    log = start(tmp_path)
    entry = log.append(
        "request", {"action": "ask", "text": f"is {TOKEN} ok?", "deep": [{"password": "swordfish"}, TOKEN.encode()]}
    )
    log.append("decision", {"old": f"let t = {TOKEN!r};\n".encode(), "new": Path("/home/ann/x")})
    log.close()
    written = log.path.read_bytes()
    assert TOKEN.encode() not in written
    assert b"swordfish" not in written
    assert b"/home/ann" not in written
    assert entry.data["text"] == "is [redacted:github-token] ok?"


# Bytes, and everything else that JSON has no form for.


@given(st.binary(max_size=60))
def test_bytes_come_back(data: bytes) -> None:
    text = plain.Plain(str).convert({"x": data})["x"]
    read = json.loads(json.dumps(text))
    assert isinstance(read, str)
    assert read.encode("utf-8", "surrogateescape") == data


_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)  # lone surrogates too
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(_ANY_TEXT, _JSON, max_size=4), min_size=1, max_size=4))
def test_any_json_comes_back_equal_after_redaction(tmp_path_factory: pytest.TempPathFactory, values: list[Any]) -> None:
    log = start(tmp_path_factory.mktemp("log"))
    written = [log.append("any", value) for value in values]
    log.close()
    read = list(store.read(log.path))
    assert read[1:-1] == written
    redactor = Redactor("/home/ann")
    for entry, value in zip(written, values, strict=True):
        as_json = json.loads(json.dumps(value))  # joins surrogate pairs, as every reader of JSON does
        assert entry.data == redactor.members(as_json)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "nan"), (float("-inf"), "-inf"), (2**1030, hex(2**1030)), (10**300, 10**300), (True, True),
        ((1, 2), [1, 2]), (Path("a/b"), "a/b"), ("\ud83d\ude00", "\U0001f600"), ({1: 2}, {"1": 2}),
        (bytearray(b"x"), "x"),
    ],
)  # fmt: skip
def test_what_json_has_no_form_for(tmp_path: Path, value: object, expected: object) -> None:
    log = start(tmp_path)
    entry = log.append("any", {"value": value})
    assert entry.data["value"] == expected
    assert lines(log.path)[1]["data"]["value"] == expected


def test_what_cannot_be_logged_is_named_and_costs_nothing(tmp_path: Path) -> None:
    log = start(tmp_path)
    log.append("stopped", {"action": "fix"})
    with pytest.raises(TypeError, match="/a/0: set cannot be logged"):
        log.append("any", {"a": [{1}]})
    log.append("stopped", {"action": "ask"})
    assert [entry["seq"] for entry in lines(log.path)] == [0, 1, 2]


def test_long_texts_are_cut_and_the_cut_is_noted(tmp_path: Path) -> None:
    log = start(tmp_path)
    long = "é" * (plain.LONGEST + 1)
    entry = log.append("any", {"a/b": [{"~": long}], "just": "x" * plain.LONGEST, "huge": "y" * 2_000_000})
    assert entry.cut == {"/a~1b/0/~0": plain.LONGEST + 1, "/huge": 2_000_000}
    (read,) = [e for e in store.entries(log.path) if e.kind == "any"]
    assert read == entry
    assert read.data["a/b"] == [{"~": "é" * plain.LONGEST}]
    assert read.data["just"] == "x" * plain.LONGEST
    assert read.data["huge"] == "y" * plain.LONGEST


@pytest.mark.parametrize("at", [plain.LONGEST - 20, plain.LONGEST + 64 * 1024 - 20])
def test_a_secret_on_the_edge_of_a_cut_is_not_halved_into_the_log(tmp_path: Path, at: int) -> None:
    log = start(tmp_path)
    log.append("any", {"text": "." * at + TOKEN + "." * 200_000})
    assert TOKEN[:12].encode() not in log.path.read_bytes()


def test_secrets_that_shrink_a_long_text_do_not_uncover_a_halved_one(tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + ("A1b2" * 16 + "\n") * 900 + "-----END PRIVATE KEY-----\n"
    body = key * 6
    at = plain.LONGEST + 64 * 1024 - 20
    text = body[:at].rpartition("-----BEGIN")[0]
    text += "." * (at - len(text)) + TOKEN + "." * 50_000
    log = start(tmp_path)
    log.append("any", {"text": text})
    assert TOKEN[:12].encode() not in log.path.read_bytes()


def test_what_is_nested_too_deeply_is_noted(tmp_path: Path) -> None:
    deep: object = "bottom"
    for _ in range(5000):
        deep = [deep]
    log = start(tmp_path)
    entry = log.append("any", {"deep": deep})
    assert entry.cut == {"/deep" + "/0" * plain.DEEPEST: 0}
    assert list(store.read(log.path))[1] == entry


# Accidents.


def run(code: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parent.parent
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments], cwd=root, stdout=subprocess.PIPE, **options
    )


_BURST = """
    import sys
    from pathlib import Path
    from sessions.log import SessionLog
    log = SessionLog.create(Path(sys.argv[1]), root="/x", tool="test", version="1")
    for number in range(10**9):
        log.append("notice", {"text": f"{number} " + "x" * (number % 3000), "level": "info"}, durable=number % 50 == 0)
        if number in (0, 300):
            print(log.path, flush=True)
"""


@pytest.mark.parametrize("round_", range(3))
def test_kill_in_the_middle_of_a_burst(tmp_path: Path, round_: int) -> None:
    writer = run(_BURST, str(tmp_path))
    assert writer.stdout is not None
    with writer:
        path = Path(writer.stdout.readline().decode().strip())
        if round_:
            writer.stdout.readline()
        writer.kill()
    assert writer.returncode == -signal.SIGKILL
    read = list(store.read(path))
    entries = [item for item in read if isinstance(item, Entry)]
    assert [item for item in read[:-1] if isinstance(item, Torn)] == [], "only the last line may be torn"
    assert [entry.seq for entry in entries] == list(range(len(entries)))
    assert len(entries) >= (300 if round_ else 2)
    (summary,) = store.list_sessions(tmp_path)
    assert summary.ended is None


_FULL = """
    import json, resource, signal, sys
    from pathlib import Path
    from sessions.log import LogError, SessionLog
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    log = SessionLog.create(Path(sys.argv[1]), root="/x", tool="test", version="1")
    def note(number):
        try:
            return log.append("notice", {"text": f"{number} " + "x" * 100, "level": "info"}).seq
        except LogError as error:
            return str(error)
    seen = [note(0)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for allowed in json.loads(sys.argv[2]):
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size + allowed, hard))
        seen += [note(1), note(2)]
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        seen.append(note(3))
    log.close()
    print(json.dumps([str(log.path), seen]))
"""


@pytest.mark.parametrize("allowed", [0, 1, 50, 200])
def test_a_file_that_may_not_grow_loses_what_does_not_fit_and_recovers(tmp_path: Path, allowed: int) -> None:
    """The kernel itself writes short and then refuses, as on a full disk."""
    with run(_FULL, str(tmp_path), json.dumps([allowed, allowed])) as writer:
        output, _ = writer.communicate()
    assert writer.returncode == 0
    where, seen = json.loads(output)
    sentences = [item for item in seen if isinstance(item, str)]
    assert sentences
    assert all("ulimit -f" in sentence and sentence.endswith(".") for sentence in sentences)
    read = list(store.read(Path(where)))
    entries = [item for item in read if isinstance(item, Entry)]
    written = [item for item in seen if isinstance(item, int)]
    assert [entry.seq for entry in entries] == [0, *written, entries[-1].seq], "every other entry is there, whole"
    assert entries[-1].kind == "session-ended"
    assert entries[-1].data["lost"] == len(sentences)
    assert [validate(entry) for entry in entries] == [[] for _ in entries]
    torn = [item for item in read if isinstance(item, Torn)]
    assert torn, "what is missing shows"
    assert {item.reason for item in torn} <= {"corrupt", "gap"}


def test_a_full_disk_says_what_to_do_and_goes_on_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full is the kernel's own full disk."""
    log = start(tmp_path)
    log.append("stopped", {"action": "one"})
    real = os.write
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", lambda _file, data: real(full, data))
            with pytest.raises(LogError, match=r"No space is left for .*; free some, and logging goes on by itself\."):
                log.append("stopped", {"action": "two"}, durable=True)
    finally:
        os.close(full)
    log.append("stopped", {"action": "three"})
    log.close()
    assert [e["seq"] for e in lines(log.path)] == [0, 1, 3, 4]
    assert lines(log.path)[-1]["data"] == {"entries": 3, "lost": 1}
    assert [item.problem for item in store.read(log.path) if isinstance(item, Torn)] == [
        "Before line 3, entry 2 could not be written."
    ]


def test_the_start_is_written_as_soon_as_it_can_be(tmp_path: Path) -> None:
    blocked = tmp_path / "sessions"
    blocked.write_text("a file where the folder should be")
    log = start(blocked)
    with pytest.raises(LogError):
        log.append("stopped", {"action": "one"})
    blocked.unlink()
    log.append("stopped", {"action": "two"})
    log.close()
    assert [e["kind"] for e in lines(log.path)] == ["session-started", "stopped", "session-ended"]


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = start(tmp_path)
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, bytes(data[:7])))
    log.append("notice", {"text": "x" * 100, "level": "info"})
    log.close()
    assert [e["kind"] for e in lines(log.path)] == ["session-started", "notice", "session-ended"]


def test_a_write_that_writes_nothing_is_an_error_and_not_a_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = start(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda _file, _data: 0)
        with pytest.raises(LogError) as caught:
            log.append("stopped", {"action": "one"})
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EIO


def test_durable_entries_are_synced_and_others_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(file: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    log = start(tmp_path)
    log.append("notice", {"text": "x", "level": "info"})
    assert synced == []
    log.append("feedback", {"subject": "a", "helpful": True, "wrong": ""}, durable=True)
    log.append("feedback", {"subject": "b", "helpful": True, "wrong": ""}, durable=True)
    assert synced == ["file", "folder", "file"]


def test_threads_of_one_process_share_a_log(tmp_path: Path) -> None:
    log = start(tmp_path)

    def work(who: int) -> None:
        for number in range(100):
            log.append("notice", {"text": f"{who}/{number}", "level": "info"})

    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    assert [e["seq"] for e in lines(log.path)] == list(range(402))
    assert len({e["data"]["text"] for e in lines(log.path) if e["kind"] == "notice"}) == 400


_TWO = """
    import sys
    from pathlib import Path
    from sessions.log import SessionLog
    log = SessionLog.create(Path(sys.argv[1]), root=sys.argv[2], tool="test", version="1")
    for number in range(500):
        log.append("notice", {"text": str(number), "level": "info"})
    log.close()
"""


def test_two_processes_write_two_sessions_in_one_folder(tmp_path: Path) -> None:
    with run(_TWO, str(tmp_path), "/one") as one, run(_TWO, str(tmp_path), "/two") as two:
        assert (one.wait(), two.wait()) == (0, 0)
    found = store.list_sessions(tmp_path)
    assert {summary.root for summary in found} == {"/one", "/two"}
    for summary in found:
        assert summary.ended is not None
        assert summary.damaged == 0
        assert [e["seq"] for e in lines(summary.path)] == list(range(502))


def test_the_log_is_not_handed_to_child_processes(tmp_path: Path) -> None:
    log = start(tmp_path)
    log.append("stopped", {"action": "fix"})
    listed = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, text=True, close_fds=False, check=True)
    assert log.session not in listed.stdout


def test_importing_the_log_is_light() -> None:
    code = """
        import sys
        before = set(sys.modules)
        import sessions.log, sessions.store
        print("\\n".join({name.partition(".")[0] for name in set(sys.modules) - before}))
    """
    with run(code) as child:
        output, _ = child.communicate()
    assert child.returncode == 0
    loaded = set(output.decode().split())
    assert "sessions" in loaded
    assert not loaded & {
        "asyncio",
        "sqlite3",
        "subprocess",
        "logging",
        "hypothesis",
        "tutor",
        "commands",
        "tui",
        "knowledgegraph",
    }
    assert {name for name in loaded if name not in sys.stdlib_module_names} == {"sessions"}
