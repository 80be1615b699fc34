"""Hand-worked values of every integer operation."""

from __future__ import annotations

import numpy as np
import pytest

from snnc.ir import (
    SignMode,
    decay,
    on_grid,
    saturate,
    shift_sum,
    weight_range,
    weight_step,
    wrap_current,
    wrap_int32,
)


def ints(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def test_decay_rounds_towards_zero() -> None:
    assert decay(ints(4095, -4095, 1, -1), 1).tolist() == [4094, -4094, 0, 0]
    assert decay(ints(100, -100), 0).tolist() == [100, -100]
    assert decay(ints(2**23, -(2**23)), 4096).tolist() == [0, 0]


def test_current_wraps_once_and_off_by_one() -> None:
    m = 2**23
    values = ints(m, m + 1, -m, -m + 1, -m - 1, 2**25)
    # lava/proc/lif/models.py: u1 = +2^23 stays, -2^23 becomes +2^23, 2^25 is folded once only.
    assert wrap_current(values, 24).tolist() == [m, 1 - m, m, 1 - m, m - 1, 2**25 - 2**24]


def test_potential_saturates_symmetrically() -> None:
    assert saturate(ints(2**23, -(2**23), 5), 24).tolist() == [2**23 - 1, 1 - 2**23, 5]


def test_shift_floors_the_sum() -> None:
    assert shift_sum(ints(-1, 7, -8), -3).tolist() == [-1, 0, -1]
    assert shift_sum(ints(3, -3), 2).tolist() == [12, -12]


def test_int32() -> None:
    assert wrap_int32(ints(2**31, -(2**31) - 1, 2**32 + 5)).tolist() == [-(2**31), 2**31 - 1, 5]


@pytest.mark.parametrize(
    ("bits", "mode", "low", "high", "step"),
    [
        (8, SignMode.MIXED, -256, 254, 2),
        (4, SignMode.MIXED, -256, 224, 32),
        (1, SignMode.MIXED, -256, 0, 256),
        (8, SignMode.EXCITATORY, 0, 255, 1),
        (3, SignMode.INHIBITORY, -224, 0, 32),
    ],
)
def test_grid(bits: int, mode: SignMode, low: int, high: int, step: int) -> None:
    assert weight_range(bits, mode) == (low, high)
    assert weight_step(bits, mode) == step
    assert on_grid(ints(low, high), bits, mode)
    assert not on_grid(ints(high + 1), bits, mode) or step == 1
    assert not on_grid(ints(high + step), bits, mode)
