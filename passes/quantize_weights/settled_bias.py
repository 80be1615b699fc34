"""A population's biases as the chip will hold them: capped, corrected for rounding, on the grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Graph, Kind, Population, PopulationGrid, Target, per_channel
from snnc.passes.base import Context

from .sums import worst_sums

MARGIN = 1.1
"""A capped bias is lower than all that can arrive by a tenth: rounding makes weights larger by less."""


@dataclass(frozen=True, eq=False)
class SettledBias:
    """What the biases of a population become.

    Attributes:
        bias: in units of the population, each a whole number of the grid's units; None for none.
        exponent: of the mantissas.
        moved: largest correction for what rounding the weights adds on average, in thresholds.
        lost: largest difference that the mantissa's limit makes, in thresholds; 0 within the limit.
        limit: the largest bias that the target holds, in integers.
        beyond: where one is larger, all of them in integers, largest of each channel; None elsewhere.
    """

    bias: Array | None
    exponent: int
    moved: float = 0.0
    lost: float = 0.0
    limit: int = 0
    beyond: Array | None = None


def settle(
    population: Population, scale: Array, shift: int, target: Target, correction: Array | None
) -> SettledBias:
    """Correct and round the biases of a population.

    Args:
        scale, shift: integer units for 1.0, (channels,) or (), and the shift into the registers.
        target: its limits on mantissa and exponent.
        correction: what is added, (channels,); None for nothing.
    """
    bias, moved = population.bias, 0.0
    if correction is not None:
        moved = float(np.abs(correction).max(initial=0.0))
        bias = (0.0 if bias is None else bias) + per_channel(correction, population.shape)
    if bias is None:
        return SettledBias(None, 0)
    unit = scale * 2.0**shift
    unit = per_channel(unit, population.shape) if unit.ndim else unit
    units = bias * unit
    limit = target.largest_bias(readout=population.kind is Kind.READOUT)
    largest = float(np.abs(units).max(initial=0.0))
    exponent = 0
    while round(largest / 2**exponent) > limit and exponent < target.bias_shift:
        exponent += 1
    mantissa = np.clip(np.rint(units / 2**exponent), -limit, limit)
    beyond = largest / 2**exponent > limit + 0.5
    on_grid = SettledBias(mantissa * 2.0**exponent / unit, exponent, moved)
    if not beyond:
        return on_grid
    each = np.abs(np.broadcast_to(units, population.shape)).reshape(population.shape[0], -1).max(axis=1)
    lost = float((np.abs(mantissa * 2.0**exponent - units) / unit).max(initial=0.0))
    return replace(on_grid, lost=lost, limit=limit << exponent, beyond=each)


def capped(graph: Graph, population: Population, counts: NDArray[np.int64] | None) -> Population:
    """The population without more negative bias than keeps a neuron silent whatever arrives.

    A neuron whose bias takes away more than all that can arrive never fires; a smaller bias that still
    does so changes nothing, and fits registers that the larger one would fill.
    """
    neuron = population.neuron
    if population.kind is not Kind.NEURONS or population.bias is None or graph.frame_is_step:
        return population
    if neuron is not None and (not neuron.restart or neuron.current_kept):
        return population
    sums = worst_sums(graph, population, graph.into(population.name), counts)
    arrives = sums.step * (graph.steps_per_frame or 1) if graph.code.exact else sums.step
    least = per_channel(-(MARGIN * arrives + 1), population.shape)
    if np.all(population.bias >= least):
        return population
    return replace(population, bias=np.maximum(population.bias, least))


def with_bias(
    population: Population, scale: Array, shift: int, settled: SettledBias, context: Context
) -> Population:
    """The population with its grid and its biases on it; what that cost is said (N704, N722)."""
    if settled.lost:
        assert population.bias is not None
        limit = context.target.largest_bias(readout=population.kind is Kind.READOUT)
        context.warn(
            "N704",
            f"biases up to {float(np.abs(population.bias).max()):.4g} clipped, by up to "
            f"{settled.lost:.4g}",
            where=population.origin,
            why=f"{context.target.name} holds mantissas to {limit} and exponents to "
            f"{context.target.bias_shift}; ranges are proved for the clipped biases",
            help="train with smaller biases, or use fewer weight bits",
        )
    if settled.moved:
        context.note(
            "N722",
            f"biases moved by up to {settled.moved:.2g} thresholds",
            where=population.origin,
            why="the mean effect of rounding the weights, measured on calibration data",
        )
    grid = PopulationGrid(scale, shift, settled.exponent)
    return replace(population, bias=settled.bias, grid=grid)
