"""Checks states of one program, within the budget of a request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event as Flag
from typing import TYPE_CHECKING

from tutor.errors import Failed, Interrupted

if TYPE_CHECKING:
    from tutor.config import FixSettings
    from tutor.fix.compiler import Checked, Checker

Files = Mapping[str, bytes]


class Bench:
    """Checks states of one program, within the budget."""

    def __init__(self, checker: Checker, root: Path, settings: FixSettings, cancel: Flag) -> None:
        self.runs = 0
        self._checker, self._root, self._cancel = checker, root, cancel
        self.most = settings.max_checks
        self._until = time.monotonic() + settings.seconds
        self._base: dict[str, bytes | None] = {}

    @property
    def spent(self) -> bool:
        """Whether the budget is used up."""
        return self.runs >= self.most or time.monotonic() > self._until

    @property
    def known_files(self) -> dict[str, bytes]:
        """The user's files that were asked for so far."""
        return {path: content for path, content in self._base.items() if content is not None}

    def first(self) -> Checked:
        """The check of the user's own files. Raises Failed, Interrupted."""
        outcome = self._checker.check({}, self._cancel)
        self.runs += outcome.runs
        return outcome

    def check(self, files: Files) -> Checked | None:
        """What the compiler says of ``files`` over the user's; None when it gave no answer. Raises Interrupted."""
        if self._cancel.is_set():
            raise Interrupted("Stopped", "The search for a fix was stopped.")
        try:
            outcome = self._checker.check(files, self._cancel)
        except Failed:  # a hang, a crash, a flood: this edit is no fix
            self.runs += 1
            return None
        self.runs += outcome.runs
        return outcome

    def base(self, path: str) -> bytes | None:
        """The user's content of a file that may be edited; None when it may not: outside the project, a link, not
        there."""
        if path not in self._base:
            place = self._root / path
            inside = not Path(path).is_absolute() and place.resolve() == self._root.resolve() / path
            self._base[path] = self._checker.scratch.base(path) if inside and place.is_file() else None
        return self._base[path]
