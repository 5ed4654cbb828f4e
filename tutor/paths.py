"""Where the tutor keeps things. Nothing is ever kept in the user's repository.

``platformdirs`` decides; ``--home DIR`` or ``TUTOR_HOME`` puts all of it under one folder. Folders are 0700.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The four folders of the tutor: ``config`` (config.toml), ``data`` (what took time to make), ``state``
    (sessions, trust, crash reports) and ``cache`` (scratch copies; can be deleted at any time)."""

    config: Path
    data: Path
    state: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        """The user's TOML configuration; it need not exist."""
        return self.config / "config.toml"

    @property
    def sessions(self) -> Path:
        """The folder of session logs, one ``.jsonl`` file each."""
        return self.state / "sessions"

    def ensure(self, folder: Path) -> Path:
        """Creates ``folder`` (and its parents) readable by the user alone, and returns it. Raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder


def find_home(override: str | Path | None = None) -> Home:
    """The folders in use: ``override`` (``--home``), else ``TUTOR_HOME``, else the platform's usual ones."""
    chosen = override or os.environ.get("TUTOR_HOME")
    if chosen:
        root = Path(chosen).expanduser().absolute()
        return Home(root / "config", root / "data", root / "state", root / "cache")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("tutor", appauthor=False)
    return Home(
        Path(dirs.user_config_path), Path(dirs.user_data_path), Path(dirs.user_state_path), Path(dirs.user_cache_path)
    )


def write_private(path: Path, text: str) -> None:
    """Writes one of the tutor's own files: old or new and never half, 0600, on the disk when this returns.

    Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
