"""Line-exact changes to a file, as values that can be chosen, split, moved to another version and undone.

Everything works on bytes: line endings, missing final newlines, and encodings are the file's own business.
A line is what ends in ``\\n`` (the last one may lack it). A :class:`Hunk` replaces one run of lines and carries no
context; the context that a reader sees, or that ``git apply`` needs, is taken from the base when it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# Above this many differing lines on either side difflib would take seconds; one hunk for all of it is honest.
_MAX_MATCHED_LINES = 20_000

# How many lines around a hunk help to recognise its place; as in a unified diff.
_CONTEXT = 3

# A shorter window is found more often, so it can only make us refuse more; a hunk of thousands of lines stays cheap.
_MAX_WINDOW = 64


class HunkMismatch(ValueError):
    """The hunks do not fit the content that they were to be applied to."""


class Overlap(ValueError):
    """A hunk cannot be moved to another version: the lines that it replaces, or stands between, are different there."""

    def __init__(self, hunk: Hunk) -> None:
        super().__init__(f"lines {hunk.start + 1} to {hunk.end} differ")
        self.hunk = hunk


@dataclass(frozen=True, slots=True, order=True)
class Hunk:
    """Replaces the lines ``old``, which begin at index ``start`` (from 0) of the base, by the lines ``new``."""

    start: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]

    @property
    def end(self) -> int:
        """Index of the first base line after the hunk."""
        return self.start + len(self.old)


def split_lines(data: bytes) -> list[bytes]:
    """``data`` as lines that keep their ``\\n``; ``b"".join`` gives ``data`` back. Only ``\\n`` ends a line."""
    if not data:
        return []
    lines = data.split(b"\n")
    last = lines.pop()
    kept = [line + b"\n" for line in lines]
    if last:
        kept.append(last)
    return kept


Match = tuple[int, int, int]


def _matches(old: Sequence[bytes], new: Sequence[bytes]) -> list[Match]:
    """Runs of equal lines as (index in old, index in new, length), in order; bounded in time."""
    prefix = 0
    limit = min(len(old), len(new))
    while prefix < limit and old[prefix] == new[prefix]:
        prefix += 1
    suffix = 0
    while suffix < limit - prefix and old[-1 - suffix] == new[-1 - suffix]:
        suffix += 1
    middle_old, middle_new = old[prefix : len(old) - suffix], new[prefix : len(new) - suffix]
    matches: list[Match] = [(0, 0, prefix)] if prefix else []
    if middle_old and middle_new and max(len(middle_old), len(middle_new)) <= _MAX_MATCHED_LINES:
        large = max(len(middle_old), len(middle_new)) > 2_000
        matcher = SequenceMatcher(None, middle_old, middle_new, autojunk=large)
        matches += [(a + prefix, b + prefix, size) for a, b, size in matcher.get_matching_blocks() if size]
    if suffix:
        matches.append((len(old) - suffix, len(new) - suffix, suffix))
    return matches


def diff(old: bytes, new: bytes) -> tuple[Hunk, ...]:
    """The hunks that turn ``old`` into ``new``, in order, at least one unchanged line between any two."""
    before, after = split_lines(old), split_lines(new)
    hunks: list[Hunk] = []
    at_old = at_new = 0
    for a, b, size in [*_matches(before, after), (len(before), len(after), 0)]:
        if a > at_old or b > at_new:
            hunks.append(Hunk(at_old, tuple(before[at_old:a]), tuple(after[at_new:b])))
        at_old, at_new = a + size, b + size
    return tuple(hunks)


def apply(base: bytes, hunks: Iterable[Hunk]) -> bytes:
    """``base`` with ``hunks`` applied. Raises :class:`HunkMismatch` when they overlap or do not fit."""
    lines = split_lines(base)
    out: list[bytes] = []
    at = 0
    for hunk in sorted(hunks, key=lambda h: (h.start, h.end)):
        if hunk.start < at or tuple(lines[hunk.start : hunk.end]) != hunk.old or hunk.start > len(lines):
            raise HunkMismatch(f"line {hunk.start + 1} is not what the hunk expects")
        out += lines[at : hunk.start]
        out += hunk.new
        at = hunk.end
    out += lines[at:]
    return b"".join(out)


def invert(hunks: Iterable[Hunk]) -> tuple[Hunk, ...]:
    """The hunks that undo ``hunks``: they apply to the result of applying ``hunks``."""
    inverse: list[Hunk] = []
    shift = 0
    for hunk in sorted(hunks, key=lambda h: (h.start, h.end)):
        inverse.append(Hunk(hunk.start + shift, hunk.new, hunk.old))
        shift += len(hunk.new) - len(hunk.old)
    return tuple(inverse)


def _all_crlf(lines: Sequence[bytes]) -> bool:
    ended = [line for line in lines if line.endswith(b"\n")]
    return bool(ended) and all(line.endswith(b"\r\n") for line in ended)


def _no_crlf(lines: Sequence[bytes]) -> bool:
    return not any(line.endswith(b"\r\n") for line in lines)


def _with_ending(line: bytes, ending: bytes) -> bytes:
    """``line`` with its line ending exchanged for ``ending``; a line without one stays without."""
    if not line.endswith(b"\n"):
        return line
    return line[: -2 if line.endswith(b"\r\n") else -1] + ending


def transfer(hunks: Iterable[Hunk], base: bytes, target: bytes) -> tuple[Hunk, ...]:
    """``hunks``, made for ``base``, moved to ``target``, another version of the same file.

    The moved hunks replace the same lines where they stand in ``target``; whatever else differs there is left alone.
    A hunk moves when the lines that it replaces, and the line before and after them (or the file's border), stand
    unchanged and together in ``target``, and when there is no doubt which lines those are: where the same lines, with
    up to three around them, stand several times, the two versions must have them equally often and in the same order.

    When the base's lines all end in CRLF and none of the target's does (what ``core.autocrlf`` does between a work
    tree and its blobs), endings are ignored in the comparison and the new lines get the target's ending; the other way
    round likewise.

    Raises :class:`Overlap` with the first hunk that cannot be moved.
    """
    hunks = sorted(hunks, key=lambda h: (h.start, h.end))
    if base == target:
        return tuple(hunks)
    base_lines, target_lines = split_lines(base), split_lines(target)
    to_lf = _all_crlf(base_lines) and _no_crlf(target_lines) and len(target_lines) > 0
    to_crlf = _no_crlf(base_lines) and _all_crlf(target_lines)
    ending = b"\n" if to_lf else b"\r\n" if to_crlf else None
    if ending is None:
        placing = _Placing(base_lines, target_lines)
    else:
        lf_base, lf_target = ([_with_ending(line, b"\n") for line in lines] for lines in (base_lines, target_lines))
        placing = _Placing(lf_base, lf_target)

    moved: list[Hunk] = []
    for hunk in hunks:
        at = placing.place(hunk)
        if at is None:
            raise Overlap(hunk)
        new = hunk.new if ending is None else tuple(_with_ending(line, ending) for line in hunk.new)
        moved.append(Hunk(at, tuple(target_lines[at : at + len(hunk.old)]), new))
    return tuple(moved)


class _Placing:
    """Finds where the lines around a hunk stand in another version of the file."""

    def __init__(self, base: Sequence[bytes], target: Sequence[bytes]) -> None:
        self._base = base
        self._target = target
        self._matches = _matches(base, target)
        self._base_index = _positions(base)
        self._target_index = _positions(target)

    def place(self, hunk: Hunk) -> int | None:
        """The index in the target at which ``hunk`` begins there; None when that is not certain."""
        if not self._base and not self._target:
            return 0
        for a, b, size in self._matches:
            if self._holds(hunk, a, b, size):
                at = b + hunk.start - a
                before = min(_CONTEXT, hunk.start - a)
                after = min(_CONTEXT, a + size - hunk.end)
                return at if self._is_certain(hunk.start - before, hunk.end + after, at - before) else None
        return None

    def _holds(self, hunk: Hunk, a: int, b: int, size: int) -> bool:
        """Whether the matched run holds the hunk's lines and its neighbours, a border being a neighbour too."""
        if not a <= hunk.start <= hunk.end <= a + size:
            return False
        at_first = hunk.start == 0 and b == 0
        at_last = hunk.end == len(self._base) and b + size == len(self._target)
        return (hunk.start > a or at_first) and (hunk.end < a + size or at_last)

    def _is_certain(self, first: int, last: int, at: int) -> bool:
        """Whether the base's lines ``first`` to ``last`` are, counted among their likes, those at ``at``."""
        window = self._base[first : min(last, first + _MAX_WINDOW)]
        in_base = _occurrences(window, self._base, self._base_index)
        in_target = _occurrences(window, self._target, self._target_index)
        return len(in_base) == len(in_target) and in_base.index(first) == in_target.index(at)


def _positions(lines: Sequence[bytes]) -> dict[bytes, list[int]]:
    positions: dict[bytes, list[int]] = {}
    for index, line in enumerate(lines):
        positions.setdefault(line, []).append(index)
    return positions


def _occurrences(window: Sequence[bytes], lines: Sequence[bytes], index: dict[bytes, list[int]]) -> list[int]:
    """Where ``window`` stands in ``lines``; looked for by its rarest line."""
    rarest = min(range(len(window)), key=lambda i: len(index.get(window[i], ())))
    starts = (position - rarest for position in index.get(window[rarest], ()))
    return [start for start in starts if start >= 0 and lines[start : start + len(window)] == window]


def split(hunk: Hunk) -> tuple[Hunk, ...]:
    """``hunk`` as smaller ones that together do the same; ``(hunk,)`` when it cannot be divided.

    Unchanged lines inside divide it first; else it falls into line-by-line replacements, what is left over going
    with the last of them; a run of pure insertions or deletions falls into single lines.
    """
    inner = [Hunk(part.start + hunk.start, part.old, part.new) for part in diff(b"".join(hunk.old), b"".join(hunk.new))]
    if len(inner) > 1:
        return tuple(inner)
    pairs = min(len(hunk.old), len(hunk.new))
    if pairs == 0:
        # Insertions at one place keep the order in which they are given.
        singles = [Hunk(hunk.start + i, (line,), ()) for i, line in enumerate(hunk.old)]
        singles += [Hunk(hunk.start, (), (line,)) for line in hunk.new]
        return tuple(singles)
    if pairs == 1:
        return (hunk,)
    parts = [Hunk(hunk.start + i, hunk.old[i : i + 1], hunk.new[i : i + 1]) for i in range(pairs - 1)]
    last = pairs - 1
    parts.append(Hunk(hunk.start + last, hunk.old[last:], hunk.new[last:]))
    return tuple(parts)
