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
        answers: what the readout has at the last step, float64 (samples, \\*shape).
    """

    spikes: dict[str, Floats]
    answers: NDArray[np.float64]


def run_in_floats(graph: Graph, counts: NDArray[Any]) -> StepRun:
    """Run a network of steps, every sample from rest.

    Args:
        graph: of spiking neurons with thresholds, without steps or delays yet (``frame_is_step``).
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
    """The readout's value at the last step: a sum, a leaking sum, or what arrives then."""
    if not readout.accumulate:
        return given[:, -1].astype(np.float64)
    neuron = readout.neuron
    if neuron is None or (neuron.current_kept == 0 and neuron.potential_kept == 1):
        return np.asarray(given.sum(axis=1, dtype=np.float64))
    current = potential = np.zeros((len(given), *readout.shape))
    for step in range(given.shape[1]):
        current = current * neuron.current_kept + given[:, step]
        potential = potential * neuron.potential_kept + current
    return potential
