"""The standard library as a source: rustdoc's markup of now and of 1.63, damaged pages, and the machine's own pages."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Mention, Piece, Relation, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.std import Std
from knowledgegraph.sources.std_items import place_of, resolved
from knowledgegraph.sources.std_pages import generics_of, own_type, page_of, part_of

UNSTABLE = (
    '<span class="item-info"><div class="stab unstable"><span class="emoji">\U0001f52c</span>'
    "<span>Only for nightly. (<code>shelf_life</code>)</span></div></span>"
)
DEPRECATED = (
    '<span class="item-info"><div class="stab deprecated"><span class="emoji">\U0001f44e</span>'
    "<span>Deprecated since 1.4.0: use <code>lift</code> instead</span></div></span>"
)
OTHERS = (
    '<h2 id="trait-implementations" class="section-header">Trait Implementations</h2>'
    '<details class="toggle"><summary><section id="method.clone" class="method"><h4 class="code-header">fn clone()'
    "</h4></section></summary></details>"
)


def page(body: str, source: str = "src/lib.rs.html#1") -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><title>x</title></head><body class="rustdoc">'
        '<nav class="sidebar"><a href="#method.nothing">nothing</a></nav><main>'
        '<section id="main-content" class="content"><div class="main-heading"><h1>It</h1>'
        f'<a class="src" href="../../{source}">Source</a></div>{body}</section></main></body></html>'
    )


def docs(text: str) -> str:
    return (
        '<details class="toggle top-doc" open><summary class="hideme"><span>Expand description</span></summary>'
        f'<div class="docblock">{text}</div></details>'
    )


def declared(code: str) -> str:
    return f'<pre class="rust item-decl"><code>{code}</code></pre>'


def method(anchor: str, signature: str, text: str, info: str = "") -> str:
    return (
        f'<details class="toggle method-toggle" open><summary><section id="{anchor}" class="method">'
        f'<a class="src rightside" href="../../src/x.rs.html#9">Source</a><h4 class="code-header">{signature}</h4>'
        f'</section>{info}</summary><div class="docblock">{text}</div></details>'
    )


def impl(head: str, *methods: str) -> str:
    return (
        '<details class="toggle implementors-toggle" open><summary><section id="impl" class="impl">'
        f'<h3 class="code-header">{head}</h3></section></summary>'
        f'<div class="impl-items">{"".join(methods)}</div></details>'
    )


def implementations(*blocks: str) -> str:
    return f'<h2 id="implementations">Implementations</h2><div id="implementations-list">{"".join(blocks)}</div>'


def redirect(target: str) -> str:
    return f'<!DOCTYPE html>\n<html><head>\n<meta http-equiv="refresh" content="0;URL={target}">\n</head></html>'


CRATE = page(
    declared("pub struct Crate&lt;T: ?Sized, S = Wood&gt;\n<div class=\"where\">where\n    S: Stuff,</div>{ }")
    + docs(
        "<p>A box for <em>one</em> thing. It has a lid.</p><p>See <a href=\"../keyword.move.html\">moving</a>, "
        '<a href="#method.lift">lifting</a>, <a href="#method.clone">copying</a> and '
        '<a href="../../book/ch04-01.html#lids">the book</a>; <code>Lid::shut</code> and <code>x</code>.</p>'
        '<h2 id="examples"><a class="doc-anchor" href="#examples">§</a>Examples</h2>'
        '<div class="example-wrap"><pre class="rust rust-example-rendered"><code>let c = 1;</code></pre>'
        '<a class="test-arrow" href="https://play.example"></a></div>'
    )
    + implementations(
        impl(
            "impl&lt;T&gt; Crate&lt;T&gt;",
            method("method.new", "pub fn new(thing: T) -&gt; Crate&lt;T&gt; <a href=\"#\" class=\"tooltip\">ⓘ</a>",
                   "<p>Packs a thing.</p>"),
            method("method.lift", 'pub fn lift(self) -&gt; T<div class="where">where\n    T: Sized,</div>',
                   "<p>Takes the thing out.</p>"),
            method("method.tip", "pub fn tip(self)", "<p>Turns it over.</p>", UNSTABLE),
            method("method.heave", "pub fn heave(self)", "<p>Takes it out.</p>", DEPRECATED),
        ),
        impl(
            "impl&lt;T&gt; Crate&lt;&amp;T&gt;",
            method("method.copied", "pub fn copied(self) -&gt; T", "<p>Copies out of a reference.</p>"),
        ),
        impl(
            "impl&lt;T&gt; Crate&lt;&amp;mut T&gt;",
            method("method.copied-1", "pub fn copied(self) -&gt; T", "<p>Copies out of a mutable one.</p>"),
        ),
        impl("impl&lt;T&gt; Barrel&lt;T, Crate&gt;", method("method.roll", "pub fn roll(self)", "<p>Not its own.</p>")),
    )
    + '<details open><summary><h2 id="deref-methods-str" class="section-header"><span>Methods from '
    '<a class="trait" href="../ops/trait.Deref.html">Deref</a>&lt;Target = '
    '<a class="primitive" href="../primitive.str.html">str</a>&gt;</span></h2></summary>'
    + method("method.split", "pub fn split(&amp;self)", "<p>Of str.</p>")
    + method("method.lift-1", "pub fn lift(&amp;self)", "<p>Of str.</p>")
    + "</details>"
    + OTHERS,
    "src/crates.rs.html#5",
)  # fmt: skip

CHOICE = page(
    declared("pub enum Choice {\n    Yes,\n    Perhaps { when: u8 },\n}")
    + docs("<p>An answer.</p>")
    + '<h2 id="variants" class="variants section-header">Variants</h2><div class="variants">'
    '<section id="variant.Yes" class="variant"><a href="#variant.Yes" class="anchor">§</a>'
    '<h3 class="code-header">Yes</h3></section><div class="docblock"><p>It is so.</p></div>'
    '<section id="variant.Perhaps" class="variant"><h3 class="code-header">Perhaps</h3></section>'
    f"{UNSTABLE}<div class=\"docblock\"><p>It may be so.</p></div>"
    '<div class="sub-variant"><span id="variant.Perhaps.field.when" class="section-header"><code>when: u8</code></span>'
    "</div></div>" + OTHERS
)  # fmt: skip

OPENS = page(
    declared("pub trait Opens {\n    type Key;\n    fn open(&amp;self);\n    fn shut(&amp;self) { ... }\n}")
    + docs("<p>What has a lid.</p>")
    + '<h2 id="required-associated-types">Required Associated Types</h2><div class="methods">'
    '<details class="toggle" open><summary><section id="associatedtype.Key" class="method">'
    '<h4 class="code-header">type Key</h4></section></summary><div class="docblock"><p>What opens it.</p></div>'
    '</details></div><h2 id="required-methods">Required Methods</h2><div class="methods">'
    + method("tymethod.open", "fn open(&amp;self)", "<p>Opens the lid.</p>")
    + '</div><h2 id="provided-methods">Provided Methods</h2><div class="methods">'
    '<section id="method.shut" class="method"><h4 class="code-header">fn shut(&amp;self)</h4></section></div>'
    '<h2 id="implementors">Implementors</h2>'
    + impl("impl Opens for Crate", method("method.open", "fn open(&amp;self)", "<p>Again.</p>"))
)  # fmt: skip

PRELUDE = page(
    docs("<p>Always there.</p>")
    + '<h2 id="reexports">Re-exports</h2><dl><dt id="reexport.Choice"><code>pub use crate::goods::'
    '<a class="enum" href="../../goods/enum.Choice.html" title="enum std::goods::Choice">Choice</a>;</code></dt>'
    '<dt id="reexport.Yes"><code>pub use crate::goods::Choice::<a class="enum" '
    'href="../../goods/enum.Choice.html#variant.Yes" title="enum std::goods::Choice">Yes</a>;</code></dt></dl>'
)


def tree(root: Path) -> Path:
    """A small library, and the list of its items."""
    numbers = {
        f"primitive.{name}.html": page(
            docs(f"<p>The number {name}.</p>")
            + implementations(
                impl(f"impl {name}", *(method(f"method.{own}", f"fn {own}(self)", "<p>Counts.</p>") for own in methods))
            )
        )
        for name, methods in {"i32": ["abs"], "u8": ["abs", "bits"], "usize": ["abs", "next_even"]}.items()
    }
    pages = {
        "index.html": page(docs("<p>All there is. Read it.</p>")),
        "goods/index.html": page(docs("<p>Things to hold things.</p>")),
        "goods/struct.Crate.html": CRATE,
        "goods/enum.Choice.html": CHOICE,
        "goods/trait.Opens.html": OPENS,
        "goods/fn.weigh.html": page(declared("pub fn weigh()") + DEPRECATED + docs("<p>Weighs.</p>")),
        "goods/struct.Foam.html": page(
            declared("pub struct Foam;") + UNSTABLE + docs("<p>Soft.</p>")
            + implementations(impl("impl Foam", method("method.press", "fn press()", "<p>Presses.</p>")))
        ),
        "goods/deep/index.html": page(docs("<p>Further down.</p>")),
        "goods/deep/struct.Crate.html": CRATE,
        "goods/deep/type.Result.html": page(
            declared("pub type Result = Choice;") + docs("<p>For short.</p>")
            + '<h2 id="variants">Variants</h2><section id="variant.Yes"><h3 class="code-header">Yes</h3></section>'
        ),
        "goods/private/struct.Crate.html": redirect("../../../std/goods/struct.Crate.html"),
        "macro.goods.html": page(declared("macro_rules! goods {}") + docs("<p>Makes goods.</p>"), "src/m.rs.html#1"),
        "macro.goods!.html": redirect("macro.goods.html"),
        "macro.say.html": page(declared("macro_rules! say { ... }") + docs("<p>Says it.</p>"), "src/m.rs.html#2"),
        "keyword.move.html": page(docs("<p>Gives away.</p>")),
        "primitive.str.html": page(
            docs("<p>Letters.</p>")
            + implementations(
                impl(
                    "impl str",
                    method("method.split", "pub fn split(&amp;self)", "<p>Cuts it up.</p>"),
                    method("method.lift", "pub fn lift(&amp;self)",
                           '<p>As <a href="goods/struct.Crate.html#method.split">this</a>.</p>', UNSTABLE),
                )
            )
        ),
        "str/index.html": page(docs("<p>About letters.</p>")),
        "prelude/v1/index.html": PRELUDE,
        "arch/fn.add.html": page(docs("<p>One instruction.</p>")),
        **numbers,
    }  # fmt: skip
    for file, content in pages.items():
        path = root / "std" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    listed = sorted(file for file in pages if "index.html" not in file and "private" not in file and "!" not in file)
    links = "".join(f'<li><a href="{file}">{Path(file).stem}</a></li>' for file in listed if "keyword" not in file)
    (root / "std" / "all.html").write_text(page(f'<h3 id="structs">All</h3><ul class="all-items">{links}</ul>'))
    (root / "core" / "goods").mkdir(parents=True)
    (root / "core" / "goods" / "struct.Crate.html").write_text(CRATE)
    (root / "version_info.html").write_text("<a>Rust</a> 1.95.0 2026")
    return root


def read(root: Path) -> list[Piece]:
    source = Std(Machine(rust_docs=root))
    found = source.detect()
    assert isinstance(found, Found)
    return list(source.read(found))


def entries(pieces: list[Piece]) -> dict[str, Entry]:
    found = [piece for piece in pieces if isinstance(piece, Entry)]
    assert len({entry.id for entry in found}) == len(found)
    return {entry.ref: entry for entry in found}


def troubles(pieces: list[Piece]) -> list[str]:
    return [piece.sentence for piece in pieces if isinstance(piece, Trouble)]


@pytest.fixture
def docs_root(tmp_path: Path) -> Path:
    return tree(tmp_path / "html")


def test_detect_tells_version_place_and_when_it_changes(docs_root: Path) -> None:
    source = Std(Machine(rust_docs=docs_root))
    found = source.detect()
    assert isinstance(found, Found)
    assert (found.version, found.location) == ("1.95.0", str(docs_root / "std"))
    assert source.detect() == found
    with (docs_root / "std" / "all.html").open("a") as listed:
        listed.write(" ")
    again = source.detect()
    assert isinstance(again, Found)
    assert again.fingerprint != found.fingerprint


@pytest.mark.parametrize("machine", [Machine(), Machine(rust_docs=Path("/nonexistent"))])
def test_missing_docs_are_told_with_the_command_that_gets_them(machine: Machine) -> None:
    missing = Std(machine).detect()
    assert isinstance(missing, Missing)
    assert missing.how_to_get == "rustup component add rust-docs"


def test_every_form_has_its_ref_title_form_and_parent(docs_root: Path) -> None:
    found = entries(read(docs_root))
    seen = {ref: (entry.title, entry.form, entry.parent) for ref, entry in found.items()}
    assert seen["std"] == ("The Rust Standard Library", Form.BOOK, "")
    assert seen["std::goods"] == ("std::goods", Form.MODULE, "std:std")
    assert seen["std::goods::deep"] == ("std::goods::deep", Form.MODULE, "std:std::goods")
    assert seen["std::goods::Crate"] == ("Crate", Form.ITEM, "std:std::goods")
    assert seen["std::goods::Crate::lift"] == ("Crate::lift", Form.METHOD, "std:std::goods::Crate")
    assert seen["std::goods::Choice::Yes"] == ("Choice::Yes", Form.METHOD, "std:std::goods::Choice")
    assert seen["std::goods::Opens::open"] == ("Opens::open", Form.METHOD, "std:std::goods::Opens")
    assert seen["std::goods::Opens::Key"] == ("Opens::Key", Form.METHOD, "std:std::goods::Opens")
    assert seen["std::goods::weigh"] == ("goods::weigh", Form.ITEM, "std:std::goods")
    assert seen["std::goods!"] == ("goods!", Form.ITEM, "std:std")
    assert seen["std::say"] == ("say!", Form.ITEM, "std:std")
    assert seen["std::keyword.move"] == ("move keyword", Form.KEYWORD, "std:std")
    assert seen["std::primitive.str"] == ("str", Form.ITEM, "std:std")
    assert seen["std::primitive.str::split"] == ("str::split", Form.METHOD, "std:std::primitive.str")


def test_parents_come_before_their_parts(docs_root: Path) -> None:
    known = set()
    for piece in read(docs_root):
        if isinstance(piece, Entry):
            assert piece.parent in known or piece.ref == "std"
            known.add(piece.id)


def test_text_is_the_signature_then_the_docs_without_what_the_page_shows_besides(docs_root: Path) -> None:
    found = entries(read(docs_root))
    crate = found["std::goods::Crate"]
    assert crate.text.startswith(
        "```rust\npub struct Crate<T: ?Sized, S = Wood>\nwhere\n    S: Stuff,{ }\n```\n\nA box"
    )
    assert "## Examples" in crate.text and "```rust\nlet c = 1;\n```" in crate.text
    assert "§" not in crate.text and "Expand" not in crate.text and "clone" not in crate.text
    assert crate.summary == "A box for one thing. It has a lid."
    assert found["std::goods::Crate::new"].text == "```rust\npub fn new(thing: T) -> Crate<T>\n```\n\nPacks a thing."
    assert "pub fn lift(self) -> T\nwhere\n    T: Sized," in found["std::goods::Crate::lift"].text


def test_locations_carry_the_anchor(docs_root: Path) -> None:
    found = entries(read(docs_root))
    std = docs_root / "std"
    assert found["std::goods::Crate"].location == str(std / "goods/struct.Crate.html")
    assert found["std::goods::Crate::lift"].location == f"{std / 'goods/struct.Crate.html'}#method.lift"
    assert found["std::goods::Opens::open"].location.endswith("#tymethod.open")
    assert found["std::goods::Choice::Yes"].location.endswith("#variant.Yes")


def test_only_own_parts_are_entries(docs_root: Path) -> None:
    refs = set(entries(read(docs_root)))
    own = {ref.rpartition("::")[2] for ref in refs if ref.startswith("std::goods::Crate::")}
    assert own == {"new", "lift", "tip", "heave", "copied"}
    assert not {ref for ref in refs if "Result::" in ref or "field" in ref or "arch" in ref}


def test_methods_of_one_name_are_one_entry_that_tells_them_apart(docs_root: Path) -> None:
    copied = entries(read(docs_root))["std::goods::Crate::copied"]
    assert "impl<T> Crate<&T>\npub fn copied" in copied.text
    assert "impl<T> Crate<&mut T>\npub fn copied" in copied.text
    assert "out of a reference" in copied.text and "out of a mutable one" in copied.text


def test_unstable_and_deprecated_things_say_so_and_are_no_headlines(docs_root: Path) -> None:
    found = entries(read(docs_root))
    assert found["std::goods::Crate::tip"].summary == "Unstable: Turns it over."
    assert found["std::goods::Choice::Perhaps"].summary == "Unstable: It may be so."
    assert found["std::goods::Choice"].headline
    assert found["std::goods::Foam"].summary == "Unstable: Soft."
    assert found["std::goods::Foam::press"].summary == "Unstable: Presses."
    assert found["std::goods::weigh"].summary == "Deprecated since 1.4.0: use lift instead. Weighs."
    assert "> Deprecated since 1.4.0: use lift instead" in found["std::goods::Crate::heave"].text
    shaky = ("Crate::tip", "Crate::heave", "Choice::Perhaps", "Foam", "Foam::press", "weigh")
    assert not [name for name in shaky if found[f"std::goods::{name}"].headline]


def test_headline_methods_are_those_of_everyday_types(docs_root: Path) -> None:
    found = entries(read(docs_root))
    methods = {ref for ref, entry in found.items() if entry.form == Form.METHOD and entry.headline}
    assert methods == {
        "std::goods::Choice::Yes",  # of the prelude
        "std::primitive.str::split",
        "std::primitive.i32::abs",  # of the number types once
        "std::primitive.usize::next_even",
    }


def test_names_are_ways_to_write_it_and_no_bare_method(docs_root: Path) -> None:
    found = entries(read(docs_root))
    crate = found["std::goods::Crate"].names
    assert {"Crate<T>", "goods::Crate", "core::goods::Crate", "std::goods::deep::Crate"} <= set(crate)
    assert "std::goods::private::Crate" in crate
    assert found["std::goods!"].names == ("std::goods!",)
    assert found["std::keyword.move"].names == ("keyword move",)
    assert found["std::goods::Choice::Yes"].names == ("Yes",)
    assert found["std::goods::Crate::lift"].names == ()
    assert found["std::primitive.str::split"].names == ("Crate::split",)  # through Deref


def test_links_lead_to_items_parts_and_books(docs_root: Path) -> None:
    pieces = read(docs_root)
    links = {(p.source, p.target, p.kind) for p in pieces if isinstance(p, Relation)}
    crate = "std:std::goods::Crate"
    assert (crate, "std:std::keyword.move", Kind.LINKS_TO) in links
    assert (crate, "std:std::goods::Crate::lift", Kind.LINKS_TO) in links
    assert (crate, "book:ch04-01.html#lids", Kind.LINKS_TO) in links
    assert (crate, "std:std::primitive.str", Kind.RELATED) in links  # through Deref
    assert ("std:std::primitive.str", "std:std::str", Kind.RELATED) in links
    assert ("std:std::primitive.str::lift", "std:std::primitive.str::split", Kind.LINKS_TO) in links  # not Crate::split
    assert not [link for link in links if link[1].endswith("clone") or link[0] == link[1]]
    assert [p.name for p in pieces if isinstance(p, Mention) and p.source == crate] == ["Lid::shut"]


def test_coverage_counts_against_the_list_of_all_items(docs_root: Path) -> None:
    assert [p for p in read(docs_root) if isinstance(p, Coverage)] == [Coverage("std_items", 13, 13)]
    (docs_root / "std" / "goods" / "fn.weigh.html").unlink()
    assert [p for p in read(docs_root) if isinstance(p, Coverage)] == [Coverage("std_items", 12, 13, ("fn.weigh",))]


OLD_OPTION = """<!DOCTYPE html><html><body class="rustdoc enum"><main><div class="width-limiter">
<section id="main-content" class="content"><div class="main-heading"><h1 class="fqn"><span class="in-band">Enum
<a href="../index.html">std</a>::<a class="enum" href="#">Choice</a></span></h1><span class="out-of-band">
<a class="srclink" href="../../src/core/choice.rs.html#5">source</a></span></div>
<div class="docblock item-decl"><pre class="rust enum"><code>pub enum Choice {
    Yes,
}</code></pre></div><details class="rustdoc-toggle top-doc" open><summary class="hideme"><span>Expand description</span>
</summary><div class="docblock"><p>An old answer.</p>
<div class="example-wrap"><pre class="rust rust-example-rendered"><code>say();</code></pre>
<a class="test-arrow" target="_blank" href="https://play.example">Run</a></div></div></details>
<h2 id="variants" class="variants small-section-header">Variants</h2><h3 id="variant.Yes" class="variant
small-section-header"><a href="#variant.Yes" class="anchor field"></a><code>Yes</code></h3><div class="docblock">
<p>So.</p></div><h2 id="implementations" class="small-section-header">Implementations</h2>
<div id="implementations-list"><details class="rustdoc-toggle implementors-toggle" open><summary>
<section id="impl" class="impl has-srclink">
<h3 class="code-header in-band">impl Choice</h3></section></summary><div class="impl-items">
<details class="rustdoc-toggle method-toggle" open><summary><div id="method.pick" class="method has-srclink">
<div class="rightside"><a class="srclink" href="../../src/core/choice.rs.html#9">source</a></div>
<h4 class="code-header">pub fn <a href="#method.pick" class="fnname">pick</a>() -&gt; Crate<span class="notable-traits">
<span class="notable-traits-tooltip">ⓘ<span class="docblock">Notable traits</span></span></span>
<span class="where fmt-newline">where<br>&nbsp;&nbsp;&nbsp;&nbsp;Choice: Sized,</span></h4></div>
<span class="item-info"><div class="stab unstable"><span class="emoji">\U0001f52c</span> For nightly.</div></span>
</summary><div class="docblock"><p>Picks one.</p></div></details></div></details></div>
<h2 id="blanket-implementations" class="small-section-header">Blanket</h2>
<section id="method.into" class="method"><h4 class="code-header">fn into()</h4></section></section></div></main></body>
</html>
"""


def test_pages_of_rust_1_63_are_read_alike(docs_root: Path) -> None:
    (docs_root / "std" / "goods" / "enum.Choice.html").write_text(OLD_OPTION)
    found = entries(read(docs_root))
    choice = found["std::goods::Choice"]
    assert choice.text == ("```rust\npub enum Choice {\n    Yes,\n}\n```\n\nAn old answer.\n\n```rust\nsay();\n```")
    assert found["std::goods::Choice::Yes"].text == "```rust\nYes\n```\n\nSo."
    pick = found["std::goods::Choice::pick"]
    assert pick.text.startswith("```rust\npub fn pick() -> Crate\nwhere\n    Choice: Sized,\n```\n\n> For nightly.")
    assert pick.summary == "Unstable: Picks one."
    assert "std::goods::Choice::into" not in found


def cut_off(path: Path) -> None:
    content = path.read_text()
    path.write_text(content[: content.index("Takes the thing out") + 9])


def sparse(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(9_000_000)


def dangle(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "no page": lambda path: path.write_bytes(b"\x00\xff not html"),
    "dangling": dangle,
    "too large": sparse,
    "nested": lambda path: path.write_text(page(docs("<div>" * 30_000))),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_page_is_named_and_the_rest_is_read(docs_root: Path, damage: str) -> None:
    path = docs_root / "std" / "goods" / "enum.Choice.html"
    DAMAGES[damage](path)
    pieces = read(docs_root)
    found = entries(pieces)
    assert "std::goods::Choice" not in found and "std::goods::Crate::lift" in found
    named = [sentence for sentence in troubles(pieces) if str(path) in sentence]
    coverage = next(piece for piece in pieces if isinstance(piece, Coverage))
    assert coverage.missing == ("enum.Choice",)
    assert len(named) == (0 if damage == "dangling" else 1)  # what is not there, is only counted


def test_a_page_that_ends_too_early_gives_what_it_has(docs_root: Path) -> None:
    path = docs_root / "std" / "goods" / "struct.Crate.html"
    cut_off(path)
    pieces = read(docs_root)
    found = entries(pieces)
    assert found["std::goods::Crate::lift"].summary == "Takes the"
    assert [sentence for sentence in troubles(pieces) if str(path) in sentence]


def test_without_the_crate_page_there_is_still_a_root(docs_root: Path) -> None:
    for damage in (lambda path: path.write_text("<p>no</p>"), Path.unlink):
        damage(docs_root / "std" / "index.html")
        found = entries(read(docs_root))
        assert found["std"].form == Form.BOOK
        assert all(entry.parent in {other.id for other in found.values()} for entry in found.values() if entry.parent)


def test_without_a_readable_module_its_items_hang_higher(docs_root: Path) -> None:
    (docs_root / "std" / "goods" / "index.html").write_text("")
    assert entries(read(docs_root))["std::goods::Crate"].parent == "std:std"


def test_without_the_list_of_items_that_is_told(docs_root: Path) -> None:
    (docs_root / "std" / "all.html").unlink()
    pieces = read(docs_root)
    assert not [piece for piece in pieces if isinstance(piece, Coverage)]
    assert [sentence for sentence in troubles(pieces) if "all.html" in sentence]


def test_strange_file_names_are_no_items(docs_root: Path) -> None:
    before = set(entries(read(docs_root)))
    for name in ("struct.A\nB.html", "struct.\x1b[31m.html", "struct.html", "Struct.X.html", "fn..html"):
        (docs_root / "std" / "goods" / name).write_text(CHOICE)
    assert set(entries(read(docs_root))) == before


def test_a_giant_page_is_cut_and_its_code_is_closed(docs_root: Path) -> None:
    code = '<div class="example-wrap"><pre class="rust"><code>' + "let x = 1;\n\n" * 3000 + "</code></pre></div>"
    path = docs_root / "std" / "goods" / "struct.Foam.html"
    for long in ("<p>Word. </p>" * 900 + code, "<p>Word. </p>" * 9000, f"<p>{'word' * 9000}</p>"):
        path.write_text(page(docs(long)))
        text = entries(read(docs_root))["std::goods::Foam"].text
        assert 23_000 < len(text) < 24_020 and text.endswith("\n\n…") and text.count("```") % 2 == 0


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("impl<T> Option<&T>", "Option"),
        ("impl<T, F: Fn() -> T> Lazy<T, F>", "Lazy"),
        ("impl dyn Any + Send", "Any"),
        ("impl<'a> std::path::Path", "Path"),
        ("impl<T> [T]", ""),
        ("impl<T> *const T", "T"),
        ("unsafe impl (A, B)", "A"),
        ("", ""),
        ("impl", ""),
    ],
)
def test_own_type(head: str, expected: str) -> None:
    assert own_type(head) == expected


def test_generics_are_those_that_are_always_written() -> None:
    assert generics_of("pub struct HashMap<K, V, S = RandomState> { }", "HashMap") == "<K, V>"
    assert generics_of("pub struct Arr<T: ?Sized, const N: usize>", "Arr") == "<T, N>"
    assert generics_of("pub struct Plain;", "Plain") == ""
    assert generics_of("pub struct Cut<T", "Cut") == "<T>"


def test_links_are_resolved_inside_the_folder_only() -> None:
    assert resolved("vec/struct.Vec.html", "../str/index.html#x%3Cy") == ("str/index.html", "x<y")
    assert resolved("vec/struct.Vec.html", "#method.push") == ("vec/struct.Vec.html", "method.push")
    assert resolved("vec/struct.Vec.html", "../../book/ch01.html") == ("", "")
    assert resolved("index.html", "https://doc.rust-lang.org/std/vec/index.html") == ("", "")


@given(st.binary(max_size=300), st.integers(0, len(CRATE)), st.integers(0, 40))
def test_no_bytes_stop_the_reader(noise: bytes, at: int, gap: int) -> None:
    content = CRATE.encode()
    made = page_of(content[:at] + noise + content[at + gap :])
    assert made is None or all(part_of(part.anchor) == part.name for part in made.parts)


@given(st.text(max_size=60))
def test_any_file_name_is_a_place_or_none(name: str) -> None:
    place = place_of(name)
    assert place is None or (place.path[0] == "std" and "\n" not in place.name)


# The machine's own documentation.


def rust_docs() -> Path:
    told = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True)
    return Path(told.stdout.strip()) / "share" / "doc" / "rust" / "html"


@pytest.fixture(scope="module")
def real() -> list[Piece]:
    if not (rust_docs() / "std" / "all.html").is_file():
        pytest.skip("the component rust-docs is not installed")
    return read(rust_docs())


def test_real_items_are_all_there(real: list[Piece]) -> None:
    coverage = next(piece for piece in real if isinstance(piece, Coverage))
    assert coverage.got == coverage.total > 1000 and coverage.missing == ()
    assert troubles(real) == []


def test_real_counts(real: list[Piece]) -> None:
    found = entries(real)
    forms = Counter(entry.form for entry in found.values())
    assert forms[Form.BOOK] == 1
    assert forms[Form.KEYWORD] == len(list((rust_docs() / "std").glob("keyword.*.html")))
    assert forms[Form.METHOD] > 4000 and forms[Form.ITEM] > 1000 and forms[Form.MODULE] > 90
    assert sum(entry.headline for entry in found.values()) < 4000
    assert sum(isinstance(piece, Relation) for piece in real) > 5000


def test_real_refs_are_those_that_answers_cite(real: list[Piece]) -> None:
    found = entries(real)
    for ref, title in {
        "std::rc::Rc": "Rc", "std::option::Option::take": "Option::take", "std::primitive.str": "str",
        "std::keyword.move": "move keyword", "std::keyword.self": "self keyword", "std::println": "println!",
        "std::collections::HashMap": "HashMap",
        "std::iter::Iterator::next": "Iterator::next", "std::primitive.str::split": "str::split",
        "std::option::Option::Some": "Option::Some", "std::io::Error": "io::Error", "std::mem::swap": "mem::swap",
        "std::result::Result": "Result", "std::sync::Mutex": "Mutex",
    }.items():  # fmt: skip
        assert (found[ref].title, found[ref].headline) == (title, True)
    assert "Vec<T>" in found["std::vec::Vec"].names
    assert "std::vec::Vec::first" not in found
    assert "Vec::first" in found["std::primitive.slice::first"].names
    assert "String::split" in found["std::primitive.str::split"].names


def test_real_entries_are_whole(real: list[Piece]) -> None:
    found = entries(real)
    ids = {entry.id for entry in found.values()}
    for entry in found.values():
        assert entry.parent in ids or entry.ref == "std"
        assert entry.title and entry.summary and entry.text
        assert len(entry.summary) <= 300 and "\n" not in entry.summary
        assert not any("\n" in name for name in entry.names)
        assert sum(line.lstrip("> ").startswith("```") for line in entry.text.split("\n")) % 2 == 0
    for piece in real:
        if isinstance(piece, Relation) and piece.target.startswith("std:"):
            assert piece.source in ids and piece.target in ids


def test_real_locations_lead_to_a_page_with_the_anchor(real: list[Piece]) -> None:
    anchors: dict[str, set[str]] = {}
    for entry in entries(real).values():
        file, _, anchor = entry.location.partition("#")
        anchors.setdefault(file, set()).add(anchor)
    assert all(Path(file).is_file() for file in anchors)
    for file, wanted in list(anchors.items())[::20]:
        content = Path(file).read_text("utf-8")
        assert all(f'id="{anchor}"' in content for anchor in wanted if anchor)
