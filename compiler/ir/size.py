"""How large a program is: what it asks of a chip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .ops import size
from .program import Program


@dataclass(frozen=True)
class ProgramSize:
    """Neurons (readout included), synapses with a weight other than zero, spikes held in delays."""

    neurons: int
    synapses: int
    buffered: int


def program_size(program: Program) -> ProgramSize:
    """Count what a program needs; every copy of a shared convolution weight is a synapse."""
    neurons = sum(size(p.shape) for p in program.populations if p.neuron is not None)
    synapses = buffered = 0
    for projection in program.projections:
        shape = program.by_name[projection.source].shape
        synapses += int(np.count_nonzero(projection.op.matrix(shape).data))
        buffered += projection.delay * size(shape)
    return ProgramSize(neurons, synapses, buffered)
