"""What an attacker found: programs rewritten past a write, constants whose kernels check nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import snnc
from snnc.errors import UserError
from snnc.frontend import Given, load_model
from snnc.sim.analog import run_frames

Exporter = Callable[..., Path]
FRAMES = np.random.default_rng(0).normal(size=(1, 5, 1, 6, 6))


class Written(nn.Module):
    """What is pooled or put out is written before it is used."""

    def __init__(self, step: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.step = nn.Conv2d(1, 2, 3, padding=1), step
        self.head = nn.Linear(18, 3, bias=False)
        self.register_buffer("h", torch.zeros(1, 2, 6, 6))
        self.register_buffer("acc", torch.zeros(1, 3))

    def forward(self, x: Tensor) -> Tensor:
        """One frame."""
        return self.step(self, x)


def _pooled_before(net: Any, x: Tensor) -> Tensor:
    pooled = F.max_pool2d(net.h, 2)
    net.h.copy_(torch.relu(net.conv(x)))
    answer: Tensor = net.head(torch.relu(pooled).flatten(1))
    return answer


def _read_before(net: Any, x: Tensor) -> Tensor:
    answer = torch.softmax(net.acc, 1)
    net.acc.copy_(net.head(F.avg_pool2d(torch.relu(net.conv(x)), 2).flatten(1)))
    return answer


def _pooled_twice(net: Any, x: Tensor) -> Tensor:
    pooled = F.max_pool2d(net.conv(x), 2)
    answer: Tensor = net.head(torch.add(torch.relu(pooled), pooled).flatten(1))
    return answer


@pytest.mark.filterwarnings("ignore")
def test_what_is_pooled_and_used_twice_stays_what_it_is(export: Exporter) -> None:
    """Behind the activation it would not be the sum's second number any more."""
    with pytest.raises(UserError, match=r"(?s)error\[D201\].*max_pool2d"):
        load_model(export(Written(_pooled_twice).eval(), (1, 6, 6)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("step", [_pooled_before, _read_before])
def test_a_program_is_rewritten_at_the_place_of_what_it_reads(
    step: Callable[[Any, Tensor], Tensor], export: Exporter
) -> None:
    torch.manual_seed(0)
    net = Written(step).eval()
    path = export(net, (1, 6, 6))
    frames = torch.tensor(FRAMES[0][:, None], dtype=torch.float32)
    with torch.no_grad():
        expected = np.array([net(frame)[0].numpy() for frame in frames])
    graph = load_model(path).graph
    found = run_frames(graph, FRAMES)[graph.readout.name][0]
    if step is _read_before:  # it decides as the sums do
        assert np.array_equal(found[1:].argmax(1), expected[1:].argmax(1))
    else:
        np.testing.assert_allclose(found, expected, atol=1e-5)


class Constant(nn.Module):
    """Something that is computed from constants alone."""

    def __init__(self, compute: Callable[[Any], Tensor], **buffers: Tensor) -> None:
        super().__init__()
        self.compute = compute
        for name, values in buffers.items():
            self.register_buffer(name, values)

    def forward(self, x: Tensor) -> Tensor:
        """One vector of four."""
        return torch.relu(x) * self.compute(self)


INT8 = torch.tensor([100, -100, 27, 3], dtype=torch.int8)
SAME = {
    "wraps": Constant(lambda net: (net.w + net.w).float(), w=INT8),
    "times": Constant(lambda net: (net.w * 2).float(), w=INT8),
    "bool": Constant(lambda net: (net.w + net.w).float(), w=INT8 > 0),
    "half": Constant(lambda net: net.w.half().float(), w=torch.tensor([0.1, 0.2, 0.3, 0.7])),
    "whole": Constant(lambda net: torch.full_like(net.w, 2.7).float(), w=torch.arange(4)),
    "abs": Constant(lambda net: net.w.abs(), w=torch.randn(1, 4)),
    "maximum": Constant(lambda net: torch.maximum(net.w, -net.w), w=torch.randn(1, 4)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SAME)
def test_constants_are_what_torch_computes(name: str, export: Exporter) -> None:
    net = SAME[name].eval()
    graph = load_model(export(net, (4,))).graph
    frames = np.random.default_rng(1).normal(size=(3, 1, 4))
    expected = net(torch.tensor(frames[:, 0], dtype=torch.float32)).numpy()
    found = run_frames(graph, frames)[graph.readout.name][:, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert len(graph.neurons) == 1


WRONG = {
    "lengths": Constant(
        lambda net: torch.ops.aten._weight_norm_interface(net.v, net.g, 0)[0][:1],
        v=torch.full((5000, 4), 3.0),
        g=torch.ones(1, 1),
    ),
    "whole-division": Constant(
        lambda net: torch.div(net.a, net.b, rounding_mode="trunc").float(),
        a=torch.full((4,), -(2**63)),
        b=torch.full((4,), -1),
    ),
    "memory": Constant(lambda net: net.w.expand(1 << 29).sum(), w=torch.ones(1)),
    "memory-of-sums": Constant(lambda net: (net.w.expand(1 << 29) + 1.0)[:4], w=torch.ones(1)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WRONG)
def test_what_torch_does_not_check_is_refused(name: str, tmp_path: Path) -> None:
    program = torch.export.export(WRONG[name].eval(), (torch.zeros(1, 4),))
    torch.export.save(program, tmp_path / "net.pt2")
    with pytest.raises(UserError, match=r"D20[19]"):
        load_model(tmp_path / "net.pt2")


class Rolled(nn.Module):
    """All elements in a row."""

    def forward(self, x: Tensor) -> Tensor:
        """One image."""
        return torch.relu(x).roll(5).flatten(1)


@pytest.mark.filterwarnings("ignore")
def test_rolled_without_axes(export: Exporter) -> None:
    graph = load_model(export(Rolled(), (2, 3))).graph
    frames = np.random.default_rng(1).normal(size=(1, 1, 2, 3))
    expected = Rolled()(torch.tensor(frames[:, 0])).numpy()
    np.testing.assert_allclose(run_frames(graph, frames)[graph.readout.name][0], expected)


CODE = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)
    def forward(self, x):
        return self.fc(x)
"""


def _state(value: float, prefix: str = "") -> dict[str, Any]:
    return {f"{prefix}fc.weight": torch.full((2, 4), value), f"{prefix}fc.bias": torch.zeros(2)}


@pytest.mark.parametrize(
    "content",
    [
        {**_state(1), **_state(2, "ema.")},
        {**_state(1), **_state(2, "module.")},
        {"state_dict": {**_state(1), "_extra": 5}, "ema": _state(2)},
        {"state_dict": {**_state(1), "x": None}, "momentum": _state(7)},
        {"fc.weight": torch.full((2, 4), 3 + 4j), "fc.bias": torch.zeros(2)},
    ],
)
def test_no_other_weights_are_taken(
    content: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "attacked.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(UserError, match=r"D104|D127"):
        load_model(tmp_path / "net.pt", given=Given("4", "attacked:Net"))


def test_threads_leave_the_process_as_it_was() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    failed: list[UserError] = []

    def work() -> None:
        try:
            snnc.compile(net, "reference", calibration=np.ones((8, 2, 4), int))
        except UserError as problem:
            failed.append(problem)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and logging.root.manager.disable == 0
