"""The index: held while a commit is made, exchanged whole, put back when the commit fails.

Git's own protocol (gitrepository-layout, api "lockfile"): whoever creates ``index.lock`` may change the index, and
changes it by renaming a complete file over it. :class:`IndexSwap` takes that lock for the whole of a commit, as
``git commit FILE`` does, so that no other Git command can come between; the lock's content names its maker, by which
a lock that was left behind by a SIGKILL is recognised and removed.

The new index is a copy of the old one in which Git itself (``update-index``) has exchanged some entries; its time of
modification is kept, because Git compares it with those of the files to find entries that it must look at again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import Failed
from tutor.files import digest
from tutor.inert import inert_line
from tutor.repository import IndexEntry, Repository

_PREFIX = "tutor-"
_REMOVED = "0" * 6


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One index file, the real one or a copy, that ``update-index`` may change."""

    repository: Repository
    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes Git use this file."""
        return {"GIT_INDEX_FILE": str(self.path)}

    def become(self, commit: str) -> None:
        """Holds the commit's tree, and keeps what it knows about files that are unchanged in it."""
        self._git("read-tree", "-i", "-m", commit)

    def put(self, entries: Mapping[str, IndexEntry | None]) -> None:
        """Exchanges these entries, with their flags; None removes one."""
        width = len(next((e.oid for e in entries.values() if e is not None), "0" * 40))
        records = b"".join(
            b"%s %s\t%s\0" % (
                (entry.mode if entry else _REMOVED).encode(), (entry.oid if entry else "0" * width).encode(),
                path.encode("utf-8", "surrogateescape"),
            )
            for path, entry in entries.items()
        )  # fmt: skip
        self._git("update-index", "-z", "--index-info", stdin=records)
        for option in ("assume_unchanged", "skip_worktree"):
            flagged = [path for path, entry in entries.items() if entry is not None and getattr(entry, option)]
            if flagged:
                names = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in flagged)
                flag = f"--{option.replace('_', '-')}"
                self._git("update-index", "-z", flag, "--stdin", stdin=names)

    def tree(self) -> str:
        """Writes the tree that the index stands for; its id."""
        return self._git("write-tree").decode().strip()

    def _git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        env = {**self.environment, **self.repository.without_filters}
        return self.repository.git.read(*arguments, stdin=stdin, env=env)


class IndexSwap:
    """Holds the lock of a repository's index; a context manager that lets go of it.

    Not so when it is left by what is no ordinary error (Ctrl+C, the end of the program): then everything stays as it
    is for :func:`recover`, as after a kill.
    """

    def __init__(self, repository: Repository, token: str) -> None:
        self._repository = repository
        self._folder = Path(repository.folder)
        self._index = self._folder / "index"
        self._lock = self._folder / "index.lock"
        self._token = token
        self._published = False

    def __enter__(self) -> IndexSwap:
        try:
            with _speaking(self._folder):
                _take(self._lock, self._path("lock"), self._token)
        except FileExistsError as error:
            raise Failed(
                "Git is busy",
                "Another Git command is changing this repository (its index is locked); nothing was done. Try again.",
                f"If none is running, one was killed: remove {inert_line(str(self._lock))}",
            ) from error
        except BaseException:  # it may be ours already, and nobody will leave what was not entered
            remove_leftovers(self._folder, self._token)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None or issubclass(kind, Exception):
            remove_leftovers(self._folder, self._token)

    def _path(self, kind: str) -> Path:
        return self._folder / f"{_PREFIX}{self._token}.{kind}"

    def copy(self, kind: str) -> IndexFile:
        """A copy of the index as it is, to be changed. Raises Failed."""
        path = self._path(kind)
        with _speaking(self._folder):
            if self._index.exists():
                shutil.copy2(self._index, path)
        return IndexFile(self._repository, path)

    def digests(self, new: IndexFile) -> dict[str, str | None]:
        """For the journal: how the old and the new index are recognised."""
        return {"old": _digest(self._index), "new": _digest(new.path)}

    def publish(self, new: IndexFile) -> None:
        """Puts ``new`` in the index's place; :meth:`put_back` takes it back. Raises Failed."""
        with _speaking(self._folder):
            if self._index.exists():
                _keep(self._index, self._path("saved"))
            with new.path.open("rb") as file:
                os.fsync(file.fileno())
            new.path.replace(self._index)
        self._published = True

    def put_back(self) -> None:
        """Makes the index what it was. Raises Failed."""
        if self._published:
            with _speaking(self._folder):
                _put_back(self._index, self._path("saved"))
            self._published = False


@contextlib.contextmanager
def _speaking(folder: Path) -> Iterator[None]:
    """Turns the system's errors into a sentence; that a file exists is the caller's to explain."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise Failed("Could not write", f"In {inert_line(str(folder))}: {error.strerror}.") from error


def _take(lock: Path, beside: Path, token: str) -> None:
    """Creates the lock with its maker's name in it; raises FileExistsError where there is one.

    It is written beside and then linked, so that it never exists without the name, whenever we are killed.
    """
    beside.write_text(token)
    try:
        os.link(beside, lock)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with lock.open("x") as file:
            file.write(token)
    finally:
        beside.unlink(missing_ok=True)


def _keep(index: Path, saved: Path) -> None:
    try:
        os.link(index, saved)
    except OSError:  # a file system without hard links
        shutil.copy2(index, saved)


def _put_back(index: Path, saved: Path) -> None:
    if saved.exists():
        saved.replace(index)
    else:
        index.unlink()


def recover(folder: Path, token: str, digests: Mapping[str, object], *, done: bool) -> None:
    """Cleans up after a SIGKILL. ``done``: HEAD has moved, so the index becomes the new one if it is still the old one;
    else it becomes the old one if it is the new one. An index that is neither is left alone."""
    index = folder / "index"
    wanted, other = ("new", "old") if done else ("old", "new")
    source = folder / f"{_PREFIX}{token}.{'index' if done else 'saved'}"
    ours = _content(folder / "index.lock") == token.encode()
    if ours and _digest(index) == digests.get(other) != digests.get(wanted) and _digest(source) == digests.get(wanted):
        source.replace(index)
    remove_leftovers(folder, token)


def _digest(path: Path) -> str | None:
    return digest(_content(path))


def remove_leftovers(folder: Path, token: str) -> None:
    """Removes the lock, if it is ours, and the files beside the index."""
    for path in folder.glob(f"{_PREFIX}{token}.*"):
        with contextlib.suppress(OSError):
            path.unlink()
    lock = folder / "index.lock"
    if _content(lock) == token.encode():
        with contextlib.suppress(OSError):
            lock.unlink()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
