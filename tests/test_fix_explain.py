"""Explanations: of a code, of an error, of an edit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers_rust import toolchain
from tutor.diagnostics import Diagnostic, Span
from tutor.fix.explain import explain_code, explain_error, plain_markdown, quoted
from tutor.fix.language_rules import RULES
from tutor.fix.present import imperative


@pytest.mark.parametrize("code", ["E0382", "e0382", "382", " E0382 "])
def test_the_compilers_explanation(code: str) -> None:
    found = explain_code(code, toolchain())
    assert found is not None
    assert found.code == "E0382" and found.title.endswith(".") and "\n" not in found.title
    fences = re.findall(r"^```(.*)$", found.markdown, re.MULTILINE)
    assert fences[::2] == ["rust"] * (len(fences) // 2) and set(fences[1::2]) == {""}


@pytest.mark.parametrize("code", ["E9999", "E0000", "", "clippy::x", "--help", "E12345", "E0382; ls"])
def test_there_is_none_for_what_is_no_code(code: str) -> None:
    assert explain_code(code, toolchain()) is None


def test_the_trimmings_of_documentation_tests_go() -> None:
    source = '# use a::b;\n#\n#[derive(X)]\nlet s = "# a";\n## shown\n'
    text = f"One.\n\n```compile_fail,E0382\n{source}```\n\n# Title\n\n```text\n# kept\n```"
    assert plain_markdown(text) == (
        'One.\n\n```rust\n#[derive(X)]\nlet s = "# a";\n# shown\n```\n\n# Title\n\n```text\n# kept\n```\n'
    )


def test_every_rule_is_for_a_code_that_the_compiler_knows() -> None:
    for code, rule in RULES.items():
        assert explain_code(code, toolchain()) is not None, code
        assert rule.endswith(".") and len(rule) < 260


def test_an_error_is_explained_from_its_places() -> None:
    spans = (
        Span("src/a.rs", 9, 10, 3, 1, 3, 2, True, "value used here"),
        Span("src/a.rs", 0, 1, 1, 1, 1, 2, False, "value moved here"),
    )
    text = explain_error(Diagnostic("E0382", "error", "use of moved value: `s`", spans))
    assert text.startswith("### E0382: use of moved value: `s` (`src/a.rs:3`)")
    assert "Line 1: value moved here; line 3: value used here." in text
    assert RULES["E0382"] in text and "`rustc --explain E0382`" in text


def test_foreign_text_is_not_markup() -> None:
    assert quoted("a [link](http://x) *b* <i> `x_y*`\x1b[31m") == r"a \[link\](http://x) \*b\* \<i\> `x_y*`␛\[31m"
    assert "`" not in quoted("lone ` backquote")
    assert quoted("expected type `A`\n   found type `B`.") == "expected type `A` found type `B`"
    error = Diagnostic("", "error", "\n# Title\n[x](y)", (Span("a`b\n.rs", 0, 1, 1, 1, 1, 2, True, "<b>"),))
    text = explain_error(error)
    assert (
        "\n# Title" not in text
        and "[x]" not in text.replace("\\[x\\]", "")
        and "<b>" not in text.replace("\\<b\\>", "")
    )


@given(st.text(max_size=60))
def test_quoted_text_stays_on_one_line(text: str) -> None:
    assert "\n" not in quoted(text) and "\x1b" not in quoted(text)


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("consider borrowing here", "Borrow here"),
        (
            "consider cloning the value if the performance cost is acceptable",
            "Clone the value if the performance cost is acceptable",
        ),
        ("try wrapping the expression in `Some`", "Wrap the expression in `Some`"),
        ("consider adding a return type", "Add a return type"),
        ("use parentheses to call the method", "Use parentheses to call the method"),
        ("you might have meant to return this value", "Return this value"),
        ("", ""),
    ],
)
def test_titles_say_what_is_done(words: str, title: str) -> None:
    assert imperative(words) == title
