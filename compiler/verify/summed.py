"""Proofs through neurons that send changes: what they have sent in all is bounded, whatever came when.

A sum of changes is a value, and so is what a target adds up of it. Bounded step by step the same sum
would grow without end (``docs/numerics.md``, "Sigma-delta neurons").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from snnc.ir import (
    STANDARD,
    BoundedModel,
    Extent,
    IntegerNeuron,
    Program,
    ProgramPopulation,
    ProgramProjection,
    find_model,
)
from snnc.ir.program_ranges import STEPS

from .potentials import NO_MEMORY, Bounds

if TYPE_CHECKING:
    from .ranges import Proof

MOST_FRAMES = STEPS
"""For more frames nothing is proved of a program with such neurons."""


@dataclass(frozen=True, eq=False)
class Sent:
    """What a population can send: in a step, for one frame, and added up from step 1 on (None: each
    step may add the most of a step)."""

    step: Extent
    frame: Extent
    whole: Extent | None = None

    def in_all(self, steps: int) -> Extent:
        """All of it in so many steps."""
        return self.step.times(steps) if self.whole is None else self.whole


def bounded_model(neuron: IntegerNeuron | None) -> BoundedModel | None:
    """The model of neurons that know how far they can go, None for all others."""
    if neuron is None or neuron.model == STANDARD:
        return None
    model = find_model(neuron.model)
    return model if isinstance(model, BoundedModel) else None


def has_bounded_models(program: Program) -> bool:
    """Whether ranges depend on how many steps are run (:func:`for_most_frames`)."""
    return any(bounded_model(p.neuron) is not None for p in program.populations)


def all_that_arrives(
    program: Program, p: ProgramPopulation, sent: Mapping[str, Sent], steps: int
) -> Extent:
    """Bounds on what has arrived at a population, added up from step 1 on."""
    total = Extent.of(0, 0, p.shape)
    for projection in program.into(p.name):
        total += all_through(projection, p, sent[projection.source], steps)
    return total


def all_through(q: ProgramProjection, target: ProgramPopulation, sent: Sent, steps: int) -> Extent:
    """Bounds on all that one projection has brought, after any of so many steps."""
    if q.graded:
        whole = sent.in_all(steps).through(q.op, target.shape)
    else:
        ever = ((sent.step.low < 0) | (sent.step.high > 0)).astype(np.float64)
        whole = Extent(np.zeros_like(ever), ever * steps).through(q.op, target.shape)
    if q.exponent >= 0:
        return whole.times(2**q.exponent)
    # Rounded down in each step: each can lose one more.
    power = 2.0**q.exponent
    return Extent(np.floor(whole.low * power) - steps, np.floor(whole.high * power))


def added_up(neuron: IntegerNeuron, bounds: Bounds, whole: Extent) -> Bounds:
    """Bounds on a readout that only adds up: its potential is all that has arrived."""
    adds = (
        neuron.threshold is None
        and neuron.current_decay == NO_MEMORY
        and not neuron.potential_decay
        and not neuron.clear_interval
        and not np.any(neuron.bias_mantissa)
        and not np.any(neuron.start_value)
        and not neuron.sums_changes
    )
    if not adds:
        return bounds
    whole = whole.times(2**neuron.input_shift)
    least = np.maximum(bounds.potential.low, whole.low)
    return replace(bounds, potential=Extent(least, np.minimum(bounds.potential.high, whole.high)))


def for_most_frames(program: Program, bounded: Callable[[int], Proof]) -> Proof:
    """The proof for as many frames as it holds, up to ``MOST_FRAMES``.

    Args:
        program: the network.
        bounded: gives all ranges after so many frames.
    """
    known, beyond = 1, MOST_FRAMES + 1
    best = bounded(known)
    if best.broken:
        return replace(best, frames=0, shortest=best.broken[0].population)
    shortest, count = program.readout.name, MOST_FRAMES
    while known + 1 < beyond:
        found = bounded(count)
        if found.broken:
            beyond, shortest = count, found.broken[0].population
        else:
            known, best = count, found
        count = (known + beyond) // 2
    return replace(best, frames=known, shortest=shortest)
