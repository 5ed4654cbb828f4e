"""``tutor config``: reads and changes the settings."""

from __future__ import annotations

import argparse
import sys

from commands import json_face
from tutor import config
from tutor.inert import inert, inert_line
from tutor.paths import find_home


def run(options: argparse.Namespace) -> int:
    """Runs ``get``, ``set`` or ``path``."""
    path = find_home(options.home).config_file
    if options.action == "path":
        _print({"path": str(path)}, str(path), options.json)
        return 0
    if options.action == "set":
        value = config.set_value(path, options.name, options.value)
        _print({"name": options.name, "value": value}, f"{options.name} = {_shown(value)}", options.json)
        return 0
    settings = config.load(path)
    for problem in settings.problems:
        sys.stderr.write(f"note: {inert_line(problem)}\n")
    if options.name:
        value = config.get_value(settings, options.name)
        _print({"name": options.name, "value": value}, _shown(value), options.json)
        return 0
    values = {name: config.get_value(settings, name) for name, _, _ in config.describe()}
    values |= {f"keymap.{binding}": key for binding, key in settings.keymap.items()}
    notes = {name: note for name, _, note in config.describe()}
    lines = [f"{name} = {_shown(value)}" + (f"    # {notes[name]}" if name in notes else "")
             for name, value in values.items()]  # fmt: skip
    _print({"settings": values}, "\n".join(lines), options.json)
    return 0


def _shown(value: object) -> str:
    """A value as TOML writes it; nothing for a binding that is not set."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "(not set)" if value is None else f'"{value}"' if isinstance(value, str) else str(value)


def _print(data: dict[str, object], line: str, as_json: bool) -> None:
    if as_json:
        json_face.write(data)
    else:
        sys.stdout.write(inert(line) + "\n")
