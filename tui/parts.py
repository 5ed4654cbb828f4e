"""What the app is made of: the engine, the flows and the panes, each made when it is first asked for.

The first frame needs none of them, and together they cost more than everything else.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tui.base import BaseApp
from tutor import config
from tutor.paths import Home, find_home

if TYPE_CHECKING:
    from tui.app import TutorApp
    from tui.chat import ChatPane
    from tui.concept_map import ConceptMap
    from tui.diff_view import DiffView
    from tui.dispatch import Dispatch
    from tui.flow_ask import AskFlow
    from tui.flow_fix import FixFlow
    from tui.flow_knowledge import KnowledgeFlow
    from tui.flow_learn import LearnFlow
    from tui.flow_look import LookFlow
    from tui.flow_write import WriteFlow
    from tui.history import History
    from tui.layout import Panes
    from tui.problems import CodeView, ProblemsList
    from tui.startup import Startup
    from tutor.engine import Tutor


class Parts(BaseApp):
    """The parts of :class:`tui.app.TutorApp`, which alone derives from it."""

    def __init__(self, root: Path, tutor: Tutor | None, home: Home | None, use_model: bool) -> None:
        super().__init__(tutor.home if tutor else home or find_home())
        self.settings = tutor.settings if tutor else config.load(self.home.config_file)
        self._root = root
        self._given = tutor
        self._use_model = use_model

    @property
    def _whole(self) -> TutorApp:
        return cast("TutorApp", self)

    @cached_property
    def tutor(self) -> Tutor:
        """The engine."""
        from tutor.engine import Tutor

        return self._given or Tutor(
            self._root, home=self.home, settings=self.settings, use_model=self._use_model, tool="app"
        )

    @cached_property
    def fix_flow(self) -> FixFlow:
        """Finding fixes."""
        from tui.flow_fix import FixFlow

        return FixFlow(self._whole)

    @cached_property
    def write_flow(self) -> WriteFlow:
        """Writing and committing."""
        from tui.flow_write import WriteFlow

        return WriteFlow(self._whole)

    @cached_property
    def ask_flow(self) -> AskFlow:
        """Asking."""
        from tui.flow_ask import AskFlow

        return AskFlow(self._whole)

    @cached_property
    def learn_flow(self) -> LearnFlow:
        """Understanding."""
        from tui.flow_learn import LearnFlow

        return LearnFlow(self._whole)

    @cached_property
    def knowledge_flow(self) -> KnowledgeFlow:
        """Finding and reading."""
        from tui.flow_knowledge import KnowledgeFlow

        return KnowledgeFlow(self._whole)

    @cached_property
    def look_flow(self) -> LookFlow:
        """Looking at problems."""
        from tui.flow_look import LookFlow

        return LookFlow(self._whole)

    @cached_property
    def startup(self) -> Startup:
        """What is looked at in the background."""
        from tui.startup import Startup

        return Startup(self._whole)

    @cached_property
    def commands(self) -> Dispatch:
        """What can be asked for."""
        from tui.dispatch import Dispatch

        return Dispatch(self._whole)

    @cached_property
    def history(self) -> History:
        """What was typed before."""
        from tui.history import History

        return History(self.home.state)

    @cached_property
    def chat(self) -> ChatPane:
        """The conversation and the prompt."""
        from tui.chat import ChatPane

        return ChatPane(self.history, self.startup.arguments)

    @cached_property
    def panes(self) -> Panes:
        """All panes."""
        from tui.layout import Panes

        return Panes(self.chat)

    @cached_property
    def diff(self) -> DiffView:
        """The diff under review."""
        from tui.diff_view import DiffView

        return DiffView(id="diff", grace_ms=self.settings.app.grace_ms)

    @cached_property
    def problems(self) -> ProblemsList:
        """What the compiler said."""
        from tui.problems import ProblemsList

        return ProblemsList(id="problems")

    @cached_property
    def code(self) -> CodeView:
        """The code of a problem, below the list while it is looked at."""
        from tui.problems import CodeView

        code = CodeView(id="code")
        code.display = False
        return code

    @cached_property
    def concepts(self) -> ConceptMap:
        """The map of concepts."""
        from tui.concept_map import ConceptMap

        return ConceptMap(lambda concept_id: self.tutor.library.neighbourhood(concept_id), id="concepts")
