"""Writing accepted hunks into files: which paths, which files, all or none, and back."""

from __future__ import annotations

import ast
import json
import os
import resource
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers_git import User, accept_all, git, new_repository, proposal, write
from tutor import files, hunks, inside
from tutor.errors import Failed, NotUndoable, OutsideWorkspace, Refused, StaleFile
from tutor.inside import locate
from tutor.proposal import FileChange, Proposal, ProposedHunk
from tutor.review import Review, approve
from tutor.workspace import AppliedChange, Workspace

BASE = b"".join(b"line %d\n" % number for number in range(30))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "r/a.rs", BASE)
    write(tmp_path / "r/src/b.rs", BASE)
    return tmp_path / "r"


@pytest.fixture
def user(root: Path, tmp_path: Path) -> User:
    return User(root, tmp_path / "state")


def tree(root: Path) -> dict[str, object]:
    """All names below, with content, link target and mode: nothing else may be there."""

    def content(path: Path) -> object:
        return path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None

    return {str(p.relative_to(root)): (content(p), p.lstat().st_mode) for p in root.rglob("*")}


def test_writes_and_takes_back(root: Path, user: User) -> None:
    before = tree(root)
    applied = user.apply({"a.rs": (BASE, b"x\n" + BASE), "src/b.rs": (BASE, b""), "n/e/w": (None, b"new")})
    assert [f.path for f in applied.files] == ["a.rs", "src/b.rs", "n/e/w"]
    assert not applied.rebased
    assert {p.name for p in root.rglob("*")} == {"a.rs", "src", "b.rs", "n", "e", "w"}
    assert (root / "a.rs").read_bytes() == b"x\n" + BASE
    assert (root / "src/b.rs").read_bytes() == b""
    assert (root / "n/e/w").read_bytes() == b"new"
    assert user.undo(applied).how == "files"
    assert tree(root) == before
    assert user.workspace.last_applied is None


def test_only_what_was_accepted(root: Path, user: User) -> None:
    review = Review(proposal(root, {"a.rs": (BASE, BASE.replace(b"3\n", b"3!\n"))}))
    with pytest.raises(Refused):
        review.approve("key")
    review.decide(review.hunks[1].id, "accepted")
    review.decide(review.hunks[0].id, "rejected")
    user.workspace.apply(review.approve("key"))
    assert (root / "a.rs").read_bytes() == BASE.replace(b"line 13\n", b"line 13!\n")


OUTSIDE = [
    "../x", "/etc/passwd", "a/../../x", "", ".", "a//b", "a/./b", "a/", "x\0y", ".git/config", ".GIT/config",
    "src/.git", "sub/.Git/hooks/pre-commit", ".git", ".g\u200cit/x", ".git /x", ".git./x", "git~1/x", ".git::$INDEX/x",
    "out/x", "outfile", "up/x", "dotgit/config", "loop/x", "bare/hooks/pre-commit", "sub/bare/config",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("base", [None, b"secret\n"])
def test_no_path_leads_out(root: Path, user: User, tmp_path: Path, path: str, base: bytes | None) -> None:
    write(tmp_path / "outside/x", b"secret\n")
    write(tmp_path / "x", b"secret\n")
    for name, target in (
        ("out", tmp_path / "outside"),
        ("outfile", tmp_path / "x"),
        ("up", ".."),
        ("loop", "loop"),
        ("dotgit", ".git"),
    ):
        (root / name).symlink_to(target)
    git(root, "init", "-q")
    for bare in ("bare", "sub/bare"):
        git(root, "init", "-q", "--bare", bare)
    before = tree(tmp_path)
    change = FileChange(path, base, (ProposedHunk("h", hunks.diff(base or b"", b"evil\n")[0]),))
    evil = Proposal("p1", str(root), "t", "model", (change,))
    with pytest.raises(OutsideWorkspace):
        user.workspace.apply(accept_all(evil))
    with pytest.raises(OutsideWorkspace):
        user.workspace.rebase(evil)
    assert {name: kept for name, kept in tree(tmp_path).items() if not name.startswith("state")} == before


@pytest.mark.parametrize("name", [".gitignore", ".github/workflow", "git", "x.git/y", ".gitmodules", "...", "..x"])
def test_names_that_only_look_like_it_are_fine(root: Path, user: User, name: str) -> None:
    user.apply({name: (None, b"x\n")})
    assert (root / name).read_bytes() == b"x\n"


def test_a_root_that_is_gits_own_or_outside(root: Path, tmp_path: Path) -> None:
    git(root, "init", "-q")
    inner = User(root / ".git/hooks", tmp_path / "state")
    with pytest.raises(OutsideWorkspace):
        inner.apply({"pre-commit": (None, b"evil\n")})
    write(tmp_path / "q/a.rs", BASE)
    with pytest.raises(OutsideWorkspace):
        User(root, tmp_path / "state").workspace.apply(accept_all(proposal(tmp_path / "q", {"a.rs": (BASE, b"x\n")})))
    with pytest.raises(OutsideWorkspace):
        User(root / "src", tmp_path / "state").workspace.apply(accept_all(proposal(root, {"a.rs": (BASE, b"x\n")})))
    assert (tmp_path / "q/a.rs").read_bytes() == BASE


def test_a_proposal_for_a_folder_inside(root: Path, user: User) -> None:
    applied = user.workspace.apply(accept_all(proposal(root / "src", {"b.rs": (BASE, b"x\n")})))
    assert (root / "src/b.rs").read_bytes() == b"x\n"
    user.undo(applied)
    assert (root / "src/b.rs").read_bytes() == BASE


def test_a_folder_exchanged_for_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    """The names were looked up while they were folders; then one becomes a link to elsewhere."""
    write(tmp_path / "outside/b.rs", BASE)
    real = locate(str(root), "src/b.rs")
    transaction = files.Transaction(str(root), [files.Change(real, BASE, b"evil\n")], "0" * 16)
    (root / "src").rename(root / "was")
    (root / "src").symlink_to(tmp_path / "outside")
    with pytest.raises((Failed, OutsideWorkspace)):
        transaction.prepare()
    transaction.roll_back()
    assert (tmp_path / "outside/b.rs").read_bytes() == BASE
    with pytest.raises(OutsideWorkspace):
        inside.read(str(root), real)


@pytest.mark.parametrize("kind", ["fifo", "folder", "socketlike"])
def test_only_regular_files(root: Path, user: User, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(root / "x")
    elif kind == "folder":
        (root / "x").mkdir()
    else:
        (root / "x").symlink_to("/dev/null")
    with pytest.raises(OutsideWorkspace):
        user.apply({"x": (b"", b"evil\n")})


def test_two_names_of_one_file(root: Path, user: User) -> None:
    (root / "link").symlink_to("a.rs")
    with pytest.raises(Refused):
        user.apply({"a.rs": (BASE, BASE + b"1\n"), "link": (BASE, BASE + b"2\n")})
    assert (root / "a.rs").read_bytes() == BASE


def test_permissions_links_and_attributes_stay(root: Path, user: User) -> None:
    (root / "a.rs").chmod(0o751)
    os.setxattr(root / "a.rs", "user.note", b"kept") if _has_xattr(root / "a.rs") else None
    os.chown(root / "a.rs", 1234, 4321) if os.geteuid() == 0 else None
    before = (root / "a.rs").stat()
    (root / "link").symlink_to("a.rs")
    user.apply({"link": (BASE, BASE + b"x\n")})
    after = (root / "a.rs").stat()
    assert (root / "link").is_symlink()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert not _has_xattr(root / "a.rs") or os.getxattr(root / "a.rs", "user.note") == b"kept"
    umask = os.umask(0)
    os.umask(umask)
    user.apply({"new": (None, b"x\n")})
    assert stat.S_IMODE((root / "new").stat().st_mode) == 0o666 & ~umask


def _has_xattr(path: Path) -> bool:
    try:
        os.setxattr(path, "user.note", b"kept")
    except OSError:
        return False
    return True


def test_read_only_is_respected_also_for_root(root: Path, user: User) -> None:
    before = tree(root)
    for path, mode in ((root / "a.rs", 0o444), (root / "src", 0o555)):
        old = path.stat().st_mode
        path.chmod(mode)
        with pytest.raises(Refused, match=r"read-only|not writable"):
            user.apply({"a.rs": (BASE, b"x\n"), "src/b.rs": (BASE, b"y\n")})
        path.chmod(old)
        assert tree(root) == before


def test_what_only_another_user_may_write(root: Path, tmp_path: Path) -> None:
    """As somebody who is not root, if need be through setpriv."""
    if os.geteuid() != 0:
        pytest.skip("the other tests run as this user already; nothing here belongs to another")
    for path in (tmp_path, root, root / "src", root / "a.rs"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    program = (
        "import sys; from pathlib import Path; from tests.helpers_git import User; from tutor.errors import Refused\n"
        "user = User(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "try: user.edit('a.rs', (b'line 3\\n', b'x\\n'))\n"
        "except Refused as error: print(error.title)\n"
    )
    for folder in tmp_path.parents:
        folder.chmod(folder.stat().st_mode | 0o011) if folder != Path("/") else None
    done = subprocess.run(
        ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups",
         sys.executable, "-c", program, root, tmp_path / "s"],
        capture_output=True, check=False, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert done.stdout == b"Not your file\n", done.stderr
    assert (root / "a.rs").read_bytes() == BASE


# Files that change behind the tutor's back.


def test_hunks_follow_what_was_edited_elsewhere(root: Path, user: User) -> None:
    consent = accept_all(proposal(root, {"a.rs": (BASE, BASE.replace(b"line 9\n", b"nine\n"))}))
    edited = b"top\n" + BASE.replace(b"line 20\n", b"")
    write(root / "a.rs", edited)
    applied = user.workspace.apply(consent)
    assert applied.rebased
    assert (root / "a.rs").read_bytes() == edited.replace(b"line 9\n", b"nine\n")
    user.undo(applied)
    assert (root / "a.rs").read_bytes() == edited


@pytest.mark.parametrize(
    "now", [None, b"", BASE.replace(b"line 9\n", b"mine\n"), BASE.replace(b"line 8\n", b""), b"\xff"]
)
def test_a_changed_file_is_never_overwritten(root: Path, user: User, now: bytes | None) -> None:
    one = proposal(root, {"src/b.rs": (BASE, b"x\n" + BASE), "a.rs": (BASE, BASE.replace(b"line 9\n", b"nine\n"))})
    consent = accept_all(one)
    (root / "a.rs").unlink()
    if now is not None:
        write(root / "a.rs", now)
    before = tree(root)
    with pytest.raises(StaleFile):
        user.workspace.apply(consent)
    assert tree(root) == before
    with pytest.raises(StaleFile):
        user.workspace.rebase(one)


def test_a_new_file_that_appeared_is_not_overwritten(root: Path, user: User) -> None:
    with pytest.raises(StaleFile):
        user.apply({"src/b.rs": (None, b"x\n")})
    assert (root / "src/b.rs").read_bytes() == BASE


@pytest.mark.parametrize("moment", ["prepare", "publish"])
def test_a_file_saved_by_an_editor_in_the_middle_wins(
    root: Path, user: User, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Somebody saves between our look and our writing; the second of two files, so that the first must go back."""
    real = getattr(files.Transaction, moment)

    def meanwhile(transaction: files.Transaction) -> None:
        write(root / "src/b.rs", b"saved by an editor\n")
        real(transaction)

    monkeypatch.setattr(files.Transaction, moment, meanwhile)
    with pytest.raises(StaleFile):
        user.apply({"a.rs": (BASE, b"x\n"), "src/b.rs": (BASE, b"y\n")})
    assert (root / "a.rs").read_bytes() == BASE
    assert (root / "src/b.rs").read_bytes() == b"saved by an editor\n"
    assert {p.name for p in root.rglob("*")} == {"a.rs", "src", "b.rs"}


def test_rebase_keeps_ids_and_tells_what_has_not_changed(root: Path, user: User) -> None:
    one = proposal(root, {"a.rs": (BASE, BASE.replace(b"3\n", b"3!\n")), "src/b.rs": (BASE, BASE + b"x\n")})
    assert user.workspace.rebase(one) is one
    write(root / "a.rs", b"top\n" + BASE)
    moved = user.workspace.rebase(one)
    assert (moved.id, moved.files[1]) == (one.id, one.files[1])
    assert [h.id for h in moved.files[0].hunks] == [h.id for h in one.files[0].hunks]
    assert moved.files[0].content == b"top\n" + one.files[0].content
    assert user.workspace.rebase(moved) is moved


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"}\n", b"\n", b"c\r\n", b"\xff\x00\n", "é\n".encode()]), max_size=12)
CONTENT = st.builds(lambda lines, tail: b"".join(lines) + tail, LINES, st.sampled_from([b"", b"end", b"\r"]))


@given(CONTENT, CONTENT, CONTENT, st.data())
@settings(max_examples=60)
def test_any_file_any_choice_and_back(
    tmp_path_factory: pytest.TempPathFactory, base: bytes, new: bytes, edited: bytes, data: st.DataObject
) -> None:
    """The chosen hunks are written and undone byte for byte; undo after any other edit keeps that edit or refuses."""
    folder = tmp_path_factory.mktemp("any")
    write(folder / "r/f", base)
    review = Review(proposal(folder / "r", {"f": (base, new)}))
    for hunk in review.hunks:
        if data.draw(st.booleans()):
            review.decide(hunk.id, "accepted")
    if not review.accepted:
        return
    user = User(folder / "r", folder / "state")
    applied = user.workspace.apply(review.approve("key"))
    written = (folder / "r/f").read_bytes()
    assert written == review.accepted[0].content
    write(folder / "r/f", edited)
    if edited != written and not _undone(user, applied):
        assert (folder / "r/f").read_bytes() == edited
    if user.workspace.last_applied is not None:
        write(folder / "r/f", written)
        user.undo(applied)
        assert (folder / "r/f").read_bytes() == base
    assert [p.name for p in (folder / "r").iterdir()] == ["f"]


def _undone(user: User, applied: AppliedChange) -> bool:
    try:
        user.undo(applied)
    except NotUndoable:
        return False
    return True


def test_undo_keeps_later_edits(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    write(root / "a.rs", (root / "a.rs").read_bytes() + b"later\n")
    user.undo(applied)
    assert (root / "a.rs").read_bytes() == BASE + b"later\n"


def test_undo_refuses_and_changes_nothing(root: Path, user: User) -> None:
    applied = user.apply({"a.rs": (BASE, BASE + b"x\n"), "new": (None, b"n\n")})
    for path, content in (("a.rs", BASE + b"y\n"), ("new", b"mine\n"), ("new", None)):
        old = (root / path).read_bytes()
        (root / path).unlink() if content is None else write(root / path, content)
        before = tree(root)
        with pytest.raises(NotUndoable):
            user.undo(applied)
        assert tree(root) == before
        write(root / path, old)
    user.undo(applied)
    assert (root / "a.rs").read_bytes() == BASE


def test_a_new_files_folder_stays_when_something_else_is_in_it(root: Path, user: User) -> None:
    applied = user.apply({"n/m/new": (None, b"n\n")})
    write(root / "n/mine", b"x")
    user.undo(applied)
    assert {p.name for p in (root / "n").iterdir()} == {"mine"}


# What is remembered.


def test_a_restarted_tutor_knows_what_was_applied(root: Path, user: User, tmp_path: Path) -> None:
    applied = user.apply({"a.rs": (BASE, BASE + b"x"), "new\udcff": (None, b"n\n")})
    again = Workspace(root, state=tmp_path / "state")
    assert again.last_applied == applied
    again.undo(applied, approve("undo", applied.id, "key"))
    assert (root / "a.rs").read_bytes() == BASE
    kept = next((tmp_path / "state/workspaces").iterdir())
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in kept.iterdir())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700


def test_another_folders_history_is_another(root: Path, user: User, tmp_path: Path) -> None:
    user.edit("a.rs", (b"line 3\n", b"three\n"))
    assert Workspace(root / "src", state=tmp_path / "state").last_applied is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"version": 1}', None, b"\xff"])
def test_a_damaged_history_is_an_empty_one(root: Path, user: User, tmp_path: Path, damage: bytes | None) -> None:
    user.edit("a.rs", (b"line 3\n", b"three\n"))
    history = next((tmp_path / "state/workspaces").iterdir()) / "applied.json"
    if damage is None:
        kept = json.loads(history.read_text())
        kept["applied"][0]["files"][0]["hunks"][0][0] = 99
        damage = json.dumps(kept).encode()
    history.write_bytes(damage)
    assert user.workspace.last_applied is None
    user.edit("a.rs", (b"line 9\n", b"nine\n"))
    assert user.workspace.last_applied is not None


def test_history_that_names_files_outside_writes_nothing(root: Path, user: User, tmp_path: Path) -> None:
    write(tmp_path / "x", BASE + b"x\n")
    applied = user.apply({"a.rs": (BASE, BASE + b"x\n")})
    history = next((tmp_path / "state/workspaces").iterdir()) / "applied.json"
    for change in ({"real": "../x"}, {"real": ".git/config"}):
        kept = json.loads(history.read_text())
        kept["applied"][0]["files"][0] |= change
        history.write_text(json.dumps(kept))
        with pytest.raises(OutsideWorkspace):
            user.undo(applied)
    assert (tmp_path / "x").read_bytes() == BASE + b"x\n"


def test_one_writer_at_a_time(root: Path, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tutor.applied._PATIENCE", 0.0)
    with user.workspace._ledger.locked():
        other = User(root, tmp_path / "state")
        with pytest.raises(Refused, match="Another tutor"):
            other.edit("a.rs", (b"line 3\n", b"three\n"))
        assert other.workspace.recover() == []
    assert (root / "a.rs").read_bytes() == BASE


def test_a_short_write_of_another_tutor_is_waited_for(
    root: Path, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is done while this one waits: nobody is refused."""
    other = ExitStack()
    other.enter_context(user.workspace._ledger.locked())
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        other.close()

    monkeypatch.setattr("tutor.applied.time.sleep", wait)
    User(root, tmp_path / "state").edit("a.rs", (b"line 3\n", b"three\n"))
    assert len(waits) == 1
    assert (root / "a.rs").read_bytes() != BASE


def test_a_state_folder_that_cannot_be_written(root: Path, tmp_path: Path) -> None:
    write(tmp_path / "state", b"a file, not a folder")
    before = tree(root)
    with pytest.raises(Failed, match="own folder"):
        User(root, tmp_path / "state").edit("a.rs", (b"line 3\n", b"three\n"))
    assert tree(root) == before


# No space.


@pytest.mark.parametrize("room", [0, 100, 40_000])
def test_a_full_disk_changes_nothing(root: Path, tmp_path: Path, room: int) -> None:
    """The kernel refuses to write more than ``room`` bytes into a file, as a full disk does: for the state, for the
    first file, or for the second one only."""
    write(root / "big", BASE * 1000)
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from tests.helpers_git import User; from tutor.errors import Failed\n"
        "root = Path(sys.argv[1]); user = User(root, Path(sys.argv[2]))\n"
        "base, big = (root / 'a.rs').read_bytes(), (root / 'big').read_bytes()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))\n"
        "try: user.apply({'a.rs': (base, base + b'x'), 'n/new': (None, b'n'), 'big': (big, big + b'x')})\n"
        "except Failed as error: print(error.title)\n"
    )
    before = tree(root)
    done = subprocess.run(
        [sys.executable, "-c", program, root, tmp_path / "state", str(room)],
        capture_output=True, check=False, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert done.stdout == b"Could not write\n", done.stderr
    assert tree(root) == before
    assert Workspace(root, state=tmp_path / "state").recover() == []


def test_the_last_rename_fails(root: Path, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was already in place goes back."""
    before = tree(root)
    real = os.replace

    def failing(source: str, target: str, **rest: int) -> None:
        if target == "b.rs" and str(source).endswith(".new"):
            raise OSError(28, os.strerror(28))
        real(source, target, **rest)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(Failed, match="No space left"):
        user.apply({"a.rs": (BASE, b"x\n"), "n/new": (None, b"n\n"), "src/b.rs": (BASE, b"y\n")})
    assert tree(root) == before
    assert user.workspace.last_applied is None


def test_without_hard_links(root: Path, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on FAT and some network file systems."""

    def refused(*names: object, **rest: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    before = tree(root)
    applied = user.apply({"a.rs": (BASE, b"x\n"), "new": (None, b"n\n")})
    assert (root / "new").read_bytes() == b"n\n"
    user.undo(applied)
    assert tree(root) == before


def test_a_file_of_5_mb(root: Path, user: User) -> None:
    big = b"".join(b"line %d of a large file\n" % n for n in range(200_000))
    write(root / "big", big)
    consent = accept_all(proposal(root, {"big": (big, big.replace(b"line 777 of", b"line seven"))}))
    write(root / "big", b"top\n" + big)
    applied = user.workspace.apply(consent)
    user.undo(applied)
    assert (root / "big").read_bytes() == b"top\n" + big


def test_a_file_too_large_is_refused_unread(root: Path, user: User) -> None:
    with (root / "huge").open("wb") as file:
        file.truncate(inside.MAX_BYTES + 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused, match="more than 64 MB"):
        user.apply({"huge": (b"", b"x\n")})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 30_000  # KiB


def test_a_committed_repository_is_not_needed(tmp_path: Path) -> None:
    root = new_repository(tmp_path / "r", {"a": b"a\n"})
    user = User(root, tmp_path / "state")
    applied = user.apply({"a": (b"a\n", b"b\n")})
    assert git(root, "diff", "--cached") == b""
    user.undo(applied)
    assert git(root, "status", "--porcelain") == b""


def test_one_writer(project_root: Path) -> None:
    """Law 1, as far as imports tell: what changes the user's files and repositories is reached through one module."""
    writers = {"files", "commit", "gitindex", "newrepo", "recovery", "applied", "repository", "gitrepo"}
    values = {"tutor.repository.RepoState", "tutor.applied.AppliedChange", "tutor.applied.AppliedFile"}
    users: dict[str, set[str]] = {}
    for package in ("tutor", "commands", "tui", "sessions", "knowledgegraph"):
        for path in (project_root / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                else:
                    continue
                for name in set(names) - values:
                    users.setdefault(".".join(name.split(".")[:2]), set()).add(path.stem)
    for writer in writers:
        assert users[f"tutor.{writer}"] <= {"workspace"} | writers, writer
    assert users["git"] == {"gitrepo"}
