"""Prints an action's events for a person on a line-based terminal. Everything from outside is made inert."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from commands.terminal import columns, has_colour, put, width
from tutor import events
from tutor.events import Event
from tutor.inert import decode, inert, inert_line

if TYPE_CHECKING:
    from tutor.diagnostics import Diagnostic
    from tutor.proposal import Proposal, Verification

_STYLES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}
_LISTED = 20
_EXPLAINED = 2


class Printer:
    """The common part: notices, progress and failures go to standard error, results to standard output."""

    def __init__(self) -> None:
        self.colour = has_colour()
        self._error_colour = has_colour(sys.stderr)
        self._progress = False

    def __call__(self, event: Event) -> None:
        """Shows one event."""
        match event:
            case events.Progress():
                self._show_progress(event)
            case events.Notice(text=text):
                self.aside(f"note: {text}")
            case events.NeedsPermission(question=question):
                self.aside(f"note: {question}")
            case events.Failed():
                self.aside(f"tutor: {event.message}")
                if event.hint:
                    self.aside(f"       {event.hint}")
            case _:
                self._clear_progress()

    def say(self, text: str = "", style: str = "") -> None:
        """A line of the result."""
        self._clear_progress()
        put(self.paint(text, style) + "\n")

    def aside(self, text: str) -> None:
        """A line that is not part of the result."""
        self._clear_progress()
        sys.stderr.write(inert(text) + "\n")
        sys.stderr.flush()

    def markdown(self, text: str) -> None:
        """A page of Markdown."""
        from commands.markdown import render

        self._clear_progress()
        put(render(text, width(), colour=self.colour))

    def paint(self, text: str, style: str) -> str:
        """``text`` in a colour ("red", "bold", …) where colours are wanted."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and self.colour and text else text

    def _show_progress(self, event: events.Progress) -> None:
        # One line that is written over, and only where somebody is watching.
        if self._error_colour:
            count = f" {event.done}/{event.total}" if event.total else f" {event.done}" if event.done else ""
            sys.stderr.write(f"\r\x1b[K{inert_line(event.what)}{count}…")
            sys.stderr.flush()
            self._progress = True

    def _clear_progress(self) -> None:
        if self._progress:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._progress = False


class AnswerPrinter(Printer):
    """Prints answers: a model's as it comes, the machine's own as one page, then where it stands."""

    def __init__(self) -> None:
        super().__init__()
        self._streaming = False
        self._citations: list[events.Citation] = []

    def __call__(self, event: Event) -> None:
        """Shows one event."""
        match event:
            case events.AnswerStarted(origin=origin, model=model):
                self._streaming = origin == "model"
                self._citations.clear()
                if self._streaming:
                    self.say(f"({inert_line(model)} answers)", "dim")
            case events.AnswerDelta(text=text) if self._streaming:
                # Not wrapped: what a model says next is not known yet.
                sys.stdout.write(inert(text))
                sys.stdout.flush()
            case events.Citation():
                self._citations.append(event)
            case events.AnswerReady():
                from commands.citations import without_list

                if self._streaming:
                    self.say()
                else:
                    self.markdown(without_list(event.markdown, self._citations))
                self._sources(event.concepts[0] if event.concepts else "")
            case _:
                super().__call__(event)

    def _sources(self, main: str) -> None:
        """What the answer stands on, numbered, and how to get there; a terminal that can makes each title a link."""
        from commands.citations import has_links, link, listed, place, shortened
        from commands.markdown import folded

        links, room = has_links(), columns() if sys.stdout.isatty() else 0
        if self._citations:
            self.say()
            self.say("From:", "bold")
        for number, cited in enumerate(listed(self._citations, main), 1):
            lines = folded(f"{cited.title} · {cited.source}", room - 4) if room else [f"{cited.title} · {cited.source}"]
            address = link(cited.citation) if links else ""
            shown = [f"\x1b]8;;{address}\x1b\\{line}\x1b]8;;\x1b\\" if address else line for line in lines]
            where = place(cited.citation)
            if room:
                where = shortened(where, room - 6 - len(lines[-1]))
            tail = f"  {self.paint(where, 'dim')}" if where else ""
            self.say(f"{number:>2}  " + "\n    ".join(shown) + tail)


def list_diagnostics(printer: Printer, diagnostics: Iterable[Diagnostic], checker: str) -> None:
    """Errors, one line each, and how many warnings there are."""
    found = list(diagnostics)
    errors = [d for d in found if d.level == "error"]
    warnings = sum(d.level == "warning" for d in found)
    if not errors:
        printer.say(f"No errors ({inert_line(checker)}).", "green")
    for diagnostic in errors[:_LISTED]:
        place = diagnostic.place
        where = f"{place.file}:{place.line}:{place.column}: " if place else ""
        label = f"error[{diagnostic.code}]" if diagnostic.code else "error"
        printer.say(f"{inert_line(where)}{printer.paint(label, 'red')}: {inert_line(diagnostic.message)}")
    if len(errors) > _LISTED:
        printer.say(f"… and {len(errors) - _LISTED} more errors")
    if warnings:
        printer.say(f"{warnings} warning{'s' if warnings > 1 else ''}", "dim")


def show_proposal(printer: Printer, proposal: Proposal, number: int = 1, of: int = 1) -> None:
    """A whole proposal: what it is, what was checked, why, and the diff."""
    counter = f" ({number} of {of})" if of > 1 else ""
    printer.say()
    printer.say(f"Proposal{counter}: {inert_line(proposal.title)}", "bold")
    printer.say(f"  from {proposal.origin} · {verification_line(proposal.verification)}")
    for warning in proposal.warnings:
        printer.say(f"  careful: {inert_line(warning)}", "yellow")
    printer.say()
    if len(proposal.solves) > _EXPLAINED:
        _list_solved(printer, proposal)
    elif proposal.explanation:
        printer.markdown(proposal.explanation)
    if proposal.concepts:
        named = inert_line(", ".join(proposal.concepts[:3]))
        printer.say(f"  concept: {named}  (tutor explain {inert_line(proposal.concepts[0])})", "dim")
    printer.say()
    show_diff(printer, proposal.diff)


def _list_solved(printer: Printer, proposal: Proposal) -> None:
    """What a large proposal solves and leaves, a line each: a page for every error would bury the diff."""
    for title, diagnostics in (("It solves", proposal.solves), ("It leaves", proposal.leaves)):
        if diagnostics:
            printer.say(f"{title}:", "bold")
        for diagnostic in diagnostics:
            place = diagnostic.place
            where = f"{place.file}:{place.line}: " if place else ""
            printer.say(inert_line(f"  {diagnostic.code:<5} {where}{diagnostic.message}"))
    codes = list(dict.fromkeys(d.code for d in (*proposal.solves, *proposal.leaves) if d.code))
    if codes:
        printer.say(f"Each of them explained: tutor explain {inert_line(codes[0])}, …", "dim")


def show_diff(printer: Printer, diff: bytes) -> None:
    """A unified diff in the usual colours. CRLF is shown only where not every line ends in it."""
    lines = decode(diff).split("\n")
    body = [line for line in lines if line.startswith(("+", "-", " ")) and not line.startswith(("+++ ", "--- "))]
    ending = "\r" if all(line.endswith("\r") for line in body) else ""
    for line in lines:
        style = ""
        if line.startswith(("+++", "---", "diff ", "new file")):
            style = "bold"
        elif line.startswith("@@"):
            style = "cyan"
        elif line.startswith(("+", "-")):
            style = "green" if line.startswith("+") else "red"
        if line:
            printer.say(inert_line(line.removesuffix(ending)), style)


def verification_line(verification: Verification) -> str:
    """What was checked, in one line."""
    parts = [f"check {verification.check.replace('-', ' ')}", f"tests {verification.tests.replace('-', ' ')}"]
    if verification.detail:  # such as "1 error left", which says more than that the check failed
        parts[0 if verification.check == "failed" else 1] = inert_line(verification.detail)
    if verification.sandbox:
        parts.append(inert_line(verification.sandbox))
    return " · ".join(parts)
