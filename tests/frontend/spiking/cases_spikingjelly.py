"""SpikingJelly's neurons, every class and option that is read, and the ways to write a network."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from spikingjelly.activation_based import functional, layer, neuron
from torch import nn

from snnc import UserError
from snnc.bundle.data import Data
from snnc.frontend import Model
from snnc.frontend.spiking_modules.load import load_network
from snnc.workflows.live_network import with_live_comparison

from .comparing import equal, frames_of, linear, refused


def net_of(first: Any, last: Any = None, hidden: Any = 9) -> Any:
    return nn.Sequential(linear(12, hidden, 0), first, linear(hidden, 5, 1), last or neuron.IFNode())


@pytest.mark.parametrize("v_reset", [0.0, None, -0.4, 0.3])
@pytest.mark.parametrize(
    "make",
    [
        neuron.IFNode,
        lambda **kw: neuron.LIFNode(tau=3.0, **kw),
        lambda **kw: neuron.LIFNode(tau=1.5, decay_input=False, **kw),
        lambda **kw: neuron.ParametricLIFNode(init_tau=2.5, **kw),
        lambda **kw: neuron.ParametricLIFNode(init_tau=2.5, decay_input=False, **kw),
    ],
)
@pytest.mark.parametrize("mode", ["s", "m"])
def test_neurons(make: Any, v_reset: Any, mode: Any) -> None:
    net = net_of(make(v_reset=v_reset, v_threshold=0.9))
    functional.set_step_mode(net, mode)
    found = equal(net)
    assert found.live.form.unrolled == (mode == "s")


@pytest.mark.parametrize("v_reset", [0.0, None])
def test_a_current(v_reset: Any) -> None:
    equal(net_of(neuron.CUBALIFNode(0.5, 0.75, 0.8, v_reset)))


def test_a_start_at_half_the_threshold() -> None:
    equal(net_of(neuron.HalfThresholdIFNode(v_threshold=1.3)))


def test_a_potential_that_meets_its_threshold() -> None:
    """Whole weights and a threshold of 3: many potentials are at it exactly, and fire."""
    net = net_of(neuron.IFNode(v_threshold=3.0, v_reset=None))
    with torch.no_grad():
        for part in (net[0], net[2]):
            part.weight.copy_(part.weight.round())
            part.bias.zero_()
    equal(net)


def test_convolutions_normalisation_and_pools() -> None:
    torch.manual_seed(0)
    net: Any = nn.Sequential(
        layer.Conv2d(1, 6, 3, padding=1, bias=False),
        layer.BatchNorm2d(6),
        neuron.IFNode(),
        layer.MaxPool2d(2, 2),
        layer.Conv2d(6, 6, 3, padding=1),
        neuron.LIFNode(tau=1.2),
        layer.AvgPool2d(2),
        layer.Flatten(),
        layer.Linear(24, 5),
        neuron.IFNode(),
    )
    with torch.no_grad():
        net[1].weight.mul_(3)
        net[4].weight.mul_(4)
        net[8].weight.mul_(4)
    net[1].running_mean.normal_(0, 0.1)
    for mode in ("s", "m"):
        functional.set_step_mode(net, mode)
        found = equal(net, (1, 8, 8))
        assert [p.name for p in found.graph.neurons] == ["2", "2.pool", "5", "9"]


def test_recurrent_containers() -> None:
    inside = layer.LinearRecurrentContainer(neuron.IFNode(v_reset=None), 9, 9)
    found = equal(nn.Sequential(linear(12, 9, 0, 2.0), inside, linear(9, 5, 1), neuron.IFNode()))
    assert any(p.source == p.target and p.frames == 1 for p in found.graph.projections)
    element = layer.ElementWiseRecurrentContainer(neuron.IFNode(), lambda x, y: x - 0.5 * y)
    equal(nn.Sequential(linear(12, 9, 0), element, linear(9, 5, 1), neuron.IFNode()))


def test_a_container_that_loops_inside_layers_of_all_steps() -> None:
    """Its connections lead from step to step, where the trace has one."""
    inside = layer.LinearRecurrentContainer(neuron.IFNode(v_reset=None), 9, 9)
    net = net_of(inside)
    functional.set_step_mode(net, "m")
    text = refused("D685", net)
    assert "called 2 times in 2 steps" in text and "set_step_mode(net, 's')" in text


def test_steps_that_forward_adds_up() -> None:
    class Voting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net_of(neuron.LIFNode())

        def forward(self, x: Any) -> Any:
            return sum(self.net(x) for _ in range(6)) / 6

    found = equal(Voting())
    assert found.graph.readout.accumulate and found.live.form.steps == 6


def test_after_training_states_are_reset() -> None:
    net = net_of(neuron.LIFNode(tau=1.5))
    net(torch.ones(4, 12)).sum().backward()
    functional.detach_net(net)
    equal(net)


@pytest.mark.parametrize(
    "make", [neuron.QIFNode, neuron.EIFNode, neuron.KLIFNode, lambda: neuron.PSN(T=4)]
)
def test_what_is_refused(make: Any) -> None:
    assert "is not read" in refused("D681", net_of(make()))


def test_a_layer_that_keeps_a_state_of_its_own() -> None:
    refused("D201", nn.Sequential(linear(12, 9, 0), neuron.IFNode(), layer.SynapseFilter(tau=3.0)))


class Repeating(nn.Module):
    """As SpikingJelly's own examples give a still image to neurons that take all steps at once."""

    def __init__(self, way: str) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.way, self.steps = way, 6
        self.conv: Any = nn.Sequential(
            layer.Conv2d(2, 4, 3, padding=1, bias=False),
            layer.BatchNorm2d(4),
            neuron.IFNode(),
            layer.MaxPool2d(2, 2),
            layer.Flatten(),
            layer.Linear(16, 5),
            neuron.LIFNode(tau=2.0, v_threshold=0.3),
        )
        functional.set_step_mode(self, "m")
        with torch.no_grad():
            weight: Any = self.conv[0].weight
            weight.mul_(4)

    def forward(self, x: Any) -> Any:
        if self.way == "repeat":
            steps = x.unsqueeze(0).repeat(self.steps, 1, 1, 1, 1)
        elif self.way == "repeat with an axis more":
            steps = x.repeat(self.steps, 1, 1, 1, 1)
        elif self.way == "expand":
            steps = x.unsqueeze(0).expand(self.steps, -1, -1, -1, -1)
        else:
            steps = torch.stack([x] * self.steps)
        return self.conv(steps).mean(0)


@pytest.mark.parametrize("way", ["repeat", "repeat with an axis more", "expand", "stack"])
def test_a_still_image_repeated_in_forward(way: str) -> None:
    found = equal(Repeating(way), (2, 4, 4), density=0.7)
    assert found.live.form.way.name == "REPEATED" and found.live.form.steps == 6


def test_a_network_that_treats_its_repeats_unlike() -> None:
    """A trace of one step cannot see it, and the network itself does."""

    class Fading(Repeating):
        def forward(self, x: Any) -> Any:
            steps = x.unsqueeze(0).repeat(self.steps, 1, 1, 1, 1)
            fading = torch.linspace(1, 0, steps.shape[0], dtype=x.dtype).view(-1, 1, 1, 1, 1)
            return self.conv(steps * fading).mean(0)

    found = load_network(Fading("repeat"), (2, 4, 4), "net")
    model = Model(found.graph, None, "", live=found.live)
    with pytest.raises(UserError, match="D686"):
        with_live_comparison(model, Data(frames_of(None, (2, 4, 4), 0.7, 0, 1), None))
