"""Rules that turn the value into what is expected, where that says the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.types_pair import (
    FLOATS,
    TEXTS,
    Pair,
    agree,
    arguments,
    head,
    is_integer,
    is_number,
    pair_of,
    widens,
)

# What needs brackets before a method can be called on it, the lazy iterators, and what they can be collected into.
_LOOSE: Final = re.compile(
    "(?:binary|unary|reference|closure|range|assignment|type_cast|return)_expression|compound_assignment_expr"
)
_ADAPTERS: Final = re.compile(
    "Map|Filter|FilterMap|FlatMap|Flatten|Rev|Enumerate|Zip|Chain|Skip|SkipWhile|Take|TakeWhile|Peekable|Cloned|Copied"
    "|StepBy|Scan|Inspect|Chars|CharIndices|Bytes|Lines|Split|SplitWhitespace|Iter|IterMut|IntoIter|Keys|Values|Drain"
    "|Windows|Chunks|MapWhile|IntoKeys|IntoValues|SplitN|SplitTerminator|Cycle"
)
_COLLECTIONS: Final = re.compile("Vec|VecDeque|HashMap|HashSet|BTreeMap|BTreeSet|BinaryHeap|LinkedList|String")
_WRAPPERS: Final = {
    "Rc": "Rc::new", "Arc": "Arc::new", "RefCell": "RefCell::new", "Cell": "Cell::new", "Mutex": "Mutex::new",
    "RwLock": "RwLock::new", "Box": "Box::new", "Option": "Some", "Wrapping": "Wrapping", "Result": "Ok",
}  # fmt: skip
_ENDS: Final = re.compile(rb"\s*[,\])]")
_COUNTED: Final = re.compile(
    r"Vec<|\[|&\[|&str$|String$|&String$|&Vec<|HashMap<|HashSet<|BTreeMap<|BTreeSet<|VecDeque<"
)


def value_of(case: Case) -> Node | None:
    """The expression that the primary span covers exactly, a whole call of a macro included; None inside of one."""
    node = case.node
    if node is None or (case.place.from_macro and node.type != "macro_invocation"):
        return None
    return node if (node.start_byte, node.end_byte) == (case.place.start, case.place.end) else None


def around(case: Case, node: Node, before: str, after: str) -> tuple[Edit, ...]:
    """The edits that put text before and after an expression; a field in its short form is written out."""
    if node.parent is not None and node.parent.type == "shorthand_field_initializer":
        before = f"{case.text(node)}: {before}"
    edits = (case.insert(node.start_byte, before), case.insert(node.end_byte, after))
    return tuple(edit for edit in edits if edit.text)


def then(case: Case, node: Node, method: str) -> tuple[Edit, ...]:
    """The edits that put a method call (or ``?``, `` as u8``) behind an expression."""
    loose = _LOOSE.fullmatch(node.type) is not None
    return around(case, node, "(" if loose else "", f"){method}" if loose else method)


@rule("E0308", "E0271")
def converted(case: Case) -> Iterator[Fix]:
    """A value of a near type stands where another is expected: the conversion that loses nothing is put in."""
    pair, value = pair_of(case), value_of(case)
    if pair is None or value is None or "pattern" in value.type:
        return
    for make in (_numbers, _literals, _conditions, _iterators, _texts, _wrapped, _options, _got, _sequences):
        yield from make(case, value, pair)


def _numbers(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """Numbers of another width: ``From`` where no value is lost, on whichever side of an operator is the smaller."""
    expected, found = pair.expected, pair.found
    if not (is_number(expected) and is_number(found)) or value.type in ("integer_literal", "float_literal"):
        return
    if widens(found, expected):
        words = f"convert `{case.text(value)}` to `{expected}`, which holds every `{found}`"
        yield Fix(around(case, value, f"{expected}::from(", ")"), words, 0.58)
    other = (
        value.parent.child_by_field_name("left") if value.parent and value.parent.type == "binary_expression" else None
    )
    if other is not None and other.id != value.id and widens(expected, found):
        words = f"convert `{case.text(other)}` to `{found}`, which holds every `{expected}`"
        yield Fix(around(case, other, f"{found}::from(", ")"), words, 0.56)
    if expected in FLOATS and is_integer(found):
        words = f"convert `{case.text(value)}` to `{expected}` with `as`"
        yield Fix(then(case, value, f" as {expected}"), words, 0.5)
    elif is_integer(expected) and found in (*FLOATS, "{float}"):
        rounded = re.search(r"\.(?:round|floor|ceil|trunc)\(\)$", case.text(value)) is not None
        words = f"convert `{case.text(value)}` to `{expected}` with `as`, which cuts off the fraction"
        yield Fix(then(case, value, f" as {expected}"), words, 0.55 if rounded else 0.33)
    elif expected == "f32" and found == "f64":
        yield Fix(then(case, value, " as f32"), f"convert `{case.text(value)}` to `f32`, with less precision", 0.35)


def _literals(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """A literal of the wrong kind that means the same number: ``'3'``, ``"3"`` and ``3.0`` where 3 is expected."""
    text, expected = case.text(value), pair.expected
    if value.type in ("char_literal", "string_literal") and is_number(expected):
        inside = text[1:-1]
        whole = re.fullmatch(r"-?[0-9]{1,18}", inside)
        point = re.fullmatch(r"-?[0-9]+\.[0-9]+", inside)
        number = inside if whole and is_integer(expected) else inside if point and not is_integer(expected) else ""
        if whole and not is_integer(expected):
            number = f"{inside}.0"
        if number and not (number.startswith("-") and expected.startswith("u")):
            yield Fix((case.replace(value, number),), f"write `{number}` as a number, without quotes", 0.6)
    elif value.type == "float_literal" and is_integer(expected) and (match := re.fullmatch(r"([0-9_]+)\.0*", text)):
        yield Fix((case.replace(value, match[1]),), f"write `{match[1]}` as a whole number", 0.6)
    elif value.type == "integer_literal" and expected in TEXTS - {"&String"} and re.fullmatch("[0-9]+", text):
        if (
            not any(case.labelled("return type"))
            and value.parent
            and value.parent.type in ("arguments", "let_declaration")
        ):
            quoted = f'"{text}"' if expected == "&str" else f'"{text}".to_string()'
            yield Fix((case.replace(value, quoted),), f"write `{text}` as text", 0.4)
    elif value.type == "integer_literal" and expected == "{float}" and re.fullmatch("[0-9]+", text):
        yield Fix((case.insert(value.end_byte, ".0"),), f"write `{text}` as a float", 0.6)
    elif value.type == "integer_literal" and expected == "char" and re.fullmatch("[0-9]", text):
        yield Fix((case.replace(value, f"'{text}'"),), f"write the digit `{text}` as a character", 0.4)
    elif value.type == "integer_literal" and expected == "bool" and text in ("0", "1"):
        word = "true" if text == "1" else "false"
        yield Fix((case.replace(value, word),), f"write `{word}`: a number is no truth value", 0.5)


def _conditions(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """What other languages take for true: Rust wants the question spelt out."""
    if pair.expected != "bool":
        return
    negated = value.parent is not None and value.parent.type == "unary_expression"
    text, found = case.text(value), pair.found
    if negated:
        return
    if is_integer(found) and value.type not in ("integer_literal", "assignment_expression"):
        yield Fix(then(case, value, " != 0"), f"ask whether `{text}` differs from 0", 0.58)
    elif head(found) in ("Option", "&Option"):
        yield Fix(then(case, value, ".is_some()"), f"ask whether `{text}` holds a value", 0.58)
    elif head(found) == "Result":
        yield Fix(then(case, value, ".is_ok()"), f"ask whether `{text}` succeeded", 0.55)
    elif _COUNTED.match(found) and value.type == "identifier":
        yield Fix(around(case, value, "!", ".is_empty()"), f"ask whether `{text}` holds anything", 0.5)


def _iterators(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """An iterator yields its items only when something asks for them."""
    expected, found = pair.expected, pair.found
    if _ADAPTERS.fullmatch(head(found)) and value.type == "call_expression":
        kind = head(expected)
        inner = head(arguments(expected)[0]) if kind in ("Result", "Option") and arguments(expected) else kind
        if _COLLECTIONS.fullmatch(inner):
            yield Fix(then(case, value, ".collect()"), f"collect the items into a `{kind}`", 0.68)
            if re.search(r"\bIter<", found) or "Keys<" in found or "Values<" in found:
                yield Fix(
                    then(case, value, ".cloned().collect()"), f"collect copies of the items into a `{kind}`", 0.56
                )
        elif is_number(expected):
            yield from _total(case, value, expected)
    elif expected == "usize" and _COUNTED.match(found) and value.type in ("identifier", "field_expression"):
        yield Fix(then(case, value, ".len()"), f"take the length of `{case.text(value)}`", 0.6)


def _total(case: Case, value: Node, expected: str) -> Iterator[Fix]:
    """One number of many items: which, the name of the variable may tell."""
    let = case.above(value, "let_declaration")
    pattern = let.child_by_field_name("pattern") if let is not None else None
    name = case.text(pattern).lower() if pattern is not None else ""
    if re.search("sum|total", name):
        yield Fix(then(case, value, ".sum()"), "add the items up", 0.6)
    elif re.search("prod|fact", name):
        yield Fix(then(case, value, ".product()"), "multiply the items", 0.6)
    if expected == "usize":
        yield Fix(then(case, value, ".count()"), "count the items", 0.55)


def _texts(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """Text that is owned, borrowed, or made of something that can be shown."""
    expected, found = pair.expected, pair.found
    if expected == "String" and value.type != "string_literal":
        if (
            found in ("char", "bool")
            or is_number(found)
            or head(found) in ("Cow", "ToLowercase", "ToUppercase", "&Cow")
        ):
            yield Fix(then(case, value, ".to_string()"), f"turn `{case.text(value)}` into a `String`", 0.6)
    elif expected == "&[u8]" and found in TEXTS:
        yield Fix(then(case, value, ".as_bytes()"), f"take the bytes of `{case.text(value)}`", 0.6)
    elif expected == "Vec<char>" and found in TEXTS:
        yield Fix(then(case, value, ".chars().collect()"), f"collect the characters of `{case.text(value)}`", 0.55)
    elif expected == "Option<&str>" and found in ("Option<String>", "&Option<String>"):
        yield Fix(then(case, value, ".as_deref()"), f"borrow the text inside `{case.text(value)}`", 0.6)
    elif expected == "Option<String>" and found == "Option<&str>":
        yield Fix(
            then(case, value, ".map(String::from)"), f"make a `String` of the text inside `{case.text(value)}`", 0.6
        )


def _wrapped(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """The value lacks the wrapper, or the several, that are expected around it."""
    inner, before = pair.expected, ""
    for _ in range(3):
        parts = arguments(inner)
        if head(inner) not in _WRAPPERS or not parts or head(inner) == head(pair.found):
            return
        before += _WRAPPERS[head(inner)] + "("
        inner = parts[0]
        if inner == "&str" and pair.found == "String":
            return
        if inner == "String" and value.type == "string_literal":
            words = f"make a `String` of the text and put it into `{before[:-1]}`"
            yield Fix(around(case, value, before, ".to_string()" + ")" * before.count("(")), words, 0.6)
            return
        if inner.startswith("&") and agree(inner[1:], pair.found) and value.type.endswith("_literal"):
            inner, before = inner[1:], before + "&"
        if agree(inner, pair.found) and inner != "_" and pair.found != "_":
            words = f"wrap the value in `{before.rstrip('(&').replace('(', '` and `')}`"
            likelihood = 0.45 if before.startswith("Ok(") or before == "Some(" else 0.62
            yield Fix(around(case, value, before, ")" * before.count("(")), words, likelihood)
            return


def _options(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """``Option`` where ``Result`` is expected, or the other way round."""
    kinds = (head(pair.expected), head(pair.found))
    if kinds == ("Option", "Result"):
        if _constructor(case, value) == "Ok":
            yield Fix(_renamed(case, value, "Some"), "return `Some`: the type is an `Option`, not a `Result`", 0.62)
        elif _constructor(case, value) != "Err":
            yield Fix(then(case, value, ".ok()"), f"turn `{case.text(value)[:60]}` into an `Option`", 0.58)
    elif kinds == ("Result", "Option") and _constructor(case, value) == "Some":
        yield Fix(_renamed(case, value, "Ok"), "return `Ok`: the type is a `Result`, not an `Option`", 0.62)


def _got(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """``get`` answers with an ``Option``; an index gives the item itself and stops the program where there is none."""
    function = value.child_by_field_name("function") if value.type == "call_expression" else None
    passed = value.child_by_field_name("arguments") if function is not None else None
    name = function.child_by_field_name("field") if function is not None else None
    whole = function.child_by_field_name("value") if function is not None else None
    if passed is None or name is None or whole is None or case.text(name) != "get" or passed.named_child_count != 1:
        return
    if pair.found != f"Option<&{pair.expected}>":
        return
    around_ = case.above(value, "function_item", "closure_expression")
    result = around_.child_by_field_name("return_type") if around_ is not None else None
    if result is not None and "Option<" in case.text(result):
        yield Fix(around(case, value, "*", "?"), "hand on `None` where there is no such item", 0.62)
    edit = Edit(case.file, whole.end_byte, value.end_byte, f"[{case.text(passed.named_children[0])}]".encode())
    yield Fix((edit,), f"index `{case.text(whole)}`: it panics where there is no such item", 0.36)


def _constructor(case: Case, value: Node) -> str:
    function = value.child_by_field_name("function") if value.type == "call_expression" else None
    return case.text(function) if function is not None and function.type == "identifier" else ""


def _renamed(case: Case, value: Node, name: str) -> tuple[Edit, ...]:
    function = value.child_by_field_name("function")
    return (case.replace(function, name),) if function is not None else ()


def _sequences(case: Case, value: Node, pair: Pair) -> Iterator[Fix]:
    """Arrays and vectors written with the other's brackets."""
    expected, found = pair.expected, pair.found
    if head(expected) == "Vec" and re.match(r"\[.*\]$", found) and value.type == "array_expression":
        yield Fix((case.insert(value.start_byte, "vec!"),), "make a vector with `vec!`", 0.66)
    elif expected.startswith("[") and head(found) == "Vec" and case.text(value).startswith("vec!"):
        bang = value.start_byte + len("vec!")
        edit = Edit(case.file, value.start_byte, bang, b"")
        yield Fix((edit,), "make an array: its length is part of its type", 0.55)
    elif expected == "usize" and found.startswith("&") and is_integer(found[1:]) and found[1:] != "usize":
        yield Fix(around(case, value, "*", f" as {expected}"), f"take the number behind `{case.text(value)}`", 0.4)


@rule("E0308")
def every_element(case: Case) -> Iterator[Fix]:
    """A list of literals of the wrong kind: the compiler complains of one at a time, all of them have to change."""
    pair, value = pair_of(case), value_of(case)
    if pair is None or value is None or value.parent is None:
        return
    if value.parent.type not in ("token_tree", "array_expression", "tuple_expression"):
        return
    alike = [
        node
        for node in value.parent.named_children
        if node.type in (value.type, "integer_literal") and _ENDS.match(case.source, node.end_byte)
    ]
    ending = ""
    if pair.expected == "{integer}" and pair.found == "{float}":
        alike, ending = [node for node in alike if case.text(node).isdigit()], ".0"
    elif pair.expected == "String" and value.type == "string_literal":
        ending = ".to_string()"
    elif pair.expected in FLOATS and value.type == "integer_literal" and all(case.text(n).isdigit() for n in alike):
        ending = ".0"
    if ending and (len(alike) > 1 or (alike and value.type == "float_literal")):
        kind = "`String`" if ending == ".to_string()" else "float"
        yield Fix(tuple(case.insert(node.end_byte, ending) for node in alike), f"make every item a {kind}", 0.62)
