"""The vectors of entries, kept in Chroma: made once, made again only where the text changed.

Several processes that write into one folder of Chroma's damage it, so the store is only ever opened by the process that
holds the lock beside it. Everybody else, and every search, reads the :class:`~knowledgegraph.snapshot.Snapshot` that
is written next to it. Each of the two can be made from the other; without both, the texts are embedded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from knowledgegraph import snapshot
from knowledgegraph.chroma import Broken, Store, cut
from knowledgegraph.lock import locked
from knowledgegraph.snapshot import Snapshot, folder_of

if TYPE_CHECKING:
    from knowledgegraph.chroma import Rows
    from knowledgegraph.embedding import Matrix

_STEP = 64  # texts that are embedded before anybody is asked again whether to stop
_STEPS_TO_EXPORT = 32  # after so many, what there is can be searched


class VectorsError(Exception):
    """The vectors cannot be written. One sentence that says why."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What was done. ``left``: texts that still have no vector, because it was stopped. ``notice``: a sentence for the
    user where something had to be repaired, else ""."""

    embedded: int = 0
    removed: int = 0
    left: int = 0
    notice: str = ""


class Vectors:
    """The vectors of one embedder under ``folder``. Deleting the folder is always safe: they are made again.

    ``lock``: the file that a writer locks; ``FOLDER.lock`` when not given.
    """

    def __init__(self, folder: Path, embedder: str, dimensions: int, lock: Path | None = None) -> None:
        self._root = folder
        self._embedder = embedder
        self._dimensions = dimensions
        self._folder = folder_of(folder, embedder, dimensions)
        self._lock = lock or folder.with_name(f"{folder.name}.lock")

    def snapshot(self) -> Snapshot | None:
        """The vectors as they were last written, for searching; None where there are none."""
        return Snapshot.open(self._root, self._embedder, self._dimensions)

    def sync(
        self,
        items: Iterable[tuple[str, str, str]],
        embed: Callable[[Sequence[str]], Matrix],
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Synced:
        """Makes the vectors those of ``items``, each (id, hash of the text, text), the most wanted first.

        Embeds what is new or changed and removes what is gone. What is done stays done, however this ends. ``stop`` is
        asked, and ``progress`` told of (done, total), every :data:`_STEP` texts. Where nothing changed it costs
        reading the snapshot. Raises :class:`~knowledgegraph.lock.LockHeld` at once when another process or thread is
        writing, :class:`VectorsError` when the disk cannot be written, and what ``embed`` raises.
        """
        wanted = {identity: (content, text) for identity, content, text in items}
        before = self.snapshot()
        if before is not None and before.hashes == {identity: content for identity, (content, _) in wanted.items()}:
            return Synced()
        with ExitStack() as held:
            with self._disk():
                held.enter_context(locked(self._lock))
                self._make_folder()
            return self._write(_Work(wanted, embed, stop, progress))

    def _write(self, work: _Work) -> Synced:
        try:
            return self._bring(work)
        except Broken as error:
            reason = " ".join(str(error).split())[:200]
        aside = self._move_aside()
        try:
            done = self._bring(work)
        except Broken as error:
            raise VectorsError(f"The vectors in {self._folder} cannot be written ({error}).") from error
        return replace(
            done, notice=f"The vectors were damaged ({reason}); they were moved to {aside} and are made anew."
        )

    def _move_aside(self) -> Path:
        """Takes the store out of the way, where somebody may look at it; what was there before goes."""
        import shutil

        aside = self._folder / "chroma.damaged"
        store = self._folder / "chroma"
        with self._disk():
            if aside.is_dir():
                shutil.rmtree(aside)
            self._make_folder()
            if store.exists():
                store.rename(aside)
        return aside

    def _make_folder(self) -> None:
        for folder in (self._root, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Around what writes files and nothing else: an embedder's errors are its own."""
        try:
            yield
        except OSError as error:
            raise VectorsError(f"The vectors in {self._folder} cannot be written ({error}).") from error

    def _bring(self, work: _Work) -> Synced:
        """Brings store and snapshot to what is wanted. Raises :class:`Broken` when the store is damaged."""
        before = self.snapshot()
        with Store.open(self._folder / "chroma") as store:
            rows = store.rows(self._dimensions)
            gone = [identity for identity in rows if identity not in work.wanted]
            store.remove(gone)
            for identity in gone:
                del rows[identity]
            saved = _missing_from(rows, before, work.wanted)
            store.put(saved)
            rows |= saved
            try:
                embedded, left = self._embed(store, rows, work)
            finally:
                # Also after a stop or an error of the embedder: what was made can be searched.
                if before is None or before.hashes != {identity: row[0] for identity, row in rows.items()}:
                    self._export(rows)
        return Synced(embedded, len(gone), left)

    def _embed(self, store: Store, rows: Rows, work: _Work) -> tuple[int, int]:
        """Embeds what ``rows`` lacks into them and the store; how many texts, and how many are left."""
        lacking = [name for name, (content, _) in work.wanted.items() if name not in rows or rows[name][0] != content]
        done = 0
        for number, names in enumerate(cut(lacking, _STEP), 1):
            if work.stop():
                return done, len(lacking) - done
            matrix = self._checked(work.embed([work.wanted[name][1] for name in names]), len(names))
            made = {name: (work.wanted[name][0], vector) for name, vector in zip(names, matrix, strict=True)}
            store.put(made)
            rows |= made
            done += len(names)
            work.progress(done, len(lacking))
            if number % _STEPS_TO_EXPORT == 0 and done < len(lacking):
                self._export(rows)
        return done, 0

    def _checked(self, matrix: Matrix, count: int) -> Matrix:
        """Vectors that an embedder gave. Raises :class:`VectorsError` where they are none."""
        import numpy

        if matrix.shape != (count, self._dimensions) or not numpy.isfinite(matrix).all():
            raise VectorsError(
                f"{self._embedder} gave something else than {count} vectors of {self._dimensions} numbers."
            )
        return matrix

    def _export(self, rows: Rows) -> None:
        try:
            with self._disk():
                snapshot.write(self._root, self._embedder, self._dimensions, rows)
        except VectorsError as error:
            if self._folder.exists():
                raise
            # Chroma goes on writing into files that are no longer there.
            raise Broken("the folder was deleted meanwhile") from error


@dataclass(frozen=True, slots=True)
class _Work:
    """What :meth:`Vectors.sync` was asked for. ``wanted``: hash and text by id."""

    wanted: Mapping[str, tuple[str, str]]
    embed: Callable[[Sequence[str]], Matrix]
    stop: Callable[[], bool]
    progress: Callable[[int, int], None]


def _missing_from(rows: Rows, before: Snapshot | None, wanted: Mapping[str, tuple[str, str]]) -> Rows:
    """What a snapshot holds, and is wanted as it is there, but the store lost."""
    if before is None:
        return {}
    return {
        identity: (content, vector)
        for identity, content, vector in zip(before.ids, before.contents, before.matrix, strict=True)
        if identity in wanted and wanted[identity][0] == content and rows.get(identity, ("",))[0] != content
    }
