"""A book's table of contents: which of its files are pages, in which order, and what is a part of what.

Two formats of mdBook: today a file ``toc.html``; before, a side bar in every page (as in Debian's rust-doc 1.63).
Whatever the table does not list (redirects, ``print.html``, old editions) is no page of the book.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledgegraph.sources import html

_DEEPEST = 12
_LEFT_OUT = frozenset({"print.html", "toc.html", "404.html"})


@dataclass(frozen=True, slots=True)
class Chapter:
    """One page of the book. ``ref``: its path inside the book's folder. ``above``: the ref of the chapter whose part
    it is; "" at the top."""

    ref: str
    title: str
    above: str = ""


def chapters(folder: Path) -> list[Chapter]:
    """The pages that the book in this folder lists, in reading order, each once.

    Raises OSError where no table of contents can be read, with a sentence that names the file.
    """
    trouble: OSError | None = None
    for name, table in (("toc.html", "ol.chapter"), ("index.html", "#sidebar ol.chapter")):
        try:
            found = _listed(html.parse(folder / name), table)
        except OSError as error:
            trouble = trouble or error
            continue
        if found:
            return found
    if trouble is not None:
        raise trouble
    raise OSError(errno.ENODATA, "lists no pages of a book", str(folder / "toc.html"))


def _listed(page: LexborHTMLParser, table: str) -> list[Chapter]:
    found: dict[str, Chapter] = {}
    last_at: list[str] = []  # the last chapter of each level so far, from the top to here; "" where there is no page
    for contents in page.css(table):
        for line in contents.css("li"):
            if all(part.tag == "ol" or part.tag == "-text" for part in html.children(line)):
                continue  # before today's format the parts of a chapter were in a line of their own
            link = _link_of(line)
            ref = _page_of(link.attributes.get("href") or "") if link is not None else ""
            del last_at[min(_level(line, contents), len(last_at)) :]
            if link is not None and ref and ref not in found:
                above = next((upper for upper in reversed(last_at) if upper), "")
                found[ref] = Chapter(ref, _title(link) or ref, above)
            last_at.append(ref)
    return list(found.values())


def _link_of(line: LexborNode) -> LexborNode | None:
    """The link of a line itself, not of the lines inside it; None for a chapter that is not written yet."""
    link = line.css_first("a[href]")
    above = link.parent if link is not None else None
    for _ in range(_DEEPEST):
        if above is None or above.tag == "li":
            break
        above = above.parent
    return link if above is not None and above.mem_id == line.mem_id else None


def _level(line: LexborNode, contents: LexborNode) -> int:
    """How many lists inside the whole table a line is in."""
    level = 0
    above = line.parent
    for _ in range(4 * _DEEPEST):
        if above is None or above.mem_id == contents.mem_id:
            break
        level += above.tag == "ol"
        above = above.parent
    return level


def _page_of(href: str) -> str:
    """The page inside the book's folder that a link of the table names; "" where it names none."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return ""
    ref = normpath(unquote(parts.path)) if parts.path else ""
    if parts.scheme or parts.netloc or not ref.endswith(".html") or ref.startswith(("/", "..")) or "\0" in ref:
        return ""
    return "" if ref in _LEFT_OUT else ref


def _title(link: LexborNode) -> str:
    """The title without the number before it."""
    parts = [
        inner.text_content or "" if inner.tag == "-text" else html.text_of(inner)
        for inner in html.children(link)
        if not (inner.tag == "strong" and "aria-hidden" in inner.attributes)
    ]
    return " ".join("".join(parts).split())
