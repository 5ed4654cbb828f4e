"""Habits: how other languages branch, loop, match, and write closures and operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tutor.fix.rules.syntax_habits import Change, Slip, begins_statement, drop, habit, source_between, swap
from tutor.fix.rules.syntax_tokens import TYPES, Tokens

_ELSE_IF: Final = frozenset(("elif", "elseif", "elsif"))
_HEADS: Final = frozenset(("if", "else", "elif", "while", "for", "fn", "def", "loop", "match", "elseif", "elsif"))
_ENDS: Final = frozenset((";", ",", "=>", "{", "}"))


@habit
def else_ifs(tokens: Tokens) -> Iterator[Slip]:
    """`elif x`, `elseif x`, `if x then {`."""
    for index, token in enumerate(tokens.all):
        if token.text in _ELSE_IF and tokens.text(index - 1) == "}":
            yield Slip((swap(tokens, index, "else if"),), f"write `else if` instead of `{token.text}`")
        elif token.text == "then" and tokens.text(index + 1) == "{":
            yield Slip((drop(tokens, index),), "leave `then` out")


@habit
def blocks_by_indentation(tokens: Tokens) -> Iterator[Slip]:
    """`if x > 1:` with an indented block: blocks stand in braces."""
    lines: dict[int, list[int]] = {}
    for index, token in enumerate(tokens.all):
        lines.setdefault(token.line, []).append(index)
    rows = list(lines.values())
    for number, row in enumerate(rows[:-1]):
        head, colon = tokens.text(row[0]), row[-1]
        if head not in _HEADS or tokens.text(colon) != ":" or tokens.partner.get(colon) is not None:
            continue
        own = len(tokens.indent(row[0]).expandtabs(4))
        end = number
        for later in range(number + 1, len(rows)):
            if len(tokens.indent(rows[later][0]).expandtabs(4)) <= own:
                break
            end = later
        if end == number:
            continue
        changes = [(tokens.all[colon].start, tokens.all[colon].end, " {")]
        following = rows[end + 1][0] if end + 1 < len(rows) else None
        if following is not None and tokens.text(following) in ("else", "elif", "elseif", "elsif"):
            changes.append((tokens.all[following].start, tokens.all[following].start, "} "))
            if tokens.text(following) != "else":
                changes[-1] = (tokens.all[following].start, tokens.all[following].end, "} else if")
        else:
            at = tokens.line_end(tokens.all[rows[end][-1]].end)
            changes.append((at, at, f"\n{tokens.indent(row[0])}}}"))
        yield Slip(tuple(changes), f"put the block of `{head}` in braces")


@habit
def conditional_expressions(tokens: Tokens) -> Iterator[Slip]:
    """`c ? a : b` and `a if c else b`: `if` is an expression in Rust."""
    for index, token in enumerate(tokens.all):
        if token.text == "?" and tokens.text(index + 1) not in (".", ";", ")", ",", "?"):
            divider = _ahead(tokens, index + 1, ":")
        elif token.text == "if" and not token.first and tokens.text(index - 1) not in ("else", "=", "return"):
            divider = _ahead(tokens, index + 1, "else")
        else:
            continue
        first = _first_of_expression(tokens, index)
        last = None if divider is None else _end(tokens, divider + 1)
        if divider is None or last is None or first >= index:
            continue
        left = source_between(tokens, first, index - 1)
        middle = source_between(tokens, index + 1, divider - 1)
        right = source_between(tokens, divider + 1, last)
        condition, yes = (left, middle) if token.text == "?" else (middle, left)
        text = f"if {condition} {{ {yes} }} else {{ {right} }}"
        yield Slip(((tokens.all[first].start, tokens.all[last].end, text),), "write `if … { … } else { … }`")


def _first_of_expression(tokens: Tokens, index: int) -> int:
    """The first token of the expression that the token at ``index`` stands in."""
    first = index
    while first > 0 and index - first < 60 and tokens.text(first - 1) not in ("=", "return", "(", *_ENDS):
        grouped = tokens.text(first - 1) in (")", "]")
        first = tokens.partner.get(first - 1, first - 1) if grouped else first - 1
    return first


def _ahead(tokens: Tokens, index: int, wanted: str) -> int | None:
    """The next token of this text in the same statement and bracket."""
    for _ in range(60):
        if index >= len(tokens.all) or tokens.text(index) in _ENDS or tokens.text(index) in (")", "]"):
            return None
        if tokens.text(index) == wanted:
            return index
        index = tokens.skip(index)
    return None


def _end(tokens: Tokens, index: int) -> int | None:
    """The last token of the expression that begins here; None where it does not end."""
    last = None
    for _ in range(60):
        if index >= len(tokens.all) or tokens.text(index) in ("{", "=>"):
            return None
        if tokens.text(index) in (";", ",", ")", "]", "}"):
            return last
        last = tokens.skip(index) - 1
        index = last + 1
    return None


@habit
def loops_that_test_last(tokens: Tokens) -> Iterator[Slip]:
    """`do { … } while c;`: a `loop` that breaks at its end."""
    for index, token in enumerate(tokens.all):
        closing = tokens.partner.get(index + 1)
        if (
            token.text != "do"
            or tokens.text(index + 1) != "{"
            or closing is None
            or tokens.text(closing + 1) != "while"
        ):
            continue
        last = closing + 2
        while last < len(tokens.all) and tokens.text(last) not in (";", "}", "{"):
            last += 1
        if tokens.text(last) != ";" or closing - 1 <= index + 1:
            continue
        condition = source_between(tokens, closing + 2, last - 1)
        if not (condition.startswith("(") and tokens.partner.get(closing + 2) == last - 1):
            condition = f"({condition})"
        indent = tokens.indent(index)
        step = tokens.indent(index + 2) if tokens.all[index + 2].first else indent + "    "
        inner = step + step.removeprefix(indent) if step.startswith(indent) else step + "    "
        text = f"\n{step}if !{condition} {{\n{inner}break;\n{step}}}\n{indent}}}"
        changes = (swap(tokens, index, "loop"), (tokens.all[closing - 1].end, tokens.all[last].end, text))
        yield Slip(changes, "write a `loop` that breaks when the condition no longer holds")


@habit
def counting_loops(tokens: Tokens) -> Iterator[Slip]:
    """`for (i = 0; i < 10; i++) {`: Rust counts with a range, `for i in 0..10`."""
    for index, token in enumerate(tokens.all):
        if token.text != "for":
            continue
        first = index + 2 if tokens.text(index + 1) == "(" else index + 1
        while tokens.text(first) in ("let", "mut", "var", "auto", "size_t", *TYPES):
            first += 1
        brace = next((i for i in range(first, min(first + 60, len(tokens.all))) if tokens.text(i) == "{"), None)
        if brace is None or tokens.text(first + 1) != "=":
            continue
        parts: list[list[int]] = [[]]
        for here in range(first, brace - 1 if first > index + 1 and tokens.text(brace - 1) == ")" else brace):
            if tokens.text(here) == ";":
                parts.append([])
            else:
                parts[-1].append(here)
        if len(parts) == 3 and all(len(part) >= 2 for part in parts):
            text = _range(tokens, parts[0], parts[1], parts[2])
            if text:
                yield Slip(((tokens.all[index + 1].start, tokens.all[brace - 1].end, text),), "loop over a range")


def _range(tokens: Tokens, start: list[int], test: list[int], step: list[int]) -> str:
    """`i in 0..10` for the three parts of a loop that counts; "" where they are something else."""
    name = tokens.text(start[0])
    if tokens.text(test[0]) != name or len(test) < 3:
        return ""
    low, high = source_between(tokens, start[2], start[-1]), source_between(tokens, test[2], test[-1])
    sign, move = tokens.text(test[1]), "".join(tokens.text(i) for i in step)
    by = move.removeprefix(f"{name}+=") if move.startswith(f"{name}+=") else ""
    if sign in ("<", "<=", "!=") and (by or move in (f"{name}++", f"++{name}")):
        span = f"{low}..{'=' if sign == '<=' else ''}{high}"
        return f"{name} in {span}" if by in ("", "1") else f"{name} in ({span}).step_by({by})"
    if sign in (">", ">=") and move in (f"{name}--", f"--{name}", f"{name}-=1"):
        lower = high if sign == ">=" else f"{high} + 1"
        return f"{name} in ({lower}..={low}).rev()"
    return ""


@habit
def loops_over_things(tokens: Tokens) -> Iterator[Slip]:
    """`foreach x in v`, `for x of v`, `for (x : v)`."""
    for index, token in enumerate(tokens.all):
        if token.text == "foreach" and tokens.kind(index + 1) == "word" and tokens.text(index + 2) in ("in", "of", ":"):
            changes = [swap(tokens, index, "for")]
            if tokens.text(index + 2) != "in":
                changes.append(swap(tokens, index + 2, "in"))
            yield Slip(tuple(changes), "write `for … in`")
        elif token.text in ("for", "foreach") and tokens.text(index + 1) == "(":
            sign, closing = index + 3, tokens.partner.get(index + 1)
            if tokens.text(index + 2) in TYPES or tokens.text(index + 2) in ("let", "var", "auto"):
                sign += 1
            if closing is None or tokens.text(sign) not in (":", "of", "in") or tokens.text(closing + 1) != "{":
                continue
            text = f"for {tokens.text(sign - 1)} in {source_between(tokens, sign + 1, closing - 1)}"
            yield Slip(((token.start, tokens.all[closing].end, text),), "write `for … in`")
        elif token.text == "for" and tokens.kind(index + 1) == "word" and tokens.text(index + 2) in ("of", ":"):
            gap = "" if tokens.source[: tokens.all[index + 2].start][-1:].isspace() else " "
            yield Slip((swap(tokens, index + 2, gap + "in"),), "write `for … in`")


@habit
def matches(tokens: Tokens) -> Iterator[Slip]:
    """`switch x {`, `case 1:`, `1: …`, `1 -> …`, `default`: `match` has arms with `=>`, and `_` for the rest."""
    for index, token in enumerate(tokens.all):
        if token.text not in ("switch", "match", "when", "select") or token.kind != "word":
            continue
        brace = next((i for i in _outside(tokens, index + 1) if tokens.text(i) in ("{", ";")), None)
        if brace is None or tokens.text(brace) != "{" or brace == index + 1:
            continue
        changes = list(_arms(tokens, brace))
        if token.text != "match":
            if not any(tokens.text(i) in ("=>", "case", ":", "->") for i in tokens.inside(brace)):
                continue
            changes.append(swap(tokens, index, "match"))
            if tokens.text(index + 1) == "(" and tokens.partner.get(index + 1) == brace - 1:
                changes += [
                    (tokens.all[index + 1].start, tokens.all[index + 1].end, ""),
                    (tokens.all[brace - 1].start, tokens.all[brace - 1].end, ""),
                ]
        if changes:
            yield Slip(tuple(changes), "write the arms of `match` as `pattern => value`")


def _outside(tokens: Tokens, index: int) -> Iterator[int]:
    while index < len(tokens.all) and tokens.text(index) != "{":
        yield index
        index = tokens.skip(index)
    if index < len(tokens.all):
        yield index


def _arms(tokens: Tokens, brace: int) -> Iterator[Change]:
    """What is to be changed in the arms of a match."""
    pattern = True
    inside = list(tokens.inside(brace))
    for number, here in enumerate(inside):
        text, begins = tokens.text(here), number == 0 or tokens.all[here].first
        if begins and text == "case":
            yield drop(tokens, here)
            pattern = True
        elif begins and text in ("default", "else", "otherwise") and tokens.text(here + 1) in (":", "=>", "->"):
            yield swap(tokens, here, "_")
            pattern = True
        elif pattern and text in (":", "->"):
            start = tokens.all[here].start
            gap = "" if tokens.source[start - 1 : start].isspace() else " "
            yield swap(tokens, here, gap + "=>")
            pattern = False
        elif text == "=>":
            pattern = False
        elif text == ";" and number + 1 < len(inside) and _begins_arm(tokens, inside, number + 1):
            yield swap(tokens, here, ",")
            pattern = True
        elif text == ";" and number + 1 == len(inside):
            yield swap(tokens, here, ",")
        elif text == "," or (text == "{" and not pattern):
            pattern = True


def _begins_arm(tokens: Tokens, inside: list[int], number: int) -> bool:
    """Whether the tokens from here look like a pattern with its arrow."""
    return (
        any(tokens.text(i) in ("=>", "->") for i in inside[number : number + 8])
        or tokens.text(inside[number]) == "case"
    )


@habit
def closures(tokens: Tokens) -> Iterator[Slip]:
    """`(a) => a + 1`, `a => a + 1`, `|a| => …`, `lambda a: …`: a closure is `|a| …`."""
    for index, token in enumerate(tokens.all):
        if token.text in ("=>", "->") and tokens.text(index - 1) == "|":
            if token.text == "=>" or tokens.text(_after_type(tokens, index + 1)) != "{":
                yield Slip((drop(tokens, index),), "leave the arrow out: the body follows `|…|`")
        elif token.text in ("=>", "->") and tokens.text(index - 1) == ")" and index - 1 in tokens.partner:
            opening = tokens.partner[index - 1]
            if tokens.text(opening - 1) in ("=", "(", ",", "return"):
                text = f"|{source_between(tokens, opening + 1, index - 2)}|"
                yield Slip(((tokens.all[opening].start, token.end, text),), f"write the closure as `{text} …`")
        elif token.text == "=>" and tokens.kind(index - 1) == "word" and tokens.text(index - 2) in ("(", "="):
            text = f"|{tokens.text(index - 1)}|"
            yield Slip(((tokens.all[index - 1].start, token.end, text),), f"write the closure as `{text} …`")
        elif token.text == "lambda" and not begins_statement(tokens, index):
            colon = _ahead(tokens, index + 1, ":")
            colon = (
                colon
                if colon is not None
                else next((i for i in range(index + 1, min(index + 9, len(tokens.all))) if tokens.text(i) == ":"), None)
            )
            if colon is not None:
                text = f"|{source_between(tokens, index + 1, colon - 1)}|"
                yield Slip(((token.start, tokens.all[colon].end, text),), f"write the closure as `{text} …`")


def _after_type(tokens: Tokens, index: int) -> int:
    while tokens.kind(index) == "word" or tokens.text(index) in ("::", "<", ">", "&", ",", "lifetime"):
        index += 1
    return index


@habit
def unclosed_type_brackets(tokens: Tokens) -> Iterator[Slip]:
    """`let x: Vec<Vec<i32> = …`, `-> Vec<Vec<i32> {`: each `<` of a type has its `>`."""
    for index, token in enumerate(tokens.all):
        if token.text not in (":", "->"):
            continue
        depth, here = 0, index + 1
        while here < len(tokens.all) and here - index < 60 and not (tokens.all[here].first and here > index + 1):
            text = tokens.text(here)
            depth += (text == "<") - (text == ">") - 2 * (text == ">>")
            if text in ("=", "{", ";", ")", ">=", "}"):
                break
            here = tokens.skip(here)
        at = tokens.all[here - 1].end
        if 0 < depth <= 2 and tokens.text(here) in ("=", "{", ")", ";"):
            yield Slip(((at, at, ">" * depth),), "close the `<` with `>`")
        elif depth < 0 and tokens.text(here - 1) == ">":
            yield Slip((swap(tokens, here - 1, ""),), "remove the `>` that closes nothing")


@habit
def macros_without_mark(tokens: Tokens) -> Iterator[Slip]:
    """`vec[1, 2]`: a macro is called with `!`."""
    for index, token in enumerate(tokens.all):
        if token.text == "vec" and tokens.text(index + 1) == "[" and tokens.text(index - 1) not in ("let", "mut", "."):
            yield Slip(((token.end, token.end, "!"),), "write `vec![…]`")


@habit
def unclosed_turbofish(tokens: Tokens) -> Iterator[Slip]:
    """`sum::<i32()`, `Pair::<u8::new()`: the `>` is missing before the call or before the last part of the path."""
    for index, token in enumerate(tokens.all):
        if token.text != "::" or tokens.text(index + 1) != "<":
            continue
        here = index + 2
        while tokens.kind(here) == "word" or tokens.text(here) in ("::", "_", "&"):
            here += 1
        if tokens.text(here) == "(" and here > index + 2:
            after = here - 2 if tokens.text(here - 2) == "::" and here - 2 > index else here
            at = tokens.all[after - 1].end
            yield Slip(((at, at, ">"),), "close the `<` with `>`")


@habit
def unclosed_closure_bars(tokens: Tokens) -> Iterator[Slip]:
    """`|n n + 1`: the parameters of a closure stand between two bars."""
    for index, token in enumerate(tokens.all):
        if (
            token.text != "|"
            or tokens.text(index - 1) not in ("(", ",", "=", "move")
            or tokens.kind(index + 1) != "word"
        ):
            continue
        following = tokens.kind(index + 2) in ("word", "number", "string") or tokens.text(index + 2) in ("(", "{", "!")
        if following and tokens.text(index + 1) not in ("mut", "ref"):
            at = tokens.all[index + 1].end
            yield Slip(((at, at, "|"),), f"close the parameter `{tokens.text(index + 1)}` with `|`")
