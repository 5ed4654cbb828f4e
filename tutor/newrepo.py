"""Makes a folder a Git repository, with a first commit of what is there, so that what follows can be undone.

Only :mod:`tutor.workspace` uses this module.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from tutor import gitrepo, repository
from tutor.commit import check_identity
from tutor.errors import Failed, MissingTool, Refused
from tutor.gitrepo import Git
from tutor.inert import inert_line
from tutor.repository import Identity, identity_environment

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_FILES = 20_000
_MESSAGE = b"Begin with what is here\n\nThe state of the folder before anything else was changed in it.\n"


def create(folder: str, identity: Identity | None, lock: int) -> str:
    """A repository in ``folder`` (a real path); what was done, as a sentence. ``lock``: see :func:`tutor.commit.make`.

    Raises Refused, NeedsIdentity, MissingTool or Failed; then there is no repository.
    """
    _check(folder, identity)
    try:
        git = Git(folder)
        git.read("init", "-q", "--template=", "-b", "main", ".")
        kept, left_out = _choose(folder, git)
        # Clean filters run here; only the user's own configuration can name any, the new repository has none.
        git.read("update-index", "--add", "-z", "--stdin", stdin=b"".join(name + b"\0" for name in kept))
        done = git.commit(
            "-q", "--allow-empty", "-F", "-", stdin=_MESSAGE, env=dict(identity_environment(identity)), lock=lock
        )
        if done.status != 0:
            raise Failed("Not committed", f"Git did not make the first commit.\n{done.text}")  # noqa: TRY301
    except BaseException:
        shutil.rmtree(Path(folder) / ".git", ignore_errors=True)
        raise
    sentence = f"Created a Git repository (branch main) with a first commit of {_count(len(kept))}."
    return f"{sentence} Left out: {', '.join(map(_shown, left_out))}." if left_out else sentence


def _check(folder: str, identity: Identity | None) -> None:
    if not gitrepo.installed():
        raise MissingTool("No Git", "Git is not installed.", "sudo apt install git")
    state = repository.state_of(folder)
    if state.root is not None or state.problem or os.path.lexists(f"{folder}/.git"):
        raise Refused("There is one", state.problem or f"{inert_line(folder)} is in a Git repository already.")
    if folder in ("/", os.path.realpath(Path.home())):
        raise Refused("Not here", "This is not a project's folder: everything of yours would be in one repository.")
    check_identity(folder, identity)


def _choose(folder: str, git: Git) -> tuple[list[bytes], list[bytes]]:
    """The files for the first commit, and those that are left out for their size or kind."""
    listed = git.read("ls-files", "-z", "--others", "--exclude-standard", "--exclude=target/").split(b"\0")
    names = [name for name in listed if name and not name.endswith(b"/")]
    if len(names) > MAX_FILES:
        raise Refused(
            "Too many files", f"There are {len(names)} files here; name what to leave out in .gitignore first."
        )
    kept: list[bytes] = []
    left_out: list[bytes] = []
    for name in names:
        found = os.lstat(os.fsencode(folder) + b"/" + name)
        small = stat.S_ISREG(found.st_mode) and found.st_size <= MAX_FILE_BYTES
        (kept if small or stat.S_ISLNK(found.st_mode) else left_out).append(name)
    return kept, left_out


def _count(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"


def _shown(name: bytes) -> str:
    return inert_line(name.decode("utf-8", "surrogateescape"))
