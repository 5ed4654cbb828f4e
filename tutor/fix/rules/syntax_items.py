"""Rules about macros that are not in sight, private types that leak, and operators that Rust does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.syntax_tokens import Brokenness, tokens_of


@rule(message=r"^cannot find macro `")
def macro_out_of_sight(case: Case) -> Iterator[Fix]:
    """`macro_rules!` makes a macro known from there on, in its module: the definition moves before its first use, or
    its module passes it on with `#[macro_use]`."""
    name = case.message.split("`")[1]
    for definition in case.below(case.root, "macro_definition"):
        found = definition.child_by_field_name("name")
        if found is None or case.text(found) != name:
            continue
        module = case.above(definition.parent, "mod_item")
        if module is not None and module.start_byte < case.place.start:
            indent = case.indentation(module.start_byte)
            edit = case.insert(module.start_byte, f"#[macro_use]\n{indent}")
            yield Fix((edit,), "let the macros of the module be used outside it with `#[macro_use]`", 0.75)
        elif definition.start_byte > case.place.start:
            yield from _moved(case, definition, name)


def _moved(case: Case, definition: Node, name: str) -> Iterator[Fix]:
    """Moves a macro's definition, with the comments right above it, before the item that uses it first."""
    user = case.at(case.place)
    while user is not None and user.parent is not None and user.parent != definition.parent:
        user = user.parent
    if user is None or user.parent is None:
        return
    start, end = definition.start_byte, definition.end_byte
    text = case.source[start:end].decode("utf-8", "replace")
    at = user.start_byte
    before = user.prev_sibling
    while before is not None and before.type in ("line_comment", "attribute_item") and before.end_byte >= at - 2:
        at = before.start_byte
        before = before.prev_sibling
    gap = re.compile(rb"\s*").match(case.source, end)
    tail = gap.end() if gap else end
    head = start if tail < len(case.source) else len(case.source[:start].rstrip()) + 1
    head = min(head, start)
    edits = (case.insert(at, f"{text}\n\n{case.indentation(at)}"), Edit(case.file, head, tail, b""))
    yield Fix(edits, f"define `{name}` before it is used", 0.75)


@rule(message=r"^(?:type|trait|associated type) `.*` is private$")
def private_type_in_sight(case: Case) -> Iterator[Fix]:
    """A value has a type whose name cannot be seen here: the type must be as public as what hands it out."""
    match = re.match(r"^[\w ]+ `(?:.*::)?(\w+)[^`]*` is private$", case.message)
    if match is None:
        return
    for item in case.below(case.root, "struct_item", "enum_item", "trait_item", "type_item", "union_item"):
        name = item.child_by_field_name("name")
        if name is None or case.text(name) != match[1]:
            continue
        if not any(child.type == "visibility_modifier" for child in item.children):
            yield Fix((case.insert(item.start_byte, "pub "),), f"make `{match[1]}` public", 0.62)


@rule(message=r"^Rust has no (?:postfix|prefix) (?:increment|decrement) operator")
def steps_by_one(case: Case) -> Iterator[Fix]:
    """`x++;` as a statement: Rust writes `x += 1`."""
    tokens = tokens_of(case.source)
    sign = case.source[case.place.start : case.place.start + 2]
    step = "+= 1" if sign == b"++" else "-= 1"
    start = case.place.start
    while case.source[start - 1 : start] in (b" ", b"\t"):
        start -= 1
    index = tokens.at(case.place.end)
    if sign in (b"++", b"--") and "postfix" in case.message and tokens.text(index) in (";", "}"):
        edit = Edit(case.file, start, case.place.start + 2, f" {step}".encode())
        if Brokenness(case, start).after([edit]) == 0:
            yield Fix((edit,), f"write `{step}`", 0.72)


@rule(message=r"^unnecessary `unsafe` block")
def nothing_unsafe(case: Case) -> Iterator[Fix]:
    """Nothing in the block needs `unsafe`, which then only hides later mistakes; the block stays."""
    if case.text(case.place) == "unsafe" and not case.place.from_macro:
        end = case.place.end + (case.source[case.place.end : case.place.end + 1] == b" ")
        yield Fix((Edit(case.file, case.place.start, end, b""),), "leave `unsafe` out", 0.7)


@rule(message=r"^`<+` is interpreted as a start of generic arguments")
def compared_after_a_cast(case: Case) -> Iterator[Fix]:
    """`n as u32 < m`, in a macro, where the compiler's own suggestion cannot be applied: the cast in parentheses."""
    tokens = tokens_of(case.source)
    last = tokens.before(case.place.start)
    cast = last
    while cast > 0 and last - cast < 12 and tokens.text(cast) != "as":
        cast -= 1
    first = tokens.partner.get(cast - 1, cast - 1) if tokens.text(cast - 1) in (")", "]") else cast - 1
    while first > 0 and tokens.text(first - 1) in (".", "::", "$"):
        first -= 1 if tokens.text(first - 1) == "$" else 2
    if tokens.text(cast) == "as" and 0 <= first < cast and case.source[case.place.start : case.place.start + 1] == b"<":
        edits = (case.insert(tokens.all[first].start, "("), case.insert(tokens.all[last].end, ")"))
        yield Fix(edits, "put the cast in parentheses", 0.65)
