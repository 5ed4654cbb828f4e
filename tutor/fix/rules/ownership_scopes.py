"""Rules about values that do not live as long as what refers to them, or that have no value yet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.ownership_tools import (
    JUMPS,
    declaration,
    end_of,
    exact,
    fresh,
    function_of,
    in_trait,
    is_mutable,
    is_public,
    mentions,
    newline,
    part,
    quoted,
    statement,
    statement_in,
)


@rule("E0597")
def declare_outside(case: Case) -> Iterator[Fix]:
    """A variable of an inner block is gone at the end of the block, and a reference to it is used after that. Declared
    before the block, it lives as long as its references."""
    place = next((span for span, _ in case.labelled(r"^binding `.*` declared here$")), None)
    let = case.above(case.at(place), "let_declaration") if place is not None else None
    later = next((case.at(s) for s, _ in case.labelled(r"later used here|might be used here")), None)
    block = let.parent if let is not None else None
    if let is None or block is None or later is None or block.type != "block":
        return
    name = quoted(case.message)
    if block.parent is not None and block.parent.type in ("expression_statement", "block"):
        outer = statement(block) if block.parent.type == "block" else block.parent
        if outer is not None and later.start_byte > outer.end_byte:
            yield Fix((_before(case, let, outer),), f"declare `{name}` before the block, so that it outlives it", 0.6)
        return
    dropped = next((m.group(1) for _, m in case.labelled(r"when `([^`]+)` is dropped")), "")
    owner = declaration(case, let, dropped) if dropped else None
    if owner is not None and owner.parent == block and not mentions(case.text(let), dropped):
        words = f"declare `{name}` before `{dropped}`: what is declared last is dropped first"
        yield Fix((_before(case, let, owner),), words, 0.62)


def _before(case: Case, let: Node, other: Node) -> Edit:
    """One edit that puts the statement ``let`` before the statement ``other``, in which or after which it stands."""
    head, start = part(case, other.start_byte, let.start_byte), end_of(case, let)
    text = part(case, let.start_byte, start)
    gap = newline(case) + case.indentation(other.start_byte)
    rest = re.match(rb"[ \t]*\r?\n[ \t]*", case.source[start:])
    if rest is not None:
        start += rest.end()
    else:
        head = head.rstrip()
    return Edit(case.file, other.start_byte, start, f"{text}{gap}{head}".encode())


@rule("E0597", "E0716", "E0521")
def let_the_lifetime_be_inferred(case: Case) -> Iterator[Fix]:
    """A type written out demands a reference that lives for the whole program, or for a lifetime of the caller. The
    value is local; without the demand the compiler finds a lifetime that fits."""
    for span, match in case.labelled(r"(?:annotation|usage|argument) requires that .* (?:for|outlive) `('\w+)`"):
        name = match.group(1)
        here = match.group().startswith("annotation")
        written = [(span.start, span.end)] if here else list(_type_arguments(case))
        edits = []
        for start, end in written:
            text = part(case, start, end)
            for found in re.finditer(rf"(&\s*)?{name}\b(\s*)", text):
                first = start + len(text[: found.start()].encode())
                new = "&" if found.group(1) else "'_" + found.group(2)
                edits.append(Edit(case.file, first, first + len(found.group().encode()), new.encode()))
        if edits:
            yield Fix(tuple(edits), f"let the compiler find the lifetime instead of `{name}`", 0.55)


def _type_arguments(case: Case) -> Iterator[tuple[int, int]]:
    """The types written between angle brackets in the calls and structs around the borrow."""
    node, end = case.node, statement(case.node)
    while node is not None and node != end:
        head = node.child_by_field_name("function" if node.type == "call_expression" else "name")
        if head is not None and node.type in ("call_expression", "struct_expression"):
            for types in case.below(head, "type_arguments"):
                yield types.start_byte, types.end_byte
        node = node.parent


@rule("E0597", "E0716", "E0521")
def ask_for_less_in_the_callee(case: Case) -> Iterator[Fix]:
    """A function of this file asks for a reference that lives for ever and is called with a local value. It need not
    ask for that much."""
    for span, _ in case.labelled(r"argument requires that .* `'static`"):
        call = exact(case, span, "call_expression")
        called = call.child_by_field_name("function") if call is not None else None
        item = case.functions().get(re.split(r"::|\.", case.text(called))[-1]) if called is not None else None
        parameters = item.child_by_field_name("parameters") if item is not None else None
        if item is None or parameters is None or is_public(case, item) or in_trait(case, item):
            return
        edits = []
        for found in re.finditer(r"&(\s*'static\s+)", case.text(parameters)):
            start = parameters.start_byte + len(case.text(parameters)[: found.start(1)].encode())
            edits.append(Edit(case.file, start, start + len(found.group(1).encode()), b""))
        if edits:
            yield Fix(tuple(edits), f"let `{case.text(called) if called else ''}` borrow for the call only", 0.45)


@rule("E0597")
def lend_for_each_call(case: Case) -> Iterator[Fix]:
    """A callback is asked to take a reference with a lifetime that the caller chooses, and gets one to a local value.
    Left out, the lifetime is each call's own ("for any lifetime")."""
    function = function_of(case, case.node)
    generics = function.child_by_field_name("type_parameters") if function is not None else None
    name = next((m.group(1) for _, m in case.labelled(r"argument requires that .* is borrowed for `('\w+)`")), "")
    if function is None or generics is None or not name or name == "'static" or is_public(case, function):
        return
    body = function.child_by_field_name("body")
    head = part(case, function.start_byte, body.start_byte) if body is not None else ""
    if body is None or re.search(rf"{name}\b", case.text(body)):
        return
    uses = list(re.finditer(rf"{name}\b", head))
    bound = list(re.finditer(r"\bFn(?:Mut|Once)?\s*\(([^()]*)\)(?!\s*->[^,{]*&)", head))
    inside = [f for f in uses if any(b.start(1) <= f.start() < b.end(1) for b in bound)]
    if not inside or len(uses) != len(inside) + 1 or re.search(r"'\w+\s*:", case.text(generics)):
        return
    edits = []
    for found in inside:
        start = function.start_byte + len(head[: found.start()].encode())
        end = start + len(found.group().encode())
        rest = re.match(rb"\s+", case.source[end:])
        ref = head[: found.start()].rstrip().endswith("&")
        edits.append(Edit(case.file, start, end + (rest.end() if rest and ref else 0), b"" if ref else b"'_"))
    text = case.text(generics)
    declared = re.match(rf"<\s*({name}\b\s*(?:,\s*)?)", text)
    if declared is None:
        return
    if re.fullmatch(rf"<\s*{name}\s*,?\s*>", text):
        edits.append(case.replace(generics, ""))
    else:
        start, end = (generics.start_byte + declared.start(1), generics.start_byte + declared.end(1))
        edits.append(Edit(case.file, start, end, b""))
    yield Fix(tuple(edits), f"let the callback take a reference of any lifetime instead of `{name}`", 0.62)


@rule("E0515")
def return_the_value(case: Case) -> Iterator[Fix]:
    """A function hands out a reference to a value that it drops when it ends. It can hand out the value itself, and
    its signature has to say so."""
    function = function_of(case, case.node)
    result = function.child_by_field_name("return_type") if function is not None else None
    body = function.child_by_field_name("body") if function is not None else None
    if function is None or result is None or body is None or in_trait(case, function) or is_public(case, function):
        return
    if case.above(case.node, "closure_expression") is not None:
        return
    found = re.fullmatch(r"&\s*('\w+\s+)?(mut\s+)?(.+)", case.text(result), re.DOTALL)
    if found is None or re.match(r"dyn\b|impl\b|\(\s*dyn", found.group(3)):
        return
    inner = found.group(3).strip()
    slice_ = re.fullmatch(r"\[([^;]+)\]", inner)
    owned = "String" if inner == "str" else f"Vec<{slice_.group(1)}>" if slice_ else inner
    edits = [case.replace(result, owned)]
    for value in _returned(body, 0):
        text = _own(case, value, inner, function)
        if text is None:
            return
        if text != case.text(value):
            edits.append(case.replace(value, text))
    lifetime = (found.group(1) or "").strip()
    generics = function.child_by_field_name("type_parameters")
    head = part(case, function.start_byte, body.start_byte)
    only = generics is not None and lifetime and re.fullmatch(rf"<\s*{lifetime}\s*>", case.text(generics))
    if generics is not None and only and len(re.findall(rf"{lifetime}\b", head)) == 2:
        edits.append(case.replace(generics, ""))
    name = function.child_by_field_name("name")
    words = f"return the `{owned}` itself from `{case.text(name) if name else ''}`, not a reference to it"
    yield Fix(tuple(edits), words, 0.66)


def _returned(node: Node, depth: int) -> Iterator[Node]:
    """The expressions whose value the function returns."""
    yield from _tails(node, depth)
    if depth == 0:
        waiting = list(node.named_children)
        while waiting:
            here = waiting.pop()
            if here.type == "return_expression" and here.named_children:
                yield from _tails(here.named_children[0], 1)
            elif here.type not in ("closure_expression", "function_item"):
                waiting.extend(here.named_children)


def _tails(node: Node | None, depth: int) -> Iterator[Node]:
    """The expressions that give ``node`` its value."""
    waiting = [node] if node is not None else []
    while waiting:
        here = waiting.pop()
        if here.type in ("block", "else_clause", "expression_statement"):
            children = [n for n in here.named_children if "comment" not in n.type]
            if children and here.children[-1].type != ";":
                waiting.append(children[-1])
        elif here.type == "if_expression":
            parts = (here.child_by_field_name("consequence"), here.child_by_field_name("alternative"))
            waiting.extend(n for n in parts if n is not None)
        elif here.type == "match_expression":
            body = here.child_by_field_name("body")
            arms = [n.child_by_field_name("value") for n in body.named_children] if body is not None else []
            waiting.extend(n for n in arms if n is not None)
        elif here.type not in ("return_expression", "let_declaration", "while_expression", "loop_expression"):
            yield here


def _own(case: Case, value: Node, kind: str, function: Node) -> str | None:
    """An expression for the value itself of what ``value`` refers to; None where it cannot be told."""
    text, suffix = case.text(value), ".to_string()" if kind == "str" else ".to_vec()" if kind[:1] == "[" else ".clone()"
    if value.type == "reference_expression":
        inner = value.child_by_field_name("value")
        if inner is None:
            return None
        plain = case.text(inner)
        if inner.type == "index_expression" and ".." in plain:
            return plain + suffix
        if inner.type in ("field_expression", "index_expression"):
            return plain + (".clone()" if is_mutable(value) or kind in ("str",) else suffix)
        return plain
    if value.type == "string_literal":
        return f"{text}.to_string()" if kind == "str" else None
    if found := re.fullmatch(r"(.*\S)\s*\.\s*(?:as_str|as_slice|as_ref|as_mut_slice|borrow)\(\)", text, re.DOTALL):
        return found.group(1)
    if value.type in ("identifier", "call_expression", "index_expression", "field_expression"):
        return text + suffix
    return text if value.type == "macro_invocation" else None


@rule("E0515", "E0597")
def iterate_by_value(case: Case) -> Iterator[Fix]:
    """An iterator over a local collection cannot leave the function that drops the collection. ``into_iter`` takes the
    collection along."""
    wanted = r"^`.*` is borrowed here$|^borrowed value does not live long enough$"
    borrowed = next((s for s, _ in case.labelled(wanted)), None)
    node = case.at(borrowed) if borrowed is not None else None
    field = node.parent if node is not None else None
    if borrowed is None or field is None or field.type != "field_expression":
        return
    name = field.child_by_field_name("field")
    if name is None or case.text(name) != "iter":
        return
    edits = [case.replace(name, "into_iter")]
    function = function_of(case, field)
    result = function.child_by_field_name("return_type") if function is not None else None
    found = re.fullmatch(r"(?:[\w:]*::)?Iter<'\w+,\s*(.+)>", case.text(result)) if result is not None else None
    if found and result is not None and function is not None and not is_public(case, function):
        edits.append(case.replace(result, f"std::vec::IntoIter<{found.group(1)}>"))
    yield Fix(tuple(edits), f"iterate over `{case.text(borrowed)}` by value, so that it goes along", 0.55)


_DEFAULTS = {"bool": "false", "char": "'\\0'", "String": "String::new()", "&str": '""', "f32": "0.0", "f64": "0.0"}


def _default(kind: str) -> str:
    """A plain first value of a type; "" where there is none that goes without saying."""
    kind = kind.strip()
    if kind in _DEFAULTS:
        return _DEFAULTS[kind]
    if re.fullmatch(r"[iu](?:8|16|32|64|128|size)", kind):
        return "0"
    if found := re.fullmatch(r"(Vec|HashMap|HashSet|BTreeMap|BTreeSet|VecDeque)<.*>", kind):
        return f"{found.group(1)}::new()"
    if re.fullmatch(r"Option<.*>", kind):
        return "None"
    if found := re.fullmatch(r"\[(\w+);\s*(\w+)\]", kind):
        inner = _default(found.group(1))
        return f"[{inner}; {found.group(2)}]" if inner and inner[-1] != ")" else ""
    if found := re.fullmatch(r"\(([^()]*)\)", kind):
        parts = [_default(p) for p in found.group(1).split(",") if p.strip()]
        return f"({', '.join(parts)})" if len(parts) > 1 and all(parts) else ""
    return ""


def _like_what_comes(case: Case, function: Node, name: str) -> str:
    """The plainest value of the kind of literal that is assigned to ``name``; "" where none is."""
    for assignment in case.below(function, "assignment_expression"):
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is not None and right is not None and case.text(left) == name:
            kinds = {"string_literal": '""', "boolean_literal": "false", "integer_literal": "0", "float_literal": "0.0"}
            if right.type in kinds:
                return kinds[right.type]
            return "String::new()" if case.text(right).startswith(("String::", "format!")) else ""
    return ""


@rule("E0381")
def begin_with_a_value(case: Case) -> Iterator[Fix]:
    """A variable is used, or filled piece by piece, before it holds a value on every way there. It gets one at its
    declaration."""
    place = next((s for s, _ in case.labelled(r"^binding declared here but left uninitialized$")), None)
    let = case.above(case.at(place), "let_declaration") if place is not None else None
    if let is None or let.child_by_field_name("value") is not None:
        return
    pattern, kind = let.child_by_field_name("pattern"), let.child_by_field_name("type")
    function = function_of(case, let)
    if pattern is None or function is None or pattern.type != "identifier":
        return
    name = case.text(pattern)
    value = _default(case.text(kind)) if kind is not None else _like_what_comes(case, function, name)
    if not value:
        return
    edits = [case.insert((kind or pattern).end_byte, f" = {value}")]
    assigned = re.search(
        rf"(?<![\w.]){re.escape(name)}[\w.\[\]]*\s*[-+*/%|&^]?=(?!=)", part(case, let.end_byte, function.end_byte)
    )
    if assigned and not any(child.type == "mutable_specifier" for child in let.children):
        edits.append(case.insert(pattern.start_byte, "mut "))
    yield Fix(tuple(edits), f"begin with `{value}` in `{name}`", 0.5)


@rule("E0716")
def name_the_temporary(case: Case) -> Iterator[Fix]:
    """A temporary value is gone at the end of its statement, and a reference to it is used later. A variable of its own
    keeps it."""
    value, whole = exact(case, case.place), statement(case.node)
    if value is None or whole is None or whole.parent is None or JUMPS.search(case.text(value)):
        return
    later = next((case.at(s) for s, _ in case.labelled(r"later used here|might be used here")), None)
    outer = whole
    while outer.parent is not None and later is not None and statement_in(later, outer.parent) is None:
        above = statement(outer.parent)
        if above is None:
            return
        outer = above
    inside = part(case, outer.start_byte, value.start_byte)
    made = re.findall(r"\blet\s+(?:mut\s+)?(\w+)", inside[inside.find("{") + 1 :]) if outer is not whole else []
    if outer is whole or any(mentions(case.text(value), name) for name in made):
        return
    name = fresh(case, function_of(case, whole), "value", "kept")
    text = f"let {name} = {case.text(value)};{newline(case)}{case.indentation(outer.start_byte)}"
    edits = (case.insert(outer.start_byte, text), case.replace(value, name))
    yield Fix(edits, f"keep the temporary value in `{name}`", 0.55)
