"""What was written into the user's files, remembered so that it can be committed and undone, also after a restart.

Kept per workspace in ``state/workspaces/``: a lock that one writer holds at a time, the journal of a write that is
under way, and the last writes. They hold the user's own lines, so they are readable by the user alone.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tutor import hunks as hunk_algebra
from tutor.errors import Failed, Refused
from tutor.hunks import Hunk, HunkMismatch
from tutor.inert import inert_line
from tutor.paths import write_private

_REMEMBERED = 10
_PATIENCE, _PAUSE = 3.0, 0.02  # seconds
_VERSION = 1


@dataclass(frozen=True, slots=True)
class AppliedFile:
    """One file that was written. ``path``: as the proposal names it; ``real``: the same with links resolved, relative
    to the same root. ``hunks`` turn ``before`` into ``after``; ``before`` None: it was made, and with it ``folders``
    (outermost first)."""

    path: str
    real: str
    before: bytes | None
    after: bytes
    hunks: tuple[Hunk, ...]
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """Accepted hunks that were written together. ``root``: the real folder that the paths are relative to; ``rebased``:
    the files had changed since the proposal was made and the hunks were moved; ``commit``: the commit that was made of
    them, with ``repository`` the top of its work tree, or ""."""

    id: str
    proposal_id: str
    root: str
    files: tuple[AppliedFile, ...]
    rebased: bool = False
    commit: str = ""
    repository: str = ""

    def to_json(self) -> dict[str, object]:
        """As JSON values; :func:`from_json` reads them."""
        return {
            "id": self.id, "proposal_id": self.proposal_id, "root": self.root, "rebased": self.rebased,
            "commit": self.commit, "repository": self.repository,
            "files": [
                {
                    "path": f.path, "real": f.real, "before": None if f.before is None else _pack(f.before),
                    "hunks": [[h.start, len(h.old), [_plain(line) for line in h.new]] for h in f.hunks],
                    "folders": list(f.folders),
                }
                for f in self.files
            ],
        }  # fmt: skip


def _pack(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def _plain(data: bytes) -> str:
    return base64.b64encode(data).decode()


def from_json(data: Mapping[str, object]) -> AppliedChange:
    """What :meth:`AppliedChange.to_json` wrote. Raises ValueError (also for values that do not fit together)."""
    try:
        return AppliedChange(
            str(data["id"]), str(data["proposal_id"]), str(data["root"]), tuple(map(_file, _list(data["files"]))),
            bool(data["rebased"]), str(data["commit"]), str(data["repository"]),
        )  # fmt: skip
    except (KeyError, TypeError, IndexError, zlib.error, HunkMismatch) as error:
        raise ValueError(f"not a record of a write: {error}") from error


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _file(data: Mapping[str, object]) -> AppliedFile:
    packed = data["before"]
    before = None if packed is None else zlib.decompress(base64.b64decode(str(packed)))
    lines = hunk_algebra.split_lines(before or b"")
    hunks = []
    for start, size, new in _list(data["hunks"]):
        hunks.append(Hunk(start, tuple(lines[start : start + size]), tuple(base64.b64decode(line) for line in new)))
    after = hunk_algebra.apply(before or b"", hunks)
    folders = tuple(str(folder) for folder in _list(data["folders"]))
    return AppliedFile(str(data["path"]), str(data["real"]), before, after, tuple(hunks), folders)


def _wait_for(lock: int) -> None:
    """Takes the lock. A write takes milliseconds, so whoever looks at the file meanwhile must not cost this one its
    commit; a commit's hooks may take minutes, and that long nobody is kept waiting. Raises Refused."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise Refused("Busy", "Another tutor is writing in this folder at the moment; try again.") from error
        time.sleep(_PAUSE)


class Ledger:
    """The lock, the journal and the history of one workspace, given by its real path."""

    def __init__(self, state: Path, root: str) -> None:
        name = hashlib.sha256(root.encode("utf-8", "surrogateescape")).hexdigest()[:20]
        self._folder = state / "workspaces" / name
        self._journal = self._folder / "journal.json"
        self._history = self._folder / "applied.json"
        self._root = root

    @contextlib.contextmanager
    def locked(self) -> Iterator[int]:
        """Holds the workspace's lock; yields its descriptor. Another tutor that is writing there is waited for a few
        seconds; then Refused is raised. Failed: the tutor's own folder cannot be written."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _no_state(error) from error
        try:
            _wait_for(lock)
            try:
                yield lock
            finally:
                # Said, not only implied by closing: a process that a hook left behind may have it open too.
                fcntl.flock(lock, fcntl.LOCK_UN)
        finally:
            os.close(lock)

    def begin(self, entry: Mapping[str, object]) -> None:
        """Writes the journal; on the disk when this returns. Raises Failed."""
        self._write(self._journal, {"version": _VERSION, **entry})

    def end(self) -> None:
        """Removes the journal: everything that it announced is done, or was taken back."""
        self._journal.unlink(missing_ok=True)

    @property
    def is_unfinished(self) -> bool:
        """Whether there is a journal: of a write that was killed, or that goes on at the moment."""
        return self._journal.exists()

    def unfinished(self) -> Mapping[str, object] | None:
        """The journal of a write that was killed; None when there is none. Raises ValueError for a damaged one."""
        try:
            text = self._journal.read_text("utf-8")
        except FileNotFoundError:
            return None
        entry = json.loads(text)
        if not isinstance(entry, dict) or entry.get("version") != _VERSION:
            raise ValueError("not a journal that this version has written")
        return entry

    def load(self) -> list[AppliedChange]:
        """The last writes that are not undone, oldest first; a damaged record ends the list."""
        try:
            kept = json.loads(self._history.read_text("utf-8"))
            if kept["version"] != _VERSION or kept["root"] != self._root:
                return []
            return [from_json(entry) for entry in kept["applied"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def find(self, applied_id: str) -> AppliedChange | None:
        """The write with this id; None when it is undone or forgotten."""
        return next((a for a in self.load() if a.id == applied_id), None)

    def remember(self, applied: AppliedChange) -> None:
        """Adds a write, or replaces the one with its id. Raises Failed."""
        kept = self.load()
        if any(a.id == applied.id for a in kept):
            kept = [applied if a.id == applied.id else a for a in kept]
        else:
            kept.append(applied)
        self._save(kept)

    def committed(self, applied_id: str, commit: str, repository: str) -> None:
        """Notes the commit that was made of a write. Raises Failed."""
        found = self.find(applied_id)
        if found is not None:
            self.remember(replace(found, commit=commit, repository=repository))

    def forget(self, applied_id: str) -> None:
        """Removes a write that was undone. Raises Failed."""
        self._save([a for a in self.load() if a.id != applied_id])

    def _save(self, kept: list[AppliedChange]) -> None:
        entries = [a.to_json() for a in kept[-_REMEMBERED:]]
        self._write(self._history, {"version": _VERSION, "root": self._root, "applied": entries})

    def _write(self, path: Path, value: Mapping[str, object]) -> None:
        try:
            write_private(path, json.dumps(value))
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise _no_state(error) from error


def _no_state(error: OSError) -> Failed:
    return Failed("Could not write", f"The tutor's own folder: {inert_line(str(error))}. Nothing was changed.")
