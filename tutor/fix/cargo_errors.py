"""Says in one sentence why cargo could not even begin to compile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tutor.errors import Failed
from tutor.inert import inert_line

_OFFLINE: Final = (
    "--offline",
    "offline mode",
    "no matching package",
    "failed to download",
    "unable to update registry",
)
_MANIFEST: Final = ("failed to parse manifest", "failed to load manifest", "could not parse input as TOML")
_PACKAGE: Final = re.compile(
    r"(?:package named|failed to (?:download|get)|required by package|candidates? .*?for) `([^`]+)`"
)
_MAX: Final = 400


def explain_failure(stderr: bytes, tree: Path) -> Failed:
    """The error to show for what cargo wrote when it failed without a compiler message. ``tree``: where the copies
    of the user's folders lie, taken out of the text so that the user reads paths of their own."""
    text = stderr.decode("utf-8", "replace").replace(str(tree), "").replace(str(tree.parent), "…")
    if any(sign in text for sign in _OFFLINE):
        named = _PACKAGE.search(text)
        what = f"`{inert_line(named.group(1).split(' ')[0])}`" if named else "a dependency"
        return Failed(
            "A dependency is missing",
            f"Cargo cannot get {what} without the network, which is not used for checks. Run `cargo fetch` once.",
            "cargo fetch",
        )
    why = _reason(text)
    if "failed to run custom build command" in text:
        return Failed("The build script failed", f"Nothing was compiled after that: {why}")
    if any(sign in text for sign in _MANIFEST):
        return Failed("Cargo.toml is wrong", why, "mend Cargo.toml first")
    return Failed("Cargo stopped", why)


def _reason(text: str) -> str:
    """Cargo's first line and the innermost cause that it names, as one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((line.removeprefix("error:").strip() for line in lines if line.startswith("error")), "")
    causes = [i for i, line in enumerate(lines) if line == "Caused by:"]
    cause = " ".join(lines[causes[-1] + 1 : causes[-1] + 6]) if causes else ""
    said = f"{first}: {cause}" if first and cause else first or cause or "it gave no reason."
    return inert_line(said if len(said) <= _MAX else said[:_MAX] + "…")
