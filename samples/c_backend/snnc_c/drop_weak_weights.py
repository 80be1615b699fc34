"""Pass ``drop-weak-weights``: connections that hardly count are taken out, so that tables shrink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import ClassVar

import numpy as np

from snnc.bounds import SHARE, Bounds
from snnc.ir import Graph, Projection
from snnc.ir.scaling import weights_of, with_weights
from snnc.passes import Context, Fact, Pass


@dataclass(frozen=True)
class DropWeakWeights(Pass):
    """Set weights to zero that are small beside the largest that their population hears.

    A matrix with enough zeros is stored as a list of its connections, which takes less flash and
    time; in a convolution only time is saved by zeros, and only on chips that look. All projections
    into a population are measured by one weight, because they add up in one neuron. It runs before
    thresholds are balanced, which then fit the network that is left.

    Options:
        below: fraction of the largest weight, from 0 (drops nothing) to below 1.
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "drop-weak-weights"
    requires: ClassVar[frozenset[Fact]] = frozenset({Fact.SINGLE_OPS})
    destroys: ClassVar[frozenset[Fact]] = frozenset({Fact.BALANCED, Fact.QUANTIZED})

    bounds: ClassVar[Mapping[str, Bounds]] = {"below": SHARE}

    below: float = 0.0

    def run(self, graph: Graph, context: Context) -> Graph:
        if self.below == 0:
            return graph
        largest = {
            population.name: max(
                (float(np.abs(weights_of(p.op)).max(initial=0)) for p in graph.into(population.name)),
                default=0.0,
            )
            for population in graph.populations
        }
        return graph.with_projections(
            self._thinned(p, self.below * largest[p.target], context) for p in graph.projections
        )

    def _thinned(self, projection: Projection, least: float, context: Context) -> Projection:
        """A projection without its weights below ``least``; what that costs is said."""
        weights = weights_of(projection.op)
        weak = (np.abs(weights) < least) & (weights != 0)
        if not weak.any():
            return projection
        lost = float(np.sum(weights[weak] ** 2) / np.sum(weights**2))
        what = f"{int(weak.sum())} of {weights.size} weights dropped, {lost:.2%} of their squares' sum"
        context.note("C702", what, where=projection.origin or projection.label)
        kept = with_weights(projection.op, np.where(weak, 0.0, weights))
        return changed(projection, ops=(kept,))
