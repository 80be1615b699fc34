"""What registers held in a run: the weaker evidence where ranges cannot be proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from snnc.ir import Integers, Program
from snnc.sim import encode, run_steps
from snnc.sim.reference import ARRIVED, CURRENT

INT32 = 2**31 - 1

SAMPLES = 64
"""More are not run: what is observed is no proof however many there are."""


BATCH = 8
"""Samples that are run together; memory, not meaning."""


@dataclass
class Observed:
    """Extremes of currents before they wrap and of potentials before they saturate, by population.

    Attributes:
        samples: that were run.
        extremes: (population, register) to the smallest and largest value.
        overflows: (population, register) to the number of values that did not fit.
    """

    samples: int
    extremes: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    overflows: dict[tuple[str, str], int] = field(default_factory=dict)

    def as_json(self) -> list[dict[str, Any]]:
        """Plain types, for the manifest."""
        return [
            {
                "population": population,
                "register": register,
                "low": low,
                "high": high,
                "overflows": self.overflows[population, register],
            }
            for (population, register), (low, high) in self.extremes.items()
        ]


def observe(program: Program, counts: Integers, inputs: Mapping[str, int] | None = None) -> Observed:
    """Run the program on the reference simulator and record what its registers would have to hold.

    Args:
        program: the network.
        counts: event counts, (samples, frames, \\*input shape); the first 64 samples are run.
        inputs: the target's limit on what arrives in one step, by population; 32 bits without.
    """
    counts = counts[:SAMPLES]
    observed = Observed(len(counts))
    widths = {p.name: p.neuron.state_bits for p in program.populations if p.neuron is not None}

    def watch(name: str, registers: Mapping[str, Integers]) -> None:
        most, arriving = 2 ** (widths[name] - 1) - 1, (inputs or {}).get(name, INT32)
        for register, values in registers.items():
            other = {ARRIVED: (arriving, arriving), CURRENT: (most, most + 1)}
            _note(observed, (name, register), values, *other.get(register, (most, most)))

    for first in range(0, len(counts), BATCH):
        for _ in run_steps(program, encode(program, counts[first : first + BATCH]), watch):
            pass
    return observed


def _note(seen: Observed, key: tuple[str, str], values: Integers, least: int, most: int) -> None:
    low, high = int(values.min()), int(values.max())
    before = seen.extremes.get(key, (low, high))
    seen.extremes[key] = (min(low, before[0]), max(high, before[1]))
    over = int(np.count_nonzero((values > most) | (values < -least)))
    seen.overflows[key] = seen.overflows.get(key, 0) + over
