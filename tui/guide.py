"""The coach of the guided demonstration: the steps of the main job, ticked as the user does them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.content import Content
from textual.widget import Widget

from tui.themes import QUIET


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``text`` says what to do, ``{KEY}`` standing for the binding's key; ``short`` names it in the list."""

    id: str
    short: str
    text: str
    binding: str = ""


STEPS = (
    Step("fix", "find", "Type “fix this” and Enter: fixes are proven before you see them.", "app.fix"),
    Step("accept", "decide", "Read the hunk, then press {key} to accept it (r rejects, e edits).", "hunk.accept"),
    Step("apply", "write", "Press {key} to write what you accepted. Nothing else is touched.", "app.apply"),
    Step("commit", "commit", "Read the message, edit it; ctrl+s commits ({key} asks again).", "app.commit"),
    Step("ask", "ask", "Press {key} and ask why it did not compile; Enter sends.", "pane.chat"),
)


class Coach(Widget):
    """A small panel at the top. It shows; it takes no key and no focus."""

    def __init__(self, key: Callable[[str], str]) -> None:
        super().__init__(id="coach")
        self._key = key
        self._done: set[str] = set()

    @property
    def current(self) -> Step | None:
        """The first step that is not done yet; None at the end."""
        return next((step for step in STEPS if step.id not in self._done), None)

    def tick(self, step: str) -> None:
        """The user has done ``step``, in whatever order."""
        if step not in self._done:
            self._done.add(step)
            self.refresh(layout=True)

    def render(self) -> Content:
        """All steps with their ticks, and below what to do now."""
        step = self.current
        marks: list[tuple[str, str]] = []
        for number, each in enumerate(STEPS, 1):
            done, now = each.id in self._done, each is step
            sign = "✓" if done else str(number)
            ink = "$text-success" if done else "bold $text-accent" if now else QUIET
            marks += [(f"{sign} {each.short}", ink), ("   ", "")]
        text = "That is the whole job. Look around: ? shows keys, ctrl+q leaves; this was a scratch copy."
        if step is not None:
            text = step.text.format(key=self._key(step.binding))
        return Content("\n").join([Content.assemble(*marks), Content.styled(text, "$foreground")])
