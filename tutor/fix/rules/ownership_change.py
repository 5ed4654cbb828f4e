"""Rules about changing what is only shared: exclusive borrows all the way, closures that may change things."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.ownership_calls import Exclusive, calls, name_of, parameters_of, pattern_name, self_of
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
    for span, _ in case.labelled(r"change this to return `FnMut` instead of `Fn`"):
        yield from _return_more(case, (span.start, span.end))
        return
    if "captured variable in a `Fn` closure" in case.message and case.diagnostic.code != "E0507":
        yield from _accept_dynamic(case)
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


def _return_more(case: Case, place: tuple[int, int]) -> Iterator[Fix]:
    """Returns ``FnMut`` where ``Fn`` stands at ``place``, and lets the callers call it."""
    function, found = function_of(case, case.at(place)), re.search(r"\bFn\s*\(", part(case, *place))
    if function is None or found is None or is_public(case, function):
        return
    start = place[0] + len(part(case, *place)[: found.start()].encode())
    edits = [Edit(case.file, start, start + 2, b"FnMut")]
    for call in calls(case):
        let = call.node.parent
        pattern = let.child_by_field_name("pattern") if let is not None and let.type == "let_declaration" else None
        if call.name != name_of(case, function) or let is None or pattern is None:
            continue
        if not any(child.type == "mutable_specifier" for child in let.children):
            edits.append(case.insert(pattern.start_byte, "mut "))
    yield Fix(tuple(edits), f"let `{name_of(case, function)}` return a closure that is `FnMut`", 0.62)


def _accept_dynamic(case: Case) -> Iterator[Fix]:
    """Takes ``dyn FnMut`` in the function of this file that the closure is handed to."""
    closure = case.above(case.node, "closure_expression")
    if closure is None:
        return
    every = list(calls(case))
    around = [c for c in every if any(s <= closure.start_byte and closure.end_byte <= e for s, e in c.arguments)]
    for call in around:
        function = case.functions().get(call.name)
        number = next(n for n, (s, e) in enumerate(call.arguments) if s <= closure.start_byte and closure.end_byte <= e)
        taken = parameters_of(function)[number:] if function is not None else []
        kind = taken[0].child_by_field_name("type") if taken else None
        if kind is None or function is None or is_public(case, function):
            continue
        new = re.sub(r"\bdyn\s+Fn\s*\(", "dyn FnMut(", case.text(kind))
        if new == case.text(kind):
            continue
        edits = []
        if new.startswith("&"):
            new = re.sub(r"^&\s*", "&mut ", new)
            for start, end in (c.arguments[number] for c in every if c.name == call.name and number < len(c.arguments)):
                if re.match(r"&(?!\s*mut\b)", part(case, start, end)):
                    edits.append(case.insert(start + 1, "mut "))
        elif pattern_name(case, taken[0]) and not case.text(taken[0]).startswith("mut "):
            edits.append(case.insert(taken[0].start_byte, "mut "))
        words = f"let `{call.name}` take a closure that is `FnMut`"
        yield Fix((case.replace(kind, new), *edits), words, 0.6)


@rule("E0384")
def count_in_a_variable(case: Case) -> Iterator[Fix]:
    """The variable of a loop is changed in the loop's body. It may be, where it is declared ``mut``."""
    for span, match in case.labelled(r"^first assignment to `(.+)`$"):
        node = case.at(span)
        if node is not None and node.parent is not None and node.parent.type == "for_expression":
            yield Fix((case.insert(node.start_byte, "mut "),), f"make `{match.group(1)}` mutable in the loop", 0.65)
