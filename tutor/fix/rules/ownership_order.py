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
    NAME,
    bound_names,
    end_of,
    exact,
    fresh,
    function_of,
    identifiers,
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
    likelihood = _reorder(case, conflict, texts)
    if not likelihood:
        return
    words = f"use `{name}`" if name else "use the borrow"
    blocked = [bound for node in (conflict, *others) for bound in bound_names(case, node)]
    if not any(mentions(text, bound) for text in texts for bound in blocked):
        yield Fix((_up(case, conflict, uses),), f"{words} before `{owner}` is {_touched(case)}", likelihood)
    made = bound_names(case, conflict)
    plain = not any(mentions(case.text(node), word) for node in others for word in (owner, *made))
    if others and plain and not any(mentions(text, word) for text in texts for word in made):
        start, last = end_of(case, conflict), end_of(case, uses[-1])
        rest = part(case, start, last).lstrip()
        moved = rest + _gap(case, conflict, rest) + part(case, conflict.start_byte, start)
        edit = Edit(case.file, conflict.start_byte, last, moved.encode())
        yield Fix((edit,), f"{words} before `{owner}` is {_touched(case)}", likelihood - 0.04)


_PRINT = re.compile(r"(?:e?println?|assert\w*|debug_assert\w*|dbg)!")


def _reorder(case: Case, conflict: Node, uses: list[str]) -> float:
    """How likely the new order says what was meant; 0 where the use may write what the other statement reads."""
    first = _first(case)
    label = first.label if first is not None else ""
    if case.diagnostic.code in ("E0505", "E0506") or label.startswith("immutable"):
        return 0.57
    value = conflict.child_by_field_name("value") if conflict.type == "let_declaration" else None
    if (value is not None and value.type == "reference_expression") or all(_PRINT.match(text) for text in uses):
        return 0.57
    return 0.5 if case.diagnostic.code == "E0499" else 0.0


def _touched(case: Case) -> str:
    return {"E0505": "moved", "E0506": "assigned", "E0503": "used"}.get(case.diagnostic.code, "borrowed again")


def _is_whole(node: Node) -> bool:
    return node.type in ("let_declaration", "expression_statement") and not node.has_error


def _gap(case: Case, node: Node, text: str = "") -> str:
    """What goes between a statement with ``text`` that is put before ``node`` and ``node``."""
    line = case.source.rfind(b"\n", 0, node.start_byte) + 1
    if case.source[line : node.start_byte].strip() and "//" not in text:
        return " "
    return newline(case) + case.indentation(node.start_byte)


def _up(case: Case, conflict: Node, uses: list[Node]) -> Edit:
    """One edit that puts ``uses`` before ``conflict`` and keeps the rest as it is."""
    gap = _gap(case, conflict, part(case, conflict.start_byte, end_of(case, uses[-1])))
    rest, at, moved = "", conflict.start_byte, []
    for use in uses:
        rest += part(case, at, use.start_byte).rstrip()
        at = end_of(case, use)
        moved.append(part(case, use.start_byte, at))
    text = gap.join([*moved, rest])
    return Edit(case.file, conflict.start_byte, at, text.encode())


_SOME_REFERENCE = re.compile(
    r"\.\s*(?:get|first|last|peek|max|min|max_by_key|min_by_key|find)\s*\([^()]*(?:\([^()]*\))?[^()]*\)$"
)
_TEXT = re.compile(r"\.\s*(?:as_str|trim|trim_start|trim_end)\s*\(\)$")


@rule("E0502", "E0503", "E0506")
def read_before_the_borrow(case: Case) -> Iterator[Fix]:
    """A value is read while somebody holds it exclusively. What is read is the same just before that borrow begins, as
    long as nothing in between may write."""
    first, conflict = _first(case), statement(case.node)
    if first is None or conflict is None or conflict.parent is None or not _is_whole(conflict):
        return
    if "immutable" in first.label:
        return
    borrow = statement_in(case.at(first), conflict.parent)
    row = list(conflict.parent.named_children)
    if borrow is None or borrow.type != "let_declaration" or "as mutable because" in case.message:
        return
    start, end = row.index(borrow), row.index(conflict)
    text = case.text(conflict)
    made = [name for node in row[start:end] for name in bound_names(case, node)]
    if start >= end or JUMPS.search(text) or any(mentions(text, name) for name in made):
        return
    owner, holders = root_name(quoted(case.message)), bound_names(case, borrow)
    if any(mentions(case.text(node), name) for node in row[start + 1 : end] for name in (owner, *holders)):
        return
    value = borrow.child_by_field_name("value")
    if case.diagnostic.code == "E0506" and (
        value is None or value.type != "reference_expression" or not is_mutable(value)
    ):
        return
    last = end_of(case, conflict)
    moved = part(case, conflict.start_byte, last)
    moved += _gap(case, borrow, moved)
    moved += part(case, borrow.start_byte, conflict.start_byte).rstrip()
    edit = Edit(case.file, borrow.start_byte, last, moved.encode())
    yield Fix((edit,), f"use `{owner}` before it is borrowed exclusively", 0.58)


@rule("E0502")
def compute_before_the_loop(case: Case) -> Iterator[Fix]:
    """A loop changes the elements of a collection and asks its owner something in every round. Asked once before the
    loop, the owner is free when the loop borrows it."""
    first, loop = _first(case), case.above(case.node, "for_expression")
    value = loop.child_by_field_name("value") if loop is not None else None
    pattern = loop.child_by_field_name("pattern") if loop is not None else None
    asked, whole = exact(case, case.place), statement(loop)
    if first is None or loop is None or value is None or pattern is None or asked is None or whole is None:
        return
    if not value.start_byte <= first.start <= value.end_byte or "as mutable because" in case.message:
        return
    call = asked if asked.type == "call_expression" else case.above(asked, "call_expression")
    body = loop.child_by_field_name("body")
    if call is None or body is None or call.start_byte < body.start_byte:
        return
    inner = [name for let in case.below(body, "let_declaration") for name in bound_names(case, let)]
    if any(mentions(case.text(call), name) for name in [*re.findall(NAME, case.text(pattern)), *inner]):
        return
    called = call.child_by_field_name("function")
    wish = re.split(r"[.:]", case.text(called))[-1] if called is not None else ""
    name = fresh(case, function_of(case, loop), *([wish] if wish.isidentifier() else []), "value")
    text = f"let {name} = {case.text(call)};{_gap(case, whole)}"
    edits = (case.insert(whole.start_byte, text), case.replace(call, name))
    yield Fix(edits, f"compute `{name}` once, before the loop borrows `{root_name(quoted(case.message))}`", 0.5)


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
    for use in identifiers(case, block, name):
        if use.start_byte > let.end_byte and use.parent is not None and use.parent.type == "arguments":
            edits.append(case.insert(use.start_byte, "&"))
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
    found = re.fullmatch(r"&\s*(?!mut\b)([\w.]+)|([\w.]+?)(\s*\.\s*iter\(\))(\.enumerate\(\)|\.rev\(\))?", text)
    if found is None or (found.group(4) and re.search(r"\.\s*(?:swap_)?remove\(", case.text(body))):
        return
    items, name = found.group(1) or found.group(2), case.text(pattern)
    if pattern.type == "identifier" and not found.group(4):
        stars = without_stars(case, body, name, body.start_byte)
        every = sum(case.text(node) == name for node in case.below(body, "identifier"))
        if stars and len(stars) == every and f"{{{name}" not in case.text(body):
            index = fresh(case, body, "i", "index", "place")
            edits = [case.replace(pattern, index), case.replace(value, f"0..{items}.len()")]
            end = len(name.encode())
            edits += [Edit(case.file, e.start, e.end + end, f"{items}[{index}]".encode()) for e in stars]
            yield Fix(tuple(edits), f"count through the places of `{items}` instead of borrowing it for the loop", 0.6)
    copy = f"&{items}.clone()" if found.group(1) else f"{items}.clone(){text[len(items) :]}"
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
    if first is None:
        return
    pair = case.above(case.node, "tuple_expression")
    if pair is not None and len(pair.named_children) == 2:
        left, right = (_PART.fullmatch(case.text(side)) for side in pair.named_children)
        if left is None or right is None or left[1] != right[1] or left[3].strip() != right[2].strip():
            return
        whole = left[2].strip() in ("", "0") and right[3].strip() in ("", f"{left[1]}.len()")
        if whole and (middle := left[3].strip()):
            edit = case.replace(pair, f"{left[1]}.split_at_mut({middle})")
            yield Fix((edit,), f"let `{left[1]}.split_at_mut` hand out both parts", 0.65)
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
