"""A value that must not be seen: it does not print, compare by accident, or serialise."""

from typing import final


@final
class Sealed:
    """One secret value; `reveal()` is called where the value leaves for the cloud, and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Sealed(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a sealed value is not serialised")
