"""In which units a population's sums are kept: powers of 2 that all weights share are not stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnc.ir import Extent, Integers, Program, ProgramPopulation, wrap_int32

from .connections import Walk
from .widths import WORD, Registers, Span, sums

MOST_SHIFT = 63
"""Of sums into the units of the potential: the field has 6 bits."""


@dataclass(frozen=True, eq=False)
class Part:
    """What one projection stores.

    Attributes:
        weights: int64, as many as its walk has, in the population's unit or, where it is rounded by
            itself, in its own.
        right: by how much its sum is shifted to the right; None where it is not rounded by itself.
    """

    weights: Integers
    right: int | None


@dataclass(frozen=True, eq=False)
class Scaled:
    """The sums of one population.

    Attributes:
        shift: to the left, from the sums' unit to that of the potential.
        parts: of its projections, in their order.
        sums: what its sums, whole or of parts, can hold; 32 bits where they may wrap.
    """

    shift: int
    parts: tuple[Part, ...]
    sums: Span


def scaled(
    program: Program,
    population: ProgramPopulation,
    walks: tuple[Walk, ...],
    found: Mapping[str, Registers],
    carried: Span,
) -> Scaled:
    """The unit of a population's sums, and its weights in it.

    Args:
        program, population: any; ``walks`` are of the projections into it, in their order.
        found: what its registers can hold.
        carried: payloads of the input.
    """
    neuron, proved = population.dynamics, found[population.name].arrived is not None
    levels = {name: each.level for name, each in found.items()}
    into = list(zip(program.into(population.name), walks, strict=True))
    shared = [_shared(walk.weights) for _, walk in into]
    # Rounded by itself where bits are lost; where sums may wrap, so that they wrap as the program's.
    rounds = [
        q.exponent < 0 and bool(np.any(w.weights)) and (not proved or q.exponent + power < 0)
        for (q, w), power in zip(into, shared, strict=True)
    ]
    units = [
        q.exponent + power
        for (q, w), power, own in zip(into, shared, rounds, strict=True)
        if not own and np.any(w.weights)
    ]
    unit = 0 if any(rounds) else min(units, default=0)
    unit = min(unit, MOST_SHIFT - neuron.input_shift)
    parts, whole = [], Span(0, 0)
    for (q, w), power, own in zip(into, shared, rounds, strict=True):
        if own:
            power = power if proved else 0
            extent = sums(program, q, levels, carried).times(2.0**-power)
            parts.append(Part(w.weights >> power, -q.exponent - power))
            whole |= Span.of(extent)
        else:
            parts.append(Part(_moved(w.weights, q.exponent - unit), None))
    arrived = found[population.name].arrived
    if not proved or arrived is None:
        return Scaled(unit + neuron.input_shift, tuple(parts), _full())
    total = Extent(np.array([arrived.low], float), np.array([arrived.high], float)).times(2.0**-unit)
    return Scaled(unit + neuron.input_shift, tuple(parts), whole | Span.of(total))


def _full() -> Span:
    return Span(-(2 ** (WORD - 1)), 2 ** (WORD - 1) - 1)


def _shared(weights: Integers) -> int:
    """The largest power of 2 that divides all weights; 0 where there are none."""
    bits = int(np.bitwise_or.reduce(np.abs(weights), initial=0))
    return (bits & -bits).bit_length() - 1 if bits else 0


def _moved(weights: Integers, exponent: int) -> Integers:
    """Weights times a power of 2, as a register of 32 bits keeps them."""
    if exponent <= 0:
        return weights >> -exponent
    return wrap_int32(weights << exponent if exponent < WORD else np.zeros_like(weights))
