"""Read the arguments of well-known macros as the code that they are.

To the grammar the inside of a macro call is a heap of tokens. For the macros below it is expressions (or items), so it
is written out once more as source of its own, each on the line where it stands, and recognised like the rest.
"""

from __future__ import annotations

from functools import cache

from knowledgegraph.rust_syntax import Node, Search, Syntax

_ARGUMENTS = frozenset(
    b"print println eprint eprintln write writeln format format_args panic assert assert_eq assert_ne debug_assert "
    b"debug_assert_eq debug_assert_ne assert_matches debug_assert_matches vec dbg todo unreachable unimplemented "
    b"pin pin_mut join try_join".split()
)
_ARMS = frozenset({b"select"})
_ITEMS = frozenset({b"thread_local", b"lazy_static"})
_BRACKET = ord("[")


@cache
def _calls() -> Search:
    return Search(["(macro_invocation macro: (_) @name (token_tree) @tokens) "])


def written_out(syntax: Syntax) -> bytes:
    """The arguments of the well-known macros as source, line for line where they stand; empty where there are none."""
    parts: list[bytes] = []
    line = 0
    for _, captures in _calls().matches(syntax.root):
        name = syntax.text(captures["name"][0]).rpartition(b"::")[2]
        tokens = captures["tokens"][0]
        code = _code(syntax, name, tokens)
        if code is not None and tokens.start_point.row >= line:
            parts.append(b"\n" * (tokens.start_point.row - line) + code)
            line = tokens.end_point.row
        elif code is not None:  # inside the one before: its turn comes when that is recognised
            continue
    return b"".join(parts)


def _code(syntax: Syntax, name: bytes, tokens: Node) -> bytes | None:
    inside = syntax.source[tokens.start_byte + 1 : tokens.end_byte - 1]
    if name in _ARGUMENTS:
        return b";[" + inside + b"];" if syntax.source[tokens.start_byte] == _BRACKET else b"m(" + inside + b");"
    if name == b"matches":
        return _for_loop(syntax, tokens)
    if name in _ARMS:
        return b"{" + _separated(syntax, tokens) + b"};"
    if name in _ITEMS:
        return b"{" + inside.replace(b"static ref ", b"static ") + b"};"
    return None


def _for_loop(syntax: Syntax, tokens: Node) -> bytes | None:
    """``matches!(value, pattern if condition)``; a loop has a pattern as well and is not taken for a ``match``."""
    comma = next((child for child in tokens.children if child.type == ","), None)
    if comma is None:
        return None
    guard = next((child for child in tokens.children if child.type == "if"), None)
    end = tokens.end_byte - 1
    value = syntax.source[tokens.start_byte + 1 : comma.start_byte]
    pattern = syntax.source[comma.end_byte : guard.start_byte if guard else end].rstrip().removesuffix(b",")
    condition = syntax.source[guard.end_byte : end] if guard else b""
    return b"for " + pattern + b" in " + value + b"{" + condition + b"}"


def _separated(syntax: Syntax, tokens: Node) -> bytes:
    """The arms ``pattern = future => handler,`` as statements."""
    out, at = bytearray(), tokens.start_byte + 1
    for child in tokens.children:
        if child.type in (",", "=>"):
            out += syntax.source[at : child.start_byte] + b";"
            at = child.end_byte
    return bytes(out + syntax.source[at : tokens.end_byte - 1])
