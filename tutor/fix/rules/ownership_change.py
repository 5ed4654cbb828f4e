"""Rules about changing what is only shared: exclusive borrows all the way, closures that may change things."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.ownership_calls import Exclusive, name_of, parameters_of, pattern_name, self_of
from tutor.fix.rules.ownership_tools import function_of, is_public, part, quoted, root_name


@rule("E0594", "E0596")
def lend_exclusively(case: Case) -> Iterator[Fix]:
    """A function changes what it got through a shared reference. The reference has to be exclusive, and so does what
    every caller hands over, up to the variable that owns the value."""
    if "behind a `&` reference" not in case.message:
        return
    function, name = function_of(case, case.node), root_name(quoted(case.message))
    if function is None or case.above(case.node, "closure_expression") is not None:
        return
    if name == "self":
        parameter = self_of(function)
    else:
        parameter = next((p for p in parameters_of(function) if pattern_name(case, p) == name), None)
    if parameter is not None and (edits := Exclusive(case).edits(function, parameter)):
        words = f"let `{name_of(case, function)}` change `{name}`: lend it exclusively there and where it is called"
        yield Fix(tuple(edits), words, 0.62)


@rule("E0594", "E0596", "E0507")
def allow_more_in_the_closure(case: Case) -> Iterator[Fix]:
    """A closure changes or uses up what it captures, and the function that takes it asks for one that does not. That
    function asks for less: ``FnMut``, or ``FnOnce`` where it calls the closure once."""
    for span, match in case.labelled(r"change this to accept `(Fn\w+)` instead of `(Fn\w*)`"):
        yield from _accept(case, case.at(span), match.group(2), match.group(1))
        return
    if case.diagnostic.code == "E0507":
        for child in case.diagnostic.walk():
            if "`FnOnce` closures may consume them only once" in child.message:
                place = next((span for span in child.spans if span.file == case.file), None)
                old = re.match(r"Fn(?:Mut)?\b", case.text(place)) if place is not None else None
                if place is not None and old is not None and not is_public(case, function_of(case, case.at(place))):
                    end = place.start + len(old.group())
                    edit = Edit(case.file, place.start, end, b"FnOnce")
                    yield Fix(
                        (edit,), f"ask for `FnOnce` instead of `{old.group()}`: the closure gives a value away", 0.55
                    )


def _accept(case: Case, at: Node | None, old: str, new: str) -> Iterator[Fix]:
    """Asks for ``new`` instead of ``old`` in the function whose parameter's type is at ``at``."""
    function = function_of(case, at)
    body = function.child_by_field_name("body") if function is not None else None
    parameter = case.above(at, "parameter")
    kind = parameter.child_by_field_name("type") if parameter is not None else None
    if function is None or body is None or parameter is None or kind is None or is_public(case, function):
        return
    text, start, end = case.text(kind), kind.start_byte, kind.end_byte
    if text.isidentifier():
        start, end = function.start_byte, body.start_byte
        bound = rf"\b{text}\s*:[^,{{]*?\b({old})\s*\("
    else:
        bound = rf"\b({old})\s*\("
    found = re.search(bound, part(case, start, end))
    if found is None:
        return
    first = start + len(part(case, start, end)[: found.start(1)].encode())
    edits = [Edit(case.file, first, first + len(old), new.encode())]
    name = pattern_name(case, parameter)
    reference = re.match(r"&\s*(?!mut\b)", text)
    if reference:
        return
    if new == "FnMut" and name and not text.startswith("&mut") and not case.text(parameter).startswith("mut "):
        edits.append(case.insert(parameter.start_byte, "mut "))
    yield Fix(tuple(edits), f"let `{name_of(case, function)}` take a closure that is `{new}`", 0.62)
