"""References into documentation: what a concept points to and what an answer cites.

A reference is a kind and a place inside that kind, as ``docs/authoring.md`` lists them: ``("book",
"ch04-01-what-is-ownership.html")``, ``("std", "std::rc::Rc")``, ``("git", "git reset")``.
"""

from __future__ import annotations

from dataclasses import dataclass

_RUST = "https://doc.rust-lang.org"

#: Books whose references are page paths inside the book: kind to its folder under ``share/doc/rust/html``.
BOOKS = {
    "book": "book",
    "reference": "reference",
    "rbe": "rust-by-example",
    "nomicon": "nomicon",
    "cargo": "cargo",
    "edition": "edition-guide",
    "rustc": "rustc",
}

#: Every kind of thing that can be cited.
KINDS = frozenset(
    {*BOOKS, "std", "error", "clippy", "rustc-lint", "git", "linux", "gh", "concept", "pattern", "crate", "note"}
)


_GH_TOPICS = frozenset({"gh environment", "gh exit-codes", "gh formatting", "gh mintty", "gh reference"})


def _command(ref: str) -> str:
    """The command of a reference to one of its sections or options: ``git rebase -- NOTES``, ``git commit --amend``."""
    return ref.partition(" -")[0]


@dataclass(frozen=True, slots=True)
class Reference:
    """One place in some documentation. ``kind`` is one of :data:`KINDS`; ``ref`` names the place inside it."""

    kind: str
    ref: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Reads ``"book ch04-01-what-is-ownership.html"``: the kind, a space, the place.

        Raises ValueError, in one sentence, for an unknown kind or a missing place.
        """
        kind, _, ref = text.strip().partition(" ")
        if kind not in KINDS:
            raise ValueError(f"{text!r} starts with no kind of reference; use one of {', '.join(sorted(KINDS))}")
        if not ref.strip():
            raise ValueError(f"{text!r} names no place after {kind!r}")
        return cls(kind, ref.strip())

    @property
    def url(self) -> str | None:
        """The public address, where the kind has one that can be told without looking."""
        if self.kind in BOOKS:
            return f"{_RUST}/{BOOKS[self.kind]}/{self.ref}"
        if self.kind == "std":
            return f"{_RUST}/std/?search={self.ref}"
        if self.kind == "error":
            return f"{_RUST}/error_codes/{self.ref}.html"
        if self.kind == "git":
            return f"https://git-scm.com/docs/{_command(self.ref).replace(' ', '-')}"
        if self.kind == "gh":
            command = _command(self.ref)
            page = f"gh help {command[3:]}" if command in _GH_TOPICS else command
            return f"https://cli.github.com/manual/{page.replace(' ', '_')}"
        if self.kind == "clippy":
            return f"https://rust-lang.github.io/rust-clippy/stable/index.html#{self.ref.removeprefix('clippy::')}"
        return None

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"
