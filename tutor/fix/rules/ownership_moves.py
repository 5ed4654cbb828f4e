"""Rules about values that are moved: borrow instead, change what takes too much, clone what must be owned twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.diagnostics import Diagnostic, Span
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.ownership_calls import calls, name_of, parameters_of, pattern_name
from tutor.fix.rules.ownership_tools import (
    declaration,
    exact,
    in_trait,
    is_public,
    newline,
    quoted,
    root_name,
    statement,
)

_MOVED = r"moved|move out of"


@rule("E0382", "E0507", "E0505")
def borrow_the_receiver(case: Case) -> Iterator[Fix]:
    """A method takes ``self`` and so uses up its value, though its body may only need to look at it or to change it.
    ``&self`` or ``&mut self`` leaves the value with the caller. Not where the method hands ``self`` on: then the types
    no longer fit, and the compiler throws the fix out."""
    parameter = _receiver(case)
    method = case.above(parameter, "function_item", "function_signature_item")
    name = method.child_by_field_name("name") if method is not None else None
    if parameter is None or method is None or name is None or is_public(case, method):
        return
    result = method.child_by_field_name("return_type")
    if result is not None and re.search(r"\bSelf\b", case.text(result)):
        return
    parameters = [parameter]
    if in_trait(case, method):
        parameters = [p for p in case.below(case.root, "self_parameter") if _method_name(case, p) == case.text(name)]
        if not any(case.above(p, "trait_item") for p in parameters):
            return
    if not all(re.fullmatch(r"(?:mut\s+)?self", case.text(p)) for p in parameters):
        return
    moved = root_name(quoted(case.message))
    words = f"borrow `self` in `{case.text(name)}` instead of taking `{moved or 'the value'}` away"
    mutable = any(case.text(p).startswith("mut") for p in parameters)
    if not mutable:
        yield Fix(tuple(case.replace(p, "&self") for p in parameters), words, 0.62)
    edits = [case.replace(p, "&mut self") for p in parameters]
    yield Fix((*edits, *_made_mutable(case, moved)), words, 0.63 if mutable else 0.5)


def _receiver(case: Case) -> Node | None:
    """The ``self`` of the method that the compiler says takes ownership, where it is in this file."""
    for child in case.diagnostic.walk():
        if "takes ownership of the receiver `self`" in child.message:
            for span in child.spans:
                if span.file == case.file:
                    return case.above(case.at(span), "self_parameter")
    # The compiler says it once; of further moves by the same method only the call is labelled.
    for span, _ in case.labelled(r"moved due to this method call"):
        name = re.match(r"(?:r#)?\w+", case.text(span))
        method = case.functions().get(name.group()) if name else None
        if method is not None:
            return next(case.below(method, "self_parameter"), None)
    return None


def _method_name(case: Case, parameter: Node) -> str:
    return name_of(case, case.above(parameter, "function_item", "function_signature_item"))


def _made_mutable(case: Case, name: str) -> list[Edit]:
    """The edit that makes the variable ``name`` mutable where it is not."""
    let = declaration(case, case.node, name)
    pattern = let.child_by_field_name("pattern") if let is not None else None
    if let is None or pattern is None or any(child.type == "mutable_specifier" for child in let.children):
        return []
    return [case.insert(pattern.start_byte, "mut ")]


@rule("E0382", "E0505", "E0507")
def borrow_the_argument(case: Case) -> Iterator[Fix]:
    """A function of this file takes a value over, though its caller still needs it. The function borrows it instead,
    and every call of it hands a reference over."""
    every = list(calls(case))
    for place in _moves(case):
        here, what = (place.start, place.end), case.text(place)
        call = next((call for call in every if here in call.arguments), None)
        function = case.functions().get(call.name) if call is not None else None
        if call is None or function is None or not re.fullmatch(r"[\w.]+", what):
            continue
        number, takes = call.arguments.index(here), parameters_of(function)
        kind = takes[number].child_by_field_name("type") if number < len(takes) else None
        if kind is None or is_public(case, function) or in_trait(case, function):
            continue
        if case.text(kind) in _generics(case, function):
            if case.diagnostic.code == "E0382" and call.name != "drop":
                yield Fix((case.insert(place.start, "&"),), f"borrow `{what}` instead of moving it", 0.5)
            continue
        if kind.type in ("reference_type", "function_type", "abstract_type", "primitive_type", "dynamic_type"):
            continue
        if not pattern_name(case, takes[number]) or case.text(takes[number]).startswith("mut "):
            continue
        same = [c.arguments[number] for c in every if c.name == call.name and number < len(c.arguments)]
        edits = [case.replace(kind, _borrowed(case.text(kind))), *(case.insert(start, "&") for start, _ in same)]
        yield Fix(tuple(edits), f"let `{call.name}` borrow `{what}` instead of taking it", 0.61)


def _moves(case: Case) -> list[Span]:
    """The places that move a value, the one that the error is about last."""
    found = [span for span, _ in case.labelled(_MOVED)]
    return [*(span for span in found if span != case.place), *([case.place] if case.diagnostic.code != "E0382" else [])]


def _generics(case: Case, function: Node) -> set[str]:
    parameters = function.child_by_field_name("type_parameters")
    return set(re.findall(r"[^\W\d]\w*", case.text(parameters))) if parameters is not None else set()


def _is_drop(case: Case, call: Node) -> bool:
    called = call.child_by_field_name("function")
    return called is not None and case.text(called).rsplit("::")[-1] == "drop"


def _borrowed(kind: str) -> str:
    """The type of a parameter that borrows a value of type ``kind``."""
    if kind == "String":
        return "&str"
    found = re.fullmatch(r"Vec<(.+)>", kind, re.DOTALL)
    return f"&[{found.group(1)}]" if found else f"&{kind}"


@rule("E0382", "E0507")
def iterate_by_reference(case: Case) -> Iterator[Fix]:
    """``into_iter`` uses a collection up that is needed again, or is only borrowed. ``iter`` looks at its elements and
    leaves them where they are; where the elements themselves are wanted, that does not compile."""
    for span, _ in case.labelled(r"moved due to this method call"):
        text = re.match(r"into_iter\b", case.text(span))
        if text is not None:
            name = quoted(case.message) if case.diagnostic.code == "E0382" else case.text(case.place)
            edit = Edit(case.file, span.start, span.start + len("into_iter"), b"iter")
            yield Fix((edit,), f"iterate over `{name}` by reference instead of using it up", 0.66)


@rule("E0382")
def borrow_in_let(case: Case) -> Iterator[Fix]:
    """A ``let`` moves a value to a second name, and the first one is used again. A reference is a second name too."""
    for place in _moves(case):
        value = exact(case, place, "identifier", "field_expression")
        let = value.parent if value is not None else None
        if value is None or let is None or let.type != "let_declaration" or let.child_by_field_name("type") is not None:
            continue
        yield Fix((case.insert(value.start_byte, "&"),), f"borrow `{case.text(value)}` instead of moving it", 0.58)


@rule("E0382", "E0505", "E0507", "E0508", "E0509")
def derive_clone(case: Case) -> Iterator[Fix]:
    """A value is needed in two places and its type, which is written in this file, cannot be cloned yet. Deriving
    ``Clone`` allows the copy. What the compiler says in two suggestions, one for the type and one for the place,
    belongs together."""
    for child in case.diagnostic.walk():
        offered = re.search(r"if `(?:.*?)` implemented `Clone`, you could clone the value", child.message)
        place = next((s for s in child.spans if "you could clone this value" in s.label and s.file == case.file), None)
        kind = next((s for s in child.spans if s.primary and s.file == case.file), None)
        if offered and place is not None and kind is not None:
            derive = _derive(case, case.above(case.at(kind), "struct_item", "enum_item", "union_item"))
            value = exact(case, place)
            if derive and value is not None:
                yield from _cloned(case, value, derive)
    yield from _both_suggestions(case)


def _cloned(case: Case, value: Node, derive: list[Edit]) -> Iterator[Fix]:
    parent = value.parent
    if value.type not in ("identifier", "field_expression", "index_expression", "call_expression", "self"):
        return
    if parent is not None and parent.type == "shorthand_field_initializer":
        clone = case.insert(value.end_byte, f": {case.text(value)}.clone()")
    else:
        clone = case.insert(value.end_byte, ".clone()")
    yield Fix((*derive, clone), f"derive `Clone` and clone `{case.text(value)}`, which is needed twice", 0.42)


def _both_suggestions(case: Case) -> Iterator[Fix]:
    """The clone and the ``derive`` that it needs, which the compiler suggests apart."""
    clone = _suggested(case, case.diagnostic.children, r"`clone` the value|[Cc]lon(?:e|ing) the value", "clone()")
    for child in case.diagnostic.walk():
        found = re.search(r"annotating `([^`]+)` with `#\[derive\(Clone\)\]`", child.message)
        if found and clone:
            name = re.split(r"[<:]", found.group(1))[0]
            items = (n for n in case.below(case.root, "struct_item", "enum_item") if _item_name(case, n) == name)
            derive = _derive(case, next(items, None))
            if derive:
                yield Fix((*derive, *clone), f"derive `Clone` for `{name}` and clone the value", 0.45)


def _suggested(case: Case, children: tuple[Diagnostic, ...], message: str, holds: str) -> list[Edit]:
    for child in children:
        spans = [s for s in child.spans if s.replacement is not None and s.file == case.file and not s.from_macro]
        if re.search(message, child.message) and any(holds in (s.replacement or "") for s in spans):
            return [Edit(case.file, s.start, s.end, (s.replacement or "").encode()) for s in spans]
    return []


def _item_name(case: Case, item: Node) -> str:
    name = item.child_by_field_name("name")
    return case.text(name) if name is not None else ""


def _derive(case: Case, item: Node | None, deep: int = 4) -> list[Edit]:
    """Edits that derive ``Clone`` for ``item`` and for the types of this file in its fields that lack it."""
    wanted, seen, edits = [item] if item is not None else [], set[str](), list[Edit]()
    types = {_item_name(case, n): n for n in case.below(case.root, "struct_item", "enum_item")}
    text = case.source.decode("utf-8", "replace")
    while wanted and len(seen) < deep:
        here = wanted.pop()
        name = _item_name(case, here)
        if name in seen or re.search(rf"\bClone\s+for\s+{re.escape(name)}\b", text):
            continue
        seen.add(name)
        edit = _derived(case, here)
        if edit is None:
            continue
        edits.append(edit)
        body = here.child_by_field_name("body")
        kinds = [case.text(kind) for kind in case.below(body, "type_identifier")] if body is not None else []
        wanted.extend(types[kind] for kind in kinds if kind in types)
    return edits


def _derived(case: Case, item: Node) -> Edit | None:
    """The edit that adds ``Clone`` to what ``item`` derives; None where it is there."""
    before = item.prev_named_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        found = re.fullmatch(r"#\s*\[\s*derive\s*\(([^)]*)\)\s*\]", case.text(before))
        if found:
            if re.search(r"\bClone\b", found.group(1)):
                return None
            inside = before.start_byte + len(case.text(before)[: found.end(1)].rstrip().rstrip(",").encode())
            return case.insert(inside, ", Clone" if found.group(1).strip() else "Clone")
        before = before.prev_named_sibling
    line = f"#[derive(Clone)]{newline(case)}{case.indentation(item.start_byte)}"
    return case.insert(item.start_byte, line)


@rule("E0382")
def fill_up_from_a_clone(case: Case) -> Iterator[Fix]:
    """``..other`` moves the fields that are not written out, and ``other`` is used again as a whole. Its clone can give
    them away."""
    for span, _ in case.labelled(r"value (?:partially )?moved here"):
        node = case.at(span)
        base = next(case.below(node, "base_field_initializer"), None) if node is not None else None
        name = base.named_children[0] if base is not None and base.named_children else None
        kind = node.child_by_field_name("name") if node is not None else None
        if base is None or name is None or kind is None or name.type not in ("identifier", "field_expression"):
            continue
        item = next((n for n in case.below(case.root, "struct_item") if _item_name(case, n) == case.text(kind)), None)
        edits = (*_derive(case, item), case.insert(name.end_byte, ".clone()"))
        yield Fix(edits, f"take the other fields from a clone of `{case.text(name)}`", 0.55)


@rule("E0382")
def call_more_than_once(case: Case) -> Iterator[Fix]:
    """A function value bound by ``FnOnce`` may be called once and is called again. ``Fn`` allows as many calls as one
    likes, ``FnMut`` as well where the caller's closure changes something."""
    for child in case.diagnostic.walk():
        for span in child.spans:
            bound = re.search(r"\bFnOnce\b", case.text(span)) if span.file == case.file else None
            if bound is None or "is made to be an `FnOnce` closure here" not in span.label:
                continue
            function = case.above(case.at(span), "function_item")
            if is_public(case, function):
                return
            start = span.start + len(case.text(span)[: bound.start()].encode())
            name = quoted(case.message)
            yield Fix((Edit(case.file, start, start + 6, b"Fn"),), f"ask for `Fn`: `{name}` is called again", 0.62)
            many = [Edit(case.file, start, start + 6, b"FnMut")]
            declared = next((s for s, _ in case.labelled(r"^move occurs because")), None)
            if declared is not None and not case.text(declared).startswith("mut"):
                many.append(case.insert(declared.start, "mut "))
            yield Fix(tuple(many), f"ask for `FnMut`: `{name}` is called again", 0.58)


@rule("E0382")
def keep_what_the_closure_uses(case: Case) -> Iterator[Fix]:
    """A closure gives a variable of its surroundings away and so can be called only once. Each call must leave the
    variable in its place: lend it, or give a clone away."""
    for child in case.diagnostic.walk():
        if "closure cannot be invoked more than once because it moves" not in child.message:
            continue
        place = next((s for s in child.spans if s.file == case.file), None)
        value = exact(case, place, "identifier") if place is not None else None
        if value is None or value.parent is None:
            return
        name, call = case.text(value), value.parent.parent
        if value.parent.type == "arguments" and call is not None and not _is_drop(case, call):
            yield Fix(
                (case.insert(value.start_byte, "&"),), f"lend `{name}` in the closure, which is called again", 0.6
            )
        words = f"clone `{name}` in the closure, which is called again"
        yield Fix((case.insert(value.end_byte, ".clone()"),), words, 0.5)


@rule("E0507")
def take_out_of_a_borrow(case: Case) -> Iterator[Fix]:
    """A value is moved out of something that is only borrowed, which would leave a hole. Through ``&mut`` the value can
    be taken if something is left behind: ``None`` for an ``Option``, an empty collection or text."""
    place = case.text(case.place)
    if "behind a mutable reference" not in case.message and not place.startswith("self."):
        return
    kind = next((m.group(1) for _, m in case.labelled(r"has type `([^`]+)`")), "")
    value = exact(case, case.place, "field_expression", "unary_expression", "identifier", "index_expression")
    if value is None or "behind a shared reference" in case.message:
        return
    kind = re.split(r"<", kind)[0].rsplit("::")[-1]
    if kind == "Option" or "as enum variant `Some`" in case.message:
        text = f"({place}).take()" if place.startswith("*") else f"{place}.take()"
        yield Fix((case.replace(value, text),), f"take the value and leave `None` in `{place}`", 0.65)
    elif kind in ("Vec", "String", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "VecDeque"):
        inner = place[1:] if place.startswith("*") else f"&mut {place}"
        words = f"take the value and leave an empty one in `{place.lstrip('*')}`"
        yield Fix((case.replace(value, f"std::mem::take({inner})"),), words, 0.55)


@rule("E0382")
def share_with_each_closure(case: Case) -> Iterator[Fix]:
    """A closure in a loop moves a shared pointer or a sender in the first round; the next round needs one too. Each
    round clones the handle, which is what it is made for."""
    kind = next((m.group(1) for _, m in case.labelled(r"has type `([^`]+)`, which does not")), "")
    handle = re.split(r"<", kind)[0].rsplit("::")[-1]
    name = quoted(case.message)
    for span, _ in case.labelled(r"moved into closure here, in previous iteration of loop"):
        whole = statement(case.at(span))
        if whole is None or not name.isidentifier() or handle not in ("Arc", "Rc", "Sender", "SyncSender", "Weak"):
            return
        clone = f"{handle}::clone(&{name})" if handle in ("Arc", "Rc") else f"{name}.clone()"
        gap = newline(case) + case.indentation(whole.start_byte)
        edit = case.insert(whole.start_byte, f"let {name} = {clone};{gap}")
        yield Fix((edit,), f"clone the handle `{name}` for each closure", 0.7)


@rule("E0507")
def match_on_a_reference(case: Case) -> Iterator[Fix]:
    """A pattern moves a part out of something borrowed. Matching on a reference borrows the part, and where the code
    needs a part of its own, it clones just that."""
    names = [case.text(span) for span, _ in case.labelled(r"^data moved here$|^\.\.\.and here$")]
    names = [name for name in names if name.isidentifier()]
    node = case.above(case.node, "match_expression", "if_expression", "while_expression", "let_declaration")
    value = exact(case, case.place)
    if node is None or value is None or not names:
        return
    where = node.parent if node.type == "let_declaration" and node.parent is not None else node
    text = case.text(value)
    edits = [case.replace(value, text[1:].strip() if text.startswith("*") else f"&{text}")]
    for identifier in case.below(where, "identifier"):
        parent = identifier.parent
        if parent is None or case.text(identifier) not in names or identifier.start_byte < value.end_byte:
            continue
        if parent.type in ("match_arm", "arguments", "block", "field_initializer", "tuple_expression"):
            edits.append(case.insert(identifier.end_byte, ".clone()"))
    if len(edits) > 1:
        cloned = " and ".join(f"`{name}`" for name in dict.fromkeys(names))
        yield Fix(tuple(edits), f"match on a reference and clone {cloned} where it is needed", 0.62)
