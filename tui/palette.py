"""The command palette (ctrl+p): every action of the registry, the panes, the themes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from commands.registry import offered
from tui.layout import PANES, PaneName

if TYPE_CHECKING:
    from tui.app import TutorApp


def entries(app: TutorApp) -> Iterator[SystemCommand]:
    """What the palette offers, in the order in which it is listed before anything is typed."""
    for command in offered("app"):
        summary = f"{command.summary[0].upper()}{command.summary[1:]}"
        yield SystemCommand(command.title, summary, lambda name=command.name: app.commands.choose(name))
    for pane in PANES:
        yield SystemCommand(f"Go to {pane}", f"Put the focus on the {pane} pane", _go(app, pane))
    yield SystemCommand("Theme", "Choose the colours; the choice is kept", app.action_change_theme)
    yield SystemCommand("Save a picture", "Save the screen as an SVG file", app.action_screenshot)


class _go:  # noqa: N801 (used like a function)
    """Goes to a pane when called."""

    def __init__(self, app: TutorApp, pane: PaneName) -> None:
        self._app = app
        self._pane = pane

    def __call__(self) -> None:
        self._app.go_to(self._pane)
