"""What cannot be printed or walked through, and failures that `?` cannot hand on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules import traits_tree as tree
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.traits_index import plain
from tutor.fix.rules.traits_methods import taken_out

_ASSIGNMENT: Final = re.compile(rb"(?<![=!<>+\-*/%&|^])=(?![=>])")


@rule("E0277")
def equals_in_print(case: Case) -> Iterator[Fix]:
    """An assignment gives nothing that could be printed; a comparison does."""
    if not re.match(r"`\(\)` doesn't implement `(?:[\w:]*Display|Debug)`", case.message):
        return
    found = list(_ASSIGNMENT.finditer(case.source, case.place.start, case.place.end))
    if len(found) == 1 and b"{" not in case.source[case.place.start : case.place.end]:
        yield Fix(
            (tree.splice(case, found[0].start(), found[0].end(), "=="),), "compare with `==` instead of assigning", 0.8
        )


@rule("E0277")
def hand_back_what_was_taken(case: Case) -> Iterator[Fix]:
    """The function gives nothing back, but its result is printed: it hands back the one value that it took."""
    if not re.match(r"`\(\)` doesn't implement `", case.message):
        return
    written = case.text(case.place)
    if re.fullmatch(r"[a-z_]\w*", written):
        bound = tree.binding(case, written, case.place.start)
        value = bound.child_by_field_name("value") if bound is not None else None
        written = case.text(value) if value is not None else ""
    called = re.fullmatch(r"(\w+)\((.*)\)", written, re.DOTALL)
    function = tree.local_function(case, called.group(1)) if called else None
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or body is None or tree.returns(case, function) or tree.public(function):
        return
    given, listed = tree.parameters(function), function.child_by_field_name("parameters")
    typed = given[0].child_by_field_name("type") if len(given) == 1 else None
    pattern = given[0].child_by_field_name("pattern") if len(given) == 1 else None
    statements = [child for child in body.named_children if child.type != "line_comment"]
    if typed is None or pattern is None or pattern.type != "identifier" or listed is None or not statements:
        return
    last, name = statements[-1], case.text(pattern)
    if case.text(typed).startswith("&") or not case.text(last).endswith(";"):
        return
    text = f"{tree.line_end(case)}{case.indentation(last.start_byte)}{name}"
    edits = (case.insert(listed.end_byte, f" -> {case.text(typed)}"), case.insert(last.end_byte, text))
    yield Fix(edits, f"let `{tree.name_of(case, function)}` hand back `{name}`", 0.5)


@rule("E0277")
def print_for_developers(case: Case) -> Iterator[Fix]:
    """`{}` is for text that users read, and only types that say how they look to users have it; `{:?}` shows the value
    as a developer would write it, and can be derived."""
    found = re.match(r"`(.+)` doesn't implement `[\w:]*Display`", case.message)
    hole = next((span for span, _ in case.labelled("required by this formatting parameter")), None)
    if hole is None and case.text(case.place).startswith("{"):
        hole = case.place
    if found is None or hole is None:
        return
    type_text = found.group(1)
    if plain(type_text) in ("Result", "Option"):
        variable = case.text(case.place)
        if re.fullmatch(r"[a-z_]\w*", variable) and tree.propagates(case, case.place.start) == plain(type_text):
            yield from taken_out(case, case.place.end, plain(type_text))
    spec = re.fullmatch(r"\{([^{}:]*)(:[^{}]*)?\}", case.text(hole))
    item = tree.local_type(case, tree.unboxed(type_text))
    if spec is None or type_text == "()" or (item is None and re.fullmatch(r"&*[A-Z]\d*|&*impl .*", type_text)):
        return
    developer = case.replace(hole, "{" + spec.group(1).rstrip() + (spec.group(2) or ":").rstrip() + "?}")
    if item is None:
        yield Fix((developer,), "print it with `{:?}`", 0.64)
        return
    name = tree.name_of(case, item)
    literal = case.above(case.at((hole.start, hole.start)), "string_literal")
    said = case.text(literal).lower() if literal is not None else ""
    getters = [method for method, gives in tree.simple_getters(case, name) if gives in _SHOWN]
    for method in getters:
        if re.search(rf"\b{re.escape(method.lower())}", said):
            if hole == case.place:
                continue
            yield Fix(
                (case.insert(case.place.end, f".{method}()"),), f"print what `{method}` gives, as the text says", 0.66
            )
    if "Debug" in tree.derives(case, item)[1]:
        yield Fix((developer,), f"print `{name}` with `{{:?}}`: it derives Debug", 0.62)
    elif not getters and (derived := tree.derive(case, item, ["Debug"])) is not None:
        yield Fix((developer, derived), f"print `{name}` with `{{:?}}` and derive Debug for it", 0.5)


_SHOWN: Final = tree.NUMBERS | {"String", "&str", "bool", "char", "&String", "&'static str"}


@rule("E0277")
def range_for_a_number(case: Case) -> Iterator[Fix]:
    """A number is nothing to walk through; the range from 0 to it is. A string is walked through by its characters."""
    found = re.match(r"`(.+)` is not an iterator", case.message)
    loop = case.above(case.node, "for_expression")
    value = loop.child_by_field_name("value") if loop is not None else None
    if found is None or value is None or (value.start_byte, value.end_byte) != (case.place.start, case.place.end):
        return
    name, walked = found.group(1), case.text(value)
    if name == "{integer}" or (name in tree.NUMBERS and not name.startswith("f")):
        yield Fix((case.insert(value.start_byte, "0.."),), f"count from 0 up to `{case.text(value)}`", 0.66)
    elif name in ("String", "&String", "str", "&str") and value.type != "reference_expression":
        yield Fix((case.insert(value.end_byte, ".chars()"),), f"go through the characters of `{walked}`", 0.66)
    item = tree.local_type(case, name)
    body = item.child_by_field_name("body") if item is not None else None
    if item is None or body is None or item.type != "struct_item":
        return
    lists = [
        field
        for field in body.named_children
        if field.type == "field_declaration"
        and re.match(r"Vec\s*<|\[", case.text(field.child_by_field_name("type") or field))
    ]
    if len(lists) == 1 and not name.startswith("&"):
        field = tree.name_of(case, lists[0])
        yield Fix((case.insert(value.end_byte, f".{field}"),), f"go through `{field}` of `{case.text(value)}`", 0.5)


@rule("E0277", "E0271")
def convert_the_failure(case: Case) -> Iterator[Fix]:
    """`?` hands a failure on when its type converts into the function's error type. Where the error type has a variant
    for it the failure is wrapped in that; where it is a text it is described; and `main`, or another function of this
    file alone, may say that it fails with any error."""
    found = re.match(
        r"`\?` couldn't convert the error(?:: `.+`)?(?: to|:) `(.+?)(?:: From<.+>)?`"
        r"|type mismatch resolving `<\w+ as FromStr>::Err == (.+)`",
        case.message,
    )
    node = case.above(case.node, "try_expression")
    if found is None or node is None or not node.named_children:
        return
    inner, target = node.named_children[0], re.sub(r": From<.*", "", found.group(1) or found.group(2))
    typed = r"has type `[\w:]*Result<.*, ([^,]+)>`|expected `.+`, found `(.+)`"
    source = next((m.group(1) or m.group(2) for _, m in case.labelled(typed)), "")
    if target == "String":
        edits = [case.insert(inner.end_byte, ".map_err(|error| error.to_string())"), *_named_parse(case, inner)]
        yield Fix(tuple(edits), "describe the failure as text on the way", 0.64)
    item = tree.local_type(case, target)
    if item is not None and item.type == "enum_item" and source:
        for variant in case.below(item, "enum_variant"):
            body = variant.child_by_field_name("body")
            held = case.text(body)[1:-1].strip() if body is not None else ""
            if held and held.split("::")[-1] == source.split("::")[-1]:
                path = f"{tree.name_of(case, item)}::{tree.name_of(case, variant)}"
                yield Fix((case.insert(inner.end_byte, f".map_err({path})"),), f"wrap the failure in `{path}`", 0.66)
    function = case.above(node, "function_item", "closure_expression")
    if function is not None and function.type == "function_item" and item is None and target != "String":
        yield from _any_error(case, function)


def _named_parse(case: Case, inner: Node) -> Iterator[Edit]:
    """Says what `parse()` is to give: what follows does not tell any more, but the variable's type does."""
    declared = case.above(inner, "let_declaration", "block")
    typed = declared.child_by_field_name("type") if declared is not None else None
    if typed is not None and case.text(inner).endswith(".parse()"):
        yield case.insert(inner.end_byte - 2, f"::<{case.text(typed)}>")


def _any_error(case: Case, function: Node) -> Iterator[Fix]:
    written = function.child_by_field_name("return_type")
    arguments = written.child_by_field_name("type_arguments") if written is not None else None
    inside = tree.around(function, "impl_item", "trait_item")
    if (
        written is None
        or arguments is None
        or tree.public(function)
        or (inside and inside.child_by_field_name("trait"))
    ):
        return
    types = arguments.named_children
    if plain(case.text(written)) == "Result" and len(types) == 2:
        edit = case.replace(types[1], "Box<dyn std::error::Error>")
        yield Fix((edit,), f"let `{tree.name_of(case, function)}` fail with any error", 0.6)
