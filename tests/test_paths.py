"""Where the tutor keeps things, and that its files are the user's own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tutor.paths import find_home, write_private


def test_one_folder_holds_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "env"))
    assert find_home().state == tmp_path / "env/state"
    home = find_home(tmp_path / "named")
    assert {home.config, home.data, home.state, home.cache} == {
        tmp_path / "named" / part for part in ("config", "data", "state", "cache")
    }
    assert home.config_file.parent == home.config
    assert home.sessions.parent == home.state


def test_relative_and_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert find_home("here").state == tmp_path / "here/state"
    assert find_home("~/there").state == tmp_path / "me/there/state"
    assert find_home("~nobody-by-that-name/x").state == tmp_path / "~nobody-by-that-name/x/state"


def test_the_platforms_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TUTOR_HOME")
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    home = find_home()
    assert home.config_file == tmp_path / "CONFIG/tutor/config.toml"
    assert (home.data, home.state, home.cache) == tuple(tmp_path / f"{n}/tutor" for n in ("DATA", "STATE", "CACHE"))


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277])
def test_folders_are_0700_and_files_0600_whatever_the_umask(umask: int, tmp_path: Path) -> None:
    home = find_home(tmp_path / "a/b")
    before = os.umask(umask & 0o077)
    try:
        home.ensure(home.sessions)
        write_private(home.config_file, "x")
    finally:
        os.umask(before)
    for folder in (tmp_path / "a", tmp_path / "a/b", home.state, home.sessions, home.config):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    assert stat.S_IMODE(home.config_file.stat().st_mode) == 0o600
    home.ensure(home.sessions)


def test_a_file_is_old_or_new_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_private(file, "old")
    with pytest.raises(ValueError, match="surrogate"):
        write_private(file, "\ud800")
    assert file.read_text() == "old"
    write_private(file, "new\n")
    assert file.read_bytes() == b"new\n"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/in it").write_text("")
    with pytest.raises(OSError):
        write_private(tmp_path / "folder", "x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_private(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
