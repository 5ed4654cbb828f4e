"""The one writer of the user's files and repository (law 1), and only with an :class:`~tutor.review.Approval`.

What holds, whatever happens in between, SIGKILL included:

- A file is old or new and never half; several files change together or not at all (:mod:`tutor.files`).
- A file that is not what the proposal was made from is never overwritten: the hunks are moved to what it is now, or
  :class:`~tutor.errors.StaleFile` is raised and nothing is written.
- No path leads out of the workspace, and none into Git's own folders.
- A commit holds HEAD's tree plus the accepted hunks; what else was staged, changed or untracked is still so
  (:mod:`tutor.commit`).
- Before anything changes, what is about to happen is in the journal; :meth:`Workspace.recover` reads it after a kill.
  An interrupt (Ctrl+C, SIGTERM) is settled from it too: at once, and where that is interrupted, at the next start. What
  the user should know of that becomes notes of the exception.

What of the repository's own programs runs when: see :mod:`tutor.gitrepo`. In short: applying, undoing without a commit
and reading the state run nothing; committing runs the hooks and the signing program that are configured, and nothing
of that can ask on the terminal.

All methods block; call them from a worker thread.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tutor import commit as committing
from tutor import files, inside, recovery, repository
from tutor import hunks as hunk_algebra
from tutor.applied import AppliedChange, AppliedFile, Ledger
from tutor.commit import Edit, Refusal, place
from tutor.errors import (
    Failed,
    NotCommittable,
    NotUndoable,
    OutsideWorkspace,
    Refused,
    StaleFile,
    TutorError,
)
from tutor.files import Change, Transaction
from tutor.hunks import Hunk, HunkMismatch, Overlap
from tutor.inert import inert_line
from tutor.proposal import FileChange, Proposal
from tutor.repository import Identity, Repository, RepoState
from tutor.review import AcceptedChange, Approval

__all__ = ["AppliedChange", "AppliedFile", "CommitResult", "RepoState", "UndoResult", "Workspace"]

_NO_COMMIT = Refusal(NotCommittable, "Cannot commit")
_NO_UNDO = Refusal(NotUndoable, "Cannot undo")


@dataclass(frozen=True, slots=True)
class CommitResult:
    """``commit``: the new commit's id; ``summary``: its first line; ``output``: what Git and hooks printed (raw)."""

    commit: str
    summary: str
    output: str


@dataclass(frozen=True, slots=True)
class UndoResult:
    """How something was taken back; ``commit``: the commit that was removed, or made to revert."""

    how: Literal["files", "commit removed", "revert commit"]
    commit: str = ""


class Workspace:
    """One folder of the user's. ``state``: the tutor's own state folder (:class:`tutor.paths.Home`)."""

    def __init__(self, root: Path, *, state: Path) -> None:
        self.root = root.absolute()
        self._real = os.path.realpath(self.root)
        self._ledger = Ledger(state, self._real)

    def state(self) -> RepoState:
        """The repository that the folder is in; a few quick calls of git that run nothing of the repository's."""
        return repository.state_of(self._real)

    @property
    def last_applied(self) -> AppliedChange | None:
        """The newest write that is not undone, also one of an earlier session; None when there is none."""
        kept = self._ledger.load()
        return kept[-1] if kept else None

    def rebase(self, proposal: Proposal) -> Proposal:
        """The proposal on what is on the disk now, with the same ids; the same object when nothing has changed.

        Raises :class:`StaleFile` when its hunks do not fit any more, :class:`OutsideWorkspace` for a path that
        leads out.
        """
        folder = self._folder(proposal.root)
        moved = tuple(self._rebased(folder, change) for change in proposal.files)
        if all(new is old for new, old in zip(moved, proposal.files, strict=True)):
            return proposal
        return replace(proposal, files=moved)

    def _rebased(self, folder: str, change: FileChange) -> FileChange:
        current = inside.read(folder, inside.locate(folder, change.path))
        if current == change.base:
            return change
        moved = _moved(AcceptedChange(change.path, change.base, tuple(h.hunk for h in change.hunks)), current)
        order = sorted(change.hunks, key=lambda h: (h.hunk.start, h.hunk.end))
        return replace(
            change, base=current, hunks=tuple(replace(h, hunk=m) for h, m in zip(order, moved, strict=True))
        )  # fmt: skip

    def apply(self, approval: Approval) -> AppliedChange:
        """Writes the approved hunks, into all files or none.

        Raises :class:`Refused` and its kinds when that would not be safe (then nothing was changed), and Failed when
        the system would not let it (then every file is as it was).
        """
        approval.check("apply", approval.subject)
        if not approval.changes:
            raise Refused("Nothing accepted", "There is nothing to write.")
        folder = self._folder(approval.root or self._real)
        with self._ledger.locked():
            self._settle()
            planned = [self._plan(folder, change) for change in approval.changes]
            if len({f.real for f in planned}) < len(planned):
                raise Refused("Same file twice", "Two of the changed names lead to the same file; nothing was written.")
            changes = [Change(f.real, f.before, f.after) for f in planned]
            transaction = Transaction(folder, changes, secrets.token_hex(8))
            made = transaction.made_folders
            applied = AppliedChange(
                secrets.token_hex(6), approval.subject, folder,
                tuple(replace(f, folders=made) if f.before is None else f for f in planned),
                rebased=any(f.before != c.base for f, c in zip(planned, approval.changes, strict=True)),
            )  # fmt: skip

            def write() -> None:
                transaction.publish()
                self._ledger.remember(applied)

            with self._journal({"kind": "apply", "applied": applied.to_json(), "files": transaction.record}):
                self._carry_out(transaction, write)
            return applied

    def _plan(self, folder: str, change: AcceptedChange) -> AppliedFile:
        real = inside.locate(folder, change.path)
        current = inside.read(folder, real)
        moved = change.hunks if current == change.base else _moved(change, current)
        try:
            after = hunk_algebra.apply(current or b"", moved)
        except HunkMismatch as error:
            raise Refused("Does not fit", f"{inert_line(change.path)}: {error}; nothing was written.") from error
        if len(after) > inside.MAX_BYTES:
            raise Refused("Too large", f"{inert_line(change.path)} would become too large; nothing was written.")
        return AppliedFile(change.path, real, current, after, tuple(sorted(moved, key=lambda h: (h.start, h.end))))

    def _carry_out(self, transaction: Transaction, write: Callable[[], None]) -> None:
        """Prepares, then ``write`` (which publishes); takes everything back when either fails."""
        try:
            transaction.prepare()
            write()
        except Exception as error:
            left = transaction.roll_back()
            if left and isinstance(error, TutorError):
                raise Failed(error.title, f"{error.msg} But changed by something else: {_names(left)}.") from error
            raise
        transaction.finish()

    def commit(
        self, applied: AppliedChange, message: str, approval: Approval, *, identity: Identity | None = None
    ) -> CommitResult:
        """One commit of exactly what was applied; runs the repository's hooks and, where it is on, signing.

        ``identity``: name and address for this commit only. Raises :class:`NotCommittable`, :class:`NeedsIdentity`, or
        Failed with the words of a hook or of Git; then the repository is as it was and the files stay as written.
        """
        approval.check("commit", applied.id)
        with self._ledger.locked() as lock:
            self._settle()
            known = self._ledger.find(applied.id)
            if known is not None and known.commit:
                raise _NO_COMMIT(f"This is committed already, as {known.commit[:10]}.")
            folder = self._folder(applied.root)
            for file in applied.files:
                _check_still_there(folder, file)
            where = _repository_of(folder, applied, _NO_COMMIT)
            edits = [Edit(_name_in(where, folder, f), f.before, f.after, f.hunks) for f in applied.files]
            with self._journal({"kind": "commit", "applied": applied.to_json(), "files": None}) as note:
                made = committing.make(
                    where,
                    edits,
                    message,
                    _NO_COMMIT,
                    identity=identity,
                    token=secrets.token_hex(8),
                    note=note,
                    lock=lock,
                )
                unnoted = self._tell(lambda: self._ledger.committed(applied.id, made.commit, where.top))
            return CommitResult(made.commit, made.summary, "\n".join(filter(None, (made.output, unnoted))))

    def undo(self, applied: AppliedChange, approval: Approval, *, identity: Identity | None = None) -> UndoResult:
        """Takes back what was applied: in the files; and when it was committed by taking the commit back, or, when
        others may have it or newer commits sit on top, by a commit that reverts it.

        Raises :class:`NotUndoable` when later work stands in the way; then nothing was changed.
        """  # fmt: skip
        approval.check("undo", applied.id)
        with self._ledger.locked() as lock:
            self._settle()
            known = self._ledger.find(applied.id)
            if known is None:
                raise _NO_UNDO("This is undone already, or too long ago.")
            folder = self._folder(known.root)
            transaction = Transaction(folder, [_back(folder, f) for f in known.files], secrets.token_hex(8))
            entry: dict[str, object] = {"kind": "undo", "applied": known.to_json(), "files": transaction.record}
            result: list[UndoResult] = []

            def write() -> None:
                if not known.commit:
                    transaction.publish()
                    result.append(UndoResult("files"))
                else:
                    result.append(self._uncommit(known, folder, transaction, identity, note, lock))
                self._tell(lambda: self._ledger.forget(known.id))

            with self._journal(entry) as note:
                self._carry_out(transaction, write)
                for file in known.files:
                    files.remove_empty_folders(folder, file.folders)
            return result[0]

    def _uncommit(
        self, known: AppliedChange, folder: str, transaction: Transaction, identity: Identity | None,
        note: committing.Note, lock: int,
    ) -> UndoResult:  # fmt: skip
        where = _repository_of(folder, known, _NO_UNDO)
        head = committing.ready(where, _NO_UNDO)
        commit = where.resolve(known.commit)
        if where.top != known.repository or commit is None or not where.is_ancestor(commit, head):
            raise _NO_UNDO(f"The commit {known.commit[:10]} is not in the history of what is checked out.")
        info = where.info(commit)
        edits = committing.edits_back(where, commit, [_name_in(where, folder, f) for f in known.files])
        token = secrets.token_hex(8)
        if commit == head and not where.is_shared(commit):
            committing.take_back(where, edits, commit, _NO_UNDO, token=token, note=note, before=transaction.publish)
            return UndoResult("commit removed", commit)
        message = f'Revert "{info.subject}"\n\nThis reverts commit {commit}.\n'
        made = committing.make(
            where, edits, message, _NO_UNDO, identity=identity, token=token, note=note, lock=lock,
            before=transaction.publish,
        )  # fmt: skip
        return UndoResult("revert commit", made.commit)

    def create_repository(self, approval: Approval, *, identity: Identity | None = None) -> str:
        """Makes the folder a repository (branch ``main``) with a first commit of what is there; what was done, in a
        sentence. ``approval``: for "create-repository" and the workspace's ``root`` as text.

        Files that ``.gitignore`` names, ``target`` folders, files above 5 MB and repositories inside are left out.
        Raises Refused, :class:`NeedsIdentity` or Failed; then there is no repository.
        """
        from tutor.newrepo import create

        approval.check("create-repository", str(self.root))
        with self._ledger.locked() as lock:
            self._settle()
            return create(self._real, identity, lock)

    def recover(self) -> list[str]:
        """Finishes or takes back a write that was killed; one line for each thing that the user should know.

        Call it before anything else. Does nothing while another tutor is at work here.
        """
        if not self._ledger.is_unfinished:
            return []
        try:
            with self._ledger.locked():
                return recovery.recover(self._ledger)
        except Refused:
            return []

    # Below: parts of the above, all under the lock.

    def _settle(self) -> None:
        """A write that was killed is settled before the next one begins, and the user hears of it."""
        if lines := recovery.recover(self._ledger):
            raise Refused("Interrupted before", " ".join([*lines, "Have a look, then do it again."]))

    @staticmethod
    def _tell(note: Callable[[], None]) -> str:
        """Notes what is done already; that it cannot be noted is told, and does not undo it."""
        try:
            note()
        except Failed as error:
            return f"It is done, but could not be noted for undo. {error.msg.removesuffix(' Nothing was changed.')}"
        return ""

    @contextlib.contextmanager
    def _journal(self, entry: Mapping[str, object]) -> Iterator[committing.Note]:
        """Keeps ``entry`` in the journal until what it announces is done or was taken back; yields what adds what is
        about to be done to a repository."""
        try:
            self._ledger.begin({**entry, "git": None})
            yield lambda git: self._ledger.begin({**entry, "git": dict(git)})
            self._ledger.end()
        except Exception:
            self._ledger.end()
            raise
        except BaseException as interrupt:
            for text in recovery.recover(self._ledger):
                interrupt.add_note(text)
            raise

    def _folder(self, root: str) -> str:
        """The real path of a proposal's root. Raises :class:`OutsideWorkspace` when it is not in the workspace."""
        real = os.path.realpath(root)
        if real != self._real and not real.startswith(self._real.rstrip("/") + "/"):
            raise OutsideWorkspace(
                "Not in the workspace", f"{inert_line(root)} is not inside {inert_line(str(self.root))}."
            )
        return real


def _names(paths: list[str]) -> str:
    return ", ".join(map(inert_line, paths))


def _moved(change: AcceptedChange, current: bytes | None) -> tuple[Hunk, ...]:
    name = inert_line(change.path)
    if current is None:
        raise StaleFile("File gone", f"{name} is not there any more; nothing was written.")
    if change.base is None:
        raise StaleFile("File exists", f"{name} was to be made, and is there by now; nothing was written.")
    try:
        return hunk_algebra.transfer(change.hunks, change.base, current)
    except Overlap as overlap:
        raise StaleFile(
            "File changed",
            f"{place(change.path, overlap.hunk)}: the file has changed there since the proposal was made; nothing was "
            "written. Ask for a new proposal.",
        ) from overlap


def _check_still_there(folder: str, file: AppliedFile) -> None:
    """A commit must not bring lines that the user has changed or removed since they were written."""
    current = inside.read(folder, inside.locate(folder, file.real))
    edit = Edit(file.path, file.before, file.after, file.hunks)
    if current == file.after or (current is not None and file.before is not None and edit.is_in(current)):
        return
    raise _NO_COMMIT(f"{inert_line(file.path)}: the lines that were written have been changed since.")


def _back(folder: str, file: AppliedFile) -> Change:
    """The change that takes a file back, leaving later edits of other lines."""
    real = inside.locate(folder, file.real)
    current = inside.read(folder, real)
    if current is None:
        raise _NO_UNDO(f"{inert_line(file.path)} is not there any more.")
    if file.before is None:
        if current != file.after:
            raise _NO_UNDO(f"{inert_line(file.path)} was made by this and has been changed since.")
        return Change(real, current, None)
    inverse = hunk_algebra.invert(file.hunks)
    try:
        moved = hunk_algebra.transfer(inverse, file.after, current)
    except Overlap as overlap:
        raise _NO_UNDO(
            f"{place(file.path, overlap.hunk)}: these lines, or the ones next to them, have changed since."
        ) from overlap
    return Change(real, current, hunk_algebra.apply(current, moved))


def _repository_of(folder: str, applied: AppliedChange, refuse: Refusal) -> Repository:
    """The one repository that all files are in. Raises the refusal, MissingTool."""
    found: dict[str, Repository] = {}
    for file in applied.files:
        where, problem = repository.look(os.path.dirname(f"{folder}/{inside.locate(folder, file.real)}"))  # noqa: PTH120
        if where is None and problem:
            raise refuse(f"The repository that {inert_line(file.path)} is in cannot be used: {problem}")
        if where is None:
            raise refuse(f"{inert_line(file.path)} is not in a Git repository; it stays as written.")
        found[where.top] = where
    if len(found) > 1:
        raise refuse("The files are in several repositories (a submodule?), and one commit cannot hold them all.")
    return next(iter(found.values()))


def _name_in(where: Repository, folder: str, file: AppliedFile) -> str:
    return where.path_of(f"{folder}/{file.real}")
