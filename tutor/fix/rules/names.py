"""Rules for errors about unresolved, private and misspelt names, modules and imports."""

from __future__ import annotations
