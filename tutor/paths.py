"""Where the tutor keeps things. Nothing is ever kept in the user's repository.

``platformdirs`` decides; ``--home DIR`` or ``TUTOR_HOME`` puts all of it under one folder. Folders are 0700.
"""

from __future__ import annotations

import os
from pathlib import Path

from tutor.values import Value


class Home(Value):
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
        _private_folder(folder)
        return folder


def find_home(override: str | Path | None = None) -> Home:
    """The folders in use: ``override`` (``--home``), else ``TUTOR_HOME``, else the platform's usual ones."""
    chosen = override or os.environ.get("TUTOR_HOME")
    if chosen:
        root = Path(os.path.abspath(os.path.expanduser(chosen)))  # noqa: PTH100, PTH111 (an unknown ~name stays)
        return Home(root / "config", root / "data", root / "state", root / "cache")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("tutor", appauthor=False)
    return Home(
        Path(dirs.user_config_path), Path(dirs.user_data_path), Path(dirs.user_state_path), Path(dirs.user_cache_path)
    )


def _private_folder(folder: Path) -> None:
    """Creates ``folder`` and each missing one above it with 0700 (``mkdir(parents=True)`` leaves those to the umask).
    Raises OSError."""
    for above in reversed(folder.parents):
        if not above.exists():
            above.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Writes one of the tutor's own files: old or new and never half, 0600, on the disk when this returns.

    A link is followed: settings may be kept elsewhere and linked to. Raises OSError, and ValueError for text that
    UTF-8 cannot hold.
    """
    data = text.encode()
    real = Path(os.path.realpath(path))
    _private_folder(real.parent)
    beside = real.with_name(f".{real.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(real)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
