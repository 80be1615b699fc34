"""The data that a bundle runs on: the user's, or random counts like those of the calibration."""

from __future__ import annotations

import math

import numpy as np

from snnc.backends import find_backend
from snnc.bounds import SAMPLES
from snnc.bundle.data import Data, DataSource, check_counts, refuse_other_shape
from snnc.bundle.folder import Contents
from snnc.bundle.manifest import InputEntry
from snnc.bundle.still_images import least_axes, repeated
from snnc.errors import counted, fail
from snnc.files import share_of_memory
from snnc.files.memory import over_limit

from .input_values import data_of
from .options import DEFAULT_SAMPLES

RANDOM_SEED = 0
RANDOM_FRAMES = 8
RANDOM_DENSITY = 0.05
NO_VALUES = "give whole numbers: this network was integers already, so nothing is scaled; what a count "
NO_VALUES += "stands for is what its authors' reader gives it (of lava-dl: docs/netx.md, N777)"
DRAWN_BYTES = 24
"""A count that is drawn: a random number, its place in the histogram, and the count."""


def random_data(bundle: Contents, samples: int) -> Data:
    """Counts drawn independently from the calibration's histogram, with a fixed seed.

    Without calibration data, one event with probability 0.05.

    Raises:
        UserError: D154 they would take too much memory.
    """
    calibration = bundle.manifest.calibration
    counts = np.array(calibration.counts or [[0, 1 - RANDOM_DENSITY], [1, RANDOM_DENSITY]])
    frames = RANDOM_FRAMES if calibration.frames is None else calibration.frames
    shape = (samples, frames, *bundle.program.input.shape)
    needed = DRAWN_BYTES * math.prod(shape)
    if needed > share_of_memory():
        taken, most = over_limit(needed, share_of_memory())
        raise fail(
            "D154",
            f"random input of {counted(samples, 'sample')} with {counted(frames, 'frame')} each "
            f"takes {taken}, the limit is {most}",
            where="--samples",
            why="frames are as many as in the calibration data; a quarter of the memory may be used",
            help="use fewer --samples, or give --data FILE.npz",
        )
    generator = np.random.default_rng(RANDOM_SEED)
    weights = counts[:, 1] / counts[:, 1].sum()
    drawn = generator.choice(counts[:, 0].astype(np.int64), size=shape, p=weights)
    grid = bundle.manifest.input.grid
    return Data(drawn, None, None if grid is None else grid.values(drawn))


def counts_of(given: InputEntry, data: DataSource, *, must: bool, integers: bool = False) -> Data:
    """Data as a bundle's input takes them: still images repeated, values as counts.

    Args:
        given: what the bundle's manifest says of its input.
        data: the user's.
        must: refuse streams where the bundle repeats still images.
        integers: whether the network was integers already, which no values reach.

    Raises:
        UserError: the data cannot be read, or do not fit.
    """
    values = data.values(least_axes(given.repeat))
    values = repeated(values, given.shape, given.repeat, data.where, must=must)
    refuse_other_shape(values.x.shape, given.shape, data.where)
    if integers:
        return values.as_counts(data.where, NO_VALUES)
    return data_of(values, given.grid, data.where)


def load_input(bundle: Contents, data: DataSource | None, samples: int | None) -> Data:
    """The first samples of data that fit the bundle (None: all), or random ones.

    Raises:
        UserError: the data cannot be used.
    """
    SAMPLES.check(samples, "--samples")
    if data is None:
        return random_data(bundle, DEFAULT_SAMPLES if samples is None else samples)
    integers = not bundle.manifest.passes
    read = counts_of(bundle.manifest.input, data, must=False, integers=integers)
    target = find_backend(bundle.manifest.target, where=str(bundle.folder)).target
    check_counts(read, bundle.program, target, data.where, passes=not integers)
    return read if samples is None else read.first(samples)
