"""Whether a value that stands behind a telling name (``password = …``) is likely to be a secret."""

from __future__ import annotations

import math
import re
from collections import Counter

# What people write where a secret would go.
_WORDS = frozenset(
    [
        "pass", "passwd", "password", "passphrase", "pwd", "secret", "token", "key", "string", "str", "none", "null",
        "true", "false", "value", "example", "changeme", "bearer", "basic", "optional", "required", "hidden",
    ]
)  # fmt: skip
_STAND_IN = re.compile(r"\[redacted:[a-z-]+\]|<.*>|\{.*\}|\$[A-Za-z_]\w*|\$[{(].*|%[a-z]|%\(.*|\(.*\)", re.DOTALL)
_RUNS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_CONSTANT = re.compile(r"[A-Z]+(?:_[A-Z]+)+")
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.~ -]+")
_CODE_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def is_placeholder(value: str) -> bool:
    """Whether ``value`` only stands for a secret: ``$TOKEN``, ``<password>``, ``{}``, ``xxxx``, ``[redacted:jwt]``."""
    return len(set(value)) <= 2 or value.lower() in _WORDS or _STAND_IN.fullmatch(value) is not None


def is_mixed(value: str) -> bool:
    """Whether it has both letters and digits."""
    return any(c.isalpha() for c in value) and any(c.isdigit() for c in value)


def looks_random(value: str) -> bool:
    """Whether ``value`` reads like drawn characters and not like words: at least 16 of them, letters and digits,
    over 3 bits a character, changing between small letters, capitals and digits all the time."""
    if len(value) < 16 or not is_mixed(value):
        return False
    runs = _RUNS.findall(value)
    if sum(map(len, runs)) > 3 * len(runs):
        return False
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values()) > 3.0


def _is_label(name: str, value: str) -> bool:
    """Whether ``value`` only names what it is: ``PASSWORD_AUTH``, ``"password": "change-password"``."""
    plain = value.replace("-", "").replace("_", "").lower()
    names_itself = name.replace("-", "").replace("_", "").lower() in plain and not any(c.isdigit() for c in value)
    return names_itself or _CONSTANT.fullmatch(value) is not None


def is_secret(name: str, value: str, *, quoted: bool, tight: bool = False) -> bool:
    """Whether ``value``, assigned to ``name``, is likely to be a secret.

    ``name`` is the telling end of the name alone ("password" of ``DB_PASSWORD``). ``quoted``: it is a string literal or
    a JSON value. ``tight``: ``name=value`` without spaces, as in shells, URLs and settings, not as in Rust.
    """
    if is_placeholder(value):
        return False
    # "token" and "secret" are words of programming too: a value behind them must also look like one.
    weak = name.lower() in ("token", "secret", "_auth")
    if name.lower() == "pwd" and value[0] in "/~.":
        return False
    if quoted:
        if any(c.isspace() for c in value):
            return name.lower() == "passphrase"
        if weak:
            return len(value) >= 8 and is_mixed(value) and _TOKEN.fullmatch(value) is not None
        return len(value) >= 4 and not _is_label(name, value)
    if _CODE_PATH.fullmatch(value):
        return False
    if tight:
        if name.isupper() and not weak:
            return True
        return is_mixed(value) and len(value) >= (12 if weak and not name.isupper() else 6)
    return looks_random(value)
