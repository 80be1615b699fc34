"""The ideal quantizer: what a neuron is for steady input, and what that loses (``noise.py``)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnc.authoring.neurons import COMPARISONS
from snnc.ir import Array, Population, per_channel

from .report import NoisePoint
from .settings import check_start, has_own

Floats = NDArray[np.float64]


def quantize(
    z: Floats, threshold: Array | float, steps: int, start: float = 0.5, comparison: str = ">"
) -> Floats:
    """The ideal quantizer: the mean over T steps of a neuron's output for steady input.

    Args:
        z: input of a step, any shape.
        threshold: above 0, broadcastable to ``z``.
        steps: T.
        start: of the potential, in thresholds, from 0 to below 1.
        comparison: ``>`` or ``>=``.
    """
    reached = z * steps / threshold + start
    fired = np.ceil(reached) - 1 if comparison == ">" else np.floor(reached)
    return np.asarray(np.clip(fired, 0, steps) * threshold / steps)


def quantization_noise(
    activations: Floats,
    threshold: Array | float,
    steps: int,
    *,
    start: float = 0.5,
    comparison: str = ">",
    setting: str = "",
) -> NoisePoint:
    """Granular and overload error of an ideal quantizer.

    Args:
        activations: at least 0, any shape.
        threshold: theta, broadcastable to them.
        steps, start, comparison: as for :func:`quantize`.
        setting: what the point is called.

    Raises:
        ValueError: nothing to quantize, or an argument out of bounds.
    """
    theta = np.asarray(threshold, np.float64)
    if not activations.size or steps < 1 or not (theta > 0).all() or comparison not in COMPARISONS:
        raise ValueError("it takes activations, a positive threshold, 1 step or more, and > or >=")
    check_start(start)
    over = activations > theta
    error = activations - quantize(activations, theta, steps, start, comparison)
    within = np.where(over, 0.0, error)
    step = np.broadcast_to(theta / steps, activations.shape)
    graded = (activations > 0) & ~over
    cell = ((1 - start) ** 3 + start**3) / 3
    return NoisePoint(
        steps=steps,
        setting=setting,
        threshold=float(theta.mean()),
        granular=float(np.mean(within**2)),
        overload=float(np.mean((error - within) ** 2)),
        overloaded=float(over.mean()),
        signal=float(np.mean(activations**2)),
        granular_mean=float(within.mean()),
        theory=float(np.mean(np.where(graded, step**2, 0.0))) * cell,
        theory_mean=float(np.mean(np.where(graded, step, 0.0))) * (0.5 - start),
    )


def over(values: Array, population: Population) -> Array:
    """One value a channel, broadcastable over the population's shape."""
    return per_channel(values, population.shape) if values.ndim else values


def activation_of(population: Population, sums: Floats) -> Floats:
    """What a quantizer approximates: the ReLU, with the ceiling where that is part of the function."""
    total = np.maximum(sums, 0)
    if population.ceiling is None or has_own(population):
        return total
    return np.minimum(total, over(population.ceiling, population))
