"""``tutor chat``: the same tutor on a plain line, for dumb terminals, SSH, screen readers and pipes.

A line is a question; ``/name`` is a command of ``commands.registry``. Ctrl+C stops the answer and not the program,
Ctrl+D leaves. Where standard input is not a terminal, each line is answered and the end of input ends the chat.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from commands import intent
from commands.registry import find, offered
from commands.run import consume, drive, open_tutor, read_once
from commands.terminal import is_interactive
from commands.text_face import AnswerPrinter, Printer, list_diagnostics
from tutor import events
from tutor.engine import Stream, Tutor
from tutor.errors import TutorError
from tutor.events import Event
from tutor.inert import inert, inert_line
from tutor.paths import Home
from tutor.review import approve

_HELLO = "Ask about Rust, Git, Linux or gh; /fix repairs what is in this folder; /help lists the rest."
_HELPFUL = "Was this helpful? /helpful yes or /helpful no"


def run(options: argparse.Namespace) -> int:
    """Chats until the end of input; 0."""
    tutor = open_tutor(options, "chat")
    try:
        read_once(tutor, quiet=True)
        with asyncio.Runner() as runner:
            return Chat(tutor, runner, options, lines(tutor.home)).run()
    finally:
        tutor.close()


def lines(home: Home) -> Iterator[str]:
    """What the user types, one entry at a time; a text of several lines is one entry."""
    if not is_interactive():
        yield from (line.rstrip("\r\n") for line in sys.stdin)
    elif os.environ.get("TERM", "dumb") == "dumb":
        yield from _plain_lines()
    else:
        yield from _edited_lines(home)


def _plain_lines() -> Iterator[str]:
    while True:
        try:
            yield input("> ")
        except EOFError:
            return
        except KeyboardInterrupt:
            sys.stdout.write("\n")


def _edited_lines(home: Home) -> Iterator[str]:
    """With history, completion of commands and paths, and several lines (Alt+Enter or Ctrl+J for the next one)."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
    from prompt_toolkit.document import Document
    from prompt_toolkit.history import FileHistory, InMemoryHistory
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    class Words(Completer):
        """The commands at the start of a line, paths after them."""

        def __init__(self) -> None:
            self._paths = PathCompleter(expanduser=True)

        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
            typed = document.text_before_cursor
            if not typed.startswith("/"):
                return
            name, space, argument = typed[1:].partition(" ")
            if space:
                yield from self._paths.get_completions(Document(argument, len(argument)), complete_event)
                return
            for command in offered("chat"):
                if command.name.startswith(name):
                    yield Completion(f"/{command.name}", -len(typed), display_meta=command.summary)

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    @keys.add("c-j")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    file = _history_file(home)
    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(file)) if file else InMemoryHistory(), completer=Words(), key_bindings=keys,
        multiline=True, prompt_continuation="… ", complete_while_typing=False,
    )  # fmt: skip
    while True:
        try:
            yield session.prompt("› ")
        except EOFError:
            return
        except KeyboardInterrupt:
            continue  # an abandoned line, as in a shell


def _history_file(home: Home) -> Path | None:
    """The file of earlier entries, the user's own (0600); None, said in a line, when there can be none."""
    try:
        path = home.ensure(home.state) / "chat-history"
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        sys.stderr.write(f"note: what you type is not kept for the next time: {error.strerror}.\n")
        return None
    return path


class Chat:
    """One conversation: takes entries, runs actions, remembers what feedback is about."""

    def __init__(
        self, tutor: Tutor, runner: asyncio.Runner, options: argparse.Namespace, entries: Iterator[str]
    ) -> None:
        self._tutor = tutor
        self._runner = runner
        self._options = options
        self._entries = entries
        self._printer = Printer()
        self._answer: events.AnswerReady | None = None
        self._fixed = ""
        self._handlers: dict[str, Callable[[str], None]] = {
            "fix": self._fix, "check": self._check, "ask": self._ask, "explain": self._explain, "graph": self._graph,
            "commit": self._commit, "undo": self._undo, "helpful": self._helpful, "doctor": self._doctor,
            "knowledge": self._knowledge, "help": self._help,
        }  # fmt: skip

    @property
    def handled(self) -> frozenset[str]:
        """The names of the commands that work here; ``quit`` ends the loop."""
        return frozenset({*self._handlers, "quit"})

    def run(self) -> int:
        """Answers entry after entry."""
        if is_interactive():
            self._printer.say(_HELLO)
        for entry in self._entries:
            text = entry.strip()
            if text in ("/quit", "/exit", "/q"):
                break
            if text:
                self._guarded(text)
        return 0

    def _guarded(self, text: str) -> None:
        try:
            self._enter(text)
        except (KeyboardInterrupt, asyncio.CancelledError):
            self._printer.aside("Stopped.")
        except TutorError as error:
            self._printer.aside(error.msg)
            if error.hint:
                self._printer.aside(error.hint)

    def _enter(self, text: str) -> None:
        if not text.startswith("/"):
            if intent.wants_fix(text):
                self._fix("")
            else:
                self._ask(text)
            return
        name, _, argument = text[1:].partition(" ")
        handler = self._handlers.get(name)
        if handler is None:
            near = find(name)
            what = f"/{name} works in the app or as `tutor {name}`." if near else f"There is no command /{name}."
            self._printer.say(f"{inert_line(what)} /help lists what works here.")
            return
        handler(argument.strip())

    # Answers and what the user thinks of them.

    def _ask(self, question: str, complaint: str = "") -> None:
        if not question:
            self._printer.say("Ask what? For example: /ask what is a lifetime")
            return
        stop = asyncio.Event()
        self._converse(self._tutor.ask(inert(question), complaint=inert(complaint), stop=stop), stop)

    def _explain(self, thing: str) -> None:
        if not thing:
            self._printer.say("Explain what? For example: /explain E0382")
            return
        self._converse(self._tutor.explain(inert(thing)), asyncio.Event())

    def _converse(self, stream: Stream, stop: asyncio.Event) -> None:
        """Shows an answer. The first Ctrl+C sets ``stop``, so that what a model said so far stays; a second breaks
        off. Raises CancelledError then."""

        async def answered() -> None:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()

            def interrupted() -> None:
                if stop.is_set() and task is not None:
                    task.cancel()
                stop.set()

            before = signal.getsignal(signal.SIGINT)
            loop.add_signal_handler(signal.SIGINT, interrupted)
            try:
                await consume(stream, self._answered())
            finally:
                loop.remove_signal_handler(signal.SIGINT)
                signal.signal(signal.SIGINT, before)

        self._runner.run(answered())
        self._offer_feedback()

    def _answered(self) -> Callable[[Event], None]:
        printer = AnswerPrinter()

        def show(event: Event) -> None:
            if isinstance(event, events.AnswerReady):
                self._answer, self._fixed = event, ""
            printer(event)

        return show

    def _offer_feedback(self) -> None:
        if is_interactive() and self._answer is not None and self._answer.in_scope:
            self._printer.say(_HELPFUL, "dim")

    def _helpful(self, word: str) -> None:
        subject = self._fixed or (self._answer.id if self._answer else "")
        if not subject:
            self._printer.say("There is nothing yet to say that about.")
        elif word.lower() in ("yes", "y"):
            self._tutor.feedback(subject, helpful=True)
            self._printer.say("Good. Noted.")
        elif word.lower() in ("no", "n"):
            self._complain(subject)
        else:
            self._printer.say("Say /helpful yes or /helpful no.")

    def _complain(self, subject: str) -> None:
        self._printer.say("What was wrong or missing?")
        wrong = inert(next(self._entries, "").strip())
        self._tutor.feedback(subject, helpful=False, wrong=wrong)
        if self._fixed:
            self._fixed = ""
            self._printer.say("Noted. /undo takes the fix back; /fix looks again.")
        elif self._answer is not None:
            self._ask(self._answer.question, wrong or "It did not help.")

    # The code.

    def _fix(self, path: str) -> None:
        from commands.fix import FixSession

        options = _fix_options(self._options)
        before = self._tutor.last_applied
        FixSession(options, self._path(path), self._tutor).run()
        after = self._tutor.last_applied
        if after is not None and after != before:
            self._fixed = after.proposal_id
            self._printer.say(_HELPFUL, "dim")

    def _check(self, path: str) -> None:
        from tutor.fix.search import FixRequest

        def show(event: Event) -> None:
            if isinstance(event, events.DiagnosticsFound):
                list_diagnostics(self._printer, event.diagnostics, event.checker)
            else:
                self._printer(event)

        drive(self._tutor.check(FixRequest(Path(self._path(path)))), show)

    def _path(self, typed: str) -> str:
        return os.path.expanduser(typed) if typed else str(self._tutor.root)  # noqa: PTH111 (an unknown ~name stays)

    def _commit(self, message: str) -> None:
        from commands.fix import Writer

        applied = self._tutor.last_applied
        if applied is None:
            self._printer.say("Nothing has been applied that could be committed.")
            return
        committed = Writer(self._tutor, self._printer).commit(applied.id, message or None, "prompt")
        if committed is not None:
            self._printer.say(f"Committed {committed.commit[:10]}: {inert_line(committed.summary)}", "green")

    def _undo(self, _: str) -> None:
        applied = self._tutor.last_applied
        if applied is None:
            self._printer.say("There is nothing to undo.")
            return
        last = drive(self._tutor.undo(approve("undo", applied.id, "prompt")), self._printer)
        if isinstance(last, events.Finished):
            self._printer.say("Taken back.", "green")

    # Looking around.

    def _graph(self, name: str) -> None:
        from commands.graph import show

        show(self._tutor.library, name or "ownership", argparse.Namespace(json=False, dot=False, path=False))

    def _knowledge(self, action: str) -> None:
        from commands import knowledge, knowledge_report

        if action in ("", "build"):
            built, _ = knowledge.build(self._tutor)
            for line in knowledge.told(built) if built else ():
                self._printer.say(line)
        elif action == "status":
            told = knowledge_report.status(self._tutor)
            sys.stdout.write(knowledge_report.status_text(told, colour=self._printer.colour))
        else:
            self._printer.say("Say /knowledge to read the documentation, or /knowledge status.")

    def _doctor(self, _: str) -> None:
        from commands.doctor import as_text, examine
        from commands.terminal import has_colour

        sys.stdout.write(as_text(list(examine(self._tutor.home, use_model=self._tutor.use_model)), colour=has_colour()))

    def _help(self, _: str) -> None:
        for command in offered("chat"):
            self._printer.say(f"/{f'{command.name} {command.argument}':<20} {command.summary}")
        self._printer.say("Alt+Enter or Ctrl+J: next line · Ctrl+C: stop the answer · Ctrl+D: leave")


def _fix_options(options: argparse.Namespace) -> argparse.Namespace:
    """The options of ``tutor fix`` without any of its switches."""
    off = dict.fromkeys(("yes", "commit", "tests", "trust"), False)
    unset = dict.fromkeys(("message", "edition", "crate_type"))
    return argparse.Namespace(**{**vars(options), **off, **unset})
