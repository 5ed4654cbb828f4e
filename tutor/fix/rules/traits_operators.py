"""Operators between types that do not go together: numbers of different types, references, Results; indices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.rules import traits_tree as tree
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.traits_index import plain
from tutor.fix.rules.traits_methods import taken_out

_NO_OPERATION: Final = re.compile(r"no implementation for `(.+?) ([-+*/%&|^]|<<|>>|==|<|>)(=?) (.+)`$")
_BITS: Final = {"8": 8, "16": 16, "32": 32, "64": 64, "128": 128, "size": 64}
_TIGHT: Final = tree.words(
    "identifier field_expression call_expression index_expression macro_invocation parenthesized_expression "
    "integer_literal float_literal try_expression scoped_identifier self type_cast_expression"
)


def _operands(case: Case) -> tuple[Node, Node] | None:
    node = case.above(case.node, "binary_expression", "compound_assignment_expr")
    left = node.child_by_field_name("left") if node is not None else None
    right = node.child_by_field_name("right") if node is not None else None
    return (left, right) if left is not None and right is not None else None


def _types(case: Case) -> tuple[str, str, str] | None:
    """The types left and right of the operator and whether it assigns ("=")."""
    for _, found in case.labelled(_NO_OPERATION.pattern):
        return found.group(1), found.group(4), found.group(3) if found.group(2) not in "==<>" else ""
    return None


def _float(name: str) -> bool:
    return name.startswith("f")


def loses(source: str, target: str) -> bool:
    """Whether `as` from one number type to another may lose more than precision."""
    if _float(source):
        return not _float(target) or source > target
    if _float(target):
        return False
    wide, narrow = _BITS[target[1:]], _BITS[source[1:]]
    if source[0] == "u" and target[0] == "i":
        return wide <= narrow
    return wide < narrow or (source[0] == "i" and target[0] == "u")


def cast(case: Case, node: Node, target: str, *, before_less: bool = False) -> Fix:
    """The conversion of an expression to a number type with `as`."""
    text = case.text(node)
    edits = [case.insert(node.end_byte, f" as {target}")]
    if node.type not in _TIGHT:
        edits = [case.insert(node.start_byte, "("), case.insert(node.end_byte, f") as {target}")]
    elif before_less:
        edits = [case.insert(node.start_byte, "("), case.insert(node.end_byte, f" as {target})")]
    return Fix(tuple(edits), f"convert `{text}` to `{target}`" if len(text) < 40 else f"convert to `{target}`")


@rule("E0277")
def numbers_of_one_type(case: Case) -> Iterator[Fix]:
    """Rust never converts numbers by itself. The one of the narrower type is converted into the wider type; where
    neither is wider, as between a length and a signed number, into the other's type."""
    types, operands = _types(case), _operands(case)
    if types is None or operands is None:
        return
    left, right, assigns = types
    one, other = (tree.unboxed(side).replace("{float}", "f64") for side in (left, right))
    if one not in tree.NUMBERS or other not in tree.NUMBERS or one == other:
        return
    neither = loses(one, other) and loses(other, one) and "usize" in (one, other) and not (_float(one) or _float(other))
    for node, was, target, written in ((operands[1], other, one, right), (operands[0], one, other, left)):
        if (loses(was, target) and not neither) or (node == operands[0] and assigns) or written.startswith("&&"):
            continue
        made = cast(case, node, target)
        edits = made.edits
        if written.startswith("&"):
            if node.type not in _TIGHT or node.type == "type_cast_expression":
                continue
            edits = (case.insert(node.start_byte, "*"), *edits)
        yield Fix(edits, made.words, 0.56 if neither else 0.68)


@rule("E0277", "E0369")
def operate_on_what_it_holds(case: Case) -> Iterator[Fix]:
    """An operand is still a Result or an Option; the number that it holds was meant."""
    operands = _operands(case)
    types = _types(case)
    if operands is None:
        return
    if types is None:
        labels = {(span.start, span.end): span.label for span in case.labels}
        sides = [(node, labels.get((node.start_byte, node.end_byte), "")) for node in operands]
    else:
        sides = [(operands[0], types[0]), (operands[1], types[1])]
    for node, type_text in sides:
        if plain(type_text) in ("Result", "Option") and not type_text.startswith("&"):
            others = [text for other, text in sides if other is not node]
            if others and plain(others[0]) != plain(type_text):
                yield from taken_out(case, node.end_byte, plain(type_text))


@rule("E0277")
def the_number_of_a_type(case: Case) -> Iterator[Fix]:
    """A value of a type of this file stands where a number is needed, and one method of the type gives a number."""
    types, operands = _types(case), _operands(case)
    if types is None or operands is None:
        return
    for node, type_text, other in ((operands[1], types[1], types[0]), (operands[0], types[0], types[1])):
        name = tree.unboxed(type_text)
        if node.type not in _TIGHT or (other != "{integer}" and other not in tree.NUMBERS):
            continue
        if tree.local_type(case, name) is None:
            continue
        fitting = [
            method
            for method, gives in tree.simple_getters(case, plain(name))
            if gives == other or (other == "{integer}" and gives in tree.NUMBERS)
        ]
        if len(fitting) == 1:
            words = f"use the number that `{fitting[0]}` gives"
            yield Fix((case.insert(node.end_byte, f".{fitting[0]}()"),), words, 0.5)


@rule("E0277")
def compare_values_in_assert(case: Case) -> Iterator[Fix]:
    """A value is never equal to a reference. In `assert_eq!` and `assert_ne!` the reference is followed, or the value
    borrowed."""
    found = re.match(r"can't compare `(.+)` with `(.+)`$", case.message)
    call = case.above(case.node, "macro_invocation")
    if found is None or call is None or not re.match(r"assert_(?:eq|ne)\b", case.text(call)):
        return
    sides = list(arguments(case, call))[:2]
    if len(sides) < 2:
        return
    left, right = found.group(1), found.group(2)
    depth_left, depth_right = _references(left), _references(right)
    for (start, end), more, other in ((sides[1], depth_right - depth_left, 0), (sides[0], depth_left - depth_right, 1)):
        if more < 1:
            continue
        text = case.source[start:end].decode("utf-8", "replace")
        if text.startswith("&"):
            yield Fix((tree.splice(case, start, start + 1, ""),), "compare the values", 0.74)
        elif re.fullmatch(r"[\w.:]+(?:\[[^\]]*\]|\([^()]*\))*", text):
            yield Fix((case.insert(start, "*" * more),), f"compare with what `{text}` points to", 0.75)
        yield Fix((case.insert(sides[other][0], "&" * more),), "compare references", 0.55)


def _references(type_text: str) -> int:
    """How many references there are around a type."""
    text, depth = type_text.strip(), 0
    while text.startswith("&"):
        text, depth = re.sub(r"^&(?:'\w+ )?(?:mut )?", "", text), depth + 1
    return depth


def arguments(case: Case, call: Node) -> Iterator[tuple[int, int]]:
    """Where each argument of a macro call begins and ends, without the white space around it."""
    listed = next((child for child in call.children if child.type == "token_tree"), None)
    if listed is None or len(listed.children) < 2:
        return
    pieces: list[list[Node]] = [[]]
    for child in listed.children[1:-1]:
        if child.type == "," or case.text(child) == ",":
            pieces.append([])
        else:
            pieces[-1].append(child)
    for piece in pieces:
        if piece:
            yield piece[0].start_byte, piece[-1].end_byte


@rule("E0277")
def index_with_usize(case: Case) -> Iterator[Fix]:
    """Slices are indexed by `usize`."""
    found = re.match(r"the type `\[.*\]` cannot be indexed by `(.+)`$", case.message)
    node = case.node
    if found is None or node is None:
        return
    type_text = found.group(1)
    by = re.sub(r".*Range\w*<(.*)>", r"\1", type_text)
    if by not in tree.NUMBERS or _float(by):
        return
    if by == type_text:
        made = cast(case, node, "usize")
        yield Fix(made.edits, made.words, 0.72)
        return
    if node.type == "range_expression":
        ends = [child for child in node.named_children if child.type != "integer_literal"]
        casts = [cast(case, child, "usize") for child in ends]
        if casts:
            yield Fix(tuple(e for made in casts for e in made.edits), "count with `usize` in the range", 0.7)


@rule("E0277")
def character_of_a_string(case: Case) -> Iterator[Fix]:
    """A string is no array of characters: one may be several bytes long. Either the n-th character is asked for, which
    may not be there, or a piece of the text is borrowed."""
    if not re.match(r"the type `str` cannot be indexed by `(?:\{integer\}|usize)`", case.message):
        return
    # The brackets are looked for in the text: what stands in `println!` has no tree.
    start, end = case.place.start, case.place.end
    before, after = case.source[:start].rstrip(), case.source[end:].lstrip()
    if not before.endswith(b"[") or not after.startswith(b"]"):
        return
    name = tree.name_before(case, len(before) - 1)
    begin, close = len(before) - 1 - len(name), case.source.index(b"]", end) + 1
    at = case.text(case.place)
    if not name or case.source[:begin].rstrip().endswith(b"&"):
        return
    edit = tree.splice(case, len(before) - 1, close, f".chars().nth({at})")
    yield Fix((edit,), f"ask for character {at} of `{name}`, if there is one", 0.5)
    if at.isdigit():
        edits = (case.insert(begin, "&"), case.replace(case.place, f"{at}..{int(at) + 1}"))
        yield Fix(edits, f"borrow the piece of text at byte {at}", 0.48)


@rule("E0277")
def number_from_character(case: Case) -> Iterator[Fix]:
    """`into()` converts only where nothing can get lost for any value; `as` is the way from a character to a number
    that could be negative, and from whole numbers to floating point."""
    found = re.match(r"the trait bound `(\w+): From<(\w+)>` is not satisfied", case.message)
    if found is None or found.group(1) not in tree.NUMBERS:
        return
    target, source = found.groups()
    wide = source == "char" and target[1:] in ("32", "64", "128", "size") and not _float(target)
    if not wide and (source not in tree.NUMBERS or loses(source, target)):
        return
    call = case.above(case.node, "call_expression")
    function = call.child_by_field_name("function") if call is not None else None
    if call is None or function is None:
        return
    if function.type == "field_expression" and case.text(function).endswith("into"):
        value = function.child_by_field_name("value")
        if value is not None:
            yield Fix(
                (tree.splice(case, value.end_byte, call.end_byte, f" as {target}"),),
                f"convert with `as {target}`",
                0.55,
            )


@rule("E0277")
def collect_values(case: Case) -> Iterator[Fix]:
    """The iterator hands out references, the collection is to hold values: they are copied or cloned on the way."""
    found = re.match(
        r"a value of type `(.+)` cannot be built (?:from an iterator over elements of type `&(.+)`|since .*<&(.+?)>`)",
        case.message,
    )
    if found is None:
        return
    element = found.group(2) or found.group(3)
    name = "copied" if element in tree.NUMBERS or element in ("char", "bool", "{integer}", "{float}") else "cloned"
    end = tree.receiver_end(case, case.place.start)
    if end >= 0 and case.text(case.place).startswith("collect"):
        yield Fix((case.insert(end, f".{name}()"),), f"collect the values themselves with `{name}()`", 0.66)
