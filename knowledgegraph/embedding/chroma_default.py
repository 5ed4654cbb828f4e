"""Chroma's own model: also all-MiniLM-L6-v2, but fetched by Chroma from its makers' server, and slower (it always reads
256 tokens, however short a text is)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledgegraph.embedding import EmbeddingError
from knowledgegraph.embedding.bert import one_line, readable

if TYPE_CHECKING:
    from knowledgegraph.embedding import Matrix

_FILES = (
    "config.json", "model.onnx", "special_tokens_map.json", "tokenizer_config.json", "tokenizer.json", "vocab.txt",
)  # fmt: skip


class ChromaDefault:
    """The model in the folder where Chroma keeps it, ``~/.cache/chroma``. Only :meth:`download` uses the network."""

    name = "chroma-all-MiniLM-L6-v2-fp32"
    dimensions = 384

    def __init__(self) -> None:
        self._making = threading.Lock()

    def available(self) -> bool:
        """Whether its files are there."""
        folder = Path.home() / ".cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx"
        return all((folder / name).is_file() for name in _FILES)

    def download(self) -> None:
        """Lets Chroma fetch its files (about 83 MB) where they are missing; it checks their hash. Ask first.

        Raises :class:`EmbeddingError`.
        """
        self._call(["word"])

    def embed(self, texts: Sequence[str]) -> Matrix:
        """See :class:`~knowledgegraph.embedding.Embedder`."""
        if not self.available():
            raise EmbeddingError("Chroma's own model is not on this machine; `tutor knowledge embed` fetches it.")
        return self._call([readable(text) for text in texts])

    def embed_query(self, text: str) -> Matrix:
        """See :class:`~knowledgegraph.embedding.Embedder`; this model makes no difference."""
        vector: Matrix = self.embed([text])[0]
        return vector

    def _call(self, texts: list[str]) -> Matrix:
        import numpy

        if not texts:  # which it refuses
            return numpy.empty((0, self.dimensions), numpy.float32)
        try:
            with self._making:
                function = self._function
            matrix: Matrix = numpy.asarray(function(texts), numpy.float32)
            return matrix
        except Exception as error:  # it promises no particular ones; their words are passed on
            raise EmbeddingError(f"Chroma's own model does not work ({one_line(str(error))}).") from error

    @cached_property
    def _function(self) -> Any:
        from knowledgegraph.chroma import default_function

        return default_function()
