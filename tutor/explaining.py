"""Explanations of one thing: an error code, a lint, a concept, a std path, a command, a place in a file."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import events
from tutor.errors import TutorError
from tutor.events import Event
from tutor.inert import inert_line

if TYPE_CHECKING:
    from knowledgegraph.answer import Answer
    from knowledgegraph.entry import Entry
    from knowledgegraph.recogniser import Occurrence
    from tutor.diagnostics import Diagnostic
    from tutor.engine import Tutor

CODE = re.compile(r"\bE\d{4}\b", re.IGNORECASE)
_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d{1,7})(?::\d{1,7})?")
_NEAR = 5
_MOST_WORDS = 8  # that the name of a command or an option has
_MOST_SHOWN = 200  # characters of what was asked for
_LONGEST_FILE = 16 << 20  # bytes
_AROUND = 2  # lines of the file shown before and after the one that is asked about
_MOST_PATTERNS = 8


@dataclass(frozen=True, slots=True)
class Known:
    """What this machine knows about a question. ``concepts``: ids of entries, the main one first."""

    markdown: str
    citations: tuple[events.Citation, ...]
    concepts: tuple[str, ...]
    in_scope: bool


def known_of(answer: Answer) -> Known:
    """An answer of the library, with its citations as events."""
    citations = tuple(events.Citation(c.ref, c.kind, c.title, c.score, c.location or "") for c in answer.citations)
    return Known(answer.markdown, citations, answer.concepts, answer.in_scope)


class Explainer:
    """Explains for one :class:`tutor.engine.Tutor`. Every method may block; faces call it from workers."""

    def __init__(self, tutor: Tutor) -> None:
        self._tutor = tutor

    def explain(self, thing: str) -> Known:
        """Anything but a place in a file: what bears this name, else what a command line begins with."""
        if CODE.fullmatch(thing):
            return self.error_code(thing.upper())
        library = self._tutor.library
        found = library.look_up(thing)
        words = thing.split()[: _MOST_WORDS + 1]
        while not found and len(words) > 1:  # `git reset --hard HEAD~1`: the option, else the command
            words.pop()
            found = library.look_up(" ".join(words))
        return self._told(found) if found else self._unknown(thing)

    def _told(self, found: Sequence[Entry]) -> Known:
        from knowledgegraph.answer import compose
        from knowledgegraph.search import Hit

        library = self._tutor.library
        hits = [Hit(entry, 1.0, True, library.concepts.get(entry.id)) for entry in found]
        return known_of(compose(found[0].title, hits, library))

    def _unknown(self, thing: str) -> Known:
        near = list(dict.fromkeys(entry.title for entry in self._tutor.library.find(thing, _NEAR * 2)))[:_NEAR]
        shown = thing if len(thing) <= _MOST_SHOWN else f"{thing[:_MOST_SHOWN]}…"
        text = f"I have no page on “{shown}”."
        if near:
            text += " There is: " + ", ".join(f"`{title}`" for title in near) + "."
        else:
            text += (
                " I can explain error codes (`E0382`), lints, concepts, std paths (`Vec::push`), commands and places "
                f'in files (`src/main.rs:12`); `tutor ask "{shown}"` searches everything.'
            )
        if not self._tutor.library.built:
            text += " So far I know the lessons only: `tutor knowledge build` reads the documentation of this machine."
        return Known(text, (), (), in_scope=False)

    def error_code(self, code: str) -> Known:
        """The concept behind an error code, then what its page says: the documentation's, else the compiler's own."""
        concepts = self._tutor.library.for_error(code)
        page = self._tutor.library.entry(f"error:{code}")
        parts: list[str] = []
        citations: list[events.Citation] = []
        if concepts:
            answer = known_of(self._tutor.library.answer(code))
            parts.append(answer.markdown)
            citations += answer.citations
        if page is not None:
            parts.append(f"## What the documentation says of {code}\n\n{page.text}")
            if not any(citation.kind == "error" and citation.ref == code for citation in citations):
                citations.insert(0, events.Citation(code, "error", page.title, 1.0, page.location))
        else:
            self._from_compiler(code, parts, citations)
        if not citations:
            parts.insert(0, f"`{code}` is not a code that I or the compiler on this machine know.")
        return Known("\n\n".join(parts), tuple(citations), tuple(c.id for c in concepts), bool(citations))

    def _from_compiler(self, code: str, parts: list[str], citations: list[events.Citation]) -> None:
        from tutor.fix.explain import explain_code
        from tutor.toolchain import HOW_TO_GET_RUST, find_toolchain

        toolchain = find_toolchain(self._tutor.home.cache)
        explained = explain_code(code, toolchain) if toolchain else None
        if explained:
            parts.append(f"## What the compiler says of {code}\n\n{explained.markdown}")
            citations.insert(0, events.Citation(code, "error", f"rustc --explain {code}", 1.0, ""))
        elif toolchain is None:
            parts.append(f"The compiler's own explanation needs Rust. {HOW_TO_GET_RUST}")

    # A place in a file.

    def place(self, thing: str) -> tuple[Path, int] | None:
        """The file and line that ``src/main.rs:12`` names, where there is such a file; else None."""
        match = _PLACE.fullmatch(thing)
        if match is None:
            return None
        root = self._tutor.root
        path = (root if root.is_dir() else root.parent) / Path(match["file"])
        return (path, int(match["line"])) if os.path.isfile(path) else None  # noqa: PTH113 (no to names too long)

    def explain_place(self, path: Path, line: int, cancel: threading.Event) -> Generator[Event, None, Known]:
        """What is at work in one line of a Rust file: the line, what the compiler says there, the patterns that cover
        it, the innermost first. Yields what the check reports. Raises TutorError where the file cannot be read."""
        from tutor.errors import Failed

        try:
            source = _read(path)
        except OSError as error:
            raise Failed("Cannot read", f"{inert_line(str(path))}: {error.strerror}.") from error
        if len(source) > _LONGEST_FILE:
            raise Failed("Too long", f"{inert_line(path.name)} has more than {_LONGEST_FILE >> 20} MiB.")
        # As the compiler counts: only a line feed ends a line.
        lines = source.decode("utf-8", "replace").removesuffix("\n").split("\n") if source else []
        if not 1 <= line <= len(lines):
            count = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
            raise Failed("No such line", f"{inert_line(path.name)} has {count}.")
        diagnostics = yield from self._diagnostics(path, line, cancel)
        return self._place_told(path, line, lines, diagnostics, _covering(source, line))

    def _diagnostics(
        self, path: Path, line: int, cancel: threading.Event
    ) -> Generator[Event, None, list[Diagnostic] | None]:
        """What the compiler says about this line; None, where there is a reason with a notice, if it was not asked."""
        from tutor.fix.search import FixRequest

        root = Path()
        found: Sequence[Diagnostic] | None = None
        try:
            for event in self._tutor.fixer.check(FixRequest(path), cancel):
                if isinstance(event, events.DiagnosticsFound):
                    root, found = Path(event.root), event.diagnostics
                else:
                    yield event
        except TutorError as error:
            yield events.Notice(f"Not checked: {error.msg}", "warning")
        if found is None:
            return None
        return [d for d in found if any(root / span.file == path and span.line <= line <= span.end_line
                                        for span in d.spans)]  # fmt: skip

    def _place_told(
        self, path: Path, line: int, lines: Sequence[str], diagnostics: Sequence[Diagnostic] | None,
        patterns: Sequence[Occurrence],
    ) -> Known:  # fmt: skip
        first, last = max(1, line - _AROUND), min(len(lines), line + _AROUND)
        width = len(str(last))
        shown = [f"{'>' if number == line else ' '} {number:{width}} {lines[number - 1]}"
                 for number in range(first, last + 1)]  # fmt: skip
        parts = [f"## {inert_line(path.name)}, line {line}", "```text\n" + "\n".join(map(inert_line, shown)) + "\n```"]
        citations: dict[tuple[str, str], events.Citation] = {}
        concepts: dict[str, None] = {}
        parts += [self._diagnostic_told(diagnostic, citations, concepts) for diagnostic in diagnostics or ()]
        if patterns:
            told = [self._pattern_told(pattern, line, citations, concepts) for pattern in patterns[:_MOST_PATTERNS]]
            parts.append("**At work here**\n\n" + "\n".join(told))
        if not diagnostics and not patterns:
            said = "The compiler was not asked" if diagnostics is None else "The compiler says nothing about this line"
            parts.append(f"{said}, and I recognise no pattern in it.")
        return Known("\n\n".join(parts), tuple(citations.values()), tuple(concepts), in_scope=True)

    def _diagnostic_told(
        self, diagnostic: Diagnostic, citations: dict[tuple[str, str], events.Citation], concepts: dict[str, None]
    ) -> str:
        library = self._tutor.library
        code = f" `{diagnostic.code}`" if diagnostic.code else ""
        text = f"**{diagnostic.level}**{code}: {inert_line(diagnostic.message)}"
        for concept in library.for_error(diagnostic.code)[:1]:
            concepts.setdefault(concept.id)
            text += f"\n\n*{concept.title}*: {concept.definition}"
        for entry in (library.look_up(diagnostic.code) if diagnostic.code else [])[:3]:
            self._cite(entry, citations)
        return text

    def _pattern_told(
        self, pattern: Occurrence, line: int, citations: dict[tuple[str, str], events.Citation],
        concepts: dict[str, None],
    ) -> str:  # fmt: skip
        """One line: the pattern's name, where it stands, and what the knowledge says it is."""
        name = pattern.pattern.replace("-", " ")
        place = (
            f"line {pattern.line}" if pattern.line == pattern.end_line else f"lines {pattern.line}–{pattern.end_line}"
        )
        text = f"- **{name}** ({place})"
        library = self._tutor.library
        found = library.look_up(pattern.pattern, 1) or library.look_up(name, 1) or [
            hit.entry for hit in library.search(f"rust {name}", 1)
        ]  # fmt: skip
        for entry in found:
            if entry.kind == "concept":
                concepts.setdefault(entry.id)
            self._cite(entry, citations)
            text += f": see *{inert_line(entry.title)}*. {inert_line(entry.summary)}"
        return text

    def _cite(self, entry: Entry, citations: dict[tuple[str, str], events.Citation]) -> None:
        citation = events.Citation(entry.ref, entry.kind, entry.title, 1.0, entry.location)
        citations.setdefault((entry.kind, entry.ref), citation)


def _read(path: Path) -> bytes:
    """A file, and a byte more than is wanted of one that is too long. Never waits: some of /proc would. Raises
    OSError."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        return file.read(_LONGEST_FILE + 1) or b""


def _covering(source: bytes, line: int) -> list[Occurrence]:
    """The patterns that cover a line, those with the fewest lines first; nothing where the file is too much."""
    from knowledgegraph.recogniser import TooMuch, recognise

    try:
        found = [occurrence for occurrence in recognise(source) if occurrence.line <= line <= occurrence.end_line]
    except TooMuch:
        return []
    found.sort(key=lambda occurrence: (occurrence.end_line - occurrence.line, occurrence.line))
    return list({occurrence.pattern: occurrence for occurrence in reversed(found)}.values())[::-1]
