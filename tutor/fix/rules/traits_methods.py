"""Methods that a type does not have: those of an iterator, of what an Option or a Result holds, of another language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tutor.fix.rules import traits_tree as tree
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.traits_index import plain

_OF_ITERATORS: Final = tree.words(
    "map filter find position any all fold sum product enumerate zip rev skip take chain collect cloned copied count "
    "for_each filter_map flat_map take_while skip_while step_by min_by max_by min_by_key max_by_key last nth peekable "
    "inspect find_map rposition partition scan cycle min max by_ref flatten unzip next"
)
_COLLECTIONS: Final = frozenset(("Vec", "VecDeque", "HashMap", "HashSet", "BTreeMap", "BTreeSet", "BinaryHeap"))
# Names that other languages have for what is called otherwise here.
_ELSEWHERE: Final = {
    "length": "len", "size": "len", "count": "len", "add": "push", "append": "push", "push_back": "push",
    "put": "insert", "push": "insert", "set": "insert", "has": "contains", "includes": "contains",
    "contains": "contains_key", "has_key": "contains_key", "lower": "to_lowercase", "upper": "to_uppercase",
    "to_lower": "to_lowercase", "to_upper": "to_uppercase", "strip": "trim", "startswith": "starts_with",
    "endswith": "ends_with", "index_of": "find", "concat": "push_str", "delete": "remove", "head": "first",
    "to_str": "to_string", "equals": "eq", "pow": "powi", "each": "for_each", "foreach": "for_each",
    "reduce": "fold", "some": "any", "every": "all",
}  # fmt: skip


def _missing(case: Case) -> tuple[str, str, str] | None:
    """The method's name, the kind of the receiver's type ("struct", "enum"…) and that type."""
    found = re.match(r"no method named `(\w+)` found for (?:mutable )?([a-z]+)(?: [a-z]+)? `(.+)` in", case.message)
    if found:
        return found.group(1), found.group(2), found.group(3)
    if found := re.match(r"`(.+)` is not an iterator", case.message):
        return case.text(case.place), "iterator", found.group(1)
    unmet = r"the method `(\w+)` exists for (?:mutable )?([a-z]+)(?: [a-z]+)? `(.+)`, but its trait bounds were not"
    found = re.match(unmet, case.message)
    return (found.group(1), found.group(2), found.group(3)) if found else None


def is_collection(type_text: str) -> bool:
    """Whether a type has ``iter()``."""
    text = type_text.strip()
    return plain(text) in _COLLECTIONS or bool(re.match(r"(?:&\s*(?:mut\s+)?)*\[", text))


@rule("E0599")
def iterate_first(case: Case) -> Iterator[Fix]:
    """Collections are no iterators: their `iter()` makes one that borrows the elements."""
    missing = _missing(case)
    end = tree.receiver_end(case, case.place.start)
    if missing is None or end < 0 or missing[0] not in _OF_ITERATORS:
        return
    name, _, type_text = missing
    if plain(type_text) in ("String", "str"):
        yield Fix((case.insert(case.place.start, "chars()."),), "go through the characters with `chars()`", 0.65)
        return
    if not is_collection(type_text):
        return
    variable = tree.name_before(case, end)
    bound = tree.binding(case, variable, case.place.start) if variable else None
    value = bound.child_by_field_name("value") if bound is not None and bound.type == "let_declaration" else None
    if bound is not None and value is not None and value.type == "identifier" and "mut" in case.text(bound)[:8]:
        yield Fix(
            (case.insert(value.end_byte, ".iter()"),), f"let `{variable}` iterate over `{case.text(value)}`", 0.76
        )
    yield Fix(
        (case.insert(case.place.start, "iter()."),), f"call `iter()` first: `{name}` is a method of iterators", 0.75
    )
    yield Fix(
        (case.insert(case.place.start, "into_iter()."),), "call `into_iter()` first, which hands out what it owns", 0.5
    )


@rule("E0599")
def take_out_of_result_or_option(case: Case) -> Iterator[Fix]:
    """The method belongs to what the Result or Option holds. `?` takes it out and hands the failure on."""
    missing = _missing(case)
    if missing is None or plain(missing[2]) not in ("Result", "Option"):
        return
    name, _, type_text = missing
    if name in ("cloned", "copied") and re.match(r"[\w:]*Option<[^&]", type_text):
        end = tree.receiver_end(case, case.place.start)
        if end >= 0 and case.source[case.place.end : case.place.end + 2] == b"()":
            edit = tree.splice(case, end, case.place.end + 2, "")
            yield Fix((edit,), f"leave out `{name}()`: the Option holds no reference", 0.72)
        return
    end = tree.receiver_end(case, case.place.start)
    if end >= 0:
        yield from taken_out(case, end, plain(type_text))


def taken_out(case: Case, end: int, kind: str) -> Iterator[Fix]:
    """Takes out what the expression that ends at ``end`` holds, an Option or a Result (``kind``): where a variable is
    bound, else in place."""
    variable = tree.name_before(case, end)
    bound = tree.binding(case, variable, end) if variable else None
    value = bound.child_by_field_name("value") if bound is not None and bound.type == "let_declaration" else None
    typed = bound is not None and bound.child_by_field_name("type") is not None
    what = f"`{variable}`" if variable else "the value"
    if tree.propagates(case, end) == kind:
        if value is not None and not typed:
            yield Fix((case.insert(value.end_byte, "?"),), f"take {what} out of its {kind} with `?`", 0.74)
        else:
            yield Fix((case.insert(end, "?"),), f"take {what} out of its {kind} with `?`", 0.7)
    elif value is not None and not typed:
        yield Fix((case.insert(value.end_byte, ".unwrap()"),), f"take {what} out of its {kind} with `unwrap()`", 0.61)
    else:
        yield Fix((case.insert(end, ".unwrap()"),), f"take {what} out of its {kind} with `unwrap()`", 0.605)


@rule("E0599")
def path_for_dot(case: Case) -> Iterator[Fix]:
    """What belongs to a type, not to a value, is called with `::`."""
    end = tree.receiver_end(case, case.place.start)
    line = case.source[max(0, end - 200) : max(end, 0)].decode("utf-8", "replace")
    found = re.search(r"(?<![\w.])((?:\w+::)*[A-Z]\w*)$", line)
    if end >= 0 and found and re.match(r"no method named `\w+` found for (?:struct|enum|unit)", case.message):
        edit = tree.splice(case, end, case.place.start, "::")
        yield Fix((edit,), f"call `{found.group(1)}::{case.text(case.place)}`, which needs no value", 0.8)


@rule("E0599")
def name_from_elsewhere(case: Case) -> Iterator[Fix]:
    """Other languages have other names for the method, and write them in other ways."""
    missing = _missing(case)
    if missing is None:
        return
    name, likely = missing[0], 0.63
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m.group(1).lower(), name)
    snake = snake[:1].lower() + snake[1:]
    if snake != name:
        yield Fix((case.replace(case.place, snake),), f"call it `{snake}`", likely + 0.02)
    known = _ELSEWHERE.get(snake)
    if known is not None and known != name:
        yield Fix((case.replace(case.place, known),), f"use `{known}`, as it is called in Rust", 0.5)


@rule("E0599")
def first_variants(case: Case) -> Iterator[Fix]:
    """An enum that has no variants yet gets all those that the program uses, if it uses them without any content."""
    found = re.match(r"no variant or associated item named `[A-Z]\w*` found for enum `(\w+)`", case.message)
    item = tree.local_type(case, found.group(1)) if found else None
    body = item.child_by_field_name("body") if item is not None else None
    if found is None or item is None or body is None or any(c.type == "enum_variant" for c in body.named_children):
        return
    used = list(re.finditer(rf"\b{found.group(1)}::([A-Z]\w*)\s*([({{:<]?)".encode(), case.source))
    if not used or any(use.group(2) in (b"(", b"{", b":") for use in used):
        return
    names = dict.fromkeys(use.group(1).decode() for use in used)
    close, end, indent = body.end_byte - 1, tree.line_end(case), case.indentation(item.start_byte)
    line = case.source.rfind(b"\n", 0, close) + 1
    text = "".join(f"{indent}    {name},{end}" for name in names)
    closed = case.source[line:close].strip() != b""
    edit = case.insert(close, f"{end}{text}{indent}") if closed else case.insert(line, text)
    listed = ", ".join(f"`{name}`" for name in names)
    yield Fix((edit,), f"give `{found.group(1)}` the variants that are used: {listed}", 0.55)
