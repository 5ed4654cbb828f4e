"""Text from outside: nothing that acts on a terminal or misleads a reader survives, and nothing is lost."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from tutor.inert import decode, inert, inert_line

# Format characters that a reader sees (Arabic signs that stand around numbers), that emoji need (ZERO WIDTH JOINER)
# or that only arrange hieroglyphs.
HARMLESS = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x200D, 0x110BD, 0x110CD, *range(0x13430, 0x13440)}
ANY = st.text(st.characters(codec=None, categories=None))  # surrogates and controls, too
ACTING = st.text(st.sampled_from("\x1b\x07\r\n\t\x00\x7f\x9b\u202e\u2066\u200b\ufeff\udcff[]ab⟨␛"))


def test_no_control_format_or_surrogate_character_survives() -> None:
    for code in range(0x110000):
        char = chr(code)
        if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and code not in HARMLESS:
            assert char in "\n\t" or char not in inert(char), hex(code)
            assert char not in inert_line(char), hex(code)


@given(ANY | ACTING)
def test_it_is_idempotent(text: str) -> None:
    assert inert(inert(text)) == inert(text)
    assert inert_line(inert_line(text)) == inert_line(text)


@given(ANY | ACTING)
def test_a_line_is_one_line_and_all_of_it_can_be_encoded(text: str) -> None:
    assert len(inert_line(text).splitlines()) <= 1
    for shown in (inert(text), inert_line(text)):
        shown.encode("utf-8")
        assert not any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in shown)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"))))
def test_ordinary_text_is_left_alone(text: str) -> None:
    if not set(text) & set("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"):  # letters that show nothing
        assert inert(text) == inert_line(text) == text


@given(ANY | ACTING)
def test_nothing_is_dropped(text: str) -> None:
    assert len(inert(text)) >= len(text.replace("\r\n", "\n"))
    assert len(inert_line(text)) >= len(text)


@given(st.binary())
def test_bytes_come_back(data: bytes) -> None:
    assert decode(data).encode("utf-8", "surrogateescape") == data


def test_signs() -> None:
    assert inert("\x1b[31m") == "␛[31m"
    assert inert("a\r\nb\rc") == "a\nb␍c"
    assert inert("\u202e") == "⟨U+202E⟩"
    assert inert(decode(b"\xff")) == "\\xff"
    assert inert_line("a\nb\tc") == "a␊b    c"
    assert inert("👩‍💻 é ﷽") == "👩‍💻 é ﷽"
