"""The knowledge in the app: reading the documentation once, finding, the outline, pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commands.run import readable
from tui.flows import Flow
from tui.status import Fact
from tutor import events
from tutor.errors import TutorError
from tutor.inert import inert_line

if TYPE_CHECKING:
    from knowledgegraph.entry import Entry
    from knowledgegraph.library import Library
    from tui.app import TutorApp
    from tui.lesson import Page, Reader
    from tui.outline import Branch

T = TypeVar("T")

_UNBUILT = "Only lessons yet: /knowledge reads this machine's documentation."
_HITS = 10
_WRITTEN = {"ffi": "FFI", "ci": "CI"}
_OPENABLE = (".html", ".htm", ".md", ".txt", ".pdf", ".rs")


class KnowledgeFlow(Flow):
    """What the app knows, how it comes to know it, and reading in it."""

    def __init__(self, app: TutorApp) -> None:
        super().__init__(app)
        self._building = False
        self._problem = ""  # of the knowledge file, as it was last told

    # Reading the documentation of the machine.

    def begin(self) -> None:
        """After the first paint: reads it where nothing was ever read, else looks quietly whether something is new."""
        tutor = self.app.tutor
        if not tutor.knowledge.built:
            if tutor.settings.knowledge.build == "auto":
                self.build()
        elif tutor.settings.knowledge.build == "auto":
            self.app.in_thread(tutor.knowledge.news, self._offer)
            self._embed()

    def _offer(self, news: list[str]) -> None:
        if news:
            more = f" and {len(news) - 1} more" if len(news) > 1 else ""
            self.app.note(f"New documentation: {news[0]}{more}. /knowledge reads it.", "info", "\n".join(news[1:]))

    def command(self, argument: str) -> None:
        """``/knowledge [build|status]``."""
        if argument in ("", "build"):
            self.build()
        elif argument == "status":
            self.app.in_thread(self._status, lambda text: self.app.note("This machine's documentation", "info", text))
        else:
            self.app.note("Say /knowledge to read the documentation, or /knowledge status.", "warning")

    def _status(self) -> str:
        from commands import knowledge_report

        return knowledge_report.status_text(knowledge_report.status(self.app.tutor), colour=False)

    def build(self) -> None:
        """Reads what changed, beside everything else: questions and fixes do not wait for it."""
        if self._building:
            self.app.note("The documentation is being read already.")
            return
        self._building = True
        self.app.run_worker(self._build(), group="knowledge", exit_on_error=False)

    @property
    def building(self) -> bool:
        """Whether the documentation is being read now."""
        return self._building

    async def _build(self) -> None:
        last: events.Event | None = None
        self._tell("reading the documentation…", "reading docs…")
        if not self.app.tutor.knowledge.built:
            self.app.note("Reading this machine's documentation, once and in the background. Ask meanwhile: lessons "
                          "answer until it is done.")  # fmt: skip
        try:
            async with aclosing(self.app.tutor.build_knowledge()) as stream:
                async for event in stream:
                    match event:
                        case events.Progress(what=what, done=done, total=total):
                            self._tell(f"reading {done}/{total}: {what.partition(':')[0]}", f"reading {done}/{total}")
                        case events.KnowledgeBuilt():
                            last = event
                        case events.Failed():
                            last = event
        finally:
            self._building = False
            if not self.app.leaving:
                self.app.call_later(self._built, last)

    def _tell(self, long: str, short: str = "") -> None:
        if not self.app.leaving:
            self.app.status.tell("knowledge", Fact(long, short, rank=4))

    def _built(self, last: events.Event | None) -> None:
        self._tell("")
        match last:
            case events.KnowledgeBuilt():
                sources = len(last.read) + len(last.reused)
                self.app.note(f"{last.entries:,} entries from {sources} sources are ready: {self.app.key('app.find')} "
                              "finds, /outline lists them.", "success")  # fmt: skip
                self._embed()
            case events.Failed():
                self.app.tell_failure(last)
            case None:
                self.app.note("The documentation was not read to its end; the knowledge is as it was.", "warning")

    def _embed(self) -> None:
        """Makes vectors of what is new, where the user set that up; the next start goes on where this one ends."""
        if self.app.tutor.embedding.choice != "none":
            self.app.run_worker(self._embedding(), group="knowledge", exit_on_error=False)

    async def _embedding(self) -> None:
        async with aclosing(self.app.tutor.embed_knowledge()) as stream:
            async for event in stream:
                match event:
                    case events.Progress(what=what, done=done, total=total) if total:
                        self._tell(f"{what} {done:,}/{total:,}", f"{what} {100 * done // total} %")
                    case events.Notice(text=text, level=level) if not self.app.leaving:
                        self.app.note(text, level)
                    case events.Failed() if not self.app.leaving:
                        self.app.tell_failure(event)
        self._tell("")

    # Finding.

    def find(self, text: str = "") -> None:
        """Opens the finder."""
        from tui.finder import Finder

        def show(built: bool) -> None:
            if not any(isinstance(screen, Finder) for screen in self.app.screen_stack):
                self.app.push_screen(Finder(self._look, text, "" if built else _UNBUILT), self._go)

        self.app.in_thread(lambda: self.app.tutor.library.built, show)

    def _look(self, text: str, then: Callable[[Sequence[Entry]], None]) -> None:
        def look(library: Library) -> Sequence[Entry]:
            try:
                with readable():
                    return found(library, inert_line(text))
            except TutorError as error:  # said; and the finder goes on
                self.app.call_from_thread(self.app.tell_error, error)
                return ()

        self._ask_library(look, then)

    def _go(self, chosen: tuple[str, str] | None) -> None:
        if chosen is not None:
            where, identity = chosen
            (self.open_page if where == "page" else self.to_map)(identity)

    def outline(self) -> None:
        """Opens the outline."""
        from tui.outline import Outline

        def parts(key: str, then: Callable[[Sequence[Branch]], None]) -> None:
            self._ask_library(lambda library: branches(library, key), then)

        def show(built: bool) -> None:
            self.app.push_screen(Outline(parts, "" if built else _UNBUILT), self._go)

        self.app.in_thread(lambda: self.app.tutor.library.built, show)

    def to_map(self, identity: str) -> None:
        """Puts an entry into the middle of the map, and the focus there."""
        self.app.learn_flow.centre(identity)
        self.app.go_to("concepts")

    # Reading.

    def open_page(self, identity: str, place: str = "") -> None:
        """Opens a lesson or page. ``place``: its address, where it may not have been read on this machine."""
        from tui.lesson import Reader

        def show(page: Page | None) -> None:
            if page is not None:
                self.app.push_screen(Reader(self, page))
            elif place:
                self.app.note(f"That page was not read on this machine; it is at {place}")
            else:
                self.app.note(f"There is no page of {identity!r} on this machine.", "warning")

        self._page(identity, show)

    def _page(self, identity: str, then: Callable[[Page | None], None]) -> None:
        from tui.lesson import page_of

        def read(library: Library) -> Page | None:
            try:
                return page_of(library, identity)
            except KeyError:
                return None

        self._ask_library(read, then)

    def _ask_library(self, ask: Callable[[Library], T], then: Callable[[T], None]) -> None:
        """Asks in the background; a knowledge that turns out to be damaged is said in one line."""
        library = self.app.tutor.library

        def work() -> T:
            with readable():
                return ask(library)

        def show(answer: T) -> None:
            if library.problem and library.problem != self._problem:
                self._problem = library.problem
                self.app.note(f"Only the lessons can be used: {library.problem}", "warning")
            then(answer)

        self.app.in_thread(work, show)

    def turn(self, reader: Reader, identity: str, *, back: bool = False) -> None:
        """Shows another page in the reader."""

        def show(page: Page | None) -> None:
            if page is not None and reader.is_attached:
                reader.show(page, back=back)

        self._page(identity, show)

    def copy_place(self, location: str, title: str = "Copied") -> None:
        """Copies where a page is, as far as the terminal lets programs do that (OSC 52). ``title``: said above it."""
        self.app.copy_to_clipboard(inert_line(location))
        self.app.notify(inert_line(location), title=title, markup=False)

    def open_place(self, location: str) -> None:
        """Hands the page to the desktop's own program for it; without a desktop it says, and copies, where it is."""
        from shutil import which

        address = address_of(location)
        program = which("xdg-open") or which("open")
        if not address or program is None or not _has_desktop():
            self.copy_place(location, "No desktop to open it; copied" if address else "No page for a browser; copied")
            return
        import subprocess
        import threading

        quiet = subprocess.DEVNULL
        opening = subprocess.Popen([program, address], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        threading.Thread(target=opening.wait, name="opening", daemon=True).start()  # it may stay as long as it likes
        self.app.notify(inert_line(address), title="Opened", markup=False)

    def run_example(self, reader: Reader, example: str) -> None:
        """Runs an example of our own and shows what it prints."""
        from commands.example import run_example

        home = self.app.tutor.home

        def run() -> tuple[str, bool]:
            try:
                return run_example(example, home)
            except TutorError as error:
                return " ".join(filter(None, (error.msg, error.hint))), False

        def show(outcome: tuple[str, bool]) -> None:
            if reader.is_attached and reader.page.example == example:
                reader.show_output(outcome[0], good=outcome[1])

        self.app.in_thread(run, show)


def found(library: Library, text: str) -> Sequence[Entry]:
    """What a finder lists for ``text``: what is called so, and where that is little, what fits it. Blocks shortly."""
    from tui.finder import SHOWN

    if not text.strip():
        return ()
    named = library.find(text, SHOWN)
    if len(named) >= _HITS:
        return named
    known = {entry.id for entry in named}
    return [*named, *(hit.entry for hit in library.search(text, _HITS) if hit.entry.id not in known)]


def branches(library: Library, key: str) -> list[Branch]:
    """The outline below a branch: "" for its roots; "chapter NAME", "roots KIND FORM" and "parts ID". Blocks."""
    from knowledgegraph.answer import SOURCES
    from knowledgegraph.concepts import DOMAINS
    from knowledgegraph.entry import SIGNPOST
    from tui.outline import Branch

    sort, _, rest = key.partition(" ")
    match sort:
        case "chapter":
            return [Branch(concept.title, concept.id) for concept in library.concepts.by_competency()[rest]]
        case "parts":
            return [Branch(entry.title, entry.id, f"parts {entry.id}" if _has_parts(library, entry) else "")
                    for entry in library.store.parts(rest)]  # fmt: skip
        case "roots":
            kind, _, form = rest.partition(" ")
            entries = [e for e in library.store.parts("") if e.kind == kind and (not form or e.form == form)]
            return [Branch(entry.title, entry.id, f"parts {entry.id}" if _has_parts(library, entry) else "")
                    for entry in sorted(entries, key=lambda entry: entry.title.lower())]  # fmt: skip
    outline = sorted(library.concepts.by_competency().items(), key=lambda item: DOMAINS.index(item[1][0].domain))
    chapters = [Branch(_chapter(name), "", f"chapter {name}", len(lessons), "lessons") for name, lessons in outline]
    roots: dict[tuple[str, str], list[Entry]] = {}
    for entry in library.store.parts(""):
        if entry.kind not in ("concept", SIGNPOST):
            roots.setdefault((entry.kind, entry.form), []).append(entry)
    for (kind, form), entries in roots.items():
        if len(entries) == 1:
            chapters.append(Branch(entries[0].title, entries[0].id, f"parts {entries[0].id}"))
        else:
            title = f"{SOURCES.get(kind, kind)}: {'other pages' if form == 'page' else f'{form}s'}"
            chapters.append(Branch(title, "", f"roots {kind} {form}", len(entries)))
    return chapters


def _chapter(name: str) -> str:
    """A competency as a heading: "unsafe-ffi" is "Unsafe FFI"."""
    words = [_WRITTEN.get(word, word) for word in name.split("-")]
    return " ".join([words[0] if name == "gh" else words[0][0].upper() + words[0][1:], *words[1:]])


def _has_parts(library: Library, entry: Entry) -> bool:
    with library.store.reading() as database:
        return database.execute("SELECT 1 FROM concepts WHERE parent = ? LIMIT 1", (entry.id,)).fetchone() is not None


def address_of(location: str) -> str:
    """What a browser opens: a web address, or a page in a file of a usual kind; "" where it is neither."""
    if location.startswith("https://"):
        return location
    path, _, anchor = location.partition("#")
    if not path.startswith("/") or not path.endswith(_OPENABLE) or not Path(path).is_file():
        return ""
    return Path(path).as_uri() + (f"#{anchor}" if anchor else "")


def _has_desktop() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) or os.uname().sysname == "Darwin"
