"""A manual page of git as entries: the command or guide, its sections, options, subcommands, terms and questions.

A part that is not typed as such is cited as the page, `` -- `` and its name: ``git rebase -- SPLITTING COMMITS``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from knowledgegraph.entry import Entry, Form, entry_id, summary_of
from knowledgegraph.sources.git_pages import GitPage
from knowledgegraph.sources.git_usage import Usage
from knowledgegraph.sources.roff import ManSection, ManTerm

#: Sections that are no entries: they are in the entry of the page, in relations, or say nothing of their own.
_ELSEWHERE = frozenset(
    {"", "NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO", "GIT", "AUTHOR", "AUTHORS", "DOCUMENTATION", "REPORTING BUGS"}
)
#: Sections that every page can have: found by name, not by words.
_USUAL = frozenset(
    {"OPTIONS", "COMMANDS", "SUBCOMMANDS", "CONFIGURATION", "FILES", "ENVIRONMENT", "ENVIRONMENT VARIABLES", "BUGS"}
    | {"EXIT STATUS", "NOTES", "COMMON DIFF OPTIONS", "CAVEATS", "VARIABLES"}
)
_SUBCOMMANDS = frozenset({"COMMANDS", "SUBCOMMANDS"})
_OF_TERMS = frozenset({"gitglossary", "gitrevisions"})
_OF_QUESTIONS = "gitfaq"
_OF_HOOKS = "githooks"

_SUBCOMMAND = re.compile(r"([a-z][a-z-]*)((?:, [a-z-]+)*)(?= |$)")
_ENVIRONMENT = re.compile(r"\$?([A-Z][A-Z0-9]*(?:_(?:[A-Z0-9]+|<\w+>))*)")
_ALSO = re.compile(r" \((?:also )?([^()]+)\)$")
_REVISION = re.compile(r".*[@^~:].*")
_PAGE = re.compile(r"[\w.-]+\([1-9]\)")
_MARKS = re.compile(r"(?<!\\)[*`]|\\(?=[^\w\s])")
_CODE_BLOCK = re.compile(r"^ *(`{3,}).*?^ *\1 *$", re.MULTILINE | re.DOTALL)


def part_ref(ref: str, name: str) -> str:
    """How a part of a page is cited."""
    return f"{ref} -- {name}"


def fenced(text: str) -> str:
    """``text`` as a block of code, whatever runs of backticks it holds."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}\n{text}\n{fence}"


@dataclass(slots=True)
class PageReader:
    """Turns pages into entries, the most used pages first: a section that several pages include word for word is found
    by words in the first of them alone."""

    _texts: set[str] = field(default_factory=set)

    def entries(self, page: GitPage, usage: Usage | None) -> Iterator[Entry]:
        """The page, then all that is in it, and the options that only ``-h`` tells (``usage``); each id once."""
        given: set[str] = set()
        for entry in self._all(page, usage):
            if entry.id not in given:
                given.add(entry.id)
                yield entry

    def _all(self, page: GitPage, usage: Usage | None) -> Iterator[Entry]:
        main = page_entry(page)
        yield main
        top = main
        above = ""
        for section in page.man.sections:
            above = section.title.upper() if section.level == 1 else above
            parts = list(_parts_of(page, section, above, main))
            outermost = sum(not term.under for term in section.terms)
            told = len(parts) == outermost > 0 or (page.ref == "git config" and section.title.upper() == "VARIABLES")
            text = _prose(section.text) if told else section.text
            entry = self._section(page, section, text, above, main if section.level == 1 else top)
            if section.level == 1:
                top = entry or main
            if entry:
                yield entry
            yield from parts
        yield from _options(page, usage, main)

    def _section(self, page: GitPage, section: ManSection, text: str, above: str, parent: Entry) -> Entry | None:
        title = section.title.upper()
        if title in _ELSEWHERE or not text.strip() or _of_variables(page, section) or _only_addresses(section):
            return None
        name = section.title.rstrip(":")
        ref = part_ref(page.ref, name)
        if section.level > 1 and _title_count(page, title) > 1:
            ref = f"{ref} ({_shown(parent.ref.rpartition(' -- ')[2])})"
        hook = page.ref == _OF_HOOKS and section.level > 1
        usual = title in _USUAL or above.startswith("ENVIRONMENT") or _lists_pages(section)
        repeated = text in self._texts
        self._texts.add(text)
        return _entry(
            page,
            ref,
            name if hook else f"{page.ref}: {_shown(name)}",
            Form.SECTION,
            text,
            parent=parent.id,
            names=(f"{name} hook",) if hook else (),
            headline=not (usual or repeated),
        )


def page_entry(page: GitPage) -> Entry:
    """The command or guide itself: how it is called, what it is for."""
    synopsis = page.find("SYNOPSIS")
    description = page.find("DESCRIPTION")
    text = description.text if description else ""
    if page.ref == "gitglossary":
        text = _prose(text)
    parts = [synopsis.text if synopsis and page.section == "1" else "", text]
    root = page.ref == "git"
    return Entry(
        kind="git",
        ref=page.ref,
        title=page.ref,
        form=Form.BOOK if root else Form.COMMAND if page.section == "1" else Form.PAGE,
        domain="git",
        summary=summary_of(page.man.summary),
        text="\n\n".join(part for part in parts if part.strip()),
        location=str(page.path),
        parent="" if root else entry_id("git", "git"),
        names=(f"git help {page.ref.removeprefix('git')}",) if page.section != "1" else (),
    )


def plain_summary(markdown: str) -> str:
    """The first sentences of Markdown, without its marks and blocks of code."""
    return summary_of(_MARKS.sub("", _CODE_BLOCK.sub(" ", markdown)))


def _entry(
    page: GitPage, ref: str, title: str, form: Form, text: str, *, parent: str, names: Sequence[str], headline: bool
) -> Entry:
    return Entry(
        kind="git",
        ref=ref,
        title=title,
        form=form,
        domain="git",
        summary=plain_summary(text) or title,
        text=text,
        location=str(page.path),
        parent=parent,
        names=tuple(dict.fromkeys(name for name in names if name not in (ref, title))),
        headline=headline,
    )


def _parts_of(page: GitPage, section: ManSection, above: str, main: Entry) -> Iterator[Entry]:
    """The terms of a section that are entries of their own."""
    title = section.title.upper()
    environment = above.startswith("ENVIRONMENT")
    for term in section.terms:
        if environment and not term.under:
            yield from _variable(page, term, main)
        elif title in _SUBCOMMANDS and page.section == "1" and not term.under:
            yield from _subcommand(page, term, main)
        elif page.ref == _OF_QUESTIONS and title not in _ELSEWHERE and title != "NOTES" and not term.under:
            ref = part_ref(page.ref, term.name)
            yield _entry(page, ref, term.name, Form.SECTION, term.text, parent=main.id, names=(), headline=True)
        elif page.ref in _OF_TERMS and title != "NOTES" and not term.under:
            yield _term(page, term, main)


def _variable(page: GitPage, term: ManTerm, main: Entry) -> Iterator[Entry]:
    """An environment variable, or several that are told of at once."""
    names = [match[1] for part in term.name.split(", ") if (match := _ENVIRONMENT.match(part))]
    if names:
        ref = part_ref(page.ref, names[0])
        yield _entry(page, ref, names[0], Form.VARIABLE, term.text, parent=main.id, names=names, headline=False)


def _subcommand(page: GitPage, term: ManTerm, main: Entry) -> Iterator[Entry]:
    """``pop [--index]`` under COMMANDS of git-stash(1) is what ``git stash pop`` runs: the synopsis has that word."""
    words = term.name.removeprefix(f"{page.ref} ")
    match = _SUBCOMMAND.match(words)
    synopsis = page.find("SYNOPSIS")
    typable = set(re.findall(r"[a-z-]+", synopsis.text if synopsis else "")) - {"git"}
    if match is not None and match[1] in typable:
        ref = part_ref(page.ref, match[1])
        also = [f"{page.ref} {word}" for word in match[2].split(", ")[1:]]
        text = f"{fenced(f'{page.ref} {words}')}\n\n{term.text}"
        title = f"{page.ref} {match[1]}"
        yield _entry(page, ref, title, Form.COMMAND, text, parent=main.id, names=also, headline=True)


def _term(page: GitPage, term: ManTerm, main: Entry) -> Entry:
    """A word of the glossary, or a way to write a revision, with its other spellings and examples."""
    if page.ref == "gitglossary":
        name = _ALSO.sub("", term.name)
        also = [match[1]] if (match := _ALSO.search(term.name)) else []
    else:
        name, _, examples = term.name.partition(", e.g. ")
        also = [example for example in examples.split(", ") if _REVISION.fullmatch(example)]
    ref = part_ref(page.ref, name)
    return _entry(page, ref, name, Form.TERM, term.text, parent=main.id, names=also, headline=True)


@dataclass(slots=True)
class _Merged:
    """An option of a page, from all places that tell of it. ``texts``: with what it is listed below there."""

    spellings: dict[str, None]
    argument: str
    texts: dict[str, str]


def _options(page: GitPage, usage: Usage | None, main: Entry) -> Iterator[Entry]:
    """Each option once, by its long spelling where it has one; what several places of the page say of it together. What
    ``-h`` alone knows is added: options (``git reset --patch``), and spellings of those that the page has."""
    merged: dict[str, _Merged] = {}
    owner: dict[str, str] = {}
    for section in page.man.sections:
        for option in section.options:
            lead = _lead(option.spellings)
            found = merged.setdefault(lead, _Merged({}, option.argument, {}))
            found.spellings.update(dict.fromkeys(option.spellings))
            found.texts.setdefault(option.text, option.under)
            owner.update({spelling: owner.get(spelling, lead) for spelling in option.spellings})
    for used in usage.options if usage else ():
        lead = next((owner[word] for word in used.spellings if word in owner), _lead(used.spellings))
        found = merged.setdefault(lead, _Merged({}, used.argument, {used.text: ""}))
        found.spellings.update(dict.fromkeys(word for word in used.spellings if word not in owner))
    for lead, found in merged.items():
        yield option_entry(main, lead, found.spellings, found.argument, _told(found.texts))


def usage_options(usage: Usage | None, command: Entry) -> Iterator[Entry]:
    """The options of a command without a page, as ``-h`` tells them."""
    for option in usage.options if usage else ():
        yield option_entry(command, _lead(option.spellings), option.spellings, option.argument, option.text)


def _lead(spellings: Sequence[str]) -> str:
    return next((spelling for spelling in spellings if spelling.startswith("--")), spellings[0])


def _told(texts: Mapping[str, str]) -> str:
    """What is said of an option; where that is said of several parts of the command, of which."""
    several = len(texts) > 1
    return "\n\n".join(f"{_inline_code(under)}: {text}" if under and several else text for text, under in texts.items())


def option_entry(command: Entry, lead: str, spellings: Iterable[str], argument: str, text: str) -> Entry:
    """An option, found by every spelling after its command."""
    ordered = sorted(dict.fromkeys(spellings), key=len)
    head = ", ".join(ordered) + (f" {argument}" if argument else "")
    ref = f"{command.ref} {lead}"
    return Entry(
        kind="git",
        ref=ref,
        title=ref,
        form=Form.OPTION,
        domain="git",
        summary=plain_summary(text),
        text=f"{_inline_code(head)}\n\n{text}".strip(),
        location=command.location,
        parent=command.id,
        names=tuple(f"{command.ref} {spelling}" for spelling in ordered if spelling != lead),
        headline=False,
    )


def _inline_code(text: str) -> str:
    return f"`{text}`" if "`" not in text else f"`` {text} ``"


def _of_variables(page: GitPage, section: ManSection) -> bool:
    """Whether a section repeats what git-config(1) says of a command's variables."""
    return page.section == "1" and section.title.upper() == "CONFIGURATION" and page.ref != "git config"


def _only_addresses(section: ManSection) -> bool:
    """Whether a section is the list of addresses that DocBook puts at the end of a page."""
    return section.title.upper() == "NOTES" and "://" in section.text and section.text.lstrip()[:2] in ("1.", "- ")


def _lists_pages(section: ManSection) -> bool:
    """Whether a section is a list of other pages."""
    return bool(section.terms) and all(_PAGE.fullmatch(term.name) for term in section.terms)


def _title_count(page: GitPage, title: str) -> int:
    return sum(section.title.upper() == title for section in page.man.sections)


def _shown(title: str) -> str:
    return title.capitalize() if title.isupper() else title


def _prose(markdown: str) -> str:
    """The paragraphs outside of lists: what is in those are entries of their own."""
    paragraphs = markdown.split("\n\n")
    return "\n\n".join(part for part in paragraphs if not part.startswith(("- ", "  ")))
