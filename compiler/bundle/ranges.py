"""What a manifest claims of registers: for which inputs none can wrap or saturate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PROVED = "proved"
"""The status where there are claims."""

FARTHEST = 2**63
"""Bounds beyond it are written as it: no register of any program holds as much."""


@dataclass(frozen=True)
class Bounded:
    """What registers can hold for some inputs.

    Attributes:
        low, high: the smallest and largest count of an input element in a frame.
        frames: the most frames; None for any number.
        registers: of each register its population, name, range and limits.
    """

    low: int
    high: int
    frames: int | None
    registers: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "counts": [self.low, self.high],
            "frames": self.frames,
            "registers": [
                {key: _written(value) for key, value in register.items()} for register in self.registers
            ],
        }


@dataclass(frozen=True)
class Ranges:
    """What is known of a program's registers.

    Attributes:
        status: :data:`PROVED`, or in words why nothing is proved.
        claims: the inputs for which no register can leave its range; empty where nothing is proved.
        unproved: populations of a plug-in's neuron model; None where there are none.
        observed: what calibration data did to the registers, where the proof fails and overflow is
            allowed.
        bounds: what the failed proof found.
    """

    status: str
    claims: tuple[Bounded, ...] = ()
    unproved: tuple[str, ...] | None = None
    observed: tuple[Mapping[str, Any], ...] | None = None
    bounds: Bounded | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain types, for the manifest; :func:`ranges_from` reads them."""
        found: dict[str, Any] = {"status": self.status}
        if self.status == PROVED:
            found["claims"] = [claim.as_json() for claim in self.claims]
        if self.unproved is not None:
            found["unproved"] = list(self.unproved)
        if self.observed is not None:
            found["observed"] = [dict(each) for each in self.observed]
        if self.bounds is not None:
            found["bounds"] = self.bounds.as_json()
        return found


def _written(value: Any) -> Any:
    """A bound, a pair of them, or another plain value; as far as a manifest's numbers reach."""
    if isinstance(value, list | tuple):
        return [_written(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-FARTHEST, min(value, FARTHEST))
    return value


def ranges_from(entry: Mapping[str, Any]) -> Ranges:
    """What :meth:`Ranges.as_json` wrote; it was checked when the manifest was read."""
    unproved, observed, bounds = (entry.get(name) for name in ("unproved", "observed", "bounds"))
    return Ranges(
        entry["status"],
        tuple(_bounded(each) for each in entry.get("claims", [])),
        None if unproved is None else tuple(unproved),
        None if observed is None else tuple(observed),
        None if bounds is None else _bounded(bounds),
    )


def _bounded(entry: Mapping[str, Any]) -> Bounded:
    low, high = entry["counts"]
    return Bounded(low, high, entry["frames"], tuple(entry.get("registers", [])))
