"""Rules for mismatched and unknown types: what they mend, what they leave alone, that they never raise."""

from __future__ import annotations

import inspect
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledgegraph.rust_syntax import parse as syntax_of
from tests.helpers_rust import compiles, find, make_fixer, toolchain, write
from tutor.fix.messages import parse
from tutor.fix.rules.base import Case, Rule
from tutor.fix.rules.types import PARTS
from tutor.fix.rules.types_pair import agree, arguments, head, plain, said, widens
from tutor.paths import Home

# Broken programs, and in each what has to be put in which place: ⟦old|new⟧.
MENDED_TEXT = r"""
--- the narrower operand
fn main() { let ü: i32 = 5; let b: i64 = 7; let c = ⟦ü|i64::from(ü)⟧ + b; println!("{c}"); }
--- the wider operand is expected
fn main() { let a: i64 = 5; let b: i32 = 7; let c = a + ⟦b|i64::from(b)⟧; println!("{c}"); }
--- a field of another width
struct P {
    x: ⟦f32|f64⟧,
}
fn main() {
    let n = 1.5f64;
    let mut p = P { x: n };
    p.x = n;
    println!("{}", p.x);
}
--- a parameter that every line contradicts
fn f(n: ⟦u8|f64⟧) -> bool {
    n < 0.5
}
fn main() {
    let x: f64 = 0.3;
    println!("{}", f(x));
}
--- a digit in quotes
fn main() { let a = [1, 2, ⟦'3'|3⟧]; println!("{a:?}"); }
--- a number in quotes
fn f(n: i32) { println!("{n}"); }
fn main() { f(⟦"12"|12⟧); }
--- a float that is whole
fn main() { let n: i32 = ⟦2.0|2⟧; println!("{n}"); }
--- floats in a row
fn main() { let v = [⟦1|1.0⟧, 2.5]; println!("{v:?}"); }
--- texts in a row
fn main() { let v: Vec<String> = vec!["a"⟦|.to_string()⟧, "b"⟦|.to_string()⟧]; println!("{v:?}"); }
--- an integer as a condition
fn main() { let mut n = 3; while n⟦| != 0⟧ { n -= 1; } }
--- a list as a condition
fn main() { let v = vec![1]; if ⟦v|!v.is_empty()⟧ { println!("{v:?}"); } }
--- a length
fn main() { let v = vec![1]; let n: usize = v⟦|.len()⟧; println!("{n}"); }
--- items that nobody collects
fn main() { let v: Vec<i32> = vec![1].into_iter().map(|x| x + 1)⟦|.collect()⟧; println!("{v:?}"); }
--- a sum that nobody takes
fn main() { let sum: i32 = vec![1].into_iter().filter(|x| *x > 1)⟦|.sum()⟧; println!("{sum}"); }
--- a text of a number
fn main() { let n = 1; let s: String = n⟦|.to_string()⟧; println!("{s}"); }
--- two wrappers
use std::{cell::RefCell, rc::Rc};
fn f(x: Rc<RefCell<String>>) { println!("{x:?}"); }
fn main() { let s = String::new(); f(⟦s|Rc::new(RefCell::new(s))⟧); }
--- Ok for Some
fn f(x: i32) -> Option<i32> { if x > 1 { ⟦Ok|Some⟧(x) } else { None } }
fn main() { f(1); }
--- an Option of a Result
fn f(s: &str) -> Option<i32> { s.parse()⟦|.ok()⟧ }
fn main() { f("1"); }
--- an item compared
fn main() { let v = vec![1]; if v.get(0) == ⟦1|Some(&1)⟧ { println!("one"); } }
--- a vector
fn main() { let v: Vec<i32> = ⟦|vec!⟧[1, 2]; println!("{v:?}"); }
--- a return type from a caller
type R = Result<i32, Box<dyn std::error::Error>>;
fn g()⟦| -> R⟧ {
    Err("no".into())
}
fn p(r: R) { println!("{}", r.is_ok()); }
fn main() { p(g()); }
--- a value and its type swallowed
fn add(a: i32, b: i32)⟦| -> i32⟧ { a + b⟦;|⟧ }
fn main() { let s: i32 = add(1, 2); println!("{s}"); }
--- a function that only acts
fn show() -> ⟦i32|()⟧ {
    println!("here");
}
fn main() {
    show();
}
--- what the loop built
fn total(v: &[i32]) -> i32 {
    let mut n = 0;
    let mut all = 0;
    for x in v {
        all += x;
        n += 1;
    }
    println!("{n}");⟦|
    all⟧
}
fn main() {
    total(&[1]);
}
--- nothing found
fn has(v: &[i32]) -> bool {
    for x in v {
        if *x == 1 {
            return true;
        }
    }⟦|
    false⟧
}
fn main() {
    has(&[1]);
}
--- a semicolon before a coercion
use std::fmt::Debug;
fn f(c: bool) -> Box<dyn Debug> { if c { Box::new(1) } else { Box::new("a")⟦;|⟧ } }
fn main() { f(true); }
--- main hands on an error
use std::num::ParseIntError;
fn f() -> Result<i32, ParseIntError> { "1".parse() }
fn main()⟦| -> Result<(), ParseIntError>⟧ {
    match f() {
        Ok(n) => println!("{n}"),
        Err(e) => return Err(e),
    }
    Ok(())
}
--- a mutable borrow
fn inc(n: &mut i32) { *n += 1; }
fn main() { let mut n = 1; inc(⟦&|&mut ⟧n); println!("{n}"); }
--- closures of two types
fn a() -> ⟦impl Fn(i32) -> i32|Box<dyn Fn(i32) -> i32>⟧ {
    ⟦|x| x + 1|Box::new(|x| x + 1)⟧
}
fn b() -> ⟦impl Fn(i32) -> i32|Box<dyn Fn(i32) -> i32>⟧ {
    ⟦|x| x + 2|Box::new(|x| x + 2)⟧
}
fn main() {
    for f in vec![a(), b()] {
        println!("{}", f(1));
    }
}
--- a question mark where the value is made
fn g(n: i32) -> i32 { n }
fn f(s: &str) -> Result<i32, std::num::ParseIntError> {
    let n = s.parse::<i32>()⟦|?⟧;
    println!("{}", n + 1);
    Ok(g(n))
}
fn main() { f("1").ok(); }
--- an else
fn main() { let n = if true { 1 }⟦| else { 0 }⟧; println!("{n}"); }
--- the rest of a tuple
fn main() { let (a, b⟦|, _⟧) = (1, 2, 3); println!("{a}{b}"); }
--- a loop over borrowed names
fn main() {
    let names = vec!["a", "b"];
    for name in names⟦|.iter()⟧ {
        match name {
            &"a" => println!("first"),
            _ => println!("other"),
        }
    }
    println!("{names:?}");
}
--- two type parameters
struct P<T⟦|, U⟧> { x: T, y: ⟦T|U⟧ }
fn main() { let p = P { x: 1, y: 2.5 }; println!("{}{}", p.x, p.y); }
--- a new variable
fn main() {
    let ⟦mut |⟧s = "a";
    println!("{s}");
    ⟦|let ⟧s = s.len();
    println!("{s}");
}
--- what a sum is
fn main() { let v = vec![1u8]; let s⟦|: u8⟧ = v.iter().sum(); println!("{s}"); }
--- characters make a text
fn main() { let s⟦|: String⟧ = "abc".chars().rev().collect(); println!("{s}"); }
--- what is parsed
fn main() { let n = "4.5".parse⟦|::<f64>⟧().unwrap(); println!("{n}"); }
--- what is parsed, from its use
fn f(s: &str) { let n = s.parse⟦|::<u64>⟧().unwrap(); if n > 5u64 { println!("{n}"); } }
fn main() { f("1"); }
--- what holds both
fn main() { let mut v⟦|: Vec<i16>⟧ = Vec::new(); let a: u8 = 1; let b: i8 = 2; v.push(a.into());
    v.push(b.into()); }
--- a closure's parameter
fn main() { let f = |s⟦|: &str⟧| s.len(); println!("{}", f("abc")); }
--- the goal of into
fn main() { let n: u32 = 1; let d: u64 = 2; let e = d % ⟦n.into()|u64::from(n)⟧; println!("{e}"); }
--- the only type that implements it
trait A { fn new() -> Self; fn go(&self) {} }
struct S;
impl A for S { fn new() -> Self { S } }
fn main() { let s⟦|: S⟧ = A::new(); s.go(); }
--- one number twice
enum E { A = 3, B = ⟦3|4⟧ }
fn main() { let _ = (E::A, E::B); }
--- a number after the last
#[repr(u8)]
enum E { A = 255, B⟦| = 0⟧ }
fn main() { let _ = (E::A, E::B); }
--- no reference
fn main() { let c = 'a'; println!("{}", ⟦*|⟧c == 'a'); }
--- a borrowed self
struct L(u8);
impl L { fn n(⟦|&⟧self) -> u8 { match *self { L(n) => n } } }
fn main() { let l = L(1); println!("{}{}", l.n(), l.n()); }
--- an empty text
fn main() { let s = "a"; if ⟦!s|s.is_empty()⟧ { println!("{s}"); } }
--- a cast to text
fn main() { let n = 5; let s = ⟦n as String|n.to_string()⟧; println!("{s}"); }
--- a float's bits
fn main() { let mut x = ⟦12f32|12u32⟧; x <<= 2; println!("{x}"); }
--- a closure's result
fn main() { let f = || { ⟦1|Some(1)⟧ }; println!("{:?}", Some(2).or_else(f)); }
"""
MENDED = {part.split("\n", 1)[0].strip(): part.split("\n", 1)[1] for part in MENDED_TEXT.split("\n--- ")[1:]}

# What only the author can decide.
LEFT_ALONE = {
    "a word is no number": "fn f(n: i32) { println!(\"{n}\"); }\nfn main() { f(\"twelve\"); }\n",
    "arms of unlike kinds": "fn main() { let n = if true { 5 } else { \"six\" }; println!(\"{n}\"); }\n",
    "an empty body": "fn f(a: u8) -> i32 {}\nfn main() { println!(\"{}\", f(1)); }\n",
    "a public result": "pub fn f() -> i32 {\n    println!(\"a\");\n}\nfn main() { f(); }\n",
    "a trait's result": "trait T { fn f(&self) -> i32; }\nimpl T for u8 { fn f(&self) -> i32 { println!(\"a\"); } }\n"
    "fn main() { 1u8.f(); }\n",
    "a number for a text": "fn f(n: i32) -> &'static str { if n > 1 { \"more\" } else { 1 } }\nfn main() { f(1); }\n",
    "two variables that could be meant": "fn f() -> i32 {\n    let mut a = 0;\n    let mut b = 0;\n    a += 1;\n"
    "    b += 1;\n    println!(\"now\");\n}\nfn main() { let n: i32 = f(); println!(\"{n}\"); }\n",
}  # fmt: skip


def _both(marked: str) -> tuple[str, str]:
    """The broken and the mended program of one with ⟦old|new⟧ in it; the middle one of several bars parts them."""
    broken, mended = [], []
    for part in marked.split("⟧"):
        before, sign, change = part.partition("⟦")
        bars = change.count("|")
        cut = -1
        for _ in range(bars // 2 + 1 if sign else 0):
            cut = change.index("|", cut + 1)
        broken += [before, change[:cut] if sign else ""]
        mended += [before, change[cut + 1 :] if sign else ""]
    return "".join(broken), "".join(mended)


@pytest.mark.parametrize("name", MENDED)
def test_mended(home: Home, tmp_path: Path, name: str) -> None:
    broken, mended = _both(MENDED[name])
    assert not compiles(broken.encode(), tmp_path / "out")
    write(tmp_path, {"main.rs": broken})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
    assert (found.outcome.status, found.content("main.rs").decode()) == ("fixed", mended)
    assert compiles(mended.encode(), tmp_path / "out")


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(home: Home, tmp_path: Path, name: str) -> None:
    write(tmp_path, {"main.rs": LEFT_ALONE[name]})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
    assert (found.outcome.status, found.outcome.proposals) == ("unfixed", ())


def test_lines_keep_their_endings(home: Home, tmp_path: Path) -> None:
    broken, mended = (text.replace("\n", "\r\n") for text in _both(MENDED["a field of another width"]))
    write(tmp_path, {"main.rs": broken})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
    assert found.content("main.rs").decode() == mended


def test_names_of_types() -> None:
    assert plain("std::result::Result<i32, std::io::Error>") == "Result<i32, Error>"
    assert (head("Vec<i32>"), head("&str")) == ("Vec", "&str")
    assert arguments("HashMap<&'a str, Vec<(i32, u8)>>") == ["&'a str", "Vec<(i32, u8)>"]
    assert arguments("Box<dyn Fn(i32) -> i32>") == ["dyn Fn(i32) -> i32"]
    assert arguments("Iter<'_, u8>") == ["u8"] and arguments("i32") == ()
    assert said("Vec<i32>") and not said("Vec<_>") and not said("{integer}") and not said("[closure@main.rs:1:2]")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("i32", "i32", True),
        ("{integer}", "u8", True),
        ("{integer}", "f64", False),
        ("&mut i32", "&i32", False),
        ("Vec<_>", "Vec<String>", True),
        ("Option<i32>", "Option<u8>", False),
        ("", "i32", False),
    ],
)
def test_types_that_may_agree(one: str, other: str, expected: bool) -> None:
    assert agree(one, other) == agree(other, one) == expected


NUMBERS = ["i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "i128", "u128", "isize", "usize", "f32", "f64"]


def test_widening_is_what_the_standard_library_says(tmp_path: Path) -> None:
    lines = {(a, b): f"const _: fn({a}) -> {b} = <{b} as From<{a}>>::from;" for a in NUMBERS for b in NUMBERS if a != b}
    file = tmp_path / "all.rs"
    file.write_text("\n".join(lines.values()))
    rustc = str(toolchain().rustc)
    command = [rustc, "--edition=2021", "--crate-type=lib", "--emit=metadata", "--error-format=short"]
    done = subprocess.run([*command, "--out-dir", tmp_path, file], capture_output=True, text=True, check=False)
    wrong = {int(line.split(":")[1]) for line in done.stderr.splitlines() if "all.rs:" in line and "error" in line}
    allowed = {pair for number, pair in enumerate(lines, 1) if number not in wrong}
    assert allowed == {pair for pair in lines if widens(*pair)}


# Every rule of the family; each is tried with every error, whatever its code.
RULES: list[Rule] = [
    function
    for part in PARTS
    for function in vars(part).values()
    if inspect.isgeneratorfunction(function) and list(inspect.signature(function).parameters) == ["case"]
]


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([_both(marked)[0] for marked in MENDED.values()]),
    st.integers(0, 200),
    st.integers(0, 30),
    st.sampled_from(["", "ü🦀", "}", "(", "|", "'", "::", "&", ";", ".x", "\r\n"]),
)
def test_rules_never_raise(source: str, at: int, length: int, put: str) -> None:
    mangled = (source[:at] + put + source[at + length :]).encode()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.rs").write_bytes(mangled)
        command = [str(toolchain().rustc), "--edition=2021", "--error-format=json", "--emit=metadata", "main.rs"]
        done = subprocess.run(command, capture_output=True, cwd=folder, check=False)
    diagnostics = [message.diagnostic for message in parse(done.stderr, lambda name: name).found]
    for other in (mangled, source.encode(), mangled[: len(mangled) // 2]):
        syntax = syntax_of(other)
        for diagnostic in diagnostics:
            place = diagnostic.place
            if place is None or place.end > len(other):
                continue
            for fix in (fix for rule in RULES for fix in rule(Case(diagnostic, place, {"main.rs": other}, syntax))):
                assert fix.words and 0 < fix.likelihood < 0.9
                assert all(0 <= edit.start <= edit.end <= len(other) for edit in fix.edits)
