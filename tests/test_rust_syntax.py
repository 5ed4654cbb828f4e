"""Parsing Rust: any bytes give a tree, and what would cost too much is refused in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledgegraph import rust_syntax
from knowledgegraph.rust_syntax import MAX_BYTES, MAX_DEPTH, Search, TooMuch, descendants, parse


def test_a_tree_and_its_text() -> None:
    syntax = parse("fn größe() {}\n".encode())
    name = syntax.root.named_children[0].child_by_field_name("name")
    assert name is not None
    assert syntax.text(name) == "größe".encode()


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_a_tree(source: bytes) -> None:
    syntax = parse(source)
    assert syntax.root.end_byte <= len(source)
    assert all(node.start_byte <= node.end_byte for node in descendants(syntax.root))


def test_descendants_come_in_the_order_of_the_source() -> None:
    syntax = parse(b"fn a() { b(c); }")
    words = [syntax.text(node) for node in descendants(syntax.root) if node.type == "identifier"]
    assert words == [b"a", b"b", b"c"]


def test_what_is_too_large_is_refused() -> None:
    assert parse(b" " * MAX_BYTES).root.type == "source_file"
    with pytest.raises(TooMuch, match=r"^is larger than 2 MB$"):
        parse(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize("opening", [b"(", b"{", b"[", b"m![", b"x+(", b"if x {", b"fn f() {"])
def test_what_is_too_deep_is_refused(opening: bytes) -> None:
    closing = {b"(": b")", b"[": b"]", b"{": b"}"}[opening[-1:]]

    def nested(times: int) -> bytes:
        return b"fn f() { " + opening * times + b"x" + closing * times + b" }"

    assert not parse(nested(MAX_DEPTH // 10)).root.has_error
    with pytest.raises(TooMuch, match=f"^is nested more than {MAX_DEPTH} levels deep$"):
        parse(nested(20_000))


@pytest.mark.parametrize("sign", [b"(", b"{", b"[", b"#[", b";"])
def test_a_long_row_of_signs_is_refused(sign: bytes) -> None:
    # A query over 200,000 brackets that are never closed took 16 seconds.
    with pytest.raises(TooMuch, match="row of signs"):
        parse(b"m! { " + sign * 200_000 + b" }")


def test_what_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each of these strings is looked for to the end of the file; it took five minutes without a limit.
    monkeypatch.setattr(rust_syntax, "_SECONDS", 0.2)
    with pytest.raises(TooMuch, match="to read"):
        parse(b'r#"' * 200_000)


def test_a_search_tells_which_query_fits() -> None:
    search = Search(["(function_item) @at", "(struct_item) @at\n(enum_item) @at", "(mod_item) @at"])
    found = [
        (index, captures["at"][0].start_point.row)
        for index, captures in search.matches(parse(b"struct A;\nenum B {}\nmod c;\nfn d() {}").root)
    ]
    assert sorted(found, key=lambda one: one[1]) == [(1, 0), (1, 1), (2, 2), (0, 3)]


def test_a_query_that_the_grammar_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="no_such_node"):
        Search(["(no_such_node) @at"])
