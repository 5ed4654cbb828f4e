"""Questions and names that nobody would type, files that nobody would ask about: an answer or one clear sentence."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledgegraph.answer import SOURCES
from knowledgegraph.entry import Entry, Form
from knowledgegraph.library import Library
from knowledgegraph.schema import StoreError
from knowledgegraph.store import LONGEST_NAME, Store
from tests.helpers_build import HandMade, built, entry
from tutor import events
from tutor.engine import Tutor
from tutor.paths import Home

MANY = 5_000
LIST = entry("list.html", title="Lists", summary="A list.", text="A list holds things in a row.")


@pytest.fixture
def tutor(home: Home, tmp_path: Path) -> Tutor:
    home.ensure(home.data)
    built(home.data / "knowledge.sqlite", HandMade(pieces=(LIST, entry("git", kind="git", form=Form.COMMAND))))
    return Tutor(tmp_path, home=home, use_model=False)


async def ready(tutor: Tutor, thing: str) -> events.AnswerReady:
    return next([e async for e in tutor.explain(thing) if isinstance(e, events.AnswerReady)].__iter__())


@pytest.mark.parametrize(
    "thing", ["x" * 60_000, "%_\\" * 30_000, "é" * 30_000, "a" * 5_000 + ":12", "b/" * 3_000 + ":1"]
)
async def test_a_name_of_any_length_leaves_the_knowledge_in_use(tutor: Tutor, thing: str) -> None:
    answer = await ready(tutor, thing)
    assert not answer.in_scope
    assert len(answer.markdown) < 2_000
    assert (tutor.library.problem, tutor.library.built) == ("", True)


async def test_of_very_many_words_only_the_first_can_be_a_command(
    tutor: Tutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []
    look_up = Library.look_up

    def counted(library: Library, name: str, limit: int = 10) -> list[Entry]:
        looked_up.append(name)
        return look_up(library, name, limit)

    monkeypatch.setattr(Library, "look_up", counted)
    assert (await ready(tutor, "git " + "frobnicate " * 50_000)).citations[0].ref == "git"
    assert len(looked_up) < 12


def test_what_is_typed_into_the_finder_may_be_long(tutor: Tutor) -> None:
    assert tutor.library.find("list" * LONGEST_NAME) == []
    assert [found.ref for found in tutor.library.find("LIST")] == ["list.html"]


def test_a_name_that_very_many_bear(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.sqlite"
    lesson = entry("twin-lesson", kind="concept", form=Form.CONCEPT, title="twin")
    sections = (entry(f"{n}.html", title="Twin", headline=n == MANY - 1) for n in range(MANY))
    built(path, HandMade(pieces=(*sections, lesson)))
    library = Library.open(path)
    found = library.look_up("twin")
    assert [one.ref for one in found[:2]] == ["twin-lesson", f"{MANY - 1}.html"]
    assert len(found) == 10
    assert library.search("twin")
    assert library.search("what is `twin` in rust?")
    store = Store.open(path)
    with store.reading() as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)  # as few as some builds of SQLite take
    assert len(store.entries(range(1, MANY + 1))) == MANY


@pytest.mark.parametrize("folder", [True, False])
def test_where_the_knowledge_should_be_is_something_else(tmp_path: Path, *, folder: bool) -> None:
    path = tmp_path / "knowledge.sqlite"
    if folder:
        path.mkdir()
    else:
        path.symlink_to("knowledge.sqlite")
    library = Library.open(path)
    assert not library.built
    assert library.answer("what is ownership in rust").in_scope
    if folder:
        assert "cannot be read" in library.problem
        with pytest.raises(StoreError):
            built(path, HandMade(pieces=(LIST,)))


async def test_lines_are_counted_as_the_compiler_counts_them(tutor: Tutor, tmp_path: Path) -> None:
    (tmp_path / "odd.rs").write_text("// a\x0cb\u2028c\x85d\rstill\nfn two() {}\n", encoding="utf-8", newline="")
    answer = await ready(tutor, "odd.rs:2")
    assert "> 2 fn two() {}" in answer.markdown
    ended = [event async for event in tutor.explain("odd.rs:3")][-1]
    assert isinstance(ended, events.Failed) and "2 lines" in ended.message


async def test_what_was_not_checked_is_not_called_right(tutor: Tutor, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no Rust\n")
    happened = [event async for event in tutor.explain("notes.txt:1")]
    answer = next(event for event in happened if isinstance(event, events.AnswerReady))
    checked = any(isinstance(event, events.DiagnosticsFound) for event in happened)
    assert not checked
    assert "The compiler was not asked, and I recognise no pattern in it." in answer.markdown


@pytest.mark.parametrize("content", [b"", b"\0\xff\x1b]0;x\x07\n" * 10, b"x" * 200_000])
async def test_no_file_is_too_odd_to_be_asked_about(tutor: Tutor, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.rs").write_bytes(content)
    (tmp_path / "folder.rs").mkdir()
    os.mkfifo(tmp_path / "pipe.rs")
    last = [event async for event in tutor.explain("odd.rs:1")][-1]
    assert isinstance(last, events.Finished if content else events.Failed)
    for other in ("folder.rs:1", "pipe.rs:1", "/dev/zero:1"):
        assert not (await ready(tutor, other)).in_scope


async def test_a_file_of_very_many_bytes_is_refused_at_once(tutor: Tutor, tmp_path: Path) -> None:
    with (tmp_path / "huge.rs").open("wb") as file:
        file.truncate(1 << 40)
    last = [event async for event in tutor.explain("huge.rs:1")][-1]
    assert isinstance(last, events.Failed) and last.title == "Too long"


async def test_what_is_remembered_does_not_grow_for_ever(tutor: Tutor) -> None:
    for number in range(300):
        async for _ in tutor.ask(f"what is a list {number}"):
            pass
    assert len(tutor.answers._turns) < 50
    assert len(tutor.answers._shown) < 150


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(["what is", "`", "git", "list", "E0382", "std::", "&mut", '"', "*", "NEAR(", "title:", "OR",
                             "--hard", "\0", "\udcff", "'", "::", "?", "list.html", "x" * 600, "%", "(", "rust"]),
            max_size=12,
        ).map(" ".join),
    )
)  # fmt: skip
def test_no_question_raises_and_answers_keep_their_shape(tutor: Tutor, question: str) -> None:
    answer = tutor.library.answer(question)
    scores = [citation.score for citation in answer.citations]
    assert all(0 < score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)
    assert {citation.kind for citation in answer.citations} <= SOURCES.keys()
    assert answer.in_scope or not answer.citations
    assert tutor.library.look_up(question) is not None
    assert tutor.library.find(question) is not None
    assert tutor.library.problem == ""
