"""Rules for lifetimes: what they mend, what they leave alone, that they never raise."""

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
    "borrowed from the argument that is returned": (
        "fn find(hay: &str, needle: &str) -> Option<&str> { hay.lines().find(|l| l.contains(needle)) }\n"
        "fn main() { println!(\"{:?}\", find(\"a\", \"b\")); }\n",
        {"find(hay: &str": "find<'a>(hay: &'a str", "<&str>": "<&'a str>"},
    ),
    "borrowed from either argument": (
        "fn longest(x: &str, y: &str) -> &str { if x.len() > y.len() { x } else { y } }\n"
        "fn main() { println!(\"{}\", longest(\"ü\", \"b\")); }\n",
        {"longest(x: &str, y: &str) -> &": "longest<'a>(x: &'a str, y: &'a str) -> &'a "},
    ),
    "borrowed from a borrowed argument": (
        "fn first(s: String) -> (u8, &str) { (1, s.split(' ').next().unwrap_or(\"\")) }\n"
        "fn main() { println!(\"{:?}\", first(\"a b\")); }\n",
        {"s: String": "s: &str"},
    ),
    "one name that is allowed": (
        "fn f<'static>(x: &'static str) { println!(\"{x}\"); }\nfn main() { f(\"a\"); }\n",
        {"f<'static>(x: &'static": "f<'a>(x: &'a"},
    ),
    "declared once": (
        "fn f<'a, 'a>(x: &'a str, y: &'a str) { println!(\"{x}{y}\"); }\nfn main() { f(\"a\", \"b\"); }\n",
        {"<'a, 'a>": "<'a>"},
    ),
    "declared as in the trait": (
        "trait T { fn f<'a, 'b: 'a>(x: &'a str, y: &'b str) -> &'a str; }\nstruct S;\n"
        "impl T for S { fn f<'a, 'b>(x: &'a str, _y: &'b str) -> &'a str { x } }\nfn main() { S::f(\"a\", \"b\"); }\n",
        {"f<'a, 'b>": "f<'a, 'b: 'a>"},
    ),
    "one lives longer": (
        "fn f<'a, 'b>(x: &'a str, y: &'b str) -> &'a str { if x.len() > 1 { x } else { y } }\n"
        "fn main() { println!(\"{}\", f(\"a\", \"b\")); }\n",
        {"<'a, 'b>": "<'a, 'b: 'a>"},
    ),
    "from self or from an argument": (
        "struct P<'a> { t: &'a str }\nimpl<'a> P<'a> {\n"
        "    fn r(&self, o: &str) -> &str { if o.is_empty() { self.t } else { o } }\n}\n"
        "fn main() { println!(\"{}\", P { t: \"a\" }.r(\"b\")); }\n",
        {"r(&self, o: &str) -> &": "r<'b>(&'b self, o: &'b str) -> &'b "},
    ),
    "stored in self": (
        "struct S<'a> { v: Vec<&'a str> }\nimpl S<'_> { fn add(&mut self, s: &str) { self.v.push(s); } }\n"
        "fn main() { let mut s = S { v: vec![] }; s.add(\"a\"); println!(\"{}\", s.v.len()); }\n",
        {"impl S<'_>": "impl<'a> S<'a>", "s: &str": "s: &'a str"},
    ),
    "which argument an opaque result borrows from": (
        "fn pick(a: &str, b: &str) -> impl Iterator<Item = char> { println!(\"{b}\"); a.chars() }\n"
        "fn main() { println!(\"{}\", pick(\"a\", \"b\").count()); }\n",
        {"pick(a: &str": "pick<'a>(a: &'a str", "<Item = char>": "<Item = char> + 'a"},
    ),
    "a value of the thread's own": (
        "fn run(s: &str) {\n    std::thread::spawn(move || println!(\"{s}\")).join().unwrap();\n}\n"
        "fn main() { run(\"a\"); }\n",
        {"    std::": "    let s = s.to_string();\n    std::"},
    ),
    "borrowed for one call": (
        "struct P<'a> { t: &'a str }\nimpl<'a> P<'a> { fn next(&'a mut self) -> &'a str { self.t } }\n"
        "fn main() { let mut p = P { t: \"a\" }; println!(\"{}\", p.next()); println!(\"{}\", p.next()); }\n",
        {"&'a mut self": "&mut self"},
    ),
}  # fmt: skip

# What no lifetime mends, or what would need another design.
LEFT_ALONE: Mapping[str, str] = {
    "a local cannot be returned": "fn f<'a>(x: &'a str) -> &'a str { let s = x.repeat(2); s.as_str() }\n"
    'fn main() { println!("{}", f("a")); }\n',
    "not for ever": "fn f<'a>(x: &'a str) -> &'static str { x }\nfn main() { println!(\"{}\", f(\"a\")); }\n",
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
def test_no_lifetime_is_invented(home: Home, tmp_path: Path, name: str) -> None:
    write(tmp_path, {"main.rs": LEFT_ALONE[name]})
    found = find(make_fixer(home), tmp_path / "main.rs", edition="2021")
    for proposal in found.outcome.proposals:
        assert b"'static" not in proposal.diff.replace(b"&'static str", b"")
        assert not any(reason.origin == "rule" and "live" in reason.suggestion for h in proposal.files[0].hunks
                       for reason in h.reasons)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([broken for broken, _ in MENDED.values()]),
    st.integers(0, 200),
    st.integers(1, 30),
    st.sampled_from(["", "ü🦀", "}", "(", "&'b ", "'_", "<'a>"]),
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
