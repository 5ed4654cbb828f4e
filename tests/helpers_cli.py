"""The installed program as its users run it: a process, its two streams and its exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TUTOR = Path(sys.executable).parent / "tutor"

BROKEN = """\
fn main() {
    let names = vec![String::from("Ada")];
    let mine = names;
    println!("{} and {}", names.len(), mine.len());
}
"""
CLEAN = 'fn main() {\n    println!("hello");\n}\n'
HOPELESS = "fn main() {\n    let x: NoSuchThing = make_one();\n}\n"


def tutor(
    *arguments: str | bytes | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Runs ``tutor`` with nothing but pipes; ``env`` is laid over the test's environment."""
    return subprocess.run(
        [str(TUTOR), *map(os.fsencode, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=given,
        capture_output=True,
        check=False,
        timeout=120,
    )


def only_object(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """The one JSON object on standard output, which must hold nothing else."""
    lines = done.stdout.decode("ascii").splitlines()
    assert len(lines) == 1, done
    value = json.loads(lines[0])
    assert isinstance(value, dict)
    return value


def no_traceback(done: subprocess.CompletedProcess[bytes]) -> None:
    """Nothing of Python's own inside is shown."""
    for stream in (done.stdout, done.stderr):
        assert b"Traceback" not in stream, done
        assert b"Exception ignored" not in stream, done


def git(folder: Path, *words: str, given: bytes = b"") -> str:
    """What git says in ``folder``; fails where git fails."""
    done = subprocess.run(["git", *words], cwd=folder, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode(errors="replace")


def repository(folder: Path) -> Path:
    """``folder`` as a repository with all that is in it committed."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "A Tester")
    git(folder, "config", "user.email", "tester@example.invalid")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Start")
    return folder


def package(folder: Path, source: str = BROKEN, name: str = "sample") -> Path:
    """A package without dependencies whose program is ``source``."""
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n')
    (folder / "src/main.rs").write_text(source)
    return folder


def tools_without(folder: Path, *missing: str) -> str:
    """A PATH with the usual programs, but not those named: links in ``folder``."""
    folder.mkdir()
    for name in ("sh", "git", "rustc", "cargo", "bwrap", "cat", "env", "true", "uname"):
        found = shutil.which(name)
        if found and name not in missing:
            (folder / name).symlink_to(found)
    return str(folder)
