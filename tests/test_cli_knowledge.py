"""``tutor knowledge`` and ``tutor graph`` as their users run them, on a small machine and on a hand-made knowledge."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import sqlite3
import subprocess
from pathlib import Path

import pytest

from commands import knowledge_report
from commands.knowledge import BuildPrinter, told
from knowledgegraph.library import Library
from knowledgegraph.store import Store
from tests.helpers_cli import TUTOR, no_traceback, only_object, tutor
from tests.helpers_knowledge import METHODS, build_small, small_machine
from tutor import events
from tutor.knowledge import Knowledge
from tutor.paths import Home

KEYS = {"book_sections", "reference_rules", "error_codes", "clippy_lints", "git_commands", "linux_commands",
        "gh_commands", "patterns", "git_workflows"}  # fmt: skip


# Building.


def test_build_tells_of_each_source_and_a_second_one_reads_nothing(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    first = tutor("knowledge", "build", env=env)
    assert first.returncode == 0, first
    lines = first.stderr.decode().splitlines()
    assert any(line.endswith("Manual pages: 2 entries") for line in lines)
    assert any("Git: not here" in line for line in lines)
    counted = [line.split()[0].split("/") for line in lines if "/" in line[:6]]
    assert [int(place) for place, _ in counted] == list(range(1, int(counted[0][1]) + 1))
    assert "entries and" in first.stdout.decode() and "Not on this machine: book" in first.stdout.decode()
    second = only_object(tutor("knowledge", "build", "--json", env=env))
    assert second["built"] is True
    assert "(unchanged)" in tutor("knowledge", "build", env=env).stderr.decode()
    assert "(unchanged)" not in tutor("knowledge", "build", "--fresh", env=env).stderr.decode()


def test_status_has_the_shape_of_the_contract(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    before = tutor("knowledge", "status", "--json", env=env)
    assert before.returncode == 0
    unbuilt = only_object(before)
    assert unbuilt["built"] is False and unbuilt["how_to_build"] == "tutor knowledge build"
    assert set(unbuilt["coverage"]) == KEYS
    assert b"tutor knowledge build reads it" in tutor("knowledge", "status", env=env).stdout
    tutor("knowledge", "build", env=env)
    status = only_object(tutor("knowledge", "status", "--json", env=env))
    assert status["built"] is True and status["seconds_to_build"] > 0
    assert status["concepts"] == sum(status["by_kind"].values()) > status["by_kind"]["linux"] == 2
    assert set(status["coverage"]) >= KEYS
    assert status["coverage"]["linux_commands"] == [1, 1] and status["coverage"]["error_codes"] == [0, 0]
    got, total = status["coverage"]["git_workflows"]
    assert got == total > 0
    missing = {row["source"]: row["how_to_get"] for row in status["missing_sources"]}
    assert missing["book"] == "rustup component add rust-docs" and all(missing.values())
    text = tutor("knowledge", "status", env=env).stdout.decode()
    assert "Linux commands               1       1  all" in text
    assert text.count("rustup component add rust-docs") < len([row for row in missing.values() if "rust-docs" in row])


def test_sources_lists_what_is_here_and_what_is_not(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    listed = {row["source"]: row for row in only_object(tutor("knowledge", "sources", "--json", env=env))["sources"]}
    assert listed["assets"]["here"] and listed["assets"]["read_at"] is None and listed["assets"]["changed"]
    assert not listed["git"]["here"] and listed["git"]["how_to_get"]
    tutor("knowledge", "build", env=env)
    listed = {row["source"]: row for row in only_object(tutor("knowledge", "sources", "--json", env=env))["sources"]}
    assert listed["assets"]["entries"] > 100 and not listed["assets"]["changed"]
    text = tutor("knowledge", "sources", env=env).stdout.decode()
    assert "entries, read 20" in text and "not here:" in text


def test_check_names_what_is_wrong(home: Home, tmp_path: Path) -> None:
    done = tutor("knowledge", "check", "--json")
    assert done.returncode == 0
    assert only_object(done)["problems"] == [] and only_object(done)["lost_links"] is None
    build_small(home)
    library = Library.open(Knowledge(home).path)
    folder = tmp_path / "concepts"
    folder.mkdir()
    concept = (
        '[[concept]]\nid = "{}"\ntitle = "{}"\ndefinition = "It is."\nrequires = ["{}"]\nintents = ["a", "b", "c"]\n'
        'lesson = """\n**Check yourself.** Is it?\n"""\nsee = ["book {}"]\n'
    )
    text = concept.format("one", "One", "two", "ch01.html") + concept.format("two", "Two", "one", "ch09.html")
    (folder / "git.toml").write_text('domain = "git"\ncompetency = "git"\n' + text)
    wrong = knowledge_report.check(library, folder)
    assert wrong["ok"] is False and wrong["lost_links"] is not None
    assert len(wrong["problems"]) == 2
    assert "go in a circle: one -> two -> one" in wrong["problems"][0] or "two -> one -> two" in wrong["problems"][0]
    assert "'book ch09.html'" in wrong["problems"][1]
    assert "✗" in knowledge_report.check_text(wrong, colour=False)
    (folder / "git.toml").write_text("domain = ")
    assert knowledge_report.check(library, folder)["problems"]


def test_ctrl_c_leaves_the_old_knowledge(tmp_path: Path) -> None:
    env = {**os.environ, **small_machine(tmp_path / "machine")}
    assert tutor("knowledge", "build", env=env).returncode == 0
    file = tmp_path / "machine/tutor/data/knowledge.sqlite"
    before = file.read_bytes()
    (tmp_path / "machine/bin/git").write_text("#!/bin/sh\nkill -INT $PPID\nexit 1\n")  # asked for its version
    (tmp_path / "machine/bin/git").chmod(0o755)
    done = subprocess.run([TUTOR, "knowledge", "build", "--fresh"], env=env, capture_output=True, check=False)
    assert done.returncode == 130, done
    assert b"the knowledge is as it was" in done.stderr
    no_traceback(done)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if ".new-" in path.name] == []


def test_a_folder_of_notes_is_added_read_and_removed(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "wheels.md").write_text("# Squeaking wheels\n\nGrease the axle of the barrow.\n")
    added = tutor("knowledge", "add", notes, env=env)
    assert added.returncode == 0 and b"Added" in added.stdout and b"relations are ready" in added.stdout
    found = only_object(tutor("graph", "Squeaking wheels", "--json", env=env))
    assert found["concept"]["kind"] == "note"
    removed = only_object(tutor("knowledge", "remove", notes, "--json", env=env))
    assert "Removed" in removed["done"] and "note" not in removed["by_kind"]
    assert tutor("knowledge", "remove", notes, env=env).returncode == 2
    assert tutor("knowledge", "add", "nowhere", env=env).returncode == 2
    later = only_object(tutor("knowledge", "add", notes, "--no-build", "--json", env=env))
    assert set(later) == {"done"}


def test_a_crate_is_downloaded_only_after_a_yes(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    done = tutor("knowledge", "add-crate", "some-crate", "--json", env=env)
    assert done.returncode == 3
    assert "--yes" in only_object(done)["hint"]
    crate = tmp_path / "wheels"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text('[package]\nname = "wheels"\nversion = "1.2.3"\n')
    (crate / "src/lib.rs").write_text("//! Wheels that turn.\n\n/// Turns one wheel.\npub fn turn() {}\n")
    assert tutor("knowledge", "add-crate", crate, env=env).returncode == 0
    assert only_object(tutor("knowledge", "status", "--json", env=env))["by_kind"]["crate"] >= 1


def test_nothing_is_fetched_for_embedding_without_a_yes(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    done = tutor("knowledge", "embed", "minilm", "--json", env=env)
    assert done.returncode == 3 and "--yes" in only_object(done)["hint"]
    assert tutor("knowledge", "embed", "nonsense", env=env).returncode == 2
    assert only_object(tutor("knowledge", "embed", "none", "--json", env=env)) == {"embedder": "none"}


def test_a_knowledge_of_another_time_is_said_and_replaced(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    file = tmp_path / "machine/tutor/data/knowledge.sqlite"
    file.parent.mkdir()
    file.write_bytes(b"no database at all, but long enough to look at")
    status = only_object(tutor("knowledge", "status", "--json", env=env))
    assert status["built"] is False and str(file) in status["problem"]
    checks = only_object(tutor("doctor", "--json", env=env))["checks"]
    knowledge = next(check for check in checks if check["name"] == "knowledge")
    assert knowledge["status"] == "warn" and knowledge["fix"] == "tutor knowledge build"
    assert tutor("knowledge", "build", env=env).returncode == 0
    assert only_object(tutor("knowledge", "status", "--json", env=env))["built"] is True


def test_a_damaged_knowledge_is_one_clear_line(home: Home) -> None:
    build_small(home)
    with contextlib.closing(sqlite3.connect(Knowledge(home).path)) as database:
        database.execute("DROP TABLE relations")
        database.commit()
    for call in (("knowledge", "status"), ("graph", "demo::Hub")):
        done = tutor(*call)
        assert done.returncode == 3, done
        assert b"tutor knowledge build" in done.stderr
        no_traceback(done)


# The first question.


def test_the_first_question_reads_the_machine_once(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    asked = tutor("ask", "--no-model", "--json", "how do I use widget?", env=env)
    assert b"once; Ctrl+C answers from the lessons alone" in asked.stderr
    assert any(citation["ref"] == "widget" for citation in only_object(asked)["citations"])
    again = tutor("ask", "--no-model", "--json", "how do I use widget?", env=env)
    assert again.stderr == b""


def test_a_batch_builds_first_and_answers_in_order(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    given = b'{"id": 1, "question": "widget --hard"}\n{"id": 2, "question": "what is ownership"}\n'
    done = tutor("ask", "--no-model", "--json", "--batch", "-", env=env, given=given)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, 2]
    assert (tmp_path / "machine/tutor/data/knowledge.sqlite").exists()


def test_never_means_never(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine", "never")
    done = tutor("ask", "--no-model", "what is ownership", env=env)
    assert done.returncode == 0 and done.stderr.count(b"\n") == 1 and b"tutor knowledge build" in done.stderr
    assert not (tmp_path / "machine/tutor/data/knowledge.sqlite").exists()


def test_ctrl_c_in_the_first_question_answers_from_the_lessons(tmp_path: Path) -> None:
    env = {**os.environ, **small_machine(tmp_path / "machine")}
    (tmp_path / "machine/bin/git").write_text("#!/bin/sh\nkill -INT $PPID\nexit 1\n")
    (tmp_path / "machine/bin/git").chmod(0o755)
    done = subprocess.run([TUTOR, "ask", "--no-model", "what is ownership"], env=env, capture_output=True, check=False)
    assert done.returncode == 0, done
    assert b"the lessons alone answer" in done.stderr and b"Ownership" in done.stdout


def test_in_a_terminal_there_is_a_bar_and_a_line_for_each_source(tmp_path: Path) -> None:
    env = {**os.environ, **small_machine(tmp_path / "machine"), "TERM": "xterm-256color"}
    screen, terminal = pty.openpty()
    with subprocess.Popen([TUTOR, "knowledge", "build"], env=env, stdout=subprocess.DEVNULL, stderr=terminal,
                          stdin=subprocess.DEVNULL) as process:  # fmt: skip
        os.close(terminal)
        said = b""
        try:
            while data := os.read(screen, 65536):
                said += data
        except OSError:  # Linux says so when the other side has closed
            pass
        assert process.wait() == 0
    os.close(screen)
    assert "[█".encode() in said or "[·".encode() in said
    assert b"Manual pages: 2 entries\r\n" in said


# The graph.


def test_graph_of_any_entry(home: Home) -> None:
    build_small(home)
    around = only_object(tutor("graph", "demo::Hub", "--json"))
    assert around["concept"]["id"] == "std:demo::Hub"
    assert len(around["parts"]) == min(METHODS, 200)
    assert {"requires", "unlocks", "above", "parts", "before", "after", "read", "lessons", "errors", "related"} <= set(
        around
    )
    page = only_object(tutor("graph", "Second Wheels", "--json"))
    assert [node["id"] for node in page["before"]] == ["book:ch01.html"]
    assert [node["id"] for node in page["after"]] == ["book:ch03.html"]
    assert [node["title"] for node in page["above"]] == ["A Small Book"]
    text = tutor("graph", "demo::Hub").stdout.decode()
    assert "Its parts" in text and "and 188 more" in text
    dot = tutor("graph", "Second Wheels", "--dot").stdout.decode()
    assert '"book:ch01.html" -> "book:ch02.html" [style=dashed, label="next"]' in dot
    assert '"book:ch02.html" -> "book:" [style=dashed, label="part-of"]' in dot


def test_the_way_to_a_concept_and_to_a_page_about_one(home: Home) -> None:
    build_small(home)
    path = only_object(tutor("graph", "--path", "--json", "move-semantics"))["path"]
    assert path[-1]["id"] == "move-semantics" and "ownership" in [step["id"] for step in path[:-1]]
    page = only_object(tutor("graph", "--path", "--json", "First Wheels"))["path"]
    assert [step["id"] for step in page[-2:]] == ["ownership", "book:ch01.html"]
    assert b"1. " in tutor("graph", "--path", "move-semantics").stdout
    assert tutor("graph", "--path", "demo::Hub").returncode == 2
    assert tutor("graph", "--path", "--dot", "demo::Hub").returncode == 2


def test_what_is_not_there_is_said_with_what_helps(home: Home) -> None:
    unknown = tutor("graph", "zzzqqq")
    assert unknown.returncode == 2 and b"tutor knowledge build" in unknown.stderr
    build_small(home)
    assert b"tutor ask" in tutor("graph", "zzzqqq").stderr
    assert tutor("graph", b"\xff\xfe").returncode == 2


# The parts.


@pytest.mark.parametrize("missing", [(), ("git", "gh")])
def test_a_finished_build_in_lines(missing: tuple[str, ...]) -> None:
    lines = told(events.KnowledgeBuilt(1234, 5678, 1.25, ("a",), ("b", "c"), missing))
    assert lines[0] == "1,234 entries and 5,678 relations are ready: 1 source read, 2 unchanged, in 1.2 s."
    assert len(lines) == 1 + bool(missing)


def test_hostile_titles_are_inert_in_the_progress(capsys: pytest.CaptureFixture[str]) -> None:
    printer = BuildPrinter()
    printer(events.Progress("\x1b[31mbad\x07: 3 entries", 1, 2))
    printer(events.Progress("next", 2, 2))
    assert "\x1b" not in capsys.readouterr().err


def test_coverage_adds_up_sources_of_one_name(home: Home) -> None:
    build_small(home)
    store = Store.open(Knowledge(home).path)
    counts = knowledge_report.coverage(store)
    store.close()
    assert counts["book_sections"] == [3, 4]
    told = only_object(tutor("knowledge", "status", "--json"))
    assert told["missing"] == {"book_sections": ["ch04.html"]}
    assert b"without ch04.html" in tutor("knowledge", "status").stdout


def test_the_chat_builds_and_reports(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    done = tutor(
        "chat", "--no-model", env=env, given=b"/knowledge\n/knowledge status\n/knowledge frob\n/graph widget\n"
    )
    out = done.stdout.decode()
    assert done.returncode == 0
    assert "relations are ready" in out and "Linux commands" in out and "Say /knowledge" in out and "small wheel" in out


def test_sigterm_leaves_the_old_knowledge(tmp_path: Path) -> None:
    env = {**os.environ, **small_machine(tmp_path / "machine")}
    (tmp_path / "machine/bin/git").write_text("#!/bin/sh\nkill -TERM $PPID\nexit 1\n")
    (tmp_path / "machine/bin/git").chmod(0o755)
    done = subprocess.run([TUTOR, "knowledge", "build"], env=env, capture_output=True, check=False)
    assert done.returncode == 143
    assert not (tmp_path / "machine/tutor/data/knowledge.sqlite").exists()
    no_traceback(done)


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        ("1.96.0", "1.95.0", "The Book: 1.96.0 (was 1.95.0)"),
        ("1.96.0", "", "The Book: new"),
        ("fb65a048e5fe", "295cf2b9c718", "The Book: changed"),
        ("5.2.15", "5.2.15", "The Book: changed"),
    ],
)
def test_news_are_said_as_people_count(now: str, before: str, said: str) -> None:
    from tutor.knowledge import _changed

    assert _changed("The Book", now, before) == said
