"""What a rule is and what it may ask about the file that it looks at."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from knowledgegraph.rust_syntax import Node, Search, Syntax

#: How sure an occurrence is: the syntax alone decides; names decide, and another thing may have that name; a person
#: could see it otherwise.
SURE, BY_NAME, BY_SHAPE = 1.0, 0.9, 0.7


@dataclass(frozen=True, slots=True)
class Match:
    """One place that fits a rule's query. ``at``: the node captured as ``@at``."""

    file: File
    captures: dict[str, list[Node]]

    @property
    def at(self) -> Node:
        return self.captures["at"][0]

    def node(self, name: str) -> Node | None:
        """The node captured under this name, if any."""
        found = self.captures.get(name)
        return found[0] if found else None

    def text(self, name: str = "at") -> bytes:
        """What stands at the node captured under this name; empty where there is none."""
        node = self.node(name)
        return self.file.text(node) if node is not None else b""


@dataclass(frozen=True, slots=True)
class Rule:
    """``query``: tree-sitter patterns, each with one ``@at``; the occurrence is there where ``when`` agrees."""

    id: str
    query: str
    when: Callable[[Match], bool] | None = None
    confidence: float = SURE

    @property
    def ids(self) -> frozenset[str]:
        return frozenset({self.id})

    def tell(self, match: Match) -> Iterable[tuple[str, float]]:
        """The ids of what occurs, each with how sure that is."""
        if self.when is None or self.when(match):
            yield self.id, self.confidence


@dataclass(frozen=True, slots=True)
class Table:
    """Many ids decided by one query and the names found there: ``tell`` looks them up."""

    ids: frozenset[str]
    query: str
    tell: Callable[[Match], Iterable[tuple[str, float]]]


_OUTLINE = """
(use_declaration) @use
[(struct_item) (enum_item) (union_item) (trait_item)] @type
(source_file (type_item) @type)
(mod_item body: (declaration_list (type_item) @type))
(impl_item) @impl
(attribute_item) @attribute
(line_comment doc: (_)) @doc
(block_comment doc: (_)) @doc
"""


_NOTHING = re.compile(rb"(?:\s|//[^\n]*\n)*")
_BETWEEN = 10_000  # bytes of comments between an attribute and its item

_RUST_FENCE = re.compile(
    rb"(?:```|~~~)\s*(?:(?:rust|should_panic|no_run|compile_fail|edition\d{4}|E\d{4}|standalone|test_harness)"
    rb"(?:[,\s]+[\w-]+)*)?[,\s]*$"
)


class Docs:
    """The documentation comments of a file. ``blocks``: where each block begins; ``examples``: the comments, by where
    they begin, in which an example opens that is compiled and run."""

    def __init__(self, syntax: Syntax) -> None:
        self.blocks: set[int] = set()
        self.examples: set[int] = set()
        self._source = syntax.source
        self._last_row = -2
        self._last_kind = ""
        self._open = False

    def add(self, comment: Node) -> None:
        """The next comment of the file."""
        start, end = comment.start_byte, comment.end_byte
        kind = comment.type + self._source[start + 2 : start + 3].decode("latin-1")
        if comment.start_point.row > self._last_row + 1 or kind != self._last_kind or kind.startswith("block"):
            self.blocks.add(start)
            self._open = False
        text = self._source[start:end]
        for line in text.splitlines():
            words = line.strip().lstrip(b"/!*").strip()
            if words.startswith((b"```", b"~~~")):
                # A fence that closes has no words either, so they open and close in turn.
                if not self._open and _RUST_FENCE.match(words):
                    self.examples.add(start)
                self._open = not self._open
        self._last_row, self._last_kind = comment.start_point.row + text.rstrip().count(b"\n"), kind


@cache
def _outline() -> Search:
    return Search([_OUTLINE])


class File:
    """What rules may ask about the whole of a source beside the node at hand.

    ``types``: the types and traits that it defines, by name. ``inherent``: the names of types to which it gives
    methods of their own. ``impls``: (last word of the trait, name of the type) of its trait implementations.
    """

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.types: dict[bytes, Node] = {}
        self.inherent: dict[bytes, list[Node]] = {}
        self.impls: set[tuple[bytes, bytes]] = set()
        self.docs = Docs(syntax)
        self.remembered: dict[bytes, bool] = {}  # an answer about a type that would be asked for at each of its methods
        self._uses: list[tuple[int, int]] = []
        self._attributes: list[tuple[int, int]] = []
        for _, captures in _outline().matches(syntax.root):
            for use in captures.get("use", ()):
                self._uses.append((use.start_byte, use.end_byte))
            for attribute in captures.get("attribute", ()):
                self._attributes.append((attribute.start_byte, attribute.end_byte))
            for comment in captures.get("doc", ()):
                self.docs.add(comment)
            for item in captures.get("type", ()):
                if (name := item.child_by_field_name("name")) is not None:
                    self.types[self.text(name)] = item
            for block in captures.get("impl", ()):
                subject = self.name_of(block.child_by_field_name("type"))
                if (trait := block.child_by_field_name("trait")) is None:
                    self.inherent.setdefault(subject, []).append(block)
                else:
                    self.impls.add((self.name_of(trait), subject))
        self._uses.sort()
        self._attributes.sort()

    def part(self, syntax: Syntax) -> File:
        """The arguments of this file's macros: a source of their own that knows the types of the whole."""
        part = File(syntax)
        part.types = self.types | part.types
        part.inherent = self.inherent | part.inherent
        part.impls = self.impls | part.impls
        return part

    def text(self, node: Node) -> bytes:
        return self.syntax.text(node)

    def name_of(self, node: Node | None) -> bytes:
        """The last word of the path that a type, trait or function is named by, without arguments: ``b"Result"`` of
        ``std::io::Result<T>``; empty for what has no name (a tuple, a reference)."""
        for _ in range(4):
            if node is None:
                return b""
            if node.type in ("identifier", "type_identifier", "primitive_type", "field_identifier", "metavariable"):
                return self.text(node)
            step = {"generic_type": "type", "generic_function": "function", "function_type": "trait"}.get(node.type)
            node = node.child_by_field_name(step or "name")
        return b""

    def in_use(self, node: Node) -> bool:
        """Whether it stands inside an import."""
        at = bisect_right(self._uses, (node.start_byte, len(self.syntax.source))) - 1
        return at >= 0 and node.end_byte <= self._uses[at][1]

    def attributes_of(self, node: Node) -> Iterator[bytes]:
        """The texts of the attributes directly before an item, without ``#[`` and ``]``, the nearest first.

        They are found by place: asking a node for its sibling takes a look at all of them.
        """
        begin = node.start_byte
        at = bisect_right(self._attributes, (begin, 0)) - 1
        while at >= 0:
            start, end = self._attributes[at]
            if begin - end > _BETWEEN or not _NOTHING.fullmatch(self.syntax.source, end, begin):
                return
            yield self.syntax.source[start + 2 : end - 1]
            begin, at = start, at - 1

    def is_local(self, name: bytes) -> bool:
        """Whether this file defines the type, or gives it methods of its own, which only its own crate may do."""
        return name in self.types or name in self.inherent
