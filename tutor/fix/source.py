"""Just enough of Rust's lexical structure to look at a source without being fooled by comments and strings.

The rules are those of the Rust Reference, chapters "Comments" and "Tokens". Offsets are bytes.
"""

from __future__ import annotations

import re
from typing import Final, Literal

CrateType = Literal["bin", "lib", "test"]

_OPAQUE: Final = re.compile(
    rb"""//[^\n]*
    |/\*
    |(?:\bb|\bc|\bbr|\bcr|\br)?\#*"      # a string of any kind, told apart below
    |b?'(?:\\.[^'\n]*|[^\\'\n\x80-\xff]|[\xc2-\xf4][\x80-\xbf]{1,3})'  # a character; a lifetime has one quote
    """,
    re.VERBOSE,
)
_COMMENT_EDGE: Final = re.compile(rb"/\*|\*/")
_PLAIN_STRING: Final = re.compile(rb'(?:[^"\\]|\\.)*"', re.DOTALL)
_NOT_NEWLINE: Final = re.compile(rb"[^\n]")

_MAIN: Final = re.compile(rb"^[ \t]*(?:pub\b[^\n]*?|async\s+|unsafe\s+|const\s+)*fn\s+main\b", re.MULTILINE)
_TEST: Final = re.compile(rb"#\s*\[\s*test\s*\]|#\s*\[\s*cfg\s*\(\s*test\s*\)\s*\]")
_PUBLIC: Final = re.compile(
    rb"\bpub\s+((?:const\s+|async\s+|unsafe\s+|extern\s+)*(?:fn|struct|enum|trait|type|const|static|union)\s+\w+[^{;]*)"
)


def code_only(source: bytes) -> bytes:
    """``source`` with the inside of comments, strings and characters blanked out; same length, same lines."""
    out: list[bytes] = []
    at = 0
    while (found := _OPAQUE.search(source, at)) is not None:
        out.append(source[at : found.start()])
        at = _end_of(source, found)
        out.append(_NOT_NEWLINE.sub(b" ", source[found.start() : at]))
    out.append(source[at:])
    return b"".join(out)


def _end_of(source: bytes, found: re.Match[bytes]) -> int:
    """Where the comment or literal that begins with ``found`` ends; the end of the source when it never does."""
    opening = found.group()
    if opening == b"/*":
        return _end_of_comment(source, found.end())
    if not opening.endswith(b'"') or opening.startswith(b"//"):
        return found.end()
    if b"r" in opening or b"#" in opening:
        closing = b'"' + b"#" * opening.count(b"#")
        end = source.find(closing, found.end())
        return len(source) if end < 0 else end + len(closing)
    string = _PLAIN_STRING.match(source, found.end())
    return len(source) if string is None else string.end()


def _end_of_comment(source: bytes, at: int) -> int:
    """The end of the block comment (they nest) whose inside begins at ``at``."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(source, at):
        depth += 1 if edge.group() == b"/*" else -1
        if depth == 0:
            return edge.end()
    return len(source)


def guess_crate_type(source: bytes) -> CrateType:
    """What a lone file most likely is: a program with ``fn main``, else tests, else a library."""
    code = code_only(source)
    if _MAIN.search(code):
        return "bin"
    return "test" if _TEST.search(code) else "lib"


def public_signatures(source: bytes) -> frozenset[bytes]:
    """The heads of all ``pub`` items (not ``pub(crate)``), white space normalised."""
    return frozenset(b" ".join(found.group(1).split()) for found in _PUBLIC.finditer(code_only(source)))
