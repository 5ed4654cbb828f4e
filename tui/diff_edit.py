"""Editing the new lines of a hunk: in place, or in the user's own editor. Bytes that were not touched stay exact."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static, TextArea
from textual.widgets.text_area import Document

from tutor.errors import MissingTool, Refused
from tutor.hunks import split_lines
from tutor.inert import decode, inert, inert_line
from tutor.review import ReviewHunk

_OLD_LINES = 200  # lines of the old text that are shown above the editor


def editable_text(new: bytes, old: bytes = b"") -> str:
    """The new lines of a hunk as text for an editor in the terminal, lines ended by ``\\n``.

    ``old``: the lines that they replace; where ``new`` is empty these say which line ending is meant.
    Raises :class:`Refused` where the editor could not give the same bytes back, or would show something else.
    """
    text = decode(new)
    if text != text.encode("utf-8", "replace").decode("utf-8"):
        raise _refused("bytes that are not UTF-8 text")
    if _is_crlf(new, old):
        text = text.replace("\r\n", "\n")
    if "\r" in text:
        raise _refused("mixed line endings")
    if inert(text) != text or Document(text).text != text:
        raise _refused("control characters or invisible characters")
    return text


def edited_bytes(text: str, new: bytes, old: bytes = b"") -> bytes:
    """What the user wrote, with the line ending that ``new`` (else ``old``) has."""
    data = text.replace("\r\n", "\n").encode("utf-8", "surrogateescape")
    return data.replace(b"\n", b"\r\n") if _is_crlf(new, old) else data


def _is_crlf(new: bytes, old: bytes) -> bool:
    lines = [line for line in split_lines(new or old) if line.endswith(b"\n")]
    return bool(lines) and all(line.endswith(b"\r\n") for line in lines)


def _refused(what: str) -> Refused:
    return Refused("Cannot edit here", f"These lines hold {what}; press E to edit them in your own editor.")


class CodeArea(TextArea):
    """A text area where tab indents and escape is the screen's."""

    def on_key(self, event: events.Key) -> None:
        """Keeps escape from only moving the focus, as it would where tab indents."""
        if event.key == "escape":
            event.prevent_default()


class HunkEditor(ModalScreen[bytes | None]):
    """Edits the new lines of a hunk; the result is their bytes, or None when nothing changed or Escape was pressed.

    Raises :class:`Refused` on creation where the lines cannot be edited here byte for byte.
    """

    HELP = """\
### Edit a hunk

Above are the lines as they are, below the lines that will replace them. An edited hunk is undecided again.

| key | |
|---|---|
| `ctrl+s` | keep the edit |
| `escape` | leave everything as it was |
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Keep", id="edit.keep"),
        Binding("escape", "cancel", "Cancel", id="edit.cancel"),
    ]

    DEFAULT_CSS = """
    HunkEditor { align: center middle; background: $background 60%; }
    HunkEditor > Vertical {
        width: 90%; max-width: 120; height: 80%; max-height: 40;
        background: $surface; border: round $primary; border-title-color: $text-primary;
    }
    HunkEditor .heading { color: $foreground 70%; padding: 0 1; }
    HunkEditor .old { max-height: 40%; height: auto; overflow-y: auto; padding: 0 1; color: $text-error;
                      background: $error 12%; text-wrap: nowrap; text-overflow: ellipsis; }
    HunkEditor TextArea { height: 1fr; border: none; }
    HunkEditor TextArea:focus { border: none; }
    """

    def __init__(self, hunk: ReviewHunk) -> None:
        super().__init__()
        self._old = b"".join(hunk.hunk.old)
        self._new = b"".join(hunk.hunk.new)
        self._text = editable_text(self._new, self._old)
        self._path = hunk.path

    @property
    def help_text(self) -> str:
        """Markdown about this screen."""
        return self.HELP

    def compose(self) -> ComposeResult:
        """The old lines, the editor, the keys."""
        with Vertical() as box:
            box.border_title = Content(inert_line(self._path))
            old = _old_text(split_lines(self._old))
            if old:
                yield Static("replaces", classes="heading", markup=False)
                yield Static(old, classes="old", markup=False)
                yield Static("with", classes="heading", markup=False)
            else:
                yield Static("adds", classes="heading", markup=False)
            area = CodeArea.code_editor(self._text, theme="css", soft_wrap=False, show_line_numbers=False)
            if "rust" in area.available_languages and self._path.endswith(".rs"):
                area.language = "rust"
            yield area
        yield Footer()

    def on_mount(self) -> None:
        """Typing works at once."""
        self.query_one(TextArea).focus()

    def action_keep(self) -> None:
        """Hands the edited bytes over; None when they are the same."""
        text = self.query_one(TextArea).text
        try:
            editable_text(text.encode("utf-8", "surrogateescape"))
        except Refused as error:
            self.notify(error.msg, title=error.title, severity="warning", markup=False)
            return
        data = edited_bytes(text, self._new, self._old)
        self.dismiss(None if data == self._new else data)

    def action_cancel(self) -> None:
        """Leaves everything as it was."""
        self.dismiss(None)


def _old_text(lines: Sequence[bytes]) -> str:
    text = "\n".join(inert_line(decode(line.rstrip(b"\r\n"))) for line in lines[:_OLD_LINES])
    return text + (f"\n… {len(lines) - _OLD_LINES} more lines" if len(lines) > _OLD_LINES else "")


def find_editor() -> list[str]:
    """The user's editor as a command: ``$VISUAL``, ``$EDITOR``, else what is installed. Raises :class:`MissingTool`."""
    for name in ("VISUAL", "EDITOR"):
        value = os.environ.get(name, "").strip()
        if not value:
            continue
        try:
            command = shlex.split(value)
        except ValueError as error:
            raise MissingTool("No editor", f"${name} cannot be read as a command: {error}.") from error
        if command and shutil.which(command[0]):
            return command
        raise MissingTool("No editor", f"${name} names {command[0]!r}, which is not installed.")
    for program in ("sensible-editor", "editor", "nano", "vim", "vi"):
        if found := shutil.which(program):
            return [found]
    raise MissingTool("No editor", "No editor was found; name yours in $EDITOR.", "export EDITOR=nano")


def edit_in_editor(app: App[Any], text: bytes, suffix: str = "") -> bytes | None:
    """``text`` as the user saves it in their own editor; None when it is unchanged or the editor reports a failure.

    The app stands aside meanwhile. The file is in a folder of its own that nobody else can read, and is removed.
    ``suffix``: how the file's name ends (".rs"), for the editor's colours.
    Raises :class:`MissingTool` without an editor, :class:`Refused` where the app cannot give its terminal away.
    """
    command = find_editor()
    with tempfile.TemporaryDirectory(prefix="tutor-edit-") as folder:  # made with mode 0700
        file = Path(folder) / f"hunk{suffix}"
        file.touch(mode=0o600)
        file.write_bytes(text)
        try:
            with app.suspend():
                done = subprocess.run([*command, str(file)], check=False)
        except SuspendNotSupported as error:
            raise Refused("Cannot open an editor", "This terminal cannot be lent to another program.") from error
        if done.returncode != 0 or not file.is_file():
            return None
        edited = file.read_bytes()
    return None if edited == text else edited
