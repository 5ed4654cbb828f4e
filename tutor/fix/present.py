"""Turns a state that the search reached into a proposal: hunks with reasons, a title, warnings."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from tutor import hunks as hunk_algebra
from tutor.diagnostics import Diagnostic
from tutor.fix.bench import Files
from tutor.fix.compiler import Checked, Tested
from tutor.fix.edits import old_line
from tutor.fix.explain import explanation
from tutor.fix.explore import Node
from tutor.fix.messages import Message, key_of
from tutor.fix.project import Project
from tutor.fix.proposer import Candidate
from tutor.fix.source import code_only, public_signatures
from tutor.hunks import Hunk
from tutor.inert import inert_line
from tutor.proposal import FileChange, Origin, Proposal, Reason, Verification, file_change

# How the compiler's way of putting a suggestion becomes a title that says what is done.
_OPENINGS: Final = re.compile(
    r"^(?:consider|try|you (?:can|could|might have meant to|might(?: want to)?|may want to)|perhaps|instead,?)\s+"
    r"(?:by\s+)?",
    re.IGNORECASE,
)
_GERUND: Final = re.compile(r"^(\w+?)ing\b")
_DOUBLED: Final = re.compile(r"([bgmnprt])\1$")
_STEMS: Final = {"us": "use", "chang": "change", "introduc": "introduce", "remov": "remove", "mov": "move",
                 "clon": "clone", "replac": "replace", "dereferenc": "dereference", "referenc": "reference",
                 "creat": "create", "declar": "declare", "restructur": "restructure", "swapp": "swap", "mak": "make",
                 "writ": "write", "giv": "give", "slic": "slice", "enabl": "enable", "ignor": "ignore",
                 "annotat": "annotate", "renam": "rename",
                 "initializ": "initialize", "ensur": "ensure", "restrict": "restrict"}  # fmt: skip
_CLONE: Final = re.compile(rb"\.\s*clone\s*\(\s*\)")
_STATIC: Final = re.compile(rb"'static\b")
_MAX_TITLE: Final = 100


def solved_and_left(first: Checked, node: Node) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The errors that went away on the way to ``node``, those found underway included, and those that stay."""
    left = tuple(message.diagnostic for message in node.checked.error_messages)
    there = Counter(node.checked.errors)
    solved: list[Message] = []
    for message in first.error_messages:
        if there[key_of(message)] > 0:
            there[key_of(message)] -= 1
        else:
            solved.append(message)
    # Errors that only showed themselves underway: those that were there before may merely stand on another line now.
    known = {_same(message.diagnostic) for message in first.messages} | {_same(d) for d in left}
    later = {_same(c.diagnostic): c.diagnostic for c in node.candidates if _same(c.diagnostic) not in known}
    return (*(message.diagnostic for message in solved), *later.values()), left


def _same(diagnostic: Diagnostic) -> object:
    return key_of(Message(diagnostic))


def make_proposal(
    project: Project,
    first: Checked,
    node: Node,
    base: Callable[[str], bytes | None],
    sandbox: str,
    tests: Tested,
    concepts_for: Callable[[str], Sequence[str]],
) -> Proposal:
    """The proposal that changes the user's files (``base``) into those of ``node``."""
    solves, leaves = solved_and_left(first, node)
    files = tuple(_file(path, base(path), content, node) for path, content in sorted(node.files.items()))
    codes = dict.fromkeys(d.code for d in (*solves, *leaves) if d.code)
    detail = f"{_errors(len(leaves))} left" if leaves else tests.detail
    passed = node.checked.passed
    proposal = Proposal(
        id="",
        root=str(project.root),
        title=_title(node.candidates, solves, leaves),
        origin=_origin(node.candidates),
        files=files,
        explanation=explanation(node.candidates, solves, leaves),
        concepts=tuple(dict.fromkeys(concept for code in codes for concept in concepts_for(code))),
        solves=solves,
        leaves=leaves,
        verification=Verification("passed" if passed else "failed", tests.outcome, "not-run", sandbox, detail),
        warnings=tuple(_warnings(project, first, node, files, leaves, tests)),
    )
    return _with_id(proposal)


def _origin(candidates: Sequence[Candidate]) -> Origin:
    """Where a proposal comes from; of several sources the one to look at most carefully."""
    origins = {candidate.reason.origin for candidate in candidates}
    return next(origin for origin in ("model", "rule", "rustc", "you") if origin in origins)


def _with_id(proposal: Proposal) -> Proposal:
    digest = hashlib.sha256(proposal.root.encode("utf-8", "surrogateescape") + b"\0" + proposal.diff).hexdigest()
    return replace(proposal, id=digest[:12])


def _file(path: str, base: bytes | None, content: bytes, node: Node) -> FileChange:
    """One file's change, each hunk with the reasons of the candidates that touched its lines."""
    reasons: list[tuple[Hunk, tuple[Reason, ...]]] = []
    for step in node.rounds:
        if path in step.before:
            reasons += _reasons(path, base or b"", step.before, step.candidates)
    return file_change(path, base, content, reasons)


def _reasons(
    path: str, base: bytes, before: Files, candidates: Sequence[Candidate]
) -> list[tuple[Hunk, tuple[Reason, ...]]]:
    """The lines of ``base`` that the edits of ``candidates``, made on ``before``, fall on."""
    content = before[path]
    moved = hunk_algebra.diff(base, content)
    found: list[tuple[Hunk, tuple[Reason, ...]]] = []
    for candidate in candidates:
        for edit in candidate.edits:
            if edit.file == path:
                start = old_line(content.count(b"\n", 0, edit.start), moved)
                end = old_line(content.count(b"\n", 0, edit.end), moved)
                found.append((Hunk(start, (b"",) * (end - start + 1), ()), (candidate.reason,)))
    return found


def _errors(number: int) -> str:
    return "1 error" if number == 1 else f"{number} errors"


def _title(candidates: Sequence[Candidate], solves: Sequence[Diagnostic], leaves: Sequence[Diagnostic]) -> str:
    """What is done, for one edit; else what is solved."""
    codes = ", ".join(dict.fromkeys(d.code for d in solves if d.code))
    if leaves:
        total = len(solves) + len(leaves)
        return f"Fix {len(solves)} of {_errors(total)}" + (f" ({codes})" if codes else "")
    if len({c.reason for c in candidates}) == 1:
        if "similar name" in candidates[0].reason.suggestion and len(candidates[0].edits) == 1:
            name = candidates[0].edits[0].text.decode("utf-8", "replace")
            return f"Use `{inert_line(name)}`: {inert_line(candidates[0].reason.suggestion)}"
        return imperative(candidates[0].reason.suggestion) or f"Fix {codes or 'the error'}"
    return f"Fix {_errors(len(solves))}" + (f" ({codes})" if codes else "")


def imperative(suggestion: str) -> str:
    """A suggestion in the compiler's words ("consider borrowing here") as what is to be done ("Borrow here")."""
    words = inert_line(suggestion).strip().rstrip(".:;")
    shorter = _OPENINGS.sub("", words)
    if shorter != words:
        shorter = _GERUND.sub(lambda m: _STEMS.get(m.group(1).lower(), _DOUBLED.sub(r"\1", m.group(1))), shorter)
    if len(shorter) > _MAX_TITLE:
        shorter = shorter[: _MAX_TITLE - 1].rstrip() + "…"
    return shorter[:1].upper() + shorter[1:]


def _warnings(
    project: Project,
    first: Checked,
    node: Node,
    files: Sequence[FileChange],
    leaves: Sequence[Diagnostic],
    tests: Tested,
) -> list[str]:
    """What a careful reviewer would want to be told."""
    found = []
    if leaves:
        found.append(f"leaves {_errors(len(leaves))}")
    if tests.outcome == "failed":
        found.append("the tests fail")
    library = project.kind == "package" or project.crate_type == "lib"
    if library and any(public_signatures(f.base or b"") - public_signatures(f.content) for f in files):
        found.append("changes a public signature")
    code = [(code_only(f.base or b""), code_only(f.content)) for f in files]
    if any(len(_CLONE.findall(new)) > len(_CLONE.findall(old)) for old, new in code):
        found.append("copies a value with clone(); borrowing may do as well")
    if any(len(_STATIC.findall(new)) > len(_STATIC.findall(old)) for old, new in code):
        found.append("asks for 'static, which promises that the value lives as long as the program")
    more = node.checked.warnings - first.warnings
    if node.checked.passed and more > 0 and first.warnings:
        found.append("brings a new compiler warning" if more == 1 else f"brings {more} new compiler warnings")
    return found
