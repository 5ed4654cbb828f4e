"""Rules for literals and comments: quotes that are missing or of the wrong kind, comments in the wrong place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tutor.fix.proposer import Edit
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.syntax_tokens import Brokenness, tokens_of

_QUOTED: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*"|\'(?:\\.[^\'\n]*|[^\'\\\n])\'|//[^\n]*')
_TAIL: Final = re.compile(rb"[)\]};,\s]*$")
_SINGLE: Final = re.compile(rb"'((?:[^'\\\n]|\\.)*)'")
_SUFFIXES: Final = {"f": "f32", "F": "f32", "d": "f64", "D": "f64", "L": "i64", "l": "i64", "u": "u32", "U": "u32",
                    "UL": "u64", "ul": "u64", "LL": "i64", "ll": "i64", "ULL": "u64", "ull": "u64",
                    "int": "i32", "float": "f32", "double": "f64"}  # fmt: skip
_MOST_LINES: Final = 3


@rule("E0765", "E0766")
def unterminated_string(case: Case) -> Iterator[Fix]:
    """A string without its closing quote swallows all up to the next one. The line where quotes first do not pair is
    where it is missing, before what closes the call and ends the statement."""
    offset, found = 0, 0
    places: list[tuple[int, int]] = []
    for line in case.source.splitlines(keepends=True):
        rest = _QUOTED.sub(lambda m: b" " * len(m.group()), line)
        if rest.count(b'"') == 1 and offset <= case.place.start:
            quote = rest.index(b'"')
            places += [(offset + at, found) for at in _ends_of_string(line.rstrip(b"\r\n"), quote)]
            found += 1
            if found == _MOST_LINES:
                break
        offset += len(line)
    measure = Brokenness(case, case.place.start)
    weighed = [(measure.after([case.insert(at, '"')]), line, number, at) for number, (at, line) in enumerate(places)]
    least = min((entry[0] for entry in weighed), default=0)
    for number, (_, _, _, at) in enumerate(sorted(entry for entry in weighed if entry[0] == least)[:6]):
        yield Fix((case.insert(at, '"'),), 'close the string with `"`', 0.8 - 0.01 * number)


def _ends_of_string(line: bytes, quote: int) -> Iterator[int]:
    """Where on its line a string may end that begins at ``quote``."""
    comment = line.find(b" //", quote)
    if comment > 0:
        yield from _ends_of_string(line[:comment], quote)
    head = line[:quote]
    depth = (
        head.count(b"(") + head.count(b"[") + head.count(b"{") - head.count(b")") - head.count(b"]") - head.count(b"}")
    )
    tail = _TAIL.search(line)
    start = max(quote + 1, tail.start() if tail else len(line))
    closers = [at for at in range(start, len(line)) if line[at : at + 1] in b")]}"]
    if 0 < depth <= len(closers):
        yield closers[-depth]
    yield start
    at = line.rfind(b",", quote + 1)
    while at > quote:
        yield at
        at = line.rfind(b",", quote + 1, at)
    yield len(line)


@rule("E0762", "E0763", message=r"^(?:prefix `.*` is unknown|character literal may only|unterminated character)")
def characters_and_strings(case: Case) -> Iterator[Fix]:
    """Single quotes hold one character: one that is not closed gets its second quote, and a longer text between them
    is a string."""
    start = case.source.rfind(b"\n", 0, case.place.start) + 1
    end = case.source.find(b"\n", start)
    line = case.source[start : len(case.source) if end < 0 else end]
    longer = [
        m for m in _SINGLE.finditer(line) if len(m.group(1).decode("utf-8", "replace")) > 1 and b'"' not in m.group(1)
    ]
    edits = [
        Edit(case.file, start + m.start(), start + m.end(), b'"' + m.group(1) + b'"')
        for m in longer
        if m.group(1)[:1] != b"\\"
    ]
    if edits:
        yield Fix(tuple(edits), "write a text in double quotes", 0.8)
    if case.diagnostic.code in ("E0762", "E0763"):
        quote = case.source.find(b"'", case.place.start)
        one = re.compile(rb"(?:\\(?:u\{[^}]*\}|x..|.)|[^\\'\n\x80-\xff]|[\xc2-\xf4][\x80-\xbf]{1,3})").match(
            case.source, quote + 1
        )
        if quote >= 0 and one is not None:
            yield Fix((case.insert(one.end(), "'"),), "close the character with `'`", 0.75)


@rule(message=r"^unknown start of token: `")
def other_quotes(case: Case) -> Iterator[Fix]:
    """A text between backticks is a string."""
    pairs = re.finditer(rb"`([^`\"\\\n]*)`", case.source)
    edits = [Edit(case.file, m.start(), m.end(), b'"' + m.group(1) + b'"') for m in pairs]
    if edits and "`" in case.text(case.place):
        yield Fix(tuple(edits), "write a text in double quotes", 0.8)


@rule("E0748")
def unterminated_raw_string(case: Case) -> Iterator[Fix]:
    """A raw string ends with as many `#` as it begins with."""
    opening = re.compile(rb'[bc]?r(#+)"').match(case.source, case.place.start)
    if opening is None:
        return
    hashes = opening.group(1)
    at = case.source.find(b'"', opening.end())
    while at >= 0:
        have = len(case.source[at + 1 : at + 1 + len(hashes)]) - len(
            case.source[at + 1 : at + 1 + len(hashes)].lstrip(b"#")
        )
        if re.match(rb"#*\s*[;,)\].]", case.source[at + 1 : at + 40]):
            yield Fix(
                (case.insert(at + 1 + have, "#" * (len(hashes) - have)),), "end the raw string with its `#`", 0.75
            )
            return
        at = case.source.find(b'"', at + 1)


@rule("E0758")
def unterminated_comment(case: Case) -> Iterator[Fix]:
    """A block comment that never ends: it was meant for its line, or for the lines before the next empty one."""
    ends: list[int] = []
    at = case.place.start
    for _ in range(12):
        end = tokens_of(case.source).line_end(at)
        following = case.source[end : end + 200].lstrip(b"\r\n").lstrip(b" \t")
        ends.append(end)
        if not following.startswith(b"*") or end >= len(case.source):
            break
        at = case.source.find(b"\n", end) + 1
    blank = re.compile(rb"\n\s*\n").search(case.source, case.place.start)
    if blank is not None:
        ends.append(tokens_of(case.source).line_end(blank.start()))
    for number, end in enumerate(dict.fromkeys([ends[-1 if blank is None else -2], *ends])):
        yield Fix((Edit(case.file, end, end, b" */"),), "end the comment with `*/`", 0.7 - 0.02 * number)


@rule("E0584", "E0585", "E0753")
def documentation_of_nothing(case: Case) -> Iterator[Fix]:
    """A documentation comment belongs to what follows it; where nothing does, it is a plain comment."""
    lines = re.compile(rb"[ \t]*//[/!][^\n]*\n?")
    start = case.source.rfind(b"\n", 0, case.place.start) + 1
    edits: list[Edit] = []
    while (match := lines.match(case.source, start)) is not None:
        at = case.source.index(b"//", start)
        edits.append(Edit(case.file, at, at + 3, b"//"))
        start = match.end()
    back = case.source.rfind(b"\n", 0, case.place.start) + 1
    while back > 0:
        before = case.source.rfind(b"\n", 0, back - 1) + 1
        match = lines.match(case.source, before)
        if match is None:
            break
        at = case.source.index(b"//", before)
        edits.append(Edit(case.file, at, at + 3, b"//"))
        back = before
    if edits:
        yield Fix(tuple(edits), "make it a plain comment", 0.62)


@rule(message=r"^invalid suffix `\w+` for (?:number|float) literal")
def foreign_suffix(case: Case) -> Iterator[Fix]:
    """`15L`, `1.5f`: Rust's suffixes are the names of its types."""
    text = case.text(case.place)
    match = re.search(r"(?<=[\d.])(?P<suffix>[A-Za-z]+)$", text)
    if match is not None and match["suffix"] in _SUFFIXES:
        right = _SUFFIXES[match["suffix"]]
        if "." in text and right[0] != "f":
            return
        yield Fix((case.replace(case.place, text[: match.start()] + right),), f"write the suffix as `{right}`", 0.7)


@rule(message=r"^lifetimes cannot start with a number|found `'\d+`")
def grouped_digits(case: Case) -> Iterator[Fix]:
    """`1'000`: digits are grouped with `_`."""
    edits = [Edit(case.file, m.start(), m.end(), b"_") for m in re.finditer(rb"(?<=\d)'(?=\d{3}\b)", case.source)]
    if edits:
        yield Fix(tuple(edits), "group the digits with `_`", 0.75)


@rule(message=r"^(?:expected .*, found|suffixes on|prefix `.*` is unknown|unknown prefix|no rules expected)")
def quotes_inside_a_string(case: Case) -> Iterator[Fix]:
    """`"say "hi" now"`: quotes that belong to the text are escaped."""
    start = case.source.rfind(b"\n", 0, case.place.start) + 1
    end = case.source.find(b"\n", start)
    line = case.source[start : len(case.source) if end < 0 else end]
    match = re.search(rb'"([^"\\]*)"([^\s",;(){}][^",;(){}]*?(?<!\s))"([^"\\]*)"', line)
    if match is not None:
        edits = [Edit(case.file, start + at, start + at + 1, b'\\"') for at in (match.start(2) - 1, match.end(2))]
        yield Fix(tuple(edits), "escape the quotes that belong to the text", 0.7)
