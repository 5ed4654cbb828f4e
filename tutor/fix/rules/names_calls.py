"""A call, found whether it stands in an expression or among the tokens of a macro."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function by a plain name. ``start`` and ``end``: its bytes; ``loops_over``: it is what a ``for``
    goes over."""

    file: str
    name: str
    start: int
    end: int
    arguments: Sequence[str]
    loops_over: bool

    def replaced(self, text: str) -> Edit:
        """Puts ``text`` in its place."""
        return Edit(self.file, self.start, self.end, text.encode())


def call_at(case: Case) -> Call | None:
    """The call whose function's name is the primary span; None where that is no call of a plain name."""
    node = case.node
    if node is None or case.place.from_macro or (node.start_byte, node.end_byte) != (case.place.start, case.place.end):
        return None
    parent = node.parent
    if parent is None:
        return None
    if parent.type == "call_expression" and parent.child_by_field_name("function") == node:
        arguments = parent.child_by_field_name("arguments")
        around = parent.parent
        loops = around is not None and around.type == "for_expression" and around.child_by_field_name("value") == parent
    elif parent.type == "token_tree":
        arguments, loops = node.next_sibling, False
        if arguments is None or arguments.type != "token_tree":
            return None
    else:
        return None
    if arguments is None or arguments.has_error:
        return None
    split = _split(case, arguments)
    if split is None:
        return None
    return Call(case.file, case.text(node), node.start_byte, arguments.end_byte, split, loops)


def _split(case: Case, arguments: Node) -> list[str] | None:
    """The texts between the commas; None where these are no parentheses."""
    children = arguments.children
    if len(children) < 2 or children[0].type != "(" or children[-1].type != ")":
        return None
    found: list[str] = []
    start = children[0].end_byte
    for child in children[1:]:
        if child.type == "," or child == children[-1]:
            found.append(case.source[start : child.start_byte].decode("utf-8", "replace").strip())
            start = child.end_byte
    return [argument for argument in found if argument]
