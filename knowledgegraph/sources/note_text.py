"""Cuts Markdown into its headings, so that each can be found and opened by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Further headings of a file are text: no book has more.
MOST_HEADINGS = 2000

#: A longer line is neither a heading nor a fence.
_LONGEST = 400

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_PLAIN = re.compile(r" {0,3}(?![ \t]|[-*+>|#`~]|\d+[.)])\S")  # a line that can only be a paragraph
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_CODE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[([^\][]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_MARKS = re.compile(r"[*`]+|(?<!\w)_{1,3}|_{1,3}(?!\w)|^[ \t]*(?:>|[-+*](?=[ \t])|#{1,6}(?=[ \t]))[ \t]*", re.MULTILINE)
_TAGS = re.compile(r"<!--.*?(?:-->|\Z)|</?[a-zA-Z][^<>]*>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A heading and the text below it, up to the next heading. ``level``: 1 to 6; 0: what comes before the first one.
    ``raw``: the heading as written, with its line ends. Raw and body of all pieces, joined, are the whole text."""

    level: int
    title: str
    raw: str
    body: str


def split(text: str) -> list[Piece]:
    """The pieces of a Markdown text, in order; the first one has level 0. Lines in fenced code are no headings."""
    pieces: list[Piece] = []
    level, title, raw = 0, "", ""
    body: list[str] = []
    for found, lines in _headings(text):
        if not found or len(pieces) >= MOST_HEADINGS:
            body += lines
            continue
        pieces.append(Piece(level, title, raw, "".join(body)))
        (level, title), raw, body = found, "".join(lines), []
    pieces.append(Piece(level, title, raw, "".join(body)))
    return pieces


def _headings(text: str) -> Iterator[tuple[tuple[int, str] | None, list[str]]]:
    """Each heading as its level and title with its lines, and each other line with None."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)  # splitlines would also cut at \f, \x1c and others
    fence, before, place = "", "", 0
    while place < len(lines):
        line = lines[place].rstrip("\n")
        after = lines[place + 1].rstrip("\n") if place + 1 < len(lines) else ""
        found, used = None, 1
        if len(line) > _LONGEST:
            pass
        elif fence:
            closed = _FENCE.fullmatch(line)
            if closed and closed[1].startswith(fence) and not closed[2].strip():
                fence, line = "", ""
        elif opened := _FENCE.fullmatch(line):
            fence = opened[1]
        elif atx := _ATX.fullmatch(line):
            found = (len(atx[1]), (atx[2] or "").strip())
        elif not before.strip() and _PLAIN.match(line) and (under := _UNDERLINE.fullmatch(after)):
            found, used = (1 if under[1][0] == "=" else 2, line.strip()), 2
        yield found, lines[place : place + used]
        before = "" if found else line
        place += used


def without_front_matter(text: str) -> tuple[str, str]:
    """The text without the YAML block that some notes start with, and the title that the block gives ("" if none)."""
    if not (front := _FRONT.match(text)):
        return text, ""
    title = _FRONT_TITLE.search(front[1] or "")
    return text[front.end() :], title[1].strip("\"'") if title else ""


def plain(markdown: str) -> str:
    """The words of Markdown on one line, without code blocks, marks, links and tags; good enough for a summary."""
    text = _LINK.sub(r"\1", _TAGS.sub("", _CODE.sub("", markdown)))
    return " ".join(_MARKS.sub("", text).split())


def slug(title: str) -> str:
    """A title as an anchor: small letters and digits, joined by hyphens; never empty."""
    return "-".join(re.findall(r"\w+", plain(title).lower()))[:80] or "section"
