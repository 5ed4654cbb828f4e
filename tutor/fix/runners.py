"""The ways in which programs that may hold other people's code are run, and the bounds of every run."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from tutor import process
from tutor.errors import Failed, Interrupted
from tutor.inert import inert_line
from tutor.toolchain import Toolchain

MAX_OUTPUT: Final = 64 * 1024 * 1024
MEMORY: Final = 4 * 1024**3
PROCESSES: Final = 256
_OUT_OF_MEMORY: Final = re.compile(rb"^memory allocation of \d+ bytes failed", re.MULTILINE)


class Runner(Protocol):
    """A way to run programs that may contain other people's code. ``what`` says in words what holds."""

    what: str
    seconds: float

    def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        scratch: Path,
        read_only: Sequence[Path],
        cwd: Path,
        env: Mapping[str, str],
        cancel: threading.Event,
    ) -> process.Completed:
        """Runs ``argv``; only ``scratch`` need be writable."""
        ...


class SandboxRunner:
    """Nothing outside the scratch folder can be reached."""

    def __init__(self, toolchain: Toolchain, seconds: float) -> None:
        from tutor.sandbox import Limits, Sandbox

        self.what = "bubblewrap"
        self.seconds = seconds
        self._sandbox = Sandbox(toolchain)
        self._limits = Limits(seconds=seconds, memory=MEMORY, output=MAX_OUTPUT)

    def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        scratch: Path,
        read_only: Sequence[Path],
        cwd: Path,
        env: Mapping[str, str],
        cancel: threading.Event,
    ) -> process.Completed:
        return self._sandbox.run(
            argv, scratch=scratch, read_only=read_only, cwd=cwd, env=env, limits=self._limits, cancel=cancel
        )


class TrustedRunner:
    """The user said that this workspace may run its own code here."""

    what = "none: you trust this workspace"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def run(
        self,
        argv: Sequence[str | os.PathLike[str]],
        scratch: Path,
        read_only: Sequence[Path],
        cwd: Path,
        env: Mapping[str, str],
        cancel: threading.Event,
    ) -> process.Completed:
        return process.run(
            argv,
            cwd=cwd,
            env=env,
            timeout=self.seconds,
            max_output=MAX_OUTPUT,
            memory=MEMORY,
            processes=PROCESSES,
            cancel=cancel,
        )


def completed_or_failed(done: process.Completed, program: str, seconds: float) -> None:
    """Raises Interrupted or Failed, in one sentence, when the program was stopped before its end. Too much output
    is not one of the causes: what there is of it can be used."""
    if done.outcome == "cancelled":
        raise Interrupted("Stopped", f"{program} was stopped.")
    outcome = "too-much-memory" if _OUT_OF_MEMORY.search(done.stderr) else done.outcome
    said = {
        "timeout": f"gave no answer within {seconds:g} seconds and was stopped; fix.seconds in config.toml allows more",
        "too-much-memory": f"needed more than {MEMORY >> 30} GiB of memory and was stopped",
        "too-many-processes": "started too many processes and was stopped",
    }.get(outcome)
    if said:
        raise Failed("No answer", f"{program} {said}.")


def last_line(output: bytes) -> str:
    """The last line that a program wrote, inert; for a message to the user."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return inert_line(lines[-1][:300]) if lines else "it said nothing."
