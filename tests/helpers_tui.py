"""Reviews, problems and concepts for the tests of the app's panes."""

from __future__ import annotations

from collections.abc import Callable

from knowledgegraph.graph import Neighbourhood, Node
from tutor.hunks import diff
from tutor.proposal import FileChange, Proposal, Reason, file_change
from tutor.review import Review

SIZES = [(60, 20), (80, 24), (120, 40), (200, 50)]

HOSTILE = (
    "[/b] [red]x[/red] \x1b]52;c;aGk=\x07 \x1b[31m \u202e\u2066 \x00 \x9b 日本語 👩‍👩‍👧 ｗｉｄｅ e\u0301 \udcff\ttab"
)

BASE = b"""\
use std::fmt;

struct Person {
    name: String,
}

fn greet(name: String) {
    println!("Hello, {name}");
}

fn main() {
    let name = String::from("Ada");
    greet(name);
    println!("{}", name);
    let a = 1;
    let b = 2;
    let c = 3;
    let d = 4;
    let e = 5;
    let f = 6;
    let g = 7;
    let count = 3;
    count += 1;
    println!("{count}");
}
"""
NEW = (
    BASE.replace(b"use std::fmt;\n", b"")
    .replace(b"greet(name);", b"greet(name.clone());")
    .replace(b"let count = 3;\n    count += 1;", b"let mut count = 4;\n    count += 2;")
)
CLONE = Reason("rustc", "E0382", "borrow of moved value: `name`", "consider cloning the value")


def proposal(*files: FileChange, name: str = "p1") -> Proposal:
    """A proposal of these files."""
    return Proposal(name, "/project", "Clone before the move", "rustc", files)


def sample_review() -> Review:
    """Three hunks in one file (the second with a reason, the third of two lines) and a new file."""
    hunks = diff(BASE, NEW)
    changed = file_change("src/main.rs", BASE, NEW, [(hunks[1], (CLONE,))])
    return Review(proposal(changed, file_change("src/new.rs", None, b"pub fn hi() {}\n")))


def many_hunks(count: int, gap: int = 9) -> Review:
    """A review of ``count`` one-line hunks, ``gap`` unchanged lines between them."""
    base = b"".join(
        b"old %d\n" % (i // (gap + 1)) if i % (gap + 1) == 0 else b"same %d\n" % i for i in range(count * (gap + 1))
    )
    return Review(proposal(file_change("notes.txt", base, base.replace(b"old", b"new"))))


def node(id: str, title: str, summary: str = "What it is, in a sentence.", kind: str = "concept") -> Node:  # noqa: A002 (the field's name)
    """An entry as the map sees it."""
    return Node(id, title, kind, "rust", "concept" if kind == "concept" else "section", summary)


def ladder(size: int) -> Callable[[str], Neighbourhood]:
    """A lookup in which every number below ``size`` needs the one before and unlocks the one after."""

    def lookup(concept_id: str) -> Neighbourhood:
        number = int(concept_id)
        if not 0 <= number < size:
            raise KeyError(concept_id)
        near = [node(str(n), f"Step {n}", f"The step {n}.") for n in (number - 1, number, number + 1)]
        return Neighbourhood(near[1], tuple(near[:1] if number else ()), tuple(near[2:] if number + 1 < size else ()))

    return lookup


def star(requires: int, unlocks: int, title: str = "Lifetimes", **others: int) -> Neighbourhood:
    """A concept with that many neighbours; ``others``: how many in its other lists."""
    lists = {
        name: tuple(node(f"{name}{i}", f"{name.title()} {i}", kind="book") for i in range(count))
        for name, count in others.items()
    }
    return Neighbourhood(
        node("centre", title),
        tuple(node(f"r{i}", f"Need {i}", f"Definition of need {i}.") for i in range(requires)),
        tuple(node(f"u{i}", f"Unlocked {i}", f"Definition of unlocked {i}.") for i in range(unlocks)),
        **lists,
    )
