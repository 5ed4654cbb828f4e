"""From typed words and chosen commands to the flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from commands.registry import find
from tui.routing import understand

if TYPE_CHECKING:
    from tui.app import TutorApp


class Dispatch:
    """Does what ``commands.registry`` names, whichever way it was asked for."""

    def __init__(self, app: TutorApp) -> None:
        self._app = app

    def typed(self, text: str) -> None:
        """The user sent ``text``."""
        self._app.chat.say_user(text)
        wish = understand(text)
        if wish.problem:
            self._app.note(wish.problem, "warning")
        else:
            self.do(wish.command, wish.argument)

    def choose(self, command: str) -> None:
        """A command was chosen in the palette; one that needs words is put into the prompt."""
        found = find(command)
        if found is not None and found.argument and not found.argument.startswith("["):
            self._app.type_into_prompt(f"/{command} ")
        else:
            self.do(command)

    def do(self, command: str, argument: str = "") -> None:
        """Does one command. Raises KeyError for one that the app does not offer."""
        app = self._app
        doing: dict[str, Callable[[], object]] = {
            "fix": lambda: app.fix_flow.fix(argument),
            "check": lambda: app.fix_flow.check(argument),
            "ask": lambda: app.ask_flow.ask(argument),
            "explain": lambda: app.ask_flow.explain(argument),
            "graph": lambda: app.ask_flow.find_concept(argument),
            "find": lambda: app.knowledge_flow.find(argument),
            "outline": app.knowledge_flow.outline,
            "knowledge": lambda: app.knowledge_flow.command(argument),
            "apply": app.write_flow.apply,
            "commit": app.write_flow.commit,
            "undo": app.write_flow.undo,
            "helpful": lambda: app.ask_flow.say_helpful(argument),
            "doctor": self._doctor,
            "help": app.action_help,
            "quit": app.leave,
        }
        doing[command]()

    def _doctor(self) -> None:
        from commands.doctor import as_text, examine

        home, use_model = self._app.tutor.home, self._app.tutor.use_model
        self._app.in_thread(
            lambda: as_text(list(examine(home, use_model=use_model)), colour=False),
            lambda text: self._app.note("What works here", "info", text),
        )
