"""What neurons do with what arrives. What that is, is ``ir/fixed_point.py``'s to say."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnc.ir import fixed_point

from .compiled import CHECKED, inlined, part, require, shared, to_int32
from .records import RATE
from .vectors import LANES, clear, fire_vector, lowest_bit, touched

WORD = 64
"""Vectors of neurons that one number of ``hot`` stands for, a bit each."""
NOWHERE, SOMEWHERE, EVERYWHERE = 0, 1, 2
"""Where anything arrives in a population."""
ALL = np.uint64(2**64 - 1)
FIRED = np.uint64(2**LANES - 1)

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


@inlined
def integrate_narrow(p: Any, sums: Any, at: int, shift: int, v: Any, first: int, count: int) -> None:
    """``integrate`` where no current can wrap and nothing leaks, in 32 bits.

    ``v`` has the bias in it already; sums, shifted, are potentials. They are left as zeros.
    """
    limit, left = np.int32((1 << (p.state_bits - 1)) - 1), np.int32(shift)
    for j in range(count):
        current = to_int32(np.int32(sums[at + j]) << left)
        sums[at + j] = 0
        if CHECKED:
            require(-limit <= current <= limit + 1)
        x = to_int32(v[first + j] + current)
        v[first + j] = min(max(x, np.int32(-limit)), limit)


# Long, many arguments: with views into arrays in place of numbers, small networks took 8 % longer.
@inlined
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
    hot: Any,
    first_hot: int,
    heard: int,
) -> Any:
    """``integrate_narrow`` and ``fire`` of ``count`` neurons from ``first`` on, and their spikes' list.

    A vector of neurons is left out where nothing arrives and none of them can fire: nothing leaks, so
    that it stays as it is. Sums are left as zeros.

    Args:
        p: the population.
        sums: ``sums[at]`` is the first neuron's.
        at: see there.
        shift: of sums, to the left.
        v: potentials, with the bias in it.
        threshold: of all neurons; they repeat after ``p.cycle + 1``, a power of two, or never (-1).
        first, count: the neurons.
        events, free: spikes go behind ``events[free]``.
        hot: bits of vectors that are not left out, ``WORD`` a number; renewed here,
        first_hot: from here on.
        heard: where there are sums that are not 0, one of the three.

    Returns:
        Where the spikes end.
    """
    limit, left = np.int32((1 << (p.state_bits - 1)) - 1), np.int32(shift)
    below, kept = np.int32(0 if p.strict else 1), np.int32(-1 if p.subtract else 0)
    vectors = count // LANES
    for word in range((vectors + WORD - 1) // WORD):
        begin = word * WORD
        some = min(WORD, vectors - begin)
        within = ALL >> np.uint64(WORD - some)
        left_in: Any = hot[first_hot + word] & within
        if heard == EVERYWHERE:
            left_in = within
        elif heard == SOMEWHERE:
            left_in |= touched(sums, at + begin * LANES, some)
        still = np.uint64(0)
        while left_in != 0:
            number = lowest_bit(left_in)
            left_in &= left_in - np.uint64(1)
            j = (begin + number) * LANES
            n = first + j
            mask: Any = fire_vector(
                sums, at + j, v, n, threshold, n & p.cycle, left, limit, below, kept
            )
            still |= np.uint64(mask > FIRED) << np.uint64(number)
            mask &= FIRED
            # Nobody can foretell which vectors have a spike: the first two are listed without asking.
            events[free] = n + lowest_bit(mask)
            free += np.int64(mask != 0)
            mask &= mask - np.uint64(mask != 0)
            events[free] = n + lowest_bit(mask)
            free += np.int64(mask != 0)
            mask &= mask - np.uint64(mask != 0)
            while mask != 0:
                events[free] = n + lowest_bit(mask)
                mask &= mask - np.uint64(1)
                free += 1
        hot[first_hot + word] = still
    for j in range(vectors * LANES, count):
        n = first + j
        current = to_int32(np.int32(sums[at + j]) << left)
        sums[at + j] = 0
        if CHECKED:
            require(-limit <= current <= limit + 1)
        x = to_int32(v[n] + current)
        x = min(max(x, np.int32(-limit)), limit)
        fired = x > to_int32(threshold[n] - below)
        v[n] = np.int32(to_int32(x - threshold[n]) & kept) if fired else x
        events[free] = n
        free += np.int64(fired)
    return free


# Many arguments: as above.
@part
def step_lines(
    p: Any,
    q: Any,
    sums: Any,
    v: Any,
    threshold: Any,
    events: Any,
    free: Any,
    hot: Any,
    heard: int,
) -> Any:
    """A whole population: ``sums`` are those of ``q``, if it hears nothing else, without a detour.

    Otherwise they are what arrives altogether, one line without a margin. They are left as zeros.
    """
    shift, lines, line, gap, first, end = p.input_shift, 1, p.size, 0, 0, p.size
    if p.lone >= 0:
        shift, lines, line = shift + q.unit_shift + q.exponent, q.lines, q.line
        gap, first, end = q.line_step - q.line, q.line_first, q.sums
    fires, words = p.fires and p.code == RATE, (line // LANES + WORD - 1) // WORD
    if heard != NOWHERE:
        clear(sums, 0, first)
    for number in range(lines):
        at, to = first + number * (line + gap), number * line
        if fires:
            first_hot = number * words
            free = step_narrow(
                p, sums, at, shift, v, threshold, to, line, events, free, hot, first_hot, heard
            )
        else:
            integrate_narrow(p, sums, at, shift, v, to, line)
        if heard != NOWHERE:  # the last line's margin may end before its gap does
            clear(sums, at + line, min(at + line + gap, end))
    if heard != NOWHERE:
        clear(sums, first + lines * (line + gap), end)
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
