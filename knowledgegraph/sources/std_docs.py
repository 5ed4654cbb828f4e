"""What the Rust documentation on this machine is as a whole: its version, and how to get it."""

from __future__ import annotations

import re
from pathlib import Path

from knowledgegraph.sources.base import Missing

#: Where there is no Rust documentation.
NO_DOCS = Missing("Rust's documentation is not on this machine.", "rustup component add rust-docs")

_VERSION = re.compile(r"\b(\d+\.\d+\.\d+(?:-[a-z0-9.]+)?)")


def version_of(docs: Path) -> str:
    """The version of Rust that the documentation in this folder is of ("1.95.0"), "unknown" where it does not say."""
    try:
        told = (docs / "version_info.html").read_text("utf-8", "replace")[:5000]
    except OSError:
        return "unknown"
    found = _VERSION.search(told)
    return found[1] if found else "unknown"


def fingerprint_of(docs: Path, *indexes: str) -> str:
    """The version, and size and time of the files that list what there is; these change with every installation."""
    parts = [version_of(docs)]
    for name in ("version_info.html", *indexes):
        try:
            status = (docs / name).stat()
        except OSError:
            continue
        parts.append(f"{name}:{status.st_size}:{status.st_mtime_ns}")
    return " ".join(parts)
