"""Rules for errors about mismatched and unknown types."""

from __future__ import annotations
