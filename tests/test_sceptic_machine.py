"""Odd contents and poor machines, with the installed program: exact bytes, one clear line, never a traceback."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.helpers_cli import TUTOR, git, no_traceback, tools_without, tutor
from tests.helpers_sceptic import BROKEN, FIX, FIXED, FIXED_WORD, WORD, commits, committed, leftovers

CONTENTS = {
    "crlf": BROKEN.replace(b"\n", b"\r\n"),
    "mixed line ends": BROKEN.replace(b";\n", b";\r\n", 1),
    "no newline at the end": BROKEN[:-1],
    "bom": b"\xef\xbb\xbf" + BROKEN.replace(b"\n", b"\r\n"),
    "nul": b"// a\0b\n" + BROKEN,
    "only cr": BROKEN.replace(b"\n", b"\r"),
    "emoji before the span": BROKEN.replace(WORD, "/* 😀é👩‍👩‍👧 */ ".encode() + WORD),
    "other line separators": BROKEN.replace(WORD, "/* \u2028\u0085\v\f */ ".encode() + WORD),
    "what looks like a patch": BROKEN + b"// --- a/m.rs\n// +++ b/m.rs\n// @@ -1 +1 @@\n",
    "50,000 lines": b"// line\n" * 50_000 + BROKEN,
    "a line of a megabyte": b"// " + b"x" * 1_000_000 + b"\n" + BROKEN,
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_only_the_accepted_bytes_change(tmp_path: Path, kind: str) -> None:
    source = CONTENTS[kind]
    root = committed(tmp_path / "p", {"m.rs": source, "other": b"\xff\0\r\n"})
    done = tutor(*FIX, root / "m.rs")
    assert done.returncode == 0, done
    assert (root / "m.rs").read_bytes() == source.replace(WORD, FIXED_WORD)
    blob = subprocess.run(["git", "show", "HEAD:m.rs"], cwd=root, capture_output=True, check=True).stdout
    assert blob == source.replace(WORD, FIXED_WORD)
    assert (commits(root), git(root, "status", "--porcelain"), leftovers(root)) == (2, "", [])


@pytest.mark.parametrize("source", [b"", b"\n", b"// caf\xe9\n" + BROKEN, b"fn main(){" + b"(" * 20_000, b"\xff\xfe\0"])
def test_what_cannot_be_mended_stays_as_it_is(tmp_path: Path, source: bytes) -> None:
    root = committed(tmp_path / "p", {"m.rs": source})
    done = tutor(*FIX, root / "m.rs")
    assert done.returncode in (0, 1), done
    no_traceback(done)
    assert (root / "m.rs").read_bytes() == source
    assert (commits(root), leftovers(root)) == (1, [])


@pytest.mark.parametrize("size", [0, 100, 1000, 4000])
def test_a_disk_that_is_full(tmp_path: Path, size: int) -> None:
    root = committed(tmp_path / "p", {"m.rs": BROKEN})

    def fill() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    done = subprocess.run(
        [str(TUTOR), *FIX, str(root / "m.rs")], capture_output=True, check=False, preexec_fn=fill, timeout=120
    )
    assert done.returncode in (0, 1), done
    no_traceback(done)
    assert done.stderr  # what did not work is said, be it the log alone
    assert (root / "m.rs").read_bytes() == (FIXED if commits(root) == 2 else BROKEN)
    assert git(root, "fsck", "--strict", "--no-dangling") == ""
    assert leftovers(root) == []
    assert tutor(*FIX, root / "m.rs").returncode == 0
    assert (commits(root), git(root, "status", "--porcelain")) == (2, "")


def test_without_a_home(tmp_path: Path) -> None:
    root = committed(tmp_path / "p", {"m.rs": BROKEN})
    env = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run([str(TUTOR), *FIX, str(root / "m.rs")], env=env, capture_output=True, check=False)
    assert (done.returncode, commits(root)) == (0, 2), done


@pytest.mark.parametrize("path", ["", ".", "no git"])
def test_without_programs(tmp_path: Path, path: str) -> None:
    root = committed(tmp_path / "p", {"m.rs": BROKEN})
    # A program of that name in the folder worked on is never the one that is run.
    for name in ("git", "rustc", "bwrap"):
        (root / name).write_text("#!/bin/sh\ntouch ran\n")
        (root / name).chmod(0o755)
    env = {"PATH": tools_without(tmp_path / "bin", "git") if path == "no git" else path}
    done = tutor(*FIX, "m.rs", cwd=root, env=env)
    assert done.returncode == 3, done
    assert b"tutor: Git is not installed." in done.stderr or b"tutor: There is no rustc" in done.stderr
    no_traceback(done)
    no_traceback(tutor("doctor", cwd=root, env=env))
    assert not (root / "ran").exists()


@pytest.mark.parametrize(
    "body", ["exec yes", "exec head -c 100000000 /dev/zero", "exit 3", "echo /nowhere", "kill -9 $$"]
)
def test_a_rustc_on_path_that_is_none(tmp_path: Path, body: str) -> None:
    root = committed(tmp_path / "p", {"m.rs": BROKEN})
    tools = Path(tools_without(tmp_path / "bin", "rustc"))
    (tools / "rustc").write_text(f"#!/bin/sh\n{body}\n")
    (tools / "rustc").chmod(0o755)
    for name in ("yes", "head"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = tutor(*FIX, root / "m.rs", env={"PATH": str(tools), "HOME": str(tmp_path)})
    assert done.returncode == 3, done
    no_traceback(done)
    assert (root / "m.rs").read_bytes() == BROKEN


def test_a_workspace_of_ten_thousand_files(tmp_path: Path) -> None:
    root = tmp_path / "p"
    for folder in range(100):
        (root / f"src/d{folder}").mkdir(parents=True)
        for file in range(100):
            (root / f"src/d{folder}/f{file}").touch()
    committed(root, {
        "src/main.rs": BROKEN, "Cargo.toml": b'[package]\nname = "p"\nversion = "0.1.0"\nedition = "2021"\n',
    })  # fmt: skip
    done = tutor(*FIX, root)
    assert done.returncode == 0, done
    assert (commits(root), (root / "src/main.rs").read_bytes()) == (2, FIXED)
    assert git(root, "status", "--porcelain") in ("", "?? Cargo.lock\n")


def test_too_many_files_is_one_line(tmp_path: Path) -> None:
    root = tmp_path / "p"
    (root / "src").mkdir(parents=True)
    (root / "src/main.rs").write_bytes(BROKEN)
    (root / "Cargo.toml").write_text('[package]\nname = "p"\nversion = "0.1.0"\n')
    with (root / "huge").open("wb") as file:  # a terabyte that takes no space
        file.truncate(10**12)
    done = tutor(*FIX, root)
    assert done.returncode == 1
    assert done.stderr.startswith(b"tutor: ")
    assert done.stderr.count(b"\n") == 1
