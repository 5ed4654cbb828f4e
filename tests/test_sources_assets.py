"""The lessons as a source: every concept an entry, everything that it states a relation, every mistake a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledgegraph.concepts import default_folder, load_concepts
from knowledgegraph.entry import SIGNPOST, Coverage, Entry, Form, Kind, Piece, Relation, Trouble
from knowledgegraph.sources.assets import Assets
from knowledgegraph.sources.base import Found, Machine, Missing, Source

LESSON = "Words.\\n\\n**Check yourself.** Which?"
FILE = f'''
domain = "rust"
competency = "basics"

[[concept]]
id = "drawer"
title = "Drawers"
definition = "A drawer holds socks."
errors = ["E0382", "E0505"]
leads = ["E0382"]
aliases = ["sock box"]
intents = ["where are my socks", "put socks away", "find a sock"]
lesson = "{LESSON}"
example = "fn main() {{}}"
see = ["book drawers.html#socks", "concept wardrobe", "clippy clippy::needless_sock"]

[[concept]]
id = "wardrobe"
title = "Wardrobes"
definition = "A wardrobe holds drawers."
requires = ["drawer"]
intents = ["where are my drawers", "build a wardrobe", "many drawers"]
lesson = "{LESSON}"
example = "fn main() {{}}"
'''


def assets(folder: Path, **files: str) -> Assets:
    (folder / "concepts").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "concepts" / f"{name}.toml").write_text(text, encoding="utf-8")
    return Assets(Machine(assets=folder))


def found(source: Assets) -> Found:
    seen = source.detect()
    assert isinstance(seen, Found)
    return seen


def pieces(source: Assets) -> list[Piece]:
    return list(source.read(found(source)))


def test_concepts_become_entries(tmp_path: Path) -> None:
    drawer, wardrobe, *_ = pieces(assets(tmp_path, basics=FILE))
    assert drawer == Entry(
        kind="concept",
        ref="drawer",
        title="Drawers",
        form=Form.CONCEPT,
        domain="rust",
        summary="A drawer holds socks.",
        text="Words.\n\n```rust\nfn main() {}\n```",
        location=str(tmp_path / "concepts" / "basics.toml"),
        names=("sock box",),
        intents=("where are my socks", "put socks away", "find a sock"),
        codes=("E0382", "E0505"),
        leads=("E0382",),
        cites=("book:drawers.html#socks", "clippy:clippy::needless_sock"),
    )
    assert isinstance(wardrobe, Entry)
    assert (drawer.id, wardrobe.id) == ("drawer", "wardrobe")


def test_what_a_concept_states_becomes_relations(tmp_path: Path) -> None:
    read = pieces(assets(tmp_path, basics=FILE))
    assert [piece for piece in read if isinstance(piece, Relation)] == [
        Relation("drawer", "book:drawers.html#socks", Kind.ILLUSTRATED_BY),
        Relation("drawer", "wardrobe", Kind.RELATED),
        Relation("drawer", "clippy:clippy::needless_sock", Kind.ILLUSTRATED_BY),
        Relation("drawer", "error:E0382", Kind.EXPLAINS_ERROR),
        Relation("drawer", "error:E0505", Kind.EXPLAINS_ERROR),
        Relation("error:E0382", "drawer", Kind.FIXED_BY),
        Relation("drawer", "wardrobe", Kind.REQUIRES),
    ]
    assert read[-1] == Coverage("concepts", 2, 2)


def test_mistakes_in_the_content_are_sentences_and_no_concept_is_given(tmp_path: Path) -> None:
    broken = FILE.replace('requires = ["drawer"]', 'requires = ["cellar"]').replace("leads", "leeds")
    source = assets(tmp_path, basics=broken, more='domain = "rust"\ncompetency = "x"\nconcept = [', other="\x00")
    read = pieces(source)
    troubles = [piece.sentence for piece in read if isinstance(piece, Trouble)]
    assert len(troubles) == len(read) - 1 >= 3
    assert {text.partition(":")[0] for text in troubles} == {"basics.toml", "more.toml", "other.toml"}
    assert read[-1] == Coverage("concepts", 0, 2)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    source = assets(tmp_path, basics=FILE)
    (tmp_path / "concepts" / "a-folder.toml").mkdir()
    trouble, coverage = pieces(source)
    assert isinstance(trouble, Trouble)
    assert trouble.sentence.startswith("a-folder.toml: ")
    assert coverage == Coverage("concepts", 0, 2)


def test_the_fingerprint_follows_names_and_content(tmp_path: Path) -> None:
    source = assets(tmp_path, basics=FILE)
    first = found(source).fingerprint
    assert found(source).fingerprint == first
    (tmp_path / "concepts" / "basics.toml").write_text(FILE.replace("socks", "shirt"), encoding="utf-8")
    second = found(source).fingerprint
    (tmp_path / "concepts" / "basics.toml").rename(tmp_path / "concepts" / "ground.toml")
    assert len({first, second, found(source).fingerprint}) == 3


@pytest.mark.parametrize("machine", [Machine(), Machine(assets=Path("/nowhere/at/all"))])
def test_without_lessons_the_source_is_missing(machine: Machine) -> None:
    missing = Assets(machine).detect()
    assert isinstance(missing, Missing)
    assert missing.how_to_get


def test_all_our_concepts_are_read() -> None:
    source: Source = Assets(Machine(assets=default_folder().parent))
    concepts = load_concepts(default_folder())
    seen = source.detect()
    assert isinstance(seen, Found)
    read = list(source.read(seen))
    entries = [piece for piece in read if isinstance(piece, Entry) and piece.kind == "concept"]
    assert [entry.ref for entry in entries] == list(concepts)
    assert all(Path(entry.location).is_file() and entry.summary and entry.text for entry in entries)
    signposts = [piece for piece in read if isinstance(piece, Entry) and piece.kind == SIGNPOST]
    assert len(signposts) > 1000
    assert all(entry.cites and entry.intents for entry in signposts)
    assert not [piece for piece in read if isinstance(piece, Trouble)]
    assert Coverage("concepts", len(concepts), len(concepts)) in read
