"""Rules for what cannot be worked out before the program runs, and for parameters and numbers of types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.shapes_scope import after_visibility, exactly, line_end, owner_of

_CONSTANTS: Final = ("const_item", "static_item")
_TEXT: Final = re.compile(
    r'(?:String::from\((?P<a>"(?:[^"\\]|\\.)*")\)|(?P<b>"(?:[^"\\]|\\.)*")\.(?:to_string|to_owned|into)\(\))$'
)
_OWN_CALL: Final = re.compile(r"(?:function|method) `(?:(?P<type>[\w:]+?)(?:::<.*?>)?::)?(?P<name>\w+)(?:::<.*>)?`")


@rule("E0015")
def own_function_becomes_const(case: Case) -> Iterator[Fix]:
    """What a constant calls has to be a `const fn`; a function of this file can be made one, if all that it does can
    be done before the program runs."""
    called = _OWN_CALL.search(case.message)
    if called is None:
        return
    owner = (called["type"] or "").rsplit("::", 1)[-1]
    for function in case.below(case.root, "function_item"):
        name = function.child_by_field_name("name")
        if name is None or case.text(name) != called["name"] or owner_of(case, function) != owner:
            continue
        if not any(child.type == "function_modifiers" for child in function.children):
            edit = case.insert(after_visibility(case, function), "const ")
            yield Fix((edit,), f"make `{called['name']}` a `const fn`", 0.75)
        return


@rule("E0015", "E0010")
def constant_of_text_or_list(case: Case) -> Iterator[Fix]:
    """A `String` and a `Vec` are made when the program runs. A text or a list that never changes can be written as
    `&str` or as a slice; anything else is made by the first who asks for it, with `LazyLock`."""
    item = case.above(case.node, *_CONSTANTS)
    type_, value = (item.child_by_field_name(n) if item is not None else None for n in ("type", "value"))
    name = item.child_by_field_name("name") if item is not None else None
    if item is None or type_ is None or value is None or name is None or case.above(case.node, "function_item"):
        return
    text = case.text(value)
    literal = _TEXT.fullmatch(text)
    if literal is not None and case.text(type_) == "String":
        edits = (case.replace(type_, "&str"), case.replace(value, literal["a"] or literal["b"]))
        yield Fix(edits, f"make `{case.text(name)}` a `&str`, which needs no work at run time", 0.75)
    listed = re.fullmatch(r"vec!\s*\[(.*)\]", text, re.DOTALL)
    inner = re.fullmatch(r"Vec<(.*)>", case.text(type_))
    if listed is not None and inner is not None:
        edits = (case.replace(type_, f"&[{inner.group(1)}]"), case.replace(value, f"&[{listed.group(1)}]"))
        yield Fix(edits, f"make `{case.text(name)}` a slice, which needs no work at run time", 0.75)
    if "mutable_specifier" in [child.type for child in item.children]:
        return
    lazy = [case.replace(type_, f"LazyLock<{case.text(type_)}>"), case.replace(value, f"LazyLock::new(|| {text})")]
    if item.type == "const_item":
        keyword = next(child for child in item.children if child.type == "const")
        lazy.append(case.replace(keyword, "static"))
    if not re.search(rb"\buse\s+std::sync::(?:LazyLock|\{[^}]*\bLazyLock\b)", case.source):
        lazy.append(case.insert(_import_place(case, item), f"use std::sync::LazyLock;{line_end(case.syntax)}"))
    likelihood = 0.65 if item.type == "static_item" else 0.5
    yield Fix(tuple(lazy), f"make `{case.text(name)}` when it is first used, with `LazyLock`", likelihood)


def _import_place(case: Case, item: Node) -> int:
    """Where an import goes that ``item`` is to see: before the first item of its module."""
    for child in item.parent.named_children if item.parent is not None else ():
        if child.type not in ("inner_attribute_item", "line_comment", "block_comment", "shebang"):
            return child.start_byte
    return item.start_byte


@rule("E0015")
def function_that_cannot_be_const(case: Case) -> Iterator[Fix]:
    """A `const fn` may call nothing that only works at run time. Where no constant needs it, it is a plain one."""
    function = case.above(case.node, "function_item")
    if function is None or "constant functions" not in case.message:
        return
    for part in function.children:
        if part.type == "function_modifiers" and case.text(part) == "const":
            end = part.next_sibling.start_byte if part.next_sibling is not None else part.end_byte
            yield Fix((Edit(case.file, part.start_byte, end, b""),), "make it a plain `fn`", 0.5)


@rule("E0492")
def one_place_for_what_changes(case: Case) -> Iterator[Fix]:
    """Each use of a `const` is a copy of its own, so that a reference to one that can change would be to nowhere; a
    `static` is one place."""
    borrow = exactly(case, case.place, "reference_expression")
    item = case.above(case.node, *_CONSTANTS)
    inner = borrow.child_by_field_name("value") if borrow is not None else None
    wanted = re.match(r"\w+", case.text(inner)) if inner is not None else None
    if item is None or wanted is None:
        return
    edits = []
    for other in case.below(case.root, "const_item"):
        name = other.child_by_field_name("name")
        if other == item or (name is not None and case.text(name) == wanted.group()):
            keyword = next((child for child in other.children if child.type == "const"), None)
            if keyword is not None:
                edits.append(case.replace(keyword, "static"))
    if edits:
        yield Fix(tuple(edits), f"make `{wanted.group()}` a `static`, which is one place", 0.65)


@rule("E0392")
def unused_parameter(case: Case) -> Iterator[Fix]:
    """A type's parameter has to be used in it. One that nobody gives goes; one that is given somewhere stays, and a
    `PhantomData` says that it belongs to the type."""
    parameter = case.text(case.place)
    item = case.above(case.node, "struct_item", "enum_item")
    name = item.child_by_field_name("name") if item is not None else None
    parameters = item.child_by_field_name("type_parameters") if item is not None else None
    if item is None or name is None or parameters is None:
        return
    own = next((p for p in parameters.named_children if p.start_byte <= case.place.start < p.end_byte), None)
    if own is None:
        return
    used = re.compile(rf"\b{re.escape(case.text(name))}\s*(?:::)?\s*<".encode())
    if len(used.findall(case.source)) <= 1:
        edit = _without(case, parameters, own)
        yield Fix((edit,), f"drop the parameter `{parameter}`, which nothing uses", 0.6)
    body = item.child_by_field_name("body")
    if item.type == "struct_item" and body is not None and body.type == "field_declaration_list":
        held = f"&{parameter} ()" if parameter.startswith("'") else parameter
        marker = "PhantomData" if b"use std::marker::PhantomData;" in case.source else "std::marker::PhantomData"
        edits = [_with_field(case, body, f"_marker: {marker}<{held}>")]
        for made in case.below(case.root, "struct_expression"):
            path, values = made.child_by_field_name("name"), made.child_by_field_name("body")
            own_name = path is not None and re.split(r"[<:]", case.text(path))[0] in (case.text(name), "Self")
            if own_name and values is not None and values.named_children:
                at = values.named_children[-1].end_byte
                edits.append(case.insert(at, f", _marker: {marker}"))
        yield Fix(tuple(edits), f"say with `PhantomData` that `{parameter}` belongs to `{case.text(name)}`", 0.55)


def _without(case: Case, parameters: Node, own: Node) -> Edit:
    """The edit that takes one parameter out of a list."""
    if len(parameters.named_children) == 1:
        return case.replace(parameters, "")
    before, after = own.prev_sibling, own.next_sibling
    if before is not None and before.type == ",":
        return Edit(case.file, before.start_byte, own.end_byte, b"")
    following = after.next_sibling if after is not None else None
    end = following.start_byte if following is not None and after is not None and after.type == "," else own.end_byte
    return Edit(case.file, own.start_byte, end, b"")


def _with_field(case: Case, body: Node, field: str) -> Edit:
    """The edit that puts a field at the end of a struct, in its style."""
    there = [child for child in body.named_children if child.type == "field_declaration"]
    if not there:
        return case.replace(body, f"{{ {field} }}")
    last = there[-1]
    comma = last.next_sibling
    at, has = (comma.end_byte, True) if comma is not None and comma.type == "," else (last.end_byte, False)
    if body.start_point.row == body.end_point.row:
        return case.insert(at, ("" if has else ",") + f" {field}")
    return case.insert(
        at, ("" if has else ",") + line_end(case.syntax) + case.indentation(last.start_byte) + field + ","
    )


@rule("E0732")
def size_of_discriminants(case: Case) -> Iterator[Fix]:
    """Numbers on variants that hold something need to be told their size, with `#[repr(…)]`."""
    item = case.above(case.node, "enum_item")
    body = item.child_by_field_name("body") if item is not None else None
    if item is None or body is None:
        return
    numbers = [v.child_by_field_name("value") for v in body.named_children if v.type == "enum_variant"]
    texts = [case.text(number) for number in numbers if number is not None]
    small = all(re.fullmatch(r"\d+", text) and int(text) < 256 for text in texts)
    text = f"#[repr({'u8' if small else 'isize'})]{line_end(case.syntax)}{case.indentation(item.start_byte)}"
    yield Fix((case.insert(item.start_byte, text),), "say how large the numbers of the variants are", 0.75)
