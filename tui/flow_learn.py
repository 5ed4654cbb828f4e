"""Understanding: what is in the middle of the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledgegraph.entry import entry_id
from tui.flows import Flow

if TYPE_CHECKING:
    from tui.app import TutorApp


class LearnFlow(Flow):
    """The map follows what is looked at until the user goes somewhere else in it."""

    def __init__(self, app: TutorApp) -> None:
        super().__init__(app)
        self._placed = ""  # what the map was last put on by anyone but the user

    def centre(self, identity: str, *, remember: bool = True) -> None:
        """Puts an entry into the middle of the map, once the lessons are loaded. ``remember``: "back" leads back."""
        library = self.app.tutor.library

        def show(there: bool) -> None:
            if there:
                self._placed = identity
                self.app.concepts.centre_on(identity, remember=remember)
            else:
                self.app.note(f"There is nothing called “{identity}” on the map.", "warning")

        self.app.in_thread(lambda: library.entry(identity) is not None, show)

    def follow(self, code: str) -> None:
        """The user looks at an error of this code: the lesson about it, else its page, comes into the middle, unless
        the user has gone to another one by hand."""

        def show(found: str) -> None:
            if found and not self._wandered:
                self.centre(found, remember=False)

        if not self._wandered:
            self.app.in_thread(lambda: self._about(code), show)

    def _about(self, code: str) -> str:
        library = self.app.tutor.library
        concepts = library.for_error(code)
        page = entry_id("error", code)
        return concepts[0].id if concepts else page if library.entry(page) is not None else ""

    @property
    def _wandered(self) -> bool:
        concepts = self.app.concepts
        return concepts.centre != self._placed or concepts.selected_id != concepts.centre

    def name(self, identity: str) -> None:
        """The frame names what is in the middle."""
        if self.app.concepts.centre == identity:
            self.app.show_counts("concepts", "", f"concepts · {self.app.concepts.centre_title}")
