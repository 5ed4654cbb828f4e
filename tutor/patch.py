"""Writes hunks as a unified diff that ``git apply`` takes (the format: "Generating patch text with -p" in git-diff)."""

from __future__ import annotations

from collections.abc import Iterable

from tutor.hunks import Hunk, split_lines

_CONTEXT = 3
_ESCAPES = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}


def quote(path: str, prefix: str = "") -> bytes:
    """A path as Git writes it in a diff's header: in double quotes with C escapes when it holds a quote, a backslash,
    a control character or a byte above 127; as it is otherwise."""
    raw = (prefix + path).encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):
        return raw
    quoted = b"".join(_ESCAPES.get(byte, bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte) for byte in raw)
    return b'"' + quoted + b'"'


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n\\ No newline at end of file\n"


def _groups(hunks: list[Hunk]) -> Iterable[list[Hunk]]:
    """Hunks whose contexts touch belong into one ``@@`` block."""
    group: list[Hunk] = []
    for hunk in hunks:
        if group and hunk.start - group[-1].end > 2 * _CONTEXT:
            yield group
            group = []
        group.append(hunk)
    if group:
        yield group


def _range(start: int, count: int) -> bytes:
    first = start + 1 if count else start
    return b"%d" % first if count == 1 else b"%d,%d" % (first, count)


def unified(path: str, base: bytes | None, hunks: Iterable[Hunk], mode: str = "100644") -> bytes:
    """The diff of ``hunks`` on ``base`` (None: the file is created, with ``mode``); ``b""`` when there are none."""
    ordered = sorted(hunks, key=lambda h: (h.start, h.end))
    if not ordered:
        return b""
    old_name, new_name = quote(path, "a/"), quote(path, "b/")
    out = [b"diff --git %s %s\n" % (old_name, new_name)]
    if base is None:
        out.append(b"new file mode %s\n" % mode.encode())
        old_name = b"/dev/null"
    # A tab after a name with a space keeps `patch` and `git apply` from reading on.
    tab_old, tab_new = (b"\t" if b" " in name and not name.startswith(b'"') else b"" for name in (old_name, new_name))
    out.append(b"--- %s%s\n+++ %s%s\n" % (old_name, tab_old, new_name, tab_new))
    lines = split_lines(base or b"")
    shift = 0
    for group in _groups(ordered):
        first, last = max(0, group[0].start - _CONTEXT), min(len(lines), group[-1].end + _CONTEXT)
        body: list[bytes] = []
        grown = 0
        at = first
        for hunk in group:
            body += [_line(b" ", line) for line in lines[at : hunk.start]]
            body += [_line(b"-", line) for line in hunk.old]
            body += [_line(b"+", line) for line in hunk.new]
            grown += len(hunk.new) - len(hunk.old)
            at = hunk.end
        body += [_line(b" ", line) for line in lines[at:last]]
        count = last - first
        out.append(b"@@ -%s +%s @@\n" % (_range(first, count), _range(first + shift, count + grown)))
        out += body
        shift += grown
    return b"".join(out)
