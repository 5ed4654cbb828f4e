"""Folders that somebody made to do harm, added as notes and as crates: every one is only data, and the rest is read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledgegraph.build import changes, detected
from knowledgegraph.entry import Coverage, Entry, PatternUse, Piece, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.crates import Crate, crates
from knowledgegraph.sources.folders import walk
from knowledgegraph.sources.notes import notes_of
from knowledgegraph.store import Store
from tests.helpers_build import HandMade, built, entry
from tests.helpers_crates import write_crate
from tutor.knowledge import Knowledge
from tutor.paths import find_home

DEEPER_THAN_PYTHON = 1500
LIB = "//! Words.\n/// A thing.\npub struct Thing;\n"


def dig(folder: Path, levels: int) -> None:
    """Folders in folders, deeper than a path can be named at once."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("a", dir_fd=here)
        inner = os.open("a", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("deep.md", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


def undig(folder: Path) -> None:
    """Takes them away again, from the inside: neither pytest nor shutil gets that deep."""
    here = os.open(folder, os.O_RDONLY)
    places = [here]
    while "a" in os.listdir(places[-1]):  # noqa: PTH208 -- a descriptor: its path would be too long
        places.append(os.open("a", os.O_RDONLY, dir_fd=places[-1]))
    os.unlink("deep.md", dir_fd=places[-1])
    while len(places) > 1:
        os.close(places.pop())
        os.rmdir("a", dir_fd=places[-1])
    os.close(here)


@pytest.fixture
def abyss(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "abyss"
    folder.mkdir()
    dig(folder, DEEPER_THAN_PYTHON)
    yield folder
    undig(folder)


def test_walking_ends_however_deep_it_goes(abyss: Path) -> None:
    (abyss / "b").mkdir()
    (abyss / "b" / "up").symlink_to(abyss)
    (abyss / "circle").symlink_to("circle")
    refused: list[OSError] = []
    found = list(walk(abyss, refused.append))
    assert len(found) == DEEPER_THAN_PYTHON + 2
    assert (found[0][1], found[0][2]) == (["a", "b"], ["circle"])
    assert found[-1] == (abyss / "b", [], [])
    assert refused == []
    assert list(walk(abyss / "nothing", refused.append)) == []
    assert refused[0].filename == str(abyss / "nothing")
    (abyss / "b" / "up").unlink()


def test_notes_and_crates_of_any_depth(abyss: Path, tmp_path: Path) -> None:
    (abyss / "top.md").write_text("# Top\n", encoding="utf-8")
    (source,) = notes_of(Machine(notes=(abyss,)))
    found = detected(source)
    assert isinstance(found, Found)
    assert any(isinstance(piece, Entry) and piece.title == "Top" for piece in source.read(found))
    write_crate(abyss, {"src/lib.rs": LIB})
    assert isinstance(detected(Crate(abyss)), Found)


def test_a_link_in_a_circle_is_no_source_file(tmp_path: Path) -> None:
    folder = write_crate(tmp_path / "loop", {"src/lib.rs": LIB + "pub mod turn;\n"})
    (folder / "src" / "turn.rs").symlink_to("turn.rs")
    found = detected(Crate(folder))
    assert isinstance(found, Found)
    assert "crate:mini::Thing" in {piece.id for piece in Crate(folder).read(found) if isinstance(piece, Entry)}
    round_and_round = tmp_path / "round"
    round_and_round.symlink_to("round")
    (notes,) = notes_of(Machine(notes=(round_and_round,)))
    assert isinstance(detected(notes), Missing)


@pytest.mark.parametrize("linked", ["src/lib.rs", "src"])
def test_the_root_of_a_crate_is_inside_of_it(tmp_path: Path, linked: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "lib.rs").write_text("/// Private.\npub struct Secret;\n", encoding="utf-8")
    folder = write_crate(tmp_path / "mini", {"Readme": ""})
    target = outside / "lib.rs" if linked.endswith(".rs") else outside
    (folder / linked).parent.mkdir(exist_ok=True)
    (folder / linked).symlink_to(target)
    assert isinstance(Crate(folder).detect(), Missing)


def test_a_readme_with_a_name_that_no_file_has(tmp_path: Path) -> None:
    folder = write_crate(tmp_path, {"src/lib.rs": LIB}, "mini", 'readme = "a\\u0000b"\n')
    found = Crate(folder).detect()
    assert isinstance(found, Found)
    root = next(piece for piece in Crate(folder).read(found) if isinstance(piece, Entry))
    assert root.text == "Words."


def test_a_manifest_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Cargo.toml")
    assert isinstance(detected(Crate(tmp_path)), Missing)


def test_names_that_are_no_text_are_kept_as_far_as_they_are(tmp_path: Path) -> None:
    folder = write_crate(tmp_path / "mini", {"src/lib.rs": LIB})
    code = b"pub fn f(v: Vec<i32>) -> Vec<i32> { v.into_iter().map(|x| x + 1).collect() }\n"
    (folder / "src" / "odd\udcff.rs").write_bytes(code)
    (folder / "src" / "bad\udcff.rs").write_bytes(b"\xff\xfe")
    database = tmp_path / "knowledge.sqlite"
    result = built(database, Crate(folder))
    assert any("bad\ufffd.rs is not UTF-8" in sentence for sentence in result.troubles)
    store = Store.open(database)
    assert {use.file for use in store.pattern_uses()} >= {"src/odd\ufffd.rs"}
    assert changes(database, [Crate(folder)]) == []


@pytest.mark.parametrize(
    "piece",
    [
        entry("a\udcff.html", text="\ud800", summary="\udfff", names=("\udc80",)),
        PatternUse("p", "book:one", "\udcff.rs", 1, 2),
        Trouble("\udcff"),
        Coverage("files", 0, 1, ("\udcff",)),
    ],
)
def test_no_piece_with_half_a_character_stops_a_build(tmp_path: Path, piece: Piece) -> None:
    home = Path(os.fsdecode(os.fsencode(tmp_path) + b"/home\xff"))  # nor does a folder that is no text
    home.mkdir()
    source, other = HandMade(pieces=(piece, entry("one.html"))), HandMade("other", (entry("two.html"),))
    assert built(home / "knowledge.sqlite", source, other).entries >= 2
    source.fingerprint = "2"
    assert built(home / "knowledge.sqlite", source, other).reused == ("other",)
    store = Store.open(home / "knowledge.sqlite")
    json.dumps([store.coverage() and store.coverage()[0].missing, store.troubles()]).encode()
    store.close()


def test_of_one_crate_in_two_versions_the_last_one_counts(tmp_path: Path) -> None:
    old = write_crate(tmp_path / "old", {"src/lib.rs": LIB})
    new = write_crate(tmp_path / "new", {"src/lib.rs": LIB.replace("Thing", "Other")})
    sources = crates(Machine(crates=(old, new)))
    assert [source.folder for source in sources] == [new]
    built(tmp_path / "knowledge.sqlite", *sources)
    assert Store.open(tmp_path / "knowledge.sqlite").entry("crate:mini::Other") is not None
    knowledge = Knowledge(find_home(tmp_path / "home"))
    assert knowledge.add_crate(old) == f"Added {old}."
    assert knowledge.add_crate(new) == f"Added {new}. It takes the place of {old}."
    assert knowledge.machine().crates == (new,)


@pytest.mark.parametrize(
    "error", [RuntimeError("in a circle"), PermissionError(13, "Permission denied"), KeyError("x")]
)
def test_a_source_that_cannot_even_be_looked_at_is_missing_and_says_why(tmp_path: Path, error: Exception) -> None:
    class Faulty(HandMade):
        def detect(self) -> Found | Missing:
            raise error

    result = built(tmp_path / "knowledge.sqlite", Faulty("faulty"), HandMade("whole", (entry("one.html"),)))
    assert (result.missing, result.read) == (("faulty",), ("whole",))
    (row,) = Store.open(tmp_path / "knowledge.sqlite").missing_sources()
    assert row.why.startswith("It cannot be looked at") and row.how_to_get


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyError("x")])
def test_a_source_that_broke_off_is_tried_again_by_the_next_build(tmp_path: Path, error: Exception) -> None:
    class Shaky(HandMade):
        def read(self, found: Found) -> Iterator[Piece]:
            yield entry("one.html")
            if not self.times_read:
                self.times_read = 1
                raise error
            yield entry("two.html")

    database, source = tmp_path / "knowledge.sqlite", Shaky()
    assert len(built(database, source).troubles) == 1
    assert changes(database, [source]) == []  # nothing new is there, so nobody is bothered at every start
    again = built(database, source)
    assert (again.read, again.entries, again.troubles) == (("hand",), 2, ())
    assert built(database, source).reused == ("hand",)
