"""Ollama's bytes: lines, objects and error bodies, read so that nothing a server sends can surprise the reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

LONGEST_LINE: Final = 4 << 20
"""Bytes of one line at most; a stream without line ends must not fill the memory."""

LONGEST_ERROR: Final = 64 << 10
"""Bytes of an error body that are read; the rest cannot matter to a person."""

_LONGEST_WORDS = 300
_DEEPEST = 4
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class WireError(Exception):
    """The base of what can go wrong between the server and here; :mod:`tutor.models.failures` puts it into words."""


class ServerSaid(WireError):
    """The server reported an error. ``status``: of HTTP, None for an error line inside a stream. ``words``: its own."""

    def __init__(self, status: int | None, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status
        self.words = words


class NotTheProtocol(WireError):
    """What came is not what Ollama sends."""


class Unreachable(WireError):
    """No connection. The text of the error is the reason, where there is one worth reading."""


class CutShort(WireError):
    """The stream ended before the model did."""


class TooLate(WireError):
    """Nothing came for ``seconds``, the longest time to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


class Lines:
    """Cuts a stream of bytes into its lines, wherever it was split on the way.

    A line ends with ``\\n`` and nothing else: ``str.splitlines`` would also cut at U+0085 and its kin, which stand raw
    inside Go's JSON strings. Blank lines and a carriage return before the end are dropped.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that ``data`` completes. Raises :class:`NotTheProtocol` for a line without end."""
        *whole, rest = data.split(b"\n")
        for part in whole:
            line = b"".join([*self._parts, part]).strip()
            self._parts, self._size = [], 0
            if line:
                yield line
        self._parts.append(rest)
        self._size += len(rest)
        if self._size > LONGEST_LINE:
            raise NotTheProtocol("a line without end")

    def rest(self) -> Iterator[bytes]:
        """What is left at the end of the stream: a last line needs no line end."""
        line = b"".join(self._parts).strip()
        self._parts, self._size = [], 0
        if line:
            yield line


def to_object(data: bytes) -> dict[str, object]:
    """One reply. Raises :class:`ServerSaid` when it is an error and :class:`NotTheProtocol` when it is no object."""
    try:
        value = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise NotTheProtocol("no JSON") from error
    if not isinstance(value, dict):
        raise NotTheProtocol("no object")
    if value.get("error"):
        raise ServerSaid(None, error_words(data))
    return value


def error_words(data: bytes) -> str:
    """What an error body says, on one line of bounded length; "" for an empty one.

    Ollama sends ``{"error": "…"}``; what sits in front of it or behind it sends a JSON string, JSON inside that string,
    plain text or a page of HTML.
    """
    text = data[:LONGEST_ERROR].decode("utf-8", "replace")
    for _ in range(_DEEPEST):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            break
        found = _message(value)
        if found is None:
            break
        text = found
    if text.lstrip()[:1] == "<":
        text = _TAG.sub(" ", text)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_WORDS else f"{text[:_LONGEST_WORDS]}…"


def _message(value: object) -> str | None:
    """The text inside one layer of an error, or None when this layer is the last."""
    for _ in range(_DEEPEST):
        if not isinstance(value, dict):
            break
        value = next((value[key] for key in ("error", "message", "detail", "StatusMessage") if value.get(key)), None)
    return value if isinstance(value, str) else None
