"""``--json --batch -``: a JSON request a line on standard input, a JSON answer a line, in order, in one process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping

from commands import json_face
from tutor.errors import TutorError

Answer = Callable[[Mapping[str, object]], dict[str, object]]


def serve(key: str, answer: Answer) -> int:
    """Answers each request by ``answer``. ``key``: the key that every request must have, a text.

    A line that cannot be used gets ``{"id", "error"}`` and the rest go on. Returns the exit code.
    """
    for raw in sys.stdin.buffer:
        if raw.strip():
            json_face.write(_one(raw, key, answer))
    return 0


def _one(raw: bytes, key: str, answer: Answer) -> dict[str, object]:
    try:
        request = json.loads(raw)
    except (ValueError, RecursionError):
        return {"id": None, "error": "This line is not JSON."}
    if not isinstance(request, dict):
        return {"id": None, "error": "A request is a JSON object."}
    identity = {"id": request["id"]} if "id" in request else {}
    if not isinstance(request.get(key), str):
        return {"id": request.get("id"), "error": f"The request needs the key {key!r}, a text."}
    try:
        return {**identity, **answer(request)}
    except TutorError as error:
        return {"id": request.get("id"), "error": error.msg}
