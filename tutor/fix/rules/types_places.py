"""Where the type of a value is written down, so that a rule can say what it should have been."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from knowledgegraph.rust_syntax import Node
from tutor.fix.rules.base import Case

_FUNCTIONS = ("function_item", "function_signature_item")
_SCOPES = ("block", "source_file", "match_arm", "declaration_list")


@dataclass(frozen=True, slots=True)
class Declared:
    """The type that the source gives something: its node, and in words what carries it ("`x`", "the field `x`")."""

    type: Node
    words: str
    public: bool = False


def function_around(case: Case, node: Node | None) -> Node | None:
    """The function whose body ``node`` is in, no matter how many closures are between."""
    return case.above(node, "function_item")


def is_fixed(case: Case, function: Node) -> bool:
    """Whether others rely on this function's signature: it is public, ``main``, extern or a trait's."""
    if any(child.type in ("visibility_modifier", "function_modifiers") for child in function.named_children):
        return True
    name = function.child_by_field_name("name")
    if name is None or case.text(name) == "main":
        return True
    home = case.above(function.parent, "impl_item", "trait_item", "function_item")
    return home is not None and (
        home.type == "trait_item" or (home.type == "impl_item" and home.child_by_field_name("trait") is not None)
    )


def binding(case: Case, name: Node) -> Node | None:
    """The ``let_declaration`` or ``parameter`` that an identifier refers to, by name and scope; None where something
    else brings it in (a pattern, a closure, an item)."""
    text = case.text(name)
    below, here = name, name.parent
    while here is not None:
        if here.type == "block":
            for statement in reversed([c for c in here.named_children if c.end_byte <= below.start_byte]):
                pattern = statement.child_by_field_name("pattern") if statement.type == "let_declaration" else None
                if pattern is None:
                    continue
                if pattern.type == "identifier" and case.text(pattern) == text:
                    return statement
                if _names(case, pattern, text):
                    return None
        elif here.type in ("closure_expression", "for_expression", "match_arm", "if_expression", "while_expression"):
            brings = [here.child_by_field_name(f) for f in ("pattern", "parameters", "condition")]
            if any(part is not None and part.id != below.id and _names(case, part, text) for part in brings):
                return None
        elif here.type == "function_item":
            return parameter(case, here, text)
        below, here = here, here.parent
    return None


def _names(case: Case, pattern: Node, text: str) -> bool:
    return any(case.text(found) == text for found in (pattern, *case.below(pattern, "identifier")))


def parameters(function: Node) -> list[Node]:
    """A function's parameters without ``self``."""
    group = function.child_by_field_name("parameters")
    return [node for node in group.named_children if node.type == "parameter"] if group is not None else []


def parameter(case: Case, function: Node, name: str) -> Node | None:
    for node in parameters(function):
        pattern = node.child_by_field_name("pattern")
        if pattern is not None and pattern.type == "identifier" and case.text(pattern) == name:
            return node
    return None


def called(case: Case, call: Node) -> Node | None:
    """The function of this file that a call names, where only one has that name."""
    function = call.child_by_field_name("function")
    if function is not None and function.type == "generic_function":
        function = function.child_by_field_name("function")
    if function is not None and function.type in ("scoped_identifier", "field_expression"):
        function = function.child_by_field_name("name") or function.child_by_field_name("field")
    if function is None or function.type not in ("identifier", "field_identifier"):
        return None
    return _function_named(case, case.text(function))


def _function_named(case: Case, text: str) -> Node | None:
    same = [
        f for f in case.below(case.root, *_FUNCTIONS) if (n := f.child_by_field_name("name")) and case.text(n) == text
    ]
    return same[0] if len(same) == 1 and same[0].type == "function_item" else None


def fields(case: Case, name: str, of: str = "") -> list[Node]:
    """The declarations of fields of this name, in the structure ``of`` or in all."""
    found = []
    for node in case.below(case.root, "field_declaration"):
        field, item = node.child_by_field_name("name"), case.above(node, "struct_item", "union_item", "enum_item")
        owner = item.child_by_field_name("name") if item is not None else None
        if field is not None and case.text(field) == name and (not of or (owner and case.text(owner) == of)):
            found.append(node)
    return found


def declared(case: Case, value: Node | None) -> Declared | None:
    """Where the type of this value is written: at the ``let`` or parameter of a name, at a field, at the function that
    is called."""
    if value is None:
        return None
    if value.type == "identifier":
        place = binding(case, value)
        type_ = place.child_by_field_name("type") if place is not None else None
        if place is None:
            return _item(case, value)
        if type_ is None:
            return None
        function = case.above(place.parent, "function_item") if place.type == "parameter" else None
        return Declared(type_, f"`{case.text(value)}`", function is not None and is_fixed(case, function))
    if value.type == "field_expression":
        name = value.child_by_field_name("field")
        found = fields(case, case.text(name)) if name is not None else []
        return _field(case, found[0]) if len(found) == 1 else None
    if value.type == "call_expression":
        function = called(case, value)
        type_ = function.child_by_field_name("return_type") if function is not None else None
        if function is not None and type_ is not None:
            name = function.child_by_field_name("name")
            return Declared(type_, f"what `{case.text(name or function)}` returns", is_fixed(case, function))
    return None


def _item(case: Case, name: Node) -> Declared | None:
    """The ``const`` or ``static`` of this name."""
    for item in case.below(case.root, "const_item", "static_item"):
        own, type_ = item.child_by_field_name("name"), item.child_by_field_name("type")
        if own is not None and type_ is not None and case.text(own) == case.text(name):
            public = any(child.type == "visibility_modifier" for child in item.named_children)
            return Declared(type_, f"`{case.text(name)}`", public)
    return None


def _field(case: Case, node: Node) -> Declared | None:
    type_, name = node.child_by_field_name("type"), node.child_by_field_name("name")
    public = any(child.type == "visibility_modifier" for child in node.named_children)
    return Declared(type_, f"the field `{case.text(name)}`", public) if type_ is not None and name is not None else None


def wanted(case: Case, value: Node) -> Declared | None:
    """Where it is written what ``value`` has to be: the annotation of its ``let``, the field it initialises, the
    parameter it is passed for, the left side it is assigned to, the return type of the function that ends with it."""
    parent = value.parent
    if parent is None:
        return None
    if parent.type == "let_declaration":
        type_, pattern = parent.child_by_field_name("type"), parent.child_by_field_name("pattern")
        return Declared(type_, f"`{case.text(pattern)}`") if type_ is not None and pattern is not None else None
    if parent.type == "field_initializer":
        name, whole = parent.child_by_field_name("field"), case.above(parent, "struct_expression")
        of = whole.child_by_field_name("name") if whole is not None else None
        found = fields(case, case.text(name), case.text(of)) if name is not None and of is not None else []
        return _field(case, found[0]) if len(found) == 1 else None
    if parent.type in ("assignment_expression", "compound_assignment_expr", "binary_expression"):
        left = parent.child_by_field_name("left")
        return declared(case, left) if left is not None and left.id != value.id else None
    if parent.type in ("arguments", "token_tree") and parent.parent is not None:
        before = parent.prev_named_sibling  # in a macro a call is no more than a name and a group
        if parent.type == "arguments":
            function = called(case, parent.parent)
        else:
            function = _function_named(case, case.text(before)) if before and before.type == "identifier" else None
        signs = [child for child in parent.children if child.end_byte <= value.start_byte]
        number = sum(child.type == "," for child in signs)
        takes = parameters(function) if function is not None else []
        if function is not None and number < len(takes):
            type_, pattern = takes[number].child_by_field_name("type"), takes[number].child_by_field_name("pattern")
            if type_ is not None and pattern is not None:
                return Declared(type_, f"the parameter `{case.text(pattern)}`", is_fixed(case, function))
    return None


def returned(case: Case) -> Declared | None:
    """The return type that the compiler points at as the reason of what is expected."""
    for span, _ in case.labelled("because of return type"):
        function = function_around(case, case.at(span))
        type_ = function.child_by_field_name("return_type") if function is not None else None
        name = function.child_by_field_name("name") if function is not None else None
        if function is not None and type_ is not None and name is not None and span.start == type_.start_byte:
            return Declared(type_, f"what `{case.text(name)}` returns", is_fixed(case, function))
    return None


def tails(block: Node) -> Iterator[Node]:
    """The expressions that a block's value may come from: its last one, taken apart at ``if``, ``match`` and blocks."""
    waiting = [block]
    while waiting:
        node = waiting.pop()
        if node.type == "block":
            inner = [child for child in node.named_children if "comment" not in child.type]
            last = inner[-1] if inner else None
            if last is not None and last.type == "expression_statement" and last.named_child_count == 1:
                whole = last.named_children[0]  # an `if` or `match` that ends a block, without a semicolon
                last = whole if last.end_byte == whole.end_byte else None
            if last is not None and last.type not in ("let_declaration", "empty_statement"):
                waiting.append(last)
        elif node.type == "if_expression":
            parts = [node.child_by_field_name("consequence"), node.child_by_field_name("alternative")]
            waiting += [part for part in reversed(parts) if part is not None]
        elif node.type == "else_clause":
            waiting += node.named_children[-1:]
        elif node.type == "match_expression":
            body = node.child_by_field_name("body")
            arms = [arm for arm in body.named_children if arm.type == "match_arm"] if body is not None else []
            waiting += [value for arm in reversed(arms) if (value := arm.child_by_field_name("value")) is not None]
        else:
            yield node
