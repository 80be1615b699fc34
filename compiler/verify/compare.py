"""Two traces of the same program, compared value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Kind, Program, Trace

from .around import Around, around

SPIKES, POTENTIAL = "spikes", "potential"
"""What is compared of a population (``quantity``)."""


@dataclass(frozen=True)
class Divergence:
    """The first place where two runs differ: earliest step, then population in data order.

    ``neuron`` is the index along the population's axes, ``step`` counts from 1, ``sample`` from 0.
    ``around`` is what both did next to it.
    """

    population: str
    quantity: str
    sample: int
    step: int
    neuron: tuple[int, ...]
    expected: int
    actual: int
    around: Around

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            **{f.name: getattr(self, f.name) for f in fields(self)},
            "neuron": list(self.neuron),
            "around": self.around.as_json(),
        }


@dataclass(frozen=True)
class PopulationResult:
    """How one quantity of a population compares: values, how many differ, spikes that were expected."""

    population: str
    quantity: str
    neurons: int
    compared: int
    mismatches: int
    spikes: int


@dataclass(frozen=True)
class Comparison:
    """The whole comparison.

    ``unread``: hidden populations whose potentials were asked for and could not be compared, with the
    reason that the engine gave. ``left_out``: hidden populations of which nothing was compared, because
    only some were asked for.
    """

    samples: int
    steps: int
    populations: tuple[PopulationResult, ...]
    first_divergence: Divergence | None
    unread: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()

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
            "first_divergence": None if first is None else first.as_json(),
            "unread": dict(self.unread),
            "left_out": list(self.left_out),
        }


def compare(
    program: Program,
    expected: Trace,
    actual: Trace,
    *,
    potentials: bool = False,
    only: frozenset[str] | None = None,
) -> Comparison:
    """Compare every spike of every population at every step, and the readout's potential.

    The input is left out: it is what both runs were given.

    Args:
        program: what both ran.
        expected: of a simulator of ours.
        actual: of an engine.
        potentials: also compare the potentials of hidden populations, but for those that ``actual``
            names as unread.
        only: the hidden populations that are compared; None for all. The readout always is.

    Raises:
        ValueError: a population is missing from a trace, or shapes differ (an engine's bug).
    """
    results: list[PopulationResult] = []
    found: list[Divergence] = []
    samples = steps = 0
    for name, quantity in compared_quantities(program, potentials, actual.unread, only):
        left, right = _values(expected, name, quantity), _values(actual, name, quantity)
        if left.shape != right.shape:
            raise ValueError(f"{quantity} of {name}: {left.shape} against {right.shape}")
        samples, steps = left.shape[:2]
        differs = left != right
        results.append(
            PopulationResult(
                name,
                quantity,
                int(np.prod(left.shape[2:])),
                left.size,
                int(np.count_nonzero(differs)),
                int(np.count_nonzero(left)) if quantity == SPIKES else 0,
            )
        )
        if results[-1].mismatches:
            found.append(_first(name, quantity, differs, left, right))
    first = min(found, key=lambda d: d.step, default=None)  # of equals the first in the program's order
    unread = tuple(actual.unread.items()) if potentials else ()
    left_out = tuple(name for name in hidden(program) if only is not None and name not in only)
    return Comparison(samples, steps, tuple(results), first, unread, left_out)


def hidden(program: Program) -> tuple[str, ...]:
    """The populations between input and readout."""
    return tuple(p.name for p in program.populations if p.kind is Kind.NEURONS)


def compared_quantities(
    program: Program,
    potentials: bool,
    unread: Mapping[str, str],
    only: frozenset[str] | None = None,
) -> Iterator[tuple[str, str]]:
    """What is compared, in the order in which it is shown: (population, quantity)."""
    for population in program.populations:
        if population.neuron is None:
            continue
        if population.kind is Kind.NEURONS and only is not None and population.name not in only:
            continue
        fires = population.neuron.threshold is not None
        if fires:
            yield population.name, SPIKES
        if not fires or (potentials and population.name not in unread):
            yield population.name, POTENTIAL


def _values(trace: Trace, name: str, quantity: str) -> NDArray[np.int32]:
    values = (trace.spikes if quantity == SPIKES else trace.potentials).get(name)
    if values is None:
        raise ValueError(f"no {quantity} of {name}")
    return values


def _first(
    name: str, quantity: str, differs: NDArray[np.bool_], left: NDArray[Any], right: NDArray[Any]
) -> Divergence:
    """The earliest step that differs, there the first sample and neuron."""
    by_step = np.moveaxis(differs, 1, 0)
    place = np.unravel_index(int(np.argmax(by_step)), by_step.shape)
    step, sample, *neuron = (int(i) for i in place)
    at = (sample, step, *neuron)
    both = int(left[at]), int(right[at])
    near = around(left, right, sample, step, tuple(neuron))
    return Divergence(name, quantity, sample, step + 1, tuple(neuron), *both, near)


def joined(parts: Sequence[Comparison]) -> Comparison:
    """Comparisons of one block of samples after the other, as if they had been one.

    Args:
        parts: of the same program, in the order of their samples; at least one.
    """
    rows = []
    for same in zip(*(part.populations for part in parts), strict=True):
        total = {
            what: sum(getattr(row, what) for row in same)
            for what in ("compared", "mismatches", "spikes")
        }
        rows.append(replace(same[0], **total))
    order = {(row.population, row.quantity): number for number, row in enumerate(rows)}
    found, before = [], 0
    for part in parts:
        if part.first_divergence is not None:
            first = part.first_divergence
            found.append(replace(first, sample=first.sample + before))
        before += part.samples
    earliest = min(
        found, key=lambda d: (d.step, order[d.population, d.quantity], d.sample), default=None
    )
    return replace(parts[0], samples=before, populations=tuple(rows), first_divergence=earliest)
