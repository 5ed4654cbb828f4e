"""Values behave as frozen dataclasses do, though none of their methods is written for them."""

from __future__ import annotations

import copy
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.values import Value


class Place(Value):
    """With and without a default."""

    file: str
    line: int = 1


class Labelled(Place):
    """A field more."""

    label: str = ""


@dataclasses.dataclass(frozen=True)
class Likewise:
    """The same fields as a dataclass."""

    file: str
    line: int = 1
    label: str = ""


ARGUMENTS = st.tuples(
    st.lists(st.integers(0, 2), max_size=4),
    st.dictionaries(st.sampled_from(["file", "line", "label", "column"]), st.integers(0, 2)),
)


@given(ARGUMENTS, ARGUMENTS)
def test_it_is_made_compared_and_hashed_as_a_dataclass_is(
    one: tuple[list[int], dict[str, int]], other: tuple[list[int], dict[str, int]]
) -> None:
    made: list[tuple[Labelled, Likewise]] = []
    for values, named in (one, other):
        try:
            expected = Likewise(*values, **named)  # type: ignore[arg-type]  # any arguments: that is the point
        except TypeError:
            with pytest.raises(TypeError):
                Labelled(*values, **named)  # type: ignore[arg-type]  # as above
            return
        made.append((Labelled(*values, **named), expected))  # type: ignore[arg-type]  # as above
    (a, expected_a), (b, expected_b) = made
    assert (a == b) == (expected_a == expected_b)
    assert (hash(a) == hash(b)) == (hash(expected_a) == hash(expected_b))
    assert repr(a).removeprefix("Labelled") == repr(expected_a).removeprefix("Likewise")


def test_another_class_with_the_same_fields_is_not_equal() -> None:
    assert Place("main.rs") != Labelled("main.rs")
    assert Place("main.rs") != Likewise("main.rs")


def test_it_cannot_be_changed() -> None:
    place = Place("main.rs")
    with pytest.raises(AttributeError, match="frozen"):
        place.line = 2  # type: ignore[misc]  # mypy knows it too
    with pytest.raises(AttributeError, match="frozen"):
        del place.file
    assert place == Place("main.rs", 1)


def test_it_can_be_copied() -> None:
    place = Labelled("main.rs", 2, "here")
    assert copy.deepcopy(place) == place


def test_the_functions_of_dataclasses_take_it() -> None:
    place = Labelled("main.rs", 2)
    assert dataclasses.is_dataclass(place)
    assert dataclasses.replace(place, line=3) == Labelled("main.rs", 3)
    assert dataclasses.asdict(place) == {"file": "main.rs", "line": 2, "label": ""}
    assert [field.name for field in dataclasses.fields(Labelled)] == ["file", "line", "label"]


def test_its_fields_can_be_matched_by_position() -> None:
    match Place("main.rs", 7):
        case Place(file, line):
            assert (file, line) == ("main.rs", 7)
