"""Rules for patterns, arguments, fields and constants: what they mend, what they leave alone, that they never raise."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_rust import compiles, find, make_fixer, toolchain, write
from tutor.fix.messages import parse
from tutor.fix.rules.base import RuleProposer
from tutor.paths import Home

# Broken program, and the edits (old, new) that make the expected one: exactly these and no others.
MENDED: Mapping[str, tuple[str, dict[str, str]]] = {
    "no value stays no value": (
        "fn f(x: Option<u8>) -> Option<u8> {\n    match x {\n        Some(n) => Some(n + 1),\n    }\n}\n"
        "fn main() { println!(\"{:?}\", f(None)); }\n",
        {"n + 1),\n": "n + 1),\n        None => None,\n"},
    ),
    "a comma before the new arm": (
        "fn f(x: Option<u8>) -> Option<u8> {\n    match x {\n        Some(n) => Some(n + 1)\n    }\n}\n"
        "fn main() { println!(\"{:?}\", f(None)); }\n",
        {"n + 1)\n": "n + 1),\n        None => None,\n"},
    ),
    "an error goes to the caller in its type": (
        "fn f(s: &str) -> Result<u8, Box<dyn std::error::Error>> {\n    let n: u8 = match s.parse() {\n"
        "        Ok(n) => n,\n    };\n    Ok(n)\n}\nfn main() { println!(\"{:?}\", f(\"1\")); }\n",
        {"=> n,\n": "=> n,\n        Err(e) => return Err(e.into()),\n"},
    ),
    "variants that say their names": (
        "enum Hue { Red, Green, Blue }\nfn f(h: &Hue) -> &'static str {\n    match h {\n        Hue::Red => \"red\",\n"
        "        Hue::Green => \"green\",\n    }\n}\nfn main() { f(&Hue::Red); f(&Hue::Green); f(&Hue::Blue); }\n",
        {"\"green\",\n": "\"green\",\n        Hue::Blue => \"blue\",\n"},
    ),
    "arms that all do the same with what they hold": (
        "enum E { A(u8), B(u8), C(u8) }\nfn f(e: E) -> u8 {\n    match e {\n        E::A(n) => n + 1,\n"
        "        E::B(n) => n + 1,\n    }\n}\nfn main() { f(E::A(1)); f(E::B(1)); f(E::C(1)); }\n",
        {"E::B(n) => n + 1,\n": "E::B(n) => n + 1,\n        E::C(n) => n + 1,\n"},
    ),
    "arms that count by name": (
        "enum Hue { Red, Blue }\nfn main() {\n    let (mut num_red, mut num_blue) = (0, 0);\n"
        "    for hue in [Hue::Red, Hue::Blue] {\n        match hue {\n"
        "            Hue::Blue => num_blue += 1,\n        }\n"
        "    }\n    println!(\"{num_red}{num_blue}\");\n    num_red += 1;\n    println!(\"{num_red}\");\n}\n",
        {"num_blue += 1,\n": "num_blue += 1,\n            Hue::Red => num_red += 1,\n"},
    ),
    "the path that the other arms use": (
        "enum E { A, B }\nuse E::*;\nfn main() {\n    match A {\n        A => {}\n    }\n    let _ = B;\n}\n",
        {"A => {}\n": "A => {}\n        B => {}\n"},
    ),
    "a question mark for a refutable let": (
        "fn f(x: Option<u8>) -> Option<u8> {\n    let Some(y) = x;\n    Some(y + 1)\n}\nfn main() { f(None); }\n",
        {"let Some(y) = x;": "let y = x?;"},
    ),
    "let else where nothing is returned": (
        "fn f(x: Option<u8>) {\n    let Some(y) = x;\n    println!(\"{y}\");\n}\nfn main() { f(None); }\n",
        {"= x;": "= x else { return };"},
    ),
    "names that nobody uses": (
        "enum F { A(u8, u8) }\nfn main() {\n    match F::A(1, 2) {\n        F::A(x, y, z) => println!(\"{x}{y}\"),\n"
        "    }\n}\n",
        {"(x, y, z)": "(x, y)"},
    ),
    "a range of strings": (
        "fn main() {\n    let s = \"m\";\n    match s {\n        \"a\"..=\"n\" => println!(\"first\"),\n"
        "        _ => println!(\"rest\"),\n    }\n}\n",
        {"\"a\"..=\"n\" =>": "_ if s >= \"a\" && s <= \"n\" =>"},
    ),
    "elements without a name": (
        "fn main() {\n    let [a, b] = [1, 2, 3];\n    println!(\"{a}{b}\");\n}\n",
        {"[a, b]": "[a, b, ..]"},
    ),
    "a field from the variable of its name": (
        "struct P { x: u8, name: String }\nfn f(name: &str) -> P { P { x: 1 } }\n"
        "fn main() { let p = f(\"ü\"); println!(\"{}{}\", p.name, p.x); }\n",
        {"x: 1 }": "x: 1, name: name.to_string() }"},
    ),
    "an empty list where the struct is made": (
        "struct P { items: Vec<u8>, cap: usize }\nimpl P {\n    fn new(cap: usize) -> Self {\n        Self {\n"
        "            cap,\n        }\n    }\n}\n"
        "fn main() { let p = P::new(1); println!(\"{}{}\", p.cap, p.items.len()); }\n",
        {"            cap,\n": "            cap,\n            items: Vec::new(),\n"},
    ),
    "the other fields from Default": (
        "#[derive(Default)]\nstruct P { x: u8, y: u8 }\n"
        "fn main() { let p = P { x: 1 }; println!(\"{}{}\", p.x, p.y); }\n",
        {"x: 1 }": "x: 1, ..Default::default() }"},
    ),
    "the field that is left out": (
        "struct P { x: u8, y: u8 }\nfn main() { let p = P { x: 1, x: 2 }; println!(\"{}{}\", p.x, p.y); }\n",
        {"x: 2": "y: 2"},
    ),
    "the field that a pattern meant": (
        "struct T { x: u8, y: u8 }\nfn main() { let T { x, z } = (T { x: 1, y: 2 }); println!(\"{x}{z}\"); }\n",
        {"{ x, z }": "{ x, y: z }"},
    ),
    "counting on": ("pub struct P { pub id1: u8, pub id1: u8 }\nfn main() {}\n", {", pub id1": ", pub id2"}),
    "braces for named fields": (
        "enum E { A { x: u8, y: u8 } }\nfn main() { let E::A(x, b) = (E::A { x: 1, y: 2 }); println!(\"{x}{b}\"); }\n",
        {"A(x, b)": "A { x, y: b }"},
    ),
    "new instead of private fields": (
        "mod m {\n    pub struct F { a: u8 }\n    impl F {\n        pub fn new(a: u8) -> F { F { a } }\n"
        "        pub fn a(&self) -> u8 { self.a }\n    }\n}\n"
        "fn main() { let f = m::F { a: 1 }; println!(\"{}\", f.a()); }\n",
        {"m::F { a: 1 }": "m::F::new(1)"},
    ),
    "the variable with the parameter's name": (
        "fn add(a: i32, b: i32) -> i32 { a + b }\n"
        "fn main() { let (a, b) = (1, 2); println!(\"{}\", add(a)); let _ = b; }\n",
        {"add(a))": "add(a, b))"},
    ),
    "an element of a list": (
        "fn main() { let v = vec![1, 2]; println!(\"{}\", v(0)); }\n",
        {"v(0)": "v[0]"},
    ),
    "a value without brackets": (
        "fn main() { let size = 3usize; println!(\"{}\", size()); }\n",
        {"size()": "size"},
    ),
    "the element of a struct's list": (
        "struct P { v: Vec<u8> }\nfn main() { let p = P { v: vec![1] }; println!(\"{}\", p[0]); }\n",
        {"p[0]": "p.v[0]"},
    ),
    "a float is an f64": ("fn main() { println!(\"{}\", 2.0.powi(2)); }\n", {"2.0.": "2.0_f64."}),
    "a small number as a character": ("fn main() { println!(\"{}\", 66u32 as char); }\n", {"66u32": "66u8"}),
    "a function of this file in a constant": (
        "pub fn area(a: u32) -> u32 { a * 3 }\nconst A: u32 = area(3);\nfn main() { println!(\"{A}\"); }\n",
        {"pub fn": "pub const fn"},
    ),
    "a constant text": (
        "const S: String = String::from(\"a\");\nfn main() { println!(\"{}\", S); }\n",
        {"String = String::from(\"a\")": "&str = \"a\""},
    ),
    "a map that is made when it is used": (
        "use std::collections::HashMap;\nstatic M: HashMap<u8, u8> = HashMap::new();\n"
        "fn main() { println!(\"{}\", M.len()); }\n",
        {
            "use std::col": "use std::sync::LazyLock;\nuse std::col",
            "M: HashMap<u8, u8> = HashMap::new()": "M: LazyLock<HashMap<u8, u8>> = LazyLock::new(|| HashMap::new())",
        },
    ),
    "one place for a counter": (
        "use std::sync::atomic::AtomicU8;\nconst A: AtomicU8 = AtomicU8::new(0);\nstatic B: &AtomicU8 = &A;\n"
        "fn main() { println!(\"{:?}\", B); }\n",
        {"const A": "static A"},
    ),
    "a parameter that nothing uses": ("enum E<T> { A, B }\nfn main() { let _ = (E::A, E::B); }\n", {"E<T>": "E"}),
    "a parameter that is given somewhere": (
        "struct S<T> { x: u8 }\nfn main() { let s: S<u8> = S { x: 1 }; println!(\"{}\", s.x); }\n",
        {
            "x: u8 }": "x: u8, _marker: std::marker::PhantomData<T> }",
            "x: 1 }": "x: 1, _marker: std::marker::PhantomData }",
        },
    ),
    "numbers on variants": (
        "enum E { A(u8) = 1, B = 2 }\nfn main() { let _ = (E::A(1), E::B); }\n",
        {"enum E": "#[repr(u8)]\nenum E"},
    ),
    "leaving a closure": (
        "fn main() {\n    [1, 2].iter().for_each(|x| {\n        if *x == 1 {\n            continue;\n        }\n"
        "        println!(\"{x}\");\n    });\n}\n",
        {"continue": "return"},
    ),
    "a loop that can be left": (
        "fn main() {\n    [1, 2].iter().for_each(|x| {\n        if *x == 2 {\n            break;\n        }\n"
        "        println!(\"{x}\");\n    });\n}\n",
        {"    [1, 2].iter().for_each(|x| {": "    for x in [1, 2].iter() {", "    });": "    }"},
    ),
    "ending a function": (
        "fn f(n: u8) {\n    if n > 3 {\n        break;\n    }\n    println!(\"{n}\");\n}\nfn main() { f(1); }\n",
        {"break": "return"},
    ),
    "the value of a constant": ("const F: u8 = return 1;\nfn main() { println!(\"{F}\"); }\n", {"return 1": "1"}),
    "waiting in a function": (
        "async fn g() -> u8 { 1 }\nfn f() -> u8 { g().await + 1 }\npub async fn h() -> u8 { f() }\nfn main() {}\n",
        {"fn f()": "async fn f()", "{ f() }": "{ f().await }"},
    ),
}  # fmt: skip

# What only the author knows: nothing is offered.
LEFT_ALONE: Mapping[str, str] = {
    "numbers of variants": "enum C { P, N, D }\nfn v(c: C) -> u8 { match c { C::P => 1, C::N => 5 } }\n"
    "fn main() { v(C::P); v(C::N); v(C::D); }\n",
    "a value for nothing": "fn f(o: Option<u8>) -> u8 { match o { Some(x) => x } }\nfn main() { f(None); }\n",
    "words for nothing": 'fn f(o: Option<u8>) { match o { Some(x) => println!("{x}") } }\nfn main() { f(None); }\n',
    "a value of a field": "struct P { x: u8, y: u8 }\n"
    "fn main() { let p = P { x: 7 }; println!(\"{}{}\", p.x, p.y); }\n",
    "an argument": "fn f(n: u8) { println!(\"{n}\"); }\nfn main() { f(); }\n",
    "names that are all used": "enum F { A(u8, u8) }\nfn main() { match F::A(1, 2) { F::A(x, y, z) => "
    "println!(\"{x}{y}{z}\") } }\n",
    "unsafe code": "unsafe fn f() {}\nfn main() { f(); }\n",
    "waiting in main": "async fn g() -> u8 { 1 }\nfn main() { let x = g().await; println!(\"{x}\"); }\n",
    "fields of different types": "pub struct U { pub id: u8, pub id: u16 }\nfn main() {}\n",
}  # fmt: skip


@pytest.mark.parametrize("name", MENDED)
def test_mended(home: Home, tmp_path: Path, name: str) -> None:
    broken, edits = MENDED[name]
    wanted = broken
    for old, new in edits.items():
        assert wanted.count(old) == 1, old
        wanted = wanted.replace(old, new)
    for source, fixed in ((broken, wanted), (broken.replace("\n", "\r\n"), wanted.replace("\n", "\r\n"))):
        write(tmp_path, {"main.rs": source})
        found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
        assert found.outcome.status == "fixed"
        assert found.content("main.rs").decode() == fixed
    assert compiles(wanted.encode(), tmp_path / "out")


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(home: Home, tmp_path: Path, name: str) -> None:
    write(tmp_path, {"main.rs": LEFT_ALONE[name]})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
    assert (found.outcome.status, found.outcome.proposals) == ("unfixed", ())


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([broken for broken, _ in MENDED.values()]),
    st.integers(0, 200),
    st.integers(1, 30),
    st.sampled_from(["", "ü🦀", "}", "(", "match x {", "'", "::"]),
)
def test_rules_never_raise(source: str, at: int, length: int, put: str) -> None:
    mangled = (source[:at] + put + source[at + length :]).encode()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "main.rs"
        file.write_bytes(mangled)
        done = subprocess.run(
            [toolchain().rustc, "--edition=2021", "--error-format=json", "--emit=metadata", "main.rs"],
            capture_output=True,
            cwd=folder,
            check=False,
        )
    diagnostics = [message.diagnostic for message in parse(done.stderr, lambda name: name).found]
    for candidate in RuleProposer().propose(diagnostics, {"main.rs": mangled}):
        assert candidate.reason.suggestion
        assert 0 < candidate.likelihood < 0.9
        assert all(0 <= edit.start <= edit.end <= len(mangled) for edit in candidate.edits)
