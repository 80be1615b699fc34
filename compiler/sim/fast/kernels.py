"""The loops of the fast engine, compiled by numba. What a neuron does is ``ir/fixed_point.py``'s.

A sum of 32 bits that overflows wraps, as ``wrap_int32`` says, so sums may be taken in any order and
partial sums need no check. numba adds numbers of 32 bits in 64; ``np.int32`` brings them back.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from snnc.ir import fixed_point

from .compiled import kernel, part, shared
from .records import CONVOLUTION, DENSE, GRADED, RATE
from .vectors import LANES, MASK, add_four_vectors, add_vector, fire_vector, lowest_bit, mask_of

BEYOND = 1
"""Events that may be written behind the last one of a population, and do not count."""

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
def add_row(sums: Any, at: int, weights: Any, first: int, width: int) -> None:
    """One spike's weights; ``width`` is whole vectors."""
    for j in range(0, width, LANES):
        add_vector(sums, at + j, weights, first + j, None)


@part
def add_row_times(sums: Any, at: int, weights: Any, first: int, width: int, payload: int) -> None:
    """One payload times its weights; ``width`` is whole vectors."""
    for j in range(0, width, LANES):
        add_vector(sums, at + j, weights, first + j, np.int64(payload))


@part
def hear_dense(
    q: Any, events: Any, payloads: Any, begin: int, end: int, weights: Any, sums: Any
) -> None:
    """A full matrix: one row of weights a spike, four at once."""
    width, base = q.width, q.weights
    if q.graded:
        for e in range(begin, end):
            add_row_times(sums, 0, weights, base + events[e] * width, width, payloads[e])
        return
    e = begin
    while e + 4 <= end:
        a, b = base + events[e] * width, base + events[e + 1] * width
        c, d = base + events[e + 2] * width, base + events[e + 3] * width
        for j in range(0, width, LANES):
            add_four_vectors(sums, j, weights, a + j, b + j, c + j, d + j)
        e += 4
    while e < end:
        add_row(sums, 0, weights, base + events[e] * width, width)
        e += 1


@part
def hear_sparse(
    q: Any,
    events: Any,
    payloads: Any,
    begin: int,
    end: int,
    weights: Any,
    sums: Any,
    table: Any,
    targets: Any,
) -> None:
    """A sparse matrix: a list of targets a spike."""
    graded, rows, to, base = q.graded, table[q.table :], targets[q.targets :], weights[q.weights :]
    for e in range(begin, end):
        payload = payloads[e] if graded else 1
        source = np.int64(events[e])
        for k in range(rows[source], rows[source + 1]):
            sums[to[k]] += payload * base[k]


@part
def hear_convolution(
    q: Any, events: Any, payloads: Any, begin: int, end: int, weights: Any, sums: Any, table: Any
) -> None:
    """A convolution: for each spike the part of its channel's kernel that meets its pixel."""
    channels, kernel_size, group, group_step = (
        np.uint32(q.channels),
        q.kernel_size,
        q.group,
        q.group_step,
    )
    base, pixels, graded, grouped = q.weights, table[q.table :], q.graded, q.group < q.channels
    rows, parts, width, line_step, part_step = q.rows, q.parts, q.width, q.line_step, q.part_step
    for e in range(begin, end):
        number = np.uint32(events[e])
        pixel = number // channels
        channel = np.int64(number - pixel * channels)
        to = pixels[2 * np.int64(pixel) + 1]
        if to < 0:
            continue
        first = base + channel * kernel_size + pixels[2 * np.int64(pixel)]
        if grouped:
            to += channel // group * group_step
        for _ in range(rows):
            for there in range(to, to + parts * part_step, part_step):
                if graded:
                    add_row_times(sums, there, weights, first, width, payloads[e])
                else:
                    add_row(sums, there, weights, first, width)
                first += width
            to += line_step


@part
def hear(
    q: Any,
    events: Any,
    payloads: Any,
    begin: int,
    end: int,
    weights: Any,
    sums: Any,
    table: Any,
    targets: Any,
) -> None:
    """What the spikes ``events[begin:end]`` of its source bring through one projection, unshifted."""
    if q.kind == DENSE:
        hear_dense(q, events, payloads, begin, end, weights, sums)
    elif q.kind == CONVOLUTION:
        hear_convolution(q, events, payloads, begin, end, weights, sums, table)
    else:
        hear_sparse(q, events, payloads, begin, end, weights, sums, table, targets)


@part
def add_shifted(q: Any, total: Any, sums: Any) -> None:
    """One projection's sums, in their units and shifted, to what arrives altogether."""
    size, exponent = q.line, q.exponent
    for number in range(q.lines):
        at = q.line_first + number * q.line_step
        here, into = sums[at : at + size], total[number * size : (number + 1) * size]
        if exponent >= 0:
            left = np.int32(q.unit_shift + exponent)
            for j in range(size):
                into[j] += np.int32(here[j]) << left
        else:
            left, right = np.int32(q.unit_shift), np.int32(-exponent)
            for j in range(size):
                into[j] += np.int32(np.int32(here[j]) << left) >> right


@part
def list_spikes(sent: Any, size: int, events: Any, at: int) -> int:
    """The numbers of the neurons with a spike, behind ``events[at]``; returns where they end.

    ``sent`` (int8) has zeros behind the last neuron, up to the end of a word.
    """
    for word in range(0, size, MASK):
        mask: Any = mask_of(sent, word)
        while mask != 0:
            events[at] = word + lowest_bit(mask)
            mask &= mask - np.uint64(1)
            at += 1
    return at


@part
def list_payloads(sent: Any, size: int, events: Any, payloads: Any, at: Any) -> Any:
    """The same for payloads, int32."""
    for j in range(size):
        events[at], payloads[at] = j, sent[j]
        at += np.int64(sent[j] != 0)
    return at


@part
def integrate_narrow(p: Any, sums: Any, shift: int, v: Any) -> None:
    """``integrate`` where no current can wrap and nothing leaks, in 32 bits.

    ``v`` has the bias in it already; ``sums`` shifted are potentials.
    """
    limit, left = np.int32((1 << (p.state_bits - 1)) - 1), np.int32(shift)
    for j in range(len(v)):
        x = np.int32(v[j] + np.int32(np.int32(sums[j]) << left))
        v[j] = min(max(x, np.int32(-limit)), limit)


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
        x = np.int32(v[n] + np.int32(np.int32(sums[at + j]) << left))
        x = min(max(x, np.int32(-limit)), limit)
        fired = x > np.int32(threshold[n] - below)
        v[n] = np.int32(np.int32(x - threshold[n]) & kept) if fired else x
        events[free] = n
        free += np.int64(fired)
    return free


@part
def step_wide(
    p: Any, total: Any, u: Any, v: Any, threshold: Any, bias: Any, due: bool, sent: Any, fires: bool
) -> None:
    """Every neuron, in 64 bits: the functions that the reference simulator calls."""
    for j in range(p.size):
        u[j], v[j], _, _ = integrate(
            u[j],
            v[j],
            np.int64(total[j]),
            bias[j] if due else 0,
            p.current_decay,
            p.potential_decay,
            p.input_shift,
            p.state_bits,
        )
        if fires:
            fired, v[j] = fire(v[j], threshold[j], p.strict != 0, p.subtract != 0)
            sent[j] = fired


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
    """(samples, neurons): 64 bits, potentials of narrow populations, waiting spikes of exact codes."""

    u: Any
    v: Any
    v32: Any
    waiting: Any


class Lists(NamedTuple):
    """Spikes as lists of events.

    ``events`` and ``payloads``, int32: in the order in which they were sent, one population after the
    other, there sample by sample. ``begin`` and ``end`` (samples, populations, depth + steps): where
    each step's events are. ``free`` (populations,): where the next ones go.
    """

    events: Any
    payloads: Any
    begin: Any
    end: Any
    free: Any


@kernel
def run_component(
    members: Any,
    network: Any,
    states: Any,
    lists: Any,
    given: Any,
    record: Any,
    first_step: int,
    steps: int,
    room: int,
    margin: int,
) -> None:
    """Run populations of one component over all samples of a block and all steps of a chunk.

    Args:
        members: their rows in the tables of ``network`` (``Network``).
        states, lists: ``States`` and ``Lists`` of the block.
        given: (samples, steps, neurons) int32, arrivals that were computed as a matrix product.
        record: (samples, steps, neurons) int32, potentials to be recorded.
        first_step: the chunk's first step, from 1.
        steps: how many.
        room: neurons of the largest population; ``margin``: sums of the largest projection.
    """
    populations, projections, weights8, weights16, weights32, table, targets = network[:7]
    threshold, threshold32, bias, bias32, start = network[7:]
    u, v, v32, waiting = states
    events, payloads, begin, end, free = lists
    sums16, sums32 = np.zeros(margin, np.int16), np.zeros(margin, np.int32)
    total, levels = np.zeros(room, np.int32), np.zeros(room, np.int32)
    sent = np.zeros((room + MASK - 1) // MASK * MASK, np.int8)
    for s in range(len(begin)):
        for k in range(steps):
            step = first_step + k
            for m in members:
                p = populations[m]
                size = p.size
                here, there = p.state, p.state + size
                cleared = p.clear_interval and (step - p.clear_offset) % p.clear_interval == 0
                since = step - p.bias_start
                due = p.biased and since > 0 and (since - 1) % p.bias_interval == 0
                fires = p.fires and p.code == RATE
                after = free[m]
                if p.narrow:
                    x = v32[s, here:there]
                    if cleared:
                        for j in range(size):
                            x[j] = np.int32(start[here + j])
                    if due:
                        for j in range(size):
                            x[j] += bias32[here + j]
                if p.lone >= 0:
                    q = projections[p.lone]
                    a = populations[q.source].depth + k - 1 - q.delay
                    lo, hi = begin[s, q.source, a], end[s, q.source, a]
                    if q.bytes == 1:
                        hear(q, events, payloads, lo, hi, weights8, sums16, table, targets)
                    else:
                        hear(q, events, payloads, lo, hi, weights16, sums16, table, targets)
                    shift, line = q.unit_shift + q.exponent + p.input_shift, q.line
                    bounds = threshold32[here:there]
                    for number in range(q.lines):
                        at, to = q.line_first + number * q.line_step, number * line
                        if fires:
                            after = step_narrow(
                                p, sums16, at, shift, x, bounds, to, line, events, after
                            )
                        else:
                            integrate_narrow(p, sums16[at : at + line], shift, x[to : to + line])
                    if lo < hi:
                        sums16[: q.sums] = 0
                else:
                    if p.given >= 0:
                        total[:size] = given[s, k, p.given : p.given + size]
                    else:
                        total[:size] = 0
                    for row in range(p.first, p.last):
                        q = projections[row]
                        if q.skipped:
                            continue
                        a = populations[q.source].depth + k - 1 - q.delay
                        lo, hi = begin[s, q.source, a], end[s, q.source, a]
                        if lo == hi:
                            continue
                        if q.narrow:
                            if q.bytes == 1:
                                hear(q, events, payloads, lo, hi, weights8, sums16, table, targets)
                            else:
                                hear(q, events, payloads, lo, hi, weights16, sums16, table, targets)
                            add_shifted(q, total, sums16)
                            sums16[: q.sums] = 0
                        else:
                            if q.bytes == 1:
                                hear(q, events, payloads, lo, hi, weights8, sums32, table, targets)
                            elif q.bytes == 2:
                                hear(q, events, payloads, lo, hi, weights16, sums32, table, targets)
                            else:
                                hear(q, events, payloads, lo, hi, weights32, sums32, table, targets)
                            add_shifted(q, total, sums32)
                            sums32[: q.sums] = 0
                    if p.narrow and fires:
                        bounds = threshold32[here:there]
                        after = step_narrow(
                            p, total, 0, p.input_shift, x, bounds, 0, size, events, after
                        )
                    elif p.narrow:
                        integrate_narrow(p, total[:size], p.input_shift, x)
                    else:
                        y = v[s, here:there]
                        if cleared:
                            u[s, here:there] = 0
                            y[:] = start[here:there]
                        step_wide(
                            p,
                            total,
                            u[s, here:there],
                            y,
                            threshold[here:there],
                            bias[here:there],
                            due,
                            sent,
                            fires,
                        )
                if p.record >= 0:
                    if p.narrow:
                        record[s, k, p.record : p.record + size] = x
                    else:
                        for j in range(size):
                            record[s, k, p.record + j] = np.int32(v[s, here + j])
                if not p.fires:
                    continue
                if p.code == RATE and not p.narrow:
                    sent[size : (size + MASK - 1) // MASK * MASK] = 0
                    after = list_spikes(sent, size, events, after)
                elif p.code != RATE:
                    left = waiting[s, here:there]
                    if since > 0 and since % p.clear_interval == 0:
                        for j in range(size):
                            whole = np.int64(v32[s, here + j]) if p.narrow else v[s, here + j]
                            left[j] = level(whole, threshold[here + j], p.levels)
                    if p.code == GRADED:
                        after = list_payloads(left, size, events, payloads, after)
                        left[:] = 0
                    else:
                        for j in range(size):
                            levels[j] = left[j] > 0
                            left[j] -= levels[j]
                        after = list_payloads(levels, size, events, payloads, after)
                begin[s, m, p.depth + k], end[s, m, p.depth + k] = free[m], after
                free[m] = after


@kernel
def list_input(
    spikes: Any,
    place: Any,
    row: int,
    depth: int,
    lists: Any,
) -> None:
    """The input's events of a chunk: ``spikes`` (samples, steps, size) in the program's order.

    ``place``: the number that the kernels have for each neuron.
    """
    events, payloads, begin, end, free = lists
    samples, steps, size = spikes.shape
    some = np.zeros((size + MASK - 1) // MASK * MASK, np.int8)
    at = free[row]
    for s in range(samples):
        for k in range(steps):
            now = spikes[s, k]
            for j in range(size):
                some[j] = now[j] != 0
            after = list_spikes(some, size, events, at)
            for e in range(at, after):
                number = np.int64(events[e])
                events[e], payloads[e] = place[number], now[number]
            begin[s, row, depth + k], end[s, row, depth + k] = at, after
            at = after
    free[row] = at


@kernel
def carry_over(populations: Any, lists: Any, steps: int) -> None:
    """Move each population's latest events to the front, for the delays of the next chunk."""
    events, payloads, begin, end, free = lists
    for row in range(len(populations)):
        p = populations[row]
        at = p.events
        for s in range(len(begin)):
            for k in range(p.depth):
                first = at
                for e in range(begin[s, row, steps + k], end[s, row, steps + k]):
                    events[at], payloads[at] = events[e], payloads[e]
                    at += 1
                begin[s, row, k], end[s, row, k] = first, at
        free[row] = at


@kernel
def write_spikes(
    out: Any,
    sample: int,
    step: int,
    steps: int,
    row: int,
    first: int,
    order: Any,
    graded: bool,
    lists: Any,
) -> None:
    """One population's events as (samples, steps, size) in the program's order.

    ``out[sample, step]`` is where the block's first step goes, which is ``first`` in ``begin``.
    """
    events, payloads, begin, end, _ = lists
    for s in range(len(begin)):
        for k in range(steps):
            now = out[sample + s, step + k]
            for e in range(begin[s, row, first + k], end[s, row, first + k]):
                now[order[events[e]]] = payloads[e] if graded else 1


@kernel
def count_spikes(
    out: Any,
    steps: int,
    row: int,
    first: int,
    order: Any,
    graded: bool,
    lists: Any,
) -> None:
    """Add one population's payloads of a chunk to ``out`` (size,), in the program's order."""
    events, payloads, begin, end, _ = lists
    for s in range(len(begin)):
        for k in range(first, first + steps):
            for e in range(begin[s, row, k], end[s, row, k]):
                out[order[events[e]]] += payloads[e] if graded else 1
