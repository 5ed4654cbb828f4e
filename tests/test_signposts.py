"""Signposts: read as written, refused with the reason, and they lead the search without being found themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledgegraph.concepts import ConceptError
from knowledgegraph.entry import Entry, Form
from knowledgegraph.references import Reference
from knowledgegraph.search import Search
from knowledgegraph.signposts import Signpost, load_signposts
from knowledgegraph.store import Store
from tests.helpers_build import entry

GOOD = """
domain = "linux"
[[signpost]]
see = ["linux du", "linux df"]
intents = ["what eats up my drive", "who takes all the space", "disk hog"]
"""


def load(folder: Path, text: str) -> list[Signpost]:
    (folder / "shell.toml").write_text(text, "utf-8")
    return load_signposts(folder)


def test_read_as_written(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == [
        Signpost(
            "shell/1",
            "linux",
            (Reference("linux", "du"), Reference("linux", "df")),
            ("what eats up my drive", "who takes all the space", "disk hog"),
        )
    ]
    assert load_signposts(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"linux"', '"cooking"', "domain must be one of"),
        ('see = ["linux du", "linux df"]', "see = []", "see must name 1 to 6 pages"),
        ('"linux df"', '"linux du"', "see says something twice"),
        ('"disk hog"', '"What eats up my drive"', "intents says something twice"),
        ('"linux df"', '"df"', "starts with no kind of reference"),
        (', "disk hog"', "", "intents must be at least 3"),
        ('"disk hog"', '"disk\\nhog"', "an intent must be one line"),
        ('"disk hog"', "7", "intents must be a list of texts"),
        ("see =", "look =", "must have see and intents, and nothing else"),
        ("[[signpost]]", "[signpost]", "and nothing else"),
        ("[[signpost]]", "[[signpost", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConceptError, match=r"shell\.toml: ") as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert said in str(caught.value)


def test_it_leads_to_its_pages_and_is_never_found_itself() -> None:
    pages = [
        entry("du", kind="linux", form=Form.COMMAND, domain="linux", summary="estimate file space usage"),
        entry("drive", kind="linux", form=Form.COMMAND, domain="linux", summary="an old tape utility"),
    ]
    sign = Entry(
        "signpost", "shell/1", "", Form.SIGNPOST, "linux", intents=("what eats up my drive",), cites=("linux:du",)
    )
    store = Store.in_memory([*pages, sign])
    search = Search(store, {})
    assert [hit.entry.ref for hit in search.search("what eats up my drive")][:1] == ["du"]
    assert "shell/1" not in [hit.entry.ref for hit in search.search("what eats up my drive", 50)]
    assert store.find("") and all(found.kind != "signpost" for found in store.find(""))
    store.close()


def test_what_it_points_to_need_not_have_been_read() -> None:
    sign = Entry(
        "signpost", "shell/1", "", Form.SIGNPOST, "linux", intents=("what eats up my drive",), cites=("linux:du",)
    )
    (hit,) = Search(Store.in_memory([sign]), {}).search("what eats up my drive")
    assert (hit.entry.kind, hit.entry.ref, hit.entry.text, hit.entry.location) == ("linux", "du", "", "")
