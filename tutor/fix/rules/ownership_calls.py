"""The calls in a file, also those within macros, and what a change of a parameter means for the callers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case
from tutor.fix.rules.ownership_tools import declaration, function_of, in_trait, is_mutable, is_public, part

_MOST_FUNCTIONS = 8
_LAST_NAME = re.compile(r"([^\W\d]\w*)\s*(?:::\s*<[^()]*>)?$")
_SHARED = re.compile(r"&\s*(?:'\w+\s+)?(?!mut\b)")

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Call:
    """A call: the called function's or method's own name, the offsets of its arguments and of what stands before the
    dot of a method; ``node`` is where it stands (of a call in a macro, its name)."""

    name: str
    arguments: tuple[Place, ...]
    receiver: Place | None
    node: Node


def calls(case: Case) -> Iterator[Call]:
    """All calls of the file in no certain order."""
    for node in case.below(case.root, "call_expression", "token_tree"):
        if node.type == "token_tree":
            yield from _in_macro(case, node)
            continue
        called, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        name = _LAST_NAME.search(case.text(called)) if called is not None else None
        if called is None or arguments is None or name is None:
            continue
        given = tuple((n.start_byte, n.end_byte) for n in arguments.named_children if "comment" not in n.type)
        value = called.child_by_field_name("value") if called.type == "field_expression" else None
        yield Call(name.group(1), given, (value.start_byte, value.end_byte) if value is not None else None, node)


def _in_macro(case: Case, tree: Node) -> Iterator[Call]:
    """The calls directly in the tokens of a macro, which the syntax tree knows only as names and brackets."""
    row = tree.children
    for number, node in enumerate(row[:-1]):
        following = row[number + 1]
        if node.type != "identifier" or following.type != "token_tree" or not case.text(following).startswith("("):
            continue
        first = number
        while first >= 2 and row[first - 1].type == "." and row[first - 2].type in ("identifier", "self"):
            first -= 2
        receiver = (row[first].start_byte, row[number - 2].end_byte) if first < number else None
        yield Call(case.text(node), _split(following), receiver, node)


def _split(tree: Node) -> tuple[Place, ...]:
    """The arguments in the brackets ``tree``."""
    found: list[Place] = []
    here: list[Node] = []
    for node in [*tree.children[1:-1], None]:
        if node is not None and node.type != ",":
            here.append(node)
        elif here:
            found.append((here[0].start_byte, here[-1].end_byte))
            here = []
    return tuple(found)


def parameters_of(function: Node) -> list[Node]:
    """The parameters of a function without ``self``."""
    parameters = function.child_by_field_name("parameters")
    return [node for node in parameters.named_children if node.type == "parameter"] if parameters is not None else []


def self_of(function: Node) -> Node | None:
    """The ``self`` parameter of a method."""
    parameters = function.child_by_field_name("parameters")
    found = parameters.named_children if parameters is not None else []
    return next((node for node in found if node.type == "self_parameter"), None)


def name_of(case: Case, function: Node | None) -> str:
    """The name of a function; "" where it has none."""
    name = function.child_by_field_name("name") if function is not None else None
    return case.text(name) if name is not None else ""


def pattern_name(case: Case, parameter: Node) -> str:
    """The variable of a parameter; "" where it is a pattern."""
    pattern = parameter.child_by_field_name("pattern")
    return case.text(pattern) if pattern is not None and pattern.type == "identifier" else ""


class Exclusive:
    """The edits that let a function change what it so far only reads through a shared reference: its parameter becomes
    ``&mut``, its callers lend exclusively and have mutable variables, and so on to the callers' callers."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._calls: dict[str, list[Call]] = {}
        for call in calls(case):
            self._calls.setdefault(call.name, []).append(call)
        self._waiting: list[tuple[Node, Node]] = []
        self._seen: set[Place] = set()
        self._edits: dict[Place, Edit] = {}
        self._possible = True

    def edits(self, function: Node, parameter: Node) -> list[Edit]:
        """All edits for one parameter, ``self`` included; nothing where some place cannot be told."""
        self._waiting.append((function, parameter))
        while self._waiting and self._possible:
            self._change(*self._waiting.pop())
        return list(self._edits.values()) if self._possible else []

    def _add(self, edit: Edit) -> None:
        self._edits[(edit.start, edit.end)] = edit

    def _change(self, function: Node, parameter: Node) -> None:
        case, place = self._case, (parameter.start_byte, parameter.end_byte)
        if place in self._seen:
            return
        self._seen.add(place)
        if len(self._seen) > _MOST_FUNCTIONS or is_public(case, function):
            self._possible = False
            return
        if in_trait(case, function):
            self._same_in_trait(function, parameter)
        kind = parameter.child_by_field_name("type") if parameter.type == "parameter" else parameter
        found = _SHARED.match(case.text(kind)) if kind is not None else None
        if kind is None or found is None:
            self._possible = kind is not None and case.text(kind).startswith(("&mut", "mut self"))
            return
        self._add(case.insert(kind.start_byte + found.end(), "mut "))
        result = function.child_by_field_name("return_type")
        if parameter.type == "self_parameter" and result is not None and case.text(result) == "&Self":
            self._add(case.insert(result.start_byte + 1, "mut "))
        own = parameters_of(function)
        number = own.index(parameter) if parameter in own else None
        for call in self._calls.get(name_of(case, function), ()):
            if number is None and call.receiver is not None:
                self._lend(call.receiver, call.node, method=True)
            elif number is not None and number < len(call.arguments):
                self._lend(call.arguments[number], call.node, method=False)
            elif number is None:
                self._possible = False

    def _same_in_trait(self, function: Node, parameter: Node) -> None:
        """A method of a trait has the same ``self`` in the trait and all its implementations."""
        case, name = self._case, name_of(self._case, function)
        same = [
            item
            for item in case.below(case.root, "function_item", "function_signature_item")
            if name_of(case, item) == name and in_trait(case, item)
        ]
        if parameter.type != "self_parameter" or not any(case.above(item, "trait_item") for item in same):
            self._possible = False
            return
        self._waiting.extend((item, own) for item in same if (own := self_of(item)) is not None)

    def _lend(self, place: Place, at: Node, *, method: bool) -> None:
        """Makes the expression at ``place`` one through which its value may be changed."""
        case, text = self._case, part(self._case, *place)
        if found := re.match(r"&\s*(?!mut\b)", text):
            self._add(case.insert(place[0] + found.end(), "mut "))
            text = text[found.end() :]
        elif text.startswith("&mut"):
            return
        elif not method and not text.isidentifier():
            self._possible = False
            return
        name = re.match(r"\w+", text)
        if name is not None and re.fullmatch(r"[\w.\s]+", text):
            self._variable(name.group(), at)

    def _variable(self, name: str, at: Node) -> None:
        case, function = self._case, function_of(self._case, at)
        if function is None:
            return
        if name == "self":
            own = self_of(function)
            if own is not None and case.text(own) == "&self":
                self._waiting.append((function, own))
            return
        let = declaration(case, at, name)
        if let is None:
            for parameter in parameters_of(function):
                kind = parameter.child_by_field_name("type")
                if pattern_name(case, parameter) == name and kind is not None and case.text(kind).startswith("&"):
                    self._waiting.append((function, parameter))
            return
        pattern, value = let.child_by_field_name("pattern"), let.child_by_field_name("value")
        if value is not None and value.type == "reference_expression":
            if not is_mutable(value):
                self._lend((value.start_byte, value.end_byte), let, method=False)
        elif pattern is not None and not any(child.type == "mutable_specifier" for child in let.children):
            self._add(case.insert(pattern.start_byte, "mut "))
