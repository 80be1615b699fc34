"""The float run of a network that spikes already, as the front end gives it: a frame is a step.

Nothing is quantized, and connections take the frames that the graph says: what NIR's equations give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Graph, Kind, Population

from .spiking import Floats, Outputs, drive, input_steps, spike_component, with_bias


@dataclass(frozen=True, eq=False)
class StepRun:
    """What a network puts out.

    Attributes:
        spikes: by population, (samples, steps, \\*shape): 0 where a neuron was silent.
        readout: what the readout has after each step, float64 (samples, steps, \\*shape).
    """

    spikes: dict[str, Floats]
    readout: NDArray[np.float64]

    @property
    def answers(self) -> NDArray[np.float64]:
        """What the readout has after the last step, (samples, \\*shape)."""
        return self.readout[:, -1]


def run_in_floats(graph: Graph, counts: NDArray[Any]) -> StepRun:
    """Run a network of steps, every sample from rest.

    Args:
        graph: of spiking neurons with thresholds (``frame_is_step``); delays and starts that passes
            have matched already are put back to what the front end gave.
        counts: or values, (samples, steps, \\*input shape).
    """
    timed = replace(graph, steps_per_frame=1)
    timed = timed.with_populations([replace(p, start=0) for p in graph.populations])
    timed = timed.with_projections([replace(p, delay=p.frames) for p in graph.projections])
    outputs: Outputs = {timed.input.name: input_steps(timed, counts, counts.shape[1])}
    for members in timed.components_in_order():
        spiking = tuple(n for n in members if timed.by_name[n].kind is Kind.NEURONS)
        if spiking:
            spike_component(timed, spiking, outputs)
    readout = timed.readout
    given = with_bias(readout, drive(timed, readout.name, outputs, frozenset()))
    spikes = {p.name: outputs[p.name] for p in timed.neurons}
    return StepRun(spikes, _read_out(readout, given))


def _read_out(readout: Population, given: Floats) -> NDArray[np.float64]:
    """The readout's value after each step: a sum, a leaking sum, or what arrives then."""
    values = given.astype(np.float64)
    if not readout.accumulate:
        return values
    neuron = readout.neuron
    if neuron is None or (neuron.current_kept == 0 and neuron.potential_kept == 1):
        return np.cumsum(values, axis=1)
    current = potential = np.zeros((len(given), *readout.shape))
    found = np.empty(values.shape)
    for step in range(given.shape[1]):
        current = current * neuron.current_kept + values[:, step]
        potential = potential * neuron.potential_kept + current
        found[:, step] = potential
    return found
