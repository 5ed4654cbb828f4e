"""Finding a crate on this machine, unpacking it safely, fetching it with the real cargo from a registry of files."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.helpers_crates import local_registry, manifest, pack, packed_crate, write_crate
from tutor.crates import MAX_UNPACKED, fetch_crate, find_crate
from tutor.errors import Failed, Interrupted, Missing, MissingTool, Refused, UsageError
from tutor.toolchain import Toolchain, find_toolchain


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    found = find_toolchain(None)
    assert found is not None
    return found


def in_registry(home: Path, *stems: str) -> None:
    for stem in stems:
        write_crate(home / "registry" / "src" / "index-1" / stem, {"src/lib.rs": ""})


def test_a_folder_with_a_manifest_is_the_crate(tmp_path: Path) -> None:
    crate = write_crate(tmp_path / "mine", {"src/lib.rs": ""})
    assert find_crate(str(crate), tmp_path / "home", tmp_path / "data") == crate


def test_the_newest_version_in_the_registry(tmp_path: Path) -> None:
    in_registry(tmp_path, "mini-0.9.0", "mini-0.10.0", "mini-0.2.30", "mini-core-3.0.0", "mini-1.0.0-beta.1")
    found = find_crate("mini", tmp_path, tmp_path / "data")
    assert found is not None
    assert found.name == "mini-0.10.0"


def test_a_named_version(tmp_path: Path) -> None:
    in_registry(tmp_path, "mini-0.9.0", "mini-0.10.0", "mini-0.9.1+build.7")
    found = find_crate("mini@0.9.0", tmp_path, tmp_path / "data")
    assert found is not None
    assert found.name == "mini-0.9.0"
    built = find_crate("mini@0.9.1", tmp_path, tmp_path / "data")
    assert built is not None
    assert built.name == "mini-0.9.1+build.7"
    assert find_crate("mini@0.9.2", tmp_path, tmp_path / "data") is None


def test_dash_and_underscore_are_alike(tmp_path: Path) -> None:
    in_registry(tmp_path, "two-words-1.0.0")
    found = find_crate("two_words", tmp_path, tmp_path / "data")
    assert found is not None
    assert found.name == "two-words-1.0.0"


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    assert find_crate("mini", tmp_path / "no-home", tmp_path / "data") is None


@pytest.mark.parametrize("wanted", ["../secret", "a b", "", "mini@", "mini@../1", "-x", "a" * 70, "\x1b[31m"])
def test_what_is_no_name_is_refused_in_one_sentence(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(UsageError) as error:
        find_crate(wanted, tmp_path, tmp_path / "data")
    assert "\x1b" not in error.value.msg
    assert "neither a folder with a Cargo.toml nor the name" in error.value.msg


def test_an_archive_of_cargo_is_unpacked_into_our_folder(tmp_path: Path) -> None:
    packed_crate(tmp_path / "registry" / "cache" / "index-1", "mini", "1.2.3")
    found = find_crate("mini", tmp_path, tmp_path / "data")
    assert found == tmp_path / "data" / "unpacked" / "mini-1.2.3"
    assert (found / "src" / "lib.rs").read_bytes() == b"pub fn hello() {}\n"
    assert find_crate("mini", tmp_path / "gone", tmp_path / "data") == found, "it is found again without the archive"


def test_members_outside_the_crate_and_links_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    pack(
        tmp_path / "registry" / "cache" / "i" / "mini-1.0.0.crate",
        {"mini-1.0.0/Cargo.toml": manifest("mini").encode(), "other/file": b"x"},
        {"mini-1.0.0/src": "elsewhere"},
    )
    found = find_crate("mini", tmp_path, tmp_path / "data")
    assert found is not None
    assert sorted(path.name for path in found.iterdir()) == ["Cargo.toml"]
    assert [path.name for path in (tmp_path / "data" / "unpacked").iterdir()] == ["mini-1.0.0"]


@pytest.mark.parametrize(
    ("files", "links"),
    [
        ({"../evil": b"x"}, {}),
        ({"mini-1.0.0/../../evil": b"x"}, {}),
        ({"mini-1.0.0/in/evil": b"x"}, {"mini-1.0.0/in": "/"}),
    ],
)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, files: dict[str, bytes], links: dict[str, str]) -> None:
    pack(tmp_path / "registry" / "cache" / "i" / "mini-1.0.0.crate", files, links)
    with pytest.raises(Refused, match="left alone"):
        find_crate("mini", tmp_path, tmp_path / "data")
    assert not list(tmp_path.rglob("evil"))
    assert list((tmp_path / "data" / "unpacked").iterdir()) == [], "nothing half is left"


def test_too_much_is_refused_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_UNPACKED > 100_000
    monkeypatch.setattr("tutor.crates.MAX_UNPACKED", 100_000)
    pack(tmp_path / "registry" / "cache" / "i" / "mini-1.0.0.crate", {"mini-1.0.0/big": bytes(200_000)})
    with pytest.raises(Refused, match="unpacks to more than"):
        find_crate("mini", tmp_path, tmp_path / "data")


@pytest.mark.parametrize("content", [b"", b"not gzip", b"\x1f\x8b\x08\x00" + bytes(40)])
def test_a_broken_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "registry" / "cache" / "i" / "mini-1.0.0.crate"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(content)
    with pytest.raises((Refused, Failed)) as error:
        find_crate("mini", tmp_path, tmp_path / "data")
    assert "mini-1.0.0.crate" in error.value.msg


def test_a_cut_archive_is_refused(tmp_path: Path) -> None:
    archive = packed_crate(tmp_path / "registry" / "cache" / "i", "mini", "1.0.0")
    archive.write_bytes(archive.read_bytes()[:60])
    with pytest.raises(Refused):
        find_crate("mini", tmp_path, tmp_path / "data")


def test_cargo_fetches_one_crate_into_our_folder(tmp_path: Path, toolchain: Toolchain) -> None:
    home = local_registry(tmp_path, {"miniature": ("1.0.0", "1.2.0")})
    before = sorted(home.rglob("*"))
    data = tmp_path / "data"
    found = fetch_crate("miniature", data, toolchain, home)
    assert found.name == "miniature-1.2.0"
    assert found.is_relative_to(data)
    assert (found / "src" / "lib.rs").is_file()
    assert sorted(home.rglob("*")) == before, "the user's cargo home stays as it is"
    assert find_crate("miniature", tmp_path / "none", data) == found
    older = fetch_crate("miniature@1.0.0", data, toolchain, home)
    assert older.name == "miniature-1.0.0"


def test_an_unknown_crate_is_said(tmp_path: Path, toolchain: Toolchain) -> None:
    home = local_registry(tmp_path, {"miniature": ("1.0.0",)})
    with pytest.raises(Missing) as error:
        fetch_crate("not-there-at-all", tmp_path / "data", toolchain, home)
    assert error.value.msg == "The registry has no crate not-there-at-all."


def test_no_network_is_said(tmp_path: Path, toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    # A port that nothing listens on stands for the network that is not there.
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("CARGO_NET_RETRY", "0")
    with pytest.raises(Missing) as error:
        fetch_crate("miniature", tmp_path / "data", toolchain)
    assert error.value.title == "No network"


def test_no_cargo_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingTool) as error:
        fetch_crate("miniature", tmp_path / "data", None)
    assert error.value.hint is not None


def test_a_stop_is_obeyed(tmp_path: Path, toolchain: Toolchain) -> None:
    stop = threading.Event()
    stop.set()
    home = local_registry(tmp_path, {"miniature": ("1.0.0",)})
    with pytest.raises(Interrupted):
        fetch_crate("miniature", tmp_path / "data", toolchain, home, cancel=stop)


def test_an_option_is_no_name(tmp_path: Path, toolchain: Toolchain) -> None:
    with pytest.raises(UsageError):
        fetch_crate("--config=evil", tmp_path / "data", toolchain)
