"""Copies of the user's sources to check edits in; the user's own files are only ever read.

A package has one scratch copy, kept between runs so that a second check is incremental, and locked against other
processes. It lies in the cache, under the path that it has outside, so that a dependency at ``../other`` is found
beside it. A lone file gets a fresh folder with the files that it names.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import stat
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tutor.errors import Failed, Interrupted
from tutor.fix.source import code_only
from tutor.inert import inert_line
from tutor.paths import Home

MAX_FILES: Final = 50_000
MAX_BYTES: Final = 512 * 1024 * 1024
"""How much a project may hold to be copied, build results and repositories not counted."""

_LOCK_POLL_SECONDS: Final = 0.1
_SKIPPED: Final = frozenset({".git", ".hg", ".svn", ".jj", "node_modules", ".venv", "__pycache__"})
_MAX_LONE_FILES: Final = 500
_MODULE: Final = re.compile(rb"\bmod\s+(?:r#)?(\w+)\s*;")
_INLINE_MODULE: Final = re.compile(rb"\bmod\s+(?:r#)?(\w+)\s*\{")
_NAMED_FILE: Final = re.compile(rb'(?:\bpath\s*=|\binclude(?:_str|_bytes)?!\s*[(\[{])\s*"([^"\\\n]+)"')

Entry = tuple[int, int]


class Scratch:
    """The files to compile: the copy, with edits laid over it. ``folder`` stands for the project's root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._base: dict[str, bytes | None] = {}
        self._now: dict[str, bytes] = {}

    def base(self, path: str) -> bytes | None:
        """The content of a file as the user has it; None when there is none in the copy."""
        if path in self._base:
            return self._base[path]
        place = self._place(path)
        try:
            return place.read_bytes() if place is not None and place.is_file() else None
        except OSError:
            return None

    def lay(self, edits: Mapping[str, bytes]) -> None:
        """Makes the copy the user's files with exactly ``edits`` (path to content) over them. Raises Failed."""
        for path in [path for path in self._now if path not in edits]:
            self._write(path, self._base[path])
            del self._now[path]
        for path, content in edits.items():
            if self._now.get(path) != content:
                self._base.setdefault(path, self.base(path))
                self._write(path, content)
                self._now[path] = content

    def _write(self, path: str, content: bytes | None) -> None:
        """Always a new file with the time of now: the compiler's cache goes by time, and links are not followed."""
        place = self._place(path)
        if place is None:
            raise Failed("Outside the project", f"{inert_line(path)} leads out of the project; it is left alone.")
        try:
            place.unlink(missing_ok=True)
            if content is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        except OSError as error:
            raise _no_copy(place, error) from error

    def _place(self, path: str) -> Path | None:
        """Where ``path`` lies in the copy; None when it leads out of it, also through a link."""
        place = self.folder / path
        if Path(path).is_absolute() or ".." in Path(path).parts:
            return None
        inside = Path(os.path.realpath(place.parent)).is_relative_to(os.path.realpath(self.folder))
        return place if inside else None

    def close(self) -> None:
        """Takes the edits back."""
        self.lay({})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LoneScratch(Scratch):
    """A fresh folder with one file and the modules and files that it names, gone when closed. ``left_out``: what it
    names outside its folder, which is not copied. ``name``: the copy's name, which is UTF-8 because rustc takes no
    other."""

    def __init__(self, home: Home, file: Path) -> None:
        folder = home.cache / f"lone-{os.getpid()}-{os.urandom(8).hex()}"
        super().__init__(folder / "file")
        self.out = folder / "out"
        self._original = file.name
        self.name = utf8_name(file.name)
        try:
            home.ensure(home.cache)
            folder.mkdir(mode=0o700)
            self.folder.mkdir()
            self.out.mkdir()
        except OSError as error:
            raise _no_copy(home.cache, error) from error
        try:
            self.left_out = _copy_named(file, self.folder / self.name)
        except Failed:
            self.close()
            raise

    def _place(self, path: str) -> Path | None:
        return super()._place(self.name if path == self._original else path)

    def close(self) -> None:
        """Removes the folder."""
        import shutil  # it is not cheap, and the compiler need not wait for it

        shutil.rmtree(self.folder.parent, ignore_errors=True)


def utf8_name(name: str) -> str:
    """``name`` with U+FFFD for what is not UTF-8 in it, as the compiler writes it in its messages."""
    return os.fsencode(name).decode("utf-8", "replace")


def _copy_named(file: Path, to: Path) -> list[str]:
    """Copies ``file`` to ``to`` and, from its folder and below, whatever files it names and those name in turn.
    Returns the files that are named and lie elsewhere. Raises Failed."""
    origin, elsewhere = file.parent, []
    waiting, done = [(file, origin)], {file}
    while waiting:
        path, modules = waiting.pop()
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _cannot_read(path, error) from error
        copy = to if path == file else to.parent / path.relative_to(origin)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
        except OSError as error:
            raise _no_copy(to.parent, error) from error
        for named, its_modules in _named_by(path, modules, content):
            if named in done or not named.is_file():
                continue
            done.add(named)
            real = Path(os.path.realpath(named))
            if not named.is_relative_to(origin) or not real.is_relative_to(os.path.realpath(origin)):
                elsewhere.append(str(named))
                continue
            if len(done) > _MAX_LONE_FILES:
                raise Failed("Too many files", f"{inert_line(file.name)} names more than {_MAX_LONE_FILES} files.")
            waiting.append((named, its_modules))
    return elsewhere


def _named_by(path: Path, modules: Path, content: bytes) -> Iterator[tuple[Path, Path]]:
    """The files that a source names, each with the folder in which its own modules are looked for."""
    if path.suffix != ".rs" or (b"mod" not in content and b"include" not in content):
        return
    origin = path.parent
    for name in _NAMED_FILE.findall(content):
        named = Path(os.path.normpath(origin / os.fsdecode(name)))
        yield named, named.parent
    if b"mod" in content:
        code = code_only(content)
        # A module declared inside `mod outer { … }` lies in the folder `outer`; which one it is inside is not told
        # apart here, so all are looked into.
        folders = [modules, *(modules / os.fsdecode(name) for name in _INLINE_MODULE.findall(code))]
        for module in (os.fsdecode(name) for name in _MODULE.findall(code)):
            for folder in folders:
                yield folder / f"{module}.rs", folder / module
                yield folder / module / "mod.rs", folder / module


class PackageScratch(Scratch):
    """The kept copy of a package or workspace; ``target`` is where cargo builds. ``left_out``: links that lead out of
    the project and were not followed; ``emptied``: whether the last run left too much in ``target`` to keep. Closing it
    takes the edits back, gives up the lock, and deletes what there is too much of in the cache."""

    def __init__(
        self, home: Home, root: Path, also: Sequence[Path], wait: float, cancel: threading.Event | None
    ) -> None:
        """``also``: folders outside ``root`` that the build needs, such as path dependencies. Waits ``wait`` seconds
        at most for another process. Raises Failed, Interrupted."""
        import hashlib

        name = hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:24]
        self._home = home.cache / "scratch" / name
        self.tree = self._home / "tree"
        self.target = self._home / "target"
        super().__init__(self.place_of(root))
        self.root = root
        self.left_out: list[str] = []
        self._index_file = self._home / "index.json"
        self._own = {str(folder) for folder in (home.cache, home.data, home.state)}  # they may lie in the project
        try:
            home.ensure(self._home)
            self._lock = _locked(self._home / "lock", wait, cancel)
        except OSError as error:
            raise _no_copy(home.cache, error) from error
        try:
            self._index = self._take_index()
            self.emptied = not self.target.exists() and bool(self._index)
            self._sync([root, *also], cancel)
        except BaseException:
            os.close(self._lock)
            raise

    def place_of(self, folder: Path) -> Path:
        """Where the copy of an absolute folder lies."""
        return self.tree / folder.relative_to("/")

    def close(self) -> None:
        """Takes the edits back and lets others in. Without this (a crash, a full disk) the next run copies everything
        anew."""
        from tutor.fix import tidy  # at the end: the compiler need not wait for it

        try:
            with contextlib.suppress(Failed, OSError):
                super().close()
                self._index_file.write_text(json.dumps(self._index), encoding="ascii")
            if tidy.too_large(self.target):
                tidy.delete(self.target)
        finally:
            os.close(self._lock)
        tidy.prune(self._home.parent)

    def _take_index(self) -> dict[str, Entry]:
        """What the copy holds; on the disk there is no index while edits may be in the copy."""
        try:
            index = json.loads(self._index_file.read_text("ascii"))
            self._index_file.unlink()
            return {str(path): (int(size), int(time_ns)) for path, (size, time_ns) in index.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            import shutil

            shutil.rmtree(self.tree, ignore_errors=True)
            return {}

    def _sync(self, folders: Sequence[Path], cancel: threading.Event | None) -> None:
        """Makes the copy equal to the user's files by their size and time, as make and cargo do."""
        seen: dict[str, Entry] = {}
        total = 0
        for folder in folders:
            for path, entry in self._walk(folder):
                seen[path] = entry
                total += entry[0]
                if len(seen) > MAX_FILES or total > MAX_BYTES:
                    raise Failed(
                        "Project too large",
                        f"{inert_line(str(folder))} holds more than {MAX_FILES} files or {MAX_BYTES >> 20} MiB; "
                        "it is not copied, so it cannot be checked. Name one of its packages instead.",
                    )
        gone = self._index.keys() - seen.keys()
        new = [path for path, entry in seen.items() if self._index.get(path) != entry]
        try:
            self.target.mkdir(exist_ok=True)
            for path in gone:  # first, so that a file may become a folder
                self.place_of(Path(path)).unlink(missing_ok=True)
        except OSError as error:
            raise _no_copy(self._home, error) from error
        for path in new:
            _check(cancel)
            self._copy(path)
        self.changed = {*gone, *new}
        self._index = seen

    def _walk(self, folder: Path) -> Iterator[tuple[str, Entry]]:
        """Every regular file below ``folder``, and every link that stays inside, with its size and time."""
        real = os.path.realpath(folder)
        waiting = [str(folder)]
        while waiting:
            place = waiting.pop()
            try:
                entries = list(os.scandir(place))
            except OSError as error:
                raise _cannot_read(place, error) from error
            is_package = any(entry.name == "Cargo.toml" for entry in entries)
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    results = entry.name == "target" and is_package
                    if not results and entry.name not in _SKIPPED and entry.path not in self._own:
                        waiting.append(entry.path)
                elif stat.S_ISLNK(status.st_mode):
                    if (os.path.realpath(entry.path) + os.sep).startswith(real + os.sep):
                        yield entry.path, (0, status.st_mtime_ns)
                    else:
                        self.left_out.append(entry.path)
                elif stat.S_ISREG(status.st_mode):
                    yield entry.path, (status.st_size, status.st_mtime_ns)

    def _copy(self, path: str) -> None:
        import shutil

        source, copy = Path(path), self.place_of(Path(path))
        try:
            original = None if source.is_symlink() else source.open("rb")
        except OSError as error:
            raise _cannot_read(path, error) from error
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            if copy.is_dir() and not copy.is_symlink():  # a folder that became a file
                shutil.rmtree(copy)
            copy.unlink(missing_ok=True)
            if original is None:
                target = os.path.realpath(source)
                copy.symlink_to(os.path.relpath(target, os.path.realpath(source.parent)))
            else:
                with original, copy.open("wb") as file:
                    shutil.copyfileobj(original, file)
                    os.fchmod(file.fileno(), 0o600 | (os.fstat(original.fileno()).st_mode & 0o100))
        except OSError as error:
            raise _no_copy(copy, error) from error


def _cannot_read(path: str | Path, error: OSError) -> Failed:
    return Failed("Cannot read", f"{inert_line(str(path))}: {error.strerror}.")


def _no_copy(place: Path, error: OSError) -> Failed:
    """``place`` in the cache cannot be written: nothing is wrong with the user's own file."""
    why = f"{inert_line(str(place))} cannot be written: {error.strerror}."
    return Failed("No scratch copy", why, "free some space or make it writable, or choose another home with --home")


def _locked(file: Path, wait: float, cancel: threading.Event | None) -> int:
    """An open, locked file. Raises Failed after ``wait`` seconds, Interrupted."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + wait
    pause = cancel or threading.Event()
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                if time.monotonic() > until:
                    raise Failed(
                        "Busy", "Another check of this project is still running. Try again when it is done."
                    ) from None
            if pause.wait(_LOCK_POLL_SECONDS):
                _check(cancel)
    except BaseException:
        os.close(descriptor)
        raise


def _check(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Interrupted("Stopped", "The check was stopped.")
