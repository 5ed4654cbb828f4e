"""The rules for names: what they mend, what they leave alone, and that no source makes them stumble."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from tests.helpers_rust import compiles, find, make_fixer, toolchain, write
from tutor.diagnostics import Diagnostic
from tutor.fix.edits import apply_all, why_degenerate
from tutor.fix.messages import parse, relative_to
from tutor.fix.rules.base import RuleProposer
from tutor.fix.rules.names_near import distance, near
from tutor.paths import Home

# Name, broken program, and each text in it with what it has to become.
MENDED = [
    (
        "a private function",
        "mod shop { fn open() {} pub fn go() { open(); } }\nfn main() { shop::go(); shop::open(); }\n",
        [("{ fn open", "{ pub fn open")],
    ),
    (
        "a private module below a public one",
        "mod a { mod b { pub fn f() {} } pub fn g() { b::f(); } }\nfn main() { a::g(); a::b::f(); }\n",
        [("{ mod b", "{ pub mod b")],
    ),
    (
        "a private method, after an attribute",
        "mod m { pub struct S; impl S { #[must_use]\n fn get(&self) -> u8 { 1 } } }\n"
        "fn main() { print!(\"{}\", m::S.get()); }\n",
        [(" fn get", " pub fn get")],
    ),
    (
        "a private field",
        "mod m { pub struct S { x: u8 } impl S { pub fn new() -> S { S { x: 1 } } } }\n"
        'fn main() { print!("{}", m::S::new().x); }\n',
        [("S { x: u8", "S { pub x: u8")],
    ),
    (
        "a restricted item",
        "mod a { pub mod b { pub(self) fn f() {} pub fn g() { f(); } } }\nfn main() { a::b::g(); a::b::f(); }\n",
        [("pub(self)", "pub(crate)")],
    ),
    ("null", "fn main() { let x: Option<u8> = null; print!(\"{x:?}\"); }\n", [("null", "None")]),
    (
        "null in a comparison",
        "fn main() { let x = Some(1); if x != null { print!(\"{x:?}\"); } }\n",
        [("x != null", "x.is_some()")],
    ),
    ("printf", 'fn main() { let n = 3; printf("%d of %.2f%%\\n", n, 1.5); }\n',
     [('printf("%d of %.2f%%\\n"', 'println!("{} of {:.2}%"')]),
    ("len in a macro", 'fn main() { let v = [1, 2]; print!("{}", len(v)); }\n', [("len(v)", "v.len()")]),
    ("sqrt", 'fn main() { let r = sqrt(2.0); print!("{}", r); }\n', [("sqrt(2.0)", "2.0_f64.sqrt()")]),
    ("range", "fn main() { for i in range(1, 4) { print!(\"{}\", i); } }\n", [("range(1, 4)", "1..4")]),
    ("a cast", "fn main() { let f = 2.5_f64; let n = i32(f); print!(\"{}\", n); }\n", [("i32(f)", "(f as i32)")]),
    ("printn", 'fn main() { printn!("x"); }\n', [("printn", "println")]),
    ("List", "fn main() { let v: List<u8> = Vec::new(); print!(\"{:?}\", v); }\n", [("List", "Vec")]),
    (
        "Map, imported",
        'fn main() {\n    let m: Map<u8, u8> = Map::new();\n    print!("{m:?}");\n}\n',
        [("fn main", "use std::collections::HashMap;\n\nfn main"), ("m: Map", "m: HashMap"), ("= Map", "= HashMap")],
    ),
    (
        "after its block",
        'fn main() {\n    {\n        let s = "é";\n        println!("{s}");\n    }\n    println!("{s}");\n}\n',
        [("    {\n        let s = \"é\";\n        p", "    let s = \"é\";\n    {\n        p")],
    ),
    (
        "in both branches",
        "fn main() {\n    if 1 < 2 {\n        let r = 1;\n    } else {\n        let r = 2;\n    }\n"
        "    print!(\"{}\", r);\n}\n",
        [("    if", "    let r;\n    if"), ("let r = 1", "r = 1"), ("let r = 2", "r = 2")],
    ),
    (
        "an inner function that captures",
        "fn main() { let k = 2; fn add(x: i32) -> i32 { x + k } print!(\"{}\", add(1)); }\n",
        [("fn add(x: i32) -> i32 { x + k }", "let add = |x: i32| -> i32 { x + k };")],
    ),
    (
        "a variable as a length",
        'fn main() { let size = 3; let a = [0u8; size]; print!("{size} {:?}", a); }\n',
        [("let size = 3", "const SIZE: usize = 3"), ("0u8; size", "0u8; SIZE"), ("{size}", "{SIZE}")],
    ),
    (
        "a length known at run time",
        "fn f(n: usize) -> usize { let a = [0u8; n]; a.len() }\nfn main() { f(2); }\n",
        [("[0u8; n]", "vec![0u8; n]")],
    ),
    (
        "alternatives with names of their own",
        "enum E { A(u8), B(u8) }\n"
        "fn main() { for e in [E::A(1), E::B(2)] { match e { E::A(x) | E::B(y) => print!(\"{x}\") } } }\n",
        [("E::B(y)", "E::B(x)")],
    ),
    (
        "a name that is not used",
        "fn main() { match Some(1) { Some(y) | None => print!(\"-\") } }\n",
        [("Some(y)", "Some(_)")],
    ),
    ("an undeclared label", "fn main() { loop { loop { break 'out; } } }\n", [("() { loop", "() { 'out: loop")]),
    (
        "two type parameters of one name",
        "fn f<T, T>(a: T, b: T) { drop(a); drop(b); }\nfn main() { f(1, 'c'); }\n",
        [("<T, T>", "<T, U>"), ("b: T", "b: U")],
    ),
    (
        "a misspelt module",
        "mod deeply { pub fn f() {} }\nfn main() { crate::depely::f(); }\n",
        [("depely", "deeply")],
    ),
    ("a misspelt module of std", "use std::colections::HashSet;\nfn main() { HashSet::<u8>::new(); }\n",
     [("colections", "collections")]),
    (
        "a module from elsewhere",
        "mod a { pub mod b { pub struct S; } }\nmod c { use b::S;\n pub fn f() -> S { S } }\nfn main() { c::f(); }\n",
        [("use b::S", "use crate::a::b::S")],
    ),
    (
        "a macro defined late",
        "fn main() {\n    hi!();\n}\n\nmacro_rules! hi {\n    () => {};\n}\n",
        [("fn main() {\n    hi!();\n}\n\nmacro_rules! hi {\n    () => {};\n}", "macro_rules! hi {\n    () => {};\n"
        "}\n\nfn main() {\n    hi!();\n}")],
    ),
    (
        "a macro in a module",
        "mod m {\n    macro_rules! hi { () => {}; }\n}\nfn main() { hi!(); }\n",
        [("mod m", "#[macro_use]\nmod m")],
    ),
    (
        "the same import twice",
        "use std::fmt::Debug;\nuse std::fmt::Debug;\nfn main() { let _: &dyn Debug = &1; }\n",
        [("use std::fmt::Debug;\nuse std::fmt::Debug;", "use std::fmt::Debug;")],
    ),
    (
        "the only field that is left",
        "struct P { name: u8, size: u8 }\n"
        "fn main() { let p = P { name: 1, weight: 2 }; print!(\"{}\", p.name + p.size); }\n",
        [("weight", "size")],
    ),
    (
        "a misspelt declaration",
        "struct Conut { n: u8 }\nfn f(c: &Count) -> u8 { c.n }\nfn main() { f(&Count { n: 1 }); }\n",
        [("Conut", "Count")],
    ),
    (
        "a variant without its enum",
        "enum Ip { V4(u8), V6 }\nfn f(ip: &Ip) { if let Ip::V4(n) = ip { print!(\"{n}\"); } }\n"
        "fn main() { f(&V4(1)); f(&Ip::V6); }\n",
        [("&V4", "&Ip::V4")],
    ),
    (
        "a function without its type",
        "use std::collections::HashMap;\nfn main() { let m: HashMap<u8, u8> = new(); print!(\"{m:?}\"); }\n",
        [("= new()", "= HashMap::new()")],
    ),
    (
        "a variant with a dot in a pattern",
        "enum E { A(u8) }\nfn main() { match E::A(1) { E.A(n) => print!(\"{n}\") } }\n",
        [("E.A(n)", "E::A(n)")],
    ),
]  # fmt: skip

LEFT_ALONE = [
    ("a name like no other", 'fn main() { let foo = 1; print!("{} {}", foo, quux); }\n'),
    ("a struct of another crate", "fn main() { let v: Vec<u8> = Vec::new(); print!(\"{:?}\", v.buf); }\n"),
    ("a loop's variable after the loop", "fn main() { for i in 0..3 { let _ = i; } let x: u8 = i; drop(x); }\n"),
    ("a branch that may not run", "fn main() { if 1 < 2 { let r = 1; } print!(\"{}\", r); }\n"),
    ("a function that calls itself",
     "fn main() { let k = 1; fn f(n: u8) -> u8 { if n < k { n } else { f(n - k) } } f(3); }\n"),
    ("a crate that is not there", "use serde::Serialize;\nfn main() {}\n"),
    ("two variables of one name", "fn f(a: (u8, u8)) -> u8 { match a { (x, x) => x } }\nfn main() { f((1, 2)); }\n"),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "changes"), [case[1:] for case in MENDED], ids=[case[0] for case in MENDED])
def test_mends(broken: str, changes: list[tuple[str, str]], home: Home, tmp_path: Path) -> None:
    wanted = broken
    for old, new in changes:
        assert wanted.count(old) == 1, f"{old!r} is not there once"
        wanted = wanted.replace(old, new)
    write(tmp_path, {"main.rs": broken})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
    assert found.outcome.status == "fixed"
    assert found.content("main.rs").decode() == wanted
    assert compiles(wanted.encode(), tmp_path / "judge")


@pytest.mark.parametrize("broken", [case[1] for case in LEFT_ALONE], ids=[case[0] for case in LEFT_ALONE])
def test_leaves_alone(broken: str, home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": broken})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
    assert all(proposal.leaves for proposal in found.outcome.proposals)


def test_windows_line_endings_stay(home: Home, tmp_path: Path) -> None:
    broken = (
        "fn main() {\n    // 🦀\n    if 1 < 2 {\n        let r = 1;\n    } else {\n        let r = 2;\n    }\n"
        '    print!("{}", r);\n}\n'
    ).replace("\n", "\r\n")
    write(tmp_path, {"main.rs": broken})
    fixed = find(make_fixer(home), tmp_path / "main.rs", edition="2021").content("main.rs")
    assert b"    let r;\r\n    if" in fixed
    assert fixed.count(b"\n") == fixed.count(b"\r\n")


def test_tests_import_what_they_test(home: Home, tmp_path: Path) -> None:
    broken = (
        "pub fn one() -> u8 { 1 }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { assert_eq!(one(), 1); }\n}\n"
    )
    write(tmp_path, {"main.rs": broken})
    fixed = find(make_fixer(home), tmp_path / "main.rs", edition="2021", crate_type="test").content("main.rs")
    assert fixed.decode() == broken.replace("    #[test]", "    use super::*;\n\n    #[test]")


def test_near_names() -> None:
    assert distance("teh", "the", 2) == 1
    assert distance("abc", "xyz", 1) == 2
    assert [name for name, _ in near("file_path", ["filePath", "fill", "path_file"])] == ["filePath", "path_file"]
    assert near("bar", ["foo"]) == []
    assert near("x", ["y"]) == []


def _diagnostics(source: bytes, folder: Path) -> list[Diagnostic]:
    """What the real compiler says about a source that may be anything."""
    (folder / "main.rs").write_bytes(source)
    done = subprocess.run(
        [toolchain().rustc, "--edition=2021", "--error-format=json", "--emit=metadata", "main.rs"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    messages = parse(done.stderr, relative_to(str(folder))).found
    return [message.diagnostic for message in messages]


def test_no_source_makes_a_rule_stumble(tmp_path: Path) -> None:
    """Programs cut off, with pieces taken out and names changed: every rule goes through, its edits fit the source."""
    chance = random.Random(20)
    tried = 0
    for _, program, _ in MENDED:
        content = program.encode()
        for _ in range(3):
            start = chance.randrange(len(content))
            end = min(len(content), start + chance.randrange(1, 12))
            mangled = chance.choice(
                [content[:start], content[:start] + content[end:], content[:start] + "é(".encode() + content[end:]]
            )
            sources = {"main.rs": mangled}
            for candidate in RuleProposer().propose(_diagnostics(mangled, tmp_path), sources):
                tried += 1
                assert all(0 <= edit.start <= edit.end <= len(mangled) for edit in candidate.edits)
                apply_all(sources, candidate.edits)
                why_degenerate(candidate, sources)
    assert tried > 20
