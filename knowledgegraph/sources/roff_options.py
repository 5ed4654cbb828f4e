"""What the tag of a list item spells: ``-T, --tabsize=COLS`` is two spellings and an argument."""

from __future__ import annotations

import re

from knowledgegraph.sources.roff_blocks import plain
from knowledgegraph.sources.roff_input import BOLD, ITALIC, ROMAN

_LONGEST_TAG = 600
_LONGEST_ARGUMENT = 80

_BEFORE = r"(?:^|(?<=[\s,;|/(\[{'\"‘“])(?<!\w\[))"
_SPELLED = re.compile(
    _BEFORE + r"(?P<dash>--?|\+)(?P<no>\[no-?\]|\(no-?\)|\{no-?\})?"
    r"(?P<name>[\w?#@%$!^~*][\w.+?-]*|<[\w-]+>|[<>](?=$|[\s,]))|" + _BEFORE + r"--(?=$|[\s,:|\])])"
)
_OPTIONAL_END = re.compile(r"\[(-[a-z][a-z-]*)\]")  # --reference[-if-able]
_EDGE = re.compile(r"^[\s\[({'\"‘“]*(?=[-+])")
_PERHAPS = re.compile(r"[\s\[({'\"‘“\x01-\x05]*[-+]")
_MARK = re.compile("([\x01\x02\x03])")
_TRAILING = re.compile(r"(?:[\s,;|/('\"‘“’”{]|\bor\b|\band\b)+$")
_CLOSED = {"]": "[", ")": "(", "}": "{"}


def option(tag: str) -> tuple[tuple[str, ...], str] | None:
    """The spellings of an option and its argument ("" for none), from the marked text of a tag; None where the tag is
    not one of an option."""
    if not _PERHAPS.match(tag):
        return None
    text, changes = _with_changes(tag.replace("\n", ", "))
    edge = _EDGE.match(text)
    if edge is None or len(text) > _LONGEST_TAG:
        return None
    spellings: list[str] = []
    ends: list[tuple[int, int]] = []
    for found in _SPELLED.finditer(text):
        if not spellings and found.start() != edge.end():
            return None
        end = _end_of(found, changes)
        spelled = text[found.start() : end]
        if found["no"]:
            name = spelled[len(found["dash"]) + len(found["no"]) :]
            spellings += [found["dash"] + name, found["dash"] + "no-" + name]
        else:
            spellings.append(spelled)
            longer = _OPTIONAL_END.match(text, end)
            if longer:
                spellings.append(spelled + longer[1])
                end = longer.end()
        ends.append((found.start(), end))
    if not spellings:
        return None
    return tuple(dict.fromkeys(spellings)), _argument(text, ends)


def _with_changes(tag: str) -> tuple[str, list[int]]:
    """The plain text of a tag, and where in it the font changes."""
    text = ""
    font = ROMAN
    changes: list[int] = []
    pending = ROMAN
    for piece in _MARK.split(tag[: 4 * _LONGEST_TAG]):
        if piece in (BOLD, ITALIC, ROMAN):
            pending = piece
        elif piece:
            if pending != font:
                changes.append(len(text))
                font = pending
            text += plain(piece)
    return text.rstrip(), changes


def _end_of(found: re.Match[str], changes: list[int]) -> int:
    """Where a spelling ends: at the end of its letters, or where another font begins inside of them (its argument)."""
    end = found.end()
    if found["name"]:
        start = found.start("name")
        end = next((change for change in changes if start < change < end), end)
        while end > start + 1 and found.string[end - 1] in ".:":
            end -= 1
    return end


def _argument(text: str, ends: list[tuple[int, int]]) -> str:
    """The first argument that is written behind a spelling."""
    for number, (_, end) in enumerate(ends):
        until = ends[number + 1][0] if number + 1 < len(ends) else len(text)
        argument = _TRAILING.sub("", text[end:until]).strip(" ,;|\t")
        argument = _balanced(argument.removeprefix("=").strip())
        if argument and len(argument) <= _LONGEST_ARGUMENT:
            return argument
    return ""


def _balanced(text: str) -> str:
    """Without the closing brackets that were opened before the option, or the opening ones of the next."""
    while text and text[-1] in _CLOSED and text.count(text[-1]) > text.count(_CLOSED[text[-1]]):
        text = text[:-1].rstrip()
    while text and text[-1] in "[({":
        text = text[:-1].rstrip(" ,|")
    return text
