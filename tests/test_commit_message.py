"""Commit messages: a summary that fits, the errors, the rule behind them, and what was checked, no more."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tutor.commit_message import compose
from tutor.diagnostics import Diagnostic, Span
from tutor.proposal import Proposal, Verification, file_change

PASSED = Verification(check="passed")
RULE = "A value has one owner."


def _error(
    code: str = "E0382", message: str = "borrow of moved value: `names`", file: str = "src/main.rs"
) -> Diagnostic:
    return Diagnostic(code, "error", message, (Span(file, 0, 1, 4, 2, 4, 3, primary=True),))


def _proposal(*solves: Diagnostic, title: str = "Clone the value") -> Proposal:
    return Proposal("id", "/", title, "rustc", (file_change("src/main.rs", b"a\n", b"b\n"),), solves=solves)


def _why(code: str) -> str | None:
    return RULE if code == "E0382" else None


def test_one_error() -> None:
    assert compose(_proposal(_error()), ["src/main.rs"], PASSED, _why) == (
        "Fix E0382 in src/main.rs: borrow of moved value: `names`\n\n"
        "- src/main.rs:4: E0382 borrow of moved value: `names`\n\n"
        "A value has one owner.\n\n"
        "Checked: compiles.\n"
    )


def test_several_errors_and_each_rule_once() -> None:
    errors = [_error(), _error(message="again"), _error("E0308", "mismatched types", "src/a.rs")]
    message = compose(_proposal(*errors), ["src/main.rs", "src/a.rs"], Verification("passed", "passed"), _why)
    assert message.startswith("Fix 3 compile errors in 2 files (E0382, E0308)\n\n")
    assert message.count(RULE) == 1
    assert message.endswith("Checked: compiles, tests pass.\n")


def test_only_what_was_accepted_is_claimed() -> None:
    errors = [_error(), _error("E0308", "mismatched types", "src/a.rs")]
    message = compose(_proposal(*errors), ["src/a.rs"], Verification(), _why)
    assert "E0382" not in message
    assert "Checked" not in message
    assert compose(_proposal(_error()), ["src/main.rs"], Verification("failed"), _why).endswith(
        "Does not compile yet.\n"
    )


def test_without_an_error_the_title_is_the_summary() -> None:
    assert compose(_proposal(title="Tidy up"), ["src/main.rs"], Verification(), _why) == "Tidy up\n"


@given(
    st.lists(
        st.builds(_error, st.sampled_from(["", "E0382", "dead_code"]), st.text(), st.text(min_size=1)), max_size=5
    ),
    st.text(),
)
def test_any_text_gives_a_message_that_git_takes_as_it_is(errors: list[Diagnostic], title: str) -> None:
    paths = sorted({error.place.file for error in errors if error.place}) or ["src/main.rs"]
    message = compose(_proposal(*errors, title=f"T{title}"), paths, PASSED, _why)
    summary, _, body = message.partition("\n")
    assert summary.strip()
    assert len(summary) <= 72
    assert not summary.startswith("#")
    assert body == "" or body.startswith("\n")
    assert not any(line.startswith("#") for line in message.split("\n"))
    assert not any(unicodedata.category(char) in ("Cc", "Cs") and char != "\n" for char in message)
    assert len(message.splitlines()) == len(message.split("\n")) - 1


def test_what_stays_is_not_claimed_to_be_fixed() -> None:
    moved, assigned = _error(), replace(_error(), code="E0384", message="cannot assign twice")
    message = compose(_proposal(moved, assigned), ["src/main.rs"], Verification("failed"), _why, [moved])
    assert message.startswith("Fix E0384 in src/main.rs: cannot assign twice")
    assert moved.message not in message
    assert "1 error left" in message


def test_of_two_like_errors_the_one_that_stays_counts_once() -> None:
    again = _error()
    message = compose(_proposal(again, again), ["src/main.rs"], Verification("failed"), _why, [again])
    assert message.count(f"{again.code} ") >= 1
    assert "2 compile errors" not in message


def test_of_what_was_never_checked_nothing_is_claimed() -> None:
    message = compose(_proposal(_error()), ["src/main.rs"], Verification(), _why, [_error()])
    assert message == "Apply a part of a fix in src/main.rs\n"
