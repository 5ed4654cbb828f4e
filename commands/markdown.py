"""Shows Markdown on a plain terminal: wrapped, indented, and in colour where that is wanted.

It knows what the tutor's own pages and the compiler's explanations use: headings, paragraphs, lists, quotes, fenced
code, bold and inline code. Anything else is shown as it was written. The text is made inert first.
"""

from __future__ import annotations

import re
import textwrap

from tutor.inert import inert

_BOLD, _DIM, _CYAN, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[0m"
_ITEM = re.compile(r"(\s*)([-*]|\d+\.)\s+(.*)", re.DOTALL)
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_FENCE = re.compile(r"\s*(```+|~~~+)")
_INLINE = re.compile(r"`([^`\n]+)`|\*\*(.+?)\*\*", re.DOTALL)


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
    # Emphasis is painted after wrapping, on the joined lines, so that colour codes never count as columns.
    wrapped = textwrap.fill(text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False,
                            break_on_hyphens=False)  # fmt: skip
    return _INLINE.sub(lambda m: _inline(m, colour), wrapped).split("\n")


def _inline(match: re.Match[str], colour: bool) -> str:
    code, bold = match.groups()
    if code is not None:
        return _paint(code, _CYAN, colour) if colour else f"`{code}`"
    return _paint(bold, _BOLD, colour)


def _paint(text: str, style: str, colour: bool) -> str:
    return f"{style}{text}{_OFF}" if colour else text
