"""Small crates on disk, archives of them, and a registry of files that the real cargo takes for crates.io."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path


def manifest(name: str, version: str = "0.1.0", more: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n{more}'


def write_crate(folder: Path, files: Mapping[str, str | bytes], name: str = "mini", more: str = "") -> Path:
    """A crate's folder: a manifest unless ``files`` has one, and the files."""
    for path, content in {"Cargo.toml": manifest(name, more=more), **files}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def pack(archive: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Path:
    """A ``.crate`` of exactly these members; ``links``: name to target."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for name, target in (links or {}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive


def packed_crate(folder: Path, name: str, version: str) -> Path:
    """A well-formed ``NAME-VERSION.crate`` in a folder."""
    stem = f"{name}-{version}"
    files = {f"{stem}/Cargo.toml": manifest(name, version).encode(), f"{stem}/src/lib.rs": b"pub fn hello() {}\n"}
    return pack(folder / f"{stem}.crate", files)


def local_registry(folder: Path, crates: Mapping[str, tuple[str, ...]]) -> Path:
    """A cargo home whose settings put a registry of files in the place of crates.io."""
    registry = folder / "registry-of-files"
    for name, versions in crates.items():
        index = registry / "index" / name[:2] / name[2:4] / name
        index.parent.mkdir(parents=True, exist_ok=True)
        lines = []
        for version in versions:
            digest = hashlib.sha256(packed_crate(registry, name, version).read_bytes()).hexdigest()
            lines.append({"name": name, "vers": version, "deps": [], "cksum": digest, "features": {}, "yanked": False})
        index.write_text("".join(json.dumps(line) + "\n" for line in lines))
    home = folder / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "files"\n\n[source.files]\nlocal-registry = "{registry}"\n'
    )
    return home
