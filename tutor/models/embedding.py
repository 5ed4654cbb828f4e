"""Embedding with a model of Ollama: a :class:`knowledgegraph.embedding.Embedder` for who has such a model anyway."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from tutor.errors import ModelUnavailable
from tutor.inert import inert_line
from tutor.models import ollama
from tutor.models.failures import Circumstances, to_error
from tutor.models.ollama import Timeouts, resolve_host
from tutor.models.wire import NotTheProtocol, ServerSaid, TooLate, WireError

if TYPE_CHECKING:
    from knowledgegraph.embedding import Matrix

T = TypeVar("T")

MODEL_TO_GET = "all-minilm"
"""What to suggest where there is no model for embedding: 46 MB, and quick without a graphics card."""

_AT_ONCE = 32  # texts of one request
_MOST_CHARACTERS = 20_000  # of one text: more than any of these models reads

_WORDS_BEFORE: dict[str, tuple[str, str]] = {
    "embeddinggemma": ("task: search result | query: ", "title: none | text: "),
    "qwen3-embedding": ("Instruct: Find the documentation that answers the question\nQuery: ", ""),
    "nomic-embed-text": ("search_query: ", "search_document: "),
    "mxbai-embed-large": ("Represent this sentence for searching relevant passages: ", ""),
}
"""What the makers of a model want before a question and before a text, by its name without tag and owner."""


class OllamaEmbedder:
    """A model of a server, as :meth:`connect` found it. Its methods block; call them where no event loop runs."""

    def __init__(self, host: str, model: str, name: str, dimensions: int, timeouts: Timeouts) -> None:
        self.name = name
        self.dimensions = dimensions
        self._host = host
        self._model = model
        self._timeouts = timeouts
        family = model.rpartition("/")[2].partition(":")[0]
        self._before_query, self._before_text = _WORDS_BEFORE.get(family, ("", ""))

    @classmethod
    def connect(cls, host: str, model: str, timeouts: Timeouts | None = None) -> OllamaEmbedder:
        """The model called ``model`` (with or without ``:latest``) of the server at ``host`` (:func:`resolve_host`).

        Embeds one word, to learn the length of its vectors: that loads the model. Raises :class:`ModelUnavailable`.
        """
        limits = timeouts or Timeouts()
        address = resolve_host(host, {})
        digests = _wait(ollama.installed(address, limits), address, model)
        found = next((name for name in digests if name in (model, f"{model}:latest")), None)
        if found is None:
            raise _no_such_model(model)
        # The digest: the same name can stand for another model tomorrow, with vectors that mean something else.
        digest = digests[found][:12]
        name = f"ollama/{found}@{digest}" if digest else f"ollama/{found}"
        word = _wait(ollama.embed(address, found, ["word"], limits), address, found)
        return cls(address, found, name, len(word[0]), limits)

    def embed(self, texts: Sequence[str]) -> Matrix:
        """See :class:`knowledgegraph.embedding.Embedder`. Raises :class:`ModelUnavailable`."""
        return self._embed([self._before_text + text[:_MOST_CHARACTERS] for text in texts])

    def embed_query(self, text: str) -> Matrix:
        """See :class:`knowledgegraph.embedding.Embedder`. Raises :class:`ModelUnavailable`."""
        vector: Matrix = self._embed([self._before_query + text[:_MOST_CHARACTERS]])[0]
        return vector

    def _embed(self, texts: Sequence[str]) -> Matrix:
        import numpy

        matrix = numpy.empty((len(texts), self.dimensions))
        for start in range(0, len(texts), _AT_ONCE):
            part = list(texts[start : start + _AT_ONCE])
            vectors = _wait(ollama.embed(self._host, self._model, part, self._timeouts), self._host, self._model)
            if any(len(vector) != self.dimensions for vector in vectors):
                raise to_error(NotTheProtocol("another length"), Circumstances(self._host, self._model))
            matrix[start : start + len(part)] = vectors
        with numpy.errstate(all="ignore"):  # whatever came: it is looked at below
            unit: Matrix = (matrix / numpy.linalg.norm(matrix, axis=1, keepdims=True)).astype(numpy.float32)
        if not (numpy.abs(numpy.linalg.norm(unit, axis=1) - 1) < 0.001).all():
            raise ModelUnavailable(
                "No vector", f"{inert_line(self._model)} gave a vector without direction; take another model."
            )
        return unit


def _wait(work: Coroutine[Any, Any, T], host: str, model: str) -> T:
    """The result of ``work``, its failures as sentences about embedding."""
    import asyncio

    try:
        return asyncio.run(work)
    except WireError as error:
        raise _to_error(error, host, model) from error


def _to_error(error: WireError, host: str, model: str) -> Exception:
    name = inert_line(model)
    match error:
        case ServerSaid(status=404) if "not found" in error.words.lower() and "model" in error.words.lower():
            return _no_such_model(model)
        case ServerSaid() if "does not support embed" in error.words.lower():
            return ModelUnavailable(
                "Not for embedding", f"{name} cannot embed; take a model that can, like {MODEL_TO_GET}."
            )
        case ServerSaid(status=None | 400 | 500 | 501):
            said = f" (“{inert_line(error.words)}”)" if error.words else ""
            return ModelUnavailable(
                "Ollama failed", f"Ollama cannot embed with {name}{said}; look into its log, or take a smaller model."
            )
        case TooLate():
            return ModelUnavailable(
                "No answer", f"{name} gave no vectors within {error.seconds:.0f} s; try again, or take a smaller model."
            )
    return to_error(error, Circumstances(host, model))


def _no_such_model(model: str) -> ModelUnavailable:
    name = inert_line(model)
    return ModelUnavailable("No such model", f"Ollama has no model {name}; get it with `ollama pull {name}`.")
