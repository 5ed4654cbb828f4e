"""A repository that means harm, met with the installed program: nothing of it runs outside the sandbox."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.helpers_cli import no_traceback, tutor
from tests.helpers_sceptic import BROKEN, FIX, FIXED_WORD, WORD, committed, fingerprint, hostile_repository
from tutor.engine import Tutor
from tutor.paths import Home

MANIFEST = b'[package]\nname = "p"\nversion = "0.1.0"\nedition = "2021"\n'


def test_nothing_of_a_hostile_repository_runs_outside_the_sandbox(home: Home, tmp_path: Path) -> None:
    root, outside = tmp_path / "evil", tmp_path / "outside"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        hostile_repository(root, outside, tcp.getsockname()[1])
        unix.bind(str(outside / "socket"))
        unix.listen()
        before, around = fingerprint(root), fingerprint(outside)
        env = {"API_TOKEN": "hunter2"}

        only_looked = tutor("fix", root, env=env)
        state = Tutor(root, use_model=False).repo_state()
        doctor = tutor("doctor", cwd=root)
        assert (only_looked.returncode, doctor.returncode, state.branch) == (0, 0, "main")
        assert fingerprint(root) == before
        assert fingerprint(outside) == around

        done = tutor(*FIX, root, env=env)
        assert done.returncode == 0, done
        after = fingerprint(root)
        for server in (tcp, unix):
            server.setblocking(False)
            with pytest.raises(BlockingIOError):
                server.accept()
    # The attacks were carried out, in vain.
    assert {path.name for path in home.cache.rglob("attack-ran-*")} >= {"attack-ran-build"}
    changed = {p for p in before | after if before.get(p) != after.get(p) and not p.startswith(f"{root}/.git/")}
    assert changed == {str(root / "src/main.rs")}
    assert (root / "src/main.rs").read_bytes() == b"evilmac::go!();\n" + BROKEN.replace(WORD, FIXED_WORD)
    # A commit runs the hooks, as the user asked for one; and no other program of the repository.
    ran = set((outside / "ran").read_text().splitlines())
    assert "hook pre-commit" in ran
    assert {line for line in ran if not line.startswith("hook ")} == set()
    (outside / "ran").unlink()
    assert fingerprint(outside) == around
    # What is secret was neither shown nor kept.
    said = only_looked.stdout + only_looked.stderr + done.stdout + done.stderr
    kept = b"".join(p.read_bytes() for p in home.state.rglob("*") if p.is_file())
    for secret in (b"TOP-SECRET-WORD", b"hunter2", b"API_TOKEN"):
        assert secret not in said + kept


@pytest.mark.parametrize("kind", ["fifo", "folder", "link out", "link to itself", "device"])
@pytest.mark.parametrize("name", ["src/main.rs", "Cargo.toml"])
def test_a_source_or_manifest_that_is_no_file(tmp_path: Path, name: str, kind: str) -> None:
    root, secret = tmp_path / "p", tmp_path / "outside.rs"
    secret.write_bytes(BROKEN)
    committed(root, {"src/main.rs": BROKEN, "Cargo.toml": MANIFEST})
    odd = root / name
    odd.unlink()
    if kind == "fifo":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    else:
        odd.symlink_to({"link out": secret, "link to itself": odd, "device": Path("/dev/zero")}[kind])
    for given in (root, odd):
        done = tutor(*FIX, given)
        assert done.returncode in (1, 2), done
        assert b"tutor: " in done.stderr
        no_traceback(done)
    assert secret.read_bytes() == BROKEN


def test_links_in_circles_and_junk_in_target_are_no_hindrance(tmp_path: Path) -> None:
    root = committed(tmp_path / "p", {"src/main.rs": BROKEN, "Cargo.toml": MANIFEST, ".gitignore": b"target\n"})
    (root / "round").symlink_to(".")
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    (root / "target").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    os.mkfifo(tmp_path / "elsewhere/fifo")
    before = fingerprint(tmp_path / "elsewhere")
    done = tutor(*FIX, root)
    assert done.returncode == 0, done
    assert (root / "src/main.rs").read_bytes() == BROKEN.replace(WORD, FIXED_WORD)
    assert fingerprint(tmp_path / "elsewhere") == before


def test_what_lies_outside_is_never_changed(tmp_path: Path) -> None:
    (tmp_path / "outside.rs").write_bytes(BROKEN.replace(b"main", b"other"))
    before = (tmp_path / "outside.rs").read_bytes()
    source = (
        b'#[path = "../outside.rs"]\nmod one;\nmod two { include!("../outside.rs"); }\nfn main() { one::other(); }\n'
    )
    root = committed(tmp_path / "p", {"lone.rs": source})
    done = tutor(*FIX, root / "lone.rs")
    assert done.returncode == 1, done
    assert (tmp_path / "outside.rs").read_bytes() == before
    assert (root / "lone.rs").read_bytes() == source
