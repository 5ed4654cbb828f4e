"""Mistakes that learners make, made on purpose: each kind changes one place of a program that compiles.

For measuring (``tutor eval fix``): what a mistake was is known, so a fix can be compared with the program as it was.
The kinds follow what people get wrong, not what the rules can mend.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from knowledgegraph.rust_syntax import Node, Syntax, descendants, parse


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one mistake of a ``kind``."""

    kind: str
    source: bytes


# One way to go wrong: the place (start, end) and what stands there instead.
Slip = tuple[int, int, bytes]
Kind = Callable[[Syntax], Iterator[Slip]]


def mutants(source: bytes, seed: int) -> Iterator[Mutant]:
    """One mutant of each kind that ``source`` has a place for; the place is drawn from ``seed``. They need not fail to
    compile: whoever uses them looks."""
    syntax = parse(source)
    for name, kind in KINDS.items():
        slips = sorted(set(kind(syntax)))
        if slips:
            start, end, text = random.Random(f"{seed} {name}").choice(slips)  # noqa: S311 -- not for secrets
            mutated = source[:start] + text + source[end:]
            if mutated != source:
                yield Mutant(name, mutated)


def _tokens(syntax: Syntax, *types: str) -> Iterator[Node]:
    """The leaves of these types that are code, those inside macros included."""
    waiting = [syntax.root]
    while waiting:
        node = waiting.pop()
        if node.type in types and not node.child_count:
            yield node
        waiting.extend(node.children)


def _drop(*types: str) -> Kind:
    """Leaves a token out."""
    return lambda syntax: ((n.start_byte, n.end_byte, b"") for n in _tokens(syntax, *types))


def _drop_before(token: str, *parents: str) -> Kind:
    """Leaves a token out, and the white space after it, where it stands in one of ``parents``."""

    def kind(syntax: Syntax) -> Iterator[Slip]:
        for node in _tokens(syntax, token):
            if node.parent is not None and node.parent.type in parents:
                end = node.end_byte
                while syntax.source[end : end + 1] == b" ":
                    end += 1
                yield node.start_byte, end, b""

    return kind


def _instead(token: str, other: bytes, *parents: str) -> Kind:
    """Another token in the place of one."""
    return lambda syntax: (
        (n.start_byte, n.end_byte, other)
        for n in _tokens(syntax, token)
        if not parents or (n.parent is not None and n.parent.type in parents)
    )


def _misspell(*types: str) -> Kind:
    """Swaps two letters in the middle of a name."""

    def kind(syntax: Syntax) -> Iterator[Slip]:
        for node in _tokens(syntax, *types):
            name = syntax.text(node)
            if len(name) > 3 and name[1] != name[2] and node.parent is not None and "pattern" not in node.parent.type:
                yield node.start_byte, node.end_byte, name[:1] + name[2:3] + name[1:2] + name[3:]

    return kind


def _call(method: bytes) -> Kind:
    """Leaves a call of a method without arguments out."""

    def kind(syntax: Syntax) -> Iterator[Slip]:
        for node in _nodes(syntax, "call_expression"):
            function = node.child_by_field_name("function")
            if function is not None and function.type == "field_expression" and syntax.text(node).endswith(method):
                yield node.end_byte - len(method), node.end_byte, b""

    return kind


def _nodes(syntax: Syntax, *types: str) -> Iterator[Node]:
    return (node for node in descendants(syntax.root) if node.type in types)


def _reference(syntax: Syntax) -> Iterator[Slip]:
    """Passes a value instead of a reference to it."""
    for node in _nodes(syntax, "reference_expression"):
        value = node.child_by_field_name("value")
        if value is not None:
            yield node.start_byte, value.start_byte, b""


def _needless_reference(syntax: Syntax) -> Iterator[Slip]:
    for node in _nodes(syntax, "arguments"):
        for child in node.named_children:
            if child.type == "identifier":
                yield child.start_byte, child.start_byte, b"&"


def _shared(syntax: Syntax) -> Iterator[Slip]:
    """``&`` where ``&mut`` is needed."""
    for node in _nodes(syntax, "reference_expression", "reference_type", "self_parameter"):
        for child in node.children:
            if child.type == "mutable_specifier" and syntax.text(node).startswith(b"&"):
                yield child.start_byte, child.end_byte + 1, b""


def _binding(syntax: Syntax) -> Iterator[Slip]:
    """A binding that is not ``mut``."""
    for node in _nodes(syntax, "let_declaration"):
        for child in node.children:
            if child.type == "mutable_specifier":
                yield child.start_byte, child.end_byte + 1, b""


def _argument(syntax: Syntax) -> Iterator[Slip]:
    """Leaves the last of several arguments out."""
    for node in _nodes(syntax, "arguments"):
        if len(node.named_children) > 1:
            yield node.named_children[-2].end_byte, node.named_children[-1].end_byte, b""


def _field(syntax: Syntax) -> Iterator[Slip]:
    """Leaves a field of a struct literal out."""
    for node in _nodes(syntax, "field_initializer_list"):
        if len(node.named_children) > 1:
            yield node.named_children[-2].end_byte, node.named_children[-1].end_byte, b""


def _import(syntax: Syntax) -> Iterator[Slip]:
    for node in _nodes(syntax, "use_declaration"):
        end = node.end_byte + (syntax.source[node.end_byte : node.end_byte + 1] == b"\n")
        yield node.start_byte, end, b""


def _return_type(syntax: Syntax) -> Iterator[Slip]:
    for node in _nodes(syntax, "function_item"):
        name, returned = node.child_by_field_name("parameters"), node.child_by_field_name("return_type")
        if name is not None and returned is not None:
            yield name.end_byte, returned.end_byte, b""


def _tail(syntax: Syntax) -> Iterator[Slip]:
    """A semicolon after the value of a function."""
    for node in _nodes(syntax, "function_item"):
        body = node.child_by_field_name("body")
        if node.child_by_field_name("return_type") is not None and body is not None and body.named_children:
            last = body.named_children[-1]
            if last.type not in ("expression_statement", "let_declaration", "line_comment"):
                yield last.end_byte, last.end_byte, b";"


def _derive(syntax: Syntax) -> Iterator[Slip]:
    """Leaves the last trait of a derive out."""
    for node in _nodes(syntax, "attribute_item"):
        text = syntax.text(node)
        if text.startswith(b"#[derive(") and b"," in text:
            cut = text.rfind(b",")
            yield node.start_byte + cut, node.start_byte + text.rfind(b")"), b""


def _wrapper(syntax: Syntax) -> Iterator[Slip]:
    """The value itself instead of ``Some(value)`` or ``Ok(value)``."""
    for node in _nodes(syntax, "call_expression"):
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is not None and arguments is not None and syntax.text(function) in (b"Some", b"Ok"):
            yield node.start_byte, node.end_byte, syntax.text(arguments)[1:-1]


def _string(syntax: Syntax) -> Iterator[Slip]:
    """A string literal instead of a String."""
    for node in _nodes(syntax, "call_expression"):
        text = syntax.text(node)
        if text.startswith(b'String::from("') and text.endswith(b'")'):
            yield node.start_byte, node.end_byte, text[len(b"String::from(") : -1]


def _float(syntax: Syntax) -> Iterator[Slip]:
    """An integer literal instead of a float."""
    for node in _nodes(syntax, "float_literal"):
        if syntax.text(node).endswith(b".0"):
            yield node.start_byte, node.end_byte, syntax.text(node)[:-2]


def _quotes(syntax: Syntax) -> Iterator[Slip]:
    """A string instead of a character."""
    for node in _nodes(syntax, "char_literal"):
        yield node.start_byte, node.end_byte, b'"' + syntax.text(node)[1:-1].replace(b'"', b'\\"') + b'"'


def _cast(syntax: Syntax) -> Iterator[Slip]:
    for node in _nodes(syntax, "type_cast_expression"):
        value = node.child_by_field_name("value")
        if value is not None:
            yield value.end_byte, node.end_byte, b""


def _bound(syntax: Syntax) -> Iterator[Slip]:
    """Leaves the bounds of a type parameter out."""
    for node in _nodes(syntax, "type_parameter", "constrained_type_parameter"):
        for child in node.children:
            if child.type == "trait_bounds":
                yield child.start_byte, child.end_byte, b""


def _own(syntax: Syntax) -> Iterator[Slip]:
    """A field without ``self``."""
    for node in _nodes(syntax, "field_expression"):
        value, name = node.child_by_field_name("value"), node.child_by_field_name("field")
        if value is not None and name is not None and syntax.text(value) == b"self":
            yield node.start_byte, name.start_byte, b""


def _parentheses(syntax: Syntax) -> Iterator[Slip]:
    """A method that is not called."""
    for node in _nodes(syntax, "call_expression"):
        if syntax.text(node).endswith(b"()"):
            yield node.end_byte - 2, node.end_byte, b""


def _semicolon(syntax: Syntax) -> Iterator[Slip]:
    for node in _tokens(syntax, ";"):
        if node.parent is not None and node.parent.type in (
            "let_declaration",
            "expression_statement",
            "use_declaration",
        ):
            yield node.start_byte, node.end_byte, b""


def _comma(syntax: Syntax) -> Iterator[Slip]:
    for node in _tokens(syntax, ","):
        lists = ("arguments", "parameters", "field_declaration_list", "field_initializer_list", "enum_variant_list")
        if node.parent is not None and node.parent.type in lists and node.next_named_sibling is not None:
            yield node.start_byte, node.end_byte, b""


def _lifetimes(syntax: Syntax) -> Iterator[Slip]:
    """A lifetime that is used and not declared."""
    for node in _nodes(syntax, "type_parameters"):
        if syntax.text(node).startswith(b"<'") and b"," not in syntax.text(node):
            yield node.start_byte, node.end_byte, b""


def _elided(syntax: Syntax) -> Iterator[Slip]:
    """A reference in a struct without its lifetime."""
    for node in _nodes(syntax, "reference_type"):
        for child in node.named_children:
            if child.type == "lifetime":
                yield child.start_byte, child.end_byte + 1, b""


def _arm(syntax: Syntax) -> Iterator[Slip]:
    """A match without one of its arms."""
    for node in _nodes(syntax, "match_block"):
        arms = [child for child in node.named_children if child.type == "match_arm"]
        if len(arms) > 1:
            yield arms[-2].end_byte, arms[-1].end_byte, b""


def _borrowed_loop(syntax: Syntax) -> Iterator[Slip]:
    """A loop that takes what it should only look at."""
    for node in _nodes(syntax, "for_expression"):
        value = node.child_by_field_name("value")
        if value is not None and value.type == "reference_expression" and b"mut" not in syntax.text(value):
            yield value.start_byte, value.start_byte + 1, b""


#: Every kind of mistake, by its name.
KINDS: dict[str, Kind] = {
    "missing-semicolon": _semicolon,
    "missing-comma": _comma,
    "missing-closing-brace": _drop("}"),
    "missing-closing-parenthesis": _drop(")"),
    "missing-closing-bracket": _drop("]"),
    "missing-mut": _binding,
    "shared-instead-of-mutable": _shared,
    "missing-reference": _reference,
    "needless-reference": _needless_reference,
    "moved-in-loop": _borrowed_loop,
    "missing-clone": _call(b".clone()"),
    "missing-to-string": _call(b".to_string()"),
    "missing-iter": _call(b".iter()"),
    "missing-collect": _call(b".collect()"),
    "missing-unwrap-or-default": _call(b".unwrap_or_default()"),
    "missing-dereference": _drop_before("*", "unary_expression"),
    "missing-question-mark": _drop_before("?", "try_expression"),
    "missing-move": _drop_before("move", "closure_expression", "async_block"),
    "missing-dyn": _drop_before("dyn", "dynamic_type"),
    "missing-let": _drop_before("let", "let_declaration"),
    "missing-in": _drop_before("in", "for_expression"),
    "missing-fn": _drop_before("fn", "function_item"),
    "missing-bang": _drop_before("!", "macro_invocation"),
    "missing-arrow": _drop_before("->", "function_item"),
    "missing-colon": _drop_before(":", "parameter", "field_declaration"),
    "missing-equals": _drop_before("=", "let_declaration"),
    "thin-arrow-in-match": _instead("=>", b"->", "match_arm"),
    "fat-arrow-in-signature": _instead("->", b"=>", "function_item"),
    "assignment-in-condition": _instead("==", b"="),
    "dot-instead-of-path": _instead("::", b"."),
    "path-instead-of-dot": _instead(".", b"::", "field_expression"),
    "func-keyword": _instead("fn", b"func", "function_item"),
    "var-keyword": _instead("let", b"var", "let_declaration"),
    "missing-import": _import,
    "missing-return-type": _return_type,
    "needless-semicolon": _tail,
    "missing-derive": _derive,
    "missing-wrapper": _wrapper,
    "literal-instead-of-string": _string,
    "integer-instead-of-float": _float,
    "string-instead-of-character": _quotes,
    "missing-cast": _cast,
    "missing-bound": _bound,
    "missing-self": _own,
    "missing-call": _parentheses,
    "missing-argument": _argument,
    "missing-field": _field,
    "missing-arm": _arm,
    "undeclared-lifetime": _lifetimes,
    "missing-lifetime": _elided,
    "misspelt-name": _misspell("identifier"),
    "misspelt-field": _misspell("field_identifier"),
    "misspelt-type": _misspell("type_identifier", "primitive_type"),
}
