"""Folds an action's events into the one JSON object that ``cli.md`` promises for it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from tutor import events
from tutor.diagnostics import Diagnostic
from tutor.events import Event, to_data

Json = dict[str, object]


def write(value: object) -> None:
    """One line of JSON on standard output. ASCII: whatever the text holds, the line is valid in every encoding."""
    sys.stdout.write(json.dumps(to_data(value), ensure_ascii=True) + "\n")
    sys.stdout.flush()


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
    before = next((e.diagnostics for e in seen if isinstance(e, events.DiagnosticsFound)), ())
    proposals = [e.proposal for e in sorted((e for e in seen if isinstance(e, events.ProposalReady)), key=_rank)]
    end = seen[-1] if seen else None
    finished = end if isinstance(end, events.Finished) else None
    folded: Json = {
        "path": path, "status": finished.status if finished else "error",
        "seconds": round(finished.seconds, 4) if finished else 0.0,
        "checker_runs": finished.checker_runs if finished else 0,
        "before": _errors(before), "after": _errors(proposals[0].leaves if proposals else before),
        "proposals": [p.to_json() for p in proposals],
    }  # fmt: skip
    if notices := _notices(seen):
        folded["notices"] = notices
    if finished is None:
        folded.update(failure(seen))
    permissions = [to_data(e) for e in seen if isinstance(e, events.NeedsPermission)]
    return {**folded, "needs_permission": permissions} if permissions else folded


def failure(happened: Sequence[Event]) -> Json:
    """What went wrong, for an action that has no result."""
    last = happened[-1] if happened else None
    if isinstance(last, events.Failed):
        return {"error": last.message, "title": last.title, "hint": last.hint, "exit_code": last.exit_code}
    return {"error": "It was stopped before there was a result.", "title": "Stopped", "hint": "", "exit_code": 130}


def _rank(event: events.ProposalReady) -> int:
    return event.rank


def _errors(diagnostics: Iterable[Diagnostic]) -> list[Json]:
    return [d.to_json() for d in diagnostics if d.level == "error"]


def _notices(happened: Iterable[Event]) -> list[str]:
    return [e.text for e in happened if isinstance(e, events.Notice)]
