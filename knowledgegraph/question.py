"""A question, taken apart: what it is about, how much each word says, and which documents know the word."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from knowledgegraph import words

if TYPE_CHECKING:
    import sqlite3

_MAX_TERMS = 24
_HEADLINE = "{title names intents summary}"
_BODY_SHARE = 0.5  # how much a word in the body covers, against one in a headline
_SAME_SHARE = 0.7  # how much a word covers that means the same, against the word itself
_RARE = 4  # a word in fewer documents says no more than this: rare words are often accidents
# The least of a question that must be covered: when it names a domain by a word that means nothing else; when several
# of its words point to one, or one word alone, which may be meant otherwise (branch, shell, string); when "rust" is
# all, which may be the one on iron; when nothing says what it is about.
_LEAST_OURS, _LEAST_SEVERAL, _LEAST_POINTER, _LEAST_RUST, _LEAST_ANY = 0.47, 0.47, 0.5, 0.52, 0.56
_LEAST_ONE = 0.6  # one word alone must be in a headline: lessons use words in passing
_STRANGE = 0.1  # more, when nothing says what it is about and no document knows one of its words
_DOMAIN, _FOREIGN_DOMAIN, _LEANING = 1.3, 0.6, 0.4


@dataclass(slots=True)
class Question:
    """A query. ``terms``: its words worth searching for; ``domains``: those that it names; ``leaning``: those that its
    words point to, as shares. After :meth:`weigh`, ``weights``: how much each word says; ``known``: the rows of the
    documents that know it, and how well (0 to 1)."""

    text: str
    terms: list[str]
    domains: frozenset[str]
    leaning: Mapping[str, float]
    weights: dict[str, float] = field(default_factory=dict)
    known: dict[str, dict[int, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, query: str) -> Question:
        """Reads a query."""
        return cls(query, words.terms(query)[:_MAX_TERMS], words.domains(query), words.leaning(query))

    @property
    def match(self) -> str:
        """What FTS5 is asked for: any of the words, or of those that mean the same; "" where there are none."""
        wanted = dict.fromkeys(word for term in self.terms for word in (term, *words.same(term)))
        return " OR ".join(f'"{word}"' for word in wanted)

    def weigh(self, database: sqlite3.Connection, total: int) -> None:
        """Looks up every word on its own in ``total`` documents: who knows it, and so how rare it is."""
        quoted = words.quoted(self.text)
        for term in self.terms:
            # All rows of a word come faster than those among some candidates: FTS5 would look for each one anew.
            anywhere = _rows(database, f'"{term}"')
            if not anywhere and term in quoted:
                continue  # a name out of the reader's own code says nothing of the subject
            known = dict.fromkeys(anywhere, _BODY_SHARE)
            for other in words.same(term):
                known.update(dict.fromkeys(_rows(database, f'{_HEADLINE} : "{other}"'), _SAME_SHARE))
            known.update(dict.fromkeys(_rows(database, f'{_HEADLINE} : "{term}"'), 1.0))
            self.known[term] = known
            self.weights[term] = math.log(1 + total / max(len(anywhere), _RARE))

    def coverage(self, row: int) -> float:
        """How much of the question the document in ``row`` knows, 0 to 1; words count by how much they say."""
        total = sum(self.weights.values())
        return sum(weight * self.known[term].get(row, 0.0) for term, weight in self.weights.items()) / (total or 1.0)

    @property
    def least(self) -> float:
        """How much of it the best document must cover for it to be about what the tutor knows."""
        if words.is_plainly_ours(self.text):
            return _LEAST_OURS
        least = _LEAST_SEVERAL if len(words.pointers(self.text)) > 1 else _LEAST_POINTER
        if not self.leaning:
            strange = any(not rows for rows in self.known.values())
            least = (_LEAST_RUST if self.domains else _LEAST_ANY) + (_STRANGE if strange else 0.0)
        return max(least, _LEAST_ONE) if len(self.weights) == 1 else least

    def steer(self, domain: str) -> float:
        """What an entry of this domain is worth to this question: about 1."""
        if self.domains:
            return _DOMAIN if domain in self.domains else _FOREIGN_DOMAIN
        return 1.0 + _LEANING * self.leaning.get(domain, 0.0)

    def likeness(self, intents: Iterable[str]) -> float:
        """How much it is like the most similar of ``intents``, 0 to 1: the F1 of their words, by how much they say."""
        asked = {words.stem(term): weight for term, weight in self.weights.items()}
        total = sum(asked.values())
        best = 0.0
        for intent in intents if total else ():
            said = {words.stem(term) for term in words.terms(intent)}
            both = said & asked.keys()
            if both:
                recall, precision = sum(asked[term] for term in both) / total, len(both) / len(said)
                best = max(best, 2 * recall * precision / (recall + precision))
        return best


def _rows(database: sqlite3.Connection, match: str) -> list[int]:
    statement = "SELECT rowid FROM documents WHERE documents MATCH ?"
    return [row for (row,) in database.execute(statement, (match,))]
