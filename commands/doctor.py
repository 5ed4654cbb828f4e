"""``tutor doctor``: what is here, what is missing, how to get it; found out by trying, one line each."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from commands import json_face
from commands.terminal import has_colour
from tutor import config
from tutor.inert import inert_line
from tutor.paths import Home, find_home

Status = Literal["ok", "warn", "fail"]
_SIGNS = {"ok": ("✓", "32"), "warn": ("!", "33"), "fail": ("✗", "31")}


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was tried, how it went, and what to do about it (None where nothing needs doing)."""

    name: str
    status: Status
    detail: str
    fix: str | None = None


def run(options: argparse.Namespace) -> int:
    """Prints every check; 1 when one of them fails. What is only missing is a warning: the tutor works without it."""
    checks = list(examine(find_home(options.home), use_model=not options.no_model))
    good = all(check.status != "fail" for check in checks)
    if options.json:
        json_face.write({"ok": good, "checks": checks})
        return 0 if good else 1
    sys.stdout.write(as_text(checks, colour=has_colour()))
    return 0 if good else 1


def as_text(checks: list[Check], *, colour: bool) -> str:
    """The checks as lines; the fix, where there is one, on a line of its own."""
    lines = []
    for check in checks:
        sign, style = _SIGNS[check.status]
        shown = f"\x1b[{style}m{sign}\x1b[0m" if colour else sign
        lines.append(f"{shown} {check.name:<13} {inert_line(check.detail)}")
        if check.fix:
            lines.append(f"{'':16}→ {inert_line(check.fix)}")
    return "\n".join(lines) + "\n"


def examine(home: Home, *, use_model: bool) -> Iterator[Check]:
    """All checks, in the order in which they are shown."""
    settings = config.load(home.config_file)
    yield Check("python", "ok", f"{sys.version.split()[0]} ({sys.executable})")
    yield from _rust(home)
    yield from _git()
    yield _sandbox()
    yield _model(settings, use_model=use_model)
    yield _lessons()
    yield _knowledge(home)
    yield _terminal()
    yield _state(home)
    if settings.problems:
        yield Check("settings", "warn", " ".join(settings.problems), f"mend {home.config_file}")
    else:
        yield Check("settings", "ok", str(home.config_file) if home.config_file.exists() else "the defaults")


def _rust(home: Home) -> Iterator[Check]:
    from tutor.toolchain import HOW_TO_GET_RUST, find_toolchain

    toolchain = find_toolchain(home.cache)
    if toolchain is None:
        yield Check("rustc", "warn", "not found: lessons and answers work, checking and fixing do not", HOW_TO_GET_RUST)
        return
    yield Check("rustc", "ok", f"{toolchain.version} ({toolchain.rustc})")
    if toolchain.cargo:
        yield Check("cargo", "ok", str(toolchain.cargo))
    else:
        yield Check("cargo", "warn", "not found: only lone files can be checked", HOW_TO_GET_RUST)
    if toolchain.cargo_clippy:
        yield Check("clippy", "ok", str(toolchain.cargo_clippy))
    else:
        yield Check("clippy", "warn", "not found: no lints", "rustup component add clippy")
    if (toolchain.sysroot / "share/doc/rust/html/book/index.html").exists():
        yield Check("rust-docs", "ok", str(toolchain.sysroot / "share/doc/rust/html"))
    else:
        yield Check(
            "rust-docs", "warn", "not found: references cannot be opened offline", "rustup component add rust-docs"
        )


def _git() -> Iterator[Check]:
    from tutor import process

    if shutil.which("git", path=process.clean_env()["PATH"]) is None:
        yield Check("git", "warn", "not found: fixes can be written, not committed", "sudo apt install git")
        return

    def ask(*words: str) -> str:
        environment = {**process.clean_env(), "HOME": os.environ.get("HOME", "/")}
        environment |= {k: v for k, v in os.environ.items() if k.startswith("GIT_CONFIG")}
        done = process.run(["git", *words], cwd=Path("/"), env=environment, timeout=10, max_output=4096)
        return done.stdout.decode(errors="replace").strip() if done.succeeded else ""

    yield Check("git", "ok", ask("--version").removeprefix("git version "))
    name, mail = ask("config", "--get", "user.name"), ask("config", "--get", "user.email")
    if name and mail:
        yield Check("git identity", "ok", f"{name} <{mail}>")
    else:
        yield Check("git identity", "warn", "not set: commits will ask for it",
                    'git config --global user.name "…" && git config --global user.email "…"')  # fmt: skip


def _sandbox() -> Check:
    from tutor.sandbox import probe

    capability = probe()
    if capability.kind == "bubblewrap":
        return Check("sandbox", "ok", capability.detail, capability.fix)
    return Check("sandbox", "warn", f"{capability.detail} Packages are checked only after you trust them.",
                 capability.fix)  # fmt: skip


def _model(settings: config.Settings, *, use_model: bool) -> Check:
    if not (use_model and settings.model.enabled):
        return Check("model", "ok", "switched off: answers come from this machine's knowledge")
    import asyncio

    from tutor.models.ollama import probe

    status = asyncio.run(probe(settings.model, os.environ))
    if status.available:
        return Check("model", "ok", f"{status.name} at {status.host}")
    return Check("model", "warn", f"{status.detail} Answers come from this machine's knowledge.",
                 "optional: install Ollama and `ollama pull` a model")  # fmt: skip


def _lessons() -> Check:
    from knowledgegraph.concepts import ConceptError
    from knowledgegraph.library import Library

    try:
        return Check("lessons", "ok", f"{len(Library.open().concepts)} concepts")
    except ConceptError as error:
        return Check("lessons", "fail", error.problems[0], "install the tutor again")


def _knowledge(home: Home) -> Check:
    from knowledgegraph.schema import StoreError
    from knowledgegraph.store import Store
    from tutor.knowledge import Knowledge

    how = "tutor knowledge build"
    try:
        store = Store.open(Knowledge(home).path)
    except FileNotFoundError:
        return Check("knowledge", "warn", "not read yet: the lessons alone answer", how)
    except (StoreError, OSError) as error:
        return Check("knowledge", "warn", f"cannot be used: {error}", how)
    try:
        entries, sources, missing = store.counts()[0], len(store.sources()), len(store.missing_sources())
    finally:
        store.close()
    detail = f"{entries:,} entries from {sources} sources" + (f", {missing} not on this machine" if missing else "")
    return Check("knowledge", "ok", detail, "tutor knowledge status says what is missing" if missing else None)


def _terminal() -> Check:
    size = shutil.get_terminal_size((0, 0))
    if not sys.stdout.isatty():
        return Check("terminal", "ok", "output is not a terminal: plain text")
    colour = "colour" if has_colour() else "no colour"
    if size.columns < 60 or size.lines < 20:
        return Check("terminal", "warn", f"{size.columns}×{size.lines}, {colour}", "the app wants at least 60×20")
    return Check("terminal", "ok", f"{size.columns}×{size.lines}, {colour}")


def _state(home: Home) -> Check:
    """Really writes and removes a file: permissions alone do not tell (read-only and full disks)."""
    from tutor.paths import write_private

    probe_file = home.state / ".doctor"
    try:
        write_private(probe_file, "x")
        probe_file.unlink()
    except OSError as error:
        return Check("own files", "fail", f"{home.state} cannot be written: {error.strerror}",
                     "make it writable, or choose another place with --home DIR")  # fmt: skip
    return Check("own files", "ok", str(home.state))
