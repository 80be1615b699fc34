"""Which column, field or array of a file is x, y, t and p, by the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPELLINGS = {
    "x": ("x", "xs", "col", "column", "x_pos", "addr_x", "x_addr"),
    "y": ("y", "ys", "row", "y_pos", "addr_y", "y_addr"),
    "t": ("t", "ts", "time", "times", "timestamp", "timestamps", "time_us", "t_us"),
    "p": ("p", "ps", "pol", "pols", "polarity", "polarities", "on"),
}
"""Of each field, small letters. Sources: tonic and faery (x, y, t, p), Metavision (x, y, p, t), DSEC
(events/x ...), v2e, MVSEC, dv-processing's csv (timestamp, x, y, polarity)."""

ORDERS = (("t", "x", "y", "p"), ("x", "y", "p", "t"))
"""Of tables without names: the Event Camera Dataset's ``events.txt`` (Mueggler et al. 2017), and
Metavision's csv."""

FIELDS = ("x", "y", "t", "p")


def field_of(name: str) -> str | None:
    """Which field a name means; None for another thing. ``x@640`` and ``t [us]`` mean x and t."""
    plain = re.split(r"[@\[(/ ]", name.strip().strip("\"'").lower())[0]
    return next((field for field, names in SPELLINGS.items() if plain in names), None)


def named(names: Sequence[str]) -> dict[str, int]:
    """Place of each field among names.

    Raises:
        ValueError: one is missing, or two names mean it.
    """
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        field = field_of(name)
        if field is not None and field in found:
            raise ValueError(f"two names mean {field}: {names[found[field]]!r} and {name!r}")
        if field is not None:
            found[field] = place
    if missing := [field for field in FIELDS if field not in found]:
        raise ValueError(f"no {', '.join(missing)} among {_some(names)}")
    return found


def of_table(table: NDArray[Any], columns: Sequence[str] | None) -> dict[str, NDArray[Any]]:
    """The fields of a table without names.

    Args:
        table: (events, columns), numbers.
        columns: names of the columns; None: the one of ``ORDERS`` that the numbers allow.

    Raises:
        ValueError: the numbers allow none, or both; columns that do not fit.
    """
    if columns is not None:
        if len(columns) != table.shape[1]:
            raise ValueError(f"{table.shape[1]} columns, and --columns names {len(columns)}")
        return {field: table[:, place] for field, place in named(columns).items()}
    if table.shape[1] != len(FIELDS):
        raise ValueError(f"{table.shape[1]} columns without names; say --columns, as t,x,y,p")
    fitting = [order for order in ORDERS if _fits(table, order)]
    if len(fitting) != 1:
        which = "both" if fitting else "neither"
        raise ValueError(
            f"columns without names, and {which} of t,x,y,p and x,y,p,t can be meant (times that never "
            "decrease, polarities of two values); name them with --columns"
        )
    return {field: table[:, place] for place, field in enumerate(fitting[0])}


def _fits(table: NDArray[Any], order: Sequence[str]) -> bool:
    times, signs = table[:, order.index("t")], table[:, order.index("p")]
    two = np.isin(signs, (0, 1)).all() or np.isin(signs, (-1, 1)).all()
    return bool(two and not np.any(np.diff(times) < 0))


def _some(names: Iterable[str]) -> str:
    given = [str(name)[:40] for name in names]
    return ", ".join(given[:8]) + (f" and {len(given) - 8} more" if len(given) > 8 else "") or "nothing"
