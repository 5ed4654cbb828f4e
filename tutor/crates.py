"""Find the source of a crate on this machine, or fetch it with cargo after a yes.

Looked for in this order: a folder, what was fetched or unpacked before, cargo's registry (``registry/src``), and the
archives that cargo keeps (``registry/cache/*.crate``), which are unpacked into a folder of the tutor's own. Fetching
downloads the crate with cargo into a cargo home of the tutor's own: that one alone where ``cargo info`` can, else with
what it depends on. Nothing of it is compiled or run, and the user's own cargo home stays as it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tutor import process
from tutor.errors import Failed, Interrupted, Missing, MissingTool, Refused, UsageError
from tutor.inert import inert_line
from tutor.toolchain import HOW_TO_GET_RUST, Toolchain

if TYPE_CHECKING:
    import tarfile

MAX_ARCHIVE: Final = 64 * 1024 * 1024
MAX_UNPACKED: Final = 512 * 1024 * 1024
MAX_FILES: Final = 20_000

_TIMEOUT_SECONDS: Final = 180.0
_MAX_OUTPUT: Final = 256 * 1024
_WANTED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,63})(?:@(?P<version>[0-9][0-9A-Za-z.+-]{0,63}))?")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
#: What cargo needs to reach the network where the way there is not a plain one.
_NETWORK = re.compile(r"(?:https?|all|no)_proxy|CARGO_HTTP_\w+|CARGO_NET_\w+|SSL_CERT_(?:FILE|DIR)", re.IGNORECASE)

Version = tuple[bool, int, int, int, str]
"""To be compared: releases are newer than what comes before one."""


def default_cargo_home() -> Path:
    """Where cargo keeps what it downloaded for this user."""
    return Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")


def find_crate(wanted: str, cargo_home: Path, folder: Path) -> Path | None:
    """The folder of a crate's source: ``wanted`` is a path, or NAME or NAME@VERSION; the newest version if none is
    named. ``folder``: where the tutor keeps crates; an archive is unpacked there.

    None where the crate is not on this machine (then :func:`fetch_crate`, after a yes). Raises UsageError where
    ``wanted`` is neither a folder with a ``Cargo.toml`` nor the name of a crate, Refused for an archive that is not to
    be trusted, Failed where it cannot be unpacked.
    """
    path = Path(wanted).expanduser()
    if os.path.isfile(path / "Cargo.toml"):  # noqa: PTH113 (says no to names that are too long, too)
        return path.resolve()
    match = _WANTED.fullmatch(wanted)
    if match is None or path.is_dir():
        raise UsageError(
            "Not a crate",
            f"{inert_line(wanted)} is neither a folder with a Cargo.toml nor the name of a crate "
            "(NAME or NAME@VERSION).",
        )
    name, version = match["name"], match["version"]
    homes = (folder, _own_home(folder), cargo_home)
    places = [found for home in homes for found in _sources(home, name, version)]
    places += [found for home in homes for found in _archives(home, name, version)]
    if not places:
        return None
    # The newest; of the same version one that need not be unpacked, which is the one that comes first.
    newest = max(places, key=lambda place: place[0])[1]
    return newest if newest.is_dir() else _unpacked(newest, folder)


def _own_home(folder: Path) -> Path:
    return folder / "cargo-home"


def _sources(home: Path, name: str, version: str | None) -> Iterator[tuple[Version, Path]]:
    for place in (home / "unpacked", *_entries(home / "registry" / "src")):
        for one in _entries(place):
            if (one / "Cargo.toml").is_file() and (found := _is_wanted(one.name, name, version)):
                yield found, one


def _archives(home: Path, name: str, version: str | None) -> Iterator[tuple[Version, Path]]:
    for place in _entries(home / "registry" / "cache"):
        for one in _entries(place):
            stem = one.name.removesuffix(".crate")
            if stem != one.name and one.is_file() and (found := _is_wanted(stem, name, version)):
                yield found, one


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_wanted(stem: str, name: str, version: str | None) -> Version | None:
    """The version in ``NAME-VERSION``, where that is the wanted crate; ``-`` and ``_`` are alike in names."""
    head, tail = stem[: len(name)], stem[len(name) :]
    parts = _VERSION.fullmatch(tail.removeprefix("-")) if tail.startswith("-") else None
    if parts is None or head.replace("_", "-").lower() != name.replace("_", "-").lower():
        return None
    if version is not None and tail[1:].partition("+")[0] != version.partition("+")[0]:
        return None
    major, minor, patch, before = parts.groups()
    return (before is None, int(major[:9]), int(minor[:9]), int(patch[:9]), before or "")


# --- unpacking


def _unpacked(archive: Path, folder: Path) -> Path:
    """Unpacks a ``.crate`` into ``folder``; whole or not at all. Raises Refused, Failed."""
    import tarfile

    name = archive.name.removesuffix(".crate")
    there = folder / "unpacked" / name
    beside = folder / "unpacked" / f".{name}.{os.getpid()}"
    try:
        if archive.stat().st_size > MAX_ARCHIVE:
            raise _untrusted(archive, f"is larger than {MAX_ARCHIVE >> 20} MiB")
        beside.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tarfile.open(archive, "r:gz") as tar:
            _extract(tar, archive, name, beside)
        if not (beside / name / "Cargo.toml").is_file():
            raise _untrusted(archive, "holds no Cargo.toml")
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(there)
        (beside / name).rename(there)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _untrusted(archive, "is not a whole archive of a crate") from error
    except OSError as error:
        raise Failed("Not unpacked", f"{inert_line(str(archive))} cannot be unpacked: {error.strerror}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return there


def _extract(tar: tarfile.TarFile, archive: Path, name: str, to: Path) -> None:
    """Regular files below ``NAME-VERSION/`` only, and no more than the limits; links and devices are left out."""
    import tarfile
    import zlib

    count = size = 0
    try:
        for member in tar:
            count += 1
            size += max(member.size, 0)
            if count > MAX_FILES or size > MAX_UNPACKED:
                raise _untrusted(archive, f"unpacks to more than {MAX_FILES} files or {MAX_UNPACKED >> 20} MiB")
            safe = tarfile.data_filter(member, str(to))
            if safe.isreg() and safe.name.startswith(f"{name}/"):
                tar.extract(safe, to, filter="data")
    except tarfile.FilterError as error:
        raise _untrusted(archive, "holds a file that would land outside") from error
    except zlib.error as error:
        raise _untrusted(archive, "is not a whole archive of a crate") from error


def _untrusted(archive: Path, why: str) -> Refused:
    return Refused("Not unpacked", f"{inert_line(str(archive))} {why}; it is left alone.")


# --- fetching


def fetch_crate(
    wanted: str,
    folder: Path,
    toolchain: Toolchain | None,
    cargo_home: Path | None = None,
    cancel: threading.Event | None = None,
) -> Path:
    """Downloads NAME or NAME@VERSION and gives the folder of its source. Only after the user said yes.

    ``folder``: where the tutor keeps crates. ``cargo_home``: the user's, whose settings (a mirror, a proxy) are obeyed;
    nothing is written there. Raises UsageError for what is no name, MissingTool without cargo, Missing where there is
    no network or no such crate, Interrupted, Failed with cargo's own words otherwise.
    """
    match = _WANTED.fullmatch(wanted)
    if match is None:
        raise UsageError("Not a crate", f"{inert_line(wanted)} is not the name of a crate (NAME or NAME@VERSION).")
    if toolchain is None or toolchain.cargo is None:
        raise MissingTool("No cargo", "Crates are fetched with cargo, which is not installed.", HOW_TO_GET_RUST)
    home = _own_home(folder)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failed("Not fetched", f"{inert_line(str(home))} cannot be made: {error.strerror}.") from error
    cargo = _Cargo(toolchain, toolchain.cargo, home, _settings(cargo_home), cancel)
    done = cargo.run("info", "--quiet", wanted)
    if _NOT_BY_INFO.search(_said(done)):
        done = _by_project(cargo, match["name"], match["version"])
    if done.outcome == "cancelled":
        raise Interrupted("Stopped", f"{inert_line(wanted)} was not fetched.")
    if not done.succeeded:
        raise _why_not(wanted, done)
    found = find_crate(wanted, home, folder)
    if found is None:
        raise Failed("Not fetched", f"cargo fetched {inert_line(wanted)}, and its source is not where it should be.")
    return found


@dataclass(frozen=True, slots=True)
class _Cargo:
    """The real cargo with a cargo home of ours."""

    toolchain: Toolchain
    program: Path
    home: Path
    settings: list[str]
    cancel: threading.Event | None

    def run(self, *arguments: str) -> process.Completed:
        network = {name: value for name, value in os.environ.items() if _NETWORK.fullmatch(name)}
        return process.run(
            [self.program, "--color=never", *self.settings, *arguments],
            cwd=Path("/"),  # no package that would decide the version, and no settings of a project
            env=self.toolchain.env({**network, "CARGO_HOME": str(self.home)}),
            timeout=_TIMEOUT_SECONDS,
            max_output=_MAX_OUTPUT,
            cancel=self.cancel,
        )


def _by_project(cargo: _Cargo, name: str, version: str | None) -> process.Completed:
    """Fetches a crate as the dependency of an empty package, for a cargo before 1.82 and for settings that put another
    registry in the place of crates.io. What the crate depends on is downloaded too."""
    import tempfile

    wanted = f"={version}" if version else "*"
    with tempfile.TemporaryDirectory(prefix="one-", dir=cargo.home) as folder:
        package = Path(folder)
        (package / "src").mkdir()
        (package / "src" / "lib.rs").write_bytes(b"")
        (package / "Cargo.toml").write_text(
            '[package]\nname = "one-crate"\nversion = "0.0.0"\nedition = "2018"\n\n[workspace]\n\n'
            f'[dependencies.{name}]\nversion = "{wanted}"\ndefault-features = false\n',
            encoding="ascii",
        )
        return cargo.run("fetch", "--quiet", "--manifest-path", str(package / "Cargo.toml"))


def _said(done: process.Completed) -> str:
    return "" if done.succeeded else done.stderr.decode("utf-8", "replace")


def _settings(cargo_home: Path | None) -> list[str]:
    """Arguments that make cargo obey the user's own settings in a cargo home that is not theirs."""
    if cargo_home is None:
        return []
    file = next((cargo_home / name for name in ("config.toml", "config") if (cargo_home / name).is_file()), None)
    return ["--config", str(file)] if file is not None else []


_NOT_BY_INFO = re.compile(r"no such (?:sub)?command|is replaced with|unexpected argument")
_NO_NETWORK = re.compile(
    r"resolve host|spurious network|failed to connect|couldn't connect|timed out|timeout|network|offline|"
    r"download of config\.json failed|SSL|certificate|proxy",
    re.IGNORECASE,
)
_NO_CRATE = re.compile(r"could not find|no matching package|not found in registry|select a version for", re.IGNORECASE)


def _why_not(wanted: str, done: process.Completed) -> Failed | Missing:
    """One sentence for what cargo said."""
    name = inert_line(wanted)
    said = _said(done)
    if done.outcome == "timeout":
        return Missing("Not fetched", f"{name} was not there after {_TIMEOUT_SECONDS:.0f} s.", "try again later")
    if _NO_CRATE.search(said):
        return Missing("No such crate", f"The registry has no crate {name}.", "check the name at https://crates.io")
    if _NO_NETWORK.search(said):
        return Missing("No network", f"The registry cannot be reached to fetch {name}.", "try again with a network")
    words = [line.strip() for line in said.splitlines() if line.strip()]
    return Failed("Not fetched", f"cargo could not fetch {name}: {inert_line(' '.join(words)[:300])}")
