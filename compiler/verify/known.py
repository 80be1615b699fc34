"""What proofs of one program have in common: a population that hears the same does the same.

Proofs for other counts of the input differ in the first populations; behind them neurons mostly can
send what they could send before, at most one spike a step and K a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnc.ir import Array, Extent, ProgramPopulation

from .summed import Sent


@dataclass(frozen=True)
class Range:
    """How far one register of one population can go, and how far it may; all in integers.

    ``neuron`` is the index of the neuron that comes nearest to the limit.
    """

    population: str
    register: str
    low: int
    high: int
    least: int
    most: int
    neuron: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Whether no input can make the register wrap or saturate."""
        return self.least <= self.low and self.high <= self.most

    def as_json(self) -> dict[str, Any]:
        """Plain types, for the manifest."""
        return {
            "population": self.population,
            "register": self.register,
            "low": self.low,
            "high": self.high,
            "least": self.least,
            "most": self.most,
        }


@dataclass(frozen=True, eq=False)
class Settled:
    """What is proved of a population: ranges, how many frames its potential lasts, what it sends."""

    ranges: tuple[Range, ...]
    frames: int | None
    sent: Sent


class KnownRanges:
    """Populations of one program, with what they hear and what was proved for it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int | None], tuple[tuple[Sent, ...], Settled]] = {}

    def find(
        self, population: ProgramPopulation, frames: int | None, heard: Sequence[Sent]
    ) -> Settled | None:
        """What was proved where the population hears the same; None where that is not known.

        Args:
            population: of standard neurons.
            frames: over which its potential is bounded.
            heard: what each source can send, in the order of the projections.
        """
        before, settled = self._known.get(_key(population, frames), ((), None))
        if settled is None or not all(map(_same, before, heard)):
            return None
        return settled

    def keep(
        self,
        population: ProgramPopulation,
        frames: int | None,
        heard: Sequence[Sent],
        settled: Settled,
    ) -> None:
        """Remember a population; what was known of it is forgotten."""
        self._known[_key(population, frames)] = tuple(heard), settled


def _key(population: ProgramPopulation, frames: int | None) -> tuple[str, int | None]:
    """Neurons that are cleared in every frame are the same after any number of frames."""
    neuron = population.dynamics
    cleared = neuron.clear_interval and not neuron.sums_changes
    return population.name, None if cleared else frames


def _same(one: Sent, two: Sent) -> bool:
    return one is two or (
        _same_extent(one.step, two.step)
        and _same_extent(one.frame, two.frame)
        and _same_extent(one.whole, two.whole)
    )


def _same_extent(one: Extent | None, two: Extent | None) -> bool:
    if one is None or two is None:
        return one is two
    return _same_values(one.low, two.low) and _same_values(one.high, two.high)


def _same_values(one: Array, two: Array) -> bool:
    return one is two or np.array_equal(one, two)
