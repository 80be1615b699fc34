"""When each population starts, so that every connection has the time it needs, by a linear program.

A connection that keeps ``steps`` steps between its source's frame and its target's has
``steps + start(target) - start(source)`` steps once both start at their own time. Choosing the starts
is retiming (Leiserson and Saxe 1991); the matrix of the differences is totally unimodular, so that the
linear program gives whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Timed:
    """A connection: the steps that it has before retiming, and how many it must and may have.

    ``cost`` is what each step that it has costs.
    """

    source: str
    target: str
    steps: int
    least: int
    most: int | None
    cost: float


def cheapest_starts(
    names: Sequence[str], connections: Sequence[Timed], late: Mapping[str, float]
) -> dict[str, int] | None:
    """The starts, the smallest 0, at which all connections together cost least.

    Args:
        names: of the populations.
        connections: between them.
        late: among equally cheap starts, what each step that a population starts later costs; 1 where
            a name is missing.

    Returns:
        Steps by name, or None where no starts satisfy every connection.
    """
    index = {name: i for i, name in enumerate(names)}
    cost = np.zeros(len(index))
    rows, bounds = [], []
    for connection in connections:
        row = np.zeros(len(index))
        row[index[connection.target]] += 1
        row[index[connection.source]] -= 1
        cost += row * connection.cost
        rows.append(-row)  # start(source) - start(target) <= steps - least
        bounds.append(connection.steps - connection.least)
        if connection.most is not None:
            rows.append(row)
            bounds.append(connection.most - connection.steps)
    matrix, upper = np.array(rows).reshape(-1, len(index)), np.array(bounds)
    from scipy.optimize import linprog  # takes longer to import than all the rest of snnc

    cheapest = linprog(cost, matrix, upper, bounds=(0, None), method="highs")
    if not cheapest.success:
        return None
    found = linprog(
        np.array([late.get(name, 1.0) for name in names]),
        np.vstack([matrix, cost]),
        np.append(upper, np.rint(cheapest.fun) + 0.5),
        bounds=(0, None),
        integrality=1,
        method="highs",
    )
    starts = np.rint(found.x).astype(int)
    earliest = int(starts.min())
    return {name: int(starts[i]) - earliest for name, i in index.items()}
