"""The moving digits on 16 inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from samples.moving_digits.events import Streams, training_and_test

SIDE = 4
LARGEST = 15
"""Events of an input and frame that are kept: Xylo takes no more in a step."""


def pooled(streams: Streams) -> Streams:
    """Counts of both polarities, added up over squares of 4 by 4 pixels, at most 15 each.

    Returns:
        Streams of shape (samples, frames, 16), uint8.
    """
    samples, frames, _, height, width = streams.x.shape
    squares = (SIDE, height // SIDE, SIDE, width // SIDE)
    summed = streams.x.astype(np.int64).sum(axis=2).reshape(samples, frames, *squares).sum(axis=(3, 5))
    kept = np.minimum(summed, LARGEST).reshape(samples, frames, SIDE * SIDE)
    return Streams(kept.astype(np.uint8), streams.y)


def write_test(path: Path) -> None:
    """The 500 test streams as a data file for ``snnc run`` and ``snnc verify``."""
    streams = pooled(training_and_test(1)[1])
    np.savez(path, x=streams.x, y=streams.y)
