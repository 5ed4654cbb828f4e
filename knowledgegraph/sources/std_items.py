"""What the files of rustdoc's tree for ``std`` are called: the path, title and names of every item.

``collections/struct.HashMap.html`` is ``std::collections::HashMap``. One item may have several pages, under each path
that it is exported by; it is cited by the shortest, the others are names of it.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from knowledgegraph.entry import entry_id
from knowledgegraph.sources.html import read_page
from knowledgegraph.sources.std_docs import bytes_of
from knowledgegraph.sources.std_pages import borrowed_in, prelude_of, redirect_of, source_of

#: Thousands of processor instructions and compiler internals; the WASI copies of what is under ``os::unix``.
LEFT_OUT = ("arch", "core_arch", "intrinsics", "simd", "os/wasi", "os/wasip2")

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_FILE = re.compile(r"([a-z]+)\.(\w+)\.html")
_FOLDER = re.compile(r"\w+")
_TYPES = frozenset({"struct", "enum", "union", "trait", "type", "traitalias"})
_QUALIFIED = frozenset({"primitive", "keyword"})
_SPELT = {"SelfTy": "Self"}  # where capitals count for nothing in file names, keyword.self.html is another keyword's
_MARKED = frozenset({"mod", "macro", "attr", "derive"})  # titled by what they are
_PRELUDES = ("std/prelude/v1", "core/prelude/rust_2021", "core/prelude/rust_2024")
_DEEPEST = 12  # folders; std's own modules are six deep
_REDIRECT = 1000  # bytes; a page of content is larger


@dataclass(frozen=True, slots=True)
class Place:
    """One page. ``file``: inside the folder of ``std``, with ``/``; ``what``: rustdoc's word for it ("struct", "fn";
    "mod" for a module); ``path``: as Rust writes it, split: ``("std", "vec", "Vec")``."""

    file: str
    what: str
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def module(self) -> tuple[str, ...]:
        return self.path[:-1]


def place_of(file: str) -> Place | None:
    """What a page is, by its name; None where it is no page of an item."""
    *folders, name = file.split("/")
    modules = ("std", *folders)
    if name == "index.html":
        return Place(file, "mod", modules)
    found = _FILE.fullmatch(name)
    return Place(file, found[1], (*modules, found[2])) if found else None


def is_left_out(file: str) -> bool:
    """Whether a page (or link) below the folder of ``std`` is one of :data:`LEFT_OUT`."""
    return any(file == folder or file.startswith(f"{folder}/") for folder in LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be cited. ``ref``: ``std::vec::Vec``; ``title``: the shortest way to write it that means nothing
    else; ``names``: further ways; ``files``: all its pages, the one that is cited first."""

    place: Place
    ref: str
    title: str
    names: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def id(self) -> str:
        return entry_id("std", self.ref)


@dataclass(slots=True)
class Catalogue:
    """All items of a tree. ``prelude``: the paths of what needs no ``use``; ``borrowed``: the file of a type and a
    method that it has through ``Deref``, to the file of the type whose method it is; ``unread``: folders that could not
    be looked into, with the reason."""

    items: list[Item] = field(default_factory=list)
    by_file: dict[str, Item] = field(default_factory=dict)
    prelude: set[tuple[str, ...]] = field(default_factory=set)
    borrowed: dict[tuple[str, str], str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


def catalogue(root: Path) -> Catalogue:
    """Everything below ``root``, the folder of ``std``: modules before what is in them. Raises OSError where there is
    no such folder."""
    made = Catalogue()
    redirects: dict[str, str] = {}
    places: list[Place] = []
    for file, size in _files(root, "", made.unread):
        place = place_of(file)
        target = _target(root, file) if size < _REDIRECT else None
        if target is not None:
            redirects[file] = target
        elif place is not None:
            places.append(place)
    others = _same(root, places)
    main = [place for place in places if place.file not in others]
    made.prelude = _prelude(root.parent)
    titles = _titles(main, made.prelude)
    refs = _refs(main)
    aliases = defaultdict(list)
    for file, target in (*others.items(), *redirects.items()):
        aliases[others.get(target, target)].append(file)
    for place in main:
        files = (place.file, *sorted(aliases[place.file]))
        names = tuple(_names(root, place, titles[place.file], files))
        item = Item(place, refs[place.file], titles[place.file], names, files)
        made.items.append(item)
        made.by_file.update(dict.fromkeys(files, item))
    made.borrowed = _borrowed(root, made)
    return made


def _files(root: Path, folder: str, unread: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Pages and their sizes: those of a folder, its index first, before those of its subfolders."""
    folders: list[str] = []
    files: list[tuple[bool, str, int]] = []
    try:
        for entry in os.scandir(root / folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if _FOLDER.fullmatch(entry.name) and path.count("/") < _DEEPEST:
                    folders.append(path)
            elif entry.is_file() and place_of(path) is not None:
                files.append((entry.name != "index.html", path, entry.stat().st_size))
    except OSError as error:
        if not folder:
            raise
        unread[folder] = error.strerror or "unreadable"
    for _, path, size in sorted(files):
        yield path, size
    for inner in sorted(folders):
        if not is_left_out(inner):
            yield from _files(root, inner, unread)


def _target(root: Path, file: str) -> str | None:
    """The file that a small page sends its reader to; None where it sends nowhere inside the folder."""
    try:
        href = redirect_of(bytes_of(root / file))
    except OSError:  # told of when it is read as a page
        return None
    return resolved(file, href)[0] or None if href is not None else None


def resolved(file: str, href: str) -> tuple[str, str]:
    """The file below the folder of ``std`` that a link on the page ``file`` leads to, and its anchor; ``("", "")`` for
    one that leads elsewhere."""
    path, _, anchor = href.partition("#")
    if not path:
        return file, unquote(anchor)
    target = posixpath.normpath(f"std/{posixpath.dirname(file)}/{unquote(path)}")
    if _SCHEME.match(href) or not target.startswith("std/"):
        return "", ""
    return target.removeprefix("std/"), unquote(anchor)


def _same(root: Path, places: Iterable[Place]) -> dict[str, str]:
    """Pages of an item that has another page with a shorter path: to that page."""
    named = defaultdict(list)
    for place in places:
        if place.what != "mod":
            named[place.what, place.name].append(place)
    found: dict[str, str] = {}
    for several in named.values():
        first_of: dict[bytes, Place] = {}
        for place in sorted(several, key=lambda place: (len(place.path), place.path)) if len(several) > 1 else ():
            try:
                source = source_of(bytes_of(root / place.file))
            except OSError:  # told of when it is read as a page
                continue
            first = first_of.setdefault(source, place) if source else place
            if first is not place:
                found[place.file] = first.file
    return found


def _borrowed(root: Path, made: Catalogue) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for item in made.items:
        if item.place.what not in ("struct", "enum", "union"):
            continue
        try:
            content = bytes_of(root / item.place.file)
        except OSError:  # told of when it is read as a page
            continue
        for href, methods in borrowed_in(content):
            owner = made.by_file.get(resolved(item.place.file, href)[0])
            if owner is not None:
                found.update(dict.fromkeys(((item.place.file, method) for method in methods), owner.place.file))
    return found


def _refs(places: list[Place]) -> dict[str, str]:
    """The ref of each page. A module, a type, a function and a macro may share one path: it is the first's, a macro's
    gets its ``!`` and a derive its word (``std::vec!``, ``std::clone::derive.Clone``)."""
    order = {"mod": 0, "macro": 2, "attr": 3, "derive": 3}
    refs: dict[str, str] = {}
    taken: set[str] = set()
    for place in sorted(places, key=lambda place: order.get(place.what, 1)):
        qualified = "::".join((*place.module, f"{place.what}.{place.name}"))
        ref = qualified if place.what in _QUALIFIED else "::".join(place.path)
        if ref in taken:
            ref = f"{ref}!" if place.what == "macro" else qualified
        taken.add(ref)
        refs[place.file] = ref
    return refs


def _prelude(docs: Path) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for module in _PRELUDES:
        try:
            found |= prelude_of(read_page(docs / module / "index.html"))
        except OSError:  # an older library; std's own is read, and reported, as a page like any other
            continue
    return found


def _titles(places: list[Place], prelude: set[tuple[str, ...]]) -> dict[str, str]:
    """The shortest way to write each item; of several that end alike it belongs to what the prelude exports, else to
    the one with the shortest path."""
    holders = defaultdict(list)
    for place in places:
        if place.what not in _QUALIFIED and place.what not in _MARKED:
            for suffix in _suffixes(place):
                holders[suffix].append(place)
    keywords = {place.name for place in places if place.what == "keyword"}
    bare = {path[-1] for path in prelude}
    titles: dict[str, str] = {}
    for place in places:
        if place.what == "mod":
            title = "::".join(place.path)
        elif place.what == "macro":
            title = f"{place.name}!"
        elif place.what == "derive":
            title = f"derive({place.name})"
        elif place.what == "attr":
            title = f"#[{place.name}]"
        elif place.what == "keyword":
            title = f"{_SPELT.get(place.name, place.name)} keyword"
        elif place.what == "primitive":
            title = f"{place.name} primitive" if place.name in keywords else place.name
        elif place.path in prelude and place.what in _TYPES:
            title = place.name
        else:
            fitting = (end for end in _suffixes(place) if end not in bare and _holds(place, holders[end]))
            title = next(fitting, "::".join(place.path))
        titles[place.file] = title
    return titles


def _suffixes(place: Place) -> Iterator[str]:
    """Ends of the path, the shortest first: a type by its name, a function or constant with its module."""
    for length in range(1 if place.what in _TYPES else 2, len(place.path)):
        yield "::".join(place.path[-length:])


def _holds(place: Place, rivals: list[Place]) -> bool:
    return all(rival is place or len(rival.path) > len(place.path) for rival in rivals)


def _names(root: Path, place: Place, title: str, files: tuple[str, ...]) -> Iterator[str]:
    """Ways to write an item besides its ref and title."""
    written = "::".join(place.path)
    bang = "!" if place.what == "macro" else ""
    if place.what == "keyword":
        yield f"keyword {_SPELT.get(place.name, place.name)}"
        return
    if place.what == "primitive":
        yield f"primitive {place.name}"
        return
    if place.what in ("attr", "derive"):
        yield f"{place.name} attribute" if place.what == "attr" else f"derive {place.name}"
        return
    if bang:
        yield f"{written}!"
    for suffix in _suffixes(place):
        if "::" in suffix and suffix != title:
            yield f"{suffix}{bang}"
    for crate in ("core", "alloc"):
        if len(place.path) > 1 and (root.parent / crate / place.file).is_file():
            yield f"{crate}{written.removeprefix('std')}{bang}"
    for file in files[1:]:
        other = place_of(file)
        if other is not None:
            yield "::".join(other.path) + bang
