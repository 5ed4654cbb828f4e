"""Rules for structs that are made or taken apart with the wrong fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.shapes_scope import (
    Field,
    definition,
    derives,
    fields,
    function_around,
    line_end,
    owner_of,
    result_type,
    variables,
    wrapper,
)

_COLLECTIONS: Final = ("Vec", "String", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "VecDeque", "BinaryHeap")
_INTEGERS: Final = tuple(f"{sign}{size}" for sign in "iu" for size in ("8", "16", "32", "64", "128", "size"))
# What a value of a type is before anything has happened to it.
_EMPTY: Final[Mapping[str, str]] = {
    **dict.fromkeys(_COLLECTIONS, "::new()"),
    **dict.fromkeys(_INTEGERS, "0"),
    "f32": "0.0", "f64": "0.0", "bool": "false", "Option": "None", "PhantomData": "PhantomData", "()": "()",
}  # fmt: skip
_INITIALISER: Final = ("field_initializer", "shorthand_field_initializer")


@rule("E0063")
def missing_fields(case: Case) -> Iterator[Fix]:
    """A struct is made with all of its fields. The value that is missing is mostly at hand: a variable of that name,
    the default of the type, or what the other fields start with."""
    made = case.above(case.node, "struct_expression")
    name = made.child_by_field_name("name") if made is not None else None
    body = made.child_by_field_name("body") if made is not None else None
    if made is None or name is None or body is None:
        return
    item = definition(case, _spelt_out(case, made, case.text(name)))
    if item is None:
        return
    given = _given(case, body)
    missing = [field for field in fields(case, item) if field.name not in given]
    if not missing:
        return
    names = ", ".join(f"`{field.name}`" for field in missing)
    from_scope = [_from_scope(case, made, field) for field in missing]
    filled = [value or _plain(case, made, item, field) for value, field in zip(from_scope, missing, strict=True)]
    if all(filled):
        sure = 0.8 if all(from_scope) else 0.6
        yield Fix(
            (_added(case, body, [value for value in filled if value]),), f"give the missing {names} a value", sure
        )
    if item.type == "struct_item" and derives(case, item, "Default"):
        values = [value for value in from_scope if value]
        inside = owner_of(case, made) == wrapper(case.text(name)) and _function_name(case, made) == "default"
        if not inside and body.named_children:
            rest = [*values, "..Default::default()"]
            yield Fix((_added(case, body, rest, last=True),), f"take the missing {names} from `Default`", 0.55)


def _spelt_out(case: Case, made: Node, name: str) -> str:
    """The path of what is made, with the type of the `impl` for `Self`."""
    return re.sub(r"^Self\b", owner_of(case, made) or "Self", name)


def _given(case: Case, body: Node) -> dict[str, str]:
    """The fields that a struct expression names, with their values."""
    found: dict[str, str] = {}
    for part in body.named_children:
        if part.type == "shorthand_field_initializer":
            found[case.text(part)] = case.text(part)
        elif part.type == "field_initializer":
            field, value = part.child_by_field_name("field"), part.child_by_field_name("value")
            if field is not None:
                found[case.text(field)] = case.text(value) if value is not None else ""
    return found


def _function_name(case: Case, node: Node) -> str:
    function = case.above(node, "function_item")
    name = function.child_by_field_name("name") if function is not None else None
    return case.text(name) if name is not None else ""


def _from_scope(case: Case, made: Node, field: Field) -> str | None:
    """The field from a variable of its name."""
    held = next((variable for variable in variables(case, made) if variable.name == field.name), None)
    if held is None:
        return None
    borrowed = re.sub(r"^&(?:'\w+\s+)?", "", held.type)
    if field.type == "String" and borrowed == "str" and held.type.startswith("&"):
        return f"{field.name}: {field.name}.to_string()"
    return field.name


def _plain(case: Case, made: Node, item: Node, field: Field) -> str | None:
    """The field with the value that it has wherever such a struct is made, or with the empty one, where the struct is
    made anew: in a function that makes one, or with other fields that are empty."""
    kind = wrapper(field.type)
    empty = _EMPTY.get(kind)
    if kind == "PhantomData" and re.match(r"(?:std|core)::marker::", field.type):
        empty = field.type.split("<")[0]
    elif empty == "::new()":
        empty = f"{field.type.split('<')[0]}::new()"
    others = _elsewhere(case, made, item, field.name)
    if len(others) > 1 and len(set(others)) == 1 and re.fullmatch(r"[\w:]+(?:\(\))?", others[0]):
        return f"{field.name}: {others[0]}"
    if empty is None:
        return None
    body = made.child_by_field_name("body")
    given = _given(case, body) if body is not None else {}
    types = {other.name: wrapper(other.type) for other in fields(case, item)}
    like = any(_is_empty(value, types.get(name, "")) for name, value in given.items())
    if like or kind == "PhantomData" or (_constructs(case, made) and kind not in ("bool", "f32", "f64")):
        return f"{field.name}: {empty}"
    return None


def _is_empty(value: str, kind: str) -> bool:
    empty = _EMPTY.get(kind, "")
    return bool(empty) and (value == empty or (empty == "::new()" and value in (f"{kind}::new()", "vec![]")))


def _constructs(case: Case, made: Node) -> bool:
    """Whether a struct is made in the function whose task that is: associated, without `self`, and it returns it."""
    function = case.above(made, "function_item")
    if function is None or not owner_of(case, function):
        return False
    parameters = function.child_by_field_name("parameters")
    takes_self = parameters is not None and any(p.type == "self_parameter" for p in parameters.named_children)
    returned = result_type(case, function_around(case, made))
    return not takes_self and bool(re.search(rf"\b(?:Self|{re.escape(owner_of(case, function))})\b", returned))


def _elsewhere(case: Case, made: Node, item: Node, field: str) -> list[str]:
    """The values that a field has in the other places of this file where the struct is made."""
    found = []
    for other in case.below(case.root, "struct_expression"):
        name, body = other.child_by_field_name("name"), other.child_by_field_name("body")
        if other == made or name is None or body is None:
            continue
        value = _given(case, body).get(field)
        if value is not None and definition(case, _spelt_out(case, other, case.text(name))) == item:
            found.append(value)
    return found


def _added(case: Case, body: Node, values: Sequence[str], last: bool = False) -> Edit:
    """The edit that puts initialisers at the end of a struct expression, in its style."""
    there = body.named_children
    if not there:
        return case.replace(body, "{ " + ", ".join(values) + " }")
    end = there[-1]
    comma = end.next_sibling
    has_comma = comma is not None and comma.type == ","
    at = comma.end_byte if has_comma and comma is not None else end.end_byte
    if body.start_point.row == body.end_point.row:
        return case.insert(at, ("" if has_comma else ",") + " " + ", ".join(values))
    between = line_end(case.syntax) + case.indentation(end.start_byte)
    closing = "" if last else ","
    return case.insert(at, ("" if has_comma else ",") + between + f",{between}".join(values) + closing)


@rule("E0062", "E0025")
def field_given_twice(case: Case) -> Iterator[Fix]:
    """A field is named twice. Where one other field is left out, that is the one that was meant; where both say the
    same, one of them is too many."""
    owner = case.above(case.node, "struct_expression", "struct_pattern")
    part = case.above(case.node, *_INITIALISER, "field_pattern")
    if owner is None or part is None or part.parent is None:
        return
    name = owner.child_by_field_name("name") or owner.child_by_field_name("type")
    item = definition(case, _spelt_out(case, owner, case.text(name))) if name is not None else None
    field = part.child_by_field_name("field") or part.child_by_field_name("name")
    if item is None or field is None or part.type == "shorthand_field_initializer":
        return
    text = case.text(owner)
    left = [other.name for other in fields(case, item) if not re.search(rf"\b{other.name}\b", text)]
    if len(left) == 1 and field.type != "shorthand_field_identifier":
        yield Fix((case.replace(field, left[0]),), f"name the field `{left[0]}`, which is left out", 0.7)
        return
    twins = [other for other in part.parent.named_children if other != part and case.text(other) == case.text(part)]
    before = part.prev_sibling
    if twins and before is not None and before.type == ",":
        start = before.start_byte
        yield Fix((_cut(case, start, part.end_byte),), f"give `{case.text(field)}` once", 0.65)


def _cut(case: Case, start: int, end: int) -> Edit:
    return Edit(case.file, start, end, b"")


@rule("E0124")
def field_declared_twice(case: Case) -> Iterator[Fix]:
    """Two fields of a struct have one name. Numbered ones count on; one that is there twice in the same way is
    too many."""
    part = case.above(case.node, "field_declaration")
    name = part.child_by_field_name("name") if part is not None else None
    if part is None or name is None or part.parent is None:
        return
    item = part.parent.parent
    taken = {field.name for field in fields(case, item)} if item is not None else set()
    numbered = re.fullmatch(r"(\w*?)(\d+)", case.text(name))
    if numbered is not None:
        number = int(numbered.group(2)) + 1
        while f"{numbered.group(1)}{number}" in taken:
            number += 1
        new = f"{numbered.group(1)}{number}"
        yield Fix((case.replace(name, new),), f"count on: name the second field `{new}`", 0.65)
        return
    twins = [other for other in part.parent.named_children if other != part and case.text(other) == case.text(part)]
    before = part.prev_sibling
    if twins and before is not None and before.type == ",":
        yield Fix((_cut(case, before.start_byte, part.end_byte),), f"declare `{case.text(name)}` once", 0.55)


@rule("E0026")
def field_that_is_not_there(case: Case) -> Iterator[Fix]:
    """A pattern names a field that the struct does not have. Where one field is left, that one was meant, and the
    name stays what the value is called from here on."""
    pattern = case.above(case.node, "struct_pattern")
    part = case.above(case.node, "field_pattern")
    type_ = pattern.child_by_field_name("type") if pattern is not None else None
    item = definition(case, _spelt_out(case, pattern, case.text(type_))) if pattern is not None and type_ else None
    name = part.child_by_field_name("name") if part is not None else None
    if pattern is None or item is None or part is None or name is None:
        return
    text = case.text(pattern)
    left = [field.name for field in fields(case, item) if not re.search(rf"\b{field.name}\b", text)]
    if len(left) != 1:
        return
    words = f"take the field `{left[0]}`"
    if name.type == "shorthand_field_identifier":
        yield Fix((case.insert(name.start_byte, f"{left[0]}: "),), words, 0.65)
    else:
        yield Fix((case.replace(name, left[0]),), words, 0.65)


@rule("E0164", "E0533")
def braces_for_named_fields(case: Case) -> Iterator[Fix]:
    """A variant whose fields have names is written with braces, not with parentheses; the values keep their order."""
    if "found struct variant" not in case.message:
        return
    node = case.above(case.node, "tuple_struct_pattern", "call_expression")
    if node is None:
        return
    path = node.child_by_field_name("type" if node.type == "tuple_struct_pattern" else "function")
    arguments = node.child_by_field_name("arguments")
    parts = arguments.named_children if arguments is not None else [p for p in node.named_children if p != path]
    item = definition(case, _spelt_out(case, node, case.text(path))) if path is not None else None
    if path is None or item is None or any(part.type == "remaining_field_pattern" for part in parts):
        return
    named = fields(case, item)
    if len(named) != len(parts):
        return
    texts = [case.text(part) for part in parts]
    inside = ", ".join(f.name if f.name == t else f"{f.name}: {t}" for f, t in zip(named, texts, strict=True))
    words = f"write `{case.text(path)}` with the names of its fields"
    yield Fix((case.replace(node, f"{case.text(path)} {{ {inside} }}"),), words, 0.75)


@rule("E0451")
def constructor_instead_of_private_fields(case: Case) -> Iterator[Fix]:
    """A field is private, so that only its module makes such a struct. Where the type offers `new` with the same
    fields, that makes one."""
    made = case.above(case.node, "struct_expression")
    name = made.child_by_field_name("name") if made is not None else None
    body = made.child_by_field_name("body") if made is not None else None
    item = definition(case, case.text(name)) if name is not None else None
    if made is None or name is None or body is None or item is None:
        return
    given = _given(case, body)
    type_name = wrapper(case.text(name))
    for function in case.below(case.root, "function_item"):
        called = function.child_by_field_name("name")
        parameters = function.child_by_field_name("parameters")
        if called is None or case.text(called) != "new" or owner_of(case, function) != type_name or parameters is None:
            continue
        patterns = [p.child_by_field_name("pattern") for p in parameters.named_children if p.type == "parameter"]
        names = [case.text(p) for p in patterns if p is not None]
        if set(names) == set(given):
            call = f"{case.text(name)}::new({', '.join(given[n] for n in names)})"
            yield Fix((case.replace(made, call),), f"make it with `{type_name}::new`", 0.75)
