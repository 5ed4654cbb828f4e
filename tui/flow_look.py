"""Looking at problems: the list of what the compiler said, and the code of one of them below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.flows import Flow
from tui.status import Fact
from tutor.errors import Failed
from tutor.inert import inert_line

if TYPE_CHECKING:
    from tutor import events
    from tutor.diagnostics import Diagnostic


class LookFlow(Flow):
    """The problems pane."""

    _root = Path()

    def show_diagnostics(self, found: events.DiagnosticsFound) -> None:
        """Lists what the compiler said, and counts it."""
        self._root = Path(found.root)
        self.app.problems.diagnostics = found.diagnostics
        self.app.problems.empty_text = f"No problems.\n\n{found.checker} is content."
        self.close_code()
        errors = sum(d.level == "error" for d in found.diagnostics)
        warnings = sum(d.level == "warning" for d in found.diagnostics)
        counts = ((errors, "error"), (warnings, "warning"))
        words = [f"{count} {name}{'s' if count > 1 else ''}" for count, name in counts if count]
        self.app.show_counts("problems", str(errors or ""), " · ".join(["problems", *words]))
        self.app.status.tell(
            "errors", Fact(words[0], mood="bad", rank=2) if errors else Fact("compiles", mood="good", rank=4)
        )

    def open_code(self, diagnostic: Diagnostic) -> None:
        """Shows the code of a problem below the list."""
        place = diagnostic.place
        if place is None:
            self.app.note("This message is about no particular place.")
            return
        file = self._root / place.file
        self.app.in_thread(lambda: read_source(file), lambda content: self._show_code(place.file, content, diagnostic))

    def _show_code(self, name: str, content: bytes, diagnostic: Diagnostic) -> None:
        self.app.code.display = True
        self.app.panes.say_below("problems", "esc closes the code")
        self.app.panes.set_class(True, "with-code")
        self.app.call_after_refresh(self.app.code.show, name, content, diagnostic)
        self.app.go_to("problems")

    def close_code(self) -> None:
        """Leaves the list alone in the pane."""
        self.app.code.display = False
        self.app.panes.say_below("problems", "")
        self.app.panes.set_class(False, "with-code")


def read_source(path: Path) -> bytes:
    """The file as it is on disk. Raises :class:`Failed`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failed("Cannot read", f"{inert_line(str(path))}: {error.strerror}.") from error
