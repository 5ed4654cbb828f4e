"""By which paths the items of a crate are reached from outside, as its modules and re-exports say."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from knowledgegraph.sources.crate_items import Import, Item, Path, Submodule

_MOST_STEPS = 20_000
_MOST_LOOK_UPS = 500_000  # of names; a crate written to be hard to read could ask for any number
_DEEPEST = 12
_LONGEST_CHAIN = 12  # of re-exports of re-exports


@dataclass(slots=True)
class Reached:
    """Public paths, the shortest first and a prelude's last. ``items``: by the ``id()`` of the item.
    ``modules``: by their place in the source."""

    items: dict[int, list[Path]] = field(default_factory=dict)
    modules: dict[Path, list[Path]] = field(default_factory=dict)


class Crate:
    """The modules, items and imports of a whole crate."""

    def __init__(self, name: str, submodules: Iterable[Submodule], items: Iterable[Item], imports: Iterable[Import]):
        self._name = name
        self._looked_up = 0
        self._modules: set[Path] = {()}
        self._public: set[Path] = {()}
        self._children: dict[Path, list[Submodule]] = {}
        self._items: dict[Path, dict[str, list[Item]]] = {}
        self._imports: dict[Path, list[Import]] = {}
        for submodule in submodules:
            self._modules.add(submodule.full)
            if submodule.public:
                self._public.add(submodule.full)
            self._children.setdefault(submodule.module, []).append(submodule)
        for item in items:
            self._items.setdefault(item.module, {}).setdefault(item.name, []).append(item)
        for one in imports:
            self._imports.setdefault(one.module, []).append(one)

    def reached(self, *, everything: bool = False) -> Reached:
        """What is public; ``everything``: as if all of it were, for a program, which nothing can be called of."""
        reached = Reached()
        waiting: deque[tuple[Path, Path]] = deque([((), (self._name,))])
        seen: set[tuple[Path, Path]] = set()
        while waiting and len(seen) < _MOST_STEPS:
            step = waiting.popleft()
            module, path = step
            if step in seen or len(path) > _DEEPEST:
                continue
            seen.add(step)
            for name, items in self._items.get(module, {}).items():
                for item in items:
                    if item.public or everything:
                        _note(reached.items, id(item), (*path, name))
            for child in self._children.get(module, ()):
                if (child.public or everything) and not child.tests:
                    _note(reached.modules, child.full, (*path, child.name))
                    waiting.append((child.full, (*path, child.name)))
            for one in self._imports.get(module, ()):
                if one.public:
                    for further in self._through(one, path, reached):
                        # All that has a short path before what has a longer one.
                        (waiting.appendleft if further[1] == path else waiting.append)(further)
        for paths in (*reached.items.values(), *reached.modules.values()):
            paths.sort(key=lambda path: (len(path), "prelude" in path))
        return reached

    def _through(self, one: Import, path: Path, reached: Reached) -> Iterator[tuple[Path, Path]]:
        """Notes what a ``pub use`` gives; yields the modules to go on with."""
        for target in self._find(one.module, one.target, _LONGEST_CHAIN):
            if isinstance(target, Item):
                if one.name not in ("*", "_"):
                    _note(reached.items, id(target), (*path, one.name))
            elif one.name == "*":
                yield target, path
            elif one.name != "_" and self._may_name(one.module, target):
                _note(reached.modules, target, (*path, one.name))
                yield target, (*path, one.name)

    def _may_name(self, module: Path, target: Path) -> bool:
        """Whether a module can be re-exported from another: a private one not from outside of where it stands, where
        the same name may be there for something else."""
        return target in self._public or module[: len(target) - 1] == target[:-1]

    def _find(self, module: Path, target: Path, chain: int) -> list[Item | Path]:
        """What a path names when it is written in ``module``: items, and modules by their path; [] where it is not of
        this crate."""
        if not target or chain <= 0:
            return []
        places: list[Item | Path]
        first, rest = target[0], target[1:]
        if first in ("crate", "$crate", self._name):
            places = [()]
        elif first == "self":
            places = [module]
        elif first == "super":
            places = [module[:-1]]
        else:
            # Up to edition 2015 a path begins at the root of the crate.
            places = self._in_module(module, first, chain - 1) or self._in_module((), first, chain - 1)
        for word in rest:
            if word == "super":
                places = [place[:-1] for place in places if not isinstance(place, Item)]
            else:
                places = [
                    found
                    for place in places
                    if not isinstance(place, Item)
                    for found in self._in_module(place, word, chain - 1)
                ]
        return places

    def _in_module(self, module: Path, name: str, chain: int) -> list[Item | Path]:
        self._looked_up += 1
        if self._looked_up > _MOST_LOOK_UPS:
            return []
        found: list[Item | Path] = [*self._items.get(module, {}).get(name, ())]
        if (*module, name) in self._modules:
            found.append((*module, name))
        if chain <= 0:
            return found
        for one in self._imports.get(module, ()):
            if one.name == name and one.target != (name,):
                found.extend(self._find(module, one.target, chain - 1))
        if not found:
            for one in self._imports.get(module, ()):
                if one.name == "*":
                    for place in self._find(module, one.target, chain - 1):
                        if not isinstance(place, Item) and place != module:
                            found.extend(self._in_module(place, name, min(chain - 1, 3)))
        return found


_Key = TypeVar("_Key", int, Path)


def _note(paths: dict[_Key, list[Path]], key: _Key, path: Path) -> None:
    known = paths.setdefault(key, [])
    if path not in known and len(known) < 8:
        known.append(path)
