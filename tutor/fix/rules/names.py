"""Rules for errors about unresolved, private and misspelt names, modules and imports."""

from __future__ import annotations

from tutor.fix.rules import names_private

#: The modules that hold the rules; importing them registers every rule.
PARTS = (names_private,)
