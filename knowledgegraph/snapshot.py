"""Vectors as one file that any number of processes map into memory and search exactly, while another is being written.

The store behind it, :mod:`knowledgegraph.vectors`, is for one process at a time. A file is replaced as a whole: who has
the old one open goes on reading it.

Layout: ``MAGIC``; the size of the header (8 bytes, little-endian); the header as JSON (``embedder``, ``dimensions``,
``ids``, ``hashes``); zeros up to a multiple of 64; the vectors, row-major float32, little-endian.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knowledgegraph.embedding import Matrix

MAGIC = b"tutor vectors 1\n"
FILE = "vectors.f32"

_ALIGNED = 64
_START = len(MAGIC) + 8


def folder_of(folder: Path, embedder: str, dimensions: int) -> Path:
    """Where, inside ``folder``, the vectors of one embedder are kept: readable, and another one for every name."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", embedder).strip(".-")[:60]
    digest = hashlib.sha256(embedder.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return folder / f"{readable}-{dimensions}-{digest}"


@dataclass(frozen=True)
class Snapshot:
    """The vectors of ``ids``, one row each, of length 1. ``contents``: the hash of what each row was made from."""

    ids: Sequence[str]
    contents: Sequence[str]
    matrix: Matrix

    @classmethod
    def open(cls, folder: Path, embedder: str, dimensions: int) -> Snapshot | None:
        """What was last written for ``embedder`` under ``folder``; None where there is nothing that can be used."""
        path = folder_of(folder, embedder, dimensions) / FILE
        try:
            return _read(path, embedder, dimensions)
        except (OSError, ValueError):  # missing, or not whole: both are mended by the next run of the writer
            return None

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """The hash of the content of each id."""
        return dict(zip(self.ids, self.contents, strict=True))

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, query: Matrix, limit: int) -> list[tuple[str, float]]:
        """The ids nearest to ``query``, a vector of length 1, each with its cosine: best first, of equals the earlier.

        Exact: every row is looked at (under 2 ms for 14,000). Raises ValueError for a vector of another length.
        """
        import numpy

        scores = self.matrix @ query
        count = min(limit, len(self))
        if count < 1:
            return []
        if count < len(self):
            least = numpy.partition(scores, len(self) - count)[len(self) - count]
            places = numpy.flatnonzero(scores >= least)
        else:
            places = numpy.arange(count)
        best = places[numpy.argsort(-scores[places], kind="stable")][:count]
        return [(self.ids[place], float(scores[place])) for place in best]


def write(folder: Path, embedder: str, dimensions: int, rows: Mapping[str, tuple[str, Matrix]]) -> None:
    """Replaces the snapshot of ``embedder`` by ``rows``: id, hash of the content, vector. One process at a time.

    It is on the disk, old or new and never half, when this returns. Raises OSError.
    """
    import numpy

    header = json.dumps({
        "embedder": embedder, "dimensions": dimensions, "ids": list(rows), "hashes": [row[0] for row in rows.values()],
    }).encode()  # fmt: skip
    vectors = [row[1] for row in rows.values()]
    path = folder_of(folder, embedder, dimensions) / FILE
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(MAGIC + len(header).to_bytes(8, "little") + header + bytes(-(_START + len(header)) % _ALIGNED))
        if vectors:
            numpy.stack(vectors).astype("<f4", copy=False).tofile(file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _read(path: Path, embedder: str, dimensions: int) -> Snapshot:
    """The snapshot in ``path``. Raises OSError, and ValueError when it is not whole or of another embedder."""
    import numpy

    with path.open("rb") as file:
        start = file.read(_START)
        size = int.from_bytes(start[len(MAGIC) :], "little")
        whole = os.fstat(file.fileno()).st_size
        if not start.startswith(MAGIC) or len(start) < _START or size > whole:
            raise ValueError("not a snapshot")
        header = json.loads(file.read(size))
        match header:
            case {"embedder": str(name), "dimensions": int(width), "ids": list(ids), "hashes": list(hashes)}:
                if (name, width) != (embedder, dimensions) or len(ids) != len(hashes):
                    raise ValueError("of another embedder")
            case _:
                raise ValueError("not a snapshot")
        offset = _START + size + -(_START + size) % _ALIGNED
        if whole != offset + 4 * len(ids) * dimensions:
            raise ValueError("cut off")
        if not ids:
            return Snapshot((), (), numpy.empty((0, dimensions), numpy.float32))
        matrix = numpy.memmap(file, "<f4", "r", offset, (len(ids), dimensions))
        return Snapshot(ids, hashes, matrix)
