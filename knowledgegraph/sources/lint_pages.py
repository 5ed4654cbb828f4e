"""The pages of the rustc book that explain the compiler's lints, cut into one section for each lint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from knowledgegraph.entry import Trouble

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

#: The pages in the folder ``lints/listing`` of the rustc book.
PAGES = ("allowed-by-default.html", "warn-by-default.html", "deny-by-default.html")


@dataclass(frozen=True, slots=True)
class Section:
    """What the book says about one lint. ``name``: with underscores; ``ref``: page and anchor inside the book."""

    name: str
    ref: str
    location: str
    markdown: str


def read_sections(folder: Path) -> Iterator[Section | Trouble]:
    """The sections of the pages in ``folder``, in order; a page that cannot be read is a Trouble."""
    from knowledgegraph.sources.html import children, markdown_of, parse

    for page in PAGES:
        try:
            body = parse(folder / page).css_first("main")
        except OSError as error:
            yield Trouble(f"{folder / page} cannot be read ({error.strerror}); the lints on it have no explanation.")
            continue
        heading = ""
        nodes: list[LexborNode] = []
        for node in (*children(body), None) if body else ():
            if node is not None and node.tag != "h2":
                nodes.append(node)
                continue
            if heading:
                place = f"{page}#{heading}"
                yield Section(
                    heading.replace("-", "_"), f"lints/listing/{place}", f"{folder}/{place}", markdown_of(nodes)
                )
            heading = (node.attributes.get("id") or "") if node is not None else ""
            nodes = []
