"""Rules for errors about who owns a value, who borrows it, what may change."""

from __future__ import annotations
