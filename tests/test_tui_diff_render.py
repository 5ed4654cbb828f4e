"""What the diff shows, without a widget: rows, words, colours, widths."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_tui import BASE, HOSTILE, NEW, many_hunks, proposal, sample_review
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.diff_cells import crop, fit, spread, width_of, wrap
from tui.diff_render import DiffModel
from tui.diff_words import pair_lines, word_changes
from tui.gate import Gate
from tui.highlight import MAX_LINE, Highlighter, Piece, drawn_width, harmless, hidden_size, shown, with_ground
from tutor.hunks import Hunk, apply, split_lines
from tutor.inert import inert_line
from tutor.proposal import Proposal, ProposedHunk, Reason, file_change
from tutor.review import Review

TEXTS = st.text(st.one_of(st.sampled_from(HOSTILE), st.characters(codec=None)), max_size=60)


def frame(model: DiffModel, width: int, current: str = "", start: int = 0) -> list[str]:
    return [model.line(i, width, current, start).text.rstrip() for i in range(len(model.rows))]


def model_of(old: bytes, new: bytes, path: str = "a.txt") -> DiffModel:
    return DiffModel(Review(proposal(file_change(path, old, new))))


def test_frame_wide() -> None:
    review = sample_review()
    model = DiffModel(review)
    assert frame(model, 80, review.hunks[1].id) == [
        " src/main.rs                                                        +3 −4  ○ 3",
        "▏ ○ undecided  hunk 1 of 4",
        "▏ 1    − use std::fmt;",
        "▏ 2  1",
        "▏ 3  2   struct Person {",
        "▏ 4  3       name: String,",
        "  ⋮      5 unchanged lines",
        "▌ ○ undecided  hunk 2 of 4  in fn main()",
        "▌   rustc E0382 borrow of moved value: `name`",
        "▌   ╰ consider cloning the value",
        "▌10  9",
        "▌11 10   fn main() {",
        '▌12 11       let name = String::from("Ada");',
        "▌13    −     greet(name);",
        "▌   12 +     greet(name.clone());",
        '▌14 13       println!("{}", name);',
        "▌15 14       let a = 1;",
        "▌16 15       let b = 2;",
        "  ⋮      2 unchanged lines",
        "▏ ○ undecided  hunk 3 of 4  in fn main()",
        "▏19 18       let e = 5;",
        "▏20 19       let f = 6;",
        "▏21 20       let g = 7;",
        "▏22    −     let count = 3;",
        "▏23    −     count += 1;",
        "▏   21 +     let mut count = 4;",
        "▏   22 +     count += 2;",
        '▏24 23       println!("{count}");',
        "▏25 24   }",
        " src/new.rs  new file                                               +1 −0  ○ 1",
        "▏ ○ undecided  hunk 4 of 4",
        "▏    1 + pub fn hi() {}",
    ]


def test_frame_narrow_has_one_column_of_numbers_and_every_verdict_has_a_glyph() -> None:
    review = sample_review()
    first, second, third, _ = (item.id for item in review.hunks)
    review.decide(first, "accepted")
    review.decide(second, "rejected")
    review.edit(third, b"    let mut count = 9;\n")
    lines = frame(DiffModel(review), 60, third)
    assert lines[0] == " src/main.rs                          +2 −4  ○ 1  ✓ 1  ✗ 1"
    assert lines[1] == "┃ ✓ accepted  hunk 1 of 4"
    assert lines[2] == "┃ 1 − use std::fmt;"
    assert "╎ ✗ rejected  hunk 2 of 4  in fn main()" in lines
    assert "╎12 +     greet(name.clone());" in lines
    assert "▌ ○ undecided  ✎ edited  hunk 3 of 4  in fn main()" in lines
    assert "▌21 +     let mut count = 9;" in lines


def test_rows_tell_both_versions_of_the_file() -> None:
    review = many_hunks(5, gap=2)
    model = DiffModel(review)
    file = model.files[0]
    old = {row.old: file.old[row.old - 1] for row in model.rows if row.kind in ("context", "removed")}
    new = {row.new: file.new[row.new - 1] for row in model.rows if row.kind in ("context", "added")}
    assert b"".join(old[n] for n in sorted(old)) == review.base("notes.txt")
    assert b"".join(new[n] for n in sorted(new)) == apply(
        review.base("notes.txt") or b"", [item.hunk for item in review.hunks]
    )


def test_split_edit_and_undo_change_the_rows_and_a_verdict_does_not() -> None:
    review = sample_review()
    model = DiffModel(review)
    hunk = review.hunks[2].id
    review.decide(hunk, "accepted")
    assert not model.sync()
    assert model.hunks[hunk].verdict == "accepted"
    parts = review.split(hunk)
    assert model.sync()
    assert list(parts) == [name for name in model.order if name.startswith(hunk)]
    shown_lines = frame(model, 80)
    at = shown_lines.index("▏ ○ undecided  hunk 1 of 5")
    assert at == 1
    assert [line for line in shown_lines if "let mut count" in line] == ["┃   21 +     let mut count = 4;"]
    review.undo()
    assert model.sync()
    assert model.order == [item.id for item in review.hunks]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("start", [0, 5, 300])
def test_every_line_has_the_exact_width(width: int, start: int) -> None:
    old = f"{HOSTILE}\nplain\n{'x' * 5000}\n\t日本\n".encode("utf-8", "surrogateescape")
    new = f"{HOSTILE}!\nplainer\n{'y' * 5000}\n\t日本語".encode("utf-8", "surrogateescape")
    change = file_change(f"dir {HOSTILE}/a.rs", old, new)
    model = DiffModel(Review(proposal(change)))
    for index in range(len(model.rows)):
        line = model.line(index, width, model.order[0], start)
        assert width_of(line.pieces) == width
        assert line.text == inert_line(line.text)


@given(TEXTS, TEXTS, st.integers(1, 60), st.integers(0, 40))
def test_cropped_text_is_exact_and_inert(before: str, after: str, width: int, start: int) -> None:
    pieces = harmless([Piece(before, "a"), Piece(after, "b")])
    assert "".join(piece.text for piece in pieces) == inert_line("".join(piece.text for piece in pieces))
    assert width_of(fit(pieces, width, start)) == width
    assert width_of(crop(pieces, start, width)) <= width
    assert width_of(spread(pieces, [Piece("end")], width + 20)) == width + 20


@given(TEXTS, st.integers(4, 50))
def test_wrapped_text_fits_and_loses_no_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    if text.isascii():
        wanted = "".join(inert_line(part) for part in text.split("\n"))
        assert "".join("".join(lines).split()) == "".join(wanted.split())


def test_tabs_go_to_the_next_stop_also_after_wide_characters() -> None:
    assert "".join(p.text for p in harmless([Piece("a\tb"), Piece("\t日\tc")])) == "a   b   日  c"


def test_a_very_long_line_is_cut_and_says_so() -> None:
    model = model_of(b"x\n", b"y" * 1_000_000 + b"\n")
    added = next(i for i, row in enumerate(model.rows) if row.kind == "added")
    assert hidden_size(b"y" * 1_000_000 + b"\n") == 1_000_000 - MAX_LINE
    assert model.line(added, 80, "", MAX_LINE - 40).text.rstrip().endswith("y …998,000 more bytes")
    assert model.line(added, 80).text.endswith("yy…")


@given(st.binary(max_size=200))
def test_the_width_that_scrolling_allows_is_enough(line: bytes) -> None:
    line = line.replace(b"\n", b"") + b"\n"
    model = model_of(b"", line)
    added = next(i for i, row in enumerate(model.rows) if row.kind == "added")
    full = model.line(added, model.gutter_width(80) + model.code_width + 80).text
    assert cell_len(full.rstrip()) <= model.gutter_width(80) + drawn_width(line)


def test_endings_are_shown_where_they_differ() -> None:
    lines = frame(model_of(b"a\r\nb\r\n", b"a\r\nb\n"), 80)
    assert any(line.endswith("− b ␍␊") for line in lines)
    assert any(line.endswith("+ b ␊") for line in lines)
    assert not any("␍" in line for line in frame(model_of(b"a\r\nb\r\n", b"a\r\nc\r\n"), 80))
    assert any(line.endswith("+ b  no newline at end") for line in frame(model_of(b"a\nb\n", b"a\nb"), 80))


def test_long_paths_keep_their_end() -> None:
    change = file_change("very/long/" * 12 + "name.rs", b"", b"x\n")
    line = DiffModel(Review(proposal(change))).line(0, 60)
    assert "…" in line.text
    assert "/name.rs" in line.text


def marked(text: str, ranges: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in ranges]


@pytest.mark.parametrize(
    ("old", "new", "gone", "come"),
    [
        ("    greet(name);", "    greet(name.clone());", [], [".clone()"]),
        ("let count = 3;", "let mut count = 3;", [], ["mut "]),
        ("fn f(self, other: String)", "fn f(&self, other: &str)", ["String"], ["&", "&str"]),
        ("same", "same", [], []),
        ("alpha beta", "nothing_alike(1)", [], []),
        ("  x = 1;", "    x = 1;", ["  "], ["    "]),
    ],
)
def test_words_that_changed(old: str, new: str, gone: list[str], come: list[str]) -> None:
    before, after = word_changes(old, new)
    assert marked(old, before) == gone
    assert [word.strip() or word for word in marked(new, after)] == [word.strip() or word for word in come]


@given(TEXTS, TEXTS)
def test_what_is_outside_of_the_marks_is_the_same(old: str, new: str) -> None:
    before, after = word_changes(old, new)
    for text, ranges in ((old, before), (new, after)):
        assert list(ranges) == sorted(ranges)
        assert all(0 <= start < end <= len(text) for start, end in ranges)
    if before or after:

        def rest(text: str, ranges: tuple[tuple[int, int], ...]) -> str:
            edges = [0, *(edge for pair in ranges for edge in pair), len(text)]
            return "".join(text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))

        assert "".join(rest(old, before).split()) == "".join(rest(new, after).split())


def test_long_lines_are_compared_by_their_ends() -> None:
    old, new = "a" * 600 + "X" + "b" * 600, "a" * 600 + "YY" + "b" * 600
    assert word_changes(old, new) == (((600, 601),), ((600, 602),))


def test_lines_are_paired_by_likeness_in_order() -> None:
    assert pair_lines(["a b c d", "x"], ["new", "a b c e", "other"]) == [(0, 1)]
    assert pair_lines(["one", "two"], ["three", "four"]) == [(0, 0), (1, 1)]
    assert pair_lines(["a"] * 30, ["a"] * 31) == []


def test_changed_words_have_a_ground_of_their_own() -> None:
    review = sample_review()
    model = DiffModel(review)
    index = next(i for i, row in enumerate(model.rows) if row.kind == "added" and row.hunk == review.hunks[1].id)
    words = [piece.text for piece in model.line(index, 80).pieces if piece.ground == "added-word"]
    assert "".join(words) == ".clone()"
    assert model.line(index, 80).ground == "added"


def test_grounds_split_pieces_at_characters() -> None:
    assert with_ground([Piece("abcd", "x"), Piece("ef")], [(1, 2), (3, 5)], "g") == [
        Piece("a", "x"), Piece("b", "x", "g"), Piece("c", "x"), Piece("d", "x", "g"), Piece("e", "", "g"), Piece("f"),
    ]  # fmt: skip


def inks(path: str, source: bytes, line: int) -> dict[str, str]:
    return {piece.text: piece.ink for piece in Highlighter(path, split_lines(source)).line(line)}


def test_rust_and_toml_have_colours_and_other_files_are_plain() -> None:
    found = inks("a.rs", b"pub fn go<'a>(x: &'a mut String) { println!(\"hi\"); run(1); } // end\n", 0)
    wanted = {"pub": "keyword", "go": "function", "mut": "keyword", "String": "type", "println!": "macro"}
    wanted |= {"hi": "string", "run": "function", "1": "number", "// end": "comment"}
    assert {text: found[text] for text in wanted} == wanted
    assert inks("Cargo.toml", b'name = "demo"\n', 0)["demo"] == "string"
    assert inks("notes.unknown-kind", b"fn x\n", 0) == {"fn x": ""}


def test_colours_know_what_came_before() -> None:
    source = b"/* one\nfn two\n*/ fn three() {}\n"
    assert inks("a.rs", source, 1) == {"fn two": "comment"}
    assert inks("a.rs", source, 2)["three"] == "function"


@pytest.mark.parametrize("lines", [3_000, 20_000])
def test_a_big_file_is_coloured_where_it_is_looked_at(lines: int) -> None:
    source = [b"pub fn f%d(x: String) {} // no\n" % i for i in range(lines)]
    code = Highlighter("a.rs", source)
    for index in (lines - 1, 0, lines // 2):
        assert Piece(f"f{index}", "function") in code.line(index)
    assert len(code._cache) < 3_500


def test_a_huge_file_stays_plain() -> None:
    source = [b"fn main() {} // " + b"x" * 100 + b"\n"] * 10_000
    assert [piece.ink for piece in Highlighter("a.rs", source).line(5)] == [""]


@given(st.lists(st.binary(max_size=30), max_size=6))
def test_colouring_loses_no_character(raw: list[bytes]) -> None:
    lines = split_lines(b"".join(line.replace(b"\n", b"") + b"\n" for line in raw))
    code = Highlighter("a.rs", lines)
    for index, line in enumerate(lines):
        assert "".join(piece.text for piece in code.line(index)) == shown(line)


def test_50_000_lines_are_laid_out_and_only_looked_at_lines_are_worked_out() -> None:
    base = b"".join(b"let x%d = %d;\n" % (i, i) for i in range(25_000))
    new = base.replace(b"let", b"const")
    whole = ProposedHunk("h", Hunk(0, tuple(split_lines(base)), tuple(split_lines(new))))
    change = file_change("a.rs", base, base)
    model = DiffModel(Review(proposal(replace(change, hunks=(whole,)))))
    assert len(model.rows) == 50_002
    assert model.line(2 + 25_000 + 12_345, 80).text.rstrip().endswith("const x12345 = 12345;")
    assert len(model.files[0].new_code._cache) < 3_000


def test_reasons_are_bounded_and_inert() -> None:
    change = file_change("a.rs", b"a\n", b"b\n")
    reasons = tuple(Reason("model", HOSTILE, f"{HOSTILE} {i}", HOSTILE) for i in range(9))
    made: Proposal = proposal(replace(change, hunks=(replace(change.hunks[0], reasons=reasons),)))
    lines = frame(DiffModel(Review(made)), 200)
    assert sum("model" in line for line in lines) == 4
    assert lines[8].endswith("+5 more")
    assert all(line == inert_line(line) for line in lines)


def test_the_gate_opens_only_after_a_while_on_screen() -> None:
    now = [100.0]
    gate = Gate(350, lambda: now[0])
    assert not gate.is_open()
    now[0] += 60
    assert not gate.is_open()  # never seen
    gate.seen()
    now[0] += 0.349
    assert not gate.is_open()
    gate.seen()  # a second look does not begin anew
    now[0] += 0.002
    assert gate.is_open()
    assert not gate.is_open(waited=0.1)  # pressed while it was still too early
    gate.close()
    assert not gate.is_open()


def test_sample_is_what_the_tests_think() -> None:
    assert apply(BASE, [item.hunk for item in sample_review().hunks if item.path == "src/main.rs"]) == NEW
