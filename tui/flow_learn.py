"""Understanding: the concept in the middle of the map, and lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.flows import Flow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from knowledgegraph.concepts import Concept
    from tui.app import TutorApp


class LearnFlow(Flow):
    """The map follows what is looked at until the user goes somewhere else in it."""

    def __init__(self, app: TutorApp) -> None:
        super().__init__(app)
        self._placed = ""  # what the map was last put on by anyone but the user

    def centre(self, concept_id: str, *, remember: bool = True) -> None:
        """Puts a concept into the middle of the map, once the lessons are loaded. ``remember``: "back" leads back."""
        lookup = self.app.tutor.library.neighbourhood

        def show(found: str) -> None:
            self._placed = found
            self.app.concepts.centre_on(found, remember=remember)

        self.app.in_thread(lambda: lookup(concept_id).centre.id, show)

    def follow(self, code: str) -> None:
        """The user looks at an error of this code: its concept comes into the middle, unless the user has gone to
        another one by hand."""

        def show(found: Sequence[Concept]) -> None:
            if found and not self._wandered:
                self.centre(found[0].id, remember=False)

        if not self._wandered:
            self.app.in_thread(lambda: self.app.tutor.library.for_error(code), show)

    @property
    def _wandered(self) -> bool:
        concepts = self.app.concepts
        return concepts.centre != self._placed or concepts.selected_id != concepts.centre

    def name(self, concept_id: str) -> None:
        """The frame names the concept in the middle."""
        self.app.in_thread(
            lambda: self.app.tutor.library.concepts[concept_id].title,
            lambda title: self.app.show_counts("concepts", "", f"concepts · {title}"),
        )

    def open_lesson(self, concept_id: str) -> None:
        """Opens a lesson."""
        library = self.app.tutor.library

        def show(lesson: tuple[str, str]) -> None:
            from tui.concept_map import LessonView

            self.app.push_screen(LessonView(*lesson))

        self.app.in_thread(lambda: (library.concepts[concept_id].title, library.page(concept_id)), show)
