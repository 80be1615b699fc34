"""Pieces of a tensor (chunk, split, unbind) that are changed in place: what else sees the change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.sim.analog import run_frames

Does = Callable[[Tensor], Tensor]


class Net(nn.Module):
    """Something done in place, then a classifier."""

    def __init__(self, does: Does) -> None:
        super().__init__()
        self.does, self.head = does, nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Any:
        """x (1, 6)."""
        return self.head(self.does(x * 1.0))


def first_chunk(x: Tensor) -> Tensor:
    x.chunk(2, 1)[0].mul_(-2)
    return x


def one_of_a_split(x: Tensor) -> Tensor:
    torch.split(x, [1, 5], 1)[1].add_(3)
    return x


def unbound(x: Tensor) -> Tensor:
    x.view(1, 2, 3).unbind(1)[0].mul_(2)
    return x


def whole(x: Tensor) -> Tensor:
    one, two = x.chunk(2, 1)
    x.mul_(2)
    return torch.cat([two, one], 1)


def each_alone(x: Tensor) -> Tensor:
    one, two = x.chunk(2, 1)
    one.relu_()
    two.mul_(-1)
    return torch.cat([two, one], 1)


def saved(does: Does, folder: Path) -> tuple[Path, Net]:
    torch.manual_seed(0)
    net = Net(does).eval()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 6),)), folder / "net.pt2")
    return folder / "net.pt2", net


@pytest.mark.parametrize("does", [first_chunk, one_of_a_split, unbound, whole])
def test_what_sees_a_change_is_not_followed_and_said(does: Does, tmp_path: Path) -> None:
    path, _ = saved(does, tmp_path)
    with pytest.raises(UserError, match=r"D201(.|\n)*changed in place through a view"):
        load_model(path)


def test_pieces_do_not_see_each_other(tmp_path: Path) -> None:
    path, net = saved(each_alone, tmp_path)
    graph = load_model(path).graph
    x = np.random.default_rng(0).normal(size=(4, 1, 6))
    with torch.no_grad():
        meant = net(torch.tensor(x[:, 0], dtype=torch.float32)).numpy()
    np.testing.assert_allclose(run_frames(graph, x)[graph.readout.name][:, 0], meant, atol=1e-5)
