"""Walking through folders that anybody may have made."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path


def walk(
    top: Path, refused: Callable[[OSError], None] = lambda error: None
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """``top`` and every folder below it, each with the names of its folders and of its files, sorted.

    As :func:`os.walk` from the top, but however deep: that one calls itself before Python 3.12. What is taken out of
    the list of folders is not entered. Links to folders are in neither list: so no walk is endless. ``refused`` is told
    which folders cannot be read.
    """
    waiting = [os.fspath(top)]
    while waiting:
        place = waiting.pop()
        folders: list[str] = []
        names: list[str] = []
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if not _is_folder(entry):
                        names.append(entry.name)
                    elif not entry.is_symlink():
                        folders.append(entry.name)
        except OSError as error:
            refused(error)
            continue
        folders.sort()
        yield Path(place), folders, sorted(names)
        waiting += [os.path.join(place, name) for name in reversed(folders)]  # noqa: PTH118 -- of many, as text


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False
