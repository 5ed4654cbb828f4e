"""Signposts: what people type who need a page of the documentation, and which pages these are.

A file holds those of one domain; ``docs/authoring.md`` is the author's guide. A signpost is never an answer itself: it
leads the search to what it points to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledgegraph.concepts import DOMAINS, ConceptError
from knowledgegraph.references import Reference

_MOST_SEE, _LEAST_INTENTS = 6, 3


@dataclass(frozen=True, slots=True)
class Signpost:
    """One task or question. ``see``: the pages, the best first. ``intents``: how people put it. ``ref``: the file's
    name and the place in it."""

    ref: str
    domain: str
    see: tuple[Reference, ...]
    intents: tuple[str, ...]


def read_signposts(folder: Path) -> tuple[list[Signpost], list[str]]:
    """Reads every ``*.toml`` of ``folder`` in the order of the file names; nothing where there is no such folder. What
    is wrong is left out and said, one sentence each."""
    problems: list[str] = []
    found = [signpost for path in sorted(folder.glob("*.toml")) for signpost in _read_file(path, problems)]
    return found, problems


def load_signposts(folder: Path) -> list[Signpost]:
    """The same; raises :class:`~knowledgegraph.concepts.ConceptError` with every problem found."""
    found, problems = read_signposts(folder)
    if problems:
        raise ConceptError(problems)
    return found


def _read_file(path: Path, problems: list[str]) -> Iterator[Signpost]:
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path.name}: cannot be read as TOML: {error}.")
        return
    domain, tables = data.get("domain"), data.get("signpost", [])
    if domain not in DOMAINS:
        problems.append(f"{path.name}: domain must be one of {', '.join(DOMAINS)}.")
        return
    if data.keys() - {"domain", "signpost"} or not isinstance(tables, list):
        problems.append(f"{path.name}: holds a domain and [[signpost]] tables, and nothing else.")
        return
    for number, table in enumerate(tables, 1):
        try:
            yield _read(table, f"{path.stem}/{number}", domain)
        except ValueError as error:
            problems.append(f"{path.name}: signpost {number}: {error}.")


def _read(table: Any, ref: str, domain: str) -> Signpost:
    """One table. Raises ValueError with half a sentence."""
    if not isinstance(table, dict) or table.keys() != {"see", "intents"}:
        raise ValueError("must have see and intents, and nothing else")
    for key in ("see", "intents"):
        value = table[key]
        if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
            raise ValueError(f"{key} must be a list of texts that are not empty")
        if len({text.casefold() if key == "intents" else text for text in value}) != len(value):
            raise ValueError(f"{key} says something twice")
    if not 1 <= len(table["see"]) <= _MOST_SEE:
        raise ValueError(f"see must name 1 to {_MOST_SEE} pages")
    if len(table["intents"]) < _LEAST_INTENTS:
        raise ValueError(f"intents must be at least {_LEAST_INTENTS} phrasings")
    if any("\n" in intent for intent in table["intents"]):
        raise ValueError("an intent must be one line")
    return Signpost(ref, domain, tuple(map(Reference.parse, table["see"])), tuple(table["intents"]))
