"""What the compiler said, as typed values.

The shapes follow rustc's JSON diagnostics ("JSON Output" in the rustc book). Offsets are bytes into the file's
content as it is on disk, lines and columns count from 1, columns count characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note", "help", "failure-note"]
Applicability = Literal["MachineApplicable", "MaybeIncorrect", "HasPlaceholders", "Unspecified"]


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file. ``file`` is relative to the project's root (POSIX separators); a span outside the
    project keeps the path that the compiler gave. ``replacement``: what the compiler suggests to put here.
    ``from_macro``: the place is inside a macro's expansion, so an edit here may not mean what it seems to."""

    file: str
    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int
    primary: bool = False
    label: str = ""
    replacement: str | None = None
    applicability: Applicability | None = None
    from_macro: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error, warning, note or help. ``code`` is "E0382", a lint's name, or "" for an error without a code.
    ``rendered`` is the compiler's own text without colours (not made inert)."""

    code: str
    level: Level
    message: str
    spans: tuple[Span, ...] = ()
    children: tuple[Diagnostic, ...] = ()
    rendered: str = ""

    @property
    def place(self) -> Span | None:
        """The first primary span, else the first span."""
        return next((span for span in self.spans if span.primary), self.spans[0] if self.spans else None)

    def walk(self) -> Iterator[Diagnostic]:
        """This diagnostic and all that hang below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()

    def to_json(self) -> dict[str, object]:
        """The short form of ``cli.md``: code, level, message, file, line, column."""
        place = self.place
        return {
            "code": self.code,
            "level": self.level,
            "message": self.message,
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
        }
