"""What a Git repository says about itself and holds: questions that change nothing and run nothing of the user's.

The exceptions are :meth:`Repository.write_blob` and :meth:`Repository.move_head`, which only :mod:`tutor.workspace`
reaches, through :mod:`tutor.commit`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tutor.errors import MissingTool, NotCommittable
from tutor.gitrepo import Git
from tutor.inside import MAX_BYTES

InProgress = Literal["merge", "rebase", "cherry-pick", "revert", "bisect", "am"]
Identity = tuple[str, str]
"""A name and an e-mail address."""

# What Git leaves in its folder while something goes on (wt-status.c reads the same files for `git status`).
_SIGNS: tuple[tuple[str, InProgress], ...] = (
    ("rebase-merge", "rebase"), ("rebase-apply/applying", "am"), ("rebase-apply", "rebase"), ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert"), ("sequencer", "cherry-pick"),
    ("BISECT_LOG", "bisect"),
)  # fmt: skip
REGULAR_MODES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class RepoState:
    """What the faces need to know of the folder's repository.

    ``root``: the repository's top folder, None where there is none (or Git refuses it: ``problem`` says why, in Git's
    words). ``branch``: None on a detached HEAD. ``head``: the commit, None when ``unborn``. ``has_identity``: whether
    Git knows name and address. ``installed``: whether there is a git program at all.
    """

    root: Path | None = None
    branch: str | None = None
    head: str | None = None
    in_progress: InProgress | None = None
    has_identity: bool = False
    installed: bool = True
    problem: str = ""

    @property
    def detached(self) -> bool:
        """HEAD is a commit and not a branch."""
        return self.root is not None and self.branch is None and self.head is not None

    @property
    def unborn(self) -> bool:
        """There is a repository without any commit on its branch."""
        return self.root is not None and self.head is None


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A file in a commit: ``mode`` as six octal digits, ``oid`` the id of its blob."""

    mode: str
    oid: str


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A file in the index, with the two flags that a user can set on it."""

    mode: str
    oid: str
    assume_unchanged: bool = False
    skip_worktree: bool = False


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """The header and the first line of a commit."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    subject: str


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def has_identity(folder: str) -> bool:
    """Whether Git has a configured name and address for author and committer (a guessed one does not count)."""
    git = Git(folder)
    return all(
        git.try_read("-c", "user.useConfigOnly=true", "var", name).status == 0
        for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT")
    )


def find(folder: str) -> Repository | None:
    """The repository whose work tree holds ``folder`` (a real path); None where there is none or Git refuses it.

    Raises :class:`MissingTool`.
    """
    return look(folder)[0]


def look(folder: str) -> tuple[Repository | None, str]:
    """Like :func:`find`; and why there is none that can be used, "" where there simply is none."""
    git = Git(folder)
    top = git.try_read("rev-parse", "--show-toplevel")
    git_folder = git.try_read("rev-parse", "--absolute-git-dir")
    if top.status != 0 or git_folder.status != 0:
        unknown = "not a git repository" in top.text
        return None, "" if unknown else top.text.strip()
    # Both end in one newline of Git's; a name may end in one of its own.
    top_path, git_path = _text(top.data[:-1]), _text(git_folder.data[:-1])
    inside = folder == top_path or folder.startswith(top_path.rstrip("/") + "/")
    if not top_path or not inside:
        return None, "The repository's core.worktree setting names another folder."
    return Repository(top_path, git_path), ""


def state_of(folder: str) -> RepoState:
    """The state of the folder's repository; honest values where there is no repository or no git."""
    try:
        repository, problem = look(folder)
        identity = has_identity(folder)
    except MissingTool:
        return RepoState(installed=False)
    if repository is None:
        return RepoState(has_identity=identity, problem=problem)
    return RepoState(
        Path(repository.top), repository.branch(), repository.head(), repository.in_progress(), identity
    )  # fmt: skip


class Repository:
    """One work tree. ``top``: its top folder, ``folder``: its own Git folder (``.git``, or below the main one's for
    a linked work tree or a submodule)."""

    def __init__(self, top: str, folder: str) -> None:
        self.top = top
        self.folder = folder
        self.git = Git(top)

    @classmethod
    def at(cls, folder: str) -> Repository:
        """The repository with this Git folder, for questions that need no work tree."""
        return cls(folder, folder)

    @functools.cached_property
    def without_filters(self) -> Mapping[str, str]:
        """Variables for a command that writes an index: every filter of the configuration switched off.

        Git then looks again into files that changed in the same tick as the index (racy-git), and would send them
        through their filters; without, it only notes that ``git status`` has to look.
        """
        listed = self.git.try_read("config", "-z", "--name-only", "--get-regexp", r"^filter\.").data.split(b"\0")
        drivers = sorted({_text(key).rpartition(".")[0] for key in listed if key})
        settings = [(f"{driver}.{what}", "") for driver in drivers for what in ("clean", "smudge", "process")]
        settings += [(f"{driver}.required", "false") for driver in drivers]
        variables = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (key, value) in enumerate(settings):
            variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return variables

    def path_of(self, real: str) -> str:
        """The repository's name for the file at the absolute real path."""
        return os.path.relpath(real, self.top)

    def branch(self) -> str | None:
        """The branch's short name; None on a detached HEAD."""
        found = self.git.try_read("symbolic-ref", "-q", "--short", "HEAD")
        return _text(found.data[:-1]) if found.status == 0 else None

    def head(self) -> str | None:
        """The commit that HEAD is; None when there is none yet."""
        return self.resolve("HEAD")

    def resolve(self, name: str) -> str | None:
        """The id of the commit that ``name`` stands for; None when there is no such commit."""
        found = self.git.try_read("rev-parse", "-q", "--verify", "--end-of-options", f"{name}^{{commit}}")
        return found.data.decode().strip() if found.status == 0 else None

    def in_progress(self) -> InProgress | None:
        """What the user is in the middle of."""
        for name, meaning in _SIGNS:
            if (Path(self.folder) / name).exists():
                return meaning
        return None

    def has_conflicts(self) -> bool:
        """Whether the index holds unmerged files."""
        return bool(self.git.read("ls-files", "-u", "-z"))

    def tree_entries(self, commit: str, paths: Iterable[str]) -> dict[str, TreeEntry]:
        """Those of ``paths`` that ``commit`` has."""
        entries = {}
        for record in self.git.read("ls-tree", "-z", "--full-tree", commit, "--", *paths).split(b"\0"):
            if record:
                meta, _, name = record.partition(b"\t")
                mode, _, oid = meta.decode().split()
                entries[_text(name)] = TreeEntry(mode, oid)
        return entries

    def index_entries(self, paths: Sequence[str]) -> dict[str, IndexEntry]:
        """Those of ``paths`` that the index has, and where one is a folder there, what is in it (merged ones only)."""
        flags = {}
        for record in self.git.read("ls-files", "-z", "-v", "--full-name", "--", *paths).split(b"\0"):
            if record:
                flags[record[2:]] = record[:1]
        entries = {}
        for record in self.git.read("ls-files", "-z", "--stage", "--full-name", "--", *paths).split(b"\0"):
            meta, _, name = record.partition(b"\t")
            if record:
                mode, oid, stage = meta.decode().split()
                tag = flags.get(name, b"H")
                if stage == "0":
                    entries[_text(name)] = IndexEntry(mode, oid, tag.islower(), tag.upper() == b"S")
        return entries

    def blob(self, oid: str) -> bytes:
        """The content of a blob, as it is. Raises :class:`NotCommittable` when it is too large."""
        if int(self.git.read("cat-file", "-s", oid)) > MAX_BYTES:
            raise NotCommittable("Too large", f"A file with more than {MAX_BYTES // 1024 // 1024} MB is not handled.")
        return self.git.read("cat-file", "blob", oid)

    def write_blob(self, data: bytes, new_path: str | None = None) -> str:
        """Stores a blob and returns its id: exactly ``data``, or for a new file with the line endings that the
        repository's settings ask for (never through a filter program: :meth:`unusual_attribute` is asked first)."""
        how = ["--no-filters"] if new_path is None else [f"--path={new_path}"]
        return self.git.read("hash-object", "-w", "--stdin", *how, stdin=data).decode().strip()

    def unusual_attribute(self, path: str) -> str | None:
        """An attribute that makes the stored content differ from the file by more than line endings; None: none."""
        names = ("filter", "working-tree-encoding")
        fields = self.git.read("check-attr", "-z", *names, "--", path).split(b"\0")
        for name, value in zip(fields[1::3], fields[2::3], strict=False):
            if value not in (b"unspecified", b"unset"):
                return f"{_text(name)}={_text(value)}"
        return None

    def info(self, commit: str) -> CommitInfo:
        """A commit's tree, parents and subject."""
        header, _, message = self.git.read("cat-file", "commit", commit).partition(b"\n\n")
        fields = [line.split(b" ", 1) for line in header.split(b"\n") if line.startswith((b"tree ", b"parent "))]
        tree = next(value.decode() for name, value in fields if name == b"tree")
        parents = tuple(value.decode() for name, value in fields if name == b"parent")
        lines = message.decode("utf-8", "replace").split("\n")
        return CommitInfo(commit, tree, parents, lines[0])

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether ``of`` has ``commit`` in its history."""
        return self.git.try_read("merge-base", "--is-ancestor", commit, of).status == 0

    def is_shared(self, commit: str) -> bool:
        """Whether a remote-tracking branch or a tag holds the commit: others may have it."""
        found = self.git.read("for-each-ref", "--count=1", f"--contains={commit}", "refs/remotes", "refs/tags")
        return bool(found.strip())

    def move_head(self, new: str, old: str, why: str) -> bool:
        """Moves the branch (or the detached HEAD) from ``old`` to ``new``, with a line in the reflog; False, and
        nothing moved, when it is not at ``old``."""
        return self.git.try_read("update-ref", "-m", why, "HEAD", new, old).status == 0


def identity_environment(identity: Identity | None) -> Mapping[str, str]:
    """The variables that make a commit with this identity."""
    if identity is None:
        return {}
    name, address = identity
    return {
        "GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": address,
        "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": address,
    }  # fmt: skip
