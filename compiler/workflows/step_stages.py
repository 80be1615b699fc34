"""What the stages of a network that spikes already put out, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data
from snnc.ir import SEVERAL_SPIKES, Graph, per_channel
from snnc.sim.step_floats import run_in_floats

from .stages import COUNTS, FLOATS, Stages, Values


def step_values(stages: Stages, name: str, data: Data) -> Values:
    """How many spikes each population of a stage's graph sends in each step, and the readout after it.

    The network as it is read takes the user's own values; its integers take the counts that stand for
    them, and so does the graph with the chip's weights, which have the grid of the values in them.

    Args:
        stages: of a compile, finished.
        name: of the stage: in floats, on the input's counts, or with the chip's weights.
        data: counts, and the values that they stand for where the input takes these.
    """
    frames: NDArray[Any] = data.x
    if name == FLOATS:
        frames = data.meant
    elif name == COUNTS and stages.grid is not None:
        frames = stages.grid.values(data.x)
    graph = stages.graphs[name]
    run = run_in_floats(graph, frames)
    found: Values = {p: spike_counts(graph, p, sent) for p, sent in run.spikes.items()}
    return {**found, graph.readout.name: run.readout}


def spike_counts(graph: Graph, name: str, sent: NDArray[Any]) -> NDArray[np.float64]:
    """How many spikes a population sends, from what it puts out: as many amplitudes."""
    population = graph.by_name[name]
    if population.dynamics.model != SEVERAL_SPIKES:
        return np.asarray(sent != 0, np.float64)
    amplitude = population.amplitude
    each = per_channel(amplitude, population.shape) if amplitude.ndim else amplitude
    return np.asarray(np.rint(sent / each), np.float64)
