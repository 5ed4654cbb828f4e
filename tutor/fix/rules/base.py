"""What a rule is: a function from one diagnostic in its source to possible fixes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from knowledgegraph.rust_syntax import Node, Syntax, TooMuch, descendants, parse
from tutor.diagnostics import Diagnostic, Span
from tutor.fix.proposer import Candidate, Edit
from tutor.proposal import Reason

_MOST_ERRORS = 20  # of one state that rules look at; the search answers the earliest first
_MOST_FIXES = 12  # of one rule for one diagnostic


@dataclass(frozen=True, slots=True)
class Fix:
    """A possible fix. ``words``: what is done, in the imperative ("borrow `names` instead of moving it"); a reader sees
    them as the reason of a hunk. ``likelihood``: 0 to 1, against the compiler's own suggestions, of which those that
    may be incorrect count 0.6 and those without a word on it 0.4."""

    edits: tuple[Edit, ...]
    words: str
    likelihood: float = 0.55


class Case:
    """One diagnostic in the file of its primary span. ``source``: the file's bytes, as compiled; ``sources``: all files
    of the state by path. Offsets are bytes."""

    def __init__(self, diagnostic: Diagnostic, place: Span, sources: Mapping[str, bytes], syntax: Syntax) -> None:
        self.diagnostic = diagnostic
        self.place = place
        self.file = place.file
        self.sources = sources
        self.syntax = syntax

    @property
    def source(self) -> bytes:
        """The file's content."""
        return self.syntax.source

    @property
    def root(self) -> Node:
        """The whole file's tree; it has ERROR nodes where the source is no Rust."""
        return self.syntax.root

    @property
    def message(self) -> str:
        """The compiler's first line."""
        return self.diagnostic.message

    @cached_property
    def labels(self) -> Sequence[Span]:
        """The spans in this file that carry a label, the primary one included, in the compiler's order."""
        return [span for span in self.diagnostic.spans if span.label and span.file == self.file]

    def labelled(self, pattern: str) -> Iterator[tuple[Span, re.Match[str]]]:
        """The labelled spans whose label matches ``pattern`` somewhere, with the match."""
        for span in self.labels:
            if match := re.search(pattern, span.label):
                yield span, match

    @cached_property
    def notes(self) -> Sequence[str]:
        """The messages of notes and helps below the error, in order."""
        return [part.message for part in self.diagnostic.walk() if part is not self.diagnostic]

    @cached_property
    def node(self) -> Node | None:
        """The smallest named node that covers the primary span exactly or around it."""
        return self.at(self.place)

    def at(self, place: Span | tuple[int, int]) -> Node | None:
        """The smallest named node that covers ``place`` (a span of this file, or offsets)."""
        start, end = (place.start, place.end) if isinstance(place, Span) else place
        return self.root.named_descendant_for_byte_range(start, max(start, end - 1) if end > start else end)

    def text(self, thing: Node | Span) -> str:
        """What stands there."""
        start, end = (thing.start, thing.end) if isinstance(thing, Span) else (thing.start_byte, thing.end_byte)
        return self.source[start:end].decode("utf-8", "replace")

    def above(self, node: Node | None, *kinds: str) -> Node | None:
        """The nearest node at or above ``node`` of one of these kinds; None where there is none."""
        while node is not None and node.type not in kinds:
            node = node.parent
        return node

    def below(self, node: Node, *kinds: str) -> Iterator[Node]:
        """The named nodes below ``node`` of these kinds, in order."""
        return (found for found in descendants(node) if found.type in kinds)

    def functions(self) -> Mapping[str, Node]:
        """The ``function_item`` (or signature) of each name in this file, methods included; of several the first."""
        found: dict[str, Node] = {}
        for node in self.below(self.root, "function_item", "function_signature_item"):
            name = node.child_by_field_name("name")
            if name is not None:
                found.setdefault(self.text(name), node)
        return found

    # Edits in this file.

    def replace(self, thing: Node | Span, text: str) -> Edit:
        """Puts ``text`` in the place of a node or span."""
        start, end = (thing.start, thing.end) if isinstance(thing, Span) else (thing.start_byte, thing.end_byte)
        return Edit(self.file, start, end, text.encode())

    def insert(self, at: int, text: str) -> Edit:
        """Puts ``text`` before the byte at offset ``at``."""
        return Edit(self.file, at, at, text.encode())

    def indentation(self, at: int) -> str:
        """The white space at the beginning of the line that offset ``at`` is in."""
        start = self.source.rfind(b"\n", 0, at) + 1
        line = self.source[start:at]
        return line[: len(line) - len(line.lstrip())].decode("utf-8", "replace")


Rule = Callable[[Case], Iterable[Fix]]

_BY_CODE: dict[str, list[Rule]] = {}
_BY_MESSAGE: list[tuple[re.Pattern[str], Rule]] = []


def rule(*codes: str, message: str = "") -> Callable[[Rule], Rule]:
    """Registers a rule for diagnostics with one of ``codes``, or (``message``: a pattern found in the first line) for
    diagnostics of any code, mostly those of the parser, which have none."""

    def register(function: Rule) -> Rule:
        for code in codes:
            _BY_CODE.setdefault(code, []).append(function)
        if message:
            _BY_MESSAGE.append((re.compile(message), function))
        return function

    return register


class RuleProposer:
    """Proposes what our rules say could be done about each error. ``faults``: rules that failed, and how."""

    def __init__(self) -> None:
        from tutor.fix.rules import FAMILIES  # registers every rule

        self.families = FAMILIES
        self._trees: dict[bytes, Syntax | None] = {}
        self.faults: list[str] = []

    def propose(self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, bytes]) -> Iterator[Candidate]:
        """The candidates of all rules that apply."""
        for diagnostic in diagnostics[:_MOST_ERRORS]:
            place = diagnostic.place
            if place is None or place.file not in sources:
                # inside a macro of somebody else's: the nearest place of the user's own
                place = next((span for span in diagnostic.spans if span.file in sources), None)
            if place is None:
                continue
            syntax = self._parsed(sources[place.file])
            if syntax is None or place.end > len(syntax.source):
                continue
            case = Case(diagnostic, place, sources, syntax)
            for function in _rules_for(diagnostic):
                for fix in self._fixes(function, case):
                    reason = Reason("rule", diagnostic.code, diagnostic.message, fix.words)
                    yield Candidate(fix.edits, reason, diagnostic, "MaybeIncorrect", fix.likelihood)

    def _fixes(self, function: Rule, case: Case) -> list[Fix]:
        """What one rule makes of a case. A fault in a rule, which a torn tree may bring out, costs this rule's fixes
        and nothing else; it is kept in ``faults``."""
        try:
            return list(islice(function(case), _MOST_FIXES))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            self.faults.append(f"{function.__module__}.{function.__name__}: {type(error).__name__}: {error}")
            return []

    def _parsed(self, source: bytes) -> Syntax | None:
        if source not in self._trees:
            try:
                self._trees[source] = parse(source)
            except TooMuch:
                self._trees[source] = None
        return self._trees[source]


def _rules_for(diagnostic: Diagnostic) -> Iterator[Rule]:
    yield from _BY_CODE.get(diagnostic.code, ())
    for pattern, function in _BY_MESSAGE:
        if pattern.search(diagnostic.message):
            yield function
