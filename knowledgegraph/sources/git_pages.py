"""The manual pages of git: which there are, and what each says, told apart from pages of other programs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledgegraph.entry import Trouble
from knowledgegraph.sources.base import Machine
from knowledgegraph.sources.roff import ManPage, ManSection, read_file, read_page

_FOLDERS = ("man1", "man5", "man7")
_PATTERNS = ("git*.[157]*", "scalar.1*")
_STEM = re.compile(r"((?:git|scalar)[\w.-]*)\.([157])(?:\.(?:gz|xz|lzma|bz2|zst))?")
# How DocBook and Asciidoctor write the term of a list that is an option: a paragraph of one line, then an inset.
_OPTION_HEAD = re.compile(rb"^\.(?:PP|sp)\n(?:\\f[BIR]|\\fB\\fC)?\\-(?:\\-|[^\s\\])[^\n]*\n\.RS", re.MULTILINE)
_TERM_HEAD = re.compile(r"\.(?:PP|sp)\n[^.\n][^\n]*\n\.RS|^\.R[SE]", re.MULTILINE)
_MANUAL = b"Git Manual"


@dataclass(frozen=True, slots=True)
class GitPage:
    """A page that was read. ``ref``: what it is cited as ("git reset", "gitignore"). ``option_heads``: how many options
    its source has, counted by their layout alone."""

    ref: str
    name: str
    section: str
    path: Path
    man: ManPage
    option_heads: int

    def find(self, title: str) -> ManSection | None:
        """The section of this title, whatever its case."""
        return next((section for section in self.man.sections if section.title.upper() == title), None)


def find_pages(machine: Machine) -> dict[str, Path]:
    """The files whose names are those of pages of git, by name and section ("git-reset.1")."""
    found: dict[str, Path] = {}
    for man in machine.man_path:
        for folder in _FOLDERS:
            for pattern in _PATTERNS:
                for path in sorted((man / folder).glob(pattern)):
                    name = _STEM.fullmatch(path.name)
                    if name is not None:
                        found.setdefault(f"{name[1]}.{name[2]}", path)
    return found


def ref_of(name: str, section: str) -> str:
    """``git-reset`` of section 1 is cited as it is typed, ``gitignore`` as it is called."""
    return f"git {name[4:]}" if section == "1" and name.startswith("git-") else name


def read_pages(files: Mapping[str, Path], known: Sequence[str], troubles: list[Trouble]) -> list[GitPage]:
    """The pages of git's own manual, and those of the commands that it lists (``known``), in that order, then by name;
    what other programs call git-something is left to them. What cannot be read is a trouble."""
    order = {f"git-{name}.1": at for at, name in enumerate(known)}
    pages = []
    for key in sorted(files, key=lambda key: (key != "git.1", order.get(key, len(order)), key)):
        name, _, section = key.rpartition(".")
        try:
            source = read_file(files[key])
            man = read_page(source)
        except (OSError, ValueError) as error:
            troubles.append(Trouble(f"{files[key]} could not be read: {error}"))
            continue
        if man.alias or (_MANUAL not in source[:8000] and key not in order):
            continue
        if not any(part.title and part.text.strip() for part in man.sections):
            troubles.append(Trouble(f"{files[key]} holds no text that could be read; install git's manual again."))
            continue
        heads = len(_OPTION_HEAD.findall(source))
        pages.append(GitPage(ref_of(name, section), name, section, files[key], man, heads))
    return pages


def count_terms(path: Path) -> int:
    """How many terms of the outermost lists a page has, counted by their layout alone."""
    depth = count = 0
    for match in _TERM_HEAD.finditer(read_file(path).decode("utf-8", "replace")):
        if match[0] == ".RE":
            depth = max(0, depth - 1)
        else:
            count += depth == 0 and len(match[0]) > 3
            depth += 1
    return count
