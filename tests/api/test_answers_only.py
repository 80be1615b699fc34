"""A run that leaves out what no answer sees counts the same spikes when it is asked for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

import snnc


def test_spike_counts_are_of_all_steps(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layers = [layer for _ in range(6) for layer in (nn.Linear(12, 12), nn.ReLU())]
    x = np.random.default_rng(0).integers(0, 9, (20, 1, 12))
    net = nn.Sequential(*layers, nn.Linear(12, 3))
    bundle = snnc.compile(
        net,
        "reference",
        tmp_path / "deep.bundle",
        code="graded",
        calibration=x,
        input_shape=(12,),
    )
    part, whole = bundle.run(x), bundle.run(x, operations=True)
    assert not part.tallied.whole and whole.tallied.whole
    assert np.array_equal(part.potential, whole.potential) and part.potential.any()
    assert sum(e.sum() for e in part.tallied.events.values()) < sum(
        e.sum() for e in whole.events.values()
    )
    for name, counts in whole.spike_counts.items():
        assert np.array_equal(part.spike_counts[name], counts), name
        assert np.array_equal(part.events[name], whole.events[name]), name
    assert part.cost.as_json() == whole.cost.as_json()
