"""``tutor fix``: diagnostics, proven proposals, a decision a hunk, and then, only then, files and a commit."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar, cast

from commands import json_face
from commands.review_prompt import review_hunks
from commands.run import consume, exit_code, open_tutor
from commands.terminal import is_interactive
from commands.text_face import Printer, list_diagnostics, show_proposal, verification_line
from tutor import events
from tutor.engine import Stream, Tutor
from tutor.errors import UsageError
from tutor.events import Event
from tutor.fix.search import CrateType, FixRequest
from tutor.inert import inert, inert_line
from tutor.proposal import Proposal
from tutor.review import Decider, Review, approve

_EDITIONS = ("2015", "2018", "2021", "2024")
_CRATE_TYPES = ("bin", "lib", "test")
Wanted = TypeVar("Wanted", bound=Event)


def run(options: argparse.Namespace) -> int:
    """Fixes each path; the exit code is that of the path that went worst."""
    if options.batch:
        return _batch(options)
    paths = options.paths or ["."]
    for path in paths:
        if not Path(path).exists():
            raise UsageError("No such file", f"There is no file or folder {path!r}.")
    with asyncio.Runner() as runner:
        if options.json:
            results, codes = zip(*(_json_one(options, path, runner) for path in paths), strict=True)
            json_face.write({"results": results})
            return max(codes)
        return max(FixSession(options, path, runner).run() for path in paths)


def _request(path: str, edition: object, crate_type: object, tests: bool = False) -> FixRequest:
    if edition is not None and edition not in _EDITIONS:
        raise UsageError("No such edition", f"The edition must be one of {', '.join(_EDITIONS)}.")
    if crate_type is not None and crate_type not in _CRATE_TYPES:
        raise UsageError("No such crate type", f"The crate type must be one of {', '.join(_CRATE_TYPES)}.")
    return FixRequest(Path(path), cast("str | None", edition), cast("CrateType | None", crate_type), tests)


def _batch(options: argparse.Namespace) -> int:
    from commands.batch import serve

    if not options.json:
        raise UsageError("Not without --json", "--batch answers in JSON: add --json.")
    with asyncio.Runner() as runner:

        def answer(request: Mapping[str, object]) -> dict[str, object]:
            path = str(request["path"])
            if not Path(path).exists():
                raise UsageError("No such file", f"There is no file or folder {path!r}.")
            fix = _request(path, request.get("edition"), request.get("crate_type"))
            tutor = open_tutor(options, "fix", path)
            happened: list[Event] = []
            try:
                runner.run(consume(tutor.fix(fix), happened.append))
            finally:
                tutor.close()
            return json_face.fix(path, happened)

        return serve("path", answer)


def _json_one(options: argparse.Namespace, path: str, runner: asyncio.Runner) -> tuple[dict[str, object], int]:
    """One path for ``--json``: the result, and with ``--yes`` what was written."""
    tutor = open_tutor(options, "fix", path)
    happened: list[Event] = []
    try:
        if options.trust:
            tutor.trust.grant(_project_root(path), keep=False)
        last = runner.run(consume(tutor.fix(_request(path, options.edition, options.crate_type, options.tests)),
                                  happened.append))  # fmt: skip
        result = json_face.fix(path, happened)
        best = _best(happened)
        if options.yes and best is not None:
            writer = Writer(tutor, runner, lambda event: None)
            review = Review(best)
            review.decide_all("accepted")
            result["applied"], result["commit"] = writer.write(review, "--yes", commit=options.commit,
                                                               message=options.message)  # fmt: skip
            if writer.failed is not None:
                result.update(json_face.failure([writer.failed]))
                return result, writer.failed.exit_code
        return result, exit_code(last)
    finally:
        tutor.close()


def _project_root(path: str) -> Path:
    from tutor.fix.project import find_project

    return find_project(Path(path)).root


def _best(happened: list[Event]) -> Proposal | None:
    ready = [e for e in happened if isinstance(e, events.ProposalReady)]
    return min(ready, key=lambda e: e.rank).proposal if ready else None


class Writer:
    """Writes, and perhaps commits, what a review accepted. ``failed`` holds the failure when there was one."""

    def __init__(self, tutor: Tutor, runner: asyncio.Runner, show: Callable[[Event], None]) -> None:
        self.tutor = tutor
        self.failed: events.Failed | None = None
        self._runner = runner
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
        text = message or self.tutor.commit_message(applied_id)
        stream = self.tutor.commit(applied_id, text, approve("commit", applied_id, by))
        return self._run(stream, events.Committed)

    def _run(self, stream: Stream, wanted: type[Wanted]) -> Wanted | None:
        happened: list[Event] = []

        def show(event: Event) -> None:
            happened.append(event)
            self._show(event)

        last = self._runner.run(consume(stream, show))
        if isinstance(last, events.Failed):
            self.failed = last
        return next((e for e in happened if isinstance(e, wanted)), None)


class FixSession:
    """One path for a person: shows, asks, writes."""

    def __init__(
        self, options: argparse.Namespace, path: str, runner: asyncio.Runner, tutor: Tutor | None = None
    ) -> None:
        self._options = options
        self._path = path
        self._runner = runner
        self._tutor = tutor or open_tutor(options, "fix", path)
        self._owned = tutor is None
        self._printer = Printer()
        self._happened: list[Event] = []

    def run(self) -> int:
        """The exit code of this path."""
        try:
            if self._options.trust:
                self._tutor.trust.grant(_project_root(self._path), keep=False)
            last = self._find()
            while isinstance(last, events.Finished) and self._ask_trust():
                last = self._find()
            best = _best(self._happened)
            if best is None:
                self._no_proposal(last)
                return exit_code(last)
            self._show(best)
            written = self._decide(best)
            return written if written is not None else exit_code(last)
        finally:
            if self._owned:
                self._tutor.close()

    def _find(self) -> Event:
        self._happened.clear()
        options = self._options
        request = _request(self._path, options.edition, options.crate_type, options.tests)
        return self._runner.run(consume(self._tutor.fix(request), self._on_event))

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
        answer = input("Trust it? [o = once, a = always, anything else = no] ").strip().lower()
        granted = answer in ("o", "a", "once", "always")
        self._tutor.recorder.permission(asked.kind, asked.scope, granted, "prompt")
        if granted:
            self._tutor.trust.grant(Path(asked.scope), keep=answer.startswith("a"))
        return granted

    def _show(self, best: Proposal) -> None:
        others = sum(isinstance(e, events.ProposalReady) for e in self._happened)
        show_proposal(self._printer, best, 1, others)

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
            review = Review(best)
            review.decide_all("accepted")
            return self._write(review, "--yes")
        if not is_interactive():
            self._printer.aside("Nothing was written. To write it: tutor fix --yes" + (
                " --commit" if self._options.commit else ""))  # fmt: skip
            return None
        review = review_hunks(best, self._printer, input, lambda r, h: self._tutor.decided(r, h, "prompt"))
        if not review.accepted:
            self._printer.say("Nothing accepted, nothing written.")
            return 1
        if not self._still_compiles(review):
            return 1
        return self._write(review, "prompt")

    def _still_compiles(self, review: Review) -> bool:
        """Checks again what is only a part of the proposal, or edited; asks before writing what does not compile."""
        if review.is_whole:
            return True
        seen: list[Event] = []
        last = self._runner.run(consume(self._tutor.verify(review), seen.append))
        verified = next((e for e in seen if isinstance(e, events.Verified)), None)
        if verified is None:
            self._printer(last)
            return False
        self._printer.say(f"Checked again: {verification_line(verified.verification)}")
        if verified.verification.check != "failed":
            return True
        list_diagnostics(self._printer, verified.remaining, "as accepted")
        return input("It does not compile like this. Write it anyway? [y/N] ").strip().lower() == "y"

    def _write(self, review: Review, by: Decider) -> int:
        writer = Writer(self._tutor, self._runner, self._printer)
        paths, _ = writer.write(review, by, commit=False, message=None)
        if writer.failed is not None:
            return writer.failed.exit_code
        self._printer.say(f"Written: {inert_line(', '.join(paths))}", "green")
        if not self._wants_commit():
            return 0
        applied = self._tutor.last_applied
        committed = writer.commit(applied.id, self._options.message, by) if applied else None
        if committed is None:
            self._printer.aside("The files stay as written; nothing was committed.")
            return writer.failed.exit_code if writer.failed else 1
        self._printer.say(f"Committed {committed.commit[:10]}: {inert_line(committed.summary)}", "green")
        if committed.warning:
            self._printer.aside(committed.warning)
        return 0

    def _wants_commit(self) -> bool:
        if self._options.commit:
            return True
        if self._options.yes or not is_interactive() or self._tutor.repo_state().root is None:
            return False
        applied = self._tutor.last_applied
        if applied is not None:
            self._printer.say()
            self._printer.say(inert(self._tutor.commit_message(applied.id)), "dim")
        return input("Commit exactly this? [y/N] ").strip().lower() == "y"
