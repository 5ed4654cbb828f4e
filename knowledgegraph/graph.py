"""The graph of concepts: what to learn first, what a concept unlocks, how to get there.

Only this module imports networkx, and only for algorithms: looking at neighbours needs none of it, so that the
concept map can be painted before networkx is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledgegraph.concepts import Concept
from knowledgegraph.entry import Kind, Relation

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What surrounds a concept. ``requires``: learn first; ``unlocks``: what it leads to; ``related``: the rest."""

    centre: Concept
    requires: tuple[Concept, ...]
    unlocks: tuple[Concept, ...]
    related: tuple[Concept, ...]


class CycleError(ValueError):
    """Prerequisites go in a circle. ``cycle``: the ids on it, the first one again at the end."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(f"Prerequisites go in a circle: {' -> '.join(cycle)}.")
        self.cycle = cycle


def relations_of(concepts: Mapping[str, Concept]) -> Iterable[Relation]:
    """The edges that the concepts themselves state: ``requires``, and ``see`` where it names a concept."""
    for concept in concepts.values():
        for needed in concept.requires:
            yield Relation(needed, concept.id, Kind.REQUIRES)
        for reference in concept.see:
            if reference.kind == "concept" and reference.ref in concepts:
                yield Relation(concept.id, reference.ref, Kind.RELATED)


class ConceptGraph:
    """Concepts and the relations between them.

    ``relations``: edges from other sources, beyond those that the concepts state themselves.
    Raises KeyError where a relation or a call names an id that is no concept.
    """

    def __init__(self, concepts: Mapping[str, Concept], relations: Iterable[Relation] = ()) -> None:
        self._concepts = concepts
        self._succ: dict[Kind, dict[str, list[str]]] = {kind: {} for kind in Kind}
        self._pred: dict[Kind, dict[str, list[str]]] = {kind: {} for kind in Kind}
        self._digraph: networkx.DiGraph[str] | None = None
        for relation in (*relations_of(concepts), *relations):
            for end in (relation.source, relation.target):
                if end not in concepts:
                    raise KeyError(end)
            self._succ[relation.kind].setdefault(relation.source, []).append(relation.target)
            self._pred[relation.kind].setdefault(relation.target, []).append(relation.source)

    def neighbourhood(self, concept_id: str) -> Neighbourhood:
        """The concept and everything one edge away; needs no networkx."""
        centre = self._concepts[concept_id]
        requires = dict.fromkeys(self._pred[Kind.REQUIRES].get(concept_id, ()))
        unlocks = dict.fromkeys(self._succ[Kind.REQUIRES].get(concept_id, ()))
        others = [kind for kind in Kind if kind is not Kind.REQUIRES]
        near = [name for kind in others for side in (self._succ, self._pred) for name in side[kind].get(concept_id, ())]
        related = [name for name in dict.fromkeys(near) if name not in requires and name not in unlocks]
        return Neighbourhood(centre, self._named(requires), self._named(unlocks), self._named(related))

    def roots(self) -> tuple[Concept, ...]:
        """Where a learner can start: concepts without prerequisites."""
        return self._named(name for name in self._concepts if not self._pred[Kind.REQUIRES].get(name))

    def path_to(self, concept_id: str) -> tuple[Concept, ...]:
        """Everything to learn for ``concept_id``, in an order that never runs ahead; the concept itself is last."""
        import networkx

        graph = self._requires_graph()
        self.check()
        needed = networkx.ancestors(graph, self._concepts[concept_id].id) | {concept_id}
        order = {name: place for place, name in enumerate(self._concepts)}
        return self._named(networkx.lexicographical_topological_sort(graph.subgraph(needed), key=order.__getitem__))

    def check(self) -> None:
        """Raises :class:`CycleError` where prerequisites go in a circle."""
        import networkx

        try:
            edges = networkx.find_cycle(self._requires_graph())
        except networkx.NetworkXNoCycle:
            return
        raise CycleError((*(edge[0] for edge in edges), edges[-1][1]))

    def to_dot(self, concept_ids: Iterable[str] | None = None) -> str:
        """The prerequisites as Graphviz DOT text, of all concepts or of those named."""
        chosen = dict.fromkeys(self._concepts if concept_ids is None else concept_ids)
        lines = ["digraph concepts {", "  rankdir=LR;"]
        lines += [f"  {_quoted(name)} [label={_quoted(self._concepts[name].title)}];" for name in chosen]
        for name in chosen:
            targets = self._succ[Kind.REQUIRES].get(name, ())
            lines += [f"  {_quoted(name)} -> {_quoted(target)};" for target in targets if target in chosen]
        return "\n".join([*lines, "}", ""])

    def _requires_graph(self) -> networkx.DiGraph[str]:
        if self._digraph is None:
            import networkx

            graph: networkx.DiGraph[str] = networkx.DiGraph()
            graph.add_nodes_from(self._concepts)
            for source, targets in self._succ[Kind.REQUIRES].items():
                graph.add_edges_from((source, target) for target in targets)
            self._digraph = graph
        return self._digraph

    def _named(self, names: Iterable[str]) -> tuple[Concept, ...]:
        return tuple(self._concepts[name] for name in names)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
