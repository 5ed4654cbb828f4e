"""Rules for what the parser stumbles over, through the real search with the real compiler."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_rust import compiles, find, make_fixer, toolchain, write
from tutor.diagnostics import Diagnostic, Span
from tutor.fix.edits import apply_edits
from tutor.fix.messages import parse
from tutor.fix.rules.base import RuleProposer
from tutor.fix.rules.syntax_tokens import tokens_of
from tutor.paths import Home


def _in_main(broken: str, fixed: str) -> tuple[str, str]:
    """Both as the body of ``fn main``."""
    whole = [
        "fn main() {\n" + "".join(f"    {line}\n" if line else "\n" for line in body.split("\n")) + "}\n"
        for body in (broken, fixed)
    ]
    return whole[0], whole[1]


BRACKETS: dict[str, tuple[str, str]] = {
    "let-paren-missing": _in_main('let x = (1 + 2;\nprintln!("{}", x);', 'let x = (1 + 2);\nprintln!("{}", x);'),
    "paren-extra": _in_main('let x = (1 + 2));\nprintln!("{}", x);', 'let x = (1 + 2);\nprintln!("{}", x);'),
    "paren-mismatch": _in_main(
        'let x = vec![1, 2);\nprintln!("{:?}", x);', 'let x = vec![1, 2];\nprintln!("{:?}", x);'
    ),
    "brace-for-paren": _in_main('println!("{}", 1};', 'println!("{}", 1);'),
    "index-unclosed": _in_main(
        'let v = [1, 2];\nlet x = v[0;\nprintln!("{}", x);', 'let v = [1, 2];\nlet x = v[0];\nprintln!("{}", x);'
    ),
    "if-paren2": _in_main(
        'let v = [1];\nif v.contains(&1 {\n    println!("a");\n}',
        'let v = [1];\nif v.contains(&1) {\n    println!("a");\n}',
    ),
    "if-unclosed": _in_main(
        'let x = 5;\nif x > 1 {\n    println!("a");\nprintln!("b");',
        'let x = 5;\nif x > 1 {\n    println!("a");\n}\nprintln!("b");',
    ),
    "else-unclosed": _in_main(
        'let x = 5;\nif x > 1 {\n    println!("a");\nelse {\n    println!("b");\n}',
        'let x = 5;\nif x > 1 {\n    println!("a");\n} else {\n    println!("b");\n}',
    ),
    "for-unclosed": _in_main(
        'for i in 0..3 {\n    println!("{}", i);\n\nprintln!("b");',
        'for i in 0..3 {\n    println!("{}", i);\n}\n\nprintln!("b");',
    ),
    "fn-unclosed": (
        'fn go() {\n    println!("a");\n\nfn main() {\n    go();\n}\n',
        'fn go() {\n    println!("a");\n}\n\nfn main() {\n    go();\n}\n',
    ),
    "fn-unclosed-doc": (
        'fn go() {\n    println!("a");\n\n/// Starts.\n#[inline]\nfn main() {\n    go();\n}\n',
        'fn go() {\n    println!("a");\n}\n\n/// Starts.\n#[inline]\nfn main() {\n    go();\n}\n',
    ),
    "main-unclosed": ('fn main() {\n    println!("a");\n', 'fn main() {\n    println!("a");\n}\n'),
    "impl-unclosed": (
        "struct S;\nimpl S {\n    fn a(&self) -> u8 {\n        1\n    }\n\nfn main() {\n    S.a();\n}\n",
        "struct S;\nimpl S {\n    fn a(&self) -> u8 {\n        1\n    }\n}\n\nfn main() {\n    S.a();\n}\n",
    ),
    "method-unclosed": (
        "struct S;\nimpl S {\n    fn a(&self) -> u8 {\n        1\n\n"
        "    fn b(&self) -> u8 {\n        self.a()\n    }\n}\nfn main() {\n    S.b();\n}\n",
        "struct S;\nimpl S {\n    fn a(&self) -> u8 {\n        1\n    }\n\n"
        "    fn b(&self) -> u8 {\n        self.a()\n    }\n}\nfn main() {\n    S.b();\n}\n",
    ),
    "match-unclosed": _in_main(
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n\nprintln!("c");',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}\n\nprintln!("c");',
    ),
    "arm-unclosed": _in_main(
        'let x = 5;\nmatch x {\n    1 => {\n        println!("a");\n    _ => println!("b"),\n}',
        'let x = 5;\nmatch x {\n    1 => {\n        println!("a");\n    }\n    _ => println!("b"),\n}',
    ),
    "closure-unclosed": _in_main(
        'let v: Vec<i32> = (0..3).map(|x| {\n    x + 1\n).collect();\nprintln!("{:?}", v);',
        'let v: Vec<i32> = (0..3).map(|x| {\n    x + 1\n}).collect();\nprintln!("{:?}", v);',
    ),
    "chain-unclosed": _in_main(
        'let v: Vec<i32> = (0..3)\n    .map(|x| x + 1\n    .collect();\nprintln!("{:?}", v);',
        'let v: Vec<i32> = (0..3)\n    .map(|x| x + 1)\n    .collect();\nprintln!("{:?}", v);',
    ),
    "vec-unclosed": _in_main(
        'let v = vec![\n    1,\n    2,\n;\nprintln!("{:?}", v);',
        'let v = vec![\n    1,\n    2,\n];\nprintln!("{:?}", v);',
    ),
    "if-missing-open": _in_main(
        'let x = 5;\nif x > 1\n    println!("a");\n}', 'let x = 5;\nif x > 1 {\n    println!("a");\n}'
    ),
    "fn-missing-open": ('fn main()\n    println!("a");\n}\n', 'fn main() {\n    println!("a");\n}\n'),
}
LITERALS: dict[str, tuple[str, str]] = {
    "char-string": _in_main("let x = 'hello';\nprintln!(\"{}\", x);", 'let x = "hello";\nprintln!("{}", x);'),
    "backtick": _in_main('let x = `hello`;\nprintln!("{}", x);', 'let x = "hello";\nprintln!("{}", x);'),
    "single-in-macro-args": _in_main("println!('x {} y', 5);", 'println!("x {} y", 5);'),
    "unterm-string": _in_main('let x = "hello;\nprintln!("{}", x);', 'let x = "hello";\nprintln!("{}", x);'),
    "unterm-string-call": _in_main(
        'println!("hello);\nlet y = 3;\nprintln!("{}", y);', 'println!("hello");\nlet y = 3;\nprintln!("{}", y);'
    ),
    "unterm-string-args": _in_main('println!("hello {}, 3);', 'println!("hello {}", 3);'),
    "unterm-char": _in_main('let x = \'a;\nprintln!("{}", x);', "let x = 'a';\nprintln!(\"{}\", x);"),
    "unterm-raw": _in_main('let x = r#"hello";\nprintln!("{}", x);', 'let x = r#"hello"#;\nprintln!("{}", x);'),
    "unterm-comment": _in_main(
        '/* a remark\nlet x = 1;\nprintln!("{}", x);', '/* a remark */\nlet x = 1;\nprintln!("{}", x);'
    ),
    "doc-end": _in_main('let x = 1;\nprintln!("{}", x);\n/// the end', 'let x = 1;\nprintln!("{}", x);\n// the end'),
    "doc-struct": (
        'struct S {\n    a: u8,\n    /// last\n}\nfn main() {\n    let s = S { a: 1 };\n    println!("{}", s.a);\n}\n',
        'struct S {\n    a: u8,\n    // last\n}\nfn main() {\n    let s = S { a: 1 };\n    println!("{}", s.a);\n}\n',
    ),
    "num-comma": _in_main('let x = 1\'000;\nprintln!("{}", x);', 'let x = 1_000;\nprintln!("{}", x);'),
    "floatf": _in_main('let x = 1.5f;\nprintln!("{}", x);', 'let x = 1.5f32;\nprintln!("{}", x);'),
    "L": _in_main('let x = 15L;\nprintln!("{}", x);', 'let x = 15i64;\nprintln!("{}", x);'),
    "string-concat-dquote": _in_main('println!("say "hi" now");', 'println!("say \\"hi\\" now");'),
}
WORDS: dict[str, tuple[str, str]] = {
    "func": (
        'func add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
        'fn add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
    ),
    "sub": (
        'sub add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
        'fn add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
    ),
    "proc": (
        'proc add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
        'fn add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
    ),
    "int-main": ('int main() {\n    println!("a");\n}\n', 'fn main() {\n    println!("a");\n}\n'),
    "pub-def": (
        'pub def add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
        'pub fn add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
    ),
    "fn-pub": (
        'fn pub add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
        'pub fn add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
    ),
    "class": (
        'class P {\n    a: i32,\n}\nfn main() {\n    let p = P { a: 1 };\n    println!("{}", p.a);\n}\n',
        'struct P {\n    a: i32,\n}\nfn main() {\n    let p = P { a: 1 };\n    println!("{}", p.a);\n}\n',
    ),
    "interface": (
        "interface P {\n    fn a(&self);\n}\nfn main() {}\n",
        "trait P {\n    fn a(&self);\n}\nfn main() {}\n",
    ),
    "type-first-field": (
        "struct P {\n    i32 a,\n    i32 b,\n}\nfn main() {\n    let p = P { a: 1, b: 2 };\n"
        '    println!("{}", p.a + p.b);\n}\n',
        "struct P {\n    a: i32,\n    b: i32,\n}\nfn main() {\n"
        '    let p = P { a: 1, b: 2 };\n    println!("{}", p.a + p.b);\n}\n',
    ),
    "param-typefirst": (
        'fn add(i32 a, i32 b) -> i32 {\n    a + b\n}\nfn main() {\n    println!("{}", add(1, 2));\n}\n',
        'fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\nfn main() {\n    println!("{}", add(1, 2));\n}\n',
    ),
    "param-nocolon": (
        'fn add(a i32, b i32) -> i32 {\n    a + b\n}\nfn main() {\n    println!("{}", add(1, 2));\n}\n',
        'fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\nfn main() {\n    println!("{}", add(1, 2));\n}\n',
    ),
    "ret-typefirst": (
        'i32 add(a: i32) {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
        'fn add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
    ),
    "var": _in_main('var x = 5;\nprintln!("{}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "val": _in_main('val x = 5;\nprintln!("{}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "int-x": _in_main('int x = 5;\nprintln!("{}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "i32-x": _in_main('i32 x = 5;\nprintln!("{}", x);', 'let x: i32 = 5;\nprintln!("{}", x);'),
    "let-type-first": _in_main('let i32 x = 5;\nprintln!("{}", x);', 'let x: i32 = 5;\nprintln!("{}", x);'),
    "mut-let": _in_main('mut let x = 5;\nx += 1;\nprintln!("{}", x);', 'let mut x = 5;\nx += 1;\nprintln!("{}", x);'),
    "let-colon-eq": _in_main('let x := 5;\nprintln!("{}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "walrus": _in_main('x := 5;\nprintln!("{}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "let-as": _in_main('let x as i32 = 5;\nprintln!("{}", x);', 'let x: i32 = 5;\nprintln!("{}", x);'),
    "let-type-c": _in_main(
        'let mut int x = 5;\nx += 1;\nprintln!("{}", x);', 'let mut x = 5;\nx += 1;\nprintln!("{}", x);'
    ),
    "use-dot": (
        "use std.collections.HashMap;\nfn main() {\n"
        '    let x: HashMap<u8, u8> = HashMap::new();\n    println!("{:?}", x);\n}\n',
        "use std::collections::HashMap;\nfn main() {\n"
        '    let x: HashMap<u8, u8> = HashMap::new();\n    println!("{:?}", x);\n}\n',
    ),
    "import": (
        "import std::collections::HashMap;\nfn main() {\n"
        '    let x: HashMap<u8, u8> = HashMap::new();\n    println!("{:?}", x);\n}\n',
        "use std::collections::HashMap;\nfn main() {\n"
        '    let x: HashMap<u8, u8> = HashMap::new();\n    println!("{:?}", x);\n}\n',
    ),
    "rawident": _in_main('let type = 5;\nprintln!("{}", type);', 'let r#type = 5;\nprintln!("{}", r#type);'),
    "rawident-match": _in_main('let match = 5;\nprintln!("{}", match);', 'let r#match = 5;\nprintln!("{}", r#match);'),
    "rawident-field": (
        'struct S {\n    type: u8,\n}\nfn main() {\n    let s = S { type: 1 };\n    println!("{}", s.type);\n}\n',
        'struct S {\n    r#type: u8,\n}\nfn main() {\n    let s = S { r#type: 1 };\n    println!("{}", s.r#type);\n}\n',
    ),
    "derive": (
        '#derive(Debug)\nstruct S;\nfn main() {\n    println!("{:?}", S);\n}\n',
        '#[derive(Debug)]\nstruct S;\nfn main() {\n    println!("{:?}", S);\n}\n',
    ),
    "derive-at": (
        '@derive(Debug)\nstruct S;\nfn main() {\n    println!("{:?}", S);\n}\n',
        '#[derive(Debug)]\nstruct S;\nfn main() {\n    println!("{:?}", S);\n}\n',
    ),
    "derive-paren": (
        '#(derive(Debug))\nstruct S;\nfn main() {\n    println!("{:?}", S);\n}\n',
        '#[derive(Debug)]\nstruct S;\nfn main() {\n    println!("{:?}", S);\n}\n',
    ),
    "lifetime-noquote": (
        "fn a<'b>(v: &b str) -> &'b str {\n    v\n}\nfn main() {\n    a(\"x\");\n}\n",
        "fn a<'b>(v: &'b str) -> &'b str {\n    v\n}\nfn main() {\n    a(\"x\");\n}\n",
    ),
    "mut-ref": (
        "fn a(v: mut &Vec<u8>) {\n    v.push(1);\n}\nfn main() {\n    a(&mut vec![]);\n}\n",
        "fn a(v: &mut Vec<u8>) {\n    v.push(1);\n}\nfn main() {\n    a(&mut vec![]);\n}\n",
    ),
}
FLOW: dict[str, tuple[str, str]] = {
    "elif": _in_main(
        'let x = 5;\nif x > 1 {\n    println!("a");\n} elif x < 1 {\n    println!("b");\n}',
        'let x = 5;\nif x > 1 {\n    println!("a");\n} else if x < 1 {\n    println!("b");\n}',
    ),
    "elseif": _in_main(
        'let x = 5;\nif x > 1 {\n    println!("a");\n} elseif x < 1 {\n    println!("b");\n}',
        'let x = 5;\nif x > 1 {\n    println!("a");\n} else if x < 1 {\n    println!("b");\n}',
    ),
    "if-colon": _in_main('let x = 5;\nif x > 1:\n    println!("a");', 'let x = 5;\nif x > 1 {\n    println!("a");\n}'),
    "if-then": _in_main(
        'let x = 5;\nif x > 1 then {\n    println!("a");\n}', 'let x = 5;\nif x > 1 {\n    println!("a");\n}'
    ),
    "ternary": _in_main(
        'let x = 5;\nlet y = x > 1 ? 2 : 3;\nprintln!("{}", y);',
        'let x = 5;\nlet y = if x > 1 { 2 } else { 3 };\nprintln!("{}", y);',
    ),
    "pyternary": _in_main(
        'let x = 5;\nlet y = 2 if x > 1 else 3;\nprintln!("{}", y);',
        'let x = 5;\nlet y = if x > 1 { 2 } else { 3 };\nprintln!("{}", y);',
    ),
    "dowhile": _in_main(
        'let mut x = 5;\ndo {\n    x -= 1;\n} while x > 0;\nprintln!("{}", x);',
        'let mut x = 5;\nloop {\n    x -= 1;\n    if !(x > 0) {\n        break;\n    }\n}\nprintln!("{}", x);',
    ),
    "cfor": _in_main(
        'for (i = 0; i < 10; i++) {\n    println!("{}", i);\n}', 'for i in 0..10 {\n    println!("{}", i);\n}'
    ),
    "cfor-int": _in_main(
        'for (int i = 0; i < 10; i++) {\n    println!("{}", i);\n}', 'for i in 0..10 {\n    println!("{}", i);\n}'
    ),
    "cfor-let": _in_main(
        'for let i = 0; i <= 10; i += 1 {\n    println!("{}", i);\n}', 'for i in 0..=10 {\n    println!("{}", i);\n}'
    ),
    "cfor-step": _in_main(
        'for (let mut i = 0; i < 10; i += 2) {\n    println!("{}", i);\n}',
        'for i in (0..10).step_by(2) {\n    println!("{}", i);\n}',
    ),
    "foreach": _in_main(
        'let v = vec![1];\nforeach x in v {\n    println!("{}", x);\n}',
        'let v = vec![1];\nfor x in v {\n    println!("{}", x);\n}',
    ),
    "for-of": _in_main(
        'let v = vec![1];\nfor x of v {\n    println!("{}", x);\n}',
        'let v = vec![1];\nfor x in v {\n    println!("{}", x);\n}',
    ),
    "for-colon": _in_main(
        'let v = vec![1];\nfor x : v {\n    println!("{}", x);\n}',
        'let v = vec![1];\nfor x in v {\n    println!("{}", x);\n}',
    ),
    "switch": _in_main(
        'let x = 5;\nswitch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
    ),
    "switch-paren": _in_main(
        'let x = 5;\nswitch (x) {\n    case 1: println!("a"),\n    default: println!("b"),\n}',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
    ),
    "arm-colon": _in_main(
        'let x = 5;\nmatch x {\n    1: println!("a"),\n    _: println!("b"),\n}',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
    ),
    "arm-case": _in_main(
        'let x = 5;\nmatch x {\n    case 1 => println!("a"),\n    case _ => println!("b"),\n}',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
    ),
    "arm-else": _in_main(
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    else => println!("b"),\n}',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
    ),
    "arm-thin": _in_main(
        'let x = 5;\nmatch x {\n    1 -> println!("a"),\n    _ -> println!("b"),\n}',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
    ),
    "lambda-arrow": _in_main(
        'let f = (a) => a + 1;\nprintln!("{}", f(1));', 'let f = |a| a + 1;\nprintln!("{}", f(1));'
    ),
    "lambda-py": _in_main(
        'let f = lambda a: a + 1;\nprintln!("{}", f(1));', 'let f = |a| a + 1;\nprintln!("{}", f(1));'
    ),
    "closure-nobar": _in_main('let f = |a a + 1;\nprintln!("{}", f(1));', 'let f = |a| a + 1;\nprintln!("{}", f(1));'),
    "angle-extra": _in_main(
        'let x: Vec<i32>> = Vec::new();\nprintln!("{:?}", x);', 'let x: Vec<i32> = Vec::new();\nprintln!("{:?}", x);'
    ),
    "vec-nobang": _in_main('let x = vec[1, 2];\nprintln!("{:?}", x);', 'let x = vec![1, 2];\nprintln!("{:?}", x);'),
}
FORMAT: dict[str, tuple[str, str]] = {
    "fmt-extra-arg": _in_main('let x = 5;\nprintln!("x is", x);', 'let x = 5;\nprintln!("x is {}", x);'),
    "fmt-extra-arg2": _in_main(
        'let x = 5;\nprintln!("x is {} and", x, x + 1);', 'let x = 5;\nprintln!("x is {} and {}", x, x + 1);'
    ),
    "fmt-expr": _in_main('let v = vec![1];\nprintln!("{v.len()}");', 'let v = vec![1];\nprintln!("{}", v.len());'),
    "fmt-index": _in_main(
        'let v = vec![1];\nprintln!("{v[0]} and {}", 2);', 'let v = vec![1];\nprintln!("{} and {}", v[0], 2);'
    ),
    "fmt-unopened": _in_main('let x = 5;\nprintln!("{}}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "fmt-unclosed": _in_main(
        'let x = 5;\nprintln!("{x");\nprintln!("{x}");', 'let x = 5;\nprintln!("{x}");\nprintln!("{x}");'
    ),
    "fmt-unclosed2": _in_main('let x = 5;\nprintln!("{ ", x);', 'let x = 5;\nprintln!("{} ", x);'),
    "fmt-concat": _in_main('let s = "hi";\nprintln!("a" + s);', 'let s = "hi";\nprintln!("a{}", s);'),
    "fmt-comma": _in_main('let x = 5;\nprintln!("{}" x);', 'let x = 5;\nprintln!("{}", x);'),
    "fmt-comma2": _in_main('let x = 5;\nprintln!("{} {}", x x);', 'let x = 5;\nprintln!("{} {}", x, x);'),
    "fmt-badspec": _in_main('let x = 5;\nprintln!("{:d}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "fmt-badspec-s": _in_main('let x = 5;\nprintln!("{:s}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "fmt-pos": _in_main('let x = 5;\nprintln!("{1}", x);', 'let x = 5;\nprintln!("{0}", x);'),
    "fmt-json": _in_main('println!("{ \\"a\\": 1 }");', 'println!("{{ \\"a\\": 1 }}");'),
}
TOKENS: dict[str, tuple[str, str]] = {
    "missing-colon-field": (
        'struct P {\n    a i32,\n}\nfn main() {\n    let p = P { a: 1 };\n    println!("{}", p.a);\n}\n',
        'struct P {\n    a: i32,\n}\nfn main() {\n    let p = P { a: 1 };\n    println!("{}", p.a);\n}\n',
    ),
    "enum-semi": ("enum E {\n    A;\n    B;\n}\nfn main() {}\n", "enum E {\n    A,\n    B,\n}\nfn main() {}\n"),
    "semi-fields": (
        "struct P {\n    a: i32;\n    b: i32;\n}\nfn main() {\n"
        '    let p = P { a: 1, b: 2 };\n    println!("{}", p.a + p.b);\n}\n',
        "struct P {\n    a: i32,\n    b: i32,\n}\nfn main() {\n"
        '    let p = P { a: 1, b: 2 };\n    println!("{}", p.a + p.b);\n}\n',
    ),
    "ret-noarrow": (
        'fn add(a: i32) i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
        'fn add(a: i32) -> i32 {\n    a\n}\nfn main() {\n    println!("{}", add(1));\n}\n',
    ),
    "ret-noarrow-generic": (
        'fn add(a: i32) Option<i32> {\n    Some(a)\n}\nfn main() {\n    println!("{:?}", add(1));\n}\n',
        'fn add(a: i32) -> Option<i32> {\n    Some(a)\n}\nfn main() {\n    println!("{:?}", add(1));\n}\n',
    ),
    "let-noeq": _in_main('let x 5;\nprintln!("{}", x);', 'let x = 5;\nprintln!("{}", x);'),
    "let-nocolon": _in_main('let x i32 = 5;\nprintln!("{}", x);', 'let x: i32 = 5;\nprintln!("{}", x);'),
    "arm-noarrow": _in_main(
        'let x = 5;\nmatch x {\n    1 println!("a"),\n    _ => println!("b"),\n}',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
    ),
    "arm-semi": _in_main(
        'let x = 5;\nmatch x {\n    1 => println!("a");\n    _ => println!("b");\n}',
        'let x = 5;\nmatch x {\n    1 => println!("a"),\n    _ => println!("b"),\n}',
    ),
    "arr-comma": _in_main('let x = [1 2, 3];\nprintln!("{:?}", x);', 'let x = [1, 2, 3];\nprintln!("{:?}", x);'),
    "arr-semi": _in_main('let x = [1; 2; 3];\nprintln!("{:?}", x);', 'let x = [1, 2, 3];\nprintln!("{:?}", x);'),
    "call-semi": _in_main(
        'let x = std::cmp::max(1; 2);\nprintln!("{}", x);', 'let x = std::cmp::max(1, 2);\nprintln!("{}", x);'
    ),
    "method-colons": _in_main('let x = "a"::len();\nprintln!("{}", x);', 'let x = "a".len();\nprintln!("{}", x);'),
    "struct-nobody": ("struct S\nfn main() {\n    let _s = S;\n}\n", "struct S;\nfn main() {\n    let _s = S;\n}\n"),
    "struct-eq": (
        'struct S = {\n    a: u8,\n}\nfn main() {\n    let s = S { a: 1 };\n    println!("{}", s.a);\n}\n',
        'struct S {\n    a: u8,\n}\nfn main() {\n    let s = S { a: 1 };\n    println!("{}", s.a);\n}\n',
    ),
}
ITEMS: dict[str, tuple[str, str]] = {
    "macro-later": (
        'fn main() {\n    hi!();\n}\n\nmacro_rules! hi {\n    () => {\n        println!("hi");\n    };\n}\n',
        'macro_rules! hi {\n    () => {\n        println!("hi");\n    };\n}\n\nfn main() {\n    hi!();\n}\n',
    ),
    "macro-module": (
        'mod tools {\n    macro_rules! hi {\n        () => {\n            println!("hi");\n'
        "        };\n    }\n}\n\nfn main() {\n    hi!();\n}\n",
        "#[macro_use]\nmod tools {\n    macro_rules! hi {\n        () => {\n"
        '            println!("hi");\n        };\n    }\n}\n\nfn main() {\n    hi!();\n}\n',
    ),
    "plusplus": _in_main('let mut x = 5;\nx++;\nprintln!("{}", x);', 'let mut x = 5;\nx += 1;\nprintln!("{}", x);'),
    "minusminus": _in_main('let mut x = 5;\nx--;\nprintln!("{}", x);', 'let mut x = 5;\nx -= 1;\nprintln!("{}", x);'),
}

MENDED = BRACKETS | LITERALS | WORDS | FLOW | FORMAT | TOKENS | ITEMS

# What nobody can know stays as it is: no proposal of a rule may "mend" it.
LEFT_ALONE = {
    "which value to print": 'fn main() {\n    let x = 5;\n    println!("{} {}", x);\n}\n',
    "which character": "fn main() {\n    let c = '';\n    println!(\"{c}\");\n}\n",
    "which number": 'fn main() {\n    let n = 0x;\n    println!("{n}");\n}\n',
    "which unit": 'fn main() {\n    let n = 10px;\n    println!("{n}");\n}\n',
    "a function to write": "fn area\n\nfn main() {\n    area();\n}\n",
    "a macro that is nowhere": "fn main() {\n    shout_loudly_at_them!();\n}\n",
    "a value to write": "fn main() {\n    let total = ;\n}\n",
}
FINE = {
    "names": "fn main() {\n    let var = 1;\n    let (class, def, then, elif) = (1, 2, 3, 4);\n"
    '    println!("{}", var + class + def + then + elif);\n}\n',
    "formats": 'fn main() {\n    let x = 5;\n    println!("{{}} {x:>5} {:?} {0}", x);\n}\n',
    "raw": 'fn main() {\n    let s = r#"a "quoted" text"#;\n    let q = \'"\';\n    println!("{s}{q}");\n}\n',
}


def _rules_only(home: Home, path: Path) -> bytes | None:
    """What the rules alone make of a file; None where they have no fix."""
    found = find(make_fixer(home, proposers=[RuleProposer()]), path, edition="2021", crate_type="bin")
    return found.content("main.rs") if found.outcome.proposals else None


@pytest.mark.parametrize("name", MENDED)
def test_mends(home: Home, tmp_path: Path, name: str) -> None:
    broken, fixed = MENDED[name]
    write(tmp_path, {"main.rs": broken})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021", crate_type="bin")
    assert found.outcome.status == "fixed"
    assert found.content("main.rs").decode() == fixed
    assert compiles(fixed.encode(), tmp_path / "out")


@pytest.mark.parametrize("name", ["fn-unclosed", "let-paren-missing", "elif", "unterm-string", "fmt-expr", "i32-x"])
def test_mends_with_windows_line_ends_and_after_other_scripts(home: Home, tmp_path: Path, name: str) -> None:
    broken, fixed = ("// Größe: 日本 🦀\n" + text for text in MENDED[name])
    write(tmp_path, {"main.rs": broken.replace("\n", "\r\n")})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021", crate_type="bin")
    assert found.content("main.rs").decode() == fixed.replace("\n", "\r\n")


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_leaves_alone_what_nobody_can_know(home: Home, tmp_path: Path, name: str) -> None:
    write(tmp_path, {"main.rs": LEFT_ALONE[name]})
    assert _rules_only(home, tmp_path / "main.rs") is None


@pytest.mark.parametrize("name", FINE)
def test_programs_that_compile_get_no_proposal(home: Home, tmp_path: Path, name: str) -> None:
    write(tmp_path, {"main.rs": FINE[name]})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021", crate_type="bin")
    assert (found.outcome.status, found.outcome.proposals) == ("clean", ())


def test_one_unused_variable_is_what_the_text_lacks(home: Home, tmp_path: Path) -> None:
    write(tmp_path, {"main.rs": 'fn main() {\n    let x = 5;\n    let y = 6;\n    println!("{} {}", x);\n}\n'})
    assert b'println!("{} {}", x, y);' in (_rules_only(home, tmp_path / "main.rs") or b"")


def test_a_private_type_is_made_as_public_as_what_returns_it(home: Home, tmp_path: Path) -> None:
    module = "mod shop {\n    {}struct Item;\n    mod inner {\n        pub fn get() -> super::Item {\n"
    module += "            super::Item\n"
    module += "        }\n    }\n    pub use inner::get;\n}\n\nfn main() {\n    let _item = shop::get();\n}\n"
    write(tmp_path, {"main.rs": module.replace("{}", "", 1)})
    assert _rules_only(home, tmp_path / "main.rs") == module.replace("{}", "pub ", 1).encode()


def test_tokens_cover_all_code_in_order() -> None:
    source = b"fn f<'a>(x: &'a str) -> char { /* a /* nested */ one */ 'x' } // r\"\nconst S: &str = r#\"a\"b\"#;\n"
    tokens = tokens_of(source).all
    assert [t.text for t in tokens if t.kind == "lifetime"] == ["'a", "'a"]
    assert [t.text for t in tokens if t.kind in ("char", "string")] == ["'x'", 'r#"a"b"#']
    assert all(one.end <= other.start for one, other in pairwise(tokens))
    assert [t.text for t in tokens if t.first] == ["fn", "const"]


PROGRAMS = [broken for broken, _ in MENDED.values()]
MESSAGES = [
    ("", "this file contains an unclosed delimiter"),
    ("", "mismatched closing delimiter: `}`"),
    ("", "unexpected closing delimiter: `)`"),
    ("", "expected one of `,`, `:`, `=>`, `>`, or `;`, found `x`"),
    ("", "argument never used"),
    ("", "2 positional arguments in format string, but there is 1 argument"),
    ("", "invalid format string: unmatched `}` found"),
    ("", "invalid format string: expected `}` but string was terminated"),
    ("", "unknown format trait `d`"),
    ("", "invalid reference to positional argument 1 (there is 1 argument)"),
    ("", "expected `,`, found `+`"),
    ("", "cannot find macro `hi` in this scope"),
    ("", "type `S` is private"),
    ("", "Rust has no postfix increment operator"),
    ("", "unnecessary `unsafe` block"),
    ("", "`<` is interpreted as a start of generic arguments for `u32`, not a comparison"),
    ("", "invalid suffix `f` for float literal"),
    ("", "lifetimes cannot start with a number"),
    ("", "unknown start of token: `"),
    *((code, "told by its code") for code in ("E0762", "E0763", "E0765", "E0766", "E0748", "E0758", "E0753", "E0585")),
]


@settings(max_examples=150)
@given(st.sampled_from(PROGRAMS), st.data())
def test_no_rule_fails_on_any_diagnostic_anywhere(program: str, data: st.DataObject) -> None:
    source = program.encode()[: data.draw(st.integers(0, len(program)))]
    for junk in data.draw(
        st.lists(st.sampled_from(["(", "}", '"', "'", "/*", "é", "\x80", "{", "fn", ":", "🦀"]), max_size=4)
    ):
        at = data.draw(st.integers(0, len(source)))
        source = source[:at] + junk.encode("latin-1", "replace") + source[at:]
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, len(source)))
    line = source.count(b"\n", 0, start) + 1
    for code, message in MESSAGES:
        labels = (
            "unclosed delimiter",
            "mismatched closing delimiter",
            "this delimiter might not be properly closed...",
        )
        spans = tuple(
            Span("main.rs", start, end, line, 1, line, 1, number == 0, label) for number, label in enumerate(labels)
        )
        for candidate in RuleProposer().propose([Diagnostic(code, "error", message, spans)], {"main.rs": source}):
            apply_edits(source, candidate.edits)
            assert all(0 <= edit.start <= edit.end <= len(source) for edit in candidate.edits)


@settings(max_examples=25)
@given(st.sampled_from(PROGRAMS), st.data())
def test_no_rule_fails_on_what_the_compiler_says_of_mangled_programs(
    tmp_path_factory: pytest.TempPathFactory, program: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(program)))
    end = data.draw(st.integers(start, min(len(program), start + 12)))
    mangled = (program[:start] + data.draw(st.sampled_from(["", "(", "}", '"', "'", ";"])) + program[end:]).encode()
    folder = tmp_path_factory.mktemp("mangled")
    (folder / "main.rs").write_bytes(mangled)
    command = [str(toolchain().rustc), "--edition=2021", "--emit=metadata", "--error-format=json", "main.rs"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    diagnostics = [message.diagnostic for message in parse(done.stderr, lambda name: name).found]
    for candidate in RuleProposer().propose(diagnostics, {"main.rs": mangled}):
        assert 0 < candidate.likelihood <= 1 and candidate.reason.suggestion
        apply_edits(mangled, candidate.edits)
