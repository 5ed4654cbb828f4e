"""The graph: what surrounds an entry, what to learn first, what a concept unlocks, how to get there.

Only this module imports networkx, and only for algorithms: neighbours are read from the store, so that the concept map
can be painted before networkx is loaded and re-centred on any of tens of thousands of entries at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from knowledgegraph.concepts import Concept
from knowledgegraph.entry import Kind

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True, slots=True)
class Node:
    """An entry as it stands in the graph: what the map shows of it. ``form``: of :class:`knowledgegraph.entry.Form`."""

    id: str
    title: str
    kind: str
    domain: str
    form: str
    summary: str


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What is one edge away from an entry, each list in the order of the source, none of them longer than
    :data:`MOST`.

    ``requires``: learn first; ``unlocks``: what it leads to. ``above``: what it is a part of, the nearest last;
    ``parts``: what is a part of it. ``before``, ``after``: its neighbours in reading order. ``read``: where it is
    taught or shown at length; ``lessons``: our own concepts about it; ``errors``: codes and lints it explains;
    ``related``: other links, either way.
    """

    centre: Node
    requires: tuple[Node, ...] = ()
    unlocks: tuple[Node, ...] = ()
    above: tuple[Node, ...] = ()
    parts: tuple[Node, ...] = ()
    before: tuple[Node, ...] = ()
    after: tuple[Node, ...] = ()
    read: tuple[Node, ...] = ()
    lessons: tuple[Node, ...] = ()
    errors: tuple[Node, ...] = ()
    related: tuple[Node, ...] = ()


#: The most that a neighbourhood lists of one sort: ``Option`` is linked to from more places than anyone reads.
MOST = 200

# Which list a relation belongs to: away from the centre, and towards it. PART_OF upwards is a chain of its own.
_AWAY = {
    Kind.REQUIRES: "unlocks", Kind.NEXT: "after", Kind.ILLUSTRATED_BY: "read", Kind.FIXED_BY: "lessons",
    Kind.EXPLAINS_ERROR: "errors", Kind.RELATED: "related", Kind.LINKS_TO: "related",
}  # fmt: skip
_TOWARDS = {
    Kind.REQUIRES: "requires", Kind.NEXT: "before", Kind.PART_OF: "parts", Kind.ILLUSTRATED_BY: "lessons",
    Kind.FIXED_BY: "errors", Kind.EXPLAINS_ERROR: "lessons", Kind.RELATED: "related", Kind.LINKS_TO: "related",
}  # fmt: skip


def neighbourhood(centre: Node, above: Sequence[Node], edges: Iterable[tuple[Kind, bool, Node]]) -> Neighbourhood:
    """Sorts what surrounds ``centre``: each edge is its kind, whether it leads away, and the other end. What stands in
    one list is not repeated in a later one."""
    order = [field.name for field in fields(Neighbourhood) if field.name not in ("centre", "above")]
    found: dict[str, dict[str, Node]] = {name: {} for name in order}
    for kind, away, node in edges:
        name = (_AWAY if away else _TOWARDS).get(kind)
        if name and len(found[name]) < MOST:
            found[name].setdefault(node.id, node)
    seen = {centre.id, *(node.id for node in above)}
    lists: dict[str, tuple[Node, ...]] = {}
    for name in order:
        lists[name] = tuple(node for node in found[name].values() if node.id not in seen)
        seen.update(found[name])
    return Neighbourhood(centre, above=tuple(above), **lists)


class CycleError(ValueError):
    """Prerequisites go in a circle. ``cycle``: the ids on it, the first one again at the end."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(f"Prerequisites go in a circle: {' -> '.join(cycle)}.")
        self.cycle = cycle


class ConceptGraph:
    """The concepts that a learner goes through, and which requires which: the graph that networkx works on.

    ``nodes``: in the order of the content; ``requires``: pairs (needed, concept) of their ids.
    Raises KeyError where a pair or a call names an id that is no node.
    """

    def __init__(self, nodes: Iterable[Node], requires: Iterable[tuple[str, str]]) -> None:
        self._nodes = {node.id: node for node in nodes}
        self._requires = list(requires)
        for end in (end for pair in self._requires for end in pair):
            _ = self._nodes[end]
        self._digraph: networkx.DiGraph[str] | None = None

    @classmethod
    def of(cls, concepts: Mapping[str, Concept]) -> ConceptGraph:
        """The graph that authored concepts state themselves."""
        pairs = [(needed, concept.id) for concept in concepts.values() for needed in concept.requires]
        return cls(map(node_of, concepts.values()), pairs)

    def roots(self) -> tuple[Node, ...]:
        """Where a learner can start: concepts without prerequisites."""
        later = {target for _, target in self._requires}
        return tuple(node for node in self._nodes.values() if node.id not in later)

    def path_to(self, concept_id: str) -> tuple[Node, ...]:
        """Everything to learn for ``concept_id``, in an order that never runs ahead; the concept itself is last."""
        import networkx

        graph = self._graph()
        self.check()
        needed = networkx.ancestors(graph, self._nodes[concept_id].id) | {concept_id}
        order = {name: place for place, name in enumerate(self._nodes)}
        names = networkx.lexicographical_topological_sort(graph.subgraph(needed), key=order.__getitem__)
        return tuple(self._nodes[name] for name in names)

    def check(self) -> None:
        """Raises :class:`CycleError` where prerequisites go in a circle."""
        import networkx

        try:
            edges = networkx.find_cycle(self._graph())
        except networkx.NetworkXNoCycle:
            return
        raise CycleError((*(edge[0] for edge in edges), edges[-1][1]))

    def to_dot(self, concept_ids: Iterable[str] | None = None) -> str:
        """The prerequisites as Graphviz DOT text, of all concepts or of those named."""
        chosen = dict.fromkeys(self._nodes if concept_ids is None else concept_ids)
        edges = [(source, target, Kind.REQUIRES) for source, target in self._requires]
        return dot((self._nodes[name] for name in chosen), edges)

    def _graph(self) -> networkx.DiGraph[str]:
        if self._digraph is None:
            import networkx

            self._digraph = networkx.DiGraph()
            self._digraph.add_nodes_from(self._nodes)
            self._digraph.add_edges_from(self._requires)
        return self._digraph


def node_of(concept: Concept) -> Node:
    """An authored concept as it stands in the graph."""
    return Node(concept.id, concept.title, "concept", concept.domain, "concept", concept.definition)


def dot(nodes: Iterable[Node], edges: Iterable[tuple[str, str, Kind]], centre: str = "") -> str:
    """Graphviz DOT text. Edges are read from source to target; those that are not prerequisites are dashed and named;
    edges to anything but ``nodes`` are left out. ``centre``: an id drawn as a box."""
    lines = ["digraph concepts {", "  rankdir=LR;"]
    known = {}
    for node in nodes:
        known[node.id] = node
        box = ", shape=box" if node.id == centre else ""
        lines.append(f"  {_quoted(node.id)} [label={_quoted(node.title)}{box}];")
    for source, target, kind in edges:
        if source in known and target in known:
            style = "" if kind is Kind.REQUIRES else f" [style=dashed, label={_quoted(str(kind))}]"
            lines.append(f"  {_quoted(source)} -> {_quoted(target)}{style};")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
