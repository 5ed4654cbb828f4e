"""``--json --batch -``: a JSON request a line on standard input, a JSON answer a line, in order, in one process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping

from commands import json_face, terminal
from commands.guard import unforeseen
from tutor.errors import TutorError, UsageError

Answer = Callable[[Mapping[str, object]], dict[str, object]]


def require_batch(as_json: bool, others: bool) -> None:
    """Raises :class:`UsageError` unless the call is one for :func:`serve`. ``others``: what a batch reads from its
    requests was given as arguments too."""
    if not as_json:
        raise UsageError("Not without --json", "--batch answers in JSON: add --json.")
    if others:
        raise UsageError("Wrong call", "With --batch the requests come from standard input, and nothing is written.")


def serve(key: str, answer: Answer, home: str | None) -> int:
    """Answers each request by ``answer``. ``key``: the key that every request must have, a text.

    A line that cannot be used gets ``{"id", "error"}`` and the rest go on, also after an unforeseen error, which gets
    a crash report in ``home``. Returns the exit code: 0, or 70 after an unforeseen error.
    """
    code = 0
    for raw in sys.stdin.buffer:
        if not raw.strip():
            continue
        request, problem = _read(raw, key)
        identity = {"id": request["id"]} if "id" in request else {}
        nobody = {"id": request.get("id")}
        try:
            line = json_face.line({**nobody, "error": problem} if problem else {**identity, **answer(request)})
        except TutorError as error:
            line = json_face.line({**nobody, "error": error.msg})
        except Exception as error:  # one request must not end the others; the cause is in the report
            line = json_face.line({**nobody, "error": unforeseen(error, home)})
            code = 70
        terminal.write(line)
    return code


def _read(raw: bytes, key: str) -> tuple[Mapping[str, object], str]:
    """The request on a line, and what is wrong with it ("" for nothing)."""
    try:
        request = json.loads(raw)
    except (ValueError, RecursionError):
        return {}, "This line is not JSON."
    if not isinstance(request, dict):
        return {}, "A request is a JSON object."
    try:
        json_face.line(request.get("id"))
    except (ValueError, RecursionError):
        return {}, "The id is not one that JSON can hand back."
    if not isinstance(request.get(key), str):
        return request, f"The request needs the key {key!r}, a text."
    return request, ""
