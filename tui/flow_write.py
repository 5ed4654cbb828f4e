"""From decisions to files to a commit, and back: every step asks for its own consent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.flows import Flow
from tutor import events
from tutor.events import Event
from tutor.inert import inert_line
from tutor.review import Review, approve

if TYPE_CHECKING:
    from tutor.applied import AppliedChange


class WriteFlow(Flow):
    """``applied``: what was written and is not committed yet."""

    applied: events.Applied | None = None
    wrote_something = False
    _refused_repository = False
    _proposal_id = ""

    # Writing.

    def apply(self) -> None:
        """Writes the accepted hunks, after checking them again where they are not the proposal as it was proven."""
        review = self.app.fix_flow.review
        if review is None:
            self.app.note(f"There is nothing to write yet: {self.app.key('app.fix')} looks for fixes.")
        elif not review.accepted:
            self.app.note(f"Nothing is accepted yet: {self.app.key('hunk.accept')} in the diff accepts a hunk.")
        else:
            self._verify_first(review)

    def _verify_first(self, review: Review) -> None:
        known = self.app.fix_flow.verification(review)
        if known is not None:
            self._judge(review, known)
            return
        accepted = review.accepted

        async def hear(event: Event) -> bool:
            return await self.app.fix_flow.hear_verified(review, accepted, event)

        def over(whole: bool) -> None:
            if not whole or self.app.fix_flow.review is not review or not review.accepted:
                return
            # Decisions made meanwhile are checked, too; a check that could not be made has said why and ends here.
            if self.app.fix_flow.verification(review) is not None or review.accepted != accepted:
                self._verify_first(review)

        self.run("Checking what you accepted", lambda: self.app.tutor.verify(review), hear, over)

    def _judge(self, review: Review, known: events.Verified) -> None:
        if known.verification.check != "failed" or review.is_whole:
            self._ask_repository(review)
            return
        from tui.dialogs import yes_or_no

        errors = [d for d in known.remaining if d.level == "error"]
        listed = "\n".join(f"  {d.code or 'error'}  {inert_line(d.message)}" for d in errors[:4])
        self.app.push_screen(
            yes_or_no(
                "does not compile",
                f"What you accepted does not compile like this:\n\n{listed}\n\nWrite it anyway?",
                "write it anyway",
                "go on reviewing",
            ),
            lambda answer: self._ask_repository(review) if answer == "yes" else None,
        )

    def _ask_repository(self, review: Review) -> None:
        """Where there is no repository one is offered, once; without one the files are written all the same."""
        if self._has_repository is not False or self._refused_repository:
            self._write(review)
            return
        from tui.dialogs import yes_or_no

        folder = self.app.tutor.folder

        def answered(answer: str | None) -> None:
            if answer == "yes":
                self._create_repository(review)
            elif answer == "no":
                self._refused_repository = True
                self._write(review)

        self.app.push_screen(
            yes_or_no(
                "no repository",
                f"{inert_line(str(folder))} is in no Git repository, so there is no commit to go back to.\n\n"
                "Create one here, with a first commit of what is there now?\n"
                "No writes the files without a commit; esc writes nothing.",
                "create it",
                "just write",
            ),
            answered,
        )

    def _create_repository(self, review: Review, identity: tuple[str, str] | None = None) -> None:
        approval = approve("create-repository", str(self.app.tutor.workspace.root), "key")
        created = unknown = False

        async def hear(event: Event) -> bool:
            nonlocal created, unknown
            created, unknown = isinstance(event, events.Finished), _asks_who(event)
            return created or unknown

        def over(whole: bool) -> None:
            if unknown:
                self._ask_identity(lambda who: self._create_repository(review, who), lambda: None)
            else:
                self._write_where_it_may_be(review, created)

        self.run(
            "Creating a repository",
            lambda: self.app.tutor.create_repository(approval, identity),
            hear,
            over,
        )

    @property
    def _has_repository(self) -> bool | None:
        """None: not known yet."""
        state = self.app.repository
        return None if state is None else state.root is not None

    def _write_where_it_may_be(self, review: Review, created: bool) -> None:
        if created:
            self.app.startup.look_at_repository(lambda: self._write(review))
        else:
            self._refused_repository = True  # the reason was shown; it is not asked again
            self.app.note(f"Nothing is written yet; {self.app.key('app.apply')} writes without a repository.")

    def _write(self, review: Review) -> None:
        if not review.accepted:
            return
        approval = review.approve("key")

        async def hear(event: Event) -> bool:
            if isinstance(event, events.Applied):
                self._wrote(review, event)
            return isinstance(event, (events.Applied, events.Finished))

        def over(whole: bool) -> None:
            if self.applied is not None and self.applied.proposal_id == review.proposal.id:
                self._offer_commit()

        self.run("Writing", lambda: self.app.tutor.apply(review.proposal, approval), hear, over)

    def _wrote(self, review: Review, event: events.Applied) -> None:
        self.applied = event
        self.wrote_something = True
        self._proposal_id = review.proposal.id
        moved = " The files had changed meanwhile: the hunks were moved to where they fit." if event.rebased else ""
        self.app.note(f"Wrote {', '.join(event.paths)}.{moved}", "success")
        self.app.coach("apply")
        self.app.fix_flow.put_away()
        self._say_in_diff(f"Written: {', '.join(event.paths) if len(event.paths) < 3 else f'{len(event.paths)} files'}")

    def _say_in_diff(self, text: str) -> None:
        """What has become of the proposal, where it was."""
        undo, fix = self.app.key("app.undo"), self.app.key("app.fix")
        back = f"{undo} takes it back, " if self.wrote_something else ""
        self.app.diff.empty_text = f"{inert_line(text)}\n\n{back}{fix} looks for more."

    # Committing.

    def commit(self) -> None:
        """Opens the message of the commit; what was applied last is what is committed."""
        if self.applied is None:
            self.app.note(f"Nothing is waiting to be committed: {self.app.key('app.apply')} writes what you accepted.")
        else:
            self._offer_commit()

    def _offer_commit(self) -> None:
        applied = self.applied
        if applied is None:
            return
        if self._has_repository is False:
            self._settle()
            return

        def show(message: str) -> None:
            from tui.dialogs import MessageEditor

            self.app.push_screen(
                MessageEditor(message, applied.paths),
                lambda text: self._commit(applied, text) if text else self._leave_written(),
            )

        self.app.in_thread(lambda: self.app.tutor.commit_message(applied.id), show)

    def _leave_written(self) -> None:
        self.app.note(f"Not committed. The files stay written; {self.app.key('app.commit')} asks again.")
        self._settle()

    def _commit(self, applied: events.Applied, message: str, identity: tuple[str, str] | None = None) -> None:
        state = self.app.repository
        if identity is None and state is not None and not state.has_identity:
            self._ask_identity(lambda who: self._commit(applied, message, who), self._leave_written)
            return
        approval = approve("commit", applied.id, "key")

        async def hear(event: Event) -> bool:
            if isinstance(event, events.Committed):
                self._committed(event)
            return isinstance(event, (events.Committed, events.Finished))

        def over(whole: bool) -> None:
            if self.applied is not None:
                self.app.note(
                    f"Not committed; the files stay written. {self.app.key('app.commit')} asks again.", "warning"
                )
            self._settle()

        self.run("Committing", lambda: self.app.tutor.commit(applied.id, message, approval, identity), hear, over)

    def _ask_identity(self, again: Callable[[tuple[str, str]], None], leave: Callable[[], None]) -> None:
        """Asks who commits, and tries ``again`` with the answer; without one, ``leave``."""
        from tui.dialogs import IdentityForm

        self.app.push_screen(IdentityForm(), lambda identity: again(identity) if identity else leave())

    def _committed(self, event: events.Committed) -> None:
        self.applied = None
        warned = " The hooks had something to say." if event.warning else ""
        self.app.note(f"Committed {event.commit[:10]}: {event.summary}.{warned}", "success", event.warning)
        self._say_in_diff(f"Committed {event.commit[:10]}")
        self.app.coach("commit")
        self.app.startup.look_at_repository()

    def _settle(self) -> None:
        """After writing: did it help, and what is left?"""
        if self._proposal_id:
            self.app.ask_flow.ask_helpful(self._proposal_id)
            self._proposal_id = ""
            self.app.fix_flow.check(quiet=True)

    # Undoing.

    def undo(self) -> None:
        """Takes the last applied proposal back, after saying exactly what will happen."""
        self.app.in_thread(lambda: self.app.tutor.last_applied, self._confirm_undo)

    def _confirm_undo(self, applied: AppliedChange | None) -> None:
        if applied is None:
            self.app.note("There is nothing to undo: no proposal has been applied here that is not undone yet.")
            return
        from tui.dialogs import yes_or_no

        self.app.push_screen(
            yes_or_no("undo", what_undo_does(applied), "take it back", "leave it"),
            lambda answer: self._undo(applied.id) if answer == "yes" else None,
        )

    def _undo(self, applied_id: str, identity: tuple[str, str] | None = None) -> None:
        approval = approve("undo", applied_id, "key")
        unknown = False

        async def hear(event: Event) -> bool:
            nonlocal unknown
            unknown = _asks_who(event)  # a commit that takes another back is somebody's, too
            if isinstance(event, events.Undone):
                self._undone(event)
            return unknown or isinstance(event, (events.Undone, events.Finished))

        def over(whole: bool) -> None:
            if unknown:
                self._ask_identity(lambda who: self._undo(applied_id, who), lambda: self.app.note("Nothing is undone."))

        self.run("Undoing", lambda: self.app.tutor.undo(approval, identity), hear, over)

    def _undone(self, event: events.Undone) -> None:
        self.applied = None
        how = {"files": "The files are as they were before it.", "commit removed": "Its commit is gone, too.",
               "revert commit": f"A new commit takes it back: {event.commit[:10]}."}  # fmt: skip
        self.app.note(f"Taken back. {how.get(event.how, event.how)}", "success")
        self.wrote_something = False
        self.app.fix_flow.put_away()
        self._say_in_diff("Taken back")
        self.app.startup.look_at_repository()
        self.app.fix_flow.check(quiet=True)


def _asks_who(event: Event) -> bool:
    """Whether an action failed for want of a name and an address only (:class:`tutor.errors.NeedsIdentity`)."""
    return isinstance(event, events.Failed) and event.kind == "NeedsIdentity"


def what_undo_does(applied: AppliedChange) -> str:
    """What taking ``applied`` back changes, and what it leaves alone."""
    paths = "\n".join(f"  {inert_line(change.path)}" for change in applied.files)
    text = f"The last applied proposal is taken back. Its lines go back to what they were:\n\n{paths}\n\n"
    if applied.commit:
        text += (
            f"Its commit {applied.commit[:10]} is removed if it is the newest and nobody else can have it; "
            "otherwise a new commit reverts it.\n\n"
        )
    return text + "Everything else stays as it is. If later edits touch the same lines, nothing is changed at all."
