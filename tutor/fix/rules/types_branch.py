"""Rules about branches, patterns and borrows whose types do not meet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.types_convert import value_of
from tutor.fix.rules.types_pair import INTEGERS, SIZES, agree, arguments, head, pair_of, plain
from tutor.fix.rules.types_places import (
    binding,
    function_around,
    is_fixed,
    tails,
)

_DEFAULTS: Final = {"bool": "false", "f32": "0.0", "f64": "0.0", "&str": '""', "String": "String::new()"}


@rule("E0308")
def borrowed_mutably(case: Case) -> Iterator[Fix]:
    """A shared borrow is passed where the value is to be changed."""
    pair, value = pair_of(case), value_of(case)
    if pair is None or value is None or not pair.expected.startswith("&mut "):
        return
    if not pair.found.startswith("&") or pair.found.startswith("&mut "):
        return
    if value.type == "reference_expression" and (inner := value.child_by_field_name("value")) is not None:
        edit = Edit(case.file, value.start_byte, inner.start_byte, b"&mut ")
        yield Fix((edit,), f"borrow `{case.text(inner)}` mutably: it is changed there", 0.66)
    elif value.type == "identifier" and (place := binding(case, value)) is not None:
        type_, start = place.child_by_field_name("type"), place.child_by_field_name("value")
        function = case.above(place.parent, "function_item") if place.type == "parameter" else None
        if type_ is not None and type_.type == "reference_type" and not (function and is_fixed(case, function)):
            words = f"let `{case.text(value)}` be a mutable borrow: it is passed on to be changed"
            yield Fix((case.insert(type_.start_byte + 1, "mut "),), words, 0.55)
        elif type_ is None and start is not None and start.type == "reference_expression":
            words = f"make `{case.text(value)}` a mutable borrow"
            yield Fix((case.insert(start.start_byte + 1, "mut "),), words, 0.55)
    elif value.type == "call_expression" and case.text(value).endswith(".iter()"):
        yield Fix((case.insert(value.end_byte - len("()"), "_mut"),), "iterate over mutable borrows", 0.55)


@rule("E0308")
def earlier_branch(case: Case) -> Iterator[Fix]:
    """The branches differ, and the earlier one is the text that has to become a ``String`` or a near number."""
    pair = pair_of(case)
    if pair is None or "incompatible types" not in case.message:
        return
    arms = [
        n for span, _ in case.labelled("because of this|found to be of type|all prior arms") if (n := case.at(span))
    ]
    arms = [arm for arm in arms if arm.start_byte != case.place.start]
    if pair.expected == "&str" and pair.found == "String" and 0 < len(arms) < 8:
        if all(arm.type == "string_literal" for arm in arms):
            edits = tuple(case.insert(arm.end_byte, ".to_string()") for arm in arms)
            yield Fix(edits, "let every branch give a `String`", 0.62)
    elif (
        pair.expected == "{integer}" and pair.found == "{float}" and all(arm.type == "integer_literal" for arm in arms)
    ):
        yield Fix(tuple(case.insert(arm.end_byte, ".0") for arm in arms), "let every branch give a float", 0.55)


@rule("E0308")
def several_closures(case: Case) -> Iterator[Fix]:
    """Two functions return two closures, each of its own type: boxed trait objects can stand beside each other."""
    if "opaque type" not in case.place.label:
        return
    found = [case.above(case.at(span), "function_item") for span, _ in case.labelled("(?:expected|found) opaque type$")]
    functions = {node.id: node for node in found if node is not None}
    edits: list[Edit] = []
    for function in functions.values():
        type_, body = function.child_by_field_name("return_type"), function.child_by_field_name("body")
        ends = list(tails(body)) if body is not None else []
        if type_ is None or type_.type != "abstract_type" or is_fixed(case, function):
            return
        edits.append(case.replace(type_, "Box<dyn" + case.text(type_).removeprefix("impl") + ">"))
        for end in ends:
            edits += (case.insert(end.start_byte, "Box::new("), case.insert(end.end_byte, ")"))
    if len(functions) == 2:
        yield Fix(tuple(edits), "return boxed trait objects: two `impl` results are never the same type", 0.62)


@rule("E0308", "E0599", "E0277", "E0614")
def unanswered_result(case: Case) -> Iterator[Fix]:
    """A variable holds the ``Result`` or ``Option`` of its initialiser where its value is wanted: ``?`` at the source
    unwraps it for every use."""
    name = _unopened(case)
    place = binding(case, name) if name is not None and name.type == "identifier" else None
    function = function_around(case, name)
    if name is None or place is None or function is None or place.type != "let_declaration":
        return
    start, result = place.child_by_field_name("value"), function.child_by_field_name("return_type")
    if start is None or result is None or place.child_by_field_name("type") is not None:
        return
    closure = case.above(place, "closure_expression", "function_item", "async_block")
    if (
        closure is not None
        and closure.type == "function_item"
        and start.type in ("call_expression", "await_expression")
    ):
        kind = "Option" if "Option" in case.text(result) else "Result"
        if kind in " ".join((case.place.label, case.message, *case.notes)):
            yield Fix(
                (case.insert(start.end_byte, "?"),), f"take the value out of `{case.text(name)}` where it is made", 0.63
            )


def _unopened(case: Case) -> Node | None:
    """The name of a variable that is a ``Result`` or an ``Option`` where its content is meant."""
    value = value_of(case)
    if case.diagnostic.code == "E0308":
        pair = pair_of(case)
        parts = arguments(pair.found) if pair is not None else ()
        wraps = pair is not None and head(pair.found) in ("Result", "Option") and bool(parts)
        return value if pair is not None and wraps and agree(parts[0], pair.expected) else None
    if not re.search(r"`(?:std::\w+::)?(?:Result|Option)<", case.message):
        return None
    if case.diagnostic.code == "E0614":
        starred = case.above(case.node, "unary_expression")
        return starred.named_children[0] if starred is not None and starred.named_children else None
    access = case.above(case.node, "field_expression") if case.diagnostic.code == "E0599" else None
    return access.child_by_field_name("value") if access is not None else value


@rule("E0317")
def missing_else(case: Case) -> Iterator[Fix]:
    """An ``if`` gives a value only if it gives one either way; the other way, an empty one."""
    node = case.above(case.node, "if_expression")
    match = re.search(r"expected (.+?), found `\(\)`", case.place.label)
    if node is None or match is None or node.child_by_field_name("alternative") is not None:
        return
    word = match[1].strip("`")
    whole = word == "integer" or word in INTEGERS or word in SIZES
    value = "0" if whole else "0.0" if word == "floating-point number" else _DEFAULTS.get(plain(word), "")
    value = "None" if head(plain(word)) == "Option" else value
    if value:
        indent = case.indentation(node.end_byte)
        lines = b"\n" in case.source[node.start_byte : node.end_byte]
        text = f" else {{\n{indent}    {value}\n{indent}}}" if lines else f" else {{ {value} }}"
        yield Fix((case.insert(node.end_byte, text),), f"give the other case a value too, here `{value}`", 0.3)


@rule("E0308")
def borrowed_pattern(case: Case) -> Iterator[Fix]:
    """A pattern has one ``&`` too many for what it is compared with, or what a loop walks over is not borrowed."""
    pair = pair_of(case)
    pattern = case.above(case.node, "reference_pattern")
    place = case.place
    if (
        pair is None
        or pattern is None
        or pattern.end_byte != place.end
        or pattern.start_byte not in (place.start, place.start - 1)
    ):
        return
    inner = pattern.named_children[-1] if pattern.named_children else None
    match = case.above(pattern, "match_expression")
    subject = match.child_by_field_name("value") if match is not None else None
    loop = case.above(match, "for_expression")
    walked, item = (loop.child_by_field_name(f) if loop is not None else None for f in ("value", "pattern"))
    same = item is not None and subject is not None and case.text(item) == case.text(subject)
    if same and walked is not None and walked.type == "identifier":
        yield Fix((case.insert(walked.end_byte, ".iter()"),), f"borrow the items of `{case.text(walked)}`", 0.6)
    if inner is not None and pair.found.lstrip("&") == pair.expected.lstrip("&"):
        edit = Edit(case.file, pattern.start_byte, inner.start_byte, b"")
        yield Fix((edit,), f"match `{case.text(inner)}` itself: there is no other borrow around it", 0.56)


@rule("E0308")
def range_or_rest(case: Case) -> Iterator[Fix]:
    """In a tuple's pattern ``.. x`` is a range; a comma makes it the rest and ``x``."""
    tuple_ = case.node
    if tuple_ is None or tuple_.type != "tuple_pattern" or "tuple with" not in case.place.label:
        return
    for part in tuple_.named_children:
        if part.type == "range_pattern" and case.text(part).startswith("..") and not case.text(part).startswith("..="):
            yield Fix((case.insert(part.start_byte + 2, ","),), "separate the rest `..` from what follows it", 0.6)


@rule("E0308")
def rest_of_tuple(case: Case) -> Iterator[Fix]:
    """A tuple is taken apart into too few names: ``..`` stands for those that nobody wants."""
    pattern = case.node
    match = re.search(r"expected a tuple with (\d+) elements?, found one with (\d+)", case.place.label)
    if match is None or pattern is None or pattern.type != "tuple_pattern" or int(match[1]) <= int(match[2]):
        return
    names = pattern.named_children
    if names and not any(name.type == "range_pattern" for name in names):
        missing = int(match[1]) - int(match[2])
        yield Fix((case.insert(names[-1].end_byte, ", _" * missing),), "leave out the rest of the tuple with `_`", 0.5)
