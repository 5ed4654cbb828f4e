"""``tutor recognise``: files, folders, manifests, workflows, and what is none of these."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from knowledgegraph.recognise import configuration
from knowledgegraph.recogniser import recognise_file
from tests.helpers_cli import TUTOR, no_traceback, only_object, tutor

CODE = 'fn main() {\n    let total: u32 = (1..4).map(|n| n * n).sum();\n    println!("{total}");\n}\n'

# id: (name of the file, a text with the pattern, its lines, a near miss)
PAIRS = {
    "cargo-workspace": ("Cargo.toml", "[package]\nname = 'a'\n\n[workspace.dependencies]\nx = '1'\n\n", (4, 5),
                        "[dependencies]\nx = { workspace = true }\n"),
    "cargo-features": ("Cargo.toml", "[features]\ndefault = []\n", (1, 2),
                       "[dependencies]\nx = { features = ['a'] }\n"),
    "cargo-profile": ("Cargo.toml", "[profile.release] # small\nlto = true\n", (1, 2), "[package.metadata.profile]\n"),
    "ci-workflow": ("ci.yml", "on: push\njobs:\n  a:\n    steps:\n      - run: cargo test --all\n", (2, 5),
                    "on: push\njobs:\n  a:\n    steps:\n      - run: npm test # not cargo test\n"),
}  # fmt: skip


def test_every_id_has_a_pair() -> None:
    assert PAIRS.keys() == configuration.IDS


@pytest.mark.parametrize("pattern", PAIRS)
def test_present_and_absent(pattern: str) -> None:
    name, present, lines, absent = PAIRS[pattern]
    found = recognise_file(name, present.encode())
    assert found is not None
    assert [(one.line, one.end_line) for one in found if one.pattern == pattern] == [lines]
    assert recognise_file(name, absent.encode()) == []


def test_a_file_as_text_and_as_json(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(CODE)
    done = tutor("recognise", "main.rs", cwd=tmp_path)
    assert done.returncode == 0
    assert b"          2  closure\n" in done.stdout
    answer = only_object(tutor("recognise", "--json", "main.rs", cwd=tmp_path))
    assert answer["path"] == "main.rs"
    chain = next(one for one in answer["patterns"] if one["id"] == "iterator-chain")
    assert (chain["title"], chain["line"], chain["end_line"]) == ("iterator chain", 2, 2)
    assert 0 < chain["confidence"] < 1


def test_a_folder(tmp_path: Path) -> None:
    for name in ("src/main.rs", "target/debug/build.rs", ".git/x.rs"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CODE)
    (tmp_path / "Cargo.toml").write_text("[features]\n")
    answer = only_object(tutor("recognise", "--json", ".", cwd=tmp_path))
    assert [one["path"] for one in answer["results"]] == ["Cargo.toml", "src/main.rs"]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [("notes.txt", 2, b"is no Rust file"), ("gone.rs", 2, b"There is no gone.rs"), ("empty.rs", 1, b"")],
)
def test_what_cannot_be_recognised(tmp_path: Path, name: str, code: int, said: bytes) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.rs").write_text("")
    done = tutor("recognise", name, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    no_traceback(done)


def test_a_batch_goes_on_after_a_bad_line(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(CODE)
    requests = [{"id": 1, "path": "main.rs"}, {"id": 2, "path": "none.rs"}, {"id": 3}, {"id": 4, "path": "\x00.rs"}]
    done = subprocess.run(
        [TUTOR, "recognise", "--json", "--batch", "-"], cwd=tmp_path, check=False, capture_output=True,
        input="".join(json.dumps(request) + "\n" for request in requests).encode(),
    )  # fmt: skip
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2, 3, 4]
    assert answers[0]["patterns"]
    assert all("error" in answer for answer in answers[1:])
    no_traceback(done)
