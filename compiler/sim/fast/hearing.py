"""What spikes bring: the weights of one projection, added up for each target.

A sum of 32 bits that overflows wraps, as ``wrap_int32`` says, so sums may be taken in any order and
partial sums need no check. numba adds numbers of 32 bits in 64; ``np.int32`` brings them back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import CHECKED, part, require, to_int32
from .records import CONVOLUTION, DENSE
from .vectors import LANES, add_four_vectors, add_vector


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
    q: Any, events: Any, payloads: Any, place: tuple[int, int], weights: Any, sums: Any
) -> None:
    """A full matrix: one row of weights a spike, four at once."""
    begin, end = place
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
    place: tuple[int, int],
    weights: Any,
    sums: Any,
    table: Any,
    targets: Any,
) -> None:
    """A sparse matrix: a list of targets a spike."""
    begin, end = place
    graded, rows, to, base = q.graded, table[q.table :], targets[q.targets :], weights[q.weights :]
    for e in range(begin, end):
        payload = payloads[e] if graded else 1
        source = np.int64(events[e])
        for k in range(rows[source], rows[source + 1]):
            if CHECKED and sums.itemsize == 2:
                total = sums[to[k]] + payload * base[k]
                require(total == np.int16(total))
            sums[to[k]] += payload * base[k]


@part
def hear_convolution(
    q: Any, events: Any, payloads: Any, place: tuple[int, int], weights: Any, sums: Any, table: Any
) -> None:
    """A convolution: for each spike the part of its channel's kernel that meets its pixel."""
    begin, end = place
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
    place: tuple[int, int],
    weights: Any,
    sums: Any,
    table: Any,
    targets: Any,
) -> None:
    """What spikes bring through one projection, unshifted: ``events[begin:end]`` of ``place``."""
    if q.kind == DENSE:
        hear_dense(q, events, payloads, place, weights, sums)
    elif q.kind == CONVOLUTION:
        hear_convolution(q, events, payloads, place, weights, sums, table)
    else:
        hear_sparse(q, events, payloads, place, weights, sums, table, targets)


@part
def add_shifted(q: Any, total: Any, sums: Any, narrow: bool) -> None:
    """One projection's sums, in their units and shifted, to what arrives altogether.

    ``narrow``: the target takes it for granted that nothing wraps here, but for sums of 32 bits.
    """
    size, exponent = q.line, q.exponent
    for number in range(q.lines):
        at = q.line_first + number * q.line_step
        here, into = sums[at : at + size], total[number * size : (number + 1) * size]
        if exponent >= 0:
            left = np.int32(q.unit_shift + exponent)
            if CHECKED and narrow:
                for j in range(size):
                    to_int32(into[j] + to_int32(np.int64(here[j]) << left))
            for j in range(size):
                into[j] += np.int32(here[j]) << left
        else:
            left, right = np.int32(q.unit_shift), np.int32(-exponent)
            if CHECKED and narrow:
                for j in range(size):
                    to_int32(into[j] + (np.int32(np.int64(here[j]) << left) >> right))
            if CHECKED and q.narrow:
                for j in range(size):
                    to_int32(np.int64(here[j]) << left)
            for j in range(size):
                into[j] += np.int32(np.int32(here[j]) << left) >> right
