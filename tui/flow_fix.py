"""Finding fixes: diagnostics, proposals as they are proven, the user's decisions about their hunks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.flows import Flow
from tutor import events
from tutor.diagnostics import Diagnostic
from tutor.errors import TutorError
from tutor.events import Event
from tutor.inert import inert_line
from tutor.review import AcceptedChange, Review

if TYPE_CHECKING:
    from tui.app import TutorApp
    from tui.diff_view import DiffView
    from tutor.fix.search import FixRequest
    from tutor.proposal import Proposal, Verification

_NOTHING_CHECKED = "Nothing could be checked\n\nThe chat says why."
_COMPILES = "It compiles."
_ALSO = 3  # further errors of a proposal that the chat names


class FixFlow(Flow):
    """The proposals on the table. ``review`` is the one that is looked at now."""

    def __init__(self, app: TutorApp) -> None:
        super().__init__(app)
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self.checker = ""
        self._path = ""
        self._reviews: list[Review] = []
        self._verified: dict[tuple[AcceptedChange, ...], events.Verified] = {}
        self._at = 0
        self._moved = False
        self._explained = ""

    @property
    def review(self) -> Review | None:
        """The decisions about the proposal on screen; None when there is none."""
        return self._reviews[self._at] if self._reviews else None

    # Searching.

    def fix(self, path: str = "") -> None:
        """Looks for fixes of everything, or of one file."""
        self._path = path
        self._diff.empty_text = "Looking for fixes\n\nThe first one appears here as soon as it is proven."
        self.run("Looking for fixes", lambda: self.app.tutor.fix(self._request()), self._hear_fix, self._search_over)

    def again(self) -> None:
        """The same search once more."""
        self.fix(self._path)

    def check(self, path: str = "", *, quiet: bool = False) -> None:
        """Lists what the compiler says. ``quiet``: after something was written; fixes are not offered."""
        self._path = path

        async def hear(event: Event) -> bool:
            if isinstance(event, events.Finished) and quiet and not event.ok:
                left = sum(d.level == "error" for d in self.diagnostics)
                self.app.note(f"{_errors(left)} left: {self.app.key('app.fix')} looks for more fixes.")
                return True
            return await self._hear_check(event)

        self.run("Checking", lambda: self.app.tutor.check(self._request()), hear, quiet=quiet)

    def _request(self) -> FixRequest:
        from tutor.fix.search import FixRequest

        settings = self.app.tutor.settings.fix
        root = self.app.tutor.root
        return FixRequest(self.app.tutor.folder / Path(self._path) if self._path else root, tests=settings.tests)

    async def _hear_check(self, event: Event) -> bool:
        match event:
            case events.DiagnosticsFound():
                self._show_diagnostics(event)
            case events.Finished(status="clean"):
                self.app.note(f"{_COMPILES} ({self.checker})", "success")
            case events.Finished():
                errors = sum(d.level == "error" for d in self.diagnostics)
                self.app.note(f"{_errors(errors)}: {self.app.key('app.fix')} looks for fixes.", "warning")
            case _:
                return False
        return True

    async def _hear_fix(self, event: Event) -> bool:
        match event:
            case events.DiagnosticsFound():
                self.put_away()
                self._show_diagnostics(event)
            case events.ProposalReady(proposal=proposal, rank=rank):
                self._take(proposal, rank)
                self.app.coach("fix")
            case events.Finished(status=status, checker_runs=runs):
                self._conclude(status, runs)
            case events.Failed():
                self._diff.empty_text = _NOTHING_CHECKED
                return False  # the app tells why
            case _:
                return False
        return True

    def _show_diagnostics(self, event: events.DiagnosticsFound) -> None:
        self.diagnostics, self.checker = event.diagnostics, event.checker
        self.app.look_flow.show_diagnostics(event)

    def _take(self, proposal: Proposal, rank: int) -> None:
        """Puts a proposal among the others, best first. What the user has begun to decide about stays on screen."""
        review = Review(proposal)
        before = self.review
        self._reviews.insert(min(rank, len(self._reviews)), review)
        if before is None or (not self._moved and not before.can_undo):
            self._at = 0
        else:
            self._at = self._reviews.index(before)
        if self.review is not before:
            self._show(arrive=before is None)
        else:
            self._show_counts()

    def _conclude(self, status: str, runs: int) -> None:
        checks = f"{runs} compiler run{'s' if runs != 1 else ''}"
        found = len(self._reviews)
        if status == "clean":
            self.app.note(f"{_COMPILES} Nothing to fix ({self.checker}).", "success")
            self._diff.empty_text = f"{_COMPILES}\n\nThere is nothing to fix."
        elif status == "error":
            self._diff.empty_text = _NOTHING_CHECKED
        elif not found:
            self._diff.empty_text = "No fix could be proven\n\nThe chat explains the first error."
            self.app.note(f"No fix could be proven ({checks}). Nothing is proposed that was not.", "warning")
            self._explain_first()
        else:
            others = f"; {self.app.key('proposal.next')} shows the next of {found}" if found > 1 else ""
            rest = "" if status == "fixed" else " It does not solve everything; what stays is in the problems list."
            self.app.note(f"{_proposals(found)} proven in {checks}{others}.{rest}", "success")

    def _explain_first(self) -> None:
        """What cannot be fixed can still be understood."""
        code = next((d.code for d in self.diagnostics if d.level == "error" and d.code), "")
        if code:
            self.app.ask_flow.explain(code, aside=True)

    def _search_over(self, whole: bool) -> None:
        if not whole:
            self.app.note("Stopped looking for fixes. What was found stays.")
            self._diff.empty_text = f"Stopped\n\n{self.app.key('app.fix')} looks again."

    # Looking.

    def step(self, by: int) -> bool:
        """Shows the next or the previous proposal; False when there is none."""
        if not 0 <= self._at + by < len(self._reviews):
            return False
        self._at += by
        self._moved = True
        self._show(arrive=False)
        return True

    def put_away(self) -> None:
        """Clears the table."""
        self._reviews, self._verified = [], {}
        self._at, self._moved, self._explained = 0, False, ""
        self._diff.review = None
        self._diff.banner = ""
        self._show_counts()

    @property
    def _diff(self) -> DiffView:
        return self.app.diff

    def _show(self, *, arrive: bool) -> None:
        review = self.review
        if review is None:
            return
        proposal = review.proposal
        self._diff.review = review
        self._diff.banner = banner(proposal.verification, proposal)
        self._show_counts()
        if proposal.concepts:
            self.app.learn_flow.centre(proposal.concepts[0])
        self._tell(proposal)
        if arrive:
            self.app.arrive("diff")

    def _tell(self, proposal: Proposal) -> None:
        """The proposal in words, once for each error code."""
        said = f"{proposal.codes} {proposal.explanation}"
        for warning in proposal.warnings:
            self.app.note(f"Careful: {warning}.", "warning")
        if said != self._explained:
            self._explained = said
            turn = self.app.chat.tell(f"proposal · {inert_line(proposal.title)}", in_short(proposal.explanation))
            self.app.chat.read_from(turn)

    def _show_counts(self) -> None:
        review = self.review
        decided = f"{len(review.hunks) - review.count('undecided')}/{len(review.hunks)}" if review else ""
        place = f" · proposal {self._at + 1} of {len(self._reviews)}" if len(self._reviews) > 1 else ""
        self.app.show_counts("diff", decided, f"diff{f' · {decided} decided' if review else ''}{place}")

    def looking_at(self, hunk_id: str) -> None:
        """The cursor is on a hunk: the map shows the concept of its error."""
        review = self.review
        if review is not None:
            hunk = next((hunk for hunk in review.hunks if hunk.id == hunk_id), None)
            code = next((reason.code for reason in hunk.reasons if reason.code), "") if hunk else ""
            if code:
                self.app.learn_flow.follow(code)

    # Deciding.

    def decided(self, hunk_id: str) -> None:
        """The user decided about a hunk by a key."""
        review = self.review
        if review is None:
            return
        self.app.tutor.decided(review, hunk_id, "key")
        if review.accepted:
            self.app.coach("accept")
        self.changed()

    def changed(self) -> None:
        """The review is not what it was: the banner and the counts follow."""
        review = self.review
        if review is None:
            return
        self._show_counts()
        known = self.verification(review)
        if review.accepted and known is None:
            self._diff.banner = f"not the whole proposal: {self.app.key('app.apply')} checks it again, then writes"
        elif known is not None and review.accepted and not review.is_whole:
            self._diff.banner = banner(known.verification)
        else:
            self._diff.banner = banner(review.proposal.verification, review.proposal)

    def edit(self, hunk_id: str, *, external: bool) -> None:
        """Lets the user change a hunk's new lines, here or in their own editor."""
        from tui.diff_edit import HunkEditor, edit_in_editor

        review = self.review
        if review is None:
            return
        hunk = review.get(hunk_id)

        def keep(new: bytes | None) -> None:
            if new is not None and self.review is review:
                self._diff.apply_edit(hunk_id, new)

        try:
            if external:
                keep(edit_in_editor(self.app, b"".join(hunk.hunk.new), Path(hunk.path).suffix))
            else:
                self.app.push_screen(HunkEditor(hunk), keep)
        except TutorError as error:
            self.app.tell_error(error)

    # Checking again what is accepted.

    def verification(self, review: Review) -> events.Verified | None:
        """What is known about exactly the accepted hunks; None: they have to be checked."""
        if review.is_whole:
            return events.Verified(review.proposal.id, review.proposal.verification, review.proposal.leaves)
        return self._verified.get(review.accepted)

    async def hear_verified(self, review: Review, accepted: tuple[AcceptedChange, ...], event: Event) -> bool:
        """The result of a new check, into the banner."""
        if isinstance(event, events.Verified):
            self._verified[accepted] = event
            if self.review is review and review.accepted == accepted:
                self._diff.banner = banner(event.verification)
            return True
        return isinstance(event, events.Finished)


def in_short(explanation: str) -> str:
    """The first error of an explanation; of the others the headings. All of it stands above the hunks, too."""
    first, *others = explanation.split("\n### ")
    left = [f"### {other}" for other in others if other.startswith("What is left")]
    also = [f"- {other.splitlines()[0]}" for other in others if not other.startswith("What is left")]
    if len(also) > _ALSO:
        also = [*also[:_ALSO], f"- and {len(also) - _ALSO} more, each above its hunk"]
    parts = [first.rstrip()]
    if also:
        parts.append("**Also in this proposal**\n\n" + "\n".join(also))
    return "\n\n".join([*parts, *left])


def banner(verification: Verification, proposal: Proposal | None = None) -> str:
    """What was checked, in one line: the outcome first."""
    signs = {"passed": "✓ compiles", "failed": "✗ does not compile", "not-run": "○ not checked"}
    parts = [signs[verification.check]]
    detail = verification.detail
    if proposal is not None and proposal.leaves:
        errors = sum(d.level == "error" for d in proposal.leaves)
        parts[0], detail = f"◐ solves {len(proposal.solves)}, leaves {_errors(errors)}", ""
    parts.append({"passed": "✓ tests pass", "failed": "✗ tests fail", "not-run": "tests not run"}[verification.tests])
    parts += [detail] * bool(detail)
    parts += [f"sandbox {verification.sandbox}"] * bool(verification.sandbox)
    return inert_line(" · ".join(parts))


def _errors(count: int) -> str:
    return f"{count} error{'s' if count != 1 else ''}"


def _proposals(count: int) -> str:
    return f"{count} fix{'es' if count != 1 else ''}"
