"""The graph of concepts: neighbours without networkx, learning paths, cycles named, DOT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.concepts import Concept, Concepts
from knowledgegraph.graph import ConceptGraph, CycleError, Kind, Relation
from knowledgegraph.references import Reference


def concepts(**requires: str) -> Concepts:
    """Concepts by their names; each value lists the prerequisites, separated by spaces."""
    return Concepts(
        {
            name: Concept(name, name.upper(), "rust", "basics", "D.", "L.", requires=tuple(needed.split()))
            for name, needed in requires.items()
        }
    )


DIAMOND = concepts(a="", b="a", c="a", d="b c", e="")


def ids(found: tuple[Concept, ...]) -> list[str]:
    return [concept.id for concept in found]


def test_neighbourhood() -> None:
    near = ConceptGraph(DIAMOND, [Relation("d", "e", Kind.LINKS_TO), Relation("a", "d", Kind.NEXT)]).neighbourhood("d")
    assert near.centre.id == "d"
    assert ids(near.requires) == ["b", "c"]
    assert ids(near.unlocks) == []
    assert ids(near.related) == ["a", "e"]


def test_related_goes_both_ways_and_leaves_prerequisites_out() -> None:
    pointing = dict(DIAMOND)
    pointing["e"] = Concept(
        "e", "E", "rust", "basics", "D.", "L.", see=(Reference("concept", "a"), Reference("git", "x"))
    )
    graph = ConceptGraph(Concepts(pointing), [Relation("b", "d", Kind.PART_OF)])
    assert ids(graph.neighbourhood("a").related) == ["e"]
    assert ids(graph.neighbourhood("e").related) == ["a"]
    assert ids(graph.neighbourhood("b").related) == []


def test_path_to_is_a_learning_order() -> None:
    graph = ConceptGraph(DIAMOND)
    assert ids(graph.path_to("d")) == ["a", "b", "c", "d"]
    assert ids(graph.path_to("e")) == ["e"]
    assert ids(graph.roots()) == ["a", "e"]


def test_a_cycle_is_named() -> None:
    graph = ConceptGraph(concepts(a="c", b="a", c="b", d=""))
    with pytest.raises(CycleError, match=r"go in a circle: \w+ -> \w+ -> \w+ -> \w+\.") as caught:
        graph.check()
    assert caught.value.cycle[0] == caught.value.cycle[-1]
    assert set(caught.value.cycle) == {"a", "b", "c"}
    with pytest.raises(CycleError):
        graph.path_to("a")


def test_unknown_ids_are_refused() -> None:
    with pytest.raises(KeyError, match="nobody"):
        ConceptGraph(DIAMOND, [Relation("a", "nobody", Kind.NEXT)])
    for call in (ConceptGraph(DIAMOND).neighbourhood, ConceptGraph(DIAMOND).path_to):
        with pytest.raises(KeyError, match="nobody"):
            call("nobody")


def test_dot() -> None:
    odd = Concepts({"a": Concept("a", 'say "\\n"', "rust", "basics", "D.", "L.")})
    assert '"a" [label="say \\"\\\\n\\""];' in ConceptGraph(odd).to_dot()
    text = ConceptGraph(DIAMOND).to_dot()
    assert text.startswith("digraph") and text.endswith("}\n")
    assert text.count("->") == 4
    assert ConceptGraph(DIAMOND).to_dot(["a", "b"]).count("->") == 1


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
    graph = ConceptGraph(known)
    graph.check()
    for name in names:
        path = ids(graph.path_to(name))
        assert path[-1] == name
        assert len(set(path)) == len(path)
        for place, step in enumerate(path):
            assert set(known[step].requires) <= set(path[:place])
