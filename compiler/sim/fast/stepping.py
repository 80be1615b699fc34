"""What neurons do with what arrives. What that is, is ``ir/fixed_point.py``'s to say."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnc.ir import fixed_point

from .compiled import CHECKED, part, require, shared, to_int32
from .records import RATE
from .vectors import LANES, fire_vector, lowest_bit

wrap_int32 = shared(fixed_point.wrap_int32)
integrate = shared(
    fixed_point.integrate,
    shared(fixed_point.decay),
    wrap_int32,
    shared(fixed_point.wrap_current, wrap_int32),
    shared(fixed_point.saturate),
)
fire = shared(fixed_point.fire)
level = shared(fixed_point.level)


@part
def integrate_narrow(p: Any, sums: Any, shift: int, v: Any) -> None:
    """``integrate`` where no current can wrap and nothing leaks, in 32 bits.

    ``v`` has the bias in it already; ``sums`` shifted are potentials.
    """
    limit, left = np.int32((1 << (p.state_bits - 1)) - 1), np.int32(shift)
    for j in range(len(v)):
        current = to_int32(np.int32(sums[j]) << left)
        if CHECKED:
            require(-limit <= current <= limit + 1)
        x = to_int32(v[j] + current)
        v[j] = min(max(x, np.int32(-limit)), limit)


# Many arguments: with views in place of numbers into arrays, small networks took 8 % longer.
@part
def step_narrow(
    p: Any,
    sums: Any,
    at: int,
    shift: int,
    v: Any,
    threshold: Any,
    first: int,
    count: int,
    events: Any,
    free: Any,
) -> Any:
    """``integrate_narrow`` and ``fire`` of ``count`` neurons from ``first`` on, and their spikes' list.

    ``sums[at]`` is the first neuron's; spikes go behind ``events[free]``; returns where they end.
    """
    limit, left = np.int32((1 << (p.state_bits - 1)) - 1), np.int32(shift)
    below, kept = np.int32(0 if p.strict else 1), np.int32(-1 if p.subtract else 0)
    whole = count // LANES * LANES
    for j in range(0, whole, LANES):
        n = first + j
        mask = fire_vector(sums, at + j, v, n, threshold, n, left, limit, below, kept)
        while mask != 0:
            events[free] = n + lowest_bit(mask)
            mask &= mask - np.uint64(1)
            free += 1
    for j in range(whole, count):
        n = first + j
        current = to_int32(np.int32(sums[at + j]) << left)
        if CHECKED:
            require(-limit <= current <= limit + 1)
        x = to_int32(v[n] + current)
        x = min(max(x, np.int32(-limit)), limit)
        fired = x > to_int32(threshold[n] - below)
        v[n] = np.int32(to_int32(x - threshold[n]) & kept) if fired else x
        events[free] = n
        free += np.int64(fired)
    return free


@part
def step_wide(
    p: Any, total: Any, u: Any, v: Any, threshold: Any, bias: Any, due: bool, sent: Any
) -> None:
    """Every neuron, in 64 bits: the functions that the reference simulator calls.

    ``due``: the bias is added. ``sent``: who fired, where the code is ``rate``.
    """
    fires = p.fires and p.code == RATE
    for j in range(p.size):
        u[j], x, _, _ = integrate(
            u[j],
            v[j],
            np.int64(total[j]),
            bias[j] if due else 0,
            p.current_decay,
            p.potential_decay,
            p.input_shift,
            p.state_bits,
        )
        if due or not p.adds_answers:
            v[j] = x
        if fires:
            fired, v[j] = fire(v[j], threshold[j], p.strict != 0, p.subtract != 0)
            sent[j] = fired
