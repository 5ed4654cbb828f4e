"""Git: every command, option, guide, word of the glossary and configuration variable, from the manual on this machine.

Without manual pages the lists of git itself and ``git COMMAND -h`` serve: fewer options, hardly a text. Git never runs
anything that could act: only ``--version``, ``--list-cmds``, ``help`` and ``-h``, in the root folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Piece, Relation, Trouble, entry_id, summary_of
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.git_config import listed_by_git, names_in, read_variables, with_listed
from knowledgegraph.sources.git_entries import PageReader, fenced, part_ref, plain_summary, usage_options
from knowledgegraph.sources.git_pages import GitPage, count_terms, find_pages, read_pages, ref_of
from knowledgegraph.sources.git_usage import Lists, Usage, plain_git, read_lists, usage_of

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)*")
_LOOKED_AT = ("git.1", "git-config.1", "gitglossary.7")  # where these are as they were, so are the others
_LINKED = re.compile(r"\b(git[\w.-]*|scalar)[*`]{0,2}\(([157])\)")
_TYPED = re.compile(r"\bgit ([a-z][a-z-]+)\b")
_NAMED = re.compile(r"`([A-Za-z][\w-]*(?:\.[\w<>*-]+)+)`")
_SEVERAL = 2  # calls of git at a time
_MOST_MISSING = 30
_ROOT_TEXT = "Git keeps the history of a folder of files."


@dataclass(frozen=True, slots=True)
class Git:
    """The program ``git`` in ``machine.programs``, and its pages in ``machine.man_path``."""

    machine: Machine
    name: str = field(default="git", init=False)
    title: str = field(default="Git", init=False)

    def detect(self) -> Found | Missing:
        """One call of ``git --version``, and a look at three files."""
        program = self.machine.find("git")
        told = plain_git(self.machine).tell([program, "--version"]) if program else None
        version = _VERSION.search(told or "")
        if program is None:
            return Missing("Git is not installed.", "Install git; https://git-scm.com/downloads tells how.")
        if told is None or version is None:
            return Missing("git does not tell its version.", "Run git --version; install git again where that fails.")
        files = find_pages(self.machine)
        seen = [_seen(files[key]) if key in files else "none" for key in _LOOKED_AT]
        return Found(version[0], "; ".join([told.strip(), str(program), str(len(files)), *seen]), str(program))

    def read(self, found: Found) -> Iterator[Piece]:
        """The book git, its pages with all their parts, the variables, how they point to each other, the account."""
        machine = plain_git(self.machine)
        program = Path(found.location)
        troubles: list[Trouble] = []
        lists = read_lists(machine, program)
        files = find_pages(machine)
        pages = read_pages(files, list(dict.fromkeys([*lists.documented, *lists.commands])), troubles)
        entries = list(_entries(machine, program, lists, pages))
        variables, account = _variables(pages, machine, program)
        entries += variables
        if not pages:
            troubles.append(
                Trouble(
                    "The manual pages of git are not here, so only the options that git COMMAND -h prints are known; "
                    "install git's manual (git-man, git-doc or git-docs)."
                )
            )
        yield from troubles
        yield from entries
        yield from _relations(entries, pages)
        yield from _account(lists, pages, {entry.ref for entry in entries})
        yield from account
        yield from _glossary(files, entries)


def _seen(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "gone"
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def _entries(machine: Machine, program: Path, lists: Lists, pages: Sequence[GitPage]) -> Iterator[Entry]:
    """The root, then the pages in their order, then the commands that have none."""
    asked = [name for name in lists.documented if name in lists.builtins]
    with ThreadPoolExecutor(_SEVERAL) as pool:
        told = list(pool.map(lambda name: usage_of(machine, program, name), asked))
    usages = {f"git {name}": usage for name, usage in zip(asked, told, strict=True)}
    reader = PageReader()
    have = {page.ref for page in pages}
    if "git" not in have:
        yield Entry("git", "git", "git", Form.BOOK, "git", summary=_ROOT_TEXT, text=_ROOT_TEXT)
    for page in pages:
        yield from reader.entries(page, usages.get(page.ref))
    for name in lists.documented:
        if f"git {name}" not in have:
            yield from _without_page(name, lists.summaries.get(name, ""), usages.get(f"git {name}"))


def _without_page(name: str, summary: str, usage: Usage | None) -> Iterator[Entry]:
    """A command as git itself tells of it; nothing where it does not."""
    if not summary and usage is None:
        return
    command = Entry(
        kind="git",
        ref=f"git {name}",
        title=f"git {name}",
        form=Form.COMMAND,
        domain="git",
        summary=summary_of(summary),
        text="\n\n".join(part for part in (fenced(usage.synopsis) if usage else "", summary) if part),
        parent=entry_id("git", "git"),
    )
    yield command
    yield from usage_options(usage, command)


def _variables(pages: Sequence[GitPage], machine: Machine, program: Path) -> tuple[list[Entry], list[Coverage]]:
    """The configuration variables, and their count against what ``git help --config`` lists."""
    page = next((page for page in pages if page.ref == "git config"), None)
    listed = listed_by_git(machine.tell([program, "help", "--config"]) or "")
    variables, missing = with_listed(read_variables(page) if page else [], listed)
    entries = []
    for variable in variables:
        lead = variable.names[0]
        entries.append(
            Entry(
                kind="git",
                ref=part_ref("git config", lead),
                title=lead,
                form=Form.VARIABLE,
                domain="git",
                summary=plain_summary(variable.text),
                text=f"`{', '.join(name for name in variable.names if name not in listed or name == lead)}`"
                f"\n\n{variable.text}",
                location=str(page.path) if page else "",
                parent=entry_id("git", "git config"),
                names=variable.names[1:],
                headline=False,
            )
        )
    count = Coverage("git_config_variables", len(listed) - len(missing), len(listed), tuple(missing[:_MOST_MISSING]))
    return entries, [count] if listed else []


def _relations(entries: Sequence[Entry], pages: Sequence[GitPage]) -> Iterator[Relation]:
    """What the pages' SEE ALSO recommend, then what the texts name."""
    by_ref = {entry.ref: entry for entry in entries}
    variables = {
        name.lower(): entry.id
        for entry in entries
        if entry.form is Form.VARIABLE and entry.ref.startswith("git config -- ")
        for name in (entry.title, *entry.names)
    }
    given: set[tuple[str, str]] = set()

    def once(source: str, target: str, kind: Kind) -> Iterator[Relation]:
        if source != target and (source, target) not in given:
            given.add((source, target))
            yield Relation(source, target, kind)

    for page in pages:
        source = entry_id("git", page.ref)
        see = page.find("SEE ALSO")
        for target in _named(see.text if see else "", by_ref, variables):
            yield from once(source, target, Kind.RELATED)
        configuration = page.find("CONFIGURATION")
        if configuration and page.section == "1":
            for name in names_in([term.name for term in configuration.terms]):
                if name.lower() in variables:
                    yield from once(source, variables[name.lower()], Kind.RELATED)
    for entry in entries:
        for target in _named(entry.text, by_ref, variables):
            if target not in (entry.parent, entry_id("git", "git")):
                yield from once(entry.id, target, Kind.LINKS_TO)


def _named(text: str, by_ref: Mapping[str, Entry], variables: Mapping[str, str]) -> Iterator[str]:
    """The ids of the pages, commands and variables that ``text`` names: ``git-log(1)``, ``git log``, ``log.date``."""
    for name, section in _LINKED.findall(text.replace("\\", "")):
        if ref_of(name, section) in by_ref:
            yield by_ref[ref_of(name, section)].id
    for name in _TYPED.findall(text):
        if f"git {name}" in by_ref:
            yield by_ref[f"git {name}"].id
    for name in _NAMED.findall(text):
        if name.lower() in variables:
            yield variables[name.lower()]


def _account(lists: Lists, pages: Sequence[GitPage], refs: set[str]) -> Iterator[Coverage]:
    """Commands: those that git sorts into its groups, and of the others those with a page; helpers that git tells
    nothing about are not counted. Pages: of these commands and of the guides that git lists."""
    have = {page.ref for page in pages}
    more = [name for name in lists.commands if f"git {name}" in have]
    commands = [f"git {name}" for name in dict.fromkeys([*lists.documented, *more])]
    yield _count("git_commands", commands, refs)
    yield _count("git_pages", [*commands, *lists.guides], have)
    heads = sum(page.option_heads for page in pages)
    if heads:
        got = sum(min(page.option_heads, sum(len(section.options) for section in page.man.sections)) for page in pages)
        yield Coverage("git_options", got, heads)


def _count(name: str, wanted: Sequence[str], have: set[str]) -> Coverage:
    missing = [ref for ref in wanted if ref not in have]
    return Coverage(name, len(wanted) - len(missing), len(wanted), tuple(missing[:_MOST_MISSING]))


def _glossary(files: Mapping[str, Path], entries: Sequence[Entry]) -> Iterator[Coverage]:
    got = sum(entry.form is Form.TERM and entry.ref.startswith("gitglossary -- ") for entry in entries)
    if got:
        yield Coverage("git_glossary", got, max(got, count_terms(files["gitglossary.7"])))
