"""Thresholds for a network that is about to spike: the compiler's own passes, run on its graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.ir import Array, Graph, Target, per_channel
from snnc.passes import Context, Pipeline
from snnc.passes.balance_thresholds import BalanceThresholds
from snnc.passes.biases import add_bias
from snnc.passes.correct_rates import CorrectRates
from snnc.passes.fold_thresholds import FoldThresholds

PASSES = (
    "fold-batch-norm,fold-linear-chains,choose-code,match-delays{{steps-per-frame={steps}}},encode-input,"
    "restart-frames{{enabled={restart}}},set-neurons{{start-value={start}}},balance-thresholds{{"
    "method={method},percentile={percentile},per={per},scale={scale},samples={samples}}}"
)


@dataclass(frozen=True)
class Start:
    """What training begins with.

    Attributes:
        thresholds: by population, shape () or (channels,), in units of its activations.
        graph: with the biases for these thresholds.
    """

    thresholds: dict[str, Array]
    graph: Graph


# Many arguments: the options of threshold balancing, by name.
def balanced(
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
    rounds: int = 0,
) -> Start:
    """Threshold balancing (Rathi et al. 2020) and corrected biases, as ``snnc compile`` does them.

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
        samples: largest number that is used of the calibration data, by both.
        rounds: of the pass ``correct-rates``; 0 leaves biases as they are.

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
    found = Pipeline.parse(text).run(graph, context)
    thresholds = {p.name: p.threshold for p in found.neurons if p.threshold is not None}
    if not rounds:
        return Start(thresholds, graph)
    before = FoldThresholds().run(found, context)
    after = CorrectRates(rounds, samples).run(before, context)
    return Start(thresholds, add_bias(graph, _moved(before, after, thresholds)))


def _moved(before: Graph, after: Graph, thresholds: dict[str, Array]) -> Iterator[tuple[str, Array]]:
    """How far biases have moved, in units of activations; they were in thresholds a step."""
    for name, threshold in thresholds.items():
        old, new = before.by_name[name], after.by_name[name]
        if old.bias is not None and new.bias is not None:
            unit = per_channel(threshold, old.shape) if threshold.ndim else threshold
            yield name, np.broadcast_to((new.bias - old.bias) * unit, old.shape)


def balanced_thresholds(
    graph: Graph, counts: NDArray[np.integer[Any]], *, steps: int, percentile: float
) -> dict[str, Array]:
    """Thresholds alone, from a percentile of the activations: :func:`balanced`.

    Args:
        graph: as the front end gives it.
        counts: calibration data, (samples, frames, *shape).
        steps: time steps of a frame.
        percentile: of activations, in percent.

    Raises:
        UserError: an option is out of bounds.
    """
    return balanced(graph, counts, steps=steps, percentile=percentile).thresholds
