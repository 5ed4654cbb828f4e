"""The command line's contract: exit codes, what goes to which stream, and what no input may do to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from commands.parser import parse
from tests.helpers_cli import (
    BROKEN,
    CLEAN,
    HOPELESS,
    TUTOR,
    git,
    no_traceback,
    only_object,
    package,
    repository,
    tutor,
)
from tutor import __version__
from tutor.errors import UsageError

# The compiler suggests nothing for this one (E0597), and finds it in the same pass as a moved value.
STUCK = """\
static LIMIT: u32 = 1;
fn main() {
    LIMIT = 2;
"""
HOSTILE = "\x1b[31m\x9b0m\u202e\u2066[/b][red]`$(touch x)`"


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["-V"], ["--version", "--home", "x"], ["--home", "x", "--version"], ["--version", "fix", "nope"]],
)
def test_version(arguments: list[str], tmp_path: Path) -> None:
    done = tutor(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"tutor {__version__}\n".encode(), b"")
    assert list(tmp_path.iterdir()) == []


def test_help_lists_every_subcommand() -> None:
    done = tutor("--help")
    text = done.stdout.decode()
    assert done.returncode == 0
    for name in ("fix", "ask", "explain", "graph", "demo", "chat", "sessions", "doctor", "config"):
        assert f"    {name}" in text
        of_its_own = tutor(name, "--help")
        assert of_its_own.returncode == 0
        assert of_its_own.stdout.startswith(f"usage: tutor {name}".encode())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fix", "--frobnicate"], "--frobnicate"),
        (["fix", "--js", "main.rs"], "--js"),  # options have no short forms of their own
        (["--home"], "--home"),
        (["--home", ""], "--home"),
        (["ask"], "tutor ask"),
        (["explain"], "tutor explain"),
        (["graph"], "concept"),
        (["graph", "no-such-concept-at-all"], "no-such-concept-at-all"),
        (["sessions"], "list|show"),
        (["sessions", "show", "feedbeef"], "sessions"),
        (["config", "get", "no.such"], "no.such"),
        (["config", "set", "fix.edition", "1999"], "fix.edition"),
        (["fix", "nowhere.rs"], "nowhere.rs"),
        (["fix", "--edition", "1999"], "1999"),
        (["fix", "--commit"], "--yes"),
        (["fix", "--batch", "-"], "--json"),
        (["fix", "--json", "--batch", "-", "--yes"], "--batch"),
        (["ask", "--json", "--batch", "-", "what"], "--batch"),
        (["nowhere"], "nowhere"),
        (["fxi"], "tutor fix"),
        (["learn"], "tutor learn"),
        (["fix", "n" * 5000], "nnn"),
        (["n" * 5000], "nnn"),
        (["."], "terminal"),
        ([], "terminal"),
    ],
)
def test_a_wrong_call_is_one_clear_sentence_and_exit_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = tutor(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done
    assert done.stdout == b""
    error = done.stderr.decode()
    assert said in error
    assert error.startswith("tutor: ")
    assert len(error.splitlines()) <= 2
    no_traceback(done)


def test_without_a_terminal_the_app_names_the_subcommands() -> None:
    error = tutor().stderr.decode()
    for name in ("tutor fix", "tutor ask", "tutor explain", "tutor chat", "tutor demo"):
        assert name in error


def test_a_subcommand_of_a_later_version_is_not_taken_for_a_path(tmp_path: Path) -> None:
    assert b"not part of this version" in tutor("suggest", "undo my commit", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [(BROKEN, 0, "+    let mine = names.clone();"), (CLEAN, 0, "No errors"), (HOPELESS, 1, "No fix was found")],
)
def test_fix_says_what_it_found(source: str, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(source)
    done = tutor("fix", "--no-model", "main.rs", cwd=tmp_path)
    assert done.returncode == code, done
    assert said in done.stdout.decode()
    assert (tmp_path / "main.rs").read_text() == source


def test_fix_yes_writes_and_commits(tmp_path: Path) -> None:
    folder = repository(package(tmp_path / "made"))
    (folder / "other").write_text("mine")
    done = tutor("fix", "--no-model", "--yes", "--commit", cwd=folder)
    assert done.returncode == 0, done
    assert "names.clone()" in (folder / "src/main.rs").read_text()
    assert git(folder, "show", "--stat", "--format=%s").splitlines()[0].startswith("Fix E0382 in src/main.rs")
    assert "main.rs" not in git(folder, "status", "--porcelain", "src")
    assert git(folder, "status", "--porcelain", "other") == "?? other\n"


@pytest.mark.parametrize("path", ["src/main.rs", "src", "Cargo.toml", "."])
def test_fix_yes_writes_wherever_in_the_package_it_was_pointed(path: str, tmp_path: Path) -> None:
    folder = repository(package(tmp_path / "made"))
    done = tutor("fix", "--yes", "--commit", path, cwd=folder)
    assert done.returncode == 0, done
    assert git(folder, "show", "--name-only", "--format=").split() == ["src/main.rs"]


def test_fix_yes_with_a_message(tmp_path: Path) -> None:
    folder = repository(package(tmp_path / "made"))
    assert tutor("fix", "--yes", "--commit", "--message", "Keep the names", cwd=folder).returncode == 0
    assert git(folder, "log", "-1", "--format=%B").strip() == "Keep the names"


def test_written_but_still_broken_is_exit_1(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN.replace("fn main() {\n", STUCK))
    text = tutor("fix", "--yes", "main.rs", cwd=tmp_path)
    assert text.returncode == 1, text
    assert "names.clone()" in (tmp_path / "main.rs").read_text()


def test_without_rust_the_answer_is_3_and_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN)
    nothing = {"PATH": str(tmp_path), "HOME": str(tmp_path), "CARGO_HOME": str(tmp_path)}
    done = tutor("fix", "main.rs", cwd=tmp_path, env=nothing)
    assert done.returncode == 3
    assert b"rustup.rs" in done.stderr
    folded = tutor("fix", "--json", "main.rs", cwd=tmp_path, env=nothing)
    (result,) = only_object(folded)["results"]
    assert folded.returncode == 3
    assert result["status"] == "error"
    assert "rustup.rs" in result["hint"]


def test_the_worst_path_decides(tmp_path: Path) -> None:
    for name, source in (("a.rs", CLEAN), ("b.rs", HOPELESS)):
        (tmp_path / name).write_text(source)
    assert tutor("fix", "a.rs", "b.rs", cwd=tmp_path).returncode == 1
    assert tutor("fix", "a.rs", "a.rs", cwd=tmp_path).returncode == 0


def test_what_is_not_rust_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    assert tutor("fix", "notes.txt", cwd=tmp_path).returncode == 2
    assert tutor("fix", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("name", ["-x.rs", "--yes", "fix", "a b.rs", "quote'\".rs", "line\nbreak.rs", "ü\u202e.rs"])
def test_hostile_and_misleading_names(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(BROKEN)
    if not name.endswith(".rs"):
        assert tutor("fix", "--", name, cwd=tmp_path).returncode == 2  # found, and not a Rust file
        return
    done = tutor("fix", "--", name, cwd=tmp_path)
    assert done.returncode == 0, done
    text = done.stdout.decode()
    assert "names.clone()" in text
    assert "\u202e" not in text
    assert "line\nbreak.rs" not in text
    assert tutor("fix", "--yes", "--", name, cwd=tmp_path).returncode == 0
    assert "names.clone()" in (tmp_path / name).read_text()


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    raw = b"\xff\xfe.rs"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw)).write_text(BROKEN)
    done = tutor("fix", raw, cwd=tmp_path)
    assert done.returncode in (0, 1), done  # rustc itself may refuse such a name
    no_traceback(done)
    (done.stdout + done.stderr).decode("utf-8")
    folded = tutor("fix", "--json", raw, cwd=tmp_path)
    only_object(folded)
    assert b"\\ud" not in folded.stdout.lower()
    assert tutor("fix", b"\xff-missing", cwd=tmp_path).returncode == 2
    assert tutor("ask", "--no-model", b"what is a lifetime \xff", cwd=tmp_path).returncode == 0


def test_hostile_code_and_text_stays_inert(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN.replace("Ada", HOSTILE).replace("let mine", f"/* {HOSTILE} */ let mine"))
    for call in (
        ("fix", "--no-model", "main.rs"),
        ("ask", "--no-model", HOSTILE),
        ("explain", HOSTILE),
        ("graph", HOSTILE),
        ("config", "get", HOSTILE),
        ("sessions", "show", HOSTILE),
        ("sessions", "show"),
        (HOSTILE,),
        ("fix", HOSTILE),
        ("fix", f"--{HOSTILE}"),
    ):
        done = tutor(*call, cwd=tmp_path)
        for stream in (done.stdout.decode(), done.stderr.decode()):
            for acting in ("\x1b", "\x9b", "\u202e", "\u2066"):
                assert acting not in stream, (call, stream)
        assert done.returncode in (0, 1, 2), done
    assert not (tmp_path / "x").exists()


def test_home_before_and_after_the_subcommand(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(CLEAN)
    unused = {"TUTOR_HOME": str(tmp_path / "unused")}
    for number, call in enumerate(
        (["--home", "HERE", "fix", "main.rs"], ["fix", "--home=HERE", "main.rs"], ["fix", "main.rs", "--home", "HERE"])
    ):
        home = tmp_path / f"home{number}"
        done = tutor(*[word.replace("HERE", str(home)) for word in call], cwd=tmp_path, env=unused)
        assert done.returncode == 0, done
        assert len(list((home / "state/sessions").glob("*.jsonl"))) == 1
    assert not (tmp_path / "unused").exists()
    listed = tutor("sessions", "list", "--home", str(tmp_path / "home1"), env=unused)
    assert len(listed.stdout.splitlines()) == 1
    listed = tutor("--home", str(tmp_path / "home1"), "sessions", "list", env=unused)
    assert len(listed.stdout.splitlines()) == 1


def test_a_home_of_an_unknown_user_is_a_folder_like_any_other(tmp_path: Path) -> None:
    done = tutor("config", "path", "--home", "~no-such-user-here/x", cwd=tmp_path)
    assert done.returncode == 0, done
    assert done.stdout.decode().strip() == str(tmp_path / "~no-such-user-here/x/config/config.toml")


def test_a_home_that_cannot_be_written_costs_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = str(tmp_path / "file")
    done = tutor("ask", "--no-model", "what is a lifetime", env={"TUTOR_HOME": home})
    assert done.returncode == 0, done
    assert len(done.stderr.decode().splitlines()) == 1
    assert "ifetime" in done.stdout.decode()
    no_traceback(tutor("doctor", "--no-model", "--home", home))
    assert tutor("doctor", "--no-model", "--home", home).returncode == 1
    assert tutor("sessions", "list", "--home", home).returncode == 0
    no_traceback(tutor("config", "set", "fix.edition", "2018", "--home", home))


def test_crash_reports_go_to_the_home_that_was_named(tmp_path: Path) -> None:
    code = (
        "import sys, commands.ask, commands.cli\n"
        "def run(options): raise ZeroDivisionError('\\udcff')\n"
        "commands.ask.run = run\n"
        "sys.exit(commands.cli.main(sys.argv[1:]))\n"
    )
    for extra in ([], ["--json"]):
        home = tmp_path / f"home{len(extra)}"
        done = subprocess.run(
            [TUTOR.parent / "python", "-c", code, "ask", "--home", str(home), "why", *extra],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 70
        assert len(done.stderr.splitlines()) == 1
        no_traceback(done)
        (report,) = (home / "state/crashes").iterdir()
        assert "ZeroDivisionError" in report.read_text()
        assert report.stat().st_mode & 0o777 == 0o600
        if extra:
            assert only_object(done)["exit_code"] == 70


@pytest.mark.parametrize(
    "call", [("ask", "--no-model", "what is a lifetime"), ("--help",), ("--version",), ("explain", "E0382"),
             ("fix", "main.rs"), ("fix", "--json", "main.rs")]
)  # fmt: skip
def test_a_reader_that_goes_away_is_no_error(call: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run([TUTOR, *call], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=nobody,
                              stderr=subprocess.PIPE, check=False)  # fmt: skip
    assert done.returncode == 0, done
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr


def test_a_reader_that_goes_away_does_not_stop_the_work(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run([TUTOR, "fix", "--yes", "main.rs"], cwd=tmp_path, stdout=nobody, check=False)
    assert done.returncode == 0
    assert "names.clone()" in (tmp_path / "main.rs").read_text()


@pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("call", ["--version", "fix --yes main.rs", "ask --no-model what is a lifetime"])
def test_closed_streams(closed: str, call: str, tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN)
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" {call} {closed}', TUTOR], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done
    no_traceback(done)
    if call.startswith("fix"):
        assert (tmp_path / "main.rs").read_text() == BROKEN.replace("= names;", "= names.clone();")


def test_a_full_disk_behind_the_output_is_said(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([TUTOR, "ask", "--no-model", "what is a lifetime"], stdout=full, stderr=subprocess.PIPE,
                              check=False)  # fmt: skip
    assert done.returncode == 1
    assert b"could not be written" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


def test_an_encoding_without_our_signs(tmp_path: Path) -> None:
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = tutor("doctor", "--no-model", env=ascii_only)
    assert done.returncode == 0
    assert b"rustc" in done.stdout


def test_a_folder_that_was_removed(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    done = subprocess.run(
        ["/bin/sh", "-c", 'cd "$1" && rmdir "$1" && exec "$0" fix', TUTOR, folder], capture_output=True, check=False
    )
    assert done.returncode == 2
    no_traceback(done)


def test_ctrl_c_is_130_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """rustc is a program that says when it runs and then waits: the interrupt comes in the middle of the work."""
    programs = tmp_path / "bin"
    programs.mkdir()
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    fake = programs / "rustc"
    fake.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *sysroot*) echo {tmp_path}/root;; *-vV*) echo "release: 1.95.0"; echo "host: x";;\n'
        f"*) echo ready > {ready}; exec sleep 1000;; esac\n"
    )
    fake.chmod(0o755)
    (tmp_path / "main.rs").write_text(BROKEN)
    for extra in ([], ["--json"]):
        process = subprocess.Popen(
            [TUTOR, "fix", "--yes", *extra, "main.rs"],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert ready.read_text() == "ready\n"  # opening it waits for the fake compiler
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
        assert process.returncode == 130, error
        assert b"Traceback" not in error
        assert out == b""
        assert (tmp_path / "main.rs").read_text() == BROKEN


def test_settings_that_cannot_be_used_are_said_and_inert(tmp_path: Path) -> None:
    config = tmp_path / "config/config.toml"
    config.parent.mkdir(exist_ok=True, parents=True)
    config.write_text('[app]\ntheme = 3\n"\\u001b[31m" = 1\n')
    for call in (("ask", "--no-model", "what is a lifetime"), ("config", "get")):
        done = tutor(*call, "--home", str(tmp_path))
        assert done.returncode == 0
        assert b"app.theme must be" in done.stderr
        assert b"\x1b" not in done.stderr


def test_sessions_lists_and_shows(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN)
    assert tutor("sessions", "list").stdout.decode().startswith("There are no sessions yet")
    assert tutor("sessions", "show").returncode == 0
    assert only_object(tutor("sessions", "list", "--json")) == {"sessions": []}
    assert tutor("sessions", "show", "abc").returncode == 2
    tutor("ask", "--no-model", f"what is a lifetime {HOSTILE}", cwd=tmp_path)
    tutor("fix", "--yes", "main.rs", cwd=tmp_path)
    sessions = only_object(tutor("sessions", "list", "--json"))["sessions"]
    assert isinstance(sessions, list)
    assert [s["tool"] for s in sessions] == ["fix", "ask"]
    assert [(s["questions"], s["fixes"]) for s in sessions] == [(0, 1), (1, 0)]
    listed = tutor("sessions", "list").stdout.decode().splitlines()
    assert [line.split()[0] for line in listed] == [s["id"] for s in sessions]
    shown = tutor("sessions", "show", sessions[0]["id"].rpartition("-")[2][:6])
    text = shown.stdout.decode()
    for word in ("request", "fix: main.rs", "E0382", "+    let mine = names.clone();", "accepted main.rs", "applied",
                 "session-ended"):  # fmt: skip
        assert word in text
    assert "\x1b" not in tutor("sessions", "show", sessions[1]["id"]).stdout.decode()
    ambiguous = tutor("sessions", "show", sessions[0]["id"][:4])
    assert ambiguous.returncode == 2
    assert len(ambiguous.stderr.decode().splitlines()) <= 2
    full = only_object(tutor("sessions", "show", sessions[0]["id"], "--json"))
    assert full["id"] == sessions[0]["id"]
    assert full["damage"] == []
    entries = full["entries"]
    assert isinstance(entries, list)
    assert [e["seq"] for e in entries] == list(range(len(entries)))


def test_a_damaged_session_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    tutor("ask", "--no-model", "what is a lifetime", "--home", str(tmp_path))
    (log,) = (tmp_path / "state/sessions").glob("*.jsonl")
    whole = log.read_bytes()
    log.write_bytes(whole[:-20] + b'\n{"v":1,"half')
    done = tutor("sessions", "show", "--home", str(tmp_path))
    assert done.returncode == 0
    assert "! Line" in done.stdout.decode()
    assert "lifetime" in done.stdout.decode()


def test_config(tmp_path: Path) -> None:
    where = Path(tutor("config", "path").stdout.decode().strip())
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text("# mine\n[fix]\nseconds = 7 # short\n")
    assert tutor("config", "get", "fix.seconds").stdout == b"7\n"
    assert tutor("config", "set", "fix.edition", "2018").returncode == 0
    assert only_object(tutor("config", "get", "fix.edition", "--json")) == {"name": "fix.edition", "value": "2018"}
    assert where.read_text() == '# mine\n[fix]\nseconds = 7 # short\nedition = "2018"\n'
    assert tutor("config", "set", "app.theme", b"\xff").returncode == 2


def test_graph(tmp_path: Path) -> None:
    around = only_object(tutor("graph", "ownership", "--json"))
    assert {"concept", "requires", "unlocks", "related"} <= set(around)
    dot = tutor("graph", "ownership", "--dot").stdout.decode()
    assert dot.startswith("digraph")
    assert dot.count("{") == dot.count("}") == 1
    assert "Ownership" in tutor("graph", "ownership").stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "command", "path"),
    [
        ([], "app", None),
        (["./fix"], "app", "./fix"),
        (["--", "fix"], "app", "fix"),
        (["--", "-dash"], "app", "-dash"),
        (["--home", "fix", "here"], "app", "here"),
        (["fix"], "fix", None),
    ],
)
def test_a_path_that_looks_like_a_subcommand(
    arguments: list[str], command: str, path: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("fix", "-dash", "here"):
        (tmp_path / name).mkdir()
    options = parse(arguments)
    assert options.command == command
    assert getattr(options, "path", None) == path


def test_every_subcommand_takes_the_common_options() -> None:
    for words in (["fix"], ["ask", "x"], ["explain", "x"], ["graph", "x"], ["demo"], ["chat"], ["doctor"],
                  ["sessions", "list"], ["sessions", "show"], ["config", "get"], ["config", "path"]):  # fmt: skip
        for arguments in (["--home", "h", "--no-model", *words], [*words, "--home", "h", "--no-model"]):
            options = parse(arguments)
            assert (options.home, options.no_model) == ("h", True), arguments
        assert parse(words).home is None


def test_a_call_that_cannot_be_read_still_raises_only_usage_errors() -> None:
    for arguments in (["fix", "--batch", "file"], ["sessions", "drop"], ["config", "set", "x"], ["--no-such"]):
        with pytest.raises(UsageError):
            parse(arguments)


def test_json_with_a_failure_is_still_one_object(tmp_path: Path) -> None:
    for call in (("fix", "--json", "nowhere.rs"), ("fix", "--json", "--frob"), ("graph", "--json", "nothing-so-named"),
                 ("sessions", "show", "--json", "beef"), ("config", "get", "--json", "no.such"), ("ask", "--json"),
                 ("ask", "--json", "--batch", "x")):  # fmt: skip
        done = tutor(*call, cwd=tmp_path)
        assert done.returncode == 2, done
        if "--batch" in call:
            assert done.stdout == b""
            continue
        answered = only_object(done)
        assert answered["exit_code"] == 2
        assert answered["error"] in done.stderr.decode()
    json.dumps(answered)
