"""Explains errors: what broke, which rule of the language it breaks, why an edit answers it, where to read on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tutor import process
from tutor.diagnostics import Diagnostic, Span
from tutor.fix.language_rules import RULES
from tutor.fix.proposer import Candidate
from tutor.inert import inert, inert_line
from tutor.toolchain import Toolchain

_CODE: Final = re.compile(r"[eE]?(\d{1,4})")
_FENCE: Final = re.compile(r"^(\s*)(`{3,}|~{3,})(.*)$")
_TEXT_FENCES: Final = frozenset({"text", "toml", "sh", "bash", "console", "none", "json", "c", "asm"})
_MAX_OUTPUT: Final = 256 * 1024
_TIMEOUT_SECONDS: Final = 20.0
_MAX_EXPLAINED: Final = 20
_MAX_LABELS: Final = 4
_SPECIAL: Final = re.compile(r"([\\*_\[\]<>#|~!])")

_SURENESS: Final = {
    "MachineApplicable": "The compiler is sure that this is what was meant.",
    "MaybeIncorrect": "The compiler offers it as a possibility: read whether it says what you mean.",
    "HasPlaceholders": "The compiler left a gap in it, which could be filled in only one way.",
    "Unspecified": "The compiler does not say how sure it is: read whether it says what you mean.",
}


@dataclass(frozen=True, slots=True)
class CodeExplanation:
    """The compiler's own explanation of an error code: ``title`` is its first sentence, ``markdown`` all of it."""

    code: str
    title: str
    markdown: str


def explain_code(code: str, toolchain: Toolchain) -> CodeExplanation | None:
    """What ``rustc --explain`` says about ``code`` ("E0382", "382"), as plain Markdown; None when it knows no such
    code. Raises MissingTool when rustc has gone."""
    number = _CODE.fullmatch(code.strip())
    if number is None:
        return None
    name = f"E{int(number.group(1)):04}"
    done = process.run(
        [toolchain.rustc, "--explain", name],
        cwd=Path("/"),
        env=toolchain.env(),
        timeout=_TIMEOUT_SECONDS,
        max_output=_MAX_OUTPUT,
    )
    text = done.stdout.decode("utf-8", "replace").strip()
    if not done.succeeded or not text:
        return None
    markdown = plain_markdown(inert(text))
    first = re.split(r"(?<=[.:])\s", " ".join(markdown.split("\n\n", 1)[0].split()), maxsplit=1)[0]
    return CodeExplanation(name, first, markdown)


def plain_markdown(text: str) -> str:
    """The compiler's Markdown without its documentation tests' trimmings: fences say ``rust`` and nothing else, and
    the lines that are hidden in the rendered pages (``# use …;``) are left out."""
    out: list[str] = []
    fence, rust = "", False
    for line in text.splitlines():
        edge = _FENCE.match(line)
        if edge is not None and not fence:
            fence, words = edge.group(2), edge.group(3).strip()
            rust = re.split(r"[,\s]", words, maxsplit=1)[0] not in _TEXT_FENCES
            out.append(f"{edge.group(1)}{fence}{'rust' if rust else words}")
        elif edge is not None and edge.group(2) == fence and not edge.group(3).strip():
            fence = ""
            out.append(line)
        elif fence and rust and (line.strip() == "#" or line.lstrip().startswith("# ")):
            continue
        else:
            out.append(line.replace("##", "#", 1) if fence and rust and line.lstrip().startswith("##") else line)
    return "\n".join(out) + "\n"


def explanation(candidates: Sequence[Candidate], solves: Sequence[Diagnostic], leaves: Sequence[Diagnostic]) -> str:
    """A proposal's explanation, as Markdown, error by error."""
    parts = []
    for diagnostic in solves[:_MAX_EXPLAINED]:
        why = [c for c in candidates if (c.reason.code, c.reason.message) == (diagnostic.code, diagnostic.message)]
        together = "" if why else "\n\nIt goes away together with the others."
        parts.append(explain_error(diagnostic, why) + together)
    if len(solves) > _MAX_EXPLAINED:
        parts.append(f"And {len(solves) - _MAX_EXPLAINED} more errors of these kinds go away.")
    if leaves:
        what = "\n".join(f"- {_headline(d)}" for d in leaves[:_MAX_EXPLAINED])
        parts.append(f"### What is left\n\nThere is no proven fix for:\n\n{what}")
    return "\n\n".join(parts) + "\n"


def explain_error(diagnostic: Diagnostic, answers: Sequence[Candidate] = ()) -> str:
    """One error as Markdown: what broke, the rule, why the edits in ``answers`` mend it, where to read on."""
    lines = [f"### {_headline(diagnostic)}", "", f"**What broke.** {_what_broke(diagnostic)}"]
    if rule := RULES.get(diagnostic.code):
        lines += ["", f"**The rule.** {rule}"]
    # A note with a place ("defined here") says nothing without it.
    notes = [child.message for child in diagnostic.children if child.level == "note" and not child.spans]
    if notes:
        lines += ["", f"The compiler adds: {quoted(notes[0])}."]
    for why in list(dict.fromkeys(_why(answer) for answer in answers))[:_MAX_LABELS]:
        lines += ["", f"**Why this edit.** {why}"]
    if diagnostic.code.startswith("E") and diagnostic.code[1:].isdigit():
        lines += ["", f"Read more: `tutor explain {diagnostic.code}` or `rustc --explain {diagnostic.code}`."]
    return "\n".join(lines)


def _headline(diagnostic: Diagnostic) -> str:
    code = f"{diagnostic.code}: " if diagnostic.code else ""
    return f"{code}{quoted(diagnostic.message)}{_where(diagnostic.place)}"


def _where(span: Span | None) -> str:
    return f" ({_code(f'{span.file}:{span.line}')})" if span is not None else ""


def _what_broke(diagnostic: Diagnostic) -> str:
    """The places that the compiler points at, in the order of the code."""
    labelled = [span for span in diagnostic.spans if span.label]
    labelled.sort(key=lambda s: (s.file, s.start))
    if not labelled:
        return f"{quoted(diagnostic.message)}."
    said = "; ".join(f"line {span.line}: {quoted(span.label)}" for span in labelled[:_MAX_LABELS])
    return f"L{said[1:]}."


def _why(answer: Candidate) -> str:
    words = quoted(answer.reason.suggestion) if answer.reason.suggestion else "the change shown"
    if answer.reason.origin != "rustc":
        return f"{words}."
    return f"The compiler suggests: {words}. {_SURENESS[answer.applicability]}"


def quoted(text: str) -> str:
    """Foreign text as one line of Markdown that shows as it is; what stands in backquotes stays code."""
    pieces = inert_line(" ".join(text.split())).rstrip(".:").split("`")
    if len(pieces) % 2 == 0:  # a backquote without its partner
        return _SPECIAL.sub(r"\\\1", "'".join(pieces))
    return "".join(_SPECIAL.sub(r"\\\1", piece) if i % 2 == 0 else f"`{piece}`" for i, piece in enumerate(pieces))


def _code(text: str) -> str:
    return "`" + inert_line(text).replace("`", "'") + "`"
