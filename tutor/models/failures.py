"""Every way in which a model can fail, as the sentence that the user reads. Each says what to do."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.errors import ModelUnavailable, TutorError
from tutor.inert import inert_line
from tutor.models.base import ModelFailed
from tutor.models.host import is_loopback, shown
from tutor.models.wire import CutShort, NotTheProtocol, ServerSaid, TooLate, Unreachable, WireError

_CHOOSE = "choose another with `tutor config set model.chat NAME`"
_ADDRESS = "check OLLAMA_HOST, or `tutor config get model.host`"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where a failure happened. ``partial``: the words that had come before it."""

    host: str
    model: str = ""
    partial: str = ""


def to_error(error: WireError, at: Circumstances) -> TutorError:
    """The error to raise: :class:`ModelFailed` when words had come, else :class:`ModelUnavailable`."""
    title, sentence, hint = _words(error, at)
    if not at.partial:
        return ModelUnavailable(title, sentence, hint)
    return ModelFailed(title, f"{sentence} What came so far is kept.", hint, partial=at.partial)


def no_such_model(name: str) -> ModelUnavailable:
    """The server does not have the model."""
    name = inert_line(name)
    return ModelUnavailable(
        "No such model", f"Ollama has no model {name}; get it with `ollama pull {name}`, or {_CHOOSE}."
    )


def cannot_chat(name: str) -> ModelUnavailable:
    """The model is for something else: embeddings, images."""
    return ModelUnavailable("Not for chat", f"{inert_line(name)} cannot chat; {_CHOOSE}.")


def no_models(name_to_get: str) -> ModelUnavailable:
    """The server has no model that can chat."""
    return ModelUnavailable("No model", f"Ollama has no model that can chat; get one with `ollama pull {name_to_get}`.")


def unusable(reason: str) -> ModelUnavailable:
    """The client itself cannot be made: proxy settings, an incomplete installation."""
    return ModelUnavailable("Cannot use Ollama", f"The connection cannot be set up: {inert_line(reason)}.")


def _words(error: WireError, at: Circumstances) -> tuple[str, str, str | None]:
    where = inert_line(shown(at.host))
    model = inert_line(at.model) or "the model"
    match error:
        case Unreachable() if is_loopback(at.host):
            sentence = f"No Ollama answers at {where}; start it with `ollama serve`."
            return "No Ollama", sentence, "Get Ollama from https://ollama.com/download"
        case Unreachable():
            reason = f" ({inert_line(str(error))})" if str(error) else ""
            return "No Ollama", f"No Ollama answers at {where}{reason}; {_ADDRESS}, and the network.", None
        case TooLate() if at.partial:
            return "Stalled", f"No word from {model} for {error.seconds:.0f} s; ask again.", None
        case TooLate():
            sentence = f"{model} said nothing for {error.seconds:.0f} s; ask again, or {_CHOOSE} (a smaller one)."
            return "No answer", sentence, None
        case CutShort() if not at.partial:
            return "No answer", f"Ollama ended the connection before {model} had said anything; ask again.", None
        case CutShort():
            return "Broke off", f"The answer of {model} broke off before its end; ask again.", None
        case NotTheProtocol():
            return "Not Ollama", f"What answers at {where} does not talk like Ollama; {_ADDRESS}.", None
        case ServerSaid():
            return _server_said(error, at, where, model)
        case _:
            raise error


def _server_said(error: ServerSaid, at: Circumstances, where: str, model: str) -> tuple[str, str, str | None]:
    words = inert_line(error.words)
    quoted = f" (“{words}”)" if words else ""
    lower = words.lower()
    if error.status == 404 and "not found" in lower and "model" in lower:
        unknown = no_such_model(at.model)
        return unknown.title, unknown.msg, None
    if error.status in (404, 405):
        return _words(NotTheProtocol(), at)
    if error.status in (401, 403):
        return "No access", f"{where} refuses access{quoted}; set OLLAMA_API_KEY, or use `ollama signin`.", None
    if error.status == 429:
        return "Too many", f"{where} wants a pause{quoted}; ask again later.", None
    if error.status == 503:
        return "Busy", f"Ollama is busy{quoted}; ask again in a moment.", None
    if error.status in (502, 504):
        return "No answer", f"The server behind {where} does not answer{quoted}; ask again later.", None
    if "does not support chat" in lower:
        unfit = cannot_chat(at.model)
        return unfit.title, unfit.msg, None
    if "context" in lower and any(sign in lower for sign in ("exceed", "too long", "limit")):
        sentence = f"This is more than {model} can read at once{quoted}; start a new conversation, or ask for less."
        return "Too long", sentence, None
    if "memory" in lower:
        return "Too large", f"{model} needs more memory than there is{quoted}; {_CHOOSE} (a smaller one).", None
    if error.status is None:
        return "Broke off", f"Ollama stopped {model}{quoted}; ask again.", None
    sentence = f"Ollama reports an error, HTTP {error.status}{quoted}; ask again, and look into its log if it stays."
    return "Ollama failed", sentence, None
