"""``tutor sessions``: what happened in earlier sessions, read from their logs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from commands import json_face
from commands.terminal import put
from sessions.schema import Entry
from sessions.store import SessionNotFound, SessionSummary, Torn, find, list_sessions, read
from tutor.errors import UsageError
from tutor.inert import inert, inert_line
from tutor.paths import find_home

_NOTHING = "There are no sessions yet: they are written down as soon as you ask or fix something."
_KIND_WIDTH = 13


def run(options: argparse.Namespace) -> int:
    """Runs ``list`` or ``show``."""
    folder = find_home(options.home).sessions
    return _list(folder, options.json) if options.action == "list" else _show(folder, options.id, options.json)


def _list(folder: Path, as_json: bool) -> int:
    found = list_sessions(folder)
    if as_json:
        json_face.write({"sessions": [_summary(session) for session in found]})
        return 0
    put("".join(_line(session) for session in found) or f"{_NOTHING}\n")
    return 0


def _summary(session: SessionSummary) -> dict[str, object]:
    return {
        "id": session.id, "started": session.started, "ended": session.ended, "root": session.root,
        "tool": session.tool, "questions": session.questions, "fixes": session.fixes, "commits": session.commits,
        "feedback": session.feedback, "entries": sum(session.counts.values()), "counts": session.counts,
        "damaged": session.damaged,
    }  # fmt: skip


def _line(session: SessionSummary) -> str:
    """One session on one line: id, when, tool, what happened, root."""
    numbers = {"question": session.questions, "proposal": session.counts.get("proposal", 0), "fix": session.fixes,
               "commit": session.commits, "rating": session.feedback, "damaged line": session.damaged}  # fmt: skip
    counted = [_count(number, word) for word, number in numbers.items() if number]
    what = ", ".join(counted) or "looked only"
    return (
        inert_line(f"{session.id}  {_when(session.started)}  {session.tool or '?':<6} {what:<40} {session.root}") + "\n"
    )


def _count(number: int, word: str) -> str:
    plural = "es" if word.endswith("x") else "s"
    return f"{number} {word}" if number == 1 else f"{number} {word}{plural}"


def _when(time: str, form: str = "%Y-%m-%d %H:%M") -> str:
    """A UTC time of the log in local time; as it stands there when it is none."""
    try:
        return datetime.fromisoformat(time).astimezone().strftime(form)
    except (ValueError, OverflowError, OSError):
        return time or "?"


def _show(folder: Path, wanted: str | None, as_json: bool) -> int:
    path = _chosen(folder, wanted)
    if path is None:
        if as_json:
            json_face.write({"id": None, "entries": [], "damage": []})
        else:
            put(f"{_NOTHING}\n")
        return 0
    found = list(read(path))
    if as_json:
        entries = [e for e in found if isinstance(e, Entry)]
        json_face.write({"id": path.stem, "path": str(path), "entries": entries,
                         "damage": [t for t in found if isinstance(t, Torn)]})  # fmt: skip
        return 0
    for item in found:
        put(f"! {inert_line(item.problem)}\n" if isinstance(item, Torn) else _entry(item))
    return 0


def _chosen(folder: Path, wanted: str | None) -> Path | None:
    """The log to show; None when none was asked for and there is none. Raises :class:`UsageError`."""
    if wanted is None:
        newest = next(iter(list_sessions(folder)), None)
        return newest.path if newest else None
    try:
        return find(folder, wanted)
    except SessionNotFound as error:
        raise UsageError("No such session", str(error), "tutor sessions list shows them all") from error


def _entry(entry: Entry) -> str:
    """One entry: when, what, and, indented below it, the texts that belong to it."""
    first, below = _told(entry.kind, entry.data)
    head = f"{_when(entry.time, '%H:%M:%S')}  {entry.kind:<{_KIND_WIDTH}} {first}".rstrip()
    cut = ["(some of this was too long for the log and was cut)"] if entry.cut else []
    lines = [f"          {line}" for text in (*below, *cut) for line in inert(text).rstrip("\n").split("\n")]
    return "\n".join([inert_line(head), *lines]) + "\n"


def _told(kind: str, data: Mapping[str, object]) -> tuple[str, Sequence[str]]:
    """A line about an entry and the longer texts in it. Entries of kinds that are not known show what they hold."""

    def text(name: str) -> str:
        value = data.get(name)
        return value if isinstance(value, str) else "" if value is None else str(value)

    match kind:
        case "session-started":
            return f"{text('tool')} in {text('root')} (tutor {text('version')})", ()
        case "request":
            return f"{text('action')}: {text('text')}", [f"complaint: {text('complaint')}"] if text("complaint") else ()
        case "diagnostics":
            return _diagnostics(data)
        case "proposal":
            return _proposal(data)
        case "verification":
            checked = _mapping(data.get("verification"))
            return f"{text('proposal_id')} check {checked.get('check')}, tests {checked.get('tests')}", ()
        case "decision":
            edited = " (edited)" if data.get("edited") is True else ""
            return f"{text('verdict')}{edited} {text('path')}, hunk {text('hunk_id')}, by {text('by')}", ()
        case "applied":
            moved = " (the files had changed; the hunks were moved)" if data.get("rebased") is True else ""
            return f"{', '.join(map(str, _items(data.get('paths'))))}{moved}", ()
        case "committed":
            return f"{text('commit')[:10]} {text('summary')}", [text("warning")] if text("warning") else ()
        case "undone":
            return f"{text('how')} {text('commit')[:10]}", ()
        case "answer":
            return f"from {text('origin')}: {text('question')}", [text("markdown")]
        case "feedback":
            helped = "helpful" if data.get("helpful") is True else "not helpful"
            return f"{helped}: {text('subject')}", [text("wrong")] if text("wrong") else ()
        case "permission-asked":
            return text("question"), ()
        case "permission":
            return f"{'granted' if data.get('granted') is True else 'refused'}: {text('kind')} {text('scope')}", ()
        case "notice":
            return text("text"), ()
        case "finished":
            return f"{text('status')} ({text('seconds')} s, {text('checker_runs')} compiler runs)", ()
        case "failed":
            return f"{text('message')} {text('hint')}", ()
        case "stopped":
            return text("action"), ()
        case "session-ended":
            lost = f", {text('lost')} could not be written" if data.get("lost") else ""
            return f"{text('entries')} entries{lost}", ()
    return json_face.line(data).rstrip("\n"), ()


def _diagnostics(data: Mapping[str, object]) -> tuple[str, Sequence[str]]:
    found = [_mapping(d) for d in _items(data.get("diagnostics"))]
    errors = [d for d in found if d.get("level") == "error"]
    said = f"{data.get('checker')}: {_count(len(errors), 'error')}, {len(found) - len(errors)} other messages"
    return said, [f"{d.get('code') or 'error'}: {d.get('message')}" for d in errors[:20]]


def _proposal(data: Mapping[str, object]) -> tuple[str, Sequence[str]]:
    proposal = _mapping(data.get("proposal"))
    checked = _mapping(proposal.get("verification"))
    said = f"{proposal.get('id')} {proposal.get('title')} (from {proposal.get('origin')}, check {checked.get('check')})"
    return said, [str(proposal.get("diff", ""))]


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
