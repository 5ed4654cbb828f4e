"""What a line in the prompt means: a command, the wish that something be fixed, or a question."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NamedTuple

from commands.registry import find, offered

_FIX = re.compile(
    r"(?:please\s+|can you\s+|could you\s+)?(?:fix|repair|mend|correct|solve)"
    r"(?:\s+(?:this|it|them|that|my|the|all|of|these|those|everything|code|errors?|problems?|bugs?|file|program|project"
    r"|please|for|me))*\s*[.!?]*",
    re.IGNORECASE,
)
_CHECK = re.compile(
    r"(?:please\s+)?check(?:\s+(?:this|it|my|the|code|file|program|project|again|for|errors?))*\s*[.!?]*", re.IGNORECASE
)
_QUIT = frozenset({"quit", "exit", ":q", ":wq", "bye"})


class Wish(NamedTuple):
    """``command``: a name of ``commands.registry``; ``argument``: the rest; ``problem``: why it cannot be done."""

    command: str
    argument: str = ""
    problem: str = ""


def understand(text: str) -> Wish:
    """What the user wants who typed ``text``."""
    text = text.strip()
    if text.startswith("/"):
        return _command(text)
    if _FIX.fullmatch(text):
        return Wish("fix")
    if _CHECK.fullmatch(text):
        return Wish("check")
    if text.lower() in _QUIT:
        return Wish("quit")
    return Wish("ask", text)


def _command(text: str) -> Wish:
    name, _, argument = text[1:].partition(" ")
    name, argument = name.strip().lower(), argument.strip()
    names = [command.name for command in offered("app")]
    command = find(name)
    if command is None or name not in names:
        near = get_close_matches(name, names, 1)
        meant = f" Did you mean /{near[0]}?" if near else " /help shows what there is."
        return Wish("", "", f"There is no command /{name}.{meant}")
    if command.argument and not command.argument.startswith("[") and not argument:
        return Wish("", "", f"/{name} needs {command.argument}: {command.summary}.")
    return Wish(name, argument)
