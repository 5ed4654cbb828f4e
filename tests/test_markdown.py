"""Markdown on a plain terminal: nothing is lost, nothing acts, lines keep to the width."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.markdown import render

WORD = st.text("abcdefgh", min_size=1, max_size=9)
LINE = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
BLOCK = st.one_of(
    LINE,
    LINE.map("# {}".format),
    LINE.map("- {}".format),
    LINE.map("3. {}".format),
    LINE.map("> {}".format),
    LINE.map("**{}**".format),
    LINE.map("`{}`".format),
    LINE.map("```rust\n{}\n```".format),
    LINE.map("| {} |".format),
)
ESCAPE = re.compile(r"\x1b\[\d+m")


@given(st.lists(BLOCK, max_size=6), st.integers(20, 100), st.booleans())
def test_every_word_is_there_in_its_order(blocks: list[str], width: int, colour: bool) -> None:
    shown = ESCAPE.sub("", render("\n\n".join(blocks), width, colour=colour))
    written = re.sub(r"```\w*", "", "\n".join(blocks))
    assert re.findall("[a-h]+", shown) == re.findall("[a-h]+", written)


@given(st.lists(LINE | LINE.map("- {}".format) | LINE.map("> {}".format), max_size=6), st.integers(20, 100))
def test_lines_keep_to_the_width(blocks: list[str], width: int) -> None:
    assert all(len(line) <= width for line in render("\n\n".join(blocks), width, colour=False).split("\n"))


@given(st.text(st.characters(codec=None, categories=None)) | st.text("`*_#->|\n\x1b[]\u202e ab1."))
def test_no_text_acts_or_breaks_it(text: str) -> None:
    for colour in (False, True):
        shown = render(text, 40, colour=colour)
        assert shown.endswith("\n")
        plain = ESCAPE.sub("", shown) if colour else shown
        assert "\x1b" not in plain
        assert "\u202e" not in plain
        shown.encode()


@given(st.text("`*_#->|\nab1. "))
def test_letters_and_digits_are_never_lost(text: str) -> None:
    # What stands after the sign of a code block is its language's name, which is not shown.
    text = re.sub(r"(?m)^(\s*(?:`{3,}|~{3,})).*$", r"\1", text)
    shown = render(text, 40, colour=False)
    assert re.findall("[ab1]", shown) == re.findall("[ab1]", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Title\ntext", "Title\ntext\n"),
        ("#[derive(Debug)] is no title", "#[derive(Debug)] is no title\n"),
        ("#!/bin/sh", "#!/bin/sh\n"),
        ("- one\n- two", "• one\n• two\n"),
        ("1. one\n2. two", "1. one\n2. two\n"),
        ("```\n# code  here\n\n- x\n```\nafter", "    # code  here\n\n    - x\nafter\n"),
        ("````\n```\ninner\n```\n````", "    ```\n    inner\n    ```\n"),
        ("```\nno end", "    no end\n"),
        ("```\na\n````\nb", "    a\nb\n"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |\n"),
        ("> quoted\n> more", "│ quoted more\n"),
        ("[/b][red]", "[/b][red]\n"),
        ("use `a  b` now", "use `a  b` now\n"),
        ("", "\n"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert render(text, 60, colour=False) == shown


def test_colour_marks_code_and_titles_only_where_wanted() -> None:
    coloured = render("# T\n\n**b** `c`", 60, colour=True)
    assert ESCAPE.sub("", coloured) == "T\n\nb c\n"
    assert coloured.count("\x1b[0m") == 3
    assert "\x1b" not in render("# T\n\n**b** `c`", 60, colour=False)
