"""What spikes stand for: the levels or rates of each frame, from a trace."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Kind, Program


def spikes_by_frame(program: Program, name: str, spikes: NDArray[Any]) -> NDArray[np.int64]:
    """The spikes of a population, or their payloads, added up over the steps that stand for a frame.

    Args:
        program: gives the population's start, and K.
        name: a population of neurons.
        spikes: (samples, steps, \\*shape), as a trace has them.

    Returns:
        (samples, frames, \\*shape): those frames that the trace holds entirely. Of changes the levels
        that they add up to.
    """
    population = program.by_name[name]
    neuron, steps = population.neuron, program.steps_per_frame
    if population.kind is not Kind.NEURONS or neuron is None:
        raise ValueError(f"{name} has no neurons")
    # A neuron of an exact code speaks from its frame's last step on.
    first = population.start + (neuron.clear_interval - 1 if neuron.code.exact else 0)
    whole = max(0, (spikes.shape[1] - first) // steps)
    used = spikes[:, first : first + whole * steps]
    shaped = used.reshape(len(spikes), whole, steps, *spikes.shape[2:])
    found = shaped.sum(axis=2, dtype=np.int64)
    return np.asarray(np.cumsum(found, axis=1) if population.sends_changes else found)
