"""The rule of the language behind an error code, in a sentence or two."""

from __future__ import annotations

RULES: dict[str, str] = {}
