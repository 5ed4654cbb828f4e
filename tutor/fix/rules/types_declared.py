"""Rules that change what a declaration says: the annotation, the field, the parameter or the result has another type
than everything around it."""

from __future__ import annotations

from collections.abc import Iterator

from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.types_convert import value_of
from tutor.fix.rules.types_pair import TEXTS, Pair, head, is_number, pair_of, plain, said
from tutor.fix.rules.types_places import Declared, binding, declared, returned, wanted

_LITERALS = {"integer_literal", "float_literal", "string_literal", "boolean_literal", "char_literal"}


@rule("E0308")
def declared_otherwise(case: Case) -> Iterator[Fix]:
    """Two declarations disagree, and one of them is the mistake: where the value's own type is written, and where the
    expected one is."""
    pair, value = pair_of(case), value_of(case)
    if pair is None or value is None or "pattern" in value.type:
        return
    if value.type == "reference_expression" and value.named_children and pair.expected[:1] == pair.found[:1] == "&":
        value, pair = value.named_children[-1], Pair(pair.expected[1:], pair.found[1:])
    if pair.found == "{float}":
        pair = Pair(pair.expected, "f64")
    numbers = is_number(pair.expected) and is_number(pair.found)
    if (own := declared(case, value)) is not None and not own.public and value.type not in _LITERALS:
        yield from _changed(case, own, pair.found, pair.expected, 0.53 if numbers else 0.3)
    result = returned(case)
    if (other := result or wanted(case, value)) is not None and not other.public:
        likelihood = 0.52 if numbers else 0.5 if result else 0.42
        yield from _changed(case, other, pair.expected, pair.found, likelihood)
    if numbers and value.type in ("binary_expression", "unary_expression", "parenthesized_expression"):
        for part in case.below(value, "identifier", "field_expression"):
            if (own := declared(case, part)) is not None and not own.public:
                yield from _changed(case, own, pair.found, pair.expected, 0.5)


def _changed(case: Case, place: Declared, now: str, then: str, likelihood: float) -> Iterator[Fix]:
    """The declaration with the other type; only where it says exactly the one that is wrong."""
    if now == then or not said(then) or plain(case.text(place.type)) != now:
        return
    function = case.above(place.type, "function_item") if place.words.startswith("what") else None
    borrows_nothing = function is not None and "&" not in case.text(function).split("->")[0]
    if "&" in then and (place.words.startswith("the field") or borrows_nothing):
        return  # it would need a lifetime
    narrow = place.words.startswith(("the parameter", "the field"))
    if narrow and not (is_number(now) and is_number(then)) and not _alike(now, then):
        return  # a value of quite another kind is the mistake, not what it is meant for
    yield Fix((case.replace(place.type, then),), f"declare {place.words} as `{then}`", likelihood)


def _alike(now: str, then: str) -> bool:
    """Whether two types are nearly one: texts, borrowed or not, or the same of other contents."""
    return {now, then} <= TEXTS or head(now.lstrip("&")) == head(then.lstrip("&"))


@rule("E0308")
def second_type_parameter(case: Case) -> Iterator[Fix]:
    """Two fields share one type parameter and get values of two types: the second gets a parameter of its own."""
    pair, value = pair_of(case), value_of(case)
    if pair is None or value is None or value.parent is None or value.parent.type != "field_initializer":
        return
    place = wanted(case, value)
    item = case.above(place.type, "struct_item") if place is not None else None
    if place is None or item is None or (generics := item.child_by_field_name("type_parameters")) is None:
        return
    name, own = item.child_by_field_name("name"), case.text(place.type)
    names = [case.text(node) for node in generics.named_children]
    if own not in names or len(names) != 1 or name is None:
        return
    written = (node.child_by_field_name("type") for node in case.below(case.root, "generic_type"))
    if any(type_ is not None and case.text(type_) == case.text(name) for type_ in written):
        return
    fresh = next((letter for letter in "UVWXYZ" if letter not in names), None)
    if fresh is not None:
        edits = (case.insert(generics.named_children[-1].end_byte, f", {fresh}"), case.replace(place.type, fresh))
        yield Fix(edits, f"give {place.words} a type parameter of its own, `{fresh}`", 0.56)


@rule("E0308")
def shadowed(case: Case) -> Iterator[Fix]:
    """A variable keeps its type for life; a new ``let`` of the same name may have another."""
    value = value_of(case)
    pair = pair_of(case)
    parent = value.parent if value is not None else None
    if pair is None or parent is None or parent.type != "assignment_expression" or parent.parent is None:
        return
    left, statement = parent.child_by_field_name("left"), parent.parent
    block = statement.parent
    if left is None or left.type != "identifier" or statement.type != "expression_statement" or block is None:
        return
    place = binding(case, left)
    if place is None or place.type != "let_declaration" or place.parent is None or place.parent.id != block.id:
        return
    if place.child_by_field_name("type") is not None or place.child_by_field_name("value") is None:
        return
    edits = [case.insert(statement.start_byte, "let ")]
    mutable = next((child for child in place.named_children if child.type == "mutable_specifier"), None)
    changes = case.below(block, "assignment_expression", "compound_assignment_expr", "reference_expression")
    again = [node for node in changes if node.id != parent.id and case.text(left) in case.text(node)]
    if mutable is not None and not again:
        pattern = place.child_by_field_name("pattern")
        end = pattern.start_byte if pattern is not None else mutable.end_byte
        edits.append(Edit(case.file, mutable.start_byte, end, b""))
    words = f"shadow `{case.text(left)}` with a new variable: a variable keeps its type"
    yield Fix(tuple(edits), words, 0.55 if not _near(pair) else 0.3)


def _near(pair: Pair) -> bool:
    """Whether a conversion is likelier than another variable."""
    return is_number(pair.expected) and is_number(pair.found)
