"""Which calibration samples are used for what: some to calibrate, others to judge by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .data import Data, check_shape, read_data
from .frontend import Model

SEED = 0
ENOUGH = 128
"""Samples that calibration uses by default: more change little (``balance-thresholds{samples}``)."""

MOST_ASIDE = 192
LEAST_ASIDE = 4
"""With fewer to set aside, all samples calibrate, and the same ones are judged by, which is said."""


def in_order(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The samples in an order drawn once, with seed 0: any few of them are from all over the file.

    A file may be sorted by class, or have its classes in turn: neither its beginning nor every n-th
    sample would do.

    Args:
        counts: (samples, frames, \\*input shape).
    """
    order = np.random.default_rng(SEED).permutation(len(counts))
    return np.asarray(counts[order], np.int64)


def set_aside(samples: int) -> int:
    """How many of so many samples, the last in that order, passes do not see.

    A quarter, or all that passes would not look at anyway, at most 192.
    """
    aside = min(max(samples // 4, samples - ENOUGH), MOST_ASIDE)
    return aside if aside >= LEAST_ASIDE else 0


def calibration_counts(model: Model, path: Path | None) -> tuple[NDArray[np.int64] | None, str]:
    """Calibration counts and where they are from: a file, the archive, or nothing.

    Raises:
        UserError: the file cannot be read, or does not fit the model.
    """
    shape = model.graph.input.shape
    if path is not None:
        data = read_data(path)
        check_shape(data, shape, str(path))
        return data.x, "file"
    if model.calibration is not None:
        counts = np.asarray(model.calibration, dtype=np.int64)
        check_shape(Data(counts, None), shape, "the archive's calibration data")
        return counts, "archive"
    return None, "unneeded" if model.graph.frame_is_step else "none"
