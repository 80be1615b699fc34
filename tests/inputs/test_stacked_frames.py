"""Conv3d over stacked frames, with batch normalisation and pooling, from the file to the integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnc
from snnc.errors import UserError
from snnc.frontend import Given, load_model
from snnc.frontend.operations.call import MOST_ELEMENTS

torch = pytest.importorskip("torch")
nn = torch.nn
SHAPE = (2, 6, 8, 8)


def network() -> Any:
    """Two polarities, six frames deep; a quarter of each is left by the poolings."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv3d(2, 4, 3, padding=1, bias=False),
        nn.BatchNorm3d(4),
        nn.ReLU(),
        nn.MaxPool3d((1, 2, 2)),
        nn.Conv3d(4, 4, 3, stride=(2, 1, 1), padding=(0, 1, 1), groups=2),
        nn.ReLU(),
        nn.AvgPool3d((2, 2, 2)),
        nn.Flatten(),
        nn.Linear(16, 5),
    )
    net[1].running_mean.normal_(0, 0.1)
    net[1].running_var.uniform_(0.5, 2)
    return net.eval()


def test_stacked_frames(tmp_path: Path) -> None:
    net = network()
    x = np.random.default_rng(0).poisson(0.7, (24, 1, *SHAPE))
    bundle = snnc.compile(net, "loihi", tmp_path / "out", calibration=x, code="graded")
    with torch.no_grad():
        meant = net(torch.tensor(x[:, 0], dtype=torch.float32)).numpy()
    assert np.abs(bundle.run(x).answers[:, -1] - meant).max() < 0.1 * np.ptp(meant)
    assert bundle.verify(x, samples=2, engine="lava-inprocess").equal


def test_a_saved_module(tmp_path: Path) -> None:
    net = network()
    torch.save(net, tmp_path / "net.pt")
    graph = load_model(tmp_path / "net.pt", given=Given("2,6,8,8")).graph
    assert graph.input.shape == SHAPE
    assert graph.readout.shape == (5,)


def test_a_depth_that_is_no_stack_of_a_few_frames(tmp_path: Path) -> None:
    """All pairs of places in depth would have weights."""
    net = nn.Sequential(nn.Conv3d(1, 64, (9, 1, 1), padding=(4, 0, 0)), nn.ReLU(), nn.Flatten()).eval()
    path = tmp_path / "net.pt2"
    depth = 1100
    assert 64 * depth * depth > MOST_ELEMENTS
    torch.export.save(torch.export.export(net, (torch.zeros(1, 1, depth, 1, 1),)), path)
    with pytest.raises(UserError, match=r"D201(.|\n)*Conv3d with \d+ elements"):
        load_model(path)
