"""The user's own notes as a source: folders and files of Markdown, text and PDF that they added.

Each file is a page, each heading (each page of a PDF) a section. References start with the added folder's own name
and never hold the path to it. What a file says is data, whatever it says.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from knowledgegraph.entry import Coverage, Entry, Form, Kind, Mention, Piece, Relation, Trouble, entry_id, summary_of
from knowledgegraph.sources import note_text
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.folders import walk

MOST_FILES = 5000
MOST_BYTES = 2_000_000  # of a text
MOST_PDF_BYTES = 50_000_000
MOST_TOGETHER = 500_000_000  # of all files of one folder
MOST_FOLDERS = 20_000

_SKIPPED = frozenset({"node_modules", "target", "__pycache__"})
_MARKDOWN = frozenset({".md", ".markdown"})
_SUFFIXES = frozenset({*_MARKDOWN, ".txt", ".pdf"})
_BEGINNING = 4000  # characters that a summary is made of
_ERROR = re.compile(r"\bE0\d{3}\b")
_INLINE = re.compile(r"(?<!`)`([^`\n]{2,60})`(?!`)")
_LINK = re.compile(r"(?<!!)\[[^\][]*\]\(<?([^()<>\s:]+?\.(?:md|markdown|txt|pdf))(?:#[^()<>\s]*)?>?\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the added folder. ``ref``: its reference; ``stamp``: what changes with its content."""

    path: Path
    ref: str
    stamp: str


@dataclass(slots=True)
class _Seen:
    """What is in an added folder: the files to read, and what was left out and why."""

    files: list[_File] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Notes:
    """One added folder or file. ``label``: what its references start with."""

    path: Path
    label: str

    @property
    def name(self) -> str:
        """``notes:`` and the label."""
        return f"notes:{self.label}"

    @property
    def title(self) -> str:
        """As a person calls it."""
        return f"Your notes in {self.label}"

    def detect(self) -> Found | Missing:
        """The folder or file is here; its fingerprint holds the names, sizes and times of the files to read."""
        try:
            self.path.stat()
        except OSError as error:
            why = f"{_clean(str(self.path))} cannot be read: {error.strerror}."
            return Missing(why, "Add its new place, or remove it from your notes.")
        seen = _look(self.path, self.label)
        digest = hashlib.sha256()
        for file in seen.files:
            digest.update(f"{file.ref}\0{file.stamp}\n".encode())
        for trouble in seen.troubles:
            digest.update(trouble.encode("utf-8", "replace"))
        digest.update(b"pdf" if _reads_pdf(seen) else b"")
        count = len(seen.files)
        return Found(f"{count} file{'' if count == 1 else 's'}", digest.hexdigest(), _clean(str(self.path)))

    def read(self, found: Found) -> Iterator[Piece]:
        """The folder, its files in the order of their names, and their sections."""
        seen = _look(self.path, self.label)
        root = ""
        if self.path.is_dir():
            folder = Entry(
                "note", self.label, self.label, Form.BOOK, "", summary=f"Your folder of notes: {found.version}.",
                location=_location(self.path),
            )  # fmt: skip
            root = folder.id
            yield folder
        yield from (Trouble(sentence) for sentence in seen.troubles)
        known = {file.ref for file in seen.files}
        missing = []
        for file in seen.files:
            try:
                yield from _read_file(file, root, known)
            except _Unread as why:
                missing.append(file.ref)
                yield Trouble(f"{file.ref} was not read: {why}.")
        total = len(seen.files) + seen.left_out
        yield Coverage("notes", len(seen.files) - len(missing), total, tuple(missing[:36]))


class _Unread(Exception):
    """Half a sentence that says why a file was not read."""


def notes_of(machine: Machine) -> list[Notes]:
    """One source for each added folder or file, each with a label of its own: its name, or ``name-2`` and so on."""
    sources: list[Notes] = []
    taken: set[str] = set()
    for path in dict.fromkeys(path.absolute() for path in machine.notes):
        wanted = _clean(Path(os.path.realpath(path)).name) or "notes"
        label, number = wanted, 2
        while label in taken:
            label, number = f"{wanted}-{number}", number + 1
        taken.add(label)
        sources.append(Notes(path, label))
    return sources


def _look(path: Path, label: str) -> _Seen:
    """The files to read under ``path``, sorted; hidden ones, build output and links that lead out are left out."""
    seen = _Seen()
    try:
        inside = Path(os.path.realpath(path, strict=True))
    except OSError as error:
        seen.troubles.append(f"{_clean(str(path))} cannot be read: {error.strerror}.")
        return seen
    if not path.is_dir():
        _consider(path, label, inside.parent, seen)
        return seen
    together, beyond = 0, 0
    refs: set[str] = set()
    for file in _walk(inside, seen):
        if len(seen.files) >= MOST_FILES or together > MOST_TOGETHER:
            beyond += 1
            continue
        ref = f"{label}/{_clean(str(file.relative_to(inside)))}"
        while ref in refs:  # two names that differ in bytes that are no UTF-8
            ref += "~"
        refs.add(ref)
        together += _consider(file, ref, inside, seen)
    if beyond:
        seen.left_out += beyond
        seen.troubles.append(
            f"{label} holds more than {MOST_FILES} files or {MOST_TOGETHER // 1_000_000} MB; {beyond} files were not "
            "read: add the folders inside it that matter instead."
        )
    return seen


def _walk(folder: Path, seen: _Seen) -> Iterator[Path]:
    """Every file below with a name that we read. Links to folders are not followed, so that no walk is endless."""

    def refused(error: OSError) -> None:
        seen.troubles.append(f"{_clean(str(error.filename))} cannot be read: {error.strerror}.")

    for count, (parent, folders, names) in enumerate(walk(folder, refused)):
        if count >= MOST_FOLDERS:
            seen.troubles.append(f"Only the first {MOST_FOLDERS} folders of {_clean(folder.name)} were looked into.")
            return
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED]
        for name in names:
            if not name.startswith(".") and Path(name).suffix.lower() in _SUFFIXES:
                yield parent / name


def _consider(path: Path, ref: str, inside: Path, seen: _Seen) -> int:
    """Takes a file into ``seen``, or says there why not. Gives the bytes to read."""
    seen.left_out += 1
    try:
        real = Path(os.path.realpath(path, strict=True))
        status = real.stat()
    except OSError as error:
        seen.troubles.append(f"{ref} cannot be read: {error.strerror}.")
        return 0
    most = MOST_PDF_BYTES if path.suffix.lower() == ".pdf" else MOST_BYTES
    if not real.is_relative_to(inside):
        seen.troubles.append(f"{ref} is a link that leads out of the folder; it was not followed.")
    elif not stat.S_ISREG(status.st_mode):
        seen.troubles.append(f"{ref} is no ordinary file; it was not read.")
    elif status.st_size > most:
        seen.troubles.append(f"{ref} has more than {most // 1_000_000} MB; it was not read: split it.")
    elif path.suffix.lower() not in _SUFFIXES:
        seen.troubles.append(f"{ref} is no Markdown, text or PDF; it was not read.")
    else:
        seen.files.append(_File(path, ref, f"{status.st_size} {status.st_mtime_ns}"))
        seen.left_out -= 1
        return status.st_size
    return 0


def _reads_pdf(seen: _Seen) -> bool:
    from knowledgegraph.sources.note_pdf import is_readable

    return any(file.path.suffix.lower() == ".pdf" for file in seen.files) and is_readable()


def _read_file(file: _File, root: str, known: set[str]) -> Iterator[Piece]:
    """The page and its sections. Raises :class:`_Unread` before the first piece."""
    suffix = file.path.suffix.lower()
    if suffix == ".pdf":
        yield from _read_pdf(file, root)
        return
    try:
        text = file.path.read_bytes()[: MOST_BYTES + 1].decode("utf-8-sig", "replace")
    except OSError as error:
        raise _Unread(error.strerror or "it cannot be read") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if suffix in _MARKDOWN:
        yield from _read_markdown(file, root, text, known)
    else:
        page = _page(file, root, file.path.stem, text)
        yield page
        yield from _errors_in(page.id, text)


def _read_markdown(file: _File, root: str, text: str, known: set[str]) -> Iterator[Piece]:
    text, title = note_text.without_front_matter(text)
    pieces = note_text.split(text)
    start, *sections = pieces
    body = start.body
    if not body.strip() and sections and sections[0].level == 1:  # the usual title at the top
        title = title or note_text.plain(sections[0].title)
        body = sections.pop(0).body
    page = _page(file, root, title or file.path.stem, body)
    yield page
    yield from _named_in(page.id, body, file, known)
    above: list[tuple[int, str]] = [(0, page.id)]
    anchors: set[str] = set()
    for section in sections:
        while above[-1][0] >= section.level:
            above.pop()
        anchor = _unique(note_text.slug(section.title), anchors)
        entry = Entry(
            kind="note",
            ref=f"{file.ref}#{anchor}",
            title=note_text.plain(section.title) or page.title,
            form=Form.SECTION,
            domain="",
            summary=summary_of(note_text.plain(section.body[:_BEGINNING])),
            text=section.body.strip(),
            location=_location(file.path, anchor),
            parent=above[-1][1],
        )
        yield entry
        yield from _named_in(entry.id, section.body, file, known)
        above.append((section.level, entry.id))


def _read_pdf(file: _File, root: str) -> Iterator[Piece]:
    from knowledgegraph.sources.note_pdf import MOST_PAGES, UnreadablePdf, is_readable, read_pdf

    if not is_readable():
        raise _Unread("reading PDFs needs `pip install 'tutor[pdf]'`")
    try:
        pdf = read_pdf(file.path)
    except UnreadablePdf as why:
        raise _Unread(_clean(str(why))) from why
    page = _page(file, root, pdf.title or file.path.stem, "")
    yield page
    if not any(text.strip() for text in pdf.pages):
        yield Trouble(f"{file.ref} holds no text, only pictures; a program for text recognition can add it.")
    if pdf.total > MOST_PAGES:
        yield Trouble(f"{file.ref} has {pdf.total} pages; the first {MOST_PAGES} were read.")
    for number, text in enumerate(pdf.pages, start=1):
        if text.strip():
            entry = Entry(
                kind="note",
                ref=f"{file.ref}#page-{number}",
                title=f"{page.title}, page {number}",
                form=Form.SECTION,
                domain="",
                summary=summary_of(text),
                text=text.strip(),
                location=_location(file.path, f"page={number}"),
                parent=page.id,
            )
            yield entry
            yield from _errors_in(entry.id, text)


def _page(file: _File, root: str, title: str, text: str) -> Entry:
    summary = summary_of(note_text.plain(text[:_BEGINNING]))
    return Entry(
        "note", file.ref, _clean(title), Form.PAGE, "", summary=summary, text=text.strip(),
        location=_location(file.path), parent=root,
    )  # fmt: skip


def _named_in(source: str, markdown: str, file: _File, known: set[str]) -> Iterator[Piece]:
    """What a note names: other notes by links, anything by inline code, error codes."""
    folder = Path(file.ref).parent
    for link in dict.fromkeys(_LINK.findall(markdown)):
        target = os.path.normpath(folder / link)
        if target in known and target != file.ref:
            yield Relation(source, entry_id("note", target), Kind.LINKS_TO)
    for name in dict.fromkeys(_INLINE.findall(markdown)):
        yield Mention(source, name.strip())
    yield from _errors_in(source, markdown)


def _errors_in(source: str, text: str) -> Iterator[Relation]:
    for code in dict.fromkeys(_ERROR.findall(text)):
        yield Relation(source, entry_id("error", code), Kind.LINKS_TO)


def _unique(anchor: str, taken: set[str]) -> str:
    """The anchor, or with a number where the page has it already."""
    unique, number = anchor, 1
    while unique in taken:
        unique, number = f"{anchor}-{number}", number + 1
    taken.add(unique)
    return unique


def _location(path: Path, anchor: str = "") -> str:
    """Where to open it; "" where its name is no text, which nothing could store."""
    text = str(path.absolute())
    return "" if _clean(text) != text else f"{text}#{anchor}" if anchor else text


def _clean(name: str) -> str:
    """A file name as text: bytes that are no UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
