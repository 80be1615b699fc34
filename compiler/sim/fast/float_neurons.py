"""Neurons in floats that integrate and fire, compiled: what conversion measures large networks with."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import kernel

IN_CACHE = 2**11
"""Neurons whose state is computed together: 16 KiB an array."""


@kernel
def fire(given: Any, sent: Any, neurons: Any, begins: int, per_frame: int, greater: bool) -> None:
    """Integrate what arrives without a leak, fire, and subtract the threshold, step by step.

    Each number is what ``snnc.sim.spiking.FloatNeurons`` computes, in the same order.

    Args:
        given: (steps, neurons) float32, what arrives.
        sent: (steps, neurons) float32, written: the amplitude for each spike, else 0.
        neurons: (4, neurons) float64: thresholds, amplitudes, biases, potentials at the start.
        begins: the step from which on biases are added, from 0.
        per_frame: steps after which potentials restart, counted from ``begins``; 0 for never.
        greater: whether a potential fires only above its threshold, not at it.
    """
    steps, count = given.shape
    potential = np.empty(IN_CACHE, np.float64)
    for first in range(0, count, IN_CACHE):
        some = min(IN_CACHE, count - first)
        threshold, amplitude = neurons[0, first : first + some], neurons[1, first : first + some]
        bias, start = neurons[2, first : first + some], neurons[3, first : first + some]
        for step in range(steps):
            if step == 0 or (per_frame > 0 and (step - begins) % per_frame == 0):
                for j in range(some):
                    potential[j] = start[j]
            due = step >= begins
            arrived, out = given[step, first : first + some], sent[step, first : first + some]
            for j in range(some):
                value = potential[j] + arrived[j]
                if due:
                    value = value + bias[j]
                fires = value > threshold[j] or (not greater and value == threshold[j])
                potential[j] = value - threshold[j] if fires else value
                out[j] = np.float32(amplitude[j]) if fires else np.float32(0.0)
