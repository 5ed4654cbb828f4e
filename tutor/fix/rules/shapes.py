"""Rules for errors about patterns, arguments and fields that do not fit."""

from __future__ import annotations

from tutor.fix.rules import shapes_arms, shapes_calls, shapes_consts, shapes_fields, shapes_flow, shapes_patterns

#: The modules with this family's rules; importing them registers the rules.
MODULES = (shapes_arms, shapes_calls, shapes_consts, shapes_fields, shapes_flow, shapes_patterns)
