"""Which patterns occur in Rust source, and where.

The rules stand in :mod:`knowledgegraph.recognise`: tree-sitter queries with small predicates, and tables of names.
All queries run in one pass. Comments and strings never count, nor do bodies of ``macro_rules!``; the arguments of the
standard library's macros are read as the code that they are. What a macro would generate is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from knowledgegraph.recognise import configuration
from knowledgegraph.recognise.configuration import in_manifest, in_workflow
from knowledgegraph.recognise.macros import written_out
from knowledgegraph.recognise.names import TABLES
from knowledgegraph.recognise.rule import File, Match, Rule, Table
from knowledgegraph.recognise.rules import RULES
from knowledgegraph.rust_syntax import MAX_BYTES, Search, Syntax, TooMuch, parse

__all__ = ["IDS", "Occurrence", "TooMuch", "occurrences", "recognise", "recognise_file", "title"]

_ALL: tuple[Rule | Table, ...] = (*TABLES, *RULES)

IDS: frozenset[str] = configuration.IDS.union(*(rule.ids for rule in _ALL))
"""Every id that can be recognised."""

_MACROS_IN_MACROS = 4


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """A pattern at some lines, counted from 1. ``confidence``: 1.0 where the syntax alone decides; lower where a name
    or a shape does."""

    line: int
    end_line: int
    pattern: str
    confidence: float


def recognise_file(name: str, content: bytes) -> list[Occurrence] | None:
    """What occurs in a file called ``name``: Rust source, a ``Cargo.toml``, a workflow in YAML; None for others.

    Raises :class:`~knowledgegraph.rust_syntax.TooMuch`.
    """
    suffix = name.rpartition(".")[2].lower()
    if suffix == "rs":
        return recognise(content)
    read = in_manifest if name == "Cargo.toml" else in_workflow if suffix in ("yml", "yaml") else None
    if read is None:
        return None
    if len(content) > MAX_BYTES:
        raise TooMuch(f"is larger than {MAX_BYTES >> 20} MB")
    text = content.decode("utf-8", "replace")
    return [Occurrence(line, end, pattern, 1.0) for pattern, line, end in read(text)]


def title(pattern: str) -> str:
    """The id of a pattern as words: "iterator adaptor chain"."""
    return pattern.replace("-", " ")


def recognise(source: bytes) -> list[Occurrence]:
    """What occurs in Rust source, in the order of lines; each pattern once for the lines that it takes.

    Any bytes will do. Raises :class:`~knowledgegraph.rust_syntax.TooMuch` for what is too large to be looked at.
    """
    return occurrences(parse(source))


def occurrences(syntax: Syntax) -> list[Occurrence]:
    """The same for source that was parsed already. Raises TooMuch where the arguments of a macro are too much."""
    whole = File(syntax)
    found = set(_in_tree(whole))
    for _ in range(_MACROS_IN_MACROS):
        inner = written_out(syntax)
        if not inner.strip():
            break
        syntax = parse(inner)
        found.update(_in_tree(whole.part(syntax)))
    return sorted(found)


def _in_tree(file: File) -> Iterator[Occurrence]:
    for index, captures in _search().matches(file.syntax.root):
        match = Match(file, captures)
        for identity, confidence in _ALL[index].tell(match):
            at = match.at
            yield Occurrence(at.start_point.row + 1, at.end_point.row + 1, identity, confidence)


@cache
def _search() -> Search:
    return Search([rule.query for rule in _ALL])
