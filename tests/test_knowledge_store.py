"""The knowledge file: what is kept, what follows from it, what a reader sees while it is replaced."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Mention, PatternUse, Relation, Trouble
from knowledgegraph.schema import SCHEMA, StoreError, migrate
from knowledgegraph.store import Store
from tests.helpers_build import HandMade, built, entry

BOOK = entry("index.html", form=Form.BOOK, title="A Book")
PAGE = entry("one.html", parent=BOOK.id, title="Moving boxes", text="A box is moved.", names=("box moving",))
SECTION = entry("one.html#why", parent=PAGE.id, form=Form.SECTION, title="Why boxes move")
TYPE = entry("std::boxes::Box", kind="std", form=Form.ITEM, title="Box", names=("Box", "boxes::Box"))
METHOD = entry(
    "std::boxes::Box::open", kind="std", form=Form.METHOD, parent=TYPE.id, headline=False, names=("Box::open",)
)
RESET = entry("git reset", kind="git", form=Form.COMMAND, domain="git")
HARD = entry(
    "git reset --hard", kind="git", form=Form.OPTION, domain="git", parent=RESET.id, headline=False,
    names=("git reset -H",),
)  # fmt: skip
PIECES = (
    BOOK, PAGE, SECTION, TYPE, METHOD, RESET, HARD,
    Relation(PAGE.id, SECTION.id, Kind.NEXT),
    Relation(PAGE.id, "book:nowhere.html", Kind.LINKS_TO),
    Mention(SECTION.id, "Box::open"),
    Mention(SECTION.id, "nobody::knows"),
    Mention(SECTION.id, "Box"),
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "knowledge.sqlite"


@pytest.fixture
def store(path: Path) -> Store:
    built(path, HandMade(pieces=PIECES))
    return Store.open(path)


def test_entries_come_back_as_they_were_given(store: Store) -> None:
    for piece in PIECES:
        if isinstance(piece, Entry):
            assert store.entry(piece.id) == piece
    assert store.entry("book:nowhere.html") is None
    assert store.counts()[0] == 7
    assert store.counts()[2] == {"book": 3, "git": 2, "std": 2}


def test_parts_in_the_order_of_the_source(store: Store) -> None:
    assert [part.id for part in store.parts(BOOK.id)] == [PAGE.id]
    assert [part.id for part in store.parts(TYPE.id)] == [METHOD.id]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("Box", TYPE), ("box moving", PAGE), ("BOX-MOVING", PAGE), ("git reset -H", HARD), ("git reset", RESET),
     ("Why boxes move", SECTION), ("Box::open", METHOD)],
)  # fmt: skip
def test_exact_names(store: Store, name: str, wanted: Entry) -> None:
    assert [found.id for found in store.entries(store.named(name)).values()] == [wanted.id]


def test_what_surrounds_an_entry(store: Store) -> None:
    around = store.around(SECTION.id)
    assert [node.id for node in around.above] == [BOOK.id, PAGE.id]
    assert [node.id for node in around.before] == []  # the page is above it already: it is not told twice
    assert {node.id for node in around.related} == {METHOD.id, TYPE.id}  # by their names in the text
    assert [node.id for node in store.around(BOOK.id).parts] == [PAGE.id]
    with pytest.raises(KeyError):
        store.around("book:nowhere.html")


def test_a_circle_of_parents_ends(path: Path) -> None:
    circle = (entry("a", parent="book:b"), entry("b", parent="book:a"), entry("c", parent="book:c"))
    built(path, HandMade(pieces=circle))
    assert [node.id for node in Store.open(path).around("book:a").above] == ["book:b"]


def test_options_belong_to_their_command(store: Store) -> None:
    with store.reading() as database:
        found = set(database.execute("SELECT command, option FROM commands"))
    assert found == {("git reset", ""), ("git reset", "--hard"), ("git reset", "-H")}


def test_codes_lead_to_who_explains_them(path: Path) -> None:
    code = entry("E0499", kind="error", form=Form.CODE, codes=("E0499",), leads=("E0499",))
    lesson = entry("borrows", kind="concept", form=Form.CONCEPT, codes=("E0502", "E0499"))
    leader = entry("two-borrows", kind="concept", form=Form.CONCEPT, codes=("E0499",), leads=("E0499",))
    built(path, HandMade(pieces=(code, lesson, leader)))
    assert [found.ref for found in Store.open(path).explaining("e0499")] == ["two-borrows", "E0499", "borrows"]


def test_the_finder_prefers_what_starts_with_the_words(store: Store) -> None:
    assert next(found.title for found in store.find("box")) == "Box"
    assert [found.title for found in store.find("bOxEs m")] == ["Why boxes move"]
    assert store.find("100%_\\") == []
    assert [found.kind for found in store.find("git", kinds=("git",))] == ["git", "git"]


def test_the_account(path: Path) -> None:
    pieces = (PAGE, Coverage("book_sections", 1, 3, ("two.html",)), Trouble("three.html is cut off."),
              PatternUse("newtype", PAGE.id, "src/lib.rs", 3, 4, 0.9))  # fmt: skip
    built(path, HandMade(pieces=pieces), HandMade("gone", missing="It is not here."))
    store = Store.open(path)
    assert store.coverage() == [Coverage("book_sections", 1, 3, ("two.html",))]
    assert store.troubles() == [("hand", "three.html is cut off.")]
    assert [(row.name, row.why, row.how_to_get) for row in store.missing_sources()] == [
        ("gone", "It is not here.", "make it")
    ]
    assert [(row.name, row.version, row.entries) for row in store.sources()] == [("hand", "v1", 1)]
    assert store.pattern_uses("newtype") == [PatternUse("newtype", PAGE.id, "src/lib.rs", 3, 4, 0.9)]
    assert store.pattern_uses("builder") == []


def test_a_reader_moves_on_to_the_new_file(path: Path) -> None:
    built(path, HandMade(pieces=(PAGE,)))
    store = Store.open(path)
    assert store.entry(TYPE.id) is None
    built(path, HandMade(pieces=(PAGE, TYPE), fingerprint="2"))
    assert store.entry(TYPE.id) == TYPE
    path.unlink()
    assert store.entry(TYPE.id) == TYPE  # what is open still reads
    store.close()


def test_threads_share_a_reader_while_it_is_replaced(path: Path) -> None:
    built(path, HandMade(pieces=(PAGE,)))
    store = Store.open(path)
    wrong: list[object] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                if store.entry(PAGE.id) != PAGE or [e.id for e in store.find("Moving")] != [PAGE.id]:
                    wrong.append("missing")
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for version in range(10):
        built(path, HandMade(pieces=(PAGE, TYPE), fingerprint=f"new {version}"))
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "something else"), (b"hello, this is no database at all" * 100, "something else")]
)
def test_a_file_that_is_no_knowledge_is_said_and_built_over(path: Path, content: bytes, said: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match=said):
        Store.open(path)
    built(path, HandMade(pieces=(PAGE,)))
    assert Store.open(path).entry(PAGE.id) == PAGE


@pytest.mark.parametrize(("version", "said"), [(SCHEMA + 1, "newer tutor"), (0, "something else")])
def test_other_versions_are_said(path: Path, version: int, said: str) -> None:
    built(path, HandMade(pieces=(PAGE,)))
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {version}")
    database.close()
    with pytest.raises(StoreError, match=said):
        Store.open(path)


def test_migrating_goes_forward_only() -> None:
    database = sqlite3.connect(":memory:")
    migrate(database)
    migrate(database)
    assert database.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    database.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(StoreError, match="newer tutor"):
        migrate(database)
    database.close()


def test_no_file_is_no_knowledge(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Store.open(path)


TEXT = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"), max_size=30
)


@given(
    st.builds(
        Entry, kind=st.just("note"), ref=TEXT, title=TEXT, form=st.sampled_from(Form), domain=st.just(""), summary=TEXT,
        text=st.text(st.characters(exclude_categories=("Cs",)), max_size=80), location=TEXT, parent=TEXT,
        names=st.lists(TEXT.filter(bool), max_size=3).map(tuple), headline=st.booleans(),
    )
)  # fmt: skip
def test_any_text_is_kept_as_it_is(given: Entry) -> None:
    store = Store.in_memory([given])
    assert store.entry(given.id) == given
    store.find(given.title)
    store.close()


def test_a_damaged_file_leaves_the_lessons(path: Path) -> None:
    from knowledgegraph.library import Library

    built(path, HandMade(pieces=(PAGE, TYPE)))
    library = Library.open(path)
    assert [found.id for found in library.look_up("Box")] == [TYPE.id]
    with sqlite3.connect(path) as database:  # as a file may be of which a part was overwritten
        database.execute("DROP TABLE names")
        database.execute("DROP TABLE documents")
    database.close()
    assert library.look_up("Box") != [TYPE]
    assert "damaged" in library.problem
    assert library.answer("what is a lifetime in rust").in_scope
    built(path, HandMade(pieces=(PAGE, TYPE), fingerprint="2"), fresh=True)
    assert [found.id for found in library.look_up("boxes::Box")] == [TYPE.id]
    assert library.problem == ""


def test_any_text_may_be_asked_for(store: Store) -> None:
    for text in ("\udcff", "\ud800 box", "\x00", "%", "'", '"', "\\"):
        assert store.named(text) == []
        assert store.entry(text) is None
        assert store.node(text) is None
        store.find(text)
