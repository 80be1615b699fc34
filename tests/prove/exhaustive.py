"""What is computed through instead, for every value of a smaller width or at every corner."""

from __future__ import annotations

import numpy as np
import torch

from snnc.ir import shift_sum, wrap_int32
from snnc.sim.fast.hearing import add_shifted
from snnc.training.methods.twin import CountedLevels

HALF = 2**11
"""Whole numbers that a float of 16 bits holds exactly."""


def counted_levels() -> int:
    """``CountedLevels`` in floats of 16 bits, for every sum and threshold of 11 bits.

    The twin computes in 64 bits, where every sum and threshold of 32 bits is exact, as these are here.

    Returns:
        How many were compared.

    Raises:
        AssertionError: naming one that differs.
    """
    sums, levels, count = np.arange(-HALF + 1, HALF), 255, 0
    half = torch.from_numpy(sums.astype(np.float16))
    for first in range(1, HALF, 256):
        thresholds = np.arange(first, min(first + 256, HALF))[:, None]
        twin = CountedLevels(thresholds, np.zeros(1), levels).half()
        found = twin.quantized(half).numpy()
        wrong = np.argwhere(found != np.clip(sums // thresholds, 0, levels))
        assert not len(wrong), (
            f"{sums[wrong[0][1]]} over {first + wrong[0][0]}: {found[tuple(wrong[0])]}"
        )
        count += found.size
    return count


def shifts() -> int:
    """``add_shifted`` as compiled, for every shift: sums of 8 bits, and around powers of 2.

    Returns:
        How many were compared.

    Raises:
        AssertionError: naming one that differs.
    """
    count = 0
    ends = [s * (2**k + d) for k in range(8, 31) for d in (-1, 0, 1) for s in (-1, 1)]
    values = np.array([*range(-128, 128), *ends, 2**31 - 1, -(2**31)], np.int64)
    for kind in (np.int16, np.int32):
        fitting = values[(values >= np.iinfo(kind).min) & (values <= np.iinfo(kind).max)]
        for unit in range(9):
            for exponent in range(-31, 32):
                q = np.zeros(1, [(n, "i8") for n in (*LINES, "unit_shift", "exponent")])[0]
                q["line"], q["lines"] = len(fitting), 1
                q["unit_shift"], q["exponent"] = unit, exponent
                total = np.full(len(fitting), 7, np.int32)
                add_shifted(q, total, fitting.astype(kind), False)
                whole = wrap_int32(fitting << unit)
                wanted = wrap_int32(7 + shift_sum(whole, exponent))
                assert np.array_equal(total, wanted), (kind, unit, exponent)
                count += len(fitting)
    return count


LINES = ("lines", "line", "line_first", "line_step")
