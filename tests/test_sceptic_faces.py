"""What hostile documentation sends to the terminal, and whose programs run: none of it acts, nothing of theirs runs."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from commands.citations import place
from knowledgegraph.sources.roff import read_file
from tests.helpers_cli import tutor
from tests.helpers_knowledge import small_machine
from tutor.events import Citation

EVIL = (
    "\x1b]52;c;cm0=\x07\x1b]8;;http://x\x1b\\here\x1b]8;;\x1b\\ \x1b[2J \x9b31m [/bold] [@click=app.quit]q[/] \u202egnp"
)
CALLS = (
    ("ask", "--no-model", "what frobnicates the zorkmid in rust"),
    ("explain", "Zorkmid"),
    ("graph", "note:evil"),
    ("graph", "--dot", "note:evil"),
    ("knowledge", "status"),
    ("knowledge", "sources"),
    ("knowledge", "check"),
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("evil")
    env = small_machine(folder / "machine")
    notes = folder / "evil"
    notes.mkdir()
    text = f"# Zorkmid\n\nIt frobnicates {EVIL} in Rust.\n\n## Zorkmid {EVIL}\n\nzorkmid {EVIL}\n```\n{EVIL}\n"
    for name in (
        "a.md",
        "new\nline.md",
        "\x1b[31mred.md",
        "[/bold].md".replace("/", "\u2215"),
        "--help.md",
        "odd\udcff.md",
    ):
        (notes / name).write_text(text, encoding="utf-8")
    (notes / "out.md").symlink_to("/etc/passwd")
    added = tutor("knowledge", "add", str(notes), env=env)
    assert added.returncode == 0, added
    assert not acting(added)
    return env


def acting(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    text = (done.stdout + done.stderr).decode()
    return re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e].{0,20}", text)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_nothing_acts_on_the_terminal(machine: Mapping[str, str], call: tuple[str, ...]) -> None:
    done = tutor(*call, env=machine)
    assert done.returncode == (1 if "check" in call else 0), done  # most of what the lessons cite is not read here
    assert acting(done) == []
    if "--dot" not in call:
        line = tutor(*call, "--json", env=machine).stdout
        json.loads(line)
        assert re.fullmatch(rb"[ -~]+\n", line)


@pytest.mark.parametrize("name", ["x;touch ran", "$(x)", "-Kx", "a b", "\x1b[31m", "`x`"])
def test_a_page_is_opened_by_name_only_where_a_shell_takes_the_name_as_it_is(name: str) -> None:
    def cited(page: str) -> Citation:
        return Citation(page, "linux", page, 1.0, f"/usr/share/man/man1/{page}.1.gz")

    assert place(cited("git-stash")) == "man git-stash"
    assert place(cited(name)).startswith("/usr/share/man/man1/")


def test_no_program_of_the_current_folder_unpacks_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "zstd").write_text("#!/bin/sh\ntouch ran\n")
    (tmp_path / "zstd").chmod(0o755)
    (tmp_path / "page.1.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    monkeypatch.chdir(tmp_path)
    for path in (".", "", f"{Path()}:relative", ":"):
        monkeypatch.setenv("PATH", path)
        with pytest.raises(ValueError, match="zstd is not installed"):
            read_file(tmp_path / "page.1.zst")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("home", ["d" * 300, "/".join(["d" * 200] * 25)])
def test_a_home_whose_name_is_too_long_is_said_and_lessons_answer(tmp_path: Path, home: str) -> None:
    env = {**small_machine(tmp_path / "machine", build="never"), "TUTOR_HOME": str(tmp_path / home)}
    for call in (("ask", "--no-model", "what is ownership"), ("graph", "ownership"), ("explain", "ownership")):
        assert tutor(*call, env=env).returncode == 0
    build = tutor("knowledge", "build", env=env)
    assert build.returncode == 1
    assert b"File name too long" in build.stderr


@pytest.mark.parametrize("path", ["a\\u0000b", "/a\\u0000b", "/\\ud800", "relative", "", "~"])
@pytest.mark.parametrize("sort", ["notes", "crates"])
def test_a_list_of_what_was_added_that_names_no_path(tmp_path: Path, sort: str, path: str) -> None:
    env = small_machine(tmp_path / "machine")
    data = Path(env["TUTOR_HOME"]) / "data"
    data.mkdir()
    (data / "added.json").write_text(f'{{"{sort}": ["{path}"]}}')
    for call in ("build", "sources"):
        done = tutor("knowledge", call, env=env)
        assert done.returncode == 3
        assert b"which is no path; mend or delete it" in done.stderr


def test_status_says_which_source_has_gone_since_it_was_read(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "one.md").write_text("# Zorkmid\n\nIt frobnicates.\n")
    assert tutor("knowledge", "add", str(notes), env=env).returncode == 0
    assert b"Gone since" not in tutor("knowledge", "status", env=env).stdout
    (notes / "one.md").unlink()
    notes.rmdir()
    assert f"Your notes in notes: {notes}" in tutor("knowledge", "status", env=env).stdout.decode()
    status = json.loads(tutor("knowledge", "status", "--json", env=env).stdout)
    assert status["gone"] == [{"source": "notes:notes", "title": "Your notes in notes", "location": str(notes)}]
    tutor("knowledge", "build", env=env)
    assert "gone" not in json.loads(tutor("knowledge", "status", "--json", env=env).stdout)


def test_no_name_of_a_crate_is_an_option_or_an_unforeseen_error(tmp_path: Path) -> None:
    env = small_machine(tmp_path / "machine")
    for name in (
        "../x",
        "-Zunstable",
        "--help",
        "a" * 5000,
        "a/" * 3000,
        "good@1; rm",
        "",
        "odd\udcff",
        "~root",
        "/dev/zero",
    ):
        done = tutor("knowledge", "add-crate", "--", name, env=env)
        assert done.returncode == 2, done
        assert b"NAME or NAME@VERSION" in done.stderr


@pytest.mark.parametrize(("embedder", "why"), [("minilm", "not installed"), ("odd\\u001b", "is none of")])
def test_status_does_not_say_that_a_model_finds_which_is_not_there(tmp_path: Path, embedder: str, why: str) -> None:
    env = small_machine(tmp_path / "machine")
    with (Path(env["TUTOR_HOME"]) / "config/config.toml").open("a") as file:
        file.write(f'embedder = "{embedder}"\n')
    assert tutor("knowledge", "build", env=env).returncode == 0
    status = tutor("knowledge", "status", env=env)
    assert why in status.stdout.decode().splitlines()[-1]
    assert not acting(status)
    assert why in json.loads(tutor("knowledge", "status", "--json", env=env).stdout)["embedder_problem"]
