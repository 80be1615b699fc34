"""Networks that were exported for any batch: the same as for a batch of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.frontend import load_model
from snnc.sim.analog import run_frames


class Viewed(nn.Module):
    """Sizes of the batch in the program: as they are, and times something."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 4, 3), nn.Linear(144, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Any number of images."""
        found = torch.relu(self.conv(x))
        answer: Tensor = self.head(found.view(x.size(0), -1))
        return answer + torch.zeros(x.shape[0], 3)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "layers": lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)),
    "viewed": Viewed,
    "pooled": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("decomposed", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_any_batch(name: str, decomposed: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = NETWORKS[name]().eval()
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(net, (torch.zeros(2, 1, 8, 8),), dynamic_shapes=({0: batch},))
    if decomposed:
        program = program.run_decompositions()
    torch.export.save(program, tmp_path / "net.pt2")
    graph = load_model(tmp_path / "net.pt2").graph
    frames = np.random.default_rng(0).normal(size=(4, 1, 1, 8, 8))
    with torch.no_grad():
        expected = net(torch.tensor(frames[:, 0], dtype=torch.float32)).numpy()
    found = run_frames(graph, frames)[graph.readout.name][:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
