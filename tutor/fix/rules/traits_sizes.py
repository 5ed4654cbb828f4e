"""Values whose size is not known, types that contain themselves, traits that are no objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules import traits_tree as tree
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.traits_index import index, plain

_NO_FIELDS: Final = ("visibility_modifier", "attribute_item", "line_comment", "block_comment")
_UNSIZED: Final = r"the size for values of type `(.+)` cannot be known"


@rule("E0277")
def borrow_the_unsized(case: Case) -> Iterator[Fix]:
    """A text or a row of elements has no size that the compiler knows, so it is used by reference: in the type that is
    written, and where a piece of it is taken."""
    found = re.match(_UNSIZED, case.message)
    node = case.node
    if found is None or node is None or found.group(1).startswith("(dyn"):
        return
    if node.type == "index_expression" and (node.start_byte, node.end_byte) == (case.place.start, case.place.end):
        yield Fix((case.insert(node.start_byte, "&"),), f"borrow `{case.text(node)}`", 0.7)
        return
    item = case.above(node, "let_declaration", "const_item", "static_item")
    typed = item.child_by_field_name("type") if item is not None else None
    value = item.child_by_field_name("value") if item is not None else None
    if item is None or case.place.start >= (value.start_byte if value is not None else item.end_byte):
        return
    pattern = item.child_by_field_name("pattern") or item.child_by_field_name("name")
    name = case.text(pattern) if pattern is not None else ""
    taken = value is not None and value.type == "index_expression" and "[" in case.text(value)
    if typed is not None and re.fullmatch(r"str|\[[^;]*\]", case.text(typed)):
        edits = [case.insert(typed.start_byte, "&")]
        if taken and value is not None:
            edits.append(case.insert(value.start_byte, "&"))
        cast = value.child_by_field_name("type") if value is not None and value.type == "type_cast_expression" else None
        if cast is not None and case.text(cast) == case.text(typed):
            edits.append(case.insert(cast.start_byte, "&"))
        if taken or cast is not None or item.type != "let_declaration":
            yield Fix(tuple(edits), f"let `{name}` be a reference", 0.7)
    elif typed is None and taken and value is not None:
        yield Fix((case.insert(value.start_byte, "&"),), f"let `{name}` borrow the piece", 0.66)


@rule("E0072")
def box_the_recursion(case: Case) -> Iterator[Fix]:
    """A type that holds itself would have no end. A `Box` in between has a known size. All places where the type holds
    itself get one, and what the program puts there is boxed too."""
    item = case.above(case.node, *tree.TYPES)
    name = tree.name_of(case, item)
    edits: list[Edit] = []
    for held in case.below(item, "type_identifier") if item is not None and name else ():
        parent = held.parent
        inside = parent if parent is not None and parent.type == "generic_type" and parent.children[0] == held else held
        if case.text(held) != name or inside.parent is None or inside.parent == item:
            continue
        field, optional = _field(case, inside)
        if field is None:
            continue
        edits += [case.insert(inside.start_byte, "Box<"), case.insert(inside.end_byte, ">")]
        for value in _given(case, field):
            if optional:
                some = re.match(r"Some\s*\(", case.text(value)) and value.child_by_field_name("arguments")
                if not some or len(some.named_children) != 1:
                    continue
                value = some.named_children[0]
            if not re.match(r"(?:\w+::)*Box\s*::", case.text(value)):
                edits += [case.insert(value.start_byte, "Box::new("), case.insert(value.end_byte, ")")]
    if edits and len({(edit.start, edit.end) for edit in edits}) == len(edits):
        yield Fix(tuple(edits), f"put a `Box` between `{name}` and the `{name}` inside", 0.7)


def _field(case: Case, inside: Node) -> tuple[Node | None, bool]:
    """The field, or the type in a tuple variant or struct, that holds ``inside`` itself or an Option of it, and whether
    it is an Option; None where it is held in another way, which may be one with a known size."""
    node, optional = inside, False
    listed = node.parent
    if listed is not None and listed.type == "type_arguments" and listed.parent is not None:
        outer = listed.parent.child_by_field_name("type")
        if outer is None or case.text(outer) != "Option":
            return None, False
        node, optional = listed.parent, True
    holder = node.parent
    if holder is None or holder.type not in ("field_declaration", "ordered_field_declaration_list"):
        return None, False
    return (holder if holder.type == "field_declaration" else node), optional


def _given(case: Case, field: Node) -> Iterator[Node]:
    """What the program gives to a field when it makes a value."""
    if field.type == "field_declaration":
        owner = tree.around(field, "enum_variant", "struct_item")
        for made in index(case.syntax).fields.get(tree.name_of(case, field), ()):
            whole = tree.around(made, "struct_expression")
            value = made.child_by_field_name("value")
            if whole is None or value is None:
                continue
            called = plain(case.text(whole.child_by_field_name("name") or whole))
            if called in (tree.name_of(case, owner), *(("Self",) if owner and owner.type == "struct_item" else ())):
                yield value
        return
    fields = [c for c in (field.parent.named_children if field.parent else ()) if c.type not in _NO_FIELDS]
    owner = tree.around(field, "enum_variant", "struct_item")
    number, name = fields.index(field), tree.name_of(case, owner)
    for call in index(case.syntax).calls.get(name, ()):
        given = call.child_by_field_name("arguments")
        values = [c for c in given.named_children if c.type not in _NO_FIELDS] if given is not None else []
        if number < len(values):
            yield values[number]


@rule("E0038")
def not_through_the_object(case: Case) -> Iterator[Fix]:
    """A trait object cannot offer functions that need to know the type behind it. Such a function is kept out of the
    object with `where Self: Sized`; or a function of this file takes the type itself as a parameter."""
    found = [
        part_span
        for part in case.diagnostic.walk()
        for part_span in part.spans
        if part_span.file == case.file and re.search(r"\.\.\.because (?:method|associated function) `", part_span.label)
    ]
    edits: list[Edit] = []
    for span in found:
        function = case.above(case.at(span), "function_signature_item", "function_item")
        if function is None or any(child.type == "where_clause" for child in function.named_children):
            continue
        body = function.child_by_field_name("body")
        end = body.start_byte if body is not None else function.end_byte - 1
        at = len(case.source[:end].rstrip())
        text = " where Self: Sized" + (" " if body is not None and at == end else "")
        if not any(edit.start == at for edit in edits):
            edits.append(case.insert(at, text))
    if edits:
        yield Fix(tuple(edits), "keep the function out of trait objects with `where Self: Sized`", 0.55)
    object_ = case.above(case.node, "dynamic_type")
    function = case.above(object_, "function_item")
    parameter = case.above(object_, "parameter")
    borrowed = object_ is not None and object_.parent is not None and object_.parent.type == "reference_type"
    if object_ is None or function is None or parameter is None or not borrowed or tree.public(function):
        return
    if tree.around(function, "impl_item", "trait_item") is None and object_.children:
        edit = case.replace(object_.children[0], "impl")
        yield Fix((edit,), f"let `{tree.name_of(case, function)}` take any type with the trait", 0.6)


@rule("E0107")
def arguments_to_be_inferred(case: Case) -> Iterator[Fix]:
    """The type of a variable may leave out what its type is made of where the compiler sees it from the value."""
    found = re.match(r"missing generics for \w+ `([\w:]+)`", case.message)
    count = next((int(m.group(1)) for _, m in case.labelled(r"expected (?:at least )?(\d) generic argument")), 0)
    declaration = case.above(case.node, "let_declaration")
    typed = declaration.child_by_field_name("type") if declaration is not None else None
    if found is None or not count or typed is None:
        return
    if typed.start_byte <= case.place.start and case.place.end <= typed.end_byte:
        edit = case.insert(case.place.end, f"<{', '.join('_' * count)}>")
        yield Fix((edit,), "let the compiler find what it holds", 0.6)
