"""Rules for format strings: placeholders and arguments that do not fit together, braces that do not match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.syntax_tokens import Tokens, tokens_of

_PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{(?P<what>[^{}:]*)(?P<spec>:[^{}]*)?\}")
_NAME: Final = re.compile(r"\s*(?:[A-Za-z_]\w*|\d*)\s*")
_SPEC: Final = re.compile(r":(?:.?[<^>])?[+-]?#?0?(?:\w+\$|\d+)?(?:\.(?:\w+\$|\d+|\*))?(?:[?xXobeEp]|[xX]\?)?\s*")
_FOREIGN_SPEC: Final = re.compile(r"(?P<rest>:[^{}]*?)(?:l?l?[diuf]|s|zu|ld|lf)$")
_GAP: Final = re.compile(r"(?<=[=:]) ?(?=[,.;)\]]|$)|(?<=\() ?(?=\))|(?<=\[) ?(?=\])|(?<=') ?(?=')|(?<= ) (?=\S)")
_FORMAT_ARGUMENT: Final = {"print": 0, "println": 0, "eprint": 0, "eprintln": 0, "format": 0, "panic": 0,
                           "format_args": 0, "write": 1, "writeln": 1, "assert": 1, "assert_eq": 2,
                           "assert_ne": 2}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A formatting macro's call: its format string without the quotes, where that stands, and the arguments after it
    as first and last token; ``closing``: the index of the bracket that ends the call."""

    text: str
    start: int
    end: int
    string: int
    arguments: tuple[tuple[int, int], ...]
    closing: int

    @property
    def placeholders(self) -> list[re.Match[str]]:
        """The placeholders that are well formed as to their braces."""
        return [m for m in _PLACEHOLDER.finditer(self.text) if m.group() not in ("{{", "}}")]


def _call_at(case: Case, tokens: Tokens) -> Call | None:
    """The formatting call around the error; None where there is none, or its string is raw or comes from elsewhere."""
    index: int | None = min(tokens.at(case.place.start), len(tokens.all))
    while index is not None:
        name = tokens.text(index - 2)
        if tokens.text(index - 1) == "!" and name in _FORMAT_ARGUMENT and index < len(tokens.all):
            return _call(tokens, index, _FORMAT_ARGUMENT[name])
        if index + 2 < len(tokens.all) and tokens.text(index + 1) == "!" and tokens.text(index) in _FORMAT_ARGUMENT:
            return _call(tokens, index + 2, _FORMAT_ARGUMENT[tokens.text(index)])
        index = tokens.enclosing(index)
    return None


def _call(tokens: Tokens, opening: int, skipped: int) -> Call | None:
    closing = tokens.partner.get(opening)
    if closing is None:
        return None
    parts: list[tuple[int, int]] = []
    begin = last = opening + 1
    for index in tokens.inside(opening):
        if tokens.text(index) == ",":
            parts.append((begin, last))
            begin = index + 1
        last = tokens.skip(index) - 1
    if begin < closing:
        parts.append((begin, closing - 1))
    if len(parts) <= skipped:
        return None
    string = tokens.all[parts[skipped][0]]
    if string.kind != "string" or not string.text.startswith('"') or len(string.text) < 2:
        return None
    return Call(
        string.text[1:-1], string.start + 1, string.end - 1, parts[skipped][0], tuple(parts[skipped + 1 :]), closing
    )


def _argument(case: Case, tokens: Tokens, part: tuple[int, int]) -> str:
    return case.source[tokens.all[part[0]].start : tokens.all[part[1]].end].decode("utf-8", "replace")


def _string(case: Case, call: Call, text: str) -> Edit:
    return Edit(case.file, call.start, call.end, text.encode())


@rule(message=r"^(?:argument never used|multiple unused formatting arguments)")
def unused_argument(case: Case) -> Iterator[Fix]:
    """More arguments than placeholders: the placeholder was forgotten. It goes where the text has a gap ("total: ,"),
    else to the end."""
    tokens = tokens_of(case.source)
    call = _call_at(case, tokens)
    if call is None or "%" in call.text:
        return
    positional = [part for part in call.arguments if tokens.text(part[0] + 1) != "="]
    used = [m for m in call.placeholders if not m["what"].strip()]
    missing = len(positional) - len(used)
    if not 0 < missing <= 4 or any(m["what"].strip().isdigit() for m in call.placeholders):
        return
    text = call.text
    gap = next((m for m in _GAP.finditer(text) if m.start() > 0), None) if missing == 1 else None
    word = "a placeholder" if missing == 1 else f"{missing} placeholders"
    if gap is not None and gap.start() < len(text):
        space = " " if text[gap.start() - 1] in "=:" else ""
        yield Fix((_string(case, call, text[: gap.start()] + space + "{}" + text[gap.end() :]),), f"add {word}", 0.7)
    stem = text.removesuffix("\\n")
    space = "" if not stem or stem[-1] in " ([{=\"'" else " "
    more = " ".join(["{}"] * missing)
    yield Fix((_string(case, call, stem + space + more + text[len(stem) :]),), f"add {word} for the value", 0.65)


@rule(message=r"positional arguments? in format string, but")
def missing_argument(case: Case) -> Iterator[Fix]:
    """Fewer arguments than placeholders. Only where some local variables above are used nowhere, and just as many as
    are missing, is it clear what should be shown."""
    tokens = tokens_of(case.source)
    call = _call_at(case, tokens)
    if call is None:
        return
    positional = [part for part in call.arguments if tokens.text(part[0] + 1) != "="]
    missing = sum(not m["what"].strip() for m in call.placeholders) - len(positional)
    names = _unused_variables(case, tokens, call)
    if 0 < missing == len(names):
        at = tokens.all[call.closing - 1].end
        listed = ", ".join(names)
        yield Fix((case.insert(at, f", {listed}"),), f"show `{listed}`", 0.6)


def _unused_variables(case: Case, tokens: Tokens, call: Call) -> list[str]:
    """Local variables that are declared before the call, in its function, and appear nowhere else."""
    function = case.above(case.at((call.start, call.end)), "function_item")
    if function is None:
        return []
    counts: dict[str, int] = {}
    declared: list[str] = []
    inside = ""
    for index, token in enumerate(tokens.all):
        if not function.start_byte <= token.start < function.end_byte:
            continue
        if token.kind == "word":
            counts[token.text] = counts.get(token.text, 0) + 1
            if token.start < call.start and tokens.text(index - 1) in ("let", "mut") and tokens.text(index + 1) in "=:":
                declared.append(token.text)
        elif token.kind == "string":
            inside += token.text
    return [
        name
        for name in dict.fromkeys(declared)
        if counts[name] == 1 and not name.startswith("_") and not re.search(rf"\{{{name}\b", inside)
    ]


@rule(message=r"^invalid format string: ")
def braces_in_the_text(case: Case) -> Iterator[Fix]:
    """Between braces stands a name or nothing; an expression goes behind the string, a brace that is meant as text is
    doubled, one that lost its partner gets it back."""
    tokens = tokens_of(case.source)
    call = _call_at(case, tokens)
    if call is None:
        return
    yield from _expressions(case, tokens, call)
    text = call.text
    if "unmatched `}`" in case.message:
        yield from _unmatched(case, call)
    if "string was terminated" in case.message or "found `{`" in case.message:
        for match in re.finditer(r"(?<!\{)\{(?!\{)(?P<in>[\w]*(?::[^\s{}\"]*)?)(?![\w}:])", text):
            closed = text[: match.end()] + "}" + text[match.end() :]
            words = f"close the placeholder `{{{match['in']}}}`"
            yield Fix((_string(case, call, closed),), words, 0.75 if match["in"] or call.arguments else 0.5)
    doubled = _doubled(text)
    if doubled != text:
        yield Fix((_string(case, call, doubled),), "double the braces that are text", 0.6)


def _expressions(case: Case, tokens: Tokens, call: Call) -> Iterator[Fix]:
    """`{v.len()}`: the expression becomes an argument, at the place that the placeholder has among the others."""
    if any(tokens.text(part[0] + 1) == "=" for part in call.arguments):
        return
    arguments = [_argument(case, tokens, part) for part in call.arguments]
    text, position, changed = "", 0, 0
    at = 0
    for match in call.placeholders:
        what, spec = match["what"], match["spec"] or ""
        if what.endswith("?") and not spec:
            what, spec = what[:-1], ":?"
        if spec.startswith("::") or (spec and not _SPEC.fullmatch(spec)):
            return
        text += call.text[at : match.start()]
        at = match.end()
        if _NAME.fullmatch(what):
            text += "{" + what + spec + "}"
            changed += spec != (match["spec"] or "")
        else:
            if not re.fullmatch(r"[\w.&*()\[\] +\-/%,]+", what) or what.count("(") != what.count(")"):
                return
            arguments.insert(position, what.strip())
            text += "{" + spec + "}"
            changed += 1
        position += not what.strip() or not _NAME.fullmatch(what)
    text += call.text[at:]
    if changed:
        start, end = tokens.all[call.string].start, tokens.all[call.closing - 1].end
        whole = ", ".join([f'"{text}"', *arguments])
        yield Fix((Edit(case.file, start, end, whole.encode()),), "pass the value as an argument", 0.75)


def _unmatched(case: Case, call: Call) -> Iterator[Fix]:
    """A `}` that closes nothing: one too many after a placeholder, or its `{` is missing before a name."""
    text = call.text
    for match in re.finditer(r"(?P<name>[A-Za-z_]\w*(?::[^\s{}]*)?)\}(?!\})", text):
        start = match.start()
        if not re.search(r"\{[\w:?.#]*$", text[:start]) and re.search(
            rf"\b{match['name'].split(':')[0]}\b".encode(), case.source[: call.start]
        ):
            opened = text[:start] + "{" + text[start:]
            yield Fix((_string(case, call, opened),), f"open the placeholder `{{{match['name']}}}`", 0.75)
    shorter = re.sub(r"(?<!\{)(\{[^{}]*\})\}(?!\})", r"\1", text)
    if shorter != text:
        yield Fix((_string(case, call, shorter),), "remove the `}` that closes nothing", 0.72)


def _doubled(text: str) -> str:
    """``text`` with each brace doubled that belongs to no placeholder."""
    out, at = "", 0
    while at < len(text):
        match = _PLACEHOLDER.match(text, at)
        good = match is not None and (
            match.group() in ("{{", "}}")
            or (_NAME.fullmatch(match["what"] or "") and (not match["spec"] or _SPEC.fullmatch(match["spec"])))
        )
        if match is not None and good:
            out += match.group()
            at = match.end()
        else:
            out += text[at] * 2 if text[at] in "{}" else text[at]
            at += 1
    return out


@rule(message=r"^unknown format trait")
def foreign_placeholder(case: Case) -> Iterator[Fix]:
    """`{:d}`, `{:s}`: Rust's placeholders do not name the type; they show any value that can be shown."""
    call = _call_at(case, tokens_of(case.source))
    if call is None:
        return

    def own(match: re.Match[str]) -> str:
        spec = match["spec"] or ""
        foreign = _FOREIGN_SPEC.fullmatch(spec)
        if foreign is None:
            return match.group()
        rest = "" if foreign["rest"] == ":" else foreign["rest"]
        return "{" + (match["what"] or "") + rest + "}"

    changed = _PLACEHOLDER.sub(own, call.text)
    if changed != call.text:
        yield Fix((_string(case, call, changed),), "leave the type out of the placeholder", 0.75)


@rule(message=r"^invalid reference to positional argument")
def counted_from_one(case: Case) -> Iterator[Fix]:
    """Positions in format strings count from 0; a string that counts from 1 never names argument 0."""
    call = _call_at(case, tokens_of(case.source))
    if call is None:
        return
    numbers = [int(m["what"]) for m in call.placeholders if m["what"].isdecimal()]
    if numbers and min(numbers) == 1 and max(numbers) == len(call.arguments):
        changed = _PLACEHOLDER.sub(
            lambda m: (
                "{" + str(int(m["what"]) - 1) + (m["spec"] or "") + "}" if (m["what"] or "").isdecimal() else m.group()
            ),
            call.text,
        )
        yield Fix((_string(case, call, changed),), "count the arguments from 0", 0.75)


@rule(message=r"^expected `,`, found `\+`")
def added_to_the_text(case: Case) -> Iterator[Fix]:
    """`println!("a" + s)`: the parts become one string with placeholders, and the values its arguments."""
    tokens = tokens_of(case.source)
    call = _call_at(case, tokens)
    if call is None or call.arguments:
        return
    text, values, begin = "", [], call.string
    for index in (*range(call.string, call.closing), call.closing):
        if index < call.closing and (
            tokens.text(index) != "+" or tokens.enclosing(index) != tokens.enclosing(call.string)
        ):
            continue
        part = (begin, index - 1)
        if part[1] < part[0]:
            return
        if part[0] == part[1] and tokens.kind(begin) == "string":
            text += tokens.text(begin)[1:-1]
        else:
            text += "{}"
            values.append(_argument(case, tokens, part))
        begin = index + 1
    whole = ", ".join([f'"{text}"', *values])
    edit = Edit(case.file, tokens.all[call.string].start, tokens.all[call.closing - 1].end, whole.encode())
    yield Fix((edit,), "put the values into the text with placeholders", 0.75)


@rule(message=r"^expected (?:one of )?.*`,`.*, found")
def comma_before_argument(case: Case) -> Iterator[Fix]:
    """Arguments of a formatting macro stand apart by commas."""
    tokens = tokens_of(case.source)
    index = tokens.at(case.place.start)
    if 0 < index < len(tokens.all) and _call_at(case, tokens) is not None and tokens.kind(index) != "sign":
        yield Fix((case.insert(tokens.all[index - 1].end, ","),), "add the missing `,`", 0.75)
