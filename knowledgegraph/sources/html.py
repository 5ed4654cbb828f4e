"""HTML of documentation to plain text and Markdown, without a page's furniture.

Made for the pages that mdBook and rustdoc write, but any HTML does: whatever is broken, garbled or nested without end
gives some text, never an error. Beyond :data:`_DEEPEST` levels structure is given up and the text alone is kept.
"""

from __future__ import annotations

import errno
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

#: A page larger than this is no documentation page; the largest real one has about 4.4 million bytes.
MOST_BYTES = 8_000_000

_DEEPEST = 60
_SMALL = 100_000  # bytes: what is nested in fewer is parsed in no time
_MOST_OPEN = 5_000
_TAG = re.compile(rb"<(/?)([A-Za-z][A-Za-z0-9:-]*+)([^<>]*+)>")
_NEVER_NESTED = frozenset({
    b"area", b"base", b"br", b"col", b"dd", b"dt", b"embed", b"hr", b"img", b"input", b"li", b"link", b"meta",
    b"option", b"p", b"param", b"source", b"tbody", b"td", b"tfoot", b"th", b"thead", b"tr", b"track", b"wbr",
})  # fmt: skip
_TEXT = "-text"
#: The tags of headings and their levels.
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_CONTAINERS = frozenset({
    "address", "article", "aside", "body", "center", "details", "dialog", "dl", "div", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hgroup", "html", "main", "search", "section",
    "summary",
})  # fmt: skip
_BLOCKS = frozenset({*_CONTAINERS, *HEADINGS, "blockquote", "dd", "dt", "hr", "li", "ol", "p", "pre", "table", "ul"})
_FURNITURE = frozenset({
    "audio", "button", "canvas", "datalist", "head", "iframe", "img", "input", "math", "nav", "noscript",
    "object", "picture", "script", "select", "style", "svg", "template", "textarea", "video", "wbr",
    "-comment",
})  # fmt: skip
#: Classes of what a page hides or shows beside its text: mdBook's hidden lines and buttons, the Reference's railroad
#: diagrams, rule labels and pop-ups, marks of footnotes, rustdoc's anchors, "Source" links and folded summaries.
_HIDDEN = frozenset({
    "boring", "buttons", "doc-anchor", "anchor-link", "footnote-reference", "grammar-hidden", "hideme",
    "popup-container", "popup-hidden", "rightside", "rule-link", "src", "srclink", "test-link", "tooltip",
})  # fmt: skip
_MAY_HIDE = frozenset({"a", "div", "span", "summary", "sup"})
_ANCHOR_SIGNS = frozenset({"", "§", "¶", "#", "🔗", "↩", "↩\ufe0e"})
_MARKERS = frozenset({"compile_fail", "does_not_compile", "should_panic", "panics", "not_desired_behavior"})
_ERROR_CODE = re.compile(r"E\d{4}")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_SPECIAL = re.compile(r"([\\*`<])")
_STARTS_BLOCK = re.compile(r"(#{1,6}\s|[-+]\s|>|\d{1,9}(?=[.)]\s))")
_BREAK = "\v"  # stands for <br> until white space is folded


def parse(path: Path) -> LexborHTMLParser:
    """The page in this file; bytes that are no UTF-8 become U+FFFD.

    Raises OSError where there is no such file, it is none that can be read to its end (a folder, a pipe) or it has
    more than :data:`MOST_BYTES`.
    """
    return LexborHTMLParser(read_page(path).decode("utf-8", "replace"))


def read_page(path: Path) -> bytes:
    """The bytes of a page. Raises OSError as :func:`parse` does."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if status.st_size > MOST_BYTES:
        raise OSError(errno.EFBIG, "too large for a page of documentation", str(path))
    page = path.read_bytes()
    if len(page) > _SMALL and _is_too_deep(page):
        raise OSError(errno.EFBIG, "nested too deeply for a page of documentation", str(path))
    return page


def _is_too_deep(page: bytes) -> bool:
    """Whether elements are opened inside each other without end, in which the parser takes time without end."""
    depth = 0
    opened: dict[bytes, int] = {}
    for closing, name, rest in _TAG.findall(page):
        if closing:
            if opened.get(name):
                opened[name] -= 1
                depth -= 1
        elif not rest.endswith(b"/") and name.lower() not in _NEVER_NESTED:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            if depth > _MOST_OPEN:
                return True
    return False


def text_of(node: LexborNode) -> str:
    """What a reader sees of a node, on one line, white space folded."""
    parts: list[str] = []
    for inner in visible(node):
        if inner.tag == _TEXT:
            parts.append(inner.text_content or "")
        elif inner.tag in _BLOCKS or inner.tag in {"br", "td", "th"}:
            parts.append(" ")
        elif inner.tag == "sup" and _is_power(inner):
            parts.append("^")
    return _SPACE.sub(" ", "".join(parts)).strip()


def markdown_of(nodes: Iterable[LexborNode]) -> str:
    """Markdown of nodes that follow each other: headings, paragraphs, lists, code, tables, quotes, emphasis.

    Links are their text, images are left out. A code block has its language and what is to be known about it in its
    first line (``rust,compile_fail,E0382``); lines that the page hides are left out.
    """
    return "\n\n".join(_blocks(nodes, 0))


def links_of(nodes: Iterable[LexborNode]) -> list[str]:
    """Where the links inside the nodes lead: ``href`` as written, each once, in order."""
    found: dict[str, None] = {}
    for node in nodes:
        for inner in visible(node):
            if inner.tag == "a" and (href := inner.attributes.get("href")):
                found.setdefault(href)
    return list(found)


def code_names_of(nodes: Iterable[LexborNode]) -> list[str]:
    """The texts of inline code inside the nodes, each once, in order; code blocks are left out."""
    found: dict[str, None] = {}
    for node in nodes:
        for inner in visible(node, without=frozenset({"pre"})):
            if inner.tag == "code" and (text := text_of(inner)):
                found.setdefault(text)
    return list(found)


def is_hidden(node: LexborNode) -> bool:
    """Whether a node is furniture that is no part of the text."""
    tag = node.tag
    if tag == _TEXT:
        return False
    if tag is None or tag in _FURNITURE:
        return True
    if tag not in _MAY_HIDE:
        return False
    attributes = node.attributes
    classes = attributes.get("class")
    if classes and not _HIDDEN.isdisjoint(classes.split()):
        return True
    return tag == "a" and "href" in attributes and _is_sign(node)


def visible(node: LexborNode, without: frozenset[str] = frozenset()) -> Iterator[LexborNode]:
    """The node and all in it that is shown, in the order of the page, at any depth; not inside ``without`` tags."""
    if is_hidden(node) or node.tag in without:
        return
    yield node
    stack = [node.first_child]
    while stack:
        inner = stack.pop()
        if inner is None:
            continue
        stack.append(inner.next)
        if inner.tag == _TEXT:
            yield inner
        elif not is_hidden(inner) and inner.tag not in without:
            yield inner
            stack.append(inner.first_child)


def children(node: LexborNode) -> Iterator[LexborNode]:
    """The nodes directly inside, text among them."""
    inner = node.first_child
    while inner is not None:
        yield inner
        inner = inner.next


def _is_sign(link: LexborNode) -> bool:
    """Whether a link shows nothing but the sign of an anchor."""
    only = link.first_child
    if only is None:
        return True
    return only.tag == _TEXT and only.next is None and (only.text_content or "").strip() in _ANCHOR_SIGNS


def _is_power(node: LexborNode) -> bool:
    """Whether what stands above the line is a number: 2 to the 32nd must not become 232."""
    first = node.first_child
    return first is not None and first.tag == _TEXT and (first.text_content or "").lstrip("-−")[:1].isdigit()


def _blocks(nodes: Iterable[LexborNode], depth: int) -> list[str]:
    """The blocks of Markdown that nodes make; what is inline between two blocks is a paragraph."""
    done: list[str] = []
    line: list[str] = []
    for node in nodes:
        if is_hidden(node):
            continue
        if node.tag in _BLOCKS or (node.tag != _TEXT and _holds_block(node)):
            done += _paragraph(line)
            line = []
            done += _block(node, depth + 1)
        else:
            _inline(node, line, depth)
    return done + _paragraph(line)


def _holds_block(node: LexborNode) -> bool:
    """Whether an inline element wraps blocks: a link around a heading, an unclosed ``<b>`` before paragraphs."""
    return any(inner.tag in _BLOCKS for inner in children(node))


def _paragraph(parts: list[str]) -> list[str]:
    text = _fold("".join(parts))
    if not text:
        return []
    start = _STARTS_BLOCK.match(text)
    if start is None:
        return [text]
    at = start.end() if start[0][0].isdigit() else 0
    return [f"{text[:at]}\\{text[at:]}"]


def _fold(text: str) -> str:
    """White space as HTML folds it; line breaks that were asked for stay."""
    lines = [_SPACE.sub(" ", line).strip() for line in text.split(_BREAK)]
    return "  \n".join(line for line in lines if line)


def _block(node: LexborNode, depth: int) -> list[str]:
    tag = node.tag or ""
    if depth > _DEEPEST:
        return _paragraph([_SPECIAL.sub(r"\\\1", text_of(node))])
    if tag in HEADINGS:
        title = _inline_of(node, depth).replace("  \n", " ")
        return [f"{'#' * HEADINGS[tag]} {title}"] if title else []
    if tag == "pre":
        return _code_block(node)
    if tag in ("ul", "ol"):
        return _list(node, depth)
    if tag == "table":
        return _table(node, depth)
    if tag == "blockquote":
        inside = "\n\n".join(_blocks(children(node), depth))
        return ["\n".join(f"> {line}".rstrip() for line in inside.split("\n"))] if inside else []
    if tag == "hr":
        return ["---"]
    if tag == "dt":
        inside = " ".join(_blocks(children(node), depth))
        return [inside] if inside else []
    return _blocks(children(node), depth)


def _inline_of(node: LexborNode, depth: int) -> str:
    parts: list[str] = []
    for inner in children(node):
        _inline(inner, parts, depth)
    return _fold("".join(parts))


def _inline(node: LexborNode, parts: list[str], depth: int) -> None:
    """Adds what a node gives inside a paragraph."""
    tag = node.tag
    if tag == _TEXT:
        parts.append(_SPECIAL.sub(r"\\\1", (node.text_content or "").replace(_BREAK, " ")))
    elif is_hidden(node):
        return
    elif tag == "br":
        parts.append(_BREAK)
    elif tag in ("code", "kbd", "samp", "tt"):
        parts.append(_code_span(text_of(node)))
    elif depth > _DEEPEST:
        parts.append(_SPECIAL.sub(r"\\\1", text_of(node)))
    else:
        inside: list[str] = []
        for inner in children(node):
            _inline(inner, inside, depth + 1)
        text = "".join(inside)
        if tag == "sup" and _is_power(node):
            text = f"^{text}"
        mark = "*" if tag in ("em", "i") else "**" if tag in ("strong", "b") else ""
        parts.append(_marked(text, mark) if mark else f" {text} " if tag in _BLOCKS else text)


def _marked(text: str, mark: str) -> str:
    """Emphasis that holds: its marks touch the text, spaces stay outside; emphasis in itself is marked once."""
    core = text.strip()
    if not core or mark in core or _BREAK in core:
        return text
    before, _, after = text.partition(core)
    return f"{before}{mark}{core}{mark}{after}"


def _code_span(text: str) -> str:
    if not text:
        return ""
    text = text.replace(_BREAK, " ")
    fence = "`" * (_longest_run(text) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _longest_run(text: str) -> int:
    """The length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _code_block(pre: LexborNode) -> list[str]:
    parts = [
        "\n" if inner.tag == "br" else inner.text_content or ""
        for inner in visible(pre)
        if inner.tag == _TEXT or inner.tag == "br"
    ]
    code = "".join(parts).strip("\n").rstrip()
    if not code.strip():
        return []
    fence = "`" * max(3, _longest_run(code) + 1)
    return [f"{fence}{','.join(code_labels(pre))}\n{code}\n{fence}"]


def code_labels(pre: LexborNode) -> list[str]:
    """What a page says of a code block: its language ("" where it says none and something else follows), whether it
    is meant to fail and with which error code: ``["rust", "compile_fail", "E0382"]``."""
    language = ""
    labels: list[str] = []
    for name in _classes_around(pre):
        if name.startswith("language-"):
            language = language or name.removeprefix("language-").lower()
        elif name == "rust":
            language = language or "rust"
        elif (name in _MARKERS or _ERROR_CODE.fullmatch(name)) and name not in labels:
            labels.append(name)
    if language in _MARKERS:
        language, labels = "rust", [language, *labels]
    language = re.sub(r"[^a-z0-9+#_-]", "", language)[:30]
    return [language or "text", *labels] if labels else [language] if language else []


def _classes_around(pre: LexborNode) -> list[str]:
    """The classes of a code block: of the code, of the ``pre``, and of the ``div`` that rustdoc puts around."""
    around = pre.parent
    inner = pre.css_first("code")
    names = (inner.attributes.get("class") or "").split() if inner is not None else []
    names += (pre.attributes.get("class") or "").split()
    if around is not None:
        outer = (around.attributes.get("class") or "").split()
        names += outer if "example-wrap" in outer else []
    return names


def _list(node: LexborNode, depth: int) -> list[str]:
    number = _first_number(node) if node.tag == "ol" else None
    items: list[str] = []
    loose = False
    for inner in children(node):
        if is_hidden(inner) or inner.tag == _TEXT:
            continue
        is_item = inner.tag == "li"
        blocks = _blocks(children(inner), depth + 1) if is_item else _block(inner, depth + 1)
        if not blocks:
            continue
        tight = not any(part.tag == "p" for part in children(inner))
        loose = loose or not tight
        mark = "-" if number is None else f"{number}."
        body = ("\n" if tight else "\n\n").join(blocks).replace("\n", "\n" + " " * (len(mark) + 1))
        items.append(re.sub(r"(?m)^ +$", "", f"{mark} {body}"))
        number = None if number is None else number + 1
    return [("\n\n" if loose else "\n").join(items)] if items else []


def _first_number(node: LexborNode) -> int:
    start = node.attributes.get("start") or ""
    return int(start) if re.fullmatch(r"[0-9]{1,6}", start) else 1


def _table(node: LexborNode, depth: int) -> list[str]:
    rows: list[list[str]] = []
    for row in _rows(node):
        cells = [cell for cell in children(row) if cell.tag in ("td", "th") and not is_hidden(cell)]
        if cells:
            rows.append([_cell(cell, depth) for cell in cells])
    if not any(any(row) for row in rows):
        return []
    width = max(map(len, rows))
    lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows]
    return ["\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])]


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    """The rows of a table itself, not of tables inside it."""
    for part in children(table):
        if part.tag == "tr":
            yield part
        elif part.tag in ("thead", "tbody", "tfoot"):
            yield from (row for row in children(part) if row.tag == "tr")


def _cell(node: LexborNode, depth: int) -> str:
    if depth > _DEEPEST:
        return text_of(node).replace("|", "\\|")
    return _inline_of(node, depth + 1).replace("  \n", " ").replace("|", "\\|")
