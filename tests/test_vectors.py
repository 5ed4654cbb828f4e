"""Vectors in the real Chroma and their snapshot: changed texts only, stops, kills, damage, several processes."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph import snapshot
from knowledgegraph.lock import LockHeld
from knowledgegraph.snapshot import Snapshot, folder_of
from knowledgegraph.vectors import Synced, Vectors, VectorsError

WIDTH = 16
NAME = "letters/1"

Array = numpy.typing.NDArray[numpy.float32]
Item = tuple[str, str, str]


class Letters:
    """An embedder whose vectors say nothing but which text it was. ``seen``: the texts, in the order that they came in.
    ``fails_at``: the number of the call that raises."""

    def __init__(self, fails_at: int = -1) -> None:
        self.seen: list[str] = []
        self.calls = 0
        self.fails_at = fails_at

    def __call__(self, texts: Sequence[str]) -> Array:
        if self.calls == self.fails_at:
            raise ConnectionError("the model is gone")
        self.calls += 1
        self.seen += texts
        return numpy.stack([vector_of(text) for text in texts])


def vector_of(text: str) -> Array:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")
    vector = numpy.random.default_rng(seed).normal(size=WIDTH)
    unit: Array = (vector / numpy.linalg.norm(vector)).astype(numpy.float32)
    return unit


def items(count: int, changed: Sequence[int] = ()) -> list[Item]:
    texts = [f"text {number}{' changed' * (number in changed)}" for number in range(count)]
    return [
        (f"std:item{number}", hashlib.sha256(text.encode()).hexdigest()[:16], text) for number, text in enumerate(texts)
    ]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "vectors"


@pytest.fixture
def vectors(home: Path) -> Vectors:
    return Vectors(home, NAME, WIDTH)


def complete(vectors: Vectors, wanted: Sequence[Item]) -> None:
    """Asserts that the snapshot holds exactly ``wanted``, each with the vector of its text."""
    found = vectors.snapshot()
    assert found is not None
    assert found.hashes == {identity: content for identity, content, _ in wanted}
    assert len(found) == len(wanted)
    rows = dict(zip(found.ids, found.matrix, strict=True))
    for identity, _, text in wanted:
        assert numpy.abs(rows[identity] - vector_of(text)).max() < 1e-6


# What is embedded.


def test_only_what_is_new_or_changed_is_embedded_and_what_is_gone_is_removed(vectors: Vectors) -> None:
    embed = Letters()
    assert vectors.snapshot() is None
    assert vectors.sync(items(150), embed) == Synced(embedded=150)
    complete(vectors, items(150))
    assert embed.seen == [text for _, _, text in items(150)]
    again = Letters()
    assert vectors.sync(items(150), again) == Synced()
    now = items(140, changed=[3, 77])
    assert vectors.sync(now, again) == Synced(embedded=2, removed=10)
    assert again.seen == ["text 3 changed", "text 77 changed"]
    complete(vectors, now)
    assert vectors.sync([], again) == Synced(removed=140)
    complete(vectors, [])
    assert vectors.sync(items(2), again) == Synced(embedded=2)


def test_the_most_wanted_come_first(vectors: Vectors) -> None:
    embed = Letters()
    wanted = list(reversed(items(200)))
    vectors.sync(wanted, embed)
    assert embed.seen == [text for _, _, text in wanted]
    more = [("concept", "1", "lesson"), *wanted, ("note", "1", "last")]
    embed = Letters()
    vectors.sync(more, embed)
    assert embed.seen == ["lesson", "last"]


def test_progress_is_told(vectors: Vectors) -> None:
    told: list[tuple[int, int]] = []
    vectors.sync(items(150), Letters(), progress=lambda done, total: told.append((done, total)))
    assert told == [(64, 150), (128, 150), (150, 150)]


def test_a_stop_keeps_what_is_done_and_the_next_run_goes_on(vectors: Vectors) -> None:
    embed = Letters()
    assert vectors.sync(items(200), embed, stop=lambda: embed.calls == 2) == Synced(embedded=128, left=72)
    complete(vectors, items(128))
    assert vectors.sync(items(200), embed, stop=lambda: True) == Synced(left=72)
    assert vectors.sync(items(200), embed) == Synced(embedded=72)
    assert embed.seen == [text for _, _, text in items(200)]
    complete(vectors, items(200))


def test_a_text_that_changed_is_found_by_its_old_vector_until_it_is_embedded(vectors: Vectors) -> None:
    vectors.sync(items(3), Letters())
    vectors.sync(items(3, changed=[1]), Letters(), stop=lambda: True)
    complete(vectors, items(3))


def test_an_error_of_the_embedder_keeps_what_is_done(vectors: Vectors) -> None:
    with pytest.raises(ConnectionError, match="the model is gone"):
        vectors.sync(items(200), Letters(fails_at=1))
    complete(vectors, items(64))
    assert vectors.sync(items(200), Letters()) == Synced(embedded=136)


@pytest.mark.parametrize(
    "embed",
    [
        lambda texts: numpy.ones((len(texts), WIDTH + 1), numpy.float32),
        lambda texts: numpy.ones((1, WIDTH), numpy.float32),
        lambda texts: numpy.full((len(texts), WIDTH), numpy.nan, numpy.float32),
    ],
)
def test_what_is_no_vector_is_not_kept(embed: Callable[[Sequence[str]], Array], vectors: Vectors) -> None:
    with pytest.raises(VectorsError, match=r"letters/1 gave something else than 3 vectors of 16 numbers\."):
        vectors.sync(items(3), embed)
    assert vectors.sync(items(3), Letters()) == Synced(embedded=3)


def test_each_embedder_has_its_own(home: Path) -> None:
    names = ("letters/1", "letters-1", "letters/2", "", "..", "/", "x" * 300, "ollama/a:b@c", "é")
    folders = {folder_of(home, name, WIDTH) for name in names} | {folder_of(home, "letters/1", WIDTH + 1)}
    assert len(folders) == len(names) + 1
    assert all(folder.parent == home and len(folder.name) < 100 for folder in folders)
    first, second = Vectors(home, "letters/1", WIDTH), Vectors(home, "letters-1", WIDTH)
    first.sync(items(2), Letters())
    assert second.snapshot() is None
    assert second.sync(items(3), Letters()) == Synced(embedded=3)
    complete(first, items(2))


def test_nobody_else_can_read_them(home: Path, vectors: Vectors) -> None:
    vectors.sync(items(2), Letters())
    inside = folder_of(home, NAME, WIDTH)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE(inside.stat().st_mode) == 0o700
    assert stat.S_IMODE((inside / snapshot.FILE).stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_one_sentence(home: Path, vectors: Vectors) -> None:
    home.write_text("a file")
    with pytest.raises(VectorsError, match="cannot be written") as caught:
        vectors.sync(items(2), Letters())
    assert str(home) in str(caught.value)


# Damage.

_Damage = Callable[[Path], None]


def _half(folder: Path) -> None:
    path = folder / "chroma" / "chroma.sqlite3"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _scribble(folder: Path) -> None:
    path = folder / "chroma" / "chroma.sqlite3"
    data = bytearray(path.read_bytes())
    data[4096:120_000] = os.urandom(len(data[4096:120_000]))
    path.write_bytes(data)


def _index(folder: Path) -> None:
    for path in (folder / "chroma").glob("*/*"):
        path.write_bytes(b"\xff" * 500)


def _index_gone(folder: Path) -> None:
    for path in (path for path in (folder / "chroma").iterdir() if path.is_dir()):
        shutil.rmtree(path)


def _other_table(folder: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(folder / "chroma" / "chroma.sqlite3")
    connection.execute("DROP TABLE embedding_metadata")
    connection.commit()
    connection.close()


def _nonsense(folder: Path) -> None:
    (folder / "chroma" / "chroma.sqlite3").write_bytes(b"nonsense" * 900)


DAMAGES: tuple[_Damage, ...] = (_nonsense, _half, _scribble, _index, _index_gone, _other_table)
COUNT = 1200  # so many that Chroma writes its index to the disk


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with :data:`COUNT` vectors, to be copied."""
    home = tmp_path_factory.mktemp("whole") / "vectors"
    Vectors(home, NAME, WIDTH).sync(items(COUNT), Letters())
    assert list((folder_of(home, NAME, WIDTH) / "chroma").glob("*/*")) != []
    return home


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_put_aside_and_made_from_the_snapshot(damage: _Damage, whole: Path, home: Path) -> None:
    shutil.copytree(whole, home)
    folder = folder_of(home, NAME, WIDTH)
    vectors = Vectors(home, NAME, WIDTH)
    for more in (1, 2):  # twice: what was put aside before gives way
        damage(folder)
        embed = Letters()
        done = vectors.sync(items(COUNT + more), embed)
        assert embed.seen == [f"text {COUNT + more - 1}"]
        assert done.notice.startswith("The vectors were damaged (")
        assert str(folder / "chroma.damaged") in done.notice
        assert "\n" not in done.notice
        assert (folder / "chroma.damaged" / "chroma.sqlite3").exists()
        complete(vectors, items(COUNT + more))
        assert vectors.sync(items(COUNT + more)[:-1], Letters()) == Synced(removed=1)
        vectors.sync(items(COUNT + more), Letters())


def test_without_the_snapshot_the_texts_are_embedded_again(whole: Path, home: Path) -> None:
    shutil.copytree(whole, home)
    folder = folder_of(home, NAME, WIDTH)
    _half(folder)
    (folder / snapshot.FILE).unlink()
    done = Vectors(home, NAME, WIDTH).sync(items(COUNT), Letters())
    assert (done.embedded, bool(done.notice)) == (COUNT, True)
    complete(Vectors(home, NAME, WIDTH), items(COUNT))


def test_a_store_that_is_gone_is_made_from_the_snapshot(whole: Path, home: Path) -> None:
    shutil.copytree(whole, home)
    shutil.rmtree(folder_of(home, NAME, WIDTH) / "chroma")
    assert Vectors(home, NAME, WIDTH).sync(items(COUNT + 1), Letters()) == Synced(embedded=1)
    complete(Vectors(home, NAME, WIDTH), items(COUNT + 1))


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(path.read_bytes()[:40]),
        lambda path: path.write_bytes(b"nonsense" * 100),
        lambda path: path.write_bytes(snapshot.MAGIC + b"\xff" * 100),
        lambda path: path.write_bytes(snapshot.MAGIC + (4).to_bytes(8, "little") + b"[1]\n"),
        lambda path: path.write_bytes(path.read_bytes().replace(b"letters/1", b"letters/2")),
        lambda path: path.write_bytes(path.read_bytes().replace(b'"dimensions": 16', b'"dimensions": "1')),
    ],
)
def test_a_snapshot_that_is_not_whole_is_none_and_is_made_from_the_store(
    damage: Callable[[Path], object], whole: Path, home: Path
) -> None:
    shutil.copytree(whole, home)
    vectors = Vectors(home, NAME, WIDTH)
    damage(folder_of(home, NAME, WIDTH) / snapshot.FILE)
    assert vectors.snapshot() is None
    assert vectors.sync(items(COUNT), Letters()) == Synced()
    complete(vectors, items(COUNT))


def test_deleting_everything_is_safe(home: Path, vectors: Vectors) -> None:
    vectors.sync(items(100), Letters())
    before = vectors.snapshot()
    shutil.rmtree(home)
    assert before is not None
    assert before.search(vector_of("text 7"), 1)[0][0] == "std:item7"
    assert vectors.sync(items(100), Letters()) == Synced(embedded=100)


def test_deleting_everything_while_it_is_written_is_safe(home: Path, vectors: Vectors) -> None:
    embed = Letters()

    def stop() -> bool:
        if embed.calls == 1 and home.exists() and len(embed.seen) == 64:
            shutil.rmtree(home)
        return False

    done = vectors.sync(items(200), embed, stop=stop)
    assert (done.embedded, "deleted meanwhile" in done.notice) == (200, True)
    complete(vectors, items(200))
    assert vectors.sync(items(201), embed) == Synced(embedded=1)


# Several processes.

_WRITER = """
import os, sys
from pathlib import Path
from tests.test_vectors import NAME, WIDTH, Letters, items
from knowledgegraph.vectors import Vectors
embed = Letters()
def stop():
    if embed.calls in map(int, sys.argv[3:]):
        print(len(embed.seen), flush=True)
        sys.stdin.readline()
    return False
print(Vectors(Path(sys.argv[1]), NAME, WIDTH).sync(items(int(sys.argv[2])), embed, stop))
"""


@contextmanager
def _writer(home: Path, project_root: Path, count: int, *pauses: int) -> Iterator[subprocess.Popen[str]]:
    """A process that writes ``count`` vectors, and after each number of steps in ``pauses`` waits for a line."""
    call = [sys.executable, "-c", _WRITER, str(home), str(count), *map(str, pauses)]
    with subprocess.Popen(call, cwd=project_root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_who_comes_second_is_told_at_once(home: Path, vectors: Vectors, project_root: Path) -> None:
    with _writer(home, project_root, 100, 1) as writer:
        assert _line(writer) == "64"
        with pytest.raises(LockHeld) as caught:
            vectors.sync(items(100), Letters())
        assert caught.value.pid == writer.pid
        _go_on(writer)
        assert _line(writer) == repr(Synced(embedded=100))
    complete(vectors, items(100))
    assert vectors.sync(items(100), Letters()) == Synced()


def test_threads_exclude_each_other_too(vectors: Vectors) -> None:
    outcomes: list[object] = []
    inside, go_on = threading.Event(), threading.Event()

    def stop() -> bool:
        inside.set()
        return not go_on.wait(60)

    thread = threading.Thread(target=lambda: outcomes.append(vectors.sync(items(10), Letters(), stop)))
    thread.start()
    assert inside.wait(60)
    with pytest.raises(LockHeld):
        vectors.sync(items(10), Letters())
    go_on.set()
    thread.join()
    assert outcomes == [Synced(embedded=10)]


def test_others_search_while_one_writes(home: Path, vectors: Vectors, project_root: Path) -> None:
    with _writer(home, project_root, 4500, 32, 64) as writer:
        assert _line(writer) == "2048"
        first = vectors.snapshot()
        assert first is not None
        complete(vectors, items(2048))
        _go_on(writer)
        assert _line(writer) == "4096"
        complete(vectors, items(4096))
        _go_on(writer)
        assert _line(writer) == repr(Synced(embedded=4500))
        # What was opened before goes on answering as it did.
        assert len(first) == 2048
        assert first.search(vector_of("text 2047"), 1)[0][0] == "std:item2047"
    complete(vectors, items(4500))


@pytest.mark.parametrize("steps", [1, 17, 40])
def test_a_killed_writer_loses_nothing_that_it_had_done(
    steps: int, home: Path, vectors: Vectors, project_root: Path
) -> None:
    with _writer(home, project_root, 3000, steps) as writer:
        assert _line(writer) == str(64 * steps)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    embed = Letters()
    assert vectors.sync(items(3000), embed) == Synced(embedded=3000 - 64 * steps)
    complete(vectors, items(3000))


def test_a_writer_killed_at_any_moment_leaves_what_the_next_one_can_use(
    home: Path, vectors: Vectors, project_root: Path
) -> None:
    for place in range(1, 6):
        with _writer(home, project_root, 500 * place, 7 * place) as writer:
            _line(writer)
            _go_on(writer)  # and it is killed while it works
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        done = vectors.sync(items(500 * place), Letters())
        assert done.notice == ""
        complete(vectors, items(500 * place))


# Nobody is told.

_ALONE = """
import os, sys
from pathlib import Path
def no_network(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        os.write(2, f"network: {event} {arguments}\\n".encode())
        os._exit(9)
sys.addaudithook(no_network)
from tests.test_vectors import NAME, WIDTH, Letters, items
from knowledgegraph.vectors import Vectors
print(Vectors(Path(sys.argv[1]), NAME, WIDTH).sync(items(70), Letters()))
"""
_HOSTILE = {
    "CHROMA_API_IMPL": "chromadb.api.fastapi.FastAPI",
    "CHROMA_SERVER_HOST": "127.0.0.1",
    "CHROMA_SERVER_HTTP_PORT": "9",
    "CHROMA_PRODUCT_TELEMETRY_IMPL": "this.Evil",
    "ANONYMIZED_TELEMETRY": "true",
    "PERSIST_DIRECTORY": "./elsewhere",
    "ALLOW_RESET": "no boolean",
}


@pytest.mark.parametrize("place", ["nowhere", ".env", "environment"])
def test_the_network_is_not_used_and_a_projects_settings_are_not_read(
    place: str, home: Path, tmp_path: Path, project_root: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    if place == ".env":
        (project / ".env").write_text("".join(f"{name}={value}\n" for name, value in _HOSTILE.items()))
    extra = _HOSTILE if place == "environment" else {}
    done = subprocess.run([sys.executable, "-c", _ALONE, home], cwd=project, capture_output=True, text=True,
                          check=False, env=os.environ | extra | {"PYTHONPATH": str(project_root)})  # fmt: skip
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, repr(Synced(embedded=70)), "")
    assert [path.name for path in project.iterdir()] == [".env"] * (place == ".env")


def test_where_nothing_changed_chroma_is_not_imported(home: Path, vectors: Vectors, project_root: Path) -> None:
    vectors.sync(items(70), Letters())
    code = _ALONE + "print('chromadb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, home], cwd=project_root, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.stdout.splitlines() == [repr(Synced()), "False"]


# Searching.


@given(
    rows=st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), max_size=12),
    query=st.lists(st.integers(-3, 3), min_size=3, max_size=3),
    limit=st.integers(-1, 15),
)
def test_a_search_is_exact_and_of_equals_the_earlier_comes_first(
    rows: list[list[int]], query: list[int], limit: int
) -> None:
    matrix = numpy.array(rows, numpy.float32).reshape(-1, 3)
    found = Snapshot([f"id{place}" for place in range(len(rows))], [""] * len(rows), matrix).search(
        numpy.array(query, numpy.float32), limit
    )
    scores = [sum(a * b for a, b in zip(row, query, strict=True)) for row in rows]
    best = sorted(range(len(rows)), key=lambda place: (-scores[place], place))[: max(limit, 0)]
    assert found == [(f"id{place}", scores[place]) for place in best]


def test_a_query_of_another_length_is_refused(vectors: Vectors) -> None:
    vectors.sync(items(3), Letters())
    found = vectors.snapshot()
    assert found is not None
    with pytest.raises(ValueError, match="mismatch"):
        found.search(numpy.ones(WIDTH + 1, numpy.float32), 1)
