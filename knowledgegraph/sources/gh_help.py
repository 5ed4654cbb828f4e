"""The texts that ``gh help`` prints, read into commands, flags, sections and topics.

The formats are those of cli/cli since 2.0: ``gh help reference`` is Markdown with one heading a command;
``gh help COMMAND`` starts with a description and goes on in sections whose titles stand alone in capitals.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field, replace
from itertools import takewhile

_HEADING = re.compile(r"^(#{2,6}) `(gh .+)`\s*$")
_FLAG = re.compile(r"(?:(-\w), )?(--[\w-]+)(?: (\S.*))?")
_GAP = re.compile(r" {2,}")
_TITLE = re.compile(r"^[A-Z][A-Z /-]+$")
_LISTED = re.compile(r"^ *([a-z][\w-]*): +(\S.*)$", re.MULTILINE)
_VARIABLE = re.compile(r"^`?[A-Z][A-Z0-9_]+`?(?:, `?[A-Z][A-Z0-9_]+`?)*(?: \([^)]*\))?: ")
_WORD = re.compile(r"[a-z0-9][\w-]*")
_NAME = re.compile(r"[A-Z][A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Flag:
    """``spellings``: the long one first; ``argument``: as the help calls it, "" for a switch."""

    spellings: tuple[str, ...]
    argument: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """One heading of the reference. ``path``: as it is typed ("gh pr create"); ``aliases``: other paths."""

    path: str
    usage: str
    summary: str = ""
    flags: tuple[Flag, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Help:
    """``description``: all before the first section; ``sections``: by title in capitals, dedented, empty ones too."""

    description: str = ""
    sections: dict[str, str] = field(default_factory=dict)

    def listed(self, ending: str) -> dict[str, str]:
        """The names, with their summaries, that sections whose title ends so list as ``name:  summary``. Commands of
        installed extensions are left out: they are not part of gh."""
        found: dict[str, str] = {}
        for title, body in self.sections.items():
            if title.endswith(ending) and not title.startswith("EXTENSION"):
                found.update(_LISTED.findall(body))
        return found


def read_reference(text: str) -> list[Command]:
    """The commands of ``gh help reference``, in its order, groups before their parts."""
    commands: list[Command] = []
    heading: re.Match[str] | None = None
    body: list[str] = []
    for line in [*text.splitlines(), "## `gh end`"]:
        match = _HEADING.match(line)
        if match is None:
            body.append(line)
            continue
        if heading is not None:
            commands.append(_command(len(heading[1]), heading[2], body))
        heading, body = match, []
    return commands


def headings_of(text: str) -> list[str]:
    """What the headings of ``gh help reference`` say, found by another and simpler rule than :func:`read_reference`:
    the text between the first and the last backtick of each line that starts with two or more ``#``."""
    return [line[line.find("`") + 1 : line.rfind("`")] for line in text.splitlines() if line.startswith("##")]


def read_flags(text: str) -> tuple[Flag, ...]:
    """The flags among the lines of ``text``; an indented line that starts none goes on with the one before."""
    flags: list[Flag] = []
    for line in text.splitlines():
        flag = _flag(line)
        if flag is not None:
            flags.append(flag)
        elif flags and line.startswith(" ") and line.strip():
            last = flags[-1]
            flags[-1] = replace(last, text=f"{last.text} {line.strip()}".strip())
    return tuple(flags)


def _flag(line: str) -> Flag | None:
    head, *about = _GAP.split(line.strip(), maxsplit=1)
    match = _FLAG.fullmatch(head)
    if match is None:
        return None
    short, long, argument = match.groups("")
    return Flag((long, short) if short else (long,), argument, "".join(about))


def read_help(text: str) -> Help:
    """What ``gh help`` or ``gh help NAME`` printed, taken apart at its titles."""
    parts: dict[str, list[str]] = {"": []}
    title = ""
    for line in text.splitlines():
        if _TITLE.match(line):
            title = line.strip()
            parts.setdefault(title, [])
        else:
            parts[title].append(line)
    bodies = {title: textwrap.dedent("\n".join(lines)).strip("\n").rstrip() for title, lines in parts.items()}
    return Help(bodies.pop(""), bodies)


def read_variables(text: str) -> list[tuple[tuple[str, ...], str]]:
    """The environment variables of ``gh help environment``: the names of each, the first one wins, and what it does."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        line = " ".join(paragraph.split())
        match = _VARIABLE.match(line)
        if match is not None:
            names = match[0].partition(" (")[0]
            found.append((tuple(_NAME.findall(names)), line))
    return found


def read_aliases(text: str) -> tuple[str, ...]:
    """Of ``gh pr new, gh pr open``, with or without backticks, on one line or several."""
    parts = (" ".join(part.strip(" `").split()) for part in re.split(r"[,\n]", text))
    return tuple(part for part in parts if part.startswith("gh "))


def _command(words: int, usage: str, body: list[str]) -> Command:
    """The heading of level ``words`` names a command of so many words; what follows them in ``usage`` are arguments."""
    lines = [line for line in body if not line.startswith("```")]
    paragraphs = [part.strip("\n") for part in re.split(r"\n\s*\n", "\n".join(lines)) if part.strip()]
    plain = [part for part in paragraphs if not _flag(part.splitlines()[0])]
    aliases: tuple[str, ...] = ()
    for at, part in enumerate(plain):
        if part.strip("#* ").lower() == "aliases" and at + 1 < len(plain):
            aliases = read_aliases(plain[at + 1])
    flags = tuple(flag for part in paragraphs if _flag(part.splitlines()[0]) for flag in read_flags(part))
    summary = " ".join(plain[0].split()) if plain else ""
    path = takewhile(_WORD.fullmatch, usage.split()[:words])
    return Command(" ".join(path), usage, summary, flags, aliases)
