"""Reading crates: small ones made here, hostile ones, and what their modules and re-exports make of paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowledgegraph.entry import Coverage, Entry, Form, PatternUse, Piece, Trouble
from knowledgegraph.sources import crates as source
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.crate_items import tidy
from knowledgegraph.sources.crates import Crate, plain
from tests.helpers_crates import manifest, write_crate


def read(folder: Path) -> list[Piece]:
    crate = Crate(folder)
    found = crate.detect()
    assert isinstance(found, Found)
    return list(crate.read(found))


def entries(folder: Path) -> dict[str, Entry]:
    return {piece.ref: piece for piece in read(folder) if isinstance(piece, Entry)}


def troubles(folder: Path) -> list[str]:
    return [piece.sentence for piece in read(folder) if isinstance(piece, Trouble)]


def of(folder: Path, lib: str, **more: str) -> dict[str, Entry]:
    """The entries of a crate of one file, and files named with ``__`` for ``/``."""
    files = {f"src/{name.replace('__', '/')}.rs": text for name, text in more.items()}
    return entries(write_crate(folder, {"src/lib.rs": lib, **files}))


def test_the_crate_itself(tmp_path: Path) -> None:
    folder = write_crate(
        tmp_path / "two-words",
        {"README.md": "# Two words\n\nA beginning.\n", "src/lib.rs": "//! Inside.\n"},
        "two-words",
        'description = "Counts   words,\\ntwo at a time."\n',
    )
    root = entries(folder)["two-words"]
    assert (root.form, root.title, root.names) == (Form.BOOK, "two-words 0.1.0", ("two_words",))
    assert root.summary == "Counts words, two at a time."
    assert root.text == "# Two words\n\nA beginning."
    assert root.location == f"{folder}/src/lib.rs"
    assert Crate(folder).name == "crate:two-words"
    assert Crate(folder).title == "two-words 0.1.0"


def test_an_item_with_its_documentation(tmp_path: Path) -> None:
    lib = """
/// Keeps a [`value`](x) safe. More words.
///
/// # Examples
///
/// ```
/// # use mini::Safe;
/// let safe = Safe::new(1);
/// ```
#[derive(Debug)]
pub struct Safe<T> {
    value: T,
}
"""
    found = of(tmp_path, lib)
    safe = found["mini::Safe"]
    assert (safe.form, safe.parent, safe.headline) == (Form.ITEM, "crate:mini", True)
    assert safe.summary == "Keeps a value safe. More words."
    assert safe.location == f"{tmp_path}/src/lib.rs#L11"
    assert safe.text.startswith("```rust\npub struct Safe<T> { … }\n```\n\nKeeps a [`value`](x) safe.")
    assert "# use mini" not in safe.text
    assert "let safe = Safe::new(1);" in safe.text
    assert "# Examples" in safe.text


def test_methods_variants_and_what_a_trait_asks_for(tmp_path: Path) -> None:
    lib = """
pub struct A; pub enum E { One, Two(u8) } pub trait T { type Out; fn ask(&self) -> u8; fn given(&self) {} }
impl A { pub fn open(&self) -> u8 { 1 } fn hidden(&self) {} pub(crate) fn inner(&self) {} pub const MAX: u8 = 1; }
impl T for A { type Out = u8; fn ask(&self) -> u8 { 2 } }
impl A { cfg_net! { pub fn in_macro(&self) {} } make! { a => b } }
impl<X> other::A<X> { pub fn of_another_path(&self) {} }
"""
    found = of(tmp_path, lib)
    assert {ref for ref, entry in found.items() if entry.form is Form.METHOD} == {
        "mini::A::open", "mini::A::MAX", "mini::A::in_macro", "mini::A::of_another_path",
        "mini::E::One", "mini::E::Two", "mini::T::Out", "mini::T::ask", "mini::T::given",
    }  # fmt: skip
    method = found["mini::A::open"]
    assert (method.parent, method.headline) == ("crate:mini::A", False)
    assert method.text == "```rust\npub fn open(&self) -> u8\n```"
    assert "One, Two" in found["mini::E"].text


def test_modules_in_files_and_inline(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "/// Before.\npub mod a;\npub mod b { //! Inside b.\n pub fn f() {} pub mod deep; }\nmod private;\n",
        a="//! Inside a.\npub mod c;\npub struct A;",
        a__c="pub struct C;",
        b__deep="pub struct Deep;",
        private="pub struct Hidden;",
    )
    assert {ref: entry.form for ref, entry in found.items() if ref != "mini"} == {
        "mini::a": Form.MODULE, "mini::b": Form.MODULE, "mini::a::c": Form.MODULE, "mini::b::deep": Form.MODULE,
        "mini::a::A": Form.ITEM, "mini::b::f": Form.ITEM, "mini::a::c::C": Form.ITEM,
        "mini::b::deep::Deep": Form.ITEM,
    }  # fmt: skip
    assert found["mini::a"].text == "Before.\n\nInside a."
    assert found["mini::b"].summary == "Inside b."
    assert found["mini::a::c::C"].parent == "crate:mini::a::c"
    assert found["mini::a::c::C"].location == f"{tmp_path}/src/a/c.rs#L1"


def test_mod_rs_and_path_attributes(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        'pub mod a;\n#[path = "odd/place.rs"]\npub mod b;\n#[path = "../../outside.rs"]\npub mod c;\n',
        a__mod="pub mod d;",
        a__d="pub fn in_d() {}",
        odd__place="pub fn in_b() {}",
    )
    (tmp_path.parent / "outside.rs").write_text("pub fn outside() {}")
    assert {"mini::a::d::in_d", "mini::b::in_b"} <= set(found)
    assert not any("outside" in ref for ref in entries(tmp_path))


def test_an_item_is_named_as_it_is_used(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        """mod imp; pub mod sync {
        mod mutex { pub struct Mutex; impl Mutex { pub fn lock(&self) {} } pub struct Other; }
        pub use mutex::Mutex; pub use self::mutex::{Other as Another}; }
        pub use imp::*; pub use sync::Mutex as Lock; pub mod prelude { pub use crate::sync::*; }""",
        imp="pub fn run() {} mod inner { pub struct Deep; } pub use self::inner::Deep; pub use std::fmt::Debug;",
    )
    assert set(found) == {
        "mini", "mini::sync", "mini::prelude", "mini::Lock", "mini::Lock::lock", "mini::sync::Another", "mini::run",
        "mini::Deep",
    }  # fmt: skip
    assert set(found["mini::Lock"].names) == {"mini::sync::Mutex", "mini::prelude::Mutex"}
    assert found["mini::sync::Another"].names == ("mini::prelude::Another",)


def test_the_shortest_path_is_the_one_that_is_shown(tmp_path: Path) -> None:
    found = of(tmp_path, "pub use prelude::*; pub mod prelude { pub use super::deep::*; } mod deep { pub struct A; }")
    assert set(found) == {"mini", "mini::prelude", "mini::A"}
    assert found["mini::A"].names == ("mini::prelude::A",)
    found = of(tmp_path, "pub mod prelude { pub use crate::seq::*; } pub mod seq { pub struct A; }")
    assert found["mini::seq::A"].names == ("mini::prelude::A",)


def test_a_private_module_and_a_function_of_the_same_name(tmp_path: Path) -> None:
    found = of(tmp_path, "mod util { mod copy { pub fn copy() {} } pub use copy::copy; } pub use util::copy;")
    assert {ref: entry.form for ref, entry in found.items() if ref != "mini"} == {"mini::copy": Form.ITEM}


def test_re_exports_that_go_round_come_to_an_end(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "pub mod a { pub use crate::b::*; pub use super::a; pub use self::x as x; pub struct A; } "
        "pub mod b { pub use crate::a::*; pub use crate::b as again; pub use super::*; } pub use a::*; pub use b::*;",
    )
    assert "mini::a::A" in found or "mini::A" in found


def test_the_crate_re_exported_inside_itself(tmp_path: Path) -> None:
    assert "mini::inner::one" in of(tmp_path, "pub mod inner { pub use crate as me; pub fn one() {} }")


def test_macros_and_functions_beside_modules(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "mod m { /// Makes one.\n #[macro_export] macro_rules! make { () => {} } macro_rules! own { () => {} } }\n"
        "pub mod make { } pub fn make() {}",
    )
    assert found["mini::make!"].summary == "Makes one."
    assert found["mini::make!"].parent == "crate:mini"
    assert found["mini::make"].form is Form.MODULE
    assert found["mini::make()"].form is Form.ITEM
    assert not any("own" in ref for ref in found)


def test_items_in_macros_that_only_choose(tmp_path: Path) -> None:
    lib = """
cfg_net! { pub mod net; pub fn listen() {} }
cfg_if::cfg_if! { if #[cfg(unix)] { pub fn unix() {} } else { pub fn other() {} } }
extern "C" { pub fn from_c(); }
make_things! { a => b }
"""
    found = of(tmp_path, lib, net="pub struct Tcp;")
    assert {"mini::net::Tcp", "mini::listen", "mini::unix", "mini::other", "mini::from_c"} <= set(found)
    assert found["mini::listen"].location.endswith("#L2")
    assert found["mini::other"].location.endswith("#L3")


def test_modules_that_only_a_macro_of_the_crate_declares(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "macro_rules! root { () => { pub mod de; mod private; } } root!();",
        de="pub trait Read {}",
        private="pub trait Hidden {}",
    )
    assert set(found) == {"mini", "mini::de", "mini::de::Read"}


def test_hidden_and_test_items_are_left_out_and_twins_are_one(tmp_path: Path) -> None:
    lib = """
#[doc(hidden)] pub fn hidden() {}
#[cfg(test)] pub mod tests { pub fn t() {} }
#[cfg(unix)] pub fn twin() {}
/// With words.
#[cfg(not(unix))] pub fn twin() {}
"""
    found = of(tmp_path, lib)
    assert set(found) == {"mini", "mini::twin"}
    assert found["mini::twin"].summary == "With words."


def test_all_of_a_program_is_read(tmp_path: Path) -> None:
    folder = write_crate(tmp_path, {"src/main.rs": "mod a; fn main() {}", "src/a.rs": "struct A;"})
    assert set(entries(folder)) == {"mini", "mini::main", "mini::a", "mini::a::A"}


def test_patterns_are_told_with_what_they_stand_in(tmp_path: Path) -> None:
    folder = write_crate(
        tmp_path,
        {
            "src/lib.rs": (
                "pub struct S;\nimpl S {\n    pub fn f(&self) {\n        x?;\n    }\n    fn g(&self) { unsafe {} }\n}\n"
            ),
            "src/lone.rs": "fn h() { async {}; }\n",
            "tests/t.rs": "fn t() { loop { 'a: loop {} } }\n",
        },
    )
    uses = [piece for piece in read(folder) if isinstance(piece, PatternUse)]
    assert uses == [
        PatternUse("question-mark", "crate:mini::S::f", "src/lib.rs", 4, 4, 1.0),
        PatternUse("unsafe-block", "crate:mini", "src/lib.rs", 6, 6, 1.0),
        PatternUse("async-block", "crate:mini", "src/lone.rs", 1, 1, 1.0),
    ]


def test_every_use_and_every_part_belongs_to_an_entry_that_comes_first(tmp_path: Path) -> None:
    folder = write_crate(
        tmp_path,
        {"src/lib.rs": "pub mod a { pub struct S(Box<u8>); impl S { pub fn f(self) {} } }\nmod b { fn g() { h()? } }"},
    )
    known: set[str] = set()
    for piece in read(folder):
        if isinstance(piece, Entry):
            assert not piece.parent or piece.parent in known
            known.add(piece.id)
        elif isinstance(piece, PatternUse):
            assert piece.entry in known


def test_bad_files_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    folder = write_crate(
        tmp_path,
        {
            "src/lib.rs": "pub mod good; pub mod latin; pub mod deep; pub mod large; pub mod gone;",
            "src/good.rs": "pub struct Good;",
            "src/latin.rs": b"// \xe9\npub struct L;",
            "src/deep.rs": "fn f() { " + "(" * 5_000 + ")" * 5_000 + "}",
            "src/large.rs": b"//" + b" " * (2 * 1024 * 1024),
        },
    )
    pieces = read(folder)
    sentences = [piece.sentence for piece in pieces if isinstance(piece, Trouble)]
    assert len(sentences) == 3
    assert any("latin.rs is not UTF-8" in sentence for sentence in sentences)
    assert any("deep.rs is nested more than" in sentence for sentence in sentences)
    assert any("large.rs is larger than 2 MB" in sentence for sentence in sentences)
    assert "mini::good::Good" in {piece.ref for piece in pieces if isinstance(piece, Entry)}
    coverage = next(piece for piece in pieces if isinstance(piece, Coverage))
    assert (coverage.name, coverage.got, coverage.total) == ("crate mini files", 2, 5)
    assert set(coverage.missing) == {"src/latin.rs", "src/deep.rs", "src/large.rs"}


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.rs").write_text("pub struct Secret;")
    folder = write_crate(tmp_path / "crate", {"src/lib.rs": "pub mod secret; pub mod more; pub mod inside;"})
    (folder / "src" / "secret.rs").symlink_to(outside / "secret.rs")
    (folder / "src" / "more").symlink_to(outside)
    (folder / "src" / "real.rs").write_text("pub struct Real;")
    (folder / "src" / "inside.rs").symlink_to("real.rs")
    (folder / "README.md").symlink_to(outside / "secret.rs")
    pieces = read(folder)
    text = "\n".join(f"{piece.ref} {piece.text}" for piece in pieces if isinstance(piece, Entry))
    assert "Secret" not in text
    assert "mini::inside::Real" in text


def test_a_pipe_in_the_place_of_a_file_is_not_opened(tmp_path: Path) -> None:
    folder = write_crate(tmp_path, {"src/lib.rs": "pub mod pipe; pub struct Here;"})
    os.mkfifo(folder / "src" / "pipe.rs")
    os.mkfifo(folder / "README.md")
    assert "mini::Here" in entries(folder)


def test_packages_inside_and_folders_of_tests_are_left_out(tmp_path: Path) -> None:
    folder = write_crate(tmp_path, {"src/lib.rs": "", "examples/e.rs": "x", "benches/b.rs": "x", "build.rs": "x"})
    write_crate(folder / "member", {"src/lib.rs": ""}, "member")
    coverage = next(piece for piece in read(folder) if isinstance(piece, Coverage))
    assert coverage.total == 1


def test_too_many_items_are_cut_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_ENTRIES", 10)
    folder = write_crate(tmp_path, {"src/lib.rs": "".join(f"pub fn f{n}() {{ x? }}\n" for n in range(30))})
    pieces = read(folder)
    assert sum(isinstance(piece, Entry) for piece in pieces) == 10
    assert [piece.sentence for piece in pieces if isinstance(piece, Trouble)] == [
        "mini has 31 public items; the first 10 are kept."
    ]
    uses = [piece for piece in pieces if isinstance(piece, PatternUse)]
    assert len(uses) == 30
    assert {use.entry for use in uses[9:]} == {"crate:mini"}


def test_a_crate_that_gives_on_others_says_so(tmp_path: Path) -> None:
    more = '[dependencies]\nmini_core = "1"\nother = "1"\nodd = { package = "mini-derive", version = "1" }\n'
    folder = write_crate(tmp_path, {"src/lib.rs": "pub use mini_core::*;"}, more=more)
    assert troubles(folder) == [
        "mini declares little itself and gives on other crates: add those as well with "
        "`tutor knowledge add-crate mini_core mini-derive`."
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[workspace]\nmembers = []\n", "describes no package"),
        ("not toml", "is not valid TOML"),
        ('[package]\nname = "../x"\n', "describes no package"),
        ("package = 1\n", "describes no package"),
        (b"\xff\xfe", "is not valid TOML"),
        ("a = " + "[" * 5_000, "is not valid TOML"),
    ],
)
def test_a_manifest_that_is_none(tmp_path: Path, text: str | bytes, why: str) -> None:
    found = Crate(write_crate(tmp_path, {"Cargo.toml": text})).detect()
    assert isinstance(found, Missing)
    assert why in found.why
    assert found.why.endswith(".")


def test_no_folder_and_no_source(tmp_path: Path) -> None:
    gone = Crate(tmp_path / "gone").detect()
    assert isinstance(gone, Missing)
    assert "cannot be read" in gone.why
    empty = Crate(write_crate(tmp_path / "empty", {})).detect()
    assert isinstance(empty, Missing)
    assert "neither a library nor a program" in empty.why


def test_the_library_may_lie_elsewhere(tmp_path: Path) -> None:
    folder = write_crate(
        tmp_path, {"odd/root.rs": "pub mod a;", "odd/a.rs": "pub fn f() {}"}, more='[lib]\npath = "odd/root.rs"\n'
    )
    assert "mini::a::f" in entries(folder)
    outside = write_crate(tmp_path / "x", {"src/lib.rs": "pub fn g() {}"}, more='[lib]\npath = "../odd/root.rs"\n')
    assert set(entries(outside)) == {"mini", "mini::g"}


def test_the_fingerprint_changes_with_what_is_read(tmp_path: Path) -> None:
    folder = write_crate(tmp_path, {"src/lib.rs": "fn f() {}"})

    def mark() -> str:
        found = Crate(folder).detect()
        assert isinstance(found, Found)
        return found.fingerprint

    first = mark()
    assert mark() == first
    (folder / "src" / "lib.rs").write_text("fn longer() {}")
    second = mark()
    (folder / "src" / "more.rs").write_text("")
    third = mark()
    (folder / "Cargo.toml").write_text(manifest("mini", "0.2.0"))
    assert len({first, second, third, mark()}) == 4


def test_one_source_for_each_added_folder(tmp_path: Path) -> None:
    folders = tuple(write_crate(tmp_path / name, {"src/lib.rs": ""}, name) for name in ("one", "two"))
    assert [crate.name for crate in source.crates(Machine(crates=folders))] == ["crate:one", "crate:two"]


def test_documentation_becomes_markdown() -> None:
    assert tidy(" One.\n\n   - a\n ```\n # hidden\n #[shown]\n ```\n ```text\n # kept\n ```\n") == (
        "One.\n\n  - a\n```\n#[shown]\n```\n```text\n# kept\n```"
    )


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("# Title\n\nOne `word` and\n[two](x).\n\nNot this.", "One word and two."),
        ("[![badge](a)](b)\n\nReal **words**.", "Real words."),
        ("```\ncode\n```", ""),
        ("", ""),
    ],
)
def test_the_first_paragraph_as_plain_text(markdown: str, text: str) -> None:
    assert plain(markdown) == text
