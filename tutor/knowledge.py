"""The user's knowledge: what of this machine it is read from, where it is kept, building it and telling about it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from itertools import filterfalse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tutor import events
from tutor.errors import Failed, Missing, UsageError
from tutor.events import Event
from tutor.inert import inert_line
from tutor.paths import Home, write_private
from tutor.toolchain import find_toolchain

if TYPE_CHECKING:
    from knowledgegraph.build import Step
    from knowledgegraph.sources.base import Machine, Source

_MAN_FOLDERS: Final = (
    "/usr/local/share/man", "/usr/share/man", "/usr/local/man", "/opt/homebrew/share/man", "/opt/local/share/man",
)  # fmt: skip


class Knowledge:
    """The knowledge file of one user, and the sources that it is made from."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def path(self) -> Path:
        """The knowledge file; it need not exist."""
        return self._home.data / "knowledge.sqlite"

    @property
    def built(self) -> bool:
        """Whether there is a knowledge file."""
        return os.path.exists(self.path)  # noqa: PTH110 (says no to names that are too long or forbidden, too)

    def machine(self) -> Machine:
        """Where documentation lies on this machine, and what the user added."""
        from knowledgegraph.concepts import default_folder
        from knowledgegraph.sources.base import Machine

        toolchain = find_toolchain(self._home.cache)
        sysroot = toolchain.sysroot if toolchain else None
        added = self._added()
        return Machine(
            sysroot=sysroot,
            rust_docs=_rust_docs(sysroot),
            man_path=_man_path(),
            programs=_programs(sysroot),
            assets=default_folder().parent,
            notes=tuple(map(Path, added["notes"])),
            crates=tuple(map(Path, added["crates"])),
        )

    def sources(self) -> list[Source]:
        """All sources, whether they are here or not."""
        from knowledgegraph.catalogue import sources_of

        return sources_of(self.machine())

    def news(self) -> list[str]:
        """What could be read anew, one line each ("Rust 1.96.0 instead of 1.95.0"); nothing where all is read. Quick,
        but it looks at every source: not for the main thread of a face."""
        from knowledgegraph.build import changes

        return [
            _changed(source.title, found.version, before)
            for source, found, before in changes(self.path, self.sources())
        ]

    def build(self, cancel: threading.Event, *, fresh: bool = False) -> Iterator[Event]:
        """Reads what changed: Progress…, Notice for what could not be read, :class:`events.KnowledgeBuilt`.

        Raises :class:`Failed` (somebody else is building, the disk is full). Setting ``cancel`` ends it and leaves
        the knowledge as it was.
        """
        from knowledgegraph.build import Built, Stopped, build
        from knowledgegraph.lock import LockHeld
        from knowledgegraph.schema import StoreError

        try:
            self._home.ensure(self._home.data)
            built: Built | None = None
            for step in build(self.path, self.sources(), fresh=fresh, stop=cancel.is_set):
                if isinstance(step, Built):
                    built = step
                else:
                    yield events.Progress(_said(step), step.place, step.total)
            if built is None:
                return
            for sentence in built.troubles:
                yield events.Notice(inert_line(sentence), "warning")
            self._index_sessions()  # after the build has let its lock go
            yield events.KnowledgeBuilt(
                built.entries, built.relations, built.seconds, built.read, built.reused, built.missing
            )
        except Stopped:
            yield events.Notice("Stopped; the knowledge is as it was.")
        except LockHeld as error:
            raise Failed(
                "Already reading", "Another tutor is reading the documentation at this moment; wait for it."
            ) from error
        except StoreError as error:
            raise Failed("Not built", str(error)) from error
        except OSError as error:
            raise Failed("Not built", f"{self._home.data} cannot be written: {error.strerror}.") from error

    def _index_sessions(self) -> None:
        """Not worth a word when it fails: the logs themselves are there, and the next build tries again."""
        import sqlite3

        from tutor.session_index import index_sessions

        with contextlib.suppress(sqlite3.Error, OSError):
            index_sessions(self.path, self._home.sessions)

    # What the user added.

    def add(self, path: Path) -> str:
        """Adds a folder or file of notes; the next build reads it. Returns what was done. Raises UsageError."""
        return self._add("notes", path)

    def add_crate(self, folder: Path) -> str:
        """Adds the source of a crate, in the place of another version of it; the next build reads it. Raises
        UsageError."""
        from knowledgegraph.sources.crates import Crate

        name, own = Crate(_absolute(folder)).name, str(_absolute(folder))
        others = [path for path in self._added()["crates"] if path != own and Crate(Path(path)).name == name]
        done = self._add("crates", folder)
        if others:
            added = self._added()
            self._save({**added, "crates": [path for path in added["crates"] if path not in others]})
            done += f" It takes the place of {inert_line(', '.join(others))}."
        return done

    def remove(self, path: Path) -> str:
        """Takes a folder, file or crate out again; the next build forgets it. Raises UsageError."""
        added = self._added()
        absolute = str(_absolute(path))
        if not any(absolute in paths for paths in added.values()):
            raise UsageError("Not there", f"{inert_line(str(path))} is not among what was added.",
                             "tutor knowledge sources lists it")  # fmt: skip
        self._save({sort: [other for other in paths if other != absolute] for sort, paths in added.items()})
        return f"Removed {inert_line(absolute)}; tutor knowledge build forgets it."

    def _add(self, sort: str, path: Path) -> str:
        absolute = _absolute(path)
        if not os.path.exists(absolute):  # noqa: PTH110 (as above)
            raise UsageError("Not there", f"There is no {inert_line(str(path))}.")
        added = self._added()
        if str(absolute) in added[sort]:
            return f"{inert_line(str(absolute))} is there already."
        added[sort].append(str(absolute))
        self._save(added)
        return f"Added {inert_line(str(absolute))}."

    @property
    def _list(self) -> Path:
        return self._home.data / "added.json"

    def _added(self) -> dict[str, list[str]]:
        added: dict[str, list[str]] = {"notes": [], "crates": []}
        try:
            data = json.loads(self._list.read_bytes())
        except FileNotFoundError:
            return added
        except (OSError, ValueError, RecursionError) as error:
            raise Missing(
                "Not readable",
                f"{self._list} cannot be read ({error}); mend or delete it, then add your folders again.",
            ) from error
        for sort in added:
            value = data.get(sort) if isinstance(data, dict) else None
            added[sort] = [path for path in value if isinstance(path, str)] if isinstance(value, list) else []
            for path in filterfalse(_is_path, added[sort]):
                raise Missing(
                    "Not readable",
                    f"{self._list} names {inert_line(path)!r}, which is no path; mend or delete it, then add your "
                    "folders again.",
                )
        return added

    def _save(self, added: dict[str, list[str]]) -> None:
        try:
            self._home.ensure(self._home.data)
            write_private(self._list, json.dumps(added, indent=1) + "\n")
        except OSError as error:
            raise Failed("Not written", f"{self._list} cannot be written: {error.strerror}.") from error


def _is_path(text: str) -> bool:
    """Whether text out of a file is an absolute path that a system can be asked for."""
    try:
        return text.startswith("/") and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


_VERSION = re.compile(r"\d+(\.\d+)+\S*")


def _changed(title: str, now: str, before: str) -> str:
    """One line about a source that could be read anew; versions that are digests say nothing to anybody."""
    if before != now and _VERSION.fullmatch(before) and _VERSION.fullmatch(now):
        return f"{title}: {inert_line(now)} (was {inert_line(before)})"
    return f"{title}: changed" if before else f"{title}: new"


def _said(step: Step) -> str:
    entries = f": {step.entries:,} entries" if step.entries else ""
    return f"{step.title}{entries}" + (" (unchanged)" if step.reused else "")


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 -- a link stays a link, ".." goes


def _rust_docs(sysroot: Path | None) -> Path | None:
    """The folder of the Rust documentation: of the toolchain, else of Debian's rust-doc."""
    places = [sysroot / "share/doc/rust/html"] if sysroot else []
    places.append(Path("/usr/share/doc/rust-doc/html"))
    return next((place for place in places if place.is_dir()), None)


def _man_path() -> tuple[Path, ...]:
    """The folders of the manual: MANPATH, else those beside the folders of programs, and the usual ones."""
    given = [Path(part) for part in os.environ.get("MANPATH", "").split(os.pathsep) if part]
    if given and os.environ["MANPATH"].strip(os.pathsep) == os.environ["MANPATH"]:
        places = given
    else:
        beside = [Path(part).parent / "share/man" for part in _path_folders()]
        places = [*given, *beside, *map(Path, _MAN_FOLDERS)]
    return tuple(dict.fromkeys(place for place in places if place.is_dir()))


def _path_folders() -> Sequence[str]:
    return [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part.startswith("/")]


def _programs(sysroot: Path | None) -> tuple[Path, ...]:
    """Where programs are looked for: only absolute folders, the toolchain's own programs before rustup's proxies."""
    own = [sysroot / "bin"] if sysroot else []
    return tuple(dict.fromkeys([*own, *map(Path, _path_folders())]))
