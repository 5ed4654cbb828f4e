"""Rules for `break`, `continue`, `return` and `await` where they have no meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.shapes_scope import after_visibility, exactly, function_around, result_type


def _replaced(case: Case, start: int, end: int, text: str) -> Edit:
    return Edit(case.file, start, end, text.encode())


@rule("E0267")
def leaving_a_closure(case: Case) -> Iterator[Fix]:
    """A closure is a function of its own: `continue` for its caller's loop is `return` in here. Where `for_each`
    calls it, a `for` loop does the same and can be left."""
    jump = case.above(case.node, "break_expression", "continue_expression")
    closure = case.above(jump, "closure_expression")
    if jump is None or closure is None or "inside of a closure" not in case.message:
        return
    word = "break" if jump.type == "break_expression" else "continue"
    yield from _loop_instead(case, closure, 0.75 if word == "break" else 0.6)
    if case.text(jump) == word:
        yield Fix((case.replace(jump, "return"),), "leave the closure with `return`", 0.7 if word != "break" else 0.5)


def _loop_instead(case: Case, closure: Node, likelihood: float) -> Iterator[Fix]:
    """`for` in the place of `for_each`."""
    arguments = closure.parent
    call = arguments.parent if arguments is not None and arguments.type == "arguments" else None
    method = call.child_by_field_name("function") if call is not None and call.type == "call_expression" else None
    name = method.child_by_field_name("field") if method is not None else None
    source = method.child_by_field_name("value") if method is not None else None
    statement = call.parent if call is not None else None
    parameters, body = closure.child_by_field_name("parameters"), closure.child_by_field_name("body")
    if name is None or source is None or call is None or parameters is None or body is None or statement is None:
        return
    if case.text(name) != "for_each" or body.type != "block" or statement.type not in ("expression_statement", "block"):
        return
    pattern = case.text(parameters).strip("|").strip()
    end = statement.end_byte if statement.type == "expression_statement" else call.end_byte
    edits = (
        case.insert(call.start_byte, f"for {pattern} in "),
        _replaced(case, source.end_byte, body.start_byte, " "),
        _replaced(case, body.end_byte, end, ""),
    )
    yield Fix(edits, "go over the items with a `for` loop, which can be left", likelihood)


@rule("E0268")
def leaving_no_loop(case: Case) -> Iterator[Fix]:
    """Without a loop around there is nothing to break out of; what ends early is the function: `return`."""
    jump = case.above(case.node, "break_expression")
    function = case.above(jump, "function_item")
    if jump is None or function is None or "outside of a loop" not in case.message:
        return
    text = case.text(jump)
    returned = result_type(case, function)
    if re.fullmatch(r"break\s*", text) and returned == "()":
        yield Fix((case.replace(jump, "return"),), "end the function with `return`", 0.6)
    elif re.match(r"break\s+[^'\s]", text) and returned != "()":
        yield Fix((case.replace(jump, "return" + text[len("break") :]),), "end the function with `return`", 0.65)


@rule("E0571")
def value_from_an_endless_loop(case: Case) -> Iterator[Fix]:
    """Only `loop` gives a value when it is left; `while true` is a `loop`."""
    loop = case.above(
        case.above(case.node, "break_expression"), "while_expression", "for_expression", "loop_expression"
    )
    condition = loop.child_by_field_name("condition") if loop is not None else None
    if loop is None or condition is None or case.text(condition) != "true":
        return
    keyword = next((child for child in loop.children if child.type == "while"), None)
    if keyword is not None:
        edit = _replaced(case, keyword.start_byte, condition.end_byte, "loop")
        yield Fix((edit,), "write `loop`, which gives a value", 0.8)


@rule("E0572")
def returning_from_no_function(case: Case) -> Iterator[Fix]:
    """A constant is its value; there is no function to return it from."""
    node = exactly(case, case.place, "return_expression")
    if node is not None and node.named_children:
        value = node.named_children[0]
        yield Fix((_replaced(case, node.start_byte, value.start_byte, ""),), "write the value alone", 0.85)


@rule("E0728")
def await_in_plain_function(case: Case) -> Iterator[Fix]:
    """Only `async` code can wait. The function becomes `async`, and who calls it waits for it, as far as all callers
    can; in a closure or in `main` that would need more than a word."""
    node = case.above(case.node, "await_expression") or case.node
    function = function_around(case, node)
    name = function.child_by_field_name("name") if function is not None else None
    if function is None or function.type != "function_item" or name is None or case.text(name) == "main":
        return
    if _of_trait(case, function) or any(child.type == "function_modifiers" for child in function.children):
        return
    edits = [case.insert(after_visibility(case, function), "async ")]
    called = case.text(name)
    for call in case.below(case.root, "call_expression"):
        callee = call.child_by_field_name("function")
        if callee is None or re.split(r"::|\.", case.text(callee))[-1].strip() != called:
            continue
        around = function_around(case, call)
        waits = around is not None and (around.type == "async_block" or _is_async(around))
        if not waits and around != function:
            return
        if call.parent is None or call.parent.type != "await_expression":
            edits.append(case.insert(call.end_byte, ".await"))
    yield Fix(tuple(edits), f"make `{called}` an `async` function", 0.65)


def _is_async(function: Node) -> bool:
    """Whether a function says `async` before its name."""
    words = [child for child in function.children if child.type in ("async", "function_modifiers")]
    return any(b"async" in (word.text or b"") for word in words)


def _of_trait(case: Case, function: Node) -> bool:
    made = case.above(function, "impl_item")
    return made is not None and made.child_by_field_name("trait") is not None
