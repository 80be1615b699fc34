"""snnTorch's neurons, every class and option that is read, and the ways to write a network."""

from __future__ import annotations

from typing import Any

import pytest
import snntorch
import torch
from torch import nn

import snnc
from snnc.frontend.spiking_modules.load import load_network

from .comparing import equal, frames_of, linear, refused


def at_rest(layer: Any) -> Any:
    return layer.reset_mem()


class Loop(nn.Module):
    """As the tutorials have it: states passed on in a loop, results in lists."""

    def __init__(self, hidden: nn.Module, last: nn.Module, steps: int | None, axis: int = 0) -> None:
        super().__init__()
        self.fc1, self.lif1, self.fc2, self.lif2 = linear(12, 9, 0), hidden, linear(9, 5, 1), last
        self.steps, self.axis = steps, axis

    def forward(self, x: Any) -> Any:
        states = [at_rest(layer) for layer in (self.lif1, self.lif2)]
        states = [s if isinstance(s, tuple) else (s,) for s in states]
        spikes = []
        for step in range(x.shape[self.axis] if self.steps is None else self.steps):
            now = x if self.axis < 0 else x.select(self.axis, step)
            results = self.lif1(self.fc1(now), *states[0])
            first, states[0] = results[0], results[-len(states[0]) :]
            last, *states[1] = self.lif2(self.fc2(first), *states[1])
            spikes.append(last)
        return torch.stack(spikes), torch.stack(spikes)


@pytest.mark.parametrize("beta", [1.0, 0.9, 0.5, 0.0, 1.3])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_leaky(beta: Any, reset: Any) -> None:
    hidden = snntorch.Leaky(beta=beta, reset_mechanism=reset, threshold=0.8)
    equal(Loop(hidden, snntorch.Leaky(beta=0.7), None))


def test_a_late_reset_of_a_potential_far_above_the_threshold() -> None:
    equal(Loop(snntorch.Leaky(beta=0.95, threshold=0.2), snntorch.Leaky(beta=0.9), None), most=5)


def test_leaky_with_values_of_their_own_for_each_neuron() -> None:
    betas, thresholds = torch.linspace(0.3, 0.95, 9), torch.linspace(0.4, 1.6, 9)
    found = equal(
        Loop(snntorch.Leaky(beta=betas, threshold=thresholds), snntorch.Leaky(0.9), None), silent=5
    )
    assert "N788" in {note.code for note in found.notes}


def test_a_factor_on_spikes() -> None:
    hidden = snntorch.Leaky(beta=0.8, graded_spikes_factor=1.7)
    equal(Loop(hidden, snntorch.Leaky(beta=0.9), None))


@pytest.mark.parametrize("alpha", [0.0, 0.6, 0.9])
def test_synaptic(alpha: Any) -> None:
    equal(Loop(snntorch.Synaptic(alpha=alpha, beta=0.8), snntorch.Leaky(beta=0.9), None))


@pytest.mark.parametrize(
    "recurrent",
    [
        lambda: snntorch.RLeaky(beta=0.8, linear_features=9),
        lambda: snntorch.RLeaky(beta=0.8, all_to_all=False, V=0.4),
        lambda: snntorch.RLeaky(beta=0.8, all_to_all=False, V=torch.linspace(-1, 1, 9)),
        lambda: snntorch.RSynaptic(alpha=0.5, beta=0.8, linear_features=9),
    ],
)
def test_recurrent(recurrent: Any) -> None:
    torch.manual_seed(3)
    equal(Loop(recurrent(), snntorch.Leaky(beta=0.9), None))


@pytest.mark.parametrize(
    "neuron",
    [
        lambda: snntorch.Leaky(0.8, reset_mechanism="zero", reset_delay=False),
        lambda: snntorch.Synaptic(0.5, 0.8, reset_mechanism="zero", reset_delay=False),
        lambda: snntorch.RLeaky(0.8, linear_features=9, reset_mechanism="zero", reset_delay=False),
    ],
)
def test_a_hard_reset_in_the_step_of_the_spike(neuron: Any) -> None:
    torch.manual_seed(3)
    equal(Loop(neuron(), snntorch.Leaky(beta=0.9), None))


def test_lapicque() -> None:
    equal(Loop(snntorch.Lapicque(beta=0.9, threshold=0.05), snntorch.Leaky(beta=0.9), None))


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("steps", [None, 10])
def test_axes_of_steps(axis: Any, steps: Any) -> None:
    found = equal(Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9), steps, axis))
    assert found.live.form.steps == steps


def test_one_frame_for_all_steps() -> None:
    found = equal(Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9), 10, axis=-1))
    assert found.live.form.way.name == "STATIC"


def test_states_inside_and_one_step_a_call() -> None:
    net = nn.Sequential(
        linear(12, 9, 0),
        snntorch.Leaky(beta=0.9, init_hidden=True),
        linear(9, 5, 1),
        snntorch.Leaky(beta=0.9, init_hidden=True, output=True),
    )
    found = equal(net)
    assert found.live.form.way.name == "STEP"


def test_connections_that_forward_leads_back() -> None:
    class Back(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.rec, self.lif = linear(12, 9, 0), linear(9, 9, 4, 0.4), snntorch.Leaky(0.8)

        def forward(self, x: Any) -> Any:
            mem, spikes, found = at_rest(self.lif), torch.zeros(x.shape[1], 9, dtype=x.dtype), []
            for now in x:
                spikes, mem = self.lif(self.fc(now) + self.rec(spikes), mem)
                found.append(spikes)
            return torch.stack(found).sum(0)

    found = equal(Back())
    assert ("lif", "lif", 1) in {(p.source, p.target, p.frames) for p in found.graph.projections}
    assert found.graph.readout.accumulate


def test_convolutions_and_pools() -> None:
    class Conv(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.lif1 = nn.Conv2d(1, 4, 3), snntorch.Leaky(beta=0.7, threshold=0.3)
            self.fc, self.lif2 = linear(4 * 9, 5, 1), snntorch.Leaky(beta=0.9)

        def forward(self, x: Any) -> Any:
            mem1, mem2, found = at_rest(self.lif1), at_rest(self.lif2), []
            for now in x:
                spikes, mem1 = self.lif1(self.conv(now), mem1)
                pooled = nn.functional.max_pool2d(spikes, 2)
                last, mem2 = self.lif2(self.fc(pooled.flatten(1)), mem2)
                found.append(last)
            return torch.stack(found)

    found = equal(Conv(), (1, 8, 8))
    assert len(found.graph.neurons) == 3


def test_an_answer_of_neurons_that_never_fire() -> None:
    class Potential(Loop):
        def forward(self, x: Any) -> Any:
            mem1, mem2, found = at_rest(self.lif1), at_rest(self.lif2), []
            for now in x:
                spikes, mem1 = self.lif1(self.fc1(now), mem1)
                _, mem2 = self.lif2(self.fc2(spikes), mem2)
                found.append(mem2)
            return torch.stack(found)

    equal(Potential(snntorch.Leaky(0.9), snntorch.Leaky(0.9, reset_mechanism="none"), None))
    refused("D684", Potential(snntorch.Leaky(0.9), snntorch.Leaky(0.9), None))


@pytest.mark.parametrize(
    "neuron, what",
    [
        (lambda: snntorch.Alpha(alpha=0.9, beta=0.8), "Alpha is not read"),
        (lambda: snntorch.Leaky(0.9, inhibition=True), "inhibition"),
        (lambda: snntorch.Leaky(0.9, state_quant=lambda x: x), "state_quant"),
        (lambda: snntorch.Synaptic(0.5, 0.9, reset_mechanism="zero"), "reset_delay=False"),
        (lambda: snntorch.Leaky(0.9, reset_delay=False), "stay above it"),
        (lambda: snntorch.Synaptic(0.5, 0.9, reset_delay=False), "stay above it"),
        (lambda: snntorch.Leaky(0.9, threshold=torch.linspace(-0.1, 1, 9)), "a threshold of -0.1"),
        (lambda: snntorch.Leaky(0.9, threshold=0.0), "not above 0"),
        (lambda: snntorch.Leaky(float("nan")), "NaN or infinite"),
    ],
)
def test_what_is_refused(neuron: Any, what: Any) -> None:
    assert what in refused("D681", Loop(neuron(), snntorch.Leaky(0.9), None))


def test_a_subclass_is_not_guessed() -> None:
    class Mine(snntorch.Leaky):  # type: ignore[misc]
        def forward(self, input_: Any, mem: Any = None) -> Any:
            return super().forward(input_ * 2, mem)

    assert "Mine" in refused("D681", Loop(Mine(0.9), snntorch.Leaky(0.9), None))


def test_a_state_that_forward_changes() -> None:
    class Changed(Loop):
        def forward(self, x: Any) -> Any:
            mem, found = at_rest(self.lif1), []
            for now in x:
                spikes, mem = self.lif1(self.fc1(now), mem)
                mem = mem * 0.5
                found.append(spikes)
            return torch.stack(found)

    refused("D682", Changed(snntorch.Leaky(0.9), nn.Identity(), None))


def test_a_layer_called_twice_a_step() -> None:
    class Twice(Loop):
        def forward(self, x: Any) -> Any:
            mem, found = at_rest(self.lif1), []
            for now in x:
                spikes, mem = self.lif1(self.fc1(now), mem)
                spikes, mem = self.lif1(self.fc1(now), mem)
                found.append(spikes)
            return torch.stack(found)

    refused("D685", Twice(snntorch.Leaky(0.9), nn.Identity(), None))


def test_an_activation_between_neurons() -> None:
    net = nn.Sequential(
        linear(12, 9, 0), nn.ReLU(), snntorch.Leaky(0.9, init_hidden=True), linear(9, 5, 1)
    )
    assert "relu" in refused("D201", net)


def test_the_shape_of_a_frame() -> None:
    refused("D683", Loop(snntorch.Leaky(0.9), snntorch.Leaky(0.9), None), (7,))


def test_the_compile_compares_and_the_ladder_begins_with_the_network(
    tmp_path: Any,
) -> None:
    net = Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9), None)
    x = frames_of(net, (12,), 0.4, 1, 1)
    bundle = snnc.compile(
        net, target="reference", calibration=x, input_shape=(12,), output=tmp_path / "net.bundle"
    )
    notes = {note.code: note for note in bundle.manifest.notes}
    assert "Leaky" in notes["N778"].what and "every spike" in notes["N779"].what
    climbed = bundle.ladder((x, None), model=net)
    names = [rung.name for rung in climbed.rungs]
    assert names[:3] == ["the network itself", "graph in floats", "graph with the chip's weights"]
    assert climbed.rungs[1].compared > 1000 and not climbed.rungs[1].differences


def test_a_network_that_does_something_else_than_its_classes_say(tmp_path: Any) -> None:
    net = Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9), None)
    own = net.lif1.forward
    net.lif1.forward = lambda x, mem=None: own(x * 0.7, mem)
    with pytest.raises(snnc.UserError) as caught:
        snnc.compile(net, target="reference", input_shape=(12,), output=tmp_path / "net.bundle")
    (found,) = caught.value.diagnostics
    assert found.code == "D686" and found.where == "lif1" and not (tmp_path / "net.bundle").exists()


def test_another_answer_than_the_first() -> None:
    net = Loop(snntorch.Leaky(beta=0.9), snntorch.Leaky(beta=0.9, reset_mechanism="none"), None)

    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Any) -> Any:
            mem1, mem2, spikes, potentials = at_rest(self.net.lif1), at_rest(self.net.lif2), [], []
            for now in x:
                first, mem1 = self.net.lif1(self.net.fc1(now), mem1)
                _, mem2 = self.net.lif2(self.net.fc2(first), mem2)
                spikes.append(first)
                potentials.append(mem2)
            return torch.stack(spikes), torch.stack(potentials)

    assert load_network(Both(), (12,), "net").graph.readout.shape == (9,)
    found = load_network(Both(), (12,), "net", "1")
    assert found.graph.readout.name == "net.lif2"
    with pytest.raises(snnc.UserError, match="no output is called '2'"):
        load_network(Both(), (12,), "net", "2")


class Answered(nn.Module):
    """A network of two layers, with what it makes of its spikes and potentials."""

    def __init__(self, result: Any, last: str = "subtract", delay: int = 0) -> None:
        super().__init__()
        self.fc1, self.lif1, self.fc2 = linear(12, 9, 0), snntorch.Leaky(0.9), linear(9, 5, 1)
        self.lif2, self.result, self.delay = snntorch.Leaky(0.9, reset_mechanism=last), result, delay

    def forward(self, x: Any) -> Any:
        mem1, mem2, spikes, potentials = at_rest(self.lif1), at_rest(self.lif2), [], []
        waiting = [torch.zeros(x.shape[1], 9, dtype=x.dtype)] * self.delay
        for now in x:
            first, mem1 = self.lif1(self.fc1(now), mem1)
            waiting.append(first)
            last, mem2 = self.lif2(self.fc2(waiting.pop(0)), mem2)
            spikes.append(last)
            potentials.append(mem2)
        return self.result(torch.stack(spikes), torch.stack(potentials))


def test_the_potential_of_the_last_step() -> None:
    equal(Answered(lambda spikes, potentials: potentials[-1], last="none"))
    refused("D684", Answered(lambda spikes, potentials: spikes[0]))


@pytest.mark.parametrize(
    "result",
    [
        lambda spikes, potentials: {"spikes": spikes, "potentials": potentials},
        lambda spikes, potentials: spikes.transpose(0, 1),
        lambda spikes, potentials: spikes.permute(1, 0, 2),
    ],
)
def test_other_ways_to_return_the_spikes(result: Any) -> None:
    equal(Answered(result))


def test_what_is_computed_of_all_steps_is_named() -> None:
    for result in (lambda s, m: -s, lambda s, m: s[2:].sum(0), lambda s, m: s.permute(1, 2, 0)):
        text = refused("D201", Answered(result))
        assert "a stack of several steps" in text and "in each step" in text


def test_spikes_that_arrive_two_steps_later() -> None:
    """Those of a trace's last steps lead to nothing in it."""
    found = equal(Answered(lambda spikes, potentials: spikes, delay=2))
    assert ("lif1", "lif2", 2) in {(p.source, p.target, p.frames) for p in found.graph.projections}


class Stepping(nn.Module):
    """A loop that takes some of the frames."""

    def __init__(self, every: int, most: int) -> None:
        super().__init__()
        self.fc, self.lif, self.every, self.most = linear(12, 9, 0), snntorch.Leaky(0.9), every, most

    def forward(self, x: Any) -> Any:
        mem, found = at_rest(self.lif), []
        for step in range(0, x.shape[0], self.every):
            if step >= self.most:
                break
            spikes, mem = self.lif(self.fc(x[step]), mem)
            found.append(spikes)
        return torch.stack(found)


def test_a_loop_that_leaves_frames_out() -> None:
    """It was read as a loop of one step."""
    assert "2 times in 3 steps" in refused("D685", Stepping(2, 100))
