"""A sentence encoder out of ``config.json``, ``tokenizer.json`` and ``model.safetensors``, run with onnxruntime.

Measured with all-MiniLM-L6-v2 on two cores: 155 texts/s of 95 tokens (one thread: 87), 700 of 20 tokens; under 3 ms a
question; 0.1 s and 130 MB to load. Also tried: numpy alone (8 texts/s); weights as int8 in blocks (no faster); all in
int8 (280 texts/s, 0.5 ms), where a vector is off by 0.005 in its cosine and depends on what else is in the batch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledgegraph.embedding import EmbeddingError

if TYPE_CHECKING:
    from knowledgegraph.embedding import Matrix
    from knowledgegraph.embedding.bert_graph import Shape

WEIGHTS, TOKENS, CONFIG = "model.safetensors", "tokenizer.json", "config.json"

_MOST_TOGETHER = 16  # texts of one run: more are no faster, one by one short texts are half as fast
_MOST_CHARACTERS = 20_000  # of one text; far more than any number of tokens that is read


class Bert:
    """An :class:`~knowledgegraph.embedding.Embedder` over the model in ``folder``, which is read on first use.

    ``name``: see the protocol. ``most_tokens``: how much of a text is read. ``threads``: how many work when there are
    many texts, 0: one for each core. ``repair``: what a person does about damaged files, for the end of the sentence
    that reports them.
    """

    def __init__(self, folder: Path, name: str, most_tokens: int, repair: str, threads: int = 0) -> None:
        self.name = name
        self._folder = folder
        self._most_tokens = most_tokens
        self._repair = repair
        self._threads = threads
        self._loading = threading.Lock()

    @property
    def dimensions(self) -> int:
        """See :class:`~knowledgegraph.embedding.Embedder`."""
        return self._shape.width

    def embed(self, texts: Sequence[str]) -> Matrix:
        """See :class:`~knowledgegraph.embedding.Embedder`. A text's vector does not depend on the others."""
        import numpy

        tokenizer, session = self._loaded()
        # One by one: together they would start threads of their own, for a hundredth of the time.
        tokens = [tokenizer.encode(readable(text)).ids for text in texts]
        vectors = numpy.empty((len(texts), self.dimensions), numpy.float32)

        def run(places: list[int]) -> None:
            ids = numpy.array([tokens[place] for place in places], numpy.int32)
            vectors[places] = session.run(None, {"ids": ids})[0]

        try:
            _each(run, list(_alike(tokens)), self._threads)
        except Exception as error:  # onnxruntime's errors have no common base; its words are passed on
            raise self._damaged(error) from error
        return vectors

    def embed_query(self, text: str) -> Matrix:
        """See :class:`~knowledgegraph.embedding.Embedder`; this model makes no difference."""
        vector: Matrix = self.embed([text])[0]
        return vector

    def _loaded(self) -> tuple[Any, Any]:
        with self._loading:
            return self._parts

    @cached_property
    def _shape(self) -> Shape:
        from knowledgegraph.embedding.bert_graph import read_shape

        try:
            return read_shape(self._folder / CONFIG)
        except (OSError, ValueError) as error:
            raise self._damaged(error) from error

    @cached_property
    def _parts(self) -> tuple[Any, Any]:
        """The tokenizer and the session."""
        from knowledgegraph.embedding.bert_graph import encoder, read_tensors

        shape = self._shape
        try:
            graph = encoder(shape, read_tensors(self._folder / WEIGHTS), WEIGHTS)
            return self._tokenizer(min(self._most_tokens, shape.most_tokens)), self._session(graph)
        except Exception as error:  # neither package's errors have a common base; their words are passed on
            raise self._damaged(error) from error

    def _tokenizer(self, most_tokens: int) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / TOKENS))
        tokenizer.no_padding()
        tokenizer.enable_truncation(most_tokens)
        return tokenizer

    def _session(self, graph: bytes) -> Any:
        import onnxruntime  # type: ignore[import-untyped]  # it comes without types

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # nothing but what ends the process: the terminal is not its own
        # Several runs side by side, each in one thread, wait for nobody. Threads that share one run meet after every
        # operator: on a busy machine that made it three times slower.
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(self._folder))
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def _damaged(self, error: Exception) -> EmbeddingError:
        reason = one_line(str(error)) or type(error).__name__
        return EmbeddingError(f"The model in {self._folder} cannot be used ({reason}); {self._repair}.")


def one_line(words: str, most: int = 200) -> str:
    """Another program's words, fit to stand inside a sentence: printable, on one line, of bounded length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split()).rstrip(".")
    return line if len(line) <= most else f"{line[:most]}…"


def readable(text: str) -> str:
    """The start of a text, without what no tokenizer takes: halves of surrogate pairs."""
    return text[:_MOST_CHARACTERS].encode("utf-8", "replace").decode()


def _each(run: Callable[[list[int]], None], parts: list[list[int]], threads: int) -> None:
    """Calls ``run`` with each part, in up to ``threads`` threads (0: as many as there are cores)."""
    import os

    workers = min(threads or os.cpu_count() or 1, len(parts))
    if workers < 2:
        for part in parts:
            run(part)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(run, parts):
            pass


def _alike(tokens: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """The places of texts that can run together: those with equally many tokens, not too many at once."""
    places: dict[int, list[int]] = {}
    for place, ids in enumerate(tokens):
        places.setdefault(len(ids), []).append(place)
    for same in places.values():
        for start in range(0, len(same), _MOST_TOGETHER):
            yield same[start : start + _MOST_TOGETHER]
