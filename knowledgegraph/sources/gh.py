"""The GitHub CLI: every command, flag, help topic and environment variable that the ``gh`` of this machine explains.

Nothing but ``gh help`` and ``gh --version`` is ever run, with an empty folder for its settings and without tokens: no
login is looked at, nothing is asked of the network. Descriptions and examples come from the man pages where they are,
from ``gh help COMMAND`` else.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Piece, Relation, Trouble, entry_id, summary_of
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.gh_help import (
    Command,
    Flag,
    Help,
    headings_of,
    read_aliases,
    read_flags,
    read_help,
    read_reference,
    read_variables,
)
from knowledgegraph.sources.roff import ManPage, read_file, read_page

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")
_MENTIONED = re.compile(r"\bgh((?: [a-z][a-z-]+)+)")
_NO_DETAIL = frozenset({"NAME", "SYNOPSIS", "USAGE", "DESCRIPTION", "LEARN MORE", "SEE ALSO", "ALIASES", "JSON FIELDS"})
_SEVERAL = 2  # calls of gh at a time, where man pages are missing: more do not help on two cores
_MOST_MISSING = 30


@dataclass(frozen=True, slots=True)
class _Detail:
    """What a man page or ``gh help COMMAND`` adds to a heading of the reference."""

    text: str = ""
    flags: tuple[Flag, ...] = ()
    aliases: tuple[str, ...] = ()
    location: str = ""


@dataclass(frozen=True, slots=True)
class _Texts:
    """What gh itself printed."""

    root: Help
    reference: str
    topics: dict[str, Help]


@dataclass(frozen=True, slots=True)
class Gh:
    """The program ``gh`` in ``machine.programs``."""

    machine: Machine
    name: str = field(default="gh", init=False)
    title: str = field(default="GitHub CLI", init=False)

    def detect(self) -> Found | Missing:
        """One call of ``gh --version``."""
        program = self.machine.find("gh")
        if program is None:
            return Missing("The GitHub CLI, gh, is not installed.", "Install gh; https://cli.github.com tells how.")
        with tempfile.TemporaryDirectory() as empty:
            told = _quiet(self.machine, empty).tell([program, "--version"])
        version = _VERSION.search(told or "")
        if told is None or version is None:
            return Missing("gh does not tell its version.", "Run gh --version; install gh again where that fails.")
        pages = "here" if "gh" in _man_pages(self.machine) else "absent"
        return Found(version[0], f"{told.splitlines()[0]}; {program}; man pages {pages}", str(program))

    def read(self, found: Found) -> Iterator[Piece]:
        """The book gh, its commands with their flags, the help topics with the variables, the account.

        Raises OSError where ``gh help`` prints nothing.
        """
        troubles: list[Trouble] = []
        with tempfile.TemporaryDirectory() as empty:
            quiet = _quiet(self.machine, empty)
            texts = _texts(quiet, found.location, troubles)
            pages = _man_pages(self.machine)
            commands = _commands(texts, pages, troubles)
            details = _details(quiet, found.location, commands, pages, troubles)
        yield from troubles
        yield _book(texts.root, pages.get("gh"))
        known = {command.path for command in commands} | {f"gh help {topic}" for topic in texts.topics}
        for command in commands:
            yield from _of_command(command, details[command.path], known)
        for topic, about in texts.root.listed("TOPICS").items():
            if topic in texts.topics:
                yield from _of_topic(topic, about, texts.topics[topic], known)
        yield from _account(texts, commands)


def _quiet(machine: Machine, empty: str) -> Machine:
    """The machine, where gh finds neither settings, extensions nor tokens, checks for no updates and sends nothing."""
    folders = dict.fromkeys(("GH_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), empty)
    tokens = ("GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
    unset = dict.fromkeys((*tokens, "GH_DEBUG", "DEBUG", "GH_FORCE_TTY", "CLICOLOR_FORCE"), "")
    switches = {"GH_PROMPT_DISABLED": "1", "GH_PAGER": "cat", "GH_TELEMETRY": "false", "DO_NOT_TRACK": "1"}
    return replace(machine, environment={**machine.environment, **folders, **unset, **switches})


def _man_pages(machine: Machine) -> dict[str, Path]:
    """The man pages of gh, by name without section ("gh-pr-create")."""
    found: dict[str, Path] = {}
    for folder in machine.man_path:
        for path in sorted((folder / "man1").glob("gh*.1*")):
            stem = path.name.partition(".")[0]
            if stem == "gh" or stem.startswith("gh-"):
                found.setdefault(stem, path)
    return found


def _texts(machine: Machine, program: str, troubles: list[Trouble]) -> _Texts:
    told = machine.tell([program, "help"])
    if not told:
        raise OSError(f"{program} help printed nothing; install gh again")
    root = read_help(told)
    reference = machine.tell([program, "help", "reference"])
    if not reference:
        troubles.append(Trouble("gh help reference printed nothing; a newer gh tells all its commands."))
    topics = {}
    for topic in root.listed("TOPICS"):
        if topic != "reference":  # those are the commands
            told = machine.tell([program, "help", topic])
            if told:
                topics[topic] = read_help(told)
            else:
                troubles.append(Trouble(f"gh help {topic} printed nothing."))
    return _Texts(root, reference or "", topics)


def _commands(texts: _Texts, pages: dict[str, Path], troubles: list[Trouble]) -> list[Command]:
    """The commands of the reference; where it lacks some that ``gh help`` lists, these from the man pages, or in the
    last resort as ``gh help`` lists them."""
    commands = [command for command in read_reference(texts.reference) if command.path.startswith("gh ")]
    have = {command.path for command in commands}
    for name, summary in texts.root.listed("COMMANDS").items():
        if f"gh {name}" in have:
            continue
        extra = _from_pages(name, pages, troubles)
        commands.extend(extra or [Command(f"gh {name}", f"gh {name}", summary)])
        if texts.reference:
            troubles.append(Trouble(f"gh help reference does not tell of gh {name}; it was read elsewhere."))
    return commands


def _from_pages(name: str, pages: dict[str, Path], troubles: list[Trouble]) -> list[Command]:
    """The command ``name`` and its parts, from its man pages. Shorter names come first, so a group before its parts."""
    commands = []
    for stem in sorted(pages):
        if stem == f"gh-{name}" or stem.startswith(f"gh-{name}-"):
            page = _page(pages[stem], troubles)
            usage = _plain(_section(page, "SYNOPSIS")) if page else ""
            path = re.match(r"gh(?: [a-z0-9][\w-]*)+", usage)
            if page and path and path[0].replace(" ", "-") == stem:
                commands.append(Command(path[0], usage, page.summary))
    return commands


def _details(
    machine: Machine, program: str, commands: Sequence[Command], pages: dict[str, Path], troubles: list[Trouble]
) -> dict[str, _Detail]:
    """By the command's path: from its man page, or from ``gh help`` where there is none or it says nothing."""
    details: dict[str, _Detail] = {}
    for command in commands:
        path = pages.get(command.path.replace(" ", "-"))
        page = _page(path, troubles) if path else None
        if page and page.sections:
            details[command.path] = _detail_of_page(page, str(path))
    rest = [command.path for command in commands if command.path not in details]
    with ThreadPoolExecutor(_SEVERAL) as pool:
        for path_, told in zip(rest, pool.map(partial(_help_of, machine, program), rest), strict=True):
            details[path_] = _detail_of_help(read_help(told or ""))
            if not told:
                troubles.append(Trouble(f"{path_.replace('gh', 'gh help', 1)} printed nothing."))
    return details


def _help_of(machine: Machine, program: str, path: str) -> str | None:
    return machine.tell([program, "help", *path.split()[1:]])


def _page(path: Path, troubles: list[Trouble]) -> ManPage | None:
    try:
        return read_page(read_file(path))
    except (OSError, ValueError) as error:
        troubles.append(Trouble(f"{path} could not be read: {error}"))
        return None


def _section(page: ManPage, title: str) -> str:
    return next((section.text for section in page.sections if section.title.upper() == title), "")


def _plain(markdown: str) -> str:
    return " ".join(re.sub(r"[`*\\]", "", markdown).split())


def _tells(title: str) -> bool:
    """Whether a section of this title is shown: neither a list of parts nor what is shown elsewhere."""
    return (
        title not in _NO_DETAIL and not title.endswith("COMMANDS") and "FLAGS" not in title and "OPTIONS" not in title
    )


def _detail_of_page(page: ManPage, location: str) -> _Detail:
    parts = [_section(page, "DESCRIPTION")]
    flags = []
    for section in page.sections:
        title = section.title.upper()
        if _tells(title) and section.text.strip():
            parts.append(f"**{title.capitalize()}**\n\n{section.text.strip()}")
        for option in section.options:
            spellings = sorted(option.spellings, key=len, reverse=True)
            if spellings and spellings[0].startswith("-"):
                argument = _plain(option.argument).strip("<>= ")
                flags.append(Flag(tuple(spellings), argument, " ".join(option.text.split())))
    aliases = read_aliases(_plain(_section(page, "ALIASES")))
    return _Detail("\n\n".join(part for part in parts if part), tuple(flags), aliases, location)


def _detail_of_help(told: Help) -> _Detail:
    parts = [told.description.strip()]
    flags: list[Flag] = []
    for title, body in told.sections.items():
        if title.startswith("EXAMPLE"):
            parts.append(f"**{title.capitalize()}**\n\n{_fenced(body)}")
        elif "FLAGS" in title:
            flags.extend(read_flags(body))
        elif _tells(title) and body:
            parts.append(f"**{title.capitalize()}**\n\n{body}")
    aliases = read_aliases(told.sections.get("ALIASES", ""))
    return _Detail("\n\n".join(part for part in parts if part), tuple(flags), aliases)


def _fenced(text: str, language: str = "sh") -> str:
    """``text`` as a block of code, whatever runs of backticks it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _book(root: Help, page: Path | None) -> Entry:
    listed = "\n".join(f"- `gh {name}`: {about}" for name, about in root.listed("COMMANDS").items())
    examples = root.sections.get("EXAMPLES", "")
    parts = [root.description, listed, _fenced(examples) if examples else ""]
    return Entry(
        kind="gh",
        ref="gh",
        title="gh",
        form=Form.BOOK,
        domain="gh",
        summary=summary_of(root.description),
        text="\n\n".join(part for part in parts if part),
        location=str(page) if page else "",
        names=("GitHub CLI",),
    )


def _of_command(command: Command, detail: _Detail, known: set[str]) -> Iterator[Piece]:
    """The entry of the command, what its text points to, its flags."""
    group = command.path.rpartition(" ")[0]
    entry = Entry(
        kind="gh",
        ref=command.path,
        title=command.path,
        form=Form.COMMAND,
        domain="gh",
        summary=summary_of(command.summary),
        text="\n\n".join(part for part in (_fenced(command.usage, ""), detail.text or command.summary) if part),
        location=detail.location,
        parent=entry_id("gh", group if group in known else "gh"),
        names=tuple(dict.fromkeys(alias for alias in (*command.aliases, *detail.aliases) if alias != command.path)),
    )
    yield entry
    yield from _links(entry, command.path, known)
    told: set[str] = set()
    for flag in (*command.flags, *detail.flags):  # the reference tells defaults, the man page tells inherited ones too
        if flag.spellings[0] not in told and flag.spellings[0] != "--help":
            told.add(flag.spellings[0])
            yield _option(command.path, flag, entry)


def _option(path: str, flag: Flag, command: Entry) -> Entry:
    shown = ", ".join(sorted(flag.spellings, key=len)) + (f" {flag.argument}" if flag.argument else "")
    return Entry(
        kind="gh",
        ref=f"{path} {flag.spellings[0]}",
        title=f"{path} {flag.spellings[0]}",
        form=Form.OPTION,
        domain="gh",
        summary=summary_of(flag.text),
        text=f"`{shown}`\n\n{flag.text}",
        location=command.location,
        parent=command.id,
        names=tuple(f"{path} {spelling}" for spelling in flag.spellings[1:]),
        headline=False,
    )


def _of_topic(topic: str, about: str, told: Help, known: set[str]) -> Iterator[Piece]:
    """A page of ``gh help``, with an entry for each variable that it explains."""
    examples = told.sections.get("EXAMPLES", "")
    page = Entry(
        kind="gh",
        ref=f"gh {topic}",
        title=f"gh {topic}",
        form=Form.PAGE,
        domain="gh",
        summary=summary_of(about),
        text="\n\n".join(part for part in (told.description, _fenced(examples) if examples else "") if part),
        parent=entry_id("gh", "gh"),
        names=(f"gh help {topic}",),
    )
    yield page
    yield from _links(page, f"gh {topic}", known)
    if topic != "environment":
        return
    for names, text in read_variables(told.description):
        yield Entry(
            kind="gh",
            ref=f"{page.ref} -- {names[0]}",
            title=names[0],
            form=Form.VARIABLE,
            domain="gh",
            summary=summary_of(text.partition(": ")[2]),
            text=text,
            parent=page.id,
            names=names,
        )


def _links(entry: Entry, path: str, known: set[str]) -> Iterator[Relation]:
    """To each other command that the text of ``entry`` spells out, and to each help topic that it sends the reader to;
    of what it is a part of, its parent tells."""
    seen = {path}
    for match in _MENTIONED.finditer(entry.text):
        words = match[0].split()
        while len(words) > 1 and " ".join(words) not in known:
            words.pop()
        typed = " ".join(words)
        kind = Kind.RELATED if typed.startswith("gh help ") else Kind.LINKS_TO
        target = typed.replace("gh help ", "gh ", 1)
        if typed in known and target not in seen and not path.startswith(f"{target} "):
            seen.add(target)
            yield Relation(entry.id, entry_id("gh", target), kind)


def _account(texts: _Texts, commands: Sequence[Command]) -> Iterator[Coverage]:
    """Counted against the headings of the reference and the list of ``gh help``, each read by a rule of its own."""
    usages = {command.usage for command in commands}
    paths = {command.path for command in commands}
    headings = headings_of(texts.reference)
    top = [f"gh {name}" for name in texts.root.listed("COMMANDS")]
    beyond = [name for name in top if not any(f"{heading} ".startswith(f"{name} ") for heading in headings)]
    missing = [heading for heading in headings if heading not in usages]
    missing += [name for name in beyond if name not in paths]
    total = len(headings) + len(beyond)
    yield Coverage("gh_commands", total - len(missing), total, tuple(missing[:_MOST_MISSING]))
    topics = texts.root.listed("TOPICS").keys() - {"reference"}
    absent = tuple(sorted(topics - texts.topics.keys()))
    yield Coverage("gh_topics", len(topics) - len(absent), len(topics), absent)
