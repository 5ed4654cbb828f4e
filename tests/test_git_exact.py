"""Law 2, for any files and any state of them: the commit holds HEAD's tree plus the accepted hunks, and nothing of what
the user had staged, changed or left untracked is different afterwards. Git itself is the oracle."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_git import User, git, index_entries, line, new_repository, write
from tutor import hunks, patch
from tutor.errors import NotCommittable
from tutor.hunks import Hunk
from tutor.proposal import Proposal, file_change
from tutor.review import Approval, Review

UNIQUE = st.integers(0, 10**6).map(lambda n: b"line %d\n" % n)


@dataclass(frozen=True)
class World:
    """A file as it is in HEAD, as the user has staged it, as it is in the work tree, and as it is proposed; all in LF.
    ``in_files``: how the work tree ends lines, ``in_blobs``: how HEAD and index do."""

    head: bytes
    staged: bytes
    work: bytes
    proposed: bytes
    in_files: bytes
    in_blobs: bytes


@st.composite
def worlds(draw: st.DrawFn) -> World:
    endings = draw(st.sampled_from([(b"\n", b"\n"), (b"\n", b"\n"), (b"\r\n", b"\r\n"), (b"\r\n", b"\n")]))
    lines = draw(st.lists(UNIQUE, min_size=2, max_size=25, unique=True))
    head = b"".join(lines)
    if draw(st.integers(0, 3)) == 0:
        head = head[:-1]

    def change(content: bytes, tag: bytes, kept: int) -> bytes:
        out = []
        for number, text in enumerate(hunks.split_lines(content)):
            fate = draw(st.sampled_from("k" * kept + "rda"))
            if fate in "ka":
                out.append(text)
            if fate in "ra" and not (fate == "a" and not text.endswith(b"\n")):
                out.append(b"%s %d" % (tag, number) + (b"\n" if text.endswith(b"\n") else b""))
        return b"".join(out)

    staged = change(head, b"staged", 20)
    work = change(staged, b"dirty", 20)
    return World(head, staged, work, change(work, b"fix", 5), *endings)


def choose(world: World, data: st.DataObject) -> list[Hunk]:
    """Any part of the proposal: some hunks, some of them split, in LF."""
    parts = [h for whole in hunks.diff(world.work, world.proposed) for h in _maybe_split(whole, data)]
    return [part for part in parts if data.draw(st.booleans())]


def _maybe_split(hunk: Hunk, data: st.DataObject) -> tuple[Hunk, ...]:
    return hunks.split(hunk) if data.draw(st.booleans()) else (hunk,)


def ended(content: bytes, ending: bytes) -> bytes:
    return content.replace(b"\n", ending)


def merged(folder: Path, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Git's own three-way merge; None for a conflict."""
    for name, content in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_bytes(content)
    done = subprocess.run(
        ["git", "merge-file", "-p", "theirs", "base", "ours"], cwd=folder, capture_output=True, check=False
    )
    return done.stdout if done.returncode == 0 else None


def git_applied(root: Path, scratch: Path, diff: bytes, *, on_head: bool) -> bytes | None:
    """What ``git apply --cached`` makes of the file in HEAD, or in the index; None where it refuses."""
    index = scratch / "index"
    index.write_bytes((root / ".git" / "index").read_bytes())
    env = {"GIT_INDEX_FILE": str(index)}
    if on_head:
        git(root, "read-tree", "HEAD", env=env)
    done = subprocess.run(
        ["git", "apply", "--cached", "--whitespace=nowarn", "-"],
        cwd=root, input=diff, capture_output=True, check=False, env={**os.environ, **env},
    )  # fmt: skip
    return git(root, "cat-file", "blob", ":f", env=env) if done.returncode == 0 else None


def surroundings(root: Path) -> dict[str, object]:
    """Everything but the file ``f`` and HEAD: index entries with flags and times, and all other files."""
    files = {str(p.relative_to(root)): p.read_bytes() for p in root.iterdir() if p.is_file() and p.name != "f"}
    return {"index": index_entries(root, "f"), "files": files, "flags": git(root, "ls-files", "-v", "other*", "kept*")}


def build(folder: Path, world: World) -> Path:
    others = dict.fromkeys(("other", "kept", "deleted", "kept-assumed", "kept-skipped"), b"one\ntwo\nthree\n")
    root = new_repository(folder / "r", {"f": ended(world.head, world.in_blobs), **others})
    write(root / "f", ended(world.staged, world.in_blobs))
    write(root / "other", b"one\nstaged\nthree\n")
    git(root, "add", "f", "other")
    write(root / "other", b"one\nstaged\nthree\ndirty\n")
    write(root / "added", b"not to be committed yet\n")
    git(root, "add", "-N", "added")
    write(root / "untracked", b"\x00\xff")
    (root / "deleted").unlink()
    git(root, "update-index", "--assume-unchanged", "kept-assumed")
    git(root, "update-index", "--skip-worktree", "kept-skipped")
    if world.in_files != world.in_blobs:
        git(root, "config", "core.autocrlf", "true")
    write(root / "f", ended(world.work, world.in_files))
    return root


@given(worlds(), st.data())
@settings(max_examples=70)
def test_exactly_the_accepted_lines(
    tmp_path_factory: pytest.TempPathFactory, world: World, data: st.DataObject
) -> None:
    chosen = choose(world, data)
    if not chosen:
        return
    folder = tmp_path_factory.mktemp("exact")
    root = build(folder, world)
    user = User(root, folder / "state")
    head, around, index_before = line(root, "rev-parse", "HEAD"), surroundings(root), (root / ".git/index").read_bytes()
    diff = patch.unified("f", world.work, chosen)
    # Blobs in CRLF are Git's to compare too: in the oracle's diff, not only in ours.
    blob_diff = patch.unified(
        "f", ended(world.work, world.in_blobs), [_ended(hunk, world.in_blobs) for hunk in chosen]
    ) if world.in_blobs != b"\n" else diff  # fmt: skip
    expected_head = git_applied(root, folder, blob_diff, on_head=True)
    expected_index = git_applied(root, folder, blob_diff, on_head=False)
    result = hunks.apply(world.work, chosen)

    applied = user.workspace.apply(_approval(root, world, chosen))
    written = (root / "f").read_bytes()
    assert written == ended(result, world.in_files)
    try:
        made = user.commit(applied)
    except NotCommittable:
        assert None in (expected_head, expected_index)
        assert (root / ".git/index").read_bytes() == index_before
        assert line(root, "rev-parse", "HEAD") == head
    else:
        assert line(root, "rev-parse", f"{made.commit}^") == head
        assert git(root, "diff", "--name-only", head, made.commit) == b"f\n"
        in_commit, in_index = git(root, "cat-file", "blob", "HEAD:f"), git(root, "cat-file", "blob", ":f")
        for expected, base, found in ((expected_head, world.head, in_commit), (expected_index, world.staged, in_index)):
            oracle = merged(folder, world.work, result, base)
            assert oracle is not None
            assert found == ended(oracle, world.in_blobs)
            assert expected in (None, found)
    assert (root / "f").read_bytes() == written
    assert surroundings(root) == around

    user.undo(user.workspace.last_applied or applied)
    assert (root / "f").read_bytes() == ended(world.work, world.in_files)
    assert line(root, "rev-parse", "HEAD") == head
    assert git(root, "cat-file", "blob", ":f") == ended(world.staged, world.in_blobs)
    assert surroundings(root) == around
    assert git(root, "fsck", "--strict", "--no-dangling") == b""
    assert user.workspace.last_applied is None


def _ended(hunk: Hunk, ending: bytes) -> Hunk:
    return Hunk(hunk.start, *(tuple(ended(text, ending) for text in lines) for lines in (hunk.old, hunk.new)))


def _approval(root: Path, world: World, chosen: list[Hunk]) -> Approval:
    """Consent to exactly ``chosen``, as a user gives it: proposed, divided, accepted."""
    base, ending = ended(world.work, world.in_files), world.in_files
    wanted = [_ended(hunk, ending) for hunk in chosen]
    review = Review(Proposal("p", str(root), "t", "you", (file_change("f", base, ended(world.proposed, ending)),)))
    for hunk in review.hunks:
        if hunk.hunk not in wanted and any(hunk.hunk.start <= w.start and w.end <= hunk.hunk.end for w in wanted):
            review.split(hunk.id)
    for hunk in review.hunks:
        if hunk.hunk in wanted:
            review.decide(hunk.id, "accepted")
    assert [h for change in review.accepted for h in change.hunks] == wanted
    return review.approve("key")
