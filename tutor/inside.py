"""Paths that never lead out of the workspace, and reading what they name.

A path from a proposal is text from outside. :func:`locate` turns it into the real path below the real root, or
refuses; after that every step goes through folder descriptors opened without following links, so that a folder that
is exchanged for a link in between is noticed and not followed.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from tutor.errors import OutsideWorkspace, Refused
from tutor.inert import inert_line

MAX_BYTES = 64 * 1024 * 1024
"""A larger file is not a source file; it is refused instead of being read into memory."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What file systems, and so Git, leave out when they compare names (git-config: core.protectHFS, core.protectNTFS).
_IGNORED_IN_NAMES = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def _outside(path: str, why: str) -> OutsideWorkspace:
    return OutsideWorkspace("Not in the workspace", f"{inert_line(path)!s} {why}; it is not written to.")


def is_git_name(name: str) -> bool:
    """Whether some file system takes ``name`` for ``.git``."""
    plain = _IGNORED_IN_NAMES.sub("", name).partition(":")[0].rstrip(" .").casefold()
    return plain in (".git", "git~1")


def locate(root: str, path: str) -> str:
    """The real path of the workspace's file ``path``, relative to ``root`` (which must be a real path itself).

    The file need not exist. Links are followed as long as they stay inside. Raises :class:`OutsideWorkspace`.
    """
    parts = path.split("/")
    if not path or "\0" in path or path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise _outside(path, "is not a plain path below the workspace")
    if any(is_git_name(part) for part in parts):
        raise _outside(path, "belongs to Git itself")
    try:
        real = os.path.realpath(os.path.join(root, path))  # noqa: PTH118 (names that are not UTF-8 stay as they are)
    except (OSError, ValueError) as error:
        raise _outside(path, "cannot be looked up") from error
    prefix = root.rstrip("/") + "/"
    if not real.startswith(prefix):
        raise _outside(path, "leads out of the workspace")
    if any(is_git_name(part) for part in real.split("/")):
        raise _outside(path, "belongs to Git itself")
    folder = os.path.dirname(real)  # noqa: PTH120
    while len(folder) >= len(root):
        if _is_git_folder(folder):
            raise _outside(path, "belongs to Git itself")
        if folder == "/":
            break
        folder = os.path.dirname(folder)  # noqa: PTH120
    return real[len(prefix) :]


def _is_git_folder(folder: str) -> bool:
    """Whether Git would take the folder for a repository's own (gitrepository-layout): its files run as hooks."""
    here = Path(folder)
    return (here / "HEAD").exists() and (here / "objects").is_dir() and (here / "refs").is_dir()


def read(root: str, path: str) -> bytes | None:
    """The content of a located file; None when there is none.

    Raises :class:`OutsideWorkspace` when it is not a regular file, Refused when it is too large or cannot be read.
    """
    parts = path.split("/")
    try:
        with folder_at(root, parts[:-1]) as folder:
            return read_at(folder, parts[-1], path)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise _outside(path, "runs through something that is not a folder") from error
    except OSError as error:
        raise Refused("Cannot read", f"{inert_line(path)}: {error.strerror}.") from error


@contextlib.contextmanager
def folder_at(root: str, parts: Sequence[str]) -> Iterator[int]:
    """:func:`open_folder`, closed again. Raises OSError."""
    descriptor = open_folder(root, parts)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_folder(root: str, parts: Sequence[str]) -> int:
    """A descriptor of the folder, opened step by step so that no link is followed. Raises OSError."""
    descriptor = os.open(root, _ROOT)
    for part in parts:
        try:
            deeper = os.open(part, _FOLDER, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = deeper
    return descriptor


def read_at(folder: int, name: str, path: str) -> bytes:
    """The content of a regular file in an open folder; ``path``: for messages. Raises OSError, and as :func:`read`."""
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        raise _outside(path, "is not a regular file")
    if found.st_size > MAX_BYTES:
        raise Refused("Too large", f"{inert_line(path)} has more than {MAX_BYTES // 1024 // 1024} MB.")
    with os.fdopen(os.open(name, READ, dir_fd=folder), "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Refused("Too large", f"{inert_line(path)} has more than {MAX_BYTES // 1024 // 1024} MB.")
    return data
