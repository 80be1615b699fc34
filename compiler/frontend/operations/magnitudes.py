"""Numbers of a network that no arithmetic after this can hold: products of them leave float64."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sparse

from snnc.errors import Diagnostic, UserError
from snnc.ir import Array, BatchNorm, Conv2d, Graph, Linear, Op, Scale, SparseLinear
from snnc.ir.empty import refuse_empty

DECADES = 30
"""No number of a layer, no bias and no threshold is above 10^30, no threshold below 10^-30: float32, in
which networks are trained, ends at 10^38, and passes multiply and divide a few of them by each other.
Small weights and biases do no harm."""


def refuse_extremes(graph: Graph) -> None:
    """Make sure that every layer has neurons, and weights, biases and thresholds to compute with.

    Raises:
        UserError: D221, one for each layer without neurons; D147, one for each number beyond.
    """
    refuse_empty(graph)
    found = [*_of_projections(graph), *_of_populations(graph)]
    if found:
        raise UserError(*found)


def _of_projections(graph: Graph) -> Iterator[Diagnostic]:
    for p in graph.projections:
        total = 0.0
        for op in p.ops:
            for what, values in _arrays(op):
                decades = _decades(values)
                yield from _extreme(decades, what, p.origin)
                total += decades if what == "weight" and math.isfinite(decades) else 0.0
        yield from _extreme(total, "product of weights", p.origin) if len(p.ops) > 1 else ()


def _of_populations(graph: Graph) -> Iterator[Diagnostic]:
    for p in graph.populations:
        for what in ("bias", "threshold"):
            values = getattr(p, what)
            if values is not None:
                yield from _extreme(_decades(values), what, p.name)
        if p.threshold is not None:
            least = float(np.min(np.abs(p.threshold)))
            yield from _extreme(-math.log10(least) if least else 0.0, "inverse of a threshold", p.name)


def _arrays(op: Op) -> Iterator[tuple[str, Array]]:
    if isinstance(op, Scale):
        yield "weight", op.factor
    elif isinstance(op, BatchNorm):
        with np.errstate(all="ignore"):
            yield "weight", op.factor
            yield "bias", op.shift
    elif isinstance(op, Conv2d | Linear):
        yield "weight", op.weight
        if op.bias is not None:
            yield "bias", op.bias
    elif isinstance(op, SparseLinear):
        yield "weight", sparse.csr_array(op.weight).data


def _decades(values: Any) -> float:
    """log10 of the largest magnitude; 0 where all are 0, infinite where one is no number."""
    array = np.asarray(values, np.float64)
    if not np.all(np.isfinite(array)):
        return math.inf
    largest = float(np.abs(array).max(initial=0.0))
    return math.log10(largest) if largest else 0.0


def _extreme(decades: float, what: str, where: str) -> Iterator[Diagnostic]:
    if decades <= DECADES:
        return
    said = f"about 10^{decades:.0f}" if math.isfinite(decades) else "no finite number"
    yield Diagnostic(
        "D147",
        f"the largest {what} is {said}",
        where,
        f"numbers up to 10^{DECADES} can be computed with",
        "the training diverged, or the file is damaged: train or export again",
    )
