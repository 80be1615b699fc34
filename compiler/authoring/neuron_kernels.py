"""The steps of spiking neurons and their gradients as compiled loops over blocks that a cache holds.

What ``SpikingNeuron`` does with many tensors a step, in one pass over what arrives. Potentials and
spikes are the same to the last bit; gradients are sums in another order.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

BLOCK = 512
"""Neurons that take all their steps together: potentials of 32 steps fill 64 KiB."""

LINEAR, SINCE_SPIKE, LOGISTIC = range(3)
"""Surrogates: ``surrogate.py`` says what each is."""

Floats = NDArray[np.float32]

_kernel = numba.njit(nogil=True, error_model="numpy")


# Many arguments: a compiled loop is given its arrays one by one.
@_kernel
def forward(
    arriving: Floats,
    threshold: Floats,
    first: Floats,
    since: Floats,
    leak: np.float32,
    hard: bool,
    inclusive: bool,
    relative: bool,
    sent: Floats,
    last: Floats,
    since_last: Floats,
    samples: tuple[int, int],
) -> None:
    """Steps of a population.

    Args:
        arriving: (steps or 1, batch, neurons).
        threshold: (neurons,).
        first: potentials before, (batch, neurons).
        since: steps since the last spike, likewise; (0, 0) where nobody asks.
        leak: share of a potential that is kept.
        hard: reset to zero.
        inclusive: a potential at the threshold fires.
        relative: potentials are compared in thresholds.
        sent: the threshold where a neuron fires, else 0; (steps, batch, neurons), written.
        last, since_last: as first and since, after the last step; written.
        samples: the first of the batch that is computed, and the one after the last.
    """
    zero, one = np.float32(0.0), np.float32(1.0)
    steps, _, neurons = sent.shape
    varying = arriving.shape[0] > 1
    timed = since.shape[0] > 0
    potential = np.empty(BLOCK, np.float32)
    for b in range(samples[0], samples[1]):
        for begin in range(0, neurons, BLOCK):
            end = min(begin + BLOCK, neurons)
            size = end - begin
            level = threshold[begin:end]
            potential[:size] = first[b, begin:end]
            if timed:
                since_last[b, begin:end] = since[b, begin:end]
            for t in range(steps):
                given = arriving[t if varying else 0, b, begin:end]
                out = sent[t, b, begin:end]
                for j in range(size):
                    p = leak * potential[j] + given[j]
                    excess = p / level[j] - one if relative else p - level[j]
                    fires = excess >= zero if inclusive else excess > zero
                    spike = one if fires else zero
                    out[j] = spike * level[j]
                    potential[j] = p * (one - spike) if hard else p - spike * level[j]
                if timed:
                    ago = since_last[b, begin:end]
                    for j in range(size):
                        ago[j] = zero if out[j] > zero else ago[j] + one
            last[b, begin:end] = potential[:size]


# Long, many arguments: steps forwards and back over one block, whose arrays functions would be given.
@_kernel
def backward(
    arriving: Floats,
    threshold: Floats,
    first: Floats,
    since: Floats,
    leak: np.float32,
    hard: bool,
    inclusive: bool,
    relative: bool,
    detached: bool,
    surrogate: int,
    height: np.float32,
    decay: np.float32,
    cut_off: np.float32,
    by_sent: Floats,
    by_last: Floats,
    by_arriving: Floats,
    by_first: Floats,
    by_threshold: NDArray[np.float64],
    samples: tuple[int, int],
) -> None:
    """Gradients of ``forward``: the same steps again, then back.

    Args:
        detached: the reset passes none on.
        surrogate: LINEAR, SINCE_SPIKE or LOGISTIC.
        height: of it; of LOGISTIC the sharpness.
        decay: of SINCE_SPIKE.
        cut_off: of SINCE_SPIKE: steps from which it is 0.
        by_sent, by_last: of what it wrote.
        by_arriving, by_first: written, shaped as what it was given.
        by_threshold: (neurons,), added to.
        samples: as there.
    """
    zero, one = np.float32(0.0), np.float32(1.0)
    steps, _, neurons = by_sent.shape
    varying = arriving.shape[0] > 1
    timed = since.shape[0] > 0
    potential = np.empty((steps, BLOCK), np.float32)
    ago = np.empty((steps, BLOCK), np.float32)
    slope = np.empty(BLOCK, np.float32)
    carried = np.empty(BLOCK, np.float32)
    moved = np.empty(BLOCK, np.float32)
    for b in range(samples[0], samples[1]):
        for begin in range(0, neurons, BLOCK):
            end = min(begin + BLOCK, neurons)
            size = end - begin
            level = threshold[begin:end]
            carried[:size] = first[b, begin:end]
            if timed:
                moved[:size] = since[b, begin:end]
            for t in range(steps):
                given = arriving[t if varying else 0, b, begin:end]
                for j in range(size):
                    p = leak * carried[j] + given[j]
                    potential[t, j] = p
                    excess = p / level[j] - one if relative else p - level[j]
                    fires = excess >= zero if inclusive else excess > zero
                    spike = one if fires else zero
                    carried[j] = p * (one - spike) if hard else p - spike * level[j]
                    if timed:
                        ago[t, j] = moved[j] + one
                        moved[j] = zero if fires else moved[j] + one
            carried[:size] = by_last[b, begin:end]
            moved[:size] = zero
            for back in range(steps):
                t = steps - 1 - back
                into = by_arriving[t if varying else 0, b, begin:end]
                if surrogate == LINEAR:
                    for j in range(size):
                        excess = potential[t, j] / level[j] - one
                        slope[j] = height * max(zero, one - abs(excess))
                elif surrogate == SINCE_SPIKE:
                    for j in range(size):
                        steep = height * np.exp(-decay * ago[t, j])
                        slope[j] = steep if ago[t, j] < cut_off else zero
                else:
                    for j in range(size):
                        p = potential[t, j]
                        excess = p / level[j] - one if relative else p - level[j]
                        risen = one / (one + np.exp(-height * excess))
                        slope[j] = height * risen * (one - risen)
                for j in range(size):
                    p, theta, carry = potential[t, j], level[j], carried[j]
                    excess = p / theta - one if relative else p - theta
                    fires = excess >= zero if inclusive else excess > zero
                    spike = one if fires else zero
                    outward = by_sent[t, b, begin + j]
                    by_spike = outward * theta
                    if not detached:
                        by_spike -= carry * (p if hard else theta)
                    by_excess = by_spike * slope[j]
                    own = outward * spike
                    if not hard:
                        own -= carry * spike
                    if relative:
                        by_potential = by_excess / theta
                        own -= by_potential * p / theta
                    else:
                        by_potential = by_excess
                        own -= by_excess
                    by_potential += carry * (one - spike) if hard else carry
                    moved[j] += own
                    if varying or back == 0:
                        into[j] = by_potential
                    else:
                        into[j] += by_potential
                    carried[j] = leak * by_potential
            by_first[b, begin:end] = carried[:size]
            for j in range(size):
                by_threshold[begin + j] += moved[j]


def compiled_forward(*arguments: Any) -> None:
    """``forward``, typed for Python."""
    forward(*arguments)


def compiled_backward(*arguments: Any) -> None:
    """``backward``, typed for Python."""
    backward(*arguments)
