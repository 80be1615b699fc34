"""What spikes stand for: the levels or rates of each frame, from a trace."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Kind, Program


def whole_frames(program: Program, name: str, steps: int) -> int:
    """Frames of a population, or answers of the readout, that a run of so many steps holds entirely."""
    population, each = program.by_name[name], program.steps_per_frame
    if population.kind is Kind.READOUT:
        return max(0, (steps - program.answer_step(0)) // each + 1)
    # A neuron of an exact code speaks from its frame's last step on.
    return max(0, (steps - population.start - population.latency) // each)


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
    population, steps = program.by_name[name], program.steps_per_frame
    if population.kind is not Kind.NEURONS or population.neuron is None:
        raise ValueError(f"{name} has no neurons")
    first = population.start + population.latency
    whole = whole_frames(program, name, spikes.shape[1])
    used = spikes[:, first : first + whole * steps]
    shaped = used.reshape(len(spikes), whole, steps, *spikes.shape[2:])
    found = shaped.sum(axis=2, dtype=np.int64)
    return np.asarray(np.cumsum(found, axis=1) if population.sends_changes else found)
