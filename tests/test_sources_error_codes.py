"""Error codes as a source: their pages, the one page of Rust 1.63, the compiler, damaged pages, the machine's own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Mention, Piece, Relation, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.error_codes import ErrorCodes, explanation_in_markdown


def page(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE HTML>\n<html><head><title>{title}</title></head><body><nav id="sidebar">x</nav>'
        f'<div class="content"><main>\n<h1 id="t"><a class="header" href="#t">Error code {title}</a></h1>\n'
        f'{body}</main><nav class="nav-wrapper"><a href="E0002.html">next</a></nav></div></body></html>\n'
    )


MOVED = page(
    "E0901",
    "<p>A box was opened after it was given away. It is gone.</p><p>Erroneous code example:</p>"
    '<pre class="playground"><code class="language-rust compile_fail E0901"><span class="boring">fn main() {\n</span>'
    'let b = 1;\nopen(b);\n<span class="boring">}</span></code></pre>'
    '<p>Use <code>Crate::lend</code> (see <a href="../std/goods/struct.Crate.html">crates</a>, '
    '<a href="E0902.html">keys</a> or <a href="https://doc.rust-lang.org/book/ch04.html#lids">the book</a>):</p>'
    '<pre class="playground"><code class="language-rust">lend(&amp;b);</code></pre>',
)
GONE = page(
    "E0902",
    '<h4 id="n"><a class="header" href="#n">Note: this error code is no longer emitted by the compiler.</a></h4>'
    "<p>Erroneous code example:</p><pre><code class=\"language-rust\">key();</code></pre>"
    "<p>This error indicates that <code>key</code> was lost.</p>",
)  # fmt: skip
INTERNAL = page("E0903", "<h4>This error code is internal to the compiler and will not be emitted.</h4>")


def tree(root: Path) -> Path:
    folder = root / "error_codes"
    folder.mkdir(parents=True)
    for code, content in {"E0901": MOVED, "E0902": GONE, "E0903": INTERNAL}.items():
        (folder / f"{code}.html").write_text(content)
    links = "".join(f'<li><a href="./E{number:04}.html">E{number:04}</a></li>' for number in (901, 902, 903))
    (folder / "error-index.html").write_text(page("index", f"<ul>{links}</ul>"))
    (folder / "toc.html").write_text("<html></html>")
    (root / "error-index.html").write_text('<script src="error_codes/redirect.js"></script>')
    (root / "version_info.html").write_text("<a>Rust</a> 1.95.0")
    return root


def read(machine: Machine) -> list[Piece]:
    source = ErrorCodes(machine)
    found = source.detect()
    assert isinstance(found, Found)
    return list(source.read(found))


def entries(pieces: list[Piece]) -> dict[str, Entry]:
    found = [piece for piece in pieces if isinstance(piece, Entry)]
    assert len({entry.id for entry in found}) == len(found)
    return {entry.ref: entry for entry in found}


def coverage(pieces: list[Piece]) -> Coverage:
    (found,) = (piece for piece in pieces if isinstance(piece, Coverage))
    return found


def troubles(pieces: list[Piece]) -> list[str]:
    return [piece.sentence for piece in pieces if isinstance(piece, Trouble)]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return tree(tmp_path / "html")


def test_detect_finds_pages_and_notices_a_new_list(docs: Path) -> None:
    source = ErrorCodes(Machine(rust_docs=docs))
    found = source.detect()
    assert isinstance(found, Found)
    assert (found.version, found.location) == ("1.95.0", str(docs / "error_codes"))
    with (docs / "error_codes" / "error-index.html").open("a") as listed:
        listed.write(" ")
    again = source.detect()
    assert isinstance(again, Found)
    assert again.fingerprint != found.fingerprint


def test_without_docs_and_compiler_it_is_missing(tmp_path: Path) -> None:
    missing = ErrorCodes(Machine(sysroot=tmp_path, rust_docs=tmp_path / "none")).detect()
    assert isinstance(missing, Missing)
    assert missing.how_to_get == "rustup component add rust-docs"


def test_each_code_is_an_entry_that_explains_and_leads_itself(docs: Path) -> None:
    found = entries(read(Machine(rust_docs=docs)))
    assert list(found) == ["index", "E0901", "E0902", "E0903"]
    moved = found["E0901"]
    assert (moved.id, moved.form, moved.domain, moved.parent) == ("error:E0901", Form.CODE, "rust", "error:index")
    assert (moved.codes, moved.leads) == (("E0901",), ("E0901",))
    assert moved.title == "E0901: A box was opened after it was given away"
    assert moved.summary == "A box was opened after it was given away."
    assert moved.location == str(docs / "error_codes" / "E0901.html")
    assert moved.headline


def test_failing_and_working_examples_are_marked(docs: Path) -> None:
    text = entries(read(Machine(rust_docs=docs)))["E0901"].text
    assert text.startswith("A box was opened")
    assert "```rust,compile_fail,E0901\nlet b = 1;\nopen(b);\n```" in text
    assert "```rust\nlend(&b);\n```" in text
    assert "boring" not in text and "next" not in text


def test_codes_that_nobody_meets_say_so_and_are_no_headlines(docs: Path) -> None:
    found = entries(read(Machine(rust_docs=docs)))
    assert found["E0902"].summary == "No longer emitted: This error indicates that key was lost."
    assert found["E0902"].title == "E0902: Key was lost"
    assert (found["E0903"].title, found["E0903"].summary) == ("E0903", "Internal to the compiler")
    assert not found["E0902"].headline and not found["E0903"].headline


def test_links_and_mentions(docs: Path) -> None:
    pieces = read(Machine(rust_docs=docs))
    links = {(piece.target, piece.kind) for piece in pieces if isinstance(piece, Relation)}
    assert links == {
        ("std:std::goods::Crate", Kind.LINKS_TO),
        ("error:E0902", Kind.LINKS_TO),
        ("book:ch04.html#lids", Kind.LINKS_TO),
    }
    assert [piece.name for piece in pieces if isinstance(piece, Mention)] == ["Crate::lend"]


def test_a_listed_code_without_a_page_is_missing_and_told(docs: Path) -> None:
    (docs / "error_codes" / "E0902.html").unlink()
    pieces = read(Machine(rust_docs=docs))
    assert coverage(pieces) == Coverage("error_codes", 2, 3, ("E0902",))
    assert [sentence for sentence in troubles(pieces) if "E0902.html" in sentence]


def test_without_a_list_the_pages_are_read(docs: Path) -> None:
    (docs / "error_codes" / "error-index.html").unlink()
    pieces = read(Machine(rust_docs=docs))
    assert coverage(pieces) == Coverage("error_codes", 3, 3)
    assert len(troubles(pieces)) == 1


def sparse(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(9_000_000)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "garbled": lambda path: path.write_bytes(b"\x00\xff\xfe<ma"),
    "no explanation": lambda path: path.write_text(page("E0901", "")),
    "too large": sparse,
    "nested": lambda path: path.write_text(page("E0901", "<div>" * 50_000)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_page_is_named_and_the_rest_is_read(docs: Path, damage: str) -> None:
    path = docs / "error_codes" / "E0901.html"
    DAMAGES[damage](path)
    pieces = read(Machine(rust_docs=docs))
    assert set(entries(pieces)) == {"index", "E0902", "E0903"}
    assert [str(path) in sentence for sentence in troubles(pieces)] == [True]
    assert coverage(pieces).missing == ("E0901",)


def test_a_page_that_ends_too_early_gives_what_it_has(docs: Path) -> None:
    path = docs / "error_codes" / "E0901.html"
    path.write_text(MOVED[: MOVED.index("open(b)")])
    pieces = read(Machine(rust_docs=docs))
    assert "let b = 1;" in entries(pieces)["E0901"].text
    assert [str(path) in sentence for sentence in troubles(pieces)] == [True]


ONE_PAGE = """<!DOCTYPE html><html><body><h1>Rust Compiler Error Index</h1>
<div class="error-described"><h2 id="E0901" class="section-header"><a href="#E0901">E0901</a></h2>
<p>A box was opened twice.</p><p>Erroneous code example:</p>
<div class='information'><div class='tooltip compile_fail'>ⓘ</div></div>
<div class="example-wrap"><pre class="rust rust-example-rendered compile_fail"><code>open();</code></pre>
<a class="test-arrow" target="_blank" href="https://play.example">Run</a></div>
<p>As <a href="#E0902">there</a>.</p></div>
<div class="error-undescribed"><h2 id="E0902" class="section-header"><a href="#E0902">E0902</a></h2>
<p>No description.</p></div>
<div class="error-described"><h2 id="E0903" class="section-header"><a href="#E0903">E0903</a></h2>
<h4>Note: this error code is no longer emitted by the compiler.</h4><p>A lid was lost.</p></div>
</body></html>"""


def test_the_one_page_of_rust_1_63(tmp_path: Path) -> None:
    page_ = tmp_path / "error-index.html"
    page_.write_text(ONE_PAGE + " " * 10_000)
    pieces = read(Machine(rust_docs=tmp_path))
    found = entries(pieces)
    assert list(found) == ["index", "E0901", "E0903"]
    assert found["E0901"].text == (
        "A box was opened twice.\n\nErroneous code example:\n\n```rust,compile_fail,E0901\nopen();\n```\n\nAs there."
    )
    assert found["E0901"].location == f"{page_}#E0901"
    assert found["E0903"].summary == "No longer emitted: A lid was lost."
    assert coverage(pieces) == Coverage("error_codes", 2, 2)


TOLD = """#### Note: this error code is no longer emitted by the compiler.

A `Crate` was opened
twice. That is once too often.

Erroneous code example:

```
open();

open();
```

Not `a[0][1]`, use [the key][key] or [lend it](https://doc.rust-lang.org/std/goods/struct.Crate.html#method.lend):

```text
fine
```

[key]: https://doc.rust-lang.org/book/ch04.html
"""


def test_what_the_compiler_prints_is_marked_and_its_links_are_kept() -> None:
    explained = explanation_in_markdown("E0901", TOLD)
    assert explained.first == "A Crate was opened twice. That is once too often."
    assert explained.notes == ("Note: this error code is no longer emitted by the compiler.",)
    assert "```rust,compile_fail,E0901\nopen();\n\nopen();\n```" in explained.text
    assert "Not `a[0][1]`, use the key or lend it:" in explained.text and "```text\nfine\n```" in explained.text
    assert "doc.rust-lang.org" not in explained.text
    assert set(explained.links) == {"std:std::goods::Crate::lend", "book:ch04.html"}
    assert explained.names == ("Crate", "a[0][1]")


def compiler(folder: Path, script: str) -> Machine:
    """A sysroot whose compiler is a script: where only one's exit status and output count."""
    rustc = folder / "bin" / "rustc"
    rustc.parent.mkdir(parents=True)
    rustc.write_text(f"#!/bin/sh\n{script}\n")
    rustc.chmod(0o755)
    return Machine(sysroot=folder)


def test_a_compiler_that_cannot_run_is_missing(tmp_path: Path) -> None:
    assert isinstance(ErrorCodes(compiler(tmp_path, "exit 1")).detect(), Missing)


# The machine's own documentation and compiler.


def sysroot() -> Path:
    told = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True)
    return Path(told.stdout.strip())


@pytest.fixture(scope="module")
def real() -> list[Piece]:
    docs = sysroot() / "share" / "doc" / "rust" / "html"
    if not (docs / "error_codes").is_dir():
        pytest.skip("the component rust-docs is not installed")
    return read(Machine(rust_docs=docs))


def test_all_real_codes_are_there(real: list[Piece]) -> None:
    index = sysroot() / "share" / "doc" / "rust" / "html" / "error_codes" / "error-index.html"
    listed = set(re.findall(r'href="\./(E\d{4})\.html"', index.read_text("utf-8")))
    assert len(listed) > 500
    assert set(entries(real)) == listed | {"index"}
    assert coverage(real) == Coverage("error_codes", len(listed), len(listed))
    assert troubles(real) == []


def test_real_entries_are_whole(real: list[Piece]) -> None:
    found = entries(real)
    for ref, entry in found.items():
        assert Path(entry.location).is_file()
        assert entry.parent == ("" if ref == "index" else "error:index")
        assert ref == "index" or (
            entry.text and entry.summary and len(entry.summary) <= 300 and len(entry.title) <= 100
        )
    assert sum("compile_fail" in entry.text for entry in found.values()) > 300
    assert 100 < sum(entry.summary.startswith("No longer emitted") for entry in found.values()) < 250
    assert len([ref for ref, entry in found.items() if entry.title == ref]) < 10


def test_a_well_known_real_code(real: list[Piece]) -> None:
    moved = entries(real)["E0382"]
    assert moved.title.startswith("E0382: ") and "moved" in moved.title
    assert "```rust,compile_fail,E0382\n" in moved.text and "```rust\n" in moved.text
    targets = {piece.target for piece in real if isinstance(piece, Relation) and piece.source == "error:E0382"}
    assert "book:ch04-00-understanding-ownership.html" in targets


def test_the_compiler_tells_the_same_codes(real: list[Piece]) -> None:
    pieces = read(Machine(sysroot=sysroot()))
    told, found = entries(pieces), entries(real)
    assert set(told) == set(found)
    assert coverage(pieces).got == len(found) - 1
    assert "```rust,compile_fail,E0382\n" in told["E0382"].text
    gone = {ref for ref, entry in found.items() if entry.summary.startswith("No longer emitted")}
    assert {ref for ref, entry in told.items() if entry.summary.startswith("No longer emitted")} == gone
