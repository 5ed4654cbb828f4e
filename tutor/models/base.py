"""What the tutor asks of a language model, whoever serves it: values, one protocol, one error.

A chat is a stream of small frozen values::

    ChatWaiting   nothing came for a while: show it, then forget it
    ChatPiece     the next words
    ChatEnd       the model came to its end; always the last, and only when it really did

A stream that does not get to its :class:`ChatEnd` raises. :class:`tutor.errors.ModelUnavailable` means that the model
said nothing at all, so the answer can still come from elsewhere; :class:`ModelFailed` means that it broke off after its
first words, which stay valid.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from tutor.errors import Failed


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation as the model sees it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ChatPiece:
    """The next words. ``thinking``: what a thinking model says to itself on the way; not part of the answer."""

    text: str
    thinking: str = ""


@dataclass(frozen=True, slots=True)
class ChatWaiting:
    """Nothing came for ``seconds``. Before the first words the model is being loaded or reads the conversation (the
    server does not say which); between words it is slow."""

    model: str
    before: Literal["first", "next"]
    seconds: float

    @property
    def line(self) -> str:
        """What to show: "loading gemma3… 12 s"."""
        doing = "loading" if self.before == "first" else "waiting for"
        return f"{doing} {self.model}… {self.seconds:.0f} s"


@dataclass(frozen=True, slots=True)
class ChatEnd:
    """The end of an answer.

    ``done_reason``: "stop" (the model was done), "length" (it ran out of room), or the server's own word. Tokens as the
    server counted them, 0 where it did not say. ``seconds``: from the question to here, waiting included.
    """

    done_reason: str
    prompt_tokens: int
    output_tokens: int
    seconds: float

    @property
    def warning(self) -> str:
        """One line for the user when the answer is not whole, else ""."""
        if self.done_reason == "length":
            return "The model ran out of room before its end; ask it to go on, or start a new conversation."
        return ""


ChatEvent: TypeAlias = ChatWaiting | ChatPiece | ChatEnd


class ChatModel(Protocol):
    """A model that can hold a conversation."""

    @property
    def prompt_budget(self) -> int:
        """The tokens that a conversation may have; give it to :func:`tutor.models.context.fit`."""

    def chat(self, messages: Sequence[Message]) -> AsyncGenerator[ChatEvent, None]:
        """The model's answer to ``messages``, as it comes.

        Leaving the stream early (``aclose``, cancellation) ends the request at the server too. Raises
        :class:`tutor.errors.ModelUnavailable` when nothing was said and :class:`ModelFailed` when it broke off.
        """


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Whether a model answers. ``name`` and ``host``: which and where, "" where not known. ``detail``: one plain line
    for a status line. ``context``: the longest conversation that the model takes, in tokens; 0 where not known."""

    available: bool
    name: str
    host: str
    detail: str
    context: int = 0


class ModelFailed(Failed):
    """The model broke off in the middle. ``partial``: the words that came before."""

    def __init__(self, title: str, msg: str, hint: str | None = None, *, partial: str = "") -> None:
        super().__init__(title, msg, hint)
        self.partial = partial
