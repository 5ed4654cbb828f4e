"""Explaining one thing: by its name in the knowledge, by its place in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledgegraph.entry import Form
from tests.helpers_build import HandMade, built, entry
from tutor import events
from tutor.engine import Tutor
from tutor.events import Event
from tutor.paths import Home

LINT = entry(
    "clippy::needless_return", kind="clippy", form=Form.LINT, title="needless_return", names=("needless_return",),
    summary="A return that says nothing.", text="Leave it out.",
)  # fmt: skip
PUSH = entry(
    "std::vec::Vec::push", kind="std", form=Form.METHOD, title="Vec::push", names=("Vec::push",), headline=False,
    summary="Appends.", text="Puts an element at the end.", location="/docs/std/vec.html#method.push",
)  # fmt: skip
RESET = entry("git reset", kind="git", form=Form.COMMAND, domain="git", summary="Resets.", text="Moves HEAD.")
HARD = entry(
    "git reset --hard", kind="git", form=Form.OPTION, domain="git", title="--hard", parent=RESET.id, headline=False,
    summary="Files too.", text="Throws edits away.",
)  # fmt: skip
CODE = entry("E0382", kind="error", form=Form.CODE, title="E0382: moved", text="The page of E0382.", codes=("E0382",))

BROKEN = """\
fn main() {
    let names = vec![String::from("Ada")];
    let mine = names;
    println!("{}", names.len());
    let long: Vec<usize> = mine.iter().map(|name| name.len()).collect();
    println!("{long:?}");
}
"""


@pytest.fixture
def tutor(home: Home, tmp_path: Path) -> Tutor:
    home.ensure(home.data)
    built(home.data / "knowledge.sqlite", HandMade(pieces=(LINT, PUSH, RESET, HARD, CODE)))
    (tmp_path / "main.rs").write_text(BROKEN)
    return Tutor(tmp_path, home=home, use_model=False)


async def explained(tutor: Tutor, thing: str) -> tuple[events.AnswerReady, list[Event]]:
    happened = [event async for event in tutor.explain(thing)]
    ready = next(event for event in happened if isinstance(event, events.AnswerReady))
    return ready, happened


@pytest.mark.parametrize(
    ("thing", "ref", "words"),
    [
        ("needless_return", "clippy::needless_return", "Leave it out."),
        ("clippy::needless_return", "clippy::needless_return", "Leave it out."),
        ("Vec::push", "std::vec::Vec::push", "Puts an element at the end."),
        ("std::vec::Vec::push", "std::vec::Vec::push", "Puts an element at the end."),
        ("git reset", "git reset", "Moves HEAD."),
        ("git reset --hard", "git reset --hard", "Throws edits away."),
        ("git reset --hard HEAD~1 file", "git reset --hard", "Throws edits away."),
        ("git reset HEAD~1", "git reset", "Moves HEAD."),
    ],
)
async def test_what_bears_a_name(tutor: Tutor, thing: str, ref: str, words: str) -> None:
    ready, _ = await explained(tutor, thing)
    assert ready.in_scope
    assert ready.citations[0].ref == ref
    assert words in ready.markdown


async def test_the_page_of_a_code_is_cited_with_its_place(tutor: Tutor) -> None:
    ready, _ = await explained(tutor, "e0382")
    assert "The page of E0382." in ready.markdown
    assert "What the compiler says" not in ready.markdown  # the page says the same
    assert "E0382" in [citation.ref for citation in ready.citations if citation.kind == "error"]


async def test_what_is_not_known_names_what_is_near(tutor: Tutor) -> None:
    ready, happened = await explained(tutor, "Vec::pu")
    assert not ready.in_scope
    assert "There is: `Vec::push`" in ready.markdown
    assert not ready.citations
    assert happened[-1] == events.Finished("out-of-scope", False, 0, happened[-1].seconds)  # type: ignore[attr-defined]


async def test_without_the_documentation_it_says_how_to_get_it(tmp_path: Path) -> None:
    ready, _ = await explained(Tutor(tmp_path, use_model=False), "Vec::push")
    assert not ready.in_scope
    assert "tutor knowledge build" in ready.markdown


async def test_a_line_with_an_error(tutor: Tutor) -> None:
    ready, happened = await explained(tutor, "main.rs:4")
    assert any(isinstance(event, events.DiagnosticsFound) for event in happened) is False  # it is an explanation
    assert "> 4     println!" in ready.markdown
    assert "`E0382`: borrow of moved value: `names`" in ready.markdown
    assert "E0382" in [citation.ref for citation in ready.citations]
    assert ready.concepts[0] in tutor.library.concepts


async def test_a_line_with_patterns(tutor: Tutor) -> None:
    ready, _ = await explained(tutor, "main.rs:5:12")
    assert "**closure** (line 5)" in ready.markdown
    assert "E0382" not in ready.markdown
    assert ready.in_scope


@pytest.mark.parametrize("line", [0, 8, 99999])
async def test_a_line_that_is_not_there(tutor: Tutor, line: int) -> None:
    happened = [event async for event in tutor.explain(f"main.rs:{line}")]
    assert isinstance(happened[-1], events.Failed)
    assert happened[-1].message == "main.rs has 7 lines."


async def test_hostile_source_is_only_text(tutor: Tutor, tmp_path: Path) -> None:
    (tmp_path / "evil.rs").write_bytes(b'fn main() { let x = "\x1b[2J\xff[bold]"; }\n')
    ready, _ = await explained(tutor, "evil.rs:1")
    assert "\x1b" not in ready.markdown
    await explained(tutor, "\x1b[31m:1")
    await explained(tutor, "../../etc/passwd:1")
