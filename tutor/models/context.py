"""How much of a conversation a model can take: counted here, so that the server never cuts in silence.

Ollama's default window depends on the graphics card's memory, and what does not fit is dropped without a word. So the
tutor counts (too high rather than too low), leaves out the oldest turns itself and says so, and asks for one of a few
fixed windows: a different window makes the server load the model anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tutor.models.base import Message

BUCKETS: Final = (4096, 8192, 16384, 32768)
"""The windows that are asked for, in tokens."""

DEFAULT_BUCKET: Final = 8192
"""The window of a short conversation: with 2,048 small models lose a third of their skill, and growing costs a load."""

REPLY_ROOM: Final = 2048
"""Tokens of the window that are kept for the answer."""

_MESSAGE_TOKENS: Final = 8
_CHAT_TOKENS: Final = 16


def estimate(text: str) -> int:
    """The tokens that ``text`` takes, rather too many than too few.

    English is about 4.2 bytes of UTF-8 a token and Rust 3 to 3.5; 2.5 leaves a margin for symbols, numbers and other
    scripts.
    """
    return (len(text.encode("utf-8", "surrogatepass")) * 2 + 4) // 5


def estimate_chat(messages: Sequence[Message]) -> int:
    """The tokens of a whole conversation, with what the chat template puts around each message."""
    return _CHAT_TOKENS + sum(_MESSAGE_TOKENS + estimate(message.content) for message in messages)


def bucket(tokens: int, context: int = 0) -> int:
    """The window for ``tokens`` (the answer's room included): the smallest of :data:`BUCKETS` from
    :data:`DEFAULT_BUCKET` that fits, else the largest; never more than the model's own ``context`` where it is known.
    """
    fitting = next((size for size in BUCKETS if size >= max(tokens, DEFAULT_BUCKET)), BUCKETS[-1])
    if not context or fitting <= context:
        return fitting
    return max((size for size in BUCKETS if size <= context), default=context)


def prompt_budget(context: int = 0) -> int:
    """The tokens that a conversation may have so that it and an answer fit a model with this ``context``."""
    largest = bucket(BUCKETS[-1], context)
    return largest - min(REPLY_ROOM, largest // 2)


def fit(messages: Sequence[Message], budget: int) -> tuple[list[Message], int]:
    """``messages`` that take at most ``budget`` tokens, in order, and how many were left out.

    System messages and the newest turn always stay, even when they alone are too much (the server then refuses, and
    says so). Of the rest the oldest turns go; a turn, a question with all that answers it, stays or goes as a whole.
    """
    turns: list[list[Message]] = []
    for message in messages:
        if message.role == "system":
            continue
        if message.role == "user" or not turns:
            turns.append([])
        turns[-1].append(message)
    room = budget - estimate_chat([message for message in messages if message.role == "system"])
    kept = 0
    for turn in reversed(turns):
        room -= estimate_chat(turn) - _CHAT_TOKENS
        if room < 0 and kept:
            break
        kept += 1
    dropped = sum(len(turn) for turn in turns[: len(turns) - kept])
    result: list[Message] = []
    seen = 0
    for message in messages:
        if message.role != "system":
            seen += 1
        if message.role == "system" or seen > dropped:
            result.append(message)
    return result, dropped
