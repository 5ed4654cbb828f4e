"""From an error code of rustc to the concepts that explain it."""

from __future__ import annotations

from collections.abc import Mapping

from knowledgegraph.concepts import Concept


def concepts_for_error(concepts: Mapping[str, Concept], code: str) -> tuple[Concept, ...]:
    """The concepts that explain ``code`` ("E0382", in any case), the one it is most typical of first.

    A concept lists its codes with the most typical first; a code that nobody lists gives ``()``.
    """
    wanted = code.strip().upper()
    found = [concept for concept in concepts.values() if wanted in concept.errors]
    return tuple(sorted(found, key=lambda concept: concept.errors.index(wanted)))
