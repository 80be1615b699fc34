"""The one definition of every integer operation that a chip and the simulator must agree on.

Everything here takes and returns int64 arrays that hold values of narrower registers. The semantics
are Loihi's as lava-nc 0.10.0 models them (``lava/proc/lif/models.py``, ``AbstractPyLifModelFixed``;
``lava/proc/dense/models.py``; ``lava/utils/weightutils.py``). ``docs/numerics.md`` says the same in
words and is normative together with this file.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

DECAY_SHIFT = 12
"""Decays are fractions of 2**12 (Lava: ``decay_shift``)."""


class SignMode(Enum):
    """Which signs one projection's weights may have (Loihi: shared by a synapse group)."""

    MIXED = "mixed"
    EXCITATORY = "excitatory"
    INHIBITORY = "inhibitory"


def decay(state: Integers, constant: int) -> Integers:
    """``state * (4096 - constant) / 4096``, rounded towards zero.

    ``constant`` is 0 (keep everything) to 4096 (keep nothing). Lava adds 1 to ``du`` (``ds_offset``),
    nothing to ``dv``: the caller passes the effective constant.
    """
    magnitude = (np.abs(state) * (2**DECAY_SHIFT - constant)) >> DECAY_SHIFT
    return np.asarray(np.sign(state) * magnitude)


def wrap_int32(value: Integers) -> Integers:
    """What a 32-bit two's complement register keeps of ``value``."""
    return np.asarray(((value + 2**31) & (2**32 - 1)) - 2**31)


def wrap_current(value: Integers, bits: int) -> Integers:
    """Lava's overflow of the current ``u``: one conditional wrap, off by one against hardware.

    Above ``2**(bits-1)`` the period ``2**bits`` is subtracted once, at or below ``-2**(bits-1)`` it is
    added once; an overflow beyond one period is *not* folded back, and ``+2**(bits-1)`` stays.
    """
    limit = 2 ** (bits - 1)
    once = np.where(value > limit, value - 2 * limit, value)
    return wrap_int32(np.where(value <= -limit, value + 2 * limit, once))


def saturate(value: Integers, bits: int) -> Integers:
    """Clip to the symmetric range of a signed register: ``+-(2**(bits-1) - 1)``."""
    limit = 2 ** (bits - 1) - 1
    return np.asarray(np.clip(value, -limit, limit))


def shift_sum(total: Integers, exponent: int) -> Integers:
    """A projection's sum times ``2**exponent``: left shift, or arithmetic right shift (floor)."""
    shifted = total << exponent if exponent >= 0 else total >> -exponent
    return wrap_int32(shifted)


def weight_step(bits: int, sign_mode: SignMode) -> int:
    """Distance between neighbouring weights on the grid: ``2**(8 - bits + mixed)``, at least 1.

    A mixed-sign projection spends one of its bits on the sign, so that 8 bits leave even numbers
    (lava-nc 0.10.0, ``weightutils.truncate_weights``).
    """
    return int(2 ** max(0, 8 - bits + (sign_mode is SignMode.MIXED)))


def weight_range(bits: int, sign_mode: SignMode) -> tuple[int, int]:
    """Smallest and largest weight on the grid, both included (8 bits mixed: -256 and 254).

    More bits than the chip's 8 (9 with a sign) make the range longer instead of the grid finer.
    """
    step = weight_step(bits, sign_mode)
    if sign_mode is SignMode.MIXED:
        end = 2 ** max(8, bits - 1)
        return -end, (end - 1) // step * step
    largest = (2 ** max(8, bits) - 1) // step * step
    return (0, largest) if sign_mode is SignMode.EXCITATORY else (-largest, 0)


def on_grid(weights: NDArray[Any], bits: int, sign_mode: SignMode) -> bool:
    """Whether every weight is one that the chip can hold."""
    low, high = weight_range(bits, sign_mode)
    step = weight_step(bits, sign_mode)
    if weights.size == 0:
        return True
    return bool(np.all(weights % step == 0) and weights.min() >= low and weights.max() <= high)
