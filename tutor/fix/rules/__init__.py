"""Rules of our own: what a careful colleague would try about an error, by its code and the syntax around it.

One module for each family of errors; :mod:`tutor.fix.rules.base` says what a rule is. A rule only makes candidates: the
search proves them with the compiler and the acceptance rules throw out what a reviewer would not take.
"""

from tutor.fix.rules import lifetimes, names, ownership, shapes, syntax, traits, types

#: The modules that hold the rules; importing them registers every rule.
FAMILIES = (ownership, lifetimes, types, traits, names, shapes, syntax)
