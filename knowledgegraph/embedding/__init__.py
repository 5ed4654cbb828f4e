"""Texts as vectors whose angle says how alike two texts are. Which model makes them is behind :class:`Embedder`.

``None`` in the place of an embedder means: no vectors, full text and graph alone. Nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Matrix: TypeAlias = numpy.typing.NDArray[numpy.float32]


class EmbeddingError(Exception):
    """A model for embedding is missing or damaged, or did not work. One sentence that says what to do."""


class Embedder(Protocol):
    """A model that embeds. Its methods block and may be called from any thread. What they raise is an
    :class:`EmbeddingError`, or the error of the program behind it (Ollama's: ``tutor.errors.ModelUnavailable``)."""

    @property
    def name(self) -> str:
        """The model, its version and its precision: vectors of equal names can be compared, others cannot."""

    @property
    def dimensions(self) -> int:
        """The length of each vector."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        """The vectors of texts that are to be found: float32, one row of length 1 for each text, in their order."""

    def embed_query(self, text: str) -> Matrix:
        """The vector, ``(dimensions,)``, of what somebody looks for: some models treat it differently."""
