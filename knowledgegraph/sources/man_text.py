"""The macros of man(7), with those that DocBook, Asciidoctor, Pod::Man, docutils and help2man write.

Sources: groff_man(7), groff_tmac(5), tbl(1).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from knowledgegraph.sources.man_table import Table
from knowledgegraph.sources.roff_blocks import DEEPEST, Block, Blocks, Shape, join, plain
from knowledgegraph.sources.roff_input import BOLD, GLUE, ITALIC, NO_BREAK, ROMAN, RoffInput
from knowledgegraph.sources.roff_options import option

_FONTS = {"B": BOLD, "I": ITALIC, "R": ROMAN, "C": BOLD}
_LONGEST_TERM = 400
#: Pages whose lists are paragraphs with an inset: what DocBook and Asciidoctor write above them.
_GENERATED = re.compile(r"DocBook|Asciidoctor|MAIN CONTENT STARTS HERE")


class ManText:
    """Reads a page into :attr:`blocks`; :attr:`title` holds the arguments of ``.TH``."""

    def __init__(self, source: str) -> None:
        self.blocks = Blocks()
        self.title: list[str] = []
        self._input = RoffInput(source, frozenset(_MACROS))
        self._docbook = _GENERATED.search(source, 0, 4_000) is not None
        self._code: list[str] | None = None
        self._insets: list[bool] = []
        self._inside = False  # in the body of an item
        self._tag: list[str] | None = None  # of a .TP whose line is yet to come
        self._also = False  # the tag to come is one more of the item before (.TQ)
        self._heading = 0  # level of an .SH whose line is yet to come
        self._font = ""  # of a .B or .I without arguments, for the line after it
        self._compact = False  # .PD 0: items follow each other without space
        self._hangs = False  # the paragraph that is open began with .HP
        self._table: Table | None = None
        self._link = ""

    def read(self) -> None:
        for name, rest in self._input:
            if self._table is not None:
                self._in_table(name, rest)
            elif not name:
                self._text(rest)
            else:
                macro = _MACROS.get(name)
                if macro is not None:
                    macro(self, name, rest)
        self._end_code()
        self._flush()

    # -- lines of text

    def _text(self, line: str) -> None:
        if self._code is None:
            if not line.strip():
                if self._tag is None:
                    self._flush()
                return
            if line[0] == " " and self._tag is None:
                self.blocks.line_break()
        self._emit(self._input.expand(line if self._code is not None else line.strip(" \t")))

    def _emit(self, marked: str) -> None:
        if self._font:
            marked, self._font = f"{self._font}{marked}{ROMAN}", ""
        if self._heading:
            level, self._heading = self._heading, 0
            self._begin_section(marked, level)
        elif self._tag is not None:
            self._tag.append(marked)
            if NO_BREAK not in marked[-2:]:
                self._end_tag()
        elif self._code is not None:
            self._code.append(marked)
        elif marked:
            self.blocks.word(marked)

    def _end_tag(self) -> None:
        tag, self._tag = join(self._tag or [""]), None
        self._item(tag)

    def _item(self, tag: str) -> None:
        resume = self._code is not None
        self._end_code()
        self._input.reset_font()
        last = self.blocks.blocks[-1] if self.blocks.blocks and not self.blocks.is_open else None
        depth = 2 * len(self._insets)
        joins = self._also or (self._compact and last is not None and _is_name(last.text))
        self._also = False
        joins = joins and last is not None and len(last.text) < _LONGEST_TERM
        if joins and last is not None and last.shape is Shape.ITEM and last.depth == depth:
            last.text += "\n" + tag
        else:
            self._flush()
            self.blocks.item(tag, depth)
        self._inside = True
        self._set_depth()
        if resume:
            self._code = []

    def _set_depth(self) -> None:
        self.blocks.depth = 2 * len(self._insets) + self._inside

    def _flush(self) -> Block | None:
        """Ends the paragraph. One that hangs (.HP) and begins with an option is an item: what follows the spellings on
        the line, after some space, is its body."""
        block = self.blocks.flush()
        hangs, self._hangs = self._hangs, False
        if block is None or not hangs or option(block.text) is None:
            return block
        tag, _, text = block.text.partition("   ")
        if len(tag) < _LONGEST_TERM:
            block.shape, block.text = Shape.ITEM, tag
            if text.strip():
                block.body.append(Block(Shape.TEXT, block.depth + 1, text))
        return block

    # -- structure

    def _begin_section(self, title: str, level: int) -> None:
        self._end_code()
        self._flush()
        self._input.reset_font()
        self.blocks.heading(title, level)
        self._insets.clear()
        self._inside = False
        self._tag = None
        self._font = ""
        self._compact = False

    def _section(self, name: str, rest: str) -> None:
        level = 1 if name == "SH" else 2
        title = " ".join(self._input.arguments(rest))
        self._tag = None
        if title:
            self._begin_section(title, level)
        else:
            self._heading = level

    def _paragraph(self, name: str, rest: str) -> None:
        self._break()
        self._inside = False
        self._set_depth()
        self._hangs = name == "HP"

    def _gap(self, name: str, rest: str) -> None:
        """Space between paragraphs that stay where they are."""
        self._break()

    def _break(self) -> None:
        if self._code is not None:
            self._code.append("")
            return
        self._tag = None
        self._flush()
        self._input.reset_font()

    def _line_break(self, name: str, rest: str) -> None:
        if self._code is None and self._tag is None:
            self.blocks.line_break()

    def _tagged(self, name: str, rest: str) -> None:
        self._flush_paragraph()
        self._tag = []

    def _also_tagged(self, name: str, rest: str) -> None:
        """.TQ: one more tag of the item before."""
        self._tagged(name, rest)
        self._also = True

    def _flush_paragraph(self) -> None:
        if self._code is None:
            self._flush()
        self._input.reset_font()

    def _indented(self, name: str, rest: str) -> None:
        arguments = self._input.arguments(rest)
        if arguments and arguments[0].strip(" \u00a0\x01\x02\x03"):
            self._flush_paragraph()
            self._tag = None
            self._item(arguments[0])
            return
        if self._code is not None:
            self._code.append("")
            return
        self._tag = None
        self._term_from(self._flush())
        self._input.reset_font()
        self._inside = True
        self._set_depth()

    def _inset(self, name: str, rest: str) -> None:
        was_open = self.blocks.is_open
        if self._code is None:
            self._term_from(self._flush() if was_open else None)
            self._input.reset_font()
        if len(self._insets) < DEEPEST:
            self._insets.append(self._inside)
        self._inside = False
        self._set_depth()

    def _end_inset(self, name: str, rest: str) -> None:
        if self._code is None:
            self._flush()
            self._input.reset_font()
        if self._insets:
            self._inside = self._insets.pop()
        self._set_depth()

    def _term_from(self, block: Block | None) -> None:
        """A short paragraph with an inset behind it is the tag of an item (DocBook writes its lists so)."""
        if block is None or block.shape is not Shape.TEXT or len(block.text) > _LONGEST_TERM:
            return
        text = plain(block.text).strip()
        marked = block.text[:1] in (BOLD, ITALIC)
        wordy = (text.endswith((":", ".", ";")) and not text.endswith("...")) or (len(text) > 120 and not self._docbook)
        if option(block.text) is not None or (not wordy and (marked or self._docbook)):
            block.shape = Shape.ITEM

    # -- code

    def _begin_code(self, name: str, rest: str) -> None:
        if self._code is None:
            self._tag = None
            self._flush()
            self._code = []

    def _finish_code(self, name: str, rest: str) -> None:
        self._end_code()
        self._input.reset_font()

    def _end_code(self) -> None:
        lines, self._code = self._code, None
        if lines:
            self.blocks.code(lines)

    # -- fonts

    def _one_font(self, name: str, rest: str) -> None:
        self._input.reset_font()
        arguments = self._input.arguments(rest)
        mark = ITALIC if name == "I" else ROMAN if name in ("SM", "R") else BOLD
        if arguments:
            self._emit(f"{mark}{' '.join(arguments)}{ROMAN}")
        else:
            self._font = mark
        self._input.reset_font()

    def _two_fonts(self, name: str, rest: str) -> None:
        self._input.reset_font()
        arguments = self._input.arguments(rest)
        marks = _FONTS[name[0]], _FONTS[name[1]]
        text = "".join(marks[index % 2] + argument for index, argument in enumerate(arguments))
        if text:
            self._emit(text + ROMAN)
        self._input.reset_font()

    def _switch_font(self, name: str, rest: str) -> None:
        mark = self._input.change_font((rest.split() or ["P"])[0])
        if mark and self._code is None and self._tag is None and self.blocks.is_open:
            self.blocks.word(mark + GLUE if mark == ROMAN else mark)

    # -- synopses and links

    def _synopsis(self, name: str, rest: str) -> None:
        self.blocks.line_break()
        self._emit(BOLD + " ".join(self._input.arguments(rest)) + ROMAN)

    def _optional(self, name: str, rest: str) -> None:
        first, *others = [*self._input.arguments(rest), ""]
        argument = " ".join(others).strip()
        self._emit(f"[{BOLD}{first}{ROMAN}{f' {ITALIC}{argument}{ROMAN}' if argument else ''}]")

    def _begin_link(self, name: str, rest: str) -> None:
        self._link = " ".join(self._input.arguments(rest)[:1])

    def _end_link(self, name: str, rest: str) -> None:
        trailing = "".join(self._input.arguments(rest)[:1])
        self._emit(f"<{self._link}>{trailing}" if self._link else trailing)
        self._link = ""

    def _whole_link(self, name: str, rest: str) -> None:
        target, text, trailing = [*self._input.arguments(rest), "", "", ""][:3]
        self._emit(f"{text} <{target}>{trailing}" if text else f"<{target}>{trailing}")

    # -- the rest

    def _page_title(self, name: str, rest: str) -> None:
        self.title = self.title or [plain(argument) for argument in self._input.arguments(rest)]

    def _distance(self, name: str, rest: str) -> None:
        self._compact = rest.strip()[:1] == "0"

    def _begin_table(self, name: str, rest: str) -> None:
        self._flush_paragraph()
        self._end_code()
        self._tag = None
        self._table = Table()

    def _in_table(self, name: str, rest: str) -> None:
        table = self._table
        if table is None or name in ("TE", "SH", "SS"):
            self.blocks.table(table.rows() if table else [])
            self._table = None
            self._input.reset_font()
            if name != "TE":
                self._section(name, rest)
        elif not name:
            table.line(rest, self._input.expand)
        elif name == "T&":
            table.new_format()
        elif name in _TEXT_MACROS and table.in_block:
            before, self._code = self._code, []
            _MACROS[name](self, name, rest)
            written, self._code = self._code, before
            table.words(written)

    def _left_out(self, name: str, rest: str) -> None:
        """A picture or an equation: nothing that could be read as text."""
        end = {"EQ": "EN", "PS": "PE", "GS": "GE"}[name]
        for other, _ in self._input:
            if other == end:
                break


def _is_name(tag: str) -> bool:
    """Whether the tag of an item is more than a bullet."""
    return plain(tag).strip() not in ("•", "*", "o", "-", "")


_Macro = Callable[[ManText, str, str], None]
_TEXT_MACROS: dict[str, _Macro] = {
    **dict.fromkeys(("B", "I", "SB", "SM", "R", "CW"), ManText._one_font),
    **dict.fromkeys(
        ("BR", "RB", "BI", "IB", "IR", "RI", "CR", "RC", "CB", "BC", "CI", "IC"),
        ManText._two_fonts,
    ),
}
_MACROS: dict[str, _Macro] = {
    **_TEXT_MACROS,
    **dict.fromkeys(("SH", "SS"), ManText._section),
    **dict.fromkeys(("PP", "P", "LP", "HP"), ManText._paragraph),
    **dict.fromkeys(("sp", "Sp", "Pp"), ManText._gap),
    **dict.fromkeys(("br", "ti", "YS"), ManText._line_break),
    **dict.fromkeys(("RS", "INDENT"), ManText._inset),
    **dict.fromkeys(("RE", "UNINDENT"), ManText._end_inset),
    **dict.fromkeys(("nf", "EX", "Vb", "CS", "DS"), ManText._begin_code),
    **dict.fromkeys(("fi", "EE", "Ve", "CE", "DE"), ManText._finish_code),
    **dict.fromkeys(("UR", "MT"), ManText._begin_link),
    **dict.fromkeys(("UE", "ME"), ManText._end_link),
    **dict.fromkeys(("URL", "MTO"), ManText._whole_link),
    **dict.fromkeys(("EQ", "PS", "GS"), ManText._left_out),
    "TH": ManText._page_title,
    "TP": ManText._tagged,
    "TQ": ManText._also_tagged,
    "IP": ManText._indented,
    "ft": ManText._switch_font,
    "SY": ManText._synopsis,
    "OP": ManText._optional,
    "PD": ManText._distance,
    "TS": ManText._begin_table,
}
