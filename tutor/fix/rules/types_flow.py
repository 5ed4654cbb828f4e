"""Rules about the value that a function, a branch or a block gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.types_convert import value_of
from tutor.fix.rules.types_pair import arguments, head, pair_of, plain, said
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
    own = case.above(function.parent, "impl_item")
    self_type = own.child_by_field_name("type") if own is not None else None
    if self_type is not None and head(case.text(self_type)) == head(pair.found):
        types = {"Self": None}
    for type_ in types:
        if head(plain(type_)) == head(pair.found) or len(types) == 1:
            yield Fix(_returns(case, function, type_), f"say that {_named(case, function)} returns `{type_}`", 0.64)


@rule("E0308")
def main_returns(case: Case) -> Iterator[Fix]:
    """``main`` hands on an error and ends with ``Ok(())``, but its signature promises nothing."""
    pair, function = pair_of(case), function_around(case, case.node)
    name = function.child_by_field_name("name") if function is not None else None
    body = function.child_by_field_name("body") if function is not None else None
    if pair is None or function is None or name is None or body is None or case.text(name) != "main":
        return
    if head(pair.found) != "Result" or function.child_by_field_name("return_type") is not None:
        return
    if any(case.text(tail) == "Ok(())" for tail in tails(body)):
        error = arguments(pair.found)[-1] if arguments(pair.found) else "_"
        for type_ in (error, "Box<dyn std::error::Error>"):
            if said(type_):
                words = f"let `main` return a `Result`, with `{type_}` for an error"
                yield Fix(_returns(case, function, f"Result<(), {type_}>"), words, 0.6)


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


@rule("E0308", "E0271")
def last_semicolon(case: Case) -> Iterator[Fix]:
    """A block's value is that of its last expression, and a semicolon throws it away."""
    pair, block = pair_of(case), case.node
    if pair is None or pair.found != _UNIT or pair.expected == _UNIT or block is None:
        return
    if case.text(case.place).endswith(";") and block.type != "block":
        edit = Edit(case.file, case.place.end - 1, case.place.end, b"")
        yield Fix((edit,), "remove the semicolon, so that the closure gives its last value", 0.63)
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
