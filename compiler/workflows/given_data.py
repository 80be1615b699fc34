"""The data that a bundle runs on: the user's, or random counts like those of the calibration."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from snnc.backends import find_backend
from snnc.bounds import SAMPLES
from snnc.bundle.data import Data, check_counts, check_shape, read_data
from snnc.bundle.folder import Bundle
from snnc.errors import counted, fail
from snnc.files import share_of_memory

RANDOM_SEED = 0
RANDOM_FRAMES = 8
RANDOM_DENSITY = 0.05
DRAWN_BYTES = 24
"""A count that is drawn: a random number, its place in the histogram, and the count."""

DEFAULT_SAMPLES = 20


def random_data(bundle: Bundle, samples: int) -> Data:
    """Counts drawn independently from the calibration's histogram, with a fixed seed.

    Without calibration data, one event with probability 0.05.

    Raises:
        UserError: D154 they would take too much memory.
    """
    entry = bundle.manifest["calibration"]
    counts = np.array(entry.get("counts", [[0, 1 - RANDOM_DENSITY], [1, RANDOM_DENSITY]]))
    frames = entry.get("frames", RANDOM_FRAMES)
    shape = (samples, frames, *bundle.program.input.shape)
    needed = DRAWN_BYTES * math.prod(shape)
    if needed > share_of_memory():
        raise fail(
            "D154",
            f"random input of {samples} samples with {counted(frames, 'frame')} each takes {needed} "
            f"bytes, the limit is {share_of_memory()}",
            where="--samples",
            why="frames are as many as in the calibration data; a quarter of the memory may be used",
            help="use fewer --samples, or give --data FILE.npz",
        )
    generator = np.random.default_rng(RANDOM_SEED)
    weights = counts[:, 1] / counts[:, 1].sum()
    return Data(generator.choice(counts[:, 0].astype(np.int64), size=shape, p=weights), None)


def load_input(bundle: Bundle, data: Path | None, samples: int | None) -> Data:
    """The first samples of a data file that fits the bundle (None: all), or random ones.

    Raises:
        UserError: the file cannot be used.
    """
    SAMPLES.check(samples, "--samples", "D510")
    if data is None:
        return random_data(bundle, DEFAULT_SAMPLES if samples is None else samples)
    read = read_data(data)
    check_shape(read, bundle.program.input.shape, str(data))
    target = find_backend(str(bundle.manifest["target"]), where=str(bundle.folder)).target
    check_counts(read, bundle.program, target, str(data))
    return read if samples is None else read.first(samples)
