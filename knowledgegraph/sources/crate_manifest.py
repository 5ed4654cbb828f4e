"""What a ``Cargo.toml`` says of its package."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "Cargo.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a ``Cargo.toml`` says of its package. ``root``: the file of the library, or of the program where there is
    none, relative to the folder; None: neither is there."""

    name: str
    version: str
    description: str
    readme: str
    root: str | None
    library: bool
    dependencies: tuple[str, ...] = ()


def read_manifest(folder: Path) -> Manifest:
    """Raises ValueError, in one sentence that names the file, where there is no package or it cannot be read."""
    import tomllib

    file = folder / MANIFEST
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{file} is no ordinary file")
        if status.st_size > _MOST_BYTES:
            raise ValueError(f"{file} is too large for a manifest")
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{file} is not valid TOML") from error
    package = told.get("package")
    name = package.get("name") if isinstance(package, dict) else None
    if not isinstance(package, dict) or not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"{file} describes no package: name the folder of one of its members")
    roots = [_path_of(told.get("lib")), "src/lib.rs"]
    programs = [_path_of(one) for one in _list(told.get("bin"))] + ["src/main.rs"]
    library = next((root for root in roots if root and _is_source(folder, root)), None)
    return Manifest(
        name,
        _word(package.get("version")),
        " ".join(_word(package.get("description")).split()),
        _word(package.get("readme")) or "README.md",
        library or next((root for root in programs if root and _is_source(folder, root)), None),
        library is not None,
        _dependencies(told.get("dependencies")),
    )


def is_inside(file: Path, folder: Path) -> bool:
    """Whether ``file``, a path below ``folder`` that is there, is inside of it wherever links lead."""
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))


def _is_source(folder: Path, file: str) -> bool:
    try:
        return (folder / file).is_file() and is_inside(folder / file, folder)
    except OSError:  # a name that is too long
        return False


def _dependencies(table: Any) -> tuple[str, ...]:
    """The names of the packages that are always or optionally used."""
    if not isinstance(table, dict):
        return ()
    renamed = (_word(told.get("package")) if isinstance(told, dict) else "" for told in table.values())
    names = (real or name for name, real in zip(table, renamed, strict=True))
    return tuple(name for name in names if NAME.fullmatch(name))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _path_of(target: Any) -> str:
    path = _word(target.get("path")) if isinstance(target, dict) else ""
    return "" if path.startswith("/") or ".." in Path(path).parts else path
