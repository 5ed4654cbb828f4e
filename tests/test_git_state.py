"""What is said of repositories, hostile ones too; making one; what recovery does with what it finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands.run import drive
from tests.helpers_git import IDENTITY, User, accept_all, git, line, new_repository, proposal, write
from tutor.engine import Tutor
from tutor.errors import Failed, NeedsIdentity, NotCommittable, OutsideWorkspace, Refused
from tutor.newrepo import MAX_FILE_BYTES
from tutor.review import approve
from tutor.workspace import RepoState, Workspace

BASE = b"".join(b"line %d\n" % number for number in range(30))


def state_of(root: Path, tmp_path: Path) -> RepoState:
    return Workspace(root, state=tmp_path / "state").state()


def test_a_repository(tmp_path: Path) -> None:
    root = new_repository(tmp_path / "r", {"src/a": b"a\n"})
    state = state_of(root / "src", tmp_path)
    head = line(root, "rev-parse", "HEAD")
    assert state == RepoState(root, "main", head, None, has_identity=True)
    assert not state.detached
    assert not state.unborn


def test_no_repository_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert state_of(tmp_path / "plain", tmp_path) == RepoState()
    assert state_of(tmp_path / "none", tmp_path).root is None


def test_an_odd_name_and_a_linked_folder(tmp_path: Path) -> None:
    root = new_repository(tmp_path / "o d\nd\n", {"a": b"a\n"})
    (tmp_path / "link").symlink_to(root)
    assert state_of(tmp_path / "link", tmp_path).root == root
    user = User(tmp_path / "link", tmp_path / "state")
    user.commit(user.apply({"a": (b"a\n", b"b\n")}))
    assert git(root, "status", "--porcelain") == b""


def test_a_bare_repository_and_gits_own_folder(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare")
    new_repository(tmp_path / "r")
    for folder in (tmp_path / "bare", tmp_path / "r/.git"):
        state = state_of(folder, tmp_path)
        assert state.root is None
        assert "work tree" in state.problem


def test_a_repository_that_git_does_not_trust(tmp_path: Path) -> None:
    """Git refuses a repository of another user; the user sees why, and no offer to make one."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    root = new_repository(tmp_path / "r", {"a": b"a\n"})
    for path in (root, root / ".git"):
        os.chown(path, 12345, 12345)
    state = state_of(root, tmp_path)
    assert state.root is None
    assert "dubious ownership" in state.problem
    with pytest.raises(Refused, match="dubious ownership"):
        create(root, tmp_path)
    user = User(root, tmp_path / "state")
    applied = user.edit("a", (b"a\n", b"b\n"))
    with pytest.raises(NotCommittable, match="dubious ownership"):
        user.commit(applied)


EVIL = """
[core]
    fsmonitor = {run} fsmonitor
    sshCommand = {run} ssh
    pager = {run} pager
    editor = {run} editor
    hooksPath = {hooks}
    askPass = {run} askpass
    alternateRefsCommand = {run} refs
[filter "evil"]
    clean = {run} clean
    smudge = {run} smudge
    process = {run} process
[filter "o=d\\\\d"]
    clean = {run} clean
[diff]
    external = {run} diff
[diff "evil"]
    textconv = {run} textconv
    command = {run} command
[gpg]
    program = {run} gpg
[merge "evil"]
    driver = {run} merge
[credential]
    helper = !{run} credential
[alias]
    rev-parse = !{run} alias
[remote "origin"]
    url = ext::{run} remote
    promisor = true
    partialclonefilter = blob:none
[uploadpack]
    packObjectsHook = {run} pack
[include]
    path = nothing
"""

HOOKS = (
    "pre-commit", "post-commit", "prepare-commit-msg", "commit-msg", "post-index-change", "reference-transaction",
    "post-checkout", "fsmonitor-watchman", "post-rewrite", "pre-auto-gc",
)  # fmt: skip


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A repository whose configuration names a program at every place that has one. It notes what was run."""
    root = new_repository(tmp_path / "evil", {"a.rs": BASE, "other": BASE, "more": BASE, ".gitattributes": b""})
    program = tmp_path / "run"
    write(program, f'#!/bin/sh\necho "$@" >> {tmp_path}/ran\ncat\n'.encode())
    program.chmod(0o755)
    for name in HOOKS:
        write(tmp_path / "hooks" / name, f"#!/bin/sh\necho {name} >> {tmp_path}/ran\n".encode())
        (tmp_path / "hooks" / name).chmod(0o755)
    with (root / ".git/config").open("a") as file:
        file.write(EVIL.format(run=program, hooks=tmp_path / "hooks"))
    write(root / ".gitattributes", b"other filter=evil diff=evil merge=evil\nmore filter=o=d\\d\n")
    write(root / "other", BASE.upper())
    # An index older than its entries makes Git look into the files again whenever it writes one.
    os.utime(root / ".git/index", ns=(10**9, 10**9))
    return root


def ran(tmp_path: Path) -> list[str]:
    kept = tmp_path / "ran"
    return kept.read_text().splitlines() if kept.exists() else []


def test_an_evil_repository_runs_nothing_until_a_commit(evil: Path, tmp_path: Path) -> None:
    user = User(evil, tmp_path / "state")
    assert user.workspace.state().root == evil
    one = proposal(evil, {"a.rs": (BASE, BASE + b"x\n")})
    user.workspace.rebase(one)
    applied = user.workspace.apply(accept_all(one))
    user.workspace.recover()
    assert user.workspace.last_applied == applied
    user.undo(applied)
    assert ran(tmp_path) == []
    # The same repository does run things for Git itself: the test would notice.
    git(evil, "status")
    assert ran(tmp_path) != []


def test_a_commit_runs_hooks_only_and_taking_it_back_nothing(evil: Path, tmp_path: Path) -> None:
    user = User(evil, tmp_path / "state")
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    user.commit(applied)
    started = {text.split()[0] for text in ran(tmp_path)}
    assert {"pre-commit", "commit-msg", "post-commit"} <= started
    # Git looks at files that seem changed when it commits, through their clean filter, as it does for the user.
    assert started <= {*HOOKS, "clean", "process"}
    (tmp_path / "ran").unlink()
    assert user.undo(applied).how == "commit removed"
    assert ran(tmp_path) == []


def test_a_missing_object_is_not_fetched_by_a_program(evil: Path, tmp_path: Path) -> None:
    """A partial clone would ask its remote, which here is a program."""
    git(evil, "config", "extensions.partialClone", "origin")
    user = User(evil, tmp_path / "state")
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    blob = line(evil, "rev-parse", "HEAD:a.rs")
    (tmp_path / "ran").unlink(missing_ok=True)
    (evil / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(Failed):
        user.commit(applied)
    assert ran(tmp_path) == []


def test_a_work_tree_elsewhere_is_not_ours(tmp_path: Path) -> None:
    root = new_repository(tmp_path / "r", {"a": b"a\n"})
    (tmp_path / "else").mkdir()
    git(root, "config", "core.worktree", str(tmp_path / "else"))
    state = state_of(root, tmp_path)
    assert state.root is None
    assert "core.worktree" in state.problem
    user = User(root, tmp_path / "state")
    applied = user.edit("a", (b"a\n", b"b\n"))
    with pytest.raises(NotCommittable, match=r"core\.worktree"):
        user.commit(applied)


def test_a_git_in_the_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a relative entry in PATH; in a process of its own, which has not looked for git yet."""
    root = new_repository(tmp_path / "r", {"a": b"a\n"})
    write(root / "git", f"#!/bin/sh\ntouch {tmp_path}/ran\n".encode())
    (root / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    program = (
        "import sys; from pathlib import Path; from tutor.workspace import Workspace\n"
        "print(Workspace(Path('.'), state=Path(sys.argv[1])).state().branch)"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], cwd=root, capture_output=True, check=False)
    assert done.stdout == b"main\n", done.stderr
    assert not (tmp_path / "ran").exists()


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """Not even a refreshed index."""
    root = new_repository(tmp_path / "r", {"a": b"a\n"})
    os.utime(root / "a", ns=(0, 0))
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (root / ".git").rglob("*") if p.is_file()}
    state_of(root, tmp_path)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (root / ".git").rglob("*") if p.is_file()} == before


def test_git_is_imported_only_when_it_is_needed(tmp_path: Path, project_root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tutor.workspace import Workspace\n"
        "w = Workspace(Path(sys.argv[1]), state=Path(sys.argv[1])); w.last_applied\n"
        "print('git' in sys.modules)\n"
        "w.state(); print('git' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=project_root, capture_output=True, check=True, text=True
    )
    assert done.stdout.split() == ["False", "True"]


# Making a repository.


def create(root: Path, tmp_path: Path, identity: tuple[str, str] | None = IDENTITY) -> str:
    workspace = Workspace(root, state=tmp_path / "state")
    return workspace.create_repository(approve("create-repository", str(root), "key"), identity=identity)


def test_a_repository_is_made_of_what_is_there(tmp_path: Path) -> None:
    root = tmp_path / "r"
    for name in (
        "src/main.rs",
        "Cargo.toml",
        "target/debug/x",
        "sub/target/y",
        "ignored.log",
        "-n",
        "\udcff",
        "run.sh",
    ):
        write(root / name, b"x\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("/nowhere")
    os.mkfifo(root / "pipe")
    write(root / ".gitignore", b"*.log\n")
    write(root / "big", b"x" * (MAX_FILE_BYTES + 1))
    new_repository(root / "inner", {"own": b"x\n"})
    said = create(root, tmp_path)
    listed = git(root, "ls-tree", "-r", "-z", "--name-only", "HEAD").split(b"\0")[:-1]
    assert set(listed) == {b"src/main.rs", b"Cargo.toml", b"-n", b"\xff", b"run.sh", b"link", b".gitignore"}
    assert git(root, "ls-tree", "HEAD", "run.sh").startswith(b"100755")
    assert said == "Created a Git repository (branch main) with a first commit of 7 files. Left out: big."
    assert line(root, "log", "-1", "--format=%an %ae") == "Ada Byron ada@example.org"
    assert not (root / ".git/hooks").exists()
    user = User(root, tmp_path / "state")
    user.workspace.state()
    applied = user.apply({"src/main.rs": (b"x\n", b"y\n")})
    user.commit(applied, identity=IDENTITY)
    user.undo(applied)


def test_an_empty_folder_becomes_a_repository(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    assert "0 files" in create(tmp_path / "r", tmp_path)
    assert state_of(tmp_path / "r", tmp_path).head is not None


def test_no_repository_without_a_name_or_in_another_or_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "r"
    write(root / "a", b"a\n")
    with pytest.raises(NeedsIdentity):
        create(root, tmp_path, None)
    monkeypatch.setenv("HOME", str(root))
    with pytest.raises(Refused, match="project"):
        create(root, tmp_path)
    monkeypatch.delenv("HOME")
    with pytest.raises(Refused, match="approved"):
        Workspace(root, state=tmp_path / "s").create_repository(approve("create-repository", str(tmp_path), "key"))
    write(root / ".git", b"gitdir: nowhere\n")
    with pytest.raises(Refused):
        create(root, tmp_path)
    assert (root / ".git").read_bytes() == b"gitdir: nowhere\n"
    inner = new_repository(tmp_path / "q", {"s/a": b"a\n"}) / "s"
    with pytest.raises(Refused):
        create(inner, tmp_path)


def test_a_first_commit_that_fails_leaves_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "r/a", b"a\n")
    write(tmp_path / "hooks/pre-commit", b"#!/bin/sh\necho no; exit 1\n")
    (tmp_path / "hooks/pre-commit").chmod(0o755)
    git(tmp_path, "config", "--global", "core.hooksPath", str(tmp_path / "hooks"))
    with pytest.raises(Failed, match="no"):
        create(tmp_path / "r", tmp_path)
    monkeypatch.setattr("tutor.newrepo.MAX_FILES", 0)
    with pytest.raises(Refused, match="files here"):
        create(tmp_path / "r", tmp_path)
    assert [p.name for p in (tmp_path / "r").iterdir()] == ["a"]


# Recovery (what it does after a real kill: test_workspace_kill.py).


@pytest.fixture
def interrupted(tmp_path: Path) -> tuple[User, Path, dict[str, object]]:
    """A workspace with the journal of a write of two files that was killed between them, as it is on the disk."""
    root = tmp_path / "r"
    write(root / "a", b"old a\n")
    write(root / "b", b"old b\n")
    user = User(root, tmp_path / "state")
    applied = user.apply({"a": (b"old a\n", b"new a\n"), "b": (b"old b\n", b"new b\n")})
    write(root / "b", b"old b\n")
    from tutor.files import digest

    token = "0123456789abcdef"
    os.link(root / "b", root / f".tutor-{token}-1.old")
    write(root / f".tutor-{token}-1.new", b"new b\n")
    write(root / f".tutor-{token}-0.old", b"old a\n")
    record = {
        "root": str(root), "folders": [],
        "files": [
            {"path": p, "name": f".tutor-{token}-{n}", "before": digest(b"old %s\n" % p.encode()),
             "after": digest(b"new %s\n" % p.encode())}
            for n, p in enumerate("ab")
        ],
    }  # fmt: skip
    journal = next((tmp_path / "state/workspaces").iterdir()) / "journal.json"
    entry = {"version": 1, "kind": "apply", "applied": applied.to_json(), "files": record}
    journal.write_text(json.dumps(entry))
    return user, journal, entry


def test_half_written_goes_back(interrupted: tuple[User, Path, dict[str, object]]) -> None:
    user, journal, _ = interrupted
    assert user.workspace.recover() == ["A write was interrupted and taken back: a."]
    assert {p.name: p.read_bytes() for p in user.root.iterdir()} == {"a": b"old a\n", "b": b"old b\n"}
    assert not journal.exists()
    assert user.workspace.recover() == []


def test_what_was_edited_since_is_left(interrupted: tuple[User, Path, dict[str, object]]) -> None:
    user, _, _ = interrupted
    write(user.root / "a", b"edited\n")
    assert user.workspace.recover() == ["A write was interrupted; changed since, and left as they are: a."]
    assert (user.root / "a").read_bytes() == b"edited\n"


def test_the_next_write_settles_the_last_one_first(interrupted: tuple[User, Path, dict[str, object]]) -> None:
    user, _, _ = interrupted
    with pytest.raises(Refused, match="taken back: a"):
        user.edit("b", (b"old", b"newer"))
    assert (user.root / "b").read_bytes() == b"old b\n"
    user.edit("b", (b"old", b"newer"))


@pytest.mark.parametrize(
    "damage",
    [
        {"path": "../x"}, {"path": ".git/config"}, {"name": "../../x"}, {"name": "a"}, {"path": 3},
        {"path": "/etc/passwd"}, {"path": "out/x"},
    ],
)  # fmt: skip
def test_a_damaged_journal_harms_nothing(
    interrupted: tuple[User, Path, dict[str, object]], tmp_path: Path, damage: dict[str, object]
) -> None:
    user, journal, entry = interrupted
    write(tmp_path / "outside/x", b"new a\n")
    (user.root / "out").symlink_to(tmp_path / "outside")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and "state" not in p.parts}
    files = entry["files"]
    assert isinstance(files, dict)
    files["files"][0] |= damage
    journal.write_text(json.dumps(entry))
    assert user.workspace.recover() != []
    assert not journal.exists()
    assert (tmp_path / "outside/x").read_bytes() == b"new a\n"
    assert {p: p.read_bytes() for p in before if p.exists() and not p.name.startswith(".tutor")} == {
        p: content for p, content in before.items() if not p.name.startswith(".tutor")
    }


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 1}', '{"version": 99}', '{"version": 1, "kind": "apply", "files": 3}']
)
def test_an_unreadable_journal_is_said_once(interrupted: tuple[User, Path, dict[str, object]], text: str) -> None:
    user, journal, _ = interrupted
    journal.write_text(text)
    (said,) = user.workspace.recover()
    assert "cannot be read" in said
    assert user.workspace.recover() == []


def test_a_lock_of_another_git_is_never_removed(tmp_path: Path) -> None:
    root = new_repository(tmp_path / "r", {"a": b"a\n"})
    user = User(root, tmp_path / "state")
    applied = user.edit("a", (b"a\n", b"b\n"))
    journal = next((tmp_path / "state/workspaces").iterdir()) / "journal.json"
    where = {"folder": str(root / ".git"), "token": "0123456789abcdef"}
    for content in (b"", b"somebody else's"):
        write(root / ".git/index.lock", content)
        entry = {"version": 1, "kind": "commit", "applied": applied.to_json(), "files": None, "git": where}
        journal.write_text(json.dumps(entry))
        assert user.workspace.recover() != []
        assert (root / ".git/index.lock").read_bytes() == content


def test_the_engine_cannot_write_elsewhere(tmp_path: Path) -> None:
    """A proposal says where it belongs; a workspace takes only its own."""
    for name in ("one", "two"):
        write(tmp_path / name / "a", b"a\n")
    with pytest.raises(OutsideWorkspace):
        User(tmp_path / "one", tmp_path / "s").workspace.rebase(proposal(tmp_path / "two", {"a": (b"a\n", b"b\n")}))


def test_the_engine_makes_a_repository_and_a_revert_with_the_identity_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    root = tmp_path / "r"
    write(root / "a.rs", b"a\n")
    tutor = Tutor(root, use_model=False)
    drive(tutor.create_repository(approve("create-repository", str(root), "key"), IDENTITY), lambda event: None)
    assert line(root, "log", "-1", "--format=%an %ae") == " ".join(IDENTITY)
    user = User(root, tutor.home.state)
    user.commit(user.edit("a.rs", (b"a\n", b"b\n")), identity=IDENTITY)
    git(root, "tag", "shared")
    last = tutor.last_applied
    assert last is not None
    drive(tutor.undo(approve("undo", last.id, "key"), ("Grace", "grace@example.org")), lambda event: None)
    assert line(root, "log", "-1", "--format=%an %ae") == "Grace grace@example.org"
    assert (root / "a.rs").read_bytes() == b"a\n"
    tutor.close()
