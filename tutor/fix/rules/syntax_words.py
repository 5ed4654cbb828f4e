"""Habits: how other languages declare functions, types and variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tutor.fix.rules.syntax_habits import Slip, begins_statement, drop, habit, source_between, swap
from tutor.fix.rules.syntax_tokens import TYPES, Tokens

_FUNCTION: Final = frozenset(("def", "func", "function", "fun", "sub", "proc", "method", "procedure", "defn"))
_KINDS: Final = {"class": "struct", "record": "struct", "interface": "trait", "protocol": "trait", "namespace": "mod"}
_DECLARE: Final = frozenset(("var", "auto", "val", "final", "my", "local", "dim", "int", "float", "double", "long"))
_PUBLIC: Final = {"public": "pub", "export": "pub", "private": "", "protected": ""}
_ITEMS: Final = frozenset(
    ("fn", "struct", "enum", "trait", "mod", "const", "static", "type", "impl", *_FUNCTION, *_KINDS)
)
_RAW: Final = frozenset(
    (
        "type",
        "match",
        "ref",
        "move",
        "loop",
        "in",
        "use",
        "mod",
        "box",
        "do",
        "final",
        "try",
        "where",
        "yield",
        "abstract",
    )
)
_C_INFERRED: Final = frozenset(("int", "float", "double", "long", "short", "string", "boolean", "byte"))


@habit
def functions(tokens: Tokens) -> Iterator[Slip]:
    """`def f(`, `func f(`: Rust's word is `fn`."""
    for index, token in enumerate(tokens.all):
        if token.text not in _FUNCTION or tokens.kind(index + 1) != "word" or tokens.text(index + 2) not in ("(", "<"):
            continue
        if begins_statement(tokens, index) or tokens.text(index - 1) in ("pub", "public", "async", "const", ")"):
            yield Slip((swap(tokens, index, "fn"),), f"write `fn` instead of `{token.text}`")


@habit
def functions_with_their_type_first(tokens: Tokens) -> Iterator[Slip]:
    """`int f(…) {`: the type of the result stands behind the parameters."""
    for index, token in enumerate(tokens.all):
        name, opening = index + 1, index + 2
        if token.text not in TYPES or tokens.kind(name) != "word" or tokens.text(opening) != "(":
            continue
        closing = tokens.partner.get(opening)
        if closing is None or tokens.text(closing + 1) != "{" or not begins_statement(tokens, index):
            continue
        end = tokens.all[closing].end
        meant = "" if tokens.text(name) == "main" else TYPES[token.text]
        arrow = () if meant in ("", "()") else ((end, end, f" -> {meant}"),)
        yield Slip((swap(tokens, index, "fn"), *arrow), f"declare `{tokens.text(name)}` with `fn`, its type behind")


@habit
def kinds_of_items(tokens: Tokens) -> Iterator[Slip]:
    """`class P {`, `interface P {`, `public fn`: Rust has `struct`, `trait` and `pub`."""
    for index, token in enumerate(tokens.all):
        following = tokens.text(index + 1)
        if token.text in _KINDS and tokens.kind(index + 1) == "word" and tokens.text(index + 2) in ("{", "<"):
            yield Slip(
                (swap(tokens, index, _KINDS[token.text]),), f"write `{_KINDS[token.text]}` instead of `{token.text}`"
            )
        elif token.text in _PUBLIC and following in _ITEMS and begins_statement(tokens, index):
            if _PUBLIC[token.text]:
                yield Slip((swap(tokens, index, "pub"),), f"write `pub` instead of `{token.text}`")
            else:
                yield Slip((drop(tokens, index),), f"leave `{token.text}` out: items are private unless `pub`")


@habit
def words_in_the_wrong_order(tokens: Tokens) -> Iterator[Slip]:
    """`fn pub f`, `mut let x`, `mut &T`: `pub` comes first, `mut` after `let` and after `&`."""
    for index, token in enumerate(tokens.all):
        following = tokens.text(index + 1)
        if token.text in ("fn", "struct", "enum", "trait", "mod", "const") and following == "pub":
            changes = (swap(tokens, index, "pub"), swap(tokens, index + 1, token.text))
            yield Slip(changes, f"write `pub {token.text}`")
        elif token.text == "mut" and following == "let" and tokens.text(index + 2) == "mut":
            yield Slip((drop(tokens, index),), "write `let mut`")
        elif token.text == "mut" and following == "let":
            yield Slip((swap(tokens, index, "let"), swap(tokens, index + 1, "mut")), "write `let mut`")
        elif token.text == "mut" and following == "&" and tokens.text(index - 1) in ("(", ":", ",", "->"):
            start, end = token.start, tokens.all[index + 1].end
            lifetime = tokens.text(index + 2) if tokens.kind(index + 2) == "lifetime" else ""
            if lifetime:
                yield Slip(((start, tokens.all[index + 2].end, f"&{lifetime} mut"),), f"write `&{lifetime} mut`")
            else:
                yield Slip(((start, end, "&mut "),), "write `&mut`")


@habit
def variables(tokens: Tokens) -> Iterator[Slip]:
    """`var x = 5`, `int x = 5`, `let i32 x = 5`, `x := 5`: a variable is declared with `let x: T = 5`."""
    for index, token in enumerate(tokens.all):
        name, sign = index + 1, index + 2
        if (
            tokens.text(sign) == ":"
            and tokens.text(sign + 1) == "="
            and tokens.all[sign].end == tokens.all[sign + 1].start
        ) and token.text in ("let", "mut"):
            yield Slip(((tokens.all[sign].start, tokens.all[sign + 1].end, "="),), "write `=`")
        if (
            token.kind == "word"
            and tokens.text(name) == ":"
            and tokens.text(sign) == "="
            and begins_statement(tokens, index)
        ) and tokens.all[name].end == tokens.all[sign].start:
            equals = (tokens.all[name].start, tokens.all[sign].end, "=")
            yield Slip(((token.start, token.start, "let "), equals), f"declare `{token.text}` with `let`")
        if tokens.kind(name) != "word" or tokens.text(sign) != "=":
            continue
        called = tokens.text(name)
        if token.text in TYPES and tokens.text(index - 1) in ("let", "mut") and called != "mut":
            end = tokens.all[name].end
            inferred = token.text in _C_INFERRED
            behind = () if inferred else ((end, end, f": {TYPES[token.text]}"),)
            yield Slip((drop(tokens, index), *behind), f"put the type of `{called}` behind its name")
        elif (token.text in _DECLARE or token.text in TYPES) and begins_statement(tokens, index):
            known = token.text in TYPES and token.text not in _C_INFERRED
            end = tokens.all[name].end
            typed = ((end, end, f": {TYPES[token.text]}"),) if known else ()
            yield Slip((swap(tokens, index, "let"), *typed), f"declare `{called}` with `let`")
    for index, token in enumerate(tokens.all):
        if token.text == "&" and tokens.text(index - 2) in ("let", "mut") and tokens.kind(index - 1) == "word":
            end = tokens.all[index - 1].end
            if tokens.text(index - 1) not in ("mut", "ref"):
                yield Slip(((end, end, " ="),), "write `=` before the value")
        if token.text == "as" and tokens.text(index - 2) in ("let", "mut") and tokens.text(index + 2) == "=":
            yield Slip(((tokens.all[index - 1].end, token.end, ":"),), "write `:` before a type")


@habit
def types_before_names(tokens: Tokens) -> Iterator[Slip]:
    """`f(i32 a)`, `struct P { i32 a, }`: the name comes first, then `:` and the type."""
    for index, token in enumerate(tokens.all):
        name = index + 1
        if token.text not in TYPES or tokens.kind(name) != "word" or tokens.text(index - 1) not in ("(", ",", "{", ";"):
            continue
        if tokens.text(index + 2) in (",", ")", "}", ";") and tokens.enclosing(index) is not None:
            meant, called = TYPES[token.text], tokens.text(name)
            changes = [swap(tokens, index, called), (token.end, tokens.all[name].end, f": {meant}")]
            if tokens.text(index + 2) == ";":
                changes.append(swap(tokens, index + 2, ","))
            yield Slip(tuple(changes), f"write `{called}: {meant}`")


@habit
def keywords_as_names(tokens: Tokens) -> Iterator[Slip]:
    """`let type = 5`: a keyword can be a name when it is written `r#type`, everywhere."""
    for word in _RAW:
        uses = [i for i, token in enumerate(tokens.all) if token.text == word and _is_name(tokens, i)]
        declared = any(tokens.text(i - 1) in ("let", "mut", ".") or tokens.text(i + 1) == ":" for i in uses)
        if declared:
            yield Slip(tuple(swap(tokens, i, f"r#{word}") for i in uses), f"write `r#{word}`: `{word}` is a keyword")


def _is_name(tokens: Tokens, index: int) -> bool:
    before, after = tokens.text(index - 1), tokens.text(index + 1)
    ends = after in (",", ")", "]", "}", ";", ".", "=", ":", "+", "-", "/", "==", "!=", "<", ">", "?", "+=", "-=")
    return (ends and tokens.kind(index - 1) not in ("number", "string") and before not in (")", "]", "}", "fn")) or (
        before == "." and tokens.kind(index - 1) == "sign"
    )


@habit
def imports(tokens: Tokens) -> Iterator[Slip]:
    """`use std.collections.HashMap;`: the parts of a path stand apart by `::`."""
    for index, token in enumerate(tokens.all):
        if token.text not in ("use", "import") or not (
            begins_statement(tokens, index) or tokens.text(index - 1) == "pub"
        ):
            continue
        changes = [swap(tokens, index, "use")] if token.text == "import" else []
        here = index + 1
        while here < len(tokens.all) and tokens.text(here) != ";" and tokens.all[here].line == token.line:
            if tokens.text(here) in (".", ":", "/"):
                changes.append(swap(tokens, here, "::"))
            elif tokens.text(here) == "{" and tokens.kind(here - 1) == "word":
                changes.append((tokens.all[here].start, tokens.all[here].start, "::"))
            here += 1
        if changes:
            yield Slip(tuple(changes), f"write `{'use' if token.text == 'import' else '::'}`")


@habit
def attributes(tokens: Tokens) -> Iterator[Slip]:
    """`#derive(Debug)`, `@derive(Debug)`: an attribute stands in `#[…]`."""
    for index, token in enumerate(tokens.all):
        if token.text not in ("#", "@") or not token.first or tokens.text(index + 1) in ("[", "!"):
            continue
        inner = index + 2 if tokens.text(index + 1) == "(" else index + 1
        if tokens.text(inner) not in (
            "derive",
            "test",
            "cfg",
            "inline",
            "macro_use",
            "allow",
            "should_panic",
            "ignore",
        ):
            continue
        last = tokens.skip(inner + 1) - 1 if tokens.text(inner + 1) == "(" else inner
        if last >= len(tokens.all):
            continue
        end = tokens.all[tokens.partner.get(index + 1, last) if inner == index + 2 else last].end
        text = f"#[{source_between(tokens, inner, last)}]"
        yield Slip(
            ((token.start, end, text),), f"write `{text}`" if len(text) < 40 else "write the attribute in `#[…]`"
        )


@habit
def lifetimes_without_quote(tokens: Tokens) -> Iterator[Slip]:
    """`&a str` where `'a` is declared."""
    declared = {token.text[1:] for token in tokens.all if token.kind == "lifetime"}
    for index, token in enumerate(tokens.all):
        referred = tokens.text(index - 1) == "&" and tokens.text(index - 2) in (":", "->", "<", ",", "(")
        if token.text in declared and referred and tokens.kind(index + 1) == "word":
            yield Slip(((token.start, token.start, "'"),), f"write the lifetime `'{token.text}` with its quote")


@habit
def parameters_without_colon(tokens: Tokens) -> Iterator[Slip]:
    """`fn f(values &[u32])`: a parameter and its type stand apart by `:`."""
    for index, token in enumerate(tokens.all):
        if token.text != "fn" or tokens.text(index + 2) != "(":
            continue
        begins = True
        for here in tokens.inside(index + 2):
            if tokens.text(here) == "mut":
                continue
            own, following = tokens.all[here], tokens.text(here + 1)
            typed = following in ("&", "[", "(", "*") or tokens.kind(here + 1) == "word"
            if begins and typed and own.kind == "word" and own.text not in ("self", "impl", "dyn", *TYPES):
                yield Slip(((own.end, own.end, ":"),), f"write `{own.text}:` before its type")
            begins = own.text == ","
