"""The curated concepts: complete, connected, and written in the tone that the author's guide asks for."""

from __future__ import annotations

import difflib
import itertools
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from knowledgegraph.concepts import Concept, Concepts, default_folder, load_concepts
from knowledgegraph.graph import ConceptGraph
from knowledgegraph.references import BOOKS, Reference

CONCEPTS = load_concepts(default_folder())
GRAPH = ConceptGraph.of(CONCEPTS)
EVERY = list(CONCEPTS.values())

COMPETENCIES = {
    "ownership-borrowing-lifetimes", "trait-system", "async", "unsafe-ffi", "smart-pointers", "interior-mutability",
    "metaprogramming", "error-handling", "zero-cost-abstractions", "performance-profiling", "tooling-ci",
    "architecture-patterns", "git", "linux", "gh",
}  # fmt: skip

# Words that tell the reader how hard it ought to be, that sell, or that fill.
UNKIND = re.compile(
    r"\b(simply|just|obviously|clearly speaking|of course|basically|trivial(?:ly)?|easy|easily|merely|note that|"
    r"in order to|powerful|blazing|awesome|amazing|leverage|utilize|delve|robust|seamless\w*|crucial)\b",
    re.IGNORECASE,
)

by_id = pytest.mark.parametrize("concept", EVERY, ids=lambda concept: concept.id)


def prose(concept: Concept) -> str:
    """The lesson without code."""
    return re.sub(r"`[^`]*`", "code", concept.lesson)


def test_there_are_enough() -> None:
    count = {domain: sum(concept.domain == domain for concept in EVERY) for domain in ("rust", "git", "linux", "gh")}
    assert len(EVERY) >= 90
    assert count["rust"] >= 60
    assert count["git"] >= 20
    assert count["linux"] >= 12
    assert count["gh"] >= 8


def test_every_competency_has_at_least_three_concepts() -> None:
    outline = CONCEPTS.by_competency()
    assert outline.keys() >= COMPETENCIES
    assert outline.keys() - COMPETENCIES == {"basics"}  # the ground floor under the twelve
    assert not [name for name, concepts in outline.items() if len(concepts) < 3]


def test_prerequisites_never_go_in_a_circle() -> None:
    GRAPH.check()


def test_everything_can_be_reached_from_the_roots() -> None:
    roots = {root.id for root in GRAPH.roots()}
    assert roots == {"variables", "linux-paths"}
    for concept in EVERY:
        path = [node.id for node in GRAPH.path_to(concept.id)]
        assert path[0] in roots
        assert path[-1] == concept.id


def test_all_concepts_hang_together_by_prerequisites_alone() -> None:
    import networkx

    graph: networkx.Graph[str] = networkx.Graph(
        (needed, concept.id) for concept in EVERY for needed in concept.requires
    )
    assert set(graph) == set(CONCEPTS)
    assert networkx.is_connected(graph)


def test_every_competency_is_built_on_another() -> None:
    """Nothing is taught beside the rest: each competency, but for the two that hold a root, requires another one."""
    beneath = {
        concept.competency: {
            CONCEPTS[node.id].competency for other in EVERY if other.competency == concept.competency
            for node in GRAPH.path_to(other.id)
        } - {concept.competency}
        for concept in EVERY
    }  # fmt: skip
    assert [name for name, others in beneath.items() if not others] == ["linux"]
    assert {"linux", "git"} <= beneath["gh"]
    assert {"linux", "git"} <= beneath["tooling-ci"]


def test_prerequisites_cross_the_domains() -> None:
    assert {"git-push", "git-commit", "gh-auth"} <= {concept.id for concept in GRAPH.path_to("gh-pr-create")}
    crossing = {
        (CONCEPTS[needed].domain, concept.domain)
        for concept in EVERY
        for needed in concept.requires
        if CONCEPTS[needed].domain != concept.domain
    }
    assert {("git", "gh"), ("linux", "git"), ("linux", "rust"), ("rust", "gh"), ("git", "rust")} <= crossing


def test_no_prerequisite_is_said_twice() -> None:
    """A prerequisite that another prerequisite already has is noise on the map, unless it is the nearer of the two."""
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph(
        (needed, concept.id) for concept in EVERY for needed in concept.requires
    )
    spare = graph.number_of_edges() - networkx.transitive_reduction(graph).number_of_edges()
    assert spare <= 0.25 * graph.number_of_edges()


@by_id
def test_lesson_is_short_enough_to_read(concept: Concept) -> None:
    words = len(concept.lesson.split())
    assert 60 <= words <= 200, f"{words} words"
    paragraphs = concept.lesson.split("\n\n")
    assert 3 <= len(paragraphs) <= 9
    assert not [paragraph for paragraph in paragraphs if len(paragraph.split()) > 90]
    assert not [line for line in (concept.example + "\n" + concept.failing).splitlines() if len(line) > 120]
    assert len(concept.example.splitlines()) <= 55
    assert len(concept.failing.splitlines()) <= 30


@by_id
def test_tone(concept: Concept) -> None:
    found = UNKIND.findall(prose(concept)) + UNKIND.findall(concept.definition)
    assert not found
    assert "!" not in re.sub(r"`[^`]*`", "", concept.lesson), "no exclamation marks"
    assert " - " not in concept.lesson


@by_id
def test_markdown_is_whole(concept: Concept) -> None:
    outside = re.sub(r"``.*?``|`[^`\n]*`", "", concept.lesson)
    assert "`" not in outside, "a backtick without its partner"
    assert outside.count("**") % 2 == 0
    assert not re.search(r"^#", concept.lesson, re.MULTILINE), "headings belong to the page"
    assert "\t" not in concept.lesson.replace("`\t`", "")


@by_id
def test_definition_is_one_sentence(concept: Concept) -> None:
    assert len(concept.definition.split()) <= 36
    plain = re.sub(r"`[^`]*`", "code", concept.definition)
    assert not re.search(r"[.!?] [A-Z]", plain)


@by_id
def test_intents_are_phrasings_of_its_own(concept: Concept) -> None:
    assert len(concept.intents) >= 5
    assert concept.title not in concept.intents
    for intent in concept.intents:
        assert 2 <= len(intent.split()) <= 16, intent


def test_intents_belong_to_one_concept() -> None:
    owners: dict[str, str] = {}
    for concept in EVERY:
        for intent in concept.intents:
            key = " ".join(re.findall(r"\w+", intent.lower()))
            assert key not in owners, f"{concept.id} and {owners[key]}: {intent}"
            owners[key] = concept.id


def test_no_two_lessons_say_the_same() -> None:
    texts = [(concept.id, set(re.findall(r"\w{4,}", concept.lesson.lower()))) for concept in EVERY]
    near = [
        (one, other)
        for place, (one, left) in enumerate(texts)
        for other, right in texts[place + 1 :]
        if len(left & right) > 0.5 * min(len(left), len(right))
    ]
    assert not near
    titles = [concept.title.lower() for concept in EVERY]
    assert not [
        pair for title in titles for pair in difflib.get_close_matches(title, set(titles) - {title}, cutoff=0.9)
    ]


def test_every_concept_points_somewhere_and_concept_links_exist() -> None:
    assert not [concept.id for concept in EVERY if not concept.see]
    links = [(concept.id, ref.ref) for concept in EVERY for ref in concept.see if ref.kind == "concept"]
    assert links
    assert not [link for link in links if link[1] not in CONCEPTS or link[0] == link[1]]


def documentation() -> Path:
    """Where rustc keeps its documentation."""
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    return Path(sysroot) / "share" / "doc" / "rust" / "html"


def test_references_into_the_rust_documentation_exist() -> None:
    root = documentation()
    if not (root / "book" / "index.html").exists():
        pytest.skip("the rust-docs component is not installed")
    links = [(concept.id, ref) for concept in EVERY for ref in concept.see]
    assert not [f"{concept}: {ref}" for concept, ref in links if not is_documented(root, ref)]


def is_documented(root: Path, ref: Reference) -> bool:
    """Whether the page and anchor, the item or the error code exists; other kinds are checked elsewhere."""
    if ref.kind in BOOKS:
        page, _, anchor = ref.ref.partition("#")
        path = root / BOOKS[ref.kind] / page
        text = path.read_text(encoding="utf-8") if path.exists() else 'http-equiv="refresh"'
        return 'http-equiv="refresh"' not in text and (not anchor or f'id="{anchor}"' in text)
    if ref.kind == "error":
        return (root / "error_codes" / f"{ref.ref}.html").exists()
    return ref.kind != "std" or std_page(root, ref.ref)


def std_page(root: Path, path: str) -> bool:
    """Whether the standard library's pages have the item, or the method of the item, that ``path`` names."""
    parts = path.split("::")
    if parts[1].startswith(("primitive.", "keyword.")):
        page = root / "std" / f"{parts[1]}.html"
        return page.exists() and (len(parts) < 3 or f'id="method.{parts[2]}"' in page.read_text(encoding="utf-8"))
    folder = root.joinpath(*parts[:-1])
    if (root.joinpath(*parts) / "index.html").exists():
        return True
    kinds = ("struct", "enum", "trait", "fn", "macro", "constant", "type")
    if any((folder / f"{kind}.{parts[-1]}.html").exists() for kind in kinds):
        return True
    parent = root.joinpath(*parts[:-2])
    pages = (parent / f"{kind}.{parts[-2]}.html" for kind in kinds)
    names = (f'id="method.{parts[-1]}"', f'id="tymethod.{parts[-1]}"')
    return any(page.exists() and any(name in page.read_text(encoding="utf-8") for name in names) for page in pages)


def references(kind: str) -> set[str]:
    """All places of a kind that any concept points to; of a part of a page ("bash -- QUOTING"), the page."""
    refs = {ref.ref for concept in EVERY for ref in concept.see if ref.kind == kind}
    return {ref.partition(" --")[0] for ref in refs}


@by_id
def test_every_concept_is_taught_by_documentation_of_its_own_domain(concept: Concept) -> None:
    """The first reference is the one that an answer cites first: a page of official documentation, never a concept."""
    own = {"rust": {*BOOKS, "std", "error", "clippy"}, "git": {"git"}, "linux": {"linux"}, "gh": {"gh"}}[concept.domain]
    assert concept.see[0].kind in own
    assert sum(ref.kind in own for ref in concept.see) >= 2
    assert len(concept.see) <= 7
    assert len(set(concept.see)) == len(concept.see)


def test_rust_concepts_point_to_more_than_one_kind_of_documentation() -> None:
    assert not [concept.id for concept in EVERY if concept.domain == "rust" and len({r.kind for r in concept.see}) < 2]
    leading = [(concept, code) for concept in EVERY for code in concept.leads]
    assert leading
    assert not [(one.id, code) for one, code in leading if Reference("error", code) not in one.see]


def test_sections_are_named_where_a_page_teaches_several_concepts() -> None:
    """Two concepts that are taught on one page of the Book cite different sections of it first."""
    first: dict[str, list[str]] = {}
    for concept in EVERY:
        if concept.domain == "rust":
            first.setdefault(str(concept.see[0]), []).append(concept.id)
    assert not {ref: names for ref, names in first.items() if len(names) > 1}


def test_git_references_are_manual_pages() -> None:
    commands = subprocess.run(
        ["git", "--list-cmds=main,others"], capture_output=True, text=True, check=True
    ).stdout.split()
    refs = references("git")
    assert not {ref for ref in refs if ref.startswith("git ") and ref.removeprefix("git ") not in commands}
    if not has_manual("git-commit"):
        pytest.skip("the manual pages of git are not installed")
    assert not {ref for ref in refs if not has_manual(ref.replace(" ", "-"))}


def test_linux_references_are_manual_pages_or_built_into_the_shell() -> None:
    if not has_manual("ls"):
        pytest.skip("no manual pages are installed")
    absent = {ref for ref in references("linux") if not has_manual(ref)}
    assert not {ref for ref in absent if not is_builtin(ref)}


def test_gh_references_are_commands() -> None:
    if not shutil.which("gh"):
        pytest.skip("gh is not installed")
    told = subprocess.run(["gh", "help", "reference"], capture_output=True, text=True, check=True).stdout
    commands = {
        " ".join(itertools.takewhile(lambda word: word[0] not in "<[{-", line.strip("#` ").split()))
        for line in told.splitlines()
        if line.startswith("##")
    }
    assert len(commands) > 100
    assert not references("gh") - commands


def test_references_to_lints_are_lints() -> None:
    wanted = references("clippy")
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    told = subprocess.run(
        [Path(sysroot) / "bin" / "clippy-driver", "-W", "help"], capture_output=True, text=True, check=True
    ).stdout
    assert wanted
    assert not {lint for lint in wanted if f" {lint.replace('_', '-')} " not in told}


def has_manual(page: str) -> bool:
    """Whether ``man`` finds the page: ``hier(7)`` in its section, another one among commands and guides."""
    name, _, section = page.rstrip(")").partition("(")
    found = subprocess.run(["man", "-w", "-S", section or "1:5:7:8", name], capture_output=True, check=False)
    return found.returncode == 0


def is_builtin(name: str) -> bool:
    """Whether bash has a command of this name and explains it."""
    return subprocess.run(["bash", "-c", 'help "$1"', "bash", name], capture_output=True, check=False).returncode == 0


def test_loaded_concepts_are_a_mapping() -> None:
    assert isinstance(CONCEPTS, Concepts)
    assert CONCEPTS["rc"].title == "Rc and Arc"
    assert next(iter(CONCEPTS)) in CONCEPTS
