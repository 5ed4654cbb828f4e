"""Chooses how a project is checked here and now, and makes it ready."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tutor.config import FixSettings
from tutor.errors import Failed, MissingTool
from tutor.fix.compiler import CargoChecker, Checker, LoneChecker
from tutor.fix.project import Project, dependencies, read_manifest
from tutor.fix.runners import Runner, SandboxRunner, TrustedRunner
from tutor.fix.scratch import LoneScratch, PackageScratch, utf8_name
from tutor.inert import inert_line
from tutor.paths import Home
from tutor.toolchain import HOW_TO_GET_RUST, Toolchain, find_toolchain

_LOCK_WAIT_SECONDS: Final = 60.0
_MAX_NEIGHBOURS: Final = 50


def open_checker(
    project: Project,
    home: Home,
    settings: FixSettings,
    trusted: Callable[[Path], bool],
    cancel: threading.Event,
    *,
    tests: bool = False,
) -> Checker:
    """A checker for ``project``; close its ``scratch`` afterwards. ``tests``: whether tests will be asked for.

    Raises MissingTool without a toolchain, Failed when no copy can be made or nothing can be checked, Interrupted.
    """
    toolchain = find_toolchain(home.cache)
    if toolchain is None:
        raise MissingTool("No Rust", "There is no rustc on this machine.", HOW_TO_GET_RUST)
    if project.kind == "file":
        runner = _runner(project.root, settings, toolchain, trusted) if tests else None
        return _lone_checker(project, LoneScratch(home, project.root / project.file), settings, toolchain, runner)
    folder = str((project.manifest or project.root / "Cargo.toml").parent)
    if utf8_name(folder) != folder:
        raise Failed("Not UTF-8", f"The name of {inert_line(folder)} is not UTF-8; cargo takes no other. Rename it.")
    runner = _runner(project.root, settings, toolchain, trusted)
    if toolchain.cargo is None and runner is not None:
        raise MissingTool("No cargo", "There is no cargo beside rustc on this machine.", HOW_TO_GET_RUST)
    copy = PackageScratch(home, project.root, _neighbours(project.root), _LOCK_WAIT_SECONDS, cancel)
    try:
        checker = _package_checker(project, copy, settings, toolchain, runner)
        if copy.emptied:
            from tutor.fix.tidy import MAX_RESULTS

            most = MAX_RESULTS >> 30
            checker.notices.append(f"The last build took more than {most} GiB; it was deleted, all is built anew.")
        if copy.left_out:
            some, more = inert_line(os.path.relpath(copy.left_out[0], project.root)), len(copy.left_out) - 1
            checker.notices.append(
                f"{more + 1} links lead out of the project and were left out: {some} …"
                if more
                else f"A link leads out of the project and was left out: {some}"
            )
    except BaseException:
        copy.close()
        raise
    return checker


def _lone_checker(
    project: Project, copy: LoneScratch, settings: FixSettings, toolchain: Toolchain, runner: Runner | None
) -> LoneChecker:
    """A file that names others outside its folder is checked in the sandbox, if there is one: rustc would read them
    wherever they are and show what is in them."""
    if not copy.left_out:
        return LoneChecker(project, copy, toolchain, settings, runner)
    holds = _sandbox(settings, toolchain)
    checker = LoneChecker(project, copy, toolchain, settings, runner, holds)
    so = (
        "it is checked in the sandbox, where your other files are not."
        if holds
        else "that was not copied, and the compiler finds it only by an absolute path."
    )
    file, named = inert_line(project.file), inert_line(copy.left_out[0])
    checker.notices.append(f"{file} names {named}, which is outside its folder: {so}")
    return checker


def _package_checker(
    project: Project, copy: PackageScratch, settings: FixSettings, toolchain: Toolchain, runner: Runner | None
) -> Checker:
    if runner is not None and toolchain.cargo is not None:
        return CargoChecker(project, copy, toolchain.cargo, toolchain.env(), runner)
    from tutor.fix.roots import RootsChecker

    return RootsChecker(project, copy, toolchain, settings)


def _runner(
    folder: Path, settings: FixSettings, toolchain: Toolchain, trusted: Callable[[Path], bool]
) -> Runner | None:
    """The safest way to run the project's own code, or None when it may not run."""
    return _sandbox(settings, toolchain) or (TrustedRunner(settings.seconds) if trusted(folder) else None)


def _sandbox(settings: FixSettings, toolchain: Toolchain) -> SandboxRunner | None:
    from tutor.sandbox import probe

    return SandboxRunner(toolchain, settings.seconds) if probe().kind == "bubblewrap" else None


def _neighbours(root: Path) -> list[Path]:
    """The folders of path dependencies that lie outside ``root``, those of dependencies included."""
    found: list[Path] = []
    waiting = [
        manifest.parent for manifest in [root / "Cargo.toml", *root.glob("*/Cargo.toml"), *root.glob("*/*/Cargo.toml")]
    ]
    while waiting and len(found) < _MAX_NEIGHBOURS:
        folder = waiting.pop()
        try:
            needed = dependencies(read_manifest(folder / "Cargo.toml"))
        except Failed:
            continue  # cargo will say what is wrong with it
        for one in needed.values():
            if not isinstance(one, dict) or not isinstance(one.get("path"), str):
                continue
            place = Path(os.path.normpath(folder / one["path"]))
            if not place.is_relative_to(root) and place not in found and (place / "Cargo.toml").is_file():
                found.append(place)
                waiting.append(place)
    return found
