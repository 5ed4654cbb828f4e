"""The two types that do not agree, as the compiler writes them, and what can be asked of a type's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tutor.fix.rules.base import Case

_LABEL: Final = re.compile(r"expected (.+?), found (.+)$", re.DOTALL)
_NOTE: Final = re.compile(r"^\s*expected [^`]*`(.+)`\s+found [^`]*`([^`]+)`", re.DOTALL)
_PATH: Final = re.compile(r"\b(?:[A-Za-z_]\w*::)+(?=[A-Za-z_])")
_WORDS: Final = {"integer": "{integer}", "floating-point number": "{float}"}
_UNSAID: Final = re.compile(r"\b_\b|\.\.\.|\{|\[[^]]*@|impl |opaque|\bdyn\b.*\{")

INTEGERS: Final = {f"{sign}{width}": width for sign in "iu" for width in (8, 16, 32, 64, 128)}
SIZES: Final = frozenset({"isize", "usize"})
FLOATS: Final = {"f32": 32, "f64": 64}
TEXTS: Final = frozenset({"&str", "String", "&String"})
_HOLDS_IN_FLOAT: Final = {
    "f32": {"i8", "i16", "u8", "u16", "f32"},
    "f64": {"i8", "i16", "i32", "u8", "u16", "u32", "f32"},
}


@dataclass(frozen=True, slots=True)
class Pair:
    """What was expected and what was found, without module paths; "{integer}" and "{float}" for literals whose type is
    still open, ``_`` and ``...`` where the compiler leaves something out."""

    expected: str
    found: str


def pair_of(case: Case) -> Pair | None:
    """The types of an error about two of them; None where it names none."""
    label = _LABEL.search(case.place.label)
    note = next((match for text in case.notes if (match := _NOTE.search(text))), None)
    if label is not None and not ("..." in case.place.label and note is not None):
        return Pair(_name(label[1]), _name(label[2]))
    return Pair(plain(note[1]), plain(note[2])) if note is not None else None


def _name(words: str) -> str:
    """The type in the words of a label: "`i32`", "integer", "struct `A`", "fn item"."""
    quoted = re.search(r"`([^`]+)`", words)
    return plain(quoted[1]) if quoted else _WORDS.get(words.strip(), "")


def plain(name: str) -> str:
    """A type's name without the modules it is in: ``Vec<String>`` for ``std::vec::Vec<String>``."""
    return re.sub(r"\s+", " ", _PATH.sub("", name)).strip()


def head(name: str) -> str:
    """``Vec`` of ``Vec<i32>``."""
    return name.split("<", 1)[0].strip()


def arguments(name: str) -> Sequence[str]:
    """The types between the outermost angle brackets: ``K`` and ``V`` of ``HashMap<K, V>``; lifetimes are left out."""
    if "<" not in name or not name.endswith(">"):
        return ()
    found, depth, start = [], 0, name.index("<") + 1
    for at in range(start, len(name)):
        sign = name[at]
        arrow = sign == ">" and name[at - 1] in "-="
        if sign in "<([":
            depth += 1
        elif sign in ">)]" and not arrow:
            depth -= 1
        if (sign == "," and depth == 0) or (depth < 0 and at == len(name) - 1):
            found.append(name[start:at].strip())
            start = at + 1
    return [part for part in found if not part.startswith("'")]


def said(name: str) -> bool:
    """Whether a reader could write this type into the program as it stands here."""
    return bool(name) and not _UNSAID.search(name)


def agree(one: str, other: str) -> bool:
    """Whether two types may be the same: equal, or one leaves a place open that the other fills."""
    if not one or not other:
        return False
    if one == other or "_" in (one, other):
        return True
    for open_, closed in ((one, other), (other, one)):
        if open_ == "{integer}":
            return closed in INTEGERS or closed in SIZES
        if open_ == "{float}":
            return closed in FLOATS
    if one.startswith("&") and other.startswith("&"):
        return one.startswith("&mut ") == other.startswith("&mut ") and agree(_referent(one), _referent(other))
    inside, others = arguments(one), arguments(other)
    return (
        head(one) == head(other)
        and len(inside) == len(others) > 0
        and all(agree(a, b) for a, b in zip(inside, others, strict=True))
    )


def _referent(name: str) -> str:
    return re.sub(r"^&(?:'\w+ )?(?:mut )?", "", name)


def is_integer(name: str) -> bool:
    return name in INTEGERS or name in SIZES or name == "{integer}"


def is_number(name: str) -> bool:
    return is_integer(name) or name in FLOATS or name == "{float}"


def widens(small: str, large: str) -> bool:
    """Whether every value of ``small`` is one of ``large``, so that ``From`` converts it."""
    if large in FLOATS:
        return small in _HOLDS_IN_FLOAT[large] and small != large
    if small in INTEGERS and large in INTEGERS:
        if small[0] == large[0]:
            return INTEGERS[small] < INTEGERS[large]
        return small[0] == "u" and INTEGERS[small] < INTEGERS[large]
    return small in {"usize": {"u8", "u16"}, "isize": {"u8", "i8", "i16"}}.get(large, set())
