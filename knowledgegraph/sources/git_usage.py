"""What git tells of itself without man pages: its lists of commands, and the usage that ``git COMMAND -h`` prints.

Only ``-h``, ``--version``, ``help`` and ``--list-cmds`` are ever run, in the root folder, without the user's settings.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from knowledgegraph.sources.base import Machine

#: The groups of command-list.txt, those of daily work first; a git that does not know one leaves it out.
GROUPS = (
    "mainporcelain", "ancillarymanipulators", "ancillaryinterrogators", "foreignscminterface", "plumbingmanipulators",
    "plumbinginterrogators", "synchingrepositories", "synchelpers", "purehelpers",
)  # fmt: skip
_GUIDES = ("guide", "userinterfaces", "developerinterfaces")
_GAP = re.compile(r" {2,}")
_SPELLING = re.compile(r"(--?)(\[no-\])?([A-Za-z0-9?][\w.-]*)(.*)")
_LISTED = re.compile(r"^ {3}([a-z][\w.-]*) {2,}(\S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class UsedOption:
    """``spellings``: as they are typed, without an argument; ``argument``: as git calls it, with its brackets."""

    spellings: tuple[str, ...]
    argument: str
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """``synopsis``: the lines of usage; ``options``: in the order in which they are listed."""

    synopsis: str
    options: tuple[UsedOption, ...]


@dataclass(frozen=True, slots=True)
class Lists:
    """What git says there is. ``commands``: of ``--list-cmds=main``; ``documented``: those of them that git sorts into
    a group, in the order of the groups (helpers of its own are in none); ``guides``: pages that are no commands, by
    their page's name; ``summaries``: of both, by name."""

    commands: tuple[str, ...]
    documented: tuple[str, ...]
    builtins: frozenset[str]
    guides: tuple[str, ...]
    summaries: dict[str, str]


def plain_git(machine: Machine) -> Machine:
    """The machine, where no settings, aliases or traces of the user reach git."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_TRACE": "0", "GIT_TRACE2": "0", "COLUMNS": "80"}
    return replace(machine, environment={**machine.environment, **own})


def read_lists(machine: Machine, program: Path) -> Lists:
    """Asks git for its lists; what it does not know is empty."""

    def listed(which: str) -> tuple[str, ...]:
        return tuple((machine.tell([program, f"--list-cmds={which}"]) or "").split())

    commands = listed("main")
    grouped = [name for group in GROUPS for name in listed(f"list-{group}")]
    documented = tuple(dict.fromkeys(name for name in grouped if name in set(commands)))
    guides = tuple(dict.fromkeys(f"git{name}" for group in _GUIDES for name in listed(f"list-{group}")))
    told = machine.tell([program, "help", "-a"]) or ""
    summaries = {name: about.strip() for name, about in _LISTED.findall(told)}
    return Lists(commands, documented or commands, frozenset(listed("builtins")), guides, summaries)


def usage_of(machine: Machine, program: Path, command: str) -> Usage | None:
    """What ``git COMMAND -h`` prints, which ends with status 129; None where that is no usage."""
    told = machine.tell(["/bin/sh", "-c", '"$0" "$1" -h 2>&1; exit 0', program, command])
    return read_usage(told) if told and told.lstrip().startswith("usage:") else None


def read_usage(text: str) -> Usage:
    """Takes what ``-h`` printed apart."""
    synopsis: list[str] = []
    options: list[UsedOption] = []
    for line in text.strip("\n").splitlines():
        shown = line.strip()
        option = _option(*_GAP.split(shown, maxsplit=1)) if line.startswith("    -") else None
        if option is not None:
            options.append(option)
        elif options and shown and line.startswith(" " * 8):
            last = options[-1]
            options[-1] = replace(last, text=f"{last.text} {shown}".strip())
        elif shown and not options and (line.startswith("usage:") or (synopsis and line.startswith(" "))):
            synopsis.append(line.removeprefix("usage: ").removeprefix("   or: ").rstrip())
    return Usage("\n".join(synopsis), tuple(options))


def _option(head: str, text: str = "") -> UsedOption | None:
    """``-u, --untracked-files[=<mode>]``: spellings and argument; a ``[no-]`` stands for both spellings."""
    spellings: list[str] = []
    argument = ""
    for part in re.split(r", (?=-)", head):
        match = _SPELLING.fullmatch(part)
        if match is None:
            continue
        dashes, negated, word, rest = match.groups()
        spellings += [f"{dashes}{word}"] + ([f"{dashes}no-{word}"] if negated else [])
        argument = rest.strip() or argument
    return UsedOption(tuple(spellings), argument, text) if spellings else None
