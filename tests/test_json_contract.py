"""What ``--json`` and ``--batch`` print, held to the shapes that scripts, editors and benchmarks rely on."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commands import json_face
from tests.helpers_cli import BROKEN, CLEAN, HOPELESS, git, no_traceback, only_object, package, repository, tutor
from tutor import events
from tutor.proposal import Proposal, file_change

CITATION = {"ref", "kind", "title", "score", "location"}
DIAGNOSTIC = {"code", "level", "message", "file", "line", "column"}
PROPOSAL = {"id", "origin", "title", "explanation", "concepts", "diff", "verification", "warnings"}
OUTCOMES = {"passed", "failed", "not-run"}


def test_ask() -> None:
    done = tutor("ask", "--json", "--no-model", "what", "is", "ownership")
    answer = only_object(done)
    assert done.returncode == 0
    assert answer["question"] == "what is ownership"
    assert answer["in_scope"] is True
    assert answer["origin"] == "knowledge"
    assert answer["seconds"] >= 0
    assert "own" in answer["answer"]
    assert answer["citations"]
    assert all(set(citation) >= CITATION for citation in answer["citations"])
    scores = [citation["score"] for citation in answer["citations"]]
    assert scores == sorted(scores, reverse=True)


def test_ask_about_something_else() -> None:
    done = tutor("ask", "--json", "--no-model", "best football club of all time")
    assert (done.returncode, only_object(done)["in_scope"]) == (1, False)


def test_explain() -> None:
    done = tutor("explain", "--json", "e0382")
    answer = only_object(done)
    assert done.returncode == 0
    assert answer["text"] == "e0382"
    assert answer["citations"][0]["ref"] == "E0382"
    assert tutor("explain", "--json", "E9999").returncode == 1


@pytest.mark.parametrize(
    ("source", "code", "status"), [(BROKEN, 0, "fixed"), (CLEAN, 0, "clean"), (HOPELESS, 1, "unfixed")]
)
def test_fix(source: str, code: int, status: str, tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(source)
    done = tutor("fix", "--json", "--no-model", "main.rs", cwd=tmp_path)
    assert done.returncode == code
    (result,) = only_object(done)["results"]
    assert result["path"] == "main.rs"
    assert result["status"] == status
    assert result["checker_runs"] >= 1
    assert result["seconds"] > 0
    assert result["root"] == str(tmp_path)
    assert bool(result["before"]) == (status != "clean")
    assert bool(result["after"]) == (status == "unfixed")
    assert bool(result["proposals"]) == (status == "fixed")
    for diagnostic in (*result["before"], *result["after"]):
        assert set(diagnostic) >= DIAGNOSTIC
        assert diagnostic["level"] == "error"
    for proposal in result["proposals"]:
        assert set(proposal) >= PROPOSAL
        assert proposal["origin"] in ("rustc", "rule", "model")
        assert set(proposal["verification"]) >= {"check", "tests", "clippy", "sandbox"}
        assert {proposal["verification"][name] for name in ("check", "tests", "clippy")} <= OUTCOMES
        assert proposal["verification"]["check"] == "passed"


def test_fix_of_several_paths_and_of_one_that_cannot_be_checked(tmp_path: Path) -> None:
    (tmp_path / "a.rs").write_text(CLEAN)
    (tmp_path / "b.txt").write_text("x")
    done = tutor("fix", "--json", "a.rs", "b.txt", cwd=tmp_path)
    assert done.returncode == 2
    first, second = only_object(done)["results"]
    assert first["status"] == "clean"
    assert second["status"] == "error"
    assert second["exit_code"] == 2
    assert "b.txt" in second["error"]


def test_fix_yes_says_what_was_written_and_committed(tmp_path: Path) -> None:
    folder = repository(package(tmp_path / "made"))
    (result,) = only_object(tutor("fix", "--json", "--yes", "--commit", cwd=folder))["results"]
    assert result["applied"] == ["src/main.rs"]
    assert result["commit"] == git(folder, "rev-parse", "HEAD").strip()


def test_what_needs_your_trust_is_said_and_is_exit_3(tmp_path: Path) -> None:
    """A package that needs another one, no sandbox, no trust: nothing could be checked."""
    from tests.helpers_cli import tools_without

    package(tmp_path / "other", "", "other").joinpath("src/main.rs").rename(tmp_path / "other/src/lib.rs")
    folder = package(tmp_path / "made")
    with (folder / "Cargo.toml").open("a") as manifest:
        manifest.write('[dependencies]\nother = { path = "../other" }\n')
    env = {"PATH": tools_without(tmp_path / "bin", "bwrap")}
    done = tutor("fix", "--json", cwd=folder, env=env)
    (result,) = only_object(done)["results"]
    assert result["status"] == "error"
    assert done.returncode == 3
    (asked,) = result["needs_permission"]
    assert asked["scope"] == str(folder)
    text = tutor("fix", cwd=folder, env=env)
    assert text.returncode == 3
    assert b"--trust" in text.stderr
    trusted = tutor("fix", "--trust", cwd=folder, env=env)
    assert trusted.returncode == 0, trusted


def test_doctor_and_demo_and_config(tmp_path: Path) -> None:
    report = only_object(tutor("doctor", "--json", "--no-model"))
    assert isinstance(report["ok"], bool)
    for check in report["checks"]:
        assert set(check) == {"name", "status", "detail", "fix"}
        assert check["status"] in ("ok", "warn", "fail")
    assert only_object(tutor("config", "path", "--json"))["path"].endswith("config.toml")
    assert only_object(tutor("config", "get", "--json"))["settings"]["fix.edition"] == "2021"
    assert only_object(tutor("config", "set", "--json", "fix.tests", "yes")) == {"name": "fix.tests", "value": True}


# The diff applies with `git apply` where cli.md says.


def _diff(folder: Path, *paths: str) -> bytes:
    (result,) = only_object(tutor("fix", "--json", *paths, cwd=folder))["results"]
    return str(result["proposals"][0]["diff"]).encode()


@pytest.mark.parametrize("below", ["", "sub folder/deep/"])
def test_the_diff_of_a_package_applies_from_the_root_of_the_repository(below: str, tmp_path: Path) -> None:
    top = tmp_path / "top"
    folder = package(top / f"{below}made")
    repository(top)
    for call in ([], ["src/main.rs"], ["Cargo.toml"]):
        diff = _diff(folder, *call)
        git(top, "apply", "-", given=diff)
        assert git(top, "diff", "--name-only") == f"{below}made/src/main.rs\n"
        git(top, "checkout", "-q", ".")


def test_the_diff_of_a_lone_file_applies_from_its_folder(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", repository(tmp_path / "inside") / "deep"
    for folder in (outside, inside):
        folder.mkdir()
        (folder / "main.rs").write_text(BROKEN)
        git(folder, "apply", "-", given=_diff(folder, "main.rs"))
        assert "names.clone()" in (folder / "main.rs").read_text()


def test_the_diff_in_a_worktree_and_through_a_link(tmp_path: Path) -> None:
    top = tmp_path / "top"
    package(top / "made")
    repository(top)
    git(top, "worktree", "add", "-q", str(tmp_path / "tree"))
    git(tmp_path / "tree", "apply", "-", given=_diff(tmp_path / "tree/made"))
    assert git(tmp_path / "tree", "diff", "--name-only") == "made/src/main.rs\n"
    (tmp_path / "link").symlink_to(top / "made")
    git(top, "apply", "-", given=_diff(tmp_path, "link"))
    assert git(top, "diff", "--name-only") == "made/src/main.rs\n"


def test_a_folder_called_git_that_is_no_repository_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "in").mkdir()
    assert json_face.prefix_in_repository(str(tmp_path / "in")) == ""
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    assert json_face.prefix_in_repository(str(tmp_path / "in")) == "in/"
    assert json_face.prefix_in_repository(str(tmp_path)) == ""


def test_a_diff_that_json_cannot_hold_says_so() -> None:
    proposal = Proposal("x", "/", "t", "rule", (file_change("a.rs", b"\xff\nold\n", b"\xff\nnew\n"),))
    folded = json_face.fix("a.rs", [events.ProposalReady(proposal), events.Finished("fixed")])
    proposals: Any = folded["proposals"]
    (shown,) = proposals
    assert any("UTF-8" in warning for warning in shown["warnings"])


# Folding.


def test_a_later_proposal_takes_the_place_of_an_earlier_one() -> None:
    def ready(name: str, rank: int) -> events.ProposalReady:
        return events.ProposalReady(Proposal(name, "/", name, "rule", ()), rank)

    happened = [ready("a", 0), ready("b", 0), ready("c", 1), events.Finished("fixed")]
    assert [p.id for p in json_face.best_first(happened)] == ["b", "c", "a"]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) |
                    st.dictionaries(st.text(), inner)))  # fmt: skip
@example("\x7f\x1b\x80\n")
def test_every_value_becomes_one_ascii_line(value: Any) -> None:
    line = json_face.line(value)
    assert line.endswith("\n")
    assert line[:-1].isascii() and line[:-1].isprintable()
    read = json.loads(line)
    read_again = json.dumps(read, ensure_ascii=False).encode()  # would raise for half a surrogate pair
    assert read_again
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert read == value


# Batches.


def _batch(command: str, lines: list[bytes], cwd: Path | None = None) -> tuple[list[dict[str, Any]], int]:
    done = tutor(command, "--json", "--no-model", "--batch", "-", cwd=cwd, given=b"\n".join(lines))
    no_traceback(done)
    return [json.loads(line) for line in done.stdout.decode("ascii").splitlines()], done.returncode


def test_batch_ask_and_explain() -> None:
    answers, code = _batch(
        "ask", [b'{"question":"what is ownership","id":7}', b"", b'{"question":"what is a lifetime"}']
    )
    assert code == 0
    assert [a["question"] for a in answers] == ["what is ownership", "what is a lifetime"]
    assert answers[0]["id"] == 7
    assert "id" not in answers[1]
    assert all(set(a) >= {"answer", "in_scope", "origin", "seconds", "citations"} for a in answers)
    (answer,), code = _batch("explain", [b'{"thing":"E0382","id":{"a":[1]}}'])
    assert answer["id"] == {"a": [1]}
    assert answer["text"] == "E0382"


def test_batch_fix_is_one_session(tmp_path: Path) -> None:
    (tmp_path / "a.rs").write_text(BROKEN)
    (tmp_path / "lib.rs").write_text("pub fn one() -> u8 { 1 }\n")
    lines = [
        b'{"path":"a.rs","id":"x"}',
        b'{"path":"lib.rs","edition":"2018","crate_type":"lib"}',
        b'{"path":"lib.rs","edition":"1999"}',
        b'{"path":"lib.rs","crate_type":["lib"]}',
        b'{"path":"missing.rs","id":2}',
        b'{"path":"\\u0000"}',
        b'{"path":"\\udcff.rs"}',
        b'{"path":"a.rs"}',
    ]
    answers, code = _batch("fix", lines, tmp_path)
    assert code == 0
    assert len(answers) == len(lines)
    assert [a.get("status") for a in answers] == ["fixed", "clean", None, None, None, None, None, "fixed"]
    assert [a.get("id") for a in answers] == ["x", None, None, None, 2, None, None, None]
    assert all("error" in a for a in answers[2:7])
    assert len(only_object(tutor("sessions", "list", "--json"))["sessions"]) == 1


def test_batch_lines_that_cannot_be_used() -> None:
    lines = [b"nonsense", b"[]", b'"x"', b"{}", b'{"id":3}', b'{"question":5,"id":"five"}', b'{"question":"  "}',
             b"\xff\xfe", b"[" * 100_000, b'{"id":NaN,"question":"x"}', b'{"id":1e999,"question":"x"}',
             b'{"id":' + b"[" * 700 + b"]" * 700 + b',"question":"x"}', b"9" * 5000,
             b'{"question":"what is a lifetime \\ud800","id":"\\ud800"}']  # fmt: skip
    answers, code = _batch("ask", lines)
    assert code == 0
    assert len(answers) == len(lines)
    assert all("error" in answer for answer in answers[:-1])
    assert [a.get("id") for a in answers[4:6]] == [3, "five"]
    assert "error" not in answers[-1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "question", "x"]), inner),
    max_leaves=6,
)
LINE = st.one_of(
    st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b" ")),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.builds(lambda q, i: json.dumps({"question": q, "id": i}).encode(), st.text(max_size=40), JSON),
)


@settings(max_examples=12)
@given(st.lists(LINE, max_size=25))
def test_any_lines_get_one_answer_each_in_order(lines: list[bytes]) -> None:
    answers, code = _batch("ask", lines)
    wanted = [line for line in lines if line.strip()]
    assert code == 0
    assert len(answers) == len(wanted)
    for line, answer in zip(wanted, answers, strict=True):
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if isinstance(request, dict) and isinstance(request.get("question"), str) and "error" not in answer:
            assert ("id" in answer) == ("id" in request)
            assert answer.get("id") == json.loads(json_face.line(request.get("id")))
        else:
            assert answer["error"]


def test_a_batch_ends_when_its_reader_goes(tmp_path: Path) -> None:
    from tests.helpers_cli import TUTOR

    process = subprocess.Popen([TUTOR, "ask", "--json", "--no-model", "--batch", "-"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(b'{"question":"what is a lifetime"}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["in_scope"] is True  # each answer comes at once
    process.stdout.close()
    process.stdin.write(b'{"question":"what is a lifetime"}\n')
    process.stdin.flush()
    assert process.wait(60) == 0  # without the end of its input
    assert process.stderr.read() == b""
    process.stdin.close()
    process.stderr.close()
