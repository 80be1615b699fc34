"""Pass ``fold-thresholds``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from snnc.ir import Array, Graph, Kind, per_channel
from snnc.ir.scaling import scale_inputs, scale_outputs

from .base import Context, Fact, Pass


@dataclass(frozen=True)
class FoldThresholds(Pass):
    """Put thresholds and spike amplitudes into the weights, so that both become 1 everywhere.

    With threshold ``theta`` of the target (per channel or one) and amplitude ``a`` of the source,
    ``W -> a W / theta`` and ``b -> b / theta``: a spike is binary, a population has a single
    threshold, which is what Loihi's populations offer, and no scaling module is left over. Spikes
    are unchanged. Source: snnc's own, for spikes that are worth their threshold
    (Castagnetti et al. 2023).
    """

    interface: ClassVar[int] = 1
    name: ClassVar[str] = "fold-thresholds"
    requires: ClassVar[frozenset[Fact]] = frozenset(
        {Fact.BALANCED, Fact.SINGLE_OPS, Fact.INPUT_ENCODED}
    )
    establishes: ClassVar[frozenset[Fact]] = frozenset({Fact.UNIT_THRESHOLDS})

    def run(self, graph: Graph, context: Context) -> Graph:
        one = np.ones(())
        projections = []
        for projection in graph.projections:
            source, target = graph.by_name[projection.source], graph.by_name[projection.target]
            op = scale_inputs(projection.op, source.amplitude, source.shape)
            op = scale_outputs(op, 1.0 / _threshold(target.threshold), target.shape)
            projections.append(replace(projection, ops=(op,)))
        populations = []
        for p in graph.populations:
            bias = p.bias
            if bias is not None and p.threshold is not None:
                theta = p.threshold if not p.threshold.ndim else per_channel(p.threshold, p.shape)
                bias = bias / theta
            threshold = one if p.kind is Kind.NEURONS else None
            ceiling = p.ceiling
            if ceiling is not None and p.threshold is not None:
                # In the exact codes the threshold is one level, and the quotient their number.
                exact = graph.code.exact and p.levels is not None
                ceiling = np.asarray(float(p.levels or 0)) if exact else ceiling / p.threshold
            populations.append(
                replace(p, bias=bias, threshold=threshold, amplitude=one, ceiling=ceiling)
            )
        return replace(graph.with_projections(projections), populations=tuple(populations))


def _threshold(threshold: Array | None) -> Array:
    return np.ones(()) if threshold is None else threshold
