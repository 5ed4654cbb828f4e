"""The macros of mdoc(7), the dialect of the BSDs and of OpenSSH.

Sources: mdoc(7) of mandoc, groff_mdoc(7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from knowledgegraph.sources.mdoc_line import CALLABLE, MdocLine
from knowledgegraph.sources.roff_blocks import DEEPEST, Blocks, join, plain
from knowledgegraph.sources.roff_input import GLUE, RoffInput

_BULLET_LISTS = frozenset({"bullet", "dash", "hyphen"})


@dataclass(slots=True)
class _List:
    """A list that is open. ``rows``: of one with columns."""

    kind: str
    count: int = 0
    rows: list[list[list[str]]] = field(default_factory=list)


class Mdoc:
    """Reads a page into :attr:`blocks`; :attr:`title` holds name and section, :attr:`names` and :attr:`summary` what
    its NAME section says."""

    def __init__(self, source: str) -> None:
        self.blocks = Blocks()
        self.title: list[str] = []
        self.names: list[str] = []
        self.summary = ""
        self._input = RoffInput(source, frozenset(_MACROS) | CALLABLE)
        self._line = MdocLine(self._input)
        self._lists: list[_List] = []
        self._code: list[str] | None = None
        self._displays: list[bool] = []  # whether each open display is code
        self._tag: list[str] | None = None  # of an .It Xo, up to its .Xc
        self._section = ""

    def read(self) -> None:
        for name, rest in self._input:
            if not name:
                self._text(rest)
            elif (macro := _MACROS.get(name)) is not None:
                macro(self, rest)
            elif name in CALLABLE:
                self._inline(name, rest)
        self._end_code()
        self._end_tag()
        while self._lists:
            self._end_list("")
        self.blocks.flush()

    def _text(self, line: str) -> None:
        self._input.reset_font()
        if self._code is None and not line.strip():
            self.blocks.flush()
            return
        self._emit(self._line.spaced(self._input.expand(line if self._code is not None else line.strip())))

    def _inline(self, name: str, rest: str) -> None:
        if self._section == "NAME" and name == "Nm" and rest.strip():
            self.names += [plain(word).strip(" ,") for word in self._input.arguments(rest) if word.strip(" ,")]
        if name == "Nm" and self._section == "SYNOPSIS":
            self.blocks.line_break()
        if name == "Xc" and self._tag is not None:
            self._tag.append(self._line.render([name, *self._input.raw_arguments(rest)]))
            self._end_tag()
            return
        self._emit(self._line.render([name, *self._input.raw_arguments(rest)]))

    def _emit(self, marked: str) -> None:
        if not marked and self._code is None:
            return
        if self._tag is not None:
            self._tag.append(marked)
        elif self._code is not None:
            self._code.append(marked)
        elif self._lists and self._lists[-1].kind == "column" and self._lists[-1].rows:
            self._lists[-1].rows[-1][-1].append(marked)
        else:
            self.blocks.word(marked)

    # -- structure

    def _heading(self, rest: str, level: int) -> None:
        self._end_code()
        self._end_tag()
        while self._lists:
            self._end_list("")
        self._displays.clear()
        self._line.reset()
        title = self._line.render(["No", *self._input.raw_arguments(rest)])
        self.blocks.heading(title, level)
        if level == 1:
            self._section = plain(title).strip().upper()

    def _sh(self, rest: str) -> None:
        self._heading(rest, 1)

    def _ss(self, rest: str) -> None:
        self._heading(rest, 2)

    def _dt(self, rest: str) -> None:
        self.title = self.title or [plain(argument) for argument in self._input.arguments(rest)]

    def _nd(self, rest: str) -> None:
        self.summary = self.summary or plain(self._line.render(["No", *self._input.raw_arguments(rest)])).strip()
        self._line.name = self.names[0] if self.names else ""
        self.blocks.word(f"- {self.summary}")

    def _pp(self, rest: str) -> None:
        if self._code is not None:
            self._code.append("")
        elif self._tag is None:
            self.blocks.flush()

    def _br(self, rest: str) -> None:
        if self._code is None and self._tag is None:
            self.blocks.line_break()

    # -- lists

    def _bl(self, rest: str) -> None:
        self._end_tag()
        words = rest.split()
        kind = words[0].lstrip("-") if words else "item"
        self.blocks.flush()
        if len(self._lists) < DEEPEST:
            self._lists.append(_List(kind))
        self._set_depth()

    def _set_depth(self) -> None:
        self.blocks.depth = max(0, 2 * len(self._lists) - 1)

    def _it(self, rest: str) -> None:
        self._end_code()
        self._end_tag()
        if not self._lists:
            return
        current = self._lists[-1]
        current.count += 1
        depth = 2 * (len(self._lists) - 1)
        if current.kind == "column":
            current.rows.append([[part] for part in self._columns(rest)])
        elif current.kind == "item":
            self.blocks.flush()
            self.blocks.depth = depth
        elif current.kind in _BULLET_LISTS or current.kind == "enum":
            self.blocks.item(f"{current.count}." if current.kind == "enum" else "•", depth)
        else:
            self._tag = [self._line.render(["No", *self._input.raw_arguments(rest)])]
            if not _OPENS.search(rest):
                self._end_tag()

    def _columns(self, rest: str) -> list[str]:
        return [
            self._line.render(["No", *self._input.raw_arguments(part)])
            for part in re.split(r"\t|(?<!\S)Ta(?!\S)", rest)
        ]

    def _end_tag(self) -> None:
        if self._tag is not None:
            tag, self._tag = join(self._tag), None
            self.blocks.item(tag, 2 * (len(self._lists) - 1) if self._lists else 0)

    def _end_list(self, rest: str) -> None:
        self._end_tag()
        if not self._lists:
            return
        self.blocks.flush()
        closed = self._lists.pop()
        self._set_depth()
        if closed.rows:
            self.blocks.table([[join(cell) for cell in row] for row in closed.rows])

    # -- displays

    def _bd(self, rest: str) -> None:
        is_code = "-literal" in rest or "-unfilled" in rest
        self._displays.append(is_code)
        if self._code is None:
            self.blocks.flush()
            self._code = [] if is_code else None

    def _ed(self, rest: str) -> None:
        was_code = self._displays.pop() if self._displays else True
        if was_code and not any(self._displays):
            self._end_code()
        else:
            self.blocks.flush()

    def _one_line(self, rest: str) -> None:
        line = self._line.render(["No", *self._input.raw_arguments(rest)])
        if self._code is not None:
            self._code.append(line)
        else:
            self.blocks.code([line])

    def _nf(self, rest: str) -> None:
        if self._code is None:
            self.blocks.flush()
            self._code = []

    def _fi(self, rest: str) -> None:
        self._end_code()

    def _end_code(self) -> None:
        lines, self._code = self._code, None
        if lines:
            self.blocks.code([line.replace(GLUE, "") if line.strip(GLUE) == "" else line for line in lines])

    def _spacing(self, rest: str) -> None:
        self._line.switch_spacing(rest.strip())

    def _nothing(self, rest: str) -> None:
        """Says nothing that is read."""


#: An .It line that leaves its tag open: it ends at the .Xc of its own.
_OPENS = re.compile(r"(?<!\S)Xo(?!\S)(?!.*(?<!\S)Xc(?!\S))")

_COLUMN = re.compile(r"\t|(?<!\S)Ta(?!\S)")

_MACROS: dict[str, Callable[[Mdoc, str], None]] = {
    "Sh": Mdoc._sh, "Ss": Mdoc._ss, "Dt": Mdoc._dt, "Nd": Mdoc._nd, "Pp": Mdoc._pp, "Lp": Mdoc._pp, "sp": Mdoc._pp,
    "br": Mdoc._br, "Bl": Mdoc._bl, "It": Mdoc._it, "El": Mdoc._end_list, "Bd": Mdoc._bd, "Ed": Mdoc._ed,
    "D1": Mdoc._one_line, "Dl": Mdoc._one_line, "nf": Mdoc._nf, "fi": Mdoc._fi, "Sm": Mdoc._spacing,
    **dict.fromkeys(("Dd", "Os", "Tg", "Bk", "Ek", "Rs", "Re", "Bf", "Ef", "Db", "Hf"), Mdoc._nothing),
}  # fmt: skip
