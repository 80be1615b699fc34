"""A recording as it comes out of a file: events, and the sensor's size where the file says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .events import EVENT, Events, as_events, brighter, most_events

UNITS = {"s": 10**6, "ms": 10**3, "us": 1, "ns": 1e-3}
"""Microseconds that one of a unit has."""

LATEST = 2**53
"""Microseconds; a float64 no longer tells whole ones apart beyond."""

LARGEST_SIDE = 2**16
"""Pixels of a sensor's side: coordinates have 16 bits."""


@dataclass(frozen=True)
class Reading:
    """What a file does not say itself.

    Attributes:
        columns: names of the columns of a table without a header, such as ``("t", "x", "y", "p")``.
        time_unit: of the times, one of ``UNITS``; None: times with fractions are seconds, whole ones
            microseconds.
    """

    columns: tuple[str, ...] | None = None
    time_unit: str | None = None


@dataclass(frozen=True, eq=False)
class Recording:
    """Events, (events,), in the order of time; height and width of the sensor, where the file says."""

    events: Events
    size: tuple[int, int] | None = None


def recording_of(
    fields: dict[str, NDArray[Any]], reading: Reading, size: tuple[int, int] | None = None
) -> Recording:
    """A recording made of one array for each field.

    Args:
        fields: x, y, t, p, each (events,): numbers of any type. Coordinates are whole; polarities
            are 0 and 1, or -1 and 1.
        reading: the unit of times.
        size: height and width of the sensor, if the file says them.

    Raises:
        ValueError: too many events, lengths that differ, numbers that are not finite or not whole,
            times beyond 2^53 us, polarities of other values.
    """
    lengths = {name: len(fields[name]) for name in ("x", "y", "t", "p")}
    if max(lengths.values()) > (most := most_events()):
        raise ValueError(f"{max(lengths.values())} events, and the memory has room for {most}")
    if len(set(lengths.values())) > 1:
        raise ValueError(f"as many of each field are needed, found {lengths}")
    for name, values in fields.items():
        if values.ndim != 1 or values.dtype.kind not in "biuf":
            raise ValueError(f"{name} is not a list of numbers: {values.dtype}, shape {values.shape}")
        if not np.all(np.isfinite(values)):
            raise ValueError(f"{name} has values that are not finite")
    given = np.empty(lengths["t"], [("x", np.int64), ("y", np.int64), ("p", np.uint8), ("t", np.int64)])
    for name in ("x", "y"):
        given[name] = _whole(name, fields[name])
    given["p"] = brighter(fields["p"])
    given["t"] = microseconds(fields["t"], reading.time_unit)
    return Recording(as_events(given), size)


def _whole(name: str, values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind == "f" and np.any(values != np.rint(values)):
        raise ValueError(f"{name} holds fractions, such as {values[values != np.rint(values)][0]}")
    if len(values) and not (values.min() >= 0 and values.max() < LARGEST_SIDE):
        raise ValueError(f"{name} must be in 0..{LARGEST_SIDE - 1}, got {values.min()}..{values.max()}")
    return values


def microseconds(times: NDArray[Any], unit: str | None) -> NDArray[np.int64]:
    """Times in whole microseconds, int64, rounded.

    Args:
        times: (events,), finite.
        unit: one of ``UNITS``; None: seconds where there are fractions, else microseconds.

    Raises:
        ValueError: a time beyond 2^53 us.
    """
    if unit is None:
        fractions = times.dtype.kind == "f" and np.any(times != np.rint(times))
        unit = "s" if fractions else "us"
    scaled = times if unit == "us" else times * np.float64(UNITS[unit])
    if len(scaled) and max(abs(float(scaled.max())), abs(float(scaled.min()))) >= LATEST:
        raise ValueError(f"times reach {float(scaled.max()):g} us, beyond 2^53")
    return np.rint(scaled).astype(np.int64) if scaled.dtype.kind == "f" else scaled.astype(np.int64)


def empty_events(count: int) -> Events:
    """Room for this number of events, to be filled."""
    return np.empty(count, EVENT)
