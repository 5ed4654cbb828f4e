"""Folds an action's events into the one JSON object that ``cli.md`` promises for it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commands import terminal
from tutor import events
from tutor.events import Event, to_data

if TYPE_CHECKING:
    from tutor.diagnostics import Diagnostic
    from tutor.proposal import Proposal

Json = dict[str, object]
_NOT_PRINTABLE: Final = re.compile(r"[^ -~]")
_NOT_TEXT: Final = "holds bytes that are not UTF-8: the diff, as JSON text, cannot be applied; use --yes"


def write(value: object) -> None:
    """One line of JSON on standard output, the whole line or nothing."""
    terminal.write(line(value))


def line(value: object) -> str:
    """One line of JSON, in printable ASCII: whatever the text holds, the line is valid in every encoding and does
    nothing to a terminal. Bytes that are not UTF-8 become U+FFFD: half a surrogate pair is more than many JSON readers
    take. Raises ValueError for a number that JSON does not have, RecursionError for what is nested too deeply."""
    text = json.dumps(to_data(value), ensure_ascii=False, allow_nan=False)
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _NOT_PRINTABLE.sub(lambda match: json.dumps(match.group())[1:-1], whole) + "\n"


def answer(question: str, happened: Iterable[Event], key: str = "question") -> Json:
    """``tutor ask`` and, with ``key`` "text", ``tutor explain``."""
    seen = list(happened)
    ready = next((e for e in seen if isinstance(e, events.AnswerReady)), None)
    if ready is None:
        return {key: question, **failure(seen)}
    folded: Json = {
        key: question, "answer": ready.markdown, "in_scope": ready.in_scope, "origin": ready.origin,
        "seconds": round(ready.seconds, 4), "citations": [to_data(c) for c in ready.citations],
        "concepts": list(ready.concepts), "stopped": ready.stopped,
    }  # fmt: skip
    if notices := _notices(seen):
        folded["notices"] = notices
    return folded


def fix(path: str, happened: Iterable[Event]) -> Json:
    """One entry of ``tutor fix``'s results. Proposals are listed best first."""
    seen = list(happened)
    found = next((e for e in seen if isinstance(e, events.DiagnosticsFound)), None)
    before = found.diagnostics if found else ()
    proposals = best_first(seen)
    end = seen[-1] if seen else None
    finished = end if isinstance(end, events.Finished) else None
    folded: Json = {
        "path": path, "status": finished.status if finished else "error",
        "seconds": round(finished.seconds, 4) if finished else 0.0,
        "checker_runs": finished.checker_runs if finished else 0,
        "before": _errors(before), "after": _errors(proposals[0].leaves if proposals else before),
        "proposals": [_proposal(p) for p in proposals],
    }  # fmt: skip
    if found:
        folded["root"] = found.root
    if notices := _notices(seen):
        folded["notices"] = notices
    if finished is None:
        folded.update(failure(seen))
    permissions = [to_data(e) for e in seen if isinstance(e, events.NeedsPermission)]
    return {**folded, "needs_permission": permissions} if permissions else folded


def _proposal(proposal: Proposal) -> Json:
    """A proposal with a diff that applies from the repository's root."""
    diff = repository_diff(proposal, prefix_in_repository(proposal.root))
    folded: Json = {**proposal.to_json(), "diff": diff.decode("utf-8", "replace")}
    try:
        diff.decode()
    except UnicodeDecodeError:
        folded["warnings"] = [*proposal.warnings, _NOT_TEXT]
    return folded


def repository_diff(proposal: Proposal, prefix: str) -> bytes:
    """The proposal's diff with paths that begin with ``prefix`` ("" or a folder and a slash). `git apply` reads the
    paths of such a diff from the repository's root, whichever folder of it is the current one."""
    from tutor import patch

    return b"".join(patch.unified(prefix + f.path, f.base, [h.hunk for h in f.hunks]) for f in proposal.files)


def prefix_in_repository(folder: str) -> str:
    """Where ``folder`` lies in the Git repository around it, with a slash at the end; "" at its root and outside of
    any. Looks for ``.git`` (a folder with a HEAD, or the file of a worktree or submodule); starts no process."""
    real = Path(os.path.realpath(folder))
    for top in (real, *real.parents):
        if (top / ".git").is_file() or (top / ".git" / "HEAD").exists():
            return "" if top == real else f"{real.relative_to(top).as_posix()}/"
    return ""


def failure(happened: Sequence[Event]) -> Json:
    """What went wrong, for an action that has no result."""
    last = happened[-1] if happened else None
    if isinstance(last, events.Failed):
        return {"error": last.message, "title": last.title, "hint": last.hint, "exit_code": last.exit_code}
    return {"error": "It was stopped before there was a result.", "title": "Stopped", "hint": "", "exit_code": 130}


def best_first(happened: Iterable[Event]) -> list[Proposal]:
    """The proposals among the events. Each came with its place among those before it; a later one may have taken the
    place of an earlier one."""
    ranked: list[Proposal] = []
    for event in happened:
        if isinstance(event, events.ProposalReady):
            ranked.insert(event.rank, event.proposal)
    return ranked


def _errors(diagnostics: Iterable[Diagnostic]) -> list[Json]:
    return [d.to_json() for d in diagnostics if d.level == "error"]


def _notices(happened: Iterable[Event]) -> list[str]:
    return [e.text for e in happened if isinstance(e, events.Notice)]
