"""A crate whose source the user added: its public items with their documentation, and the patterns that it uses.

Items are found by the crate's own modules and re-exports and carry the path by which they are used
(``tokio::sync::Mutex``, although it stands in ``sync/mutex.rs``). What a macro would generate is not seen, nor what is
re-exported from another crate. Patterns are looked for in every source file of the crate, also in those of modules
that are not public. Tests, benchmarks, examples and packages inside the folder are left out. Nothing is ever compiled
or run, and no link that leads out of the folder is followed.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from knowledgegraph.entry import Coverage, Entry, Form, PatternUse, Piece, Trouble, storable, summary_of
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.crate_manifest import MANIFEST, Manifest, is_inside, read_manifest
from knowledgegraph.sources.folders import walk

if TYPE_CHECKING:
    from knowledgegraph.recogniser import Occurrence
    from knowledgegraph.rust_syntax import Syntax
    from knowledgegraph.sources.crate_items import Declared, Item, Submodule
    from knowledgegraph.sources.crate_paths import Reached

_MODULE_IN_MACRO = re.compile(rb"\bpub\s+mod\s+([A-Za-z_][A-Za-z0-9_]*)\s*;")
MOST_ENTRIES = 5_000
MOST_FILES = 5_000
MOST_USES = 50_000

_LEFT_OUT = frozenset(
    {"tests", "benches", "examples", "target", "vendor", "vendored", "third_party", "fuzz", "node_modules"}
)
_MOST_TEXT = 8_000
_FEW = 40  # entries


class Crate:
    """The source of one crate's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        try:
            return f"crate:{read_manifest(self.folder).name}"
        except ValueError:
            return f"crate:{storable(self.folder.name)}"

    @property
    def title(self) -> str:
        try:
            manifest = read_manifest(self.folder)
        except ValueError:
            return storable(self.folder.name)
        return f"{manifest.name} {manifest.version}".rstrip()

    def detect(self) -> Found | Missing:
        """Here where there is a package with a library or a program; every file is looked at, none is opened."""
        try:
            manifest = read_manifest(self.folder)
        except ValueError as error:
            return Missing(f"{error}.", f"tutor knowledge add-crate {self.folder.name}")
        if manifest.root is None:
            return Missing(
                f"{self.folder} has neither a library nor a program in src.", "add the folder that holds the package"
            )
        changed = [(self.folder / MANIFEST).stat().st_mtime_ns]
        sizes = []
        for file in _files(self.folder):
            try:
                status = file.stat()
            except OSError:
                continue
            changed.append(status.st_mtime_ns)
            sizes.append(status.st_size)
        marks = (manifest.version, changed[0], max(changed), sum(changed), len(sizes), sum(sizes))
        return Found(manifest.version, " ".join(map(str, marks)), str(self.folder))

    def read(self, found: Found) -> Iterator[Piece]:
        """The crate, its modules and items, then where which patterns are. Raises OSError where it has gone."""
        try:
            manifest = read_manifest(self.folder)
        except ValueError as error:
            raise OSError(str(error)) from error
        yield from _Reading(self.folder, manifest).pieces()


def crates(machine: Machine) -> list[Crate]:
    """The sources of all crates that were added; of several folders with one crate the one that was added last."""
    by_name = {crate.name: crate for crate in map(Crate, machine.crates)}
    return list(by_name.values())


def _files(folder: Path) -> list[Path]:
    """The crate's own source files in a fixed order; links are left out where they lead to another folder."""
    files: list[Path] = []
    for here, folders, names in walk(folder):
        if here != folder and MANIFEST in names:  # another package
            folders.clear()
            continue
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not name.startswith(".")]
        for name in names:
            file = here / name
            if not name.endswith(".rs") or (here == folder and name == "build.rs"):
                continue
            if file.is_file() and (not file.is_symlink() or is_inside(file, folder)):
                files.append(file)
    return files


@dataclass(slots=True)
class _Read:
    """One file: what is in it, and the lines of those entries that stand in it."""

    module: tuple[str, ...] | None = None
    declared: Declared | None = None
    occurrences: list[Occurrence] = field(default_factory=list)
    places: list[tuple[int, int, str]] = field(default_factory=list)


class _Reading:
    """One pass over a crate."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self.real = folder.resolve()
        self.crate_name = manifest.name.replace("-", "_")
        self.troubles: list[Trouble] = []
        self.parsed: dict[Path, _Read | None] = {}
        self.where: dict[int, Path] = {}  # by the id() of an item or submodule: the file that it stands in
        self.ids: dict[tuple[str, ...], str] = {}  # by the place of a module: the id of its entry
        self.taken: set[str] = set()  # the refs that are in use
        self.kept: set[str] = set()  # the ids of the entries that were given
        self.spoken: set[str] = set()  # names of public modules that stand in files with macros of the crate

    def pieces(self) -> Iterator[Piece]:
        files = _files(self.folder)
        if len(files) > MOST_FILES:
            self.troubles.append(
                Trouble(f"{self.folder} has {len(files)} source files; the first {MOST_FILES} are read.")
            )
        wanted = files[:MOST_FILES]
        self._follow_modules()
        for file in wanted:
            self._parse(file)
        yield self._root()
        yield from self._entries()
        yield from self._uses()
        got = sum(self.parsed.get(file) is not None for file in wanted)
        lost = tuple(self._short(file) for file in wanted if self.parsed.get(file) is None)[:30]
        yield from self._handed_on()
        yield Coverage(f"crate {self.manifest.name} files", got, len(files), lost)
        yield from self.troubles

    # --- files

    def _short(self, file: Path) -> str:
        return str(file.relative_to(self.folder))

    def _parse(self, file: Path) -> Syntax | None:
        """Parses a file and recognises what is in it, once; None where that was done before or cannot be done."""
        from knowledgegraph.recogniser import occurrences
        from knowledgegraph.rust_syntax import MAX_BYTES, TooMuch, parse

        if file in self.parsed:
            return None
        self.parsed[file] = None
        try:
            with file.open("rb") as opened:
                source = opened.read(MAX_BYTES + 1)
            source.decode("utf-8")
            syntax = parse(source)
            self.parsed[file] = _Read(occurrences=occurrences(syntax))
        except TooMuch as error:
            self.troubles.append(Trouble(f"{file} {error}; it is left out."))
        except UnicodeDecodeError:
            self.troubles.append(Trouble(f"{file} is not UTF-8; it is left out."))
        except OSError as error:
            self.troubles.append(Trouble(f"{file} cannot be read ({error.strerror}); it is left out."))
        else:
            return syntax
        return None

    def _follow_modules(self) -> None:
        """Reads the files of all modules from the root on, and of those that only a macro of the crate declares."""
        from knowledgegraph.sources.crate_items import Submodule

        if self.manifest.root is None:
            return
        root = self.folder / self.manifest.root
        self._follow(root, ())
        read = self.parsed.get(root)
        if read is None or read.declared is None:
            return
        for name in sorted(self.spoken):
            submodule = Submodule(name, (), True, "", 1)
            place = self._file_of(submodule, root, root.parent, ())
            if place is not None and place not in self.parsed:
                read.declared.submodules.append(submodule)
                self.where[id(submodule)] = place
                self._follow(place, (name,))

    def _follow(self, first: Path, at: tuple[str, ...]) -> None:
        """Reads a file and those of all modules that it declares."""
        from knowledgegraph.sources.crate_items import declared

        waiting = deque([(first, at)])
        while waiting and len(self.parsed) < MOST_FILES:
            file, module = waiting.popleft()
            syntax = self._parse(file)
            read = self.parsed.get(file)
            if syntax is None or read is None:
                continue
            if b"macro_rules!" in syntax.source:
                self.spoken |= {name.decode("ascii") for name in _MODULE_IN_MACRO.findall(syntax.source)}
            read.module, read.declared = module, declared(syntax, module)
            for item in (*read.declared.items, *read.declared.members):
                self.where[id(item)] = file
            own = file.parent if not module or file.name == "mod.rs" else file.parent / file.stem
            for submodule in read.declared.submodules:
                self.where[id(submodule)] = file
                if not submodule.inline and (place := self._file_of(submodule, file, own, module)):
                    waiting.append((place, submodule.full))

    def _file_of(self, submodule: Submodule, file: Path, own: Path, module: tuple[str, ...]) -> Path | None:
        """Where a module's source is, if that is inside the folder."""
        inner = submodule.module[len(module) :]  # modules of this file that it is inside of
        folder = own.joinpath(*inner)
        places = [folder / f"{submodule.name}.rs", folder / submodule.name / "mod.rs"]
        if submodule.path:
            places = [(folder if inner else file.parent) / submodule.path]
        for place in places:
            try:
                real = Path(os.path.realpath(place, strict=True))
                if real.is_file() and real.is_relative_to(self.real):
                    return self.folder / real.relative_to(self.real)
            except (OSError, ValueError):
                continue
        return None

    # --- entries

    def _root(self) -> Entry:
        manifest = self.manifest
        name = manifest.name
        self.ids[()] = f"crate:{name}"
        self.taken.add(name)
        root = self.folder / manifest.root if manifest.root else self.folder
        declared = read.declared if (read := self.parsed.get(root)) else None
        own = declared.doc if declared else ""
        text = self._readme() or own
        return Entry(
            "crate",
            name,
            f"{name} {manifest.version}".rstrip(),
            Form.BOOK,
            "rust",
            summary=summary_of(manifest.description or plain(own)),
            text=_cut(text),
            location=str(root),
            names=(self.crate_name,) if self.crate_name != name else (),
        )

    def _readme(self) -> str:
        """The beginning of the crate's own introduction; empty where there is none to read."""
        place = self.folder / self.manifest.readme
        try:
            if not place.is_file() or not is_inside(place, self.folder):
                return ""
            with place.open("rb") as file:
                return file.read(_MOST_TEXT * 4).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _entries(self) -> Iterator[Entry]:
        """Modules, then items with their members, until there are too many."""
        from knowledgegraph.sources.crate_paths import Crate as Paths

        parts = [read.declared for read in self.parsed.values() if read and read.declared]
        items = [item for part in parts for item in part.items]
        paths = Paths(
            self.crate_name,
            (submodule for part in parts for submodule in part.submodules),
            items,
            (one for part in parts for one in part.imports),
        )
        reached = paths.reached(everything=not self.manifest.library)
        total = 0
        for entry in (*self._modules(parts, reached), *self._items(parts, items, reached)):
            total += 1
            if total < MOST_ENTRIES:  # the crate itself is one
                self.kept.add(entry.id)
                yield entry
        if total + 1 > MOST_ENTRIES:
            self.troubles.append(
                Trouble(f"{self.manifest.name} has {total + 1} public items; the first {MOST_ENTRIES} are kept.")
            )

    def _modules(self, parts: list[Declared], reached: Reached) -> Iterator[Entry]:
        docs = {read.module: read.declared.doc for read in self.parsed.values() if read and read.declared}
        first = {submodule.full: submodule for part in reversed(parts) for submodule in part.submodules}
        public = sorted(((paths, place) for place, paths in reached.modules.items()), key=lambda one: len(one[0][0]))
        by_path: dict[tuple[str, ...], str] = {(self.crate_name,): self.ids[()]}
        for paths, place in public:
            submodule = first.get(place)  # None: the crate itself, re-exported inside one of its modules
            ref = "::".join(paths[0])
            if submodule is None or ref in self.taken:
                continue
            self.taken.add(ref)
            self.ids[place] = by_path[paths[0]] = f"crate:{ref}"
            doc = "\n\n".join(filter(None, (submodule.doc, docs.get(place, ""))))
            yield Entry(
                "crate",
                ref,
                ref,
                Form.MODULE,
                "rust",
                summary=summary_of(plain(doc)),
                text=_cut(doc),
                location=f"{self.where[id(submodule)]}#L{submodule.line}",
                parent=by_path.get(paths[0][:-1], self.ids[()]),
                names=tuple("::".join(path) for path in paths[1:]),
            )
        self.by_path = by_path

    def _items(self, parts: list[Declared], items: list[Item], reached: Reached) -> Iterator[Entry]:
        owners: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        best: dict[str, Item] = {}
        for item in items:
            if paths := reached.items.get(id(item)):
                ref = "::".join(paths[0]) + ("!" if item.kind == "macro" else "")
                if ref in self.taken and item.kind == "fn":
                    ref += "()"
                # The same item for another system or feature: the one with documentation is kept.
                if ref not in self.taken and (ref not in best or len(item.doc) > len(best[ref].doc)):
                    best[ref] = item
        for ref, item in best.items():
            paths = reached.items[id(item)]
            identity = f"crate:{ref}"
            self.taken.add(ref)
            self._place(item, identity)
            if item.kind in ("struct", "enum", "union", "trait", "type"):
                owners.setdefault(item.name, []).append((item.module, ref))
            yield self._entry(
                item,
                ref,
                parent=self.by_path.get(paths[0][:-1], self.ids[()]),
                names=tuple("::".join(path) for path in paths[1:]),
                form=Form.ITEM,
            )
        for part in parts:
            for member in part.members:
                if (owner := _owner(owners.get(member.owner, []), member.module)) is None:
                    continue
                ref = f"{owner}::{member.name}"
                if ref not in self.taken:
                    self.taken.add(ref)
                    self._place(member, f"crate:{ref}")
                    yield self._entry(member, ref, parent=f"crate:{owner}", names=(), form=Form.METHOD)

    def _entry(self, item: Item, ref: str, *, parent: str, names: tuple[str, ...], form: Form) -> Entry:
        return Entry(
            "crate",
            ref,
            ref,
            form,
            "rust",
            summary=summary_of(plain(item.doc)),
            text=_cut(f"```rust\n{item.signature}\n```\n\n{item.doc}".rstrip()),
            location=f"{self.where[id(item)]}#L{item.line}",
            parent=parent,
            names=names,
            headline=form is Form.ITEM,
        )

    def _handed_on(self) -> Iterator[Trouble]:
        """A crate that is a face for others of its family declares next to nothing itself: those are to be added."""
        family = [name for name in self.manifest.dependencies if name.startswith(self.manifest.name)]
        if family and len(self.taken) < _FEW:
            names = " ".join(family)
            yield Trouble(
                f"{self.manifest.name} declares little itself and gives on other crates: "
                f"add those as well with `tutor knowledge add-crate {names}`."
            )

    # --- patterns

    def _place(self, item: Item, identity: str) -> None:
        """Notes that an entry stands at these lines of its file."""
        if read := self.parsed.get(self.where[id(item)]):
            read.places.append((item.line, item.end_line, identity))

    def _uses(self) -> Iterator[PatternUse]:
        total = 0
        for file, read in sorted(self.parsed.items()):
            if read is None:
                continue
            around, name = self._nearest(read.module), self._short(file)
            innermost = _Innermost([place for place in read.places if place[2] in self.kept], around)
            for one in read.occurrences:
                total += 1
                if total <= MOST_USES:
                    entry = innermost.at(one.line)
                    yield PatternUse(one.pattern, entry, name, one.line, one.end_line, one.confidence)
        if total > MOST_USES:
            self.troubles.append(
                Trouble(f"{self.manifest.name} has {total} places with patterns; the first {MOST_USES} are kept.")
            )

    def _nearest(self, module: tuple[str, ...] | None) -> str:
        """The id of the module, or of the nearest one around it that is public."""
        module = module or ()
        while module and self.ids.get(module) not in self.kept:
            module = module[:-1]
        return self.ids[module]


class _Innermost:
    """Which entry a line stands in; entries of a file contain each other or are apart."""

    def __init__(self, places: list[tuple[int, int, str]], around: str) -> None:
        self._starts: list[int] = []
        self._owners: list[str] = []
        open_places: list[tuple[int, str]] = []
        for start, end, identity in sorted(places, key=lambda place: (place[0], -place[1])):
            self._close(open_places, start, around)
            self._mark(start, identity)
            open_places.append((end, identity))
        self._close(open_places, None, around)
        self._around = around

    def _close(self, open_places: list[tuple[int, str]], before: int | None, around: str) -> None:
        """Ends the places that end before a line (None: all)."""
        while open_places and (before is None or open_places[-1][0] < before):
            end, _ = open_places.pop()
            self._mark(end + 1, open_places[-1][1] if open_places else around)

    def _mark(self, line: int, identity: str) -> None:
        self._starts.append(line)
        self._owners.append(identity)

    def at(self, line: int) -> str:
        index = bisect_right(self._starts, line) - 1
        return self._owners[index] if index >= 0 else self._around


def _owner(candidates: list[tuple[tuple[str, ...], str]], module: tuple[str, ...]) -> str | None:
    """The ref of the type that methods in ``module`` belong to: the one of that name there, else the only one of the
    crate, else the one with the most of its path in common."""
    if not candidates:
        return None
    return max(candidates, key=lambda one: _in_common(one[0], module))[1]


def _in_common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))


def plain(markdown: str) -> str:
    """The first paragraph of Markdown as plain text."""
    paragraph: list[str] = []
    for line in markdown.split("\n"):
        bare = line.strip()
        if not bare and paragraph:
            break
        if bare.startswith(("```", "~~~")) and not paragraph:
            return ""
        if bare and not bare.startswith(("#", "[![", "<", "|")):
            paragraph.append(bare)
    text = " ".join(paragraph)
    text = re.sub(r"!?\[([^\[\]]*)\](\([^()]*\)|\[[^\[\]]*\])?", r"\1", text)
    return text.replace("`", "").replace("**", "")


def _cut(text: str) -> str:
    """Text of a size that is worth keeping, cut at a line."""
    if len(text) <= _MOST_TEXT:
        return text
    kept = text[:_MOST_TEXT].rpartition("\n")[0] or text[:_MOST_TEXT]
    return f"{kept}\n```\n…" if kept.count("```") % 2 else f"{kept}\n…"
