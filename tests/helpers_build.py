"""Sources made by hand, for tests of what is done with sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knowledgegraph.build import Built, Step, build
from knowledgegraph.entry import Entry, Form, Piece
from knowledgegraph.sources.base import Found, Missing, Source


def entry(ref: str, *, kind: str = "book", form: Form = Form.PAGE, domain: str = "rust", **more: object) -> Entry:
    """An entry whose title is its ref, unless ``more`` says otherwise."""
    values: dict[str, object] = {"title": ref, **more}
    return Entry(kind=kind, ref=ref, form=form, domain=domain, **values)  # type: ignore[arg-type] -- fields by name


@dataclass
class HandMade:
    """A source that gives ``pieces``; counts how often it was read."""

    name: str = "hand"
    pieces: Iterable[Piece] = ()
    fingerprint: str = "1"
    missing: str = ""
    title: str = "Made by hand"
    times_read: int = field(default=0)

    def detect(self) -> Found | Missing:
        """Found, unless ``missing`` says why not."""
        return Missing(self.missing, "make it") if self.missing else Found("v" + self.fingerprint, self.fingerprint)

    def read(self, found: Found) -> Iterator[Piece]:
        """The pieces."""
        self.times_read += 1
        yield from self.pieces


def built(path: Path, *sources: Source, fresh: bool = False) -> Built:
    """Builds to the end."""
    steps: list[Step | Built] = list(build(path, sources, fresh=fresh))
    last = steps[-1]
    assert isinstance(last, Built)
    return last
