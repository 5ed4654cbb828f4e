"""Runs the example of a lesson: compiled by rustc and run in the sandbox, in a folder that goes away afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tutor.errors import Missing, MissingTool
from tutor.inert import decode
from tutor.paths import Home

_SECONDS: Final = 20.0
_MOST: Final = 16 * 1024  # bytes of output


def run_example(source: str, home: Home) -> tuple[str, bool]:
    """What a Rust program prints, and whether it ran well; else why it did not. Blocks for a second or two.

    Raises :class:`Missing` where there is no Rust or no sandbox: an example runs nowhere else.
    """
    from tutor.sandbox import Limits, Sandbox
    from tutor.toolchain import HOW_TO_GET_RUST, find_toolchain

    toolchain = find_toolchain(home.cache)
    if toolchain is None:
        raise MissingTool("No Rust", "Running the example needs Rust.", HOW_TO_GET_RUST)
    home.ensure(home.cache)
    limits = Limits(seconds=_SECONDS, memory=1024**3, output=_MOST, disk=512 * 1024**2)
    with tempfile.TemporaryDirectory(prefix="example-", dir=home.cache) as name:
        folder = Path(name)
        (folder / "main.rs").write_text(source, encoding="utf-8")
        sandbox, env = Sandbox(toolchain), toolchain.env({})
        try:
            built = sandbox.run(
                [toolchain.rustc, "--edition=2021", "-Awarnings", "-o", folder / "example", folder / "main.rs"],
                scratch=folder, cwd=folder, env=env, limits=limits,
            )  # fmt: skip
            if not built.succeeded:
                return decode(built.stderr), False
            done = sandbox.run([folder / "example"], scratch=folder, cwd=folder, env=env, limits=limits)
        except MissingTool as error:
            raise Missing(
                "No sandbox", "Examples run only in a sandbox, and there is none here.", error.hint
            ) from error
    text = decode(done.stdout + done.stderr)
    return (text, True) if done.succeeded else (text or f"it ended: {done.outcome}", False)
