"""One line that always says how things stand, and one that says what is running."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.themes import QUIET
from tutor.inert import inert_line

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui.jobs import Job

Mood = Literal["plain", "good", "careful", "bad"]
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_INKS: dict[Mood, str] = {
    "plain": QUIET, "good": "$text-success", "careful": "$text-warning", "bad": "$text-error",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that the status line says. ``short`` is used where ``long`` has no room; of the facts that have no
    room even so, those with the highest ``rank`` go first."""

    long: str
    short: str = ""
    mood: Mood = "plain"
    rank: int = 0

    @property
    def words(self) -> tuple[str, str]:
        """Both wordings, harmless."""
        return inert_line(self.long), inert_line(self.short or self.long)


def fit_facts(facts: Iterable[Fact], width: int, gap: int = 3) -> list[tuple[str, Mood]]:
    """The wordings that fit ``width`` cells: long where all fit, else short from the end on, else the lesser facts
    are left out. The most important one is always there, cut if it must be."""
    chosen = [(fact, fact.words[0]) for fact in facts if fact.long]

    def size() -> int:
        return sum(cell_len(words) for _, words in chosen) + gap * max(0, len(chosen) - 1)

    for index in sorted(range(len(chosen)), key=lambda i: -chosen[i][0].rank):
        if size() <= width:
            break
        chosen[index] = (chosen[index][0], chosen[index][0].words[1])
    while size() > width and len(chosen) > 1:
        chosen.remove(max(chosen, key=lambda pair: pair[0].rank))
    return [(words, fact.mood) for fact, words in chosen]


def spinner(job: Job) -> str:
    """The sign that something moves."""
    return _SPINNER[int(job.seconds * 10) % len(_SPINNER)]


class StatusLine(Widget):
    """Model, repository, toolchain, sandbox, errors: whatever is known, in the order of ``facts``' keys."""

    ORDER = ("model", "repository", "errors", "knowledge", "toolchain", "sandbox")

    def __init__(self) -> None:
        super().__init__(id="status")
        self._facts: dict[str, Fact] = {}
        self._job: Job | None = None
        self._timer: Timer | None = None

    def tell(self, name: str, fact: Fact) -> None:
        """Sets one fact (see :attr:`ORDER`); one with an empty text is not shown."""
        self._facts[name] = fact
        self.refresh()

    def watch_job(self, job: Job | None) -> None:
        """What is running stands first."""
        self._job = job
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_interval(1 / 10, self.refresh) if job is not None else None
        self.refresh()

    @property
    def text(self) -> str:
        """All facts in full, for the narrowest screen's help and for tests."""
        return " · ".join(
            self._facts[name].words[0] for name in self.ORDER if name in self._facts and self._facts[name].long
        )

    def render(self) -> Content:
        """The facts that fit, dots between them."""
        facts = [self._facts[name] for name in self.ORDER if name in self._facts]
        if self._job is not None:
            facts.insert(0, Fact(f"{spinner(self._job)} {self._job.title} {self._job.seconds:.0f} s", mood="careful"))
        drawn = [Content.styled(words, _INKS[mood]) for words, mood in fit_facts(facts, self.content_size.width)]
        return Content.styled(" · ", QUIET).join(drawn)


class Working(Widget):
    """What is running, how far it is and how to stop it; nothing, without a line, while nothing runs."""

    def __init__(self) -> None:
        super().__init__(id="working")
        self._job: Job | None = None
        self._timer: Timer | None = None
        self.display = False

    def watch_job(self, job: Job | None) -> None:
        """Shows ``job``, or nothing."""
        self._job = job
        self.display = job is not None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if job is not None:
            self._timer = self.set_interval(1 / 10, self.refresh)

    def render(self) -> Content:
        """Spinner, what, how far, seconds."""
        job = self._job
        if job is None:
            return Content()
        parts = [
            (f"{spinner(job)} ", "$accent"),
            ("Stopping" if job.stopping else inert_line(job.title), "$foreground"),
        ]
        if (progress := job.progress) is not None:
            count = f" {progress.done} of {progress.total}" if progress.total else f" {progress.done or ''}"
            parts.append((f" · {inert_line(progress.what)}{count.rstrip()}", QUIET))
        parts.append((f" · {job.seconds:.0f} s", QUIET))
        if not job.stopping:
            parts += [("   esc", "bold $text-accent"), (" stops", QUIET)]
        return Content.assemble(*parts)
