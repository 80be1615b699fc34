"""Event counts: whole numbers, in whatever type they come."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import fail


def refuse_strange(x: NDArray[Any], where: str) -> None:
    """Make sure that all of an array are finite numbers.

    Args:
        x: event counts or values, any shape and type.
        where: what messages call them.

    Raises:
        UserError: D506 no numbers, NaN or infinite values.
    """
    if x.dtype.kind not in "iufb":
        raise fail("D506", f"x has type {x.dtype}; event counts are whole numbers", where=where)
    if x.dtype.kind != "f":
        return
    strange = int(np.count_nonzero(~np.isfinite(x)))
    if strange:
        raise fail("D506", f"x has {strange} NaN or infinite values", where=where)


def broken_counts(x: NDArray[Any]) -> int:
    """How many of an array are not whole numbers."""
    return 0 if x.dtype.kind != "f" else int(np.count_nonzero(x != np.rint(x)))


def refuse_fractions(x: NDArray[Any], where: str) -> None:
    """Make sure that turning the numbers into integers changes none of them.

    Args:
        x: event counts, any shape and type.
        where: what messages call them.

    Raises:
        UserError: D506 no numbers, NaN or infinite values, or numbers that are not whole.
    """
    refuse_strange(x, where)
    if broken := broken_counts(x):
        raise fail(
            "D506",
            f"x has {broken} of {x.size} values that are not whole numbers",
            where=where,
            why="input arrives on the chip as event counts",
            help="compile with --calibration values like these, or --input-scale: they become counts",
        )
