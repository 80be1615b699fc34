"""The graph that was read computes what torch computes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from snnc import Rollout
from snnc.frontend import load_model
from snnc.ir import BatchNorm, Kind
from snnc.sim.analog import run_frames

from .networks import NETWORKS, Delays

Step = Callable[[nn.Module, NDArray[Any]], NDArray[Any]]


DECOMPOSED = (
    "groups",
    "norm",
    "pool",
    "adaptive",
    "residual",
    "delays",
    "factors",
    "mean",
    "accumulating",
    "accumulating-late",
    "accumulating-in-place",
)


@pytest.mark.parametrize(
    ("name", "decomposed"),
    [*((name, False) for name in NETWORKS), *((name, True) for name in DECOMPOSED)],
)
def test_equals_torch(name: str, decomposed: bool, export: Callable[..., Path], step: Step) -> None:
    torch.manual_seed(len(name))
    build, shape = NETWORKS[name]
    net = build()
    graph = load_model(export(net, shape, decomposed=decomposed)).graph
    frames = np.random.default_rng(1).normal(size=(2, 6, *shape))
    found = run_frames(graph, frames)[graph.readout.name]
    np.testing.assert_allclose(found, step(net, frames), rtol=1e-5, atol=1e-5)


def rollout(accumulate: bool) -> Rollout:
    """Recurrent, delays 1 to 3, batch normalisation behind an edge and behind a sum."""
    net = Rollout((2, 8, 8))
    net.node("h1", norm=nn.BatchNorm2d(4))
    net.node("h2")
    net.readout("answer", accumulate=accumulate)
    net.edge("input", "h1", nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)))
    net.edge("h1", "h1", nn.Conv2d(4, 4, 3, padding="same"), delay=2)
    pooled = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(64, 10))
    net.edge("h1", "h2", pooled, delay=3)
    net.edge("h2", "answer", nn.Linear(10, 5))
    net.edge("input", "answer", nn.Sequential(nn.Flatten(), nn.Linear(128, 5)), delay=2)
    net.train()
    net(torch.rand(3, 5, 2, 8, 8))
    net.eval()
    return net


@pytest.mark.parametrize("accumulate", [False, True])
def test_rollout(accumulate: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = rollout(accumulate)
    counts = np.random.default_rng(2).integers(0, 3, (2, 7, 2, 8, 8))
    net.export(tmp_path / "net.pt", calibration=counts)
    model = load_model(tmp_path / "net.pt")
    with torch.no_grad():
        expected = net(torch.tensor(counts, dtype=torch.float32)).numpy()
    found = run_frames(model.graph, counts)
    np.testing.assert_allclose(found["answer"], expected, atol=1e-5)
    assert model.calibration is not None
    assert np.array_equal(model.calibration, counts)
    assert model.graph.name == "net"
    assert model.graph.readout.accumulate is accumulate
    assert [(p.name, p.kind, p.shape) for p in model.graph.populations] == [
        ("input", Kind.INPUT, (2, 8, 8)),
        ("h1", Kind.NEURONS, (4, 8, 8)),
        ("h2", Kind.NEURONS, (10,)),
        ("answer", Kind.READOUT, (5,)),
    ]
    assert [(q.label, q.frames, q.origin) for q in model.graph.projections] == [
        ("input -> h1", 1, "input_to_h1.0, input_to_h1.1, h1.norm"),
        ("h1 -> h1", 2, "h1_to_h1, h1.norm"),
        ("h1 -> h2", 3, "h1_to_h2.0, h1_to_h2.1, h1_to_h2.2"),
        ("h2 -> answer", 1, "h2_to_answer"),
        ("input -> answer", 2, "input_to_answer.0, input_to_answer.1"),
    ]


def test_shift_is_added_once(tmp_path: Path) -> None:
    """Batch normalisation behind a sum: the first projection carries its shift, and only that."""
    rollout(accumulate=False).export(tmp_path / "net.pt")
    graph = load_model(tmp_path / "net.pt").graph
    first, second = graph.into("h1")
    assert isinstance(first.ops[-1], BatchNorm)
    assert second.ops[-1].constant((4, 8, 8)) is None
    assert all(p.bias is None for p in graph.populations)


def test_delays_and_names(export: Callable[..., Path]) -> None:
    graph = load_model(export(Delays(), (2, 8, 8))).graph
    assert [(q.source, q.target, q.frames) for q in graph.projections] == [
        ("input", "relu", 1),
        ("relu", "relu", 2),
        ("relu", "readout", 0),
        ("input", "readout", 3),
        ("input", "readout", 0),
    ]


def test_names_of_shared_modules(export: Callable[..., Path]) -> None:
    graph = load_model(export(NETWORKS["passing"][0](), (6,))).graph
    assert [p.name for p in graph.populations] == ["input", "act", "act_2", "readout"]
    assert graph.into("readout")[0].frames == 0


def test_float64_and_no_calibration(export: Callable[..., Path]) -> None:
    model = load_model(export(NETWORKS["conv"][0](), (2, 8, 8)))
    assert model.calibration is None
    assert len(model.digest) == 64
    (conv,) = model.graph.projections[0].ops
    assert conv.matrix((2, 8, 8)).dtype == np.float64


def test_needs_no_torch(tmp_path: Path) -> None:
    rollout(accumulate=True).export(tmp_path / "net.pt", np.ones((1, 2, 2, 8, 8), int))
    program = (
        "import sys, pathlib; sys.modules['torch'] = None\n"
        "from snnc.frontend import load_model\n"
        "print(load_model(pathlib.Path(sys.argv[1])).graph.readout.name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "net.pt")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "answer\n"
