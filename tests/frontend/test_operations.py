"""Every operation: the graph, in floats, equals torch on random shapes, before and after folding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.frontend.operations.activations import ACTIVATIONS
from snnc.frontend.operations.piecewise import PIECEWISE
from snnc.frontend.torch_export.reader import RULES
from snnc.ir import Conv2d, Target
from snnc.passes import Context, Pipeline
from snnc.sim.analog import run_frames

from .operations import NOT_DECOMPOSED, OPERATIONS

Exporter = Callable[..., Path]
SHAPES = 4


class Net(nn.Module):
    """The operation, a ReLU, and a classifier of two classes."""

    def __init__(self, operation: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> None:
        super().__init__()
        self.operation = operation
        with torch.no_grad():
            size = operation(torch.zeros(1, *shape)).numel()
        self.weight = nn.Parameter(torch.randn(2, size))

    def forward(self, x: Tensor) -> Tensor:
        """One frame, (1, ...)."""
        return nn.functional.linear(torch.relu(self.operation(x)).flatten(1), self.weight)


def compare(name: str, seed: int, export: Exporter, decomposed: bool) -> None:
    torch.manual_seed(seed)
    operation, shape = OPERATIONS[name](np.random.default_rng([seed, len(name)]))
    frames = np.random.default_rng(seed).normal(size=(3, 1, *shape))
    whole = Net(operation, shape).eval()
    path = export(whole, shape, decomposed=decomposed)
    graph = load_model(path).graph
    with torch.no_grad():
        expected = np.array([whole(torch.tensor(f, dtype=torch.float32))[0].numpy() for f in frames])
    found = run_frames(graph, frames)
    atol = 1e-5 * max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found[graph.readout.name][:, 0], expected, atol=atol)
    folded = Pipeline.parse("fold-batch-norm,fold-linear-chains").run(graph, Context(Target("test")))
    for population, values in run_frames(folded, frames).items():
        np.testing.assert_allclose(values, found[population], atol=1e-9)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OPERATIONS)
def test_equals_torch(name: str, export: Exporter) -> None:
    for seed in range(SHAPES):
        compare(name, seed, export, decomposed=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OPERATIONS)
def test_equals_torch_decomposed(name: str, export: Exporter) -> None:
    if name in NOT_DECOMPOSED:
        with pytest.raises(UserError, match="is not supported"):
            compare(name, 0, export, decomposed=True)
    else:
        compare(name, 0, export, decomposed=True)


def test_zero_padding_stays_a_convolution(export: Exporter) -> None:
    net = nn.Sequential(nn.ZeroPad2d((1, 0, 2, 1)), nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten())
    graph = load_model(export(net, (2, 6, 6))).graph
    folded = Pipeline.parse("fold-batch-norm,fold-linear-chains").run(graph, Context(Target("test")))
    assert isinstance(folded.projections[0].op, Conv2d)


def test_the_batch_axis_stays_in_front(export: Exporter) -> None:
    class Wrong(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.transpose(0, 1)

    with pytest.raises(UserError, match="the batch axis must stay in front"):
        load_model(export(Wrong(), (3, 4)))


USED_ELSEWHERE = frozenset(
    {
        *(f"snnc.{kind}" for kind in ("alpha_dropout", "dropout", "feature_alpha_dropout")),
        "snnc.feature_dropout",  # dropout that training keeps: tests/training
        "_to_copy",
        "_unsafe_view",
        "alias",
        "contiguous",
        "copy",
        "detach",
        "fill",
        "full",
        "full_like",
        "lift_fresh_copy",
        "mm",
        "new_zeros",
        "ones",
        "ones_like",
        "relu6",
        "t",
        "to",
        "zero",
        "zeros",
        "zeros_like",
    }
)
"""Operations on constants and copies (``networks.py``), and what ``ordinary.py`` uses."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_no_operation_is_without_a_test(export: Exporter) -> None:
    import json

    from .archives import MODEL, members

    unseen = (RULES.keys() | ACTIVATIONS.keys() | PIECEWISE.keys()) - USED_ELSEWHERE
    for decomposed in (False, True):
        for name, draw in OPERATIONS.items():
            if not unseen or (decomposed and name in NOT_DECOMPOSED):
                continue
            operation, shape = draw(np.random.default_rng(0))
            path = export(Net(operation, shape).eval(), shape, decomposed=decomposed)
            nodes = json.loads(members(path)[MODEL])["graph_module"]["graph"]["nodes"]
            unseen -= {node["target"].split(".")[3].rstrip("_") for node in nodes}
    assert not unseen
