"""What stands around a place: the function it is in, the names that can be seen from there, the types of this file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from knowledgegraph.rust_syntax import Node, Syntax
from tutor.diagnostics import Span
from tutor.fix.rules.base import Case

_BLOCKS: Final = ("block", "source_file")
_NAMED: Final = ("struct_item", "enum_item", "union_item")
_VISIBLE: Final = re.compile(r"pub(?:\s*\([^)]*\))?\s+")


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that can be used at a place. ``type``: as it was written, "" where it was not."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct or variant; of a tuple's, ``name`` is its number."""

    name: str
    type: str


def function_around(case: Case, node: Node | None) -> Node | None:
    """The function or closure that ``node`` is in."""
    return case.above(node, "function_item", "closure_expression", "async_block")


def result_type(case: Case, function: Node | None) -> str:
    """What a function says that it returns; "()" where it says nothing, "" for a closure that says nothing."""
    if function is None or function.type == "async_block":
        return ""
    returned = function.child_by_field_name("return_type")
    if returned is not None:
        return case.text(returned)
    return "()" if function.type == "function_item" else ""


def wrapper(type_: str) -> str:
    """The last name of a type's path, without its arguments: "Result" for `std::io::Result<()>`."""
    return type_.split("<")[0].rsplit("::", 1)[-1].strip()


def arguments_of(type_: str) -> str:
    """What stands between a type's outer angle brackets."""
    start, end = type_.find("<"), type_.rfind(">")
    return type_[start + 1 : end].strip() if 0 <= start < end else ""


def names_in(case: Case, pattern: Node) -> Iterator[str]:
    """The names that a pattern may bind."""
    if pattern.type == "identifier":
        yield case.text(pattern)
    for node in case.below(pattern, "identifier", "shorthand_field_identifier"):
        owner = node.parent
        kind = owner.type if owner is not None else ""
        is_path = owner is not None and owner.child_by_field_name("type") == node
        if kind != "scoped_identifier" and not (kind in ("tuple_struct_pattern", "struct_pattern") and is_path):
            yield case.text(node)


def variables(case: Case, node: Node) -> Sequence[Variable]:
    """The local names that can be seen at ``node``, the nearest first, up to the function's parameters."""
    found: dict[str, Variable] = {}
    here: Node | None = node
    while here is not None and here.type != "source_file":
        for variable in _declared_by(case, here, node):
            found.setdefault(variable.name, variable)
        if here.type == "function_item":
            break
        here = here.parent
    return list(found.values())


def _declared_by(case: Case, owner: Node, place: Node) -> Iterator[Variable]:
    """What ``owner``, which lies around ``place``, brings into scope there."""
    if owner.type == "block":
        before = [n for n in owner.named_children if n.type == "let_declaration" and n.end_byte <= place.start_byte]
        for declaration in reversed(before):
            yield from _bound(case, declaration)
    elif owner.type in ("function_item", "closure_expression"):
        parameters = owner.child_by_field_name("parameters")
        for parameter in parameters.named_children if parameters is not None else ():
            if parameter.type == "parameter":
                yield from _bound(case, parameter)
            elif owner.type == "closure_expression":
                yield from (Variable(name, "") for name in names_in(case, parameter))
    elif owner.type in ("for_expression", "match_arm"):
        pattern = owner.child_by_field_name("pattern")
        if pattern is not None:
            yield from (Variable(name, "") for name in names_in(case, pattern))
    elif owner.type in ("if_expression", "while_expression"):
        condition = owner.child_by_field_name("condition")
        for let in case.below(condition, "let_condition") if condition is not None else ():
            yield from _bound(case, let)
        if condition is not None and condition.type == "let_condition":
            yield from _bound(case, condition)


def _bound(case: Case, declaration: Node) -> Iterator[Variable]:
    pattern = declaration.child_by_field_name("pattern")
    if pattern is None:
        return
    written = declaration.child_by_field_name("type")
    if pattern.type == "mut_pattern" and pattern.named_children:
        pattern = pattern.named_children[-1]
    if pattern.type == "identifier":
        value = declaration.child_by_field_name("value")
        type_ = case.text(written) if written is not None else _type_of(case, value)
        yield Variable(case.text(pattern), type_)
    else:
        yield from (Variable(name, "") for name in names_in(case, pattern))


def _type_of(case: Case, value: Node | None) -> str:
    """The type that a value shows on its face; "" where it shows none."""
    if value is None:
        return ""
    if value.type == "string_literal":
        return "&str"
    if value.type == "boolean_literal":
        return "bool"
    if value.type == "char_literal":
        return "char"
    text = case.text(value)
    if value.type in ("integer_literal", "float_literal"):
        suffix = re.search(r"[iuf](?:8|16|32|64|128|size)$", text)
        return suffix.group() if suffix else ("i32" if value.type == "integer_literal" else "f64")
    if value.type == "struct_expression":
        name = value.child_by_field_name("name")
        return case.text(name) if name is not None else ""
    made = re.match(r"(\w+)(?:::<[^()]*>)?::(?:new|from|default|with_capacity)\(", text)
    return made.group(1) if made else ""


def definition(case: Case, path: str) -> Node | None:
    """The struct or variant of this file that ``path`` ("Shape", "Shape::Circle", "Self::Circle") names."""
    names = [name.strip() for name in re.sub(r"<[^<>]*>", "", path).split("::") if name.strip()]
    if not names:
        return None
    for item in case.below(case.root, *_NAMED):
        name = item.child_by_field_name("name")
        if name is None:
            continue
        if case.text(name) == names[-1] and item.type != "enum_item":
            return item
        if item.type == "enum_item" and len(names) > 1 and names[-2] in (case.text(name), "Self"):
            for variant in case.below(item, "enum_variant"):
                called = variant.child_by_field_name("name")
                if called is not None and case.text(called) == names[-1]:
                    return variant
    return None


def fields(case: Case, item: Node) -> Sequence[Field]:
    """The fields of a struct or variant, in order."""
    body = item.child_by_field_name("body")
    if body is None:
        return ()
    if body.type == "ordered_field_declaration_list":
        types = body.children_by_field_name("type")
        return [Field(str(number), case.text(type_)) for number, type_ in enumerate(types)]
    found = []
    for declaration in body.named_children:
        name, type_ = declaration.child_by_field_name("name"), declaration.child_by_field_name("type")
        if declaration.type == "field_declaration" and name is not None and type_ is not None:
            found.append(Field(case.text(name), case.text(type_)))
    return found


def derives(case: Case, item: Node, trait: str) -> bool:
    """Whether a type of this file has ``trait`` derived or implemented in this file."""
    name = item.child_by_field_name("name")
    called = case.text(name) if name is not None else ""
    before = item.prev_named_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        if before.type == "attribute_item" and re.search(rf"\bderive\b.*\b{trait}\b", case.text(before), re.DOTALL):
            return True
        before = before.prev_named_sibling
    for made in case.below(case.root, "impl_item"):
        of, for_ = made.child_by_field_name("trait"), made.child_by_field_name("type")
        if (
            of is not None
            and for_ is not None
            and (wrapper(case.text(of)), wrapper(case.text(for_))) == (trait, called)
        ):
            return True
    return False


def owner_of(case: Case, node: Node) -> str:
    """The name of the type whose ``impl`` ``node`` is in; "" outside."""
    made = case.above(node, "impl_item")
    type_ = made.child_by_field_name("type") if made is not None else None
    return wrapper(case.text(type_)) if type_ is not None else ""


def is_public(case: Case, item: Node) -> bool:
    """Whether an item is ``pub`` in any way."""
    return any(child.type == "visibility_modifier" for child in item.children)


def after_visibility(case: Case, item: Node) -> int:
    """The offset behind an item's ``pub``, where ``const`` or ``async`` may stand."""
    for child in item.children:
        if child.type == "visibility_modifier":
            following = child.next_sibling
            return following.start_byte if following is not None else child.end_byte
    return item.start_byte


def exactly(case: Case, place: Span, *kinds: str) -> Node | None:
    """The node of one of ``kinds`` that begins and ends where ``place`` does."""
    node = case.at(place)
    while node is not None and (node.start_byte, node.end_byte) == (place.start, place.end):
        if node.type in kinds:
            return node
        node = node.parent
    return None


def statement_of(case: Case, node: Node) -> Node:
    """The statement that ``node`` is part of: the node right below the nearest block."""
    while node.parent is not None and node.parent.type not in _BLOCKS:
        node = node.parent
    return node


def line_end(syntax: Syntax) -> str:
    """How most lines of a file end."""
    return "\r\n" if b"\r\n" in syntax.source else "\n"
