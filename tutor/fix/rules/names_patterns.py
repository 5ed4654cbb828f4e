"""Rules for names that patterns and parameter lists bind twice, or in one alternative only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_scope import pattern_names


@rule("E0408")
def unbound_alternative(case: Case) -> Iterator[Fix]:
    """All alternatives of a pattern bind the same names, for what follows uses them whichever matched. Where each
    binds one value under a name of its own, they share a name; where the name is not used, no alternative needs it."""
    found = re.match(r"variable `(\w+)` is not bound in all patterns", case.message)
    pattern = case.above(case.node, "or_pattern")
    if found is None or pattern is None:
        return
    name = found.group(1)
    while pattern.parent is not None and pattern.parent.type in {"or_pattern", "parenthesized_pattern"}:
        pattern = pattern.parent
    arm = case.above(pattern, "match_arm", "if_expression", "while_expression", "let_declaration", "for_expression")
    if arm is None:
        return
    binders = _alternatives(pattern)
    bound = [pattern_names(case.syntax, alternative) for alternative in binders]
    used = _used(case, arm, pattern)
    lacking = [names for names in bound if name not in names]
    if all(len(names) == 1 for names in bound):
        wanted = [n for names in bound for n in names if n in used] or [next(iter(bound[0]))]
        if len(set(wanted)) == 1:
            edits = [
                case.replace(_with_mut(node), wanted[0])
                for names in bound
                for n, node in names.items()
                if n != wanted[0]
            ]
            if edits:
                yield Fix(tuple(edits), f"call the value `{wanted[0]}` in every alternative", 0.66)
    if lacking and name not in used:
        places = [names[name] for names in bound if name in names]
        if all(place.type == "identifier" for place in places):
            edits = [case.replace(place, "_") for place in places]
            yield Fix(tuple(edits), f"do not name what is not used: `_` for `{name}`", 0.6)
    yield from _split_arm(case, arm, pattern, binders, bound, name)


def _with_mut(name: Node) -> Node:
    """The name with the ``mut`` before it, which the compiler wrongly offers for a name of one alternative."""
    return name.parent if name.parent is not None and name.parent.type == "mut_pattern" else name


def _alternatives(pattern: Node) -> list[Node]:
    waiting, found = [pattern], []
    while waiting:
        node = waiting.pop()
        if node.type in {"or_pattern", "parenthesized_pattern"}:
            waiting.extend(reversed(node.named_children))
        else:
            found.append(node)
    return found


def _used(case: Case, arm: Node, pattern: Node) -> set[str]:
    """The names used after the pattern, those written into format strings too."""
    found = {case.text(node) for node in case.below(arm, "identifier") if node.start_byte >= pattern.end_byte}
    rest = case.source[pattern.end_byte : arm.end_byte].decode("utf-8", "replace")
    return found | set(re.findall(r"\{(\w+)[:}]", rest))


def _split_arm(
    case: Case, arm: Node, pattern: Node, binders: list[Node], bound: list[dict[str, Node]], name: str
) -> Iterator[Fix]:
    """An arm of its own for the alternatives that have no such value, where the body is a block that does nothing."""
    value = arm.child_by_field_name("value")
    if arm.type != "match_arm" or value is None or value.type != "block" or value.named_children:
        return
    have = [case.text(node) for node, names in zip(binders, bound, strict=True) if name in names]
    lack = [case.text(node) for node, names in zip(binders, bound, strict=True) if name not in names]
    if have and lack:
        indent = case.indentation(arm.start_byte)
        made = f"{' | '.join(have)} => {{}}\n{indent}{' | '.join(lack)}"
        yield Fix((case.replace(pattern, made),), f"give the alternative without `{name}` an arm of its own", 0.4)


@rule("E0415", "E0416")
def bound_twice(case: Case) -> Iterator[Fix]:
    """A name can be bound once in a pattern or a parameter list. Which of the two a body that uses it means is not to
    be known; where none is used, the second gets a name of its own."""
    found = re.match(r"identifier `(\w+)` is bound more than once", case.message)
    owner = case.above(case.node, "function_item", "closure_expression", "match_arm", "let_declaration")
    if found is None or owner is None or owner.type in {"let_declaration", "closure_expression"}:
        return
    name = found.group(1)
    body = owner.child_by_field_name("value" if owner.type == "match_arm" else "body")
    taken = {case.text(node) for node in case.below(owner, "identifier")}
    if body is None or name in {case.text(node) for node in [body, *case.below(body, "identifier")]}:
        return
    fresh = chr(ord(name) + 1) if re.fullmatch(r"[a-y]", name) else f"other_{name}"
    if fresh not in taken and case.text(case.place) == name:
        yield Fix((case.replace(case.place, fresh),), f"call the second one `{fresh}`", 0.4)


@rule("E0403")
def generic_twice(case: Case) -> Iterator[Fix]:
    """Two type parameters of one name: a function with as many parameters of that type as there are type parameters
    means one for each."""
    function = case.above(case.node, "function_item")
    name = case.text(case.place)
    if (
        function is None
        or not re.fullmatch(r"[A-Z]", name)
        or "first use" not in " ".join(s.label for s in case.labels)
    ):
        return
    generics, parameters = function.child_by_field_name("type_parameters"), function.child_by_field_name("parameters")
    if generics is None or parameters is None or not generics.start_byte <= case.place.start < generics.end_byte:
        return
    taken = {case.text(node) for node in case.below(function, "type_identifier")}
    fresh = next((letter for letter in "UVWXYZ" if letter not in taken), None)
    typed = [node for node in case.below(parameters, "type_identifier") if case.text(node) == name]
    declared = [node for node in generics.named_children if re.match(rf"{name}\b", case.text(node))]
    result = function.child_by_field_name("return_type")
    if fresh and len(declared) == 2 and len(typed) == 2 and (result is None or name not in case.text(result)):
        edits = (case.replace(case.place, fresh), case.replace(typed[1], fresh))
        yield Fix(edits, f"call the second type parameter `{fresh}`", 0.55)


@rule("E0426")
def undeclared_label(case: Case) -> Iterator[Fix]:
    """``break`` and ``continue`` name a loop around them by its label. Where one loop around has none, it is meant."""
    label = case.text(case.place)
    if not label.startswith("'") or case.place.from_macro:
        return
    loops = []
    here = case.node
    while here is not None and here.type not in {"function_item", "closure_expression", "async_block"}:
        if here.type in {"for_expression", "while_expression", "loop_expression"}:
            loops.append(here)
        here = here.parent
    free = [loop for loop in loops if not any(child.type == "label" for child in loop.children)]
    if free:
        # A label says more than `break` alone only in the inner one of several loops: it means the outermost.
        loop = free[-1]
        yield Fix((case.insert(loop.start_byte, f"{label}: "),), f"give the loop the label `{label}`", 0.6)
