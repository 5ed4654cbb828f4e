"""Small frozen classes that cost next to nothing to define.

``@dataclass(frozen=True)`` writes and compiles six methods for each class, a quarter of a millisecond, after 6 ms for
its own imports. The thirty-odd classes that exist before a call of the command line gets to work would take half as
long as a compiler run. So those classes are a :class:`Value`, whose methods they share; all others are dataclasses.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, dataclass_transform


class _Fields:
    """``__dataclass_fields__``, made when it is asked for: ``fields``, ``replace`` and ``asdict`` take a Value too."""

    def __get__(self, instance: object, owner: type[Value]) -> dict[str, object]:
        from dataclasses import field, make_dataclass

        hints = owner.hints()
        likewise = make_dataclass(
            owner.__name__,
            [(name, hints[name], field(default=getattr(owner, name)) if hasattr(owner, name) else field())
             for name in owner.__match_args__],
            frozen=True,
        )  # fmt: skip
        found: dict[str, object] = vars(likewise)["__dataclass_fields__"]
        return found


@dataclass_transform(frozen_default=True)
class Value:
    """Declare fields as in a dataclass; a default is shared by all instances, so let it be immutable. Made by position
    or by name, compared, hashed and shown by its fields, and never changed."""

    __match_args__: ClassVar[tuple[str, ...]] = ()
    """The names of the fields, those of the base classes first."""
    __dataclass_fields__: ClassVar[Any] = _Fields()

    def __init_subclass__(cls) -> None:
        own = vars(cls).get("__annotations__", ())
        names = dict.fromkeys([*cls.__match_args__, *own])
        cls.__match_args__ = tuple(names)  # type: ignore[misc]  # for mypy only the decorator of dataclasses may

    def __init__(self, *values: object, **named: object) -> None:
        names = self.__match_args__
        given = dict(zip(names, values)) | named  # noqa: B905 (too many are found out below)
        wrong = len(given) != len(values) + len(named) or not given.keys() <= set(names)
        missing = [name for name in names if name not in given and not hasattr(type(self), name)]
        if wrong or missing:
            raise TypeError(f"{type(self).__name__} takes {', '.join(names) or 'nothing'}; missing: {missing}")
        vars(self).update(given)

    @classmethod
    def hints(cls) -> dict[str, Any]:
        """The types of the fields, with what :data:`typing.Annotated` says of them."""
        from typing import get_type_hints

        return get_type_hints(cls, include_extras=True)

    def members(self) -> dict[str, Any]:
        """The fields with their values, in order."""
        return {name: getattr(self, name) for name in self.__match_args__}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.members() == other.members()

    def __hash__(self) -> int:
        return hash(tuple(self.members().values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.members().items())})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be deleted")
