"""The compiled steps of neurons beside the loop over tensors: the same spikes, the same gradients."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

import snnc.authoring.fused as fused
import snnc.authoring.neuron_kernels as neuron_kernels
from snnc.authoring import SpikingNeuron, neurons
from snnc.authoring.surrogate import Linear, Logistic, SinceSpike, Surrogate
from snnc.training import Recipe, Threshold, fit

from .problems import digits, trained_rollout

STEPS, BATCH, CHANNELS, SIDE = 3, 5, 8, 9
NEVER, ALWAYS = 10**12, 0

SURROGATES: dict[str, Surrogate] = {
    "linear": Linear(0.3),
    "since": SinceSpike(0.3, 0.1),
    "since-cut": SinceSpike(0.3, 0.01, cut_off=True),
    "logistic": Logistic(4.0, relative=True),
    "logistic-absolute": Logistic(1.5),
}


def arriving(steps: int, channels_last: bool) -> Tensor:
    """Multiples of an eighth, so that potentials meet thresholds; more neurons than a block."""
    torch.manual_seed(0)
    z = torch.round(8 * torch.randn(steps * BATCH, CHANNELS, SIDE, SIDE) * 0.7) / 8
    if channels_last:
        z = z.contiguous(memory_format=torch.channels_last)
    return z.view(steps, BATCH, CHANNELS, SIDE, SIDE)


def computed(
    neuron: SpikingNeuron, z: Tensor, given: neurons.Memory | None, least: int
) -> tuple[Tensor, ...]:
    """Spikes, gradients of input, threshold and first potential, last potential and times."""
    first = (
        None if given is None or given.potential is None else given.potential.clone().requires_grad_()
    )
    memory = neurons.Memory(first, None if given is None else given.since)
    before, fused.LEAST = fused.LEAST, least
    try:
        z = z.detach().clone(memory_format=torch.preserve_format).requires_grad_()
        sent = neuron(z, memory)
    finally:
        fused.LEAST = before
    assert memory.potential is not None and z.grad is None
    factors = torch.linspace(-1, 1, sent.numel()).view(sent.shape)
    neuron.zero_grad()
    ((sent * factors).sum() + 0.3 * memory.potential.square().sum()).backward()
    assert z.grad is not None and neuron.threshold.grad is not None
    late = memory.since if memory.since is not None else torch.zeros(())
    own = torch.zeros(()) if first is None or first.grad is None else first.grad
    return sent.detach(), memory.potential.detach(), late, z.grad, neuron.threshold.grad, own


@pytest.mark.parametrize("name", SURROGATES)
@pytest.mark.parametrize("reset", neurons.RESETS)
def test_the_same_as_the_loop(name: str, reset: str) -> None:
    apart = 0.0
    for leak, comparison, detached, last, steps, each in product(
        (1.0, 0.75), neurons.COMPARISONS, (False, True), (False, True), (1, STEPS), (False, True)
    ):
        neuron = SpikingNeuron(
            STEPS,
            [0.5 + 0.125 * i for i in range(CHANNELS)] if each else 0.625,
            reset=reset,
            leak=leak,
            comparison=comparison,
            detach_reset=detached,
            surrogate=SURROGATES[name],
        )
        z = arriving(steps, last)
        seen = neurons.Memory(torch.rand(z.shape[1:]), torch.randint(0, 200, z.shape[1:]).float())
        if not SURROGATES[name].needs_time:
            seen.since = None
        for given in (None, seen):
            ours, theirs = (computed(neuron, z, given, least) for least in (ALWAYS, NEVER))
            assert ours[0].any() and not ours[0].all()
            for exact in range(3):
                assert torch.equal(ours[exact], theirs[exact])
            for sums in range(3, 6):
                torch.testing.assert_close(ours[sums], theirs[sums], rtol=1e-4, atol=1e-4)
                apart = max(apart, float((ours[sums] - theirs[sums]).abs().max()))
    assert apart < 1e-2  # thresholds' gradients are sums of thousands


def test_the_bound_of_comparisons_is_reached() -> None:
    """Potentials that are exactly the threshold fire with >= and not with >."""
    for comparison, fires in ((">", 0), (">=", 1)):
        neuron = SpikingNeuron(1, 0.5, start=0.0, comparison=comparison)
        z = torch.full((1, 2, 3, 20, 20), 0.5)
        sent, *_ = computed(neuron, z, None, ALWAYS)
        assert (sent == 0.5 * fires).all()


def test_batches_are_shared_among_threads() -> None:
    neuron = SpikingNeuron(STEPS, 0.625, surrogate=Logistic(4.0, relative=True))
    z, threads = arriving(STEPS, channels_last=True), torch.get_num_threads()
    try:
        found = []
        for count in (1, 3):
            torch.set_num_threads(count)
            found.append(computed(neuron, z, None, ALWAYS))
    finally:
        torch.set_num_threads(threads)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-4)


def test_limited_memory_means_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose stack finds no room fails, or is waited for without end."""
    monkeypatch.setattr(fused, "may_start_threads", lambda: False)
    monkeypatch.setattr(fused, "ThreadPoolExecutor", None)
    neuron = SpikingNeuron(STEPS, 0.625, surrogate=Logistic(4.0, relative=True))
    z, threads = arriving(STEPS, channels_last=True), torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert computed(neuron, z, None, ALWAYS)[0].any()
    finally:
        torch.set_num_threads(threads)


def test_surrogates_of_users_go_through_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(Linear):
        def slope(self, excess: Tensor, since: Tensor | None) -> Tensor:
            return torch.ones_like(excess)

    refused: list[Any] = []
    monkeypatch.setattr(neurons, "all_steps", lambda *_: refused.append(1))
    computed(SpikingNeuron(STEPS, 0.625, surrogate=Own()), arriving(STEPS, False), None, ALWAYS)
    assert not refused
    assert fused.rule_of(Own(), leak=1.0, hard=False, inclusive=False, detached=False) is None


def test_small_populations_compile_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neuron_kernels, "compiled_forward", None)
    neuron = SpikingNeuron(STEPS, 0.625)
    assert neuron(arriving(STEPS, False)).shape[0] == STEPS


def test_double_precision_and_no_compiler_keep_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Float32 would lose digits of a float64 network without a word."""
    used: list[Any] = []
    monkeypatch.setattr(neurons, "rule_of", lambda *_, **__: used.append(1))
    monkeypatch.setattr(fused, "LEAST", ALWAYS)
    neuron, z = SpikingNeuron(STEPS, 0.625), arriving(STEPS, False)
    assert neuron.double()(z.double()).dtype == torch.float64 and not used
    neuron.float()(z)
    assert used
    monkeypatch.setattr(fused, "_compiles", lambda: False)
    used.clear()
    assert neuron(z).shape == z.shape and not used


def test_recomputed_steps_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fused, "LEAST", ALWAYS)
    train, validation = digits()
    weights = []
    for again in (0, 2):
        task = Threshold(steps=4).prepare(trained_rollout(), train.x)
        recipe = Recipe(epochs=1, learning_rate=1e-3, recompute_steps=again)
        fit(task, train.batches(), validation.batches(), recipe)
        weights.append(torch.cat([p.detach().flatten() for p in task.network.parameters()]))
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-3, atol=1e-4)
