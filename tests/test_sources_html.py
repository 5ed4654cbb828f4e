"""HTML to text and Markdown, and hyperlinks to ids."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledgegraph.sources import html
from knowledgegraph.sources.hrefs import identity


def body_of(source: str) -> LexborNode:
    body = LexborHTMLParser(source).body
    assert body is not None
    return body


def markdown(source: str) -> str:
    return html.markdown_of([body_of(source)])


def test_text_is_one_line_without_furniture() -> None:
    node = body_of(
        '<h2 id="a"><a class="doc-anchor" href="#a">§</a>A   <code>Box</code></h2><p>one<br>two</p>'
        '<button>Copy</button><script>x()</script><p>three <a href="#s">¶</a><span class="boring">no</span></p>'
    )
    assert html.text_of(node) == "A Box one two three"


def test_headings_paragraphs_and_emphasis() -> None:
    assert markdown(
        "<h1>Top</h1>loose <em>words</em><p>A <strong>bold </strong>claim,\n  "
        "<i><em>twice</em></i>.</p><h3>Low</h3><hr>"
    ) == ("# Top\n\nloose *words*\n\nA **bold** claim, *twice*.\n\n### Low\n\n---")


def test_what_markdown_would_take_for_markup_is_escaped() -> None:
    assert markdown("<p>a*b `c` &lt;T> \\</p>") == "a\\*b \\`c\\` \\<T> \\\\"
    assert markdown("<p># no</p><p>- no</p><p>> no</p><p>1986. no</p><p>-1</p>") == (
        "\\# no\n\n\\- no\n\n\\> no\n\n1986\\. no\n\n-1"
    )


def test_powers_stay_powers_and_marks_of_footnotes_go() -> None:
    source = (
        '<p>2<sup>32</sup> of<sup class="footnote-reference"><a href="#f">1</a></sup> T<sup>?</sup>'
        ' <a href="#r">↩</a></p>'
    )
    assert html.text_of(body_of(source)) == markdown(source) == "2^32 of T?"


def test_inline_code_may_hold_backticks() -> None:
    assert (
        markdown("<p><code>a</code> <code>`</code> <code>a`` b</code> <code></code></p>") == "`a` `` ` `` ```a`` b```"
    )


def test_code_blocks_say_their_language_and_what_they_are_for() -> None:
    assert (
        markdown(
            '<pre class="playground"><code class="language-rust ignore does_not_compile E0382 edition2024">'
            '<span class="boring">fn main() {\n</span>let a = b"&lt;";\n\n    <b>x</b>\n'
            '<span class="boring">}</span></code></pre>'
        )
        == '```rust,does_not_compile,E0382\nlet a = b"<";\n\n    x\n```'
    )
    assert markdown("<pre>plain\n```\n</pre>") == "````\nplain\n```\n````"
    assert markdown('<pre><code class="language-compile_fail">x</code></pre>') == "```rust,compile_fail\nx\n```"
    assert markdown(
        '<div class="example-wrap compile_fail"><pre class="rust"><code>x</code></pre><a class="tooltip">ⓘ</a></div>'
    ) == ("```rust,compile_fail\nx\n```")
    assert markdown('<pre><code class="language-no`good"> </code></pre>') == ""
    assert markdown('<pre><code class="language-a`b\x1b">y</code></pre>') == "```ab\ny\n```"


def test_lists_nest_and_number() -> None:
    assert (
        markdown(
            "<ul><li>one<ul><li>deep</li></ul></li><li>two</li></ul>"
            '<ol start="3"><li><p>a</p><pre>c\n\nd</pre></li><li>b</ol>'
        )
        == "- one\n  - deep\n- two\n\n3. a\n\n   ```\n   c\n\n   d\n   ```\n\n4. b"
    )


def test_tables_have_one_width_and_keep_bars_in_cells() -> None:
    assert markdown(
        "<table><thead><tr><th>a<th>b</tr></thead><tbody><tr><td><code>x|y</code></td></tr>"
        "<tr><td>1<br>2<td><table><tr><td>in</td></tr></table></tr></tbody></table>"
    ) == ("| a | b |\n| --- | --- |\n| `x\\|y` |  |\n| 1 2 | in |")
    assert markdown("<table><tr></tr></table>") == ""


def test_quotes_definitions_and_wrapped_blocks() -> None:
    assert markdown("<blockquote><p>a</p><p>b</p></blockquote>") == "> a\n>\n> b"
    assert markdown("<dl><dt><code>-v</code></dt><dd>says <a href=x>more</a></dd></dl>") == "`-v`\n\nsays more"
    assert markdown('<a href="x"><h2>t</h2><p>p</p></a><img alt="no"><nav>no</nav>') == "## t\n\np"
    assert markdown("<p>a <span>b <ul><li>c</li></ul></span>") == "a b\n\n- c"


def test_links_and_names_once_each_in_order() -> None:
    nodes = [
        body_of(
            '<p><a href="b">1</a><a href="a#x">2</a><a href="b">3</a><a name="n">4</a>'
            '<a class="rule-link" href="#r">r</a></p><p><code>Box</code> <code>Rc</code> <code>Box</code></p>'
            "<pre><code>Arc</code></pre>"
        )
    ]
    assert html.links_of(nodes) == ["b", "a#x"]
    assert html.code_names_of(nodes) == ["Box", "Rc"]


def test_bad_bytes_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"<p>caf\xe9 \x00 ok</p>")
    body = html.parse(path).body
    assert body is not None
    assert html.text_of(body).startswith("caf\ufffd")
    assert html.text_of(body).endswith("ok")


def test_what_is_no_readable_page_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        html.parse(tmp_path / "none.html")
    with pytest.raises(OSError, match="regular"):
        html.parse(tmp_path)
    os.mkfifo(tmp_path / "pipe.html")
    with pytest.raises(OSError, match="regular"):
        html.parse(tmp_path / "pipe.html")
    huge = tmp_path / "huge.html"
    with huge.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(OSError) as raised:
        html.parse(huge)
    assert (raised.value.errno, raised.value.filename) == (errno.EFBIG, str(huge))


@pytest.mark.parametrize("opened", ["<div>", "<ul><li>", "<x-y>", "</p><DIV a=1>"])
def test_endless_nesting_is_refused_before_it_is_parsed(tmp_path: Path, opened: str) -> None:
    path = tmp_path / "deep.html"
    path.write_text(opened * 200_000)
    with pytest.raises(OSError, match="nested too deeply"):
        html.parse(path)


def test_many_tags_side_by_side_are_no_nesting(tmp_path: Path) -> None:
    path = tmp_path / "flat.html"
    path.write_text("<ul>" + "<li><p>a<br><svg><path d='M 0'/></svg><i></i>" * 20_000 + "</ul>")
    body = html.parse(path).body
    assert body is not None
    assert html.markdown_of([body]).count("- a") == 20_000


@pytest.mark.parametrize(
    "tag", ["div", "b", "ul><li", "blockquote", "table><tr><td", "span", "pre", "code", "dl><dt", "p><em", "a href=x"]
)
def test_deep_nesting_keeps_the_text(tag: str) -> None:
    node = body_of(f"<{tag}>" * 3_000 + "here")
    assert "here" in html.markdown_of([node])
    assert html.text_of(node) == "here"
    html.links_of([node])
    html.code_names_of([node])


_TAGS = "a b blockquote br code dd div dl dt em h1 h3 hr li ol p pre script section span svg table td th tr ul".split()  # noqa: SIM905
_SCRAP = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in _TAGS] + [f"</{tag}>" for tag in _TAGS]),
    st.sampled_from(
        ['<a href="', "<!--", "-->", "<![CDATA[", "&lt;", "&#xD800;", "</", "<", ">", "`", "|", "\n", "\x00"]
    ),
    st.sampled_from(['<code class="language-rust compile_fail">', '<div class="rule" id="r-a">', '<ol start="-9">']),
    st.text(max_size=8),
)


@given(st.lists(_SCRAP, max_size=60).map("".join))
def test_garbled_html_gives_some_text(source: str) -> None:
    body = LexborHTMLParser(source.encode("utf-8", "replace").decode()).body
    if body is None:
        return
    text = html.text_of(body)
    assert "\n" not in text
    made = html.markdown_of([body])
    assert made == html.markdown_of(html.children(body))
    for href in html.links_of([body]):
        identity(href, "book/page.html")
    assert all(html.code_names_of([body]))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_page(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_bytes(content)
    body = html.parse(path).body
    if body is not None:
        html.markdown_of([body])


BOOK_PAGE = "book/ch04-01-what-is-ownership.html"


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("#the-stack", "book:ch04-01-what-is-ownership.html#the-stack"),
        ("ch05-00-structs.html", "book:ch05-00-structs.html"),
        ("./ch05-00-structs.html#a%20b", "book:ch05-00-structs.html#a b"),
        ("../reference/items/traits.html#dyn", "reference:items/traits.html#dyn"),
        ("../rust-by-example/index.html", "rbe:index.html"),
        ("../cargo/", "cargo:index.html"),
        ("../edition-guide", "edition:index.html"),
        ("../error_codes/E0382.html", "error:E0382"),
        ("../error_codes/error-index.html#E0499", "error:E0499"),
        ("../error-index.html#E0499", "error:E0499"),
        ("../error-index.html", None),
        ("../std/vec/struct.Vec.html", "std:std::vec::Vec"),
        ("../std/vec/struct.Vec.html#method.push", "std:std::vec::Vec::push"),
        ("../core/iter/trait.Iterator.html#tymethod.next", "std:std::iter::Iterator::next"),
        ("../alloc/rc/struct.Rc.html", "std:std::rc::Rc"),
        ("../std/option/enum.Option.html#variant.Some", "std:std::option::Option::Some"),
        ("../std/primitive.str.html#method.len", "std:std::primitive.str::len"),
        ("../std/primitive.u8.html#associatedconstant.MAX", "std:std::primitive.u8::MAX"),
        ("../std/keyword.move.html", "std:std::keyword.move"),
        ("../std/macro.println.html", "std:std::println"),
        ("../std/macro.println!.html", "std:std::println"),
        ("../std/vec/index.html", "std:std::vec"),
        ("../std/index.html", "std:std"),
        ("../std/vec/struct.Vec.html#examples", "std:std::vec::Vec"),
        ("../std/vec/struct.Vec.html#method.from-1", "std:std::vec::Vec"),
        ("../std/all.html", None),
        ("../std/?search=Vec", None),
        ("https://doc.rust-lang.org/stable/std/mem/fn.swap.html", "std:std::mem::swap"),
        ("https://doc.rust-lang.org/nightly/cargo/reference/profiles.html#lto", "cargo:reference/profiles.html#lto"),
        ("http://doc.rust-lang.org/1.63.0/book/ch01-00-getting-started.html", "book:ch01-00-getting-started.html"),
        ("//doc.rust-lang.org/nomicon/races.html", "nomicon:races.html"),
        ("https://rust-lang.github.io/rust-clippy/master/index.html#needless_return", "clippy:clippy::needless_return"),
        ("https://rust-lang.github.io/rust-clippy/master/index.html#/box_default", "clippy:clippy::box_default"),
        ("https://rust-lang.github.io/other/index.html#needless_return", None),
        ("https://example.org/book/ch04.html", None),
        ("https://doc.rust-lang.org.example.org/book/ch04.html", None),
        ("mailto:someone@example.org", None),
        ("javascript:void(0)", None),
        ("/etc/passwd.html", None),
        ("../../../../etc/hosts.html", None),
        ("https://[broken", None),
        ("image.png", None),
        ("../unstable-book/index.html", None),
    ],
)
def test_links_lead_to_ids(href: str, expected: str | None) -> None:
    assert identity(href, BOOK_PAGE) == expected


def test_a_part_of_the_item_whose_page_it_is() -> None:
    assert identity("#method.pop", "alloc/vec/struct.Vec.html") == "std:std::vec::Vec::pop"
    assert identity("../rc/index.html", "alloc/vec/struct.Vec.html") == "std:std::rc"
    assert identity("", "book/foreword.html") == "book:foreword.html"


@given(st.text(max_size=60), st.text(max_size=30))
def test_any_link_has_an_answer(href: str, page: str) -> None:
    answer = identity(href, page)
    assert answer is None or ":" in answer
