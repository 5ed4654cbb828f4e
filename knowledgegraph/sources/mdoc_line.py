"""One line of mdoc(7): macros that call each other, and where spaces go.

Source: mdoc(7) of mandoc, "MACRO SYNTAX".
"""

from __future__ import annotations

from knowledgegraph.sources.roff_input import BOLD, GLUE, ITALIC, ROMAN, RoffInput

_BOLD = frozenset({"Fl", "Cm", "Ic", "Nm", "Sy", "Li", "Dv", "Er", "Ev", "Fn", "Fd", "In", "Cd", "Ms", "Ql", "Fo"})
_ITALIC = frozenset({"Ar", "Pa", "Em", "Va", "Vt", "Fa", "Ft", "Ad", "Sx"})
_ROMAN_TEXT = """No An Tn Lb St Mt Lk Ex Rv Bx Bsx Nx Fx Ox Dx Ux At Xr Pf Ns Ap Ta Xo Xc Eo Ec Es En
%A %B %C %D %I %J %N %O %P %Q %R %T %U %V Ud Bt"""
_ROMAN = frozenset(_ROMAN_TEXT.split())
_AROUND = {
    "Op": ("[", "]"), "Sq": ("‘", "’"), "Dq": ("“", "”"), "Qq": ('"', '"'), "Pq": ("(", ")"), "Bq": ("[", "]"),
    "Brq": ("{", "}"), "Aq": ("<", ">"), "En": ("", ""),
}  # fmt: skip
_OPEN = {
    "Oo": "[", "So": "‘", "Do": "“", "Qo": '"', "Po": "(", "Bo": "[", "Bro": "{", "Ao": "<", "Fo": "",
}  # fmt: skip
_CLOSE = {
    "Oc": "]", "Sc": "’", "Dc": "”", "Qc": '"', "Pc": ")", "Bc": "]", "Brc": "}", "Ac": ">", "Fc": "",
}  # fmt: skip
_SYSTEMS = {
    "Bx": "BSD", "Bsx": "BSD/OS", "Nx": "NetBSD", "Fx": "FreeBSD", "Ox": "OpenBSD", "Dx": "DragonFly", "Ux": "UNIX",
    "At": "AT&T UNIX",
}  # fmt: skip
_CLOSING = frozenset(".,:;)]?!")
_OPENING = frozenset("([")

#: Every macro that may stand inside a line.
CALLABLE = _BOLD | _ITALIC | _ROMAN | _AROUND.keys() | _OPEN.keys() | _CLOSE.keys()


class MdocLine:
    """Turns lines into marked text. ``name``: of the page, for ``.Nm`` without one."""

    def __init__(self, source: RoffInput) -> None:
        self.name = ""
        self._input = source
        self._spaces = True
        self._line_before = False  # spaces are off, and a line came since

    def reset(self) -> None:
        """A section begins: spaces are on again."""
        self._spaces = True

    def switch_spacing(self, state: str) -> None:
        """``.Sm on``, ``.Sm off``, ``.Sm``."""
        self._spaces = state == "on" if state in ("on", "off") else not self._spaces
        self._line_before = False

    def spaced(self, marked: str) -> str:
        """A line of text as it joins the others."""
        if self._spaces:
            return marked
        before, self._line_before = self._line_before, True
        return GLUE + marked if before else marked

    def render(self, pieces: list[str]) -> str:
        """A macro and its arguments, as written, as marked text."""
        trailing: list[str] = []
        while len(pieces) > 1 and pieces[-1] in _CLOSING:
            trailing.insert(0, pieces.pop())
        parts: list[str] = []
        closing: list[str] = []
        at = 0
        macro = ""
        while at < len(pieces):
            piece = pieces[at]
            at += 1
            if piece in CALLABLE:
                macro = piece
                at = self._begin(piece, pieces, at, parts, closing)
            else:
                parts.append(self._word(piece, macro))
        for mark in reversed(closing):
            parts += (GLUE + mark,)
        parts += [GLUE + mark for mark in trailing]
        text = (" " if self._spaces else GLUE).join(part for part in parts if part)
        return self.spaced(text)

    def _word(self, piece: str, macro: str) -> str:
        if piece in _CLOSING:
            return GLUE + piece
        if piece in _OPENING:
            return piece + GLUE
        self._input.reset_font()
        word = self._input.expand(piece)
        if piece == "|" or not word:
            return word
        if macro == "Fl":
            return f"{BOLD}-{word}{ROMAN}"
        if macro in _BOLD:
            return f"{BOLD}{word}{ROMAN}"
        return f"{ITALIC}{word}{ROMAN}" if macro in _ITALIC else word

    def _begin(self, macro: str, pieces: list[str], at: int, parts: list[str], closing: list[str]) -> int:
        """What the macro itself writes; where its arguments begin."""
        following = pieces[at] if at < len(pieces) else ""
        bare = not following or following in CALLABLE or following in _CLOSING or following == "|"
        if macro in _AROUND:
            opened, closed = _AROUND[macro]
            parts.append(opened + GLUE)
            closing.append(closed)
        elif macro in _OPEN:
            parts.append(_OPEN[macro] + GLUE)
        elif macro in _CLOSE:
            parts.append(GLUE + _CLOSE[macro])
        elif macro == "Fl" and bare:
            parts.append(f"{BOLD}-{ROMAN}" + (GLUE if following in CALLABLE else ""))
        elif macro == "Ar" and bare:
            parts.append(f"{ITALIC}file{ROMAN} {ITALIC}...{ROMAN}")
        elif macro == "Nm" and bare:
            parts.append(f"{BOLD}{self.name}{ROMAN}" if self.name else "")
        elif macro == "Ns":
            parts.append(GLUE)
        elif macro == "Ap":
            parts.append(GLUE + "'" + GLUE)
        elif macro == "Pf" and following:
            parts.append(self._input.expand(following) + GLUE)
            return at + 1
        elif macro == "Xr" and not bare:
            section = pieces[at + 1] if at + 1 < len(pieces) and pieces[at + 1][:1].isdigit() else ""
            parts.append(f"{BOLD}{self._input.expand(following)}{ROMAN}" + (f"({section})" if section else ""))
            return at + 1 + bool(section)
        elif macro in _SYSTEMS:
            parts.append(_SYSTEMS[macro])
        return at
