"""Read Rust source with tree-sitter; the only module that knows tree-sitter.

Source is text from outside: any bytes at all. A syntax tree is made of all of them (what makes no sense becomes an
``ERROR`` node), except where that would cost too much: :class:`TooMuch`. The limits were found out by trying: size;
time, because a row of raw strings that never end takes quadratic time; depth, and signs in a row, because a query over
a tree thousands of levels deep, or over thousands of brackets that are never closed, takes quadratic time as well.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tree_sitter_rust
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Node", "Search", "Syntax", "TooMuch", "descendants", "parse"]

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 500
_MOST_SIGNS = 5_000  # brackets, stars… beside each other without a name between them
_SECONDS = 5.0
_CHUNK = 64 * 1024

_LANGUAGE = Language(tree_sitter_rust.language())


class TooMuch(ValueError):
    """This source is not read; the message says why, to follow the name of a file: "is larger than 2 MB"."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """One source and its tree."""

    source: bytes
    tree: Tree

    @property
    def root(self) -> Node:
        return self.tree.root_node

    def text(self, node: Node) -> bytes:
        """What stands there."""
        return self.source[node.start_byte : node.end_byte]


def parse(source: bytes) -> Syntax:
    """The syntax tree of any bytes. Raises :class:`TooMuch`."""
    if len(source) > MAX_BYTES:
        raise TooMuch(f"is larger than {MAX_BYTES >> 20} MB")
    deadline = time.monotonic() + _SECONDS
    try:
        tree = Parser(_LANGUAGE).parse(
            lambda at, _: source[at : at + _CHUNK],
            progress_callback=lambda *_: time.monotonic() > deadline,
        )
    except ValueError as error:  # the parser's only complaint: it was stopped
        raise TooMuch(f"takes more than {_SECONDS:.0f} s to read") from error
    if why := _too_much(tree):
        raise TooMuch(why)
    return Syntax(source, tree)


def _too_much(tree: Tree) -> str:
    """Why questions about this tree would take quadratic time; "" where they do not."""
    cursor, depth, row = tree.walk(), 0, 0
    while True:
        node = cursor.node
        row = row + 1 if node is not None and not node.is_named else 0
        if row > _MOST_SIGNS:
            return "holds a long row of signs that are no code"
        if cursor.goto_first_child():
            depth += 1
            if depth > MAX_DEPTH:
                return f"is nested more than {MAX_DEPTH} levels deep"
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return ""
            depth -= 1


def descendants(node: Node) -> Iterator[Node]:
    """The named nodes below ``node`` in the order in which they stand, without recursion."""
    waiting = node.named_children[::-1]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(here.named_children[::-1])


class Search:
    """Several tree-sitter queries in one pass over a tree.

    They may capture nodes and use no text predicates: with hundreds of them asking for text costs more than the pass.
    """

    def __init__(self, queries: Sequence[str]) -> None:
        """Raises ValueError for a query that Rust's grammar does not know."""
        self._query = Query(_LANGUAGE, "\n".join(queries))
        # A query may consist of several patterns; each pattern is told from where it begins.
        ends = []
        end = 0
        for query in queries:
            end += len(query.encode()) + 1
            ends.append(end)
        self._owner: list[int] = []
        owner = 0
        for pattern in range(self._query.pattern_count):
            while self._query.start_byte_for_pattern(pattern) >= ends[owner]:
                owner += 1
            self._owner.append(owner)

    def matches(self, node: Node) -> Iterator[tuple[int, dict[str, list[Node]]]]:
        """The index of the query that fits, and what it captured."""
        for pattern, captures in QueryCursor(self._query, match_limit=4096).matches(node):
            yield self._owner[pattern], captures
