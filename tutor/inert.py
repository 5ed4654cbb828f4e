"""Makes text from outside harmless to show: law 5 of ``docs/architecture.md``.

Code, file names, compiler output, git data and model output can hold terminal escapes, bidirectional
controls ("Trojan Source", CVE-2021-42574) and other characters that change what a reader sees. Everything that
goes to a terminal passes through here; what would act is replaced by a visible sign, and nothing is dropped.
"""

from __future__ import annotations

import re

_KEEP = "\n\t"


def _sign(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)  # ␀ … ␟, the Unicode control pictures
    if code == 0x7F:
        return "␡"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was not UTF-8, kept by surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    return f"⟨U+{code:04X}⟩"


# C0 and C1 controls, DEL, surrogates, bidi marks and isolates, invisible separators, joiners and fillers, BOM,
# interlinear annotations, shorthand and musical format controls, tag characters. ZERO WIDTH JOINER and the variation
# selectors stay: emoji need them.
_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)


def inert(text: str) -> str:
    """``text`` with every acting character replaced by a visible sign; newlines and tabs stay. Idempotent."""
    return _ACTING.sub(lambda match: _sign(match.group()), text.replace("\r\n", "\n"))


def inert_line(text: str) -> str:
    """Like :func:`inert`, for one line: newlines become ``␊`` and tabs four spaces."""
    return _ACTING.sub(lambda match: _sign(match.group()), text).replace("\n", "␊").replace("\t", "    ")


def decode(data: bytes) -> str:
    """Bytes from outside as text that round-trips: what is not UTF-8 is kept as lone surrogates.

    Show the result only through :func:`inert`; get the bytes back with ``encode("utf-8", "surrogateescape")``.
    """
    return data.decode("utf-8", "surrogateescape")
