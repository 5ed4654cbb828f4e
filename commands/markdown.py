"""Shows Markdown on a plain terminal: wrapped, indented, and in colour where that is wanted.

It knows what the tutor's own pages and the compiler's explanations use: headings, paragraphs, lists, quotes, fenced
code, bold, emphasis and inline code. Anything else is shown as it was written. The text is made inert first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tutor.inert import inert

_BOLD, _ITALIC, _CYAN, _OFF = "\x1b[1m", "\x1b[3m", "\x1b[36m", "\x1b[0m"
_ITEM = re.compile(r"(\s*)([-*]|\d+\.)\s+(.*)", re.DOTALL)
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_INLINE = re.compile(r"`([^`\n]+)`|\*\*(.+?)\*\*|(?<![\w*])\*(?=[^\s*])([^*]*[^\s*])\*(?![\w*])", re.DOTALL)
_BREAK = re.compile(r"(?<!\s)\s(?!\s)")  # several spaces in code are meant, and stay together

Fragment = tuple[str, str]
"""Some text and the code of its style, "" for none."""


def render(markdown: str, width: int, *, colour: bool) -> str:
    """``markdown`` as lines of at most ``width`` columns (code is never wrapped), ending in a newline."""
    out: list[str] = []
    block: list[str] = []
    fence = ""

    def flush() -> None:
        if block:
            out.extend(_block(block, width, colour))
            block.clear()

    for line in inert(markdown).split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or _closes(line, fence)):
            flush()
            fence = "" if fence else mark.group(1)
        elif fence:
            out.append(_paint(f"    {line}", _CYAN, colour) if line else "")
        elif not line.strip():
            flush()
            if out and out[-1]:
                out.append("")
        elif heading := _HEADING.match(line):
            flush()
            out.append(_paint(heading.group(1), _BOLD, colour))
        elif line.lstrip().startswith("|"):  # a table: its columns stand only as they were written
            flush()
            out.append(line)
        else:
            if _ITEM.match(line):
                flush()
            block.append(line)
    flush()
    return "\n".join(out).rstrip("\n") + "\n"


def _closes(line: str, fence: str) -> bool:
    """Whether a line ends the code block that ``fence`` opened: the same sign, as often or more, and nothing else."""
    mark = line.strip()
    return len(mark) >= len(fence) and set(mark) == set(fence)


def _block(lines: list[str], width: int, colour: bool) -> list[str]:
    """One paragraph, list item or quotation, wrapped."""
    text = " ".join(line.strip() for line in lines)
    first = rest = ""
    if item := _ITEM.match(lines[0]):
        first = f"{item.group(1)}{'•' if item.group(2) in '-*' else item.group(2)} "
        rest = " " * len(first)
        text = _ITEM.sub(r"\3", text, count=1)
    elif lines[0].lstrip().startswith(">"):
        first = rest = "│ "
        text = " ".join(line.lstrip("> ").strip() for line in lines)
    return list(_wrapped(_words(_spans(text, "", colour)), width, first, rest))


def folded(text: str, width: int) -> list[str]:
    """Plain text as lines of at most ``width`` columns; a longer word has a line of its own."""
    return list(_wrapped(_words([(text, "")]), width, "", ""))


def _spans(text: str, style: str, colour: bool) -> Iterator[Fragment]:
    """The text without its marks, in pieces of one style. Code keeps its marks where nothing else shows it."""
    at = 0
    for found in _INLINE.finditer(text):
        yield text[at : found.start()], style
        code, bold, italic = found.groups()
        if code is not None:
            yield (code, style or _CYAN) if colour else (f"`{code}`", "")
        elif bold is not None:
            yield from _spans(bold, _BOLD if colour else "", colour)
        else:
            yield from _spans(italic, _ITALIC if colour else "", colour)
        at = found.end()
    yield text[at:], style


def _words(spans: Iterable[Fragment]) -> Iterator[list[Fragment]]:
    """What stands between two places where a line may end: one or more fragments."""
    word: list[Fragment] = []
    for text, style in spans:
        for number, part in enumerate(_BREAK.split(text)):
            if number and word:
                yield word
                word = []
            if part:
                word.append((part, style))
    if word:
        yield word


def _wrapped(words: Iterable[list[Fragment]], width: int, first: str, rest: str) -> Iterator[str]:
    """Lines of at most ``width`` columns, without counting what only sets the style."""
    line, size = first, len(first)
    empty = True
    for word in words:
        need = sum(len(text) for text, _ in word)
        if not empty and size + 1 + need > width:
            yield line
            line, size, empty = rest, len(rest), True
        line += ("" if empty else " ") + "".join(f"{style}{text}{_OFF}" if style else text for text, style in word)
        size += need + (not empty)
        empty = False
    yield line


def _paint(text: str, style: str, colour: bool) -> str:
    return f"{style}{text}{_OFF}" if colour else text
