"""The loop over samples, steps and populations: hear, step, list what was sent."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .compiled import inlined, kernel, part, to_int32
from .events import bytes_for, list_payloads, list_spikes
from .hearing import add_shifted, hear
from .pools import aligned
from .records import DELTA, DENSE, GRADED, RATE
from .stepping import (
    EVERYWHERE,
    NOWHERE,
    SOMEWHERE,
    WORD,
    level,
    step_lines,
    step_wide,
)
from .vectors import LANES, MASK, clear


class Network(NamedTuple):
    """What does not change while a program runs: see ``Tables`` and ``Plan``."""

    populations: Any
    projections: Any
    weights8: Any
    weights16: Any
    weights32: Any
    table: Any
    targets: Any
    threshold: Any
    threshold32: Any
    bias: Any
    bias32: Any
    start: Any


class States(NamedTuple):
    """(samples, neurons): 64 bits, potentials of narrow populations, waiting spikes of exact codes.

    ``hot`` (samples, numbers): bits of vectors of narrow neurons that have to step (``step_narrow``).
    """

    u: Any
    v: Any
    v32: Any
    waiting: Any
    hot: Any


class Scratch(NamedTuple):
    """Room of one thread: sums of the largest projection, numbers of the largest population."""

    sums16: Any
    sums32: Any
    total: Any
    levels: Any
    sent: Any
    cells: Any

    @classmethod
    def of(cls, neurons: int, sums: int, cells: int) -> Scratch:
        """For so many neurons, sums, and places that convolutions count spikes at."""
        total, levels = aligned(neurons, np.int32), aligned(neurons, np.int32)
        narrow, wide = aligned(sums, np.int16), aligned(sums, np.int32)
        return cls(narrow, wide, total, levels, bytes_for(neurons), np.zeros(cells, np.int32))


# Long: in parts that are given these arrays, inlined or not, it took longer.
@kernel
def run_component(
    members: Any,
    network: Any,
    states: Any,
    lists: Any,
    given: Any,
    record: Any,
    part: tuple[int, int, int],
    scratch: Any,
) -> None:
    """Run populations of one component over all samples of a block and some steps of a chunk.

    Args:
        members: their rows in the tables of ``network`` (``Network``).
        states, lists: ``States`` and ``Lists`` of the block.
        given: (samples, steps, neurons) int32, arrivals of these steps that were computed as a matrix
            product.
        record: (samples, steps, neurons) int32, potentials to be recorded.
        part: the chunk's first step, from 1; the first of those that are run, from 0 in the chunk, and
            the one after the last.
        scratch: ``Scratch``, for this call alone; sums are zeros, and are left so.
    """
    first_step, first, after_last = part
    populations, projections, weights8, weights16, weights32, table, targets = network[:7]
    weights = (weights8, weights16, weights32)
    threshold, threshold32, bias, bias32, start = network[7:]
    u, v, v32, waiting, hot = states
    events, payloads, begin, end, free = lists
    sums16, sums32, total, levels, sent, cells = scratch
    sums = (sums16, sums32)
    for s in range(len(begin)):
        for k in range(first, after_last):
            step = first_step + k
            for m in members:
                p = populations[m]
                if step > p.until:
                    begin[s, m, p.depth + k] = end[s, m, p.depth + k] = free[m]
                    continue
                size = p.size
                here, there = p.state, p.state + size
                cleared, due = is_cleared(p, step), adds_bias(p, step)
                after = free[m]
                if p.narrow:
                    x, warm = v32[s, here:there], hot[s, p.hot : p.hot + p.words]
                    bounds = threshold32[here:there]
                    if cleared:
                        for j in range(size):
                            x[j] = to_int32(start[here + j])
                    if due:
                        for j in range(size):
                            x[j] = to_int32(x[j] + bias32[here + j])
                if p.given >= 0:
                    for j in range(size):
                        total[j] = given[s, k - first, p.given + j]
                elif p.lone < 0:
                    clear(total, 0, size)
                lo = hi = after
                short = lo == hi
                for row in range(p.first, p.last):
                    q = projections[row]
                    if q.skipped:
                        continue
                    # Lists of the source begin ``depth`` steps before this chunk; what it sent in a
                    # step arrives in the next, and ``delay`` steps later than that.
                    a = populations[q.source].depth + k - 1 - q.delay
                    lo, hi = begin[s, q.source, a], end[s, q.source, a]
                    if lo == hi:
                        continue
                    place = (lo, hi)
                    short = hear(q, events, payloads, place, weights, sums, table, targets, cells)
                    if p.lone < 0 and short:
                        add_shifted(q, total, sums16, p.narrow)
                        clear(sums16, 0, q.sums)
                    elif p.lone < 0:
                        add_shifted(q, total, sums32, p.narrow)
                        clear(sums32, 0, q.sums)
                if p.lone >= 0 and short:
                    q = projections[p.lone]
                    where = SOMEWHERE if lo < hi else NOWHERE
                    if cleared or due or (lo < hi and q.kind == DENSE):
                        where = EVERYWHERE
                    after = step_lines(p, q, sums16, x, bounds, events, after, warm, where)
                elif p.narrow:
                    q = projections[max(p.lone, 0)]
                    arrived = sums32 if p.lone >= 0 else total
                    where = SOMEWHERE
                    if cleared or due or size <= WORD * LANES:
                        where = EVERYWHERE
                    after = step_lines(p, q, arrived, x, bounds, events, after, warm, where)
                else:
                    y = v[s, here:there]
                    if cleared:
                        clear(u[s], here, there)
                        for j in range(size):
                            y[j] = start[here + j]
                    step_wide(
                        p,
                        total,
                        u[s, here:there],
                        y,
                        threshold[here:there],
                        bias[here:there],
                        due,
                        sent,
                    )
                if p.record >= 0 and p.narrow:
                    for j in range(size):
                        record[s, k, p.record + j] = x[j]
                elif p.record >= 0:
                    for j in range(size):
                        record[s, k, p.record + j] = np.int32(v[s, here + j])
                if not p.fires:
                    continue
                if p.code == RATE and not p.narrow:
                    clear(sent, size, (size + MASK - 1) // MASK * MASK)
                    after = list_spikes(sent, size, events, after)
                elif p.code != RATE:
                    left = waiting[s, here:there]
                    if ends_frame(p, step):
                        for j in range(size):
                            whole = np.int64(v32[s, here + j]) if p.narrow else v[s, here + j]
                            now = to_int32(level(whole, threshold[here + j], p.levels))
                            levels[j] = now - left[j]  # for the code delta
                            left[j] = now
                    elif p.code == DELTA:
                        clear(levels, 0, size)
                    after = send_levels(p, left, levels, events, payloads, after)
                begin[s, m, p.depth + k], end[s, m, p.depth + k] = free[m], after
                free[m] = after


@inlined
def is_cleared(p: Any, step: int) -> Any:
    """Whether a population begins a frame in this step."""
    return p.clear_interval and not p.sums_changes and (step - p.clear_offset) % p.clear_interval == 0


@inlined
def adds_bias(p: Any, step: int) -> Any:
    """Whether a population's bias arrives in this step."""
    since = step - p.bias_start
    if p.adds_answers:  # at the end of a frame, with its sum
        return since > 0 and since % p.bias_interval == 0
    return p.biased and since > 0 and (since - 1) % p.bias_interval == 0


@inlined
def ends_frame(p: Any, step: int) -> Any:
    """Whether a population of an exact code decides in this step what it will send."""
    since = step - p.bias_start
    return since > 0 and since % p.clear_interval == 0


@part
def send_levels(p: Any, left: Any, levels: Any, events: Any, payloads: Any, free: Any) -> Any:
    """Send what is ``left`` of levels (size,) int32: all at once, or one spike a step.

    ``levels``: room for as many numbers; in the code ``delta`` the changes of this step. Spikes go
    behind ``events[free]``; returns where they end.
    """
    if p.code == DELTA:
        return list_payloads(levels, p.size, events, payloads, free)
    if p.code == GRADED:
        free = list_payloads(left, p.size, events, payloads, free)
        clear(left, 0, p.size)
        return free
    for j in range(p.size):
        levels[j] = left[j] > 0
        left[j] -= levels[j]
    return list_payloads(levels, p.size, events, payloads, free)
