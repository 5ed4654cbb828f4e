"""``tutor demo`` without a terminal: the main job on the bundled project, to the end, whatever is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from commands.demo import SAMPLE, scratch_project
from tests.helpers_cli import git, no_traceback, only_object, tools_without, tutor
from tutor.paths import Home


def test_the_main_job_to_the_end(home: Home) -> None:
    done = tutor("demo", "--no-model")
    text = done.stdout.decode()
    assert done.returncode == 0, done
    assert done.stderr == b""
    assert text.count("error[E") >= 8
    for step in ("1. ", "2. ", "3. ", "4. ", "5. "):
        assert f"\n{step}" in text
    assert "Written: " in text
    assert "From:" in text
    (run,) = (home.cache / "demo").iterdir()
    assert git(run / SAMPLE, "log", "--format=%an").splitlines() == ["Tutor Demo", "Tutor Demo"]
    assert git(run / SAMPLE, "status", "--porcelain") in ("", "?? target/\n")


def test_as_json(home: Home) -> None:
    done = tutor("demo", "--json", "--no-model")
    result = only_object(done)
    assert done.returncode == 0
    folder = Path(result["folder"])
    assert folder.is_relative_to(home.cache)
    assert len(result["fix"]["before"]) >= 8
    assert result["fix"]["proposals"][0]["verification"]["check"] in ("passed", "failed")
    assert result["applied"]
    assert result["commit"] == git(folder, "rev-parse", "HEAD").strip()
    assert result["answer"]["in_scope"] is True


@pytest.mark.parametrize(
    "missing", [("rustc", "cargo"), ("cargo",), ("git",), ("bwrap",), ("git", "rustc", "cargo", "bwrap")]
)
def test_it_comes_to_its_end_whatever_is_missing(missing: tuple[str, ...], tmp_path: Path) -> None:
    env = {"PATH": tools_without(tmp_path / "bin", *missing)}
    if "rustc" in missing:
        env |= {"HOME": str(tmp_path), "CARGO_HOME": str(tmp_path)}
    done = tutor("demo", "--no-model", env=env)
    no_traceback(done)
    assert done.returncode == 0, done
    text = done.stdout.decode()
    assert "That was the main job" in text
    assert ("rustup.rs" in text) == ("rustc" in missing)
    assert ("Written: " in text) == ("rustc" not in missing)


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = tutor("demo", "--no-model", "--home", str(tmp_path / "file"), env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done
    assert len(done.stderr.splitlines()) == 1
    assert "Written: " in done.stdout.decode()


def test_the_users_own_git_settings_do_not_reach_the_scratch_repository(tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[core]\nhooksPath = {hooks}\n[commit]\ngpgsign = true\n")
    # The environment as it is outside of tests: the settings are found by HOME.
    code = (
        "import sys; from pathlib import Path; from commands.demo import scratch_project; "
        "print(scratch_project(Path(sys.argv[1])))"
    )
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_CONFIG")}
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "cache"],
        env={**env, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert git(Path(done.stdout.strip()), "log", "--format=%an") == "Tutor Demo\n"


def test_old_demos_are_removed_and_others_left(tmp_path: Path) -> None:
    first = scratch_project(tmp_path)
    second = scratch_project(tmp_path)
    assert first != second
    long_ago = time.time() - 3 * 24 * 3600
    os.utime(first.parent, (long_ago, long_ago))
    third = scratch_project(tmp_path)
    assert not first.exists()
    assert second.exists()
    assert third.exists()
    assert (tmp_path / "demo").stat().st_mode & 0o777 == 0o700
