"""``tutor graph``: what a concept or a page needs, what is beside it, what it unlocks, and the way to it."""

from __future__ import annotations

import argparse
from itertools import pairwise
from typing import TYPE_CHECKING

from commands import json_face
from commands.run import readable
from commands.terminal import has_colour, put, width
from tutor.errors import Missing, UsageError
from tutor.inert import inert, inert_line
from tutor.paths import find_home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from knowledgegraph.entry import Entry
    from knowledgegraph.graph import Neighbourhood, Node
    from knowledgegraph.library import Library

#: The lists of a neighbourhood, in the order in which they are shown, and what each is called.
GROUPS = {
    "requires": "Learn first", "unlocks": "It unlocks", "above": "It is a part of", "parts": "Its parts",
    "before": "Read before it", "after": "Read after it", "read": "Read on", "lessons": "Lessons about it",
    "errors": "Errors and lints", "related": "Beside it",
}  # fmt: skip
_LISTED = 12  # of one group in the text


def run(options: argparse.Namespace) -> int:
    """Prints the neighbourhood of one entry, or with ``--path`` what to learn for it."""
    from knowledgegraph.library import Library
    from tutor.knowledge import Knowledge

    library = Library.open(Knowledge(find_home(options.home)).path)
    show(library, " ".join(options.concept), options)
    return 0


def show(library: Library, name: str, options: argparse.Namespace) -> None:
    """Prints what is known around ``name``. ``options``: ``json``, ``dot`` and ``path``. Raises UsageError, and
    Missing for a damaged knowledge."""
    with readable():
        _show(library, name, options)


def _show(library: Library, name: str, options: argparse.Namespace) -> None:
    found = find(library, inert_line(name))  # whatever bytes were typed, an index gets text
    try:
        around = library.neighbourhood(found[0].id)
    except KeyError:  # it was there a moment ago: the knowledge is damaged, and the lessons alone are left
        raise Missing("Not readable", library.problem or f"{name!r} is gone.", "tutor knowledge build") from None
    if options.path:
        path = path_to(library, around)
        if options.json:
            json_face.write({"concept": _brief(around.centre), "path": [_brief(node) for node in path]})
        else:
            put(path_text(around, path))
    elif options.json:
        others = [{"id": entry.id, "title": entry.title, "kind": entry.kind} for entry in found[1:]]
        json_face.write({**_json(around), "others": others})
    elif options.dot:
        put(_dot(around))
    else:
        put(text(around, found[1:]))


def find(library: Library, name: str) -> list[Entry]:
    """The entries that are called ``name``, the best one first. Raises UsageError where there is none."""
    found = library.look_up(name)
    if found:
        return found
    near = [hit.entry.id for hit in library.search(name, limit=3)]
    if near:
        hint = f"near it: {', '.join(map(inert_line, near))}"
    elif not library.built:
        hint = "tutor knowledge build reads the documentation of this machine, too"
    else:
        hint = 'tutor ask "…" searches everything'
    raise UsageError("No such concept", f"There is no concept or page called {name!r}.", hint)


def path_to(library: Library, around: Neighbourhood) -> tuple[Node, ...]:
    """What to learn, in order, to understand the centre: the way to it, or to the lesson about it and then the centre
    itself. Raises UsageError where no lesson leads there."""
    goal = next((node.id for node in (around.centre, *around.lessons) if node.id in library.concepts), None)
    if goal is None:
        raise UsageError("No path", f"No lesson leads to {around.centre.title!r} yet.",
                         "tutor graph without --path shows what is around it")  # fmt: skip
    path = library.graph.path_to(goal)
    return path if goal == around.centre.id else (*path, around.centre)


def _brief(node: Node) -> dict[str, object]:
    return {"id": node.id, "title": node.title, "domain": node.domain, "definition": node.summary, "kind": node.kind,
            "form": node.form}  # fmt: skip


def _groups(around: Neighbourhood) -> dict[str, Sequence[Node]]:
    return {name: getattr(around, name) for name in GROUPS}


def _json(around: Neighbourhood) -> dict[str, object]:
    lists = {name: [_brief(node) for node in nodes] for name, nodes in _groups(around).items()}
    return {"concept": _brief(around.centre), **lists}


def _dot(around: Neighbourhood) -> str:
    """The neighbourhood as Graphviz text (the DOT language)."""
    from knowledgegraph.entry import Kind
    from knowledgegraph.graph import dot

    centre = around.centre.id
    kinds = {
        "requires": (Kind.REQUIRES, False), "unlocks": (Kind.REQUIRES, True), "parts": (Kind.PART_OF, False),
        "before": (Kind.NEXT, False), "after": (Kind.NEXT, True), "read": (Kind.ILLUSTRATED_BY, True),
        "lessons": (Kind.ILLUSTRATED_BY, False), "errors": (Kind.EXPLAINS_ERROR, True), "related": (Kind.RELATED, True),
    }  # fmt: skip
    groups = _groups(around)
    edges = [
        (centre, node.id, kind) if away else (node.id, centre, kind)
        for name, (kind, away) in kinds.items()
        for node in groups[name]
    ]
    chain = [*around.above, around.centre]
    edges += [(part.id, whole.id, Kind.PART_OF) for whole, part in pairwise(chain)]
    return inert(dot([around.centre, *(node for nodes in groups.values() for node in nodes)], edges, centre))


def text(around: Neighbourhood, others: Sequence[Entry] = ()) -> str:
    """The neighbourhood as Markdown, rendered for this terminal."""
    from commands.markdown import render

    parts = [f"# {around.centre.title}", around.centre.summary]
    for name, nodes in _groups(around).items():
        if nodes:
            left = len(nodes) - _LISTED
            more = f"\n- and {left} more" if left > 0 else ""
            parts.append(f"**{GROUPS[name]}**\n\n" + "\n".join(map(_line, nodes[:_LISTED])) + more)
    if others:
        parts.append("**Also called so**\n\n" + "\n".join(f"- {entry.title} (`{entry.id}`)" for entry in others))
    return render("\n\n".join(parts), width(), colour=has_colour())


def path_text(around: Neighbourhood, path: Sequence[Node]) -> str:
    """A learning path as a numbered list."""
    from commands.markdown import render

    steps = "\n".join(f"{number}. {node.title} (`{node.id}`)" for number, node in enumerate(path, 1))
    return render(f"# The way to {around.centre.title}\n\n{steps}", width(), colour=has_colour())


def _line(node: Node) -> str:
    return f"- {node.title} (`{node.id}`)"
