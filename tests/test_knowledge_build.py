"""Building: only what changed is read, and whatever stops a build leaves the knowledge as it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledgegraph.build import Built, Step, Stopped, build, changes, lock_file
from knowledgegraph.entry import Kind, Piece, Relation
from knowledgegraph.lock import LockHeld, locked
from knowledgegraph.schema import StoreError
from knowledgegraph.sources.base import Found
from knowledgegraph.store import Store
from tests.helpers_build import HandMade, built, entry

ONE, TWO, THREE = entry("one.html"), entry("two.html"), entry("three.html")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "knowledge.sqlite"


def ids(path: Path) -> set[str]:
    store = Store.open(path)
    with store.reading() as database:
        found = {identity for (identity,) in database.execute("SELECT id FROM concepts")}
    store.close()
    return found


def test_only_what_changed_is_read_again(path: Path) -> None:
    stays = HandMade("stays", (ONE, Relation(ONE.id, TWO.id, Kind.NEXT)))
    moves = HandMade("moves", (TWO,))
    assert built(path, stays, moves).read == ("stays", "moves")
    assert changes(path, [stays, moves]) == []
    moves.fingerprint, moves.pieces = "2", (TWO, THREE)
    assert [(source.name, found.version, before) for source, found, before in changes(path, [stays, moves])] == [
        ("moves", "v2", "v1")
    ]
    again = built(path, stays, moves)
    assert (again.read, again.reused) == (("moves",), ("stays",))
    assert (stays.times_read, moves.times_read) == (1, 2)
    assert ids(path) == {ONE.id, TWO.id, THREE.id}
    assert [node.id for node in Store.open(path).around(ONE.id).after] == [TWO.id]  # a link between the two sources
    assert built(path, stays, moves, fresh=True).read == ("stays", "moves")


def test_a_source_that_is_gone_is_forgotten_and_named(path: Path) -> None:
    gone = HandMade("gone", (ONE,))
    built(path, gone, HandMade("stays", (TWO,)))
    gone.missing = "It was removed."
    after = built(path, gone, HandMade("stays", (TWO,)))
    assert (after.missing, after.reused) == (("gone",), ("stays",))
    assert ids(path) == {TWO.id}


def test_the_first_source_that_gives_an_id_keeps_it(path: Path) -> None:
    built(path, HandMade("first", (entry("one.html", title="first"),)), HandMade("second", (entry("one.html"),)))
    found = Store.open(path).entry(ONE.id)
    assert found is not None
    assert found.title == "first"


def test_links_to_nowhere_are_counted(path: Path) -> None:
    assert built(path, HandMade(pieces=(ONE, Relation(ONE.id, TWO.id, Kind.NEXT)))).lost == 1


def test_a_source_that_breaks_off_keeps_what_it_gave(path: Path) -> None:
    class BreaksOff(HandMade):
        def read(self, found: Found) -> Iterator[Piece]:
            yield ONE
            raise OSError(5, "Input/output error", "/docs/two.html")

    result = built(path, BreaksOff("broken"), HandMade("whole", (THREE,)))
    assert result.troubles == ("Made by hand could not be read to the end: /docs/two.html: Input/output error.",)
    assert ids(path) == {ONE.id, THREE.id}


def test_a_fault_of_ours_in_one_source_is_said_and_the_others_are_read(path: Path) -> None:
    class Faulty(HandMade):
        def read(self, found: Found) -> Iterator[Piece]:
            yield ONE
            yield entry({}["no such key"])

    result = built(path, Faulty("faulty"), HandMade("whole", (THREE,)))
    assert len(result.troubles) == 1
    assert "could not be read to the end (KeyError at test_knowledge_build.py:" in result.troubles[0]
    assert ids(path) == {ONE.id, THREE.id}


def test_progress_says_what_is_being_read(path: Path) -> None:
    many = HandMade("many", tuple(entry(f"{number}.html") for number in range(1200)))
    steps = [step for step in build(path, [many]) if isinstance(step, Step)]
    assert [step.entries for step in steps if step.title == "Made by hand"] == [0, 500, 1000, 1200]
    assert steps[-2].done


def test_stopping_leaves_everything_as_it_was(path: Path) -> None:
    built(path, HandMade(pieces=(ONE,)))
    before = path.read_bytes()
    asked = iter([False, True, True, True])
    with pytest.raises(Stopped):
        list(build(path, [HandMade(pieces=(TWO,), fingerprint="2"), HandMade("b")], stop=lambda: next(asked)))
    assert path.read_bytes() == before
    half = build(path, [HandMade(pieces=(TWO,), fingerprint="2")])
    next(half)
    half.close()  # type: ignore[attr-defined] -- it is a generator
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, lock_file(path).name]


def test_two_builders_at_once(path: Path) -> None:
    with locked(lock_file(path)), pytest.raises(LockHeld):
        list(build(path, [HandMade()]))
    built(path, HandMade(pieces=(ONE,)))
    assert ids(path) == {ONE.id}


_CHILD = """
    import os, resource, signal, sys
    from pathlib import Path
    from knowledgegraph.build import build
    from tests.helpers_build import HandMade, entry
    from knowledgegraph.sources.base import Found

    class Many(HandMade):
        def read(self, found):
            for number in range(20000):
                if number == 10000 and sys.argv[2] == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                if number == 10000 and sys.argv[2] == "interrupt":
                    os.kill(os.getpid(), signal.SIGINT)
                yield entry(f"{number}.html", text="word " * 50)

    if sys.argv[2] == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    try:
        list(build(Path(sys.argv[1]), [Many("many", fingerprint="2")]))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
"""


@pytest.mark.parametrize("how", ["kill", "interrupt", "full"])
def test_a_build_that_dies_changes_nothing(path: Path, project_root: Path, how: str) -> None:
    built(path, HandMade("many", (ONE,)))
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CHILD), str(path), how],
        cwd=project_root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == {"kill": -signal.SIGKILL, "interrupt": 130, "full": 0}[how], done.stderr
    if how == "full":
        assert done.stdout.startswith("StoreError: The knowledge could not be written")
    assert path.read_bytes() == before
    after = built(
        path, HandMade("many", (ONE, TWO), fingerprint="3")
    )  # the lock and the half-written file are no hindrance
    assert after.entries == 2
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, lock_file(path).name]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be written"):
        list(build(tmp_path / "file" / "knowledge.sqlite", [HandMade()]))


def test_what_sessions_left_behind_stays(path: Path) -> None:
    built(path, HandMade(pieces=(ONE,)))
    import sqlite3

    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO learning_sessions VALUES ('s', 'a', 'b', 'app', '/w', 3, 's.jsonl', 10)")
    database.close()
    last = list(build(path, [HandMade(pieces=(TWO,), fingerprint="2")]))[-1]
    assert isinstance(last, Built)
    with Store.open(path).reading() as database:
        assert database.execute("SELECT id FROM learning_sessions").fetchall() == [("s",)]
