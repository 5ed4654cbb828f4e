"""Every error that a user can meet, as one tree.

::

    TutorError                what went wrong, in a title and a sentence            exit 70
    ├── UsageError            the call was wrong: unknown option, no such file      exit 2
    ├── Missing               something needed is not here or cannot be reached     exit 3
    │   ├── MissingTool       a program: rustc, cargo, git
    │   └── ModelUnavailable  no Ollama, or no such model
    ├── Refused               it could be done, but not safely: nothing was changed exit 1
    │   ├── StaleFile         the file changed on disk after the proposal was made
    │   ├── OutsideWorkspace  the path leads out of the workspace or into .git
    │   ├── NotCommittable    the accepted lines cannot be committed on their own
    │   ├── NotUndoable       undoing would touch later work
    │   └── NeedsIdentity     Git does not know who commits
    ├── Failed                it was tried and did not work: a hook, a full disk    exit 1
    └── Interrupted           the user stopped it                                   exit 130

The faces (app, REPL, command line) show ``title`` and ``msg`` and, when there is one, ``hint`` on a line of its own.
"""

from __future__ import annotations

from typing import ClassVar


class TutorError(Exception):
    """Something that the user should read.

    ``title``: two or three words. ``msg``: one sentence that says what happened and what to do.
    ``hint``: a command or a next step, when there is one. ``exit_code``: see ``cli.md``.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, title: str, msg: str, hint: str | None = None) -> None:
        super().__init__(f"{title}: {msg}")
        self.title = title
        self.msg = msg
        self.hint = hint


class UsageError(TutorError):
    """The call was wrong; nothing was done."""

    exit_code = 2


class Missing(TutorError):
    """Something needed is not installed or cannot be reached; ``hint`` says how to get it."""

    exit_code = 3


class MissingTool(Missing):
    """A program is not installed."""


class ModelUnavailable(Missing):
    """No Ollama server answers, or it does not have the model."""


class Refused(TutorError):
    """The safe answer is no. Nothing was changed."""

    exit_code = 1


class StaleFile(Refused):
    """A file is no longer what the proposal was made from, and the hunks do not fit what it is now."""


class OutsideWorkspace(Refused):
    """A path leads out of the workspace, into ``.git``, or is not a regular file."""


class NotCommittable(Refused):
    """The accepted lines cannot be committed without also committing other work of the user."""


class NotUndoable(Refused):
    """Undoing would change later work."""


class NeedsIdentity(Refused):
    """Git has no ``user.name`` or ``user.email``."""


class Failed(TutorError):
    """It was tried and did not work; ``msg`` carries the other program's own words where there are any."""

    exit_code = 1


class Interrupted(TutorError):
    """The user stopped it."""

    exit_code = 130
