"""Deciding hunk by hunk on a plain line: what the diff pane does in the app, with the letters of ``git add -p``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from commands.text_face import Printer, show_diff
from tutor import patch
from tutor.errors import UsageError
from tutor.inert import inert_line
from tutor.proposal import Proposal
from tutor.review import Review, ReviewHunk

Read = Callable[[str], str]

_HELP = """\
y  accept this hunk            n  reject it
a  accept all that are left    d  reject all that are left
s  split it                    e  edit its new lines in $EDITOR
u  undo the last decision      k  back to the hunk before
q  stop here; what is undecided is not written"""


def review_hunks(proposal: Proposal, printer: Printer, read: Read, decided: Callable[[Review, str], None]) -> Review:
    """Asks about every hunk until none is undecided or the user stops. Enter alone decides nothing.

    ``decided`` is told of every decision about a hunk, for the log.
    """
    review = Review(proposal)
    at: str | None = _next_undecided(review, None)
    while at is not None:
        hunk = review.get(at)
        _show(printer, review, hunk)
        try:
            answer = read(f"Accept this hunk [{_number(review, at)}]? [y,n,a,d,s,e,u,k,q,?] ").strip()
        except EOFError:
            break
        if answer == "q":
            break
        at = _act(review, hunk, answer, printer, decided)
    return review


def _act(
    review: Review, hunk: ReviewHunk, answer: str, printer: Printer, decided: Callable[[Review, str], None]
) -> str | None:
    """Does what ``answer`` says and returns the hunk to ask about next."""
    if answer in ("y", "n"):
        review.decide(hunk.id, "accepted" if answer == "y" else "rejected")
        decided(review, hunk.id)
        return _next_undecided(review, hunk.id)
    if answer in ("a", "d"):
        for other in [h for h in review.hunks if h.verdict == "undecided"]:
            review.decide(other.id, "accepted" if answer == "a" else "rejected")
            decided(review, other.id)
        return None
    if answer == "u":
        _undo(review, printer, decided)
        return _next_undecided(review, None)
    if answer == "k":
        ids = [h.id for h in review.hunks]
        return ids[max(0, ids.index(hunk.id) - 1)]
    if answer == "s":
        try:
            return review.split(hunk.id)[0]
        except UsageError as error:
            printer.say(error.msg)
            return hunk.id
    if answer == "e":
        edited = edit(b"".join(hunk.hunk.new), Path(hunk.path).suffix)
        if edited is None:
            printer.say("The editor could not be run or ended with an error; the hunk is as it was.")
        else:
            review.edit(hunk.id, edited)
        return hunk.id
    printer.say(_HELP)
    return hunk.id


def _undo(review: Review, printer: Printer, decided: Callable[[Review, str], None]) -> None:
    """Takes the last step back; decisions that this changes are decisions too."""
    before = {hunk.id: hunk.verdict for hunk in review.hunks}
    if not review.undo():
        printer.say("There is nothing to take back.")
    for hunk in review.hunks:
        if before.get(hunk.id, hunk.verdict) != hunk.verdict:
            decided(review, hunk.id)


def edit(text: bytes, suffix: str) -> bytes | None:
    """``text`` as the user left it in ``$VISUAL`` or ``$EDITOR`` (else vi); None when the editor failed."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="tutor-") as folder:
        path = Path(folder) / f"hunk{suffix}"
        try:
            path.write_bytes(text)
            done = subprocess.run([*_editor(), str(path)], check=False)
            return path.read_bytes() if done.returncode == 0 else None
        except (OSError, ValueError):  # no such program, quotes that do not close, the file is gone
            return None


def _editor() -> list[str]:
    """The editor's command line: a program's path as it is, else words as a shell splits them ("code --wait").
    Raises ValueError."""
    import shlex
    import shutil

    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    return [chosen] if shutil.which(chosen) else shlex.split(chosen) or ["vi"]


def _next_undecided(review: Review, after: str | None) -> str | None:
    """The first undecided hunk after ``after``, else the first of all, else None."""
    ids = [h.id for h in review.hunks]
    start = ids.index(after) + 1 if after in ids else 0
    ordered = [*review.hunks[start:], *review.hunks[:start]]
    return next((h.id for h in ordered if h.verdict == "undecided"), None)


def _number(review: Review, hunk_id: str) -> str:
    ids = [h.id for h in review.hunks]
    return f"{ids.index(hunk_id) + 1}/{len(ids)}"


def _show(printer: Printer, review: Review, hunk: ReviewHunk) -> None:
    printer.say()
    for reason in hunk.reasons:
        code = f"{reason.code}: " if reason.code else ""
        printer.say(f"{reason.origin} · {inert_line(code + (reason.suggestion or reason.message))}", "cyan")
    show_diff(printer, patch.unified(hunk.path, review.base(hunk.path), [hunk.hunk]))
    if hunk.verdict != "undecided" or hunk.edited:
        printer.say(f"({'edited, ' if hunk.edited else ''}{hunk.verdict})", "dim")
