"""Roff requests below the macros: lines, conditions, strings, macros of the page's own, and escapes.

What man(7) and mdoc(7) share. A page is data: nothing of it runs, no other file is read (``.so``), and what it can
make the reader do (strings in strings, macros that call themselves) has a budget.

Marked text, the form in which text leaves here: plain text with :data:`BOLD`, :data:`ITALIC` or :data:`ROMAN` where the
font changes, :data:`GLUE` where no space may be on either side, :data:`NO_BREAK` where none may follow.
Sources: groff(7), groff_char(7).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

BOLD, ITALIC, ROMAN, GLUE, NO_BREAK = "\x01", "\x02", "\x03", "\x04", "\x05"

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTINUED = re.compile(r"(?<!\\)((?:\\\\)*+)\\\n")
_CONTROL_LINE = re.compile(r"[.'][ \t]*([^\s\\]*)[ \t]*(.*)", re.DOTALL)
_ARGUMENT = re.compile(r'"((?:[^"]|"")*+)"?|((?:\\.|[^\s\\])++)')
_PARAMETER = re.compile(r"\\\$(?:([1-9])|\(0([1-9])|\[([1-9])\]|([*@]))")

# Every repetition is bounded, so that a line of a million openings is read once.
_NAME = r"(?:\[[^\]\n]{0,60}\]|\(..|.)"
_ESCAPE = re.compile(
    rf"""\\(?:
      f(?P<font>{_NAME})
    | \*(?P<string>{_NAME})
    | (?P<glyph>\[[^\]\n]{{0,60}}\]|\(..)
    | C'(?P<named>[^'\n]{{1,60}})'
    | N'(?P<number>\d{{1,7}})'
    | (?P<drop>n[+-]?{_NAME} | [mMFgkVY]{_NAME} | s[+-]?(?:\(..|\[[^\]\n]{{0,20}}\]|'[^'\n]{{0,20}}'|[1-3]\d|\d)
        | [ABDHLRSXZbhlovwx](?:'[^'\n]{{0,120}}'|"[^"\n]{{0,120}}"))
    | (?P<one>.)
    | \Z
    )""",
    re.VERBOSE,
)
_COMPARISON = re.compile(r"\(?\s*(-?\d{1,9})[a-z]?\s*(?:(==?|<=?|>=?)\s*(-?\d{1,9})[a-z]?)?\s*\)?")
_REGISTER = re.compile(rf"\\n[+-]?({_NAME})")

_SINGLE = {
    "-": "-", "e": "\\", "E": "\\", "\\": "\\", "'": "'", "`": "`", ".": ".", " ": "\xa0", "~": "\xa0", "0": "\xa0",
    "t": "\t", "_": "_", "c": NO_BREAK,
}  # fmt: skip
_NOTHING = frozenset("&)|^/,:%!{}durazpsmfnhvFMwkgVYOlLDbovxXZSHRABN*[($?")

_GLYPHS = {
    "em": "—", "en": "–", "hy": "-", "mi": "-", "-": "-", "\\-": "-", "bu": "•", "dq": '"', "aq": "'", "oq": "‘",
    "cq": "’", "lq": "“", "rq": "”", "Lq": "“", "Rq": "”", "Bq": "„", "bq": "‚", "rs": "\\", "ti": "~", "ha": "^",
    "co": "©", "rg": "®", "tm": "™", "ga": "`", "aa": "´", "<=": "≤", ">=": "≥", "!=": "≠", "==": "≡", "->": "→",
    "<-": "←", "<>": "↔", "da": "↓", "ua": "↑", "=>": "⇒", "mu": "×", "di": "÷", "+-": "±", "de": "°", "sq": "□",
    "ba": "|", "or": "|", "bv": "|", "br": "│", "ul": "_", "ru": "_", "sl": "/", "at": "@", "sh": "#", "Do": "$",
    "ct": "¢", "Po": "£", "Ye": "¥", "eu": "€", "Eu": "€", "sc": "§", "ps": "¶", "dg": "†", "dd": "‡", "lB": "[",
    "rB": "]", "lC": "{", "rC": "}", "la": "<", "ra": ">", "Fo": "«", "Fc": "»", "fo": "‹", "fc": "›", "12": "½",
    "14": "¼", "34": "¾", "S1": "¹", "S2": "²", "S3": "³", "pl": "+", "eq": "=", "**": "*", "*W": "-", "*a": "α",
    "*b": "β", "*g": "γ", "*l": "λ", "*m": "μ", "*p": "π", "mc": "µ", "if": "∞", "sr": "√", "no": "¬", "te": "∃",
    "fa": "∀", "mo": "∈", "ss": "ß", "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "/O": "Ø", "/o": "ø", "/L": "Ł",
    "/l": "ł", "oA": "Å", "oa": "å", "Tp": "þ", "TP": "Þ", "-D": "Ð", "Sd": "ð", "ci": "○", "r!": "¡", "r?": "¿",
    ".i": "ı", "OK": "✓", "fm": "′", "sd": "″", "~~": "≈", "~=": "≈", "ap": "~", "nb": "\xa0", "charset": "",
    "hd": "", "lh": "☜", "rh": "☞", "tno": "¬", "va": "↕", "u2026": "…", "'": "'", "`": "`",
}  # fmt: skip
_ACCENTS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", ":": "\u0308", "~": "\u0303", ",": "\u0327", "v": "\u030c"}

_STRINGS = {
    "R": "®", "Tm": "™", "lq": "“", "rq": "”", "S": "", "Aq": "'", "Le": "≤", "<=": "≤", "Ge": "≥", ">=": "≥",
    "Lt": "<", "Gt": ">", "Ne": "≠", "Ba": "|", "Am": "&", "Lq": "“", "Rq": "”", "q": '"', "Pm": "±", "If": "∞",
    "Pi": "π", "Na": "NaN", "aa": "´", "ga": "`", "L'": "‘", "R'": "’",
}  # fmt: skip

_FONTS = {
    "B": BOLD, "3": BOLD, "BI": BOLD, "4": BOLD, "C": BOLD, "CW": BOLD, "CR": BOLD, "CB": BOLD, "CO": BOLD, "CBI": BOLD,
    "CI": ITALIC, "I": ITALIC, "2": ITALIC, "R": ROMAN, "1": ROMAN, "": ROMAN,
}  # fmt: skip

_LINES_OF_MACROS = 20_000
_CHARACTERS_OF_STRINGS = 1_000_000
_DEEPEST_STRING = 8
_LONGEST_VALUE = 4_000
_LONGEST_CONTROL_LINE = 20_000  # no real one is; a condition may hold a condition may hold …


class RoffInput:
    """The lines of a page as (macro, arguments as written) or, for text, ("", the line), one by one.

    ``known``: macros that the dialect's reader understands; a page's own definition of one of them is left aside.
    """

    def __init__(self, source: str, known: frozenset[str]) -> None:
        joined = _CONTINUED.sub(r"\1", _CONTROLS.sub("", source))
        self._lines = joined.split("\n")
        self._lines.reverse()
        self._known = known
        self._strings = dict(_STRINGS)
        self._macros: dict[str, list[str]] = {}
        self._chosen: list[bool] = []
        self._macro_budget = _LINES_OF_MACROS
        self._string_budget = _CHARACTERS_OF_STRINGS
        self._string_depth = 0
        self._font = self._font_before = ROMAN

    def __iter__(self) -> Iterator[tuple[str, str]]:
        lines = self._lines
        while lines:
            line = lines.pop()
            if '\\"' in line or "\\#" in line:
                before = _without_comment(line)
                if before is None:
                    continue
                line = before
            if not line.startswith((".", "'")):
                yield "", line
                continue
            found = _CONTROL_LINE.match(line[:_LONGEST_CONTROL_LINE])
            if found is None:
                continue
            name, rest = found[1], found[2]
            if not name:
                continue
            if name in self._macros and name not in self._known:
                self._call(name, rest)
                continue
            request = _REQUESTS.get(name)
            if request is None:
                yield name, rest
            else:
                request(self, rest)

    # -- requests

    def _if(self, rest: str) -> None:
        truth, remaining = self._condition(rest)
        self._branch(truth, remaining)

    def _if_else(self, rest: str) -> None:
        truth, remaining = self._condition(rest)
        self._chosen.append(truth)
        self._branch(truth, remaining)

    def _else(self, rest: str) -> None:
        self._branch(not self._chosen.pop() if self._chosen else False, rest)

    def _branch(self, truth: bool, rest: str) -> None:
        if truth:
            rest = rest.lstrip(" \t")
            rest = rest[2:].lstrip(" \t") if rest.startswith("\\{") else rest
            if rest:
                self._lines.append(rest)
            return
        open_braces = rest.count("\\{") - rest.count("\\}")
        while open_braces > 0 and self._lines:
            line = self._lines.pop()
            open_braces += line.count("\\{") - line.count("\\}")

    def _condition(self, rest: str) -> tuple[bool, str]:
        """Whether the condition at the start of ``rest`` holds on a terminal, and what comes after it."""
        negated = rest.startswith("!")
        rest = rest.lstrip("! ")
        truth, remaining = self._plain_condition(rest)
        return truth != negated, remaining

    def _plain_condition(self, rest: str) -> tuple[bool, str]:
        head = rest[:1]
        if head in ("n", "o"):
            return True, rest[1:]
        if head in ("t", "e", "v"):
            return False, rest[1:]
        if head in ("d", "r", "c", "m", "F", "S"):
            name, _, remaining = rest[1:].lstrip(" ").partition(" ")
            return head == "d" and (name in self._strings or name in self._macros), remaining
        if head in ("'", '"') or rest.startswith("\\(aq"):
            mark = head if head != "\\" else "\\(aq"
            parts = rest[len(mark) :].split(mark, 2)
            return len(parts) == 3 and parts[0] == parts[1], parts[-1] if len(parts) == 3 else ""
        # A number that is above zero, or one comparison; of a longer expression the safe reading is "no".
        expression, _, remaining = rest.partition(" ")
        numbers = _REGISTER.sub(lambda found: "1" if _name(found[1]) == ".g" else "0", expression)
        found = _COMPARISON.fullmatch(numbers)
        if found is None:
            return False, remaining
        left, sign, right = int(found[1]), found[2], int(found[3] or 0)
        return _compared(left, sign, right), remaining

    def _define(self, rest: str) -> None:
        name, *more = self.raw_arguments(rest) or [""]
        body = self._until(more[0] if more else ".")
        self._macros[name] = [line.replace("\\\\", "\\") for line in body[:500]]

    def _append_to_macro(self, rest: str) -> None:
        self._until((*rest.split(), "", ".")[1] or ".")

    def _ignore_block(self, rest: str) -> None:
        self._until((rest.split() or ["."])[0])

    def _until(self, end: str) -> list[str]:
        body = []
        while self._lines:
            line = self._lines.pop()
            if line[:1] in (".", "'") and line[1:].strip() == end:
                break
            body.append(line)
        return body

    def _define_string(self, rest: str) -> None:
        name, _, value = rest.partition(" ")
        self._strings[name] = value.lstrip(" ").removeprefix('"')[:_LONGEST_VALUE]

    def _append_string(self, rest: str) -> None:
        name, _, value = rest.partition(" ")
        self._strings[name] = (self._strings.get(name, "") + value.lstrip(" ").removeprefix('"'))[:_LONGEST_VALUE]

    def _nothing(self, rest: str) -> None:
        """A request about the look of a page, or one that would read another file."""

    def _call(self, name: str, rest: str) -> None:
        body = self._macros[name]
        self._macro_budget -= len(body) + 1
        if self._macro_budget < 0:
            return
        arguments = [argument[:_LONGEST_VALUE] for argument in self.raw_arguments(rest)[:9]]

        def filled(found: re.Match[str]) -> str:
            if found[4]:
                return " ".join(f'"{argument}"' if found[4] == "@" else argument for argument in arguments)
            index = int(found[1] or found[2] or found[3]) - 1
            return arguments[index] if index < len(arguments) else ""

        for line in reversed(body):
            self._lines.append(_PARAMETER.sub(filled, line)[:_LONGEST_VALUE] if "\\$" in line else line)

    # -- text

    def raw_arguments(self, rest: str) -> list[str]:
        """The arguments of a macro, unquoted, with escapes as written."""
        if '"' not in rest and "\\ " not in rest:
            return rest.split()
        return [found[1].replace('""', '"') if found[1] is not None else found[2] for found in _ARGUMENT.finditer(rest)]

    def arguments(self, rest: str) -> list[str]:
        """The arguments of a macro as marked text."""
        return [self.expand(argument) for argument in self.raw_arguments(rest)]

    def expand(self, text: str) -> str:
        """``text`` with its escapes carried out, as marked text."""
        if "\\" not in text:
            return text
        if "\\\\" not in text:  # the two escapes that most are
            text = text.replace("\\-", "-").replace("\\&", "")
        return _ESCAPE.sub(self._escape, text) if "\\" in text else text

    def change_font(self, name: str) -> str:
        """The mark for ``.ft NAME`` and ``\\fNAME``; "" where nothing changes."""
        if name == "P":
            self._font, self._font_before = self._font_before, self._font
            return self._font if self._font != self._font_before else ""
        mark = _FONTS.get(name, ROMAN)
        if mark == self._font:
            self._font_before = mark
            return ""
        self._font_before, self._font = self._font, mark
        return mark

    def reset_font(self) -> None:
        """A new paragraph or macro starts in roman."""
        self._font = self._font_before = ROMAN

    def _escape(self, found: re.Match[str]) -> str:
        what = found.lastgroup
        value = found[what] if what else ""
        if what == "one":
            return _SINGLE.get(value) or ("" if value in _NOTHING else value)
        if what == "font":
            return self.change_font(_name(value))
        if what == "glyph":
            return glyph(_name(value))
        if what == "string":
            return self._string(_name(value))
        if what == "named":
            return glyph(value)
        if what == "number":
            return _character(int(value))
        return ""

    def _string(self, name: str) -> str:
        value = self._strings.get(name, "")
        self._string_budget -= len(value) + 1
        if self._string_budget < 0 or self._string_depth >= _DEEPEST_STRING:
            return ""
        self._string_depth += 1
        expanded = self.expand(value)
        self._string_depth -= 1
        return expanded


def _without_comment(line: str) -> str | None:
    """``line`` up to a comment; None where nothing but a comment is on it."""
    at = 0
    while (at := line.find("\\", at)) >= 0:
        if line[at + 1 : at + 2] in ('"', "#"):
            break
        at += 2
    if at < 0:
        return line
    before = line[:at].rstrip(" \t") if line[:1] in (".", "'") else line[:at]
    return before if before and before not in (".", "'") else None


def _compared(left: int, sign: str | None, right: int) -> bool:
    if sign is None:
        return left > 0
    return {"=": left == right, "==": left == right, "<": left < right, "<=": left <= right, ">": left > right}.get(
        sign, left >= right
    )


def _name(written: str) -> str:
    if written.startswith("[") and len(written) > 1:
        return written[1:-1]
    return written[1:] if written.startswith("(") and len(written) == 3 else written


def _character(code: int) -> str:
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        return ""
    return chr(code)


def glyph(name: str) -> str:
    """The character that groff_char(7) calls ``name``; "" for one that is not known."""
    known = _GLYPHS.get(name)
    if known is not None:
        return known
    if len(name) == 2 and name[0] in _ACCENTS and name[1].isalpha():
        return unicodedata.normalize("NFC", name[1] + _ACCENTS[name[0]])
    if re.fullmatch(r"u[0-9A-Fa-f]{4,6}(?:_[0-9A-Fa-f]{4,6})*", name):
        return unicodedata.normalize("NFC", "".join(_character(int(part, 16)) for part in name[1:].split("_")))
    return name if len(name) == 1 and name.isprintable() else ""


# What says how a page looks, or would run or read something.
_IGNORED_TEXT = """nr rr so mso tr hy nh ad na ne ll ps ss tm als rm fam cp pc cc c2 ec eo do ta lf rn hw po pl bp ev
ce vs ls in it mk rt sy pso pi open close write cf trf nx rd IX psbb device output ab ex DT PU AT UC"""

_REQUESTS: dict[str, Callable[[RoffInput, str], None]] = {
    **dict.fromkeys(_IGNORED_TEXT.split(), RoffInput._nothing),
    **dict.fromkeys(("if", "while"), RoffInput._if),
    **dict.fromkeys(("de", "de1"), RoffInput._define),
    **dict.fromkeys(("am", "am1"), RoffInput._append_to_macro),
    **dict.fromkeys(("ds", "ds1"), RoffInput._define_string),
    **dict.fromkeys(("as", "as1"), RoffInput._append_string),
    "ie": RoffInput._if_else,
    "el": RoffInput._else,
    "ig": RoffInput._ignore_block,
}
