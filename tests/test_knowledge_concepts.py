"""Loading concepts: what is right is read as written, what is wrong is said with its file and key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from knowledgegraph.concepts import CHECK_MARK, ConceptError, default_folder, load_concepts
from knowledgegraph.errors import concepts_for_error
from knowledgegraph.references import KINDS, Reference

HEAD = 'domain = "git"\ncompetency = "git"\n'
LESSON = f"'''\nFirst paragraph.\n\n{CHECK_MARK} Why? (Because.)\n'''"


def table(concept_id: str, extra: str = "", without: str = "") -> str:
    """One valid ``[[concept]]`` table with the keys of ``extra``, and without the key ``without``."""
    keys = {
        "id": f'"{concept_id}"',
        "title": f'"{concept_id.title()}"',
        "definition": '"It is one thing."',
        "intents": '["do a", "do b", "do c"]',
        "lesson": LESSON,
    }
    lines = [f"{key} = {value}" for key, value in keys.items() if key != without and not extra.startswith(f"{key} =")]
    return "\n".join(["[[concept]]", *lines, extra, ""])


def problems(folder: Path, text: str) -> str:
    (folder / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConceptError) as caught:
        load_concepts(folder)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return str(caught.value)


def test_a_concept_is_read_as_written(tmp_path: Path) -> None:
    extra = 'requires = ["b"]\naliases = ["x"]\nsee = ["git git reset", "concept b"]\nexample = """\ngit status\n"""'
    (tmp_path / "a.toml").write_text(HEAD + table("a", extra) + table("b"), encoding="utf-8")
    concepts = load_concepts(tmp_path)
    concept = concepts["a"]
    assert list(concepts) == ["a", "b"]
    assert (concept.domain, concept.competency, concept.source) == ("git", "git", "a.toml")
    assert concept.requires == ("b",)
    assert concept.core == "First paragraph."
    assert concept.check == "Why? (Because.)"
    assert concept.example == "git status"
    assert concept.language == "sh"
    assert concept.see == (Reference("git", "git reset"), Reference("concept", "b"))


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "2.toml").write_text(HEAD + table("late"), encoding="utf-8")
    (tmp_path / "1.toml").write_text(HEAD.replace('"git"\nc', '"linux"\nc') + table("early"), encoding="utf-8")
    concepts = load_concepts(tmp_path)
    assert list(concepts) == ["early", "late"]
    assert [concept.id for concept in concepts.by_competency()["git"]] == ["early", "late"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + table("a", without="title"), "a.toml: a: title is missing."),
        (HEAD + table("a", "titel = 'x'"), "a.toml: a: titel is no key of a concept."),
        (HEAD + table("a", "title = 3"), "a.toml: a: title must be a text that is not empty."),
        (HEAD + table("a", "title = ' '"), "a.toml: a: title must be a text that is not empty."),
        (HEAD + table("a", "aliases = 'x'"), "a.toml: a: aliases must be a list of texts that are not empty."),
        (HEAD + table("a", "aliases = [['x']]"), "a.toml: a: aliases must be a list"),
        (HEAD + table("a", "aliases = ['x', 'x']"), "a.toml: a: aliases says something twice."),
        (HEAD + table("A_b"), "a.toml: A_b: id must be kebab-case"),
        (HEAD + table("a", "definition = 'No full stop'"), "a.toml: a: definition must be one sentence"),
        (HEAD + table("a", "lesson = 'No question.'"), "a.toml: a: lesson must end with a paragraph"),
        (HEAD + table("a", "intents = ['one', 'two']"), "a.toml: a: intents must be at least 3 phrasings."),
        (HEAD + table("a", "requires = ['nobody']"), "a.toml: a: requires names 'nobody', no concept."),
        (HEAD + table("a", "requires = ['a']"), "a.toml: a: requires names the concept itself."),
        (HEAD + table("a", "errors = ['E0382']"), "a.toml: a: errors and failing are for Rust alone."),
        (HEAD + table("a", "see = ['wiki x']"), "a.toml: a: see: 'wiki x' starts with no kind of reference"),
        (HEAD + table("a", "see = ['book']"), "a.toml: a: see: 'book' names no place after 'book'."),
        (HEAD + table("a") + table("a"), "a.toml: id 'a' is also in a.toml."),
        (HEAD.replace("git", "cooking", 1) + table("a"), "a.toml: domain must be one of rust, git, linux, gh."),
        ('domain = "git"\n' + table("a"), "a.toml: competency must be a kebab-case name."),
        ("level = 1\n" + HEAD + table("a"), "a.toml: level is no key of a concept file."),
        (HEAD + "concept = 3", "a.toml: concept must be [[concept]] tables."),
        (HEAD, "a.toml: concept must be [[concept]] tables."),
        ("domain = ", "a.toml: cannot be read as TOML"),
    ],
)
def test_problems_are_named(tmp_path: Path, text: str, said: str) -> None:
    assert said in problems(tmp_path, text)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("", "example is missing; a Rust concept needs one that compiles"),
        ("example = 'x'\nerrors = ['382']", "errors must be codes such as E0382"),
        ("example = 'x'\nfailing = 'y'", "failing and failing_code belong together"),
        ("example = 'x'\nfailing = 'y'\nfailing_code = 'E0382'", "failing_code must be one of errors"),
        ("example = 'x'\nerrors = ['E0382']\nleads = ['E0277']", "leads must be among errors"),
        ("example = 'x'\nsetup = 'y'", "setup is for shell examples alone"),
    ],
)
def test_rules_for_rust(tmp_path: Path, extra: str, said: str) -> None:
    assert said in problems(tmp_path, HEAD.replace("git", "rust", 1) + table("a", extra))


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text("not toml", encoding="utf-8")
    text = problems(tmp_path, HEAD + table("a", without="title") + table("c", "requires = ['x']"))
    assert len(text.splitlines()) == 3


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConceptError, match="holds no concepts"):
        load_concepts(tmp_path)


def test_bytes_that_are_not_utf8_are_reported(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b'domain = "\xff"')
    with pytest.raises(ConceptError, match=r"a\.toml: cannot be read as TOML"):
        load_concepts(tmp_path)


def test_the_default_folder_is_found_from_anywhere(tmp_path: Path) -> None:
    code = "from knowledgegraph.concepts import *; print(len(load_concepts(default_folder())))"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(run.stdout) == len(load_concepts(default_folder()))


def test_errors_lead_to_the_most_typical_concept_first() -> None:
    concepts = load_concepts(default_folder())
    assert concepts_for_error(concepts, "e0382 ")[0].id == "move-semantics"
    assert concepts_for_error(concepts, "E0277")[0].id == "trait-bound"
    assert concepts_for_error(concepts, "E0502")[0].id == "borrow-rules"
    assert concepts_for_error(concepts, "E9999") == ()


def test_public_addresses() -> None:
    assert Reference.parse("git git reset").url == "https://git-scm.com/docs/git-reset"
    assert Reference.parse("gh gh pr create").url == "https://cli.github.com/manual/gh_pr_create"
    assert Reference.parse("book ch04-03-slices.html").url == "https://doc.rust-lang.org/book/ch04-03-slices.html"
    assert Reference.parse("rbe mod/use.html").url == "https://doc.rust-lang.org/rust-by-example/mod/use.html"
    assert Reference.parse("error E0382").url == "https://doc.rust-lang.org/error_codes/E0382.html"
    assert Reference.parse("linux find").url is None
    for kind in KINDS:
        assert str(Reference.parse(f"{kind} x")) == f"{kind} x"
