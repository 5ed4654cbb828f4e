"""Rules for errors about what the parser stumbles over.

The parser mostly stops at the first thing it does not understand, so a mistake that is a habit (a word of another
language, `;` between fields) is mended everywhere at once: one of several mended would only show the next.
"""

from tutor.fix.rules import (
    syntax_brackets,
    syntax_flow,
    syntax_format,
    syntax_items,
    syntax_literals,
    syntax_missing,
    syntax_words,
)

#: The modules whose rules make this family.
PARTS = (syntax_brackets, syntax_literals, syntax_words, syntax_flow, syntax_format, syntax_missing, syntax_items)
