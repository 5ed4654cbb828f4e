"""Rules for variables that are used where they are not visible: after their block, in an inner function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node, descendants
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_declared import similar_offered
from tutor.fix.rules.names_near import near
from tutor.fix.rules.names_scope import FUNCTIONS, locals_at, module_at, names_of, text

_BODIES: Final = frozenset({"function_item", "closure_expression", "async_block"})
_MOST: Final = 8


@rule("E0425")
def used_after_block(case: Case) -> Iterator[Fix]:
    """A variable ends with the block that declares it. What is needed after the block is declared before it; the block
    gives it its value. Where all branches of an ``if`` or ``match`` declare it, each gives it one."""
    name = case.text(case.place)
    use = case.node
    if "cannot find value" not in case.message or not name.isidentifier() or case.place.from_macro or use is None:
        return
    for statement, lets in _blocks_before(case, use, name):
        if _needs_its_block(case, statement, lets):
            continue
        if len(lets) == 1 and (moved := _moved(case, statement, lets[0])) is not None:
            yield Fix((moved,), f"declare `{name}` before the block, so that it is still there after it", 0.6)
        if _always(statement, lets):
            yield from _declared_before(case, statement, lets, name)
        return


def _blocks_before(case: Case, use: Node, name: str) -> Iterator[tuple[Node, list[Node]]]:
    """The statements before the use, nearest first, that declare the name in blocks of their own."""
    here: Node | None = use
    while here is not None and here.type not in FUNCTIONS:
        before = here.prev_named_sibling if here.parent is not None and here.parent.type == "block" else None
        for _ in range(_MOST):
            if before is None:
                break
            lets = [] if before.type in {"let_declaration", *FUNCTIONS} else _lets(case, before, name)
            if lets:
                yield before, lets
            before = before.prev_named_sibling
        here = here.parent


def _lets(case: Case, statement: Node, name: str) -> list[Node]:
    found = []
    for node in descendants(statement):
        if node.type == "let_declaration" and node.child_by_field_name("value") is not None:
            pattern = node.child_by_field_name("pattern")
            if text(case.syntax, pattern) == name and node.child_by_field_name("alternative") is None:
                found.append(node)
    return found


def _needs_its_block(case: Case, statement: Node, lets: list[Node]) -> bool:
    """Whether a declaration sits in a function, a closure or a loop inside of the statement."""
    for let in lets:
        here = let.parent
        while here is not None and here != statement:
            if here.type in _BODIES:
                return True
            here = here.parent
    return statement.type in _BODIES


def _moved(case: Case, statement: Node, let: Node) -> Edit | None:
    """The ``let`` moved up before the block that it begins."""
    block = (
        statement.named_children[0]
        if statement.type == "expression_statement" and statement.named_children
        else statement
    )
    if block.type != "block" or let.parent != block or let.prev_named_sibling is not None:
        return None
    following = let.next_sibling
    if following is None or case.source[block.start_byte + 1 : let.start_byte].strip():
        return None
    moved = case.text(let) + _line_end(case) + case.indentation(statement.start_byte) + "{"
    return Edit(case.file, block.start_byte, let.end_byte, moved.encode())


def _declared_before(case: Case, statement: Node, lets: list[Node], name: str) -> Iterator[Fix]:
    """``let name;`` before the statement, plain assignments in it."""
    kinds = {text(case.syntax, let.child_by_field_name("type")) for let in lets}
    kind = next(iter(kinds)) if len(kinds) == 1 else ""
    mutable = any(child.type == "mutable_specifier" for let in lets for child in let.named_children)
    head = f"let {'mut ' if mutable else ''}{name}{': ' + kind if kind else ''};"
    edits = [case.insert(statement.start_byte, head + _line_end(case) + case.indentation(statement.start_byte))]
    for let in lets:
        value = let.child_by_field_name("value")
        if value is None:
            return
        edits.append(Edit(case.file, let.start_byte, value.start_byte, f"{name} = ".encode()))
    yield Fix(tuple(edits), f"declare `{name}` before the block and give it its value there", 0.55)


def _always(node: Node | None, lets: list[Node]) -> bool:
    """Whether one of the declarations is run whatever way is taken through ``node``."""
    if node is None:
        return False
    if node.type == "if_expression":
        alternative = node.child_by_field_name("alternative")
        return _always(node.child_by_field_name("consequence"), lets) and _always(alternative, lets)
    if node.type == "match_expression":
        body = node.child_by_field_name("body")
        arms = [arm for arm in body.named_children if arm.type == "match_arm"] if body is not None else []
        return bool(arms) and all(_always(arm.child_by_field_name("value"), lets) for arm in arms)
    if node.type in {"block", "unsafe_block", "expression_statement", "else_clause"}:
        return any(child in lets or _always(child, lets) for child in node.named_children)
    return False


def _line_end(case: Case) -> str:
    return "\r\n" if b"\r\n" in case.source else "\n"


@rule("E0434")
def captures(case: Case) -> Iterator[Fix]:
    """A function inside of a function does not see its variables; a closure does. A function that is used only after it
    stands there, has no type parameters and does not call itself can be a closure."""
    function = case.above(case.node, "function_item")
    block = function.parent if function is not None else None
    if function is None or block is None or block.type != "block" or case.place.from_macro:
        return
    yield from _as_closure(case, function, block)


def _as_closure(case: Case, function: Node, block: Node) -> Iterator[Fix]:
    name, body = function.child_by_field_name("name"), function.child_by_field_name("body")
    parameters, result = function.child_by_field_name("parameters"), function.child_by_field_name("return_type")
    plain = function.child_by_field_name("type_parameters") is None and function.children[0].type == "fn"
    if name is None or body is None or parameters is None or not plain:
        return
    written = case.text(name)
    uses = [n for n in case.below(block, "identifier") if case.text(n) == written and n != name]
    if any(use.start_byte < function.end_byte for use in uses):
        return
    inside = case.source[parameters.start_byte + 1 : parameters.end_byte - 1].decode("utf-8", "replace").strip()
    inside = inside.removesuffix(",")
    arrow = f" -> {case.text(result)}" if result is not None else ""
    captured = case.text(case.place)
    changes = re.search(rf"\b{re.escape(captured)}\s*(?:[-+*/%]?=[^=]|\.push|\.insert)", case.text(body)) is not None
    bare = arrow == "" and len(body.named_children) == 0
    head = f"let {'mut ' if changes else ''}{written} = |{inside}|{arrow} "
    if not bare:
        edits = (
            Edit(case.file, function.start_byte, body.start_byte, head.encode()),
            case.insert(function.end_byte, ";"),
        )
        yield Fix(edits, f"make `{written}` a closure, which sees the variables around it", 0.6)


@rule("E0425")
def near_local(case: Case) -> Iterator[Fix]:
    """A local variable, a parameter, a constant or a function of nearly this name is in scope, farther from it than
    the compiler looks: other capitals, the same words in another order."""
    name = case.text(case.place)
    if "in this scope" not in case.message or not name.isidentifier() or case.place.from_macro:
        return
    if similar_offered(case):
        return
    names = names_of(case.syntax)
    module = module_at(case.syntax, case.node)
    kinds: tuple[str, ...] = ("function_item",) if "function" in case.message else ("const_item", "static_item")
    if "cannot find type" in case.message:
        kinds = ("struct_item", "enum_item", "type_item", "union_item")
    options = [item.name for item in names.inside(module) if item.node.type in kinds]
    if "cannot find type" not in case.message:
        options += [local for local in locals_at(case.syntax, case.node) if len(local) > 1]
    for option, likelihood in near(name, options) if len(name) > 1 else ():
        if "cannot find type" in case.message:  # nearer than a type parameter of that name, which the compiler offers
            likelihood += 0.06
        yield Fix((case.replace(case.place, option),), f"use `{option}`, which is in scope", likelihood)
