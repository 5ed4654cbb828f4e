"""The books: hand-made ones in both formats, broken ones, and the real ones of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Mention, Piece, Relation, Trouble
from knowledgegraph.references import BOOKS
from knowledgegraph.sources.base import Found, Missing, Source
from knowledgegraph.sources.mdbook import books
from knowledgegraph.sources.mdbook_page import headings_in_source, passages
from knowledgegraph.sources.mdbook_toc import Chapter, chapters
from tests.helpers_mdbook import Listed, book, docs_folder, heading, old_book, page, rule

CONTENTS = (
    Listed("title.html", "The Book"),
    Listed("ch01.html", "Owning", "1.", (Listed("ch01-01.html", "Moving <code>Box</code>", "1.1."),)),
    Listed("", "Not yet", "2.", (Listed("ch02-01.html", "Later", "2.1."),)),
)
PAGES = {
    "title.html": heading(1, "The Book", "the-book") + "<p>By many.</p>",
    "ch01.html": (
        heading(2, "Owning", "owning")
        + '<p id="first">Every value has <em>one</em> owner, and the owner drops it at the end.</p>'
        + f'<section class="note">{heading(3, "A Note", "a-note")}<p>In the note.</p></section>'
        + "<p>After the note.</p>"
        + heading(3, "Moving", "moving")
        + '<p>See <a href="ch01-01.html#deep">this</a>, <a href="#first">that</a>, <a href="../std/index.html">std</a>'
        + ' and <a href="ch01-01.html#box">boxes</a>. <code>Vec::push</code> <code>Vec&lt;T&gt;</code> <code>x</code>'
        + " <code>cargo build --release</code></p>"
        + '<pre><code class="language-rust does_not_compile E0382">let b = a;</code></pre>'
        + "<pre><code class=language-console>error[E0499]: no\nerror[E0382]: no</code></pre>"
        + heading(4, "Deep", "deep")
        + heading(2, "Last", "last")
        + "<p>The end.</p>"
    ),
    "ch01-01.html": (
        heading(1, "Moving a box", "box") + '<p>A box moves.</p><ul><li id="deep">deep</li></ul>'
        '<p><a href="../reference/rules.html#r-a.b">rule</a> <a href="../reference/rules.html#one">one</a></p>'
    ),
    "ch02-01.html": "<p>No heading here, and that is enough for a page of a book.</p>",
}


def source(docs: Path | None, name: str = "book") -> Source:
    return next(one for one in books(docs) if one.name == name)


def read(docs: Path, name: str = "book") -> list[Piece]:
    one = source(docs, name)
    found = one.detect()
    assert isinstance(found, Found)
    return list(one.read(found))


def entries(pieces: list[Piece]) -> dict[str, Entry]:
    found = [piece for piece in pieces if isinstance(piece, Entry)]
    by_id = {entry.id: entry for entry in found}
    assert len(by_id) == len(found)
    return by_id


def relations(pieces: list[Piece], kind: Kind) -> list[tuple[str, str]]:
    return [(one.source, one.target) for one in pieces if isinstance(one, Relation) and one.kind is kind]


def troubles(pieces: list[Piece]) -> list[str]:
    return [piece.sentence for piece in pieces if isinstance(piece, Trouble)]


def coverage(pieces: list[Piece]) -> dict[str, tuple[int, int]]:
    return {piece.name: (piece.got, piece.total) for piece in pieces if isinstance(piece, Coverage)}


def test_pages_sections_and_what_they_are_parts_of(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    root = book(docs, "book", CONTENTS, PAGES)
    pieces = read(docs)
    found = entries(pieces)
    assert {(key, entry.form, entry.title, entry.parent) for key, entry in found.items()} == {
        ("book:index.html", Form.BOOK, "The Rust Programming Language", ""),
        ("book:title.html", Form.PAGE, "The Book", "book:index.html"),
        ("book:ch01.html", Form.PAGE, "Owning", "book:index.html"),
        ("book:ch01.html#a-note", Form.SECTION, "A Note", "book:ch01.html"),
        ("book:ch01.html#moving", Form.SECTION, "Moving", "book:ch01.html"),
        ("book:ch01.html#deep", Form.SECTION, "Deep", "book:ch01.html#moving"),
        ("book:ch01.html#last", Form.SECTION, "Last", "book:ch01.html"),
        ("book:ch01-01.html", Form.PAGE, "Moving Box", "book:ch01.html"),
        ("book:ch02-01.html", Form.PAGE, "Later", "book:index.html"),
    }
    owning = found["book:ch01.html"]
    assert owning.text == ("Every value has *one* owner, and the owner drops it at the end.\n\nAfter the note.")
    assert owning.summary == "Every value has one owner, and the owner drops it at the end."
    assert (owning.location, owning.names, owning.domain) == (str(root / "ch01.html"), ("ch01.html#owning",), "rust")
    assert found["book:ch01.html#a-note"].text == "In the note."
    assert found["book:ch01.html#last"].location == f"{root / 'ch01.html'}#last"
    assert found["book:ch01.html#moving"].text.endswith("```console\nerror[E0499]: no\nerror[E0382]: no\n```")
    assert all(entry.headline and not entry.codes for entry in found.values())
    assert not troubles(pieces)
    assert coverage(pieces) == {"book_sections": (8, 8)}


def test_what_pages_link_to_explain_and_name(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    book(docs, "book", CONTENTS, PAGES)
    rules = heading(1, "Rules", "rules") + heading(2, "One", "one-way") + rule("a.b") + '<p id="one">It is so.</p>'
    book(docs, "reference", [Listed("rules.html", "Rules")], {"rules.html": rules})
    pieces = read(docs)
    assert relations(pieces, Kind.NEXT) == [
        ("book:title.html", "book:ch01.html"),
        ("book:ch01.html", "book:ch01-01.html"),
        ("book:ch01-01.html", "book:ch02-01.html"),
    ]
    # Anchors inside a passage stand for the passage; rules stand for themselves.
    assert relations(pieces, Kind.LINKS_TO) == [
        ("book:ch01.html#moving", "book:ch01-01.html"),
        ("book:ch01.html#moving", "book:ch01.html"),
        ("book:ch01.html#moving", "std:std"),
        ("book:ch01-01.html", "reference:rules.html#r-a.b"),
        ("book:ch01-01.html", "reference:rules.html#one-way"),
    ]
    assert relations(pieces, Kind.EXPLAINS_ERROR) == [
        ("book:ch01.html#moving", "error:E0382"),
        ("book:ch01.html#moving", "error:E0499"),
    ]
    assert [piece for piece in pieces if isinstance(piece, Mention)] == [
        Mention("book:ch01.html#moving", "Vec::push"),
        Mention("book:ch01.html#moving", "Vec"),
        Mention("book:ch01.html#moving", "cargo build"),
    ]


def test_the_old_format_gives_the_same_pages(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path, "1.63.0")
    new = book(docs, "book", CONTENTS, PAGES)
    listed = chapters(new)
    shutil.rmtree(new)
    # mdBook then put the anchor on the link inside the heading.
    pages = {**PAGES, "title.html": '<h1><a class="header" href="#top" id="top">The Book</a></h1><p>By many.</p>'}
    old = old_book(docs, "book", CONTENTS, pages)
    assert chapters(old) == listed
    found = source(docs).detect()
    assert isinstance(found, Found)
    assert (found.version, found.location) == ("1.63.0", str(old))
    pieces = read(docs)
    assert entries(pieces)["book:title.html"].names == ("title.html#top",)
    assert entries(pieces)["book:ch01-01.html"].parent == "book:ch01.html"
    assert coverage(pieces) == {"book_sections": (8, 8)}
    assert not troubles(pieces)


def test_the_first_page_may_be_the_index_itself(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    contents = [Listed("intro.html", "Before"), Listed("index.html", "Introduction"), Listed("a.html", "A")]
    pages = {
        "index.html": heading(1, "Rust by Example", "rbe") + "<p>Welcome.</p>" + heading(2, "More", "more"),
        "intro.html": heading(1, "Before", "before"),
        "a.html": heading(1, "A", "a") + '<p><a href="index.html#rbe">up</a></p>' + heading(2, "B", "b") + "<p>b</p>",
    }
    book(docs, "rust-by-example", contents, pages)
    pieces = read(docs, "rbe")
    found = entries(pieces)
    assert next(iter(found)) == "rbe:index.html"
    root = found["rbe:index.html"]
    assert (root.form, root.title, root.text, root.names) == (
        Form.BOOK,
        "Rust by Example",
        "Welcome.",
        ("index.html#rbe",),
    )
    assert found["rbe:index.html#more"].parent == found["rbe:a.html"].parent == "rbe:index.html"
    assert relations(pieces, Kind.NEXT) == [("rbe:intro.html", "rbe:index.html"), ("rbe:index.html", "rbe:a.html")]
    assert relations(pieces, Kind.LINKS_TO) == [("rbe:a.html", "rbe:index.html")]


def test_a_page_of_parts_alone_says_what_they_are(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    body = heading(1, "Top", "top") + heading(2, "One", "one") + "<p>x</p>" + heading(2, "Two", "two") + "<p>y</p>"
    book(docs, "nomicon", [Listed("a.html", "Top")], {"a.html": body})
    assert entries(read(docs, "nomicon"))["nomicon:a.html"].summary == "In it: One, Two."


def test_the_summary_is_made_of_sentences(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    bodies = {
        "a.html": "<pre>code</pre><table><tr><td><p>cell</p></td></tr></table><p>Short:</p><p>Then more of it.</p>",
        "b.html": '<div class="grammar-container"><p>A → B</p></div><ul><li>x</li><li>y</li></ul>',
        "c.html": "<p>" + "Many words in a sentence. " * 30 + "</p>",
    }
    book(
        docs, "book", [Listed(ref, ref) for ref in bodies], {ref: heading(1, "T", "t") + b for ref, b in bodies.items()}
    )
    found = entries(read(docs))
    assert [found[f"book:{ref}"].summary for ref in ("a.html", "b.html")] == ["Short: Then more of it.", "x y"]
    assert len(found["book:c.html"].summary) <= 300
    assert found["book:c.html"].summary.endswith("sentence.")


RULES = (
    rule("items")
    + heading(1, "Items", "items")
    + rule("items.intro")
    + "<p>An <em>item</em> is a part of a crate.</p><p>There are many.</p>"
    + rule("items.list")
    + '<ul><li>fn</li></ul><div class="grammar-railroad grammar-hidden"><div id="railroad-Item">no</div></div>'
    + rule("items.kinds")
    + heading(2, "Kinds", "kinds")
    + '<p>Outside of rules: <a href="#railroad-Item">a diagram</a>.</p>'
    + rule("items.kinds.fn")
    + "<p>A function.</p>"
)
TESTS = (
    heading(1, "Test summary", "test-summary")
    + "<table><tr><th></th><th>Rules</th></tr><tr><td><a>Items</a></td><td>5</td><td>0</td></tr>"
    + "<tr><td><b>Total:</b></td><td>6</td><td>0</td></tr></table>"
)


def test_rules_govern_what_follows_them(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    root = book(docs, "reference", [Listed("items.html", "Items", "1.")], {"items.html": RULES})
    pieces = read(docs, "reference")
    found = {entry.title: entry for entry in entries(pieces).values() if entry.form is Form.RULE}
    assert {name: (entry.text, entry.parent) for name, entry in found.items()} == {
        "items": ("Items", "reference:items.html"),
        "items.intro": ("An *item* is a part of a crate.\n\nThere are many.", "reference:items.html"),
        "items.list": ("- fn", "reference:items.html"),
        "items.kinds": ("Outside of rules: a diagram.", "reference:items.html#kinds"),
        "items.kinds.fn": ("A function.", "reference:items.html#kinds"),
    }
    assert found["items.intro"] == Entry(
        "reference",
        "items.html#r-items.intro",
        "items.intro",
        Form.RULE,
        "rust",
        summary="An item is a part of a crate. There are many.",
        text="An *item* is a part of a crate.\n\nThere are many.",
        location=f"{root / 'items.html'}#r-items.intro",
        parent="reference:items.html",
        names=("items.intro", "r-items.intro"),
        headline=False,
    )
    assert "- fn" in entries(pieces)["reference:items.html"].text
    assert relations(pieces, Kind.LINKS_TO) == [("reference:items.html#kinds", "reference:items.html")]
    assert coverage(pieces) == {"reference_sections": (2, 2), "reference_rules": (5, 5)}


def test_the_reference_says_itself_how_many_rules_it_has(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    contents = [Listed("items.html", "Items", "1."), Listed("test-summary.html", "Test summary")]
    book(docs, "reference", contents, {"items.html": RULES, "test-summary.html": TESTS})
    assert coverage(read(docs, "reference"))["reference_rules"] == (5, 6)


def test_a_reference_without_rules_claims_none(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path, "1.63.0")
    old_book(docs, "reference", [Listed("a.html", "A")], {"a.html": heading(1, "A", "a")})
    assert coverage(read(docs, "reference")) == {"reference_sections": (1, 1)}


def test_headings_without_an_anchor_or_with_the_same_are_told_apart(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    body = (
        heading(1, "A", "a") + "<h2><code>::</code></h2><p>1</p>" + heading(2, "B", "b") + heading(2, "C", "b")
        + "<h2></h2><p>2</p><h2></h2>" + heading(3, "A again", "a") + '<p><a href="#b">b</a></p>'
    )  # fmt: skip
    root = book(docs, "book", [Listed("a.html", "A")], {"a.html": body})
    pieces = read(docs)
    found = entries(pieces)
    assert [(entry.ref, entry.title) for entry in found.values() if entry.form is Form.SECTION] == [
        ("a.html#::", "::"),
        ("a.html#b", "B"),
        ("a.html#b~2", "C"),
        ("a.html#section", "A"),
        ("a.html#section~2", "A"),
        ("a.html#a", "A again"),
    ]
    assert found["book:a.html#::"].location == str(root / "a.html")
    assert relations(pieces, Kind.LINKS_TO) == [("book:a.html#a", "book:a.html#b")]
    assert coverage(pieces) == {"book_sections": (7, 7)}


def test_only_what_the_contents_list_is_a_page(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    outside = tmp_path / "outside.html"
    outside.write_text(page(heading(1, "Secret", "secret")))
    hrefs = (
        "a.html", "a.html#again", "print.html", "../../outside.html", str(outside), "https://example.org/b.html",
        "javascript:a.html", "a.png", "sub/../b%20c.html", "x%00.html", "https://[bad",
    )  # fmt: skip
    contents = [Listed(href, f"To {href.partition(':')[0]}") for href in hrefs]
    root = book(docs, "book", contents, {"a.html": heading(1, "A", "a"), "b c.html": heading(1, "B", "b")})
    assert chapters(root) == [Chapter("a.html", "To a.html"), Chapter("b c.html", "To sub/../b%20c.html")]
    assert set(entries(read(docs))) == {"book:index.html", "book:a.html", "book:b c.html"}


def test_bad_pages_are_troubles_and_the_rest_is_read(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    names = ("gone", "empty", "cut", "bytes", "binary", "pipe", "huge", "good")
    contents = [Listed(f"{name}.html", name, "1.", (Listed(f"{name}-part.html", "part"),)) for name in names]
    good = heading(1, "Good", "good") + "<p>Good.</p>" + heading(2, "Section", "section") + "<p>Fine.</p>"
    root = book(
        docs, "book", contents, {**dict.fromkeys((f"{name}-part.html" for name in names), good), "good.html": good}
    )
    whole = page(good).encode()
    (root / "empty.html").write_bytes(b"")
    (root / "cut.html").write_bytes(whole[: whole.index(b"<p>Fine") + 5])
    (root / "bytes.html").write_bytes(whole.replace(b"Good.", b"G\xff\xfed."))
    (root / "binary.html").write_bytes(bytes(range(256)) * 40)
    os.mkfifo(root / "pipe.html")
    with (root / "huge.html").open("wb") as file:
        file.truncate(50_000_000)
    pieces = read(docs)
    told = troubles(pieces)
    assert len(told) == 7
    for name, sentence in zip(names, told, strict=False):
        assert str(root / f"{name}.html") in sentence
        assert "rustup component add rust-docs" in sentence
    found = entries(pieces)
    assert {ref for ref in found if ref.endswith("-part.html")} == {f"book:{name}-part.html" for name in names}
    assert found["book:cut.html#section"].text == "Fi"
    assert found["book:bytes.html"].text == "G\ufffd\ufffdd."
    # The part of a page that is not there hangs from what is above.
    assert found["book:gone-part.html"].parent == "book:index.html"
    assert found["book:cut-part.html"].parent == "book:cut.html"
    [covered] = [piece for piece in pieces if isinstance(piece, Coverage)]
    assert (covered.got, covered.total) == (22, 27)
    assert covered.missing == ("gone.html", "empty.html", "binary.html", "pipe.html", "huge.html")


def test_a_broken_index_page_still_leaves_the_book(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    contents = [Listed("index.html", "Introduction"), Listed("a.html", "A")]
    root = book(docs, "cargo", contents, {"a.html": heading(1, "A", "a")})
    (root / "index.html").write_bytes(b"")
    pieces = read(docs, "cargo")
    assert list(entries(pieces)) == ["cargo:index.html", "cargo:a.html"]
    assert len(troubles(pieces)) == 1
    (root / "index.html").unlink()
    assert entries(read(docs, "cargo"))["cargo:index.html"].location == str(root / "a.html")


def test_a_broken_table_of_contents_is_taken_from_the_index(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    root = old_book(docs, "book", CONTENTS, PAGES)
    listed = chapters(root)
    for broken in (b"", b"<html><body><ol", b"\xff" * 1000):
        (root / "toc.html").write_bytes(broken)
        assert chapters(root) == listed


@pytest.mark.parametrize("content", ["", "<html>", page("<p>No list.</p>"), '<ol class="chapter"><li>x</li></ol>'])
def test_without_any_table_of_contents_nothing_can_be_read(tmp_path: Path, content: str) -> None:
    docs = docs_folder(tmp_path)
    (docs / "book").mkdir()
    (docs / "book" / "index.html").write_text(content)
    one = source(docs)
    found = one.detect()
    assert isinstance(found, Found)
    with pytest.raises(OSError) as raised:
        list(one.read(found))
    assert raised.value.strerror
    assert raised.value.filename == str(docs / "book" / "toc.html")


def test_what_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    for docs in (None, tmp_path / "nowhere"):
        for one in books(docs):
            state = one.detect()
            assert isinstance(state, Missing)
            assert state.how_to_get == "rustup component add rust-docs"
    docs = docs_folder(tmp_path)
    book(docs, "book", CONTENTS, PAGES)
    state = source(docs, "cargo").detect()
    assert isinstance(state, Missing)
    assert "The Cargo Book" in state.why
    assert [one.name for one in books(docs) if isinstance(one.detect(), Found)] == ["book"]


def test_the_fingerprint_changes_with_any_page_and_only_then(tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    root = book(docs, "rust-by-example", CONTENTS, PAGES)

    def fingerprint() -> str:
        state = source(docs, "rbe").detect()
        assert isinstance(state, Found)
        return state.fingerprint

    first = fingerprint()
    assert first == fingerprint()
    (root / "style.css").write_text("x")
    (root / "ja").mkdir()
    (root / "ja" / "index.html").write_text("x")
    assert first == fingerprint()
    (root / "ch01.html").write_text(page(heading(1, "Other", "other")))
    second = fingerprint()
    (root / "ch03.html").write_text("new")
    assert len({first, second, fingerprint()}) == 3
    (docs / "version_info.html").unlink()
    state = source(docs, "rbe").detect()
    assert isinstance(state, Found)
    assert state.version == "unknown"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("Option", "Option"),
        ("Vec::new()", "Vec::new"),
        ("Rc<RefCell<T>>", "Rc"),
        ("std::mem::swap::<T>", "std::mem::swap"),
        ("println!", "println!"),
        ("needless_return", "needless_return"),
        ("clippy::box_default", "clippy::box_default"),
        ("E0382", "E0382"),
        ("cargo test -- --nocapture", "cargo test"),
        ("git commit", "git commit"),
        ("find", ""),
        ("x + y", ""),
        ("T", ""),
        ("--release", ""),
        ("A" * 200, ""),
    ],
)
def test_which_inline_code_can_be_a_name(tmp_path: Path, code: str, name: str) -> None:
    docs = docs_folder(tmp_path)
    shown = code.replace("<", "&lt;")
    book(docs, "book", [Listed("a.html", "A")], {"a.html": heading(1, "A", "a") + f"<p><code>{shown}</code></p>"})
    found = [piece.name for piece in read(docs) if isinstance(piece, Mention)]
    assert found == ([name] if name else [])


_PARTS = st.sampled_from(
    [heading(level, "T", "t") for level in (1, 2, 3, 6)]
    + [
        rule("a"),
        rule("a.b"),
        "<h2>",
        "</h2>",
        "<section>",
        "</section>",
        "<ul><li>",
        "</ul>",
        "<p>text",
        "<pre><code>",
    ]
    + ["</code></pre>", "<!-- <h2>no</h2> -->", "<blockquote>", "</blockquote>", "<table><tr><td>", "</table>", "word "]
)


@given(st.lists(_PARTS, max_size=30).map("".join))
def test_any_page_is_cut_into_passages(body: str) -> None:
    cut = passages(LexborHTMLParser(page(body)))
    assert cut[0].above is None
    assert all(one.above in cut[:place] for place, one in enumerate(cut) if place)
    keys = [one.key for one in cut[1:]]
    assert len(set(keys)) == len(keys)
    nodes = [node.mem_id for one in cut for node in one.nodes]
    assert len(set(nodes)) == len(nodes)


def test_headings_are_counted_in_the_bytes() -> None:
    body = heading(1, "A", "a") + "<!-- <h2>no</h2> --><H2 id=b>B</H2><pre>&lt;h3></pre><header></header><hr>"
    assert headings_in_source(page(body).encode()) == 2
    assert headings_in_source(b"<main><h1>" + b"<!--" * 100_000) == 1
    assert headings_in_source(b"") == 0


# ---- the books of this machine ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_docs() -> Path:
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    docs = Path(sysroot) / "share" / "doc" / "rust" / "html"
    if not (docs / "book" / "toc.html").is_file():
        pytest.skip("rust-docs is not installed (rustup component add rust-docs)")
    return docs


@pytest.fixture(scope="module")
def real(real_docs: Path) -> dict[str, list[Piece]]:
    """Everything in all books."""
    return {name: read(real_docs, name) for name in BOOKS}


def test_the_real_books_are_read_whole(real: dict[str, list[Piece]]) -> None:
    covered = {name: counts for pieces in real.values() for name, counts in coverage(pieces).items()}
    assert set(covered) == {*(f"{name}_sections" for name in BOOKS), "reference_rules"}
    assert all(got == total > 0 for got, total in covered.values()), covered
    assert not [sentence for pieces in real.values() for sentence in troubles(pieces)]


def test_the_real_totals_are_counted_another_way(real_docs: Path, real: dict[str, list[Piece]]) -> None:
    """Pages by the lines of the table of contents, sections by the links that headings carry, rules by their marks."""
    for name, folder in BOOKS.items():
        listed = (real_docs / folder / "toc.html").read_text().count('target="_parent"')
        forms = Counter(entry.form for entry in entries(real[name]).values())
        chapter_refs = [chapter.ref for chapter in chapters(real_docs / folder)]
        index_is_listed = "index.html" in chapter_refs
        assert forms[Form.PAGE] + index_is_listed == listed
        headers = sum((real_docs / folder / ref).read_text().count('<a class="header"') for ref in chapter_refs)
        # Every page of these books starts with a heading, which is the page itself.
        assert forms[Form.SECTION] == headers - listed
    marks = sum(
        (real_docs / "reference" / chapter.ref).read_text().count('class="rule-link"')
        for chapter in chapters(real_docs / "reference")
    )
    assert Counter(entry.form for entry in entries(real["reference"]).values())[Form.RULE] == marks


def test_every_real_entry_can_be_opened_and_hangs_from_one(real: dict[str, list[Piece]]) -> None:
    every = {key: entry for pieces in real.values() for key, entry in entries(pieces).items()}
    assert len(every) == sum(len(entries(pieces)) for pieces in real.values())
    seen: set[str] = set()
    files: set[str] = set()
    for key, entry in every.items():
        assert entry.parent in seen if entry.parent else entry.form is Form.BOOK
        assert entry.title
        assert len(entry.summary) <= 300
        assert "\n" not in entry.summary
        files.add(entry.location.partition("#")[0])
        seen.add(key)
    assert all(Path(file).is_file() for file in files)
    assert sum(entry.form is Form.BOOK for entry in every.values()) == len(BOOKS)


def test_real_links_between_books_lead_to_entries(real: dict[str, list[Piece]]) -> None:
    every = {key for pieces in real.values() for key in entries(pieces)}
    inside = [
        target
        for pieces in real.values()
        for origin, target in relations(pieces, Kind.LINKS_TO)
        if target.partition(":")[0] in BOOKS
    ]
    lost = [target for target in inside if target not in every]
    # The books still link to a few pages of old editions.
    assert len(lost) < len(inside) / 100
    assert all(source in every for pieces in real.values() for source, _ in relations(pieces, Kind.EXPLAINS_ERROR))


def test_a_real_book_cut_in_the_middle_is_read_as_far_as_it_goes(real_docs: Path, tmp_path: Path) -> None:
    docs = docs_folder(tmp_path)
    shutil.copytree(real_docs / "nomicon", docs / "nomicon")
    cut = docs / "nomicon" / "races.html"
    content = cut.read_bytes()
    cut.write_bytes(content[: content.index(b"<main") + 1500])
    pieces = read(docs, "nomicon")
    [trouble] = troubles(pieces)
    assert str(cut) in trouble
    assert entries(pieces)["nomicon:races.html"].text
    got, total = coverage(pieces)["nomicon_sections"]
    assert got == total
