"""What a line in the chat asks for: a question, or the wish to have the code repaired."""

from __future__ import annotations

import re

_FIX = re.compile(
    r"(please\s+)?((can|could|would)\s+you\s+)?(please\s+)?"
    r"(fix|repair|correct|mend)"
    r"(\s+(this|it|that|them|these|all|everything|my|the|code|program|project|file|crate|errors?|problems?|compile|"
    r"compiler|build|please|for|me))*\s*[.!?]*",
    re.IGNORECASE,
)


def wants_fix(text: str) -> bool:
    """Whether ``text`` as a whole asks to repair the code ("fix this", "please repair my program"); a question about
    fixing something ("how do I fix E0382?") is a question."""
    return _FIX.fullmatch(text.strip()) is not None
