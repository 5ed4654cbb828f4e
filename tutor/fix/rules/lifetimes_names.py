"""Rules for lifetimes that have no name, no declaration or a name that they may not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledgegraph.rust_syntax import Node
from tutor.diagnostics import Span
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.suggestions import alternatives

_MOST_PARAMETERS = 4


def _function(case: Case, place: Span | Node | None) -> Node | None:
    node = case.at(place) if isinstance(place, Span) else place
    return case.above(node, "function_item", "function_signature_item")


def parameters_of(function: Node) -> Sequence[Node]:
    """A function's parameters, `self` included."""
    list_ = function.child_by_field_name("parameters")
    return [p for p in list_.named_children if p.type in ("parameter", "self_parameter")] if list_ is not None else []


@rule("E0106")
def borrowed_from_what_is_returned(case: Case) -> Iterator[Fix]:
    """A result that is borrowed says from which argument. The compiler would tie it to all of them; it is enough to
    tie it to the one that is returned, and the others stay free."""
    function = _function(case, case.node)
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or body is None:
        return
    everything = _named_lifetime(case)
    parameters = [p for p in parameters_of(function) if any(_within(span, p) for span in everything)]
    if not 1 < len(parameters) <= _MOST_PARAMETERS:
        return
    for rank, parameter in enumerate(sorted(parameters, key=lambda p: _last_use(case, p, body))):
        name = parameter.child_by_field_name("pattern")
        if name is None or name.type != "identifier" or _last_use(case, parameter, body) > 0:
            continue
        others = [other for other in parameters if other != parameter]
        spans = [span for span in everything if not any(_within(span, other) for other in others)]
        edits = tuple(Edit(case.file, s.start, s.end, (s.replacement or "").encode()) for s in spans)
        words = f"say that the result is borrowed from `{case.text(name)}`"
        yield Fix(edits, words, 0.72 - rank * 0.01)


def _named_lifetime(case: Case) -> Sequence[Span]:
    """The places that the compiler would change to give all borrows of a signature one name."""
    for part in case.diagnostic.walk():
        spans = [s for s in part.spans if s.replacement is not None and s.file == case.file]
        if "named lifetime parameter" in part.message and spans:
            return alternatives(spans)[0]
    return ()


def _within(span: Span, node: Node) -> bool:
    return node.start_byte <= span.start and span.end <= node.end_byte


def _last_use(case: Case, parameter: Node, body: Node) -> int:
    """How near to the end of the body a parameter is used, the nearest first; above 0 where it is not used at all."""
    name = parameter.child_by_field_name("pattern")
    if name is None:
        return 1
    text = case.source[body.start_byte : body.end_byte]
    uses = [found.start() for found in re.finditer(rf"\b{re.escape(case.text(name))}\b".encode(), text)]
    return -uses[-1] if uses else 1


@rule("E0106")
def argument_to_borrow_from(case: Case) -> Iterator[Fix]:
    """A result cannot be borrowed from an argument that the function owns and drops. Borrowed as `&str` or as a
    slice, the caller keeps it and the result may point into it."""
    function = _function(case, case.node)
    if function is None or not any("no value for it to be borrowed from" in note for note in case.notes):
        return
    owned = [(p, p.child_by_field_name("type")) for p in parameters_of(function)]
    for _, type_ in owned:
        if len(owned) != 1 or type_ is None:
            return
        text = case.text(type_)
        listed = re.fullmatch(r"Vec<(.+)>", text)
        if text == "String":
            yield Fix((case.replace(type_, "&str"),), "borrow the argument as `&str`", 0.65)
        elif listed is not None:
            yield Fix((case.replace(type_, f"&[{listed.group(1)}]"),), "borrow the argument as a slice", 0.62)


def lifetimes_in(case: Case, node: Node, name: str) -> list[Node]:
    """The places of a lifetime ("'a") at and below ``node``."""
    return [found for found in case.below(node, "lifetime") if case.text(found) == name]


def fresh(case: Case, node: Node) -> str:
    """A lifetime's name that nothing in ``node`` has, nor the ``impl`` around it."""
    around = case.above(node, "impl_item", "trait_item") or node
    taken = {case.text(found) for found in case.below(around, "lifetime")}
    return next((f"'{letter}" for letter in "abcdefghijklmnop" if f"'{letter}" not in taken), "'long")


@rule("E0262", "E0637")
def reserved_name(case: Case) -> Iterator[Fix]:
    """`'static` and `'_` have a meaning of their own and cannot be declared; a lifetime of one's own is called `'a`."""
    name = case.text(case.place)
    declared = case.above(case.node, "type_parameters")
    item = declared.parent if declared is not None else None
    if name not in ("'static", "'_") or item is None:
        return
    new = fresh(case, item)
    body = item.child_by_field_name("body")
    inside = body if item.type in ("function_item", "impl_item", "trait_item") else None
    end = inside.start_byte if inside is not None else item.end_byte
    places = [found for found in lifetimes_in(case, item, name) if found.end_byte <= end]
    yield Fix(tuple(case.replace(found, new) for found in places), f"call the lifetime `{new}`", 0.75)


@rule("E0403", "E0263")
def declared_twice(case: Case) -> Iterator[Fix]:
    """A lifetime is declared once, and may be used as often as one likes."""
    parameters = case.above(case.node, "type_parameters")
    name = case.text(case.place)
    if parameters is None or not name.startswith("'"):
        return
    own = next((p for p in parameters.named_children if p.start_byte <= case.place.start < p.end_byte), None)
    before = own.prev_sibling if own is not None else None
    if own is not None and before is not None and before.type == "," and case.text(own) == name:
        yield Fix((Edit(case.file, before.start_byte, own.end_byte, b""),), f"declare `{name}` once", 0.65)


@rule("E0195")
def parameters_of_the_trait(case: Case) -> Iterator[Fix]:
    """A method declares the same lifetimes as in its trait."""
    function = _function(case, case.node)
    name = function.child_by_field_name("name") if function is not None else None
    if function is None or name is None:
        return
    for trait in case.below(case.root, "trait_item"):
        for method in case.below(trait, "function_signature_item", "function_item"):
            called, wanted = method.child_by_field_name("name"), method.child_by_field_name("type_parameters")
            if called is None or case.text(called) != case.text(name):
                continue
            there = function.child_by_field_name("type_parameters")
            text = case.text(wanted) if wanted is not None else ""
            edit = case.replace(there, text) if there is not None else case.insert(name.end_byte, text)
            yield Fix((edit,), "declare the lifetimes as the trait does", 0.75)
            return
