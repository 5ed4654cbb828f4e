"""The tutor itself: every action it can take on a workspace, as async generators of events.

The faces (app, REPL, command line) hold one :class:`Tutor` and show what its actions yield. Each action ends with
``Finished`` or ``Failed``, never with a traceback, and is written into the session log as it happens. Blocking work
runs in threads; closing a generator stops it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import events
from tutor.config import load
from tutor.errors import Failed, Refused, TutorError
from tutor.events import Event
from tutor.paths import Home, find_home
from tutor.recording import Recorder

if TYPE_CHECKING:
    import asyncio

    from knowledgegraph.library import Library
    from tutor.answers import Answerer
    from tutor.config import Settings
    from tutor.embedding import Embedding
    from tutor.fix.search import Fixer, FixRequest
    from tutor.knowledge import Knowledge
    from tutor.models.base import ModelStatus
    from tutor.proposal import Proposal
    from tutor.review import AcceptedChange, Approval, Decider, Review
    from tutor.trust import Trust
    from tutor.workspace import AppliedChange, RepoState, Workspace

Stream = AsyncGenerator[Event, None]
Work = Callable[[threading.Event], Iterator[Event]]


class Tutor:
    """One user on one workspace. Cheap to make: everything heavy is opened by the first action that needs it.

    ``root``: the folder (or lone file) the user works on. ``use_model`` False: Ollama is never contacted.
    ``tool``: which face runs it ("app", "chat", "fix", …), for the log.
    """

    def __init__(
        self, root: Path, *, home: Home | None = None, settings: Settings | None = None, use_model: bool = True,
        tool: str = "tutor",
    ) -> None:  # fmt: skip
        self.root = root.absolute()
        self.home = home or find_home()
        self.settings = settings or load(self.home.config_file)
        self.use_model = use_model and self.settings.model.enabled
        self.recorder = Recorder(self.home.sessions if self.settings.log.enabled else None, self.root, tool)
        self._applied: dict[str, tuple[AppliedChange, Proposal, events.Verified]] = {}
        self._verified: dict[tuple[AcceptedChange, ...], events.Verified] = {}

    # What the actions stand on, opened when first needed.

    @cached_property
    def folder(self) -> Path:
        """The folder of the workspace, which alone may be written: of the whole Cargo workspace or package that
        ``root`` belongs to, else ``root`` itself, or the folder of the lone file."""
        from tutor.fix.project import find_project

        try:
            return find_project(self.root).root
        except TutorError:  # nothing that could be compiled; a check says what is wrong
            return self.root.parent if self.root.is_file() else self.root

    @cached_property
    def library(self) -> Library:
        """Lessons and documentation, with search and graph."""
        from knowledgegraph.library import Library

        return Library.open(self.knowledge.path, recall=self.embedding.recall())

    @cached_property
    def embedding(self) -> Embedding:
        """What finds by meaning, as it is set up."""
        from tutor.embedding import Embedding

        return Embedding(self.home, self.settings)

    @cached_property
    def knowledge(self) -> Knowledge:
        """What the library is read from, and building it."""
        from tutor.knowledge import Knowledge

        return Knowledge(self.home)

    @cached_property
    def trust(self) -> Trust:
        """Which workspaces may run their own code outside a sandbox."""
        from tutor.trust import Trust

        return Trust(self.home.state)

    @cached_property
    def workspace(self) -> Workspace:
        """The only writer of the user's files."""
        from tutor.workspace import Workspace

        return Workspace(self.folder, state=self.home.state)

    @cached_property
    def fixer(self) -> Fixer:
        """Checks and repairs."""
        from tutor.fix.search import Fixer

        return Fixer(
            self.home, self.settings.fix, trusted=lambda root: self.trust.allows(root), concepts_for=self._concepts_for
        )

    @cached_property
    def answers(self) -> Answerer:
        """Answers and explains."""
        from tutor.answers import Answerer

        return Answerer(self)

    def _concepts_for(self, code: str) -> Sequence[str]:
        return [concept.id for concept in self.library.for_error(code)]

    # Checking and fixing.

    def check(self, request: FixRequest) -> Stream:
        """The compiler's diagnostics: DiagnosticsFound, perhaps NeedsPermission, Finished("clean" or "broken")."""

        def work(cancel: threading.Event) -> Iterator[Event]:
            yield from self._settled()
            started = time.monotonic()
            found = yield from self.fixer.check(request, cancel)
            broken = any(d.level == "error" for d in found)
            yield events.Finished("broken" if broken else "clean", not broken, 1, time.monotonic() - started)

        return self._threaded("check", str(request.path), work)

    def fix(self, request: FixRequest) -> Stream:
        """Diagnostics, then verified proposals as they are proven, best first; Finished(status of ``cli.md``)."""

        def work(cancel: threading.Event) -> Iterator[Event]:
            yield from self._settled()
            outcome = yield from self.fixer.find(request, cancel)
            ok = outcome.status in ("clean", "fixed")
            yield events.Finished(outcome.status, ok, outcome.checker_runs, outcome.seconds)

        return self._threaded("fix", str(request.path), work)

    def _settled(self) -> Iterator[Event]:
        """Before the files are read: what a tutor that was killed while it wrote here left undone, and left behind.

        Every face comes through here, also when there turns out to be nothing to write.
        """
        if not any(self.home.state.glob("workspaces/*/journal.json")):  # as nearly always: the writer is not loaded
            return
        try:
            lines = self.workspace.recover()
        except Failed:  # the tutor's own folder cannot be written: whoever wants to write hears of it
            return
        for line in lines:
            yield events.Notice(line, "warning")

    def verify(self, review: Review, *, tests: bool = False) -> Stream:
        """Checks exactly what is accepted (edited or partial): Verified, Finished("passed" or "failed")."""

        def work(cancel: threading.Event) -> Iterator[Event]:
            started = time.monotonic()
            accepted = review.accepted
            verified = self.fixer.verify(review.proposal, accepted, tests=tests, cancel=cancel)
            self._verified[accepted] = verified
            yield verified
            good = "failed" not in (verified.verification.check, verified.verification.tests)
            yield events.Finished("passed" if good else "failed", good, 1, time.monotonic() - started)

        return self._threaded("verify", review.proposal.id, work)

    # Deciding, writing, committing, undoing.

    def decided(self, review: Review, hunk_id: str, by: Decider) -> None:
        """Logs the decision that the user has just made about one hunk."""
        self.recorder.decision(review.proposal.id, review.get(hunk_id), by)

    def apply(self, proposal: Proposal, approval: Approval) -> Stream:
        """Writes the approved hunks: Applied, Finished("applied")."""

        def work(cancel: threading.Event) -> Iterator[Event]:
            applied = self.workspace.apply(approval)
            self._applied[applied.id] = (applied, proposal, self._known(proposal, approval.changes))
            paths = tuple(change.path for change in applied.files)
            yield events.Applied(applied.id, applied.proposal_id, paths, applied.rebased)
            yield events.Finished("applied")

        return self._threaded("apply", approval.subject, work)

    def commit_message(self, applied_id: str) -> str:
        """The message proposed for a commit of what was applied; the user may edit it first. Raises KeyError."""
        from tutor.commit_message import compose

        applied, proposal, known = self._applied[applied_id]

        def why(code: str) -> str | None:
            concept = next(iter(self.library.for_error(code)), None)
            return concept.definition if concept else None

        paths = [change.path for change in applied.files]
        return compose(proposal, paths, known.verification, why, known.remaining)

    def _known(self, proposal: Proposal, changes: tuple[AcceptedChange, ...]) -> events.Verified:
        """What is known about exactly these changes: as the whole proposal, or as checked again. Of what was never
        checked nothing is known, so every error counts as staying."""
        if {c.path: c.content for c in changes} == {f.path: f.content for f in proposal.files}:
            return events.Verified(proposal.id, proposal.verification, proposal.leaves)
        from tutor.proposal import Verification

        everything = (*proposal.solves, *proposal.leaves)
        return self._verified.get(changes, events.Verified(proposal.id, Verification(), everything))

    def commit(
        self, applied_id: str, message: str, approval: Approval, identity: tuple[str, str] | None = None
    ) -> Stream:
        """Commits exactly what was applied: Committed, Finished("committed"). Raises KeyError for an unknown id."""
        applied = self._applied[applied_id][0]

        def work(cancel: threading.Event) -> Iterator[Event]:
            made = self.workspace.commit(applied, message, approval, identity=identity)
            yield events.Committed(applied_id, made.commit, made.summary, made.output)
            yield events.Finished("committed")

        return self._threaded("commit", message, work)

    @property
    def last_applied(self) -> AppliedChange | None:
        """What ``undo`` would take back."""
        return self.workspace.last_applied

    def undo(self, approval: Approval, identity: tuple[str, str] | None = None) -> Stream:
        """Takes back the last applied proposal: Undone, Finished("undone"). ``identity``: name and address, for a
        commit that reverts."""

        def work(cancel: threading.Event) -> Iterator[Event]:
            applied = self.workspace.last_applied
            if applied is None:
                raise Refused("Nothing to undo", "No proposal has been applied here that is not undone yet.")
            result = self.workspace.undo(applied, approval, identity=identity)
            yield events.Undone(applied.id, result.how, result.commit)
            yield events.Finished("undone")

        return self._threaded("undo", approval.subject, work)

    def create_repository(self, approval: Approval, identity: tuple[str, str] | None = None) -> Stream:
        """Makes the folder a Git repository with a first commit of what is there: Finished("created"). ``identity``:
        name and address for that commit."""

        def work(cancel: threading.Event) -> Iterator[Event]:
            yield events.Notice(self.workspace.create_repository(approval, identity=identity))
            yield events.Finished("created")

        return self._threaded("create-repository", str(self.folder), work)

    def repo_state(self) -> RepoState:
        """What Git says of the folder. Blocking (a process or two): call it from a worker."""
        return self.workspace.state()

    # Asking.

    def ask(self, question: str, *, complaint: str = "", stop: asyncio.Event | None = None) -> Stream:
        """Answers: AnswerStarted, AnswerDelta…, Citation…, AnswerReady, Finished("answered" or "out-of-scope").

        ``complaint``: what was wrong with the answer before; the same question is answered again, differently.
        ``stop``: setting it ends a model's answer and keeps the text so far.
        """
        return self._recorded("ask", question, self.answers.ask(question, complaint, stop),
                              {"complaint": complaint} if complaint else None)  # fmt: skip

    def explain(self, thing: str) -> Stream:
        """Explains an error code or a concept, in the same events as :meth:`ask`."""
        return self._recorded("explain", thing, self.answers.explain(thing))

    def build_knowledge(self, *, fresh: bool = False) -> Stream:
        """Reads the documentation of this machine, as far as it changed (``fresh``: all of it): Progress…,
        KnowledgeBuilt, Finished("built"). Closing it early leaves the knowledge as it was."""

        def work(cancel: threading.Event) -> Iterator[Event]:
            started = time.monotonic()
            built = False
            for event in self.knowledge.build(cancel, fresh=fresh):
                built = built or isinstance(event, events.KnowledgeBuilt)
                yield event
            yield events.Finished("built" if built else "stopped", built, 0, time.monotonic() - started)

        return self._threaded("knowledge", "build", work)

    def embed_knowledge(self) -> Stream:
        """Makes vectors of what was read since the last time, where an embedder is set up: Progress…,
        Finished("embedded" or "stopped"). Closing it early keeps what is done."""

        def work(cancel: threading.Event) -> Iterator[Event]:
            started = time.monotonic()
            yield from self.embedding.embed(self.library.store, cancel)
            yield events.Finished("stopped" if cancel.is_set() else "embedded", True, 0, time.monotonic() - started)

        return self._threaded("knowledge", "embed", work)

    async def model_status(self) -> ModelStatus:
        """Whether a model answers, and which. Never raises for an absent one."""
        return await self.answers.model_status()

    def feedback(self, subject: str, helpful: bool, wrong: str = "") -> None:
        """Logs whether the answer or proposal ``subject`` helped, and what was wrong with it."""
        self.recorder.feedback(subject, helpful, wrong)

    def close(self) -> None:
        """Ends the session's log."""
        self.recorder.close()

    # How an action becomes a recorded stream.

    def _threaded(self, action: str, text: str, work: Work) -> Stream:
        from tutor.streams import from_thread

        return self._recorded(action, text, from_thread(work))

    async def _recorded(
        self, action: str, text: str, stream: Stream, details: dict[str, object] | None = None
    ) -> Stream:
        self.recorder.request(action, text, details)
        last: Event | None = None
        try:
            async with aclosing(_told(stream)) as told:
                async for last in told:
                    self.recorder.event(last)
                    if (problem := self.recorder.take_problem()) is not None:
                        yield events.Notice(problem, "warning")
                    yield last
        finally:
            if not isinstance(last, (events.Finished, events.Failed)):
                self.recorder.write("stopped", {"action": action})


async def _told(stream: Stream) -> Stream:
    """``stream``, with what it raises for the user as its last event."""
    try:
        async with aclosing(stream):
            async for event in stream:
                yield event
    except TutorError as error:
        yield events.Failed.of(error)
