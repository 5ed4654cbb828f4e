"""From an error code of rustc to the concepts that explain it."""

from __future__ import annotations

from collections.abc import Mapping

from knowledgegraph.concepts import Concept


def concepts_for_error(concepts: Mapping[str, Concept], code: str) -> tuple[Concept, ...]:
    """The concepts that explain ``code`` ("E0382", in any case); ``()`` if none does.

    First the one that says it leads for this code, then by the place that the code has in each concept's list.
    """
    wanted = code.strip().upper()
    found = [concept for concept in concepts.values() if wanted in concept.errors]
    return tuple(sorted(found, key=lambda concept: (wanted not in concept.leads, concept.errors.index(wanted))))
