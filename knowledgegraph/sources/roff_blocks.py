"""The shape of a page between its macros and its Markdown: blocks by depth, then a tree, then text.

Both dialects write into a :class:`Blocks`; what comes out is the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from knowledgegraph.sources.roff_input import BOLD, GLUE, ITALIC, NO_BREAK, ROMAN

DEEPEST = 16
_WIDEST_TABLE = 12
_LONGEST_GLUED = 300


class Shape(Enum):
    """What a block is."""

    TEXT = auto()
    ITEM = auto()  # has a tag, and a body of blocks
    CODE = auto()  # lines as they are
    TABLE = auto()


@dataclass(slots=True)
class Block:
    """``text`` is marked text; of an item its tag; of code its lines. ``rows``: of a table."""

    shape: Shape
    depth: int
    text: str = ""
    rows: list[list[str]] = field(default_factory=list)
    body: list[Block] = field(default_factory=list)
    _body_text: str | None = None

    @property
    def body_text(self) -> str:
        """The body as Markdown, made once."""
        if self._body_text is None:
            self._body_text = markdown(self.body)
        return self._body_text


@dataclass(slots=True)
class Part:
    """A section as written: its title and, top down, its blocks."""

    title: str
    level: int
    blocks: list[Block] = field(default_factory=list)


class Blocks:
    """Collects words into blocks. ``depth`` is where the next block stands: what is deeper than the item before it is
    its body."""

    def __init__(self) -> None:
        self.parts: list[Part] = [Part("", 1)]
        self.depth = 0
        self._words: list[str] = []

    @property
    def blocks(self) -> list[Block]:
        """Those of the section that is being written."""
        return self.parts[-1].blocks

    def heading(self, title: str, level: int) -> None:
        self.flush()
        self.depth = 0
        self.parts.append(Part(" ".join(plain(title).split()), level))

    def word(self, marked: str) -> None:
        self._words.append(marked)

    def line_break(self) -> None:
        if self._words:
            self._words.append("\n")

    @property
    def is_open(self) -> bool:
        """Whether a paragraph has begun and not ended."""
        return bool(self._words)

    def flush(self) -> Block | None:
        """Ends the paragraph; what it became, or None where there was nothing in it."""
        if not self._words:
            return None
        text = join(self._words)
        self._words = []
        if not text.strip(" \n\x01\x02\x03"):
            return None
        bullet = _DRAWN_BULLET.match(text)
        if bullet and self.depth:
            # DocBook draws its bullets and numbers inside an inset of their own: what follows in it is their body.
            item = self.item(bullet[2] or "•", self.depth - 1)
            self.blocks.append(Block(Shape.TEXT, self.depth, text[bullet.end() :]))
            return item
        return self._add(Block(Shape.TEXT, self.depth, text))

    def item(self, tag: str, depth: int) -> Block:
        self.flush()
        return self._add(Block(Shape.ITEM, depth, tag))

    def code(self, lines: list[str]) -> None:
        self.flush()
        text = plain("\n".join(lines)).strip("\n").rstrip()
        if text.strip():
            self._add(Block(Shape.CODE, self.depth, text))

    def table(self, rows: list[list[str]]) -> None:
        self.flush()
        if rows:
            self._add(Block(Shape.TABLE, self.depth, rows=rows))

    def _add(self, block: Block) -> Block:
        self.blocks.append(block)
        return block


_DRAWN_BULLET = re.compile(
    r"[\x01-\x03]*(?:(•)|[ \u00a0]*(\d{1,3}\.))[\s\u00a0]*\x05[\x01-\x03]*[ ]*|[\x01-\x03]*(•)[\s\u00a0]+"
)
_GLUED = re.compile(r" ?([\x01-\x03]*)\x04+([\x01-\x03]*)[ \x04]?")
_UNBROKEN = re.compile(r"\x05([\x01-\x03]*) ?")
_MARKS = re.compile("[\x01-\x05]+")
_SPACES = re.compile(r"[ \t]*\n[ \t]*")


def join(words: list[str]) -> str:
    """Words and line breaks as one marked text."""
    text = " ".join(words) if len(words) > 1 else words[0]
    if "\n" in text:
        text = _SPACES.sub("\n", text).strip("\n")
    if GLUE in text:
        text = _GLUED.sub(r"\1\2", text)
    return text


def plain(marked: str) -> str:
    """Marked text without its marks, spaces as spaces."""
    if marked.isprintable():  # most is: a mark is not
        return marked
    if NO_BREAK in marked:
        marked = _UNBROKEN.sub(r"\1", marked)
    if GLUE in marked:
        marked = _GLUED.sub(r"\1\2", marked)
    return _MARKS.sub("", marked).replace("\u00a0", " ")


def tree(blocks: list[Block]) -> list[Block]:
    """The blocks that stand alone, the others in the body of the item that they belong to."""
    top: list[Block] = []
    above: list[Block] = []
    for block in blocks:
        while above and above[-1].depth >= block.depth:
            above.pop()
        (above[-1].body if above else top).append(block)
        if block.shape is Shape.ITEM:
            above.append(block)
    return top


# -- Markdown

_SPECIAL = re.compile(r"[*`]|<(?=[A-Za-z/!?])(?!https?://|mailto:)|\\(?=[^\w\s])|(?<!\w)_|_(?!\w)|~(?=~)|&(?=#?\w+;)")
_PERHAPS_SPECIAL = re.compile(r"[*`_<\\~&]")
_LINE_START = re.compile(r"(?m)^(#{1,6}(?=\s)|[-+>](?=\s)|\d+(?=[.)]\s)|={2,}|-{2,}$)")
_LINE_STARTS = frozenset("#-+>=0123456789")
_RUN = re.compile("([\x01\x02\x03])")
_GLUED_TO_CODE = re.compile(r"[\[=<{](?:[^\s,;.()]*[^\s,;.():])?|[\]>}]+")
_SEVERAL = re.compile(" {2,}")
_NO_SPACE = re.compile(r"\S+")
_PROSE = re.compile(r"[A-Z][a-z]+(?:[ ,-]+[A-Za-z]+)*[.:!]?|[A-Za-z]+[:!]|[a-z]+(?: [a-z]+){3,}[.:!]?")


def escaped(text: str) -> str:
    """Plain text, so that Markdown shows it as it is."""
    if "``" in text or "`" in text:
        text = text.replace("``", "“").replace("`", "‘")
    if "''" in text:
        text = text.replace("''", "”")
    return _SPECIAL.sub(r"\\\g<0>", text) if _PERHAPS_SPECIAL.search(text) else text


def code_span(text: str) -> str:
    """``text`` as inline code."""
    if "`" not in text:
        return f"`{text}`"
    longest = max(len(run) for run in re.findall("`+", text))
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}"


def inline(marked: str) -> str:
    """Marked text as Markdown: bold is code, or strong where it is words; italic is emphasis."""
    if NO_BREAK in marked:
        marked = _UNBROKEN.sub(r"\1", marked)
    marked = marked.replace("\u00a0", " ")
    if "  " in marked:
        marked = _SEVERAL.sub(" ", marked)
    if not ("\x01" in marked or "\x02" in marked):
        return _lines(escaped(marked.replace(ROMAN, "")))
    runs = _runs(marked)
    out: list[str] = []
    at = 0
    while at < len(runs):
        font, text = runs[at]
        at += 1
        if font == ROMAN:
            out.append(escaped(text))
            continue
        inner = text.strip()
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if inner else ""
        if not inner:
            out.append(text)
            continue
        if font == BOLD:
            if not after:
                inner, at = _with_glued(inner, runs, at)
            shown = f"**{escaped(inner)}**" if _PROSE.fullmatch(inner) else code_span(" ".join(inner.split()))
        else:
            shown = f"*{escaped(' '.join(inner.split()))}*"
        out.append(before + shown + after)
    return _lines("".join(out))


def _lines(text: str) -> str:
    """Markdown whose lines stay lines, and begin nothing but a line."""
    text = text.strip()
    if "\n" in text or text[:1] in _LINE_STARTS:
        return _LINE_START.sub(r"\\\1", text).replace("\n", "  \n")
    return text


def _runs(marked: str) -> list[tuple[str, str]]:
    """Pieces of one font each; neighbours of the same font are one."""
    runs: list[tuple[str, str]] = []
    font = ROMAN
    for piece in _RUN.split(marked):
        if piece in (BOLD, ITALIC, ROMAN):
            font = piece
        elif piece and runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + piece)
        elif piece:
            runs.append((font, piece))
    return runs


def _with_glued(code: str, runs: list[tuple[str, str]], at: int) -> tuple[str, int]:
    """``code`` with the argument that is written onto it (``--color[=WHEN]`` in three fonts), and the next run. What
    is left over of a run is put back in ``runs``."""
    while at < len(runs) and len(code) < _LONGEST_GLUED:
        font, text = runs[at]
        match = (_GLUED_TO_CODE if font == ROMAN else _NO_SPACE).match(text)
        if match is None or (match[0][0] in "]>}" and not any(opened in code for opened in "[<{")):
            break
        found = match[0]
        code += found
        if len(found) < len(text):
            runs[at] = (font, text[len(found) :])
            break
        at += 1
    return code, at


def markdown(blocks: list[Block], *, as_code: bool = False) -> str:
    """The blocks as Markdown; ``as_code``: their lines as one block of code (a synopsis)."""
    if as_code:
        lines = [plain(block.text) for block in blocks if block.shape in (Shape.TEXT, Shape.CODE)]
        return _fenced("\n".join(lines)) if lines else ""
    return "\n\n".join(_joined_items([text for block in blocks if (text := _block(block))]))


def _joined_items(texts: list[str]) -> list[str]:
    """Short items of one list come without an empty line between them."""
    groups: list[list[str]] = []
    for text in texts:
        short = text.startswith("- ") and "\n\n" not in text
        if short and groups and groups[-1][-1].startswith("- "):
            groups[-1].append(text)
        else:
            groups.append([text])
    return ["\n".join(group) for group in groups]


def _block(block: Block) -> str:
    if block.shape is Shape.TEXT:
        return inline(block.text)
    if block.shape is Shape.CODE:
        return _fenced(block.text)
    if block.shape is Shape.TABLE:
        return _table(block.rows)
    return _item(block)


def _item(block: Block) -> str:
    tag = ", ".join(inline(line) for line in block.text.split("\n") if line.strip())
    body = block.body_text
    number = re.fullmatch(r"\(?(\d{1,3})[.)]", plain(block.text).strip())
    if is_bullet(block):
        head, text = "- ", body
    elif number:
        head, text = f"{number[1]}. ", body
    elif not body:
        head, text = "- ", tag
    else:
        head = "- "
        text = f"{tag}\n\n{body}" if body.startswith(("```", "- ", "|")) else f"{tag}: {body}"
    return head + text.replace("\n", "\n  ").replace("\n  \n", "\n\n") if text else ""


_BULLETS = frozenset({"•", "*", "-", "o", "—", "·", "+", "–", "○", "□", "●", "▪", "", "\\(bu"})


def is_bullet(block: Block) -> bool:
    """Whether the tag of an item only marks where it begins. A sign in a font of its own is a term (``*`` of bash)."""
    return block.text.strip() in _BULLETS


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _table(rows: list[list[str]]) -> str:
    width = min(max(len(row) for row in rows), _WIDEST_TABLE)
    rows = [row if len(row) <= width else [*row[: width - 1], " ".join(row[width - 1 :])] for row in rows]
    if width < 2:
        return "  \n".join(inline(row[0]) for row in rows if row)
    cells = [[" ".join(inline(cell).split()).replace("|", "\\|") for cell in row] for row in rows]
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])
