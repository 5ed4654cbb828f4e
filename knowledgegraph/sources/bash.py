"""Builtins and keywords of bash, from its own ``help``.

How they are cited (kind ``linux``): by their name (``cd``, ``[[``, ``for``) where no manual page of a command has it,
else as ``bash NAME`` (``bash echo``), because the plain name is the page's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Piece, Relation, Trouble, entry_id, summary_of
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.man_files import fingerprint, page_files

_KIND = "linux"
# -p: neither the user's BASH_ENV nor functions from the environment reach it.
_OPTIONS = ("--norc", "--noprofile", "-p", "-c")
_VERSION = re.compile(r"version (\S+?)(?:\(|\s|-release)")
_TOPIC = re.compile(
    r"^NAME\n {4}(?P<name>.+?) - (?P<summary>.*)\n\nSYNOPSIS\n {4}(?P<usage>.*)\n\nDESCRIPTION\n", re.MULTILINE
)
_END = re.compile(r"^SEE ALSO$", re.MULTILINE)
_OPTION = re.compile(r"^ {2}(?P<spelled>(?:[A-Z]\w* )?[-+!](?:\w|-)*(?: [A-Za-z_-]+)?)(?:\t| {2,}|$)[ ]*(?P<text>.*)$")
_DISPLAY_NAMES = {"(( ... ))": "((", "[[ ... ]]": "[[", "{ ... }": "{"}
_NOT_COMMANDS = frozenset({"variables"})


@dataclass(frozen=True, slots=True)
class Topic:
    """What ``help -m`` says of one name. ``lines``: its description."""

    name: str
    summary: str
    usage: str
    lines: tuple[str, ...]


class BashBuiltins:
    """What bash itself does, without a program."""

    name = "bash"
    title = "Builtins of bash"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def detect(self) -> Found | Missing:
        """Asks bash for its version."""
        program = self._machine.find("bash")
        told = self._machine.tell([program, *_OPTIONS, 'echo "version $BASH_VERSION"']) if program else None
        version = _VERSION.search(told or "")
        if program is None or version is None:
            return Missing("bash is not installed, so its builtins are unknown.", "apt-get install bash")
        # Which names are free depends on the manual pages.
        return Found(version[1], f"{program} {version[0]} {fingerprint(self._machine)[1]}", str(program))

    def read(self, found: Found) -> Iterator[Piece]:
        """Every builtin and keyword, with its options."""
        program = Path(found.location)
        topics = _topics(self._machine, program)
        builtins, keywords = builtin_names(self._machine), _listed(self._machine, program, "-k")
        if not topics:
            yield Trouble(f"{program} did not answer 'help'; is it a bash without help texts?")
        files = page_files(self._machine)
        location = next((str(page.path) for page in files.pages if page.key == ("bash", "1")), "")
        told: set[str] = set()
        for topic in topics:
            words = _names(topic, keywords)
            told.update(words)
            ref = f"bash {topic.name}" if topic.name in files.command_names else topic.name
            yield from _entries(topic, ref, words, location)
            if location:
                yield Relation(entry_id(_KIND, ref), entry_id(_KIND, "bash"), Kind.RELATED)
        yield from _count("bash_builtins", builtins, told)
        yield from _count("bash_keywords", keywords, told)


def builtin_names(machine: Machine) -> tuple[str, ...]:
    """The builtins of the machine's bash; none where there is no bash."""
    program = machine.find("bash")
    return _listed(machine, program, "-b") if program else ()


def _listed(machine: Machine, program: Path, what: str) -> tuple[str, ...]:
    return tuple((machine.tell([program, *_OPTIONS, f"compgen {what}"]) or "").split())


def _topics(machine: Machine, program: Path) -> list[Topic]:
    """Everything that bash can tell, in one question."""
    told = machine.tell([program, *_OPTIONS, "help -m '*'"]) or ""
    topics = []
    starts = list(_TOPIC.finditer(told))
    for number, start in enumerate(starts):
        until = starts[number + 1].start() if number + 1 < len(starts) else len(told)
        end = _END.search(told, start.end(), until)
        body = told[start.end() : end.start() if end else until]
        lines = tuple(line[4:].rstrip() if line.startswith("    ") else line.rstrip() for line in body.splitlines())
        name = _DISPLAY_NAMES.get(start["name"], start["name"])
        if name not in _NOT_COMMANDS:
            topics.append(Topic(name, start["summary"].strip(), start["usage"].strip(), lines))
    return topics


def _names(topic: Topic, keywords: tuple[str, ...]) -> list[str]:
    """The names that a topic is about: its own, and the keywords that its usage consists of."""
    words = re.findall(r"[^\s;]+", topic.usage)
    compound = topic.name.split()[0] in (*keywords, "((")
    own = [topic.name, *topic.name.split()[:1]]
    return list(dict.fromkeys([*own, *(word for word in words if compound and word in keywords)]))


def _entries(topic: Topic, ref: str, words: list[str], location: str) -> Iterator[Entry]:
    prose, options = _split(topic.lines)
    usage = topic.usage.replace(" or ", "\n") if " or " in topic.usage else topic.usage
    yield Entry(
        _KIND,
        ref,
        topic.name,
        Form.COMMAND,
        "linux",
        summary=summary_of(topic.summary),
        text="\n\n".join([_fenced(usage), *prose]),
        location=location,
        names=tuple(name for name in (*words, f"bash {topic.name}", f"help {topic.name}") if name != ref),
    )
    given: set[str] = set()
    for spelled, text in options:
        spelling = spelled.split()[0]
        option_ref = f"{ref} {spelled if spelling in given else spelling}"
        if option_ref in given:
            continue
        given |= {spelling, option_ref}
        yield Entry(
            _KIND,
            option_ref,
            spelled,
            Form.OPTION,
            "linux",
            summary=summary_of(text),
            text=text,
            location=location,
            parent=entry_id(_KIND, ref),
            names=tuple(
                name for name in (f"{topic.name} {spelling}", f"bash {topic.name} {spelling}") if name != option_ref
            ),
            headline=False,
        )


def _split(lines: tuple[str, ...]) -> tuple[list[str], list[tuple[str, str]]]:
    """The paragraphs of a description as Markdown, what is laid out by hand as code; and the options in it."""
    paragraphs: list[list[str]] = [[]]
    options: list[tuple[str, list[str]]] = []
    for line in lines:
        if not line:
            paragraphs.append([])
            continue
        paragraphs[-1].append(line)
        found = _OPTION.match(line)
        if found and found["spelled"][0] in "-+":
            options.append((found["spelled"], [found["text"]]))
        elif options and line.startswith((" ", "\t")):
            options[-1][1].append(line.strip())
    shown = [_paragraph(paragraph) for paragraph in paragraphs if paragraph]
    return shown, [(spelled, " ".join(part for part in text if part)) for spelled, text in options]


def _paragraph(lines: list[str]) -> str:
    if any(line.startswith((" ", "\t")) for line in lines):
        return _fenced("\n".join(line.expandtabs(8) for line in lines))
    return re.sub(r"[*_`<\\]", r"\\\g<0>", " ".join(lines))


def _fenced(text: str) -> str:
    return f"```\n{text}\n```"


def _count(name: str, names: tuple[str, ...], told: set[str]) -> Iterator[Coverage]:
    if names:
        missing = tuple(word for word in names if word not in told)
        yield Coverage(name, len(names) - len(missing), len(names), missing)
