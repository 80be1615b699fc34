"""Why two programs, or two graphs, say different things: the first kind of difference, by name."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.errors import counted
from snnc.ir import Array, Graph, IntegerNeuron, Kind, Population, Program, Reset, per_channel
from snnc.ir.scaling import weights_of

from .rungs import Place

MANY_LEVELS = 2**16
"""So many levels are no limit but that of a payload."""


def program_difference(meant: Program, found: Program) -> str | None:
    """What kind of thing differs between two programs and where; None where they are the same.

    Kinds: ``code``, ``reset``, ``threshold``, ``bias``, ``delay``, ``weights`` and, for what is left,
    ``structure``.
    """
    names = [p.name for p in meant.populations]
    if names != [p.name for p in found.populations]:
        return "structure: other populations"
    if meant.steps_per_frame != found.steps_per_frame:
        return (
            f"structure: {counted(found.steps_per_frame, 'step')} a frame for {meant.steps_per_frame}"
        )
    for before, after in zip(meant.populations, found.populations, strict=True):
        if before.neuron is not None and after.neuron is not None:
            kind = _neuron_difference(before.neuron, after.neuron)
            if kind:
                return f"{kind} of {before.name}"
        if before.start != after.start or before.encoding is not after.encoding:
            return f"structure: start or encoding of {before.name}"
    if [p.label for p in meant.projections] != [p.label for p in found.projections]:
        return "structure: other projections"
    for ours, theirs in zip(meant.projections, found.projections, strict=True):
        if ours.delay != theirs.delay:
            return f"delay of {ours.label}: {counted(theirs.delay + 1, 'step')} for {ours.delay + 1}"
        if ours.exponent != theirs.exponent or ours.graded != theirs.graded:
            return f"weights of {ours.label}: exponent or payload"
        shape = meant.by_name[ours.source].shape
        if (ours.op.matrix(shape) != theirs.op.matrix(shape)).nnz:
            return f"weights of {ours.label}"
    return None


def _neuron_difference(meant: IntegerNeuron, found: IntegerNeuron) -> str | None:
    kinds = {
        "code": ("code", "levels"),
        "reset": ("reset", "comparison", "start_value", "clear_interval", "clear_offset"),
        "threshold": ("threshold", "unit"),
        "bias": ("bias_mantissa", "bias_exponent", "bias_start", "bias_interval"),
        "decay": ("current_decay", "potential_decay", "input_shift", "state_bits"),
    }
    for kind, fields in kinds.items():
        for field in fields:
            if not np.array_equal(getattr(meant, field), getattr(found, field)):
                return kind
    return None


def rounding_cause(before: Graph, after: Graph) -> str:
    """What quantization changed: ``weight rounding``, ``weight clipping`` or ``bias rounding``."""
    for ours, theirs in zip(before.projections, after.projections, strict=True):
        if not np.array_equal(weights_of(ours.op), weights_of(theirs.op)):
            return f"weight rounding: {theirs.integers.bits} bits, first on {theirs.label}"
    return "bias rounding"


def levels_cause(
    graph: Graph, place: Place, values: tuple[NDArray[Any], NDArray[Any]], amplitude: Array | float
) -> str:
    """What levels changed in a population: ``clipping`` where that is most of it, else ``code``.

    Args:
        graph: the one with levels, in thresholds.
        place: where they change it first, in the units of the model.
        values: of that population without and with levels, (samples, frames, \\*shape).
        amplitude: what a threshold of the population is in those units, () or for each channel.
    """
    population = graph.by_name[place.population]
    if population.kind is not Kind.NEURONS or population.levels is None:
        return f"code: the activations that {population.name} receives have levels"
    tops = _each(population, population.ceiling, amplitude)
    without, with_levels = values
    apart = np.square(without - with_levels)
    clipped = np.where(without > tops, apart, 0.0)
    if clipped.sum() > apart.sum() / 2:
        most = tuple(int(i) for i in np.unravel_index(int(clipped.argmax()), clipped.shape))[2:]
        return (
            f"clipping: the range of {_channel(population, amplitude, most)} ends at {tops[most]:.4g}"
        )
    step = _each(population, population.step, amplitude)[place.neuron]
    who = _channel(population, amplitude, place.neuron)
    how = "" if population.shift else ", rounded down"
    if population.levels > MANY_LEVELS:
        return f"code: {who} has multiples of {step:.4g}{how}"
    return f"code: {who} has {counted(population.levels, 'level')} of {step:.4g}{how}"


def spiking_cause(graph: Graph) -> str:
    """Why spikes of the code ``rate`` do not count to the activations that they stand for."""
    for p in graph.neurons:
        if p.neuron is not None and p.neuron.reset is Reset.ZERO:
            return f"reset: {p.name} loses at each spike what exceeds its threshold"
        if p.neuron is not None and p.neuron.potential_kept != 1:
            kept = p.neuron.potential_kept
            return f"leak: {p.name} keeps {kept:.4g} of its potential from step to step"
    return "code: spikes come unevenly and rates only approximate activations"


def _each(population: Population, value: Array | None, amplitude: Array | float) -> Array:
    """A value in thresholds, for each neuron, in the units of the model."""
    assert value is not None
    factors = [np.asarray(value), np.asarray(amplitude)]
    shaped = [per_channel(f, population.shape) if f.ndim == 1 else f for f in factors]
    return np.broadcast_to(shaped[0] * shaped[1], population.shape)


def _channel(population: Population, amplitude: Array | float, neuron: tuple[int, ...]) -> str:
    """The population, with the channel where each has a range of its own."""
    ceiling = 0.0 if population.ceiling is None else population.ceiling
    each = np.size(amplitude) > 1 or np.size(ceiling) > 1
    return f"{population.name}, channel {neuron[0]}" if each else population.name
