"""Rules for patterns that do not fit the value: of another length, of another shape, or not for every value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.shapes_scope import (
    exactly,
    function_around,
    line_end,
    result_type,
    wrapper,
)

_PATTERN_OWNERS: Final = ("let_declaration", "match_arm", "let_condition", "for_expression", "parameter")


@rule("E0005")
def refutable_let(case: Case) -> Iterator[Fix]:
    """A `let` takes every value, and this pattern does not. `?` hands what is left over to the caller, where the
    function returns such a type; else the function or the loop goes on without it."""
    declaration = case.above(case.node, "let_declaration")
    if declaration is None or "local binding" not in case.message:
        return
    pattern, value = declaration.child_by_field_name("pattern"), declaration.child_by_field_name("value")
    if pattern is None or value is None or declaration.child_by_field_name("alternative") is not None:
        return
    function = function_around(case, declaration)
    returned = result_type(case, function)
    outer = wrapper(returned)
    name = re.fullmatch(r"(Some|Ok)\(((?:mut\s+)?\w+)\)", case.text(pattern))
    kind = {"Some": "Option", "Ok": "Result"}.get(name.group(1), "") if name is not None else ""
    if name is not None and kind == outer:
        question = case.insert(value.end_byte, "?") if _binds_tightly(value) else None
        edits = (case.replace(pattern, name.group(2)), *([question] if question else _in_brackets(case, value)))
        yield Fix(edits, "let `?` return early where there is no value", 0.8)
    loop = case.above(declaration, "loop_expression", "while_expression", "for_expression", "function_item")
    away = ""
    if loop is not None and loop.type != "function_item":
        away = "continue"
    elif outer == "Option":
        away = "return None"
    elif returned == "()":
        away = "return"
    if away:
        words = f"where the pattern does not fit, go on with `{away}`"
        ok = case.text(pattern).startswith("Ok")
        yield Fix((case.insert(value.end_byte, f" else {{ {away} }}"),), words, 0.5 if ok else 0.65)


def _binds_tightly(value: Node) -> bool:
    """Whether `?` behind this expression is about all of it."""
    return value.type in ("identifier", "call_expression", "field_expression", "index_expression", "scoped_identifier",
                          "parenthesized_expression", "macro_invocation", "await_expression")  # fmt: skip


def _in_brackets(case: Case, value: Node) -> Sequence[Edit]:
    return case.insert(value.start_byte, "("), case.insert(value.end_byte, ")?")


@rule("E0005")
def refutable_for(case: Case) -> Iterator[Fix]:
    """A `for` loop takes every item, and this pattern does not. The items that fit are picked in the loop's body."""
    loop = case.above(case.node, "for_expression")
    if loop is None or "`for` loop" not in case.message:
        return
    pattern, value = loop.child_by_field_name("pattern"), loop.child_by_field_name("value")
    body = loop.child_by_field_name("body")
    if pattern is None or value is None or body is None:
        return
    name = re.fullmatch(r"(?:Some|Ok)\((\w+)\)", case.text(pattern))
    if name is not None and value.type in ("identifier", "call_expression", "field_expression"):
        ready = re.search(r"\.(?:iter|into_iter|lines|map|drain|chunks|iter_mut)\(", case.text(value))
        tail = ".flatten()" if ready else ".into_iter().flatten()"
        edits = (case.replace(pattern, name.group(1)), case.insert(value.end_byte, tail))
        yield Fix(edits, "go over the values that are there, with `flatten`", 0.6)
    opening = body.children[0] if body.children else None
    if opening is not None and body.start_point.row != body.end_point.row:
        item = "item" if not re.search(r"\bitem\b", case.text(loop)) else "each"
        line = f"let {case.text(pattern)} = {item} else {{ continue }};"
        indent = line_end(case.syntax) + case.indentation(loop.start_byte) + "    "
        edits = (case.replace(pattern, item), case.insert(opening.end_byte, indent + line))
        yield Fix(edits, "skip the items that do not fit the pattern", 0.5)


@rule("E0023")
def too_many_in_pattern(case: Case) -> Iterator[Fix]:
    """A pattern names more fields than the variant has. The names that nobody uses are the ones too many."""
    counted = re.search(r"has (\d+) fields?, but .* has (\d+)", case.message)
    pattern = case.above(case.node, "tuple_struct_pattern")
    if counted is None or pattern is None:
        return
    surplus = int(counted.group(1)) - int(counted.group(2))
    path = pattern.child_by_field_name("type")
    parts = [part for part in pattern.named_children if part != path]
    if surplus <= 0 or len(parts) != int(counted.group(1)):
        return
    owner = case.above(pattern, *_PATTERN_OWNERS)
    around = owner.parent if owner is not None and owner.type == "let_declaration" else owner
    used = case.source[pattern.end_byte : around.end_byte].decode("utf-8", "replace") if around is not None else ""
    idle = [p for p in parts if p.type == "_" or not re.search(rf"\b{re.escape(case.text(p))}\b", used)]
    gone = idle[-surplus:]
    if len(idle) < surplus or (len(idle) > surplus and gone != parts[-surplus:]):
        return
    kept = ", ".join(case.text(part) for part in parts if part not in gone)
    start, end = parts[0].start_byte, parts[-1].end_byte
    yield Fix((Edit(case.file, start, end, kept.encode()),), "name as many fields as there are", 0.65)


@rule("E0029")
def range_of_strings(case: Case) -> Iterator[Fix]:
    """Ranges of strings are no patterns; a guard compares them when the program runs."""
    pattern = exactly(case, case.place, "range_pattern") or case.above(case.node, "range_pattern")
    arm = case.above(pattern, "match_arm")
    found = case.above(pattern, "match_expression")
    value = found.child_by_field_name("value") if found is not None else None
    if pattern is None or arm is None or value is None or value.type != "identifier":
        return
    whole = arm.child_by_field_name("pattern")
    if whole is None or case.text(whole) != case.text(pattern):
        return
    low, sign, high = (case.text(pattern.children[0]), case.text(pattern.children[1]), case.text(pattern.children[-1]))
    below = "<=" if sign in ("..=", "...") else "<"
    name = case.text(value)
    guard = f"_ if {name} >= {low} && {name} {below} {high}"
    yield Fix((case.replace(pattern, guard),), f"compare `{name}` in a guard", 0.65)


@rule("E0527")
def array_pattern_too_short(case: Case) -> Iterator[Fix]:
    """An array's pattern takes all of its elements; `..` takes those that have no name."""
    pattern = exactly(case, case.place, "slice_pattern")
    counted = re.search(r"requires (\d+) elements? but array has (\d+)", case.message)
    if pattern is None or counted is None or int(counted.group(1)) >= int(counted.group(2)):
        return
    parts = pattern.named_children
    if not parts:
        yield Fix((case.replace(pattern, "[..]"),), "take all elements with `..`", 0.6)
    elif not any(part.type == "remaining_field_pattern" for part in parts):
        yield Fix((case.insert(parts[-1].end_byte, ", .."),), "leave the other elements out with `..`", 0.75)


@rule("E0529")
def slice_of_vector(case: Case) -> Iterator[Fix]:
    """A vector is matched against a slice's pattern through its slice."""
    found = case.above(case.node, "match_expression")
    value = found.child_by_field_name("value") if found is not None else None
    if value is None or "found `Vec<" not in case.message or not _binds_tightly(value):
        return
    yield Fix((case.insert(value.end_byte, ".as_slice()"),), "match its slice", 0.65)


@rule("E0170")
def variant_not_name(case: Case) -> Iterator[Fix]:
    """A bare name in a pattern takes every value; the variant has its enum before it."""
    variant = re.search(r"same name as one of the variants of the type `(?:\w+::)*(\w+)`", case.message)
    node = case.node
    if variant is not None and node is not None and node.type == "identifier":
        yield Fix((case.insert(node.start_byte, f"{variant.group(1)}::"),), "name the variant with its enum", 0.7)
