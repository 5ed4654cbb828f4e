"""What a path stands for: a lone file, a package, a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers_rust import compiles, manifest, write
from tutor.errors import Failed, TutorError, UsageError
from tutor.fix.project import crate_roots, default_members, find_project, read_manifest
from tutor.fix.source import code_only, guess_crate_type, public_signatures

WORKSPACE = '[workspace]\nmembers = ["a", "libs/*"]\nexclude = ["libs/x"]\n[workspace.package]\nedition = "2024"\n'


def test_a_lone_file(tmp_path: Path) -> None:
    write(tmp_path, {"x.rs": "fn main() {}"})
    project = find_project(tmp_path / "x.rs", "2018")
    assert (project.root, project.file, project.kind, project.edition) == (tmp_path, "x.rs", "file", "2018")
    assert find_project(tmp_path / "x.rs", "2018", "lib").crate_type == "lib"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (b"fn main() {}", "bin"),
        (b"pub async fn main() {}", "bin"),
        (b"// fn main() {}\npub fn f() {}", "lib"),
        (b'const S: &str = "\nfn main() {}";', "lib"),
        (b'const S: &str = r#"\nfn main() {}"#;', "lib"),
        (b"/* /* */\nfn main() {} */ fn f() {}", "lib"),
        (b"fn f<'a>(x: &'a str) { let c = '\"'; }\nfn main() {} // \"", "bin"),
        (b"const C: char = '\\'';\nfn main() {} // '", "bin"),
        (b"#[test]\nfn t() {}", "test"),
        (b"#[cfg(test)]\nmod tests {}", "test"),
        (b"#[test]\nfn t() {}\nfn main() {}", "bin"),
        (b"fn mainly() {}", "lib"),
        (b"", "lib"),
    ],
)
def test_the_kind_of_crate_is_guessed(source: bytes, kind: str) -> None:
    assert guess_crate_type(source) == kind


@given(st.binary(max_size=200))
def test_blanking_keeps_length_and_lines(source: bytes) -> None:
    code = code_only(source)
    assert len(code) == len(source)
    assert [i for i, byte in enumerate(code) if byte == 10] == [i for i, byte in enumerate(source) if byte == 10]


@given(st.lists(st.sampled_from(['"', "'", "r#", "#", "/*", "*/", "//", "\\", "\n", "a", "'a", "ü", " "]), max_size=12))
def test_what_the_compiler_takes_for_code_stays(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    # If this is a whole program, the marker is in a comment or literal exactly when the blanking says so: a marker
    # that is code is an unknown name, and the compiler complains.
    source = ("fn main() { let _ = (\n" + "".join(pieces) + "\n); }\n").encode()
    folder = tmp_path_factory.mktemp("lex")
    if compiles(source, folder):
        assert code_only(source).rstrip().endswith(b"); }")


def test_public_signatures_ignore_bodies_and_spacing() -> None:
    one = public_signatures(
        b"pub fn f(a: u8)\n    -> u8 { a }\npub(crate) fn g() {}\nstruct S;\npub struct T { a: u8 }"
    )
    assert one == {b"fn f(a: u8) -> u8", b"struct T"}
    assert public_signatures(b"pub fn f(a: u8) -> u8 { 1 }\npub struct T { pub b: u8 }") == one


def test_a_package_its_edition_and_its_root(tmp_path: Path) -> None:
    write(
        tmp_path, {"Cargo.toml": manifest(), "src/main.rs": "", "src/deep/x.rs": "", "tests/t.rs": "", "other/y.rs": ""}
    )
    for path in ("", "src", "src/main.rs", "src/deep/x.rs", "tests/t.rs", "Cargo.toml"):
        project = find_project(tmp_path / path)
        assert (project.kind, project.root, project.edition, project.name) == ("package", tmp_path, "2021", "demo")
        assert project.whole_workspace
    assert find_project(tmp_path / "other/y.rs").kind == "file", "no target of the package"


def test_members_of_a_workspace(tmp_path: Path) -> None:
    inherits = manifest("a").replace('edition = "2021"', "edition.workspace = true")
    write(tmp_path, {"Cargo.toml": WORKSPACE, "a/Cargo.toml": inherits, "a/src/main.rs": "",
                     "libs/b/Cargo.toml": manifest("b"), "libs/b/src/lib.rs": "",
                     "libs/x/Cargo.toml": manifest("x"), "libs/x/src/lib.rs": ""})  # fmt: skip
    project = find_project(tmp_path / "a/src/main.rs")
    assert (project.root, project.edition, project.name) == (tmp_path, "2024", "a")
    assert not project.whole_workspace
    assert find_project(tmp_path).whole_workspace
    assert find_project(tmp_path / "libs/b").root == tmp_path
    assert find_project(tmp_path / "libs/x").root == tmp_path / "libs/x", "excluded: on its own"
    members = [path.parent.name for path in default_members(tmp_path / "Cargo.toml")]
    assert members == ["a", "b"]


def test_a_repository_ends_the_search(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/repo/.git/HEAD": "", "src/repo/x.rs": "fn main() {}"})
    assert find_project(tmp_path / "src/repo/x.rs").kind == "file"


def test_a_folder_without_a_manifest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Rust file either"):
        find_project(tmp_path)
    write(tmp_path, {"one.rs": "fn main() {}"})
    assert find_project(tmp_path).file == "one.rs"
    write(tmp_path, {"two.rs": "fn main() {}"})
    with pytest.raises(UsageError, match="2 Rust files"):
        find_project(tmp_path)
    write(tmp_path, {"main.rs": "fn main() {}"})
    assert find_project(tmp_path).file == "main.rs"


def test_crate_roots(tmp_path: Path) -> None:
    more = '[[bin]]\nname = "named"\npath = "src/special.rs"\n[[bin]]\nname = "out"\npath = "../out.rs"\n'
    write(tmp_path, {"out.rs": "", "p/Cargo.toml": manifest(more=more), "p/src/main.rs": "", "p/src/lib.rs": "",
                     "p/src/special.rs": "", "p/src/bin/a.rs": "", "p/src/bin/b/main.rs": ""})  # fmt: skip
    roots = crate_roots(tmp_path / "p/Cargo.toml", read_manifest(tmp_path / "p/Cargo.toml"))
    assert roots[0][:2] == ("lib", "demo")
    assert {(kind, name, file.name) for kind, name, file in roots[1:]} == {
        ("bin", "named", "special.rs"), ("bin", "demo", "main.rs"), ("bin", "a", "a.rs"), ("bin", "b", "main.rs"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b"[package\n", "Cargo.toml is not TOML"),
        (b"\xff", "Cargo.toml cannot be read"),
        (b"a = 1\n" * 200_000, "Cargo.toml is too large"),
        (b"x = " + b"[" * 5000, "Cargo.toml is not TOML"),
    ],
)
def test_manifests_that_cannot_be_read(tmp_path: Path, content: bytes, title: str) -> None:
    write(tmp_path, {"Cargo.toml": content})
    with pytest.raises(Failed) as caught:
        find_project(tmp_path)
    assert caught.value.title == title


VALUES = st.recursive(
    st.sampled_from(["1", "true", '"x"', '"**a"', '"../.."', '"/"', '""']),
    lambda inner: (
        st.lists(inner, max_size=2).map(lambda items: "[" + ", ".join(items) + "]")
        | st.dictionaries(st.sampled_from(["path", "name", "members", "workspace"]), inner, max_size=2).map(
            lambda d: "{ " + ", ".join(f"{k} = {v}" for k, v in d.items()) + " }"
        )
    ),
    max_leaves=4,
)
KEYS = st.sampled_from(["package", "workspace", "lib", "bin", "dependencies", "features", "target", "test"])


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_a_manifest_of_wrong_types_is_never_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("m")
    write(folder, {"Cargo.toml": "".join(f"{k} = {v}\n" for k, v in table.items()), "src/main.rs": "fn main() {}"})
    try:
        project = find_project(folder / "src/main.rs")
        if project.manifest is not None:
            for one in default_members(project.manifest):
                assert all(file.is_relative_to(folder) for _, _, file in crate_roots(one, read_manifest(one)))
    except TutorError:
        pass
