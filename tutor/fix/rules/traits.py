"""Rules for errors about missing bounds, implementations and methods."""

from __future__ import annotations
