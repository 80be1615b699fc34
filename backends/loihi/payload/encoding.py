"""From event counts a frame to what the network takes a step, and from its potential to answers.

All numpy; nothing of Lava is needed here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .model import Model

Steps = NDArray[np.int32]


def steps(frames: int) -> int:
    """Time steps to run so that the readout finishes that many frames."""
    model = Model()
    start: int = model.of_kind("readout")["start"]
    return start + frames * model.steps_per_frame


def encode(frames: NDArray[Any]) -> Steps:
    """The payload of every input spike of one sample at every time step, 0 for no spike.

    Args:
        frames: event counts, whole numbers, (frames, \\*input shape), channels first.

    Returns:
        (steps, inputs), inputs in C order of (channels, height, width): row ``t - 1`` is what goes
        into ``spikes_in`` at step ``t``. Transposed, it is the data of Lava's source RingBuffer.

    Raises:
        ValueError: counts that are not whole numbers: as integers they would lose spikes.
    """
    model = Model()
    counts = np.asarray(frames)
    values = counts.astype(np.int64).reshape(len(counts), -1)
    if not np.array_equal(values, counts.reshape(len(counts), -1)):
        raise ValueError("event counts are whole numbers, and some of these are not")
    per_frame = model.steps_per_frame
    source = model.of_kind("input")
    if source["encoding"] == "spread":
        # Step j of a frame fires when ceil((j + 1) n / K) grows: n spikes, the first at once.
        edges = np.arange(per_frame + 1).reshape(1, -1, 1)
        rows = np.diff(-((-edges * values[:, None]) // per_frame), axis=1)
        rows = rows.reshape(-1, values.shape[1])
    else:
        rows = np.repeat(values, per_frame, axis=0)
        if source["encoding"] == "change":
            rows = np.repeat(np.diff(values, axis=0, prepend=0), per_frame, axis=0)
        if source["encoding"] in ("once", "change"):
            rows[np.arange(len(rows)) % per_frame != 0] = 0
    out = np.zeros((steps(len(frames)), values.shape[1]), np.int32)
    start = source["start"]
    # Input that comes after the readout's last step cannot reach the answer any more.
    used = max(0, min(len(out) - start, len(rows)))
    out[start : start + used] = rows[:used]
    return out


def answers(potential: NDArray[Any]) -> NDArray[Any]:
    """The readout's potential after each frame.

    Args:
        potential: what ``potential_out`` sent, (steps, outputs).

    Returns:
        (frames, outputs).
    """
    model = Model()
    first = steps(1) - 1
    return potential[first :: model.steps_per_frame]
