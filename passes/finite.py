"""Numbers that left what a float holds: found after the pass that made them so."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import fields

import numpy as np
import scipy.sparse as sparse

from snnc.errors import Diagnostic
from snnc.ir import Array, Graph, Op


def too_large(graph: Graph, culprit: str, known: Container[int] = ()) -> list[Diagnostic]:
    """D147 for each weight, bias and threshold of a graph that is infinite or no number.

    What the front end reads is finite. Products and quotients of it need not be: weights of 1e300 in a
    row, a threshold of 1e-320.

    Args:
        graph: what a pass gave.
        culprit: its name.
        known: identities of weights that it was given, which were looked at then.
    """
    found = []
    for projection in graph.projections:
        arrays = [a for op in projection.ops for a in _arrays(op) if id(a) not in known]
        if not all(np.isfinite(array).all() for array in arrays):
            found.append(_message(f"{projection.source} -> {projection.target}", "weights", culprit))
    for population in graph.populations:
        for name in ("bias", "threshold"):
            values = getattr(population, name)
            if values is not None and not np.isfinite(values).all():
                found.append(_message(population.name, f"its {name}", culprit))
    return found


def weights_in(graph: Graph) -> Iterator[Array]:
    """All real numbers that a graph's operations hold."""
    for projection in graph.projections:
        for op in projection.ops:
            yield from _arrays(op)


def _arrays(op: Op) -> Iterator[Array]:
    for field in fields(op):
        value = getattr(op, field.name)
        values = value.data if sparse.issparse(value) else value
        if isinstance(values, np.ndarray) and values.dtype.kind == "f":
            yield values


def _message(where: str, what: str, culprit: str) -> Diagnostic:
    return Diagnostic(
        "D147",
        f"{what} beyond {np.finfo(float).max:.1e}, the largest number that can be computed with",
        where,
        why=f"pass {culprit} multiplies weights, or divides them by thresholds, of such sizes",
        help="weights and thresholds of a trained network are around 1: train or export it again",
    )
