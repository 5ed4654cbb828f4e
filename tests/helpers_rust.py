"""What the tests of checking and fixing share: small Rust programs on disk, and the real compiler to judge them."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tutor.config import FixSettings
from tutor.events import DiagnosticsFound, Event, NeedsPermission, Notice, ProposalReady
from tutor.fix.proposer import Proposer
from tutor.fix.search import Fixer, FixOutcome, FixRequest
from tutor.fix.source import CrateType
from tutor.paths import Home
from tutor.proposal import Proposal
from tutor.toolchain import Toolchain, find_toolchain

Result = TypeVar("Result")


def run_to_end(steps: Generator[Event, None, Result]) -> tuple[list[Event], Result]:
    """All events and the result of an action."""
    events: list[Event] = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return events, end.value


@dataclass(frozen=True)
class Found:
    """What one search said and found."""

    events: list[Event]
    outcome: FixOutcome

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]

    @property
    def permissions(self) -> list[NeedsPermission]:
        return [event for event in self.events if isinstance(event, NeedsPermission)]

    @property
    def ready(self) -> list[ProposalReady]:
        return [event for event in self.events if isinstance(event, ProposalReady)]

    @property
    def first_check(self) -> DiagnosticsFound:
        return next(event for event in self.events if isinstance(event, DiagnosticsFound))

    @property
    def best(self) -> Proposal:
        return self.outcome.proposals[0]

    def content(self, path: str, proposal: int = 0) -> bytes:
        """What the proposal makes of a file."""
        return next(f.content for f in self.outcome.proposals[proposal].files if f.path == path)


def make_fixer(
    home: Home,
    *,
    trusted: bool = False,
    settings: FixSettings | None = None,
    proposers: Sequence[Proposer] | None = None,
) -> Fixer:
    return Fixer(
        home,
        settings or FixSettings(),
        trusted=lambda root: trusted,
        proposers=proposers,
        concepts_for=lambda code: [f"concept-{code}"],
    )


def find(
    fixer: Fixer, path: Path, *, edition: str | None = None, crate_type: CrateType | None = None, tests: bool = False
) -> Found:
    return Found(*run_to_end(fixer.find(FixRequest(path, edition, crate_type, tests), threading.Event())))


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Writes ``files`` below ``folder`` and returns it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def manifest(name: str = "demo", more: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{more}'


def snapshot(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Every file below ``folder`` with its time and content: the proof that nothing was touched."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path)] = (path.lstat().st_mtime_ns, str(path.readlink()))
        elif path.is_file():
            found[str(path)] = (path.stat().st_mtime_ns, path.read_bytes())
    return found


def toolchain() -> Toolchain:
    found = find_toolchain(None)
    assert found is not None, "these tests need rustc"
    return found


def compiles(source: bytes, folder: Path, *, crate_type: str = "bin", edition: str = "2021") -> bool:
    """The real compiler's own verdict, by another way than the code under test."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "judged.rs"
    file.write_bytes(source)
    kind = ["--test"] if crate_type == "test" else [f"--crate-type={crate_type}"]
    done = subprocess.run(
        [toolchain().rustc, f"--edition={edition}", *kind, "--emit=metadata", "--out-dir", folder, file],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0
