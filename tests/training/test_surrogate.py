"""Gradients of spiking neurons against numbers worked out by hand and against finite differences."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from snnc.authoring import SpikingNeuron
from snnc.authoring.surrogate import Linear, Logistic, SinceSpike, Surrogate, fire


def gradients(neuron: SpikingNeuron, arriving: list[float], weights: list[float]) -> Tensor:
    """Of ``sum_k weights[k] * out[k]`` by what arrives in each step."""
    z = torch.tensor(arriving).reshape(-1, 1, 1).requires_grad_()
    out = neuron(z)
    (out.flatten() * torch.tensor(weights)).sum().backward()
    assert z.grad is not None
    return z.grad.flatten()


def test_stdb_is_alpha_exp_minus_beta_dt_over_the_threshold() -> None:
    """Rathi et al. 2020: threshold 2, spikes at steps 1 and 3 by hand; the reset passes nothing on."""
    alpha, beta, theta = 0.3, 0.1, 2.0
    neuron = SpikingNeuron(
        5, theta, trainable=False, start=0.0, surrogate=SinceSpike(alpha, beta), detach_reset=True
    )
    arriving = [1.5, 1.5, 0.5, 1.5, 0.25]  # v: 1.5, 3.0 fires -> 1.0, 1.5, 3.0 fires -> 1.0, 1.25
    out = neuron(torch.tensor(arriving).reshape(-1, 1, 1)).flatten()
    assert out.tolist() == [0.0, 2.0, 0.0, 2.0, 0.0]
    # What arrives in step k moves the potential of step k and of all later ones by as much.
    since = [1001.0, 1002.0, 1.0, 2.0, 1.0]
    slopes = [alpha * math.exp(-beta * dt) / theta * theta for dt in since]  # out = theta * spike
    for step in range(5):
        only = [float(k == step) for k in range(5)]
        expected = [slopes[step] if k <= step else 0.0 for k in range(5)]
        assert gradients(neuron, arriving, only).tolist() == pytest.approx(expected, abs=1e-7)


def test_a_leak_shrinks_the_gradient_step_by_step() -> None:
    neuron = SpikingNeuron(
        3, 1.0, trainable=False, start=0.0, leak=0.5, surrogate=Linear(0.3), detach_reset=True
    )
    # v: 0.5, 0.75, 0.875: slopes 0.3 (1 - |v - 1|)
    found = gradients(neuron, [0.5, 0.5, 0.5], [0.0, 0.0, 1.0])
    slope = 0.3 * 0.875
    assert found.tolist() == pytest.approx([slope / 4, slope / 2, slope])


def test_published_underflow_is_an_option() -> None:
    since = torch.tensor([0.0, 50.0, 103.0, 104.0, 500.0])
    here = torch.zeros(5)
    kept = SinceSpike(0.3, 0.01).slope(here, since)
    assert kept[3].item() == pytest.approx(0.3 * math.exp(-1.04))
    cut = SinceSpike(0.3, 0.01, cut_off=True).slope(here, since)
    assert torch.equal(cut[:3], kept[:3]) and cut[3:].tolist() == [0.0, 0.0]


def test_the_atif_threshold_gradient_is_the_published_one() -> None:
    """Castagnetti et al. 2023: d out / d Vth = z + Vth dz/dVth, dz/dVth = -dz/dq; the reset too."""
    theta = 0.9
    neuron = SpikingNeuron(2, theta, start=0.0, comparison=">=", surrogate=Logistic())

    def slope(q: float) -> float:
        risen = 1 / (1 + math.exp(-q))
        return risen * (1 - risen)

    z = torch.tensor([1.0, 0.5]).reshape(-1, 1, 1)
    out = neuron(z)
    assert out.flatten().tolist() == pytest.approx([0.9, 0.0])
    out.sum().backward()
    # Step 1: v = 1.0, q = 0.1, fires. Step 2: v = 1 - Vth + 0.5 = 0.6, q = -0.3.
    first = slope(0.1)
    out_1 = 1.0 + theta * -first
    v_2 = -1.0 - theta * -first  # dv'/dVth = -z - Vth dz/dVth
    out_2 = 0.0 + theta * slope(-0.3) * (v_2 - 1.0)
    assert neuron.threshold.grad is not None
    assert neuron.threshold.grad.item() == pytest.approx(out_1 + out_2, rel=1e-5)


def test_at_the_threshold_only_the_inclusive_comparison_fires() -> None:
    at = torch.tensor([1.0])
    for surrogate in (Linear(), SinceSpike(), Logistic(), Logistic(relative=True)):
        since = torch.zeros(1) if surrogate.needs_time else None
        assert fire(surrogate, at, at, since).item() == 0
        assert fire(surrogate, at, at, since, inclusive=True).item() == 1


def smooth_spike(
    surrogate: Surrogate, potential: Tensor, threshold: Tensor, *_: object, **__: object
) -> Tensor:
    """In place of ``fire``: the smooth function whose derivative the surrogate's slope is."""
    excess = surrogate.excess(potential, threshold)
    if isinstance(surrogate, Logistic):
        return torch.sigmoid(surrogate.sharpness * excess)
    assert isinstance(surrogate, Linear)
    near = excess.clamp(-1, 1)
    return surrogate.height * (near - near * near.abs() / 2 + 0.5)


SMOOTH: list[Surrogate] = [Linear(0.3), Logistic(1.0), Logistic(3.0, relative=True)]


@pytest.mark.parametrize("surrogate", SMOOTH)
@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_finite_differences_of_the_smoothed_neuron(
    surrogate: Surrogate, reset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The neuron's own loop, with a smooth spike in place of the step: numerical gradients agree."""
    monkeypatch.setattr("snnc.authoring.neurons.fire", smooth_spike)
    torch.manual_seed(0)
    neuron = SpikingNeuron(4, [0.8, 1.1], reset=reset, leak=0.75, surrogate=surrogate).double()

    def run(z: Tensor, threshold: Tensor) -> Tensor:
        return torch.func.functional_call(neuron, {"threshold": threshold}, (z,))  # type: ignore[no-any-return]

    z = torch.rand(4, 3, 2, dtype=torch.float64, requires_grad=True)
    threshold = neuron.threshold.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(run, (z, threshold))


@pytest.mark.parametrize("surrogate", SMOOTH)
def test_the_slope_is_the_derivative_of_the_smoothed_spike(surrogate: Surrogate) -> None:
    theta = torch.tensor(0.8, dtype=torch.float64)
    gradients = []
    for spike in (smooth_spike, fire):
        v = torch.linspace(-1, 3, 33, dtype=torch.float64).requires_grad_()
        (gradient,) = torch.autograd.grad(spike(surrogate, v, theta).sum(), v)
        gradients.append(gradient)
    torch.testing.assert_close(*gradients)
