"""How much a candidate is worth to someone who asks: by its words, its source, its domain, the lessons that cite it.

The figures were found on questions of our own (``tutor eval retrieval``); each says one thing that is true of the
sources, and none is about a single question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from knowledgegraph.entry import page_of
from knowledgegraph.everyday import EVERYDAY

#: What a source is worth to a learner, at the same fit: what teaches before what lists.
_KINDS = {
    "concept": 1.25, "book": 1.15, "rbe": 1.05, "error": 1.0, "std": 1.0, "git": 1.0, "gh": 1.0, "linux": 0.95,
    "cargo": 0.95, "reference": 0.85, "nomicon": 0.85, "edition": 0.75, "clippy": 0.7, "rustc": 0.6, "rustc-lint": 0.6,
    "note": 1.05, "crate": 0.85, "pattern": 0.9,
}  # fmt: skip
#: Pages that list or announce: found by who looks for them, not by who asks something else.
_ASIDE = {"cargo": ("CHANGELOG.html", "reference/unstable.html", "reference/semver.html"),
          "rustc": ("platform-support/", "lints/listing/"), "book": ("ch21", "appendix-05", "ch00"),
          "std": ("std::os::", "std::arch", "std::simd")}  # fmt: skip
_ASIDE_WORTH = 0.6
_SELDOM = 0.75  # what a manual page is worth that few people ever need
_FORMS = {"book": 0.8, "module": 0.95, "method": 0.95, "option": 0.8, "variable": 0.8, "term": 0.9}

_CITED = 1.0  # of a lesson's fit goes to the first section that it cites, ...
_CITED_NEXT = 0.88  # ... and of that to each next one
_UNREAD = 0.8  # what a page is worth that is not on this machine
_BOTH = 0.7  # what the weaker of two reasons (its own words, a lesson's citation) adds
_COVERED = 0.4  # the part of a text's fit that counts only as far as the question is covered
_PAGE = 0.05  # what each further section of a page that fits adds to the best one


def worth(kind: str, ref: str, form: str) -> float:
    """The prior of an entry: about 1."""
    value = _KINDS.get(kind, 1.0) * _FORMS.get(form, 1.0)
    if kind == "linux" and page_of(kind, ref)[1] not in EVERYDAY:
        value *= _SELDOM
    return value * _ASIDE_WORTH if ref.startswith(_ASIDE.get(kind, ("\0",))) else value


@dataclass(slots=True)
class Candidate:
    """An entry that may be the answer. ``text``, ``meaning``: how well its own words and its vector fit, 0 to 1;
    ``cited``: how well the best lesson that cites it fits; ``named``: whether the question names it; ``intended``:
    whether it was written for this question."""

    row: int
    kind: str
    ref: str
    form: str
    domain: str
    text: float = 0.0
    meaning: float = 0.0
    cited: float = 0.0
    named: float = 0.0
    intended: float = 0.0
    coverage: float = 0.0
    pooled: float = field(default=0.0)

    @property
    def worth(self) -> float:
        """What such an entry is worth at the same fit."""
        return worth(self.kind, self.ref, self.form)

    @property
    def page(self) -> tuple[str, str]:
        """What a reader opens: sections of one page share it."""
        return page_of(self.kind, self.ref)

    @property
    def own(self) -> float:
        """How well it fits by itself."""
        text = self.text * (1 - _COVERED + _COVERED * self.coverage)
        return max(text, self.meaning) + _BOTH * min(text, self.meaning) + self.intended

    @property
    def fit(self) -> float:
        """All reasons together."""
        first, second = max(self.own, self.cited), min(self.own, self.cited)
        return first + _BOTH * second + self.named + self.pooled


def spread(lessons: Iterable[tuple[Candidate, list[Candidate]]]) -> None:
    """Lets each lesson that fits speak for the sections that it cites, the first one most."""
    for lesson, cited in lessons:
        share = _CITED * (lesson.own + lesson.named)
        for candidate in cited:
            candidate.cited = max(candidate.cited, share if candidate.row >= 0 else share * _UNREAD)
            share *= _CITED_NEXT


def pool(candidates: Iterable[Candidate]) -> None:
    """Sections of one page that all fit a little speak for the best of them."""
    pages: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        pages.setdefault(candidate.page, []).append(candidate)
    for sections in pages.values():
        sections.sort(key=lambda candidate: -candidate.fit)
        sections[0].pooled = _PAGE * sum(candidate.fit for candidate in sections[1:4])


def normalised(values: Mapping[int, float]) -> dict[int, float]:
    """``values`` as shares of the largest."""
    most = max(values.values(), default=0.0)
    return {row: value / most for row, value in values.items()} if most > 0 else {}
