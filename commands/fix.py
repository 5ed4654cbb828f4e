"""``tutor fix``: diagnostics, proven proposals, a decision a hunk, and then, only then, files and a commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from commands import json_face
from commands.run import drive, exit_code, open_tutor
from commands.terminal import ask, is_interactive, require_path
from commands.text_face import Printer, list_diagnostics, show_proposal, verification_line
from tutor import events, process
from tutor.errors import Missing, TutorError, UsageError
from tutor.events import Event
from tutor.fix.search import FixRequest
from tutor.inert import inert, inert_line

if TYPE_CHECKING:
    import argparse

    from tutor.engine import Stream, Tutor
    from tutor.fix.source import CrateType
    from tutor.proposal import Proposal
    from tutor.review import Decider, Review

_EDITIONS = ("2015", "2018", "2021", "2024")
_CRATE_TYPES = ("bin", "lib", "test")
Wanted = TypeVar("Wanted", bound=Event)


def run(options: argparse.Namespace) -> int:
    """Fixes each path; the exit code is that of the path that went worst."""
    if options.batch:
        return _batch(options)
    if options.commit and not options.yes and (options.json or not is_interactive()):
        raise UsageError("Nobody decides", "--commit without a terminal to ask in needs --yes.")
    paths = options.paths or ["."]
    for path in paths:
        require_path(path)
    if options.json:
        answers = [_json_one(options, path) for path in paths]
        json_face.write({"results": [result for result, _ in answers]})
        return max(code for _, code in answers)
    return max(FixSession(options, path).run() for path in paths)


def _request(path: str, edition: object, crate_type: object, tests: bool) -> FixRequest:
    if edition is not None and edition not in _EDITIONS:
        raise UsageError("No such edition", f"The edition must be one of {', '.join(_EDITIONS)}.")
    if crate_type is not None and crate_type not in _CRATE_TYPES:
        raise UsageError("No such crate type", f"The crate type must be one of {', '.join(_CRATE_TYPES)}.")
    return FixRequest(Path(path), edition, cast("CrateType | None", crate_type), tests)


def _batch(options: argparse.Namespace) -> int:
    from commands.batch import require_batch, serve

    require_batch(options.json, bool(options.paths or options.yes or options.commit))
    tutor = open_tutor(options, "fix")

    def answer(request: Mapping[str, object]) -> dict[str, object]:
        path = str(request["path"])
        require_path(path)
        edition, crate_type = request.get("edition", options.edition), request.get("crate_type", options.crate_type)
        happened: list[Event] = []
        _find(tutor, options, _request(path, edition, crate_type, options.tests), happened.append)
        return json_face.fix(path, happened)

    try:
        return serve("path", answer, options.home)
    finally:
        tutor.close()


def _find(tutor: Tutor, options: argparse.Namespace, request: FixRequest, show: Callable[[Event], None]) -> Event:
    """Runs the search and shows its events, the last of which is returned."""
    if options.trust:
        from tutor.fix.project import find_project

        try:
            tutor.trust.grant(find_project(request.path).root, keep=False)
        except TutorError as error:  # the same that the search would say
            failed = events.Failed.of(error)
            show(failed)
            return failed
    tutor.recorder.hold()
    process.meanwhile(lambda: _get_ready_to_search(tutor), lambda: _get_ready_to_show(tutor))
    try:
        return drive(tutor.fix(request), show)
    finally:
        process.meanwhile()  # a program that compiles needs no second run: nothing is left for somebody else's


def _get_ready_to_search(tutor: Tutor) -> None:
    """While the compiler looks at the program: writes down what was asked for, imports what its answer needs."""
    for name in ("tutor.fix.messages", "tutor.fix.solver"):
        import_module(name)
    tutor.recorder.catch_up()


def _get_ready_to_show(tutor: Tutor) -> None:
    """While the compiler looks at the first candidate: imports what shows it and what removes the scratch copy, reads
    the lessons that it names."""
    for name in ("commands.markdown", "shutil", "knowledgegraph.errors"):
        import_module(name)
    from knowledgegraph.concepts import ConceptError

    with suppress(ConceptError, OSError):  # whoever needs the lessons meets the same error, and says it
        _ = tutor.library.concepts


def _found_code(last: Event) -> int:
    """The exit code of a search. What could not be checked at all needed something: a sandbox, or your trust."""
    if isinstance(last, events.Finished) and last.status == "error":
        return Missing.exit_code
    return exit_code(last)


def _json_one(options: argparse.Namespace, path: str) -> tuple[dict[str, object], int]:
    """One path for ``--json``: the result, and with ``--yes`` what was written."""
    tutor = open_tutor(options, "fix", path)
    happened: list[Event] = []
    try:
        last = _find(tutor, options, _request(path, options.edition, options.crate_type, options.tests),
                     happened.append)  # fmt: skip
        result = json_face.fix(path, happened)
        proposals = json_face.best_first(happened)
        if options.yes and proposals:
            from tutor.review import Review

            writer = Writer(tutor, lambda event: None)
            review = Review(proposals[0])
            review.decide_all("accepted")
            result["applied"], result["commit"] = writer.write(review, "--yes", commit=options.commit,
                                                               message=options.message)  # fmt: skip
            if writer.failed is not None:
                result.update(json_face.failure([writer.failed]))
                return result, writer.failed.exit_code
        return result, _found_code(last)
    finally:
        tutor.close()


class Writer:
    """Writes, and perhaps commits, what a review accepted. ``failed`` holds the failure when there was one."""

    def __init__(self, tutor: Tutor, show: Callable[[Event], None]) -> None:
        self.tutor = tutor
        self.failed: events.Failed | None = None
        self._show = show

    def write(self, review: Review, by: Decider, *, commit: bool, message: str | None) -> tuple[list[str], str | None]:
        """The paths that were written and the commit's id; ``[]`` and None where it did not come to that."""
        if by == "--yes":
            for hunk in review.hunks:
                self.tutor.decided(review, hunk.id, by)
        applied = self._run(self.tutor.apply(review.proposal, review.approve(by)), events.Applied)
        if applied is None:
            return [], None
        committed = self.commit(applied.id, message, by) if commit else None
        return list(applied.paths), committed.commit if committed else None

    def commit(self, applied_id: str, message: str | None, by: Decider) -> events.Committed | None:
        """Commits what was applied, with the message or the composed one."""
        from tutor.review import approve

        text = message or self.tutor.commit_message(applied_id)
        stream = self.tutor.commit(applied_id, text, approve("commit", applied_id, by))
        return self._run(stream, events.Committed)

    def _run(self, stream: Stream, wanted: type[Wanted]) -> Wanted | None:
        happened: list[Event] = []

        def show(event: Event) -> None:
            happened.append(event)
            self._show(event)

        last = drive(stream, show)
        if isinstance(last, events.Failed):
            self.failed = last
        return next((e for e in happened if isinstance(e, wanted)), None)


class FixSession:
    """One path for a person: shows, asks, writes."""

    def __init__(self, options: argparse.Namespace, path: str, tutor: Tutor | None = None) -> None:
        """``tutor``: of a conversation that goes on; None: one for this path alone, closed in the end."""
        self._options = options
        self._path = path
        self._tutor = tutor or open_tutor(options, "fix", path)
        self._owned = tutor is None
        self._printer = Printer()
        self._happened: list[Event] = []

    def run(self) -> int:
        """The exit code of this path."""
        try:
            last = self._search()
            while isinstance(last, events.Finished) and self._ask_trust():
                last = self._search()
            proposals = json_face.best_first(self._happened)
            if not proposals:
                self._no_proposal(last)
                return _found_code(last)
            show_proposal(self._printer, proposals[0], 1, len(proposals))
            written = self._decide(proposals[0])
            return written if written is not None else _found_code(last)
        finally:
            if self._owned:
                self._tutor.close()

    def _search(self) -> Event:
        self._happened.clear()
        options = self._options
        request = _request(self._path, options.edition, options.crate_type, options.tests)
        return _find(self._tutor, options, request, self._on_event)

    def _on_event(self, event: Event) -> None:
        self._happened.append(event)
        if isinstance(event, events.DiagnosticsFound):
            list_diagnostics(self._printer, event.diagnostics, event.checker)
        elif not (isinstance(event, events.NeedsPermission) and is_interactive()):
            self._printer(event)

    def _ask_trust(self) -> bool:
        """Asks, where somebody can answer, whether the workspace may run its own build code; True after a yes."""
        asked = next((e for e in self._happened if isinstance(e, events.NeedsPermission)), None)
        if asked is None:
            return False
        if not is_interactive() or self._options.yes:
            self._printer.aside("      To allow it for this run: --trust.")
            return False
        self._printer.say(inert(asked.question))
        answer = ask("Trust it? [o = once, a = always, anything else = no] ").lower()
        granted = answer in ("o", "a", "once", "always")
        self._tutor.recorder.permission(asked.kind, asked.scope, granted, "prompt")
        if granted:
            self._grant(Path(asked.scope), keep=answer.startswith("a"))
        return granted

    def _grant(self, folder: Path, *, keep: bool) -> None:
        try:
            self._tutor.trust.grant(folder, keep=keep)
        except OSError as error:
            self._tutor.trust.grant(folder, keep=False)
            self._printer.aside(f"note: it is trusted for this run; that could not be kept ({error.strerror}).")

    def _no_proposal(self, last: Event) -> None:
        if isinstance(last, events.Finished) and last.status == "unfixed":
            self._printer.say()
            self._printer.say("No fix was found that the compiler accepts. What the errors mean:", "bold")
            found = next((e for e in self._happened if isinstance(e, events.DiagnosticsFound)), None)
            codes = dict.fromkeys(d.code for d in (found.diagnostics if found else ()) if d.level == "error" and d.code)
            for code in list(codes)[:5]:
                self._printer.say(f"  tutor explain {inert_line(code)}")

    def _decide(self, best: Proposal) -> int | None:
        """Asks and writes. None: nothing was asked for, so the outcome of the search is the exit code."""
        if self._options.yes:
            from tutor.review import Review

            review = Review(best)
            review.decide_all("accepted")
            return self._write(review, "--yes", compiles=best.verification.check == "passed")
        if not is_interactive():
            self._printer.aside("Nothing was written. To write it: tutor fix --yes")
            return None
        from commands.review_prompt import review_hunks

        review = review_hunks(best, self._printer, input, lambda r, h: self._tutor.decided(r, h, "prompt"))
        if not review.accepted:
            self._printer.say("Nothing accepted, nothing written.")
            return 1
        compiles = best.verification.check == "passed" if review.is_whole else self._check_again(review)
        if compiles or review.is_whole or ask("It does not compile like this. Write it anyway? [y/N] ").lower() == "y":
            return self._write(review, "prompt", compiles=compiles)
        self._printer.say("Nothing was written.")
        return 1

    def _check_again(self, review: Review) -> bool:
        """Whether what is only a part of the proposal, or edited, compiles."""
        seen: list[Event] = []
        last = drive(self._tutor.verify(review), seen.append)
        verified = next((e for e in seen if isinstance(e, events.Verified)), None)
        if verified is None:
            self._printer(last)
            return False
        self._printer.say(f"Checked again: {verification_line(verified.verification)}")
        if verified.verification.check == "failed":
            list_diagnostics(self._printer, verified.remaining, "as accepted")
        return verified.verification.check != "failed"

    def _write(self, review: Review, by: Decider, *, compiles: bool) -> int:
        """Writes, perhaps commits; 1 when what is written now does not compile."""
        writer = Writer(self._tutor, self._printer)
        paths, _ = writer.write(review, by, commit=False, message=None)
        if writer.failed is not None:
            return writer.failed.exit_code
        self._printer.say(f"Written: {inert_line(', '.join(paths))}", "green")
        code = 0 if compiles else 1
        if not self._wants_commit():
            return code
        applied = self._tutor.last_applied
        committed = writer.commit(applied.id, self._options.message, by) if applied else None
        if committed is None:
            self._printer.aside("The files stay as written; nothing was committed.")
            return writer.failed.exit_code if writer.failed else 1
        self._printer.say(f"Committed {committed.commit[:10]}: {inert_line(committed.summary)}", "green")
        if committed.warning:
            self._printer.aside(committed.warning)
        return code

    def _wants_commit(self) -> bool:
        if self._options.commit:
            return True
        if self._options.yes or not is_interactive() or self._tutor.repo_state().root is None:
            return False
        applied = self._tutor.last_applied
        if applied is not None:
            self._printer.say()
            self._printer.say(inert(self._tutor.commit_message(applied.id)), "dim")
        return ask("Commit exactly this? [y/N] ").lower() == "y"
