"""Rules for errors about patterns, arguments and fields that do not fit."""

from __future__ import annotations
