"""The items, variables and calls of one file by name, found in one walk over its tree.

A file may have a thousand errors; a rule that walked the whole tree for each of them would take quadratic time.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

from knowledgegraph.rust_syntax import Node, Syntax, descendants

_WORD = re.compile(rb"\w+")


class Index:
    """What stands in one file. ``types``: structs, enums and unions; ``traits``; ``impls_on`` and ``impls_of``: by the
    type and by the trait ("" for none); ``functions``: with a body; ``lets``: by each name in the pattern, in order;
    ``calls``: by the last part of what is called; ``fields``: the values given to fields, by the field's name."""

    def __init__(self, root: Node) -> None:
        self.types: dict[str, list[Node]] = defaultdict(list)
        self.traits: dict[str, list[Node]] = defaultdict(list)
        self.functions: dict[str, list[Node]] = defaultdict(list)
        self.impls_on: dict[str, list[Node]] = defaultdict(list)
        self.impls_of: dict[str, list[Node]] = defaultdict(list)
        self.lets: dict[str, list[Node]] = defaultdict(list)
        self.calls: dict[str, list[Node]] = defaultdict(list)
        self.fields: dict[str, list[Node]] = defaultdict(list)
        by_name = {
            "struct_item": self.types, "enum_item": self.types, "union_item": self.types, "trait_item": self.traits,
            "function_item": self.functions,
        }  # fmt: skip
        for node in descendants(root):
            if node.type in by_name:
                by_name[node.type][_text(node.child_by_field_name("name"))].append(node)
            elif node.type == "impl_item":
                self.impls_on[plain(_text(node.child_by_field_name("type")))].append(node)
                self.impls_of[plain(_text(node.child_by_field_name("trait")))].append(node)
            elif node.type == "let_declaration":
                pattern = node.child_by_field_name("pattern")
                for word in set(_WORD.findall(pattern.text or b"")) if pattern is not None else ():
                    self.lets[word.decode("utf-8", "replace")].append(node)
            elif node.type == "call_expression":
                self.calls[_text(node.child_by_field_name("function")).split("::")[-1]].append(node)
            elif node.type == "field_initializer":
                self.fields[_text(node.child_by_field_name("field"))].append(node)


@lru_cache(maxsize=8)
def index(syntax: Syntax) -> Index:
    """The index of a file; kept for the files that were asked for last."""
    return Index(syntax.root)


def plain(type_text: str) -> str:
    """The name of a type without references, path and arguments: "&'a mut b::List<T>" is "List"."""
    text = re.sub(r"^(?:&\s*(?:'\w+\s+)?(?:mut\s+)?|dyn\s+|impl\s+)+", "", type_text.strip())
    return re.split(r"[<\s({\[]", text, maxsplit=1)[0].split("::")[-1]


def _text(node: Node | None) -> str:
    # What is called or implemented is short, or a whole chain of calls, of which the end is enough.
    return (node.text or b"")[-300:].decode("utf-8", "replace") if node is not None else ""
