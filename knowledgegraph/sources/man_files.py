"""Which manual pages are on the machine, which of them are read, and which programs there are.

Left out: what belongs to another source (git, gh), and the bulk of families: where one vendor ships more than
:data:`LARGEST_FAMILY` pages that begin with the same word and are no programs of this machine, all but the page of the
word itself.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knowledgegraph.sources.base import Machine

SECTIONS = ("1", "8", "5", "7")
LARGEST_FAMILY = 200

_FILE = re.compile(r"(?P<name>.+)\.(?P<section>[1578][a-z]{0,8})(?:\.(?:gz|xz|lzma|bz2|zst))?")
_OF_OTHERS = re.compile(r"(?:git|gh)(?:-.*)?|scalar")
_GIT_GUIDE = re.compile(r"git[a-z]\S*")
_FIRST_WORD = re.compile(r"[^-_.:]+")


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page as a file. ``section`` as in its name ("1", "1ssl")."""

    name: str
    section: str
    path: Path

    @property
    def key(self) -> tuple[str, str]:
        """What makes it one page: its name and the first digit of its section, with a suffix where there is one."""
        return self.name, self.section

    @property
    def is_command(self) -> bool:
        """Whether it tells about something that is typed in a shell."""
        return self.section[0] in "18"


@dataclass(slots=True)
class PageFiles:
    """``pages``: sections 1, 8, 5, 7, in each by name. ``links``: pages that are links to a page, by key. ``left_out``:
    how many of which family were not taken. ``covered``: commands whose page another source reads."""

    pages: list[PageFile] = field(default_factory=list)
    links: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    covered: set[str] = field(default_factory=set)

    @property
    def command_names(self) -> set[str]:
        """Names of commands that have a page of their own here."""
        return {page.name for page in self.pages if page.is_command}


def folders(machine: Machine) -> list[Path]:
    """The folders that hold pages, in the order in which they are looked through; each real folder once."""
    found: dict[str, Path] = {}
    for root in machine.man_path:
        for section in SECTIONS:
            folder = root / f"man{section}"
            if folder.is_dir():
                found.setdefault(os.path.realpath(folder), folder)
    return list(found.values())


def fingerprint(machine: Machine) -> tuple[int, str]:
    """How many files there are, and what changes when one is added, removed or replaced: the times of the folders and
    how many entries they have."""
    total = 0
    digest = hashlib.sha256()
    for folder in folders(machine):
        try:
            entries = sum(1 for _ in folder.iterdir())
            changed = folder.stat().st_mtime_ns
        except OSError:
            continue
        total += entries
        digest.update(f"{folder} {entries} {changed}\n".encode())
    # Which families are large depends on the programs that there are.
    digest.update("\n".join(sorted(programs(machine))).encode())
    return total, digest.hexdigest()[:32]


def programs(machine: Machine) -> dict[str, Path]:
    """Every program of the machine by name; the first folder wins."""
    found: dict[str, Path] = {}
    for folder in dict.fromkeys(machine.programs):
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if not entry.is_dir())
        except OSError:
            continue
        for name in names:
            if name not in found and os.access(folder / name, os.X_OK):
                found[name] = folder / name
    return found


def commands_with_a_file(machine: Machine) -> set[str]:
    """Names of commands for which a file of a page is there, whatever it is; quick."""
    names: set[str] = set()
    for folder in folders(machine):
        if folder.name in ("man1", "man8"):
            names.update(file.name.split(".", 1)[0] for file in folder.iterdir())
    return names


def page_files(machine: Machine) -> PageFiles:
    """The pages to read. Only names of files are looked at, and where links lead."""
    files = PageFiles()
    found: dict[tuple[str, str], PageFile] = {}
    linked: list[PageFile] = []
    for folder in folders(machine):
        for page, is_link in _in_folder(folder):
            if _is_of_others(page):
                if page.is_command:
                    files.covered.add(page.name)
            elif is_link:
                linked.append(page)
            else:
                found.setdefault(page.key, page)
    kept = _without_large_families(list(found.values()), set(programs(machine)), files.left_out)
    real = {os.path.realpath(page.path): page for page in kept}
    taken = {page.key for page in kept}
    for page in linked:
        if page.key in taken or page.key in files.links:
            continue
        target = os.path.realpath(page.path)
        if target in real:
            files.links[page.key] = real[target].key
        elif Path(target).is_file() and (own := _parsed(Path(target), page.section)) and not _is_of_others(own):
            # A link out of the folders (the alternatives of Debian): the page behind it is read under this name.
            real[target] = page
            taken.add(page.key)
            kept.append(page)
    files.pages = sorted(kept, key=lambda page: (SECTIONS.index(page.section[0]), page.name, page.section))
    return files


def _in_folder(folder: Path) -> Iterator[tuple[PageFile, bool]]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted((entry.name, entry.is_symlink()) for entry in entries)
    except OSError:
        return
    for name, is_link in listed:
        page = _parsed(folder / name, folder.name.removeprefix("man"))
        if page is not None:
            yield page, is_link


def _parsed(path: Path, section: str) -> PageFile | None:
    found = _FILE.fullmatch(path.name)
    if found is None or found["section"][0] != section[0]:
        return None
    return PageFile(found["name"], found["section"], path)


def _is_of_others(page: PageFile) -> bool:
    if _OF_OTHERS.fullmatch(page.name):
        return True
    return not page.is_command and _GIT_GUIDE.fullmatch(page.name) is not None


def _without_large_families(pages: list[PageFile], known: set[str], left_out: dict[str, int]) -> list[PageFile]:
    family = {page.key: _FIRST_WORD.match(page.name) for page in pages if page.name not in known}
    words = Counter(found[0] for found in family.values() if found)
    large = {word for word, count in words.items() if count > LARGEST_FAMILY}
    kept = []
    for page in pages:
        found = family.get(page.key)
        if found and found[0] in large and page.name != found[0]:
            left_out[found[0]] = left_out.get(found[0], 0) + 1
        else:
            kept.append(page)
    return kept
