"""How small and how large the number of an option may be, declared beside the option.

Dataclasses whose fields are options (passes, methods of training, targets, recipes) have a mapping
``bounds`` from fields to :class:`Bounds`, and check it when they are made (:func:`refuse_outside`), so
that no way of giving a number goes past it. ``tests/cli/test_bounds.py`` sees to it that no number of
an option is without bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import Diagnostic, UserError

CODE = "D305"
"""Of every number outside its bounds, whatever it is given to."""

LONGEST_SHOWN = 128
"""Bits of a whole number that a message writes out."""


@dataclass(frozen=True)
class Bounds:
    """From ``low`` to ``high``; whole numbers alone where both are ``int``.

    Attributes:
        low, high: the smallest and the largest.
        above_low, below_high: whether these themselves are excluded.
    """

    low: float
    high: float
    above_low: bool = False
    below_high: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        low = f"above {shown_number(self.low)}" if self.above_low else f"from {shown_number(self.low)}"
        return f"{kind} {low} to {'below ' if self.below_high else ''}{shown_number(self.high)}"

    def hold(self, value: float) -> bool:
        """Whether a number is inside; NaN never is."""
        over = self.low < value if self.above_low else self.low <= value
        return over and (value < self.high if self.below_high else value <= self.high)

    def problem(self, value: float, option: str, where: str) -> Diagnostic | None:
        """The message for a number outside, with the bound that it violates.

        Args:
            value: the number.
            option: what messages call it.
            where: its place, as the user writes it.
        """
        if self.hold(value):
            return None
        if value != value:
            limit = f"it must be {self}"
        elif value > self.low and (value, self.above_low) != (self.low, True):
            limit = f"it must be below {shown_number(self.high)}"
            limit = limit if self.below_high else f"the largest is {shown_number(self.high)}"
        else:
            limit = f"it must be above {shown_number(self.low)}"
            limit = limit if self.above_low else f"the smallest is {shown_number(self.low)}"
        return Diagnostic(
            CODE, f"{option} is {shown_number(value)}, {limit}", where, help=f"use {self}"
        )

    def check(self, value: float | None, option: str, where: str = "") -> None:
        """Refuse a number outside; None is an option that was left out.

        Args:
            value: the number.
            option: as the user writes it, such as ``--samples``.
            where: its place; the option's name where that is all.

        Raises:
            UserError: D305, with both numbers.
        """
        found = None if value is None else self.problem(value, option, where or option)
        if found is not None:
            raise UserError(found)


def refuse_outside(options: Any, bounds: Mapping[str, Bounds], where: str) -> None:
    """Make sure that all fields with bounds are inside; those that are None are unset.

    Args:
        options: an instance of a dataclass.
        bounds: by field.
        where: of messages; ``{}`` in it is replaced by the option's name.

    Raises:
        UserError: D305, every field that is outside, with both numbers.
    """
    found = []
    for field, bound in bounds.items():
        value = getattr(options, field)
        # Passes, methods and targets are written with dashes; recipes as tables of TOML have them.
        option = field.replace("_", "-") if "{}" in where else field
        place = where.replace("{}", f"{{{option}}}")
        problem = None if value is None else bound.problem(value, option, place)
        if problem is not None:
            found.append(problem)
    if found:
        raise UserError(*found)


def shown_number(value: float) -> str:
    """A number as a message has it: whole ones to the last digit, unless nobody could read them."""
    if isinstance(value, int):
        large = value.bit_length() > LONGEST_SHOWN
        return (
            f"{'-' if value < 0 else ''}2^{abs(value).bit_length() - 1} or more"
            if large
            else f"{value}"
        )
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


MOST = 2**31 - 1
SAMPLES = Bounds(1, MOST)
"""Of data: more than any file has."""

PERCENTILE = Bounds(0.0, 100.0, above_low=True)
SHARE = Bounds(0.0, 1.0, below_high=True)
"""Of something that may be 0, and not all of it."""

FACTOR = Bounds(1e-6, 1e6)
"""On something that fits already: beyond it nothing is left of one of the two."""

SECONDS = Bounds(1e-12, 1e6)
"""Of a time step: a chip's are around 1e-3."""

SEED = Bounds(0, 2**32 - 1)
WORKERS = Bounds(1, 4096)
POPULATIONS = Bounds(1, 10**6)
TIME_LIMIT = Bounds(0.0, 1e8, above_low=True)
"""Seconds that an engine may take, about three years; the system's clocks count to 100 times that."""

START_VALUE = Bounds(-1.0, 1.0, above_low=True, below_high=True)
"""Of a potential, in thresholds."""
