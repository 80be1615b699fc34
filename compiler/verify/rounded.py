"""What became of weights when they were rounded to the chip's grid."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from snnc.ir import Graph
from snnc.ir.scaling import weights_of

BINS = 48
"""Of the histogram of a projection's weights."""


@dataclass(frozen=True)
class RoundedWeights:
    """The weights of one projection before and after, in thresholds of the neurons that hear them.

    Attributes:
        projection: its label.
        bits: of a weight, sign included.
        count: how many weights there are.
        errors: by channel that hears them, the length of the difference relative to that of the weights
            before; 0 for a channel without weights.
        edges: of the histogram's bins.
        before, after: weights in each bin.
    """

    projection: str
    bits: int
    count: int
    errors: tuple[float, ...]
    edges: tuple[float, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def rounded_weights(before: Graph, after: Graph) -> tuple[RoundedWeights, ...]:
    """Compare the weights of two graphs with the same projections.

    Args:
        before: with weights as they were trained, thresholds folded in.
        after: with integers on the chip's grid, as the real numbers that they stand for.
    """
    found = []
    for ours, theirs in zip(before.projections, after.projections, strict=True):
        meant, given = (np.asarray(weights_of(q.op), np.float64) for q in (ours, theirs))
        if not meant.size or meant.shape != given.shape:
            continue
        rows = meant.shape[0] if meant.ndim > 1 else 1
        apart, size = (np.linalg.norm(w.reshape(rows, -1), axis=1) for w in (given - meant, meant))
        errors = np.divide(apart, size, out=np.zeros_like(apart), where=size > 0)
        most = max(float(np.abs(meant).max()), float(np.abs(given).max())) or 1.0
        edges = np.linspace(-most, most, BINS + 1)
        counts = [np.histogram(w, edges)[0] for w in (meant, given)]
        found.append(
            RoundedWeights(
                theirs.label,
                theirs.integers.bits,
                meant.size,
                tuple(float(e) for e in errors),
                tuple(float(e) for e in edges),
                *(tuple(int(n) for n in each) for each in counts),
            )
        )
    return tuple(found)
