"""Answers come from lessons and passages alone, cite them, say when there is none; the library loads what is asked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.answer import SOURCES, Citation, compose, cut, page, passage, tell
from knowledgegraph.entry import Form
from knowledgegraph.library import Library
from knowledgegraph.search import Hit
from tests.helpers_build import HandMade, built, entry

PARAGRAPHS = "One.\n\nTwo words.\n\n- a\n- b\n\n```rust\nlet x = 1;\n\nlet y = 2;\n```\n\nLast."
ZEBRA = entry(
    "zoo.html",
    title="Zebra",
    summary="It has stripes.",
    text=PARAGRAPHS,
    location="/docs/zoo.html",
    parent="book:whole",
)
STRIPES = entry(
    "zoo.html#stripes", title="Stripes", text="Black on white.", form=Form.SECTION, parent=ZEBRA.id, summary="Black."
)
MANE = entry("zoo.html#mane", title="Mane", form=Form.ITEM, parent=ZEBRA.id)


@pytest.fixture(scope="module")
def library() -> Library:
    """The lessons alone."""
    return Library.open()


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A knowledge file with a page, a section and an item of it."""
    path = tmp_path_factory.mktemp("zoo") / "knowledge.sqlite"
    built(path, HandMade(pieces=[entry("whole", title="Animals"), ZEBRA, STRIPES, MANE]))
    return Library.open(path)


# Lessons.


def test_an_answer_is_the_lesson_in_order(library: Library) -> None:
    answer = library.answer("use of moved value")
    concept = library.concepts["move-semantics"]
    assert answer.in_scope
    assert answer.concepts[0] == concept.id
    places = [
        answer.markdown.index(part)
        for part in (concept.title, concept.definition, concept.core, concept.example, concept.failing, concept.check)
    ]
    assert places == sorted(places)
    assert f"({concept.failing_code})" in answer.markdown
    assert "**Learn first:** Ownership" in answer.markdown


def test_the_code_that_was_asked_for_stands_in_the_title(library: Library) -> None:
    concept = library.concepts["move-semantics"]
    assert tell(concept).startswith(f"## {concept.title}\n")
    assert tell(concept, None, "E0382").startswith(f"## {concept.title} (E0382)\n")
    assert "**Learn first:**" not in tell(concept)


def test_every_line_is_authored(library: Library) -> None:
    """Take away what the lessons say, and only the fixed labels are left."""
    authored = "\n".join(
        "\n".join((c.title, c.definition, c.lesson, c.example, c.failing)) for c in library.concepts.values()
    )
    labels = (
        "## ",
        "```",
        "**What goes wrong**",
        "**Check yourself.**",
        "**Learn first:**",
        "**Next:**",
        "**See also**",
    )
    cited = {see.ref for concept in library.concepts.values() for see in concept.see}
    for question in ("E0502", "undo a pushed commit", "what is a trait object", "open a pull request"):
        answer = library.answer(question)
        assert answer.in_scope
        for line in answer.markdown.splitlines():
            title, _, definition = line.removeprefix("- **").partition("**: ")
            known = line in authored or (title in authored and definition in authored)
            # a page that a lesson cites and nobody read here is named, with its source
            place = re.fullmatch(r"- \*\*(.+)\*\* \((.+)\)", line)
            known = known or (place is not None and place[1] in cited and place[2] in SOURCES.values())
            assert known or line.startswith(labels), line


def test_citations_name_the_concept_and_then_its_sources(library: Library) -> None:
    answer = library.answer("E0382")
    first = answer.citations[0]
    assert (first.kind, first.ref) == ("concept", answer.concepts[0])
    assert first.score == 1.0
    assert answer.markdown.splitlines()[0] == f"## {library.concepts[first.ref].title} (E0382)"
    assert first.location and first.location.endswith(".toml")
    assert ("error", "E0382") in {(citation.kind, citation.ref) for citation in answer.citations}
    places = [(citation.kind, citation.ref) for citation in answer.citations]
    assert len(set(places)) == len(places)
    assert all(0 < citation.score <= 1 for citation in answer.citations)
    official = [citation for citation in answer.citations if citation.kind != "concept"]
    assert all(citation.location for citation in official if citation.kind not in ("linux", "rustc-lint"))


def test_what_is_not_known_is_said(library: Library) -> None:
    answer = library.answer("what is the capital of France")
    assert not answer.in_scope
    assert answer.citations == () and answer.concepts == ()
    assert "I have nothing on that" in answer.markdown
    assert compose("E0382", [], library) == answer


def test_a_lesson_about_as_good_is_told_before_what_fits_better(library: Library) -> None:
    ownership, rc = library.entry("ownership"), library.entry("rc")
    assert ownership and rc
    best = Hit(ownership, 1.0)
    told = compose("x", [best, Hit(rc, 0.8, concept=library.concepts["rc"])], library)
    assert told.concepts == ("rc", "ownership")
    assert told.markdown.startswith(f"## {library.concepts['rc'].title}")
    assert told.citations[0].ref == "ownership"
    weak = compose("x", [best, Hit(rc, 0.7, concept=library.concepts["rc"])], library)
    assert weak.concepts == ("ownership", "rc")


# Passages.


def test_an_entry_without_a_lesson_is_told_and_cited(zoo: Library) -> None:
    answer = zoo.answer("zebra")
    assert answer.in_scope and answer.concepts[0] == ZEBRA.id
    assert answer.markdown.startswith("## Zebra\n\n*The Book*\n\nOne.\n\nTwo words.")
    # its file has gone since it was read: the public page is cited
    assert answer.citations[0] == Citation("zoo.html", "book", "Zebra", 1.0, "https://doc.rust-lang.org/book/zoo.html")


def test_a_page_that_is_there_is_cited_with_its_place(tmp_path: Path) -> None:
    page_file = tmp_path / "zoo.html"
    page_file.write_text("")
    built(tmp_path / "k.sqlite", HandMade(pieces=(entry("zoo.html", title="Zebra", location=f"{page_file}#stripes"),)))
    assert Library.open(tmp_path / "k.sqlite").answer("zebra").citations[0].location == f"{page_file}#stripes"


def test_a_passage_says_where_it_stands(zoo: Library) -> None:
    around = zoo.neighbourhood(STRIPES.id)
    assert passage(STRIPES, around) == "## Stripes\n\n*The Book › Zebra*\n\nBlack on white."
    assert passage(STRIPES) == "## Stripes\n\n*The Book*\n\nBlack on white."
    assert passage(entry("x", summary="In short.")).endswith("*The Book*\n\nIn short.")


def test_hits_near_the_best_are_named_and_the_others_left_out(zoo: Library) -> None:
    hits = [Hit(ZEBRA, 1.0), Hit(STRIPES, 0.6), Hit(MANE, 0.59)]
    answer = compose("zebra", hits, zoo)
    assert answer.concepts == (ZEBRA.id, STRIPES.id)
    assert answer.markdown.endswith("**See also**\n\n- **Stripes** (The Book): Black.")
    assert [(citation.ref, citation.score) for citation in answer.citations] == [
        ("zoo.html", 1.0),
        ("zoo.html#stripes", 0.6),
    ]


def test_a_page_holds_its_sections_and_names_its_other_parts(zoo: Library) -> None:
    shown = page(ZEBRA.id, zoo)
    assert shown == zoo.page(ZEBRA.id)
    assert shown.startswith(f"## Zebra\n\n*The Book*\n\n{PARAGRAPHS}\n\n### Stripes\n\nBlack on white.")
    assert shown.endswith("**In it:** Mane")
    with pytest.raises(KeyError, match="nobody"):
        page("book:nobody", zoo)


def test_a_lesson_s_page_is_the_lesson(library: Library) -> None:
    assert library.page("git-reset").startswith("## Reset")
    assert "```sh" in library.page("git-reset")


def test_cut_takes_whole_blocks() -> None:
    assert cut(PARAGRAPHS, 1000) == PARAGRAPHS
    assert cut(PARAGRAPHS, 1) == "One.\n\n…"
    assert cut(PARAGRAPHS, 20) == "One.\n\nTwo words.\n\n…"
    assert cut(PARAGRAPHS, 59) == PARAGRAPHS.removesuffix("Last.") + "…"
    assert cut("```\nlong " + "x" * 100 + "\n```", 5).endswith("x\n```")
    assert cut("", 10) == ""


def test_a_fence_that_is_never_closed_is_closed() -> None:
    assert cut("A.\n\n~~~sh\nls\n\nls", 1000) == "A.\n\n~~~sh\nls\n\nls\n~~~"


@given(st.text(alphabet="ab \n`~", max_size=60), st.integers(0, 70))
def test_cut_never_leaves_a_fence_open(markdown: str, most: int) -> None:
    shown = cut(markdown, most)
    assert cut(shown, 10_000) == shown


# The library.


def test_the_library_finds_by_any_name(library: Library) -> None:
    assert library.get("rc") is library.get("Rc and Arc") is library.get("Reference Counting")
    assert library.get("no such thing at all") is None
    assert library.for_error("e0507")[0].id == "moving-out-of-borrow"
    assert library.for_error("E9999") == ()
    assert "ownership" in {node.id for node in library.neighbourhood("move-semantics").requires}


def test_look_up_puts_the_id_first(zoo: Library) -> None:
    assert [found.id for found in zoo.look_up(STRIPES.id)] == [STRIPES.id]
    assert [found.id for found in zoo.look_up("Zebra")] == [ZEBRA.id]
    assert zoo.look_up("zeb") == [] and zoo.look_up("Zebra", 0) == []
    assert [found.id for found in zoo.find("zeb")] == [ZEBRA.id]


def test_a_file_that_appears_later_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.sqlite"
    late = Library.open(path)
    assert not late.answer("zebra").in_scope
    assert late.answer("what is a lifetime").in_scope
    built(path, HandMade(pieces=[ZEBRA]))
    assert late.answer("zebra").concepts == (ZEBRA.id,)
    assert late.built


def test_a_file_that_cannot_be_read_leaves_the_lessons(tmp_path: Path) -> None:
    path = tmp_path / "knowledge.sqlite"
    path.write_bytes(b"no database")
    broken = Library.open(path)
    assert not broken.built
    assert "tutor knowledge build" in broken.problem
    assert broken.answer("what is a lifetime").in_scope


def test_worker_threads_may_share_a_fresh_library() -> None:
    fresh = Library.open()
    questions = ["E0382", "git rebase", "what is a mutex", "capital of France"] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(fresh.answer, questions))
    assert answers[:4] * 8 == answers


def test_heavy_modules_are_imported_only_when_needed() -> None:
    code = """
import json, sys
heavy = ("networkx", "sqlite3", "tomllib", "textual", "asyncio")
def loaded():
    return [name for name in heavy if name in sys.modules]
from knowledgegraph.library import Library
library = Library.open()
steps = [loaded()]
library.concepts; steps.append(loaded())
library.answer("E0382"); library.neighbourhood("rc"); steps.append(loaded())
library.graph.path_to("rc"); steps.append(loaded())
print(json.dumps(steps))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    opened, read, answered, walked = json.loads(run.stdout)
    assert opened == []
    assert read == ["tomllib"]
    assert answered == ["sqlite3", "tomllib"]
    assert "networkx" in walked
