"""Members of a stranger's JSON object, taken one by one, each with its kind."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any, TypeVar

from snnc.errors import UserError, fail

Choice = TypeVar("Choice", bound=Enum)

KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a point",
    type(None): "null",
}
SHOWN = 100
"""Letters of a wrong value that a message shows."""


class Fields:
    """One object. Every member is asked for once, then :meth:`done` refuses what is left.

    All methods raise UserError (D130, or the code that was given) where a member is missing, of another
    kind or out of bounds.
    """

    def __init__(self, value: object, where: str, code: str = "D130", help: str = "") -> None:
        """Args: ``value`` as JSON gave it; ``where`` it stands, ``code`` and ``help``, for messages."""
        self.where = where
        self.code, self.help = code, help
        self._left: dict[str, Any] = dict(self._of(value, dict, "it"))

    def _of(self, value: object, kind: type, name: str) -> Any:
        if type(value) is kind:  # a bool is an int for isinstance
            return value
        raise self.wrong(name, value, KINDS[kind])

    def wrong(self, name: str, value: object, wanted: str) -> UserError:
        """The message of a member that is something else than it has to be."""
        shown = KINDS.get(type(value), "something else")
        if isinstance(value, bool):
            shown = "true" if value else "false"
        elif isinstance(value, str | int | float):
            shown = f"{value!r:.{SHOWN}}"
        return self.refusal(f"{name} is {shown}, not {wanted}", "" if name == "it" else name)

    def refusal(self, what: str, name: str = "") -> UserError:
        """A message about a member, or about the object."""
        where = f"{self.where}, {name}" if name else self.where
        return fail(self.code, what, where=where, help=self.help)

    def take(self, name: str) -> Any:
        """A member of any kind."""
        if name not in self._left:
            raise self.refusal(f"{name} is missing", name)
        return self._left.pop(name)

    def has(self, name: str) -> bool:
        """Whether there is such a member, not yet taken."""
        return name in self._left

    def given(self, name: str) -> bool:
        """Whether a member, which has to be there, is something; a ``null`` is taken."""
        if self.has(name) and self._left[name] is not None:
            return True
        self.take(name)
        return False

    def integer(self, name: str) -> int:
        """A whole number: neither ``true`` nor ``1.0``."""
        value: int = self._of(self.take(name), int, name)
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number within bounds, both included."""
        value = self.integer(name)
        if not low <= value <= high:
            raise self.wrong(name, value, f"from {low} to {high}")
        return value

    def wholes(self, name: str, low: int, high: int) -> tuple[int, ...]:
        """A list of whole numbers, each within bounds."""
        values = self.integers(name)
        for value in values:
            if not low <= value <= high:
                raise self.wrong(name, value, f"from {low} to {high}")
        return values

    def number(self, name: str) -> float:
        """A finite number, whole or not."""
        value = self.take(name)
        if type(value) is int:
            return float(value)
        value = float(self._of(value, float, name))
        if not math.isfinite(value):
            raise self.wrong(name, value, "a finite number")
        return value

    def word(self, name: str, known: tuple[str, ...]) -> str:
        """One of some words."""
        value = self.text(name)
        if value not in known:
            raise self.wrong(name, value, "one of " + ", ".join(known))
        return value

    def text(self, name: str) -> str:
        """A text."""
        value: str = self._of(self.take(name), str, name)
        return value

    def truth(self, name: str) -> bool:
        """``true`` or ``false``."""
        value: bool = self._of(self.take(name), bool, name)
        return value

    def text_or_none(self, name: str) -> str | None:
        """A text or ``null``."""
        value = self.take(name)
        return None if value is None else str(self._of(value, str, name))

    def number_or_none(self, name: str) -> float | None:
        """A number, whole or not, or ``null``."""
        value = self.take(name)
        if value is None:
            return None
        if type(value) is int:
            return float(value)
        return float(self._of(value, float, name))

    def integers(self, name: str, count: int | None = None) -> tuple[int, ...]:
        """A list of whole numbers, of ``count`` where that is given."""
        value = self._of(self.take(name), list, name)
        if count is not None and len(value) != count:
            raise self.refusal(f"{name} has {len(value)} numbers, not {count}")
        return tuple(self._of(each, int, name) for each in value)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._of(self.take(name), list, name)
        return tuple(self._of(each, str, name) for each in value)

    def objects(self, name: str) -> list[Any]:
        """A list, whatever is in it."""
        value: list[Any] = self._of(self.take(name), list, name)
        return value

    def numbers_by_name(self, name: str) -> dict[str, int]:
        """An object whose members are whole numbers."""
        value = self._of(self.take(name), dict, name)
        return {str(key): self._of(each, int, f"{name}.{key:.100}") for key, each in value.items()}

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        """One of an enumeration's values."""
        value = self.text(name)
        for each in kind:
            if each.value == value:
                return each
        raise self.wrong(name, value, "one of " + ", ".join(str(each.value) for each in kind))

    def done(self) -> None:
        """Refuse members that nobody asked for."""
        if self._left:
            names = ", ".join(f"{name!r:.100}" for name in list(self._left)[:3])
            raise self.refusal(f"it has members that are none of this format: {names}")
