"""Makes what the tutor hands over fit for one line of JSON, within bounds.

Bytes become text (what is not UTF-8 as lone surrogates, which come back with ``encode("utf-8", "surrogateescape")``),
tuples lists, paths and numbers that are not numbers text. What is too long is cut, and the cut is noted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import PurePath

from sessions.schema import JsonValue

LONGEST = 256 * 1024  # characters of one text
DEEPEST = 64  # objects and lists inside each other

# A secret that a cut would halve is not recognised any more. So this much more than is kept is looked at.
_BEYOND = 64 * 1024
_BITS = 1024  # larger integers are beyond what readers of JSON take


class Plain:
    """Converts one entry's data. ``cut``: JSON Pointer → the length of what stood there, in characters (0: nested too
    deeply). ``redact`` takes the secrets out of a text that is going to be cut."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self.cut: dict[str, int] = {}
        self._redact = redact

    def convert(self, data: Mapping[str, object]) -> dict[str, JsonValue]:
        """``data`` as JSON values. Raises TypeError for a value that JSON has nothing for."""
        return self._object(data, "", 0)

    def _value(self, value: object, where: str, depth: int) -> JsonValue:
        if isinstance(value, str):
            return self._text(value, where)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return int(value) if value.bit_length() <= _BITS else hex(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(value)
        if isinstance(value, (bytes, bytearray)):
            return self._text(value.decode("utf-8", "surrogateescape"), where)
        if isinstance(value, PurePath):
            return self._text(str(value), where)
        if isinstance(value, (Mapping, list, tuple)):
            if depth == DEEPEST:
                self.cut[where] = 0
                return None
            if isinstance(value, Mapping):
                return self._object(value, where, depth + 1)
            return [self._value(item, f"{where}/{i}", depth + 1) for i, item in enumerate(value)]
        raise TypeError(f"{where or 'data'}: {type(value).__name__} cannot be logged")

    def _object(self, value: Mapping[str, object], where: str, depth: int) -> dict[str, JsonValue]:
        return {
            _joined(str(key)): self._value(item, f"{where}/{_token(str(key))}", depth) for key, item in value.items()
        }

    def _text(self, text: str, where: str) -> str:
        if len(text) > LONGEST:
            self.cut[where] = len(text)
            head = self._redact(text[: LONGEST + _BEYOND])
            # What a secret at the very end of the part looked at leaves unrecognised is not kept in any case.
            text = head[: LONGEST if len(text) <= LONGEST + _BEYOND else min(LONGEST, len(head) - _BEYOND)]
        return _joined(text)


def _joined(text: str) -> str:
    """Surrogates that form a pair become the character that they stand for, as any reader of JSON would make them."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return text


def _token(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")  # RFC 6901, section 4
