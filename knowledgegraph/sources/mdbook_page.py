"""One page of an mdBook cut into passages: one for each heading, and in the Reference one for each rule.

A passage runs from its heading to the next one, or to the end of the box (a note, say) that holds it. The page's first
heading is the page's own: what is before the second heading is the text of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledgegraph.entry import summary_of
from knowledgegraph.sources import html

_HEADINGS = "h1, h2, h3, h4, h5, h6"
_BOXES = frozenset({"section", "aside", "article", "blockquote", "details"})
_HEADING_IN_SOURCE = re.compile(rb"<h[1-6][\s>]", re.IGNORECASE)
_ERROR_SHOWN = re.compile(r"error\[(E\d{4})\]")
_ERROR_CODE = re.compile(r"E\d{4}")
_SHORT = 60  # a first paragraph of fewer characters says too little to stand for the text


@dataclass(slots=True)
class Rule:
    """A rule of the Reference: ``anchor`` is ``r-items.traits.intro``; ``nodes`` what it governs."""

    anchor: str
    nodes: list[LexborNode] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The dotted name that the Reference shows."""
        return self.anchor.removeprefix("r-")

    def summary(self) -> str:
        """Its first sentence or two."""
        return _summary(self.nodes)


@dataclass(slots=True)
class Passage:
    """A heading and what follows it. ``anchor``: of the heading in the page, "" where it has none. ``key``: tells it
    from the page's other passages; mostly the anchor. ``level``: 1 to 6, 0 for a page without a heading. ``above``:
    the passage that this one is a part of; None for the page itself. ``anchors``: every place in it that a link can
    name."""

    anchor: str
    key: str
    title: str
    level: int
    above: Passage | None = None
    nodes: list[LexborNode] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Its first sentence or two."""
        return _summary(self.nodes)

    def errors(self) -> list[str]:
        """The error codes that its code blocks are meant to raise, or show being raised, each once."""
        found: dict[str, None] = {}
        for node in self.nodes:
            for block in html.visible(node):
                if block.tag == "pre":
                    labels = html.code_labels(block)
                    codes = [label for label in labels if _ERROR_CODE.fullmatch(label)]
                    found.update(dict.fromkeys(codes + _ERROR_SHOWN.findall(block.text())))
        return list(found)


def passages(page: LexborHTMLParser) -> list[Passage]:
    """The passages of a page in order, the page itself first; none where it has no main part."""
    main = page.css_first("#content main") or page.css_first("main")
    if main is None:
        return []
    cutter = _Cutter(main)
    cutter.cut(main)
    return cutter.finish()


def headings_in_source(page: bytes) -> int:
    """How many headings the main part of a page holds, counted in its bytes and not in what the parser made of them."""
    start = page.find(b"<main")
    end = page.rfind(b"</main>")
    main = page[start : end if end > start else len(page)]
    outside_comments = (part.partition(b"-->")[2] if place else part for place, part in enumerate(main.split(b"<!--")))
    return sum(len(_HEADING_IN_SOURCE.findall(part)) for part in outside_comments)


class _Cutter:
    """Goes through the main part of a page once and deals its nodes out to passages."""

    def __init__(self, main: LexborNode) -> None:
        self.page = Passage("", "", "", 0)
        self.done = [self.page]
        self.here = self.page
        self.titled = False
        self.waiting: list[Rule] = []  # rules of which nothing but white space has followed yet
        self.keys: set[str] = set()
        self.opened = _ancestors(main, [*main.css(_HEADINGS), *main.css("div.rule")])

    def cut(self, main: LexborNode) -> None:
        """Deals out all below ``main``. A stack instead of recursion: a page may be nested without end."""
        stack: list[tuple[LexborNode | None, Passage | None]] = [(main.first_child, None)]
        while stack:
            node, leaving = stack.pop()
            if leaving is not None:
                self.here = leaving
            if node is None:
                continue
            stack.append((node.next, None))
            if html.is_hidden(node):
                self.note_anchors(node)
                continue
            if node.tag in html.HEADINGS:
                self.start_passage(node)
            elif node.tag == "div" and "rule" in (node.attributes.get("class") or "").split():
                self.start_rule(node)
            elif node.mem_id in self.opened:
                self.note_anchor(node)
                stack.append((None, self.here if node.tag in _BOXES else None))
                stack.append((node.first_child, None))
            else:
                self.add(node)

    def start_passage(self, heading: LexborNode) -> None:
        title = html.text_of(heading)
        level = html.HEADINGS[heading.tag or ""]
        anchor = _anchor_of(heading)
        if not self.titled:
            self.titled = True
            self.page.anchor, self.page.title, self.page.level = anchor, title, level
            self.here = self.page
        else:
            above = self.here
            while above.above is not None and above.level >= level:
                above = above.above
            self.here = Passage(anchor, self.key(anchor, title), title, level, above)
            self.done.append(self.here)
        if anchor:
            self.here.anchors.append(anchor)
        self.settle_rules()

    def key(self, anchor: str, title: str) -> str:
        """What tells this passage from the others, also where the page gives no anchor or the same one twice."""
        wanted = anchor or "-".join(title.split()) or "section"
        key, number = wanted, 1
        while key in self.keys:
            number += 1
            key = f"{wanted}~{number}"
        self.keys.add(key)
        return key

    def start_rule(self, node: LexborNode) -> None:
        anchor = node.attributes.get("id") or ""
        if anchor:
            self.waiting.append(Rule(anchor))

    def settle_rules(self) -> None:
        """The waiting rules belong to the passage that is read now."""
        self.here.rules += self.waiting
        self.here.anchors += [rule.anchor for rule in self.waiting]
        self.waiting = []

    def add(self, node: LexborNode) -> None:
        """A node of the passage's text."""
        if node.tag == "-text" and not (node.text_content or "").strip() and not self.here.nodes:
            return
        if node.tag != "-text" or (node.text_content or "").strip():
            self.settle_rules()
        self.here.nodes.append(node)
        if self.here.rules:
            self.here.rules[-1].nodes.append(node)
        self.note_anchors(node)

    def note_anchor(self, node: LexborNode) -> None:
        if node.id:
            self.here.anchors.append(node.id)

    def note_anchors(self, node: LexborNode) -> None:
        """Links lead to every id in a node, to those in what it hides as well."""
        if node.is_element_node:
            self.note_anchor(node)
            self.here.anchors += [inner.id for inner in node.css("[id]") if inner.id]

    def finish(self) -> list[Passage]:
        self.settle_rules()
        return self.done


def _ancestors(main: LexborNode, nodes: Iterable[LexborNode]) -> set[int]:
    """The ``mem_id`` of every node between ``main`` and one of ``nodes``."""
    found: set[int] = set()
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id != main.mem_id and above.mem_id not in found:
            found.add(above.mem_id)
            above = above.parent
    return found


def _anchor_of(heading: LexborNode) -> str:
    """The id of a heading; older books put it on the link inside."""
    if heading.id:
        return heading.id
    inside = heading.css_first("[id]")
    return (inside.id or "") if inside is not None else ""


def _summary(nodes: Iterable[LexborNode]) -> str:
    """The first sentences; where there are none, the first list or quote."""
    said = ""
    for paragraph in _prose(nodes):
        said = f"{said} {paragraph}".strip()
        if len(said) >= _SHORT:
            break
    lists = (html.text_of(node) for node in nodes if node.tag in ("ul", "ol", "dl", "blockquote"))
    return summary_of(said or next(lists, ""))


def _prose(nodes: Iterable[LexborNode]) -> Iterator[str]:
    """The paragraphs that are sentences: not code, tables, quotes or grammar."""
    for node in nodes:
        for inner in html.visible(node, without=frozenset({"pre", "table", "blockquote", "figure"})):
            if inner.tag == "p" and not _is_grammar(inner) and (text := html.text_of(inner)):
                yield text


def _is_grammar(paragraph: LexborNode) -> bool:
    above = paragraph.parent
    return above is not None and "grammar-container" in (above.attributes.get("class") or "")
