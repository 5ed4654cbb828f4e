"""Rules for errors about missing bounds, implementations and methods."""

from __future__ import annotations

from tutor.fix.rules import traits_derive, traits_format, traits_impls, traits_methods, traits_operators, traits_sizes

#: The modules that hold the family's rules; importing them registers the rules.
PARTS = (traits_derive, traits_format, traits_impls, traits_methods, traits_operators, traits_sizes)
