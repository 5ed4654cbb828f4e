"""Rules for errors about what the parser stumbles over."""

from __future__ import annotations
