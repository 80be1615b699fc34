"""What spikes bring: the weights of one projection, added up for each target.

A sum of 32 bits that overflows wraps, as ``wrap_int32`` says, so sums may be taken in any order and
partial sums need no check. numba adds numbers of 32 bits in 64; ``np.int32`` brings them back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import blocks
from .blocks import add_blocks, add_scattered
from .compiled import CHECKED, inlined, part, to_int32
from .records import CONVOLUTION, DENSE, SPARSE
from .vectors import bring_over, clear

layout_of = inlined(blocks.layout_of)
LOW = 2**32 - 1
"""The lower half of a number of 64 bits."""
BATCH_PAYS = 4
"""To bring a sum from 16 to 32 bits takes as long as so many additions of weights."""


@inlined
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
    graded, layout = q.graded, layout_of(q.bytes, q.narrow)
    rows, to = table[q.table :], targets[q.targets :]
    for e in range(begin, end):
        payload = np.int64(payloads[e]) if graded else 1
        source = np.int64(events[e])
        add_scattered(layout, sums, to, weights, q.weights, rows[source], rows[source + 1], payload)


@inlined
def hear_blocks(
    q: Any,
    events: Any,
    payloads: Any,
    place: tuple[int, int],
    weights: Any,
    sums: Any,
    table: Any,
    narrow: int,
) -> None:
    """A convolution: for each spike the part of its channel's kernel that meets its pixel.

    A full matrix is one of a single pixel. Spikes of a pixel's channels reach the same sums: four that
    follow each other are added at once. ``narrow``: sums of 16 bits.
    """
    begin, end = place
    channels, kernel_size, group, group_step = q.channels, q.kernel_size, q.group, q.group_step
    base, pixels, graded, whole = q.weights, table[q.table :], q.graded, q.group == q.channels
    layout, single = layout_of(q.bytes, narrow), q.kind == DENSE
    shape, steps = (q.rows, q.parts, q.width), (q.line_step, q.part_step)
    e = begin
    while e < end:
        number = np.int64(events[e])
        pixel = 0 if single else np.int64(np.uint32(number) // np.uint32(channels))
        to = pixels[pixel] >> 32
        if to < 0:
            e += 1
            continue
        start = pixel * channels
        first = base + (pixels[pixel] & LOW) - start * kernel_size
        if whole and not graded and e + 4 <= end:
            b, c, d = np.int64(events[e + 1]), np.int64(events[e + 2]), np.int64(events[e + 3])
            if single or (max(b, c, d) < start + channels and min(b, c, d) >= start):
                firsts = (
                    first + number * kernel_size,
                    first + b * kernel_size,
                    first + c * kernel_size,
                    first + d * kernel_size,
                )
                add_blocks(layout, sums, to, weights, firsts, shape, steps, None)
                e += 4
                continue
        if not whole:
            to += (number - start) // group * group_step
        payload = np.int64(payloads[e]) if graded else 1
        add_blocks(layout, sums, to, weights, (first + number * kernel_size,), shape, steps, payload)
        e += 1


@inlined
def crowd(q: Any, events: Any, place: tuple[int, int], table: Any, cells: Any) -> Any:
    """The most spikes that any sum of a convolution hears.

    A spike is heard in ``q.rows`` rows and ``q.columns`` columns of places, from that on where its sums
    begin; groups are not told apart. ``cells``: zeros, one for each place of the sums and one more row,
    and left so.
    """
    begin, end = place
    channels = np.uint32(q.channels)
    for e in range(begin, end):
        to = table[q.table + np.int64(np.uint32(events[e]) // channels)] >> 32
        if to >= 0:
            cells[np.uint32(to) // np.uint32(q.column)] += 1
    places, columns = q.places, q.columns
    high = (q.sums - q.width) // q.line_step
    met = high * places  # from here on: of each column, in the last rows
    most: Any = 0
    for row in range(high):
        together: Any = 0
        for j in range(places):
            gone = cells[(row - q.rows) * places + j] if row >= q.rows else np.int32(0)
            cells[met + j] += cells[row * places + j] - gone
            together += cells[met + j]
            if j >= columns:
                together -= cells[met + j - columns]
            most = max(most, together)
    clear(cells, 0, (high + 1) * places)
    return most


# Many arguments: numba inlines it, and takes arrays one by one.
@inlined
def hear(
    q: Any,
    events: Any,
    payloads: Any,
    place: tuple[int, int],
    weights: Any,
    sums: Any,
    table: Any,
    targets: Any,
    cells: Any,
) -> Any:
    """What spikes bring through one projection, unshifted: ``events[begin:end]`` of ``place``.

    Sums have 16 bits where no spikes can bring more (``q.narrow``), and where these do not: because
    they are few, or few where a kernel meets them together. Else sums of 32 bits are made of parts of
    16, if that costs less.

    Args:
        q: the projection.
        events, payloads, place: the spikes.
        weights: the three pools.
        sums: of 16 and of 32 bits, zeros.
        table, targets: see ``records.py``.
        cells: room for a number a sum of one channel, zeros.

    Returns:
        Whether the sums are those of 16 bits.
    """
    begin, end = place
    if q.kind == SPARSE:
        hear_sparse(q, events, payloads, place, weights, sums, table, targets)
        return q.narrow != 0
    narrow = few = q.narrow != 0 or end - begin <= q.most
    some = end - begin
    if not narrow and q.most > 0:
        if q.kind == CONVOLUTION:
            narrow = few = crowd(q, events, place, table, cells) <= q.most
        if not narrow and q.sums * BATCH_PAYS < q.most * q.rows * q.parts * q.width:
            narrow, some = True, q.most
    for first in range(begin, end, some):
        here = (first, min(first + some, end))
        hear_blocks(q, events, payloads, here, weights, sums, table, narrow)
        if narrow and not few:
            bring_over(sums[0], sums[1], q.sums)
    return few


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
