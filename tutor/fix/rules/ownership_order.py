"""Rules that let a borrow end before its owner is used again: reorder, copy out, compute before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.diagnostics import Span
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.ownership_tools import (
    JUMPS,
    bound_names,
    exact,
    fresh,
    function_of,
    is_mutable,
    mentions,
    newline,
    part,
    quoted,
    root_name,
    statement,
    statement_in,
    without_stars,
)

_CONFLICT = ("E0499", "E0502", "E0503", "E0505", "E0506")
_LATER = r"borrow later used here|borrow used here, in later iteration"
_FIRST = r"^(?:first )?(?:mutable |immutable )?borrow occurs here$|is borrowed here$|^borrow of .* occurs here$"


def _later(case: Case) -> Node | None:
    """What uses the first borrow again."""
    return next((case.at(span) for span, _ in case.labelled(_LATER)), None)


def _first(case: Case) -> Span | None:
    """Where the borrow begins that is in the way."""
    return next((span for span, _ in case.labelled(_FIRST) if span != case.place), None)


@rule(*_CONFLICT)
def use_borrow_before(case: Case) -> Iterator[Fix]:
    """A reference is used after its owner was changed or moved. It may be used as long as nobody touches the owner, so
    its uses go before the statement that does, or that statement goes after them. Only where no statement says
    something else in the new order: none that changes places mentions the owner or a name that comes in between."""
    conflict, later = statement(case.node), _later(case)
    block = conflict.parent if conflict is not None else None
    if conflict is None or block is None or later is None:
        return
    use = statement_in(later, block)
    row = list(block.named_children)
    if use is None or use not in row or row.index(use) <= row.index(conflict):
        return
    name = case.text(later) if later.type == "identifier" else ""
    at = row.index(conflict)
    uses = [node for node in row[at + 1 :] if node == use or (name and mentions(case.text(node), name))]
    owner = root_name(quoted(case.message))
    texts = [case.text(node) for node in uses]
    if not owner or any(mentions(text, owner) or JUMPS.search(text) for text in texts):
        return
    if JUMPS.search(case.text(conflict)) or not all(_is_whole(node) for node in (conflict, *uses)):
        return
    end = row.index(uses[-1])
    between = row[at + 1 : end + 1]
    others = [node for node in between if node not in uses and node.type != "line_comment"]
    words = f"use `{name}`" if name else "use the borrow"
    blocked = [bound for node in (conflict, *others) for bound in bound_names(case, node)]
    if not any(mentions(text, bound) for text in texts for bound in blocked):
        yield Fix((_up(case, conflict, uses),), f"{words} before `{owner}` is {_touched(case)}", 0.57)
    made = bound_names(case, conflict)
    plain = not any(mentions(case.text(node), word) for node in others for word in (owner, *made))
    if others and plain and not any(mentions(text, word) for text in texts for word in made):
        moved = part(case, between[0].start_byte, uses[-1].end_byte) + _gap(case, conflict) + case.text(conflict)
        edit = Edit(case.file, conflict.start_byte, uses[-1].end_byte, moved.encode())
        yield Fix((edit,), f"{words} before `{owner}` is {_touched(case)}", 0.53)


def _touched(case: Case) -> str:
    return {"E0505": "moved", "E0506": "assigned", "E0503": "used"}.get(case.diagnostic.code, "borrowed again")


def _is_whole(node: Node) -> bool:
    return node.type in ("let_declaration", "expression_statement") and not node.has_error


def _gap(case: Case, node: Node) -> str:
    return newline(case) + case.indentation(node.start_byte)


def _up(case: Case, conflict: Node, uses: list[Node]) -> Edit:
    """One edit that puts ``uses`` before ``conflict`` and keeps the rest as it is."""
    gap = _gap(case, conflict)
    rest, at = "", conflict.start_byte
    for use in uses:
        rest += part(case, at, use.start_byte).rstrip()
        at = use.end_byte
    text = gap.join([*(case.text(use) for use in uses), rest])
    return Edit(case.file, conflict.start_byte, at, text.encode())


_SOME_REFERENCE = re.compile(
    r"\.\s*(?:get|first|last|peek|max|min|max_by_key|min_by_key|find)\s*\([^()]*(?:\([^()]*\))?[^()]*\)$"
)
_TEXT = re.compile(r"\.\s*(?:as_str|trim|trim_start|trim_end)\s*\(\)$")


@rule("E0502", "E0505", "E0506", "E0503")
def own_what_was_borrowed(case: Case) -> Iterator[Fix]:
    """A shared reference is needed while its owner changes. A copy of the value does not care: the value itself where
    it is ``Copy``, else a clone of just the part that is used."""
    first = _first(case)
    let = case.above(case.at(first), "let_declaration") if first is not None else None
    pattern, value = (let.child_by_field_name(field) if let is not None else None for field in ("pattern", "value"))
    if let is None or first is None or pattern is None or value is None or pattern.type != "identifier":
        return
    if first.start < value.start_byte or function_of(case, let) != function_of(case, case.node):
        return
    name, kind = case.text(pattern), let.child_by_field_name("type")
    block = let.parent if let.parent is not None else case.root
    edits = without_stars(case, block, name, let.end_byte)
    for text, likelihood in _owned(case, value, case.text(kind) if kind is not None else ""):
        changed = [case.replace(value, text), *edits]
        if kind is not None:
            owned = _owned_type(case.text(kind))
            if not owned:
                return
            changed.append(case.replace(kind, owned))
        yield Fix(tuple(changed), f"let `{name}` own its value instead of borrowing it", likelihood)


def _owned_type(text: str) -> str:
    """The type of a value of one's own for a shared reference; "" where it is none."""
    found = re.fullmatch(r"&\s*(?:'\w+\s+)?(?!mut\b)(.+)", text, re.DOTALL)
    if found is None:
        return ""
    inner = found.group(1).strip()
    if inner == "str":
        return "String"
    if inner.startswith("[") and ";" not in inner:
        return f"Vec<{inner[1:-1].strip()}>"
    return "" if inner.startswith("dyn ") else inner


def _owned(case: Case, value: Node, kind: str) -> Iterator[tuple[str, float]]:
    """Expressions for the value itself of what ``value`` refers to, the likeliest first."""
    text = case.text(value)
    if value.type == "reference_expression" and not is_mutable(value):
        inner = value.child_by_field_name("value")
        if inner is None:
            return
        plain = case.text(inner)
        if inner.type == "index_expression" and ".." in plain:
            yield f"{plain}.to_owned()", 0.5
        elif inner.type in ("identifier", "field_expression", "index_expression"):
            if case.diagnostic.code != "E0505":
                yield plain, 0.52
            yield f"{plain}.clone()", 0.48
        return
    if value.type != "call_expression":
        return
    called = value.child_by_field_name("function")
    item = case.functions().get(case.text(called).rsplit("::")[-1].rsplit(".")[-1]) if called is not None else None
    returns = item.child_by_field_name("return_type") if item is not None else None
    result = case.text(returns) if returns is not None else kind
    if re.fullmatch(r"&\s*(?:'\w+\s+)?str", result) or _TEXT.search(text):
        yield f"{text}.to_string()", 0.5
    elif re.match(r"Option<\s*&(?!.*\bstr\b)", result) or (not result and _SOME_REFERENCE.search(text)):
        yield f"{text}.cloned()", 0.5
    elif result.startswith("&") or re.search(r"\.\s*(?:unwrap|expect|unwrap_or)\s*\([^()]*\)$", text):
        yield f"{text}.clone()", 0.5


@rule("E0502", "E0499", "E0503", "E0505", "E0506")
def compute_before_the_call(case: Case) -> Iterator[Fix]:
    """A call borrows a value and an argument of the same call uses it again. Computed into a variable before the call,
    the argument is done with the value when the call begins."""
    used = next((case.at(s) for s, _ in case.labelled(r"borrow later used by call")), None)
    here, whole = case.node, statement(case.node)
    if used is None or here is None or whole is None:
        return
    arguments = case.above(here, "arguments")
    while arguments is not None and arguments.parent is not None:
        first = _first(case)
        if first is not None and first.start < arguments.start_byte and arguments.start_byte > whole.start_byte:
            break
        arguments = case.above(arguments.parent, "arguments")
    if arguments is None:
        return
    argument = next((n for n in arguments.named_children if n.start_byte <= here.start_byte < n.end_byte), None)
    if argument is None or argument.type in ("reference_expression", "closure_expression", "identifier"):
        return
    called = argument.child_by_field_name("function") if argument.type == "call_expression" else None
    wish = re.split(r"[.:]", case.text(called))[-1].strip() if called is not None else ""
    name = fresh(case, function_of(case, here), *([wish] if wish.isidentifier() else []), "value")
    text = f"let {name} = {case.text(argument)};{_gap(case, whole)}"
    edits = (case.insert(whole.start_byte, text), case.replace(argument, name))
    yield Fix(edits, f"compute `{name}` before the call that borrows `{root_name(quoted(case.message))}`", 0.62)


@rule("E0499", "E0502")
def loop_over_places(case: Case) -> Iterator[Fix]:
    """The loop borrows a collection from its first to its last round, so the body cannot change the owner. Counting
    through the places borrows only for a moment where the elements are copied out; else the loop goes over a copy."""
    first = _first(case)
    loop = case.above(case.node, "for_expression")
    while loop is not None and first is not None:
        value = loop.child_by_field_name("value")
        if value is not None and value.start_byte <= first.start and first.end <= value.end_byte:
            break
        loop = case.above(loop.parent, "for_expression")
    if loop is None or first is None:
        return
    pattern, value, body = (loop.child_by_field_name(field) for field in ("pattern", "value", "body"))
    if pattern is None or value is None or body is None:
        return
    text = case.text(value)
    found = re.fullmatch(r"&\s*(?!mut\b)([\w.]+)|([\w.]+)\s*\.\s*iter\(\)", text)
    if found is None:
        return
    items, name = found.group(1) or found.group(2), case.text(pattern)
    if pattern.type == "identifier":
        stars = without_stars(case, body, name, body.start_byte)
        every = sum(case.text(node) == name for node in case.below(body, "identifier"))
        if stars and len(stars) == every and f"{{{name}" not in case.text(body):
            index = name if len(name) == 1 else fresh(case, body, "index", "place")
            edits = [case.replace(pattern, index), case.replace(value, f"0..{items}.len()")]
            end = len(name.encode())
            edits += [Edit(case.file, e.start, e.end + end, f"{items}[{index}]".encode()) for e in stars]
            yield Fix(tuple(edits), f"count through the places of `{items}` instead of borrowing it for the loop", 0.6)
    copy = f"&{items}.clone()" if found.group(1) else f"{items}.clone().iter()"
    yield Fix((case.replace(value, copy),), f"loop over a copy of `{items}`, so that the original may change", 0.4)


@rule("E0499")
def share_what_is_only_read(case: Case) -> Iterator[Fix]:
    """Two exclusive borrows live at once. Where nobody writes through them, two shared ones will do."""
    first = _first(case)
    nodes = [exact(case, place, "reference_expression") for place in (first, case.place) if place is not None]
    edits = []
    for node in nodes:
        if node is None or not is_mutable(node):
            return
        inner = node.child_by_field_name("value")
        if inner is None or inner.type != "identifier" or node.parent is None or node.parent.type != "let_declaration":
            return
        edits.append(case.replace(node, f"&{case.text(inner)}"))
    if len(edits) == 2:
        owner = root_name(quoted(case.message))
        for let in case.below(function_of(case, case.node) or case.root, "let_declaration"):
            mutable = next((c for c in let.named_children if c.type == "mutable_specifier"), None)
            pattern = let.child_by_field_name("pattern")
            if mutable is not None and pattern is not None and case.text(pattern) == owner:
                gone = Edit(case.file, mutable.start_byte, pattern.start_byte, b"")
                yield Fix((*edits, gone), f"borrow `{owner}` twice to read, nothing writes to it", 0.5)
        yield Fix(tuple(edits), f"borrow `{owner}` twice to read, nothing writes through the references", 0.48)


_PART = re.compile(r"&\s*mut\s+(.+?)\[([^\[\]]*)\.\.([^\[\]]*)\]")
_PLACE = re.compile(r"(&\s*(?:mut\s+)?)([\w.]+)\[(\d+)\]")


@rule("E0499", "E0502")
def split_a_slice(case: Case) -> Iterator[Fix]:
    """Two parts of one slice are borrowed, one of them to write. The compiler does not see that they lie apart;
    ``split_at_mut`` hands out both sides."""
    first = _first(case)
    if first is None or not any("split_at_mut" in note for note in case.notes):
        return
    pair = case.above(case.node, "tuple_expression")
    if pair is not None and len(pair.named_children) == 2:
        sides = [
            re.fullmatch(r"&\s*mut\s+(.+?)\[([^\[\]]*)\.\.([^\[\]]*)\]", case.text(n)) for n in pair.named_children
        ]
        left, right = sides
        if left and right and left[1] == right[1] and left[3].strip() == right[2].strip():
            if left[2].strip() in ("", "0") and right[3].strip() in ("", f"{left[1]}.len()") and left[3].strip():
                text = f"{left[1]}.split_at_mut({left[3].strip()})"
                yield Fix((case.replace(pair, text),), f"let `{left[1]}.split_at_mut` hand out both parts", 0.65)
        return
    yield from _split_at_number(case, first)


def _split_at_number(case: Case, first: Span) -> Iterator[Fix]:
    borrows = [exact(case, place, "reference_expression") for place in (first, case.place)]
    places = [_PLACE.fullmatch(case.text(node)) if node is not None else None for node in borrows]
    one, two, start = places[0], places[1], statement(borrows[0])
    if one is None or two is None or start is None or one[2] != two[2] or one[3] == two[3]:
        return
    middle = max(int(one[3]), int(two[3]))
    function = function_of(case, start)
    low, high = fresh(case, function, "left"), fresh(case, function, "right")
    text = f"let ({low}, {high}) = {one[2]}.split_at_mut({middle});{_gap(case, start)}"
    edits = [case.insert(start.start_byte, text)]
    for node, found in zip(borrows, (one, two), strict=True):
        number = int(found[3])
        side = f"{low}[{number}]" if number < middle else f"{high}[{number - middle}]"
        if node is not None:
            edits.append(case.replace(node, f"{found[1]}{side}"))
    yield Fix(tuple(edits), f"split `{one[2]}` into two parts that can be borrowed apart", 0.6)
