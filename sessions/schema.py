"""The entries of a session log: which kinds there are and what each one's ``data`` holds.

=================  ====================================================================================================
kind               data (``?``: may be absent)
=================  ====================================================================================================
session-started    root, tool ("app", "chat", "fix", …), version (of the tutor)
request            action ("ask", "fix", "apply", …), text (what the user typed or pointed at), complaint? (what was
                   wrong with the answer before)
diagnostics        root, checker ("cargo check" or "rustc"), diagnostics (a list of objects)
proposal           proposal (an object: id, origin, title, diff, verification, …, as ``tutor fix --json`` prints it,
                   and root), rank (0: the best so far)
verification       proposal_id, verification (an object: check, tests, clippy, sandbox, detail), remaining (what is
                   still wrong after it, a list of objects)
decision           proposal_id, hunk_id, path, start (lines of the base before the hunk), verdict ("accepted",
                   "rejected" or "undecided" again), edited (the new lines are the user's own), parent (the hunk that it
                   was split from, or ""), by ("key", "prompt" or "--yes"), old, new (the lines as they stand now)
applied            id, proposal_id, paths, rebased (the files had changed, the hunks were moved)
committed          applied_id, commit (its hash), summary, warning
undone             applied_id, how ("files", "commit removed" or "revert commit"), commit (the revert, or "")
answer             id, question, markdown, origin ("knowledge" or "model"), citations (a list of objects), concepts
                   (ids), in_scope, stopped (cut short), seconds
feedback           subject (the id of an answer or a proposal), helpful, wrong (what was wrong, or "")
permission-asked   kind ("trust-workspace"), scope (a folder), question
permission         kind, scope, granted, by (the user's answer)
notice             text, level ("info" or "warning")
finished           status (the action's own word), ok, checker_runs, seconds
failed             title, message, hint, exit_code, kind? (the error's name in tutor.errors)
stopped            action (the user stopped it before it finished)
session-ended      entries (how many were written before this one), lost (how many could not be written)
=================  ====================================================================================================

Bytes that are not UTF-8 stand in texts as lone surrogates: ``text.encode("utf-8", "surrogateescape")`` gives them back.
Secrets and the home folder are already replaced (:mod:`sessions.redact`). An entry whose texts were too long has
``cut`` beside ``data``: the place of each cut value (a JSON Pointer into ``data``, RFC 6901) and how long it was.

Readers take more fields than these; a field that is listed here keeps its name and its meaning within one version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

VERSION = 1

# A JSON value. Not spelled out as a recursive union: that would make every reader cast at every step.
JsonValue: TypeAlias = object


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a session log. ``seq`` counts from 0 within the session; ``time`` is UTC, ISO 8601, milliseconds.
    ``cut``: JSON Pointer into ``data`` → how long the value was, in characters (0: it was nested too deeply)."""

    session: str
    seq: int
    time: str
    kind: str
    data: Mapping[str, JsonValue]
    cut: Mapping[str, int] = field(default_factory=dict)
    v: int = VERSION


_NUMBER = (int, float)
_Type: TypeAlias = type | tuple[type, ...]

# kind → field → the type of its value. A name that ends in "?" may be absent.
KINDS: Mapping[str, Mapping[str, _Type]] = MappingProxyType(
    {
        "session-started": {"root": str, "tool": str, "version": str},
        "request": {"action": str, "text": str, "complaint?": str},
        "diagnostics": {"root": str, "checker": str, "diagnostics": list},
        "proposal": {"proposal": dict, "rank": int},
        "verification": {"proposal_id": str, "verification": dict, "remaining": list},
        "decision": {
            "proposal_id": str, "hunk_id": str, "path": str, "start": int, "verdict": str, "edited": bool,
            "parent": str, "by": str, "old": str, "new": str,
        },
        "applied": {"id": str, "proposal_id": str, "paths": list, "rebased": bool},
        "committed": {"applied_id": str, "commit": str, "summary": str, "warning": str},
        "undone": {"applied_id": str, "how": str, "commit": str},
        "answer": {
            "id": str, "question": str, "markdown": str, "origin": str, "citations": list, "concepts": list,
            "in_scope": bool, "stopped": bool, "seconds": _NUMBER,
        },
        "feedback": {"subject": str, "helpful": bool, "wrong": str},
        "permission-asked": {"kind": str, "scope": str, "question": str},
        "permission": {"kind": str, "scope": str, "granted": bool, "by": str},
        "notice": {"text": str, "level": str},
        "finished": {"status": str, "ok": bool, "checker_runs": int, "seconds": _NUMBER},
        "failed": {"title": str, "message": str, "hint": str, "exit_code": int, "kind?": str},
        "stopped": {"action": str},
        "session-ended": {"entries": int, "lost": int},
    }
)  # fmt: skip

# The values that readers tell apart; others are problems.
_WORDS: Mapping[tuple[str, str], frozenset[str]] = MappingProxyType(
    {
        ("decision", "verdict"): frozenset({"accepted", "rejected", "undecided"}),
        ("undone", "how"): frozenset({"files", "commit removed", "revert commit"}),
        ("answer", "origin"): frozenset({"knowledge", "model"}),
        ("notice", "level"): frozenset({"info", "warning"}),
    }
)
# What a proposal's own object must have for replay and export to stand on.
_PROPOSAL: Mapping[str, _Type] = MappingProxyType(
    {"id": str, "origin": str, "title": str, "diff": str, "verification": dict, "root": str}
)


def validate(entry: Entry) -> list[str]:
    """What is wrong with ``entry``, one sentence each; empty when it is as this module describes.

    More fields than those described are no problem. An entry of another schema version is one problem and is not
    looked into.
    """
    if entry.v != VERSION:
        return [f"The schema version is {entry.v}; this program knows {VERSION}."]
    fields = KINDS.get(entry.kind)
    if fields is None:
        return [f'There is no kind "{entry.kind}".']
    problems = _check(entry.kind, fields, entry.data)
    for (kind, name), words in _WORDS.items():
        if kind == entry.kind and isinstance(word := entry.data.get(name), str) and word not in words:
            problems.append(f'{kind}: {name} is "{word}", not one of: {", ".join(sorted(words))}.')
    proposal = entry.data.get("proposal")
    if entry.kind == "proposal" and isinstance(proposal, dict):
        problems += _check("proposal.proposal", _PROPOSAL, proposal)
    if entry.seq < 0:
        problems.append(f"seq is {entry.seq}; it counts from 0.")
    return problems


def _check(where: str, fields: Mapping[str, _Type], data: Mapping[str, JsonValue]) -> list[str]:
    problems = []
    for spelled, wanted in fields.items():
        name = spelled.removesuffix("?")
        if name not in data:
            if name == spelled:
                problems.append(f"{where}: {name} is missing.")
        elif not _is(data[name], wanted):
            names = " or ".join(t.__name__ for t in (wanted if isinstance(wanted, tuple) else (wanted,)))
            problems.append(f"{where}: {name} is {type(data[name]).__name__}, not {names}.")
    return problems


def _is(value: JsonValue, wanted: _Type) -> bool:
    # True is an int in Python, and is not a number in JSON.
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
