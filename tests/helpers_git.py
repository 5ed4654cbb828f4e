"""Real repositories, and real decisions about proposals, for the tests of the workspace."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tutor.proposal import Proposal, file_change
from tutor.review import Approval, Review, approve
from tutor.workspace import AppliedChange, CommitResult, UndoResult, Workspace

IDENTITY = ("Ada Byron", "ada@example.org")


def git(
    folder: Path, *arguments: str | bytes, stdin: bytes = b"", check: bool = True, env: Mapping[str, str] | None = None
) -> bytes:
    """Git's standard output, as it is."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    if check and done.returncode != 0:
        raise AssertionError(f"git {arguments!r}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def line(folder: Path, *arguments: str) -> str:
    """Git's answer of one line."""
    return git(folder, *arguments).decode().strip()


def new_repository(folder: Path, files: Mapping[str, bytes] | None = None, *, identity: bool = True) -> Path:
    """A repository with one commit of ``files``."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    if identity:
        git(folder, "config", "user.name", IDENTITY[0])
        git(folder, "config", "user.email", IDENTITY[1])
    for name, content in (files or {}).items():
        write(folder / name, content)
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def write(path: Path, content: bytes) -> None:
    """Writes a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def proposal(root: Path, changes: Mapping[str, tuple[bytes | None, bytes]], proposal_id: str = "p1") -> Proposal:
    """A proposal that turns each file's first content into its second."""
    files = tuple(file_change(path, base, content) for path, (base, content) in changes.items())
    return Proposal(proposal_id, str(root), "A test's proposal", "you", files)


def accept_all(one: Proposal) -> Approval:
    """The decision of a user who takes everything."""
    review = Review(one)
    review.decide_all("accepted")
    return review.approve("--yes")


class User:
    """A user with one workspace: proposes, accepts, applies, commits, undoes."""

    def __init__(self, root: Path, state: Path) -> None:
        self.root = root
        self.workspace = Workspace(root, state=state)

    def apply(self, changes: Mapping[str, tuple[bytes | None, bytes]]) -> AppliedChange:
        """Writes all of a proposal made of ``changes``."""
        return self.workspace.apply(accept_all(proposal(self.root, changes)))

    def edit(self, path: str, *replacements: tuple[bytes, bytes]) -> AppliedChange:
        """Writes a proposal that replaces pieces of one file as it is now."""
        base = (self.root / path).read_bytes()
        content = base
        for old, new in replacements:
            assert content.count(old) == 1
            content = content.replace(old, new)
        return self.apply({path: (base, content)})

    def commit(
        self, applied: AppliedChange, message: str = "Fix it", identity: tuple[str, str] | None = None
    ) -> CommitResult:
        """Commits it."""
        return self.workspace.commit(applied, message, approve("commit", applied.id, "--yes"), identity=identity)

    def undo(self, applied: AppliedChange) -> UndoResult:
        """Takes it back."""
        return self.workspace.undo(applied, approve("undo", applied.id, "key"))


def index_entries(folder: Path, *without: str) -> dict[bytes, tuple[bytes, bytes]]:
    """Every entry of the index but those of ``without``: mode, id, stage, flags and remembered file times."""
    records = git(folder, "ls-files", "-z", "--stage", "--debug").split(b"\0")
    entries = {}
    for number, record in enumerate(records[:-1]):
        # What Git remembers of a file are the five lines after its name, before the next record.
        head = record if number == 0 else record.split(b"\n", 5)[5]
        meta, name = head.split(b"\t", 1)
        entries[name] = (meta, b"\n".join(records[number + 1].split(b"\n", 5)[:5]))
    return {name: entry for name, entry in entries.items() if os.fsdecode(name) not in without}
