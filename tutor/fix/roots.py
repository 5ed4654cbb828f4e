"""Checks a package without cargo: rustc on its library and programs, where nothing but the package is needed.

This is what is left when a workspace is not trusted and there is no sandbox: build scripts, macros of dependencies
and settings of the project cannot run, because nothing here looks at them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tutor import process
from tutor.config import FixSettings
from tutor.fix.compiler import NO_CODE_RUN, Checked, Edits, Tested, checked
from tutor.fix.messages import Messages, parse, relative_to
from tutor.fix.project import Project, crate_roots, default_members, dependencies, edition_of, read_manifest, sub_table
from tutor.fix.runners import MAX_OUTPUT, MEMORY, completed_or_failed
from tutor.fix.scratch import PackageScratch
from tutor.inert import inert_line
from tutor.toolchain import Toolchain

_NOT_A_NAME: Final = re.compile(r"\W")


@dataclass(frozen=True, slots=True)
class _Crate:
    kind: str
    name: str
    file: Path
    edition: str
    package: str
    library: str
    features: tuple[str, ...]
    env: Mapping[str, str]


class RootsChecker:
    """rustc on the crate roots of the packages that depend on nothing."""

    name = "rustc"
    sandbox = NO_CODE_RUN

    def __init__(self, project: Project, scratch: PackageScratch, toolchain: Toolchain, settings: FixSettings) -> None:
        self.scratch = scratch
        self.question = (
            f"Checking {inert_line(project.name)} fully means running its build scripts and macros on this machine, "
            "without a sandbox. Trust this workspace?"
        )
        self.notices: list[str] = []
        self._toolchain, self._settings = toolchain, settings
        self._out = scratch.target / "roots"
        self._rename = relative_to(str(scratch.folder))
        manifest = project.manifest or project.root / "Cargo.toml"
        wanted = default_members(manifest) if project.whole_workspace else [manifest]
        self._crates = [crate for one in wanted for crate in self._crates_of(one, project.root)]

    @property
    def checks_anything(self) -> bool:
        """Whether there is a package here that can be checked this way."""
        return bool(self._crates)

    def _crates_of(self, manifest: Path, root: Path) -> Iterable[_Crate]:
        table = read_manifest(manifest)
        package, library = sub_table(table, "package"), sub_table(table, "lib")
        name = inert_line(str(package.get("name", manifest.parent.name)))
        if needed := dependencies(table):
            some = ", ".join(inert_line(d) for d in list(needed)[:3])
            self.notices.append(
                f"{name} was not checked: it needs {some}, whose build scripts and macros may only run in a sandbox "
                "(install bubblewrap) or in a workspace that you trust."
            )
            return
        if (manifest.parent / "build.rs").exists() or "build" in package:
            self.notices.append(f"The build script of {name} was not run; errors about what it makes are not yours.")
        self.notices.append(f"{name} was checked with rustc alone: its library and programs, not its tests.")
        for kind, crate, file in crate_roots(manifest, table):
            yield _Crate(
                "proc-macro" if kind == "lib" and library.get("proc-macro") is True else kind,
                _NOT_A_NAME.sub("_", crate),
                self.scratch.place_of(file),
                edition_of(manifest, table, root),
                _NOT_A_NAME.sub("_", name),
                _NOT_A_NAME.sub("_", str(library.get("name", package.get("name", "")))),
                _default_features(table),
                {
                    "CARGO_MANIFEST_DIR": str(self.scratch.place_of(manifest.parent)),
                    "CARGO_PKG_NAME": name,
                    "CARGO_PKG_VERSION": inert_line(str(package.get("version", "0.0.0"))),
                    "CARGO_CRATE_NAME": _NOT_A_NAME.sub("_", crate),
                },
            )

    def check(self, edits: Edits, cancel: threading.Event) -> Checked:
        self.scratch.lay(edits)
        self._out.mkdir(exist_ok=True)
        messages, last = Messages(), None
        broken: set[str] = set()
        runs = 0
        for crate in self._crates:
            if crate.kind == "bin" and crate.package in broken:
                continue  # without its library nothing sensible can be said about a program
            done = self._rustc(crate, cancel)
            runs += 1
            found = parse(done.stderr, self._rename, f"{crate.package} {crate.kind} {crate.name}")
            found.reached.add(f"{crate.package} {crate.kind} {crate.name}")
            outcome = checked(found, done, "rustc")
            if not outcome.passed:
                last = done
                broken |= {crate.package} if crate.kind == "lib" else set()
            elif last is None or last.succeeded:
                last = done
            messages.add(found)
        assert last is not None, "made only where checks_anything"  # noqa: S101
        return checked(messages, last, "rustc", runs)

    def _rustc(self, crate: _Crate, cancel: threading.Event) -> process.Completed:
        # A folder for each crate: the metadata of a program may have the same name as that of its library.
        out = self._out / crate.package / f"{crate.kind}-{crate.name}"
        out.mkdir(parents=True, exist_ok=True)
        library = out.parent / f"lib-{crate.library}" / f"lib{crate.library}.rmeta"
        words = [f"--edition={crate.edition}", f"--crate-name={crate.name}", f"--crate-type={crate.kind}"]
        words += [f"--out-dir={out}", "--emit=metadata", "--error-format=json"]
        words += [f'--cfg=feature="{feature}"' for feature in crate.features]
        words += [f"--extern={crate.library}={library}"] if crate.kind == "bin" and library.exists() else []
        words += ["--extern=proc_macro"] if crate.kind == "proc-macro" else []
        done = process.run(
            [self._toolchain.rustc, *words, crate.file],
            cwd=self.scratch.folder,
            env=self._toolchain.env({**crate.env, "RUSTC_ICE": "0"}),
            timeout=self._settings.seconds,
            max_output=MAX_OUTPUT,
            memory=MEMORY,
            cancel=cancel,
        )
        completed_or_failed(done, "rustc", self._settings.seconds)
        return done

    def test(self, edits: Edits, cancel: threading.Event) -> Tested:
        return Tested("not-run", "running the tests needs a sandbox or your trust in this workspace")


def _default_features(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The features that are on by default, those that they turn on included."""
    features = table.get("features")
    if not isinstance(features, dict):
        return ()
    on: list[str] = []
    waiting = ["default"]
    while waiting:
        name = waiting.pop()
        if name in features and name not in on and name.replace("-", "_").isidentifier():
            on.append(name)
            more = features[name]
            waiting += [other for other in more if isinstance(other, str)] if isinstance(more, list) else []
    return tuple(on)
