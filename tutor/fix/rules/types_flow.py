"""Rules about the value that a function, a branch or a block gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.types_convert import value_of
from tutor.fix.rules.types_pair import INTEGERS, SIZES, agree, arguments, head, pair_of, plain, said
from tutor.fix.rules.types_places import (
    binding,
    called,
    function_around,
    is_fixed,
    tails,
    wanted,
)

_UNIT: Final = "()"
_ARITHMETIC: Final = frozenset(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>"])
_DEFAULTS: Final = {
    "bool": "false",
    "f32": "0.0",
    "f64": "0.0",
    "{float}": "0.0",
    "&str": '""',
    "String": "String::new()",
}


@rule("E0308")
def missing_return_type(case: Case) -> Iterator[Fix]:
    """The body ends with a value, callers use it, and only the signature says nothing of it."""
    pair = pair_of(case)
    function = function_around(case, case.node)
    if pair is None or pair.expected != _UNIT or function is None or is_fixed(case, function):
        return
    body = function.child_by_field_name("body")
    if function.child_by_field_name("return_type") is not None or body is None:
        return
    if not any((t.start_byte, t.end_byte) == (case.place.start, case.place.end) for t in tails(body)) and not (
        body.named_children and body.named_children[-1].end_byte == case.place.end
    ):
        return
    uses = _calls(case, function)
    types = dict.fromkeys(case.text(place.type) for use in uses if (place := wanted(case, use)) is not None)
    if said(pair.found) and any(not _is_statement(use) for use in uses):
        types.setdefault(pair.found)
    for type_ in types:
        if head(plain(type_)) == head(pair.found) or len(types) == 1:
            yield Fix(_returns(case, function, type_), f"say that {_named(case, function)} returns `{type_}`", 0.64)


@rule("E0308")
def swallowed_value(case: Case) -> Iterator[Fix]:
    """A call is used for its value, but the function's last line ends in a semicolon and no result is declared."""
    pair, value = pair_of(case), value_of(case)
    if pair is None or _UNIT not in (pair.expected, pair.found):
        return
    call = value if pair.found == _UNIT and value is not None and value.type == "call_expression" else None
    if call is None and pair.expected == _UNIT:
        call = _compared_with(case)
    function = called(case, call) if call is not None else None
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or body is None or is_fixed(case, function) or not body.named_children:
        return
    last = body.named_children[-1]
    ends = last.type == "expression_statement" and case.text(last).endswith(";")
    inner = last.named_children[0] if ends else last
    if function.child_by_field_name("return_type") is not None or inner.type.startswith(
        ("macro", "let", "assign", "comp")
    ):
        return
    known = _type_of(case, inner)
    expected = pair.expected if said(pair.expected) and pair.expected != _UNIT else ""
    if (type_ := expected or known) and not (known and expected and known != expected):
        edits = _returns(case, function, type_)
        if ends:
            edits = (*edits, Edit(case.file, last.end_byte - 1, last.end_byte, b""))
        yield Fix(edits, f"let {_named(case, function)} return its last value, a `{type_}`", 0.6)


def _compared_with(case: Case) -> Node | None:
    """The call whose result, kept in a variable, the macro around the error (``assert_eq!``) compares with."""
    macro = case.above(case.node, "macro_invocation")
    if macro is None:
        return None
    for name in case.below(macro, "identifier"):
        place = binding(case, name) if name.parent is not None and name.parent.type == "token_tree" else None
        start = place.child_by_field_name("value") if place is not None else None
        if start is not None and start.type == "call_expression":
            return start
    return None


@rule("E0308")
def returns_nothing(case: Case) -> Iterator[Fix]:
    """The signature promises a value that the body does not make and no caller asks for."""
    pair = pair_of(case)
    function = function_around(case, case.node)
    if pair is None or pair.found != _UNIT or function is None or is_fixed(case, function):
        return
    type_, body = function.child_by_field_name("return_type"), function.child_by_field_name("body")
    if type_ is None or body is None or (type_.start_byte, type_.end_byte) != (case.place.start, case.place.end):
        return
    uses, last = _calls(case, function), body.named_children[-1:]
    gives = any(node.named_child_count for node in case.below(body, "return_expression"))
    if not uses or gives or not last or last[0].type != "expression_statement" or case.text(type_) == "!":
        return
    done = last[0].named_children[0]
    if done.type in ("macro_invocation", "call_expression", "assignment_expression") and all(map(_is_statement, uses)):
        edit = case.replace(type_, _UNIT)
        yield Fix((edit,), f"say that {_named(case, function)} returns nothing: it only acts", 0.5)


@rule("E0308")
def last_value_missing(case: Case) -> Iterator[Fix]:
    """The body works out the result and forgets to end with it: the variable that is changed and never read; after a
    loop that returns what it finds, the answer that nothing was found."""
    function, pair = function_around(case, case.node), pair_of(case)
    body = function.child_by_field_name("body") if function is not None else None
    result = function.child_by_field_name("return_type") if function is not None else None
    if pair is None or pair.found != _UNIT or body is None or result is None or not body.named_children:
        return
    last = body.named_children[-1]
    if not any(case.labelled("implicitly returns")) and (
        last.end_byte != case.place.end or "expression" not in last.type
    ):
        return
    if last.type == "expression_statement" and case.place.start >= last.start_byte:
        last_kind = last.named_children[0].type if last.named_children else ""
        if last_kind not in ("for_expression", "while_expression", "loop_expression"):
            return
    break_ = b"\n" in case.source[body.start_byte : body.end_byte]
    room = "\n" + case.indentation(last.start_byte) if break_ else " "
    unread = [name for name in _changed(case, body) if not _is_read(case, body, name)]
    if len(unread) == 1:
        words = f"end with `{unread[0]}`, so that it is returned"
        yield Fix((case.insert(last.end_byte, room + unread[0]),), words, 0.62)
    given = {case.text(n.named_children[0]) for n in case.below(body, "return_expression") if n.named_child_count}
    if given == {"true"} or given == {"false"}:
        word = "false" if given == {"true"} else "true"
        yield Fix((case.insert(last.end_byte, room + word),), f"end with `{word}` where nothing was found", 0.6)
    elif given and all(text.startswith("Some(") for text in given):
        yield Fix((case.insert(last.end_byte, room + "None"),), "end with `None` where nothing was found", 0.63)


def _changed(case: Case, body: Node) -> Iterator[str]:
    """The mutable variables that a body declares at its top."""
    for node in body.named_children:
        pattern = node.child_by_field_name("pattern") if node.type == "let_declaration" else None
        if pattern is None or pattern.type != "identifier":
            continue
        if any(child.type == "mutable_specifier" for child in node.named_children):
            yield case.text(pattern)


def _is_read(case: Case, body: Node, name: str) -> bool:
    """Whether a variable is used other than to change it: not at the left of an assignment, not as the one whose method
    a statement calls."""
    for node in case.below(body, "identifier"):
        if case.text(node) != name or node.parent is None:
            continue
        parent = node.parent
        if (
            parent.type in ("compound_assignment_expr", "assignment_expression")
            and parent.start_byte == node.start_byte
        ):
            continue
        if parent.type == "let_declaration" and parent.child_by_field_name("pattern") == node:
            continue
        call = parent.parent if parent.type == "field_expression" else None
        if call is not None and call.type == "call_expression" and _is_statement(call):
            continue
        return True
    return f"{{{name}".encode() in case.source[body.start_byte : body.end_byte]


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


def _calls(case: Case, function: Node) -> list[Node]:
    """The calls of a function of this file, by its name."""
    return [c for c in case.below(case.root, "call_expression") if (f := called(case, c)) and f.id == function.id]


def _is_statement(call: Node) -> bool:
    return call.parent is not None and call.parent.type == "expression_statement"


def _named(case: Case, function: Node) -> str:
    name = function.child_by_field_name("name")
    return f"`{case.text(name)}`" if name is not None else "the function"


def _returns(case: Case, function: Node, type_: str) -> tuple[Edit, ...]:
    group = function.child_by_field_name("parameters")
    return (case.insert(group.end_byte, f" -> {type_}"),) if group is not None else ()


def _type_of(case: Case, value: Node) -> str:
    """The type of a simple expression, where the source says it: a parameter, a literal, a sum of these."""
    if value.type == "identifier":
        place = binding(case, value)
        type_ = place.child_by_field_name("type") if place is not None else None
        return case.text(type_) if type_ is not None else ""
    if value.type == "binary_expression":
        left, right = value.child_by_field_name("left"), value.child_by_field_name("right")
        sign = value.child_by_field_name("operator")
        if left is not None and right is not None and sign is not None and case.text(sign) in _ARITHMETIC:
            return _type_of(case, left) or _type_of(case, right)
    return ""


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


@rule("E0308", "E0271")
def last_semicolon(case: Case) -> Iterator[Fix]:
    """A block's value is that of its last expression, and a semicolon throws it away."""
    pair, block = pair_of(case), case.node
    if pair is None or pair.found != _UNIT or pair.expected == _UNIT or block is None:
        return
    if any(case.labelled("implicitly returns")):
        function = function_around(case, block)
        block = function.child_by_field_name("body") if function is not None else None
    if block is None or block.type not in ("block", "expression_statement"):
        return
    last = block.named_children[-1] if block.type == "block" and block.named_children else block
    if last.type != "expression_statement" or not case.text(last).endswith(";"):
        return
    if not last.named_children[0].type.startswith(("assignment", "compound", "return", "macro")):
        edit = Edit(case.file, last.end_byte - 1, last.end_byte, b"")
        yield Fix((edit,), "remove the semicolon, so that the block gives its last value", 0.63)
