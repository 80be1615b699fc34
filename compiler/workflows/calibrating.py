"""Which calibration samples are used for what: some to calibrate, others to judge by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from snnc.bundle.data import Data, DataSource, check_shape
from snnc.frontend import Model

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
    return np.asarray(counts[drawn_order(len(counts))], np.int64)


def drawn_order(samples: int) -> NDArray[np.int64]:
    """Numbers of the samples in that order."""
    return np.random.default_rng(SEED).permutation(samples)


def set_aside(samples: int) -> int:
    """How many of so many samples, the last in that order, passes do not see.

    A quarter, or all that passes would not look at anyway, at most 192.
    """
    aside = min(max(samples // 4, samples - ENOUGH), MOST_ASIDE)
    return aside if aside >= LEAST_ASIDE else 0


def calibration_data(model: Model, given: DataSource | None) -> tuple[Data | None, str]:
    """Calibration counts, with labels if any, and their origin, as the manifest has it.

    Raises:
        UserError: the data cannot be read, or does not fit the model.
    """
    shape = model.graph.input.shape
    if given is not None:
        data = given.read()
        check_shape(data, shape, given.where)
        return data, "array" if given.path is None else "file"
    if model.calibration is not None:
        data = Data(np.asarray(model.calibration, dtype=np.int64), None)
        check_shape(data, shape, "the archive's calibration data")
        return data, "archive"
    return None, "unneeded" if model.graph.frame_is_step else "none"
