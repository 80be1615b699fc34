"""Weights of a projection on the target's grid, and what that cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Population, Projection, WeightGrid, weight_step
from snnc.ir.scaling import rows_together, weights_of, with_weights

from .grid_search import channel_ends, on_nearest
from .lone_weights import least_on_grid


@dataclass(frozen=True, eq=False)
class Rounded:
    """A projection on the grid, and what that cost.

    A search keeps several of a layer, so integers are stored, in as few bytes as the grid needs.

    Attributes:
        before: the projection that was rounded.
        grid: of its weights.
        integers: the weights in a row, in steps of the grid.
        units: integers for 1.0, of each channel, (channels,).
        ends: where each channel's weights begin, and the last one's end.
        errors: of each channel, relative to its weights, (channels,); 0 for one without weights.
        power: squares of each channel's weights, added up, (channels,).
        clipped: weights beyond the grid.
        silenced: neurons that its spikes alone made fire, and no longer do.
    """

    before: Projection
    grid: WeightGrid
    integers: NDArray[np.signedinteger[Any]]
    units: Array
    ends: NDArray[np.int64]
    errors: Array
    power: Array
    clipped: int
    silenced: int = 0

    @property
    def projection(self) -> Projection:
        """With the rounded weights, in real numbers: made each time that it is asked for."""
        kept = np.empty(self.integers.size)
        step = weight_step(self.grid.bits, self.grid.sign_mode)
        for first, last in rows_together(self.ends):
            part = slice(self.ends[first], self.ends[last])
            each = np.repeat(self.units[first:last], np.diff(self.ends[first : last + 1]))
            kept[part] = self.integers[part] * float(step) * (1.0 / each)
        return replace(self.before, ops=(with_weights(self.before.op, kept),), grid=self.grid)

    @property
    def error(self) -> float:
        """Of the whole projection: the root mean square over channels, weighed by their weights."""
        total = float(self.power.sum())
        return math.sqrt(float(np.square(self.errors) @ self.power) / total) if total else 0.0

    @property
    def used(self) -> Array:
        """Errors of the channels that have weights."""
        return self.errors[self.power > 0]


@dataclass(frozen=True, eq=False)
class Choice:
    """What a population and the projections into it become.

    ``scale`` is the number of integer units for 1.0, shape () or (channels,); the state registers
    hold it shifted left by ``shift``.
    """

    scale: Array
    shift: int
    rounded: tuple[Rounded, ...]

    @property
    def worst_error(self) -> float:
        """The largest relative error of any projection."""
        return max((r.error for r in self.rounded), default=0.0)

    @property
    def silences(self) -> bool:
        """Whether any neuron that a single spike made fire no longer does."""
        return any(r.silenced for r in self.rounded)


def on_grid(
    p: Projection,
    grid: WeightGrid,
    scale: Array,
    population: Population,
    rest: Array | None,
    integers: Array | None = None,
) -> Rounded:
    """A projection on a grid; each weight that alone makes its neuron fire stays above ``rest``.

    Args:
        p: in units of the population that it ends at.
        grid: bits, sign mode and exponent.
        scale: integer units for 1.0, () or (channels,).
        population: where it ends.
        rest: what a weight must exceed, of the weights' shape; None where no weight has to.
        integers: what to store, any shape of the weights' size; the nearest where None.
    """
    units = np.broadcast_to(scale / 2.0**grid.exponent, population.shape[:1])
    low, high = grid.ends
    step = weight_step(grid.bits, grid.sign_mode)
    weights, ends = weights_of(p.op).reshape(-1), channel_ends(p.op, population.shape)
    chosen = None if integers is None else integers.reshape(-1)
    above = None if rest is None else rest.reshape(-1)
    stored = np.empty(weights.size, _narrowest(low // step, high // step))
    channels = len(ends) - 1
    power, lost = np.zeros(channels), np.zeros(channels)
    clipped = silenced = 0
    for first, last in rows_together(ends):
        part = slice(ends[first], ends[last])
        unit = np.repeat(units[first:last], np.diff(ends[first : last + 1]))
        wanted = weights[part] * unit
        whole = on_nearest(wanted, 1.0, grid) if chosen is None else chosen[part]
        clipped += int(np.count_nonzero((wanted > high + step / 2) | (wanted < low - step / 2)))
        if above is not None:
            least = least_on_grid(above[part] * unit, population.dynamics.comparison, step)
            needed = np.maximum(whole, least)
            silenced += int(np.count_nonzero(needed > high))
            whole = np.minimum(needed, high)
        stored[part] = whole / step
        apart = weights[part] - whole * (1.0 / unit)
        for channel in range(first, last):
            own = slice(ends[channel], ends[channel + 1])
            row, away = weights[own], apart[own.start - part.start : own.stop - part.start]
            power[channel], lost[channel] = float(row @ row), float(away @ away)
    errors = np.sqrt(np.divide(lost, power, out=np.zeros_like(lost), where=power > 0))
    return Rounded(p, grid, stored, np.asarray(units), ends, errors, power, clipped, silenced)


def _narrowest(low: int, high: int) -> Any:
    """The type of fewest bytes that holds all from ``low`` to ``high``."""
    kinds = (np.int8, np.int16, np.int32, np.int64)
    return next(k for k in kinds if np.iinfo(k).min <= low and high <= np.iinfo(k).max)
