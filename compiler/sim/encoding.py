"""From event counts a frame to spikes a step, as ``docs/numerics.md`` section "Input" states it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Encoding, Program


def spread(counts: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """Binary spikes, evenly spread, the first at once: ``ceil(n (j+1) / K)`` after step ``j`` (from 0).

    Args:
        counts: any shape, 0 to ``steps``.
        steps: K, steps a frame.

    Returns:
        0 or 1, shape ``(steps, *counts.shape)``; the sum over the first axis is ``counts``.
    """
    edges = np.arange(steps + 1).reshape(-1, *([1] * counts.ndim))
    return np.diff(-((-edges * counts[None]) // steps), axis=0)


def encode(program: Program, frames: NDArray[Any]) -> NDArray[np.int64]:
    """The payload of every input spike at every step, 0 where there is no spike.

    Args:
        program: gives the encoding, K and the steps before the input's frame 0.
        frames: integer event counts, (samples, frames, \\*input shape).

    Returns:
        (samples, steps, \\*input shape) for ``program.steps(frames)`` steps. Input steps that come
        after the readout's last step are left out: they cannot reach the answer any more.
    """
    samples, count = frames.shape[:2]
    per_frame = program.steps_per_frame
    start, total = program.input.start, program.steps(count)
    values = np.asarray(frames, dtype=np.int64)
    if program.input.encoding is Encoding.SPREAD:
        steps = np.moveaxis(spread(values, per_frame), 0, 2)
        steps = steps.reshape(samples, count * per_frame, *frames.shape[2:])
    else:
        steps = np.repeat(values, per_frame, axis=1)
        if program.input.encoding is Encoding.ONCE:
            steps[:, np.arange(steps.shape[1]) % per_frame != 0] = 0
    out = np.zeros((samples, total, *frames.shape[2:]), np.int64)
    used = max(0, min(total - start, steps.shape[1]))
    out[:, start : start + used] = steps[:, :used]
    return out
