"""Finding entries by meaning: the vectors of what the store holds, and the model that they were made with."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from knowledgegraph.snapshot import FILE, Snapshot, folder_of

if TYPE_CHECKING:
    from knowledgegraph.embedding import Embedder
    from knowledgegraph.store import Store

_MOST = 400  # characters of an entry that a vector is made of
# What is embedded first: lessons, what teaches, what is looked up, the rest.
_FIRST: Final = (
    "concept", "signpost", "book", "rbe", "std", "git", "gh", "error", "linux", "note", "cargo", "reference",
)  # fmt: skip
# A vector of one of an entry's intents has the entry's id, this, and the intent's place.
_INTENT: Final = "\n"


def texts_of(store: Store) -> Iterator[tuple[str, str, str]]:
    """What is embedded of a store, the most wanted first: an id, a hash of the text, the text. One for each headline
    entry (its title and summary) and one for each intent of a lesson or signpost."""
    place = (
        "CASE kind " + " ".join(f"WHEN '{kind}' THEN {number}" for number, kind in enumerate(_FIRST)) + " ELSE 99 END"
    )
    statement = f"SELECT id, title, summary, intents FROM concepts WHERE headline ORDER BY {place}, row"  # noqa: S608 -- our own names
    with store.reading() as database:
        rows = database.execute(statement).fetchall()
    for identity, title, summary, intents in rows:
        if title:
            yield _item(identity, f"{title}. {summary}"[:_MOST])
        for number, intent in enumerate(intents.splitlines()):
            yield _item(f"{identity}{_INTENT}{number}", intent)


def _item(identity: str, text: str) -> tuple[str, str, str]:
    return identity, hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest(), text


class VectorRecall:
    """Finds by vectors (:class:`knowledgegraph.search.Recall`). ``embedder``: makes the one whose vectors are used;
    called once, when first asked. ``failures``: what it may raise when it does not work; then words alone find, and
    ``problem`` says why. Any thread may ask."""

    def __init__(
        self, folder: Path, embedder: Callable[[], Embedder | None], failures: tuple[type[Exception], ...]
    ) -> None:
        self._folder = folder
        self._make = embedder
        self._failures = failures
        self._lock = threading.Lock()
        self._embedder: Embedder | None = None
        self._snapshot: Snapshot | None = None
        self._stamp: tuple[int, int] | None = None
        self._made = False
        self.problem = ""

    def near(self, query: str, limit: int) -> Sequence[tuple[str, float]]:
        """Ids of entries with the cosine of the nearest of their vectors, best first; nothing without vectors."""
        if not self._folder.exists():
            return ()
        try:
            with self._lock:
                if not self._made:
                    self._embedder, self._made = self._make(), True
                snapshot = self._current() if self._embedder and not self.problem else None
            if snapshot is None or self._embedder is None:
                return ()
            found = snapshot.search(self._embedder.embed_query(query), limit * 3)
        except self._failures as error:
            self.problem = str(error)
            return ()
        best: dict[str, float] = {}
        for identity, cosine in found:
            best.setdefault(identity.partition(_INTENT)[0], cosine)
        return list(best.items())[:limit]

    def _current(self) -> Snapshot | None:
        """The vectors as they are now: somebody may have written more of them."""
        if self._embedder is None:
            return None
        name, dimensions = self._embedder.name, self._embedder.dimensions
        try:
            status = (folder_of(self._folder, name, dimensions) / FILE).stat()
        except OSError:
            return self._snapshot
        stamp = (status.st_ino, status.st_mtime_ns)
        if stamp != self._stamp:
            self._snapshot, self._stamp = Snapshot.open(self._folder, name, dimensions), stamp
        return self._snapshot
