"""The real programs are found, and a folder cannot name others."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tutor import process, toolchain
from tutor.toolchain import Toolchain, find_toolchain

PROXY = """#!/bin/sh
echo "$PWD $*" >> {log}
[ -f {broken} ] && {{ echo "error: no default toolchain" >&2; exit 1; }}
if [ "$1" = --print ]; then echo {sysroot}; else echo "rustc 1.2.3"; echo "release: 1.2.3"; echo "host: some-host"; fi
"""


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "_FOUND", {})


class Installation:
    """A rustup-like installation: a proxy on PATH, and a toolchain that it points to. Both write down each start."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.log, self.broken = root, root / "log", root / "broken"
        self.cache = root / "cache"
        self.sysroot = root / "rustup" / "toolchains" / "one"
        self.proxy = self.program(root / "bin" / "rustc", self.sysroot)
        self.install("one")
        (root / "rustup" / "settings.toml").write_text("default_toolchain = 'one'\n")
        monkeypatch.setenv("HOME", str(root))
        monkeypatch.setenv("RUSTUP_HOME", str(root / "rustup"))
        monkeypatch.setenv("CARGO_HOME", str(root / "cargo"))
        monkeypatch.setenv("PATH", f"{root / 'bin'}:/usr/bin:/bin")

    def program(self, path: Path, sysroot: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PROXY.format(log=self.log, broken=self.broken, sysroot=sysroot))
        path.chmod(0o755)
        return path

    def install(self, name: str) -> Path:
        sysroot = self.root / "rustup" / "toolchains" / name
        for program in ("rustc", "cargo"):
            self.program(sysroot / "bin" / program, sysroot)
        return sysroot

    def starts(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def find(self, *, new_process: bool = True) -> Toolchain | None:
        if new_process:
            toolchain._FOUND.clear()
        return find_toolchain(self.cache)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    return Installation(tmp_path / "user", monkeypatch)


def test_finds_the_real_programs_of_this_machine(tmp_path: Path) -> None:
    found = find_toolchain(tmp_path)
    assert found is not None
    done = process.run(
        [found.rustc, "--print", "sysroot"], cwd=tmp_path, env=found.env(), timeout=60, max_output=10_000
    )
    assert done.stdout.decode().strip() == str(found.sysroot)
    said = process.run([found.rustc, "-vV"], cwd=tmp_path, env=found.env(), timeout=60, max_output=10_000).stdout
    assert f"release: {found.version}\n" in said.decode()
    assert f"host: {found.host}\n" in said.decode()
    for program in (found.rustc, found.cargo, found.cargo_clippy, found.clippy_driver, found.rustdoc):
        assert program is not None
        assert "rustup" not in program.resolve().name


def test_a_folder_cannot_name_its_own_compiler(tmp_path: Path) -> None:
    """rustup's proxy would start what ``rust-toolchain.toml`` names, and cargo what ``.cargo/config.toml`` names."""
    evidence = tmp_path / "ran"
    project = tmp_path / "project"
    for program in ("bin/rustc", "bin/cargo", "wrapper"):
        path = project / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {program} >> {evidence}\nexit 1\n")
        path.chmod(0o755)
    (project / "rust-toolchain.toml").write_text(f'[toolchain]\npath = "{project}"\n')
    (project / ".cargo").mkdir()
    (project / ".cargo" / "config.toml").write_text(
        f'[build]\nrustc = "{project}/bin/rustc"\nrustc-wrapper = "{project}/wrapper"\n'
        f'rustc-workspace-wrapper = "{project}/wrapper"\nrustdoc = "{project}/bin/rustc"\n'
    )
    (project / "Cargo.toml").write_text('[package]\nname = "p"\nversion = "0.1.0"\nedition = "2021"\n')
    (project / "src").mkdir()
    (project / "src" / "lib.rs").write_text("pub fn one() -> i32 { 1 }\n")

    found = find_toolchain(None)
    assert found is not None
    assert found.cargo is not None

    def cargo(env: dict[str, str]) -> process.Completed:
        argv = [str(found.cargo), "check", "--offline"]
        return process.run(argv, cwd=project, env=env, timeout=120, max_output=100_000)

    done = cargo(found.env())
    assert done.succeeded, done.stderr.decode()
    assert not evidence.exists()
    # The danger is real: without these variables the same call runs the folder's programs.
    assert not cargo(process.clean_env()).succeeded
    assert "wrapper" in evidence.read_text()


def test_asks_from_the_root_folder_and_only_once(installed: Installation) -> None:
    first = installed.find()
    assert first is not None
    assert first.rustc == installed.sysroot / "bin" / "rustc"
    assert (first.version, first.host, first.rustdoc) == ("1.2.3", "some-host", None)
    assert installed.starts() == ["/ --print sysroot", "/ -vV"]
    assert installed.find(new_process=False) == first
    assert installed.find() == first
    assert len(installed.starts()) == 2


def test_the_cache_is_private_and_only_a_cache(installed: Installation) -> None:
    first = installed.find()
    (file,) = installed.cache.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    whole = file.read_text()
    for damaged in ("", "{", "[]", "null", '{"key": 1}', '{"key": [], "toolchain": {}}', whole[: len(whole) // 2]):
        file.write_text(damaged)
        assert installed.find() == first
    file.write_bytes(b"\xff\xfe")
    assert installed.find() == first
    assert json.loads(file.read_text())["toolchain"]["version"] == "1.2.3"


def test_an_unwritable_cache_is_no_reason_to_fail(installed: Installation) -> None:
    installed.cache.write_text("a file where the folder would be")
    assert installed.find() is not None


def _update(installed: Installation) -> None:
    rustc = installed.sysroot / "bin" / "rustc"
    rustc.write_text(rustc.read_text().replace("1.2.3", "1.2.4-beta.1"))


def _switch(installed: Installation) -> None:
    installed.program(installed.proxy, installed.install("two"))


def _settings(installed: Installation) -> None:
    (installed.root / "rustup" / "settings.toml").write_text("default_toolchain = 'another'\n")


@pytest.mark.parametrize("change", [_update, _switch, _settings])
def test_looks_again_when_rustup_changed_something(installed: Installation, change: Any) -> None:
    installed.find()
    before = len(installed.starts())
    change(installed)
    assert installed.find() == installed.find(new_process=False)
    assert len(installed.starts()) == before + 2


def test_an_update_and_a_switch_are_seen(installed: Installation) -> None:
    installed.find()
    _update(installed)
    updated = installed.find()
    assert updated is not None
    assert updated.version == "1.2.4-beta.1"
    _switch(installed)
    switched = installed.find()
    assert switched is not None
    assert switched.sysroot.name == "two"


def test_a_chosen_toolchain_counts(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installed.find()
    monkeypatch.setenv("RUSTUP_TOOLCHAIN", "nightly")
    installed.find()
    assert len(installed.starts()) == 4


def test_a_removed_toolchain_is_not_believed_in(installed: Installation) -> None:
    installed.find()
    installed.broken.touch()
    for program in (installed.sysroot / "bin").iterdir():
        program.unlink()
    assert installed.find() is None


def test_no_rust_at_all(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(installed.root / "empty"))
    assert installed.find() is None
    assert "rustup" in toolchain.HOW_TO_GET_RUST
    # rustup was installed, but no shell has read its setting yet.
    installed.program(installed.root / "cargo" / "bin" / "rustc", installed.sysroot)
    found = installed.find()
    assert found is not None
    assert found.sysroot == installed.sysroot


def test_a_known_toolchain_costs_no_process(installed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    first = installed.find()

    def started(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a process was started")

    monkeypatch.setattr(process, "run", started)
    assert installed.find() == first


def test_the_environment_names_the_real_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "private")
    found = find_toolchain(None)
    assert found is not None
    env = found.env({"CARGO_TARGET_DIR": "/somewhere"})
    assert env["PATH"].split(os.pathsep)[0] == str(found.rustc.parent)
    assert (env["RUSTC"], env["RUSTC_WRAPPER"], env["CARGO_TARGET_DIR"]) == (str(found.rustc), "", "/somewhere")
    assert "private" not in env.values()
