"""Rules that name a type which the compiler cannot work out, from what the rest of the program says about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.types_pair import INTEGERS, is_number, plain, widens
from tutor.fix.rules.types_places import binding

_LITERALS: Final = {"boolean_literal": "bool", "char_literal": "char", "string_literal": "&str"}
_BY_SIZE: Final = ("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "i128", "u128")
_TOTAL: Final = re.compile(r"\.\s*(?:sum|product)\s*\(\s*\)$")
_UNDECIDED: Final = re.compile(r"needed for `((?:\w+::)*\w+<_>)`")


@dataclass(frozen=True, slots=True)
class _Let:
    """A ``let`` without an annotation."""

    whole: Node
    pattern: Node
    value: Node


def _untyped(case: Case) -> _Let | None:
    """The ``let`` around the error, where it has a value and no type."""
    let = case.above(case.node, "let_declaration")
    if let is None or let.child_by_field_name("type") is not None:
        return None
    pattern, value = let.child_by_field_name("pattern"), let.child_by_field_name("value")
    return _Let(let, pattern, value) if pattern is not None and value is not None else None


@rule("E0283", "E0284", "E0282")
def sum_named(case: Case) -> Iterator[Fix]:
    """``sum`` and ``product`` can add up to several types; that of the items is the one that was meant."""
    items = next(
        (m[1] for note in case.notes if (m := re.search(r"`_: (?:Sum|Product)<&?(?:'\w+ )?(.+?)>`", note))), ""
    )
    type_ = {"{integer}": "i32", "{float}": "f64"}.get(items, items)
    if not is_number(type_):
        return
    let = _untyped(case)
    if let is not None and let.pattern.type == "identifier" and _TOTAL.search(case.text(let.value)):
        yield _annotated(case, let.pattern, type_, 0.66)
        return
    for span in case.diagnostic.spans:
        if case.text(span) in ("sum", "product"):
            yield Fix((case.insert(span.end, f"::<{type_}>"),), f"say that the items add up to `{type_}`", 0.64)
            return


@rule("E0283", "E0282")
def collection_named(case: Case) -> Iterator[Fix]:
    """``collect`` can fill many collections: characters mostly become a ``String``, borrowed items may have to be
    copied to go where they are used."""
    item = next((m[1] for note in case.notes if (m := re.search(r"`_: FromIterator<(.+)>`", note))), "")
    let = _untyped(case)
    if not item or let is None:
        return
    pattern, value = let.pattern, let.value
    ending = re.search(rb"\.\s*collect\s*\(\s*\)$", case.source[value.start_byte : value.end_byte])
    if ending is None or pattern.type != "identifier":
        return
    if item in ("char", "String", "&str"):
        yield _annotated(case, pattern, "String", 0.62 if item == "char" else 0.35)
    if item.startswith("&") and not item.startswith("&mut") and item != "&str":
        copy = case.insert(value.start_byte + ending.start(), ".cloned()")
        words = f"collect copies of the items into a `Vec` that is `{case.text(pattern)}`"
        yield Fix((case.insert(pattern.end_byte, ": Vec<_>"), copy), words, 0.45)


@rule("E0284", "E0282", "E0283")
def parsed_named(case: Case) -> Iterator[Fix]:
    """``parse`` reads whatever is asked for: a literal, its use or the function's result tells what; a number that
    nothing tells more of is an ``i32``, as Rust takes it elsewhere."""
    call = _parse_call(case)
    if call is None:
        return
    function, let = call.child_by_field_name("function"), _untyped(case)
    source = function.child_by_field_name("value") if function is not None else None
    text = re.fullmatch(r'"([^"]*)"', case.text(source)) if source is not None else None
    type_ = _written_as(text[1]) if text else ""
    if not type_ and let is not None and let.pattern.type == "identifier":
        type_ = _from_use(case, let.whole, case.text(let.pattern))
    around = case.above(call, "function_item")
    result = around.child_by_field_name("return_type") if around is not None else None
    named = re.search(r"\b[iuf](?:8|16|32|64|128|size)\b", case.text(result)) if result is not None else None
    type_ = type_ or (named[0] if named else "")
    if function is not None:
        words = f"parse the text as `{type_ or 'i32'}`" + ("" if type_ else "; write another type if you mean one")
        yield Fix((case.insert(function.end_byte, f"::<{type_ or 'i32'}>"),), words, 0.6 if type_ else 0.35)


def _parse_call(case: Case) -> Node | None:
    """The call of ``parse`` without a type that the error is about: at one of its spans, else in the same ``let``."""
    spots = [node for span in case.diagnostic.spans if span.file == case.file and (node := case.at(span)) is not None]
    calls = [case.above(node, "call_expression") for node in spots if case.text(node) == "parse"]
    let = _untyped(case)
    found = [call for call in calls if call is not None]
    if let is not None:
        found += [
            node for node in (let.value, *case.below(let.value, "call_expression")) if node.type == "call_expression"
        ]
    for call in found:
        function = call.child_by_field_name("function")
        if function is not None and re.search(r"\.\s*parse$", case.text(function)):
            return call
    return None


def _written_as(text: str) -> str:
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return "i32" if len(text) < 10 else "i64"
    if re.fullmatch(r"[+-]?[0-9]*\.[0-9]+", text):
        return "f64"
    return "bool" if text in ("true", "false") else ""


def _from_use(case: Case, let: Node, name: str) -> str:
    """The type that the operators after ``let`` put beside this variable."""
    block = let.parent
    for node in case.below(block, "binary_expression") if block is not None else ():
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if node.start_byte < let.end_byte or left is None or right is None:
            continue
        for one, other in ((left, right), (right, left)):
            if case.text(one) == name and (type_ := _type_of(case, other)):
                return type_
    return ""


def _type_of(case: Case, value: Node) -> str:
    """The type of a literal, or of a variable or parameter that has one written beside it."""
    text = case.text(value)
    if value.type in ("integer_literal", "float_literal"):
        suffix = re.search(r"[iuf](?:8|16|32|64|128|size)$", text)
        return suffix[0] if suffix else "i32" if value.type == "integer_literal" else "f64"
    if value.type == "identifier" and (place := binding(case, value)) is not None:
        type_ = place.child_by_field_name("type")
        start = place.child_by_field_name("value")
        if type_ is not None:
            return plain(case.text(type_))
        return _type_of(case, start) if start is not None and start.type.endswith("_literal") else ""
    if value.type == "reference_expression" and (inner := value.child_by_field_name("value")) is not None:
        return f"&{of}" if (of := _type_of(case, inner)) else ""
    if value.type == "unary_expression" and text.startswith("-") and value.named_children:
        return _type_of(case, value.named_children[0])
    if value.type == "call_expression" and re.match(r"String::(?:from|new)\b|format!", text):
        return "String"
    return _LITERALS.get(value.type, "")


@rule("E0282")
def contents_named(case: Case) -> Iterator[Fix]:
    """An empty collection: what goes into it by way of ``into()`` tells the smallest type that holds all of it; where
    nothing goes in, any type will do."""
    match = _UNDECIDED.search(case.message)
    found = _untyped(case)
    let, pattern = (found.whole, found.pattern) if found is not None else (None, None)
    if match is None or pattern is None or let is None or let.parent is None or pattern.type != "identifier":
        return
    if pattern.end_byte != case.place.end:
        return
    name = case.text(pattern)
    uses = [n for n in case.below(let.parent, "identifier") if n.start_byte > let.end_byte and case.text(n) == name]
    sources = {type_ for use in uses if (type_ := _converted_from(case, use))}
    whole = next((t for t in _BY_SIZE if sources and all(s == t or widens(s, t) for s in sources)), "")
    if whole and sources <= INTEGERS.keys():
        yield _annotated(case, pattern, match[1].replace("_", whole), 0.58)
    elif not uses:
        type_ = match[1].replace("_", "i32")
        fix = _annotated(case, pattern, type_, 0.3)
        yield Fix(fix.edits, f"{fix.words}; nothing is put into it, so any type will do", fix.likelihood)


def _converted_from(case: Case, use: Node) -> str:
    """The type of ``y`` where ``use`` is the ``x`` of ``x.push(y.into())``."""
    call = use.parent.parent if use.parent is not None and use.parent.type == "field_expression" else None
    passed = call.child_by_field_name("arguments") if call is not None else None
    last = passed.named_children[-1] if passed is not None and passed.named_children else None
    function = last.child_by_field_name("function") if last is not None and last.type == "call_expression" else None
    if function is None or function.type != "field_expression" or not case.text(function).endswith("into"):
        return ""
    value = function.child_by_field_name("value")
    return _type_of(case, value) if value is not None else ""


@rule("E0282")
def closure_parameter_named(case: Case) -> Iterator[Fix]:
    """A closure's parameter, when a method of it is called: the first call of the closure tells its type."""
    name = case.node
    group = name.parent if name is not None else None
    closure = group.parent if group is not None and group.type == "closure_parameters" else None
    let = closure.parent if closure is not None and closure.type == "closure_expression" else None
    pattern = let.child_by_field_name("pattern") if let is not None and let.type == "let_declaration" else None
    if name is None or group is None or let is None or pattern is None or let.parent is None:
        return
    if group.named_child_count != 1:
        return
    for node in case.below(let.parent, "identifier"):
        passed = (
            node.next_named_sibling
            if case.text(node) == case.text(pattern) and node.start_byte > let.end_byte
            else None
        )
        if passed is None or passed.type not in ("arguments", "token_tree") or passed.named_child_count != 1:
            continue
        if type_ := _type_of(case, passed.named_children[0]):
            yield _annotated(case, name, "&str" if type_ == "&String" else type_, 0.6)
            return


@rule("E0283", "E0284")
def conversion_named(case: Case) -> Iterator[Fix]:
    """``into()`` beside an operator does not know its goal: the other side, or what the result is kept in, tells it."""
    method = case.node
    access = method.parent if method is not None else None
    call = access.parent if access is not None and access.type == "field_expression" else None
    whole = call.parent if call is not None else None
    if method is None or access is None or call is None or whole is None or case.text(method) != "into":
        return
    if whole.type != "binary_expression" or call.type != "call_expression":
        return
    sides = (whole.child_by_field_name("left"), whole.child_by_field_name("right"))
    other = next((side for side in sides if side is not None and side.id != call.id), None)
    value = access.child_by_field_name("value")
    type_ = _type_of(case, other) if other is not None else ""
    if type_ and value is not None:
        text = case.text(value)
        words = f"say that `{text}` is converted into `{type_}`"
        if is_number(type_) or type_ == "String":
            yield Fix((case.replace(call, f"{type_}::from({text})"),), words, 0.62)
        yield Fix((case.replace(call, f"Into::<{type_}>::into({text})"),), words, 0.6)


@rule("E0283")
def only_own_conversion(case: Case) -> Iterator[Fix]:
    """``into()`` could make several types, and one of them is this program's own: that one is meant."""
    let = _untyped(case)
    if let is None or let.pattern.type != "identifier" or not re.search(r"\binto\(\)$", case.text(let.value)):
        return
    for part in case.diagnostic.walk():
        spans = [span for span in part.spans if span.file == case.file]
        if "satisfying `_: From<" not in part.message or len(spans) != 1:
            continue
        item = case.above(case.at(spans[0]), "impl_item")
        type_ = item.child_by_field_name("type") if item is not None else None
        if type_ is not None:
            yield _annotated(case, let.pattern, case.text(type_), 0.6)


@rule("E0282", "E0790", "E0283")
def only_implementation(case: Case) -> Iterator[Fix]:
    """A trait's function makes a value of whichever type implements it, and only one type here does."""
    let = _untyped(case)
    function = (
        let.value.child_by_field_name("function") if let is not None and let.value.type == "call_expression" else None
    )
    path = function.child_by_field_name("path") if function is not None else None
    if let is None or path is None or let.pattern.type != "identifier":
        return
    types = [
        type_
        for item in case.below(case.root, "impl_item")
        if (trait := item.child_by_field_name("trait")) is not None
        and case.text(trait) == case.text(path)
        and (type_ := item.child_by_field_name("type")) is not None
        and item.child_by_field_name("type_parameters") is None
    ]
    if len(types) == 1:
        yield _annotated(case, let.pattern, case.text(types[0]), 0.6)


def _annotated(case: Case, pattern: Node, type_: str, likelihood: float) -> Fix:
    edit = Edit(case.file, pattern.end_byte, pattern.end_byte, f": {type_}".encode())
    return Fix((edit,), f"declare `{case.text(pattern)}` as `{type_}`", likelihood)
