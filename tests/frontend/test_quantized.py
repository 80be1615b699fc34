"""Activations with levels: what torch computes is what the graph means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.frontend.torch_export.torch_run import run_torch
from snnc.sim.analog import run_frames

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from torch import Tensor, nn  # noqa: E402  (only with torch)

from snnc import QuantizedReLU, Rollout  # noqa: E402


def rollout(levels: int, shift: float, bias: bool) -> Rollout:
    torch.manual_seed(levels)
    net = Rollout((2, 6, 6))
    net.node("h1", nn.BatchNorm2d(3) if bias else None, QuantizedReLU(levels, 1.3, shift))
    net.node("h2", activation=QuantizedReLU(levels, 0.7, shift))
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(2, 3, 3, padding=1, bias=bias))
    net.edge("h1", "h2", nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=bias))
    net.edge("h2", "h2", nn.Conv2d(4, 4, 1, bias=bias))
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(36, 3, bias=bias)))
    return net.eval()


@pytest.mark.parametrize("levels", [1, 4, 15])
@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("bias", [False, True])
def test_equals_torch(levels: int, shift: float, bias: bool, tmp_path: Path) -> None:
    net = rollout(levels, shift, bias)
    net.export(tmp_path / "model.pt")
    graph = load_model(tmp_path / "model.pt").graph
    assert [(p.name, p.levels) for p in graph.neurons] == [("h1", levels), ("h2", levels)]
    frames = np.random.default_rng(0).poisson(0.5, (3, 5, 2, 6, 6)).astype(np.float64)
    # In double precision: a sum that lies on the border of two levels is rare then.
    with torch.no_grad():
        expected = net.double()(torch.from_numpy(frames)).numpy()
    assert np.abs(run_frames(graph, frames)["answer"] - expected).max() < 1e-5


def test_rounding_down_keeps_a_network_without_biases_free_of_them(tmp_path: Path) -> None:
    rollout(4, 0.0, bias=False).export(tmp_path / "model.pt")
    graph = load_model(tmp_path / "model.pt").graph
    assert all(p.bias is None for p in graph.populations)
    assert {p.shift for p in graph.neurons} == {0.0}
    rollout(4, 0.5, bias=False).export(tmp_path / "model.pt")
    graph = load_model(tmp_path / "model.pt").graph
    assert all(p.bias is None for p in graph.populations)
    assert {p.shift for p in graph.neurons} == {0.5}


class Step(nn.Module):
    """One step with a state, in a buffer or as an argument."""

    def __init__(self, shift: float, explicit: bool) -> None:
        super().__init__()
        self.a, self.loop, self.b = nn.Linear(4, 6), nn.Linear(6, 6, bias=False), nn.Linear(6, 3)
        self.act, self.explicit = QuantizedReLU(8, 1.5, shift), explicit
        if not explicit:
            self.register_buffer("h", torch.zeros(1, 6))

    def forward(self, x: Tensor, given: Tensor | None = None) -> Tensor | tuple[Tensor, Tensor]:
        before: Tensor = self.h if given is None else given  # type: ignore[assignment]
        answer: Tensor = self.b(before)
        new = self.act(self.a(x) + self.loop(before))
        if self.explicit:
            return answer, new
        before.copy_(new)
        return answer


@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("mode", ["gradients", "fixed range", "no gradients", "decomposed"])
@pytest.mark.parametrize("states", ["none", "buffer", "argument"])
def test_without_a_rollout(states: str, mode: str, shift: float, tmp_path: Path) -> None:
    """However it is exported: with gradients on, the floor is inside a straight-through sum."""
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(4, 6), QuantizedReLU(8, 1.5, shift), nn.Linear(6, 3)).eval()
    zeros: tuple[Tensor, ...] = (torch.zeros(1, 4),)
    if states != "none":
        net = Step(shift, states == "argument").eval()  # type: ignore[assignment]
        zeros = (*zeros, torch.zeros(1, 6)) if states == "argument" else zeros
    if mode == "fixed range":
        for layer in net.modules():
            if isinstance(layer, QuantizedReLU):
                layer.requires_grad_(False)
    with torch.set_grad_enabled(mode != "no gradients"):
        program = torch.export.export(net, zeros)
    if mode == "decomposed":
        program = program.run_decompositions()
    torch.export.save(program, tmp_path / "net.pt2")
    model = load_model(tmp_path / "net.pt2")
    assert [p.levels for p in model.graph.neurons] == [8]
    frames = np.random.default_rng(0).poisson(0.7, (3, 5, 4))
    found = run_frames(model.graph, frames.astype(np.float64))
    assert model.step is not None
    expected = run_torch(model.step, model.graph.readout.name, frames)
    for name, values in expected.items():
        assert np.abs(found[name] - values).max() < 1e-5


class Straight(nn.Module):
    """Sums that look like a straight-through floor and are none."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.layer, self.out, self.kind = nn.Linear(3, 4), nn.Linear(4, 2), kind

    def forward(self, x: Tensor) -> Tensor:
        z = self.layer(x)
        whole = torch.floor(z)
        total = {
            "twice": lambda: z + 2 * (whole - z).detach(),
            "another": lambda: self.layer(2 * x) + (whole - z).detach(),
            "floor used again": lambda: z + (whole - z).detach() + whole,
            "gap used again": lambda: z + (gap := (whole - z).detach()) + gap,
            "turned": lambda: z + (z - whole).detach(),
        }
        answer: Tensor = self.out(total[self.kind]().clamp(0, 3))
        return answer


@pytest.mark.parametrize("kind", ["twice", "another", "floor used again", "gap used again", "turned"])
def test_what_is_no_straight_through_floor_is_refused(kind: str, tmp_path: Path) -> None:
    program = torch.export.export(Straight(kind).eval(), (torch.zeros(1, 3),))
    torch.export.save(program, tmp_path / "model.pt2")
    with pytest.raises(UserError, match="D201"):
        load_model(tmp_path / "model.pt2")


class Floored(nn.Module):
    """One step that rounds down in a way that is no activation with levels."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.layer, self.out, self.kind = nn.Linear(3, 4), nn.Linear(4, 2), kind

    def forward(self, x: Tensor) -> Tensor:
        whole = torch.floor(self.layer(x))
        cut = {
            "not cut": lambda: whole,
            "cut between levels": lambda: whole.clamp(0, 2.5),
            "no top": lambda: torch.relu(whole),
            "used twice": lambda: whole.clamp(0, 3) + whole,
        }
        answer: Tensor = self.out(cut[self.kind]())
        return answer


@pytest.mark.parametrize("kind", ["not cut", "cut between levels", "no top", "used twice"])
def test_rounding_down_otherwise_is_refused(kind: str, tmp_path: Path) -> None:
    program = torch.export.export(Floored(kind).eval(), (torch.zeros(1, 3),))
    torch.export.save(program, tmp_path / "model.pt2")
    with pytest.raises(UserError) as caught:
        load_model(tmp_path / "model.pt2")
    assert "D201" in str(caught.value) and "QuantizedReLU" in str(caught.value)


def test_gradients_are_those_of_qcfs() -> None:
    act = QuantizedReLU(4, 2.0)
    z = torch.tensor([-1.0, 0.1, 0.8, 1.9, 2.6], requires_grad=True)
    act(z).sum().backward()
    assert z.grad is not None and z.grad.tolist() == [0, 1, 1, 1, 0]
    # Inside (a - z) / range, above 1, below 0 (Bu et al. 2022).
    levels = np.array([0.0, 1.0, 2.0])
    expected = ((levels - np.array([0.1, 0.8, 1.9])) / 2).sum() + 1
    assert act.range.grad is not None and abs(act.range.grad.item() - expected) < 1e-6


def test_training_and_evaluation_put_out_the_same() -> None:
    act = QuantizedReLU(7, 1.7)
    z = torch.randn(1000)
    assert torch.allclose(act.train()(z), act.eval()(z), atol=1e-6)
    assert len(torch.unique(act(z).detach())) <= 8


@pytest.mark.parametrize(
    "wrong", [{"levels": 0}, {"levels": 4, "range": -1.0}, {"levels": 4, "shift": 0.3}]
)
def test_wrong_arguments(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        QuantizedReLU(**wrong)  # type: ignore[arg-type]
