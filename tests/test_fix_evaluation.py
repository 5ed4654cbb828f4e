"""Measuring fixes: mistakes made on purpose, and an account that counts what was not mended."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.evaluate_fix import figures_of, text_of
from knowledgegraph.library import Library
from tests.helpers_cli import only_object, tutor
from tutor.engine import Tutor
from tutor.fix.evaluation import Slip, evaluate, slips
from tutor.fix.mutations import KINDS, mutants
from tutor.fix.search import Fixer
from tutor.paths import Home

PROGRAM = b"""\
use std::collections::HashMap;

#[derive(Debug, Clone)]
struct Point<'a, T: Copy> {
    name: &'a str,
    x: T,
}

fn longest<'a>(left: &'a str, right: &'a str) -> &'a str {
    if left.len() == right.len() { left } else { right }
}

impl<'a, T: Copy> Point<'a, T> {
    fn value(&self) -> Option<T> {
        Some(self.x)
    }
    fn rename(&mut self, name: &'a str) {
        self.name = name;
    }
}

fn parse(text: &str) -> Result<f64, std::num::ParseFloatError> {
    let number: f64 = text.parse()?;
    Ok(number + 1.0)
}

fn main() {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let first = String::from("one");
    let second = "two".to_string();
    let mut words = Vec::new();
    words.push(first);
    words.push(second);
    for word in &words {
        *counts.entry(word.clone()).or_insert(0) += 1;
    }
    let mut point = Point { name: "p", x: 3 as u8 };
    point.rename(longest("a", "b"));
    let squares: Vec<usize> = words.iter().map(move |word| word.len()).collect();
    let boxed: Box<dyn Fn(char) -> bool> = Box::new(|letter| letter == 'x');
    match parse("1").ok().unwrap_or_default() as u8 {
        0 => println!("none"),
        _ => println!("{:?} {squares:?} {}", point.value(), boxed('x')),
    }
}
"""


def test_every_kind_of_mistake_is_made() -> None:
    made = {mutant.kind: mutant.source for mutant in mutants(PROGRAM, 1)}
    assert made.keys() == KINDS.keys()
    assert all(source != PROGRAM for source in made.values())
    assert len(KINDS) >= 40


def test_the_seed_decides_and_nothing_else() -> None:
    assert list(mutants(PROGRAM, 7)) == list(mutants(PROGRAM, 7))
    assert list(mutants(PROGRAM, 7)) != list(mutants(PROGRAM, 8))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_source_can_be_looked_at(source: bytes) -> None:
    for mutant in mutants(source, 1):
        assert mutant.source != source


def test_a_sample_is_the_same_for_everybody() -> None:
    examples = [("a", PROGRAM.decode()), ("b", "fn main() {}\n")]
    assert slips(examples, 5) == slips(examples, 5)
    assert len(slips(examples, 5)) == 5
    assert len(slips(examples, 0)) > 50


@pytest.fixture
def fixer(home: Home, tmp_path: Path) -> Fixer:
    return Tutor(tmp_path, home=home, use_model=False).fixer


def test_what_is_mended_is_compared_with_what_it_was(fixer: Fixer, tmp_path: Path) -> None:
    original = b'fn main() {\n    let mut total = 1;\n    total += 1;\n    println!("{total}");\n}\n'
    cases = [
        Slip("mended", "missing-mut", original, original.replace(b"mut ", b"")),
        Slip("no mistake", "none", original, original + b"\n"),
        Slip("past mending", "noise", original, b"fn main( { 1 + ) } @ #\n"),
    ]
    mended, hopeless = evaluate(fixer, cases, tmp_path, threading.Event())
    assert (mended.slip.name, mended.code, mended.status, mended.restored) == ("mended", "E0384", "fixed", True)
    assert (hopeless.slip.name, hopeless.restored) == ("past mending", False)
    assert hopeless.status != "fixed"
    figures = figures_of([mended, hopeless])
    assert (figures["overall"]["cases"], figures["overall"]["fixed"], figures["overall"]["restored"]) == (2, 0.5, 0.5)
    assert "noise in past mending" in text_of([mended, hopeless], 5)


def test_it_can_be_stopped(fixer: Fixer, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert list(evaluate(fixer, [Slip("a", "b", b"", b"fn main( {}")], tmp_path, stop)) == []


def test_the_command_measures_a_sample() -> None:
    figures = only_object(tutor("eval", "fix", "--sample", "6", "--json"))
    assert figures["suite"] == "fix"
    assert 0 < figures["overall"]["cases"] <= 6
    assert sum(group["cases"] for group in figures["kinds"].values()) == figures["overall"]["cases"]


def test_the_lessons_have_a_place_for_most_mistakes() -> None:
    concepts = Library.open().concepts.values()
    examples = [(concept.id, concept.example) for concept in concepts if concept.domain == "rust"]
    assert len({slip.kind for slip in slips(examples, 0)}) >= 45
