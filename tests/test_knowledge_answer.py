"""Answers come from the lessons alone, say when there is none, and the library loads only what is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from knowledgegraph.answer import compose
from knowledgegraph.library import Library
from knowledgegraph.search import Document, Hit


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.open()


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
    assert "(E0382)" in answer.markdown
    assert "**Learn first:** Ownership" in answer.markdown


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
    for question in ("E0502", "undo a pushed commit", "what is a trait object", "open a pull request"):
        for line in library.answer(question).markdown.splitlines():
            title, _, definition = line.removeprefix("- **").partition("**: ")
            known = line in authored or (title in authored and definition in authored)
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
    assert [citation.score for citation in answer.citations] == sorted(
        (citation.score for citation in answer.citations), reverse=True
    )


def test_what_is_not_known_is_said(library: Library) -> None:
    answer = library.answer("what is the capital of France")
    assert not answer.in_scope
    assert answer.citations == () and answer.concepts == ()
    assert "I have nothing on that" in answer.markdown


def test_a_document_without_a_lesson_is_cited() -> None:
    hit = Hit(Document("book:x", "book", "x.html", "Zebra", summary="It has stripes."), 0.9)
    answer = compose("zebra", [hit])
    assert answer.in_scope and answer.concepts == ()
    assert "It has stripes." in answer.markdown
    assert [citation.ref for citation in answer.citations] == ["x.html"]


def test_the_library_finds_by_any_name(library: Library) -> None:
    assert library.get("rc") is library.get("Rc and Arc") is library.get("Reference Counting")
    assert library.get("no such thing at all") is None
    assert library.for_error("e0507")[0].id == "moving-out-of-borrow"
    assert library.for_error("E9999") == ()
    assert "ownership" in {concept.id for concept in library.neighbourhood("move-semantics").requires}
    assert library.page("git-reset").startswith("## Reset")
    assert "```sh" in library.page("git-reset")


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
library.neighbourhood("rc"); steps.append(loaded())
library.answer("E0382"); steps.append(loaded())
library.graph.path_to("rc"); steps.append(loaded())
print(json.dumps(steps))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    opened, looked, answered, walked = json.loads(run.stdout)
    assert opened == []
    assert looked == ["tomllib"]
    assert answered == ["sqlite3", "tomllib"]
    assert "networkx" in walked
