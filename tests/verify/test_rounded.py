"""What the ladder says of rounded weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from snnc.ir import Graph, Kind, Linear, Population, Projection, SignMode, WeightGrid
from snnc.verify.rounded import rounded_weights


def graph(weight: list[list[float]], grid: WeightGrid | None = None) -> Graph:
    populations = (
        Population("input", Kind.INPUT, (2,), "input"),
        Population("answer", Kind.READOUT, (2,), "answer"),
    )
    projection = Projection("input", "answer", (Linear(np.array(weight)),), 0, "w", grid=grid)
    return Graph("net", populations, (projection,))


def test_errors_by_channel_and_histograms() -> None:
    before = graph([[3.0, 4.0], [1.0, 0.0]])
    after = graph([[3.0, 4.5], [1.0, 0.0]])
    after = replace(
        after, projections=(replace(after.projections[0], grid=WeightGrid(8, SignMode.MIXED, 0)),)
    )
    (found,) = rounded_weights(before, after)
    assert (found.projection, found.bits, found.count) == ("input -> answer", 8, 4)
    assert list(found.errors) == pytest.approx([0.1, 0.0])
    assert sum(found.before) == sum(found.after) == 4 and found.edges[-1] == 4.5
    assert found.before != found.after
