"""The user's own keys: checked before they are used, so that a typing mistake costs a line and not a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.keys import Keys, _character_to_key

# What terminals send for these is another key: nobody can press them.
_SENT_AS = {"ctrl+h": "backspace", "ctrl+i": "tab", "ctrl+m": "enter", "ctrl+left_square_bracket": "escape",
            "ctrl+[": "escape"}  # fmt: skip
_NAMED = frozenset(key.value for key in Keys)
_MODIFIERS = frozenset({"ctrl", "alt", "shift", "super"})


@dataclass(frozen=True, slots=True)
class Known:
    """One binding that can be changed. ``scope``: the widget class that it belongs to, "" for the whole app."""

    id: str
    scope: str
    keys: tuple[str, ...]


def known_bindings(scopes: Mapping[str, Iterable[BindingType]]) -> dict[str, Known]:
    """All bindings with an id, by id. ``scopes``: a class's name ("" for the app) and its ``BINDINGS``."""
    found = {}
    for scope, bindings in scopes.items():
        for binding in bindings:
            if isinstance(binding, Binding) and binding.id:
                found[binding.id] = Known(binding.id, scope, tuple(map(key_name, binding.key.split(","))))
    return found


def key_name(key: str) -> str:
    """A key as Textual names it: "?" is "question_mark"."""
    key = key.strip()
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    return "+".join([*modifiers, _character_to_key(last) if len(last) == 1 else last])


def checked(given: Mapping[str, str], known: Mapping[str, Known]) -> tuple[dict[str, str], list[str]]:
    """The part of the user's keymap that can be used, and a sentence for each part that cannot."""
    problems: list[str] = []
    good: dict[str, tuple[str, ...]] = {}
    for name, keys in given.items():
        if name not in known:
            problems.append(f"There is no binding {name}; tutor's help lists the keys.")
            continue
        names = tuple(key_name(key) for key in keys.split(",") if key.strip())
        wrong = next((why for key in names if (why := _unusable(key))), "" if names else "it names no key")
        if wrong:
            problems.append(f"{name} = “{keys}” cannot be used: {wrong}.")
        else:
            good[name] = names
    for name in list(good):
        if other := _clash(name, good, known):
            problems.append(f"{name} = “{given[name]}” cannot be used: {other} has that key already.")
            del good[name]
    return {name: ",".join(keys) for name, keys in good.items()}, problems


def _unusable(key: str) -> str:
    """Why ``key`` cannot be a key; "" if it can."""
    if key in _SENT_AS:
        return f"terminals send {_SENT_AS[key]} for it"
    *modifiers, last = key.split("+")
    if not all(modifier in _MODIFIERS for modifier in modifiers):
        return "there is no such key"
    plain = last in _NAMED or (len(last) == 1 and last.isprintable())
    named = len(last) > 1 and _is_character_name(last)
    return "" if plain or named or key in _NAMED else "there is no such key"


def _is_character_name(name: str) -> bool:
    """Whether Textual gives some printable character this name ("question_mark")."""
    return any(_character_to_key(chr(code)) == name for code in range(0x21, 0x7F))


def _clash(name: str, good: Mapping[str, tuple[str, ...]], known: Mapping[str, Known]) -> str:
    """The binding that would take a key of ``name`` away, or lose it to ``name``."""
    mine = known[name]
    for other in known.values():
        meet = other.scope == mine.scope or "" in (other.scope, mine.scope)
        if other.id != name and meet and set(good.get(other.id, other.keys)) & set(good[name]):
            return other.id
    return ""
