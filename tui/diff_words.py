"""What differs inside of changed lines: which line became which, and which words of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate

Ranges = tuple[tuple[int, int], ...]

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.4  # lines less alike than this are two lines, not one that changed
_MAX_PAIRS = 400  # old lines times new lines that are compared with each other
_MAX_CHARS = 500  # a longer line is compared by its common ends only


def word_changes(old: str, new: str) -> tuple[Ranges, Ranges]:
    """The character ranges that differ in each of two lines; none in both where they have too little in common."""
    if old == new:
        return (), ()
    if max(len(old), len(new)) > _MAX_CHARS:
        return _ends(old, new)
    before, after = _WORD.findall(old), _WORD.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    blocks = matcher.get_matching_blocks()
    alike = sum(len(word.strip()) for a, _, size in blocks for word in before[a : a + size])
    if alike < _ALIKE * max(len("".join(old.split())), len("".join(new.split()))):
        return (), ()
    edges_old = [0, *accumulate(map(len, before))]
    edges_new = [0, *accumulate(map(len, after))]
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        _joined(old, [(edges_old[i1], edges_old[i2]) for _, i1, i2, _, _ in changed]),
        _joined(new, [(edges_new[j1], edges_new[j2]) for _, _, _, j1, j2 in changed]),
    )


def _joined(text: str, ranges: Sequence[tuple[int, int]]) -> Ranges:
    """The ranges without empty ones; those with only blanks between them as one."""
    out: list[tuple[int, int]] = []
    for start, end in ranges:
        if start == end:
            continue
        if out and not text[out[-1][1] : start].strip():
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return tuple(out)


def _ends(old: str, new: str) -> tuple[Ranges, Ranges]:
    limit = min(len(old), len(new))
    prefix = next((i for i in range(limit) if old[i] != new[i]), limit)
    suffix = next((i for i in range(limit - prefix) if old[-1 - i] != new[-1 - i]), limit - prefix)
    if prefix + suffix < _ALIKE * max(len(old), len(new)):
        return (), ()
    return _joined(old, [(prefix, len(old) - suffix)]), _joined(new, [(prefix, len(new) - suffix)])


def pair_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Which old line became which new one, in order: (index in old, index in new)."""
    if len(old) == len(new):
        return [(i, i) for i in range(len(old))]
    if len(old) * len(new) > _MAX_PAIRS:
        return []
    pairs: list[tuple[int, int]] = []
    first = 0
    for i, line in enumerate(old):
        scores = [(_alike(line, new[j]), -j) for j in range(first, len(new))]
        best, at = max(scores, default=(0.0, 0))
        if best >= 0.5:
            pairs.append((i, -at))
            first = 1 - at
    return pairs


def _alike(old: str, new: str) -> float:
    before, after = old.strip()[:_MAX_CHARS], new.strip()[:_MAX_CHARS]
    if not before or not after:
        return 0.0
    matcher = SequenceMatcher(None, _WORD.findall(before), _WORD.findall(after), autojunk=False)
    return matcher.ratio()
