"""Small real-valued rollout graphs with everything that passes must handle."""

from __future__ import annotations

import numpy as np

from snnc.ir import (
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Flatten,
    Graph,
    Kind,
    Linear,
    Neuron,
    Op,
    Population,
    Projection,
    Scale,
)


def rollout(seed: int = 0, *, recurrent: bool = True, accumulate: bool = True) -> Graph:
    """Two convolutional populations, batch norm, pooling, a shortcut, a loop, a readout."""
    rng = np.random.default_rng(seed)

    def conv(outs: int, ins: int, kernel: int, **options: object) -> Conv2d:
        weight = rng.normal(size=(outs, ins, kernel, kernel)) / np.sqrt(ins * kernel)
        return Conv2d(weight, rng.normal(size=outs) / 4, **options)  # type: ignore[arg-type]

    def norm(channels: int) -> BatchNorm:
        return BatchNorm(
            rng.normal(size=channels) / 4,
            rng.uniform(0.5, 2, channels),
            rng.uniform(0.5, 2, channels),
            rng.normal(size=channels) / 4,
            1e-5,
        )

    def linear(outs: int, ins: int) -> Linear:
        return Linear(rng.normal(size=(outs, ins)) / np.sqrt(ins), rng.normal(size=outs) / 4)

    def projection(source: str, target: str, *ops: Op, frames: int = 1) -> Projection:
        return Projection(source, target, ops, frames, f"{source}_to_{target}")

    populations = (
        Population("input", Kind.INPUT, (2, 8, 8), "x"),
        Population("h1", Kind.NEURONS, (4, 4, 4), "h1", neuron=Neuron()),
        Population("h2", Kind.NEURONS, (3, 4, 4), "h2", neuron=Neuron()),
        Population("out", Kind.READOUT, (5,), "out", accumulate=accumulate),
    )
    projections = [
        projection("input", "h1", conv(4, 2, 3, stride=(2, 2), padding=(1, 1)), norm(4)),
        projection("h1", "h2", conv(3, 4, 3, padding=(1, 1)), norm(3)),
        projection("input", "h2", AvgPool2d((2, 2), (2, 2)), conv(3, 2, 1), Scale(np.array(0.5))),
        projection("h2", "out", AvgPool2d((2, 2), (2, 2)), Flatten(), linear(5, 12)),
        projection("h1", "out", linear(5, 64), frames=2),
    ]
    if recurrent:
        projections.append(projection("h2", "h2", conv(3, 3, 3, padding=(1, 1)), norm(3)))
    return Graph("test", populations, tuple(projections))


def counts(
    samples: int = 6, frames: int = 7, seed: int = 0
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Sparse event counts for :func:`rollout`."""
    return np.random.default_rng(seed).poisson(0.3, (samples, frames, 2, 8, 8)).astype(np.int64)
