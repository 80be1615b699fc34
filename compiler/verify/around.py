"""What two runs did around the place where they differ first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEPS, NEURONS = 12, 4
"""How many steps before and after it, and how many neurons on either side, are kept."""


@dataclass(frozen=True)
class Around:
    """Both runs around the first divergence, in its sample and population.

    Attributes:
        first_step: the first of the steps, counted from 1.
        neurons: the neurons next to each other in the population's order, each its index.
        expected, actual: their values, for each neuron those of the steps.
    """

    first_step: int
    neurons: tuple[tuple[int, ...], ...]
    expected: tuple[tuple[int, ...], ...]
    actual: tuple[tuple[int, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "first_step": self.first_step,
            "neurons": [list(neuron) for neuron in self.neurons],
            "expected": [list(row) for row in self.expected],
            "actual": [list(row) for row in self.actual],
        }


def around(
    expected: NDArray[Any], actual: NDArray[Any], sample: int, step: int, neuron: tuple[int, ...]
) -> Around:
    """Cut a window out of two traces.

    Args:
        expected, actual: of one population, (samples, steps, \\*shape).
        sample, step, neuron: where they differ; the step counts from 0 here.
    """
    steps, shape = expected.shape[1], expected.shape[2:]
    place = int(np.ravel_multi_index(neuron, shape))
    who = range(max(0, place - NEURONS), min(int(np.prod(shape)), place + NEURONS + 1))
    when = slice(max(0, step - STEPS), min(steps, step + STEPS + 1))
    rows = [
        tuple(
            tuple(int(v) for v in values)
            for values in trace[sample, when].reshape(when.stop - when.start, -1)[:, list(who)].T
        )
        for trace in (expected, actual)
    ]
    names = tuple(tuple(int(i) for i in np.unravel_index(n, shape)) for n in who)
    return Around(when.start + 1, names, *rows)
