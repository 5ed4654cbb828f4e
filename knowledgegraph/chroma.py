"""Chroma on this machine: the store of vectors, and its own model for embedding. Nothing else imports ``chromadb``.

It is imported (half a second) when a store is opened, and never asked to embed on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from knowledgegraph.embedding import Matrix

    Rows: TypeAlias = dict[str, tuple[str, Matrix]]
    """By id: the hash of what a vector was made from, and the vector."""

_COLLECTION = "vectors"
# Recall of the ten nearest, measured with these: 0.99; with Chroma's own: 0.88.
_INDEX = {"hnsw": {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 400}}
_MOST_AT_ONCE = 4096  # rows of one call; Chroma takes 5,461


class Broken(Exception):
    """Chroma could not do what it always can: its files are damaged, or gone. The text is its own."""


class Store:
    """A folder of Chroma's, open. **One process at a time**: several that write damage it."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    @classmethod
    @contextmanager
    def open(cls, folder: Path) -> Iterator[Store]:
        """Opens ``folder``, or makes it. Raises :class:`Broken`."""
        with _broken():
            client = _connect(folder)
        try:
            with _broken():
                collection = client.get_or_create_collection(_COLLECTION, embedding_function=None, configuration=_INDEX)
            yield cls(collection)
        finally:
            with _broken():
                client.close()

    def rows(self, dimensions: int) -> Rows:
        """Everything in it. Raises :class:`Broken`, also where a row is not what was once put there."""
        import numpy

        found: Rows = {}
        with _broken():
            count = self._collection.count()
            for offset in range(0, count, _MOST_AT_ONCE):
                part = self._collection.get(limit=_MOST_AT_ONCE, offset=offset, include=["embeddings", "metadatas"])
                matrix = numpy.asarray(part["embeddings"], numpy.float32).reshape(-1, dimensions)
                for identity, about, vector in zip(part["ids"], part["metadatas"], matrix, strict=True):
                    found[identity] = (str(about["hash"]), vector)
            if len(found) != count:
                raise Broken(f"of {count} rows only {len(found)} are there")
        return found

    def put(self, rows: Mapping[str, tuple[str, Matrix]]) -> None:
        """Adds rows, or replaces them. Raises :class:`Broken`."""
        import numpy

        for names in cut(list(rows), _MOST_AT_ONCE):
            with _broken():
                self._collection.upsert(
                    ids=names,
                    embeddings=numpy.stack([rows[name][1] for name in names]),
                    metadatas=[{"hash": rows[name][0]} for name in names],
                )

    def remove(self, names: Sequence[str]) -> None:
        """Removes rows. Raises :class:`Broken`."""
        for part in cut(names, _MOST_AT_ONCE):
            with _broken():
                self._collection.delete(ids=part)


def cut(names: Sequence[str], size: int) -> Iterator[list[str]]:
    """``names`` in pieces of ``size``, the last one with what is left."""
    source = iter(names)
    while part := list(islice(source, size)):
        yield part


def default_function() -> Any:
    """Chroma's own model for embedding. Making it downloads nothing; its first call does, where files are missing."""
    _import_config()
    from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2

    function: Any = ONNXMiniLM_L6_V2(preferred_providers=["CPUExecutionProvider"])
    function.tqdm = partial(function.tqdm, disable=True)  # it would draw a bar over whatever is on the terminal
    return function


@contextmanager
def _broken() -> Iterator[None]:
    """Makes whatever Chroma raises a :class:`Broken` that carries its words. Only its own calls stand inside."""
    try:
        yield
    except Exception as error:  # its own errors, SQLite's, those of reading a wrong file: it promises none of them
        raise Broken(str(error) or type(error).__name__) from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # of its Rust part; it is no Exception, and in no module
            raise Broken(str(error)) from error
        raise


def _connect(folder: Path) -> Any:
    """A client over ``folder`` that reports to nobody.

    Made from its parts: ``PersistentClient`` keeps what failed to start, and gives it out again for the same path.
    """
    config = _import_config()
    from chromadb.api import ServerAPI
    from chromadb.api.client import Client

    settings = type("OwnSettings", (config.Settings,), {"settings_customise_sources": classmethod(_only_the_call)})
    system = config.System(settings(anonymized_telemetry=False, is_persistent=True, persist_directory=str(folder)))
    part: Any = ServerAPI  # an abstract class, which stands for the one in the settings
    system.instance(part)
    system.start()
    return Client.from_system(system)


def _import_config() -> Any:
    """Imports ``chromadb``; its module of settings.

    While it is imported it makes settings, from the environment and from ``.env`` in the folder that the user is in.
    A project's file could so break it, send vectors to a server, or name a class to be imported: both are kept out.
    """
    from pydantic_settings import BaseSettings

    base: Any = BaseSettings
    held = BaseSettings.__dict__["settings_customise_sources"]
    base.settings_customise_sources = classmethod(_only_the_call)
    try:
        import chromadb.config
    finally:
        base.settings_customise_sources = held
    return chromadb.config


def _only_the_call(cls: Any, settings_cls: Any, init_settings: Any, *others: Any, **more: Any) -> tuple[Any, ...]:
    return (init_settings,)
