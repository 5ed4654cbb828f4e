"""How far a check came, and whether an edit brought it further.

The compiler works in phases (parsing, names, types, patterns, borrows, lints; see "Overview of the compiler" in the
rustc development guide) and mostly stops after the first one that has errors. So an edit that mends the only parse
error may show ten type errors that were there all along: that is progress, and ten new type errors after an edit that
mended a type error are not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from tutor.fix.compiler import Checked
from tutor.fix.messages import Key

PARSE, NAMES, TYPES, PATTERNS, BORROWS, LINTS = range(6)

_BY_PHASE: Final = {
    PARSE: "E0583 E0584 E0585 E0586 E0742 E0748 E0753 E0758 E0762 E0763 E0765 E0766 E0768",
    NAMES: "E0106 E0128 E0252 E0254 E0255 E0259 E0260 E0261 E0262 E0263 E0364 E0365 E0401 E0403 E0404 E0405 E0407 "
    "E0408 E0411 E0412 E0415 E0416 E0422 E0423 E0424 E0425 E0426 E0428 E0429 E0430 E0431 E0432 E0433 E0434 E0435 "
    "E0437 E0438 E0463 E0530 E0531 E0532 E0573 E0574 E0575 E0576 E0578 E0603 E0637 E0659",
    PATTERNS: "E0004 E0005 E0133 E0158 E0170 E0297 E0301 E0302",
    BORROWS: "E0010 E0015 E0080 E0373 E0381 E0382 E0384 E0492 E0493 E0499 E0501 E0502 E0503 E0505 E0506 E0507 E0508 "
    "E0509 E0510 E0515 E0521 E0524 E0594 E0596 E0597 E0621 E0626 E0700 E0712 E0713 E0716 E0744 E0764",
}
_PHASE_OF: Final = {code: phase for phase, codes in _BY_PHASE.items() for code in codes.split()}
_ERROR_CODE: Final = re.compile(r"E\d{4}")
_NAME_WORDS: Final = re.compile(r"cannot find (?:macro|attribute|derive)|cannot determine resolution|no rules expected")
_BORROW_WORDS: Final = re.compile(
    r"lifetime may not live long enough|does not live long enough|implementation of .* is not general"
)

Vector = tuple[int, ...]


def phase_of(code: str, message: str) -> int:
    """The phase that reports this error."""
    if code:
        return _PHASE_OF.get(code, TYPES if _ERROR_CODE.fullmatch(code) else LINTS)
    if _NAME_WORDS.search(message):
        return NAMES
    if _BORROW_WORDS.search(message):
        return BORROWS
    return TYPES if message.endswith("is private") else PARSE


def vector(errors: Counter[Key], units: Iterable[str] | None = None) -> Vector:
    """How many errors each phase has, in ``units`` (None: in all)."""
    only = None if units is None else frozenset(units)
    counts = [0] * (LINTS + 1)
    for key, number in errors.items():
        if only is None or key.unit in only:
            counts[phase_of(key.code, key.message)] += number
    return tuple(counts)


def is_progress(before: Checked, after: Checked) -> bool:
    """Whether ``after`` is nearer to a program that compiles.

    In the crates that were looked at before, the first phase whose count differs must have fewer errors, and none of
    its errors may be new. A crate that could not even be looked at before counts neither way.
    """
    if after.passed:
        return not before.passed
    was, is_ = vector(before.errors, before.reached), vector(after.errors, before.reached)
    phase = next((i for i, (a, b) in enumerate(zip(was, is_, strict=True)) if a != b), None)
    if phase is None or is_[phase] > was[phase]:
        return False
    new = after.errors - before.errors
    return not any(key.unit in before.reached and phase_of(key.code, key.message) <= phase for key in new)
