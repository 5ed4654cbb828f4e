"""Rules for calls: too few arguments, a thing that is no function, numbers without a type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.diagnostics import Span
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.shapes_scope import (
    Variable,
    definition,
    exactly,
    fields,
    variables,
)

_PLACEHOLDER: Final = re.compile(r"/\* (.*?) \*/")
_INDEXED: Final = re.compile(r"^&?(?:mut )?(?:std::\w+::)?(?:Vec|VecDeque|HashMap|BTreeMap)<|^&?(?:mut )?\[")
_OPERATOR_METHODS: Final = {
    "neg": "Neg", "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "rem": "Rem",
}  # fmt: skip


@rule("E0061", "E0057")
def missing_arguments(case: Case) -> Iterator[Fix]:
    """A call gives fewer values than the function takes. The one that is missing is a variable with the parameter's
    name, or the only one with its type that the call does not use yet. Where there is none, only the author knows."""
    place = next((s for part in case.diagnostic.children for s in part.spans if _PLACEHOLDER.search(_text(s))), None)
    node = case.node
    if place is None or node is None or place.file != case.file or place.from_macro:
        return
    holes = _PLACEHOLDER.findall(_text(place))
    parameters = _missing_parameters(case, len(holes))
    given = set(re.findall(r"\w+", _PLACEHOLDER.sub("", _text(place))))
    chosen: list[str] = []
    for parameter in parameters or [Variable("", hole) for hole in holes]:
        usable = [v for v in variables(case, node) if v.name not in given and v.name not in chosen]
        value = _value_for(parameter, usable)
        if value is None:
            return
        chosen.append(value)
    parts = iter(chosen)
    text = _PLACEHOLDER.sub(lambda _: next(parts), _text(place))
    named = ", ".join(f"`{value}`" for value in chosen)
    by_name = chosen == [parameter.name for parameter in parameters]
    edit = Edit(case.file, place.start, place.end, text.encode())
    yield Fix((edit,), f"pass {named} as well", 0.75 if by_name else 0.6)


def _text(span: Span) -> str:
    return span.replacement or ""


def _missing_parameters(case: Case, number: int) -> Sequence[Variable]:
    """The parameters that a call leaves out, where this file defines the function: the compiler marks them there."""
    for part in case.diagnostic.children:
        if "defined here" not in part.message:
            continue
        spans = [s for s in part.spans if s.file == case.file and s.end <= len(case.source)]
        marked = [node for span in spans if (node := exactly(case, span, "parameter")) is not None]
        if not marked and len(spans) == 1 and part.message.startswith("closure"):
            closure = case.above(case.at(spans[0]), "closure_expression")
            list_ = closure.child_by_field_name("parameters") if closure is not None else None
            marked = [p for p in list_.named_children if p.type == "parameter"] if list_ is not None else []
        if len(marked) == number:
            return [_parameter(case, node) for node in sorted(marked, key=lambda node: node.start_byte)]
    return ()


def _parameter(case: Case, node: Node) -> Variable:
    pattern, type_ = node.child_by_field_name("pattern"), node.child_by_field_name("type")
    name = case.text(pattern) if pattern is not None else ""
    return Variable(name.removeprefix("mut "), case.text(type_) if type_ is not None else "")


def _value_for(parameter: Variable, usable: Sequence[Variable]) -> str | None:
    """What to pass for a parameter: a variable, or the only value of its type."""
    if re.match(r"(?:\w+::)*PhantomData<", parameter.type):
        return parameter.type.split("<")[0]
    for variable in usable:
        if variable.name == parameter.name and variable.type in ("", parameter.type):
            return variable.name
    alike = [variable for variable in usable if variable.type and variable.type == parameter.type]
    return alike[0].name if len(alike) == 1 else None


@rule("E0618")
def called_what_is_no_function(case: Case) -> Iterator[Fix]:
    """What stands before brackets is called. An element of a collection is taken with square brackets, a value is
    used without any, and a number is multiplied with `*`."""
    node = case.node
    arguments = _arguments(case, case.place.end)
    if node is None or arguments is None:
        return
    inside = case.source[arguments.start_byte + 1 : arguments.end_byte - 1].decode("utf-8", "replace").strip()
    name = case.text(case.place)
    type_ = next((m.group(1) for _, m in case.labelled(r"has type `(.+)`$")), "")
    found = re.search(r"found `(.+)`$", case.message)
    kind = found.group(1) if found is not None else ""
    if inside and (_INDEXED.match(type_) or _INDEXED.match(kind)):
        index = f"&{inside}" if "Map<" in type_ + kind and not inside.startswith("&") else inside
        words = f"take an element of `{name}` with square brackets"
        yield Fix((case.replace(arguments, f"[{index}]"),), words, 0.75)
        if index != inside:
            yield Fix((case.replace(arguments, f"[{inside}]"),), words, 0.7)
    elif not inside and re.fullmatch(r"(?:self\.)?\w+", name) and type_:
        yield Fix((case.replace(arguments, ""),), f"use `{name}` without brackets: it is a value", 0.65)
    elif inside and re.fullmatch(r"[iuf]\d+|[iu]size|\{(?:integer|float)\}", kind) and "," not in inside:
        edit = case.insert(arguments.start_byte, " * ")
        yield Fix((edit,), "multiply with `*`", 0.6)


def _arguments(case: Case, at: int) -> Node | None:
    """The brackets that begin at ``at``, in code or in a macro's call."""
    node = case.at((at, at + 1))
    while node is not None and node.start_byte == at:
        if node.type in ("arguments", "token_tree"):
            return node
        node = node.parent
    return None


@rule("E0608")
def index_the_field(case: Case) -> Iterator[Fix]:
    """A struct around a collection has no elements itself; its collection has."""
    type_ = re.search(r"of type `&?(?:mut )?(?:\w+::)*(\w+)(?:<.*>)?`", case.message)
    item = definition(case, type_.group(1)) if type_ is not None else None
    if item is None:
        return
    inner = [field for field in fields(case, item) if _INDEXED.match(field.type)]
    bracket = case.source.find(b"[", case.place.start)
    if len(inner) == 1 and case.place.start <= bracket < case.place.end:
        name = inner[0].name
        yield Fix((case.insert(bracket, f".{name}"),), f"take the element from its field `{name}`", 0.65)


@rule("E0689")
def number_without_type(case: Case) -> Iterator[Fix]:
    """A number needs a type before a method of it can be called; without another hint a float is an `f64` and an
    integer an `i32`. A method of an operator comes from its trait, which is imported."""
    found = re.search(r"method `(\w+)` on ambiguous numeric type `\{(float|integer)\}`", case.message)
    if found is None:
        return
    type_ = "f64" if found.group(2) == "float" else "i32"
    edits = _typed(case, type_)
    if edits is None:
        return
    trait = _OPERATOR_METHODS.get(found.group(1))
    if trait is not None and f"ops::{trait}".encode() not in case.source:
        edits = (*edits, case.insert(_import_place(case), f"use std::ops::{trait};\n"))
    yield Fix(edits, f"make it an `{type_}`, as numbers of its kind are by default", 0.75)


def _typed(case: Case, type_: str) -> tuple[Edit, ...] | None:
    """The edits that the compiler offers, with another type."""
    for part in case.diagnostic.walk():
        spans = [s for s in part.spans if s.replacement is not None and s.file == case.file]
        if spans and all(re.search(r"\b_?[fi]32\b|_[fi]32", _text(s)) for s in spans):
            texts = [re.sub(r"[fi]32\b", type_, _text(s)) for s in spans]
            return tuple(Edit(case.file, s.start, s.end, t.encode()) for s, t in zip(spans, texts, strict=True))
    return None


def _import_place(case: Case) -> int:
    """Where an import of the whole file goes: before the first item, behind inner attributes and comments."""
    for child in case.root.named_children:
        if child.type not in ("inner_attribute_item", "line_comment", "block_comment", "shebang"):
            return child.start_byte
    return 0


@rule("E0604")
def small_number_as_character(case: Case) -> Iterator[Fix]:
    """Only a `u8` becomes a `char` by a cast; a number that is that small can be one."""
    number = re.fullmatch(r"((\d[\d_]*?)_?(?:[iu](?:16|32|64|128|size|8))?)\s+as\s+char", case.text(case.place))
    if number is not None and int(number.group(2).replace("_", "")) < 256:
        end = case.place.start + len(number.group(1))
        edit = Edit(case.file, case.place.start, end, f"{number.group(2)}u8".encode())
        yield Fix((edit,), "make the number a `u8`", 0.7)
