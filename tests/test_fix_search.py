"""Finding fixes for lone files, with the real compiler."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_rust import compiles, find, make_fixer, manifest, run_to_end, snapshot, toolchain, write
from tutor.config import FixSettings
from tutor.diagnostics import Diagnostic
from tutor.errors import Failed, Interrupted, UsageError
from tutor.events import Progress
from tutor.fix.proposer import Candidate, Edit
from tutor.fix.search import FixRequest
from tutor.hunks import Hunk
from tutor.paths import Home
from tutor.proposal import Reason
from tutor.review import AcceptedChange
from tutor.sandbox import Capability

NOT_MUT = 'fn main() {\n    let x = 5;\n    println!("{x}");\n    x = 6;\n    println!("{x}");\n}\n'

HIDDEN = """fn main() {
    let v = Vec::new();
    v.push(1);
    let n: usize = v.len;
    println!("{n}");
}
"""
NO_ARM = """enum E { A, B }
fn f(e: E) -> u8 {
    match e {
        E::A => 1,
    }
}
"""
ONLY_TODO = """trait Shape { fn corners(&self) -> Vec<(u8, String)>; }
struct Square;
impl Shape for Square {}
fn main() { println!("{}", Square.corners().len()); }
"""
NAMES_FILES = """mod a;
mod deep { pub mod inner; }
const T: &str = include_str!("data/t.txt");
fn main() { a::f(); deep::inner::g(); println!("{T}"); }
"""
INCLUDES = 'const T: &str = include_str!("NAME");\nfn main() { println!("{T}"); }\n'
TESTED = """pub fn two() -> u8 { let x = 1; x = x + 1; x }
#[cfg(test)]
mod tests { #[test] fn t() { assert_eq!(super::two(), 2); } }
"""
WRONG = 'fn main() { let x: u8 = "1"; println!("{x}"); }\n'


def test_one_sure_suggestion_costs_two_compiler_runs(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": NOT_MUT})
    before = snapshot(tmp_path)
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert (found.outcome.status, found.outcome.checker_runs, len(found.outcome.proposals)) == ("fixed", 2, 1)
    best = found.best
    assert found.content("main.rs") == NOT_MUT.replace("let x", "let mut x").encode()
    assert best.title == "Make this binding mutable"
    assert (best.origin, best.codes, best.leaves, best.warnings) == ("rustc", ("E0384",), (), ())
    assert (best.verification.check, best.verification.tests) == ("passed", "not-run")
    assert "not needed" in best.verification.sandbox
    assert best.concepts == ("concept-E0384",)
    (hunk,) = best.files[0].hunks
    assert [(r.origin, r.code) for r in hunk.reasons] == [("rustc", "E0384")]
    assert "mutable" in hunk.reasons[0].suggestion
    assert "**What broke.**" in best.explanation and "rustc --explain E0384" in best.explanation
    assert snapshot(tmp_path) == before


def test_the_diff_applies_with_git_from_the_folder(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"has a space.rs": NOT_MUT})
    best = find(make_fixer(home), tmp_path / "has a space.rs").best
    subprocess.run(["git", "apply"], input=best.diff, cwd=tmp_path, check=True)
    assert compiles((tmp_path / "has a space.rs").read_bytes(), tmp_path / "out")


@pytest.mark.parametrize("name", ["-x.rs", "@file.rs", "ünïcode.rs", "with'quote.rs", "1.rs", "caf\udce9.rs"])
def test_any_file_name(home: Home, tmp_path: Path, name: str) -> None:
    write(tmp_path, {name: NOT_MUT})
    found = find(make_fixer(home), tmp_path / name)
    assert [f.path for f in found.best.files] == [name]


def test_a_clean_program_gets_no_proposal(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": "fn main() {\n    let unused = 1;\n}\n"})
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert (found.outcome.status, found.outcome.proposals, found.outcome.checker_runs) == ("clean", (), 1)
    assert [d.level for d in found.first_check.diagnostics] == ["warning"]


def test_errors_that_show_themselves_only_later(home: Home, tmp_path: Path) -> None:
    # The type error keeps the borrow checker from looking, so the second error appears in the second round.
    write(tmp_path, {"main.rs": HIDDEN})
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert found.outcome.status == "fixed"
    assert found.best.codes == ("E0616", "E0596")
    assert found.content("main.rs").count(b"let mut v") == 1 and b"v.len();" in found.content("main.rs")
    reasons = {h.hunk.start: [r.code for r in h.reasons] for h in found.best.files[0].hunks}
    assert reasons == {1: ["E0596"], 3: ["E0616"]}


def test_a_partial_fix_says_what_it_leaves(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": NO_ARM + NOT_MUT})
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert found.outcome.status == "partial"
    assert found.best.warnings[0] == "leaves 1 error"
    assert [d.code for d in found.best.leaves] == [d.code for d in found.outcome.after] == ["E0004"]
    assert found.best.verification.check == "failed"
    assert found.best.title == "Fix 1 of 2 errors (E0384)"
    assert "What is left" in found.best.explanation
    assert any("a lead, not a fix" in text for text in found.notices)


def test_todo_is_a_lead_and_never_a_fix(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": ONLY_TODO})
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert (found.outcome.status, found.outcome.proposals) == ("unfixed", ())
    assert any("a lead, not a fix" in text and "put the work off" in text for text in found.notices)


def test_alternatives_become_proposals_of_their_own(home: Home, tmp_path: Path) -> None:
    # HashMap can be imported from std in one way only, Entry in several: each compiles.
    write(tmp_path, {"lib.rs": "pub fn f(_: Option<Duration>, _: Result<u8, Error>) {}\n"})
    found = find(make_fixer(home), tmp_path / "lib.rs")
    assert found.outcome.status == "fixed"
    diffs = [p.diff for p in found.outcome.proposals]
    assert 1 < len(diffs) <= 3 and len(set(diffs)) == len(diffs)
    for number in range(len(diffs)):
        assert compiles(found.content("lib.rs", number), tmp_path / "out", crate_type="lib")
    # Whoever inserts each at its rank ends with the best first.
    order: list[str] = []
    for event in found.ready:
        order.insert(event.rank, event.proposal.id)
    assert tuple(order) == tuple(p.id for p in found.outcome.proposals)


def test_the_budget_is_kept_and_said(home: Home, tmp_path: Path) -> None:
    functions = "".join(f"fn f{i}() -> u8 {{ let valu{i} = 1u8; value{i} }}\n" for i in range(8))
    write(tmp_path, {"main.rs": functions + "fn main() {}\n"})
    found = find(make_fixer(home, settings=FixSettings(max_checks=4)), tmp_path / "main.rs")
    assert found.outcome.checker_runs == 4
    assert found.outcome.status == "partial" and len(found.best.leaves) == 5
    assert any("fix.max_checks" in text for text in found.notices)
    assert max(e.done for e in found.events if isinstance(e, Progress)) <= 4
    assert find(make_fixer(home), tmp_path / "main.rs").outcome.status == "fixed"


def test_byte_offsets_hold_after_emoji_crlf_and_bom(home: Home, tmp_path: Path) -> None:
    text = '\ufeff// größer 🦀\nfn main() {\n    let ü = "🦀"; let x = 5;\n    x = 6;\n    println!("{x}{ü}");\n}'
    text = text.replace("\n", "\r\n")
    write(tmp_path, {"main.rs": text})
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert found.content("main.rs") == text.replace("let x", "let mut x").encode()


def test_new_lines_end_like_the_files_own(home: Home, tmp_path: Path) -> None:
    source = "pub fn f(_: Duration) {}\r\npub fn g() {}\r\n"
    write(tmp_path, {"lib.rs": source})
    fixed = find(make_fixer(home), tmp_path / "lib.rs").content("lib.rs")
    assert fixed.count(b"\n") == fixed.count(b"\r\n") > source.count("\n")


def test_what_a_macro_made_is_never_edited(home: Home, tmp_path: Path) -> None:
    source = 'macro_rules! m { () => { let x = 5; x = 6; println!("{x}"); } }\nfn main() { m!(); }\n'
    write(tmp_path, {"main.rs": source})
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert (found.outcome.status, found.outcome.checker_runs) == ("unfixed", 1)
    assert any(span.from_macro for span in found.outcome.before[0].spans)


def test_what_the_compiler_writes_out_itself_is_the_users_text(home: Home, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"lib.rs": "pub async fn f() -> Result<u8, u8> { Ok(1) }\npub async fn g() -> Result<u8, u8> { Ok(f()?) }\n"},
    )
    found = find(make_fixer(home), tmp_path / "lib.rs")
    assert b"f().await?" in found.content("lib.rs")


def test_suggestions_that_go_on_are_one(home: Home, tmp_path: Path) -> None:
    source = "pub trait Foo { type Bar; }\npub fn bar<T>() where T::Baa: Copy, {}\n"
    write(tmp_path, {"lib.rs": source})
    found = find(make_fixer(home), tmp_path / "lib.rs")
    assert found.content("lib.rs") == source.replace("T::Baa: Copy,", "T::Bar: Copy, T: Foo").encode()


def test_modules_and_includes_beside_a_lone_file(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {
        "main.rs": NAMES_FILES,
        "a.rs": "mod b;\npub fn f() { b::g() }\n",
        "a/b.rs": "pub fn g() { let x = 1; x = 2; println!(\"{x}\"); }\n",
        "deep/inner.rs": "pub fn g() {}\n",
        "data/t.txt": "text",
        "unrelated.rs": "this is no Rust",
    })  # fmt: skip
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert found.outcome.status == "fixed"
    assert [f.path for f in found.best.files] == ["a/b.rs"]


def test_files_outside_the_folder_are_not_followed(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"secret.txt": "secret", "in/main.rs": INCLUDES.replace("NAME", "../secret.txt")})
    found = find(make_fixer(home), tmp_path / "in/main.rs")
    assert found.outcome.status == "unfixed"
    assert any("outside its folder" in text for text in found.notices)
    (tmp_path / "in/link.txt").symlink_to(tmp_path / "secret.txt")
    write(tmp_path, {"in/main.rs": INCLUDES.replace("NAME", "link.txt")})
    assert find(make_fixer(home), tmp_path / "in/main.rs").outcome.status == "unfixed"


SECRET = "hush_hush!!\n"


def test_what_an_absolute_path_names_is_not_there_in_the_sandbox(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret.rs"
    write(tmp_path, {"secret.rs": SECRET, "in/main.rs": f'include!("{secret}");\nfn main() {{}}\n'})
    found = find(make_fixer(home), tmp_path / "in/main.rs")
    assert found.outcome.status == "unfixed"
    assert "hush_hush" not in repr(found.events)
    assert f"main.rs names {secret}, which is outside its folder: it is checked in the sandbox" in found.notices[0]


def test_without_a_sandbox_it_is_said_that_the_compiler_may_read_it(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.sandbox.probe", lambda: Capability("none", "there is none", None))
    secret = tmp_path / "secret.rs"
    write(tmp_path, {"secret.rs": SECRET, "in/main.rs": f'include!("{secret}");\nfn main() {{}}\n'})
    found = find(make_fixer(home), tmp_path / "in/main.rs")
    assert "hush_hush" in repr(found.events), "the trap works"
    assert "not copied, and the compiler finds it only by an absolute path" in found.notices[0]


def test_crate_type_and_edition_of_the_request_win(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"x.rs": "pub fn f() {}\n#[test]\nfn t() { let x: u8 = 1; x = 2; assert_eq!(x, 2); }\n"})
    fixer = make_fixer(home)
    assert find(fixer, tmp_path / "x.rs", crate_type="lib").outcome.status == "clean"
    assert find(fixer, tmp_path / "x.rs", crate_type="test").outcome.status == "fixed"
    write(tmp_path, {"e.rs": 'fn main() { let async = 1; println!("{}", async); }\n'})
    assert find(fixer, tmp_path / "e.rs", edition="2015").outcome.status == "clean"
    assert find(fixer, tmp_path / "e.rs", edition="2021").outcome.before != ()


def test_tests_run_only_when_asked_and_tell(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"good.rs": TESTED, "bad.rs": TESTED.replace("(), 2)", "(), 3)")})
    fixer = make_fixer(home)
    assert find(fixer, tmp_path / "good.rs").best.verification.tests == "not-run"
    found = find(fixer, tmp_path / "good.rs", tests=True).best
    assert (found.verification.tests, found.warnings) == ("passed", ())
    assert "1 passed" in found.verification.detail
    found = find(fixer, tmp_path / "bad.rs", tests=True).best
    assert (found.verification.tests, found.warnings) == ("failed", ("the tests fail",))


def test_reviewers_warnings(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"lib.rs": "pub struct S(Vec<u8>);\nimpl S {\n    pub fn add(&self) { self.0.push(1); }\n}\n"})
    assert find(make_fixer(home), tmp_path / "lib.rs").best.warnings == ("changes a public signature",)
    write(tmp_path, {"main.rs": "fn eat(_: String) {}\nfn main() { let s = String::new(); eat(s); eat(s); }\n"})
    assert any("clone()" in warning for warning in find(make_fixer(home), tmp_path / "main.rs").best.warnings)


def test_verify_checks_exactly_what_was_accepted(home: Home, tmp_path: Path) -> None:
    source = NOT_MUT.replace("fn main", "fn other") + NOT_MUT
    write(tmp_path, {"main.rs": source})
    fixer = make_fixer(home)
    best = find(fixer, tmp_path / "main.rs").best
    change = best.files[0]
    assert len(change.hunks) == 2
    half = AcceptedChange(change.path, change.base, (change.hunks[0].hunk,))
    verified = fixer.verify(best, [half], tests=False, cancel=threading.Event())
    assert (verified.proposal_id, verified.verification.check) == (best.id, "failed")
    assert [d.code for d in verified.remaining] == ["E0384"]
    whole = AcceptedChange(change.path, change.base, tuple(h.hunk for h in change.hunks))
    for used in (fixer, make_fixer(home)):  # the second has never seen the proposal
        verified = used.verify(best, [whole], tests=False, cancel=threading.Event())
        assert (verified.verification.check, verified.remaining) == ("passed", ())
    edited = AcceptedChange(
        change.path, change.base, (Hunk(0, (source.encode().splitlines(True)[0],), (b"broken\n",)),)
    )
    assert fixer.verify(best, [edited], tests=False, cancel=threading.Event()).verification.check == "failed"


def test_check_only_checks(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": NOT_MUT})
    events, diagnostics = run_to_end(make_fixer(home).check(FixRequest(tmp_path / "main.rs"), threading.Event()))
    assert [d.code for d in diagnostics if d.level == "error"] == ["E0384"]
    assert [type(e).__name__ for e in events] == ["Progress", "DiagnosticsFound"]


@pytest.mark.parametrize(
    ("name", "content", "title"),
    [
        ("nothing.rs", None, "No such file"),
        ("notes.txt", "x", "Not Rust"),
        ("big.rs", b" " * (33 << 20), "File too large"),
    ],
)
def test_what_cannot_be_checked_is_said(
    home: Home, tmp_path: Path, name: str, content: str | bytes | None, title: str
) -> None:
    if content is not None:
        write(tmp_path, {name: content})
    with pytest.raises((UsageError, Failed)) as caught:
        find(make_fixer(home), tmp_path / name)
    assert caught.value.title == title


def test_a_cancelled_search_stops(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": NOT_MUT})
    cancel = threading.Event()
    steps = make_fixer(home).find(FixRequest(tmp_path / "main.rs"), cancel)
    next(steps)
    cancel.set()
    with pytest.raises(Interrupted):
        run_to_end(steps)
    assert not list(home.cache.glob("lone-*"))


def test_a_hanging_compiler_is_stopped(home: Home, tmp_path: Path) -> None:
    # Forty doublings of a type take rustc longer than anyone waits.
    lines = "".join(f"type T{i} = (T{i - 1}, T{i - 1});\n" for i in range(1, 40))
    source = "type T0 = (u8, u8);\n" + lines + "fn main() { let x: T39 = 1; }\n"
    write(tmp_path, {"main.rs": source})
    with pytest.raises(Failed) as caught:
        find(make_fixer(home, settings=FixSettings(seconds=1)), tmp_path / "main.rs")
    assert caught.value.title == "No answer"


def test_a_compiler_that_breaks_down(home: Home, tmp_path: Path) -> None:
    source = "fn main() { let x = " + "(" * 20_000 + "1" + ")" * 20_000 + "; }"
    write(tmp_path, {"main.rs": source})
    with pytest.raises(Failed) as caught:
        find(make_fixer(home, settings=FixSettings(seconds=20)), tmp_path / "main.rs")
    assert caught.value.title == "The compiler crashed"
    write(tmp_path, {"Cargo.toml": manifest(), "src/main.rs": source})
    with pytest.raises(Failed) as caught:
        find(make_fixer(home, settings=FixSettings(seconds=20)), tmp_path)
    assert caught.value.title == "The compiler crashed"


def test_thousands_of_errors_are_bounded(home: Home, tmp_path: Path) -> None:
    body = "".join(f'    let _: u8 = "{i}";\n' for i in range(3000))
    write(tmp_path, {"main.rs": f"fn main() {{\n{body}}}\n"})
    found = find(make_fixer(home, settings=FixSettings(max_checks=5)), tmp_path / "main.rs")
    assert found.outcome.status in ("unfixed", "partial")
    assert len(found.first_check.diagnostics) == 1000
    assert any("3000 errors" in text for text in found.notices)


def test_a_file_of_five_megabytes(home: Home, tmp_path: Path) -> None:
    filler = "// nothing to see on this line, it only takes up room in the file\n" * 78_000
    write(tmp_path, {"main.rs": filler + NOT_MUT})
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert found.outcome.status == "fixed"
    assert len(found.best.diff) < 2000


def test_a_source_that_is_not_utf8(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": b'fn main() { let x = "\xff"; }\n'})
    found = find(make_fixer(home), tmp_path / "main.rs")
    assert found.outcome.status == "unfixed"
    assert "UTF-8" in found.outcome.before[0].message


class _Proposes:
    """Proposes the same edits about every error."""

    def __init__(self, *edits: Edit) -> None:
        self.edits = edits

    def propose(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, bytes]) -> Iterator[Candidate]:
        for diagnostic in diagnostics:
            yield Candidate(self.edits, Reason("rule", diagnostic.code, diagnostic.message, "because"), diagnostic)


def test_the_seam_takes_other_proposers(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": WRONG})
    found = find(make_fixer(home, proposers=[_Proposes(Edit("main.rs", 24, 27, b"1"))]), tmp_path / "main.rs")
    assert (found.outcome.status, found.best.origin) == ("fixed", "rule")


@pytest.mark.parametrize("path", ["../outside.rs", "/etc/passwd", "link.rs", "nowhere.rs"])
def test_no_proposer_can_reach_outside(home: Home, tmp_path: Path, path: str) -> None:
    write(tmp_path, {"outside.rs": "x", "in/main.rs": 'fn main() { let x: u8 = "1"; }\n'})
    (tmp_path / "in/link.rs").symlink_to(tmp_path / "outside.rs")
    found = find(make_fixer(home, proposers=[_Proposes(Edit(path, 0, 0, b"//"))]), tmp_path / "in/main.rs")
    assert (found.outcome.status, found.outcome.checker_runs) == ("unfixed", 1)


@pytest.mark.parametrize(
    "text",
    [b"todo!()", b"unimplemented!()", b"panic!()", b"unsafe { 1 }", b"/* value */ 1", b"std::process::exit(1) // x"],
)
def test_degenerate_edits_are_never_offered(home: Home, tmp_path: Path, text: bytes) -> None:
    write(tmp_path, {"main.rs": WRONG})
    found = find(make_fixer(home, proposers=[_Proposes(Edit("main.rs", 24, 27, text))]), tmp_path / "main.rs")
    assert (found.outcome.status, found.outcome.checker_runs) == ("unfixed", 1)


def test_deleting_the_statement_is_never_offered(home: Home, tmp_path: Path) -> None:
    source = 'fn main() { let x: u8 = "1"; println!("hi"); }\n'
    write(tmp_path, {"main.rs": source})
    statement = Edit("main.rs", 12, source.index(";") + 1, b"")
    found = find(make_fixer(home, proposers=[_Proposes(statement)]), tmp_path / "main.rs")
    assert (found.outcome.status, found.outcome.checker_runs) == ("unfixed", 1)


# A working program out of pieces, and pieces that break it: whatever is done to it, what compiles is never changed.
_GOOD = ["let mut a = vec![1, 2];", "let b = a.clone();", "a.push(3);", "println!(\"{:?}\", b);",
         "let s = String::from(\"ü🦀\");", "let n: usize = s.len();", "println!(\"{n} {a:?}\");"]  # fmt: skip
_BREAK = st.sampled_from([("mut ", ""), (".clone()", ""), ("usize", "u8"), ("len", "lenn"), (";", ""),
                          ("String", "Strin"),
                          ("println!", "printn!"), ("b", "c"), ("&", ""), ("x", "x")])  # fmt: skip


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, len(_GOOD) - 1), _BREAK), max_size=2), st.sampled_from(["\n", "\r\n"]))
def test_what_is_called_fixed_compiles_and_what_compiles_is_left_alone(
    tmp_path_factory: pytest.TempPathFactory, breaks: list[tuple[int, tuple[str, str]]], end: str
) -> None:
    lines = list(_GOOD)
    for index, (old, new) in breaks:
        lines[index] = lines[index].replace(old, new, 1)
    source = ("fn main() {\n    " + "\n    ".join(lines) + "\n}\n").replace("\n", end).encode()
    folder = tmp_path_factory.mktemp("case")
    home = Home(*(folder / name for name in ("config", "data", "state", "cache")))
    write(folder / "p", {"main.rs": source})
    found = find(make_fixer(home), folder / "p/main.rs")
    if compiles(source, folder / "out"):
        assert (found.outcome.status, found.outcome.proposals) == ("clean", ())
    else:
        assert found.outcome.status in ("fixed", "partial", "unfixed")
        for number, proposal in enumerate(found.outcome.proposals):
            assert (proposal.leaves == ()) == compiles(found.content("main.rs", number), folder / "out")
            assert proposal.files[0].base == source
    assert (folder / "p/main.rs").read_bytes() == source


def test_the_toolchain_is_here() -> None:
    assert toolchain().cargo is not None
