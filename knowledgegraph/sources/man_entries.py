"""A manual page as entries: the command or page itself, its sections, its options.

A section is cited as the page, ``" -- "`` and its title (``bash -- REDIRECTION``), an option as the command and its
longest spelling (``ls --all``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from knowledgegraph.entry import Entry, Form, entry_id, summary_of
from knowledgegraph.sources.roff import ManOption, ManPage, ManSection
from knowledgegraph.sources.roff_blocks import code_span

KIND = "linux"

_TEXT_OF_A_PAGE = 3_000
_TEXT_OF_A_SYNOPSIS = 900
_TEXT_OF_EXAMPLES = 1_200
_TEXT_OF_A_SECTION = 8_000
_TEXT_OF_AN_OPTION = 3_000
#: A page is long, and its sections are found by words, from this many characters on.
_LONG_PAGE = 30_000
_SECTION_WORTH_FINDING = 300
#: A page with more such sections is a list of names (the properties of a build system): they are found by name.
_MOST_SECTIONS_FOUND = 60

_IN_THE_PAGE = frozenset({"DESCRIPTION", "EXAMPLES", "EXAMPLE"})
_SAYS_LITTLE = frozenset(
    {"", "NAME", "NAMES", "SYNOPSIS", "SYNTAX", "SEE ALSO", "AUTHOR", "AUTHORS", "COPYRIGHT", "LICENSE", "LICENCE"}
    | {"COLOPHON", "REPORTING BUGS", "AVAILABILITY", "RESOURCES", "CONTRIBUTING", "ACKNOWLEDGEMENTS", "CREDITS"}
    | {"ACKNOWLEDGMENTS", "THANKS", "NO WARRANTY", "WARRANTY", "FURTHER DOCUMENTATION", "VERSION", "TRANSLATION"}
    | {"COPYING", "MAINTAINER", "PROJECT", "PROJECT HOMEPAGE", "WEBSITE", "WWW", "HOMEPAGE", "BUG REPORTS"}
)
_USUAL = frozenset(
    {"OPTIONS", "OPTION", "COMMANDS", "EXIT STATUS", "EXIT CODES", "DIAGNOSTICS", "ENVIRONMENT", "FILES", "BUGS"}
    | {"ENVIRONMENT VARIABLES", "NOTES", "NOTE", "SECURITY", "CAVEATS", "RETURN VALUE", "RETURN VALUES", "ERRORS"}
    | {"STANDARDS", "CONFORMING TO", "LIMITATIONS", "COMPATIBILITY", "WARNINGS", "HISTORY", "VERSIONS", "ARGUMENTS"}
    | {"DESCRIPTION", "EXAMPLES", "EXAMPLE", "PARAMETERS", "OPERANDS", "MISC", "OVERVIEW", "INTRODUCTION"}
)
#: With fewer terms, a description explains something else than subcommands.
_FEWEST_SUBCOMMANDS = 6
_MARKS = re.compile(r"(?<!\\)[*`]|\\(?=[^\w\s])")
_FENCE = re.compile(r" *`{3,}")
_SUBCOMMAND = re.compile(r"[a-z][a-z0-9]+(?:-[a-z0-9]+)*(?=$|[ ,\[.…])")
_VARIABLE = re.compile(r"[A-Za-z][\w@-]*(?:\.[\w@-]+)*=?")


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page and how it is cited: ``ref`` ("ls", "crontab(5)"); ``name``: of its file; ``also``: what else finds it."""

    ref: str
    name: str
    location: str
    is_command: bool
    man: ManPage
    also: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id of its entry."""
        return entry_id(KIND, self.ref)


def entries_of(page: ReadPage) -> Iterator[Entry]:
    """The page, then its sections, options and settings; each id once."""
    given: set[str] = set()
    for entry in _all(page):
        if entry.id not in given:
            given.add(entry.id)
            yield entry


def _all(page: ReadPage) -> Iterator[Entry]:
    yield _main(page)
    found_by_words = _found_by_words(page.man)
    titles = Counter(section.title.upper() for section in page.man.sections)
    above = page.id
    above_title = ""
    for section in page.man.sections:
        parent = page.id if section.level == 1 else above
        title = section.title
        if section.level > 1 and titles[title.upper()] > 1:
            title = f"{title} ({above_title})"
        entry = _section(page, section, title, parent, headline=section.title in found_by_words)
        if section.level == 1:
            above, above_title = (entry.id if entry else page.id), section.title
        if entry:
            yield entry
    yield from _options(page)
    if page.is_command and page.name != "bash":
        yield from _subcommands(page)
    if page.ref.endswith("(5)"):
        yield from _settings(page)


def _found_by_words(man: ManPage) -> set[str]:
    """Titles of the sections that a question may be about: those of a long page that not every page has."""
    if sum(len(section.text) for section in man.sections) < _LONG_PAGE:
        return set()
    titles = {section.title for section in man.sections if len(section.text) >= _SECTION_WORTH_FINDING}
    titles = {title for title in titles if title.upper() not in _USUAL}
    return titles if len(titles) <= _MOST_SECTIONS_FOUND else set()


def _main(page: ReadPage) -> Entry:
    return Entry(
        KIND,
        page.ref,
        page.ref,
        Form.COMMAND if page.is_command else Form.PAGE,
        "linux",
        summary=summary_of(plain_text(page.man.summary)),
        text=_page_text(page.man),
        location=page.location,
        names=tuple(name for name in page.also if name != page.ref),
    )


def _page_text(man: ManPage) -> str:
    """How it is called, what it does, examples."""
    synopsis = "\n\n".join(_own_and_below(man, "SYNOPSIS") or _own_and_below(man, "SYNTAX"))
    examples = "\n\n".join([*_own_and_below(man, "EXAMPLES"), *_own_and_below(man, "EXAMPLE")])
    parts = [cut(synopsis, _TEXT_OF_A_SYNOPSIS)]
    shown = cut(examples, _TEXT_OF_EXAMPLES)
    room = _TEXT_OF_A_PAGE - len(parts[0]) - len(shown)
    parts.append(cut("\n\n".join(_own_and_below(man, "DESCRIPTION")), room))
    if shown:
        parts.append("**Examples**\n\n" + shown)
    return "\n\n".join(part for part in parts if part)


def _own_and_below(man: ManPage, title: str) -> list[str]:
    """The texts of a section and of its subsections, these under their titles."""
    texts: list[str] = []
    inside = False
    for section in man.sections:
        if section.level == 1:
            inside = section.title.upper() == title
            if inside and section.text:
                texts.append(section.text)
        elif inside and section.text:
            texts.append(f"**{section.title}**\n\n{section.text}")
    return texts


def _section(page: ReadPage, section: ManSection, title: str, parent: str, *, headline: bool) -> Entry | None:
    upper = section.title.upper()
    if upper in _SAYS_LITTLE or not section.text.strip():
        return None
    if upper in _IN_THE_PAGE and section.text in _page_text(page.man):
        return None
    shown = _title(section.title)
    return Entry(
        KIND,
        f"{page.ref} -- {title}",
        f"{page.name}: {shown}",
        Form.SECTION,
        "linux",
        summary=summary_of(plain_text(section.text)),
        text=cut(section.text, _TEXT_OF_A_SECTION),
        location=page.location,
        parent=parent,
        names=(f"{page.name} {shown}",),
        headline=headline,
    )


def _options(page: ReadPage) -> Iterator[Entry]:
    given: set[str] = set()
    for section in page.man.sections:
        if page.name == "bash" and section.title.upper() == "SHELL BUILTIN COMMANDS":
            continue  # they are options of the builtins
        for option in section.options:
            yield _option(page, option, given)


def _option(page: ReadPage, option: ManOption, given: set[str]) -> Entry:
    spellings = sorted(option.spellings, key=len, reverse=True)
    ref = next((ref for spelling in spellings if (ref := f"{page.ref} {spelling}") not in given), "")
    if not ref:  # said twice: for another form or subcommand
        number = 2
        while (ref := f"{page.ref} {spellings[0]} ({number})") in given:
            number += 1
    given.add(ref)
    argument = option.argument if option.argument.startswith("[") else f" {option.argument}" if option.argument else ""
    text = f"(under {option.under})\n\n{option.text}" if option.under and option.text else option.text
    return Entry(
        KIND,
        ref,
        ", ".join(option.spellings) + argument,
        Form.OPTION,
        "linux",
        summary=summary_of(plain_text(option.text)),
        text=cut(text, _TEXT_OF_AN_OPTION),
        location=page.location,
        parent=page.id,
        names=tuple(name for spelling in option.spellings if (name := f"{page.name} {spelling}") != ref),
        headline=False,
    )


def _subcommands(page: ReadPage) -> Iterator[Entry]:
    """``systemctl restart``, ``apt-get update``: terms of a section about commands that begin with a plain word."""
    for section in page.man.sections:
        upper = section.title.upper()
        if "COMMAND" not in upper and (upper != "DESCRIPTION" or len(section.terms) < _FEWEST_SUBCOMMANDS):
            continue
        for term in section.terms:
            word = _SUBCOMMAND.match(term.name)
            if word and term.text and not term.under:
                title = f"{page.name} {word[0]}"
                yield Entry(
                    KIND,
                    title,
                    title,
                    Form.COMMAND,
                    "linux",
                    summary=summary_of(plain_text(term.text)),
                    text=cut(f"{code_span(f'{page.name} {term.name}')}\n\n{term.text}", _TEXT_OF_AN_OPTION),
                    location=page.location,
                    parent=page.id,
                    headline=False,
                )


def _settings(page: ReadPage) -> Iterator[Entry]:
    """What can be set in a file: the terms of its page that look like names."""
    for section in page.man.sections:
        for term in section.terms:
            if not term.text or not _VARIABLE.fullmatch(term.name):
                continue
            yield Entry(
                KIND,
                f"{page.ref} {term.name}",
                f"{term.name} ({page.name})",
                Form.VARIABLE,
                "linux",
                summary=summary_of(plain_text(term.text)),
                text=cut(term.text, _TEXT_OF_AN_OPTION),
                location=page.location,
                parent=page.id,
                names=(f"{page.name} {term.name}", term.name),
                headline=False,
            )


def _title(title: str) -> str:
    """ "SHELL GRAMMAR" as "Shell grammar"; a title that is not all capitals stays."""
    return title.capitalize() if title.isupper() and len(title) > 4 else title


def plain_text(markdown: str) -> str:
    """Markdown as plain text, near enough for a summary."""
    return _MARKS.sub("", markdown[:1_000]).replace("\n- ", "\n")


def cut(text: str, most: int) -> str:
    """``text`` up to ``most`` characters: whole paragraphs and items, which are lines here, and "…" where something is
    left out. A block of code that is cut ends."""
    if len(text) <= most:
        return text
    kept: list[str] = []
    room = most
    fence = ""
    for line in text.split("\n"):
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
        opened = _FENCE.match(line)
        if opened:
            fence = "" if fence else opened[0]
    if not kept:
        kept = [text[:most].rpartition(" ")[0] or text[:most]]
    return "\n".join([*kept, *([fence] if fence else [])]).rstrip() + "\n\n…"
