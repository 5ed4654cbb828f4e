"""What the rules about ownership share: statements and their order, names, and the text of a place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledgegraph.rust_syntax import Node
from tutor.diagnostics import Span
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case

NAME = r"[^\W\d]\w*"
_ROOT = re.compile(rf"[\s(*&]*(?:mut\s+)?({NAME})")
JUMPS = re.compile(r"\b(?:return|break|continue|yield)\b|\?(?!\})")


def newline(case: Case) -> str:
    """The line ending of the file."""
    return "\r\n" if b"\r\n" in case.source else "\n"


def part(case: Case, start: int, end: int) -> str:
    """The text between two offsets."""
    return case.source[start:end].decode("utf-8", "replace")


def mentions(text: str, name: str) -> bool:
    """Whether ``name`` stands in ``text`` as a word of its own, in a format string too."""
    return re.search(rf"(?<![\w'.]){re.escape(name)}\b", text) is not None


def root_name(place: str) -> str:
    """The variable that a place such as ``*self.items`` or ``v[_]`` begins with; "" where there is none."""
    found = _ROOT.match(place)
    return found.group(1) if found else ""


def quoted(text: str) -> str:
    """The first thing in backquotes in a message of the compiler."""
    found = re.search(r"`([^`]+)`", text)
    return found.group(1) if found else ""


def exact(case: Case, place: Span, *kinds: str) -> Node | None:
    """The outermost node that covers ``place`` exactly, of one of ``kinds`` where some are given."""
    node, found = case.at(place), None
    while node is not None and (node.start_byte, node.end_byte) == (place.start, place.end):
        if not kinds or node.type in kinds:
            found = node
        node = node.parent
    return found


def end_of(case: Case, node: Node) -> int:
    """Where ``node`` ends, with the comment that follows it on its line."""
    found = re.compile(rb"[ \t]*//[^\r\n]*").match(case.source, node.end_byte)
    return found.end() if found else node.end_byte


def statement(node: Node | None) -> Node | None:
    """The statement, or last expression, of the nearest block that ``node`` belongs to."""
    while node is not None and node.parent is not None:
        if node.parent.type == "block":
            return node
        node = node.parent
    return None


def statement_in(node: Node | None, block: Node) -> Node | None:
    """The direct child of ``block`` that holds ``node``."""
    while node is not None and node.parent is not None:
        if node.parent == block:
            return node
        node = node.parent
    return None


def function_of(case: Case, node: Node | None) -> Node | None:
    """The function that ``node`` is in."""
    return case.above(node, "function_item")


def bound_names(case: Case, node: Node) -> list[str]:
    """The variables that a ``let`` statement brings in; nothing for another statement."""
    pattern = node.child_by_field_name("pattern") if node.type == "let_declaration" else None
    return [] if pattern is None else re.findall(NAME, case.text(pattern))


def is_mutable(reference: Node) -> bool:
    """Whether a ``reference_expression`` or a parameter is written with ``mut``."""
    return any(child.type == "mutable_specifier" for child in reference.children)


def identifiers(case: Case, where: Node, name: str) -> Iterator[Node]:
    """The places below ``where`` at which the variable ``name`` stands as an identifier of its own."""
    for node in case.below(where, "identifier"):
        if case.text(node) == name:
            yield node


def without_stars(case: Case, where: Node, name: str, after: int) -> list[Edit]:
    """Edits that make ``*name`` a plain ``name`` from offset ``after`` on, macros included."""
    edits = []
    for node in identifiers(case, where, name):
        star = node.start_byte - 1
        if node.start_byte < after or case.source[star : star + 1] != b"*":
            continue
        before = case.source[:star].rstrip()[-1:]
        if before and (before.isalnum() or before in b")]_"):
            continue  # a multiplication
        edits.append(Edit(case.file, star, star + 1, b""))
    return edits


def fresh(case: Case, where: Node | None, *wishes: str) -> str:
    """The first of ``wishes`` that no text of ``where`` mentions; the last one with a number where all are taken."""
    text = case.text(where if where is not None else case.root)
    for wish in wishes:
        if not mentions(text, wish):
            return wish
    number = 2
    while mentions(text, f"{wishes[-1]}{number}"):
        number += 1
    return f"{wishes[-1]}{number}"


def declaration(case: Case, node: Node | None, name: str) -> Node | None:
    """The last ``let`` of ``name`` alone before ``node`` in its function."""
    function = function_of(case, node)
    found = None
    if function is not None and node is not None:
        for let in case.below(function, "let_declaration"):
            pattern = let.child_by_field_name("pattern")
            if let.start_byte < node.start_byte and pattern is not None and case.text(pattern) == name:
                found = let
    return found


def is_public(case: Case, item: Node | None) -> bool:
    """Whether others may rely on the item: it is ``pub`` and the file is no program."""
    if item is None or "main" in case.functions():
        return False
    return any(child.type == "visibility_modifier" and case.text(child) == "pub" for child in item.children)


def in_trait(case: Case, function: Node) -> bool:
    """Whether the signature of a method belongs to a trait."""
    owner = case.above(function.parent, "impl_item", "trait_item", "function_item")
    if owner is None or owner.type == "function_item":
        return False
    return owner.type == "trait_item" or owner.child_by_field_name("trait") is not None
