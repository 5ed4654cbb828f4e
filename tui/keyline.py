"""The last line: the keys that matter in the pane in use, as many as fit."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from tui.themes import QUIET


class KeyLine(Widget):
    """Like a footer, but it never grows wider than the screen: what has no room is in the help."""

    LAST = (".help", ".palette")
    """Ends of the ids of bindings that are always there, at the right edge."""

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._spots: list[tuple[int, int, str]] = []
        self._first: list[str] = []
        self._hidden = {"app.stop", "app.apply", "app.commit", "app.undo", "pane.chat"}  # as things are at the start

    def lead_with(self, first: Iterable[str], hidden: Iterable[str]) -> None:
        """Which bindings, by id, lead the line, and which are left out."""
        self._first, self._hidden = list(first), set(hidden)
        self.refresh()

    def on_mount(self) -> None:
        """Follows the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def _keys(self) -> list[tuple[str, str, str, str]]:
        """(id, key, how it is shown, what it does), each action once, the focused widget's first."""
        found: dict[str, tuple[str, str, str, str]] = {}
        for key, (_, binding, enabled, _) in self.screen.active_bindings.items():
            if binding.show and enabled and binding.description and (binding.id or key) not in found:
                name = binding.id or key
                found[name] = (name, key, self.app.get_key_display(binding), binding.description)
        return list(found.values())

    def render(self) -> Content:
        """As many as fit, and help and palette at the end."""
        keys = [key for key in self._keys() if key[0] not in self._hidden]
        keys.sort(key=lambda key: key[0] not in self._first)
        last = [key for key in keys if key[0].endswith(self.LAST)]
        width = self.content_size.width - sum(self._cells(key) for key in last)
        parts: list[tuple[str, str]] = []
        self._spots = []
        at = 0
        for entry in [key for key in keys if key not in last]:
            if at + self._cells(entry) > width:
                break
            at = self._put(entry, at, parts)
        parts.append((" " * max(0, width - at), ""))
        at = max(at, width)
        for entry in last:
            at = self._put(entry, at, parts)
        return Content.assemble(*parts)

    @staticmethod
    def _cells(entry: tuple[str, str, str, str]) -> int:
        return cell_len(entry[2]) + cell_len(entry[3]) + 3

    def _put(self, entry: tuple[str, str, str, str], at: int, parts: list[tuple[str, str]]) -> int:
        _, key, shown, description = entry
        parts += [(shown, "bold $text-accent"), (f" {description}  ", QUIET)]
        end = at + self._cells(entry)
        self._spots.append((at, end, key))
        return end

    def on_click(self, event: events.Click) -> None:
        """A click is the key."""
        for start, end, key in self._spots:
            if start <= event.x - self.gutter.left < end:
                self.app.simulate_key(key)
