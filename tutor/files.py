"""Files of the user that are old or new and never half.

A :class:`Transaction` changes several files together: first everything that can fail for lack of space is done beside
the files (the new content, and a second link to the old one), then each file changes by one ``rename(2)``. What it is
about to do is a JSON value, :attr:`Transaction.record`, from which :func:`recover` cleans up after a SIGKILL.

Only :mod:`tutor.workspace` uses this module.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import Failed, Refused, StaleFile
from tutor.inert import inert_line
from tutor.inside import READ, folder_at, is_git_name, open_folder, read_at

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OURS = re.compile(r"\.tutor-[0-9a-f]{16}-\d{1,6}\.(?:new|old)")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file. ``path``: as :func:`tutor.inside.locate` gave it. None: there is no such file."""

    path: str
    before: bytes | None
    after: bytes | None


def digest(data: bytes | None) -> str | None:
    """SHA-256 in hex; None for no file."""
    return None if data is None else hashlib.sha256(data).hexdigest()


@dataclass(slots=True)
class _Step:
    """One file of a transaction, and how far it got."""

    change: Change
    folder: int
    name: str
    new: str
    old: str
    published: bool = False


class Transaction:
    """Changes files together, or not at all.

    The order of calls: :attr:`record` is put into the journal; :meth:`prepare`; :meth:`publish`; then :meth:`finish`,
    or :meth:`roll_back` when something went wrong, here or in what the caller does with the changed files in place.
    Both may be called at any point, and end it.
    """

    def __init__(self, root: str, changes: Sequence[Change], token: str) -> None:
        self._root = root
        self._changes = tuple(changes)
        self._names = [f".tutor-{token}-{number}" for number in range(len(self._changes))]
        self._steps: list[_Step] = []
        self.made_folders = _missing_folders(root, [c.path for c in changes if c.before is None])
        """The folders, outermost first, that are made for new files."""

    @property
    def record(self) -> dict[str, object]:
        """What :func:`recover` needs."""
        return {
            "root": self._root,
            "folders": list(self.made_folders),
            "files": [
                {"path": c.path, "name": name, "before": digest(c.before), "after": digest(c.after)}
                for c, name in zip(self._changes, self._names, strict=True)
            ],
        }

    def prepare(self) -> None:
        """Writes everything that takes space beside the files; the files themselves stay as they are.

        Raises :class:`StaleFile` when a file is not what the change expects, Refused when it must not be written,
        Failed when it cannot be.
        """
        for folder in self.made_folders:
            parts = folder.split("/")
            with _speaking(folder), folder_at(self._root, parts[:-1]) as parent:
                os.mkdir(parts[-1], dir_fd=parent)
        for change, name in zip(self._changes, self._names, strict=True):
            parts = change.path.split("/")
            with _speaking(change.path):
                step = _Step(change, open_folder(self._root, parts[:-1]), parts[-1], f"{name}.new", f"{name}.old")
                self._steps.append(step)
                _check_current(step)
                _check_writable(step)
                _stage(step)

    def publish(self) -> None:
        """Puts the new files in place. Raises as :meth:`prepare` does; then call :meth:`roll_back`."""
        for step in self._steps:
            with _speaking(step.change.path):
                _check_current(step)
                step.published = True
                if step.change.after is None:
                    os.unlink(step.name, dir_fd=step.folder)
                elif step.change.before is None:
                    _publish_new(step)
                else:
                    os.replace(step.new, step.name, src_dir_fd=step.folder, dst_dir_fd=step.folder)
                os.fsync(step.folder)

    def roll_back(self) -> list[str]:
        """Makes every file what it was before; returns the paths that somebody else has changed since, which are
        left as they are. Needs no space on the disk."""
        changed = [step.change.path for step in reversed(self._steps) if step.published and not _restore(step)]
        self.finish()
        for folder in reversed(self.made_folders):
            _remove_folder(self._root, folder)
        return changed

    def finish(self) -> None:
        """Removes what was written beside the files."""
        for step in self._steps:
            for name in (step.new, step.old):
                with contextlib.suppress(OSError):
                    os.unlink(name, dir_fd=step.folder)
            os.close(step.folder)
        self._steps = []


def remove_empty_folders(root: str, folders: Sequence[str]) -> None:
    """Removes those of the located ``folders`` that are empty, innermost (last) first."""
    for folder in reversed(folders):
        _remove_folder(root, folder)


def _remove_folder(root: str, folder: str) -> None:
    parts = folder.split("/")
    with contextlib.suppress(OSError), folder_at(root, parts[:-1]) as parent:
        os.rmdir(parts[-1], dir_fd=parent)


def _missing_folders(root: str, paths: Sequence[str]) -> tuple[str, ...]:
    missing: dict[str, None] = {}
    for path in paths:
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            if not os.path.lexists(f"{root}/{folder}"):
                missing[folder] = None
    return tuple(missing)


@contextlib.contextmanager
def _speaking(path: str) -> Iterator[None]:
    """Turns the system's errors into sentences."""
    try:
        yield
    except OSError as error:
        raise Failed("Could not write", f"{inert_line(path)}: {error.strerror}. No file was changed.") from error


def _current(step: _Step) -> bytes | None:
    try:
        return read_at(step.folder, step.name, step.change.path)
    except FileNotFoundError:
        return None


def _check_current(step: _Step) -> None:
    if _current(step) != step.change.before:
        raise StaleFile(
            "File changed",
            f"{inert_line(step.change.path)} has just been changed by something else; nothing was written.",
        )


def _check_writable(step: _Step) -> None:
    """A file without any write permission is left alone, also for root, who could write it."""
    folder = os.fstat(step.folder)
    if not folder.st_mode & 0o222 or not os.access(".", os.W_OK | os.X_OK, dir_fd=step.folder):
        raise Refused("Read-only folder", f"The folder of {inert_line(step.change.path)} is not writable.")
    if step.change.before is None:
        return
    file = os.stat(step.name, dir_fd=step.folder, follow_symlinks=False)
    if not file.st_mode & 0o222 or not os.access(step.name, os.W_OK, dir_fd=step.folder):
        raise Refused("Read-only file", f"{inert_line(step.change.path)} is read-only; make it writable first.")
    if file.st_uid != os.geteuid() and os.geteuid() != 0:
        raise Refused("Not your file", f"{inert_line(step.change.path)} belongs to another user.")


def _stage(step: _Step) -> None:
    if step.change.before is not None:
        _keep_old(step)
    if step.change.after is None:
        return
    mode = 0o666 if step.change.before is None else 0o600
    new = os.open(step.new, _CREATE, mode, dir_fd=step.folder)
    try:
        _write_all(new, step.change.after)
        if step.change.before is not None:
            _copy_metadata(step, new)
        os.fsync(new)
    finally:
        os.close(new)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _keep_old(step: _Step) -> None:
    """A second name for the old content, by which it can be put back without needing space."""
    try:
        os.link(step.name, step.old, src_dir_fd=step.folder, dst_dir_fd=step.folder, follow_symlinks=False)
    except OSError:  # a file system without hard links: then a copy
        old = os.open(step.old, _CREATE, 0o600, dir_fd=step.folder)
        try:
            _write_all(old, step.change.before or b"")
            _copy_metadata(step, old)
            os.fsync(old)
        finally:
            os.close(old)


def _copy_metadata(step: _Step, target: int) -> None:
    """Owner, permissions and extended attributes (with them ACLs) of the step's file, as far as the system lets us."""
    source = os.open(step.name, READ, dir_fd=step.folder)
    try:
        found = os.fstat(source)
        new = os.fstat(target)
        if (found.st_uid, found.st_gid) != (new.st_uid, new.st_gid):
            with contextlib.suppress(PermissionError):
                os.fchown(target, found.st_uid, found.st_gid)
        if hasattr(os, "listxattr"):
            with contextlib.suppress(OSError):  # a file system without them
                for name in os.listxattr(source):
                    with contextlib.suppress(OSError):  # one that only the system may set
                        os.setxattr(target, name, os.getxattr(source, name))
        os.fchmod(target, stat.S_IMODE(found.st_mode))
    finally:
        os.close(source)


def _publish_new(step: _Step) -> None:
    """Like rename, but never over a file that has appeared meanwhile."""
    try:
        os.link(step.new, step.name, src_dir_fd=step.folder, dst_dir_fd=step.folder, follow_symlinks=False)
    except FileExistsError as error:
        step.published = False
        raise StaleFile("File changed", f"{inert_line(step.change.path)} has just appeared.") from error
    except OSError:  # a file system without hard links
        os.replace(step.new, step.name, src_dir_fd=step.folder, dst_dir_fd=step.folder)


def _restore(step: _Step) -> bool:
    """Puts the old content back; False when the file is not what was put in place (and not the old one either)."""
    try:
        current = _current(step)
        if current == step.change.before:
            return True
        if current != step.change.after:
            return False
        if step.change.before is None:
            os.unlink(step.name, dir_fd=step.folder)
        else:
            os.replace(step.old, step.name, src_dir_fd=step.folder, dst_dir_fd=step.folder)
        os.fsync(step.folder)
    except (OSError, Refused):
        return False
    return True


def recover(record: Mapping[str, object], *, keep: bool) -> tuple[list[str], list[str], list[str]]:
    """Cleans up after a transaction that was killed, from its ``record``.

    When every file is new, and ``keep``, they stay. Otherwise each file that is new becomes old again; a file that is
    neither, because somebody changed it since, is left. Returns the paths that are new, that were made old again, and
    that were left.
    """
    root, entries, folders = _parsed(record)
    if not Path(root).is_dir():
        return [], [], []
    steps = []
    for path, name, before, after in entries:
        parts = path.split("/")
        try:
            folder = open_folder(root, parts[:-1])
        except OSError:
            continue  # the folder was not made yet, or is gone
        steps.append(
            (path, _Step(Change(path, None, None), folder, parts[-1], f"{name}.new", f"{name}.old"), before, after)
        )
    states = [digest(_state(step)) for _, step, _, _ in steps]
    whole = keep and len(steps) == len(entries) and all(state == s[3] for state, s in zip(states, steps, strict=True))
    new: list[str] = []
    restored: list[str] = []
    left: list[str] = []
    for (path, step, before, after), state in zip(steps, states, strict=True):
        if whole:
            new.append(path)
        elif state == after and state != before:
            (restored if _put_back(step, before) else left).append(path)
        elif state != before:
            left.append(path)
        for name in (step.new, step.old):
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=step.folder)
        os.close(step.folder)
    if not whole:
        remove_empty_folders(root, folders)
    return new, restored, left


def _state(step: _Step) -> bytes | None:
    try:
        return _current(step)
    except (OSError, Refused):
        return b"\0not a file that we could have written"


def _put_back(step: _Step, before: str | None) -> bool:
    try:
        if before is None:
            os.unlink(step.name, dir_fd=step.folder)
        elif digest(read_at(step.folder, step.old, step.change.path)) == before:
            os.replace(step.old, step.name, src_dir_fd=step.folder, dst_dir_fd=step.folder)
        else:
            return False
        os.fsync(step.folder)
    except (OSError, Refused):
        return False
    return True


def _parsed(record: Mapping[str, object]) -> tuple[str, list[tuple[str, str, str | None, str | None]], list[str]]:
    """The record's root, files and folders, with every path and name checked again: it comes from a file.

    Raises ValueError."""
    root, files, folders = record.get("root"), record.get("files"), record.get("folders")
    if not isinstance(root, str) or not isinstance(files, list) or not isinstance(folders, list):
        raise ValueError("not a record of a transaction")  # noqa: TRY004 (a damaged file is one kind of error)
    entries = []
    for file in files:
        path, name, before, after = (file[key] for key in ("path", "name", "before", "after"))
        if not isinstance(path, str) or not _OURS.fullmatch(f"{name}.new"):
            raise ValueError("not a record of a transaction")
        _plain(path)
        entries.append((path, name, before, after))
    for folder in folders:
        _plain(folder)
    return root, entries, folders


def _plain(path: str) -> None:
    if any(part in ("", ".", "..") or is_git_name(part) for part in path.split("/")):
        raise ValueError("not a path below the workspace")
