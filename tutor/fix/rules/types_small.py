"""Rules for errors about casts, operators on the wrong type and the numbers of enum variants."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.types_convert import then
from tutor.fix.rules.types_pair import TEXTS, is_number, plain
from tutor.fix.rules.types_places import binding, function_around, is_fixed


@rule("E0081")
def discriminant_repeated(case: Case) -> Iterator[Fix]:
    """Two variants have one number: the later one gets the next that is free."""
    enum = case.above(case.node, "enum_item")
    spots = [span for span, _ in case.labelled(r"`-?\d+` assigned here")]
    if enum is None or len(spots) < 2:
        return
    later = case.at(max(spots, key=lambda span: span.start))
    variant = case.above(later, "enum_variant")
    free = _largest(case, enum)
    if variant is None or free is None:
        return
    value, name = variant.child_by_field_name("value"), variant.child_by_field_name("name")
    if name is None:
        return
    words = f"give `{case.text(name)}` a number of its own"
    if value is None:
        yield Fix((case.insert(variant.end_byte, f" = {free + 1}"),), words, 0.55)
    else:
        yield Fix((case.replace(value, str(free + 1)),), words, 0.55)


def _largest(case: Case, enum: Node) -> int | None:
    """The largest number of a variant; None where one is no plain literal."""
    now, largest = -1, -1
    for variant in case.below(enum, "enum_variant"):
        value = variant.child_by_field_name("value")
        text = case.text(value).replace("_", "") if value is not None else str(now + 1)
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            return None
        now = int(text)
        largest = max(now, largest)
    return largest


@rule("E0370")
def discriminant_overflowed(case: Case) -> Iterator[Fix]:
    """The number after the largest one does not exist; the compiler says which one it would wrap to."""
    variant = case.above(case.node, "enum_variant")
    number = next((m[1] for note in case.notes if (m := re.search(r"explicitly set `\w+ = (-?\d+)`", note))), "")
    if variant is not None and number and variant.child_by_field_name("value") is None:
        name = case.text(variant).strip()
        yield Fix((case.insert(variant.end_byte, f" = {number}"),), f"give `{name}` a number: {number}", 0.5)


@rule("E0614")
def nothing_to_dereference(case: Case) -> Iterator[Fix]:
    """``*`` stands before a value that is no reference: the value itself is meant, or ``self`` should be borrowed."""
    if case.source[max(case.place.start - 2, 0) : case.place.start].rstrip().endswith(b"*"):
        return  # `x ** 2`, as other languages write a power: taking a star away makes it another sum
    node = case.above(case.node, "unary_expression")
    if node is None or node.start_byte != case.place.start:  # in a macro there is no more than a row of words
        if case.text(case.place).startswith("*") and case.node is not None and not case.place.from_macro:
            name = case.text(case.place)[1:]
            edit = Edit(case.file, case.place.start, case.place.start + 1, b"")
            yield Fix((edit,), f"use `{name}` itself: it is no reference", 0.58)
        return
    if not case.text(node).startswith("*") or not node.named_children:
        return
    inner = node.named_children[0]
    if inner.type == "self":
        function = function_around(case, node)
        group = function.child_by_field_name("parameters") if function is not None else None
        own = next((p for p in group.named_children if p.type == "self_parameter"), None) if group is not None else None
        if function is not None and own is not None and case.text(own) == "self" and not is_fixed(case, function):
            yield Fix((case.insert(own.start_byte, "&"),), "borrow `self` instead of taking it", 0.64)
    edit = Edit(case.file, node.start_byte, inner.start_byte, b"")
    yield Fix((edit,), f"use `{case.text(inner)}` itself: it is no reference", 0.58)


@rule("E0600")
def negated(case: Case) -> Iterator[Fix]:
    """``!`` asks a question of something that is no truth value: say which."""
    match = re.search(r"unary operator `!` to type `(.+?)`", case.message)
    node = case.above(case.node, "unary_expression")
    if match is None or node is None or not node.named_children or node.named_children[0].type != "identifier":
        return
    inner, type_ = node.named_children[0], plain(match[1])
    question = ".is_none()" if type_.startswith("Option<") else ".is_err()" if type_.startswith("Result<") else ""
    if type_ in TEXTS or type_.startswith(("Vec<", "&Vec<", "&[")):
        question = ".is_empty()"
    if question:
        edit = case.replace(node, case.text(inner) + question)
        yield Fix((edit,), f"ask `{case.text(inner)}{question}`", 0.55)


@rule("E0605", "E0606", "E0604")
def cast_by_conversion(case: Case) -> Iterator[Fix]:
    """``as`` converts numbers only: other types have a conversion of their own."""
    node = case.above(case.node, "type_cast_expression")
    match = re.search(r"`([^`]+)` as `([^`]+)`", case.message)
    value = node.child_by_field_name("value") if node is not None else None
    if node is None or value is None:
        return
    found, goal = (plain(match[1]), plain(match[2])) if match else ("", "")
    if goal == "String" and (is_number(found) or found in ("char", "bool")):
        method = (
            f"({case.text(value)}).to_string()"
            if value.type == "binary_expression"
            else f"{case.text(value)}.to_string()"
        )
        yield Fix((case.replace(node, method),), f"turn `{case.text(value)}` into a `String`", 0.64)
    elif found in TEXTS and is_number(goal):
        yield from _parsed(case, node, value, goal)
    elif goal == f"Vec<{found}>":
        yield Fix(
            (case.replace(node, f"vec![{case.text(value)}]"),), f"make a vector that holds `{case.text(value)}`", 0.45
        )
    elif found.startswith("&&") and goal.startswith("&") and value.type == "reference_expression":
        edit = Edit(case.file, value.start_byte, value.start_byte + 1, b"")
        yield Fix((edit,), "borrow once: the cast needs a plain reference", 0.5)
    elif case.diagnostic.code == "E0604":
        yield from _as_char(case, value)


def _parsed(case: Case, node: Node, value: Node, goal: str) -> Iterator[Fix]:
    """Text is read, not cast; that can fail, so the error goes to the caller where the function can hand it on."""
    function = function_around(case, node)
    result = function.child_by_field_name("return_type") if function is not None else None
    hands_on = result is not None and "Result" in case.text(result)
    edit = case.replace(node, f"{case.text(value)}.parse::<{goal}>()" + ("?" if hands_on else ".unwrap()"))
    yield Fix((edit,), f"read the number out of `{case.text(value)}` with `parse`", 0.5 if hands_on else 0.35)


def _as_char(case: Case, value: Node) -> Iterator[Fix]:
    """Only a ``u8`` is cast to ``char``."""
    text = case.text(value)
    if value.type in ("identifier", "field_expression") and binding(case, value) is not None:
        yield Fix(
            then(case, value, " as u8"), f"go through `u8`, the only number that is cast to `char`: `{text}`", 0.35
        )


@rule("E0607")
def stays_thin(case: Case) -> Iterator[Fix]:
    """A pointer to one item does not know how many there are, so it is no pointer to a slice."""
    node = case.above(case.node, "type_cast_expression")
    match = re.search(
        r"thin pointer `(\*(?:const|mut) (\w+))` to wide pointer `\*(?:const|mut) \[(\w+)\]`", case.message
    )
    type_ = node.child_by_field_name("type") if node is not None else None
    if match is not None and type_ is not None and match[2] == match[3]:
        yield Fix((case.replace(type_, match[1]),), "cast to a pointer to one item", 0.4)


@rule("E0368")
def bits_of_float(case: Case) -> Iterator[Fix]:
    """Bits are shifted and masked in whole numbers only: a variable made of a literal can be one."""
    match = re.search(r"operation `(?:<<|>>|&|\||\^)=` cannot be applied to type `(f32|f64|\{float\})`", case.message)
    whole = case.above(case.node, "compound_assignment_expr")
    left = whole.child_by_field_name("left") if whole is not None else None
    place = binding(case, left) if left is not None and left.type == "identifier" else None
    value = place.child_by_field_name("value") if place is not None else None
    if match is None or left is None or value is None or not value.type.endswith("_literal"):
        return
    number = re.fullmatch(r"([0-9]+)(?:\.0*)?(?:_?(f32|f64))?", case.text(value))
    if number is not None:
        text = number[1] + (number[2] or "").replace("f", "u")
        yield Fix((case.replace(value, text),), f"make `{case.text(left)}` a whole number: only those have bits", 0.5)


@rule("E0271")
def associated_type(case: Case) -> Iterator[Fix]:
    """A bound asks for one associated type and the implementation gives another: one of the two is the mistake."""
    pattern = r"type mismatch resolving `<(.+?) as (\w+)>::(\w+) == (.+)`$"
    match = re.search(pattern, case.message)
    if match is None:
        return
    trait, name, wanted = match[2], match[3], match[4]
    given = ""
    for item in case.below(case.root, "impl_item"):
        of, body = item.child_by_field_name("trait"), item.child_by_field_name("body")
        for part in body.named_children if body is not None and of is not None and case.text(of) == trait else ():
            own, type_ = part.child_by_field_name("name"), part.child_by_field_name("type")
            if part.type != "type_item" or own is None or type_ is None:
                continue
            if case.text(own) == name:
                given = case.text(type_)
                yield Fix((case.replace(type_, wanted),), f"let `{name}` be `{wanted}`, as the bound asks", 0.48)
    for bound in case.below(case.root, "type_binding"):
        own, type_ = bound.child_by_field_name("name"), bound.child_by_field_name("type")
        function = function_around(case, bound)
        if not given or own is None or type_ is None or function is None or is_fixed(case, function):
            continue
        if case.text(own) == name and plain(case.text(type_)) == wanted:
            yield Fix((case.replace(type_, given),), f"ask for the `{name}` that there is, `{given}`", 0.46)
