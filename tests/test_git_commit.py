"""Commits and undoing them, in every state that a repository can be in."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers_git import (
    IDENTITY,
    User,
    accept_all,
    git,
    index_entries,
    line,
    new_repository,
    proposal,
    write,
)
from tutor.errors import Failed, NeedsIdentity, NotCommittable, NotUndoable, Refused, TutorError, UsageError
from tutor.review import approve
from tutor.workspace import AppliedChange, Workspace

BASE = b"".join(b"line %d\n" % number for number in range(30))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_repository(tmp_path / "r", {"a.rs": BASE, "src/b.rs": BASE, "c": b"c\n"})


@pytest.fixture
def user(root: Path, tmp_path: Path) -> User:
    return User(root, tmp_path / "state")


def snapshot(root: Path) -> dict[str, bytes]:
    """Everything that a failed commit must leave as it is: refs, reflog, index, files, and no leftovers."""
    folder = Path(line(root, "rev-parse", "--absolute-git-dir"))
    state = {str(p): p.read_bytes() for p in root.rglob("*") if p.is_file() and ".git" not in p.parts}
    names = ("HEAD", "index", "logs/HEAD")
    state |= {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}
    state["refs"] = git(root, "for-each-ref")
    state["listing"] = b"\n".join(sorted(os.fsencode(p.name) for p in folder.iterdir() if p.name != "COMMIT_EDITMSG"))
    return state


def refused(user: User, applied: AppliedChange, kind: type[TutorError] = NotCommittable) -> TutorError:
    """The commit is refused and changes nothing."""
    before = snapshot(user.root)
    with pytest.raises(kind) as raised:
        user.commit(applied)
    assert snapshot(user.root) == before
    return raised.value


def test_the_message_is_committed_as_it_is(root: Path, user: User) -> None:
    made = user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")), "# Grüße: fix\n\n#comment\nbody  \n\n\n")
    assert git(root, "log", "-1", "--format=%B").decode() == "# Grüße: fix\n\n#comment\nbody\n\n"
    assert (made.summary, made.output) == ("# Grüße: fix", "")
    assert line(root, "log", "-1", "--format=%an <%ae> %cn") == "Ada Byron <ada@example.org> Ada Byron"
    assert line(root, "reflog", "-1", "--format=%gs").startswith("commit: # Gr")
    assert git(root, "status", "--porcelain") == b""


@pytest.mark.parametrize("message", ["", " \n", "a\0b"])
def test_a_message_is_needed(user: User, message: str) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    with pytest.raises(UsageError):
        user.commit(applied, message)


def test_settings_for_the_users_own_commits_do_not_play_a_part(root: Path, user: User, tmp_path: Path) -> None:
    write(tmp_path / "template", b"TEMPLATE\n")
    for name, value in (
        ("commit.template", str(tmp_path / "template")), ("commit.cleanup", "scissors"), ("commit.verbose", "true"),
        ("core.commentChar", "F"), ("core.editor", "false"), ("i18n.commitEncoding", "latin1"),
        ("commit.status", "true"), ("core.safecrlf", "true"), ("status.branch", "true"), ("index.version", "4"),
    ):  # fmt: skip
        git(root, "config", name, value)
    user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")), "Für alle")
    assert line(root, "-c", "i18n.logOutputEncoding=UTF-8", "log", "-1", "--format=%B") == "Für alle"


def test_several_files_one_commit(root: Path, user: User) -> None:
    applied = user.apply({"a.rs": (BASE, BASE + b"x\n"), "src/b.rs": (BASE, b"y\n" + BASE), "new/d.rs": (None, b"d")})
    made = user.commit(applied)
    assert git(root, "show", "--format=", "--name-status", made.commit) == b"M\ta.rs\nA\tnew/d.rs\nM\tsrc/b.rs\n"
    assert git(root, "status", "--porcelain") == b""
    user.undo(applied)
    assert not (root / "new").exists()
    assert git(root, "status", "--porcelain") == b""


def test_needs_consent_to_this(user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    for approval in (approve("commit", "other", "key"), approve("undo", applied.id, "key")):
        with pytest.raises(Refused):
            user.workspace.commit(applied, "m", approval)
    for approval in (approve("undo", "other", "key"), approve("commit", applied.id, "key")):
        with pytest.raises(Refused):
            user.workspace.undo(applied, approval)
    with pytest.raises(Refused):
        user.workspace.apply(approve("commit", "p1", "key"))


def test_not_twice(user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    user.commit(applied)
    assert "already" in refused(user, applied).msg
    user.undo(applied)
    with pytest.raises(NotUndoable):
        user.undo(applied)


def test_lines_that_the_user_has_changed_before(root: Path, user: User) -> None:
    write(root / "a.rs", BASE.replace(b"line 10\n", b"mine\n"))
    error = refused(user, user.edit("a.rs", (b"line 3\n", b"three\n"), (b"mine\n", b"ours\n")))
    assert "a.rs, line 11" in error.msg


def test_lines_that_the_user_has_staged_otherwise(root: Path, user: User) -> None:
    write(root / "a.rs", BASE.replace(b"line 10\n", b"staged\n"))
    git(root, "add", "a.rs")
    write(root / "a.rs", BASE)
    assert "staged" in refused(user, user.edit("a.rs", (b"line 10\n", b"ours\n"))).msg


def test_lines_that_were_changed_after_they_were_written(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    write(root / "a.rs", (root / "a.rs").read_bytes().replace(b"three\n", b"3\n"))
    assert "changed since" in refused(user, applied).msg


def test_later_edits_elsewhere_are_not_committed(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    write(root / "a.rs", (root / "a.rs").read_bytes() + b"later\n")
    user.commit(applied)
    assert git(root, "diff", "-U0").endswith(b"\n+later\n")
    user.undo(applied)
    assert (root / "a.rs").read_bytes() == BASE + b"later\n"


def test_what_the_user_has_staged_already_is_committed_and_stays_staged(root: Path, user: User) -> None:
    """`git add` between writing and committing is what people do."""
    applied = user.apply({"a.rs": (BASE, BASE + b"x\n"), "new": (None, b"n\n")})
    write(root / "c", b"c\nmine\n")
    git(root, "add", "-A")
    user.commit(applied)
    assert git(root, "show", "--format=", "--name-only") == b"a.rs\nnew\n"
    assert git(root, "diff", "--cached", "--name-only") == b"c\n"


def test_earlier_uncommitted_proposals_are_left_out(root: Path, user: User) -> None:
    user.edit("a.rs", (b"line 3\n", b"three\n"))
    user.commit(user.edit("a.rs", (b"line 20\n", b"twenty\n")))
    assert git(root, "show", "HEAD:a.rs") == BASE.replace(b"line 20\n", b"twenty\n")
    assert git(root, "diff", "--stat").endswith(b"1 insertion(+), 1 deletion(-)\n")


def test_no_commit_yet(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "r")
    write(tmp_path / "r/a", b"a\n")
    user = User(tmp_path / "r", tmp_path / "state")
    assert user.workspace.state().unborn
    assert "no commit yet" in refused(user, user.edit("a", (b"a\n", b"b\n"))).msg


def test_no_repository(tmp_path: Path) -> None:
    write(tmp_path / "r/a", b"a\n")
    user = User(tmp_path / "r", tmp_path / "state")
    applied = user.edit("a", (b"a\n", b"b\n"))
    with pytest.raises(NotCommittable, match="not in a Git repository"):
        user.commit(applied)
    assert user.undo(applied).how == "files"
    assert (tmp_path / "r/a").read_bytes() == b"a\n"


def test_detached_head(root: Path, user: User) -> None:
    git(root, "checkout", "-q", "--detach")
    state = user.workspace.state()
    assert state.detached
    assert state.branch is None
    main = line(root, "rev-parse", "main")
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    made = user.commit(applied)
    assert (line(root, "rev-parse", "HEAD"), line(root, "rev-parse", "main")) == (made.commit, main)
    assert user.undo(applied).how == "commit removed"
    assert line(root, "rev-parse", "HEAD") == main


def _conflict(root: Path, *command: str) -> None:
    git(root, "checkout", "-q", "-b", "other")
    write(root / "c", b"other\n")
    git(root, "commit", "-qam", "other")
    git(root, "checkout", "-q", "main")
    write(root / "c", b"main\n")
    git(root, "commit", "-qam", "main")
    git(root, *command, check=False)


@pytest.mark.parametrize(
    ("command", "meaning"),
    [
        (("merge", "other"), "merge"), (("rebase", "other"), "rebase"), (("rebase", "--apply", "other"), "rebase"),
        (("cherry-pick", "other"), "cherry-pick"), (("revert", "HEAD~1"), "revert"), (("bisect", "start"), "bisect"),
    ],
)  # fmt: skip
def test_in_the_middle_of_something(root: Path, user: User, command: tuple[str, ...], meaning: str) -> None:
    if meaning == "revert":
        for content in (b"one\n", b"two\n"):
            write(root / "c", content)
            git(root, "commit", "-qam", "more")
        git(root, *command, check=False)
    else:
        _conflict(root, *command)
    assert user.workspace.state().in_progress == meaning
    assert meaning in refused(user, user.edit("a.rs", (b"line 3\n", b"three\n"))).msg


def test_applying_mails_is_told_from_a_rebase(root: Path, user: User) -> None:
    git(root, "checkout", "-q", "-b", "other")
    write(root / "c", b"other\n")
    git(root, "commit", "-qam", "other")
    mail = git(root, "format-patch", "-1", "--stdout")
    git(root, "checkout", "-q", "main")
    write(root / "c", b"main\n")
    git(root, "commit", "-qam", "main")
    git(root, "am", stdin=mail, check=False)
    assert user.workspace.state().in_progress == "am"


def test_conflicts_without_a_merge(root: Path, user: User) -> None:
    write(root / "c", b"stashed\n")
    git(root, "stash")
    write(root / "c", b"other\n")
    git(root, "commit", "-qam", "other")
    git(root, "stash", "pop", check=False)
    assert user.workspace.state().in_progress is None
    assert "conflicts" in refused(user, user.edit("a.rs", (b"line 3\n", b"three\n"))).msg


@pytest.mark.parametrize("name", ["MERGE_MSG", "SQUASH_MSG"])
def test_a_message_that_git_keeps_for_the_user_is_kept(root: Path, user: User, name: str) -> None:
    write(root / ".git" / name, b"for later\n")
    user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")), "ours")
    assert (root / ".git" / name).read_bytes() == b"for later\n"
    assert line(root, "log", "-1", "--format=%B") == "ours"


def test_a_subfolder(root: Path, tmp_path: Path) -> None:
    user = User(root / "src", tmp_path / "state")
    assert user.workspace.state().root == root
    applied = user.edit("b.rs", (b"line 3\n", b"three\n"))
    user.commit(applied)
    assert git(root, "show", "--format=", "--name-only") == b"src/b.rs\n"
    user.undo(applied)
    assert git(root, "status", "--porcelain") == b""


def test_a_linked_work_tree(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "side")
    write(tmp_path / "tree/c", b"staged there\n")
    git(tmp_path / "tree", "add", "c")
    user = User(tmp_path / "tree", tmp_path / "state")
    main, index = line(root, "rev-parse", "main"), (root / ".git/index").read_bytes()
    assert user.workspace.state().branch == "side"
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    made = user.commit(applied)
    assert line(root, "rev-parse", "side") == made.commit
    assert (line(root, "rev-parse", "main"), (root / ".git/index").read_bytes()) == (main, index)
    assert git(tmp_path / "tree", "status", "--porcelain") == b"M  c\n"
    user.undo(applied)
    assert line(root, "rev-parse", "side") == main
    assert git(tmp_path / "tree", "status", "--porcelain") == b"M  c\n"


@pytest.fixture
def with_submodule(root: Path, tmp_path: Path) -> Path:
    inner = new_repository(tmp_path / "inner", {"lib.rs": BASE})
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    for name, value in zip(("user.name", "user.email"), IDENTITY, strict=True):
        git(root / "sub", "config", name, value)
    git(root, "commit", "-qm", "submodule")
    return root


def test_a_submodules_file_is_committed_in_the_submodule(with_submodule: Path, user: User) -> None:
    outer = line(with_submodule, "rev-parse", "HEAD")
    applied = user.edit("sub/lib.rs", (b"line 3\n", b"three\n"))
    made = user.commit(applied)
    assert line(with_submodule / "sub", "rev-parse", "HEAD") == made.commit
    assert line(with_submodule, "rev-parse", "HEAD") == outer
    user.undo(applied)
    assert git(with_submodule, "status", "--porcelain") == b""


def test_files_of_two_repositories_are_not_committed_together(with_submodule: Path, user: User) -> None:
    applied = user.apply({"a.rs": (BASE, BASE + b"x\n"), "sub/lib.rs": (BASE, BASE + b"x\n")})
    assert "several repositories" in refused(user, applied).msg
    assert user.undo(applied).how == "files"
    assert git(with_submodule, "status", "--porcelain") == b""


def test_an_untracked_file_is_not_swept_in(root: Path, user: User) -> None:
    write(root / "mine", b"one\ntwo\n")
    assert "not tracked" in refused(user, user.edit("mine", (b"two\n", b"2\n"))).msg
    git(root, "add", "mine")
    assert "not tracked" in refused(user, user.edit("mine", (b"one\n", b"1\n"))).msg


def test_a_staged_removal_stays(root: Path, user: User) -> None:
    git(root, "rm", "-q", "--cached", "a.rs")
    assert "removal" in refused(user, user.edit("a.rs", (b"line 3\n", b"three\n"))).msg


def test_a_new_file_that_git_has_already(root: Path, user: User) -> None:
    (root / "c").unlink()
    assert "another c in the last commit" in refused(user, user.apply({"c": (None, b"new\n")})).msg
    write(root / "d", b"staged\n")
    git(root, "add", "d")
    (root / "d").unlink()
    assert "another d in what you have staged" in refused(user, user.apply({"d": (None, b"new\n")})).msg
    (root / "a.rs").unlink()
    assert "still a file" in refused(user, user.apply({"a.rs/inner": (None, b"new\n")})).msg


def test_a_file_in_the_place_of_a_folder(root: Path, user: User) -> None:
    shutil.rmtree(root / "src")
    refused(user, user.apply({"src": (None, b"new\n")}))


@pytest.mark.parametrize("attribute", ["filter=lfs", "working-tree-encoding=UTF-16"])
def test_attributes_that_store_something_else(root: Path, user: User, attribute: str) -> None:
    write(root / ".gitattributes", f"a.rs {attribute}\n".encode())
    assert attribute in refused(user, user.edit("a.rs", (b"line 3\n", b"three\n"))).msg


def test_who_commits(tmp_path: Path) -> None:
    root = new_repository(tmp_path / "r", {"a": b"a\n"}, identity=False)
    user = User(root, tmp_path / "state")
    assert not user.workspace.state().has_identity
    applied = user.edit("a", (b"a\n", b"b\n"))
    error = refused(user, applied, NeedsIdentity)
    assert error.hint is not None
    assert "git config --global user.name" in error.hint
    assert "user.email" in error.hint
    for wrong in (("", "x@x"), ("x", " "), ("a\nb", "x@x"), ("a", "<x>")):
        with pytest.raises(UsageError):
            user.commit(applied, identity=wrong)
    user.commit(applied, identity=("Grace", "g@example.org"))
    assert line(root, "log", "-1", "--format=%an %ae %cn %ce") == "Grace g@example.org Grace g@example.org"
    assert git(root, "config", "--get", "user.name", check=False) == b""


def hook(root: Path, name: str, script: str) -> None:
    """Installs a hook; for its commands the word GIT means the real index."""
    path = root / ".git/hooks" / name
    write(path, f"#!/bin/sh\n{script}\n".encode())
    path.chmod(0o755)


@pytest.mark.parametrize("name", ["pre-commit", "prepare-commit-msg", "commit-msg"])
def test_a_failing_hook_is_heard_and_changes_nothing(root: Path, user: User, name: str) -> None:
    hook(root, name, "echo out; printf 'tests \\033[31mfail\\n' >&2; exit 1")
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    write(root / "c", b"staged\n")
    git(root, "add", "c")
    error = refused(user, applied, Failed)
    assert "tests \x1b[31mfail" in error.msg  # raw: the faces make it inert
    assert "out" in error.msg
    (root / ".git/hooks" / name).unlink()
    user.commit(applied)


def test_hooks_see_what_is_committed_and_what_they_say_is_told(root: Path, user: User) -> None:
    hook(root, "pre-commit", "git diff --cached --name-only; git diff --quiet -- a.rs && echo clean")
    hook(root, "post-commit", "echo posted >&2")
    write(root / "c", b"staged\n")
    git(root, "add", "c")
    made = user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")))
    assert made.output.splitlines() == ["a.rs", "clean", "posted"]


def test_a_hook_that_edits_the_message_is_fine(root: Path, user: User) -> None:
    hook(root, "commit-msg", 'echo "Signed-off-by: someone" >> "$1"')
    user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")))
    assert "Signed-off-by" in line(root, "log", "-1", "--format=%B")


def test_a_hook_that_changes_the_commit_is_taken_back(root: Path, user: User) -> None:
    hook(root, "pre-commit", "echo hooked > c; git add c")
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    head, index = line(root, "rev-parse", "HEAD"), (root / ".git/index").read_bytes()
    with pytest.raises(Failed, match="hook"):
        user.commit(applied)
    assert line(root, "rev-parse", "HEAD") == head
    assert (root / ".git/index").read_bytes() == index
    assert b"three\n" in (root / "a.rs").read_bytes()


def test_a_hook_that_commits_itself_is_reported(root: Path, user: User) -> None:
    hook(root, "post-commit", "unset GIT_INDEX_FILE; rm .git/hooks/post-commit; git commit -q --allow-empty -m more")
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    try:
        user.commit(applied)
    except Failed as error:
        assert "HEAD moved" in error.msg
    assert git(root, "show", "main:a.rs") == (root / "a.rs").read_bytes()
    assert not (root / ".git/index.lock").exists()
    assert git(root, "status", "--porcelain") == b""


def test_a_hook_with_a_lot_to_say_and_a_child_left_behind(root: Path, user: User) -> None:
    hook(
        root,
        "post-commit",
        "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last; (exec sleep 30 >/dev/null 2>&1) &",
    )
    made = user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")))
    assert len(made.output) < 40_000
    assert made.output.endswith("last")
    assert user.workspace.recover() == []
    user.commit(user.edit("a.rs", (b"line 9\n", b"nine\n")))  # the child does not hold our lock


def test_another_git_at_work(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    write(root / ".git/index.lock", b"")
    error = refused(user, applied, Failed)
    assert error.title == "Git is busy"
    (root / ".git/index.lock").unlink()
    user.commit(applied)


def test_signing(root: Path, user: User, tmp_path: Path) -> None:
    git(root, "config", "commit.gpgSign", "true")
    git(root, "config", "gpg.format", "ssh")
    git(root, "config", "user.signingKey", str(tmp_path / "key.pub"))
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    write(tmp_path / "key.pub", b"ssh-ed25519 nonsense\n")
    assert "Git did not make the commit" in refused(user, applied, Failed).msg
    (tmp_path / "key.pub").unlink()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    made = user.commit(applied)
    assert b"gpgsig -----BEGIN SSH SIGNATURE-----" in git(root, "cat-file", "commit", made.commit)


def test_a_signing_key_with_a_passphrase_does_not_ask_on_the_terminal(root: Path, tmp_path: Path) -> None:
    """With a terminal there to ask on, where nobody answers."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", str(tmp_path / "key")], check=True)
    for name, value in (("commit.gpgSign", "true"), ("gpg.format", "ssh"), ("user.signingKey", str(tmp_path / "key"))):
        git(root, "config", name, value)
    program = (
        "import fcntl, sys, termios; from pathlib import Path\n"
        "from tests.helpers_git import User; from tutor.errors import Failed\n"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0); open('/dev/tty').close()\n"
        "user = User(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "try: user.commit(user.edit('a.rs', (b'line 3\\n', b'three\\n')))\n"
        "except Failed as error: print(error.title)\n"
    )
    main, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", program, root, tmp_path / "state"], stdin=terminal, capture_output=True, timeout=60,
            check=False, start_new_session=True, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        assert done.stdout == b"Not committed\n", done.stderr
    finally:
        os.close(main)
        os.close(terminal)


def test_line_endings_of_the_work_tree(root: Path, user: User) -> None:
    git(root, "config", "core.autocrlf", "true")
    write(root / "a.rs", BASE.replace(b"\n", b"\r\n"))
    user.commit(user.edit("a.rs", (b"line 3\r\n", b"three\r\n")))
    assert git(root, "show", "HEAD:a.rs") == BASE.replace(b"line 3\n", b"three\n")
    assert git(root, "status", "--porcelain") == b""
    user.commit(user.apply({"new": (None, b"a\r\nb\r\n")}))
    assert git(root, "show", "HEAD:new") == b"a\nb\n"
    assert git(root, "status", "--porcelain") == b""


def test_modes_and_flags_stay(root: Path, user: User) -> None:
    git(root, "update-index", "--chmod=+x", "a.rs")
    git(root, "update-index", "--assume-unchanged", "src/b.rs")
    git(root, "update-index", "--skip-worktree", "c")
    (root / "c").chmod(0o755)
    contents = {name: (root / name).read_bytes() for name in ("a.rs", "src/b.rs", "c")}
    user.commit(user.apply({name: (content, content + b"x\n") for name, content in contents.items()}))
    assert git(root, "ls-files", "-v") == b"H a.rs\nS c\nh src/b.rs\n"
    assert git(root, "ls-files", "--stage", "a.rs").startswith(b"100755 ")
    assert git(root, "ls-tree", "HEAD", "a.rs").startswith(b"100644 ")  # the staged mode stays staged


def test_entries_that_git_must_look_at_again_are_not_hidden(root: Path, user: User) -> None:
    """A file that changed within the tick in which the index was written: Git recognises it by the index's own time."""
    index = root / ".git/index"
    write(root / "c", b"d\n")
    git(root, "add", "c")
    write(root / "c", b"e\n")
    at = 1_700_000_000 * 10**9
    os.utime(root / "c", ns=(at, at))
    entries = index.read_bytes()
    old = (root / "c").stat()
    # The entry gets this file's times and size, and the index its time: racily clean.
    git(root, "update-index", "--refresh", check=False)
    write(root / "c", b"d\n")
    os.utime(root / "c", ns=(at, at))
    git(root, "update-index", "--refresh")
    write(root / "c", b"e\n")
    os.utime(root / "c", ns=(at, at))
    os.utime(index, ns=(at, at))
    assert (root / "c").stat().st_size == old.st_size
    assert entries
    assert git(root, "diff", "--name-only") == b"c\n"
    os.utime(index, ns=(at, at))
    user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")))
    assert git(root, "diff", "--name-only") == b"c\n"


@pytest.mark.parametrize("kind", ["split", "untracked-cache", "version-4", "sparse", "sha256", "no-checkout-cache"])
def test_every_kind_of_index(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "r"
    if kind == "sha256":
        git(tmp_path, "init", "-q", "--object-format=sha256", "r")
    new_repository(root, {"a.rs": BASE, "src/b.rs": BASE, "far/c": b"c\n", "far/away/d": b"d\n", "e": b"e\n"})
    match kind:
        case "split":
            git(root, "update-index", "--split-index")
        case "untracked-cache":
            git(root, "update-index", "--force-untracked-cache")
            git(root, "status")
        case "version-4":
            git(root, "update-index", "--index-version", "4")
        case "sparse":
            git(root, "sparse-checkout", "set", "--cone", "--sparse-index", "src")
        case "no-checkout-cache":
            git(root, "config", "index.skipHash", "true")
            git(root, "config", "index.threads", "true")
    write(root / "e", b"staged\n")
    git(root, "add", "e")
    write(root / "src/new", b"untracked\n")
    status, flags = git(root, "status", "--porcelain"), git(root, "ls-files", "-v")
    user = User(root, tmp_path / "state")
    applied = user.apply({"a.rs": (BASE, BASE + b"x\n"), "src/b.rs": (BASE, b"")})
    made = user.commit(applied)
    assert git(root, "show", "--format=", "--name-only", made.commit) == b"a.rs\nsrc/b.rs\n"
    assert git(root, "status", "--porcelain") == status
    assert git(root, "ls-files", "-v") == flags
    user.undo(applied)
    assert git(root, "status", "--porcelain") == status
    assert git(root, "ls-files", "-v") == flags
    assert git(root, "fsck", "--strict", "--no-dangling") == b""


ODD = [
    "a b",
    "-dash",
    "--all",
    'q"uote',
    "back\\slash",
    "new\nline",
    "*.rs",
    ":(top)x",
    "ünï",
    "\udcff\udcfe.rs",
    " x ",
    "[a]",
]


@pytest.mark.parametrize("name", ODD)
def test_odd_names(tmp_path: Path, name: str) -> None:
    root = new_repository(tmp_path / "r", {"a.rs": BASE, "x": BASE, "a": BASE, f"d/{name}": BASE})
    user = User(root, tmp_path / "state")
    others = index_entries(root, f"d/{name}")
    applied = user.apply({f"d/{name}": (BASE, BASE + b"x\n"), f"e/{name}": (None, b"new\n")})
    user.commit(applied)
    changed = sorted(git(root, "show", "--format=", "--name-only", "-z").split(b"\0")[:-1])
    assert changed == [os.fsencode(f"d/{name}"), os.fsencode(f"e/{name}")]
    assert index_entries(root, f"d/{name}", f"e/{name}") == others
    user.undo(User(root, tmp_path / "state").workspace.last_applied or applied)
    assert git(root, "status", "--porcelain") == b""


def test_a_link_to_a_file_inside(root: Path, user: User) -> None:
    (root / "link").symlink_to("src/b.rs")
    (root / "folder").symlink_to("src")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "links")
    user.commit(user.apply({"link": (BASE, BASE + b"x\n")}))
    assert (root / "link").is_symlink()
    assert git(root, "show", "--format=", "--name-only") == b"src/b.rs\n"
    user.commit(user.apply({"folder/b.rs": (BASE + b"x\n", BASE)}))
    assert git(root, "show", "--format=", "--name-only") == b"src/b.rs\n"


def test_undo_with_newer_work_on_top_reverts(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    made = user.commit(applied, "Fix three")
    write(root / "a.rs", (root / "a.rs").read_bytes().replace(b"line 20\n", b"twenty\n"))
    git(root, "commit", "-qam", "on top")
    write(root / "a.rs", (root / "a.rs").read_bytes().replace(b"line 28\n", b"dirty\n"))
    write(root / "c", b"staged\n")
    git(root, "add", "c")
    result = user.undo(applied)
    assert result.how == "revert commit"
    assert line(root, "log", "-1", "--format=%B") == f'Revert "Fix three"\n\nThis reverts commit {made.commit}.'
    assert git(root, "show", "HEAD:a.rs") == BASE.replace(b"line 20\n", b"twenty\n")
    assert (root / "a.rs").read_bytes() == BASE.replace(b"line 20\n", b"twenty\n").replace(b"line 28\n", b"dirty\n")
    assert git(root, "status", "--porcelain") == b" M a.rs\nM  c\n"


def test_undo_of_a_new_file_reverts_it_away(root: Path, user: User) -> None:
    applied = user.apply({"new/f": (None, b"f\n"), "a.rs": (BASE, BASE + b"x\n")})
    user.commit(applied)
    git(root, "commit", "-q", "--allow-empty", "-m", "on top")
    user.undo(applied)
    assert git(root, "status", "--porcelain") == b""
    assert not (root / "new").exists()
    assert git(root, "diff", "--stat", "HEAD~3", "--", "new", "a.rs") == b""


def test_undo_of_what_others_may_have_reverts(root: Path, user: User, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(root, "remote", "add", "origin", str(tmp_path / "remote.git"))
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    made = user.commit(applied)
    git(root, "push", "-q", "origin", "main")
    assert user.undo(applied).how == "revert commit"
    assert line(root, "rev-parse", "HEAD^") == made.commit


def test_undo_refuses_what_later_work_has_changed(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    user.commit(applied)
    write(root / "a.rs", BASE.replace(b"line 3\n", b"later\n"))
    for on_top in (False, True):
        if on_top:
            git(root, "commit", "-qam", "later")
        before = snapshot(root)
        with pytest.raises(NotUndoable, match=r"a\.rs, line 4"):
            user.undo(applied)
        assert snapshot(root) == before


def test_undo_refuses_when_the_same_lines_are_staged_otherwise(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    user.commit(applied)
    write(root / "a.rs", BASE.replace(b"line 3\n", b"staged\n"))
    git(root, "add", "a.rs")
    write(root / "a.rs", BASE.replace(b"line 3\n", b"three\n"))
    before = snapshot(root)
    with pytest.raises(NotUndoable, match="staged"):
        user.undo(applied)
    assert snapshot(root) == before


def test_undo_refuses_on_another_branch_and_in_a_merge(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    user.commit(applied)
    git(root, "checkout", "-q", "-b", "side", "HEAD~1")
    write(root / "a.rs", BASE.replace(b"line 3\n", b"three\n"))
    with pytest.raises(NotUndoable, match="history"):
        user.undo(applied)
    git(root, "checkout", "-qf", "main")
    write(root / ".git/MERGE_HEAD", (line(root, "rev-parse", "HEAD") + "\n").encode())
    before = snapshot(root)
    with pytest.raises(NotUndoable, match="merge"):
        user.undo(applied)
    assert snapshot(root) == before


def test_a_failing_hook_at_a_revert_leaves_everything(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    user.commit(applied)
    git(root, "commit", "-q", "--allow-empty", "-m", "on top")
    hook(root, "pre-commit", "exit 1")
    before = snapshot(root)
    with pytest.raises(Failed):
        user.undo(applied)
    assert snapshot(root) == before
    assert user.workspace.last_applied is not None


def test_undo_after_the_users_own_commit_is_in_the_files(root: Path, user: User) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    git(root, "commit", "-qam", "by hand")
    assert user.undo(applied).how == "files"
    assert (root / "a.rs").read_bytes() == BASE


def test_one_after_the_other_back_to_the_beginning(root: Path, user: User, tmp_path: Path) -> None:
    """Three writes, two committed; a restarted tutor takes them back one by one."""
    head = line(root, "rev-parse", "HEAD")
    user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")))
    user.edit("src/b.rs", (b"line 9\n", b"nine\n"))
    user.commit(user.edit("a.rs", (b"line 9\n", b"nine\n")))
    hows = []
    while (last := (again := User(root, tmp_path / "state")).workspace.last_applied) is not None:
        hows.append(again.undo(last).how)
    assert hows == ["commit removed", "files", "commit removed"]
    assert line(root, "rev-parse", "HEAD") == head
    assert git(root, "status", "--porcelain") == b""


@pytest.mark.parametrize("room", [50, 1_000, 2_000, 6_000])
def test_a_full_disk_at_a_commit(root: Path, user: User, tmp_path: Path, room: int) -> None:
    """No file may grow over ``room`` bytes: the journal or an index, whichever comes first."""
    for number in range(100):
        write(root / f"many/{number}", b"%d\n" % number)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "more")
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    before = snapshot(root)
    program = (
        "import resource, sys; from pathlib import Path; from tests.helpers_git import User\n"
        "from tutor.errors import Failed\n"
        "user = User(Path(sys.argv[1]), Path(sys.argv[2])); last = user.workspace.last_applied\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "try: user.commit(last)\n"
        "except Failed as error: print(error.title)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, root, tmp_path / "state", str(room)],
        capture_output=True, check=False, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert done.stdout in (b"Could not write\n", b"Git failed\n", b"Not committed\n"), done.stderr
    assert snapshot(root) == before
    user.commit(applied)


def test_a_commit_that_cannot_be_noted_is_still_made(root: Path, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))

    def full(*values: object) -> None:
        raise Failed("Could not write", "No space left on device. Nothing was changed.")

    monkeypatch.setattr("tutor.applied.Ledger.committed", full)
    made = user.commit(applied)
    assert made.output == "It is done, but could not be noted for undo. No space left on device."
    assert line(root, "rev-parse", "HEAD") == made.commit


def test_a_commit_without_hard_links(root: Path, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*names: object, **rest: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    applied = user.edit("a.rs", (b"line 3\n", b"three\n"))
    monkeypatch.setattr(os, "link", refuse)
    write(root / ".git/index.lock", b"")
    refused(user, applied, Failed)
    (root / ".git/index.lock").unlink()
    hook(root, "pre-commit", "exit 1")
    refused(user, applied, Failed)
    (root / ".git/hooks/pre-commit").unlink()
    user.commit(applied)
    user.undo(applied)
    assert git(root, "status", "--porcelain") == b""


def test_git_variables_of_the_caller_do_not_lead_elsewhere(
    root: Path, user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the tutor is started from a hook or an alias of another repository."""
    other = new_repository(tmp_path / "other", {"a.rs": BASE})
    before = snapshot(other)
    for name, value in (
        ("GIT_DIR", str(other / ".git")), ("GIT_WORK_TREE", str(other)), ("GIT_INDEX_FILE", str(other / ".git/index")),
        ("GIT_TRACE", "1"), ("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "user.name"), ("GIT_CONFIG_VALUE_0", "Eve"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    made = user.commit(user.edit("a.rs", (b"line 3\n", b"three\n")))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_TRACE", "GIT_CONFIG_COUNT"):
        monkeypatch.delenv(name)
    assert snapshot(other) == before
    assert line(root, "log", "-1", "--format=%H %an") == f"{made.commit} Ada Byron"


def test_without_git(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tutor import gitrepo

    monkeypatch.setattr(gitrepo, "_program", gitrepo._program.__wrapped__)
    monkeypatch.setenv("PATH", f"{tmp_path}:.:")
    workspace = Workspace(root, state=tmp_path / "state")
    state = workspace.state()
    assert (state.installed, state.root, state.has_identity) == (False, None, False)
    applied = workspace.apply(accept_all(proposal(root, {"a.rs": (BASE, BASE + b"x\n")})))
    with pytest.raises(TutorError, match="Git is not installed"):
        workspace.commit(applied, "m", approve("commit", applied.id, "key"))
    assert workspace.undo(applied, approve("undo", applied.id, "key")).how == "files"
