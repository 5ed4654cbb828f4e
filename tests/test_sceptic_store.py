"""The file of the knowledge, damaged in every way: it never ends a build, and what was built is never damaged by it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from knowledgegraph.schema import SCHEMA, StoreError
from knowledgegraph.store import Store
from tests.helpers_build import HandMade, built, entry

PAGE = 4096
MANY = tuple(entry(f"{number}.html", text="words " * 100) for number in range(2_000))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "knowledge.sqlite"


def is_sound(path: Path, entries: int) -> bool:
    database = sqlite3.connect(path)
    verdict = database.execute("PRAGMA integrity_check").fetchone()[0]
    count = database.execute("SELECT count(*) FROM concepts").fetchone()[0]
    database.close()
    return (verdict, count) == ("ok", entries)


def overwrite(path: Path, start: int, step: int = PAGE) -> None:
    with path.open("r+b") as file:
        for place in range(start, path.stat().st_size, step):
            file.seek(place)
            file.write(b"\xa5" * PAGE)


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("start", [1, 2, 5, 20, 100, 200])
def test_a_build_over_a_file_with_damaged_pages_reads_everything_again(path: Path, start: int, *, fresh: bool) -> None:
    source = HandMade(pieces=MANY)
    built(path, source)
    overwrite(path, start * PAGE)
    assert built(path, source, fresh=fresh).read == ("hand",)
    assert is_sound(path, len(MANY))


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 50_000, 1_000_000])
def test_a_build_over_a_file_that_was_cut_off(path: Path, size: int) -> None:
    built(path, HandMade(pieces=MANY))
    os.truncate(path, size)
    built(path, HandMade(pieces=MANY))
    assert is_sound(path, len(MANY))


def test_a_build_over_a_file_that_only_claims_to_be_ours(path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript(f"PRAGMA user_version = {SCHEMA}; CREATE TABLE sources(name, fingerprint, version)")
    database.execute("INSERT INTO sources VALUES ('hand', '1:1', 'v1')")
    database.commit()
    database.close()
    built(path, HandMade(pieces=MANY[:3]))
    assert is_sound(path, 3)


# Dies in the middle of bringing the index of sessions up to date: its changes are in the file, and the journal that
# takes them back beside it.
DIES = """
    import os, signal, sqlite3, sys

    database = sqlite3.connect(sys.argv[1], isolation_level=None)
    database.execute("PRAGMA cache_size = 1")
    database.execute("BEGIN IMMEDIATE")
    rows = ((str(n), "", "", "", "", 0, "x" * 2000, 0) for n in range(500))
    database.executemany("INSERT INTO learning_sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def torn(path: Path) -> Path:
    built(path, HandMade(pieces=MANY[:50]))
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(DIES), str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert path.with_name(f"{path.name}-journal").stat().st_size > 0
    return path


def test_the_journal_of_a_file_that_is_gone_does_not_touch_the_new_one(torn: Path) -> None:
    built(torn, HandMade(pieces=MANY, fingerprint="2"))
    assert is_sound(torn, len(MANY))
    assert Store.open(torn).counts()[0] == len(MANY)
    assert not torn.with_name(f"{torn.name}-journal").exists()


def test_what_the_journal_takes_back_is_not_lost(torn: Path) -> None:
    source = HandMade(pieces=MANY[:50])
    assert built(torn, source).reused == ("hand",)
    assert is_sound(torn, 50)


def test_a_journal_that_is_something_else_is_no_hindrance(path: Path) -> None:
    built(path, HandMade(pieces=MANY[:50]))
    path.with_name(f"{path.name}-journal").write_bytes(b"\xd9\xd5\x05\xf9 \xa1c\xd7" + b"\xff" * 600)
    built(path, HandMade(pieces=MANY[:60], fingerprint="2"))
    assert is_sound(path, 60)


def test_a_folder_in_its_place_is_said_before_anything_is_read(path: Path) -> None:
    path.mkdir()
    source = HandMade(pieces=MANY[:50])
    with pytest.raises(StoreError, match="is a folder; delete it"):
        built(path, source)
    assert source.times_read == 0
