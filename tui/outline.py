"""The outline: all lessons by competency, and the documentation, book by book, read from the store when opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from tui.themes import QUIET
from tutor.inert import inert_line


@dataclass(frozen=True, slots=True)
class Branch:
    """One line. ``id``: of the entry to open, "" for a heading; ``open``: the key by which its parts are asked for, ""
    for a leaf; ``count``: of its parts, where it is known, which are ``of`` a sort ("lessons")."""

    title: str
    id: str = ""
    open: str = ""
    count: int = 0
    of: str = ""


Parts = Callable[[str, Callable[[Sequence[Branch]], None]], None]
"""Looks up the parts of a branch in the background, by its key ("" for the roots), and hands them over."""


class Outline(ModalScreen[tuple[str, str]], inherit_bindings=False):
    """Gives ("page", id), ("map", id) or None."""

    help_text = (
        "All lessons by chapter, then the documentation of this machine. Right and left open and close a branch, enter "
        "reads, `m` shows it on the map."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "unfold", "Open", id="outline.open", show=False, priority=True),
        Binding("left", "fold", "Close", id="outline.fold", show=False, priority=True),
        Binding("m", "choose('map')", "Map", id="outline.map"),
        Binding("l", "choose('page')", "Read", id="outline.page"),
        Binding("escape,q", "cancel", "Close", id="outline.close"),
        Binding("question_mark,f1", "app.help", "Help", id="outline.help"),
    ]

    DEFAULT_CSS = """
    Outline { align: center middle; background: $background 60%; }
    Outline > Vertical {
        width: 96%; max-width: 90; height: 90%;
        background: $surface; border: round $accent; border-title-color: $accent; border-title-style: bold;
        border-subtitle-color: $foreground 70%;
    }
    Outline.-narrow > Vertical { width: 100%; height: 100%; }
    Outline Tree { background: $surface; height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    Outline Tree:focus { background: $surface; }
    """

    def __init__(self, parts: Parts, hint: str = "") -> None:
        super().__init__()
        self._parts = parts
        self._hint = inert_line(hint)
        self.tree_of: Tree[Branch] = Tree("")

    def compose(self) -> ComposeResult:
        """The tree."""
        with Vertical() as box:
            box.border_title = "outline"
            box.border_subtitle = "←→ · enter opens · m map · esc · ?"
            yield self.tree_of
            if self._hint:
                yield Static(Content.styled(f" {self._hint}", QUIET), markup=False)

    def on_mount(self) -> None:
        """The roots."""
        self.tree_of.show_root = False
        self.tree_of.guide_depth = 2
        self.tree_of.auto_expand = False
        self.tree_of.focus()
        self._fill(self.tree_of.root, "")

    def _fill(self, node: TreeNode[Branch], key: str) -> None:
        def show(branches: Sequence[Branch]) -> None:
            if not self.is_attached:
                return
            for branch in branches:
                count = f"  {branch.count:,} {branch.of}".rstrip() if branch.count else ""
                text = Text.assemble(inert_line(branch.title), (count, "dim"))
                node.add(text, data=branch, allow_expand=bool(branch.open))
            if node is self.tree_of.root:
                self.tree_of.cursor_line = 0
            node.expand()
            if node is not self.tree_of.root:
                self.tree_of.call_after_refresh(self._show_parts, node)

        self._parts(key, show)

    def _show_parts(self, node: TreeNode[Branch]) -> None:
        """Scrolls so that some of what was opened is seen, the branch itself with it."""
        tree = self.tree_of
        seen = max(1, tree.size.height - 1)
        below = node.line + min(len(node.children), seen - 1) - tree.scroll_offset.y
        if below > seen:
            tree.scroll_to(y=tree.scroll_offset.y + below - seen, animate=False)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Branch]) -> None:
        """Enter opens what can be read, and unfolds headings."""
        branch = event.node.data
        if branch is not None and branch.id:
            self.dismiss(("page", branch.id))
        elif event.node.is_expanded:
            event.node.collapse()
        else:
            self._unfold(event.node)

    def _unfold(self, node: TreeNode[Branch]) -> None:
        if node.data is None or not node.data.open or node.is_expanded:
            return
        if node.children:
            node.expand()
        else:
            self._fill(node, node.data.open)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Branch]) -> None:
        """A click on the triangle, or space."""
        if event.node.data is not None and not event.node.children:
            self._fill(event.node, event.node.data.open)

    def action_unfold(self) -> None:
        """Opens the branch, or goes into it."""
        node = self.tree_of.cursor_node
        if node is not None and node.is_expanded:
            self.tree_of.action_cursor_down()
        elif node is not None:
            self._unfold(node)

    def action_fold(self) -> None:
        """Closes the branch, or goes to the one that it is in."""
        node = self.tree_of.cursor_node
        if node is not None and node.is_expanded:
            node.collapse()
        elif node is not None and node.parent is not None and node.parent is not self.tree_of.root:
            self.tree_of.move_cursor(node.parent)

    def action_choose(self, where: str) -> None:
        """The entry under the cursor."""
        node = self.tree_of.cursor_node
        if node is not None and node.data is not None and node.data.id:
            self.dismiss((where, node.data.id))

    def action_cancel(self) -> None:
        """Nothing."""
        self.dismiss(None)
