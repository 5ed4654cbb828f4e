"""Rules for borrows that would have to live longer than their types say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.lifetimes_names import fresh, parameters_of
from tutor.fix.rules.shapes_scope import line_end, statement_of

_NOT_LONG = r"^lifetime may not live long enough"


def _bound(case: Case, longer: str, shorter: str) -> Edit | None:
    """The edit that declares that one lifetime outlives another, where ``longer`` is declared around the error."""
    node = case.node
    while node is not None:
        parameters = node.child_by_field_name("type_parameters")
        for parameter in parameters.named_children if parameters is not None else ():
            words = re.fullmatch(r"('\w+)\s*(?::\s*(.*))?", case.text(parameter), re.DOTALL)
            if words is not None and words.group(1) == longer:
                link = " + " if words.group(2) else ": "
                return case.insert(parameter.end_byte, f"{link}{shorter}")
        node = node.parent
    return None


@rule(message=_NOT_LONG)
def outlives(case: Case) -> Iterator[Fix]:
    """A borrow with one named lifetime is used as one with another. That is right where the first is declared to
    live at least as long."""
    for note in case.notes:
        wanted = re.search(r"adding the following bound: `('\w+): ('\w+)`", note)
        if wanted is None or wanted.group(2) == "'static":
            continue
        edit = _bound(case, wanted.group(1), wanted.group(2))
        if edit is not None:
            yield Fix((edit,), f"declare that `{wanted.group(1)}` lives at least as long as `{wanted.group(2)}`", 0.65)


@rule("E0478")
def bound_not_met(case: Case) -> Iterator[Fix]:
    """A type asks one lifetime to outlive another, and the declaration does not say so."""
    notes = " ".join(case.notes)
    longer = re.search(r"instantiated with the lifetime `('\w+)`", notes)
    shorter = re.search(r"must outlive the lifetime `('\w+)`", notes)
    if longer is None or shorter is None:
        return
    edit = _bound(case, longer.group(1), shorter.group(1))
    if edit is not None:
        yield Fix((edit,), f"declare that `{longer.group(1)}` lives at least as long as `{shorter.group(1)}`", 0.75)


def _references(case: Case, node: Node) -> list[Node]:
    """The references in a parameter or type that have no lifetime."""
    found = [node] if node.type == "reference_type" else []
    found += list(case.below(node, "reference_type"))
    return [r for r in found if not any(child.type == "lifetime" for child in r.children)]


def _name(case: Case, reference: Node, lifetime: str) -> Edit:
    return case.insert(reference.start_byte + 1, f"{lifetime} ")


@rule(message=_NOT_LONG)
def one_lifetime_for_both(case: Case) -> Iterator[Fix]:
    """A method may return what it borrows from `self` or from an argument. Then both live as long as the result, and
    have one name."""
    function = case.above(case.node, "function_item")
    returned = function.child_by_field_name("return_type") if function is not None else None
    name = function.child_by_field_name("name") if function is not None else None
    marked = [case.at(span) for span, _ in case.labelled(r"let's call the lifetime of this reference")]
    if function is None or returned is None or name is None or function.child_by_field_name("type_parameters"):
        return
    owners = [p for p in parameters_of(function) if any(m is not None and _inside(m, p) for m in marked)]
    results = _references(case, returned)
    receiver = next((p for p in owners if p.type == "self_parameter" and case.text(p).startswith("&")), None)
    others = [r for p in owners if p.type == "parameter" for r in _references(case, p)]
    if not results or not others or any(b"'" in (p.text or b"") for p in owners):
        return
    new = fresh(case, function)
    edits = [case.insert(name.end_byte, f"<{new}>"), *(_name(case, r, new) for r in (*others, *results))]
    if receiver is not None:
        edits.append(case.insert(receiver.start_byte + 1, f"{new} "))
    yield Fix(tuple(edits), "give what may be returned one lifetime", 0.65)


def _inside(node: Node, owner: Node) -> bool:
    return owner.start_byte <= node.start_byte and node.end_byte <= owner.end_byte


@rule(message=_NOT_LONG)
def stored_in_self(case: Case) -> Iterator[Fix]:
    """What a method stores in `self` has to live as long as what is stored there already: the lifetime of the
    `impl`, which gets a name."""
    function, made = case.above(case.node, "function_item"), case.above(case.node, "impl_item")
    type_ = made.child_by_field_name("type") if made is not None else None
    keyword = made.children[0] if made is not None and made.children else None
    if function is None or made is None or type_ is None or keyword is None:
        return
    unnamed = [found for found in case.below(type_, "lifetime") if case.text(found) == "'_"]
    stored = any("has type `&mut" in span.label for span in case.labels)
    marked = [case.at(span) for span, _ in case.labelled(r"let's call the lifetime of this reference")]
    owners = [p for p in parameters_of(function) if any(m is not None and _inside(m, p) for m in marked)]
    references = [r for p in owners if p.type == "parameter" for r in _references(case, p)]
    if len(unnamed) != 1 or not stored or not references or made.child_by_field_name("type_parameters") is not None:
        return
    new = fresh(case, made)
    edits = [case.insert(keyword.end_byte, f"<{new}>"), case.replace(unnamed[0], new)]
    edits += [_name(case, r, new) for r in references]
    yield Fix(tuple(edits), f"name the lifetime of what is stored: `{new}`", 0.65)


@rule("E0700")
def hidden_type_borrows(case: Case) -> Iterator[Fix]:
    """What is returned behind `impl Trait` borrows from an argument, and the signature has to say from which."""
    function = case.above(case.node, "function_item")
    name = function.child_by_field_name("name") if function is not None else None
    opaque = next((span for span, _ in case.labelled(r"opaque type defined here")), None)
    captured = next((span for span, _ in case.labelled(r"captures the anonymous lifetime")), None)
    if function is None or name is None or opaque is None or captured is None:
        return
    owner = next((p for p in parameters_of(function) if p.start_byte <= captured.start < p.end_byte), None)
    if owner is None or owner.type != "parameter" or function.child_by_field_name("type_parameters") is not None:
        return
    references = [r for r in _references(case, owner) if r.start_byte >= captured.start][:1]
    if references:
        new = fresh(case, function)
        edits = (
            case.insert(name.end_byte, f"<{new}>"),
            _name(case, references[0], new),
            case.insert(opaque.end, f" + {new}"),
        )
        yield Fix(edits, "say from which argument the result borrows", 0.62)


@rule("E0521")
def own_copy_for_the_thread(case: Case) -> Iterator[Fix]:
    """A thread may run longer than the function that starts it, so that it cannot borrow the function's arguments; it
    gets a value of its own."""
    function = case.above(case.node, "function_item")
    if function is None or case.node is None or b"spawn" not in case.source[case.place.start : case.place.end]:
        return
    for _, found in case.labelled(r"`(\w+)` is a reference that is only valid"):
        name = found.group(1)
        for parameter in parameters_of(function):
            pattern, type_ = parameter.child_by_field_name("pattern"), parameter.child_by_field_name("type")
            if pattern is None or type_ is None or case.text(pattern) != name or type_.type != "reference_type":
                continue
            inner = re.sub(r"^&(?:'\w+\s+)?", "", case.text(type_))
            if inner.startswith(("mut ", "dyn ")):
                return
            copy = "to_string" if inner == "str" else "to_vec" if inner.startswith("[") else "clone"
            statement = statement_of(case, case.node)
            between = line_end(case.syntax) + case.indentation(statement.start_byte)
            line = f"let {name} = {name}.{copy}();{between}"
            yield Fix((case.insert(statement.start_byte, line),), f"give the thread its own `{name}`", 0.6)


@rule("E0499", "E0502", "E0505", "E0506")
def receiver_not_for_good(case: Case) -> Iterator[Fix]:
    """`&'a mut self` with the type's own lifetime borrows the value for as long as it exists: one call, and nobody
    can use it again. The method only needs it while it runs."""
    lines = case.source.splitlines(keepends=True)
    near = b" ".join(lines[span.line - 1] for span in case.labels if 0 < span.line <= len(lines))
    for made in case.below(case.root, "impl_item"):
        declared = made.child_by_field_name("type_parameters")
        if declared is None or made.child_by_field_name("trait") is not None:
            continue
        for function in case.below(made, "function_item"):
            name, parameters = function.child_by_field_name("name"), parameters_of(function)
            receiver = parameters[0] if parameters and parameters[0].type == "self_parameter" else None
            if name is None or receiver is None or not re.search(rb"\." + (name.text or b"?") + rb"\(", near):
                continue
            lifetime = next((child for child in receiver.children if child.type == "lifetime"), None)
            if lifetime is None or case.text(lifetime) not in case.text(declared):
                continue
            text = re.sub(r"^&'\w+\s+", "&", case.text(receiver))
            yield Fix((case.replace(receiver, text),), "borrow `self` only while the method runs", 0.7)
