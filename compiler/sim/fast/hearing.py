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
from .records import DENSE, SPARSE

layout_of = inlined(blocks.layout_of)


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
    q: Any, events: Any, payloads: Any, place: tuple[int, int], weights: Any, sums: Any, table: Any
) -> None:
    """A convolution: for each spike the part of its channel's kernel that meets its pixel.

    A full matrix is one of a single pixel. Spikes of a pixel's channels reach the same sums: four that
    follow each other are added at once.
    """
    begin, end = place
    channels, kernel_size, group, group_step = q.channels, q.kernel_size, q.group, q.group_step
    base, pixels, graded, whole = q.weights, table[q.table :], q.graded, q.group == q.channels
    layout, single = layout_of(q.bytes, q.narrow), q.kind == DENSE
    shape, steps = (q.rows, q.parts, q.width), (q.line_step, q.part_step)
    e = begin
    while e < end:
        number = np.int64(events[e])
        pixel = 0 if single else np.int64(np.uint32(number) // np.uint32(channels))
        to = pixels[2 * pixel + 1]
        if to < 0:
            e += 1
            continue
        start = pixel * channels
        first = base + pixels[2 * pixel] - start * kernel_size
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
    """What spikes bring through one projection, unshifted: ``events[begin:end]`` of ``place``.

    ``weights``: the three pools; ``sums``: of 16 and of 32 bits; the row says which it uses.
    """
    if q.kind == SPARSE:
        hear_sparse(q, events, payloads, place, weights, sums, table, targets)
    else:
        hear_blocks(q, events, payloads, place, weights, sums, table)


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
