"""What a model can take of a conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.models.base import Message
from tutor.models.context import BUCKETS, REPLY_ROOM, bucket, estimate, estimate_chat, fit, prompt_budget

_MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.text(max_size=60)), max_size=12
)


@given(_MESSAGES, st.integers(0, 400))
def test_what_stays_is_in_order_and_what_goes_is_counted(messages: list[Message], budget: int) -> None:
    kept, dropped = fit(messages, budget)
    assert dropped == len(messages) - len(kept)
    rest = iter(messages)
    assert all(any(message is other for other in rest) for message in kept)
    assert [m for m in kept if m.role == "system"] == [m for m in messages if m.role == "system"]


@given(_MESSAGES, st.integers(0, 400))
def test_the_newest_turns_stay_and_the_budget_holds(messages: list[Message], budget: int) -> None:
    kept, dropped = fit(messages, budget)
    turns = [message for message in messages if message.role != "system"]
    kept_turns = [message for message in kept if message.role != "system"]
    assert kept_turns == turns[dropped:]
    assert bool(kept_turns) == bool(turns)
    if dropped:
        # Whole turns only; and one more turn would have been too much.
        assert kept_turns[0].role == "user"
        start = max([i for i, message in enumerate(turns[:dropped]) if message.role == "user"], default=0)
        system = [message for message in messages if message.role == "system"]
        assert estimate_chat([*system, *turns[start:]]) > budget
    if [message.role for message in kept_turns[1:]].count("user"):
        assert estimate_chat(kept) <= budget


@given(_MESSAGES, st.integers(0, 400))
def test_fitting_twice_changes_nothing(messages: list[Message], budget: int) -> None:
    kept, _ = fit(messages, budget)
    assert fit(kept, budget) == (kept, 0)


def test_a_long_conversation_loses_its_oldest_turns() -> None:
    system = Message("system", "You teach.")
    turns = [Message(role, f"{number} " + "x" * 100) for number in range(10) for role in ("user", "assistant")]
    kept, dropped = fit([system, *turns], 400)
    assert kept == [system, *turns[dropped:]]
    assert 0 < dropped < 20
    assert dropped % 2 == 0
    assert fit([system, *turns], 10_000) == ([system, *turns], 0)


@given(st.text())
def test_the_estimate_is_never_under_a_token_for_three_bytes(text: str) -> None:
    assert estimate(text) * 3 >= len(text.encode())


def test_the_estimate_takes_what_is_not_utf8() -> None:
    assert estimate("\udcff" * 5) == 6


@pytest.mark.parametrize(
    ("tokens", "context", "window"),
    [
        (0, 0, 8192), (8192, 0, 8192), (8193, 0, 16384), (20_000, 0, 32768), (99_999, 0, 32768), (0, 131072, 8192),
        (0, 4096, 4096), (99_999, 20_000, 16384), (0, 6000, 4096), (0, 2048, 2048),
    ],
)  # fmt: skip
def test_the_window_is_one_of_few(tokens: int, context: int, window: int) -> None:
    assert bucket(tokens, context) == window


@given(st.integers(0, 40_000), st.integers(0, 200_000))
def test_the_budget_leaves_room_for_an_answer(tokens: int, context: int) -> None:
    budget = prompt_budget(context)
    if tokens <= budget and context >= BUCKETS[0]:
        assert bucket(tokens + REPLY_ROOM, context) >= tokens + REPLY_ROOM
    if context:
        assert 0 <= budget <= context
