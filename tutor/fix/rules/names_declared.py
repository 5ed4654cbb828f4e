"""Rules for names declared in this file: misspelt in their declaration, or used without what they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_calls import call_at
from tutor.fix.rules.names_near import near
from tutor.fix.rules.names_scope import Members, locals_at, name_of, names_of, text, type_name, word_counts

_SURE_ENOUGH: Final = 0.58
_UNRESOLVED: Final = re.compile(r"^cannot find (?:value|type|struct|tuple struct)\b.*`(\w+)` in this scope")


def similar_offered(case: Case) -> bool:
    """Whether the compiler itself offers a similar name."""
    return any(
        "similar name" in part.message and any(span.replacement for span in part.spans)
        for part in case.diagnostic.walk()
    )


@rule("E0425", "E0412", "E0433", "E0422", "E0609", "E0560")
def misspelt_declaration(case: Case) -> Iterator[Fix]:
    """A name that is used in several places and declared in none, and one of nearly that name that is declared and
    used nowhere: the declaration is what is misspelt."""
    name = case.text(case.place)
    if case.place.from_macro or not name.isidentifier() or len(name) < 3 or word_counts(case.syntax).get(name, 0) < 2:
        return
    for declared, likelihood in near(name, (declarations := _declarations(case))):
        node = declarations[declared]
        if likelihood >= _SURE_ENOUGH and word_counts(case.syntax).get(declared) == 1:
            yield Fix((case.replace(node, name),), f"call it `{name}` where it is declared, as where it is used", 0.68)
            return


def _declarations(case: Case) -> Mapping[str, Node]:
    """What the name may have been meant to be declared as: a field, a type, a local variable."""
    names = names_of(case.syntax)
    if case.diagnostic.code in {"E0609", "E0560"}:
        owner = re.search(r"(?:on type `&*(?:mut )?|struct `)(?:\w+::)*(\w+)", case.message)
        members = names.types.get(owner.group(1), Members()) if owner else Members()
        found = {field: node.child_by_field_name("name") for field, node in members.fields.items()}
        return {field: node for field, node in found.items() if node is not None}
    if "cannot find value" in case.message:
        return locals_at(case.syntax, case.node)
    kinds = ("struct_item", "enum_item", "type_item")
    found = {
        item.name: item.node.child_by_field_name("name")
        for items in names.items.values()
        for item in items
        if item.node.type in kinds
    }
    function = case.above(case.node, "function_item")
    for node in case.below(function, *kinds) if function is not None else ():
        found[name_of(case.syntax, node)] = node.child_by_field_name("name")
    return {name: node for name, node in found.items() if node is not None}


@rule("E0425")
def field_of_near_local(case: Case) -> Iterator[Fix]:
    """In ``Point { x }`` the field and the variable share a name. Where the variable's is a little different, the field
    is written out."""
    name = case.text(case.place)
    holder = case.node.parent if case.node is not None else None
    if holder is None or holder.type != "shorthand_field_initializer" or "cannot find value" not in case.message:
        return
    for option, likelihood in near(name, locals_at(case.syntax, case.node))[:1]:
        yield Fix(
            (case.replace(case.place, f"{name}: {option}"),),
            f"give the field `{name}` the value `{option}`",
            likelihood,
        )


@rule("E0422", "E0425", "E0531", "E0433", "E0412")
def variant_without_enum(case: Case) -> Iterator[Fix]:
    """The variants of an enum are named by its name unless they are imported. One enum of this file has a variant of
    this name; that is nearer than one of the standard library."""
    found = _UNRESOLVED.match(case.message) or re.match(r"cannot find function, .*`(\w+)` in this scope", case.message)
    node = case.node
    if found is None or case.place.from_macro or case.text(case.place) != found.group(1) or node is None:
        return
    name = found.group(1)
    if "cannot find type" in case.message:
        return
    owners = [owner for owner, members in names_of(case.syntax).types.items() if name in members.variants]
    if len(owners) == 1:
        made = f"{owners[0]}::{name}"
        yield Fix((case.replace(case.place, made),), f"name the variant by its enum: `{made}`", 0.66)


@rule("E0425")
def function_without_type(case: Case) -> Iterator[Fix]:
    """Functions that belong to a type are called by its name, methods on a value: neither is in scope by itself."""
    call = call_at(case)
    if call is None or "cannot find function" not in case.message or "in this scope" not in case.message:
        return
    declared = _declared_type(case)
    types = names_of(case.syntax).types
    if declared and (declared not in types or call.name in types[declared].methods):
        made = f"{declared}::{call.name}"
        yield Fix((case.replace(case.place, made),), f"name the type that it belongs to: `{made}`", 0.6)
    owners = [o for o, m in types.items() if call.name in m.methods and not _has_self(m.methods[call.name])]
    if len(owners) == 1 and owners[0] != declared and owners[0].isidentifier():
        made = f"{owners[0]}::{call.name}"
        yield Fix((case.replace(case.place, made),), f"name the type that it belongs to: `{made}`", 0.56)
    if call.name == "from" and len(call.arguments) == 1 and call.arguments[0].startswith('"') and not declared:
        yield Fix((case.replace(case.place, "String::from"),), "make the `String` with `String::from`", 0.62)
    function = case.above(case.node, "function_item")
    if function is not None and _has_self(function):
        made = f"self.{call.name}"
        yield Fix((case.replace(case.place, made),), f"call the method on `self`: `{made}`", 0.5)


def _declared_type(case: Case) -> str:
    """The type that the ``let`` gives whose whole value this call is."""
    call = case.above(case.node, "call_expression")
    let = call.parent if call is not None else None
    if call is None or let is None or let.type != "let_declaration" or let.child_by_field_name("value") != call:
        return ""
    name = type_name(case.syntax, let.child_by_field_name("type"))
    return name if name[:1].isupper() and name.isidentifier() else ""


def _has_self(function: Node) -> bool:
    parameters = function.child_by_field_name("parameters")
    return parameters is not None and any(child.type == "self_parameter" for child in parameters.named_children)


@rule("E0615")
def method_not_called(case: Case) -> Iterator[Fix]:
    """A method is called with parentheses; without them it is taken for a field. The compiler does not say so where
    something is assigned."""
    offered = any(span.replacement for part in case.diagnostic.walk() for span in part.spans)
    if not offered and not case.place.from_macro and text(case.syntax, case.node) == case.text(case.place):
        yield Fix((case.insert(case.place.end, "()"),), f"call the method `{case.text(case.place)}`", 0.6)


@rule(message=r"^expected a pattern, found an expression")
def variant_with_a_dot(case: Case) -> Iterator[Fix]:
    """A variant belongs to its enum by ``::``; a dot asks a value for a field or method."""
    found = re.match(r"([A-Z]\w*)\.([A-Z]\w*)(?=\W|$)", case.text(case.place))
    if found is not None and not case.place.from_macro:
        made = f"{found.group(1)}::{found.group(2)}"
        at = case.place.start + len(found.group(1).encode())
        yield Fix((Edit(case.file, at, at + 1, b"::"),), f"name the variant by its enum: `{made}`", 0.7)
