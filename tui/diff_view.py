"""The diff of a proposal, decided hunk by hunk."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import _time, events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tui.diff_cells import Line, fit, label
from tui.diff_lines import LineWidget
from tui.diff_render import DiffModel
from tui.gate import Gate
from tui.highlight import Piece
from tutor.errors import UsageError
from tutor.review import Review, Verdict

_NOTICE_SECONDS = 4.0
_TOO_EARLY = "Too early: the diff has just appeared. Press it again."
_OUT_OF_SIGHT = "That hunk was out of sight; here it is. Press it again."
_EMPTY = "Nothing to review yet.\n\nType “fix this” in the chat:\nfixes that the compiler has checked appear here."


class DiffView(LineWidget, inherit_bindings=False):
    """Shows a :class:`tutor.review.Review` and lets the user decide about each hunk.

    The widget changes the review (verdicts, splits, undo: values only, no file is touched) and reports every change
    as a message. ``grace_ms``: how long a new review must be on screen before a deciding key counts; ``clock``:
    seconds, for tests.
    """

    HELP = """\
### Diff

The changes of one proposal. **Nothing is written before you accept it**, and every hunk begins undecided (○).
✓ accepted, ✗ rejected, ✎ edited by you. Above each hunk stands where it comes from and which error it answers.

| key | |
|---|---|
| `j` `k` | next, previous hunk |
| `↓` `↑` | read on, read back |
| `a` `r` | accept, reject this hunk |
| `A` `R` | accept, reject all hunks |
| `e` `E` | edit the hunk here, in your `$EDITOR` |
| `s` | split the hunk into smaller ones |
| `z` | take back the last decision, edit or split |
| `[` `]` | previous, next proposal |
| `←` `→` | scroll sideways |

Enter never accepts. A key that is pressed in the moment a diff appears does not count.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "decide('accepted')", "Accept", id="hunk.accept"),
        Binding("r", "decide('rejected')", "Reject", id="hunk.reject"),
        Binding("A", "decide_all('accepted')", "Accept all", id="hunk.accept_all"),
        Binding("R", "decide_all('rejected')", "Reject all", id="hunk.reject_all", show=False),
        Binding("j", "move(1)", "Next hunk", id="hunk.next", show=False),
        Binding("k", "move(-1)", "Previous hunk", id="hunk.previous", show=False),
        Binding("e", "edit(False)", "Edit", id="hunk.edit"),
        Binding("E", "edit(True)", "Edit in $EDITOR", id="hunk.edit_external", show=False),
        Binding("s", "split", "Split", id="hunk.split"),
        Binding("z", "undo_decision", "Undo decision", id="hunk.undo_decision"),
        Binding("right_square_bracket", "proposal(1)", "Next proposal", id="proposal.next", show=False),
        Binding("left_square_bracket", "proposal(-1)", "Previous proposal", id="proposal.previous", show=False),
        Binding("down", "read(1)", "Read on", id="diff.down", show=False),
        Binding("up", "read(-1)", "Read back", id="diff.up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", id="diff.page_down", show=False),
        Binding("pageup", "page(-1)", "Page up", id="diff.page_up", show=False),
        Binding("home", "edge(-1)", "Top", id="diff.home", show=False),
        Binding("end", "edge(1)", "Bottom", id="diff.end", show=False),
        Binding("right", "sideways(1)", "Scroll right", id="diff.right", show=False),
        Binding("left", "sideways(-1)", "Scroll left", id="diff.left", show=False),
    ]

    review: reactive[Review | None] = reactive(None)
    """What is shown; None: nothing."""
    current: reactive[str] = reactive("")
    """The id of the hunk that the cursor is on; "" when there is none."""
    banner: reactive[str] = reactive("")
    """One line above the diff ("check passed · tests not run"); "": none."""
    empty_text: reactive[str] = reactive(_EMPTY)
    """What stands here while there is nothing to review."""
    notice: reactive[str] = reactive("")
    """A short message over the first line, gone after a moment."""

    class Changed(Message):
        """The base of the messages about one hunk."""

        def __init__(self, hunk_id: str) -> None:
            super().__init__()
            self.hunk_id = hunk_id

    class Decided(Changed):
        """A hunk got another verdict by a key; "accept all" sends one for every hunk that it changed."""

        def __init__(self, hunk_id: str, verdict: Verdict) -> None:
            super().__init__(hunk_id)
            self.verdict: Verdict = verdict

    class Edited(Changed):
        """A hunk has the user's own lines now, and is undecided."""

    class SplitDone(Changed):
        """A hunk was divided into ``parts``."""

        def __init__(self, hunk_id: str, parts: tuple[str, ...]) -> None:
            super().__init__(hunk_id)
            self.parts = parts

    class UndoneDecision(Message):
        """The last decision, edit or split was taken back."""

    class EditRequested(Changed):
        """The user wants to edit a hunk; answer with :meth:`DiffView.apply_edit`."""

        def __init__(self, hunk_id: str, external: bool) -> None:
            super().__init__(hunk_id)
            self.external = external

    class Moved(Changed):
        """The cursor is on another hunk."""

    class ProposalWanted(Message):
        """The user asks for the next (1) or previous (-1) proposal."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class TooEarly(Message):
        """A deciding key was ignored because the diff has only just appeared."""

    def __init__(
        self,
        review: Review | None = None,
        *,
        grace_ms: int = 350,
        clock: Callable[[], float] = time.monotonic,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 (Textual's name for it)
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._gate = Gate(grace_ms, clock)
        self._model: DiffModel | None = None
        self.set_reactive(DiffView.review, review)

    @property
    def help_text(self) -> str:
        """Markdown about this pane."""
        return self.HELP

    # What is shown.

    def on_mount(self) -> None:
        """Shows the review that the widget was made with."""
        self.watch_review(self.review)

    def watch_review(self, review: Review | None) -> None:
        """Shows another review from its first hunk that is undecided; the grace period begins anew."""
        self._gate.close()
        self._model = DiffModel(review) if review is not None and review.hunks else None
        self.notice = ""
        first = self._undecided_after("") if self._model else ""
        self._resize_content()
        self.scroll_to(0, 0, animate=False, force=True, immediate=True)
        self._go(first)
        self.refresh_bindings()

    def reload(self) -> None:
        """Takes over what the app changed in the review."""
        if self._model is None:
            return
        if self._model.sync():
            self._resize_content()
        if self.current not in self._model.hunks:
            self.current = self._undecided_after("")
        self.refresh()

    def watch_current(self, current: str) -> None:
        """Keeps the hunk under the cursor in sight."""
        self.notice = ""
        if self._model is not None and current in self._model.hunks:
            if not self._in_sight(current):
                self._reveal(current)
            self.post_message(self.Moved(current))
        self.refresh()

    def watch_banner(self) -> None:
        """The banner takes a line of its own."""
        self._resize_content()

    def watch_notice(self, notice: str) -> None:
        """Takes the notice away after a moment."""
        if notice and self.is_mounted:
            self.set_timer(_NOTICE_SECONDS, self._clear_notice)

    def _clear_notice(self) -> None:
        self.notice = ""

    def _resize_content(self) -> None:
        if self._model is None:
            self.virtual_size = Size(0, 0)
        else:
            width = self._model.gutter_width(self._room.width) + self._model.code_width
            self.virtual_size = Size(width, len(self._model.rows) + self._top)
        self.refresh()

    def on_resize(self) -> None:
        """The gutter is narrower on narrow screens."""
        self._resize_content()
        if self.current and not self._in_sight(self.current):
            self._reveal(self.current)

    @property
    def _room(self) -> Size:
        return self.scrollable_content_region.size

    @property
    def _top(self) -> int:
        return 1 if self.banner else 0

    def render_lines(self, crop: Region) -> list[Strip]:
        """Drawn means seen: the grace period begins."""
        if self._model is not None and self._room.height:
            self._gate.seen()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One visible line: the banner, the file's name (both stay while the rest scrolls), or a row of the diff."""
        width = self._room.width
        return self.strip(self._line(y, width), width)

    def _line(self, y: int, width: int) -> Line:
        model = self._model
        if y == 0 and self.notice:
            return Line(fit([Piece(" ! ", "warning"), label(self.notice)], width), "notice")
        if y == 0 and self.banner:
            return Line(fit([Piece(" "), label(self.banner)], width), "banner")
        if model is None:
            return self.centred(self.empty_text, y)
        scroll_x, scroll_y = self.scroll_offset
        index = scroll_y + y - self._top
        if not 0 <= index < len(model.rows):
            return Line(fit([], width))
        if y == self._top and scroll_y and model.rows[index].kind != "file":
            index = model.file_row(index)
        return model.line(index, width, self.current, scroll_x)

    # Where the cursor and the view are.

    def _sight(self) -> range:
        """The rows that can be read now: not under the banner or the file's name, which stay on top."""
        first = self.scroll_offset.y - self._top
        covered = self._top + (1 if self.scroll_offset.y else 0)
        return range(max(0, first + covered), max(0, first + self._room.height))

    def _in_sight(self, hunk_id: str) -> bool:
        if self._model is None or hunk_id not in self._model.extent:
            return False
        extent, sight = self._model.extent[hunk_id], self._sight()
        return extent.start < sight.stop and sight.start < extent.stop

    def _reveal(self, hunk_id: str) -> None:
        """Scrolls so that the whole hunk is in sight, or its beginning where it is too long; else not at all."""
        if self._model is None or not self._room.height:
            return
        extent, sight = self._model.extent[hunk_id], self._sight()
        if sight.start <= extent.start and extent.stop <= sight.stop:
            return
        spare = self._room.height - len(extent) - 1 - self._top
        above = max(0, min(3, spare))
        self.scroll_to(y=max(0, extent.start - 1 - above), animate=False, force=True, immediate=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The cursor follows the view: what is out of sight cannot be decided about by accident."""
        super().watch_scroll_y(old_value, new_value)
        model = self._model
        if model is None or round(old_value) == round(new_value) or self._in_sight(self.current):
            return
        visible = next((model.rows[i].hunk for i in self._sight() if i < len(model.rows) and model.rows[i].hunk), "")
        if visible:
            self.current = visible

    def _undecided_after(self, hunk_id: str) -> str:
        """The next undecided hunk, going round; where there is none, the same one, or the first."""
        if self._model is None:
            return ""
        order = self._model.order
        at = order.index(hunk_id) + 1 if hunk_id in order else 0
        around = [*order[at:], *order[:at]]
        return next((i for i in around if self._model.hunks[i].verdict == "undecided"), hunk_id or order[0])

    def _go(self, hunk_id: str) -> None:
        self.current = hunk_id
        if hunk_id:
            self._reveal(hunk_id)

    def on_click(self, event: events.Click) -> None:
        """A click selects a hunk, and never decides."""
        offset = event.get_content_offset(self)
        if self._model is None or offset is None or offset.y < self._top:
            return
        index = self.scroll_offset.y + offset.y - self._top
        if index < len(self._model.rows) and (hunk_id := self._model.rows[index].hunk):
            self.current = hunk_id

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Deciding keys are offered only while there is something to decide."""
        deciding = action in ("decide", "decide_all", "edit", "split", "undo_decision")
        return False if deciding and self._model is None else super().check_action(action, parameters)

    def on_key(self, event: events.Key) -> None:
        """Stops deciding keys that were pressed too early, also those that waited while the app was busy."""
        waited = _time.get_time() - event.time  # the clock that textual stamps events with, as they arrive
        if self._model is None or self._gate.is_open(waited):
            return
        bound = self.screen.active_bindings.get(event.key)
        if bound is not None and bound.node is self and bound.binding.action.startswith("decide"):
            event.stop()
            event.prevent_default()
            self._refuse()

    def _refuse(self) -> None:
        self.notice = _TOO_EARLY
        self.post_message(self.TooEarly())

    def action_decide(self, verdict: Verdict) -> None:
        """Gives the current hunk a verdict and goes to the next undecided one."""
        if self._model is None or self.review is None or not self.current:
            return
        if not self._gate.is_open():
            self._refuse()
            return
        if not self._in_sight(self.current):
            self._reveal(self.current)
            self.notice = _OUT_OF_SIGHT
            return
        changed = self._model.hunks[self.current].verdict != verdict
        self.review.decide(self.current, verdict)
        decided = self.current
        self.reload()
        if changed:
            self.post_message(self.Decided(decided, verdict))
        self._go(self._undecided_after(decided))

    def action_decide_all(self, verdict: Verdict) -> None:
        """Gives every hunk the same verdict."""
        if self._model is None or self.review is None:
            return
        if not self._gate.is_open():
            self._refuse()
            return
        changed = [item.id for item in self.review.hunks if item.verdict != verdict]
        self.review.decide_all(verdict)
        self.notice = ""
        self.reload()
        for hunk_id in changed:
            self.post_message(self.Decided(hunk_id, verdict))

    def action_edit(self, external: bool) -> None:
        """Asks the app for an editor."""
        if self.current:
            self.post_message(self.EditRequested(self.current, external))

    def apply_edit(self, hunk_id: str, new: bytes) -> None:
        """Takes the user's own lines for a hunk. Raises KeyError when it is no longer there."""
        if self.review is None:
            raise KeyError(hunk_id)
        self.review.edit(hunk_id, new)
        self.reload()
        self._go(hunk_id)
        self.post_message(self.Edited(hunk_id))

    def action_split(self) -> None:
        """Divides the current hunk, or says why it cannot be divided."""
        if self.review is None or not self.current:
            return
        whole = self.current
        try:
            parts = self.review.split(whole)
        except UsageError as error:
            self.notice = error.msg
            return
        self._sync_to(parts[0])
        self.post_message(self.SplitDone(whole, parts))

    def action_undo_decision(self) -> None:
        """Takes back the last decision, edit or split and goes to the hunk that it was about."""
        if self.review is None or self._model is None:
            return
        before = self._model.hunks
        if not self.review.undo():
            self.notice = "There is no decision to take back."
            return
        changed = next((item.id for item in self.review.hunks if before.get(item.id) != item), self.current)
        self._sync_to(changed)
        self.post_message(self.UndoneDecision())

    def _sync_to(self, hunk_id: str) -> None:
        """Takes over the review with the cursor on ``hunk_id``, which may be new."""
        if self._model is not None and self._model.sync():
            self._resize_content()
        self._go(hunk_id)
        self.refresh()

    def action_move(self, step: int) -> None:
        """To the next or previous hunk."""
        if self._model is None:
            return
        order = self._model.order
        at = order.index(self.current) + step
        self._go(order[max(0, min(len(order) - 1, at))])

    def action_read(self, step: int) -> None:
        """Scrolls where the current hunk goes on out of sight, else goes to the next or previous hunk."""
        if self._model is None:
            return
        extent, sight = self._model.extent[self.current], self._sight()
        if extent.stop > sight.stop if step > 0 else extent.start < sight.start:
            self.scroll_relative(y=step, animate=False, immediate=True)
            return
        before = self.current
        self.action_move(step)
        if self.current == before:  # the first or the last: what else there is above or below
            self.scroll_relative(y=step, animate=False, immediate=True)

    def action_page(self, step: int) -> None:
        """One screen up or down, two lines kept."""
        self.scroll_relative(y=step * max(1, self._room.height - 3), animate=False, immediate=True)

    def action_edge(self, step: int) -> None:
        """To the first or the last hunk, and as far up or down as it goes."""
        if self._model is None:
            return
        self.current = self._model.order[0 if step < 0 else -1]
        self.scroll_to(y=0 if step < 0 else self.max_scroll_y, animate=False, force=True, immediate=True)

    def action_sideways(self, step: int) -> None:
        """Scrolls long lines."""
        self.scroll_relative(x=step * 8, animate=False, immediate=True)

    def action_proposal(self, step: int) -> None:
        """Asks the app for another proposal."""
        self.post_message(self.ProposalWanted(step))
