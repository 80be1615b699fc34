"""Decays by bit shifts: which shift is nearest to a decay, and what it changes.

Source: xylosim 0.1.3, src/v2/cpp/XyloIAFNeuron.cpp (``decay``, ``evolve``); docs/xylo.md.
"""

from __future__ import annotations

import math

import numpy as np

from snnc.ir import Graph, Neuron, Population, Reset

SHORTEST_CURRENT = 1
"""The smallest shift of a current that reaches the potential: a shift of 0 loses it all before."""


def shifts(p: Population, clock: bool, largest: int, frame: int | None) -> tuple[int, int]:
    """The shifts of a population's current and potential.

    Args:
        p: with the fractions that a step keeps.
        clock: see :func:`is_clock`.
        largest: shift that there is.
        frame: steps in which a potential without a leak is to forget; None for never.
    """
    neuron = p.neuron or Neuron()
    if clock:
        return SHORTEST_CURRENT, largest
    kept = neuron.potential_kept
    if kept >= 1 and frame is not None:
        kept = 1 - 1 / frame
    return max(_nearest(neuron.current_kept, largest), SHORTEST_CURRENT), _nearest(kept, largest)


def _nearest(kept: float, largest: int) -> int:
    """The shift whose time constant, ``2**dash`` steps, is nearest on a logarithmic scale."""
    if kept >= 1:
        return largest
    return min(max(round(-math.log2(1 - kept)), 0), largest)


def is_clock(graph: Graph, p: Population) -> bool:
    """Whether a population hears nothing and its bias makes it fire at every step, reset to 0."""
    neuron = p.neuron or Neuron()
    if graph.into(p.name) or p.bias is None or neuron.reset is not Reset.ZERO:
        return False
    return bool(np.all(p.bias > 1) and neuron.current_kept == 0)


def gains(p: Population, dashes: tuple[int, int]) -> tuple[float, float]:
    """Factors of weights and biases that keep what a steady input brings to the potential.

    A current that keeps ``a`` of itself brings ``1 / (1 - a)`` of what arrives; Xylo's, which decays
    first, ``2**dash - 1``. A potential that keeps ``b`` settles at ``1 / (1 - b)`` of what is added to
    it, Xylo's at ``2**dash``. What keeps everything has no such value, and gets no factor.
    """
    neuron = p.neuron or Neuron()
    syn, mem = dashes
    current = 1.0 if neuron.current_kept >= 1 else 1 / (1 - neuron.current_kept) / (2**syn - 1)
    potential = 1.0 if neuron.potential_kept >= 1 else 1 / (1 - neuron.potential_kept) / 2**mem
    return current * potential, potential
