"""Lints as sources: what Clippy and the compiler warn about, why, and what to write instead.

Both lists come from the programs themselves (:mod:`knowledgegraph.sources.lint_list`). Clippy explains each of its
lints offline; the compiler's are explained in the rustc book, where that is installed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from knowledgegraph.entry import (
    Coverage,
    Entry,
    Form,
    Kind,
    Mention,
    Piece,
    Relation,
    Trouble,
    entry_id,
    summary_of,
)
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.lint_list import Lint, LintList, read_list
from knowledgegraph.sources.lint_pages import PAGES, Section, read_sections

_NO_RUST = Missing("Rust is not installed.", "Install it with rustup: https://rustup.rs")

#: So many explanations are asked for at the same time, or as many as there are cores: each is a program of its own
#: that has to be loaded.
_AT_ONCE = 4
_MOST_MISSING = 36

_INLINE = re.compile(r"(?<!`)`([A-Za-z_][\w:]*(?:\(\)|!)?)`(?!`)")
_ERROR = re.compile(r"\bE0\d{3}\b")
_FENCED = re.compile(r"^([ ]*)```([^\n]*)\n(.*?)^[ ]*```[ ]*$", re.MULTILINE | re.DOTALL)
#: What stands between code that the lint finds and the code to write: "Use instead:", "could be written as", …
_TURN = re.compile(
    r"\binstead\b(?! of)|^(?:after|add|use|using|fix|to fix)\b|\b(?:better|rather|prefer|simplif(?:y|ied)|rewritten"
    r"|written|expressed|replaced?|correct|should(?: \w+)? be|(?:can|could|may) be)\b",
    re.IGNORECASE,
)
_LONGEST_TURN = 90

_LEVELS = {
    "allow": "Off unless switched on.",
    "warn": "Warns unless a project says otherwise.",
    "deny": "An error unless a project says otherwise.",
    "forbid": "An error, always.",
}

#: What the groups are for, in our words.
_GROUPS = {
    "clippy::all": "Everything that Clippy checks by default: correctness, suspicious, complexity, perf and style.",
    "clippy::cargo": "Mistakes in `Cargo.toml`: missing metadata, doubtful versions of dependencies.",
    "clippy::complexity": "Code that does something plain in a roundabout way.",
    "clippy::correctness": "Code that is wrong or does nothing useful; refused by default.",
    "clippy::nursery": "New lints that may still be mistaken.",
    "clippy::pedantic": "Strict lints, with which one may well disagree now and then.",
    "clippy::perf": "Code that could run faster without becoming harder to read.",
    "clippy::restriction": "Bans on parts of the language; choose single ones, never the whole group.",
    "clippy::style": "Code that works, where Rust programmers would write it differently.",
    "clippy::suspicious": "Code that is probably wrong, or reads as if it were.",
    "warnings": "Every lint that is set to warn; `-D warnings` makes all of them errors.",
    "unused": "Things that are declared, computed or imported, and then not used.",
    "nonstandard_style": "Names that break the conventions of Rust for upper and lower case.",
    "future_incompatible": "Code that a later compiler will refuse.",
}


@dataclass(frozen=True, slots=True)
class ClippyLints:
    """Every lint of the Clippy that belongs to the toolchain, with its explanation and its before/after pairs."""

    machine: Machine
    name: str = "clippy"
    title: str = "Clippy's lints"

    def detect(self) -> Found | Missing:
        """Clippy is here where both of its programs are."""
        if self.machine.sysroot is None:
            return _NO_RUST
        driver = self.machine.sysroot / "bin" / "clippy-driver"
        programs = (driver, driver.with_name("cargo-clippy"))
        version = self.machine.tell((driver, "--version")) if all(path.is_file() for path in programs) else None
        if not version:
            return Missing("Clippy is not installed.", "rustup component add clippy")
        return Found(_number(version), f"{version.strip()} {_stamps(programs)}", str(driver.parent))

    def read(self, found: Found) -> Iterator[Piece]:
        """The root, the groups, then each lint with its relations and its pattern."""
        driver = Path(found.location) / "clippy-driver"
        _, clippy = read_list(self.machine.tell((driver, "-W", "help")) or "")
        if not clippy.lints:
            raise OSError(f"{driver} -W help lists no lints of Clippy.")
        parents = _parents(clippy, "clippy", after="clippy::all")
        yield from _overview(clippy, "clippy", "Clippy", f"Version {found.version}. Run them with `cargo clippy`.")
        missing = []
        for lint, explanation in zip(clippy.lints, self._explanations(found, clippy.lints), strict=True):
            if explanation is None:
                missing.append(lint.name)
            entry = _lint_entry(lint, "clippy", parents.get(lint.name, "clippy:clippy"))
            yield replace(entry, text=_lint_text(lint, tidy(explanation or "")))
            yield from _named_in(entry.id, explanation or "", {lint.name, _short(lint)})
            if pairs := before_and_after(explanation or ""):
                yield _pattern(lint, entry.id, pairs)
                yield Relation(entry.id, entry_id("pattern", f"clippy-{_short(lint)}"), Kind.FIXED_BY)
        if missing:
            yield Trouble(f"Clippy explains {_some(missing)} with no word; run `cargo clippy --explain` to see why.")
        # Every lint is in one group beside clippy::all: the groups are a second count of the lints.
        grouped = {name for group, names in clippy.groups.items() if group != "clippy::all" for name in names}
        total = max(len(grouped), clippy.rows)
        lost = sorted({*missing, *(grouped - {lint.name for lint in clippy.lints})})
        yield Coverage("clippy_lints", len(clippy.lints) - len(missing), total, tuple(lost[:_MOST_MISSING]))

    def _explanations(self, found: Found, lints: list[Lint]) -> Iterator[str | None]:
        """What ``cargo clippy --explain`` says to each, in their order; None where it says nothing."""
        from concurrent.futures import ThreadPoolExecutor

        program = Path(found.location) / "cargo-clippy"

        def explain(lint: Lint) -> str | None:
            text = self.machine.tell((program, "--explain", _short(lint)))
            return text if text and text.strip() else None

        with ThreadPoolExecutor(max(_AT_ONCE, os.cpu_count() or 1)) as pool:
            yield from pool.map(explain, lints)


@dataclass(frozen=True, slots=True)
class RustcLints:
    """Every lint of the compiler; explained where the rustc book is installed."""

    machine: Machine
    name: str = "rustc-lints"
    title: str = "The compiler's lints"

    def detect(self) -> Found | Missing:
        """The compiler is here where the toolchain has its program; the book's pages count for the fingerprint."""
        if self.machine.sysroot is None:
            return _NO_RUST
        rustc = self.machine.sysroot / "bin" / "rustc"
        version = self.machine.tell((rustc, "--version")) if rustc.is_file() else None
        if not version:
            return _NO_RUST
        stamps = _stamps((rustc, *(self._listing() / page for page in PAGES)))
        return Found(_number(version), f"{version.strip()} {stamps}", str(rustc.parent))

    def read(self, found: Found) -> Iterator[Piece]:
        """The root, the groups, then each lint with its relations."""
        rustc = Path(found.location) / "rustc"
        lints, _ = read_list(self.machine.tell((rustc, "-W", "help")) or "")
        if not lints.lints:
            raise OSError(f"{rustc} -W help lists no lints.")
        parents = _parents(lints, "rustc-lint")
        yield from _overview(lints, "rustc-lint", "rustc", "The compiler checks them in every build.")
        sections: dict[str, Section] = {}
        for section in read_sections(self._listing()) if self._listing().is_dir() else ():
            if isinstance(section, Trouble):
                yield section
            else:
                sections.setdefault(section.name, section)
        for lint in lints.lints:
            yield from _rustc_lint(lint, parents.get(lint.name, "rustc-lint:rustc"), sections.get(lint.name))
        for group, members in lints.groups.items():
            for name in members:
                if parents.get(name) != entry_id("rustc-lint", group):
                    yield Relation(entry_id("rustc-lint", name), entry_id("rustc-lint", group), Kind.PART_OF)
        yield Coverage("rustc_lints", len(lints.lints), lints.rows)

    def _listing(self) -> Path:
        return (self.machine.rust_docs or Path("/nonexistent")) / "rustc" / "lints" / "listing"


def _rustc_lint(lint: Lint, parent: str, section: Section | None) -> Iterator[Piece]:
    entry = _lint_entry(lint, "rustc-lint", parent)
    if section is None:
        yield entry
        return
    yield replace(entry, text=_lint_text(lint, section.markdown), location=section.location)
    yield Relation(entry.id, entry_id("rustc", section.ref), Kind.ILLUSTRATED_BY)
    yield from _named_in(entry.id, section.markdown, {lint.name})


def _overview(lints: LintList, kind: str, maker: str, more: str) -> Iterator[Entry]:
    """The root of one maker's lints, and a page for each of its groups."""
    root = Entry(
        kind=kind,
        ref=maker.lower(),
        title=f"Lints of {maker}",
        form=Form.BOOK,
        domain="rust",
        summary=f"{len(lints.lints)} lints in {len(lints.groups)} groups. {more}",
        text=f"{len(lints.lints)} lints in {len(lints.groups)} groups. {more}",
    )
    yield root
    levels = {lint.name: lint.level for lint in lints.lints}
    for name, members in lints.groups.items():
        if name in levels:  # "warnings" is both; the lint has the better text
            continue
        purpose = _GROUPS.get(name, "A group of lints that are switched together.")
        usual = sorted({_LEVELS[levels[member]] for member in members if member in levels})
        text = f"{purpose}\n\nSwitch the whole group with `#![warn({name})]`, or off with `#![allow({name})]`."
        if members:
            text += f"\n\n{len(members)} lints. {' '.join(usual) if len(usual) == 1 else ''}".rstrip()
        yield Entry(
            kind=kind,
            ref=name,
            title=f"Lint group {name}",
            form=Form.PAGE,
            domain="rust",
            summary=purpose.replace("`", ""),
            text=text,
            parent=root.id,
        )


def _parents(lints: LintList, kind: str, after: str = "") -> dict[str, str]:
    """The group that each lint hangs from: its first one, where it has one beside ``after``."""
    parents: dict[str, str] = {}
    for group, members in lints.groups.items():
        if group != after:
            for name in members:
                parents.setdefault(name, entry_id(kind, group))
    return parents


def _lint_entry(lint: Lint, kind: str, parent: str) -> Entry:
    return Entry(
        kind=kind,
        ref=lint.name,
        title=_short(lint),
        form=Form.LINT,
        domain="rust",
        summary=summary_of(_sentence(lint.meaning).replace("`", "")),
        text=_lint_text(lint, ""),
        parent=parent,
        names=_spellings(lint.name),
    )


def _lint_text(lint: Lint, explanation: str) -> str:
    start = f"{_sentence(lint.meaning)}\n\n{_LEVELS[lint.level]}"
    return f"{start}\n\n{explanation}" if explanation else start


def _spellings(name: str) -> tuple[str, ...]:
    """The ways to write a lint's name: with and without its tool, with underscores or hyphens."""
    short = name.rpartition("::")[2]
    return tuple(dict.fromkeys((short, name, short.replace("_", "-"))))


def _named_in(source: str, markdown: str, own: set[str]) -> Iterator[Piece]:
    """What an explanation names: other lints and items as inline code, and error codes."""
    prose = _FENCED.sub("", markdown)
    for name in dict.fromkeys(_INLINE.findall(prose)):
        plain = name.removesuffix("()")
        if plain not in own:
            yield Mention(source, plain)
    for code in dict.fromkeys(_ERROR.findall(markdown)):
        yield Relation(source, entry_id("error", code), Kind.LINKS_TO)


def tidy(explanation: str) -> str:
    """An explanation as plain Markdown: fences that name a language alone."""

    def fence(match: re.Match[str]) -> str:
        return f"{match[1]}```{_language(match[2])}\n{match[3]}{match[1]}```"

    return _FENCED.sub(fence, explanation).strip()


def before_and_after(explanation: str) -> list[tuple[str, str]]:
    """The pairs of code blocks in an explanation that a short turn such as "Use instead:" stands between."""
    blocks = list(_FENCED.finditer(explanation))
    pairs: list[tuple[str, str]] = []
    for before, after in pairwise(blocks):
        between = explanation[before.end() : after.start()].strip()
        same = _language(before[2]) == _language(after[2])
        if same and len(between) <= _LONGEST_TURN and "#" not in between and _TURN.search(between):
            pairs.append((_block(before), _block(after)))
    return pairs


def _block(match: re.Match[str]) -> str:
    """A fenced block of its own, without the indent that it had in a list."""
    import textwrap

    return f"```{_language(match[2])}\n{textwrap.dedent(match[3]).strip()}\n```"


def _language(info: str) -> str:
    """The language of a fence: ``rust`` for ``rust,ignore`` and for marks that rustdoc reads as Rust."""
    first = info.strip().partition(",")[0].strip()
    return "rust" if first in ("", "ignore", "no_run", "should_panic", "compile_fail") else first


def _pattern(lint: Lint, parent: str, pairs: list[tuple[str, str]]) -> Entry:
    name = _short(lint)
    shown = [f"**Before**\n\n{before}\n\n**After**\n\n{after}" for before, after in pairs]
    return Entry(
        kind="pattern",
        ref=f"clippy-{name}",
        title=f"{name.replace('_', ' ').capitalize()}: before and after",
        form=Form.PATTERN,
        domain="rust",
        summary=summary_of(_sentence(lint.meaning).replace("`", "")),
        text="\n\n".join((_sentence(lint.meaning), *shown)),
        parent=parent,
        names=(f"clippy-{name.replace('_', '-')}",),
        headline=False,
    )


def _short(lint: Lint) -> str:
    return lint.name.rpartition("::")[2]


def _sentence(meaning: str) -> str:
    """A meaning as the programs print it (half a sentence) with a capital and a full stop."""
    start = meaning if meaning.startswith("`") else meaning[:1].upper() + meaning[1:]
    return start if start.endswith((".", "!", "?")) else f"{start}."


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _number(version: str) -> str:
    """The number in what a program says about its version."""
    number = re.search(r"\d+(\.\d+)+\S*", version)
    return number[0] if number else version.strip()


def _stamps(paths: Sequence[Path]) -> str:
    """Size and time of each file that is there."""
    stats = [path.stat() for path in paths if path.is_file()]
    return " ".join(f"{stat.st_size}.{stat.st_mtime_ns}" for stat in stats)
