"""The configuration variables of git: what git-config(1) says of each, under every name that git knows for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from knowledgegraph.sources.git_pages import GitPage

_NAME = re.compile(r"[A-Za-z][\w-]*(?:\.(?:[\w*-]+|<[^<>]+>))+")
_PLACE = re.compile(r"<[^<>]*>|\*")


@dataclass(frozen=True, slots=True)
class Variable:
    """``names``: as the page spells them, the first one leads; then those that git lists for a place in it."""

    names: tuple[str, ...]
    text: str


def read_variables(page: GitPage) -> list[Variable]:
    """The terms of the section Variables that are names of variables, each name once."""
    section = page.find("VARIABLES")
    found: dict[str, Variable] = {}
    for term in section.terms if section else ():
        names = tuple(name for name in _names(term.name, term.under) if name.lower() not in found)
        if names:
            variable = Variable(names, term.text)
            found.update(dict.fromkeys((name.lower() for name in names), variable))
    return list(dict.fromkeys(found.values()))


def names_in(terms: Sequence[str]) -> Iterator[str]:
    """The names of variables among terms of a list, as a command's own CONFIGURATION has it."""
    for term in terms:
        yield from _names(term, "")


def listed_by_git(told: str) -> list[str]:
    """The names that ``git help --config`` printed."""
    return [line for line in told.split("\n") if _NAME.fullmatch(line)]


def with_listed(variables: Sequence[Variable], listed: Sequence[str]) -> tuple[list[Variable], list[str]]:
    """The variables under all names that git lists for them: ``color.branch.current`` belongs to
    ``color.branch.<slot>``. And the names that are none of theirs."""
    exact = {_key(name): at for at, variable in enumerate(variables) for name in variable.names}
    patterns = sorted(
        ((name, at) for at, variable in enumerate(variables) for name in variable.names if _PLACE.search(name)),
        key=lambda pair: -len(pair[0]),
    )
    compiled = [(_pattern(name), at) for name, at in patterns]
    further: dict[int, list[str]] = {}
    missing = []
    for name in listed:
        if _key(name) in exact:
            continue
        at = next((at for pattern, at in compiled if pattern.fullmatch(name)), None)
        if at is None:
            missing.append(name)
        else:
            further.setdefault(at, []).append(name)
    return [replace(v, names=(*v.names, *further.get(at, ()))) for at, v in enumerate(variables)], missing


def _names(term: str, under: str) -> Iterator[str]:
    """``gc.reflogExpire, gc.<pattern>.reflogExpire`` is two; ``statusHints`` under ``advice.*`` is one of those."""
    if under.endswith((".*", ".<slot>")) and re.fullmatch(r"[A-Za-z]+", term):
        yield f"{under.rpartition('.')[0]}.{term}"
    elif not under:
        for part in term.split(", "):
            name = part.removesuffix(" (deprecated)").strip()
            if _NAME.fullmatch(name):
                yield name


def _key(name: str) -> str:
    """The name whatever it calls its places: ``branch.<name>.remote`` and ``branch.<branch>.remote`` are the same."""
    return _PLACE.sub("<>", name).lower()


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(part) for part in _PLACE.split(name)), re.IGNORECASE)
