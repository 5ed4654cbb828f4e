"""What the user pointed at: a cargo package, a workspace, or a lone ``.rs`` file. Reads manifests, runs nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from tutor.errors import Failed, UsageError
from tutor.fix.source import CrateType, guess_crate_type
from tutor.inert import inert_line
from tutor.values import Value

DEFAULT_EDITION: Final = "2015"
"""What cargo and rustc take when nothing is said ("The edition field" in the Cargo book)."""

_EDITIONS: Final = ("2015", "2018", "2021", "2024")
_TARGET_FOLDERS: Final = ("src", "tests", "benches", "examples")
_TARGET_TABLES: Final = ("bin", "test", "bench", "example")
_MAX_MANIFEST: Final = 1024 * 1024
_MAX_SOURCE: Final = 32 * 1024 * 1024

Table = Mapping[str, Any]


class Project(Value):
    """Something that the compiler can check.

    ``root``: the absolute folder that all paths are relative to (a workspace's root, a lone file's folder).
    ``file``: the lone file's name, "" for a package. ``manifest``: the ``Cargo.toml`` that the request is about
    (the root's own: the whole workspace). ``crate_type`` is about the lone file, or the package's main target.
    """

    root: Path
    edition: str
    crate_type: CrateType
    file: str = ""
    manifest: Path | None = None
    name: str = ""

    @property
    def kind(self) -> Literal["file", "package"]:
        """Whether rustc or cargo builds it."""
        return "file" if self.file else "package"

    @property
    def whole_workspace(self) -> bool:
        """Whether every member is meant, and not one package of it."""
        return self.manifest is not None and self.manifest.parent == self.root


def find_project(path: Path, edition: str | None = None, crate_type: CrateType | None = None) -> Project:
    """The project that ``path`` (a ``.rs`` file, a ``Cargo.toml`` or a folder) belongs to.

    ``edition`` and ``crate_type`` are for a lone file (None: guessed). Raises UsageError when there is no such file
    or no Rust in it, Failed for a manifest that cannot be read.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 (symlinks stay: the user's own names are shown)
    if not path.exists():
        raise UsageError("No such file", f"There is no {_shown(path)}.")
    if path.is_dir() or path.name == "Cargo.toml":
        folder = path if path.is_dir() else path.parent
        manifest = next(_manifests(folder), None)
        return _package(manifest) if manifest else _only_file(folder, edition, crate_type)
    if not path.is_file():
        raise UsageError("Not a file", f"{_shown(path)} is neither a file nor a folder.")
    if path.suffix != ".rs":
        raise UsageError("Not Rust", f"{_shown(path)} is not a .rs file, a Cargo.toml or a folder with one.")
    for manifest in _manifests(path.parent):
        if _claims(manifest, path):
            return _package(manifest)
    return _lone(path, edition, crate_type)


def default_members(manifest: Path) -> list[Path]:
    """The manifests of a package and, for a workspace's root, of all its members. Raises Failed."""
    table = read_manifest(manifest)
    found = [manifest] if "package" in table else []
    workspace = sub_table(table, "workspace")
    for pattern in _texts(workspace.get("members")):
        found += [
            folder / "Cargo.toml"
            for folder in _matching(manifest.parent, pattern)
            if (folder / "Cargo.toml").is_file() and not _excluded(workspace, folder, manifest.parent)
        ]
    return list(dict.fromkeys(found))


def _matching(folder: Path, pattern: str) -> list[Path]:
    """The folders inside ``folder`` that a member pattern means; none when it is no pattern."""
    try:
        found = sorted(folder.glob(pattern.strip("/") or "."))
    except (ValueError, NotImplementedError, IndexError):
        return []
    return [place for place in map(Path, map(os.path.normpath, found)) if place.is_relative_to(folder)]


def read_manifest(manifest: Path) -> Table:
    """The manifest's TOML. Raises Failed with one sentence when it cannot be read."""
    import tomllib

    try:
        if manifest.stat().st_size > _MAX_MANIFEST:
            raise Failed("Cargo.toml is too large", f"{_shown(manifest)} is larger than 1 MiB; it is not read.")
        return tomllib.loads(manifest.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Failed("Cargo.toml cannot be read", f"{_shown(manifest)}: {error}.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = inert_line(str(error)).rstrip(".")
        raise Failed("Cargo.toml is not TOML", f"{_shown(manifest)}: {why}.", "mend Cargo.toml first") from error


def edition_of(manifest: Path, table: Table, root: Path) -> str:
    """The edition that a manifest states, itself or through its workspace."""
    stated = sub_table(table, "package").get("edition")
    if isinstance(stated, dict) and stated.get("workspace") is True:
        workspace = table if "workspace" in table else read_manifest(root / "Cargo.toml")
        stated = sub_table(sub_table(workspace, "workspace"), "package").get("edition")
    return stated if stated in _EDITIONS else DEFAULT_EDITION


def crate_roots(manifest: Path, table: Table) -> list[tuple[CrateType, str, Path]]:
    """The (kind, crate name, root file) of the library, first, and of every program of a package, as cargo finds
    them without being told ("Target auto-discovery" in the Cargo book) or as the manifest says."""
    folder = manifest.parent
    name = str(sub_table(table, "package").get("name", "crate"))
    roots: list[tuple[CrateType, str, Path]] = []
    library = sub_table(table, "lib")
    roots.append(("lib", str(library.get("name", name)), folder / str(library.get("path", "src/lib.rs"))))
    for binary in _tables(table.get("bin")):
        if isinstance(binary.get("name"), str):
            default = f"src/bin/{binary['name']}.rs" if binary["name"] != name else "src/main.rs"
            roots.append(("bin", binary["name"], folder / str(binary.get("path", default))))
    roots.append(("bin", name, folder / "src/main.rs"))
    roots += [("bin", file.stem, file) for file in sorted(folder.glob("src/bin/*.rs"))]
    roots += [("bin", file.parent.name, file) for file in sorted(folder.glob("src/bin/*/main.rs"))]
    once = {root[2]: root for root in reversed(roots) if root[2].is_file() and _inside(root[2], folder)}
    return list(reversed(once.values()))


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _lone(path: Path, edition: str | None, crate_type: CrateType | None) -> Project:
    chosen = crate_type or guess_crate_type(_read(path))
    return Project(path.parent, edition or "2021", chosen, file=path.name, name=path.stem)


def _only_file(folder: Path, edition: str | None, crate_type: CrateType | None) -> Project:
    """A folder without a manifest stands for its ``main.rs``, or for the one Rust file in it."""
    files = sorted(file for file in folder.glob("*.rs") if file.is_file())
    chosen = next((file for file in files if file.name == "main.rs"), files[0] if len(files) == 1 else None)
    if chosen is None:
        what = f"{len(files)} Rust files: name one" if files else "no Rust file either"
        raise UsageError("No Rust project", f"There is no Cargo.toml in or above {_shown(folder)}, and {what}.")
    return _lone(chosen, edition, crate_type)


def _package(manifest: Path) -> Project:
    table = read_manifest(manifest)
    root = _workspace_root(manifest, table)
    crate_type: CrateType = "bin" if (manifest.parent / "src/main.rs").is_file() else "lib"
    name = sub_table(table, "package").get("name")
    return Project(
        root,
        edition_of(manifest, table, root),
        crate_type,
        manifest=manifest,
        name=name if isinstance(name, str) else root.name,
    )


def _manifests(folder: Path) -> Iterator[Path]:
    """The manifests in ``folder`` and above it, nearest first, no further than the repository that it is in."""
    for place in (folder, *folder.parents):
        if (place / "Cargo.toml").is_file():
            yield place / "Cargo.toml"
        if (place / ".git").exists():
            return


def _claims(manifest: Path, file: Path) -> bool:
    """Whether ``file`` is part of the package: in one of its usual folders, or beside a target that it names."""
    table = read_manifest(manifest)
    package = sub_table(table, "package")
    if not package:
        return False
    relative = file.relative_to(manifest.parent)
    if relative.parts[0] in _TARGET_FOLDERS and len(relative.parts) > 1:
        return True
    if relative.as_posix() == package.get("build", "build.rs"):
        return True
    targets = [sub_table(table, "lib"), *(t for key in _TARGET_TABLES for t in _tables(table.get(key)))]
    named = [Path(t["path"]) for t in targets if isinstance(t.get("path"), str)]
    return any(relative == path or (path.parent.parts and relative.is_relative_to(path.parent)) for path in named)


def _workspace_root(manifest: Path, table: Table) -> Path:
    """The folder of the workspace that the package is a member of; its own folder when it is in none."""
    folder = manifest.parent
    if "workspace" in table:
        return folder
    pointed = sub_table(table, "package").get("workspace")
    if isinstance(pointed, str):
        named = Path(os.path.normpath(folder / pointed))
        return named if (named / "Cargo.toml").is_file() else folder
    for above in folder.parents:
        if (above / "Cargo.toml").is_file():
            outer = read_manifest(above / "Cargo.toml")
            if "workspace" in outer and not _excluded(sub_table(outer, "workspace"), folder, above):
                return above if _is_member(outer, folder, above) else folder
    return folder


def _is_member(outer: Table, folder: Path, above: Path) -> bool:
    patterns = _texts(sub_table(outer, "workspace").get("members"))
    if any(folder in _matching(above, pattern) for pattern in patterns):
        return True
    # A path dependency of the root package is a member without being listed.
    paths = [d.get("path") for d in dependencies(outer).values() if isinstance(d, dict)]
    return any(isinstance(path, str) and Path(os.path.normpath(above / path)) == folder for path in paths)


def dependencies(table: Table) -> dict[str, Any]:
    """What a manifest depends on, build and development dependencies and those of targets included."""
    found: dict[str, Any] = {}
    places = [table, *(t for t in sub_table(table, "target").values() if isinstance(t, dict))]
    for place in places:
        for kind in ("dependencies", "build-dependencies", "dev-dependencies"):
            found |= sub_table(place, kind)
    return found


def _excluded(workspace: Table, folder: Path, above: Path) -> bool:
    relative = folder.relative_to(above)
    return any(relative.is_relative_to(pattern) for pattern in _texts(workspace.get("exclude")))


def sub_table(table: Table, key: str) -> Table:
    """The table called ``key``; an empty one when there is none or it is something else."""
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _tables(found: object) -> list[Table]:
    return [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []


def _texts(found: object) -> list[str]:
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_SOURCE:
            raise Failed("File too large", f"{_shown(path)} is larger than 32 MiB; such a file is not checked.")
        return path.read_bytes()
    except OSError as error:
        raise Failed("Cannot read", f"{_shown(path)}: {error.strerror}.") from error


def _shown(path: Path) -> str:
    return inert_line(str(path))
