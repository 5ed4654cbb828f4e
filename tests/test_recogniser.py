"""Each pattern that is recognised, with code where it is and code that only looks like it; and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledgegraph.recognise import configuration
from knowledgegraph.recogniser import IDS, Occurrence, TooMuch, recognise
from knowledgegraph.rust_syntax import MAX_BYTES

# id: (where it is, where it is not). Both are what a file holds, or statements.
PAIRS = {
    "shared-borrow": ("fn f(s: &str) {}", "fn f(&self, p: &mut u8) -> &str { let &a = b; x & y }"),
    "mutable-borrow": ("fn f() { g(&mut x); }", "fn f(&mut self, p: &u8) -> &mut u8 { match a { &mut b => b } }"),
    "lifetime-annotation": ("fn f<'a>(x: &'a u8) {}", "struct S<'a>(&'a u8); fn g(x: S<'_>) { 'a: loop {} }"),
    "struct-lifetime": ("struct S<'a> { x: &'a u8 }", "struct S { x: &'static u8 } fn f<'a>() {}"),
    "static-lifetime": ("fn f(x: &'static str) {}", "static X: u8 = 1; fn f(x: &'a u8) { \"'static\"; }"),
    "lifetime-bound": ("fn f<'a, T: 'a>(x: T) {}", "fn f<'a>(x: &'a u8, y: S<'a>) {}"),
    "explicit-clone": ("fn f() { x.clone(); }", "#[derive(Clone)] struct S; fn f() { x.cloned(); y.clone_from(&z); }"),
    "copy-trait": ("#[derive(Clone, Copy)] struct S;", "fn f() { std::fs::copy(a, b); x.copied(); }"),
    "slice-range": ("fn f() { &x[1..]; }", "fn f() { x.get(1..2); x[1]; for i in 0..3 {} }"),
    "ref-binding": ("fn f() { let Some(ref a) = b else { return }; }", "fn f() { let &a = b; x.as_ref(); }"),
    "consuming-self": ("impl S { fn f(self) {} }", "impl S { fn f(&self) {} fn g(self: &Rc<Self>) {} }"),
    "trait-definition": ("trait T { }", "impl T for S { }"),
    "trait-impl": ("impl T for S { }", "#[derive(Debug)] struct S; impl S { }"),
    "default-method": ("trait T { fn f(&self) { } }", "trait T { fn f(&self); } impl S { fn f() { } }"),
    "generic-function": (
        "fn f<T>(x: T) {}",
        "fn f<'a, const N: usize>(x: impl Copy) {} impl<T> S<T> { fn g(t: T) {} }",
    ),
    "generic-type": ("enum E<T> { A(T) }", "struct S<'a, const N: usize>(&'a [u8; N]); type V = Vec<u8>;"),
    "trait-bound": (
        "fn f<T: Debug>(x: T) {}",
        "fn f<T>(x: impl Debug, y: &dyn Debug) where T: 'static {} trait A: B {}",
    ),
    "where-clause": ("fn f<T>(x: T) where T: Debug {}", 'fn f<T: Debug>(x: T) { "where T: A"; }'),
    "impl-trait": ("fn f() -> impl Debug { 1 }", "impl Debug for S { }"),
    "trait-object": ("fn f(x: &dyn Debug) {}", 'fn f(x: impl Debug) { "dyn Debug"; }'),
    "associated-type": ("trait T { type Out; }", "type Out = u8; fn f<I: Iterator<Item = u8>>(i: I) {}"),
    "gat": ("trait T { type Out<'a>; }", "trait T { type Out; } type A<'a> = &'a u8;"),
    "supertrait": ("trait A: B {}", "trait A: 'static { fn f<T: B>(t: T); }"),
    "blanket-impl": ("impl<T: B> A for T {}", "impl<T> A for V<T> {} impl A for T {}"),
    "operator-overloading": ("impl Add for P { type Output = P; }", "impl PartialEq for P {} fn f<T: Add>(t: T) {}"),
    "std-derive": ("#[derive(Debug)] struct S;", "#[derive(Serialize)] struct S; // #[derive(Debug)]"),
    "conversion-impl": ("impl From<u8> for S {}", "fn f() { let s: S = x.into(); S::from(y); }"),
    "higher-ranked-bound": (
        "fn f<F>(g: F) where F: for<'a> Fn(&'a u8) {}",
        "impl<'a> A for B<'a> {} fn f() { for x in y {} }",
    ),
    "send-sync-bound": ("fn f<T: Send>(t: T) {}", "fn f() { tx.send(1); }"),
    "async-fn": ("async fn f() {}", "fn f() { async {}; }"),
    "await-expression": ("async fn f() { g().await; }", 'fn f() { "x.await"; x.await_all(); }'),
    "async-block": ("fn f() { async move { 1 }; }", "async fn f() {}"),
    "manual-future": ("impl Future for S {}", "use std::task::Poll; async fn f() {}"),
    "pinning": ("fn f(x: Pin<&mut S>) {}", "use std::pin::Pin; fn f() { led.pin(13); }"),
    "async-runtime": ("#[tokio::main] async fn main() {}", "#[test] fn t() {} fn main() {}"),
    "async-concurrency": (
        "fn f() { tokio::spawn(async {}); }",
        "fn f() { thread::spawn(|| 1); Command::new(a).spawn(); [a].join(b); }",
    ),
    "unsafe-block": ("fn f() { unsafe { g() } }", "unsafe fn f() {} unsafe impl A for B {}"),
    "unsafe-fn": ("unsafe fn f() {}", "fn f() { unsafe {} } type F = unsafe fn();"),
    "unsafe-trait-impl": ("unsafe impl Send for S {}", "impl A for S {} unsafe fn f() {}"),
    "raw-pointer": ("fn f(p: *const u8) {}", "fn f() { *x * y; v.as_ptr(); }"),
    "ffi-extern": ('extern "C" { fn f(); }', "extern crate core; fn f() {}"),
    "repr-attribute": ("#[repr(C)] struct S;", "#[derive(Debug)] struct S; // #[repr(C)]"),
    "union-type": ("union U { a: u8, b: i8 }", "fn f() { let union = a.union(&b); }"),
    "static-mut": ("static mut X: u8 = 1;", "static X: u8 = 1; fn f() { let mut y = 1; }"),
    "transmute": (
        "fn f() { unsafe { mem::transmute::<A, B>(x) } }",
        "use std::mem::transmute; fn f() { transmute_all(); }",
    ),
    "maybe-uninit": ("fn f(x: MaybeUninit<u8>) {}", "use std::mem::MaybeUninit; struct MaybeUninitialised;"),
    "box": ("fn f(x: Box<u8>) {}", "struct Box<T>(T); fn f(x: Box<u8>, y: MyBox) {}"),
    "recursive-type": ("struct L { next: Option<Box<L>> }", "struct L { next: u8 } impl L { fn f(l: L) {} }"),
    "rc": ("fn f() { std::rc::Rc::new(1); }", "use std::rc::Rc; struct MyRc;"),
    "arc": ("struct S { x: Arc<u8> }", "use std::sync::Arc; struct Archive;"),
    "weak": ("fn f() { Rc::downgrade(&x); }", "use std::rc::Weak; fn f() { self.upgrade(now); }"),
    "deref-impl": ("impl Deref for S {}", "fn f() { *x; x.deref(); }"),
    "drop-impl": ("impl Drop for S { fn drop(&mut self) {} }", "fn f() { drop(x); }"),
    "cow": ("fn f(x: Cow<str>) {}", "use std::borrow::Cow; struct Cowboy;"),
    "cell": ("struct S(Cell<u8>);", "struct S(RefCell<u8>, UnsafeCell<u8>);"),
    "refcell": ("struct S(RefCell<u8>);", "struct S(Cell<u8>); use std::cell::RefCell;"),
    "rc-refcell": ("fn f() { Rc::new(RefCell::new(1)); }", "fn f(a: Rc<u8>, b: RefCell<Rc<u8>>) {}"),
    "mutex": ("static M: Mutex<u8> = Mutex::new(1);", "use std::sync::Mutex; fn f(g: MutexGuard<u8>) {}"),
    "rwlock": ("struct S(RwLock<u8>);", "struct S(Mutex<u8>);"),
    "arc-mutex": ("struct S { x: Arc<Mutex<u8>> }", "struct S { x: Arc<u8>, y: Mutex<Arc<u8>> }"),
    "lazy-init": ("static S: LazyLock<u8> = LazyLock::new(|| 1);", "fn f() { iter::once(1); }"),
    "atomics": ("fn f() { x.load(Ordering::SeqCst); }", "fn f() { a.cmp(b) == Ordering::Less; }"),
    "unsafe-cell": ("struct S(UnsafeCell<u8>);", "struct S(Cell<u8>);"),
    "macro-rules": ("macro_rules! m { () => {} }", "fn f() { m!(); }"),
    "macro-repetition": (
        "macro_rules! m { ($($x:expr),*) => { $(f($x);)* } }",
        "macro_rules! m { ($x:expr) => { f($x) } }",
    ),
    "proc-macro-definition": (
        "#[proc_macro] pub fn m(t: T) -> T { t }",
        "macro_rules! m { () => {} } fn f(t: Token) {}",
    ),
    "third-party-derive": ("#[derive(Debug, Serialize)] struct S;", "#[derive(Debug, Clone)] struct S;"),
    "attribute-macro": ('#[get("/")] fn f() {}', "#[inline] #[serde(x)] #[rustfmt::skip] #[clippy::a] fn f() {}"),
    "compile-time-macro": ('const S: &str = include_str!("a");', 'fn f() { println!("include_str!"); line(); }'),
    "result-return": ("fn f() -> io::Result<u8> { g() }", "fn f() -> Option<Result<u8, E>> { g() }"),
    "option-type": ("fn f() { return None; }", "use std::option::Option; fn f() { NoneLike; }"),
    "question-mark": ("fn f() { g()?; }", 'fn f<T: ?Sized>() { println!("{:?} ok?", x); }'),
    "unwrap-expect": ("fn f() { x.unwrap(); }", "#[expect(dead_code)] fn f() { x.unwrap_or(1); }"),
    "option-result-combinator": ("fn f() { x.map_err(g); }", "fn f() { x.map(g); y.is_some(); z.ok(1); }"),
    "custom-error-type": ("enum ReadError { A }", "fn f(e: io::Error) -> ReadError {} struct Errors;"),
    "error-from-impl": ("impl From<io::Error> for ReadError {}", "impl From<io::Error> for Text {}"),
    "boxed-error": ("fn f() -> Result<(), Box<dyn Error + Send>> { g() }", "fn f(x: Box<dyn Debug>, e: &dyn Error) {}"),
    "explicit-panic": ('fn f() { panic!("no"); }', "#[should_panic] fn f() { panic::catch_unwind(g); }"),
    "match-on-result": ("fn f() { if let Ok(a) = b {} }", "fn f() { Ok(1); if let Some(a) = b {} }"),
    "const-generics": ("fn f<const N: usize>(x: [u8; N]) {}", "const N: usize = 1; fn f(x: [u8; N]) {}"),
    "const-fn": ("const fn f() {}", "const F: u8 = 1; fn f(x: *const u8) {}"),
    "phantom-data": ("struct S<T>(PhantomData<T>);", "use std::marker::PhantomData; struct Phantom;"),
    "iterator-chain": (
        "fn f() { v.iter().map(g).collect::<Vec<_>>(); }",
        "fn f() { x.map(g); m.get(0).cloned(); r.take(3); }",
    ),
    "iterator-impl": ("impl Iterator for S {}", "fn f(i: impl Iterator) { x.iter(); }"),
    "fn-traits": ("fn f(g: impl Fn(u8) -> u8) {}", "fn f(g: fn(u8) -> u8) {}"),
    "preallocation": ("fn f() { Vec::with_capacity(9); }", "fn with_capacity(n: usize) {} fn f() { v.capacity(); }"),
    "timing": ("fn f() { let t = Instant::now(); }", "fn f() { sleep(Duration::from_secs(1)); elapsed(); }"),
    "benchmark": ("fn f() { black_box(1); }", "use std::hint::black_box; fn bench() {}"),
    "parallel-iterator": ("fn f() { v.par_iter().sum(); }", "fn f() { v.iter().sum(); par(); }"),
    "size-of": ("fn f() { mem::size_of::<u8>(); }", "use std::mem::size_of; fn f() { v.size(); }"),
    "buffered-io": ("fn f() { BufReader::new(x); }", "use std::io::BufReader; fn f(r: impl BufRead) {}"),
    "inline-attribute": ("#[inline(always)] fn f() {}", "#[allow(inline)] fn f() {} // #[inline]"),
    "unit-test": ("#[tokio::test] async fn t() {}", "#[cfg(test)] mod tests { fn t() {} }"),
    "assertion": ("fn f() { assert_eq!(a, b); }", "/// assert_eq!(a, b);\nfn f() { assert(a); }"),
    "doc-comment": ("/// Does it.\nfn f() {}", "// No.\n//// Nor this.\nfn f() {}"),
    "doc-test": ("/// ```\n/// f();\n/// ```\nfn f() {}", "/// ```text\n/// f();\n/// ```\nfn f() {}"),
    "conditional-compilation": ("#[cfg(unix)] fn f() {}", "#[cfg(test)] mod tests {}"),
    "lint-attribute": ("#![allow(dead_code)]", "fn f() { x.expect(y); }"),
    "newtype": (
        "struct Metres(u32);",
        "struct A(); struct B(u8, u8); struct C(()); struct D { x: u8 } enum E { F(u8) }",
    ),
    "builder": (
        "struct B; impl B { fn size(mut self, n: u8) -> Self { self } fn build(self) -> Car { Car } }",
        "struct B; impl B { fn size(&self) -> u8 { 1 } fn add(self, o: B) -> B { o } }",
    ),
    "typestate": (
        "struct Open; struct Shut; impl Door<Open> { fn shut(self) -> Door<Shut> { Door(Shut) } }",
        "impl<T> Door<T> { fn same(self) -> Door<T> { self } fn map<U>(self) -> Door<U> { x } }",
    ),
    "raii-guard": (
        "impl Drop for Lock { fn drop(&mut self) { self.release(); } }",
        'impl Drop for Loud { fn drop(&mut self) { println!("gone"); } }',
    ),
    "constructor-fn": (
        "impl S { fn new() -> Self { S } }",
        "impl Make for S { fn new() -> Self { S } } fn new() -> S { S }",
    ),
    "extension-trait": (
        "trait Ext { fn f(&self); } impl Ext for str { fn f(&self) {} }",
        "struct S; trait Own { fn f(&self); } impl Own for S { fn f(&self) {} } impl Debug for u8 {}",
    ),
    "struct-update": ("fn f() { S { a: 1, ..d } }", "fn f() { let S { a, .. } = s; 0..n }"),
    "module-declaration": ("mod a;", "#[cfg(test)] mod tests { }"),
    "restricted-visibility": ("pub(crate) fn f() {}", "pub fn f() {}"),
    "reexport": ("pub use a::B;", "use a::B; pub mod c {}"),
    "match-expression": ("fn f() { match x { _ => 1 } }", "fn f() { matches!(x, A); }"),
    "match-guard": (
        "fn f() { match x { n if n > 1 => 1, _ => 2 } }",
        "fn f() { match x { n => if n { 1 } else { 2 } } }",
    ),
    "if-let": (
        "fn f() { if let Some(a) = b {} }",
        "fn f() { while let Some(a) = b {} let Some(c) = d else { return }; }",
    ),
    "let-else": ("fn f() { let Some(a) = b else { return }; }", "fn f() { let a = if b { 1 } else { 2 }; }"),
    "while-let": ("fn f() { while let Some(a) = b {} }", "fn f() { while a { if let Some(c) = b {} } }"),
    "slice-pattern": ("fn f() { let [a, b] = c; }", "fn f() { let a = [b, c]; }"),
    "struct-pattern": ("fn f() { let S { a } = s; }", "fn f() { let s = S { a }; }"),
    "at-binding": ("fn f() { match x { n @ 1 => n } }", 'fn f() { "n @ 1"; }'),
    "range-pattern": ("fn f() { match x { 1..=5 => a } }", "fn f() { 1..=5; match x { (a, ..) => b } }"),
    "or-pattern": ("fn f() { match x { 1 | 2 => a } }", "fn f() { 1 | 2; |a| a; }"),
    "enum-with-data": ("enum E { A(u8) }", "enum E { A, B = 2 }"),
    "never-type": ("fn f() -> ! { loop {} }", "impl !Send for S {} fn f() { !x; a != b; m!(); }"),
    "labeled-loop": ("fn f() { 'a: loop { break 'a; } }", "fn f<'a>(x: &'a u8) { loop { break; } 'a'; }"),
    "closure": ("fn f() { g(|x| x); }", "fn f() { a || b; 1 | 2; }"),
    "move-closure": ("fn f() { g(move || x); }", "fn f() { async move {}; g(|| x); }"),
    "fn-pointer": ("type F = fn(u8) -> u8;", "fn f(g: impl Fn(u8)) {}"),
    "vec": ("fn f() { vec![1, 2]; }", "struct Vec<T>(T); fn f(v: Vec<u8>) {}"),
    "map-collection": ("fn f(m: HashMap<u8, u8>) {}", "use std::collections::HashMap; fn f(m: HashSet<u8>) {}"),
    "thread-spawn": ("fn f() { std::thread::spawn(|| 1); }", "fn f() { task::spawn(async {}); s.spawn(|| 1); }"),
    "scoped-thread": ("fn f() { thread::scope(|s| 1); }", "fn f() { thread::spawn(|| 1); }"),
    "message-channel": ("fn f(tx: mpsc::Sender<u8>) {}", "use std::sync::mpsc::Sender; fn f() { tv.channels(); }"),
}  # fmt: skip


def patterns(source: str) -> set[str]:
    return {one.pattern for one in recognise(source.encode())}


def test_every_pattern_has_its_pair() -> None:
    # those of manifests and workflows: tests/test_recognise_cli.py
    assert set(PAIRS) == IDS - configuration.IDS


@pytest.mark.parametrize("identity", PAIRS)
def test_a_pattern_is_seen_where_it_is(identity: str) -> None:
    assert identity in patterns(PAIRS[identity][0])


@pytest.mark.parametrize("identity", PAIRS)
def test_a_pattern_is_not_seen_where_it_only_looks_like_it(identity: str) -> None:
    assert identity not in patterns(PAIRS[identity][1])


def test_lines_count_from_one_and_come_in_order() -> None:
    source = b"\nfn f() {\n    x\n        .iter()\n        .map(|a| a)\n        .count();\n    g()?;\n}\n"
    assert recognise(source) == [
        Occurrence(3, 5, "iterator-chain", 0.9),
        Occurrence(5, 5, "closure", 1.0),
        Occurrence(7, 7, "question-mark", 1.0),
    ]


def test_the_arguments_of_standard_macros_are_code_on_their_own_lines() -> None:
    source = (
        'fn f() {\n    println!(\n        "{}",\n        vec![x.unwrap()].iter().filter(|a| dbg!(**a)?),\n    );\n}\n'
    )
    lines = {one.pattern: one.line for one in recognise(source.encode())}
    assert {name: lines[name] for name in ("vec", "unwrap-expect", "closure", "question-mark")} == {
        "vec": 4, "unwrap-expect": 4, "closure": 4, "question-mark": 4,
    }  # fmt: skip


def test_the_arguments_of_other_macros_and_bodies_of_rules_are_not() -> None:
    assert patterns("fn f() { other!(x.unwrap()); }") == set()
    assert patterns("macro_rules! m { ($x:expr) => { $x.unwrap() } }") == {"macro-rules"}


def test_matches_has_patterns_and_is_no_match() -> None:
    found = patterns("fn f() { matches!(x, Ok(1..=5) | Err(_) if y.is_some()); }")
    assert found == {"match-on-result", "range-pattern", "or-pattern", "match-guard"}


def test_select_is_read() -> None:
    assert {"await-expression", "question-mark", "async-concurrency"} <= patterns(
        "async fn f() { select! { Ok(a) = rx.recv() => g(a).await, _ = tick => h()?, } }"
    )


def test_comments_and_strings_never_count() -> None:
    assert patterns('// x.unwrap()?;\n/* unsafe { } */\nconst A: u8 = b("vec![1]; loop {} Box::new(1)");') == set()


def test_a_block_of_documentation_counts_once() -> None:
    source = b"/// One.\n/// Two.\nfn f() {}\n\n/// Three.\nfn g() {}\n"
    assert [one.line for one in recognise(source) if one.pattern == "doc-comment"] == [1, 5]


def test_a_chain_counts_once() -> None:
    found = recognise(b"fn f() { v.iter().enumerate().skip(1).map(g).rev().collect() }")
    assert [one.pattern for one in found] == ["iterator-chain"]


def test_what_cfg_attr_would_add_counts() -> None:
    found = patterns("#[cfg_attr(all(unix, not(test)), derive(Debug, Serialize), repr(C))] struct S;")
    assert {"std-derive", "third-party-derive", "repr-attribute", "conditional-compilation"} <= found


def test_broken_code_is_recognised_as_far_as_it_goes() -> None:
    assert "question-mark" in patterns("fn f( { } }} fn g() { h()?; }")


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_will_do(source: bytes) -> None:
    found = recognise(source)
    assert found == sorted(found)
    assert all(1 <= one.line <= one.end_line <= source.count(b"\n") + 1 for one in found)


_WORDS = (
    b"fn f impl trait struct enum { } ( ) [ ] < > ; , : :: -> => = & &mut ' 'a \" # #[ ! !( $ * + ? . .. ..= @ | || _ "
    b"x T self Some( Ok( vec![ matches!( select!{ cfg_attr( derive( println!( /// //! ``` match if let else where for "
    b"loop async move unsafe dyn use pub mod Drop Deref Error new build"
).split()


@given(st.lists(st.sampled_from([*_WORDS, b"\n"]), max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_words_of_the_language_will_do(words: list[bytes]) -> None:
    found = recognise(b" ".join(words))
    assert all(one.pattern in IDS and one.end_line >= one.line >= 1 for one in found)


@pytest.mark.parametrize(
    "source",
    [
        b"/// a\n" * 60_000,
        b"#[a]\n" * 30_000 + b"struct S;",
        b"#[cfg_attr(a, b)]\nstruct S;\n" * 10_000,
        b"impl S { " + b"fn f(self, x: u8) -> Self { self }\n" * 10_000 + b"}",
        b"fn f() { x" + b".iter().map(g)" * 80 + b" }",
        b"fn f() { " + b"println!(" * 60 + b")" * 60 + b"; }",
        b"impl Drop for S { fn drop(&mut self) { " + b"println!(" * 1_000 + b" } }",
        b"fn f() { " + b"a::<" * 100 + b"x" + b">::b" * 100 + b"(); }",
    ],
    ids=["docs", "attributes", "cfg_attr", "setters", "chain", "macros", "drop", "arguments"],
)
def test_source_made_to_be_slow_is_read_in_good_time(source: bytes) -> None:
    recognise(source)  # what takes quadratic time on these takes minutes, and the test's own limit ends it


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(TooMuch, match="larger than 2 MB"):
        recognise(b" " * (MAX_BYTES + 1))
