"""Says in one sentence why cargo could not even begin to compile."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Final

from tutor import process
from tutor.errors import Failed
from tutor.fix.runners import MAX_OUTPUT, MEMORY
from tutor.inert import inert_line
from tutor.sandbox import Limits

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
_BUILD_SCRIPT: Final = re.compile(r"failed to run custom build command for `([^`\s]+)")
_ENDED_BY: Final = re.compile(r"process didn't exit successfully: `[^`\n]*` \(signal: (\d+)")
_READ_ONLY: Final = ("Read-only file system", "ReadOnlyFilesystem")
_MAX: Final = 400


def explain_failure(done: process.Completed, tree: Path) -> Failed:
    """The error to show when cargo failed without a compiler message. ``tree``: where the copies of the user's
    folders lie, taken out of the text so that the user reads paths of their own."""
    if done.outcome == "too-much-output":
        return Failed("Too much output", f"cargo wrote more than {MAX_OUTPUT >> 20} MiB and was stopped.")
    text = done.stderr.decode("utf-8", "replace").replace(str(tree), "").replace(str(tree.parent), "…")
    if any(sign in text for sign in _OFFLINE):
        named = _PACKAGE.search(text)
        what = f"`{inert_line(named.group(1).split(' ')[0])}`" if named else "a dependency"
        return Failed(
            "A dependency is missing",
            f"Cargo cannot get {what} without the network, which is not used for checks. Run `cargo fetch` once.",
            "cargo fetch",
        )
    if (script := _BUILD_SCRIPT.search(text)) and (limit := _limit(text)):
        said = f"The build script of `{inert_line(script.group(1))}` {limit}; nothing was compiled after that."
        return Failed("The build script was stopped", said)
    if script and any(sign in text for sign in _READ_ONLY):
        said = (
            f"The build script of `{inert_line(script.group(1))}` writes outside the folder that OUT_DIR names, such "
        )
        said += "as into its own sources, which can only be read in the sandbox; nothing was compiled after that."
        return Failed("The build script may not write there", said, "let it write into OUT_DIR")
    why = _reason(text) or _ending(done)
    if script:
        return Failed("The build script failed", f"Nothing was compiled after that: {why}")
    if any(sign in text for sign in _MANIFEST):
        return Failed("Cargo.toml is wrong", why, "mend Cargo.toml first")
    return Failed("Cargo stopped", why)


def _limit(text: str) -> str:
    """What a build script ran into, as the end of a sentence; "" when it failed by itself."""
    ended = _ENDED_BY.search(text)
    if re.search(r"memory allocation of \d+ bytes failed", text):
        return f"needed more than the {MEMORY >> 30} GiB of memory that it may use"
    return _signal(int(ended.group(1))) if ended else ""


def _signal(number: int) -> str:
    if number == signal.SIGXFSZ:
        return f"wrote a file larger than the {Limits().file_size >> 30} GiB that it may have"
    if number == signal.SIGKILL:
        return "was killed (signal 9), most likely because this machine ran out of memory"
    return f"was ended by signal {number}"


def _ending(done: process.Completed) -> str:
    """How cargo ended when it did not say why. The sandbox, as a shell, gives 128 and the signal as the status."""
    number = -done.returncode if done.returncode < 0 else done.returncode - 128
    return f"cargo {_signal(number)}." if number > 0 else f"cargo ended with status {done.returncode} and no reason."


def _reason(text: str) -> str:
    """Cargo's first line and the innermost cause that it names, as one line; "" when there are none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next((line.removeprefix("error:").strip() for line in lines if line.startswith("error")), "")
    causes = [i for i, line in enumerate(lines) if line == "Caused by:"]
    cause = " ".join(lines[causes[-1] + 1 : causes[-1] + 6]) if causes else ""
    said = f"{first}: {cause}" if first and cause else first or cause
    return inert_line(said if len(said) <= _MAX else said[:_MAX] + "…")
