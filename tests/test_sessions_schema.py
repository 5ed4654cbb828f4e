"""The kinds of entry are as documented, and what the tutor records is what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sessions import schema, store
from sessions.schema import KINDS, Entry, validate
from tutor import events
from tutor.proposal import Proposal, Verification, file_change
from tutor.recording import Recorder
from tutor.review import Review

_SAMPLES: dict[Any, object] = {
    str: "x", int: 1, bool: True, list: [], dict: {}, (int, float): 0.5,
}  # fmt: skip


def sample(kind: str) -> Entry:
    data = {name.removesuffix("?"): _SAMPLES[wanted] for name, wanted in KINDS[kind].items()}
    data |= {"verdict": "accepted", "how": "files", "level": "info", "origin": "model"}
    if kind == "proposal":
        data["proposal"] = {"id": "p", "origin": "rustc", "title": "t", "diff": "", "verification": {}, "root": "/"}
    return Entry("s", 0, "2025-01-02T03:04:05.678Z", kind, data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_complete_entry_has_no_problems(kind: str) -> None:
    assert validate(sample(kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_or_wrong_field_is_named(kind: str) -> None:
    entry = sample(kind)
    for spelled, wanted in KINDS[kind].items():
        name = spelled.removesuffix("?")
        without = {key: value for key, value in entry.data.items() if key != name}
        expected = [] if spelled.endswith("?") else [f"{kind}: {name} is missing."]
        assert validate(replace(entry, data=without)) == expected
        (problem,) = validate(replace(entry, data={**entry.data, name: None}))
        assert problem.startswith(f"{kind}: {name} is NoneType, not ")
        if wanted is not bool and wanted is not str:
            assert validate(replace(entry, data={**entry.data, name: True})), "true is not a number"


def test_other_problems() -> None:
    entry = sample("decision")
    assert validate(replace(entry, v=2)) == ["The schema version is 2; this program knows 1."]
    assert validate(replace(entry, kind="dream")) == ['There is no kind "dream".']
    assert validate(replace(entry, seq=-1)) == ["seq is -1; it counts from 0."]
    assert validate(replace(entry, data={**entry.data, "verdict": "maybe"})) == [
        'decision: verdict is "maybe", not one of: accepted, rejected, undecided.'
    ]
    assert validate(replace(sample("proposal"), data={"proposal": {"id": 1}, "rank": 0}))[0] == (
        "proposal.proposal: id is int, not str."
    )


def test_every_kind_and_field_is_documented() -> None:
    rows: dict[str, str] = {}
    kind = ""
    for line in (schema.__doc__ or "").splitlines():
        kind = line.split(" ", 1)[0] or kind
        rows[kind] = f"{rows.get(kind, '')} {line}"
    for kind, fields in KINDS.items():
        missing = [name for name in fields if f" {name}" not in rows[kind].replace("(", " ")]
        assert missing == [], kind


def test_what_the_tutor_records_is_valid(tmp_path: Path) -> None:
    """Every event and decision, through the recorder, onto the disk and back."""
    recorder = Recorder(tmp_path / "sessions", tmp_path, "app")
    change = file_change("src/main.rs", b"let a = 1;\n", b"let mut a = 1;\n\xff")
    proposal = Proposal("p1", str(tmp_path), "Make it mutable", "rustc", (change,))
    review = Review(proposal)
    recorder.request("fix", "src/main.rs")
    recorder.request("ask", "why?", {"complaint": "too short"})
    for event in (
        events.Notice("No model."),
        events.DiagnosticsFound("/x", "rustc", ()),
        events.ProposalReady(proposal),
        events.Verified("p1", Verification("passed")),
        events.AnswerReady("a1", "why?", "Because.", "knowledge"),
        events.NeedsPermission("trust-workspace", "/x", "Trust it?"),
        events.Applied("ap1", "p1", ("src/main.rs",)),
        events.Committed("ap1", "0" * 40, "Fix"),
        events.Undone("ap1", "files"),
        events.Finished("fixed"),
        events.Failed("Full", "The disk is full."),
    ):
        recorder.event(event)
    review.decide(review.hunks[0].id, "accepted")
    recorder.decision("p1", review.hunks[0], "key")
    recorder.feedback("a1", False, "too short")
    recorder.write("stopped", {"action": "fix"})
    recorder.close()
    assert recorder.take_problem() is None
    (path,) = (tmp_path / "sessions").iterdir()
    read = list(store.read(path))
    assert all(isinstance(item, Entry) for item in read)
    entries = list(store.entries(path))
    assert {entry.kind: problems for entry in entries if (problems := validate(entry))} == {}
    assert {entry.kind for entry in entries} == set(KINDS) - {"permission"}
    decision = next(entry for entry in entries if entry.kind == "decision")
    assert str(decision.data["new"]).encode("utf-8", "surrogateescape") == b"let mut a = 1;\n\xff"
