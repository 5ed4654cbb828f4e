"""Rules for values that have to be known when the program is compiled: lengths of arrays, statics in patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_scope import locals_at, text

_NUMBER: Final = re.compile(r"\d[\d_]*(usize|[iu]\d+|isize)?")
_CONSTANT: Final = frozenset(
    {"integer_literal", "float_literal", "boolean_literal", "char_literal", "string_literal"}
    | {"binary_expression", "parenthesized_expression", "unary_expression"}
)


@rule("E0435")
def constant_length(case: Case) -> Iterator[Fix]:
    """The length of an array is part of its type, so it has to be known when the program is compiled: a constant, not
    a variable. Where it is only known when the program runs, a vector holds as many elements."""
    name = case.text(case.place)
    let = _let_of(case, name)
    if let is not None:
        yield from _as_constant(case, let, name)
    array = case.above(case.node, "array_expression")
    if array is not None and let is None and _is_length(case, array) and not _typed_as_array(array):
        yield Fix((case.insert(array.start_byte, "vec!"),), "make a vector, whose length may be a variable", 0.5)


def _let_of(case: Case, name: str) -> Node | None:
    """The plain ``let`` that binds ``name`` to what may be a constant, visible at the error."""
    bound = locals_at(case.syntax, case.node).get(name)
    let = bound.parent if bound is not None else None
    value = let.child_by_field_name("value") if let is not None else None
    if let is None or let.type != "let_declaration" or value is None:
        return None
    plain = all(child.type != "mutable_specifier" for child in let.named_children)
    known = value.type in _CONSTANT and all(n.type in _CONSTANT for n in case.below(value, *_EXPRESSIONS))
    return let if plain and known else None


_EXPRESSIONS: Final = (
    "call_expression",
    "macro_invocation",
    "identifier",
    "field_expression",
    "method_call_expression",
)


def _as_constant(case: Case, let: Node, name: str) -> Iterator[Fix]:
    value, kind = let.child_by_field_name("value"), text(case.syntax, let.child_by_field_name("type"))
    block = case.above(let, "function_item", "closure_expression", "source_file")
    if value is None or block is None:
        return
    upper = name.upper()
    taken = any(case.text(node) == upper for node in case.below(block, "identifier"))
    again = sum(
        case.text(p) == name
        for node in case.below(block, "let_declaration", "parameter", "for_expression")
        if (p := node.child_by_field_name("pattern")) is not None
    )
    if taken or again > 1:
        return
    edits = [Edit(case.file, let.start_byte, value.start_byte, f"const {upper}: {kind or 'usize'} = ".encode())]
    number = _NUMBER.fullmatch(case.text(value))
    if number is not None and number.group(1) not in {None, "usize"} and not kind:
        edits.append(case.replace(value, case.text(value).removesuffix(number.group(1))))
    for node in case.below(block, "identifier", "shorthand_field_initializer"):
        if case.text(node) == name and node.start_byte >= let.end_byte:
            if node.type != "identifier" or (
                node.parent is not None and node.parent.type == "shorthand_field_initializer"
            ):
                return
            edits.append(case.replace(node, upper))
    inline = re.compile(rb"\{" + re.escape(name.encode()) + rb"\s*[:}]")
    if inline.search(case.source, let.end_byte, block.end_byte):
        edits += [
            Edit(case.file, m.start() + 1, m.start() + 1 + len(name.encode()), upper.encode())
            for m in inline.finditer(case.source, let.end_byte, block.end_byte)
        ]
    yield Fix(tuple(edits), f"make `{name}` a constant, `{upper}`: the length of an array is known beforehand", 0.64)


def _is_length(case: Case, array: Node) -> bool:
    length = array.child_by_field_name("length")
    return length is not None and length.start_byte <= case.place.start and case.place.end <= length.end_byte


def _typed_as_array(array: Node) -> bool:
    let = array.parent
    kind = let.child_by_field_name("type") if let is not None and let.type == "let_declaration" else None
    return let is None or let.type != "let_declaration" or kind is not None


@rule("E0530")
def shadows_static(case: Case) -> Iterator[Fix]:
    """A name alone in a pattern means the constant, static or type of that name if there is one. A static cannot be
    compared with in a pattern: a guard does that. A variable needs a name of its own, in small letters."""
    found = re.match(r"(.+?) bindings? cannot shadow (.+)", case.message)
    name = case.text(case.place)
    if found is None or not name.isidentifier() or case.place.from_macro:
        return
    arm = case.above(case.node, "match_arm")
    pattern = case.above(case.node, "match_pattern")
    if "static" in found.group(2) and arm is not None and pattern is not None and case.text(pattern) == name:
        more = arm.next_named_sibling is not None
        if more:
            guard = f"value if value == {name}"
            yield Fix((case.replace(case.place, guard),), f"compare with the static `{name}` in a guard", 0.6)
            return
    small = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    scope = case.above(case.node, "function_item")
    if scope is None:
        return
    words = {case.text(node) for node in case.below(scope, "identifier")}
    if small == name:
        small = f"{name}_value"
    if small in words:
        return
    edits = [case.replace(case.place, small)]
    body = arm.child_by_field_name("value") if arm is not None else None
    if body is not None:
        uses = [node for node in case.below(body, "identifier") if case.text(node) == name]
        uses += [body] if body.type == "identifier" and case.text(body) == name else []
        edits += [case.replace(node, small) for node in uses]
    yield Fix(tuple(edits), f"give the variable a name of its own, `{small}`", 0.45)
