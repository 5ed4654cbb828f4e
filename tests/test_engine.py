"""The whole spine through one Tutor, with the real compiler and real repositories: from error to commit and back."""

from __future__ import annotations

import os
from contextlib import aclosing
from pathlib import Path

import pytest

from commands.run import consume, drive
from sessions.schema import validate
from sessions.store import entries, list_sessions, read
from tests.helpers_cli import BROKEN, CLEAN, git, package, repository
from tutor import events
from tutor.engine import Tutor
from tutor.errors import Refused
from tutor.events import Event
from tutor.fix.search import FixRequest
from tutor.paths import Home
from tutor.review import Review, approve
from tutor.streams import call

# Two errors that are found in the same pass and mended independently of each other.
TWO = """\
fn main() {
    let count = 1;
    count += 1;
    println!("{count}");
    let names = vec![String::from("Ada")];
    let mine = names;
    println!("{} and {}", names.len(), mine.len());
}
"""


def _found(happened: list[Event], kind: type[Event]) -> list[Event]:
    return [event for event in happened if isinstance(event, kind)]


def _fix(tutor: Tutor, path: Path) -> Review:
    happened: list[Event] = []
    last = drive(tutor.fix(FixRequest(path)), happened.append)
    assert isinstance(last, events.Finished), last
    (found,) = _found(happened, events.DiagnosticsFound)[:1]
    assert isinstance(found, events.DiagnosticsFound)
    best = next(e.proposal for e in reversed(happened) if isinstance(e, events.ProposalReady) and e.rank == 0)
    return Review(best)


def test_from_an_error_to_a_commit_and_back(tmp_path: Path, home: Home) -> None:
    folder = repository(package(tmp_path / "made", TWO))
    (folder / "notes").write_text("mine\n")
    tutor = Tutor(folder, use_model=False, tool="test")
    happened: list[Event] = []

    # What is wrong?
    last = drive(tutor.check(FixRequest(folder)), happened.append)
    assert isinstance(last, events.Finished)
    assert (last.status, last.ok) == ("broken", False)
    (found,) = _found(happened, events.DiagnosticsFound)
    assert isinstance(found, events.DiagnosticsFound)
    assert {d.code for d in found.diagnostics if d.level == "error"} == {"E0384", "E0382"}

    # A fix, of which only a part is accepted: it is checked again, and does not compile.
    review = _fix(tutor, folder)
    assert review.proposal.leaves == ()
    assert review.count("undecided") == len(review.hunks) == 2
    review.decide(review.hunks[0].id, "accepted")
    tutor.decided(review, review.hunks[0].id, "key")
    seen: list[Event] = []
    last = drive(tutor.verify(review), seen.append)
    (verified,) = _found(seen, events.Verified)
    assert isinstance(verified, events.Verified)
    assert verified.verification.check == "failed"
    assert [d.code for d in verified.remaining] == ["E0382"]
    assert isinstance(last, events.Finished)
    assert not last.ok
    assert (folder / "src/main.rs").read_text() == TWO  # nothing is written before consent

    # All of it, written and committed.
    review.decide_all("accepted")
    assert review.is_whole
    seen.clear()
    drive(tutor.apply(review.proposal, review.approve("key")), seen.append)
    (applied,) = _found(seen, events.Applied)
    assert isinstance(applied, events.Applied)
    assert applied.paths == ("src/main.rs",)
    message = tutor.commit_message(applied.id)
    assert "E0382" in message
    assert "Checked: compiles." in message
    head = git(folder, "rev-parse", "HEAD")
    drive(tutor.commit(applied.id, message, approve("commit", applied.id, "key")), seen.append)
    (committed,) = _found(seen, events.Committed)
    assert isinstance(committed, events.Committed)
    assert committed.commit == git(folder, "rev-parse", "HEAD").strip()
    assert git(folder, "log", "-1", "--format=%B").strip() == message.strip()
    assert git(folder, "status", "--porcelain").splitlines() in (["?? notes"], ["?? Cargo.lock", "?? notes"])
    assert isinstance(drive(tutor.check(FixRequest(folder)), seen.append), events.Finished)
    assert seen[-1] == events.Finished("clean", True, 1, seen[-1].seconds)  # type: ignore[attr-defined]

    # And back.
    assert tutor.last_applied is not None
    last = drive(tutor.undo(approve("undo", tutor.last_applied.id, "key")), seen.append)
    assert last == events.Finished("undone")
    assert (folder / "src/main.rs").read_text() == TWO
    assert git(folder, "rev-parse", "HEAD") == head
    tutor.feedback(review.proposal.id, helpful=False, wrong="too many clones")
    tutor.close()

    # All of it is in the log, as the schema says.
    (session,) = list_sessions(home.sessions)
    found_entries = list(read(session.path))
    kinds = []
    for entry in entries(session.path):
        assert validate(entry) == [], entry
        kinds.append(entry.kind)
    assert len(found_entries) == len(kinds)
    for kind in ("session-started", "request", "diagnostics", "proposal", "decision", "verification", "applied",
                 "committed", "undone", "feedback", "finished", "session-ended"):  # fmt: skip
        assert kind in kinds
    assert session.ended
    assert session.path.stat().st_mode & 0o777 == 0o600
    assert session.path.parent.stat().st_mode & 0o777 == 0o700


def test_the_message_of_a_part_claims_only_what_the_part_mends(tmp_path: Path) -> None:
    file = tmp_path / "main.rs"
    file.write_text(TWO)
    tutor = Tutor(file, use_model=False, tool="test")
    review = _fix(tutor, file)
    review.decide(review.hunks[0].id, "accepted")
    drive(tutor.verify(review), lambda event: None)
    drive(tutor.apply(review.proposal, review.approve("key")), lambda event: None)
    applied = tutor.last_applied
    assert applied is not None
    message = tutor.commit_message(applied.id)
    assert message.startswith("Fix E0384 in main.rs")
    assert "E0382" not in message
    assert "1 error left" in message


def test_a_lone_file_without_a_repository(tmp_path: Path) -> None:
    file = tmp_path / "main.rs"
    file.write_text(BROKEN)
    tutor = Tutor(file, use_model=False)
    assert tutor.folder == tmp_path
    review = _fix(tutor, file)
    review.decide_all("accepted")
    seen: list[Event] = []
    drive(tutor.apply(review.proposal, review.approve("key")), seen.append)
    assert "names.clone()" in file.read_text()
    applied = tutor.last_applied
    assert applied is not None
    last = drive(tutor.commit(applied.id, "x", approve("commit", applied.id, "key")), seen.append)
    assert isinstance(last, events.Failed)
    drive(tutor.undo(approve("undo", applied.id, "key")), seen.append)
    assert file.read_text() == BROKEN
    last = drive(tutor.undo(approve("undo", applied.id, "key")), seen.append)
    assert isinstance(last, events.Failed)
    assert last.title == "Nothing to undo"
    tutor.close()


def test_errors_are_events_and_not_tracebacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "main.rs").write_text(CLEAN)
    tutor = Tutor(tmp_path, use_model=False)
    for path, code in ((tmp_path / "none.rs", 2), (tmp_path / "none", 2)):
        for stream in (tutor.fix(FixRequest(path)), tutor.check(FixRequest(path))):
            last = drive(stream, lambda event: None)
            assert isinstance(last, events.Failed)
            assert last.exit_code == code
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CARGO_HOME", str(tmp_path))
    last = drive(tutor.fix(FixRequest(tmp_path)), lambda event: None)
    assert isinstance(last, events.Failed)
    assert last.exit_code == 3
    assert "rustup" in last.hint
    tutor.close()


def test_consent_to_one_thing_is_not_consent_to_another(tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(BROKEN)
    tutor = Tutor(tmp_path, use_model=False)
    review = _fix(tutor, tmp_path)
    with pytest.raises(Refused):
        review.approve("key")  # nothing is accepted
    last = drive(tutor.apply(review.proposal, approve("commit", review.proposal.id, "key")), lambda event: None)
    assert isinstance(last, events.Failed)
    assert (tmp_path / "main.rs").read_text() == BROKEN
    tutor.close()


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "main.rs"
    file.write_text(BROKEN)
    tutor = Tutor(tmp_path, use_model=False)
    review = _fix(tutor, tmp_path)
    review.decide_all("accepted")
    other = BROKEN.replace("let mine = names;", "let mine = { names };")
    file.write_text(other)
    last = drive(tutor.apply(review.proposal, review.approve("key")), lambda event: None)
    assert isinstance(last, events.Failed)
    assert file.read_text() == other
    above = "// a line above\n" + BROKEN
    file.write_text(above)
    seen: list[Event] = []
    drive(tutor.apply(review.proposal, review.approve("key")), seen.append)
    (applied,) = _found(seen, events.Applied)
    assert isinstance(applied, events.Applied)
    assert applied.rebased
    assert file.read_text() == above.replace("= names;", "= names.clone();")
    tutor.close()


async def test_answers(home: Home) -> None:
    tutor = Tutor(Path(), use_model=False)
    seen: list[Event] = []
    last = await consume(tutor.ask("what is ownership?"), seen.append)
    assert isinstance(last, events.Finished)
    assert last.status == "answered"
    (ready,) = _found(seen, events.AnswerReady)
    assert isinstance(ready, events.AnswerReady)
    assert ready.markdown == "".join(e.text for e in seen if isinstance(e, events.AnswerDelta))
    assert ready.origin == "knowledge"
    again: list[Event] = []
    await consume(tutor.ask("what is ownership?", complaint="too abstract"), again.append)
    (second,) = _found(again, events.AnswerReady)
    assert isinstance(second, events.AnswerReady)
    assert second.markdown != ready.markdown
    tutor.close()
    (session,) = list_sessions(home.sessions)
    assert session.questions == 2
    assert all(validate(entry) == [] for entry in entries(session.path))


def _fake_rustc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compiler that says on a pipe that it runs and then waits. Returns the pipe."""
    programs, ready = tmp_path / "bin", tmp_path / "ready"
    programs.mkdir()
    os.mkfifo(ready)
    fake = programs / "rustc"
    fake.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *sysroot*) echo {tmp_path}/root;; *-vV*) echo "release: 1.95.0"; echo "host: x";;\n'
        f"*) echo $$ > {ready}; exec sleep 1000;; esac\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return ready


async def test_closing_a_stream_in_the_middle_stops_the_work(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = _fake_rustc(tmp_path, monkeypatch)
    (tmp_path / "main.rs").write_text(BROKEN)
    tutor = Tutor(tmp_path, use_model=False)
    async with aclosing(tutor.fix(FixRequest(tmp_path / "main.rs"))) as stream:
        async for event in stream:
            if isinstance(event, events.Progress):
                break
        compiler = int(await call(ready.read_text))  # waits until it runs
        assert _is_there(compiler)
    assert not _is_there(compiler)
    tutor.close()
    (session,) = list_sessions(home.sessions)
    assert [entry.kind for entry in entries(session.path)][-2:] == ["stopped", "session-ended"]
    assert not list(home.cache.glob("lone-*"))


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_a_log_that_cannot_be_written_is_one_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUTOR_HOME", str(tmp_path / "file"))
    tutor = Tutor(tmp_path, use_model=False)
    seen: list[Event] = []
    for _ in range(2):
        await consume(tutor.ask("what is ownership?"), seen.append)
    assert len(_found(seen, events.Notice)) == 1
    assert len(_found(seen, events.AnswerReady)) == 2
    tutor.close()


def test_settings_switch_the_log_and_the_model_off(home: Home, tmp_path: Path) -> None:
    home.ensure(home.config)
    home.config_file.write_text("[log]\nenabled = false\n[model]\nenabled = false\n")
    tutor = Tutor(tmp_path)
    drive(tutor.check(FixRequest(tmp_path / "none.rs")), lambda event: None)
    tutor.close()
    assert not tutor.use_model
    assert list_sessions(home.sessions) == []
