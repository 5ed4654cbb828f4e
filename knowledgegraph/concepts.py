"""Concepts: what the tutor teaches, one idea each, read from TOML and checked while reading.

A file holds one competency; ``docs/authoring.md`` is the author's guide to its keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledgegraph.references import Reference

DOMAINS = ("rust", "git", "linux", "gh")

#: The last paragraph of every lesson starts with this: how the reader knows that they have understood.
CHECK_MARK = "**Check yourself.**"

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_CODE = re.compile(r"E\d{4}")
_TEXTS = ("id", "title", "definition", "lesson")
_OPTIONAL_TEXTS = ("example", "setup", "failing", "failing_code")
_LISTS = ("requires", "errors", "leads", "aliases", "intents", "see")
_KEYS = frozenset({*_TEXTS, *_OPTIONAL_TEXTS, *_LISTS})
_MIN_INTENTS = 3


class ConceptError(Exception):
    """The content is wrong. ``problems``: one sentence each, with the file and the key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Concept:
    """One idea, with its lesson.

    ``requires``: ids to understand first. ``errors``: rustc codes that it explains, the most
    typical first; ``leads``: those for which it is the first lesson to open.
    ``aliases``: other names of it. ``intents``: what a learner types who needs it. ``lesson``: Markdown whose last
    paragraph starts with :data:`CHECK_MARK`. ``example``: Rust that compiles, or shell lines that run after the
    (never shown) lines of ``setup``. ``failing``: Rust that rustc refuses with ``failing_code`` and no other code.
    ``source``: name of the file it came from.
    """

    id: str
    title: str
    domain: str
    competency: str
    definition: str
    lesson: str
    requires: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    example: str = ""
    setup: str = ""
    failing: str = ""
    failing_code: str = ""
    see: tuple[Reference, ...] = ()
    source: str = ""

    @property
    def core(self) -> str:
        """The lesson without its closing question."""
        return self.lesson.rpartition(CHECK_MARK)[0].rstrip()

    @property
    def check(self) -> str:
        """The closing question, without its mark."""
        return self.lesson.rpartition(CHECK_MARK)[2].strip()

    @property
    def language(self) -> str:
        """The name of the example's language, for a Markdown fence."""
        return "rust" if self.domain == "rust" else "sh"


class Concepts(Mapping[str, Concept]):
    """Concepts by id, in the order of the content."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self._by_id = dict(concepts)

    def __getitem__(self, concept_id: str) -> Concept:
        return self._by_id[concept_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def by_competency(self) -> dict[str, tuple[Concept, ...]]:
        """The outline: each competency with its concepts, both in the order of the content."""
        outline: dict[str, list[Concept]] = {}
        for concept in self.values():
            outline.setdefault(concept.competency, []).append(concept)
        return {name: tuple(concepts) for name, concepts in outline.items()}


def default_folder() -> Path:
    """The folder of the concepts that come with the program."""
    from importlib.util import find_spec  # importlib.resources would do, but imports zipfile and much else

    assets = find_spec("assets")
    places = (assets.submodule_search_locations if assets else None) or ["assets"]
    return next((found for place in places if (found := Path(place, "concepts")).is_dir()), Path(places[0], "concepts"))


def load_concepts(folder: Path) -> Concepts:
    """Reads every ``*.toml`` of ``folder`` in the order of the file names.

    Raises :class:`ConceptError` with every problem found: unreadable files, unknown or missing keys, wrong types,
    ids given twice, prerequisites that do not exist. Cycles are the graph's to find (``ConceptGraph.check``).
    """
    problems: list[str] = []
    found: dict[str, Concept] = {}
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise ConceptError([f"{folder} holds no concepts; reinstall the program or name another folder."])
    for path in paths:
        for concept in _read_file(path, problems):
            if concept.id in found:
                problems.append(f"{path.name}: id {concept.id!r} is also in {found[concept.id].source}.")
            found.setdefault(concept.id, concept)
    for concept in found.values():
        unknown = [needed for needed in concept.requires if needed not in found]
        problems += [f"{concept.source}: {concept.id}: requires names {needed!r}, no concept." for needed in unknown]
    if problems:
        raise ConceptError(problems)
    return Concepts(found)


def _read_file(path: Path, problems: list[str]) -> list[Concept]:
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path.name}: cannot be read as TOML: {error}.")
        return []
    before = len(problems)
    domain, competency, tables = data.get("domain"), data.get("competency"), data.get("concept")
    if domain not in DOMAINS:
        problems.append(f"{path.name}: domain must be one of {', '.join(DOMAINS)}.")
    if not isinstance(competency, str) or not _ID.fullmatch(competency):
        problems.append(f"{path.name}: competency must be a kebab-case name.")
    unknown = sorted(data.keys() - {"domain", "competency", "concept"})
    problems += [f"{path.name}: {key} is no key of a concept file." for key in unknown]
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(f"{path.name}: concept must be [[concept]] tables.")
    if len(problems) > before:
        return []
    read = (_read_concept(table, path.name, str(domain), str(competency), problems) for table in tables or [])
    return [concept for concept in read if concept]


def _read_concept(
    table: dict[str, Any], file: str, domain: str, competency: str, problems: list[str]
) -> Concept | None:
    found = _problems(table, domain)
    see: list[Reference] = []
    if not found:
        for text in table.get("see", ()):
            try:
                see.append(Reference.parse(text))
            except ValueError as error:
                found.append(f"see: {error}")
    if found:
        problems += [f"{file}: {table.get('id', '(no id)')}: {problem}." for problem in found]
        return None
    texts: dict[str, Any] = {key: table.get(key, "").strip("\n") for key in (*_TEXTS, *_OPTIONAL_TEXTS)}
    lists: dict[str, Any] = {key: tuple(table.get(key, ())) for key in _LISTS if key != "see"}
    return Concept(domain=domain, competency=competency, see=tuple(see), source=file, **texts, **lists)


def _problems(table: dict[str, Any], domain: str) -> list[str]:
    """What is wrong with one table: half a sentence each that starts with the key."""
    found = [f"{key} is no key of a concept" for key in sorted(table.keys() - _KEYS)]
    found += [f"{key} is missing" for key in _TEXTS if key not in table]
    given = [key for key in (*_TEXTS, *_OPTIONAL_TEXTS) if key in table]
    empty = [key for key in given if not (isinstance(table[key], str) and table[key].strip())]
    found += [f"{key} must be a text that is not empty" for key in empty]
    for key in _LISTS:
        value = table.get(key, [])
        if not (isinstance(value, list) and all(isinstance(entry, str) and entry.strip() for entry in value)):
            found.append(f"{key} must be a list of texts that are not empty")
        elif len(set(value)) != len(value):
            found.append(f"{key} says something twice")
    return found or _broken_rules(table, domain)


def _broken_rules(table: dict[str, Any], domain: str) -> list[str]:
    """The rules beyond types; ``table`` has the right ones."""
    found = []
    if not _ID.fullmatch(table["id"]):
        found.append("id must be kebab-case: small letters and digits, joined by single hyphens")
    if "\n" in table["definition"].strip() or not table["definition"].strip().endswith("."):
        found.append("definition must be one sentence on one line, with its full stop")
    if not table["lesson"].strip().split("\n\n")[-1].startswith(CHECK_MARK):
        found.append(f"lesson must end with a paragraph that starts with {CHECK_MARK}")
    if len(table.get("intents", ())) < _MIN_INTENTS:
        found.append(f"intents must be at least {_MIN_INTENTS} phrasings")
    if any(not _CODE.fullmatch(code) for code in table.get("errors", ())):
        found.append("errors must be codes such as E0382")
    if set(table.get("leads", ())) - set(table.get("errors", ())):
        found.append("leads must be among errors")
    if table["id"] in table.get("requires", ()):
        found.append("requires names the concept itself")
    if ("failing" in table) != ("failing_code" in table):
        found.append("failing and failing_code belong together")
    if "failing_code" in table and table["failing_code"] not in table.get("errors", ()):
        found.append("failing_code must be one of errors")
    if domain == "rust" and "example" not in table:
        found.append("example is missing; a Rust concept needs one that compiles")
    if domain != "rust" and (table.get("errors") or "failing" in table):
        found.append("errors and failing are for Rust alone")
    if domain == "rust" and "setup" in table:
        found.append("setup is for shell examples alone")
    return found
