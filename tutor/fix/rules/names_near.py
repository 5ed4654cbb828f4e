"""How near a misspelt name is to the names that there are."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

_SAME_BUT_FOR_CASE: Final = 0.64
_NEAR: Final = 0.58
_FARTHER: Final = 0.45
_MOST: Final = 3
_LONGEST: Final = 60
_MOST_OPTIONS: Final = 1_000


def distance(one: str, other: str, most: int) -> int:
    """How many letters are missing, too many, wrong or swapped with their neighbour; ``most`` + 1 for more."""
    if abs(len(one) - len(other)) > most or max(len(one), len(other)) > _LONGEST:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, right in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def near(name: str, options: Iterable[str]) -> list[tuple[str, float]]:
    """Those of ``options`` that ``name`` may have been meant to be, the likeliest first, with the likelihood.

    Alike but for case and underscores; one letter wrong in three; the same words in another order.
    """
    found: list[tuple[float, int, str]] = []
    plain, words = _plain(name), sorted(name.lower().split("_"))
    for option in itertools.islice(dict.fromkeys(options), _MOST_OPTIONS):
        if option == name or not option or abs(len(option) - len(name)) > max(len(name), 3):
            continue
        most = max(len(name), len(option)) // 3
        if _plain(option) == plain:
            found.append((_SAME_BUT_FOR_CASE, 0, option))
        elif len(words) > 1 and sorted(option.lower().split("_")) == words:
            found.append((_NEAR, 1, option))
        elif most and (apart := distance(plain, _plain(option), most)) <= most:
            found.append((_NEAR if apart <= max(1, most // 2) else _FARTHER, apart, option))
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    return [(option, likelihood) for likelihood, _, option in found[:_MOST]]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
