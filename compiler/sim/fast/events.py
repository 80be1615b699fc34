"""Spikes as lists of events: from the input, between populations and chunks, and to whoever records."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import kernel, part
from .vectors import MASK, lowest_bit, mask_of

BEYOND = 1
"""Events that may be written behind the last one of a population, and do not count."""


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


def bytes_for(size: int) -> NDArray[np.int8]:
    """Zeros, one for each of so many neurons, and on to the end of a word of ``MASK`` bytes."""
    return np.zeros((size + MASK - 1) // MASK * MASK, np.int8)


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


@kernel
def list_input(
    spikes: Any,
    channels: int,
    row: int,
    depth: int,
    lists: Any,
    payloads_between: tuple[int, int],
    some: Any,
) -> Any:
    """The input's events of a chunk: ``spikes`` (samples, steps, size) in the program's order.

    Args:
        spikes: as said.
        channels: so many equal parts of them lie interleaved in the kernels' order.
        row, depth: of the input.
        lists: where they go.
        payloads_between: the smallest and the largest that there may be.
        some: room for the bytes of a word, zeros.

    Returns:
        A payload that is not within these, 0 where all are: what kernels take for granted goes by them.
    """
    beyond: Any = 0
    low, high = payloads_between
    events, payloads, begin, end, free = lists
    samples, steps, size = spikes.shape
    at, pixels, whole = free[row], size // channels, size // MASK * MASK
    for s in range(samples):
        for k in range(steps):
            now, channel, last = spikes[s, k], 0, pixels
            begin[s, row, depth + k] = at
            for word in range(0, size, MASK):
                if word < whole:
                    mask: Any = mask_of(now, word)
                else:
                    for j in range(whole, size):
                        some[j - whole] = now[j] != 0
                    mask = mask_of(some, 0)
                while mask != 0:
                    number = word + lowest_bit(mask)
                    mask &= mask - np.uint64(1)
                    while number >= last:
                        channel, last = channel + 1, last + pixels
                    payload = np.int64(now[number])
                    if payload < low or payload > high:
                        beyond = payload
                    events[at] = (number - last + pixels) * channels + channel
                    payloads[at] = payload
                    at += 1
            end[s, row, depth + k] = at
    free[row] = at
    return beyond


@kernel
def carry_over(populations: Any, lists: Any, steps: int) -> None:
    """Move each population's latest events to the front, for the delays of the next chunk.

    In a chunk of fewer steps than delays hold, a sample's events are in two places, before and behind
    those of the samples after it: they are copied, so that none is written over before it is read.
    """
    events, payloads, begin, end, free = lists
    for row in range(len(populations)):
        p = populations[row]
        base = at = p.events
        old, old_payloads = events[base : free[row]], payloads[base : free[row]]
        if steps < p.depth:
            old, old_payloads = old.copy(), old_payloads.copy()
        for s in range(len(begin)):
            for k in range(p.depth):
                first = at
                for e in range(begin[s, row, steps + k], end[s, row, steps + k]):
                    events[at], payloads[at] = old[e - base], old_payloads[e - base]
                    at += 1
                begin[s, row, k], end[s, row, k] = first, at
        free[row] = at


@kernel
def write_spikes(
    out: Any,
    place: tuple[int, int],
    steps: int,
    row: int,
    first: int,
    order: Any,
    graded: bool,
    lists: Any,
) -> None:
    """One population's events as (samples, steps, size) in the program's order.

    ``out[place]`` (sample, step) is where the block's first step goes, which is ``first`` in ``begin``.
    """
    events, payloads, begin, end, _ = lists
    sample, step = place
    for s in range(len(begin)):
        for k in range(steps):
            now = out[sample + s, step + k]
            for e in range(begin[s, row, first + k], end[s, row, first + k]):
                now[order[events[e]]] = payloads[e] if graded else 1


@kernel
def write_sent(
    out: Any,
    samples: Any,
    steps: Any,
    row: int,
    first: int,
    order: Any,
    graded: bool,
    lists: Any,
) -> None:
    """One population's events of some samples and steps, as (as many, size) in the program's order.

    ``samples``, ``steps``: which; step 0 is ``first`` in ``begin``.
    """
    events, payloads, begin, end, _ = lists
    for i in range(len(samples)):
        s, k = samples[i], first + steps[i]
        for e in range(begin[s, row, k], end[s, row, k]):
            out[i, order[events[e]]] = payloads[e] if graded else 1


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
