"""Every binding of the app that the user can change. Imports all widgets: only used after the first paint."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui.app import TutorApp
from tui.chat import Turns
from tui.concept_map import ConceptMap
from tui.diff_view import DiffView
from tui.finder import Finder
from tui.layout import MainScreen
from tui.lesson import Reader
from tui.outline import Outline
from tui.problems import CodeView, ProblemsList
from tui.prompt import Prompt
from tui.turns import Helpful, Note, Sources

_WIDGETS = (Prompt, Turns, Helpful, Note, DiffView, ProblemsList, CodeView, ConceptMap, Sources, Reader, Finder,
            Outline)  # fmt: skip

KEYED: dict[str, list[BindingType]] = {
    "": [*TutorApp.BINDINGS, *MainScreen.BINDINGS],
    **{kind.__name__: kind.BINDINGS for kind in _WIDGETS},
}
"""The bindings by the widget that they belong to ("": the whole app)."""

BY_ID = {
    binding.id: binding
    for bindings in KEYED.values()
    for binding in bindings
    if isinstance(binding, Binding) and binding.id
}
"""The bindings by their ids."""
