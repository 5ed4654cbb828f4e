"""Rules for brackets that are missing, superfluous or of the wrong kind.

The compiler knows which bracket stays open, seldom where its partner belongs. Indentation tells for blocks; within a
line it is what follows: a closing parenthesis stands before `;`, `{`, `->`, `=>` or at the end of the line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.syntax_tokens import CLOSING, OPENING, Brokenness, Tokens, tokens_of

_MOST_TRIED = 40
_MOST_GIVEN = 6
_WINDOW = 16_000  # bytes: a block may be long
_NEVER_BEFORE = frozenset((",", ";", ".", "=>", "=", "->", ":"))
_HEADERS = frozenset(
    [
        "fn",
        "if",
        "else",
        "for",
        "while",
        "loop",
        "match",
        "impl",
        "struct",
        "enum",
        "trait",
        "mod",
        "pub",
        "unsafe",
        "async",
        "const",
        "union",
        "extern",
    ]
)
_OPERATORS = frozenset(["+", "-", "*", "/", "%", "==", "!=", "<=", ">=", "<", ">", "&&", "||", "&", "|", "^", "?"])

Place = tuple[int, Edit, str]  # how unlikely, what, and in which words


@rule(message=r"^(?:mismatched closing delimiter|this file contains an unclosed delimiter)")
def missing_closing_bracket(case: Case) -> Iterator[Fix]:
    """A bracket is never closed. Its partner goes where the indentation shows that the block ends, or where the
    parenthesis must end for the line to make sense; a partner of another kind is put right."""
    tokens = tokens_of(case.source)
    places = [*_wrong_kind(case, tokens), *_open_blocks(case, tokens), *_open_in_line(case, tokens)]
    yield from _best(case, places, 0.8)


@rule(message=r"^unexpected closing delimiter")
def missing_opening_bracket(case: Case) -> Iterator[Fix]:
    """A closing bracket has no partner: the head of a block lacks its `{`, a call its `(`, or the bracket is one too
    many."""
    tokens = tokens_of(case.source)
    places = [*_headless_blocks(case, tokens), *_without_opening(case, tokens), *_one_too_many(case, tokens)]
    yield from _best(case, places, 0.8)


def _best(case: Case, places: Iterable[Place], likelihood: float) -> Iterator[Fix]:
    """The places after which most of the source makes sense, the likeliest first."""
    opening = next((span for span, _ in case.labelled(r"^unclosed delimiter")), case.place)
    measure = Brokenness(case, opening.start, _WINDOW)
    known: dict[Edit, tuple[int, str]] = {}
    for cost, edit, words in sorted(places, key=lambda place: place[0])[:_MOST_TRIED]:
        known.setdefault(edit, (cost, words))
    weighed = [(measure.after([edit]), cost, words, edit) for edit, (cost, words) in known.items()]
    # Inside a macro the grammar cannot tell good from bad, so as broken as before is good enough there.
    least = min((weight for weight, *_ in weighed), default=0)
    kept = [entry for entry in weighed if entry[0] == least]
    kept.sort(key=lambda entry: entry[1])
    for number, (_, _, words, edit) in enumerate(kept[:_MOST_GIVEN]):
        yield Fix((edit,), words, likelihood - 0.02 * number)


def _wrong_kind(case: Case, tokens: Tokens) -> Iterator[Place]:
    """`[1, 2)`: one of the two is of the wrong kind."""
    opening = next((span for span, _ in case.labelled(r"^unclosed delimiter")), None)
    closing = next((span for span, _ in case.labelled(r"^mismatched closing delimiter")), None)
    if opening is None or closing is None:
        return
    open_text, close_text = case.text(opening), case.text(closing)
    if open_text not in OPENING or close_text not in CLOSING:
        return
    if opening.line == closing.line or case.indentation(opening.start) == case.indentation(closing.start):
        right = OPENING[open_text]
        yield 1, case.replace(closing, right), f"close the `{open_text}` with `{right}`"
        left = CLOSING[close_text]
        yield 4, case.replace(opening, left), f"open with `{left}` what ends with `{close_text}`"


def _open_blocks(case: Case, tokens: Tokens) -> Iterator[Place]:
    """Where the indentation says that a block ended without its closing bracket, from the top."""
    newline = "\r\n" if b"\r\n" in case.source else "\n"
    stack: list[int] = []
    given = 0
    for index, token in enumerate(tokens.all):
        sign = token.text if token.kind == "sign" else ""
        if token.first and stack:
            here = len(_columns(tokens.indent(index)))
            top = stack[-1]
            outer = len(_columns(tokens.indent(top)))
            closing = OPENING[tokens.text(top)]
            if tokens.ends_line(top) and (here < outer or (here == outer and sign != closing)):
                words = f"close the `{tokens.text(top)}` of line {tokens.all[top].line + 1}"
                if here == outer and (sign in CLOSING or sign in (";", ",", ".", "?") or token.text == "else"):
                    text = closing + (" " if token.text == "else" else "")
                    yield given, case.insert(token.start, text), words
                else:
                    end = tokens.line_end(tokens.all[index - 1].end)
                    yield given, case.insert(end, f"{newline}{tokens.indent(top)}{closing}"), words
                given += 1
                if given > _MOST_TRIED // 2:
                    return
                while stack and here <= len(_columns(tokens.indent(stack[-1]))) and sign not in CLOSING:
                    stack.pop()
                while stack and sign in CLOSING and here < len(_columns(tokens.indent(stack[-1]))):
                    stack.pop()
        if sign in OPENING:
            stack.append(index)
        elif sign in CLOSING and stack:
            if tokens.text(stack[-1]) == CLOSING[sign]:
                stack.pop()
            elif len(stack) > 1 and tokens.text(stack[-2]) == CLOSING[sign]:
                del stack[-2:]
    for number, top in enumerate(reversed(stack[-2:] if len(stack) > 1 else stack)):
        if tokens.text(top) == "{":
            end = len(case.source.rstrip())
            words = f"close the `{{` of line {tokens.all[top].line + 1}"
            yield 10 + number, case.insert(end, f"{newline}{tokens.indent(top)}}}"), words


def _columns(indent: str) -> str:
    return indent.expandtabs(4)


def _open_in_line(case: Case, tokens: Tokens) -> Iterator[Place]:
    """The places on the line of a bracket that stays open where its partner could stand."""
    spans = [
        *(span for span, _ in case.labelled(r"might not be properly closed")),
        *(span for span, _ in case.labelled(r"^unclosed delimiter")),
    ]
    for span in spans:
        start = tokens.at(span.start)
        if tokens.text(start) not in OPENING:
            continue
        line = tokens.all[start].line
        inner = 0
        for index in range(start, min(start + 200, len(tokens.all))):
            token = tokens.all[index]
            if token.line != line:
                break
            if index > start and token.kind == "sign" and token.text in OPENING and index not in tokens.partner:
                inner = index
            closing = OPENING[tokens.text(inner or start)]
            if index > start and tokens.text(index - 1) == "(" and _only_groups(tokens, index - 1):
                continue
            if (cost := _cost_of_closing_after(tokens, index)) is not None:
                opened = tokens.text(inner or start)
                space = " " if closing == "}" and tokens.text(index) != "{" else ""
                yield cost, case.insert(token.end, space + closing), f"close the `{opened}`"
                if inner and tokens.text(start) != opened:
                    closing = OPENING[tokens.text(start)]
                    yield cost + 1, case.insert(token.end, closing), f"close the `{tokens.text(start)}`"


def _only_groups(tokens: Tokens, opening: int) -> bool:
    """Whether a parenthesis neither calls nor declares anything; such a one holds more than one token."""
    before = tokens.text(opening - 1)
    called = tokens.kind(opening - 1) == "word" and before not in ("if", "while", "match", "return", "in", "for")
    return tokens.text(opening) == "(" and not called and before not in (">", "!", ")", "]")


def _cost_of_closing_after(tokens: Tokens, index: int) -> int | None:
    """How unlikely it is that a closing bracket belongs after a token; the later on the line the likelier."""
    following = tokens.text(index + 1)
    own = tokens.text(index) if tokens.kind(index) == "sign" else ""
    if own in _NEVER_BEFORE or own in _OPERATORS or tokens.text(index) in ("let", "mut", "fn"):
        return None
    if tokens.ends_line(index):
        return 3 if own != "{" else None
    back = max(0, 40 - index % 40)  # the rightmost of equals first
    if following in (";", "->", "=>") or (following == "{" and tokens.ends_line(index + 1)):
        return 2
    if following in CLOSING or following == "=":
        return 4
    if following in (",", ".", "?") or own in OPENING:
        return 50 + back
    if following in _OPERATORS or following in ("as", "in", "else"):
        return 100 + back
    return None


def _headless_blocks(case: Case, tokens: Tokens) -> Iterator[Place]:
    """Heads such as `fn main()` or `let y = if x > 1` whose next line is indented further and that open nothing."""
    lines: dict[int, list[int]] = {}
    for index, token in enumerate(tokens.all):
        lines.setdefault(token.line, []).append(index)
    for here, there in pairwise(lines.values()):
        first, last = here[0], here[-1]
        head = next((tokens.text(index) for index in here if tokens.text(index) in _HEADERS), "")
        if not head or tokens.text(last) in ("{", ";", ",", "(", "}"):
            continue
        if len(_columns(tokens.indent(there[0]))) <= len(_columns(tokens.indent(first))):
            continue
        if tokens.text(there[0]) in (".", "&&", "||", "where", "{"):
            continue
        words = f"open the block of `{head}` with `{{`"
        cost = 0 if head in (tokens.text(first), tokens.text(first + 1)) else 2
        if tokens.text(last) == ":":
            yield cost, Edit(case.file, tokens.all[last].start, tokens.all[last].end, b" {"), words
        else:
            yield cost, case.insert(tokens.all[last].end, " {"), words


def _without_opening(case: Case, tokens: Tokens) -> Iterator[Place]:
    """`fn main) {`, `println!"a");`, `Point x: 1 }`: where on its line the opening bracket may be missing."""
    known = {"Some", "Ok", "Err", *(token.text for token in tokens.all if token.kind == "word")}
    for index in _lone_closings(tokens)[:4]:
        token = tokens.all[index]
        if token.first:
            continue
        opening = CLOSING[token.text]
        words = f"add the missing `{opening}`"
        for before in range(index - 1, max(-1, index - 60), -1):
            if tokens.all[before].line != token.line:
                break
            for cost, at in _openings_at(tokens, before, opening, known):
                text = " {" if opening == "{" else opening
                yield cost + index - before, case.insert(at, text), words


def _openings_at(tokens: Tokens, index: int, opening: str, known: set[str]) -> Iterator[tuple[int, int]]:
    """How unlikely an opening bracket is in, after or right behind a token, and at which offset."""
    token, before = tokens.all[index], tokens.text(index - 1)
    if opening == "{":
        if token.kind == "word" and (token.text[:1].isupper() or before in ("fn", "match", "if")):
            yield 0, token.end
        return
    if token.text == "!" and tokens.kind(index - 1) == "word":
        yield 0, token.end
    elif token.kind == "word" and token.text not in ("let", "mut", "return", "in", "if", "as"):
        named = before in ("fn", ".", "::") or tokens.kind(index + 1) in ("string", "char")
        yield 0 if named and tokens.text(index + 1) not in (".", "::") else 2, token.end
        for length in range(1, len(token.text)):  # a name and what it is called with, run together
            name, rest = token.text[:length], token.text[length:]
            if name in known and (rest in known or rest.isdecimal()):
                yield -2, token.start + len(name.encode())
    elif token.text == ")" and tokens.kind(index + 1) in ("word", "string", "number"):
        yield 1, token.end
    if token.text in ("=", "return", "&&", "||", ",", "("):
        yield 20, tokens.all[index + 1].start


def _one_too_many(case: Case, tokens: Tokens) -> Iterator[Place]:
    """Closing brackets without a partner, and closing braces whose indentation is not that of their block."""
    doubtful = _lone_closings(tokens)
    for closing, opening in tokens.partner.items():
        first = closing > opening and tokens.text(closing) == "}" and tokens.all[closing].first
        if first and tokens.indent(closing) != tokens.indent(opening):
            doubtful.append(closing)
    for number, index in enumerate(doubtful[:8]):
        token = tokens.all[index]
        alone = token.first and tokens.ends_line(index)
        start = tokens.all[index - 1].end if alone and index else token.start
        if not case.source[start : token.start].isspace():
            start = token.start
        words = f"remove the `{token.text}` that closes nothing"
        doubled = tokens.text(index - 1) == token.text != "}"
        yield (15 if doubled else 30) + number, Edit(case.file, start, token.end, b""), words
        here = index - 1
        while here > 0 and tokens.all[here].line == token.line and token.text != "}":
            if tokens.text(here) == tokens.text(here - 1) == token.text:
                yield 16 + number, Edit(case.file, tokens.all[here].start, tokens.all[here].end, b""), words
            here -= 1


def _lone_closings(tokens: Tokens) -> list[int]:
    """The closing brackets that match nothing that is open where they stand."""
    return [
        index
        for index, token in enumerate(tokens.all)
        if token.kind == "sign" and token.text in CLOSING and index not in tokens.partner
    ]
