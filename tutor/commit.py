"""A commit whose tree is HEAD's plus exactly the given hunks, made beside whatever else the user has going on.

The hunks are moved (:func:`tutor.hunks.transfer`) from the content that they were made for to HEAD's blob, and once
more to the index's; neither ever sees other lines of the work tree. Then, under the index's lock:

1. a copy of the index is made to hold HEAD's tree and the new blobs: what ``git commit`` will commit;
2. the real index gets its own new entries; everything else in it stays as it is;
3. ``git commit`` runs with the first one, so that hooks, signing and reflog are as the user knows them;
4. the commit must have the expected tree and parent, or it is taken back and the index too.

Killed between 2 and 3, the accepted lines are staged and nothing is committed: the state before a commit.

Only :mod:`tutor.workspace` uses this module.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor import hunks as hunk_algebra
from tutor.errors import Failed, NeedsIdentity, Refused, UsageError
from tutor.gitindex import IndexSwap
from tutor.hunks import Hunk, Overlap
from tutor.inert import inert_line
from tutor.repository import (
    REGULAR_MODES,
    Identity,
    IndexEntry,
    Repository,
    TreeEntry,
    has_identity,
    identity_environment,
)

Note = Callable[[Mapping[str, object]], None]
"""Puts what is about to be done to a repository into the journal, before it is done."""

_KEEP_FILES = ("MERGE_MSG", "SQUASH_MSG")


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one file of a repository: ``hunks`` turn ``base`` into ``after``. ``base`` None: the file is new;
    ``after`` None: it goes away. ``path``: relative to the repository's top."""

    path: str
    base: bytes | None
    after: bytes | None
    hunks: tuple[Hunk, ...]

    def on(self, other: bytes) -> bytes:
        """Another version of the file with the same hunks. Raises :class:`Overlap`."""
        return hunk_algebra.apply(other, hunk_algebra.transfer(self.hunks, self.base or b"", other))

    def is_in(self, other: bytes) -> bool:
        """Whether another version of the file has the hunks already."""
        try:
            hunk_algebra.transfer(hunk_algebra.invert(self.hunks), self.after or b"", other)
        except Overlap:
            return False
        return True

    def place_of(self, hunk: Hunk) -> str:
        """The file and the lines that a hunk made, for a sentence."""
        ordered = sorted(self.hunks, key=lambda h: (h.start, h.end))
        return place(self.path, hunk_algebra.invert(ordered)[ordered.index(hunk)])


def place(path: str, hunk: Hunk) -> str:
    """``path, lines 3 to 5``, counted from 1."""
    first, last = hunk.start + 1, hunk.end
    where = f"lines {first} to {last}" if last > first else f"line {first}"
    return f"{inert_line(path)}, {where}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a "no" is worded and typed: for a commit or for an undo."""

    error: type[Refused]
    title: str

    def __call__(self, sentence: str, hint: str | None = None) -> Refused:
        return self.error(self.title, sentence, hint)


@dataclass(frozen=True, slots=True)
class Made:
    """A commit that was made. ``output``: what Git and the hooks said."""

    commit: str
    summary: str
    output: str


Entries = dict[str, IndexEntry | None]


def ready(repository: Repository, refuse: Refusal) -> str:
    """HEAD's commit, when the repository is in a state in which a commit can be made; raises the refusal otherwise."""
    head = repository.head()
    if head is None:
        raise refuse(
            "This repository has no commit yet; the changes are written, make its first commit yourself.",
            "git add -A && git commit",
        )
    if (busy := repository.in_progress()) is not None:
        article = "an" if busy == "am" else "a"
        raise refuse(f"You are in the middle of {article} {busy}: finish it or stop it first.", "git status")
    if repository.has_conflicts():
        raise refuse("There are conflicts that are not resolved yet.", "git status")
    return head


def check_identity(folder: str, identity: Identity | None) -> None:
    """Raises :class:`NeedsIdentity` unless Git knows, or is told, who commits; UsageError for what it won't take."""
    if identity is not None:
        if not all(part.strip() and not set(part) & set("<>\n\0") for part in identity):
            raise UsageError("Name and address", "A name and an e-mail address are needed, without < > and line ends.")
        return
    if not has_identity(folder):
        raise NeedsIdentity(
            "Who are you?",
            "Git does not know your name and e-mail address, which every commit carries.",
            'git config --global user.name "Your Name"; git config --global user.email you@example.org',
        )


def for_head(repository: Repository, head: str, edits: Sequence[Edit], refuse: Refusal) -> Entries:
    """The entries of HEAD's tree with the edits. Stores the blobs. Raises the refusal."""
    paths = [path for edit in edits for path in (edit.path, *_parents(edit.path))]
    there = repository.tree_entries(head, paths)
    entries: Entries = {}
    for edit in edits:
        if (attribute := repository.unusual_attribute(edit.path)) is not None:
            raise refuse(
                f"{inert_line(edit.path)} has the Git attribute {inert_line(attribute)}: what is stored is not what is "
                "in the file. Commit it yourself."
            )
        if edit.base is None and any(there[p].mode != "040000" for p in _parents(edit.path) if p in there):
            raise refuse(f"A folder of {inert_line(edit.path)} is still a file in the last commit.")
        entry = there.get(edit.path)
        entries[edit.path] = _new_entry(repository, edit, entry, "in the last commit", refuse)
    return entries


def for_index(repository: Repository, edits: Sequence[Edit], refuse: Refusal) -> Entries:
    """The index's entries that the edits change. Stores the blobs. Raises the refusal."""
    paths = [path for edit in edits for path in (edit.path, *_parents(edit.path))]
    there = repository.index_entries(paths)
    entries: Entries = {}
    for edit in edits:
        entry = there.get(edit.path)
        blocked = any(p in there for p in _parents(edit.path)) or any(p.startswith(edit.path + "/") for p in there)
        if blocked:
            raise refuse(
                f"{inert_line(edit.path)} is a folder here and a file in what you have staged, or the reverse."
            )
        if _is_staged(repository, edit, entry):
            continue
        new = _new_entry(repository, edit, entry, "in what you have staged", refuse)
        if new is not None and entry is not None:
            new = IndexEntry(entry.mode, new.oid, entry.assume_unchanged, entry.skip_worktree)
        entries[edit.path] = new
    return entries


def _is_staged(repository: Repository, edit: Edit, entry: IndexEntry | None) -> bool:
    """Whether the user has staged the edit already."""
    if edit.after is None:
        return entry is None
    if entry is None or entry.mode not in REGULAR_MODES:
        return False
    if edit.base is None:
        return entry.oid == repository.write_blob(edit.after, edit.path)
    content = repository.blob(entry.oid)
    try:
        edit.on(content)
    except Overlap:
        return edit.is_in(content)
    return False


def _new_entry(
    repository: Repository, edit: Edit, entry: TreeEntry | IndexEntry | None, where: str, refuse: Refusal
) -> IndexEntry | None:
    name = inert_line(edit.path)
    if edit.base is None:
        if entry is not None:
            raise refuse(f"{name} is new here, but there is another {name} {where}.")
        return IndexEntry("100644", repository.write_blob(edit.after or b"", edit.path))
    if entry is None:
        raise refuse(f"{name} is not {where}: it is not tracked, or its removal is staged.", "git status")
    if entry.mode not in REGULAR_MODES:
        raise refuse(f"{name} is not a regular file {where}.")
    content = repository.blob(entry.oid)
    if edit.after is None:
        if content != edit.base:
            raise refuse(f"{name} has other changes {where}.")
        return None
    try:
        return IndexEntry(entry.mode, repository.write_blob(edit.on(content)))
    except Overlap as overlap:
        raise refuse(
            f"{edit.place_of(overlap.hunk)}: these lines, or the ones next to them, are different {where}, so the "
            "change cannot stand there on its own."
        ) from overlap


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def make(
    repository: Repository,
    edits: Sequence[Edit],
    message: str,
    refuse: Refusal,
    *,
    identity: Identity | None,
    token: str,
    note: Note,
    lock: int,
    before: Callable[[], None] = lambda: None,
) -> Made:
    """Commits exactly ``edits``. ``lock``: a descriptor that Git's process keeps open as long as it runs. ``before`` is
    called when everything has been checked and nothing has changed yet.

    Raises the refusal, :class:`NeedsIdentity`, or Failed (a hook said no, signing did not work); then nothing has
    changed.
    """  # fmt: skip
    if not message.strip() or "\0" in message:
        raise UsageError("No message", "A commit needs a message.")
    note({"folder": repository.folder, "token": token})
    with IndexSwap(repository, token) as swap:
        head = ready(repository, refuse)
        check_identity(repository.top, identity)
        wanted = swap.copy("commit")
        wanted.become(head)
        wanted.put(for_head(repository, head, edits, refuse))
        tree = wanted.tree()
        if tree == repository.info(head).tree:
            raise refuse("The last commit has these lines already.")
        index = swap.copy("index")
        if changed := for_index(repository, edits, refuse):
            index.put(changed)
        note({"folder": repository.folder, "token": token, "head": head, "tree": tree, "index": swap.digests(index)})
        before()
        try:
            swap.publish(index)
            with _kept(repository):
                said = repository.git.commit(
                    "-q", "--cleanup=whitespace", "-F", "-", stdin=_message(message), lock=lock,
                    env={**wanted.environment, **identity_environment(identity)},
                )  # fmt: skip
        finally:  # also when interrupted: Git has ended by now, and had perhaps made the commit already
            made = _verify(repository, head, tree)
            as_before = repository.head() == head
            if as_before:
                swap.put_back()
        if made is None:
            raise _failure(said.status, said.text, as_before)
        return Made(made, repository.info(made).subject, said.text)


def _message(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _verify(repository: Repository, head: str, tree: str) -> str | None:
    """The commit that was made; None for none. One with another tree (a hook has added to it) is taken back."""
    now = repository.head()
    if now is None or now == head:
        return None
    made = repository.info(now)
    if made.parents == (head,) and made.tree == tree:
        return now
    if made.parents[:1] == (head,):
        repository.move_head(head, now, "tutor: not what was accepted, taken back")
    return None


def _failure(status: int, said: str, taken_back: bool) -> Failed:
    words = f"\n{said}" if said else ""
    if not taken_back:
        return Failed(
            "Look at this",
            f"HEAD moved while the commit was made, and is not the accepted commit; it was left where it is.{words}",
            "git reflog",
        )
    if status == 0:
        return Failed(
            "Taken back",
            "A hook changed what was to be committed, so that it was not exactly what you accepted. The commit was "
            f"taken back; your files stay as written.{words}",
        )
    return Failed("Not committed", f"Git did not make the commit; your files stay as written.{words}")


@contextlib.contextmanager
def _kept(repository: Repository) -> Iterator[None]:
    """Messages that Git keeps for a commit of the user's own: any commit removes them, ours must not."""
    kept = {}
    for name in _KEEP_FILES:
        with contextlib.suppress(OSError):
            kept[name] = (Path(repository.folder) / name).read_bytes()
    try:
        yield
    finally:
        for name, content in kept.items():
            path = Path(repository.folder) / name
            if not path.exists():
                path.write_bytes(content)


def take_back(
    repository: Repository,
    edits: Sequence[Edit],
    commit: str,
    refuse: Refusal,
    *,
    token: str,
    note: Note,
    before: Callable[[], None],
) -> None:
    """Moves HEAD from ``commit`` to its parent and takes ``edits`` (which lead back) out of the index too. ``before``:
    as in :func:`make`.

    Raises the refusal when HEAD is not ``commit`` or the index has other changes on these lines; nothing has changed
    then. Work tree files are the caller's business.
    """  # fmt: skip
    note({"folder": repository.folder, "token": token})
    with IndexSwap(repository, token) as swap:
        if ready(repository, refuse) != commit:
            raise refuse("There are newer commits.")
        parent = repository.info(commit).parents[0]
        index = swap.copy("index")
        if changed := for_index(repository, edits, refuse):
            index.put(changed)
        tree = repository.info(parent).tree
        note({
            "folder": repository.folder, "token": token, "head": commit, "tree": tree, "index": swap.digests(index),
        })  # fmt: skip
        before()
        if not repository.move_head(parent, commit, f"tutor: undo {commit[:10]}"):
            raise refuse("HEAD has just moved.")
        try:
            swap.publish(index)
        except Failed:
            repository.move_head(commit, parent, "tutor: undo failed")
            raise


def edits_back(repository: Repository, commit: str, paths: Sequence[str]) -> list[Edit]:
    """The edits that take a commit's changes of ``paths`` back."""
    parent = repository.info(commit).parents[0]
    old, new = repository.tree_entries(parent, paths), repository.tree_entries(commit, paths)
    edits = []
    for path in paths:
        base = repository.blob(new[path].oid) if path in new else None
        after = repository.blob(old[path].oid) if path in old else None
        if base != after:
            edits.append(Edit(path, base, after, hunk_algebra.diff(base or b"", after or b"")))
    return edits
