"""What well-known programs print for ``--help``, for machines without their manual pages.

Only programs of this list are run, and only with ``--help``: those of GNU coreutils, util-linux and their like, which
are known to print and end. Any other program could do anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from knowledgegraph.entry import Entry, Form, Piece, Trouble, entry_id, summary_of
from knowledgegraph.sources.base import Found, Machine, Missing
from knowledgegraph.sources.man_files import commands_with_a_file
from knowledgegraph.sources.roff_options import option

_KIND = "linux"
_PROGRAMS_TEXT = """
arch b2sum base32 base64 basename basenc cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dircolors
dirname du env expand expr factor fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo
mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pinky pr printenv ptx readlink realpath rm rmdir runcon
seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee
timeout touch tr truncate tsort tty uname unexpand uniq unlink users vdir wc who whoami find xargs grep egrep fgrep
sed tar gzip gunzip diff diff3 sdiff cmp cal chrt column findmnt flock getopt hexdump ionice ipcs lsblk lscpu
lslocks lsns mountpoint namei prlimit rev setsid taskset whereis
"""
PROGRAMS = tuple(_PROGRAMS_TEXT.split())

_LINE = re.compile(r"^ {1,8}(?P<tag>[-+]\S.*?)(?:(?: {2,}|\t+)(?P<text>\S.*))?$")
_SECONDS = 5.0


class ProgramHelp:
    """The help texts of programs whose manual pages are missing."""

    name = "help"
    title = "Help texts of programs"

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def wanted(self) -> bool:
        """Whether any of the programs is here without its manual page."""
        return bool(self._programs())

    def _programs(self) -> dict[str, Path]:
        have = commands_with_a_file(self._machine)
        found = {name: self._machine.find(name) for name in PROGRAMS if name not in have}
        return {name: path for name, path in found.items() if path}

    def detect(self) -> Found | Missing:
        """Looks which of the programs are here; none is run."""
        programs = self._programs()
        if not programs:
            return Missing("Every well-known program here has its manual page, or none is here.", "Nothing is needed.")
        marks = "\n".join(f"{path} {path.stat().st_mtime_ns}" for path in programs.values())
        mark = hashlib.sha256(marks.encode()).hexdigest()[:32]
        return Found(f"{len(programs)} programs", mark, str(next(iter(programs.values())).parent))

    def read(self, found: Found) -> Iterator[Piece]:
        """One command for each program that answers, with its options."""
        programs = self._programs()
        with ThreadPoolExecutor(4) as pool:
            told = pool.map(lambda path: self._machine.tell([path, "--help"], seconds=_SECONDS), programs.values())
            for name, text in zip(programs, told, strict=True):
                if text and text.strip():
                    yield from _entries(name, text)
                else:
                    yield Trouble(f"{name} --help printed nothing; it is left out.")


def _entries(name: str, text: str) -> Iterator[Entry]:
    lines = [line.rstrip().expandtabs(8) for line in text.splitlines()]
    usage = [line for line in lines if line.lower().lstrip().startswith(("usage:", "or:"))]
    prose = [line for line in lines if line and line not in usage and not line.startswith(" ")]
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 0)
    yield Entry(
        _KIND,
        name,
        name,
        Form.COMMAND,
        "linux",
        summary=summary_of(prose[0] if prose else ""),
        text=f"{fence}\n{text.strip()[:4_000]}\n{fence}",
    )
    given: set[str] = set()
    for tag, said in _options(lines):
        spelled = option(tag)
        if spelled is None:
            continue
        spellings, argument = spelled
        ref = f"{name} {max(spellings, key=len)}"
        if ref in given:
            continue
        given.add(ref)
        yield Entry(
            _KIND,
            ref,
            ", ".join(spellings) + (argument if argument.startswith("[") else f" {argument}" if argument else ""),
            Form.OPTION,
            "linux",
            summary=summary_of(said),
            text=re.sub(r"[*_`<\\]", r"\\\g<0>", said),
            parent=entry_id(_KIND, name),
            names=tuple(full for spelling in spellings if (full := f"{name} {spelling}") != ref),
            headline=False,
        )


def _options(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each option of a help text with what is said of it, on its line and the indented ones that follow."""
    tag = ""
    said: list[str] = []
    for line in [*lines, ""]:
        found = _LINE.match(line)
        if found or not line.startswith("      "):
            if tag:
                yield tag, " ".join(said)
            tag, said = (found["tag"], [found["text"] or ""]) if found else ("", [])
        elif tag:
            said.append(line.strip())
