"""Rules for errors about who owns a value, who borrows it, what may change."""

from __future__ import annotations

from tutor.fix.rules import ownership_change, ownership_moves, ownership_order, ownership_scopes

#: The modules that hold the rules of this family; importing them registers every rule.
PARTS = (ownership_order, ownership_moves, ownership_scopes, ownership_change)
