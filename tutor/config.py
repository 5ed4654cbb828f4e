"""The user's settings: typed, documented field by field, read from ``config.toml``; comments survive a change.

Reading uses tomllib (cheap); only writing imports tomlkit. A file or a value that cannot be used is reported in one
sentence and the default is used: a typing mistake in the configuration never keeps the tutor from starting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from tutor.errors import Failed, UsageError
from tutor.paths import write_private


@dataclass(frozen=True, slots=True)
class AppSettings:
    """``[app]``: how the Textual app looks."""

    theme: str = field(default="tutor-dark", metadata={"doc": "a theme's name; ctrl+p, then Theme, lists them"})
    mouse: bool = field(default=True, metadata={"doc": "whether the app takes the mouse"})
    grace_ms: int = field(
        default=350, metadata={"doc": "how long a diff must be on screen before accept and reject keys count", "min": 0}
    )


@dataclass(frozen=True, slots=True)
class FixSettings:
    """``[fix]``: how errors are checked and repaired."""

    edition: str = field(
        default="2021",
        metadata={"doc": "the Rust edition of a lone file", "choices": ("2015", "2018", "2021", "2024")},
    )
    max_checks: int = field(default=60, metadata={"doc": "compiler runs at most for one request", "min": 1})
    seconds: int = field(default=120, metadata={"doc": "seconds at most for one compiler run", "min": 1})
    tests: bool = field(
        default=False, metadata={"doc": "also run the tests of a proposal, where that is permitted or sandboxed"}
    )


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """``[model]``: the local Ollama model. Without one the tutor answers from what is on this machine."""

    enabled: bool = field(default=True, metadata={"doc": "whether to look for Ollama at all"})
    host: str = field(default="", metadata={"doc": "Ollama's address; empty: OLLAMA_HOST, else the local default"})
    chat: str = field(default="", metadata={"doc": "the model for the chat; empty: the first that can chat"})


@dataclass(frozen=True, slots=True)
class LogSettings:
    """``[log]``: the session log."""

    enabled: bool = field(default=True, metadata={"doc": "whether sessions are written down on this machine"})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. ``keymap``: the app's keys by binding id (``[keymap]``: ``"hunk.accept" = "y"``).
    ``problems``: one sentence for each part of the file that was not usable."""

    app: AppSettings = field(default_factory=AppSettings)
    fix: FixSettings = field(default_factory=FixSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    log: LogSettings = field(default_factory=LogSettings)
    keymap: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


SECTIONS: Mapping[str, type] = {"app": AppSettings, "fix": FixSettings, "model": ModelSettings, "log": LogSettings}


def load(path: Path) -> Settings:
    """The settings in the file at ``path``; the defaults where it is missing or wrong. Never raises."""
    try:
        text = path.read_text("utf-8")
        import tomllib  # nearly nobody has the file

        table = tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except (OSError, ValueError, RecursionError) as error:  # ValueError: not UTF-8, not TOML, an endless number
        return Settings(problems=(f"{path} cannot be read ({error}); the defaults are in use.",))
    problems: list[str] = []
    sections = {name: _section(name, kind, table.pop(name, {}), problems) for name, kind in SECTIONS.items()}
    keymap = _keymap(table.pop("keymap", {}), problems)
    problems += [f"config.toml: there is no section or setting called {name}; it is ignored." for name in table]
    return Settings(**sections, keymap=keymap, problems=tuple(problems))


def _keymap(given: object, problems: list[str]) -> dict[str, str]:
    if not isinstance(given, dict):
        problems.append("config.toml: [keymap] must be a table of binding ids and keys; it is ignored.")
        return {}
    good = {key: value for key, value in given.items() if isinstance(value, str)}
    problems += [
        f"config.toml: keymap.{key} must be a key's name in quotes; it is ignored." for key in given.keys() - good
    ]
    return good


def _section(name: str, kind: type, given: object, problems: list[str]) -> Any:
    if not isinstance(given, dict):
        problems.append(f"config.toml: [{name}] must be a table; it is ignored.")
        return kind()
    values = {}
    for key, value in given.items():
        problem = _problem(kind, key, value)
        if problem:
            problems.append(f"config.toml: {name}.{key} {problem}; it is ignored.")
        else:
            values[key] = value
    return kind(**values)


def _problem(kind: type, key: str, value: object) -> str | None:
    """Why ``value`` cannot be the setting ``key``, or None."""
    known = {f.name: f for f in fields(kind)}
    if key not in known:
        return f"is not a setting (there are {', '.join(known)})"
    wanted = get_type_hints(kind)[key]
    if type(value) is not wanted:
        names = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
        return f"must be {names[wanted]}"
    meta = known[key].metadata
    if "choices" in meta and value not in meta["choices"]:
        return f"must be one of {', '.join(meta['choices'])}"
    if isinstance(value, int) and "min" in meta and value < meta["min"]:
        return f"must be at least {meta['min']}"
    return None


def _locate(name: str) -> tuple[str, str]:
    section, _, key = name.partition(".")
    if section == "keymap" and key:
        return section, key
    if section in SECTIONS and key in {f.name for f in fields(SECTIONS[section])}:
        return section, key
    every = [f"{s}.{f.name}" for s, kind in SECTIONS.items() for f in fields(kind)]
    raise UsageError("No such setting", f"{name!r} is not a setting. There are: {', '.join(every)}, keymap.<binding>.")


def get_value(settings: Settings, name: str) -> object:
    """The value of ``name`` ("fix.edition", "keymap.hunk.accept"). Raises :class:`UsageError`."""
    section, key = _locate(name)
    if section == "keymap":
        return settings.keymap.get(key)
    return getattr(getattr(settings, section), key)


def describe() -> list[tuple[str, object, str]]:
    """Every setting as (name, default, what it is)."""
    return [
        (f"{section}.{f.name}", f.default, str(f.metadata["doc"]))
        for section, kind in SECTIONS.items()
        for f in fields(kind)
    ]


def set_value(path: Path, name: str, text: str) -> object:
    """Writes one setting, given as text, into the file at ``path``, keeping everything else as it is written there.

    Returns the value. Raises :class:`UsageError` for a wrong name or value and for a file that is not TOML, and
    :class:`Failed` when it cannot be written.
    """
    section, key = _locate(name)
    if not (name + text).isprintable():
        raise UsageError("Not usable", f"{name!r} = {text!r} holds characters that cannot be shown.")
    value = text if section == "keymap" else _parse(SECTIONS[section], name, key, text)
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise UsageError("Not TOML", f"{path} cannot be read ({error}); mend or remove it first.") from error
    except OSError as error:
        raise Failed("Cannot read", f"{path}: {error.strerror}.") from error
    table = document.setdefault(section, tomlkit.table())
    if not isinstance(table, dict):
        raise UsageError("Not a table", f"{section} in {path} is not a table; mend it first.")
    table[key] = value
    try:
        write_private(path, tomlkit.dumps(document))
    except OSError as error:
        raise Failed("Cannot write", f"{path}: {error.strerror}.") from error
    return value


def _parse(kind: type, name: str, key: str, text: str) -> object:
    wanted = get_type_hints(kind)[key]
    value: object = text
    if wanted is bool:
        value = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
            text.lower(), text
        )
    elif wanted is int:
        try:
            value = int(text)
        except ValueError:
            value = text
    problem = _problem(kind, key, value)
    if problem:
        raise UsageError("Not usable", f"{name} {problem}.")
    return value
