"""Rules for errors about how long borrows live."""

from __future__ import annotations

from tutor.fix.rules import lifetimes_bounds, lifetimes_names

#: The modules with this family's rules; importing them registers the rules.
MODULES = (lifetimes_bounds, lifetimes_names)
