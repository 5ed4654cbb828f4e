"""Checking and fixing cargo packages: in the sandbox, without one, and against projects that mean harm."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers_rust import find, make_fixer, manifest, run_to_end, snapshot, toolchain, write
from tutor import process
from tutor.errors import Failed, Interrupted
from tutor.fix import opening, scratch, tidy
from tutor.fix.cargo_errors import explain_failure
from tutor.fix.compiler import checked
from tutor.fix.messages import Messages
from tutor.fix.search import FixRequest
from tutor.paths import Home, find_home
from tutor.review import AcceptedChange
from tutor.sandbox import Capability, probe

MOVED = """fn main() {
    let s = String::from("a");
    let t = s;
    println!("{s}{t}");
}
"""
USES_LIBRARY = """fn main() {
    let s = my_app::f();
    let t = s;
    println!("{s}{t}{}", env!("CARGO_PKG_NAME"));
}
"""
TESTED = """pub fn two() -> u8 {
    let x = 1;
    x = x + 1;
    x
}
#[cfg(test)]
mod tests {
    #[test]
    fn t() {
        assert_eq!(super::two(), 2u16);
    }
}
"""


@pytest.fixture
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor.sandbox.probe", lambda: Capability("none", "there is none", None))


def test_these_tests_have_a_sandbox() -> None:
    assert probe().kind == "bubblewrap"


def test_a_package_is_fixed_in_the_sandbox_and_left_untouched(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED})
    before = snapshot(tmp_path)
    found = find(make_fixer(home), tmp_path)
    assert (found.outcome.status, found.best.root) == ("fixed", str(tmp_path))
    assert found.first_check.checker == "cargo check"
    assert (found.best.verification.check, found.best.verification.sandbox) == ("passed", "bubblewrap")
    assert found.content("src/main.rs") == MOVED.replace("= s;", "= s.clone();").encode()
    assert snapshot(tmp_path) == before
    subprocess.run(["git", "apply"], input=found.best.diff, cwd=tmp_path, check=True)
    assert find(make_fixer(home), tmp_path).outcome.status == "clean"


def test_errors_in_tests_are_found_once_the_rest_compiles(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/lib.rs": TESTED})
    found = find(make_fixer(home), tmp_path, tests=True)
    assert [d.code for d in found.outcome.before] == ["E0384"]
    assert found.outcome.status == "fixed"
    assert found.best.codes == ("E0384", "E0308")
    assert found.best.verification.tests == "passed"


def test_paths_inside_a_package_lead_to_it(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED})
    for path in ("src/main.rs", "Cargo.toml", "src"):
        assert find(make_fixer(home), tmp_path / path).best.root == str(tmp_path)


def test_one_member_or_the_whole_workspace(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {
        "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\nresolver = "2"\n',
        "a/Cargo.toml": manifest("a"), "a/src/main.rs": MOVED,
        "b/Cargo.toml": manifest("b"), "b/src/main.rs": MOVED.replace("String", "Strin"),
    })  # fmt: skip
    fixer = make_fixer(home)
    assert [f.path for f in find(fixer, tmp_path / "a").best.files] == ["a/src/main.rs"]
    found = find(fixer, tmp_path)
    assert found.outcome.status == "fixed"
    assert [f.path for f in found.best.files] == ["a/src/main.rs", "b/src/main.rs"]
    assert {d.code for d in found.outcome.before} == {"E0382", "E0433"}
    assert len(found.best.solves) == 3  # the second member's move shows itself once its names are known


def test_an_error_in_a_library_hides_none_forever(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {
        "Cargo.toml": manifest(),
        "src/lib.rs": "pub fn f() -> String { \"a\" }\n",
        "src/main.rs": MOVED,
    })  # fmt: skip
    found = find(make_fixer(home), tmp_path)
    assert [d.code for d in found.outcome.before] == ["E0308"]
    assert (found.outcome.status, found.best.codes) == ("fixed", ("E0308", "E0382"))


def test_a_dependency_beside_the_project(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {
        "app/Cargo.toml": manifest("app", '[dependencies]\ntool = { path = "../tool" }\n'),
        "app/src/main.rs": "fn main() {\n    let x = tool::one();\n    x = 2;\n    println!(\"{x}\");\n}\n",
        "tool/Cargo.toml": manifest("tool"), "tool/src/lib.rs": "pub fn one() -> u8 { 1 }\n",
    })  # fmt: skip
    assert find(make_fixer(home), tmp_path / "app").outcome.status == "fixed"
    # An error in the neighbour is shown with its own path, and the neighbour is not edited.
    write(tmp_path, {"tool/src/lib.rs": "pub fn one() -> u8 { let x = 1; x = 2; x }\n"})
    found = find(make_fixer(home), tmp_path / "app")
    assert (found.outcome.status, found.outcome.proposals) == ("unfixed", ())
    place = found.outcome.before[0].place
    assert place is not None and place.file == str(tmp_path / "tool/src/lib.rs")


def test_verify_in_a_package(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/lib.rs": TESTED})
    fixer = make_fixer(home)
    change = find(fixer, tmp_path).best.files[0]
    proposal = find(fixer, tmp_path).best
    whole = [AcceptedChange(change.path, change.base, tuple(h.hunk for h in change.hunks))]
    verified = fixer.verify(proposal, whole, tests=True, cancel=threading.Event())
    assert (verified.verification.check, verified.verification.tests) == ("passed", "passed")
    first = [AcceptedChange(change.path, change.base, (change.hunks[0].hunk,))]
    verified = fixer.verify(proposal, first, tests=True, cancel=threading.Event())
    assert (verified.verification.check, verified.verification.tests) == ("failed", "not-run")
    assert [d.code for d in verified.remaining] == ["E0308"]


# What cannot be checked.


@pytest.mark.parametrize(
    ("files", "title", "words"),
    [
        ({"Cargo.toml": "[package\n"}, "Cargo.toml is not TOML", "line 1"),
        ({"Cargo.toml": manifest(more="[dependencies]\nno-such-crate-here = \"1\"\n"), "src/lib.rs": ""},
         "A dependency is missing", "no-such-crate-here"),
        ({"Cargo.toml": manifest()}, "Cargo.toml is wrong", "no targets"),
        ({"Cargo.toml": manifest().replace("2021", "1999"), "src/lib.rs": ""}, "Cargo.toml is wrong", "edition"),
        ({"Cargo.toml": manifest(), "src/lib.rs": "", "build.rs": "fn main() { panic!(\"no\"); }\n"},
         "The build script failed", "build"),
    ],
)  # fmt: skip
def test_what_keeps_cargo_from_compiling(
    home: Home, tmp_path: Path, files: dict[str, str], title: str, words: str
) -> None:
    write(tmp_path, files)
    with pytest.raises(Failed) as caught:
        find(make_fixer(home), tmp_path)
    assert caught.value.title == title
    assert words in caught.value.msg and str(home.cache) not in caught.value.msg


@pytest.mark.parametrize("below", ["", "member"])
def test_a_folder_whose_name_is_not_utf8_is_one_sentence(home: Home, tmp_path: Path, below: str) -> None:
    folder = tmp_path / below / os.fsdecode(b"caf\xe9")
    write(folder, {"Cargo.toml": manifest(), "src/main.rs": MOVED})
    write(tmp_path / below, {"Cargo.toml": '[workspace]\nmembers = ["*"]\nresolver = "2"\n'} if below else {})
    with pytest.raises(Failed) as caught:
        find(make_fixer(home), folder)
    assert caught.value.title == "Not UTF-8"
    assert "Rename it." in caught.value.msg


def test_a_project_that_is_too_large(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED, "a": "x", "b": "x"})
    monkeypatch.setattr(scratch, "MAX_FILES", 3)
    with pytest.raises(Failed) as caught:
        find(make_fixer(home), tmp_path)
    assert caught.value.title == "Project too large"


def test_a_project_of_ten_thousand_files(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED})
    for i in range(100):
        folder = tmp_path / f"data/{i}"
        folder.mkdir(parents=True)
        for j in range(100):
            (folder / f"{j}").touch()
    assert find(make_fixer(home), tmp_path).outcome.status == "fixed"


# The scratch copy.


def copies(home: Home) -> list[Path]:
    return [path for path in home.cache.rglob("main.rs") if "tree" in path.parts]


def test_the_copy_is_kept_and_follows_the_users_files(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED, "src/old.rs": "", ".git/config": ""})
    write(tmp_path, {"target/x": "", "src/target/mod.rs": ""})
    fixer = make_fixer(home)
    assert find(fixer, tmp_path).outcome.status == "fixed"
    (copy,) = copies(home)
    assert copy.read_text() == MOVED, "the edits were taken back"
    tree = copy.parent.parent
    assert not (tree / ".git").exists() and not (tree / "target").exists() and (tree / "src/target/mod.rs").exists()
    untouched = (tree / "Cargo.toml").stat().st_ino
    (tmp_path / "src/old.rs").unlink()
    write(tmp_path, {"src/main.rs": "fn main() {}\n"})
    assert find(fixer, tmp_path).outcome.status == "clean"
    assert not (tree / "src/old.rs").exists()
    assert (tree / "Cargo.toml").stat().st_ino == untouched
    assert stat.S_IMODE((home.cache / "scratch").stat().st_mode) == 0o700


def test_a_file_may_become_a_folder_and_back(home: Home, tmp_path: Path) -> None:
    main = "mod m;\nfn main() { m::f(); }\n"
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": main, "src/m.rs": "pub fn f() {}\n", "x": "file"})
    fixer = make_fixer(home)
    assert find(fixer, tmp_path).outcome.status == "clean"
    (tmp_path / "x").unlink()
    (tmp_path / "src/m.rs").unlink()
    write(tmp_path, {"src/m/mod.rs": "pub fn f() {}\n", "x/y": "folder"})
    assert find(fixer, tmp_path).outcome.status == "clean"
    shutil.rmtree(tmp_path / "x")
    write(tmp_path, {"x": "file"})
    assert find(fixer, tmp_path).outcome.status == "clean"


def test_a_crash_with_edits_in_the_copy_is_made_good(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED})
    fixer = make_fixer(home)
    find(fixer, tmp_path)
    (copy,) = copies(home)
    # As kill -9 in the middle of a check leaves it: an edit in the copy, and no index.
    copy.write_text("fn main() {}\n")
    next(home.cache.rglob("index.json")).unlink()
    assert find(fixer, tmp_path).outcome.before[0].code == "E0382"


def test_a_second_process_waits_and_says_so(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED})
    find(make_fixer(home), tmp_path)
    monkeypatch.setattr(opening, "_LOCK_WAIT_SECONDS", 0.0)
    with next(home.cache.rglob("lock")).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Failed) as caught:
            find(make_fixer(home), tmp_path)
        assert caught.value.title == "Busy"
        monkeypatch.setattr(opening, "_LOCK_WAIT_SECONDS", 1000.0)
        cancel = threading.Event()
        cancel.set()
        with pytest.raises(Interrupted):
            run_to_end(make_fixer(home).find(FixRequest(tmp_path), cancel))


def test_a_home_inside_the_project_is_not_copied_into_itself(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(more="[workspace]\n"), "src/main.rs": MOVED})
    inside = find_home(tmp_path / ".tutor")
    for _ in range(2):
        assert find(make_fixer(inside), tmp_path).outcome.status == "fixed"
    assert len(copies(inside)) == 1


def test_links_that_lead_out_are_left_out_and_named(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"secret.rs": "fn main() {}\n", "p/Cargo.toml": manifest(), "p/src/main.rs": "fn main() {}\n",
                     "p/real.rs": "pub fn f() {}\n"})  # fmt: skip
    (tmp_path / "p/src/out.rs").symlink_to(tmp_path / "secret.rs")
    (tmp_path / "p/src/in.rs").symlink_to(tmp_path / "p/real.rs")
    found = find(make_fixer(home), tmp_path / "p")
    assert found.outcome.status == "clean"
    assert "A link leads out of the project and was left out: src/out.rs" in found.notices
    (copy,) = copies(home)
    assert not (copy.parent / "out.rs").exists()
    assert (copy.parent / "in.rs").read_text() == "pub fn f() {}\n"
    (tmp_path / "p/src/up.rs").symlink_to("../../secret.rs")
    found = find(make_fixer(home), tmp_path / "p")
    assert any(text.startswith("2 links lead out of the project") for text in found.notices)


def test_a_link_to_the_project_itself_does_not_lead_out(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"p/Cargo.toml": manifest(), "p/src/main.rs": "#[path = \"me/m.rs\"]\nmod m;\nfn main() {}\n",
                     "p/m.rs": ""})  # fmt: skip
    (tmp_path / "p/src/me").symlink_to("..")
    found = find(make_fixer(home), tmp_path / "p")
    assert (found.outcome.status, found.notices) == ("clean", [])


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow beyond some bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("path", ["", "src/main.rs", "alone.rs"])
def test_a_full_disk_is_not_the_fault_of_the_users_files(
    home: Home, tmp_path: Path, path: str, request: pytest.FixtureRequest
) -> None:
    write(tmp_path, {"p/Cargo.toml": manifest(), "p/src/main.rs": MOVED, "p/alone.rs": MOVED})
    request.getfixturevalue("full_disk")
    with pytest.raises(Failed) as caught:
        find(make_fixer(home), tmp_path / "p" / path)
    assert caught.value.title == "No scratch copy"
    assert str(home.cache) in caught.value.msg and f" {tmp_path}/p" not in f" {caught.value.msg}"
    assert "--home" in (caught.value.hint or "")


def test_a_cache_that_cannot_be_written_is_one_sentence(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED})
    home.ensure(home.cache)
    (home.cache / "scratch").write_text("in the way")
    with pytest.raises(Failed) as caught:
        find(make_fixer(home), tmp_path)
    assert caught.value.title == "No scratch copy"
    assert str(home.cache) in caught.value.msg


def test_results_are_shown_even_when_the_copy_cannot_be_put_back(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED})
    kept = scratch.PackageScratch(home, tmp_path, [], 0.0, None)
    kept.lay({"src/main.rs": b"fn main() {}\n"})
    shutil.rmtree(kept.folder)
    kept.folder.write_text("in the way")
    kept.close()
    with scratch.PackageScratch(home, tmp_path, [], 0.0, None) as again:
        assert again.base("src/main.rs") == MOVED.encode()


def test_build_results_that_are_too_large_are_not_kept(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'fn main() { std::fs::write(std::env::var("OUT_DIR").unwrap() + "/f", vec![1; 5 << 20]).unwrap(); }\n'
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": "fn main() {}\n", "build.rs": script})
    assert find(make_fixer(home), tmp_path).notices == []
    (target,) = home.cache.glob("scratch/*/target")
    assert find(make_fixer(home), tmp_path).notices == [] and target.is_dir()
    with monkeypatch.context() as small:
        small.setattr(tidy, "MAX_RESULTS", 4 << 20)
        assert find(make_fixer(home), tmp_path).notices == [] and not target.exists()
    (notice,) = find(make_fixer(home), tmp_path).notices
    assert "it was deleted" in notice
    assert find(make_fixer(home), tmp_path).notices == []


def test_build_results_that_are_nested_too_deeply_are_not_kept(home: Home, tmp_path: Path) -> None:
    script = """fn main() {
    std::env::set_current_dir(std::env::var("OUT_DIR").unwrap()).unwrap();
    for _ in 0..3000 { std::fs::create_dir("d").ok(); std::env::set_current_dir("d").unwrap(); }
}
"""
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED, "build.rs": script})
    assert find(make_fixer(home), tmp_path).outcome.status == "fixed"
    assert not list(home.cache.glob("scratch/*/target"))


def test_copies_that_nobody_used_for_a_month_are_emptied(home: Home, tmp_path: Path) -> None:
    kept: dict[str, Path] = {}
    for name in ("old", "busy", "new", "last"):
        write(tmp_path / name, {"Cargo.toml": manifest(), "src/main.rs": "fn main() {}\n"})
        with scratch.PackageScratch(home, tmp_path / name, [], 0.0, None) as copy:
            kept[name] = copy.tree.parent
        if name == "busy":
            busy = (kept["busy"] / "lock").open()
            fcntl.flock(busy, fcntl.LOCK_EX)
        if name == "new":
            for unused in ("old", "busy"):
                os.utime(kept[unused], (0, 0))
    busy.close()
    assert [name for name, place in kept.items() if (place / "tree").exists()] == ["busy", "new", "last"]
    assert [path.name for path in kept["old"].iterdir()] == ["lock"]
    assert find(make_fixer(home), tmp_path / "old").outcome.status == "clean"


# Projects that mean harm. `marks` is outside the sandbox; whoever writes there ran on this machine.


def evil(project: Path, marks: Path) -> None:
    marks.mkdir(parents=True)
    script = f'#!/bin/sh\ntouch {marks}/$(basename $0) 2>/dev/null\nexec "$@"\n'
    write(project, {
        "Cargo.toml": manifest(), "src/main.rs": MOVED,
        "build.rs": f'fn main() {{ let _ = std::fs::write("{marks}/build.rs", "x"); }}\n',
        ".cargo/config.toml": '[build]\nrustc = "./bin/rustc"\nrustc-wrapper = "./bin/wrapper"\n'
        'rustc-workspace-wrapper = "./bin/wrapper"\n[target.x86_64-unknown-linux-gnu]\nlinker = "./bin/linker"\n'
        'runner = "./bin/runner"\n[alias]\ncheck = "run"\n',
        "rust-toolchain.toml": '[toolchain]\npath = "./bin"\n',
        "bin/bin/rustc": script,
        **{f"bin/{name}": script for name in ("rustc", "wrapper", "linker", "runner", "cargo")},
    })  # fmt: skip
    for path in (project / "bin").rglob("*"):
        path.chmod(0o755)


def test_an_evil_project_in_the_sandbox(home: Home, tmp_path: Path) -> None:
    evil(tmp_path / "p", tmp_path / "marks")
    write(tmp_path / "p", {".cargo/config.toml": '[build]\nrustc-wrapper = "./bin/wrapper"\n'})
    before = snapshot(tmp_path / "p")
    found = find(make_fixer(home), tmp_path / "p", tests=True)
    assert found.outcome.status == "fixed"
    assert list((tmp_path / "marks").iterdir()) == []
    assert snapshot(tmp_path / "p") == before
    assert found.permissions == []


def test_a_build_script_cannot_change_what_is_checked(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED,
                     "build.rs": 'fn main() { let _ = std::fs::write("src/main.rs", "fn main() {}"); }\n'})  # fmt: skip
    assert [d.code for d in find(make_fixer(home), tmp_path).outcome.before] == ["E0382"]


@pytest.mark.usefixtures("no_sandbox")
def test_an_evil_project_without_sandbox_and_trust(home: Home, tmp_path: Path) -> None:
    evil(tmp_path / "p", tmp_path / "marks")
    found = find(make_fixer(home), tmp_path / "p", tests=True)
    assert list((tmp_path / "marks").iterdir()) == []
    assert found.outcome.status == "fixed"
    assert (found.first_check.checker, found.best.verification.tests) == ("rustc", "not-run")
    assert "not needed" in found.best.verification.sandbox
    (asked,) = found.permissions
    assert (asked.kind, asked.scope) == ("trust-workspace", str(tmp_path / "p"))
    assert any("build script" in text for text in found.notices)
    assert any("rustc alone" in text for text in found.notices)


@pytest.mark.usefixtures("no_sandbox")
def test_a_trusted_project_without_sandbox_runs_its_own_code(home: Home, tmp_path: Path) -> None:
    evil(tmp_path / "p", tmp_path / "marks")
    write(tmp_path / "p", {".cargo/config.toml": ""})
    found = find(make_fixer(home, trusted=True), tmp_path / "p")
    assert found.outcome.status == "fixed"
    assert [path.name for path in (tmp_path / "marks").iterdir()] == ["build.rs"], "the trap works"
    assert found.best.verification.sandbox == "none: you trust this workspace"


@pytest.mark.usefixtures("no_sandbox")
def test_secrets_do_not_reach_a_trusted_build(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "hush")
    script = f'fn main() {{ std::fs::write("{tmp_path}/env", format!("{{:?}}", std::env::vars())).unwrap(); }}\n'
    write(tmp_path / "p", {"Cargo.toml": manifest(), "src/main.rs": "fn main() {}\n", "build.rs": script})
    assert find(make_fixer(home, trusted=True), tmp_path / "p").outcome.status == "clean"
    assert "CARGO" in (tmp_path / "env").read_text() and "hush" not in (tmp_path / "env").read_text()


@pytest.mark.usefixtures("no_sandbox")
def test_without_sandbox_what_needs_others_is_not_checked(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.toml": manifest(more='[dependencies]\nserde = "1"\n'), "src/main.rs": MOVED})
    found = find(make_fixer(home), tmp_path)
    assert (found.outcome.status, found.outcome.checker_runs) == ("error", 0)
    assert len(found.permissions) == 1 and any("serde" in text for text in found.notices)


@pytest.mark.usefixtures("no_sandbox")
def test_library_and_programs_without_cargo(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {
        "Cargo.toml": manifest("my-app", '[features]\ndefault = ["loud"]\nloud = []\n'),
        "src/lib.rs": '#[cfg(feature = "loud")]\npub fn f() -> String { "a" }\n',
        "src/main.rs": USES_LIBRARY,
        "src/bin/extra.rs": "fn main() { my_app::f(); }\n",
    })  # fmt: skip
    found = find(make_fixer(home), tmp_path)
    assert (found.outcome.status, found.best.codes) == ("fixed", ("E0308", "E0382"))
    assert find(make_fixer(home), tmp_path / "src/bin/extra.rs").best.codes == ("E0308", "E0382")


def test_messages_of_a_flood_are_bounded(home: Home, tmp_path: Path) -> None:
    flood = """fn main() {
    let line = "x".repeat(1 << 20);
    for _ in 0..200 { println!("cargo:warning={line}"); eprintln!("{line}"); }
}
"""
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED, "build.rs": flood})
    with pytest.raises(Failed) as caught:
        find(make_fixer(home), tmp_path)
    assert caught.value.title == "Too much output"


KILLED = 'std::process::Command::new("sh").args(["-c", "kill -$0 $PPID", "SIGNAL"]).status().unwrap();'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (KILLED.replace("SIGNAL", "9"), "was killed"),
        (KILLED.replace("SIGNAL", "6"), "signal 6"),
        ("println!(\"{}\", Vec::<u8>::with_capacity(1 << 40).capacity());", "4 GiB of memory"),
        ('let _ = std::fs::File::create(std::env::var("OUT_DIR").unwrap() + "/f").unwrap().set_len(1 << 40);',
         "larger than the 1 GiB"),
    ],
)  # fmt: skip
def test_a_build_script_that_was_stopped_is_not_the_compiler(home: Home, tmp_path: Path, body: str, words: str) -> None:
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED, "build.rs": f"fn main() {{ {body} }}\n"})
    with pytest.raises(Failed) as caught:
        find(make_fixer(home), tmp_path)
    assert caught.value.title == "The build script was stopped"
    assert "build script of `demo`" in caught.value.msg and words in caught.value.msg


def test_a_build_script_that_writes_into_its_sources_is_told_why(home: Home, tmp_path: Path) -> None:
    script = 'fn main() { std::fs::write("src/made.rs", "").unwrap(); }\n'
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": MOVED, "build.rs": script})
    with pytest.raises(Failed) as caught:
        find(make_fixer(home), tmp_path)
    assert "build script of `demo` writes outside" in caught.value.msg and "sources" in caught.value.msg
    assert "OUT_DIR" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("outcome", "status", "words"),
    [
        ("ok", -9, "was killed"),
        ("ok", 137, "was killed"),
        ("ok", 128 + 25, "1 GiB"),
        ("ok", 101, "status 101"),
        ("too-much-output", -9, "64 MiB"),
    ],
)
def test_cargo_that_ended_without_a_word(outcome: process.Outcome, status: int, words: str) -> None:
    done = process.Completed(status, b"", b"   Compiling demo v0.1.0\n", outcome, 1.0)
    assert words in explain_failure(done, Path("/cache/tree")).msg


def test_a_compiler_that_was_killed_is_one_that_crashed() -> None:
    said = b"process didn't exit successfully: `/bin/rustc --crate-name x` (signal: 11, SIGSEGV)"
    with pytest.raises(Failed) as caught:
        checked(Messages(), process.Completed(101, b"", said, "ok", 1.0), "cargo check")
    assert caught.value.title == "The compiler crashed"


def test_cargo_is_the_real_one() -> None:
    cargo = toolchain().cargo
    assert cargo is not None and os.path.realpath(cargo) == str(cargo)
