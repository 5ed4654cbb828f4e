"""What was typed into the prompt, kept on this machine: earlier lines, and the draft that was not sent yet."""

from __future__ import annotations

import json
from pathlib import Path

from tutor.paths import write_private

_MOST = 500
_LONGEST = 20_000  # characters of one entry


class History:
    """Earlier inputs, oldest first, in ``folder/prompt-history.jsonl`` (0600), and the place where the user is among
    them. Reading never raises; a file that cannot be read is an empty history."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "prompt-history.jsonl"
        self._draft_file = folder / "prompt-draft.txt"
        self._entries: list[str] = []
        self._at = 0
        self._draft = ""

    def load(self) -> str:
        """Reads what was kept, and returns the draft that was left in the prompt."""
        self._entries = self._read() + self._entries
        self._at = len(self._entries)
        try:
            return self._draft_file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def _read(self) -> list[str]:
        try:
            lines = self._file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []
        entries = []
        for line in lines[-_MOST:]:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, str):
                entries.append(entry)
        return entries

    def add(self, text: str) -> None:
        """A new entry; the same text twice in a row is one."""
        if text and self._entries[-1:] != [text]:
            self._entries = [*self._entries, text[:_LONGEST]][-_MOST:]
        self._at = len(self._entries)
        self._draft = ""

    def older(self, now: str) -> str | None:
        """The entry before, or None at the first one. ``now``: what stands in the prompt."""
        if self._at == 0:
            return None
        if self._at == len(self._entries):
            self._draft = now
        self._at -= 1
        return self._entries[self._at]

    def newer(self) -> str | None:
        """The entry after, at last the unsent text again, or None when that is where the user is."""
        if self._at >= len(self._entries):
            return None
        self._at += 1
        return self._draft if self._at == len(self._entries) else self._entries[self._at]

    def save(self) -> None:
        """Writes the entries. Raises OSError."""
        write_private(self._file, "".join(json.dumps(entry) + "\n" for entry in self._entries))

    def save_draft(self, text: str) -> None:
        """Keeps what is in the prompt for the next start; an empty one removes what was kept. Raises OSError."""
        if text.strip():
            write_private(self._draft_file, text[:_LONGEST])
        else:
            self._draft_file.unlink(missing_ok=True)
