"""Every reason why a program does not fit Loihi 2, with both numbers, the reason and a cure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnc.errors import Diagnostic
from snnc.ir import Conv2d, Linear, Program, ProgramProjection, SparseLinear, size

from .limit_messages import exceeds
from .population_checks import check_population
from .projection_checks import check_projection, out_shape
from .target import NEURONS, SYNAPSES

SMALLER = "make the network smaller; snnc does not split one over several chips"


def check(program: Program) -> Iterator[Diagnostic]:
    """Everything that does not fit, not the first only."""
    yield from _size(program)
    for population in program.populations:
        yield from check_population(population)
    for projection in program.projections:
        yield from check_projection(program, projection)


def _size(program: Program) -> Iterator[Diagnostic]:
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    if neurons > NEURONS.value:
        yield exceeds("D401", "number of neurons", neurons, NEURONS, program.name, SMALLER)
    synapses = sum(_synapses(program, p) for p in program.projections)
    if synapses > SYNAPSES.value:
        yield exceeds("D402", "number of synapses", synapses, SYNAPSES, program.name, SMALLER)


def _synapses(program: Program, projection: ProgramProjection) -> int:
    """Connections that are not zero; for convolutions an upper bound that counts the padding too."""
    op = projection.op
    if isinstance(op, SparseLinear):
        return int(op.weight.count_nonzero())
    if isinstance(op, Conv2d):
        # Every weight of the kernel is used once for each output position of its channel.
        positions = size((out_shape(program, projection) or (0, 0))[1:])
        return int(np.count_nonzero(op.weight)) * positions
    return int(np.count_nonzero(op.weight)) if isinstance(op, Linear) else 0
