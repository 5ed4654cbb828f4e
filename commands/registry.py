"""Every action a user can take, named once; the faces (command line, REPL, app) show and dispatch from this list.

A face that offers an action looks its words up here, so that ``tutor fix``, ``/fix`` and the palette's "Fix the
problems" are the same thing under the same name. Tests check that each face handles all that is marked for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from tutor.values import Value

Face = Literal["cli", "chat", "app"]


class Command(Value):
    """One action. ``name``: the subcommand and the slash command. ``title``: what the palette calls it.
    ``summary``: one line, lower case, for help. ``argument``: how its argument is written in help; "" for none.
    ``faces``: where it is offered."""

    name: str
    title: str
    summary: str
    argument: str = ""
    faces: frozenset[Face] = frozenset({"cli", "chat", "app"})


_ALL: frozenset[Face] = frozenset({"cli", "chat", "app"})
_CLI: frozenset[Face] = frozenset({"cli"})
_APP: frozenset[Face] = frozenset({"app"})
_INSIDE: frozenset[Face] = frozenset({"chat", "app"})

COMMANDS: tuple[Command, ...] = (
    Command(
        "fix", "Fix the problems", "find fixes, prove them with the compiler, show them as a diff", "[PATH…]", _ALL
    ),
    Command("check", "Check for problems", "list what the compiler says", "[PATH]", _INSIDE),
    Command("ask", "Ask a question", "answer from the documentation and lessons on this machine", "QUESTION", _ALL),
    Command("explain", "Explain something", "explain an error code or a concept", "THING", _ALL),
    Command("graph", "Show a concept's neighbours", "what a concept needs and what it unlocks", "CONCEPT", _ALL),
    Command("find", "Find anything", "find a page, command, type or lesson by its name", "[TEXT]", _APP),
    Command("outline", "Outline", "all lessons and documentation, chapter by chapter", "", _APP),
    Command(
        "knowledge",
        "Read the documentation",
        "read this machine's documentation, or say how much is read",
        "[build|status]",
        _ALL,
    ),
    Command("apply", "Write the accepted hunks", "write what you accepted into your files", "", _APP),
    Command("commit", "Commit what was applied", "commit exactly the accepted lines", "", _INSIDE),
    Command("undo", "Undo the last applied fix", "take the last applied proposal back", "", _INSIDE),
    Command(
        "helpful",
        "Say whether it helped",
        "yes or no to the last answer or fix; no asks what was wrong",
        "yes|no",
        _INSIDE,
    ),
    Command(
        "demo", "Guided demonstration", "the main job on a bundled broken project, in a scratch repository", "", _CLI
    ),
    Command(
        "chat", "Plain-line chat", "the same tutor line by line: dumb terminals, SSH, screen readers, pipes", "", _CLI
    ),
    Command("sessions", "Earlier sessions", "list or show the session logs", "list|show", _CLI),
    Command("recognise", "Recognise patterns", "which Rust patterns and concepts files use, with lines", "PATH…", _CLI),
    Command(
        "eval", "Measure", "how well known questions are answered and known mistakes mended", "[retrieval|fix]", _CLI
    ),
    Command("doctor", "What works here", "what is here, what is missing, how to get it", "", _ALL),
    Command("config", "Settings", "read and change the settings", "get|set|path", _CLI),
    Command("help", "Help", "what can be typed here", "", _INSIDE),
    Command("quit", "Quit", "leave the tutor", "", _INSIDE),
)


def offered(face: Face) -> Iterator[Command]:
    """The commands that ``face`` offers, in the order in which help lists them."""
    return (command for command in COMMANDS if face in command.faces)


def find(name: str) -> Command | None:
    """The command called ``name``, or None."""
    return next((command for command in COMMANDS if command.name == name), None)
