"""What the rules about traits ask of a syntax tree: items and bindings by name, what a function returns, which traits a
type has, how to name a trait; and bounds and derives as edits."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case
from tutor.fix.rules.traits_index import index, plain


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


TYPES: Final = ("struct_item", "enum_item", "union_item")
NUMBERS: Final = words("i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64")
# What a derive stands on (The Rust Reference, "Derive"; the traits' own declarations).
_BASES: Final = {"PartialOrd": ("PartialEq",), "Eq": ("PartialEq",), "Copy": ("Clone",)}
_BASES_OF_ORD: Final = ("PartialEq", "Eq", "PartialOrd")
_WINDOW: Final = 2_000  # bytes before a place that are looked at
_LONGEST_NAME: Final = 200
_NEAR: Final = 200  # declarations of one name that are looked at
_BINDING: Final = words("match_arm for_expression closure_expression if_expression while_expression let_condition")
_PRELUDE: Final = words(
    "Clone Copy PartialEq Eq PartialOrd Ord Default Iterator IntoIterator Send Sync Sized Drop Fn FnMut FnOnce From "
    "Into AsRef AsMut ToString ToOwned Extend ExactSizeIterator DoubleEndedIterator"
)
_HOMES: Final = {
    "Hash": "std::hash", "Debug": "std::fmt", "Display": "std::fmt", "Error": "std::error", "FromStr": "std::str",
    "Borrow": "std::borrow", "Deref": "std::ops", "DerefMut": "std::ops", "Read": "std::io", "Write": "std::io",
    **dict.fromkeys(words("Add Sub Mul Div Rem Neg Not AddAssign SubAssign MulAssign DivAssign Index IndexMut"),
                    "std::ops"),
    **dict.fromkeys(("Sum", "Product", "FromIterator"), "std::iter"),
}  # fmt: skip


def name_of(case: Case, node: Node | None) -> str:
    """The text of a node's ``name``; "" where it has none."""
    name = node.child_by_field_name("name") if node is not None else None
    return case.text(name) if name is not None else ""


def unboxed(type_text: str) -> str:
    """A type without the references and pointers around it: "&Box<List>" is "List"."""
    text = re.sub(r"^(?:&\s*(?:'\w+\s+)?(?:mut\s+)?)+", "", type_text.strip())
    while found := re.fullmatch(r"(?:[\w:]*::)?(?:Box|Rc|Arc)<(.*)>", text):
        text = found.group(1)
    return text


def only(found: Sequence[Node]) -> Node | None:
    """The one node that there is; None for none and for several."""
    return found[0] if len(found) == 1 else None


def local_type(case: Case, type_text: str) -> Node | None:
    """The struct, enum or union of this file that a type of a message names; None when it is not the only one."""
    return only(index(case.syntax).types.get(plain(type_text) or " ", ()))


def local_trait(case: Case, trait_text: str) -> Node | None:
    """The trait of this file with that name; None when it is not the only one."""
    return only(index(case.syntax).traits.get(plain(trait_text) or " ", ()))


def local_function(case: Case, name: str) -> Node | None:
    """The function of this file with that name; None when it is not the only one."""
    return only(index(case.syntax).functions.get(name, ()))


def impls_of(case: Case, trait_text: str) -> Sequence[Node]:
    """The implementations of a trait in this file."""
    return index(case.syntax).impls_of.get(plain(trait_text) or " ", ())


def own_blocks(case: Case, type_name: str) -> Iterator[Node]:
    """The ``impl`` blocks of a type that are of no trait."""
    blocks = index(case.syntax).impls_on.get(type_name, ())
    return (block for block in blocks if block.child_by_field_name("trait") is None)


def members(node: Node | None, *kinds: str) -> Iterator[Node]:
    """The items of these kinds directly in the body of an impl, a trait or a module."""
    body = node.child_by_field_name("body") if node is not None else None
    if body is not None:
        yield from (child for child in body.named_children if child.type in kinds)


def member(case: Case, node: Node | None, name: str) -> Node | None:
    """The function, type or constant ``name`` directly in an impl or a trait."""
    kinds = ("function_item", "function_signature_item", "associated_type", "type_item", "const_item")
    return next((child for child in members(node, *kinds) if name_of(case, child) == name), None)


def parameters(function: Node) -> list[Node]:
    """A function's parameters, ``self`` included."""
    listed = function.child_by_field_name("parameters")
    if listed is None:
        return []
    return [child for child in listed.named_children if child.type in ("parameter", "self_parameter")]


def self_parameter(function: Node) -> Node | None:
    """The ``self``, ``&self`` or ``&mut self`` of a method."""
    return next((p for p in parameters(function)[:1] if p.type == "self_parameter"), None)


def returns(case: Case, function: Node | None) -> str:
    """The written return type of a function or closure; "" for none."""
    written = function.child_by_field_name("return_type") if function is not None else None
    return case.text(written) if written is not None else ""


def public(node: Node) -> bool:
    """Whether an item is written with ``pub``."""
    return any(child.type == "visibility_modifier" for child in node.children)


def simple_getters(case: Case, type_name: str) -> Iterator[tuple[str, str]]:
    """Name and return type of the methods of a local type that need nothing but ``self``."""
    for block in own_blocks(case, type_name):
        for function in members(block, "function_item"):
            given = parameters(function)
            if len(given) == 1 and given[0].type == "self_parameter":
                yield name_of(case, function), returns(case, function)


def binding(case: Case, name: str, at: int) -> Node | None:
    """What binds the local variable ``name`` as seen from ``at``: a ``let_declaration`` or a ``parameter``; None when
    it is bound by another pattern, or not at all."""
    declared = index(case.syntax).lets.get(name, [])
    before = bisect_right(declared, at, key=lambda node: node.end_byte)
    nearest = next((let for let in reversed(declared[max(0, before - _NEAR) : before]) if _sees(at, let)), None)
    node = case.at((at, at))
    while node is not None and (nearest is None or node != nearest.parent):
        pattern = node.child_by_field_name("pattern") or node.child_by_field_name("condition")
        if node.type == "closure_expression":
            pattern = node.child_by_field_name("parameters")
        elif node.type == "function_item":
            return next((p for p in parameters(node) if _binds(case, p.child_by_field_name("pattern"), name)), None)
        if node.type in _BINDING and _binds(case, pattern, name):
            return None
        node = node.parent
    # A pattern that takes a value apart binds the name to a part of it.
    whole = nearest is not None and _pattern(case, nearest) == name
    return nearest if whole else None


def _sees(at: int, let: Node) -> bool:
    return let.parent is not None and let.parent.start_byte <= at < let.parent.end_byte


def _pattern(case: Case, let: Node) -> str:
    pattern = let.child_by_field_name("pattern")
    return case.text(pattern) if pattern is not None else ""


def _binds(case: Case, pattern: Node | None, name: str) -> bool:
    if pattern is None or (pattern.type.endswith("expression") and "let" not in case.text(pattern)):
        return False
    return re.search(rf"\b{re.escape(name)}\b", case.text(pattern)) is not None


def named_trait(case: Case, trait: str) -> str:
    """How to write a trait in this file: by its name where that is known, else by its path in std."""
    name, bracket, inside = trait.partition("<")
    arguments = bracket + inside
    last = name.split("::")[-1]
    if last in _PRELUDE or _imported(case, last):
        return last + arguments
    if local_trait(case, last) is not None and "::" not in name:
        return last + arguments
    return (name if "::" in name else f"{_HOMES[last]}::{last}" if last in _HOMES else last) + arguments


def _imported(case: Case, name: str) -> bool:
    return re.search(rf"\buse\b[^;]*\b{re.escape(name)}\b".encode(), case.source) is not None


def add_bounds(case: Case, parameter: str, traits: Sequence[str], at: int) -> Edit | None:
    """Asks ``parameter``, a type parameter of an item around ``at``, for more traits; None when nothing declares it."""
    node: Node | None = case.at((at, at))
    while node is not None:
        listed = node.child_by_field_name("type_parameters")
        for declared in listed.named_children if listed is not None else ():
            if declared.type == "type_parameter" and name_of(case, declared) == parameter:
                bounds = declared.child_by_field_name("bounds")
                given = {plain(case.text(b)) for b in bounds.named_children} if bounds is not None else set()
                new = [named_trait(case, t) for t in traits if plain(t) not in given]
                if not new:
                    return None
                name = declared.child_by_field_name("name") or declared
                if bounds is not None and bounds.named_children:
                    return case.insert(bounds.end_byte, " + " + " + ".join(new))
                return case.insert(name.end_byte, ": " + " + ".join(new))
        node = node.parent
    return None


def derives(case: Case, item: Node) -> tuple[Node | None, list[str]]:
    """The last ``#[derive(…)]`` before an item, and all traits that it derives or that the file implements for it."""
    last, found = None, [
        plain(case.text(trait))
        for block in index(case.syntax).impls_on.get(name_of(case, item), ())
        if (trait := block.child_by_field_name("trait")) is not None
    ]  # fmt: skip
    before = item.prev_named_sibling
    while before is not None and before.type in ("attribute_item", "line_comment", "block_comment"):
        if listed := re.fullmatch(r"#\s*\[\s*derive\s*\((.*)\)\s*\]", case.text(before), re.DOTALL):
            last = last or before
            found += [plain(name) for name in listed.group(1).split(",") if name.strip()]
        before = before.prev_named_sibling
    return last, found


def with_bases(traits: Iterable[str]) -> list[str]:
    """``traits`` and those that a derive of them stands on, each once, the bases first."""
    found: list[str] = []
    for trait in traits:
        for name in (*(_BASES_OF_ORD if trait == "Ord" else _BASES.get(trait, ())), trait):
            if name not in found:
                found.append(name)
    return found


def derive(case: Case, item: Node, traits: Iterable[str]) -> Edit | None:
    """Derives ``traits`` and what they stand on for a local type, in the list that is there; None when it has all."""
    attribute, given = derives(case, item)
    new = [trait for trait in with_bases(traits) if trait not in given]
    if not new:
        return None
    if attribute is None:
        indent = case.indentation(item.start_byte)
        return case.insert(item.start_byte, f"#[derive({', '.join(new)})]{line_end(case)}{indent}")
    written = case.text(attribute)
    inside = written[written.index("(") + 1 : written.rindex(")")]
    kept = inside.rstrip().rstrip(",")
    at = attribute.start_byte + len(written[: written.index("(") + 1].encode()) + len(kept.encode())
    return case.insert(at, (", " if kept.strip() else "") + ", ".join(new))


def splice(case: Case, start: int, end: int, text: str) -> Edit:
    """Puts ``text`` in the place of the bytes ``start`` to ``end``."""
    return Edit(case.file, start, end, text.encode())


def line_end(case: Case) -> str:
    """How lines of this file end."""
    return "\r\n" if b"\r\n" in case.source else "\n"


def around(node: Node | None, *kinds: str) -> Node | None:
    """The nearest node above ``node`` of one of these kinds."""
    node = node.parent if node is not None else None
    while node is not None and node.type not in kinds:
        node = node.parent
    return node


def propagates(case: Case, at: int) -> str:
    """ "Result" or "Option" when ``?`` on such a value may leave the function around ``at``, as far as its written
    return type says; "" when it may not or that is not known (a closure)."""
    function = case.at((at, at))
    while function is not None and function.type not in ("function_item", "closure_expression", "async_block"):
        function = function.parent
    if function is None or function.type != "function_item":
        return ""
    name = plain(returns(case, function))
    return name if name in ("Result", "Option") else ""


def receiver_end(case: Case, method_at: int) -> int:
    """Where the receiver ends of a method call whose name begins at ``method_at``; -1 when no dot stands there."""
    start = max(0, method_at - _WINDOW)
    before = case.source[start:method_at].rstrip()
    return start + len(before[:-1].rstrip()) if before.endswith(b".") else -1


def name_before(case: Case, end: int) -> str:
    """The variable that ends at ``end`` and is a whole expression; "" for anything else."""
    line = case.source[max(0, end - _WINDOW) : end].decode("utf-8", "replace")
    found = re.search(r"(?<![\w.:])([a-z_]\w*)\Z", line[-_LONGEST_NAME:])
    return found.group(1) if found else ""
