"""From event counts a frame to spikes a step, as ``docs/numerics.md`` section "Input" states it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Encoding, Program
from snnc.ir.counts import refuse_fractions

from .room import refuse_long_run


def spread(counts: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """Binary spikes, evenly spread, the first at once: ``ceil(n (j+1) / K)`` after step ``j`` (from 0).

    Args:
        counts: any shape, 0 to ``steps``.
        steps: K, steps a frame.

    Returns:
        0 or 1, shape ``(steps, *counts.shape)``; the sum over the first axis is ``counts``.
    """
    edges = np.arange(steps + 1).reshape(-1, *([1] * counts.ndim))
    return np.diff(-((-edges * counts[None]) // steps), axis=0)


def encode(
    program: Program, frames: NDArray[Any], steps: slice | None = None
) -> NDArray[np.signedinteger[Any]]:
    """The payload of every input spike at every step, 0 where there is no spike.

    Args:
        program: gives the encoding, K and the steps before the input's frame 0.
        frames: event counts, whole numbers of any type, (samples, frames, \\*input shape).
        steps: which steps, counted from 0; all ``program.steps(frames)`` of them where None.

    Returns:
        (samples, steps, \\*input shape), in as few bytes as the counts need. Input steps that come
        after the readout's last step are left out: they cannot reach the answer any more.

    Raises:
        UserError: D506 counts that are not whole numbers; D139 all steps of all samples are more than
            memory holds.
    """
    refuse_fractions(frames, "the counts")
    samples, count = frames.shape[:2]
    if steps is None:
        refuse_long_run(program, samples, program.steps(count))
    per_frame, encoding = program.steps_per_frame, program.input.encoding
    total = slice(0, program.steps(count)) if steps is None else steps
    since = np.arange(total.start, total.stop) - program.input.start
    heard = (since >= 0) & (since < count * per_frame)
    frame, step = np.divmod(since[heard], per_frame)
    twice = 2 if encoding is Encoding.CHANGE else 1  # a change can be as large as all counts' range
    out = np.zeros((samples, len(since), *frames.shape[2:]), _narrowest(frames, twice))
    if encoding in (Encoding.ONCE, Encoding.CHANGE):
        first = np.flatnonzero(heard)[step == 0]
        number = frame[step == 0]
        out[:, first] = frames[:, number]
        if encoding is Encoding.CHANGE:  # nothing comes before the first frame
            out[:, first[number > 0]] -= frames[:, number[number > 0] - 1].astype(out.dtype)
    elif encoding is Encoding.SPREAD:
        sent = spread(np.asarray(frames, np.int64), per_frame)
        out[:, heard] = sent[step, :, frame].swapaxes(0, 1)
    else:
        out[:, heard] = frames[:, frame]
    return out


def _narrowest(counts: NDArray[Any], times: int) -> type[np.signedinteger[Any]]:
    """In which ``times`` the counts are kept, whatever their signs."""
    low, high = times * int(counts.min(initial=0)), times * int(counts.max(initial=0))
    if times > 1:
        low, high = min(low, -high), max(high, -low)
    kinds: tuple[type[np.signedinteger[Any]], ...] = (np.int8, np.int16, np.int32)
    return next((k for k in kinds if np.iinfo(k).min < low and high <= np.iinfo(k).max), np.int64)
