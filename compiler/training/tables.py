"""Tables of a TOML file, read strictly: what is not known is an error that names the nearest key."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from snnc.bounds import Bounds
from snnc.errors import UserError, fail
from snnc.files import Kind, parse_toml, read_bytes

T = TypeVar("T")

FILE = Kind("D325", "this is not a readable TOML file")

MOST_BYTES = 2**20
"""Of a configuration; people write them."""

KINDS: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


class Table:
    """Keys and values; each is asked for with its type.

    Args:
        values: as ``tomllib`` gives them.
        place: what messages call the table, e.g. ``run.toml, [data]``.
        known: all keys that it may have.
        bounds: of numbers, by key; those that :class:`Recipe` and others check need none here.

    Raises:
        UserError: D325 another key is there.
    """

    def __init__(
        self,
        values: dict[str, Any],
        place: str,
        known: Collection[str],
        bounds: Mapping[str, Bounds] | None = None,
    ) -> None:
        self.values, self.place, self.bounds = values, place, bounds or {}
        for key in values:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                cure = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
                raise fail("D325", f"unknown key {key!r}", where=place, help=cure)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def get(self, key: str, kind: type[T]) -> T | None:
        """A value, or None where it is left out.

        Raises:
            UserError: D325 a value of another type, D305 a number outside its bounds.
        """
        if key not in self.values:
            return None
        value = self.values[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.wrong(key, f"it must be {KINDS[kind]}")
        if key in self.bounds:
            assert isinstance(value, int | float)
            self.bounds[key].check(value, key, self.place)
        found: T = value
        return found

    def need(self, key: str, kind: type[T]) -> T:
        """A value that must be there.

        Raises:
            UserError: D325 it is not, or has another type.
        """
        value = self.get(key, kind)
        if value is None:
            raise fail(
                "D325",
                f"the key {key} is missing",
                where=self.place,
                help=f"give {key} = {KINDS[kind]}",
            )
        return value

    def given(self, **kinds: type) -> dict[str, Any]:
        """The values that are there, of those keys."""
        found = {key: self.get(key, kind) for key, kind in kinds.items()}
        return {key: value for key, value in found.items() if value is not None}

    def wrong(self, key: str, allowed: str) -> UserError:
        """The error for a value."""
        what = f"{key} is {self.values[key]!r}"
        return fail("D325", what, where=self.place, help=allowed)


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file.

    Raises:
        UserError: D325 it is missing or no TOML; D107 it is far larger than any.
    """
    return parse_toml(read_bytes(path, FILE, most=MOST_BYTES), str(path), FILE)
