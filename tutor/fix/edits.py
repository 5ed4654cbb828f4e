"""Applying byte edits to sources, and telling degenerate edits from fixes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tutor.fix.proposer import Candidate, Edit
from tutor.fix.source import code_only
from tutor.hunks import Hunk

# What a fix may not bring in: it would compile and yet leave the work undone or hide the mistake.
_NEVER: Final = re.compile(
    rb"\b(?:todo|unimplemented|unreachable|panic|compile_error)\s*!|\bunsafe\b|\btransmute\b|\bzeroed\b|\bMaybeUninit\b"
    rb"|\bmem\s*::\s*forget\b|\bleak\s*\(|\bunwrap_unchecked\b|#!?\s*\[\s*(?:allow|feature|expect)\b"
)
_COMMENT: Final = re.compile(rb"/\*|//")
_WORD: Final = re.compile(rb"[A-Za-z_0-9]\w*|\"[^\"]*\"")
_MINOR: Final = frozenset(
    b"mut ref move dyn pub let return const static async self super crate as in impl where Self use for unsafe".split()
)
_IMPORT: Final = re.compile(rb"\s*(?:pub\s+)?use\s[^;]*;\s*")
_UNIT_PLACEHOLDER: Final = re.compile(rb"/\*\s*\(\)\s*\*/")
_MAX_WORDS_DROPPED: Final = 2


def collide(one: Edit, other: Edit) -> bool:
    """Whether two edits cannot both be applied: they overlap, or stand at the same place."""
    if one.file != other.file:
        return False
    return (one.start, one.end) == (other.start, other.end) or (one.start < other.end and other.start < one.end)


def apply_edits(content: bytes, edits: Iterable[Edit]) -> bytes | None:
    """``content`` with all ``edits``; None when two of them overlap or one lies outside."""
    out: list[bytes] = []
    at = 0
    last: Edit | None = None
    for edit in sorted(set(edits), key=lambda e: (e.start, e.end)):
        same_place = last is not None and (last.start, last.end) == (edit.start, edit.end)
        if edit.start < at or edit.end < edit.start or edit.end > len(content) or same_place:
            return None
        out += (content[at : edit.start], edit.text)
        at, last = edit.end, edit
    out.append(content[at:])
    return b"".join(out)


def apply_all(sources: Mapping[str, bytes], edits: Sequence[Edit]) -> dict[str, bytes] | None:
    """The files that ``edits`` change, with their new content; None when the edits do not fit together or do
    nothing. ``sources``: path to content; raises KeyError for a file that is not in it."""
    changed: dict[str, bytes] = {}
    for path in dict.fromkeys(edit.file for edit in edits):
        content = apply_edits(sources[path], [edit for edit in edits if edit.file == path])
        if content is None:
            return None
        if content != sources[path]:
            changed[path] = content
    return changed or None


def new_line(line: int, changed: Sequence[Hunk]) -> int:
    """Where the line at index ``line`` stands after ``changed``; the first new line when it was replaced."""
    shift = 0
    for hunk in changed:
        if line < hunk.end:
            return min(line, hunk.start) + shift
        shift += len(hunk.new) - len(hunk.old)
    return line + shift


def old_line(line: int, changed: Sequence[Hunk]) -> int:
    """Where the line at index ``line`` stood before ``changed``; the first line replaced when it is a new one."""
    shift = 0
    for hunk in changed:
        start = hunk.start + shift
        if line < start:
            break
        if line < start + len(hunk.new):
            return hunk.start
        shift += len(hunk.new) - len(hunk.old)
    return line - shift


def complete(text: bytes) -> bytes:
    """``text`` with the placeholders filled that leave no choice: a place for ``()`` can only hold ``()``."""
    return _UNIT_PLACEHOLDER.sub(b"()", text)


def why_degenerate(candidate: Candidate, sources: Mapping[str, bytes]) -> str:
    """Why a candidate is no fix that a careful reviewer would take, in a few words; "" when there is nothing
    against it."""
    edits = candidate.edits
    for edit in edits:
        old = sources[edit.file][edit.start : edit.end]
        if _COMMENT.search(_without_strings(edit.text)) and len(_COMMENT.findall(edit.text)) > len(
            _COMMENT.findall(old)
        ):
            return "it leaves a gap for you to fill in"
        new_code, old_code = code_only(edit.text), code_only(old)
        if len(_NEVER.findall(new_code)) > len(_NEVER.findall(old_code)):
            return "it would only hide the mistake or put the work off"
    sure = candidate.applicability == "MachineApplicable"
    return "it deletes what you wrote" if _deletes(edits, sources, sure) else ""


def _without_strings(text: bytes) -> bytes:
    return re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', text)


def _deletes(edits: Sequence[Edit], sources: Mapping[str, bytes], sure: bool) -> bool:
    """Whether a statement goes, or more than a keyword, a call without arguments or a repetition. What the compiler
    is sure is superfluous (a bound, an attribute, an import) may go."""
    gone = come = 0
    for edit in edits:
        old = sources[edit.file][edit.start : edit.end]
        if b";" in old and not edit.text.strip() and _WORD.search(old) and not (sure and _IMPORT.fullmatch(old)):
            return True
        gone += sum(word not in _MINOR for word in _WORD.findall(old))
        come += len(_WORD.findall(edit.text))
    return not sure and gone - come > _MAX_WORDS_DROPPED
