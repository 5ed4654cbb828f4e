"""Rules for errors about unresolved, private and misspelt names, modules and imports."""

from __future__ import annotations

from tutor.fix.rules import (
    names_blocks,
    names_constants,
    names_declared,
    names_fields,
    names_foreign,
    names_imports,
    names_paths,
    names_patterns,
    names_private,
)

#: The modules that hold the rules; importing them registers every rule.
PARTS = (
    names_private,
    names_foreign,
    names_imports,
    names_paths,
    names_blocks,
    names_constants,
    names_patterns,
    names_fields,
    names_declared,
)
