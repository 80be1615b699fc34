"""How large the answers of a network are, which the readout's register has to hold."""

from __future__ import annotations

import numpy as np

from snnc.ir import Graph
from snnc.passes.base import Context
from snnc.sim.analog import frame_values, run_frames

SAMPLES = 64
"""Calibration samples that the readout's range is measured on."""


def largest_answer(graph: Graph, context: Context) -> float:
    """Magnitude of the readout's potential in real units: seen in calibration, or one unit a step."""
    steps = graph.steps_per_frame or 1
    if context.calibration is None:
        return float(steps)
    if graph.frame_is_step:
        return 1.0  # what calibration shows is about activations; this network has none
    values = frame_values(graph, context.measured_on(SAMPLES))
    seen = run_frames(graph, values, only=[graph.readout.name])
    return max(1.0, float(np.abs(seen[graph.readout.name]).max())) * steps
