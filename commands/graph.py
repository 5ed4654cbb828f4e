"""``tutor graph``: what a concept needs, what is beside it, what it unlocks."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from commands import json_face
from commands.terminal import has_colour, width
from tutor.errors import UsageError

if TYPE_CHECKING:
    from knowledgegraph.concepts import Concept
    from knowledgegraph.graph import Neighbourhood


def run(options: argparse.Namespace) -> int:
    """Prints the neighbourhood of one concept."""
    from knowledgegraph.library import Library

    name = " ".join(options.concept)
    library = Library.open()
    concept = library.get(name)
    if concept is None:
        near = [hit.concept.id for hit in library.search(name, limit=3) if hit.concept]
        hint = f"near it: {', '.join(near)}" if near else 'tutor ask "…" searches all lessons'
        raise UsageError("No such concept", f"There is no concept called {name!r}.", hint)
    around = library.neighbourhood(concept.id)
    if options.json:
        json_face.write(_json(around))
    elif options.dot:
        sys.stdout.write(_dot(around))
    else:
        sys.stdout.write(text(around))
    return 0


def _brief(concept: Concept) -> dict[str, object]:
    return {"id": concept.id, "title": concept.title, "domain": concept.domain, "definition": concept.definition}


def _json(around: Neighbourhood) -> dict[str, object]:
    return {
        "concept": _brief(around.centre),
        "requires": [_brief(c) for c in around.requires],
        "unlocks": [_brief(c) for c in around.unlocks],
        "related": [_brief(c) for c in around.related],
    }


def _dot(around: Neighbourhood) -> str:
    """The neighbourhood as Graphviz text (the DOT language)."""
    centre = around.centre
    lines = ["digraph concept {", "  rankdir=LR;", f'  "{centre.id}" [label={_quoted(centre.title)}, shape=box];']
    lines += [f'  "{c.id}" [label={_quoted(c.title)}];' for c in (*around.requires, *around.unlocks)]
    lines += [f'  "{c.id}" -> "{centre.id}";' for c in around.requires]
    lines += [f'  "{centre.id}" -> "{c.id}";' for c in around.unlocks]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(title: str) -> str:
    """A title as a string of the DOT language, in which only quotes and backslashes mean something."""
    escaped = title.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def text(around: Neighbourhood) -> str:
    """The neighbourhood as Markdown, rendered for this terminal."""
    from commands.markdown import render

    parts = [f"# {around.centre.title}", around.centre.definition]
    for title, concepts in (("Learn first", around.requires), ("It unlocks", around.unlocks),
                            ("Beside it", around.related)):  # fmt: skip
        if concepts:
            parts.append(f"**{title}**\n\n" + "\n".join(f"- {c.title} (`{c.id}`)" for c in concepts))
    return render("\n\n".join(parts), width(), colour=has_colour())
