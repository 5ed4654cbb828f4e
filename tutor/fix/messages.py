"""Reads the compiler's JSON messages: rustc's own ("JSON Output" in the rustc book) and cargo's wrapping of them.

The output is foreign text of any size and shape: a line that is not a message is skipped, what is kept is bounded.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from tutor.diagnostics import Applicability, Diagnostic, Level, Span

MAX_DIAGNOSTICS: Final = 1_000
"""How many errors of one check are kept, and how many other messages."""

_POSITION: Final = re.compile(r":\d+:\d+(?:: \d+:\d+)?")
_MAX_TEXT: Final = 20_000
_MAX_SPANS: Final = 200
_MAX_DEPTH: Final = 4
_APPLICABILITIES: Final[Mapping[str, Applicability]] = {name: name for name in get_args(Applicability)}
_LEVELS: Final[Mapping[str, Level]] = {name: name for name in get_args(Level)} | {
    "error: internal compiler error": "error"
}

Raw = dict[str, Any]
Rename = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Message:
    """One diagnostic, the crate ("unit") that it is about, and whether the compiler itself broke down in it."""

    diagnostic: Diagnostic
    unit: str = ""
    crash: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two errors the same one before and after an edit: all but the exact place."""

    unit: str
    code: str
    message: str
    file: str


def key_of(message: Message) -> Key:
    """The key of an error; positions inside its text ("closure@src/main.rs:4:5") are taken out."""
    found = message.diagnostic
    place = found.place
    return Key(message.unit, found.code, _POSITION.sub("", found.message), place.file if place else "")


@dataclass(slots=True)
class Messages:
    """All that one check said. ``errors`` counts every error (``number`` in all), ``others`` the other messages;
    ``found`` holds the first ``MAX_DIAGNOSTICS`` of each of the two. ``reached``: the units whose check began."""

    found: list[Message] = field(default_factory=list)
    errors: Counter[Key] = field(default_factory=Counter)
    number: int = 0
    others: int = 0
    reached: set[str] = field(default_factory=set)

    def take(self, message: Message) -> None:
        """Counts a message, and keeps it while there is room."""
        if message.diagnostic.level == "error" and not message.crash:
            self.errors[key_of(message)] += 1
            self.number += 1
            room = self.number <= MAX_DIAGNOSTICS
        else:
            self.others += 1
            room = self.others <= MAX_DIAGNOSTICS
        if room:
            self.found.append(message)

    @property
    def cut(self) -> bool:
        """Whether there were more messages than are kept."""
        return max(self.number, self.others) > MAX_DIAGNOSTICS

    def add(self, other: Messages) -> None:
        """Takes over what another run said, but for what is known already."""
        known = {message.diagnostic for message in self.found}
        for message in other.found:
            if message.diagnostic not in known:
                self.take(message)
        self.reached |= other.reached


def parse(output: bytes, rename: Rename, prefix: str = "") -> Messages:
    """The messages in ``output``, each once. ``rename`` turns the compiler's file names into the project's;
    ``prefix`` is put before the names of cargo's units."""
    messages = Messages()
    seen: set[tuple[object, ...]] = set()
    # Cargo checks crates side by side and prints whoever is first: sorted, the same errors come in the same order.
    for raw in sorted(_objects(output), key=lambda raw: _unit(raw, prefix)):
        unit = _unit(raw, prefix)
        if raw.get("reason") in ("compiler-message", "compiler-artifact"):
            messages.reached.add(unit)
        message = raw.get("message") if "reason" in raw else raw
        if not isinstance(message, dict) or not _is_diagnostic(message):
            continue
        identity = _identity(message)
        if identity in seen:
            continue
        seen.add(identity)
        crash = message.get("level") == "error: internal compiler error"
        messages.take(Message(diagnostic(message, rename), unit, crash))
    return messages


def _objects(output: bytes) -> Iterator[Raw]:
    """Every line of ``output`` that is a JSON object; a torn last line is none."""
    for line in output.split(b"\n"):
        if line.startswith(b"{"):
            try:
                found = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(found, dict):
                yield found


def _unit(raw: Raw, prefix: str) -> str:
    target = raw.get("target")
    if not isinstance(target, dict):
        return prefix
    return f"{prefix}{raw.get('package_id')} {target.get('kind')} {target.get('name')}"


def _is_diagnostic(message: Raw) -> bool:
    """Not the summary lines at the end ("aborting due to …", "For more information …", "3 warnings emitted")."""
    text, level = message.get("message"), message.get("level")
    if message.get("$message_type", "diagnostic") != "diagnostic" or not isinstance(text, str):
        return False
    if not isinstance(level, str) or level not in _LEVELS or level == "failure-note":
        return False
    summary = not message.get("spans") and not message.get("code")
    return not (
        summary and (text.startswith("aborting due to") or text.endswith(("warning emitted", "warnings emitted")))
    )


def _identity(message: Raw) -> tuple[object, ...]:
    spans = message.get("spans")
    places = [
        (s.get("file_name"), s.get("byte_start"), s.get("byte_end"))
        for s in (spans if isinstance(spans, list) else [])
        if isinstance(s, dict) and s.get("is_primary")
    ]
    # Without a place, the text that the compiler would have printed tells two messages apart.
    return (message["level"], message["message"], repr(places) if places else repr(message.get("rendered")))


def diagnostic(message: Raw, rename: Rename, depth: int = 0) -> Diagnostic:
    """One message as a typed value. Whatever has the wrong type is left out."""
    code = message.get("code")
    children = message.get("children")
    return Diagnostic(
        code=_text(code.get("code")) if isinstance(code, dict) else "",
        level=_LEVELS.get(str(message.get("level")), "note"),
        message=_text(message.get("message")),
        spans=tuple(_spans(message.get("spans"), rename)),
        children=tuple(
            diagnostic(child, rename, depth + 1)
            for child in (children if isinstance(children, list) and depth < _MAX_DEPTH else [])
            if isinstance(child, dict)
        ),
        rendered=_text(message.get("rendered")),
    )


def _spans(raw: object, rename: Rename) -> Iterator[Span]:
    for span in raw[:_MAX_SPANS] if isinstance(raw, list) else []:
        if not isinstance(span, dict):
            continue
        place, replacement = _call_site(span), span.get("suggested_replacement")
        name, applicability = place.get("file_name"), span.get("suggestion_applicability")
        numbers = [n for key in _NUMBERS if isinstance(n := place.get(key), int) and n >= 0]
        if not isinstance(name, str) or len(numbers) != len(_NUMBERS):
            continue
        start, end, line, column, end_line, end_column = numbers
        yield Span(
            rename(name),
            start,
            end,
            line,
            column,
            end_line,
            end_column,
            primary=span.get("is_primary") is True,
            label=_text(span.get("label")),
            replacement=replacement if isinstance(replacement, str) else None,
            applicability=_APPLICABILITIES.get(str(applicability)),
            from_macro=_from_macro(span),
        )


def _call_site(span: Raw) -> Raw:
    """The place itself; of one inside a macro of the standard library, where the macro is called."""
    at = span
    for _ in range(_MAX_SPANS):
        expansion = at.get("expansion")
        outer = expansion.get("span") if isinstance(expansion, dict) else None
        if not isinstance(outer, dict) or not str(at.get("file_name")).startswith("/rustc/"):
            return at
        at = outer
    return at


def _from_macro(span: Raw) -> bool:
    """Whether a place lies in a macro's expansion. What the compiler itself writes out (`?`, `.await`, `for`) is
    also marked as an expansion, but there the text is the user's own."""
    at: object = span
    for _ in range(_MAX_SPANS):
        expansion = at.get("expansion") if isinstance(at, dict) else None
        if not isinstance(expansion, dict):
            return False
        if not str(expansion.get("macro_decl_name")).startswith("desugaring of "):
            return True
        at = expansion.get("span")
    return True


_NUMBERS: Final = ("byte_start", "byte_end", "line_start", "column_start", "line_end", "column_end")


def _text(found: object) -> str:
    return found[:_MAX_TEXT] if isinstance(found, str) else ""


def relative_to(*folders: str) -> Rename:
    """A ``Rename`` that makes names relative to the first of ``folders`` that holds them, and leaves others alone.
    Relative names are relative to the first folder."""

    def rename(name: str) -> str:
        if not posixpath.isabs(name):
            name = posixpath.join(folders[0], name)
        name = posixpath.normpath(name)
        for folder in folders:
            if name.startswith(folder.rstrip(os.sep) + os.sep):
                return name[len(folder.rstrip(os.sep)) + 1 :]
        return name

    return rename
