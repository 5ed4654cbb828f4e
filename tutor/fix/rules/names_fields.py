"""Rules for fields that a type does not have under this name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from knowledgegraph.rust_syntax import Node
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_near import near
from tutor.fix.rules.names_scope import Members, names_of, text


def _offered(case: Case) -> bool:
    return any(span.replacement for part in case.diagnostic.walk() for span in part.spans)


@rule("E0609")
def misspelt_field(case: Case) -> Iterator[Fix]:
    """The type has a field, or a method without further parameters, of nearly this name."""
    found = re.match(r"no field `(\w+)` on type `&*(?:mut )?(?:.*::)?(\w+)", case.message)
    if found is None or case.place.from_macro or case.text(case.place) != found.group(1):
        return
    name, owner = found.groups()
    members = names_of(case.syntax).types.get(owner, Members())
    if not _offered(case):
        for option, likelihood in near(name, members.fields):
            yield Fix((case.replace(case.place, option),), f"use the field `{option}` of `{owner}`", likelihood)
    if name in {"length", "size", "count", "len"} and not members.fields:
        yield Fix((case.replace(case.place, "len()"),), "call the method `len`", 0.6)
    for option, likelihood in near(name, [m for m, node in members.methods.items() if _only_self(node)]):
        yield Fix((case.replace(case.place, f"{option}()"),), f"call the method `{option}`", likelihood - 0.05)


def _only_self(method: Node) -> bool:
    parameters = method.child_by_field_name("parameters")
    return parameters is not None and [p.type for p in parameters.named_children] == ["self_parameter"]


@rule("E0609")
def tuple_index(case: Case) -> Iterator[Fix]:
    """The fields of a tuple count from 0: the second is ``.1``. An array or vector is indexed with brackets."""
    found = re.match(r"no field `(\d+)` on type `(.+)`", case.message)
    access = case.above(case.node, "field_expression")
    value = access.child_by_field_name("value") if access is not None else None
    if found is None or access is None or value is None or _offered(case) or case.place.from_macro:
        return
    if re.match(r"&*(?:mut )?(?:\[|Vec<)", found.group(2)):
        made = f"{case.text(value)}[{found.group(1)}]"
        yield Fix((case.replace(access, made),), f"index with brackets: `{made}`", 0.66)


@rule("E0560", "E0559", "E0026")
def misspelt_field_of_literal(case: Case) -> Iterator[Fix]:
    """The type has a field of nearly this name; or just one of its fields is missing where just one is unknown."""
    found = re.match(
        r"(?:struct|union|variant) `(.+)` (?:has no field named|does not have a field named) `(\w+)`", case.message
    )
    literal = case.above(case.node, "field_initializer_list", "struct_pattern")
    if found is None or literal is None or case.place.from_macro:
        return
    owner, name = found.groups()
    declared = _declared(case, re.sub(r"<.*>", "", owner))
    written = _written(case, literal)
    missing = [f for f in declared if f not in written]
    unknown = [f for f in written if f not in declared]
    if case.text(case.place) != name or name not in unknown:
        return
    options = [] if _offered(case) else near(name, missing)
    if (
        not options
        and not _offered(case)
        and len(missing) == 1
        and len(unknown) == 1
        and literal.type != "struct_pattern"
    ):
        options = [(missing[0], 0.5)]
    for option, likelihood in options:
        holder = case.node.parent if case.node is not None else None
        short = (
            holder is not None
            and holder.type in {"shorthand_field_initializer", "field_pattern"}
            and (holder.child_by_field_name("pattern") is None)
        )
        made = f"{option}: {name}" if short else option
        yield Fix((case.replace(case.place, made),), f"use the field `{option}` of `{owner}`", likelihood)


def _declared(case: Case, owner: str) -> Mapping[str, Node]:
    """The fields of a struct, or of the variant ``Enum::Variant``."""
    types = names_of(case.syntax).types
    *before, last = owner.split("::")
    if before and last in types.get(before[-1], Members()).variants:
        body = types[before[-1]].variants[last].child_by_field_name("body")
        parts = body.named_children if body is not None and body.type == "field_declaration_list" else []
        return {
            text(case.syntax, part.child_by_field_name("name")): part
            for part in parts
            if part.type == "field_declaration"
        }
    return types.get(last, Members()).fields


def _written(case: Case, literal: Node) -> list[str]:
    found = []
    for child in literal.named_children:
        if child.type in {"field_initializer", "shorthand_field_initializer", "field_pattern"}:
            name = child.child_by_field_name("field") or child.child_by_field_name("name")
            found.append(text(case.syntax, name if name is not None else child))
    return found
