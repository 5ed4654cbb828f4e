"""Manual pages: man(7) and mdoc(7), read without man, groff or mandoc.

:func:`read_file` gives the bytes of a page however it is packed, :func:`read_page` what is in it: names, sections as
Markdown, options with every spelling. A page is data from outside: nothing in it runs, no other file is read because of
it, and the work that it can cause grows with its length only.
"""

from __future__ import annotations

import bz2
import lzma
import os
import re
import shutil
import stat
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledgegraph.sources.man_text import ManText
from knowledgegraph.sources.mdoc import Mdoc
from knowledgegraph.sources.roff_blocks import Block, Part, Shape, is_bullet, markdown, plain, tree
from knowledgegraph.sources.roff_options import option

#: The longest page that is read, in bytes, after unpacking; the longest real one known has two million.
LONGEST_PAGE = 8 * 1024 * 1024

_SYNOPSIS = frozenset({"SYNOPSIS", "SYNTAX", "USAGE"})
_NOT_OPTIONS = frozenset(
    {"NAME", "SYNOPSIS", "EXIT STATUS", "EXIT CODES", "EXIT VALUES", "RETURN VALUE", "RETURN CODES"}
)
_MDOC = re.compile(r"^[.'][ \t]*D[dt](?:[ \t]|$)", re.MULTILINE)
_ALIAS = re.compile(r"[.'][ \t]*so[ \t]+(\S+)")
_DASH = re.compile(r"\s+(?:-{1,2}|–|—)\s+|\s*—\s*|(?<=[\w)])\s*--\s+|\s+-{1,2}$")
_PAGE_SECTION = re.compile(r"\(([1-9][A-Za-z]{0,6})\)")
_PAGE_NAME = re.compile(r"(?<![\w/.+-])([A-Za-z0-9_][\w.+:@-]{0,80})\s?$")


@dataclass(frozen=True, slots=True)
class ManOption:
    """An option. ``spellings``: as typed (``-a``, ``--all``; ``--[no-]x`` is ``--x`` and ``--no-x``). ``argument``: as
    the page writes it, "" for none ("<path>", "[=WHEN]"). ``text``: Markdown. ``under``: the term that it is listed
    below, as plain text: an option of one form or subcommand; "" for one of the whole command."""

    spellings: tuple[str, ...]
    argument: str = ""
    text: str = ""
    under: str = ""


@dataclass(frozen=True, slots=True)
class ManTerm:
    """An entry of a list of terms that is no option: a configuration variable, a subcommand, a word of a glossary.
    ``name``: plain text. ``text``: Markdown."""

    name: str
    text: str = ""
    under: str = ""


@dataclass(frozen=True, slots=True)
class ManSection:
    """``level``: 1 for ``.SH``, 2 for ``.SS``. ``text``: Markdown of its own, with its terms, without its options and
    its subsections. ``references``: the pages that it names, options included, as "name(1)", each once, in order."""

    title: str
    level: int = 1
    text: str = ""
    options: tuple[ManOption, ...] = ()
    terms: tuple[ManTerm, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManPage:
    """``name`` and ``section`` as the page states them ("git-log", "1"); ``names``: all of the NAME line; ``summary``:
    what that line says of them. ``alias``: the page that this one only points to ("man1/x.1", a ``.so``), or ""."""

    name: str
    section: str
    names: tuple[str, ...] = ()
    summary: str = ""
    sections: tuple[ManSection, ...] = ()
    alias: str = ""


def read_file(path: Path) -> bytes:
    """The bytes of a page: plain, .gz, .xz, .bz2, or .zst where there is a zstd program.

    Raises ValueError, in one sentence that names the file, where it cannot be unpacked, is no regular file or is longer
    than :data:`LONGEST_PAGE`; OSError where it cannot be read.
    """
    # Opened without waiting: a page may be a named pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(f"{path} is not a regular file")
        data = file.read(LONGEST_PAGE + 1)
    if len(data) > LONGEST_PAGE:
        raise ValueError(f"{path} is longer than a manual page can be")
    try:
        page = _unpacked(data, path.suffix)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise ValueError(f"{path} cannot be unpacked: {error}") from error
    if len(page) > LONGEST_PAGE:
        raise ValueError(f"{path} is longer than a manual page can be once unpacked")
    return page


def _unpacked(data: bytes, suffix: str) -> bytes:
    most = LONGEST_PAGE + 1
    if suffix == ".gz":
        return _gunzipped(data, most)
    if suffix in (".xz", ".lzma"):
        unpack = lzma.LZMADecompressor(memlimit=256 * 1024 * 1024)
        return _whole(unpack.decompress(data, most), most, ended=unpack.eof)
    if suffix == ".bz2":
        unbzip = bz2.BZ2Decompressor()
        return _whole(unbzip.decompress(data, most), most, ended=unbzip.eof)
    return _unzstd(data, most) if suffix == ".zst" else data


def _gunzipped(data: bytes, most: int) -> bytes:
    page = b""
    while data.strip(b"\0") and len(page) < most:
        inflate = zlib.decompressobj(wbits=31)
        page += _whole(inflate.decompress(data, most - len(page)), most - len(page), ended=inflate.eof)
        if inflate.unused_data == data:
            break
        data = inflate.unused_data
    return page


def _whole(page: bytes, most: int, *, ended: bool) -> bytes:
    if not ended and len(page) < most:
        raise EOFError("it ends too early")
    return page


def _unzstd(data: bytes, most: int) -> bytes:
    # Only from absolute folders: a PATH may name the folder that the user is in, where anybody's program lies.
    folders = [part for part in os.environ.get("PATH", os.defpath).split(os.pathsep) if part.startswith("/")]
    program = shutil.which("zstd", path=os.pathsep.join(folders)) if folders else None
    if program is None:
        raise ValueError("the program zstd is not installed")
    # From a file, not a pipe: nothing then waits for the other side, and reading stops at the longest page.
    with tempfile.TemporaryFile() as packed:
        packed.write(data)
        packed.seek(0)
        unpack = [program, "--decompress", "--stdout", "--quiet", "--memory=64MB"]
        with subprocess.Popen(unpack, stdin=packed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            page = process.stdout.read(most) if process.stdout else b""
            if len(page) == most:
                process.kill()
    if process.returncode != 0 and len(page) < most:
        raise ValueError("zstd says that it is damaged")
    return page


def read_page(source: bytes | str) -> ManPage:
    """What is in the roff text of a page. Any input gives a page, if need be an empty one."""
    text = source if isinstance(source, str) else _decoded(source)
    alias = _alias(text)
    if alias:
        return ManPage("", "", alias=alias)
    if _MDOC.search(text[:100_000]):
        mdoc = Mdoc(text)
        mdoc.read()
        return _page(mdoc.title, mdoc.blocks.parts, mdoc.names, mdoc.summary)
    man = ManText(text)
    man.read()
    return _page(man.title, man.blocks.parts)


def _decoded(source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        return source.decode("latin-1")


def _alias(text: str) -> str:
    """The target of a page that is one ``.so`` line, comments aside."""
    for line in text[:4000].split("\n"):
        if line.strip() and not line.startswith(('.\\"', "'\\\"", ".\n")):
            found = _ALIAS.match(line)
            return found[1] if found else ""
    return ""


def _page(title: list[str], parts: list[Part], names: list[str] | None = None, summary: str = "") -> ManPage:
    stated = title[0].strip() if title else ""
    section = title[1].strip() if len(title) > 1 else ""
    if not names:
        names, summary = _names(parts)
    lowered = {name.lower(): name for name in reversed(names)}
    name = lowered.get(stated.lower()) or (stated.lower() if stated.isupper() else stated) or (names or [""])[0]
    sections = tuple(_sections(parts))
    return ManPage(name, section, tuple(dict.fromkeys(names)), " ".join(summary.split()), sections)


def _names(parts: list[Part]) -> tuple[list[str], str]:
    """Names and summary of the NAME section: "ls - list directory contents", one line or several."""
    part = next((part for part in parts if part.title.upper() in ("NAME", "NAMES")), None)
    names: list[str] = []
    summary = ""
    for block in part.blocks if part else []:
        for line in plain(block.text).split("\n") if block.shape is Shape.CODE else [plain(block.text)]:
            halves = _DASH.split(" ".join(line.split()), maxsplit=1)
            if len(halves) == 2 and halves[0]:
                names += [name for name in (name.strip() for name in halves[0].split(",")) if name and len(name) < 100]
                summary = summary or halves[1].strip()
    return names, summary


def _sections(parts: list[Part]) -> Iterator[ManSection]:
    above = ""
    for part in parts:
        above = part.title.upper() if part.level == 1 else above
        if part.title or part.blocks:
            yield _section(part, above)


def _section(part: Part, above: str) -> ManSection:
    """``above``: the title, in capitals, of the section that it is or is in."""
    top = _merged(tree(part.blocks))
    title = part.title
    options: list[ManOption] = []
    terms: list[ManTerm] = []
    as_code = above in _SYNOPSIS
    takes_options = above not in _NOT_OPTIONS
    rest = [block for block in top if not (takes_options and _gather(block, "", options, terms))]
    text = markdown(rest, as_code=as_code)
    return ManSection(title, part.level, text, tuple(options), tuple(terms), tuple(_references(part)))


def _merged(top: list[Block]) -> list[Block]:
    """Items that spell one option in several forms, the text behind the last of them, as one."""
    merged: list[Block] = []
    spelled: set[str] = set()
    for block in top:
        found = option(block.text) if block.shape is Shape.ITEM else None
        names = set(found[0]) if found else set()
        if merged and names & spelled and not merged[-1].body and len(merged[-1].text) < 1_000:
            merged[-1].text += "\n" + block.text
            merged[-1].body = block.body
        else:
            merged.append(block)
        spelled = names
    return merged


def _references(part: Part) -> Iterator[str]:
    """The pages that a section names, each once."""
    seen: set[str] = set()
    for block in part.blocks:
        texts = [cell for row in block.rows for cell in row] if block.rows else [block.text]
        for text in map(plain, texts):
            for found in _PAGE_SECTION.finditer(text):
                name = _PAGE_NAME.search(text, max(0, found.start() - 84), found.start())
                reference = f"{name[1]}{found[0]}" if name else ""
                if reference and reference not in seen:
                    seen.add(reference)
                    yield reference


def _gather(block: Block, under: str, options: list[ManOption], terms: list[ManTerm]) -> bool:
    """Takes the options and terms of a block and of what is in it; whether the block itself is an option."""
    if block.shape is not Shape.ITEM:
        return False
    spelled = option(block.text)
    name = " ".join(plain(block.text).split())
    below = under
    if spelled is not None:
        options.append(ManOption(*spelled, text=block.body_text, under=under))
    elif not is_bullet(block) and not name.rstrip(".)").isdigit():
        terms.append(ManTerm(name, block.body_text, under))
        below = name
    for part in block.body:
        _gather(part, below, options, terms)
    return spelled is not None
