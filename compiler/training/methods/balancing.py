"""Thresholds for a network that is about to spike: the compiler's own passes, run on its graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Graph, Target
from snnc.passes import Context, Pipeline
from snnc.passes.balance_thresholds import BalanceThresholds

PASSES = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays{{steps-per-frame={steps}}},encode-input,"
    "restart-frames{{enabled={restart}}},set-neurons{{start-value={start}}},balance-thresholds{{"
    "method={method},percentile={percentile},per={per},scale={scale},samples={samples}}}"
)


# Many arguments: the options of threshold balancing, by name.
def balanced_thresholds(
    graph: Graph,
    counts: NDArray[np.integer[Any]],
    *,
    steps: int,
    method: str = "activation",
    percentile: float = 99.0,
    per: str = "population",
    scale: float = 1.0,
    restart: bool = True,
    start: float = 0.5,
    samples: int = BalanceThresholds.samples,
) -> dict[str, Array]:
    """Threshold balancing (Rathi et al. 2020) as ``snnc compile`` does it.

    Args:
        graph: as the front end gives it.
        counts: calibration data, (samples, frames, *shape).
        steps: time steps of a frame.
        method: ``activation``, ``percentile``, ``maximum`` (STDB's own) or ``bound``.
        percentile: for activation and percentile, in percent.
        per: ``population`` or ``channel``.
        scale: factor on all.
        start: of potentials, in thresholds.
        restart: whether potentials restart at every frame.
        samples: largest number that is used of the calibration data.

    Returns:
        By population, shape () or (channels,), in units of its activations.

    Raises:
        UserError: an option is out of bounds.
    """
    text = PASSES.format(
        steps=steps,
        method=method,
        percentile=percentile,
        per=per,
        scale=scale,
        start=start,
        restart=str(restart).lower(),
        samples=samples,
    )
    context = Context(Target("training"), np.asarray(counts, np.int64))
    balanced = Pipeline.parse(text).run(graph, context)
    found = {p.name: p.threshold for p in balanced.neurons}
    return {name: threshold for name, threshold in found.items() if threshold is not None}
