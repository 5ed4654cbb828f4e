"""Which workspaces the user trusts to run their own build scripts, macros and tests on this machine (law 4).

Asked once a workspace, kept in ``state/trust.json``, revocable. A folder is trusted by its real path only, never
because of its parent.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from tutor.paths import write_private


class Trust:
    """The trusted folders. A file that is missing or damaged means that nothing is trusted."""

    def __init__(self, state: Path) -> None:
        self._file = state / "trust.json"
        self._now: set[str] = set()

    def _kept(self) -> set[str]:
        try:
            kept = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return set()
        folders = kept.get("workspaces") if isinstance(kept, dict) else None
        return {f for f in folders if isinstance(f, str)} if isinstance(folders, list) else set()

    def allows(self, root: Path) -> bool:
        """Whether the user said yes for this folder, in this run or for good."""
        real = os.path.realpath(root)
        return real in self._now or real in self._kept()

    def grant(self, root: Path, *, keep: bool) -> None:
        """Remembers a yes: until the program ends, or for good with ``keep``. Raises OSError."""
        real = os.path.realpath(root)
        self._now.add(real)
        if keep:
            self._save(self._kept() | {real})

    def revoke(self, root: Path) -> None:
        """Takes a yes back. Raises OSError."""
        real = os.path.realpath(root)
        self._now.discard(real)
        if real in (kept := self._kept()):
            self._save(kept - {real})

    @property
    def workspaces(self) -> tuple[str, ...]:
        """All folders that are trusted, sorted."""
        return tuple(sorted(self._kept() | self._now))

    def _save(self, folders: set[str]) -> None:
        write_private(self._file, json.dumps({"version": 1, "workspaces": sorted(folders)}, indent=1))
