"""States that are computed again on the way back: the same network, the same gradients, less memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.authoring import FixedDropout, FrameNetwork, Rollout, SpikingNeuron
from snnc.authoring.surrogate import SinceSpike
from snnc.errors import UserError
from snnc.training import Recipe

from .test_fit import courses, run

STEPS = 6


def network(kind: str) -> FrameNetwork:
    """Feed-forward, or a rollout with a loop and a longer delay; dropout; a surrogate in time."""
    torch.manual_seed(0)

    def neuron() -> SpikingNeuron:
        steps = 1 if kind == "steps as frames" else STEPS
        restart = kind == "rollout"
        return SpikingNeuron(steps, 0.4, surrogate=SinceSpike(0.3, 0.1), restart_frames=restart)

    net: FrameNetwork = Rollout((2, 4, 4)) if kind == "rollout" else FrameNetwork((2, 4, 4))
    delay = 1 if kind == "rollout" else 0
    plain = kind == "without spikes"
    net.node("h1", activation=None if plain else neuron())
    net.node("h2", activation=None if plain else neuron())
    net.readout("answer", accumulate=kind != "feed-forward")
    net.edge("input", "h1", nn.Conv2d(2, 4, 3, 1, 1), delay)
    net.edge("h1", "h2", nn.Sequential(FixedDropout(0.3), nn.Conv2d(4, 4, 3, 2, 1)), delay)
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), delay)
    if kind == "rollout":
        net.edge("h2", "h2", nn.Conv2d(4, 4, 3, 1, 1), 1)
        net.edge("input", "h2", nn.Conv2d(2, 4, 2, 2), 2)
    return net.double()


def gradients(net: FrameNetwork, recompute: int, by_step: bool) -> tuple[Tensor, list[Tensor]]:
    net.recompute_steps = recompute
    net.zero_grad()
    torch.manual_seed(1)
    frames = torch.randint(0, 3, (5, 5, 2, 4, 4)).double()
    answers = net.by_step(frames) if by_step else net(frames)
    answers.pow(2).sum().backward()
    found = [p.grad.clone() for p in net.parameters() if p.grad is not None]
    assert found and all(float(g.abs().max()) > 0 for g in found)
    return answers.detach(), found


@pytest.mark.parametrize("by_step", [False, True])
@pytest.mark.parametrize("recompute", [1, 2, 4, 6, 13, 100])
@pytest.mark.parametrize("kind", ["feed-forward", "rollout", "steps as frames", "without spikes"])
def test_answers_and_gradients_are_the_same(kind: str, recompute: int, by_step: bool) -> None:
    """In double precision, but for the order of sums; parts of whole frames are the same to the bit."""
    if by_step and kind == "without spikes":
        return
    net = network(kind)
    answers, expected = gradients(net, 0, by_step)
    again, found = gradients(net, recompute, by_step)
    whole = recompute >= (net.steps or 1)
    for one, other in zip((answers, *expected), (again, *found), strict=True):
        if whole:
            assert torch.equal(one, other)
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def kept(net: FrameNetwork, recompute: int) -> int:
    """Bytes of all that autograd keeps for the way back."""
    net.recompute_steps = recompute
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        alive.append(tensor)
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    alive: list[Tensor] = []  # so that no address is used twice
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        net(torch.ones(4, 2, 2, 4, 4).double())
    return sum(seen.values())


def test_less_is_kept() -> None:
    net = FrameNetwork((2, 4, 4))
    for name in ("h1", "h2"):
        net.node(name, activation=SpikingNeuron(32, 0.4, trainable=False))
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(2, 16, 3, 1, 1), delay=0)
    net.edge("h1", "h2", nn.Conv2d(16, 16, 3, 1, 1), delay=0)
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(256, 3)), delay=0)
    net.double()
    everything = kept(net, 0)
    assert kept(net, 4) < everything / 4
    assert kept(net, 32) < everything / 4  # whole frames: only what is between them


def test_nothing_is_computed_again_without_gradients() -> None:
    net = network("feed-forward")
    net.recompute_steps = 2
    calls: list[int] = []
    net.finalize()
    net.get_submodule("h1").register_forward_hook(lambda _m, _i, out: calls.append(len(out)))
    with torch.no_grad():
        net(torch.ones(1, 2, 2, 4, 4).double())
    assert calls == [STEPS, STEPS]


@pytest.mark.parametrize("recompute", [1, 2])
def test_a_training_is_the_same(recompute: int) -> None:
    method = "stdb{steps=4,dropout=0.2,surrogate=stdb}"
    options: dict[str, Any] = {"epochs": 2, "learning_rate": 1e-2, "seed": 3}
    _, plain = run(method, Recipe(**options))
    task, again = run(method, Recipe(**options, recompute_steps=recompute))
    assert task.network.recompute_steps == 0
    for one, other in zip(courses(plain), courses(again), strict=True):
        np.testing.assert_allclose(
            [float(v) for v in one[:-1]], [float(v) for v in other[:-1]], rtol=1e-4
        )


def test_batch_normalisation_is_refused() -> None:
    with pytest.raises(UserError, match="batch normalisation") as refused:
        run("streaming", Recipe(recompute_steps=2))
    assert refused.value.diagnostics[0].code == "D327"
