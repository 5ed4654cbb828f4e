"""Reading the compiler's messages, and making candidates of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.diagnostics import Diagnostic, Span
from tutor.fix.edits import apply_all, apply_edits, new_line, old_line, why_degenerate
from tutor.fix.messages import MAX_DIAGNOSTICS, parse, relative_to
from tutor.fix.phases import BORROWS, LINTS, NAMES, PARSE, TYPES, phase_of
from tutor.fix.proposer import Candidate, Edit
from tutor.fix.suggestions import CompilerSuggestions, alternatives
from tutor.hunks import apply, diff, split_lines
from tutor.proposal import Reason

HERE = relative_to("/scratch/tree/home/me/p")


def span(start: int = 0, end: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "file_name": "src/main.rs", "byte_start": start, "byte_end": end, "line_start": 1, "line_end": 1,
        "column_start": start + 1, "column_end": end + 1, "is_primary": True, "label": None,
        "suggested_replacement": None, "suggestion_applicability": None, "expansion": None,
    } | more  # fmt: skip


def message(text: str = "wrong", spans: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    return {"message": text, "code": {"code": "E0308", "explanation": "x"}, "level": "error", "children": [],
            "spans": [span()] if spans is None else spans, "rendered": text} | more  # fmt: skip


def lines(*objects: object) -> bytes:
    return b"".join(json.dumps(found).encode() + b"\n" for found in objects)


def test_both_shapes_of_message() -> None:
    bare = parse(lines(message()), HERE)
    wrapped = parse(lines({"reason": "compiler-message", "package_id": "p", "target": {"kind": ["lib"], "name": "p"},
                           "message": message()}), HERE)  # fmt: skip
    assert bare.found[0].diagnostic == wrapped.found[0].diagnostic
    assert (bare.found[0].diagnostic.code, bare.found[0].diagnostic.spans[0].file) == ("E0308", "src/main.rs")
    assert bare.found[0].unit == "" and "p" in wrapped.found[0].unit and wrapped.reached == {wrapped.found[0].unit}


def test_names_of_files() -> None:
    rename = relative_to("/cache/tree/p")
    assert rename("src/a.rs") == rename("./src/a.rs") == rename("/cache/tree/p/src/a.rs") == "src/a.rs"
    assert rename("../x.rs") == "/cache/tree/x.rs"
    assert rename("/rustc/abc/library/core/src/x.rs") == "/rustc/abc/library/core/src/x.rs"
    assert rename("/cache/tree/property/x.rs") == "/cache/tree/property/x.rs"


def test_each_message_once_and_the_summaries_not_at_all() -> None:
    noise = [
        message("aborting due to 2 previous errors", spans=[], code=None),
        message("2 warnings emitted", spans=[], code=None, level="warning"),
        message("For more information about this error, try …", spans=[], code=None, level="failure-note"),
        {"$message_type": "artifact", "artifact": "x"},
        {"reason": "build-finished", "success": False},
    ]
    found = parse(lines(message(), message(), *noise, message(spans=[span(5, 6)])), HERE)
    assert [m.diagnostic.spans[0].start for m in found.found] == [0, 5]
    assert sum(found.errors.values()) == 2


def test_an_error_without_a_place_is_kept() -> None:
    (one,) = parse(lines(message("linking failed", spans=[], code=None)), HERE).found
    assert one.diagnostic.place is None


def test_only_so_many_are_kept_and_all_are_counted() -> None:
    found = parse(lines(*(message(spans=[span(i, i + 1)]) for i in range(MAX_DIAGNOSTICS + 5))), HERE)
    assert (len(found.found), sum(found.errors.values()), found.cut) == (MAX_DIAGNOSTICS, MAX_DIAGNOSTICS + 5, True)


def test_warnings_leave_room_for_the_error() -> None:
    warnings = (message(spans=[span(i, i + 1)], level="warning") for i in range(MAX_DIAGNOSTICS + 5))
    found = parse(lines(*warnings, message()), HERE)
    assert found.found[-1].diagnostic.level == "error" and found.cut


def test_an_internal_error_is_told_apart() -> None:
    found = parse(lines(message(level="error: internal compiler error")), HERE)
    assert found.found[0].crash and not found.errors


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["reason", "message", "spans", "level", "code", "children", "file_name", "byte_start", "target"]
            ),
            inner | st.just("error"),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JUNK, max_size=4), st.binary(max_size=20))
def test_junk_is_skipped(objects: list[object], torn: bytes) -> None:
    good = parse(lines(*objects, message("the good one")) + b"{" + torn, HERE)
    assert "the good one" in [m.diagnostic.message for m in good.found]


# Suggestions.


def suggested(start: int, end: int, text: str = "x", file: str = "src/main.rs", macro: bool = False) -> Span:
    return Span(file, start, end, 1, 1, 1, 1, True, "", text, "MaybeIncorrect", macro)


def test_spans_that_belong_together_stay_together() -> None:
    together = [suggested(0, 0), suggested(5, 6), suggested(9, 9)]
    assert alternatives(together) == [together]


def test_alternatives_are_taken_apart() -> None:
    a, b, c, d = suggested(0, 3), suggested(0, 3, "y"), suggested(7, 9), suggested(0, 3, "z")
    assert alternatives([a, b, c, d]) == [[a], [b, c], [d]]
    one, other = suggested(4, 4, "use a;"), suggested(4, 4, "use b;")
    assert alternatives([one, other]) == [[one], [other]]
    assert len(alternatives([suggested(0, 3), suggested(0, 3, file="src/b.rs")])) == 1


def test_candidates_of_all_kinds_the_surest_first() -> None:
    kinds = ["HasPlaceholders", "Unspecified", "MaybeIncorrect", "MachineApplicable"]
    children = tuple(
        Diagnostic("", "help", kind, (Span("src/main.rs", 0, 1, 1, 1, 1, 2, True, "", "x", kind),))  # type: ignore[arg-type]  # a list of literals
        for kind in kinds
    )
    found = list(CompilerSuggestions().propose([Diagnostic("E1", "error", "wrong", (), children)], {}))
    assert [c.applicability for c in sorted(found, key=lambda c: -c.likelihood)] == kinds[::-1]
    assert [c.reason.suggestion for c in found] == kinds


def test_nothing_is_proposed_inside_a_macro() -> None:
    child = Diagnostic("", "help", "here", (suggested(0, 1), suggested(4, 5, macro=True)))
    assert list(CompilerSuggestions().propose([Diagnostic("", "error", "x", (), (child,))], {})) == []


# Edits.


def candidate(*edits: Edit, sure: bool = False) -> Candidate:
    error = Diagnostic("E0308", "error", "wrong")
    return Candidate(edits, Reason("rustc"), error, "MachineApplicable" if sure else "MaybeIncorrect")


def test_edits_are_applied_together_or_not_at_all() -> None:
    a, b = Edit("f", 0, 1, b"X"), Edit("f", 2, 2, b"-")
    assert apply_edits(b"abc", [b, a, a]) == b"Xb-c"
    assert apply_edits(b"abc", [a, Edit("f", 0, 2, b"Y")]) is None
    assert apply_edits(b"abc", [b, Edit("f", 2, 2, b"+")]) is None
    assert apply_edits(b"abc", [Edit("f", 2, 9, b"")]) is None
    assert apply_all({"f": b"abc"}, [Edit("f", 0, 1, b"a")]) is None, "it changes nothing"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("x", "todo!()", "off"), ("x", "unsafe { x }", "hide"), ("x", "/* value */", "gap"), ("x", "x // later", "gap"),
        ("", "#[allow(unused)]", "hide"), ("", "#![feature(never_type)]", "hide"), ("let x = 1;", "", "deletes"),
        ("f(a, b, c)", "", "deletes"), ("x", "unreachable!()", "off"), ("x", "std::mem::transmute(x)", "hide"),
    ],
)  # fmt: skip
def test_degenerate_edits(old: str, new: str, why: str) -> None:
    source = f"fn f() {{ {old} }}".encode()
    assert why in why_degenerate(candidate(Edit("f", 9, 9 + len(old), new.encode())), {"f": source})


@pytest.mark.parametrize(
    ("old", "new"),
    [("x", "x.clone()"), ("mut ", ""), ("s", '"// not a comment /* */"'), (".unwrap()", "?"), ("let x", "let mut x"),
     ("unsafe { todo!() }", "unsafe { todo!() };"), ("'a', 'b'", '"todo!()"'), (";", ""), ("String", "&str")],
)  # fmt: skip
def test_honest_edits(old: str, new: str) -> None:
    source = f"fn f() {{ {old} }}".encode()
    assert why_degenerate(candidate(Edit("f", 9, 9 + len(old), new.encode())), {"f": source}) == ""


def test_what_the_compiler_is_sure_about_may_go() -> None:
    source = b"use std::fmt::Debug;\nfn f<T: Send + Sync + Clone + Copy>() {}\n"
    use, bound = Edit("f", 0, 21, b""), Edit("f", 26, 54, b"")
    assert why_degenerate(candidate(use, sure=True), {"f": source}) == ""
    assert why_degenerate(candidate(bound, sure=True), {"f": source}) == ""
    assert why_degenerate(candidate(bound), {"f": source}) != ""


@given(st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=12), st.data())
def test_lines_are_found_again(old: list[bytes], data: st.DataObject) -> None:
    new = data.draw(st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"e\n"]), max_size=12))
    before, after = b"".join(old), b"".join(new)
    changed = diff(before, after)
    assert apply(before, changed) == after
    touched = {line for hunk in changed for line in range(hunk.start, hunk.end)}
    for line, text in enumerate(split_lines(before)):
        if line not in touched:
            assert split_lines(after)[new_line(line, changed)] == text
            assert old_line(new_line(line, changed), changed) == line


@pytest.mark.parametrize(
    ("code", "text", "phase"),
    [("", "expected `;`", PARSE), ("E0425", "", NAMES), ("", "cannot find macro `x` in this scope", NAMES),
     ("E0308", "", TYPES), ("E9999", "", TYPES), ("E0382", "", BORROWS),
     ("", "lifetime may not live long enough", BORROWS),
     ("unused_mut", "", LINTS), ("clippy::x", "", LINTS)],
)  # fmt: skip
def test_phases(code: str, text: str, phase: int) -> None:
    assert phase_of(code, text) == phase
