"""sinabs' neurons, every class and option that is read, and the ways to write a network."""

from __future__ import annotations

from typing import Any

import pytest
import sinabs.layers as sl
import torch
from sinabs.activation import MaxSpike, MembraneReset, MembraneSubtract, MultiSpike, SingleSpike
from torch import nn

import snnc
from snnc.frontend.spiking_modules.load import load_network

from .comparing import equal, frames_of, linear, refused

ONE = {"spike_fn": SingleSpike}


def net_of(first: Any, last: Any = None) -> Any:
    return nn.Sequential(linear(12, 9, 0), first, linear(9, 5, 1), last or sl.IAF(**ONE))


@pytest.mark.parametrize("reset", [MembraneSubtract(), MembraneReset()])
@pytest.mark.parametrize(
    "make",
    [
        sl.IAF,
        lambda **kw: sl.LIF(tau_mem=5.0, **kw),
        lambda **kw: sl.LIF(tau_mem=5.0, norm_input=False, **kw),
        lambda **kw: sl.LIF(tau_mem=5.0, tau_syn=3.0, norm_input=False, **kw),
        lambda **kw: sl.LIF(tau_mem=5.0, train_alphas=True, **kw),
        lambda **kw: sl.LIF(tau_mem=torch.linspace(2, 9, 9), norm_input=False, **kw),
    ],
)
def test_neurons(make: Any, reset: Any) -> None:
    equal(net_of(make(reset_fn=reset, spike_threshold=torch.tensor(0.4), **ONE)), silent=9)


def test_recurrent() -> None:
    torch.manual_seed(1)
    equal(net_of(sl.LIFRecurrent(tau_mem=4.0, rec_connect=nn.Linear(9, 9), norm_input=False, **ONE)))
    equal(net_of(sl.IAFRecurrent(rec_connect=nn.Linear(9, 9, bias=False), **ONE)))


def test_samples_and_steps_in_one_axis() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3, bias=False),
        sl.IAFSqueeze(batch_size=1, spike_threshold=torch.tensor(0.5), **ONE),
        sl.SumPool2d(2),
        nn.Flatten(),
        linear(54, 5, 1),
        sl.IAFSqueeze(batch_size=1, **ONE),
    )
    found = equal(net, (1, 8, 8))
    assert found.live.form.way.name == "SQUEEZED"


def test_an_answer_of_neurons_that_never_fire() -> None:
    equal(net_of(sl.IAF(**ONE), sl.ExpLeak(tau_mem=6.0)))


@pytest.mark.parametrize("reset", [MembraneSubtract(), MembraneReset()])
@pytest.mark.parametrize(
    "make",
    [
        sl.IAF,
        lambda **kw: sl.LIF(tau_mem=5.0, norm_input=False, **kw),
        lambda **kw: sl.LIF(tau_mem=5.0, tau_syn=3.0, norm_input=False, **kw),
        lambda **kw: sl.LIF(tau_mem=torch.linspace(2, 9, 9), norm_input=False, **kw),
    ],
)
@pytest.mark.parametrize("threshold", [torch.tensor(0.3), torch.linspace(0.2, 0.6, 9)])
def test_several_spikes_a_step(make: Any, reset: Any, threshold: Any) -> None:
    first = make(reset_fn=reset, spike_threshold=threshold)
    equal(net_of(first, sl.IAF(reset_fn=reset)), silent=9, several=True, most=2)


def test_several_spikes_a_step_come_back() -> None:
    torch.manual_seed(1)
    back = nn.Linear(9, 9)
    with torch.no_grad():
        back.weight.mul_(0.3)
    own = sl.LIFRecurrent(tau_mem=4.0, rec_connect=back, norm_input=False)
    equal(net_of(own, sl.IAF()), several=True, most=2)


def test_several_spikes_with_samples_and_steps_in_one_axis() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3, bias=False),
        sl.IAFSqueeze(batch_size=1, spike_threshold=torch.tensor(0.3)),
        sl.SumPool2d(2),
        nn.Flatten(),
        linear(54, 5, 1),
        sl.IAFSqueeze(batch_size=1),
    )
    equal(net, (1, 8, 8), several=True)


def test_several_spikes_into_a_maximum_are_refused() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3, bias=False),
        sl.IAFSqueeze(batch_size=1),
        nn.MaxPool2d(2),
        nn.Flatten(),
        linear(54, 5, 1),
        sl.IAFSqueeze(batch_size=1),
    )
    assert "into a maximum" in refused("D681", net, (1, 8, 8))


@pytest.mark.parametrize("target", ["reference", "loihi"])
def test_several_spikes_a_step_compile(tmp_path: Any, target: Any) -> None:
    net = net_of(sl.IAF(spike_fn=MultiSpike), sl.IAF())
    frames = frames_of(None, (12,), 0.5, 0, 1)
    found = load_network(net, (12,), "net")
    assert max(values.max() for values in found.live.run(frames).sent.values()) > 1
    bundle = snnc.compile(
        net, target=target, calibration=frames, input_shape=(12,), output=tmp_path / "net.bundle"
    )
    (said,) = (note for note in bundle.manifest.notes if note.code == "N779")
    assert "every spike is the network's own" in said.what
    models = [p.dynamics.model for p in bundle.program.populations[1:-1]]
    assert models == ["several-spikes", "several-spikes"]


def test_several_spikes_a_step_where_no_neuron_sends_them(tmp_path: Any) -> None:
    net = net_of(sl.IAF(), sl.IAF())
    output = tmp_path / "net.bundle"
    with pytest.raises(snnc.UserError, match="SingleSpike") as caught:
        snnc.compile(net, target="nir", input_shape=(12,), output=output)
    assert "D332" in {d.code for d in caught.value.diagnostics}
    assert not output.exists()


@pytest.mark.parametrize(
    "neuron, what",
    [
        (lambda: sl.IAF(min_v_mem=-1.0, **ONE), "min_v_mem"),
        (lambda: sl.IAF(spike_fn=MaxSpike(3)), "MaxSpike"),
        (lambda: sl.IAF(reset_fn=MembraneReset(0.3), **ONE), "reset_fn"),
        (lambda: sl.IAF(reset_fn=MembraneSubtract(0.3), **ONE), "reset_fn"),
        (lambda: sl.ALIF(tau_mem=4.0, tau_adapt=4.0), "ALIF is not read"),
    ],
)
def test_what_is_refused(neuron: Any, what: Any) -> None:
    assert what in refused("D681", net_of(neuron()))


class OfAllSteps(nn.Module):
    """A network that makes one answer of all its steps."""

    def __init__(self, made: Any, last: Any = None) -> None:
        super().__init__()
        self.net, self.made = net_of(sl.IAF(**ONE), last), made

    def forward(self, x: Any) -> Any:
        return self.made(self.net(x))


@pytest.mark.parametrize(
    "made", [lambda y: y.sum(1), lambda y: y.mean(dim=1), lambda y: y.sum(-2), lambda y: y]
)
def test_answers_over_the_steps(made: Any) -> None:
    assert equal(OfAllSteps(made)).graph.readout.accumulate


@pytest.mark.parametrize("made", [lambda y: y.amax(1), lambda y: y[:, 0], lambda y: y[:, ::2].sum(1)])
def test_other_answers_over_the_steps_are_refused(made: Any, tmp_path: Any) -> None:
    frames = frames_of(None, (12,), 0.4, 0, 1)
    with pytest.raises(snnc.UserError) as caught:
        snnc.compile(
            OfAllSteps(made),
            target="reference",
            calibration=frames,
            input_shape=(12,),
            output=tmp_path / "net.bundle",
        )
    assert {d.code for d in caught.value.diagnostics} <= {"D201", "D686", "D209"}
