"""The approval gate: undecided is the default, and consent has one source."""

from __future__ import annotations

import copy

import pytest

from tutor.errors import Refused, UsageError
from tutor.proposal import Proposal, file_change
from tutor.review import Approval, Review, approve

BASE = b"a\nb\nc\nd\ne\n"


def review(new: bytes = b"A\nb\nc\nD\nE\n", base: bytes | None = BASE, *more: tuple[str, bytes]) -> Review:
    changes = [file_change("f", base, new), *(file_change(path, b"x\n", content) for path, content in more)]
    return Review(Proposal("p", "/some/where", "t", "rustc", tuple(changes)))


def test_nothing_is_accepted_until_somebody_does() -> None:
    one = review()
    assert [hunk.verdict for hunk in one.hunks] == ["undecided", "undecided"]
    assert one.accepted == ()
    assert not one.is_whole
    with pytest.raises(Refused):
        one.approve("key")


def test_consent_has_one_source() -> None:
    with pytest.raises(TypeError):
        Approval("apply", "p", "key")
    with pytest.raises(TypeError):
        Approval("commit", "p", "key", _mint=object())
    with pytest.raises(TypeError):
        approve("apply", "p", "key")


def test_consent_is_to_one_action_on_one_subject() -> None:
    consent = approve("commit", "one", "prompt")
    consent.check("commit", "one")
    for action, subject in (("commit", "other"), ("undo", "one")):
        with pytest.raises(Refused):
            consent.check(action, subject)  # type: ignore[arg-type]  # parametrised over literals
    assert copy.copy(consent) == consent


def test_consent_carries_the_accepted_bytes_and_their_folder() -> None:
    one = review(b"A\nb\nc\nD\nE\n", BASE, ("g", b"y\n"))
    one.decide(one.hunks[0].id, "accepted")
    one.decide(one.hunks[1].id, "rejected")
    consent = one.approve("key")
    assert (consent.subject, consent.root, consent.by) == ("p", "/some/where", "key")
    assert [(change.path, change.content) for change in consent.changes] == [("f", b"A\nb\nc\nd\ne\n")]


def test_accept_all_and_reject_all() -> None:
    one = review()
    one.decide_all("accepted")
    assert one.is_whole
    assert one.accepted[0].content == b"A\nb\nc\nD\nE\n"
    one.decide_all("rejected")
    assert (one.count("rejected"), one.accepted) == (2, ())


def test_every_decision_can_be_taken_back() -> None:
    one = review()
    states = [one.hunks]
    one.decide(one.hunks[0].id, "accepted")
    states.append(one.hunks)
    one.split(one.hunks[1].id)
    states.append(one.hunks)
    one.edit(one.hunks[1].id, b"mine\n")
    states.append(one.hunks)
    one.decide_all("accepted")
    while states:
        assert one.undo()
        assert one.hunks == states.pop()
    assert not one.can_undo
    assert not one.undo()


def test_deciding_the_same_again_is_no_step() -> None:
    one = review()
    one.decide(one.hunks[0].id, "undecided")
    assert not one.can_undo


def test_parts_keep_verdict_and_parent() -> None:
    one = review()
    whole = one.hunks[1]
    one.decide(whole.id, "accepted")
    ids = one.split(whole.id)
    assert [one.get(i).verdict for i in ids] == ["accepted", "accepted"]
    assert {one.get(i).parent for i in ids} == {whole.id}
    assert one.accepted[0].content == b"a\nb\nc\nD\nE\n"
    one.decide(ids[0], "rejected")
    assert one.accepted[0].content == b"a\nb\nc\nd\nE\n"
    with pytest.raises(UsageError):
        one.split(ids[0])
    with pytest.raises(KeyError):
        one.split("nothing")


def test_an_edit_is_not_yet_consent() -> None:
    one = review()
    one.decide_all("accepted")
    one.edit(one.hunks[0].id, b"mine\n")
    assert one.hunks[0].verdict == "undecided"
    assert one.hunks[0].edited
    one.decide_all("accepted")
    assert not one.is_whole
    assert one.accepted[0].content == b"mine\nb\nc\nD\nE\n"


def test_an_edit_never_joins_lines() -> None:
    one = review()
    one.edit(one.hunks[0].id, b"mine")
    one.decide_all("accepted")
    assert one.accepted[0].content == b"mine\nb\nc\nD\nE\n"


def test_an_edited_part_never_joins_the_next_part() -> None:
    """Lines added at the end of a file, divided: the first of them is not the file's last."""
    one = review(BASE + b"x\ny\n")
    first, _ = one.split(one.hunks[0].id)
    one.edit(first, b"mine")
    one.decide_all("accepted")
    assert one.accepted[0].content == BASE + b"mine\ny\n"


def test_the_last_line_may_stay_without_its_end() -> None:
    one = review(b"a\nB", b"a\nb")
    one.edit(one.hunks[0].id, b"mine")
    one.decide_all("accepted")
    assert one.accepted[0].content == b"a\nmine"


def test_a_hunk_edited_back_changes_nothing() -> None:
    one = review()
    one.edit(one.hunks[0].id, b"a\n")
    one.decide(one.hunks[0].id, "accepted")
    assert one.accepted == ()
    with pytest.raises(Refused):
        one.approve("key")


def test_a_new_file() -> None:
    one = review(b"x\ny\n", None)
    one.decide_all("accepted")
    assert one.accepted[0].base is None
    assert one.is_whole
