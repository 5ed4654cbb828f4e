"""Lints as sources: the list, the explanations, the pairs of code; against small programs and the real ones."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Mention, Piece, Relation, Trouble
from knowledgegraph.sources.base import Found, Machine, Missing, Source
from knowledgegraph.sources.lint_list import Lint, read_list
from knowledgegraph.sources.lints import ClippyLints, RustcLints, before_and_after, tidy

RUSTC_LIST = """
Available lint options:
    -W <foo>           Warn about <foo>

Lint checks provided by rustc:

                    name  default  meaning
                    ----  -------  -------
               odd-socks  warn     finds socks without a partner
         warnings         warn     all that warns
            lost-shoe-v2  deny     finds `Shoe` values that are lost

Lint groups provided by rustc:

           name  sub-lints
           ----  ---------
       warnings  all lints that are set to issue warnings
        unused   odd-socks
        wardrobe  odd-socks, lost-shoe-v2
"""
CLIPPY_LIST = (
    RUSTC_LIST
    + """
Lint checks loaded by this crate:

                     name  default  meaning
                     ----  -------  -------
    clippy::needless-sock  warn     a sock that nobody wears
        clippy::inky-hand  allow    a hand with ink

Lint groups loaded by this crate:

              name  sub-lints
              ----  ---------
       clippy::all  clippy::needless-sock
     clippy::style  clippy::needless-sock
  clippy::pedantic  clippy::inky-hand


"""
)
SOCK = """### What it does
Looks for socks, as `inky_hand` does for hands; see `Vec::push()` and E0382.

### Example
```rust,ignore
let `sock` = 2;
```
Use instead:
```rust
let bare = 0;
```

"""


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A toolchain of shell scripts, with the book's pages on its lints."""
    binaries, listing = tmp_path / "bin", tmp_path / "html" / "rustc" / "lints" / "listing"
    for name, text in {"rustc.txt": RUSTC_LIST, "clippy.txt": CLIPPY_LIST, "sock.txt": SOCK}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    program(binaries / "rustc", f'[ "$1" = -W ] && cat {tmp_path}/rustc.txt || echo "rustc 1.2.3 (abc 2020)"')
    program(binaries / "clippy-driver", f'[ "$1" = -W ] && cat {tmp_path}/clippy.txt || echo "clippy 0.1.2 (abc 2020)"')
    program(
        binaries / "cargo-clippy",
        f'case "$2" in needless_sock) cat {tmp_path}/sock.txt;; inky_hand) echo "Looks at hands.";; *) exit 1;; esac',
    )
    listing.mkdir(parents=True)
    for page in ("allowed", "warn", "deny"):
        (listing / f"{page}-by-default.html").write_text("<main><h1>Lints</h1></main>", encoding="utf-8")
    (listing / "warn-by-default.html").write_text(
        '<main><h1>Lints</h1><ul><li>odd</li></ul><h2 id="odd-socks"><a href="#odd-socks">odd-socks</a></h2>'
        '<p>Finds <code>Sock</code>s, as error E0505.</p><h3 id="example">Example</h3><pre><code class="language-rust">'
        'let x = 5;</code></pre><h2 id="other">other</h2><p>Nothing.</p></main>',
        encoding="utf-8",
    )
    return Machine(sysroot=tmp_path, rust_docs=tmp_path / "html", programs=(Path("/usr/bin"), Path("/bin")))


def read(source: Source) -> list[Piece]:
    found = source.detect()
    assert isinstance(found, Found), found
    return list(source.read(found))


def entries(pieces: list[Piece]) -> dict[str, Entry]:
    return {piece.id: piece for piece in pieces if isinstance(piece, Entry)}


def test_the_list_is_read_table_by_table() -> None:
    rustc, clippy = read_list(CLIPPY_LIST)
    assert rustc.lints == [
        Lint("odd_socks", "warn", "finds socks without a partner"),
        Lint("warnings", "warn", "all that warns"),
        Lint("lost_shoe_v2", "deny", "finds `Shoe` values that are lost"),
    ]
    assert rustc.groups == {"warnings": [], "unused": ["odd_socks"], "wardrobe": ["odd_socks", "lost_shoe_v2"]}
    assert [lint.name for lint in clippy.lints] == ["clippy::needless_sock", "clippy::inky_hand"]
    assert (rustc.rows, clippy.rows) == (3, 2)


@given(st.text())
def test_any_text_is_read_as_a_list(text: str) -> None:
    for lints in read_list(text):
        assert len(lints.lints) <= lints.rows


@given(st.text(alphabet="`# \nabU:se instead", max_size=300))
def test_any_text_is_an_explanation(text: str) -> None:
    assert all(before.startswith("```") and after.startswith("```") for before, after in before_and_after(text))
    assert tidy(tidy(text)) == tidy(text)


def test_a_lint_of_clippy_is_an_entry_with_its_explanation(machine: Machine) -> None:
    sock = entries(read(ClippyLints(machine)))["clippy:clippy::needless_sock"]
    assert (sock.form, sock.title, sock.domain, sock.headline) == (Form.LINT, "needless_sock", "rust", True)
    assert sock.summary == "A sock that nobody wears."
    assert sock.names == ("needless_sock", "clippy::needless_sock", "needless-sock")
    assert sock.parent == "clippy:clippy::style"
    assert sock.text.startswith("A sock that nobody wears.\n\nWarns unless a project says otherwise.\n\n### What")
    assert "```rust\nlet `sock`" in sock.text


def test_before_and_after_become_a_pattern(machine: Machine) -> None:
    pieces = read(ClippyLints(machine))
    patterns = [entry for entry in entries(pieces).values() if entry.form is Form.PATTERN]
    assert [entry.id for entry in patterns] == ["pattern:clippy-needless_sock"]
    assert patterns[0].title == "Needless sock: before and after"
    assert not patterns[0].headline
    assert re.findall(r"```rust\n(.*?)\n```", patterns[0].text) == ["let `sock` = 2;", "let bare = 0;"]
    lint = "clippy:clippy::needless_sock"
    assert Relation(lint, "pattern:clippy-needless_sock", Kind.FIXED_BY) in pieces
    assert Relation(lint, "error:E0382", Kind.LINKS_TO) in pieces
    assert Mention(lint, "inky_hand") in pieces
    assert Mention(lint, "Vec::push") in pieces
    assert Mention(lint, "sock") not in pieces, "code blocks name nothing"


def test_groups_are_pages_below_the_root(machine: Machine) -> None:
    pieces = entries(read(ClippyLints(machine)))
    assert pieces["clippy:clippy"].form is Form.BOOK
    for group in ("all", "style", "pedantic"):
        assert pieces[f"clippy:clippy::{group}"].parent == "clippy:clippy"
    ids = list(pieces)
    assert all(not entry.parent or ids.index(entry.parent) < ids.index(entry.id) for entry in pieces.values())


def test_only_a_turn_makes_a_pair() -> None:
    one, two = "```rust\na\n```\n", "```\nb\n```\n"
    assert before_and_after(f"{one}Could be written as:\n{two}") == [("```rust\na\n```", "```rust\nb\n```")]
    assert before_and_after(f"{one}After:\n{two}") == [("```rust\na\n```", "```rust\nb\n```")]
    assert before_and_after(f"{one}instead of\n{two}") == [], "the good one comes first here"
    assert before_and_after(f"{one}{two}") == []
    assert before_and_after(f"{one}### Use instead\n{two}") == []
    assert before_and_after(f"{one}Use instead:\n```toml\nb\n```\n") == []
    assert before_and_after(f"{one}Use instead:\n{two}But then again rather:\n{one}")[1][0] == "```rust\nb\n```"
    assert before_and_after(f"* item\n  ```rust\n  a\n  ```\n  use instead:\n{two}")[0][0] == "```rust\na\n```"


def test_a_lint_without_explanation_is_kept_and_counted(machine: Machine, tmp_path: Path) -> None:
    program(tmp_path / "bin" / "cargo-clippy", '[ "$2" = inky_hand ] && echo Hands. || exit 1')
    pieces = read(ClippyLints(machine))
    assert "clippy:clippy::needless_sock" in entries(pieces)
    assert [piece.sentence for piece in pieces if isinstance(piece, Trouble)] == [
        "Clippy explains clippy::needless_sock with no word; run `cargo clippy --explain` to see why."
    ]
    assert pieces[-1] == Coverage("clippy_lints", 1, 2, ("clippy::needless_sock",))


def test_a_lint_that_only_a_group_names_is_missing(machine: Machine, tmp_path: Path) -> None:
    text = CLIPPY_LIST.replace("clippy::pedantic  clippy::inky-hand", "clippy::pedantic  clippy::inky-hand, clippy::x")
    (tmp_path / "clippy.txt").write_text(text, encoding="utf-8")
    assert read(ClippyLints(machine))[-1] == Coverage("clippy_lints", 2, 3, ("clippy::x",))


def test_a_list_in_another_format_is_an_error_that_names_the_program(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "clippy.txt").write_text("[]", encoding="utf-8")
    (tmp_path / "rustc.txt").write_text("[]", encoding="utf-8")
    for source in (ClippyLints(machine), RustcLints(machine)):
        with pytest.raises(OSError, match="lists no lints"):
            read(source)


def test_a_lint_of_the_compiler_has_its_section_of_the_book(machine: Machine, tmp_path: Path) -> None:
    pieces = read(RustcLints(machine))
    socks = entries(pieces)["rustc-lint:odd_socks"]
    assert socks.names == ("odd_socks", "odd-socks")
    assert socks.location == f"{tmp_path}/html/rustc/lints/listing/warn-by-default.html#odd-socks"
    assert "### Example\n\n```rust\nlet x = 5;\n```" in socks.text
    assert "Nothing." not in socks.text
    page = "rustc:lints/listing/warn-by-default.html#odd-socks"
    assert Relation(socks.id, page, Kind.ILLUSTRATED_BY) in pieces
    assert Relation(socks.id, "error:E0505", Kind.LINKS_TO) in pieces
    assert Mention(socks.id, "Sock") in pieces
    assert entries(pieces)["rustc-lint:lost_shoe_v2"].text == (
        "Finds `Shoe` values that are lost.\n\nAn error unless a project says otherwise."
    )
    assert pieces[-1] == Coverage("rustc_lints", 3, 3)


def test_a_lint_in_two_groups_is_part_of_both(machine: Machine) -> None:
    pieces = read(RustcLints(machine))
    assert entries(pieces)["rustc-lint:odd_socks"].parent == "rustc-lint:unused"
    assert [piece for piece in pieces if isinstance(piece, Relation) and piece.kind is Kind.PART_OF] == [
        Relation("rustc-lint:odd_socks", "rustc-lint:wardrobe", Kind.PART_OF)
    ]
    assert entries(pieces)["rustc-lint:warnings"].form is Form.LINT, "a name that is lint and group is told once"


def test_without_the_book_the_meaning_is_the_explanation(machine: Machine, tmp_path: Path) -> None:
    pieces = read(RustcLints(Machine(sysroot=machine.sysroot, programs=machine.programs)))
    assert not [piece for piece in pieces if isinstance(piece, Trouble)]
    assert entries(pieces)["rustc-lint:odd_socks"].location == ""
    page = tmp_path / "html" / "rustc" / "lints" / "listing" / "deny-by-default.html"
    page.unlink()
    troubles = [piece.sentence for piece in read(RustcLints(machine)) if isinstance(piece, Trouble)]
    assert len(troubles) == 1
    assert str(page) in troubles[0]


def test_what_is_not_installed_is_missing(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "bin" / "cargo-clippy").unlink()
    assert ClippyLints(machine).detect() == Missing("Clippy is not installed.", "rustup component add clippy")
    assert isinstance(ClippyLints(Machine()).detect(), Missing)
    (tmp_path / "bin" / "rustc").unlink()
    assert isinstance(RustcLints(machine).detect(), Missing)
    assert isinstance(RustcLints(Machine()).detect(), Missing)


def test_the_fingerprint_follows_version_and_programs(machine: Machine, tmp_path: Path) -> None:
    seen = ClippyLints(machine).detect()
    assert isinstance(seen, Found)
    assert seen.version == "0.1.2"
    assert ClippyLints(machine).detect() == seen
    program(tmp_path / "bin" / "cargo-clippy", "exit 1")
    assert ClippyLints(machine).detect() != seen


@pytest.fixture(scope="module")
def real() -> Machine:
    sysroot = Path(
        subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    )
    return Machine(sysroot=sysroot, rust_docs=sysroot / "share/doc/rust/html", programs=(Path("/usr/bin"),))


def test_every_lint_of_the_real_clippy_is_read(real: Machine) -> None:
    pieces = read(ClippyLints(real))
    coverage = pieces[-1]
    assert isinstance(coverage, Coverage)
    assert coverage.got == coverage.total > 700
    assert not [piece for piece in pieces if isinstance(piece, Trouble)]
    found = entries(pieces)
    assert len(found) == sum(isinstance(piece, Entry) for piece in pieces), "two entries have one id"
    assert sum(entry.form is Form.LINT for entry in found.values()) == coverage.total
    assert sum(entry.form is Form.PATTERN for entry in found.values()) > 550
    assert all(entry.summary and entry.text for entry in found.values())
    pattern = found["pattern:clippy-needless_return"]
    assert "return x;" in pattern.text
    # Every "Use instead" between two blocks of code must have been seen.
    usual = {
        ref
        for ref, entry in found.items()
        if entry.form is Form.LINT and re.search(r"```\s+Use instead:?\s+```rust", entry.text)
    }
    fixed = {piece.source for piece in pieces if isinstance(piece, Relation) and piece.kind is Kind.FIXED_BY}
    assert len(usual) > 500
    assert usual <= fixed


def test_every_lint_of_the_real_compiler_is_read(real: Machine) -> None:
    pieces = read(RustcLints(real))
    coverage = pieces[-1]
    assert isinstance(coverage, Coverage)
    assert coverage.got == coverage.total > 200
    found = entries(pieces)
    assert len(found) == sum(isinstance(piece, Entry) for piece in pieces)
    lints = [entry for entry in found.values() if entry.form is Form.LINT]
    assert len(lints) == coverage.total
    assert found["rustc-lint:unused_variables"].parent == "rustc-lint:unused"
    if (real.rust_docs or Path()).is_dir():
        assert sum(bool(entry.location) for entry in lints) >= 0.95 * len(lints)
