"""What names there are: the modules and items of a file, the members of its types, the locals visible at a place.

Read off the syntax tree alone, so macros that make items and other crates are not seen; the compiler judges what comes
of it. "Scopes" and "Preludes" in the Rust Reference say what is visible where.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from knowledgegraph.rust_syntax import Node, Syntax, descendants

ITEMS: Final = frozenset(
    {"function_item", "function_signature_item", "const_item", "static_item", "mod_item", "macro_definition"}
    | {"struct_item", "enum_item", "union_item", "type_item", "trait_item"}
)
FUNCTIONS: Final = ("function_item", "function_signature_item")
_WORD: Final = re.compile(rb"[A-Za-z_]\w*")
_MOST_LETS: Final = 400  # of one block; a name from farther away is not misspelt here
_TYPES: Final = frozenset({"struct_item", "enum_item", "union_item", "trait_item"})

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An item, and the path of the module that it stands in."""

    name: str
    node: Node
    module: Path


@dataclass(slots=True)
class Members:
    """What belongs to a type: its fields in order, its variants, what its ``impl`` blocks or its trait define."""

    fields: dict[str, Node] = field(default_factory=dict)
    variants: dict[str, Node] = field(default_factory=dict)
    methods: dict[str, Node] = field(default_factory=dict)


@dataclass(slots=True)
class Names:
    """The items of one file. ``modules``: the body of each inline module by path, the file itself at ``()``;
    ``items``: all of them outside functions and ``impl`` blocks by name; ``types``: by name, wherever they stand."""

    modules: dict[Path, Node] = field(default_factory=dict)
    items: dict[str, list[Item]] = field(default_factory=dict)
    types: dict[str, Members] = field(default_factory=dict)
    _inside: dict[Path, list[Item]] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Takes an item in."""
        self.items.setdefault(item.name, []).append(item)
        self._inside.setdefault(item.module, []).append(item)

    def inside(self, module: Path) -> Sequence[Item]:
        """The items directly in a module."""
        return self._inside.get(module, ())


@lru_cache(maxsize=4)
def names_of(syntax: Syntax) -> Names:
    """The names of a file; read once for all its diagnostics."""
    names = Names({(): syntax.root})
    waiting: list[tuple[Path, Node]] = [((), syntax.root)]
    while waiting:
        path, body = waiting.pop()
        for node in _with_foreign(body):
            name = name_of(syntax, node)
            if node.type not in ITEMS or not name:
                continue
            names.add(Item(name, node, path))
            inner = node.child_by_field_name("body")
            if node.type == "mod_item" and inner is not None:
                names.modules[*path, name] = inner
                waiting.append(((*path, name), inner))
    for node in descendants(syntax.root):
        if node.type in _TYPES:
            _read_type(syntax, node, names.types.setdefault(name_of(syntax, node), Members()))
        elif node.type == "impl_item":
            owner = type_name(syntax, node.child_by_field_name("type"))
            names.types.setdefault(owner, Members()).methods.update(_methods(syntax, node))
    return names


@lru_cache(maxsize=4)
def word_counts(syntax: Syntax) -> Mapping[str, int]:
    """How often each word stands in a file, comments and strings included."""
    return Counter(word.decode() for word in _WORD.findall(syntax.source))


def _with_foreign(body: Node) -> Iterator[Node]:
    for node in body.named_children:
        inner = node.child_by_field_name("body") if node.type == "foreign_mod_item" else None
        yield from [node] if inner is None else inner.named_children


def _read_type(syntax: Syntax, node: Node, members: Members) -> None:
    members.methods.update(_methods(syntax, node))
    body = node.child_by_field_name("body")
    if body is None:
        return
    for child in body.named_children:
        if child.type == "field_declaration":
            members.fields[name_of(syntax, child)] = child
        elif child.type == "enum_variant":
            members.variants[name_of(syntax, child)] = child
    if body.type == "ordered_field_declaration_list":
        parts = body.children_by_field_name("type")
        members.fields.update({str(number): part for number, part in enumerate(parts)})


def _methods(syntax: Syntax, node: Node) -> dict[str, Node]:
    body = node.child_by_field_name("body")
    parts = body.named_children if body is not None else []
    return {name_of(syntax, part): part for part in parts if part.type in FUNCTIONS}


def text(syntax: Syntax, node: Node | None) -> str:
    """What stands there; "" for no node."""
    return "" if node is None else syntax.text(node).decode("utf-8", "replace")


def name_of(syntax: Syntax, node: Node) -> str:
    """The name that an item, a field or a variant declares; "" where there is none."""
    return text(syntax, node.child_by_field_name("name"))


def type_name(syntax: Syntax, node: Node | None) -> str:
    """The last name of a type without arguments and references: ``Map`` of ``&collections::Map<K, V>``."""
    while node is not None and node.type in {"generic_type", "reference_type", "scoped_type_identifier"}:
        node = node.child_by_field_name("name" if node.type == "scoped_type_identifier" else "type")
    return text(syntax, node)


def module_at(syntax: Syntax, node: Node | None) -> Path:
    """The path of the inline module around a node."""
    path: list[str] = []
    while node is not None:
        if node.type == "mod_item":
            path.append(name_of(syntax, node))
        node = node.parent
    return tuple(reversed(path))


def is_public(node: Node) -> bool:
    """Whether an item or a field has a visibility of its own."""
    return any(child.type == "visibility_modifier" for child in node.children)


def pattern_names(syntax: Syntax, pattern: Node | None) -> dict[str, Node]:
    """The names that a pattern binds, each with where it does so first."""
    found: dict[str, Node] = {}
    for node in [] if pattern is None else [pattern, *descendants(pattern)]:
        parent = node.parent
        if node.type == "shorthand_field_identifier" or (
            node.type == "identifier"
            and parent is not None
            and parent.type not in {"scoped_identifier", "generic_type_with_turbofish", "macro_invocation"}
            and parent.child_by_field_name("type") != node
        ):
            name = text(syntax, node)
            if not name[:1].isupper():
                found.setdefault(name, node)
    return found


@lru_cache(maxsize=64)  # several rules ask for the same place
def locals_at(syntax: Syntax, node: Node | None) -> Mapping[str, Node]:
    """The local variables visible at ``node``, the nearest first, each with where it is bound."""
    found: dict[str, Node] = {}
    at = node.start_byte if node is not None else 0
    below = node
    here = node.parent if node is not None else None
    while here is not None:
        for pattern in _patterns(here, below, at):
            for name, place in pattern_names(syntax, pattern).items():
                found.setdefault(name, place)
        if here.type in FUNCTIONS:
            break
        below, here = here, here.parent
    return found


def _patterns(here: Node, below: Node | None, at: int) -> Sequence[Node]:
    """The patterns of ``here`` whose names are visible in its child ``below``, the latest first."""
    if here.type == "block":
        lets = [child for child in here.named_children if child.end_byte <= at and child.type == "let_declaration"]
        return [p for let in lets[: -_MOST_LETS - 1 : -1] if (p := let.child_by_field_name("pattern"))]
    if here.type in FUNCTIONS or here.type == "closure_expression":
        parameters = here.child_by_field_name("parameters")
        inside = below == here.child_by_field_name("body") and parameters is not None
        return (
            [p.child_by_field_name("pattern") or p for p in parameters.named_children] if inside and parameters else []
        )
    if here.type == "for_expression" or here.type == "match_arm":
        outside = here.child_by_field_name("value") if here.type == "for_expression" else None
        pattern = here.child_by_field_name("pattern")
        return [pattern] if pattern is not None and below != outside else []
    if here.type in {"if_expression", "while_expression"}:
        condition = here.child_by_field_name("condition")
        if condition is not None and below in {
            here.child_by_field_name("consequence"),
            here.child_by_field_name("body"),
        }:
            lets = [c for c in [condition, *descendants(condition)] if c.type == "let_condition"]
            return [p for let in reversed(lets) if (p := let.child_by_field_name("pattern")) is not None]
    return []
