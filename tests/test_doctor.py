"""``tutor doctor``: what it says is what was tried, and it says so on the poorest machine."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from commands.doctor import Check, as_text, examine
from tests.helpers_cli import no_traceback, only_object, tools_without, tutor
from tests.helpers_knowledge import small_machine
from tests.ollama_server import running
from tutor.paths import Home


def _checks(*arguments: str, env: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
    done = tutor("doctor", "--json", *arguments, env=env)
    no_traceback(done)
    return {check["name"]: check for check in only_object(done)["checks"]}


def test_here_everything_is_found() -> None:
    checks = _checks("--no-model")
    for name in ("python", "rustc", "cargo", "clippy", "git", "sandbox", "lessons", "own files", "settings"):
        assert checks[name]["status"] == "ok", checks[name]
    assert checks["rustc"]["detail"].split()[0].count(".") == 2
    assert checks["model"]["detail"].startswith("switched off")


def test_with_nothing_on_the_path_it_says_how_to_get_it(tmp_path: Path) -> None:
    nothing = {"PATH": str(tmp_path), "HOME": str(tmp_path), "CARGO_HOME": str(tmp_path)}
    done = tutor("doctor", "--no-model", env=nothing)
    text = done.stdout.decode()
    assert done.returncode == 0, done  # missing is not broken: lessons and answers still work
    assert "rustup.rs" in text
    assert "apt install git" in text
    checks = _checks("--no-model", env=nothing)
    for name in ("rustc", "git", "sandbox"):
        assert checks[name]["status"] == "warn"
        assert checks[name]["fix"]
    assert "cargo" not in checks


def test_git_found_only_beside_you_is_not_run(tmp_path: Path) -> None:
    """A relative PATH entry would run a program of the folder that is being looked at."""
    (tmp_path / "git").write_text("#!/bin/sh\ntouch ran\n")
    (tmp_path / "git").chmod(0o755)
    done = tutor("doctor", "--no-model", cwd=tmp_path, env={"PATH": "."})
    assert done.returncode == 0, done
    assert not (tmp_path / "ran").exists()


def test_without_a_sandbox(tmp_path: Path) -> None:
    checks = _checks("--no-model", env={"PATH": tools_without(tmp_path / "bin", "bwrap")})
    assert checks["sandbox"]["status"] == "warn"
    assert "bubblewrap" in checks["sandbox"]["fix"]


def test_git_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = _checks("--no-model")["git identity"]
    assert nobody["status"] == "warn"
    assert "user.name" in nobody["fix"]
    Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text("[user]\nname = A\x1b[31mda\nemail = ada@example.invalid\n")
    somebody = _checks("--no-model")["git identity"]
    assert somebody["status"] == "ok"
    text = tutor("doctor", "--no-model").stdout
    assert b"ada@example.invalid" in text
    assert b"\x1b" not in text


def test_a_model() -> None:
    models = [{"name": "small:1b", "capabilities": ["completion"], "context_length": 8192}]
    with running({"models": models}) as server:
        found = _checks(env={"OLLAMA_HOST": server.host})["model"]
    assert (found["status"], found["detail"].split()[0]) == ("ok", "small:1b")
    absent = _checks()["model"]
    assert absent["status"] == "warn"
    assert "knowledge" in absent["detail"]


def test_a_home_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = tutor("doctor", "--json", "--no-model", "--home", str(tmp_path / "file"))
    report = only_object(done)
    assert (done.returncode, report["ok"]) == (1, False)
    (failed,) = [check for check in report["checks"] if check["status"] == "fail"]
    assert failed["name"] == "own files"
    assert "--home" in failed["fix"]


def test_settings_that_cannot_be_used(home: Home) -> None:
    home.ensure(home.config)
    home.config_file.write_text('[fix]\nedition = "1999"\n')
    settings = _checks("--no-model")["settings"]
    assert settings["status"] == "warn"
    assert "fix.edition" in settings["detail"]
    assert str(home.config_file) in settings["fix"]


def test_it_leaves_nothing_behind(home: Home) -> None:
    list(examine(home, use_model=False))
    assert [path.name for path in home.state.iterdir()] == []


def test_text_says_what_signs_say_without_colour() -> None:
    checks = [Check("a", "ok", "fine"), Check("b", "warn", "gone", "get it"), Check("c", "fail", "bad")]
    plain = as_text(checks, colour=False)
    assert "\x1b" not in plain
    assert [line[0] for line in plain.splitlines()] == ["✓", "!", " ", "✗"]
    assert json.dumps("get it").strip('"') in plain


def test_it_says_how_much_is_known(home: Home, tmp_path: Path) -> None:
    unread = _checks("--no-model")["knowledge"]
    assert (unread["status"], unread["fix"]) == ("warn", "tutor knowledge build")
    env = dict(small_machine(tmp_path / "machine"))
    assert tutor("knowledge", "build", env=env).returncode == 0
    read = _checks("--no-model", env=env)["knowledge"]
    assert read["status"] == "ok" and "entries from 2 sources, 14 not on this machine" in read["detail"]
    assert "tutor knowledge status" in read["fix"]
