"""Find the Rust toolchain: the real programs, once, and without starting a process where the answer is known.

The programs on PATH are usually rustup's proxies, and a proxy obeys the ``rust-toolchain.toml`` of the folder that it
is started in. That file belongs to whoever wrote the folder and may name a program of theirs (``path = "…"``). So the
proxy is asked once, from ``/``, where its toolchain lies, and from then on only the real programs are started.
Cargo's own way to foreign programs, ``.cargo/config.toml`` with ``build.rustc`` or ``build.rustc-wrapper``, is closed
by the variables of ``Toolchain.env``, which override it.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tutor import process
from tutor.paths import write_private
from tutor.values import Value

HOW_TO_GET_RUST: Final = (
    "Install Rust from https://rustup.rs (with rustup already there: `rustup default stable`), "
    "or the Debian packages: `sudo apt install rustc cargo rust-clippy`."
)

_CACHE_NAME: Final = "toolchain.json"
_OPTIONAL: Final = ("cargo", "cargo_clippy", "clippy_driver", "rustdoc", "rustfmt")
_TIMEOUT_SECONDS: Final = 20.0
_MAX_OUTPUT: Final = 64 * 1024


class Toolchain(Value):
    """The real programs of one toolchain; None for those that are not installed.

    ``sysroot``: the folder that the compiler finds its libraries in. ``version``: such as ``1.95.0`` or
    ``1.97.0-nightly``. ``host``: the target triple of this machine.
    """

    rustc: Path
    sysroot: Path
    version: str
    host: str
    cargo: Path | None = None
    cargo_clippy: Path | None = None
    clippy_driver: Path | None = None
    rustdoc: Path | None = None
    rustfmt: Path | None = None

    def env(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """``process.clean_env`` in which cargo uses these programs, whatever a project's configuration says.

        It does not cover a ``[target]`` linker or runner, nor build scripts: those are other people's code, which is
        the sandbox's matter.
        """
        env = process.clean_env()
        env["PATH"] = os.pathsep.join([str(self.rustc.parent), env["PATH"]])
        env |= {"RUSTC": str(self.rustc), "RUSTC_WRAPPER": "", "RUSTC_WORKSPACE_WRAPPER": ""}
        if self.rustdoc is not None:
            env["RUSTDOC"] = str(self.rustdoc)
        return env | dict(extra or {})


def find_toolchain(cache: Path | None) -> Toolchain | None:
    """The toolchain that ``rustc`` means for this user, or None (then say ``HOW_TO_GET_RUST``).

    ``cache``: a folder in which the answer is kept; with it, and nothing changed since, no process is started.
    A user's ``rustup override`` for a folder and a folder's own ``rust-toolchain.toml`` are not followed.
    """
    program = _find_rustc()
    if program is None:
        return None
    known = _FOUND.get(program) or (_load(cache / _CACHE_NAME) if cache is not None else None)
    if known is None or known[0] != _fingerprint(program, known[1].rustc):
        toolchain = _ask(program)
        if toolchain is None:
            return None
        known = (_fingerprint(program, toolchain.rustc), toolchain)
        if cache is not None:
            _save(cache / _CACHE_NAME, *known)
    _FOUND[program] = known
    return known[1]


_FOUND: dict[Path, tuple[list[str], Toolchain]] = {}
"""What this process knows, by the program on PATH: the fingerprint at that time, and the toolchain."""


def _find_rustc() -> Path | None:
    """``rustc`` on PATH, else where rustup puts it although no shell has been told."""
    places = [process.clean_env()["PATH"]]
    if "HOME" in os.environ:
        cargo_home = os.environ.get("CARGO_HOME") or str(Path(os.environ["HOME"], ".cargo"))
        places.append(str(Path(cargo_home, "bin")))
    found = process.find_program("rustc", os.pathsep.join(places))
    return Path(found) if found else None


def _fingerprint(program: Path, rustc: Path) -> list[str]:
    """All that decides which toolchain ``program`` means; differs after rustup installed, updated or switched one.

    ``rustc`` is the real compiler: an update replaces it and leaves the proxy as it was.
    """
    rustup_home = Path(os.environ.get("RUSTUP_HOME") or Path(os.environ.get("HOME", "/"), ".rustup"))
    marks = [str(program), os.environ.get("RUSTUP_TOOLCHAIN", ""), str(rustup_home)]
    for path in (program, rustup_home / "settings.toml", rustup_home / "toolchains", rustc, rustc.parent):
        try:
            status = path.stat()
        except OSError:
            marks.append("-")
        else:
            marks.append(f"{status.st_ino} {status.st_mtime_ns} {status.st_size}")
    return marks


def _ask(program: Path) -> Toolchain | None:
    """Ask the program on PATH for its sysroot, and the real compiler there for its version."""
    # A proxy without a toolchain is to say so and not to download one.
    env = process.clean_env({"RUSTUP_AUTO_INSTALL": "0"})
    if chosen := os.environ.get("RUSTUP_TOOLCHAIN"):
        env["RUSTUP_TOOLCHAIN"] = chosen
    sysroot = Path(_said(program, env, "--print", "sysroot").strip() or "-")
    if not sysroot.is_absolute():
        return None
    rustc = _in(sysroot / "bin", "rustc") or program
    facts = dict(line.split(": ", 1) for line in _said(rustc, env, "-vV").splitlines() if ": " in line)
    if "release" not in facts:
        return None
    return Toolchain(
        rustc=rustc,
        **{name: _in(rustc.parent, name.replace("_", "-")) for name in _OPTIONAL},
        sysroot=sysroot,
        version=facts["release"],
        host=facts.get("host", ""),
    )


def _said(program: Path, env: Mapping[str, str], *arguments: str) -> str:
    """What the program prints, from ``/``; nothing when it fails."""
    done = process.run([program, *arguments], cwd=Path("/"), env=env, timeout=_TIMEOUT_SECONDS, max_output=_MAX_OUTPUT)
    return done.stdout.decode(errors="replace") if done.succeeded else ""


def _in(folder: Path, name: str) -> Path | None:
    return folder / name if process.is_program(folder / name) else None


def _load(file: Path) -> tuple[list[str], Toolchain] | None:
    """What was kept; None when there is nothing or it cannot be read: it is only a cache."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        words: dict[str, str | None] = stored["toolchain"]
        paths = {name: None if (word := words[name]) is None else Path(word) for name in _OPTIONAL}
        toolchain = Toolchain(
            rustc=Path(stored["toolchain"]["rustc"]),
            sysroot=Path(stored["toolchain"]["sysroot"]),
            version=str(words["version"]),
            host=str(words["host"]),
            **paths,
        )
        return list(stored["key"]), toolchain
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _save(file: Path, key: list[str], toolchain: Toolchain) -> None:
    """Keep the answer; a cache that cannot be written is no reason to fail."""
    words = {name: None if value is None else str(value) for name, value in toolchain.members().items()}
    with contextlib.suppress(OSError):
        write_private(file, json.dumps({"key": key, "toolchain": words}))
