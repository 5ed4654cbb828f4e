"""Small bodies of documentation for tests: hand-made, read and built by the real parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledgegraph.build import Built, build
from knowledgegraph.concepts import default_folder
from knowledgegraph.entry import Coverage, Entry, Form, Kind, Piece, Relation, in_order
from knowledgegraph.sources.assets import Assets
from knowledgegraph.sources.base import Found, Machine, Missing
from tutor.knowledge import Knowledge
from tutor.paths import Home

METHODS = 300
"""How many methods the type ``Hub`` of the hand-made documentation has."""

WIDGET = r"""
.TH WIDGET 1
.SH NAME
widget \- turns the small wheel of the machine
.SH SYNOPSIS
.B widget
[\fB--hard\fR]
.SH DESCRIPTION
Turns the wheel once.
.SH OPTIONS
.TP
.B --hard
Turns it with force.
"""


@dataclass(frozen=True)
class HandMade:
    """A book of three pages and a type with many methods. ``page``: a file that the first page is read from."""

    page: str = ""
    name: str = "hand-made"
    title: str = "Hand-made"

    def detect(self) -> Found | Missing:
        return Found("1", "1", "/nowhere")

    def read(self, found: Found) -> Iterator[Piece]:
        book = Entry("book", "", "A Small Book", Form.BOOK, "rust", "A book about wheels.", text="It is about wheels.")
        yield book
        pages = []
        for number, title in enumerate(("First Wheels", "Second Wheels", "Third Wheels"), 1):
            page = Entry("book", f"ch0{number}.html", title, Form.PAGE, "rust", f"{title} in short.",
                         text=f"{title} turn.\n\n```rust\nfn turn() {{}}\n```", parent=book.id,
                         location=self.page if number == 1 else "")  # fmt: skip
            pages.append(page.id)
            yield page
        yield from in_order(pages)
        hub = Entry("std", "demo::Hub", "Hub", Form.ITEM, "rust", "What all wheels turn around.", text="A hub.")
        yield hub
        for number in range(METHODS):
            yield Entry("std", f"demo::Hub::turn_{number:03}", f"Hub::turn_{number:03}", Form.METHOD, "rust",
                        f"Turns {number} times.", parent=hub.id, headline=False)  # fmt: skip
        yield Entry("error", "E0382", "E0382", Form.CODE, "rust", "Something was used after it was moved.")
        yield Relation("ownership", pages[0], Kind.ILLUSTRATED_BY)
        yield Relation(pages[1], hub.id, Kind.LINKS_TO)
        yield Coverage("book_sections", 3, 4, ("ch04.html",))


def build_small(home: Home, page: str = "") -> Built:
    """Builds the lessons and :class:`HandMade` into the knowledge of ``home``."""
    sources = [Assets(Machine(assets=default_folder().parent)), HandMade(page)]
    *_, built = build(Knowledge(home).path, sources)
    assert isinstance(built, Built)
    return built


def small_machine(folder: Path, build: str = "auto") -> Mapping[str, str]:
    """The environment of a machine without Rust, Git and gh, with one manual page. ``build``: the setting."""
    for name in ("bin", "man/man1", "home", "tutor/config"):
        (folder / name).mkdir(parents=True)
    (folder / "man/man1/widget.1").write_text(WIDGET.lstrip())
    program = folder / "bin/widget"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (folder / "tutor/config/config.toml").write_text(f'[knowledge]\nbuild = "{build}"\n')
    return {"PATH": str(folder / "bin"), "HOME": str(folder / "home"), "MANPATH": str(folder / "man"),
            "CARGO_HOME": str(folder / "home/.cargo"), "RUSTUP_HOME": str(folder / "home/.rustup"),
            "TUTOR_HOME": str(folder / "tutor")}  # fmt: skip
