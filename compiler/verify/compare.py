"""Two traces of the same program, compared value by value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from snnc.ir import Program, Trace


@dataclass(frozen=True)
class Divergence:
    """The first place where two runs differ: earliest step, then population in data order.

    ``neuron`` is the index along the population's axes, ``step`` counts from 1, ``sample`` from 0.
    """

    population: str
    quantity: str
    sample: int
    step: int
    neuron: tuple[int, ...]
    expected: int
    actual: int


@dataclass(frozen=True)
class PopulationResult:
    """How one population compares: values compared, values that differ, spikes that were expected."""

    population: str
    quantity: str
    neurons: int
    compared: int
    mismatches: int
    spikes: int


@dataclass(frozen=True)
class Comparison:
    """The whole comparison."""

    samples: int
    steps: int
    populations: tuple[PopulationResult, ...]
    first_divergence: Divergence | None

    @property
    def compared(self) -> int:
        """Values compared."""
        return sum(p.compared for p in self.populations)

    @property
    def mismatches(self) -> int:
        """Values that differ."""
        return sum(p.mismatches for p in self.populations)

    def as_json(self) -> dict[str, Any]:
        """Plain types, for ``verify --json``."""
        first = self.first_divergence
        return {
            "samples": self.samples,
            "steps": self.steps,
            "populations": [asdict(p) for p in self.populations],
            "compared": self.compared,
            "mismatches": self.mismatches,
            "first_divergence": None
            if first is None
            else {**asdict(first), "neuron": list(first.neuron)},
        }


def compare(program: Program, expected: Trace, actual: Trace) -> Comparison:
    """Compare every spike of every population at every step, and the readout's potential.

    The input is left out: it is what both runs were given.

    Raises:
        ValueError: a population is missing from a trace, or shapes differ (an engine's bug).
    """
    results = []
    first: Divergence | None = None
    samples = steps = 0
    for population in program.populations:
        if population.neuron is None:
            continue
        fires = population.neuron.threshold is not None
        quantity = "spikes" if fires else "potential"
        left = (expected.spikes if fires else expected.potentials)[population.name]
        right = (actual.spikes if fires else actual.potentials)[population.name]
        if left.shape != right.shape:
            raise ValueError(f"{population.name}: {left.shape} against {right.shape}")
        samples, steps = left.shape[:2]
        differs = left != right
        mismatches = int(np.count_nonzero(differs))
        results.append(
            PopulationResult(
                population.name,
                quantity,
                int(np.prod(population.shape)),
                left.size,
                mismatches,
                int(np.count_nonzero(left)) if fires else 0,
            )
        )
        if not mismatches:
            continue
        # Steps first, so that argmax finds the earliest step, then the first sample and neuron.
        place = np.unravel_index(
            int(np.argmax(np.moveaxis(differs, 1, 0))), np.moveaxis(differs, 1, 0).shape
        )
        step, sample, *neuron = (int(i) for i in place)
        if first is None or step + 1 < first.step:
            at = (sample, step, *neuron)
            first = Divergence(
                population.name,
                quantity,
                sample,
                step + 1,
                tuple(neuron),
                int(left[at]),
                int(right[at]),
            )
    return Comparison(samples, steps, tuple(results), first)
