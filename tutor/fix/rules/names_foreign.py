"""Rules for names of other languages: ``null``, ``len(x)``, ``printf("%d", n)``, ``List<T>``, ``printline!``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.names_calls import Call, call_at
from tutor.fix.rules.names_imports import import_edit
from tutor.fix.rules.names_scope import locals_at

_NOTHING: Final = frozenset(
    {"null", "nil", "NULL", "nullptr", "Null", "Nil", "NIL", "none", "NONE", "undefined", "Nothing", "nothing"}
)
_TYPES: Final = {
    "Int": "i32", "Integer": "i32", "integer": "i32", "Long": "i64", "Double": "f64", "Float": "f64", "number": "f64",
    "Number": "f64", "uint": "u32", "unsigned": "u32", "Byte": "u8", "Char": "char", "character": "char",
    "Character": "char", "void": "()", "Void": "()", "size_t": "usize", "Usize": "usize", "text": "String",
    "Text": "String", "Str": "String", "vector": "Vec", "Vector": "Vec", "List": "Vec", "list": "Vec",
    "ArrayList": "Vec", "Array": "Vec", "Maybe": "Option", "Optional": "Option", "HashTable": "HashMap",
    "Dictionary": "HashMap", "Dict": "HashMap", "dict": "HashMap", "Map": "HashMap", "map": "HashMap",
    "Set": "HashSet", "Deque": "VecDeque",
}  # fmt: skip
_COLLECTIONS: Final = frozenset({"HashMap", "HashSet", "VecDeque"})
_METHODS: Final = {
    "len": ("len",), "length": ("len",), "size": ("len",), "abs": ("abs",), "fabs": ("abs",), "sqrt": ("sqrt",),
    "floor": ("floor",), "ceil": ("ceil",), "round": ("round",), "sin": ("sin",), "cos": ("cos",), "tan": ("tan",),
    "exp": ("exp",), "ln": ("ln",), "pow": ("pow", "powi", "powf"), "append": ("push",), "push": ("push",),
    "toupper": ("to_uppercase",), "tolower": ("to_lowercase",), "toString": ("to_string",), "to_string": ("to_string",),
    "clone": ("clone",),
}  # fmt: skip
_PRINTS: Final = {"printf": "print", "puts": "println", "echo": "println", "println": "println", "print": "print",
                  "printline": "println", "writeln": "println", "say": "println"}  # fmt: skip
_MACROS: Final = {
    "printn": "println", "printl": "println", "pritnln": "println", "prinln": "println", "printline": "println",
    "print_ln": "println", "print_line": "println", "printf": "print", "puts": "println", "echo": "println",
    "eprintn": "eprintln", "sprintf": "format", "string": "format", "fmt": "format", "fprintf": "write",
    "formatln": "format", "vector": "vec", "list": "vec", "Vec": "vec", "assert_equal": "assert_eq",
    "assert_equals": "assert_eq", "assertEqual": "assert_eq", "assertEquals": "assert_eq", "assertEq": "assert_eq",
    "assert_neq": "assert_ne", "assert_not_eq": "assert_ne", "assert_not_equal": "assert_ne",
}  # fmt: skip
_LIKE_C: Final = re.compile(r"%(?:(%)|[-+0 ]?(\d*)(?:\.(\d+))?(?:ll|l|h|z)?([dioufFeEgxXscp]))")
_LINE_END: Final = r"\n"


@rule("E0425")
def nothing(case: Case) -> Iterator[Fix]:
    """Rust has no null: a value that may be missing is an ``Option``, and its missing value is ``None``. Whether there
    is one is asked with ``is_none`` and ``is_some``."""
    written = case.text(case.place)
    node = case.node
    if written not in _NOTHING or "cannot find value" not in case.message or case.place.from_macro or node is None:
        return
    parent = node.parent
    operator = parent.child_by_field_name("operator") if parent is not None else None
    left = parent.child_by_field_name("left") if parent is not None else None
    if (
        parent is not None
        and parent.type == "binary_expression"
        and operator is not None
        and left is not None
        and left != node
        and operator.type in {"==", "!="}
    ):
        method = "is_none" if operator.type == "==" else "is_some"
        asked = f"{_receiver(case, left)}.{method}()"
        yield Fix((case.replace(parent, asked),), f"ask with `{method}` whether there is a value", 0.7)
    yield Fix((case.replace(case.place, "None"),), f"use `None`: there is no `{written}` in Rust", 0.68)


def _receiver(case: Case, node: Node) -> str:
    simple = {
        "identifier",
        "field_expression",
        "call_expression",
        "self",
        "parenthesized_expression",
        "index_expression",
    }
    written = case.text(node)
    return written if node.type in simple else f"({written})"


@rule("E0425")
def this(case: Case) -> Iterator[Fix]:
    """What other languages call ``this`` is ``self``, and a method says in its parameters that it has one."""
    if case.text(case.place) not in {"this", "This", "me"} or "cannot find value" not in case.message:
        return
    function = case.above(case.node, "function_item")
    parameters = function.child_by_field_name("parameters") if function is not None else None
    if parameters is not None and any(child.type == "self_parameter" for child in parameters.named_children):
        yield Fix((case.replace(case.place, "self"),), f"use `self` for `{case.text(case.place)}`", 0.65)


@rule("E0425", "E0412", "E0433")
def foreign_type(case: Case) -> Iterator[Fix]:
    """Names of types in other languages; a collection of the standard library is imported as well."""
    written = case.text(case.place)
    meant = _TYPES.get(written)
    if meant is None or f"cannot find type `{written}`" not in case.message or case.place.from_macro:
        return
    edits = [case.replace(case.place, meant)]
    if meant in _COLLECTIONS and not re.search(rf"\buse\b[^;]*\b{meant}\b".encode(), case.source):
        edits.append(import_edit(case, case.node, f"std::collections::{meant}"))
    yield Fix(tuple(edits), f"use `{meant}`: Rust has no type `{written}`", 0.62)


@rule("E0425", "E0423")
def foreign_function(case: Case) -> Iterator[Fix]:
    """What is a function elsewhere is a method, a range, a conversion or a macro in Rust."""
    call = call_at(case)
    if call is None or call.name in locals_at(case.syntax, case.node):
        return
    arguments = call.arguments
    for method in _METHODS.get(call.name, ()):
        if arguments:
            made = f"{_as_receiver(arguments[0])}.{method}({', '.join(arguments[1:])})"
            yield Fix((call.replaced(made),), f"call the method `{method}`", 0.62)
    if call.name == "range" and 1 <= len(arguments) <= 2:
        made = "..".join(arguments if len(arguments) == 2 else ["0", arguments[0]])
        yield Fix((call.replaced(made if call.loops_over else f"({made})"),), f"write the range `{made}`", 0.66)
    if call.name == "String" and len(arguments) == 1:
        yield Fix((call.replaced(f"String::from({arguments[0]})"),), "make the `String` with `String::from`", 0.66)
    if call.name == "str" and len(arguments) == 1:
        yield Fix((call.replaced(f"{_as_receiver(arguments[0])}.to_string()"),), "call the method `to_string`", 0.66)
    if re.fullmatch(r"[iuf](?:8|16|32|64|128|size)", call.name) and len(arguments) == 1:
        made = f"{call.name}::from({arguments[0]})"
        yield Fix((call.replaced(made),), f"convert without loss with `{call.name}::from`", 0.64)
        yield Fix((call.replaced(f"({_operand(arguments[0])} as {call.name})"),), f"cast to `{call.name}`", 0.6)
    yield from _print(case, call)


def _print(case: Case, call: Call) -> Iterator[Fix]:
    """Text is printed by macros, whose places for values are ``{}``."""
    macro = _PRINTS.get(call.name)
    if macro is None or not call.arguments:
        return
    first, rest = call.arguments[0], call.arguments[1:]
    if not (first.startswith('"') and first.endswith('"') and len(first) > 1):
        if call.name in {"puts", "echo", "say", "printline"} and not rest:
            yield Fix((call.replaced(f'println!("{{}}", {first})'),), "print with the macro `println!`", 0.62)
        return
    made = _LIKE_C.sub(_place_for, first) if rest and "{" not in first else first
    if call.name == "printf" and made.endswith(_LINE_END + '"'):
        macro, made = "println", made[: -len(_LINE_END) - 1] + '"'
    if made != first or call.name in {"puts", "echo", "say", "printline", "printf"}:
        yield Fix((call.replaced(f"{macro}!({', '.join([made, *rest])})"),), f"print with the macro `{macro}!`", 0.7)


def _place_for(found: re.Match[str]) -> str:
    percent, width, digits, kind = found.groups()
    if percent:
        return "%"
    shape = width + (f".{digits}" if digits else "") + (kind if kind in "xXo" else "")
    return f"{{:{shape}}}" if shape else "{}"


def _as_receiver(argument: str) -> str:
    argument = argument.removeprefix("&mut ").removeprefix("&").strip()
    if re.fullmatch(r"\d+\.\d+", argument):
        return f"{argument}_f64"  # the method of a float without a type is ambiguous
    return argument if re.fullmatch(r"[\w.:\[\]()\"]+", argument) else f"({argument})"


def _operand(argument: str) -> str:
    return argument if re.fullmatch(r"[\w.:\[\]()]+", argument) else f"({argument})"


@rule(message=r"^cannot find macro `\w+` in this scope")
def foreign_macro(case: Case) -> Iterator[Fix]:
    """Macros by the names that people remember from elsewhere, or nearly."""
    written = case.text(case.place)
    meant = _MACROS.get(written)
    if meant is not None and not case.place.from_macro:
        yield Fix((case.replace(case.place, meant),), f"use the macro `{meant}!`", 0.7)
