"""How an answer ends in every face: what it stands on, as a short numbered list of places that can be opened."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tutor.inert import inert_line

if TYPE_CHECKING:
    from tutor.events import Citation

MOST = 8
"""Places listed at most; the others are in the answer's ``--json``."""

_ALSO = re.compile(r"\n*^\*\*See also\*\*\n\n(?:- .*(?:\n|\Z))+\n*", re.MULTILINE)
_MANUAL = re.compile(r".*/man/man\w+/([^/]+)\.(\d)\w*(?:\.(?:gz|bz2|xz|zst))?")
_SHELL_WORD = re.compile(r"[\w@%+=:,./-]+")


class Cited(NamedTuple):
    """One line of the list. ``source``: what the place belongs to, as a reader calls it."""

    title: str
    source: str
    citation: Citation


def listed(citations: Iterable[Citation], main: str = "") -> list[Cited]:
    """At most :data:`MOST` places, the one that was told (``main``, the id of an entry) first, each name once."""
    from knowledgegraph.answer import SOURCES
    from knowledgegraph.entry import entry_id

    named: dict[tuple[str, str], Cited] = {}
    for citation in sorted(citations, key=lambda citation: entry_id(citation.kind, citation.ref) != main):
        cited = Cited(inert_line(citation.title or citation.ref), SOURCES.get(citation.kind, citation.kind), citation)
        named.setdefault((cited.title, cited.source), cited)
    return list(named.values())[:MOST]


def without_list(markdown: str, citations: Sequence[Citation]) -> str:
    """An answer without its "See also": the places in it are cited, and a face lists those once, to be opened."""
    return _ALSO.sub("\n\n", markdown).strip("\n") if citations else markdown


def place(citation: Citation) -> str:
    """How to get there from a shell: a command for lessons and manual pages, else the address or the file."""
    if citation.kind == "concept" and _SHELL_WORD.fullmatch(citation.ref):
        return f"tutor explain {citation.ref}"
    if found := _MANUAL.fullmatch(citation.location):
        page, section = found.groups()
        if _SHELL_WORD.fullmatch(page) and not page.startswith("-"):  # it will be copied into a shell
            return f"man {page}" if section == "1" else f"man {section} {page}"
    return inert_line(citation.location)


def has_links() -> bool:
    """Whether standard output is a terminal that understands, or quietly skips, hyperlinks (OSC 8). The Linux console
    and the oldest terminals may print them instead."""
    name = os.environ.get("TERM", "")
    return (
        sys.stdout.isatty() and bool(name) and name.split("-")[0] not in ("dumb", "linux", "vt100", "vt220", "screen")
    )


def link(citation: Citation) -> str:
    """The address for a terminal's hyperlink; "" where there is none. It holds no character that could end it."""
    from urllib.parse import quote

    path, mark, anchor = citation.location.partition("#")
    if path.startswith("https://"):
        return quote(citation.location, safe=":/?#&=%+,;@!~()'*[]")
    if not path.startswith("/") or citation.kind == "concept" or path.endswith((".gz", ".bz2", ".xz", ".zst")):
        return ""
    return "file://" + quote(path) + mark + quote(anchor)


def shortened(text: str, room: int) -> str:
    """A path or address in at most ``room`` cells, cut at its beginning, between its parts; "" where that says
    nothing."""
    if len(text) <= room:
        return text
    for start in (found.start() for found in re.finditer("/", text)):
        if len(text) - start + 1 <= room:
            return f"…{text[start:]}"
    return ""
