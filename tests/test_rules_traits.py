"""The rules about traits in the real search: what they mend and how, what they leave alone, that nothing stops them."""

from __future__ import annotations

import dataclasses
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_rust import find, make_fixer, toolchain, write
from tutor.diagnostics import Diagnostic
from tutor.fix.edits import apply_edits
from tutor.fix.messages import parse
from tutor.fix.proposer import Candidate
from tutor.fix.rules.base import RuleProposer
from tutor.paths import Home

# Each program and the replacements that make of it what the first proposal has to be.
Replacements = tuple[str, *tuple[tuple[str, str], ...]]
CASES: dict[str, Replacements] = {
    "length as float": (
        """\
fn mean(v: &[i32]) -> f64 {
    let s: i32 = v.iter().sum();
    s as f64 / v.len()
}
fn main() {
    println!("{}", mean(&[1, 2]));
}
""",
        ("s as f64 / v.len()", "s as f64 / v.len() as f64"),
    ),
    "integer times float": (
        """\
fn area(n: u32, r: f64) -> f64 {
    n * r
}
fn main() {
    println!("{}", area(1, 2.0));
}
""",
        ("n * r", "n as f64 * r"),
    ),
    "float plus-assign byte": (
        """\
fn main() {
    let mut t: f64 = 0.0;
    for x in [1u8, 2] {
        t += x;
    }
    println!("{t}");
}
""",
        ("t += x;", "t += x as f64;"),
    ),
    "reference times float": (
        """\
fn main() {
    let v: Vec<i32> = vec![1, 2];
    let t: f64 = v.iter().map(|x| x * 1.5).sum();
    println!("{t}");
}
""",
        ("let t: f64 = v.iter().map(|x| x * 1.5).sum();", "let t: f64 = v.iter().map(|x| *x as f64 * 1.5).sum();"),
    ),
    "index i32": (
        """\
fn main() {
    let v = vec![1, 2];
    let i: i32 = 1;
    println!("{}", v[i]);
}
""",
        ('println!("{}", v[i]);', 'println!("{}", v[i as usize]);'),
    ),
    "range of u32": (
        """\
fn part(v: &[u8], n: u32) -> &[u8] {
    &v[1..n]
}
fn main() {
    println!("{:?}", part(&[1, 2], 2));
}
""",
        ("&v[1..n]", "&v[1..n as usize]"),
    ),
    "for over number": (
        """\
fn main() {
    let n = 10;
    for i in n {
        println!("{i}");
    }
}
""",
        ("for i in n {", "for i in 0..n {"),
    ),
    "for over String": (
        """\
fn main() {
    let s = String::from("hey");
    for c in s {
        println!("{c}");
    }
}
""",
        ("for c in s {", "for c in s.chars() {"),
    ),
    "Display of Vec": (
        """\
fn main() {
    let v = vec![1, 2];
    println!("{}", v);
}
""",
        ('println!("{}", v);', 'println!("{:?}", v);'),
    ),
    "inline hole": (
        """\
fn main() {
    let v = vec![1, 2];
    println!("{v}");
}
""",
        ('println!("{v}");', 'println!("{v:?}");'),
    ),
    "hole with width": (
        """\
fn main() {
    let v = [1, 2];
    println!("{:>4}", v);
}
""",
        ('println!("{:>4}", v);', 'println!("{:>4?}", v);'),
    ),
    "Display of a Debug type": (
        """\
#[derive(Debug)]
struct P {
    x: i32,
}
fn main() {
    let p = P { x: 1 };
    println!("{}", p);
    println!("{}", p.x);
}
""",
        ('println!("{}", p);', 'println!("{:?}", p);'),
    ),
    "Display of a bare type": (
        """\
struct P {
    x: i32,
}
fn main() {
    let p = P { x: 1 };
    println!("{}", p);
    println!("{}", p.x);
}
""",
        ("struct P {", "#[derive(Debug)]\nstruct P {"),
        ('println!("{}", p);', 'println!("{:?}", p);'),
    ),
    "map on Vec": (
        """\
fn main() {
    let v = vec![1, 2];
    let w: Vec<i32> = v.map(|x| x + 1).collect();
    println!("{w:?}");
}
""",
        ("let w: Vec<i32> = v.map(|x| x + 1).collect();", "let w: Vec<i32> = v.iter().map(|x| x + 1).collect();"),
    ),
    "enumerate on Vec": (
        """\
fn main() {
    let v = vec!["a", "b"];
    for (i, x) in v.enumerate() {
        println!("{i} {x}");
    }
}
""",
        ("for (i, x) in v.enumerate() {", "for (i, x) in v.iter().enumerate() {"),
    ),
    "rev on str": (
        """\
fn main() {
    let s = "abc";
    let r: String = s.rev().collect();
    println!("{r}");
}
""",
        ("let r: String = s.rev().collect();", "let r: String = s.chars().rev().collect();"),
    ),
    "map on String": (
        """\
fn main() {
    let s = String::from("abc");
    let r: String = s.map(|c| c.to_ascii_uppercase()).collect();
    println!("{r}");
}
""",
        (
            "let r: String = s.map(|c| c.to_ascii_uppercase()).collect();",
            "let r: String = s.chars().map(|c| c.to_ascii_uppercase()).collect();",
        ),
    ),
    "map on HashMap": (
        """\
use std::collections::HashMap;
fn main() {
    let m: HashMap<&str, i32> = HashMap::new();
    let s: i32 = m.map(|(_, v)| v).sum();
    println!("{s}");
}
""",
        ("let s: i32 = m.map(|(_, v)| v).sum();", "let s: i32 = m.iter().map(|(_, v)| v).sum();"),
    ),
    "collect numbers": (
        """\
fn main() {
    let v = vec![1, 2, 3];
    let big: Vec<i32> = v.iter().filter(|x| **x > 1).collect();
    println!("{big:?}");
}
""",
        (
            "let big: Vec<i32> = v.iter().filter(|x| **x > 1).collect();",
            "let big: Vec<i32> = v.iter().filter(|x| **x > 1).copied().collect();",
        ),
    ),
    "collect texts": (
        """\
fn main() {
    let v = vec![String::from("a")];
    let w: Vec<String> = v.iter().filter(|x| x.len() > 1).collect();
    println!("{w:?} {v:?}");
}
""",
        (
            "let w: Vec<String> = v.iter().filter(|x| x.len() > 1).collect();",
            "let w: Vec<String> = v.iter().filter(|x| x.len() > 1).cloned().collect();",
        ),
    ),
    "Result as operand": (
        """\
fn f(a: &str, b: &str) -> Result<i32, std::num::ParseIntError> {
    Ok(a.parse::<i32>()? + b.parse::<i32>())
}
fn main() {
    println!("{:?}", f("1", "2"));
}
""",
        ("Ok(a.parse::<i32>()? + b.parse::<i32>())", "Ok(a.parse::<i32>()? + b.parse::<i32>()?)"),
    ),
    "bounds of a map key": (
        """\
use std::collections::HashMap;
use std::hash::Hash;
struct C<T> {
    m: HashMap<T, u32>,
}
impl<T> C<T> {
    fn add(&mut self, t: T) {
        self.m.insert(t, 1);
    }
}
fn main() {
    let mut c = C { m: HashMap::new() };
    c.add(1);
}
""",
        ("impl<T> C<T> {", "impl<T: Eq + Hash> C<T> {"),
    ),
    "sort needs Ord": (
        """\
#[derive(Debug)]
struct K(u8);
fn main() {
    let mut v = vec![K(2), K(1)];
    v.sort();
    println!("{v:?}");
}
""",
        ("#[derive(Debug)]", "#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]"),
    ),
    "Item": (
        """\
struct C(u8);
impl Iterator for C {
    fn next(&mut self) -> Option<u8> {
        self.0 += 1;
        if self.0 < 3 { Some(self.0) } else { None }
    }
}
fn main() {
    for x in C(0) {
        println!("{x}");
    }
}
""",
        ("    fn next(&mut self) -> Option<u8> {", "    type Item = u8;\n    fn next(&mut self) -> Option<u8> {"),
    ),
    "Output": (
        """\
use std::ops::Add;
struct P(i32);
impl Add for P {
    fn add(self, o: P) -> P {
        P(self.0 + o.0)
    }
}
fn main() {
    println!("{}", (P(1) + P(2)).0);
}
""",
        ("    fn add(self, o: P) -> P {", "    type Output = P;\n    fn add(self, o: P) -> P {"),
    ),
    "Err": (
        """\
use std::str::FromStr;
struct P(i32);
impl FromStr for P {
    fn from_str(s: &str) -> Result<P, std::num::ParseIntError> {
        Ok(P(s.parse()?))
    }
}
fn main() {
    println!("{}", "1".parse::<P>().unwrap().0);
}
""",
        (
            "    fn from_str(s: &str) -> Result<P, std::num::ParseIntError> {",
            "    type Err = std::num::ParseIntError;\n    fn from_str(s: &str) -> Result<P, std::num::ParseIntError> {",
        ),
    ),
    "not a member, last": (
        """\
trait S {
    fn area(&self) -> f64;
}
struct Q(f64);
impl S for Q {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
    fn side(&self) -> f64 {
        let x = self.0;
        x
    }
}
fn main() {
    println!("{} {}", Q(1.0).area(), Q(1.0).side());
}
""",
        ("    fn side(&self) -> f64 {", "}\n\nimpl Q {\n    fn side(&self) -> f64 {"),
    ),
    "not a member, other name": (
        """\
trait S {
    fn area(&self) -> f64;
}
struct Q(f64);
impl S for Q {
    fn surface(&self) -> f64 {
        self.0 * self.0
    }
}
fn main() {
    println!("{}", Q(1.0).area());
}
""",
        ("fn surface(&self) -> f64 {", "fn area(&self) -> f64 {"),
    ),
    "self missing": (
        """\
trait S {
    fn name(&self) -> String;
}
struct Q;
impl S for Q {
    fn name() -> String {
        String::from("q")
    }
}
fn main() {
    println!("{}", Q.name());
}
""",
        ("fn name() -> String {", "fn name(&self) -> String {"),
    ),
    "parameter missing": (
        """\
trait S {
    fn scale(&self, by: f64, times: u32) -> f64;
}
struct Q;
impl S for Q {
    fn scale(&self, by: f64) -> f64 {
        by
    }
}
fn main() {
    println!("{}", Q.scale(1.0, 2));
}
""",
        ("fn scale(&self, by: f64) -> f64 {", "fn scale(&self, by: f64, _times: u32) -> f64 {"),
    ),
    "parameter too many": (
        """\
trait S {
    fn scale(&self) -> f64;
}
struct Q;
impl S for Q {
    fn scale(&self, by: f64) -> f64 {
        1.0
    }
}
fn main() {
    println!("{}", Q.scale());
}
""",
        ("fn scale(&self, by: f64) -> f64 {", "fn scale(&self) -> f64 {"),
    ),
    "two types differ": (
        """\
trait S {
    fn scale(&self, by: u32) -> u32;
}
struct Q;
impl S for Q {
    fn scale(&self, by: u64) -> u64 {
        by
    }
}
fn main() {
    println!("{}", Q.scale(1));
}
""",
        ("fn scale(&self, by: u64) -> u64 {", "fn scale(&self, by: u32) -> u32 {"),
    ),
    "Copy of what is inside": (
        """\
#[derive(Clone)]
struct I(u8);
#[derive(Clone, Copy)]
struct O {
    i: I,
}
fn main() {
    let o = O { i: I(1) };
    let p = o;
    println!("{} {}", o.i.0, p.i.0);
}
""",
        ("#[derive(Clone)]", "#[derive(Clone, Copy)]"),
    ),
    "no Copy": (
        """\
#[derive(Debug, Clone, Copy)]
struct O {
    i: String,
}
fn main() {
    let o = O { i: String::new() };
    println!("{o:?} {}", o.i);
}
""",
        ("#[derive(Debug, Clone, Copy)]", "#[derive(Debug, Clone)]"),
    ),
    "Copy with Drop": (
        """\
#[derive(Clone, Copy)]
struct O;
impl Drop for O {
    fn drop(&mut self) {
        println!("bye");
    }
}
fn main() {
    let _o = O;
}
""",
        ("#[derive(Clone, Copy)]", "#[derive(Clone)]"),
    ),
    "derived and written": (
        """\
#[derive(Debug, Clone, Default)]
struct O(u8);
impl Default for O {
    fn default() -> Self {
        O(7)
    }
}
fn main() {
    println!("{:?}", O::default().clone());
}
""",
        ("#[derive(Debug, Clone, Default)]", "#[derive(Debug, Clone)]"),
    ),
    "list": (
        """\
struct Node {
    value: i32,
    next: Option<Node>,
}
fn main() {
    let n = Node { value: 1, next: None };
    println!("{} {}", n.value, n.next.is_none());
}
""",
        ("next: Option<Node>,", "next: Option<Box<Node>>,"),
    ),
    "tree": (
        """\
enum Expr {
    Num(i64),
    Add(Expr, Expr),
}
fn eval(e: &Expr) -> i64 {
    match e {
        Expr::Num(n) => *n,
        Expr::Add(a, b) => eval(a) + eval(b),
    }
}
fn main() {
    let e = Expr::Add(Expr::Num(1), Expr::Num(2));
    println!("{}", eval(&e));
}
""",
        ("Add(Expr, Expr),", "Add(Box<Expr>, Box<Expr>),"),
        (
            "let e = Expr::Add(Expr::Num(1), Expr::Num(2));",
            "let e = Expr::Add(Box::new(Expr::Num(1)), Box::new(Expr::Num(2)));",
        ),
    ),
    "no object": (
        """\
trait S {
    fn each<F: Fn(u8)>(&self, f: F);
}
struct Q;
impl S for Q {
    fn each<F: Fn(u8)>(&self, f: F) {
        f(1)
    }
}
fn run(s: &dyn S) {
    s.each(|x| println!("{x}"));
}
fn main() {
    run(&Q);
}
""",
        ("fn run(s: &dyn S) {", "fn run(s: &impl S) {"),
    ),
    "slice by value": (
        """\
fn main() {
    let a = [1, 2, 3];
    let t: [i32] = a[0..2];
    println!("{:?}", &t);
}
""",
        ("let t: [i32] = a[0..2];", "let t: &[i32] = &a[0..2];"),
    ),
    "text as error": (
        """\
fn f(s: &str) -> Result<i32, String> {
    let n: i32 = s.parse()?;
    Ok(n)
}
fn main() {
    println!("{:?}", f("1"));
}
""",
        ("let n: i32 = s.parse()?;", "let n: i32 = s.parse::<i32>().map_err(|error| error.to_string())?;"),
    ),
    "variant as error": (
        """\
#[derive(Debug)]
enum E {
    Parse(std::num::ParseIntError),
    Io(std::io::Error),
}
fn f(s: &str) -> Result<i32, E> {
    let n: i32 = s.parse()?;
    Ok(n)
}
fn main() {
    println!("{:?}", f("1"));
    let _ = E::Io;
}
""",
        ("let n: i32 = s.parse()?;", "let n: i32 = s.parse().map_err(E::Parse)?;"),
    ),
    "main fails with anything": (
        """\
use std::fs;
fn main() -> Result<(), std::num::ParseIntError> {
    let t = fs::read_to_string("x")?;
    let n: i32 = t.trim().parse()?;
    println!("{n}");
    Ok(())
}
""",
        ("fn main() -> Result<(), std::num::ParseIntError> {", "fn main() -> Result<(), Box<dyn std::error::Error>> {"),
    ),
    "camel case": (
        """\
fn main() {
    let s = "abc".toUppercase();
    println!("{s} {}", "x".startsWith("y"));
}
""",
        ('let s = "abc".toUppercase();', 'let s = "abc".to_uppercase();'),
        ('println!("{s} {}", "x".startsWith("y"));', 'println!("{s} {}", "x".starts_with("y"));'),
    ),
    "names from elsewhere": (
        """\
fn main() {
    let mut v = Vec::new();
    v.add(1);
    println!("{}", v.length());
}
""",
        ("v.add(1);", "v.push(1);"),
        ('println!("{}", v.length());', 'println!("{}", v.len());'),
    ),
    "Rc in a thread": (
        """\
use std::rc::Rc;
use std::thread;
fn main() {
    let v = Rc::new(vec![1]);
    let w = Rc::clone(&v);
    thread::spawn(move || println!("{:?}", w)).join().unwrap();
    println!("{:?}", v);
}
""",
        ("use std::rc::Rc;", "use std::sync::Arc;"),
        ("let v = Rc::new(vec![1]);", "let v = Arc::new(vec![1]);"),
        ("let w = Rc::clone(&v);", "let w = Arc::clone(&v);"),
    ),
    "RefCell in a thread": (
        """\
use std::cell::RefCell;
use std::rc::Rc;
use std::thread;
fn main() {
    let v = Rc::new(RefCell::new(1));
    let w = Rc::clone(&v);
    thread::spawn(move || *w.borrow_mut() += 1).join().unwrap();
    println!("{}", v.borrow());
}
""",
        ("use std::cell::RefCell;", "use std::sync::Mutex;"),
        ("use std::rc::Rc;", "use std::sync::Arc;"),
        ("let v = Rc::new(RefCell::new(1));", "let v = Arc::new(Mutex::new(1));"),
        ("let w = Rc::clone(&v);", "let w = Arc::clone(&v);"),
        (
            "thread::spawn(move || *w.borrow_mut() += 1).join().unwrap();",
            "thread::spawn(move || *w.lock().unwrap() += 1).join().unwrap();",
        ),
        ('println!("{}", v.borrow());', 'println!("{}", v.lock().unwrap());'),
    ),
    "dot for path": (
        """\
struct T(u8);
impl T {
    fn make() -> T {
        T(1)
    }
}
fn main() {
    println!("{}", T.make().0);
}
""",
        ('println!("{}", T.make().0);', 'println!("{}", T::make().0);'),
    ),
    "Vec of what": (
        """\
fn main() {
    let v: Vec = vec![1];
    println!("{v:?}");
}
""",
        ("let v: Vec = vec![1];", "let v: Vec<_> = vec![1];"),
    ),
    "trait and type swapped": (
        """\
trait S {
    fn n(&self) -> u8;
}
struct Q;
impl Q for S {
    fn n(&self) -> u8 {
        1
    }
}
fn main() {
    println!("{}", Q.n());
}
""",
        ("impl Q for S {", "impl S for Q {"),
    ),
    "derives in one list": (
        """\
#[derive(Debug, Clone)]
struct V(u8);
fn main() {
    let (a, b) = (V(1), V(2));
    println!("{} {:?} {}", a == b, a.clone(), a < b);
}
""",
        ("#[derive(Debug, Clone)]", "#[derive(Debug, Clone, PartialEq, PartialOrd)]"),
    ),
    "character of a String": (
        """\
fn main() {
    let s = String::from("abc");
    let c = s[0];
    println!("{:?}", c);
}
""",
        ("let c = s[0];", "let c = s.chars().nth(0);"),
    ),
    "character in a macro": (
        """\
fn main() {
    let s = "abc";
    for i in 0..s.len() {
        println!("{:?}", s[i]);
    }
}
""",
        ('println!("{:?}", s[i]);', 'println!("{:?}", s.chars().nth(i));'),
    ),
    "first variants": (
        """\
#[derive(Debug)]
enum M {
}
fn main() {
    println!("{:?} {:?}", M::A, M::B);
}
""",
        ("enum M {\n", "enum M {\n    A,\n    B,\n"),
    ),
}
CASES |= {
    "clone of a type that has none": (
        """\
#[derive(Debug)]
struct P {
    x: f64,
}
fn main() {
    let a = P { x: 1.0 };
    let b = a.clone();
    println!("{a:?} {b:?} {}", a.x);
}
""",
        ("#[derive(Debug)]", "#[derive(Debug, Clone)]"),
    ),
    "sort of floats": (
        'fn main() {\n    let mut v = vec![2.0, 1.0];\n    v.sort();\n    println!("{v:?}");\n}\n',
        ("v.sort()", "v.sort_by(f64::total_cmp)"),
    ),
    "largest of floats": (
        'fn main() {\n    let v = vec![2.0, 1.0];\n    println!("{:?}", v.iter().max());\n}\n',
        ("max()", "max_by(|a, b| f64::total_cmp(a, b))"),
    ),
    "drop without self": (
        'struct P;\nimpl Drop for P {\n    fn drop() {\n        println!("x");\n    }\n}\n'
        "fn main() {\n    let _p = P;\n}\n",
        ("fn drop()", "fn drop(&mut self)"),
    ),
}

# Programs that nobody can mend without knowing more.
ALONE = {
    "a body that nobody can know": (
        "trait S {\n    fn n(&self) -> u8;\n    fn show(&self);\n}\nstruct Q;\nimpl S for Q {\n"
        "    fn n(&self) -> u8 {\n        1\n    }\n}\nfn main() {\n    Q.show();\n}\n"
    ),
    "a conversion that loses something": (
        "fn half(n: i32) -> i32 {\n    let x: f64 = 0.5;\n    let y: i32 = n * x;\n    y\n}\nfn main() {\n"
        '    println!("{}", half(2));\n}\n'
    ),
    "a public function's error type": (
        "pub fn read(text: &str) -> Result<i32, std::fmt::Error> {\n    let n: i32 = text.trim().parse::<i32>()?;\n"
        '    Ok(n)\n}\nfn main() {\n    let _ = read("1");\n}\n'
    ),
    "a type that says in another way how it looks": (
        "struct P(i32);\nimpl P {\n    fn text(&self) -> String {\n        self.0.to_string()\n    }\n}\nfn main() {\n"
        '    println!("point: {}", P(1));\n    println!("{}", P(2).text());\n}\n'
    ),
    "a bound on a type that is not ours": (
        "use std::collections::HashMap;\nfn main() {\n    let mut m = HashMap::new();\n    m.insert(1.5, 2);\n"
        '    println!("{}", m.len());\n}\n'
    ),
    "an enum that has variants": (
        "enum E {\n    Red,\n    Green,\n}\nfn main() {\n    let e = E::Transparent;\n    match e {\n"
        "        E::Red | E::Green => {}\n    }\n}\n"
    ),
    "a RefCell that is asked whether it is borrowed": (
        "use std::cell::RefCell;\nuse std::rc::Rc;\nuse std::thread;\nfn main() {\n"
        "    let v = Rc::new(RefCell::new(1u8));\n"
        '    thread::spawn(move || println!("{}", v.try_borrow().is_ok())).join().unwrap();\n}\n'
    ),
}


def _fixed(program: Replacements) -> str:
    text = program[0]
    for old, new in program[1:]:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def _mended(folder: Path, text: str, home: Home) -> bytes:
    write(folder, {"main.rs": text.encode()})
    found = find(make_fixer(home), folder / "main.rs", edition="2021")
    assert found.outcome.status == "fixed", [d.message for d in found.outcome.after]
    return found.content("main.rs")


@pytest.mark.parametrize("name", CASES)
def test_the_fix(name: str, home: Home, tmp_path: Path) -> None:
    assert _mended(tmp_path, CASES[name][0], home).decode() == _fixed(CASES[name])


@pytest.mark.parametrize("name", ["sort needs Ord", "first variants", "Item", "list", "text as error", "Vec of what"])
def test_the_fix_in_a_file_with_other_line_ends_and_letters(name: str, home: Home, tmp_path: Path) -> None:
    def foreign(text: str) -> str:
        return ("// größer 🦀\n" + text).replace("\n", "\r\n")

    assert _mended(tmp_path, foreign(CASES[name][0]), home).decode() == foreign(_fixed(CASES[name]))


@pytest.mark.parametrize("name", ALONE)
def test_what_is_left_alone(name: str, home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": ALONE[name]})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
    assert found.outcome.status != "fixed", found.best.diff


def test_a_comparison_in_assert_eq_follows_the_reference() -> None:
    # The compiler points into the standard library's macro; here the place is where the macro is called.
    text = b"fn main() {\n    let y = &5;\n    assert_eq!(5, y);\n}\n"
    (error,) = _errors(text)
    at = text.index(b"assert_eq!(5, y)")
    place = dataclasses.replace(error.spans[0], file="main.rs", start=at, end=at + 16, primary=True)
    candidates = _candidates([dataclasses.replace(error, spans=(place,))], text)
    assert apply_edits(text, candidates[0].edits) == text.replace(b", y)", b", *y)")


@cache
def _errors(text: bytes) -> Sequence[Diagnostic]:
    """What the real compiler says of a program that it reads from its input."""
    command = [str(toolchain().rustc), "-", "--edition=2021", "--emit=metadata", "--error-format=json"]
    with tempfile.TemporaryDirectory() as folder:
        said = subprocess.run(command, input=text, capture_output=True, check=False, cwd=folder).stderr
    found = parse(said, lambda name: name.replace("<anon>", "main.rs")).found
    return [message.diagnostic for message in found if message.diagnostic.level == "error"]


def _candidates(errors: Sequence[Diagnostic], text: bytes) -> list[Candidate]:
    return list(RuleProposer().propose(errors, {"main.rs": text}))


PROGRAMS = [case[0].encode() for case in CASES.values()] + [text.encode() for text in ALONE.values()]


@settings(max_examples=50)
@given(st.sampled_from(PROGRAMS), st.data())
def test_candidates_of_a_torn_program_fit_it(text: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    torn = text[:start] + data.draw(st.sampled_from([b"", b"}", b"(", b"<", b'"', "ß::".encode()])) + text[start + 5 :]
    for candidate in _candidates(_errors(torn), torn):
        assert apply_edits(torn, candidate.edits) is not None


@settings(max_examples=300)
@given(st.sampled_from(PROGRAMS), st.binary(max_size=400), st.integers(0, 600))
def test_errors_of_another_program_stop_nothing(text: bytes, other: bytes, at: int) -> None:
    # The tree is not the one that the places were meant for: anything may stand there.
    mangled = text[:at] + other + text[at:]
    for candidate in _candidates(_errors(text), mangled):
        assert all(0 <= edit.start <= edit.end <= len(mangled) for edit in candidate.edits)
