"""Manual pages of sections 1, 5, 7 and 8, and what stands in for them where there are none.

How things are cited (kind ``linux``): a command by its name (``ls``); where section 8 has a page of that name too, the
later one as ``name(8)``; pages of sections 5 and 7 always as ``name(5)``. Options and sections: see
:mod:`knowledgegraph.sources.man_entries`. A builtin of bash has its plain name where no page of a command has it, else
``bash NAME`` (:mod:`knowledgegraph.sources.bash`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from knowledgegraph.entry import Coverage, Kind, Piece, Relation, Trouble, entry_id
from knowledgegraph.sources.base import Found, Machine, Missing, Source
from knowledgegraph.sources.bash import BashBuiltins, builtin_names
from knowledgegraph.sources.man_entries import ReadPage, entries_of
from knowledgegraph.sources.man_files import PageFile, PageFiles, fingerprint, page_files, programs
from knowledgegraph.sources.program_help import ProgramHelp
from knowledgegraph.sources.roff import ManPage, read_file, read_page

_MOST_MISSING = 40
_ALIASES_DEEP = 8

_TARGET = re.compile(r"(?:.*/)?(?P<name>[^/]+?)\.(?P<section>[1578][a-z]{0,8})(?:\.(?:gz|xz|bz2|zst))?")
_REFERENCE = re.compile(r"(?P<name>.+)\((?P<section>\d\w*)\)")
_HOW_TO_GET = (
    "apt-get install man-db manpages (Fedora: dnf install man-db man-pages); in a slim container image first delete "
    "the path-exclude lines for /usr/share/man in /etc/dpkg/dpkg.cfg.d (Ubuntu: run unminimize), then apt-get install "
    "--reinstall the packages whose pages you want"
)


class ManPages:
    """The manual pages that man(1) would show."""

    name = "man"
    title = "Manual pages"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def detect(self) -> Found | Missing:
        """Looks into the folders, not into a page."""
        count, mark = fingerprint(self._machine)
        if not count:
            return Missing("There are no manual pages on this machine.", _HOW_TO_GET)
        where = next((str(path) for path in self._machine.man_path if any(path.glob("man[1578]"))), "")
        return Found(f"{count} files", mark, where)

    def read(self, found: Found) -> Iterator[Piece]:
        """Every page with its parts, then how they refer to each other, then what is not covered."""
        files = page_files(self._machine)
        for family, count in sorted(files.left_out.items()):
            yield Trouble(
                f"{count} manual pages that begin with {family!r} are left out: so many that are no programs of this "
                "machine would bury the others."
            )
        troubles: list[Trouble] = []
        read = _read_all(files, troubles)
        yield from troubles
        pages = _cited(read, files)
        for page in pages.values():
            yield from entries_of(page)
        yield from _relations(pages, files)
        yield _coverage(self._machine, files, pages)


def manuals(machine: Machine) -> list[Source]:
    """The sources about Linux commands: manual pages, bash, and where pages are missing, what programs say of
    themselves."""
    sources: list[Source] = [ManPages(machine), BashBuiltins(machine)]
    helps = ProgramHelp(machine)
    return [*sources, helps] if helps.wanted() else sources


_Key = tuple[str, str]


def _read_all(files: PageFiles, troubles: list[Trouble]) -> dict[_Key, tuple[PageFile, ManPage]]:
    """The pages that have something to say. Pages that only point to another one join ``files.links``."""
    read: dict[_Key, tuple[PageFile, ManPage]] = {}
    keys = {page.key for page in files.pages}
    for file in files.pages:
        try:
            page = read_page(read_file(file.path))
        except ValueError as error:
            troubles.append(Trouble(f"{error}; install its package again to mend it."))
            continue
        except OSError as error:
            troubles.append(Trouble(f"{file.path} cannot be read: {error.strerror or error}."))
            continue
        if page.alias:
            target = _TARGET.fullmatch(page.alias)
            key = (target["name"], target["section"]) if target else None
            if key in keys or key in files.links:
                files.links[file.key] = key
        elif page.sections:
            read[file.key] = (file, page)
    return read


def _end_of(key: _Key, links: dict[_Key, _Key]) -> _Key:
    """Where the links from ``key`` lead; a loop leads nowhere new."""
    for _ in range(_ALIASES_DEEP):
        if key not in links:
            break
        key = links[key]
    return key


def _cited(read: dict[_Key, tuple[PageFile, ManPage]], files: PageFiles) -> dict[_Key, ReadPage]:
    """The pages with the refs that cite them and the further names that find them."""
    refs: dict[str, _Key] = {}
    for key, (file, _) in read.items():
        short = f"{file.name}({file.section[0]})"
        wanted = [file.name] if file.is_command else [short]
        ref = next((ref for ref in wanted if ref not in refs), f"{file.name}({file.section})")
        refs[ref] = key
    also: dict[_Key, list[str]] = {key: [] for key in read}
    for alias in files.links:
        target = _end_of(alias, files.links)
        if target in also:
            also[target].append(alias[0])
    pages: dict[_Key, ReadPage] = {}
    for ref, key in refs.items():
        file, man = read[key]
        names = [file.name, f"{file.name}({file.section[0]})", *also[key], *man.names]
        # A name that cites another page finds that one alone, except that of the page's own file.
        own = tuple(name for name in dict.fromkeys(names) if name == file.name or refs.get(name, key) == key)
        pages[key] = ReadPage(ref, file.name, str(file.path), file.is_command, man, own)
    return pages


def _relations(pages: dict[_Key, ReadPage], files: PageFiles) -> Iterator[Relation]:
    """RELATED from SEE ALSO, LINKS_TO from everywhere else."""
    by_name: dict[_Key, str] = {}
    for key, page in pages.items():
        by_name.setdefault((key[0], key[1][0]), page.id)
        for name in page.man.names:
            by_name.setdefault((name, key[1][0]), page.id)
    for alias in files.links:
        target = pages.get(_end_of(alias, files.links))
        if target:
            by_name.setdefault((alias[0], alias[1][0]), target.id)
    for page in pages.values():
        related = _targets(page, by_name, also=True)
        linked = _targets(page, by_name, also=False)
        yield from (Relation(page.id, target, Kind.RELATED) for target in related)
        yield from (Relation(page.id, target, Kind.LINKS_TO) for target in linked if target not in related)


def _targets(page: ReadPage, by_name: dict[_Key, str], *, also: bool) -> dict[str, None]:
    """The entries that a page names, in SEE ALSO or outside of it, in order."""
    found: dict[str, None] = {}
    inside = False
    for section in page.man.sections:
        inside = section.title.upper() in ("SEE ALSO", "RELATED INFORMATION") if section.level == 1 else inside
        if inside != also:
            continue
        for reference in section.references:
            target = _target(reference, by_name)
            if target and target != page.id:
                found[target] = None
    return found


def _target(reference: str, by_name: dict[_Key, str]) -> str:
    """The id of the entry that ``reference`` ("ls(1)") cites; "" where there is none."""
    parts = _REFERENCE.fullmatch(reference)
    if parts is None:
        return ""
    name, section = parts["name"], parts["section"]
    if name == "git" or name.startswith("git-"):
        return entry_id("git", name.replace("-", " ", 1))
    if name.startswith("git") and section in ("5", "7"):
        return entry_id("git", name)
    if name == "gh" or name.startswith("gh-"):
        return entry_id("gh", name.replace("-", " "))
    return by_name.get((name, section[0]), "")


def _coverage(machine: Machine, files: PageFiles, pages: dict[_Key, ReadPage]) -> Coverage:
    """The programs of the machine that have a page or are a builtin of bash."""
    commands = {key: page for key, page in pages.items() if page.is_command}
    known = {name for page in commands.values() for name in (page.name, *page.also)} | files.covered
    known |= {alias[0] for alias in files.links if _end_of(alias, files.links) in commands}
    known |= set(builtin_names(machine))
    there = programs(machine)
    without = sorted((name for name in there if name not in known), key=lambda name: _rank(name, there[name]))
    return Coverage("linux_commands", len(there) - len(without), len(there), tuple(without[:_MOST_MISSING]))


def _rank(name: str, path: Path) -> tuple[bool, bool, int, str]:
    """Plain short names in the system's own folders first: what a person would ask about."""
    odd = re.fullmatch(r"[a-z][a-z0-9]*", name) is None
    return path.parent.name not in ("bin", "sbin") or "usr" not in path.parts[:3], odd, len(name), name
