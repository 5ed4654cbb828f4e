"""Composes the message of a commit: what was wrong, why the change mends it, what was checked. The user may edit it.

Form: a summary of at most 72 characters, a blank line, a body wrapped at 72 ("DISCUSSION" in git-commit).
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Sequence

from tutor.diagnostics import Diagnostic
from tutor.inert import inert_line
from tutor.proposal import Proposal, Verification

_WIDTH = 72
_TAUGHT = 3


def compose(
    proposal: Proposal,
    paths: Sequence[str],
    verification: Verification,
    why: Callable[[str], str | None],
    left: Sequence[Diagnostic] | None = None,
) -> str:
    """The proposed message for a commit of ``paths``.

    ``verification`` and ``left``: of what was accepted, and the errors that stay with it (None: those that stay with
    the whole proposal). What stays is not claimed to be fixed. ``why(code)``: the rule behind an error code in one
    sentence, or None.
    """
    left = proposal.leaves if left is None else left
    gone = _without(proposal.solves, left)
    solved = [d for d in gone if d.place is None or d.place.file in paths] or gone
    body = [
        textwrap.fill(_item(d), _WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False)
        for d in solved
    ]
    # The rule behind one to three errors teaches; behind a dozen it would bury what the commit does.
    rules = dict.fromkeys(rule for d in solved if d.code and (rule := why(d.code))) if len(solved) <= _TAUGHT else {}
    paragraphs = ["\n".join(body)] if body else []
    paragraphs += [textwrap.fill(inert_line(rule), _WIDTH, break_long_words=False) for rule in rules]
    if checked := _checked(verification, len(left)):
        paragraphs.append(checked)
    return "\n\n".join([_summary(proposal, solved, paths), *paragraphs]) + "\n"


def _without(solved: Sequence[Diagnostic], left: Sequence[Diagnostic]) -> list[Diagnostic]:
    """What is gone of ``solved`` when ``left`` stays. Lines move with the edits, so messages are told apart by what
    they say and where they stand, and counted."""
    staying = Counter(map(_said, left))
    gone = []
    for diagnostic in solved:
        if staying[_said(diagnostic)]:
            staying[_said(diagnostic)] -= 1
        else:
            gone.append(diagnostic)
    return gone


def _said(diagnostic: Diagnostic) -> tuple[str, str, str]:
    return (diagnostic.code, diagnostic.message, diagnostic.place.file if diagnostic.place else "")


def _summary(proposal: Proposal, solved: Sequence[Diagnostic], paths: Sequence[str]) -> str:
    place = inert_line(paths[0]) if len(paths) == 1 else f"{len(paths)} files"
    codes = list(dict.fromkeys(d.code for d in solved if d.code))
    if len(solved) == 1:
        code = f" {codes[0]}" if codes else ""
        text = f"Fix{code} in {place}: {inert_line(solved[0].message)}"
    elif solved:
        named = f" ({', '.join(codes)})" if 0 < len(codes) <= 3 else ""
        text = f"Fix {len(solved)} compile errors in {place}{named}"
    elif proposal.solves:
        text = f"Apply a part of a fix in {place}"
    else:
        text = inert_line(proposal.title)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1].rstrip() + "…"


def _item(diagnostic: Diagnostic) -> str:
    place = diagnostic.place
    where = f"{place.file}:{place.line}: " if place else ""
    code = f"{diagnostic.code} " if diagnostic.code else ""
    return inert_line(f"{where}{code}{diagnostic.message}")


def _checked(verification: Verification, left: int) -> str:
    if verification.check == "failed":
        return (
            f"Does not compile yet: {left} error{'' if left == 1 else 's'} left." if left else "Does not compile yet."
        )
    passed = [name for name, outcome in (("compiles", verification.check), ("tests pass", verification.tests))
              if outcome == "passed"]  # fmt: skip
    return f"Checked: {', '.join(passed)}." if passed else ""
