"""Takes secrets out of what is about to be written down.

A secret is replaced by ``[redacted:KIND]``; the user's home folder by ``~``. Two sorts of secret are found: those that
have a shape of their own (keys and tokens with a known prefix, private keys, JSON Web Tokens), and those that are known
by what stands before them (a header, a URL, an assignment to a name such as ``password``). The table is in
:mod:`sessions.rules`. E-mail addresses stay.

A value behind a name is taken when it is quoted or looks random (:mod:`sessions.likely`); ordinary code
(``token: TokenStream``, ``let secret = rng.gen()``), Git hashes and UUIDs stay as they are.
``tests/test_sessions_redact.py`` measures both sides: all of 6,144 secrets generated of every kind are redacted, and
1,541 pages of Rust's documentation and sources (27 million characters) stay as they are but for the three passwords and
tokens that they show as examples.

Cost: a rule's pattern runs only on texts in which one of its needles occurs, and looking for a needle is a plain
substring search.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from sessions.likely import is_secret
from sessions.rules import NAME, RULES, SHORTEST, Rule
from sessions.schema import JsonValue

# The kinds of secret that are replaced.
KINDS: tuple[str, ...] = tuple(dict.fromkeys(["private-key", *(rule.kind for rule in RULES)]))

_ARMOUR_NEEDLE = "PRIVATE KEY"
_ARMOUR = re.compile(r"-----(?P<edge>BEGIN|END) (?:[A-Z0-9]{1,20} ){0,4}?PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY = 64 * 1024
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{24}")
# The body of a private key whose end is missing: headers, then lines of base64, each perhaps behind "> ", "+", a quote
# or "\n".
_BODY = re.compile(
    r"(?:\s{0,4}[+| >-]{0,3}[A-Za-z-]{3,20}: [^\n]{0,80}\n){0,6}+"
    r"(?:(?>(?:[\s+|>\"',#-]|\\[nr]){0,40}+[A-Za-z0-9+/=]{24,}+))++"
)


def _without_private_keys(text: str) -> str:
    """Replaces whole private keys (RFC 7468 and PGP armour) and what is there of cut ones."""
    if _ARMOUR_NEEDLE not in text:
        return text
    parts: list[str] = []
    done, begin = 0, None

    def take(start: int, end: int) -> None:
        nonlocal done
        parts.extend((text[done:start], "[redacted:private-key]"))
        done = end

    for mark in [*_ARMOUR.finditer(text), None]:
        if begin is not None:
            if mark and mark["edge"] == "END" and mark.start() - begin.end() <= _LONGEST_KEY:
                if _BASE64.search(text, begin.end(), mark.start()):  # else it is only talked about
                    take(begin.start(), mark.end())
            elif body := _BODY.match(text, begin.end()):
                take(begin.start(), body.end())
        begin = mark if mark and mark["edge"] == "BEGIN" else None
    return "".join([*parts, text[done:]])


_TELLING = re.compile(r"(?i)" + NAME + r"\Z")


@lru_cache(maxsize=1024)
def _telling(key: str) -> str | None:
    """The telling name that a JSON key ends in, if it does."""
    match = _TELLING.search(key)
    return match["name"] if match else None


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:  # no HOME, and the system does not know the user: then no path can be theirs
        return ""


class Redactor:
    """Takes secrets and the home folder out of texts and JSON values.

    ``home``: the folder shown as ``~``; None: the user's own. Pure and cheap; one is enough for a process.
    """

    def __init__(self, home: str | None = None) -> None:
        home = (_home() if home is None else home).rstrip("/")
        self._home = home
        # A deep enough path is the user's wherever it stands ("-L/home/ann/lib"); "/root" may also end "/mnt/root".
        before = r"(?<![\w.])" if home.count("/") < 2 else ""
        self._home_pattern = re.compile(before + re.escape(home) + r"(?![\w-]|\.\w)")

    def text(self, text: str) -> str:
        """``text`` without secrets. What this returns stays as it is when it is redacted again."""
        return self._text(text, RULES)

    def _text(self, text: str, rules: Sequence[Rule]) -> str:
        redacted = self._once(text, rules)
        while redacted != text:  # what stood next to a secret may only now be one: again, until nothing is found
            text, redacted = redacted, self._once(redacted, RULES)
        return text

    def _once(self, text: str, rules: Sequence[Rule]) -> str:
        if self._home and self._home in text:
            text = self._home_pattern.sub("~", text)
        if len(text) < SHORTEST:
            return text
        text = _without_private_keys(text)
        lowered = text.lower()
        for rule in rules:
            if rule.concerns(lowered):
                text = rule.apply(text)
        return text

    def members(self, value: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """A JSON object without secrets. Its shape and its keys stay; only a key that itself holds a secret changes.

        A string under a telling key (``{"password": "…"}``) is judged as an assignment to that name.
        """
        texts: list[str] = []
        _gather(value, texts)
        everything = "\n".join(texts)
        rules = [rule for rule in RULES if rule.concerns(everything.lower())]
        if not rules and _ARMOUR_NEEDLE not in everything and not (self._home and self._home in everything):
            return dict(value)
        return self._members(value, rules)

    def _value(self, value: JsonValue, rules: Sequence[Rule]) -> JsonValue:
        if isinstance(value, str):
            return self._text(value, rules)
        if isinstance(value, Mapping):
            return self._members(value, rules)
        if isinstance(value, list):
            return [self._value(item, rules) for item in value]
        return value

    def _members(self, value: Mapping[str, JsonValue], rules: Sequence[Rule]) -> dict[str, JsonValue]:
        redacted: dict[str, JsonValue] = {}
        for key, item in value.items():
            kept = self._text(key, rules)
            while kept in redacted:
                kept += "'"  # two keys that differed in their secrets only
            name = _telling(key) if isinstance(item, str) else None
            if name and isinstance(item, str) and is_secret(name, item, quoted=True):
                redacted[kept] = "[redacted:secret]"
            else:
                redacted[kept] = self._value(item, rules)
        return redacted


def _gather(value: JsonValue, texts: list[str]) -> None:
    """Adds every text in ``value`` to ``texts``, keys too."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            texts.append(key)
            _gather(item, texts)
    elif isinstance(value, list):
        for item in value:
            _gather(item, texts)
