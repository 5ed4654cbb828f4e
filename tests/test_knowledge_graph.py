"""The graph: learning paths, cycles named, DOT; and what surrounds an entry, sorted, without networkx."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph import graph
from knowledgegraph.concepts import Concept, Concepts
from knowledgegraph.entry import Kind, Relation
from knowledgegraph.graph import ConceptGraph, CycleError, Neighbourhood, Node, dot, neighbourhood, node_of
from knowledgegraph.store import Store
from tests.helpers_build import entry


def concepts(**requires: str) -> Concepts:
    """Concepts by their names; each value lists the prerequisites, separated by spaces."""
    return Concepts(
        {
            name: Concept(name, name.upper(), "rust", "basics", "D.", "L.", requires=tuple(needed.split()))
            for name, needed in requires.items()
        }
    )


DIAMOND = concepts(a="", b="a", c="a", d="b c", e="")


def ids(found: Iterable[Node]) -> list[str]:
    return [node.id for node in found]


def lists(near: Neighbourhood) -> dict[str, list[str]]:
    """The lists of a neighbourhood that hold something."""
    names = [name for name in Neighbourhood.__slots__ if name != "centre"]
    return {name: ids(getattr(near, name)) for name in names if getattr(near, name)}


def node(identity: str) -> Node:
    return Node(identity, identity.upper(), "book", "rust", "page", "")


# Learning.


def test_a_node_is_its_concept() -> None:
    assert node_of(DIAMOND["a"]) == Node("a", "A", "concept", "rust", "concept", "D.")


def test_path_to_is_a_learning_order() -> None:
    found = ConceptGraph.of(DIAMOND)
    assert ids(found.path_to("d")) == ["a", "b", "c", "d"]
    assert ids(found.path_to("e")) == ["e"]
    assert ids(found.roots()) == ["a", "e"]


def test_a_cycle_is_named() -> None:
    found = ConceptGraph.of(concepts(a="c", b="a", c="b", d=""))
    with pytest.raises(CycleError, match=r"go in a circle: \w+ -> \w+ -> \w+ -> \w+\.") as caught:
        found.check()
    assert caught.value.cycle[0] == caught.value.cycle[-1]
    assert set(caught.value.cycle) == {"a", "b", "c"}
    with pytest.raises(CycleError):
        found.path_to("a")


def test_unknown_ids_are_refused() -> None:
    with pytest.raises(KeyError, match="nobody"):
        ConceptGraph([node("a")], [("nobody", "a")])
    with pytest.raises(KeyError, match="nobody"):
        ConceptGraph.of(DIAMOND).path_to("nobody")


@given(st.lists(st.sets(st.integers(0, 11), max_size=4), min_size=1, max_size=12))
def test_a_path_never_runs_ahead(edges: list[set[int]]) -> None:
    """Edges that only go back to earlier concepts are acyclic; every path then has what it needs, in order."""
    names = [f"c{place}" for place in range(len(edges))]
    known = concepts(
        **{
            name: " ".join(f"c{before}" for before in sorted(edges[place]) if before < place)
            for place, name in enumerate(names)
        }
    )
    found = ConceptGraph.of(known)
    found.check()
    for name in names:
        path = ids(found.path_to(name))
        assert path[-1] == name
        assert len(set(path)) == len(path)
        for place, step in enumerate(path):
            assert set(known[step].requires) <= set(path[:place])


# Surroundings.


@pytest.mark.parametrize(
    ("kind", "away", "towards"),
    [
        (Kind.REQUIRES, "unlocks", "requires"),
        (Kind.NEXT, "after", "before"),
        (Kind.ILLUSTRATED_BY, "read", "lessons"),
        (Kind.EXPLAINS_ERROR, "errors", "lessons"),
        (Kind.FIXED_BY, "lessons", "errors"),
        (Kind.RELATED, "related", "related"),
        (Kind.LINKS_TO, "related", "related"),
        (Kind.PART_OF, "", "parts"),  # upwards is a chain, which comes as `above`
    ],
)
def test_each_relation_has_a_list_for_either_way(kind: Kind, away: str, towards: str) -> None:
    for leads_away, name in ((True, away), (False, towards)):
        near = neighbourhood(node("x"), [], [(kind, leads_away, node("y"))])
        assert lists(near) == ({name: ["y"]} if name else {})


def test_nothing_stands_in_two_lists() -> None:
    edges = [
        (Kind.LINKS_TO, True, node("a")),
        (Kind.REQUIRES, False, node("a")),
        (Kind.LINKS_TO, False, node("a")),
        (Kind.LINKS_TO, True, node("root")),
        (Kind.RELATED, True, node("x")),
        (Kind.RELATED, True, node("b")),
    ]
    near = neighbourhood(node("x"), [node("root")], edges)
    assert lists(near) == {"requires": ["a"], "above": ["root"], "related": ["b"]}


def test_no_list_is_longer_than_anyone_reads() -> None:
    near = neighbourhood(node("x"), [], [(Kind.LINKS_TO, False, node(f"n{number}")) for number in range(300)])
    assert ids(near.related) == [f"n{number}" for number in range(graph.MOST)]


def test_the_store_tells_what_surrounds_an_entry() -> None:
    chapter, first, second = entry("ch"), entry("ch#1", parent="book:ch"), entry("ch#2", parent="book:ch")
    store = Store.in_memory(
        [entry("whole"), entry("ch", parent="book:whole"), first, second, entry("far"),
         Relation(first.id, second.id, Kind.NEXT), Relation("book:far", first.id, Kind.LINKS_TO),
         Relation(first.id, "book:nobody", Kind.LINKS_TO)]
    )  # fmt: skip
    assert lists(store.around(first.id)) == {
        "above": ["book:whole", "book:ch"], "after": ["book:ch#2"], "related": ["book:far"],
    }  # fmt: skip
    assert lists(store.around(chapter.id)) == {"above": ["book:whole"], "parts": ["book:ch#1", "book:ch#2"]}
    assert store.around(first.id).centre == store.node(first.id)
    with pytest.raises(KeyError, match="nobody"):
        store.around("book:nobody")


def test_a_circle_of_parts_ends() -> None:
    store = Store.in_memory([entry("a", parent="book:b"), entry("b", parent="book:a")])
    assert lists(store.around("book:a"))["above"] == ["book:b"]


def test_neighbours_need_no_networkx() -> None:
    code = """
import sys
from knowledgegraph.library import Library
library = Library.open()
library.neighbourhood("rc")
assert "networkx" not in sys.modules
library.graph.path_to("rc")
assert "networkx" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# Drawing.


def test_dot_of_prerequisites() -> None:
    text = ConceptGraph.of(DIAMOND).to_dot()
    assert text.startswith("digraph") and text.endswith("}\n")
    assert text.count("->") == 4
    assert ConceptGraph.of(DIAMOND).to_dot(["a", "b"]).count("->") == 1
    with pytest.raises(KeyError):
        ConceptGraph.of(DIAMOND).to_dot(["nobody"])


def test_dot_names_other_relations_and_marks_the_centre() -> None:
    edges = [("a", "b", Kind.REQUIRES), ("a", "b", Kind.NEXT), ("a", "elsewhere", Kind.NEXT)]
    text = dot([node("a"), node("b")], edges, "a")
    assert '  "a" [label="A", shape=box];\n  "b" [label="B"];\n' in text
    assert '  "a" -> "b";\n  "a" -> "b" [style=dashed, label="next"];\n' in text
    assert "elsewhere" not in text


@given(st.text())
def test_no_title_leaves_its_quotes(title: str) -> None:
    line = dot([Node("a", title, "book", "rust", "page", "")], []).split("\n", 2)[2]
    label = line.removeprefix('  "a" [label="').removesuffix('"];\n}\n')
    assert "\n" not in label
    assert '"' not in label.replace("\\\\", "").replace('\\"', "")
