"""From a graph back to a network that can be trained: the same function, and the way back."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.authoring import FrameNetwork, QuantizedReLU, Rollout, SpikingNeuron
from snnc.errors import UserError
from snnc.frontend import Given, load_model
from snnc.ir import Graph, Population
from snnc.sim.analog import run_frames
from snnc.training.methods.thaw import graph_of, thaw

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "moving_digits"


def assert_same(graph: Graph, net: FrameNetwork, frames: int = 4) -> None:
    """In evaluation the network computes what the graph does, and what its own archive says."""
    counts = np.random.default_rng(0).poisson(0.3, (3, frames, *graph.input.shape))
    expected = run_frames(graph, counts, only=[graph.readout.name])[graph.readout.name]
    with torch.no_grad():
        answers = net.eval()(torch.from_numpy(counts).float()).numpy()
    np.testing.assert_allclose(answers, expected, rtol=1e-4, atol=1e-4)
    again = graph_of(net)
    back = run_frames(again, counts, only=[again.readout.name])[again.readout.name]
    np.testing.assert_allclose(back, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["model", "model_8_levels", "model_bias_free"])
def test_the_shipped_networks(name: str) -> None:
    graph = load_model(SAMPLES / f"{name}.pt").graph
    net = thaw(graph)
    assert_same(graph, net, frames=6)
    assert all(p.requires_grad for p in net.parameters())
    assert {p.name for p in graph.neurons} == {"h1", "h2"}
    if name == "model_8_levels":
        assert isinstance(net.get_submodule("h1").activation, QuantizedReLU)


class Residual(nn.Module):
    """Zero-delay edges: a sum, a concatenation, a pool, ReLU6, a constant factor."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Sequential(nn.Conv2d(2, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU6())
        self.two = nn.Sequential(nn.Conv2d(4, 4, 3, 1, 1), nn.BatchNorm2d(4))
        self.act = nn.ReLU()
        self.pool = nn.AvgPool2d(2)
        self.last = nn.Linear(8 * 16, 5)

    def forward(self, x: Tensor) -> Tensor:
        a = self.one(x / 15)
        b = self.act(self.two(a) + a)
        both: Tensor = self.last(torch.cat([self.pool(a), 0.5 * self.pool(b)], 1).flatten(1))
        return both


def feed_forward(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    net = Residual()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.uniform_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    path = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(net.eval(), (torch.zeros(1, 2, 8, 8),)), path)
    return path


def test_an_ordinary_network(tmp_path: Path) -> None:
    graph = load_model(feed_forward(tmp_path)).graph
    net = thaw(graph)
    assert_same(graph, net, frames=1)
    assert net.first_response == 0


def test_names_that_python_cannot_have(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2))
    torch.save(net, tmp_path / "net.pt")
    graph = load_model(tmp_path / "net.pt", given=Given("1,6,6", None, None)).graph
    thawed = thaw(graph)
    assert_same(graph, thawed, frames=1)


@pytest.mark.parametrize("start", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_spiking_networks_come_back_as_they_were(start: float, reset: str) -> None:
    """Through the archive and back: the same spikes, whatever bias and start the neurons have."""
    graph = load_model(SAMPLES / "model.pt").graph
    net = thaw(graph, lambda _: SpikingNeuron(4, 2.5, reset=reset, start=start)).eval()
    counts = torch.from_numpy(np.random.default_rng(0).poisson(0.3, (4, 6, 2, 16, 16))).float()
    with torch.no_grad():
        torch.testing.assert_close(
            thaw(graph_of(net)).eval()(counts), net(counts), rtol=1e-4, atol=1e-4
        )


def test_spikes_behind_batch_normalisation() -> None:
    """Trained from scratch with spikes: statistics over samples and steps, folded on the way out."""
    torch.manual_seed(0)
    net = Rollout((2, 8, 8))
    net.node("h1", norm=nn.BatchNorm2d(4), activation=SpikingNeuron(4, [0.5, 1.0, 1.5, 2.0]))
    net.node("h2", activation=SpikingNeuron(4, 1.0))
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(2, 4, 3, 2, 1))
    net.edge("h1", "h1", nn.Conv2d(4, 4, 3, 1, 1))
    net.edge("h1", "h2", nn.Sequential(nn.Conv2d(4, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4)))
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(16, 3)))
    counts = torch.from_numpy(np.random.default_rng(0).poisson(0.5, (16, 6, 2, 8, 8))).float()
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    before = {name: values.clone() for name, values in net.state_dict().items()}
    for _ in range(5):
        optimizer.zero_grad()
        net(counts)[:, -1].square().mean().backward()
        optimizer.step()
    moved = [name for name, values in net.state_dict().items() if not torch.equal(values, before[name])]
    assert len(moved) == len(before)  # weights, statistics and thresholds alike
    with torch.no_grad():
        expected = net.eval()(counts)
        # Folded factors round differently, and a spike more or less is a step: nearly all agree.
        same = (thaw(graph_of(net)).eval()(counts) - expected).abs().amax(-1) < 1e-4
    assert same.float().mean() > 0.95


def test_another_activation() -> None:
    graph = load_model(SAMPLES / "model.pt").graph
    net = thaw(graph, lambda p: SpikingNeuron(8, 3.0))
    assert net.steps == 8 and set(net.spiking()) == {"h1", "h2"}


def spiking(steps: int, _: Population) -> SpikingNeuron:
    return SpikingNeuron(steps, 8.0)


def test_many_steps_approach_the_activations() -> None:
    """With a threshold above all activations, the mean of the spikes is the activation at last."""
    graph = load_model(SAMPLES / "model_bias_free.pt").graph
    counts = torch.from_numpy(np.random.default_rng(0).poisson(0.3, (2, 3, 2, 16, 16))).float()
    with torch.no_grad():
        expected = thaw(graph).eval()(counts)
        errors = [
            (thaw(graph, partial(spiking, steps)).eval()(counts) - expected).abs().mean()
            for steps in (8, 32, 128)
        ]
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


def test_a_network_that_spikes_already_is_refused() -> None:
    nir = SAMPLES.parents[2] / "shared" / "data" / "nir" / "lif_norse.nir"
    if not nir.exists():
        pytest.skip(f"{nir} is absent")
    with pytest.raises(UserError, match="spikes already"):
        thaw(load_model(nir, dt=1e-4).graph)
