"""What was under way when the tutor was killed is finished or taken back, from the journal in its ledger.

Only what is still as the journal says is touched: a file or an index that somebody has changed since stays.
Only :mod:`tutor.workspace` uses this module.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tutor import files, gitindex, repository
from tutor.applied import AppliedChange, Ledger, from_json
from tutor.inert import inert_line
from tutor.repository import Repository


def recover(ledger: Ledger) -> list[str]:
    """Settles the workspace's journal, under its lock; one line for each thing that the user should know."""
    try:
        entry = ledger.unfinished()
        lines = [] if entry is None else _finish(ledger, entry)
    except (ValueError, KeyError, TypeError) as error:
        lines = [f"The journal of an interrupted write cannot be read ({error}); look at what git status says."]
    ledger.end()
    return lines


def _finish(ledger: Ledger, entry: Mapping[str, object]) -> list[str]:
    kind, record, git, what = entry["kind"], entry["files"], entry.get("git"), entry["applied"]
    if not isinstance(what, dict):
        raise ValueError("it does not say what was written")  # noqa: TRY004 (a ValueError is what callers expect)
    applied = from_json(what)
    head = _recover_git(git) if isinstance(git, dict) else None
    lines: list[str] = []
    if kind == "commit":
        if head is None:
            return ["A commit was interrupted before it was made; the files are as they were written."]
        ledger.committed(applied.id, head, _top_of(applied))
        return [f"A commit was interrupted after it was made: {head[:10]}."]
    keep = not isinstance(git, dict) or head is not None
    done = isinstance(record, dict) and _finish_files(record, keep, lines)
    if kind == "apply" and done:
        ledger.remember(applied)
    if kind == "undo" and done:
        ledger.forget(applied.id)
    return lines


def _finish_files(record: Mapping[str, object], keep: bool, lines: list[str]) -> bool:
    new, restored, left = files.recover(record, keep=keep)
    if new:
        lines.append(f"A write was interrupted after its last file; it is complete: {_names(new)}.")
    if restored:
        lines.append(f"A write was interrupted and taken back: {_names(restored)}.")
    if left:
        lines.append(f"A write was interrupted; changed since, and left as they are: {_names(left)}.")
    if not (new or restored or left):
        lines.append("A write was interrupted before it changed a file.")
    return bool(new)


def _names(paths: list[str]) -> str:
    return ", ".join(map(inert_line, paths))


def _top_of(applied: AppliedChange) -> str:
    where = repository.find(os.path.dirname(f"{applied.root}/{applied.files[0].real}"))  # noqa: PTH120
    return where.top if where else ""


def _recover_git(git: Mapping[str, object]) -> str | None:
    """Settles the repository's side; the commit that HEAD has moved to, None when it has not moved."""
    folder, token, index = str(git["folder"]), str(git["token"]), git.get("index")
    if len(bytes.fromhex(token)) != 8:
        raise ValueError("not a record of a commit")
    if not isinstance(index, dict):  # killed while it was being checked: nothing but files of ours
        gitindex.remove_leftovers(Path(folder), token)
        return None
    where = Repository.at(folder)
    head = where.head()
    moved = head if head is not None and head != git["head"] and where.info(head).tree == git["tree"] else None
    gitindex.recover(Path(folder), token, index, done=moved is not None)
    return moved
