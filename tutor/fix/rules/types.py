"""Rules for errors about mismatched and unknown types."""

from __future__ import annotations

from tutor.fix.rules import types_branch, types_convert, types_declared, types_flow, types_infer, types_small

#: The modules that hold them; importing these registers the rules.
PARTS = (types_branch, types_convert, types_declared, types_flow, types_infer, types_small)
