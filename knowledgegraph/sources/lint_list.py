"""Reads the list of lints that ``rustc -W help`` and ``clippy-driver -W help`` print.

The list is a row of tables, each under a heading: lints of rustc, groups of rustc, lints of Clippy, groups of Clippy.
A table starts below a line of dashes and ends at an empty line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADING = re.compile(r"Lint (checks|groups) (provided by rustc|loaded by this crate):\s*")
_DASHES = re.compile(r"\s*-+\s+-+(\s+-+)?\s*")
_LINT = re.compile(r"\s*(\S+)\s+(allow|warn|deny|forbid)\s+(\S.*)")


@dataclass(frozen=True, slots=True)
class Lint:
    """One lint. ``name``: as attributes spell it ("clippy::needless_return"); ``level``: what happens unless a
    project says otherwise; ``meaning``: half a sentence."""

    name: str
    level: str
    meaning: str


@dataclass(slots=True)
class LintList:
    """The lints of one maker, and its groups with the names of their lints. ``rows``: how many rows the table of lints
    has, whether or not they could be read."""

    lints: list[Lint] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    rows: int = 0


def read_list(text: str) -> tuple[LintList, LintList]:
    """The lints of rustc and those of the program that printed ``text`` (none for rustc itself)."""
    rustc, loaded = LintList(), LintList()
    target, table, inside = rustc, "", False
    for line in text.splitlines():
        if heading := _HEADING.fullmatch(line):
            table, inside = heading[1], False
            target = rustc if heading[2].endswith("rustc") else loaded
        elif not line.strip():
            inside = False
        elif table and not inside:
            inside = _DASHES.fullmatch(line) is not None
        elif inside:
            _read_row(line, table, target)
    return rustc, loaded


def _read_row(line: str, table: str, target: LintList) -> None:
    if table == "groups":
        name, _, members = line.strip().partition(" ")
        named = [_underscored(member.strip()) for member in members.split(",")]
        target.groups[_underscored(name)] = [member for member in named if member and " " not in member]
        return
    target.rows += 1
    if lint := _LINT.fullmatch(line):
        target.lints.append(Lint(_underscored(lint[1]), lint[2], lint[3].strip()))


def _underscored(name: str) -> str:
    return name.replace("-", "_")
