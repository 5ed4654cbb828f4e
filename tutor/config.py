"""The user's settings: typed, documented field by field, read from ``config.toml``; comments survive a change.

Reading uses tomllib (cheap); only writing imports tomlkit. A file or a value that cannot be used is reported in one
sentence and the default is used: a typing mistake in the configuration never keeps the tutor from starting.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_args

from tutor.errors import Failed, UsageError
from tutor.paths import write_private
from tutor.values import Value


class Setting(Value):
    """What a setting is (``doc``) and which values it takes: one of ``choices``, a number of at least ``least``."""

    doc: str
    choices: tuple[str, ...] = ()
    least: int | None = None


class AppSettings(Value):
    """``[app]``: how the Textual app looks."""

    theme: Annotated[str, Setting("a theme's name; ctrl+p, then Theme, lists them")] = "tutor-dark"
    mouse: Annotated[bool, Setting("whether the app takes the mouse")] = True
    grace_ms: Annotated[
        int, Setting("how long a diff must be on screen before accept and reject keys count", least=0)
    ] = 350


class FixSettings(Value):
    """``[fix]``: how errors are checked and repaired."""

    edition: Annotated[str, Setting("the Rust edition of a lone file", choices=("2015", "2018", "2021", "2024"))] = (
        "2021"
    )
    max_checks: Annotated[int, Setting("compiler runs at most for one request", least=1)] = 60
    seconds: Annotated[int, Setting("seconds at most for one compiler run", least=1)] = 120
    tests: Annotated[bool, Setting("also run the tests of a proposal, where that is permitted or sandboxed")] = False


class ModelSettings(Value):
    """``[model]``: the local Ollama model. Without one the tutor answers from what is on this machine."""

    enabled: Annotated[bool, Setting("whether to look for Ollama at all")] = True
    host: Annotated[str, Setting("Ollama's address; empty: OLLAMA_HOST, else the local default")] = ""
    chat: Annotated[str, Setting("the model for the chat; empty: the first that can chat")] = ""


class KnowledgeSettings(Value):
    """``[knowledge]``: the documentation of this machine."""

    build: Annotated[
        str,
        Setting(
            "auto: it is read the first time that it is needed; never: only when you say so", choices=("auto", "never")
        ),
    ] = "auto"
    embedder: Annotated[
        str, Setting("what finds by meaning: none, minilm, chroma, or ollama:MODEL; `tutor knowledge embed` sets it up")
    ] = "none"


class LogSettings(Value):
    """``[log]``: the session log."""

    enabled: Annotated[bool, Setting("whether sessions are written down on this machine")] = True


class Settings(Value):
    """All settings. ``keymap``: the app's keys by binding id (``[keymap]``: ``"hunk.accept" = "y"``).
    ``problems``: one sentence for each part of the file that was not usable."""

    app: AppSettings = AppSettings()
    fix: FixSettings = FixSettings()
    model: ModelSettings = ModelSettings()
    log: LogSettings = LogSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    keymap: Mapping[str, str] = MappingProxyType({})
    problems: tuple[str, ...] = ()


SECTIONS: Mapping[str, type[Value]] = {
    "app": AppSettings,
    "fix": FixSettings,
    "model": ModelSettings,
    "log": LogSettings,
    "knowledge": KnowledgeSettings,
}


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


def _section(name: str, kind: type[Value], given: object, problems: list[str]) -> Any:
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


def _problem(kind: type[Value], key: str, value: object) -> str | None:
    """Why ``value`` cannot be the setting ``key``, or None."""
    if key not in kind.__match_args__:
        return f"is not a setting (there are {', '.join(kind.__match_args__)})"
    wanted, setting = _declared(kind, key)
    if type(value) is not wanted:
        names = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
        return f"must be {names[wanted]}"
    if setting.choices and value not in setting.choices:
        return f"must be one of {', '.join(setting.choices)}"
    if isinstance(value, int) and setting.least is not None and value < setting.least:
        return f"must be at least {setting.least}"
    return None


def _declared(kind: type[Value], key: str) -> tuple[type, Setting]:
    """The type of a setting, and what is said of it."""
    wanted, setting = get_args(kind.hints()[key])
    return wanted, setting


def _locate(name: str) -> tuple[str, str]:
    section, _, key = name.partition(".")
    if section == "keymap" and key:
        return section, key
    if section in SECTIONS and key in SECTIONS[section].__match_args__:
        return section, key
    every = [f"{s}.{key}" for s, kind in SECTIONS.items() for key in kind.__match_args__]
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
        (f"{section}.{key}", getattr(kind, key), _declared(kind, key)[1].doc)
        for section, kind in SECTIONS.items()
        for key in kind.__match_args__
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


def _parse(kind: type[Value], name: str, key: str, text: str) -> object:
    wanted, _ = _declared(kind, key)
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
