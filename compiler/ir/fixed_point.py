"""The one definition of every integer operation that a chip and the simulators must agree on.

Everything here takes and returns int64 that hold values of narrower registers: arrays in the reference
simulator, single numbers in the fast engine, which compiles these very functions. So what they
compute with must mean the same for both. The semantics are Loihi's as lava-nc 0.10.0 models them
(``lava/proc/lif/models.py``, ``AbstractPyLifModelFixed``; ``lava/proc/dense/models.py``;
``lava/utils/weightutils.py``). ``docs/numerics.md`` says the same in words and is normative together
with this file.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

TOGETHER = 2**20
"""Weights that are looked at together: of a large matrix no copy is made."""

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
    magnitude: Integers = (np.abs(state) * (2**DECAY_SHIFT - constant)) >> DECAY_SHIFT
    signed: Integers = np.sign(state) * magnitude
    return signed


def wrap_int32(value: Integers) -> Integers:
    """What a 32-bit two's complement register keeps of ``value``."""
    kept: Integers = ((value + 2**31) & (2**32 - 1)) - 2**31
    return kept


def wrap_current(value: Integers, bits: int) -> Integers:
    """Lava's overflow of the current ``u``: one conditional wrap, off by one against hardware.

    Above ``2**(bits-1)`` the period ``2**bits`` is subtracted once, at or below ``-2**(bits-1)`` it is
    added once; an overflow beyond one period is *not* folded back, and ``+2**(bits-1)`` stays.
    """
    limit = 1 << (bits - 1)
    periods = 1 * (value <= -limit) - 1 * (value > limit)
    return wrap_int32(value + 2 * limit * periods)


def saturate(value: Integers, bits: int) -> Integers:
    """Clip to the symmetric range of a signed register: ``+-(2**(bits-1) - 1)``."""
    limit = (1 << (bits - 1)) - 1
    kept: Integers = np.minimum(np.maximum(value, -limit), limit)
    return kept


def shift_sum(total: Integers, exponent: int) -> Integers:
    """A projection's sum times ``2**exponent``: left shift, or arithmetic right shift (floor)."""
    shifted = total << exponent if exponent >= 0 else total >> -exponent
    return wrap_int32(shifted)


def integrate(
    current: Integers,
    potential: Integers,
    arrived: Integers,
    bias: Integers,
    current_decay: int,
    potential_decay: int,
    input_shift: int,
    state_bits: int,
) -> tuple[Integers, Integers, Integers, Integers]:
    """Steps 2 and 3 of a neuron (``docs/numerics.md``): what arrived, into current and potential.

    Args:
        current, potential: the state; ``arrived``: this step's input; ``bias``: 0 where none is due.
        current_decay, potential_decay: Loihi's ``du`` and ``dv``.
        input_shift, state_bits: of the neuron.

    Returns:
        current and potential as the registers keep them, then the current before it wraps and the
        potential before it saturates.
    """
    left = decay(current, current_decay + 1)
    unwrapped = left + (arrived << input_shift)
    current = wrap_current(wrap_int32(left + wrap_int32(arrived << input_shift)), state_bits)
    unsaturated = decay(potential, potential_decay) + current + bias
    return current, saturate(wrap_int32(unsaturated), state_bits), unwrapped, unsaturated


def fire(
    potential: Integers, threshold: Integers, strict: bool, subtract: bool
) -> tuple[Integers, Integers]:
    """Steps 4 and 5 of a neuron in the code ``rate``: (1 where it fires, potential after the reset).

    ``strict``: it fires above the threshold, not at it. ``subtract``: soft reset, else to 0.
    """
    fired = 1 * (potential > threshold) if strict else 1 * (potential >= threshold)
    kept = potential - fired * threshold if subtract else potential * (1 - fired)
    return fired, kept


def level(potential: Integers, threshold: Integers, levels: int) -> Integers:
    """How many thresholds are in the potential, 0 to ``levels``: an exact code's decision."""
    whole: Integers = np.minimum(np.maximum(potential // threshold, 0), levels)
    return whole


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


def weight_ends(bits: int, sign_mode: SignMode, symmetric: bool) -> tuple[int, int]:
    """The same of a target that may lack the lowest weight of mixed signs (4 bits: -7 to 7, not -8)."""
    low, high = weight_range(bits, sign_mode)
    return (max(low, -high) if symmetric and sign_mode is SignMode.MIXED else low), high


def on_grid(weights: NDArray[Any], bits: int, sign_mode: SignMode) -> bool:
    """Whether every weight is one that the chip can hold."""
    low, high = weight_range(bits, sign_mode)
    step = weight_step(bits, sign_mode)
    if weights.size == 0:
        return True
    flat = weights.reshape(-1)
    parts = (flat[first : first + TOGETHER] for first in range(0, flat.size, TOGETHER))
    if not all(np.all(part % step == 0) for part in parts):
        return False
    return bool(weights.min() >= low and weights.max() <= high)
