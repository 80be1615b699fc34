"""Answers and spike counts of samples in several processes or machines: the same integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.distributing import Piece, Place, Work, carry_out
from snnc.ir import Integers, Program
from snnc.progress import Report
from snnc.sim import Tally, tally

SAMPLES = 64
"""Of a piece: what the simulator computes together at most."""


@dataclass(frozen=True, eq=False)
class Sent:
    """What every worker needs, once: the program, and how it is run (:func:`snnc.sim.tally`)."""

    program: Program
    simulator: str
    answers_only: bool
    threads: int | None


def tally_apart(sent: Sent, x: Integers, place: Place, report: Report) -> Tally:
    """What :func:`snnc.sim.tally` gives for all of ``x`` (samples, frames, \\*input shape).

    Raises:
        UserError: as :func:`snnc.distributing.carry_out`.
    """
    firsts = range(0, max(1, len(x)), SAMPLES)
    pieces = [
        Piece(f"samples {n} to {min(n + SAMPLES, len(x)) - 1}", x[n : n + SAMPLES]) for n in firsts
    ]
    return joined(carry_out(Work(tally_piece, sent, "run"), pieces, place, report))


def tally_piece(sent: Sent, x: Integers) -> Tally:
    """One piece, in whatever process."""
    return tally(
        sent.program,
        x,
        simulator=sent.simulator,
        threads=sent.threads,
        answers_only=sent.answers_only,
    )


def joined(parts: Sequence[Tally]) -> Tally:
    """One tally of all samples, of parts in the order of their samples."""
    return Tally(
        np.concatenate([part.potential for part in parts]),
        _summed([part.spikes for part in parts]),
        _summed([part.events for part in parts]),
        all(part.whole for part in parts),
    )


def _summed(parts: Sequence[dict[str, NDArray[np.int64]]]) -> dict[str, NDArray[np.int64]]:
    return {name: sum((part[name] for part in parts[1:]), parts[0][name].copy()) for name in parts[0]}
