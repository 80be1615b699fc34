"""The papers' own recipes: against independent code, step by step, and as options."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.authoring import FrameNetwork, SpikingNeuron
from snnc.authoring.surrogate import SinceSpike
from snnc.errors import UserError
from snnc.training import Batches, Recipe, Stdb, Threshold, fit
from snnc.training.methods.base import Task
from snnc.training.methods.registry import method_text, parse_method
from snnc.training.parts import calibration_of
from snnc.training.recipe import OPTIMIZERS

from .problems import digits, trained_rollout

ALPHA, BETA = 0.3, 0.05
THETA = (0.9, 1.7)


class StdbSpike(torch.autograd.Function):
    """As the authors write it: forward a step, backward ``alpha exp(-beta dt)``, whatever z is."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, since: Tensor) -> Tensor:
        ctx.save_for_backward(since)
        return (z > 0).to(z.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (since,) = ctx.saved_tensors
        return ALPHA * torch.exp(-BETA * since) * gradients[0], None


def in_the_authors_order(
    weights: list[Tensor], arriving: Tensor, steps: int, thresholds: tuple[float, ...] = THETA
) -> tuple[Tensor, list[Tensor]]:
    """vgg_spiking.py (nitin-rathi/hybrid-snn-conversion @02cd0fb), of layers without convolutions.

    A layer fires from the potential of the step before, so that spikes take a step to the next one.

    Args:
        weights: of three layers, the last one the readout.
        arriving: (steps, inputs).
        steps: of the input; two more let the last of it reach the readout.
        thresholds: of the first two layers.

    Returns:
        The readout's potential, and each layer's spikes, (steps + 2, neurons).
    """
    potentials = [torch.zeros(len(w), dtype=torch.float64) for w in weights]
    last = [torch.full((len(w),), -1000.0, dtype=torch.float64) for w in weights]
    fired: list[list[Tensor]] = [[], []]
    for t in range(steps + 2):
        signal = arriving[t] if t < steps else torch.zeros_like(arriving[0])
        for i, theta in enumerate(thresholds):
            spikes = StdbSpike.apply(potentials[i] / theta - 1.0, t - 1 - last[i])  # type: ignore[no-untyped-call]
            reset = theta * (spikes > 0).detach()
            last[i] = torch.where(spikes > 0, t - 1.0, last[i]).detach()
            potentials[i] = potentials[i] + weights[i] @ signal - reset
            fired[i].append(spikes)
            signal = spikes
        potentials[2] = potentials[2] + weights[2] @ signal
    return potentials[2], [torch.stack(each) for each in fired]


@pytest.mark.parametrize("seed", range(5))
def test_stdb_in_the_authors_order(seed: int) -> None:
    """Spikes are theirs, one and two steps earlier; all gradients are theirs, up to one factor."""
    torch.manual_seed(seed)
    steps, sizes = 12, (4, 5, 3, 2)
    arriving = torch.rand(steps, 4, dtype=torch.float64)
    theirs = [
        (2 * torch.rand(n, m, dtype=torch.float64) - 0.6).requires_grad_()
        for m, n in itertools.pairwise(sizes)
    ]
    readout, fired = in_the_authors_order(theirs, arriving, steps)
    nn.functional.cross_entropy(readout[None], torch.tensor([1])).backward()  # type: ignore[no-untyped-call]

    # A spike is worth its threshold here: weights behind it are as many times smaller.
    ours = [w.detach().clone() for w in theirs]
    ours[1] /= THETA[0]
    ours[2] /= THETA[1]
    ours = [w.requires_grad_() for w in ours]
    neurons = [
        SpikingNeuron(
            steps, theta, trainable=False, start=0.0, surrogate=SinceSpike(ALPHA, BETA),
            detach_reset=True,
        ).double()
        for theta in THETA
    ]  # fmt: skip
    signal, mine = arriving[:, None], []
    for weight, neuron in zip(ours, neurons, strict=False):
        signal = neuron(signal @ weight.T)
        mine.append((signal[:, 0].detach() > 0).double())
    answer = (signal @ ours[2].T).sum(0)
    assert all(float(each.sum()) >= 2 for each in mine)
    for i, spikes in enumerate(mine):
        assert torch.equal(spikes, fired[i][i + 1 : i + 1 + steps].detach())
    torch.testing.assert_close(answer[0], readout)
    nn.functional.cross_entropy(answer, torch.tensor([1])).backward()  # type: ignore[no-untyped-call]
    for weight, other, worth in zip(ours, theirs, (1.0, *THETA), strict=True):
        assert weight.grad is not None and other.grad is not None
        assert float(other.grad.abs().max()) > 0
        torch.testing.assert_close(weight.grad / worth, other.grad, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize(("frames", "steps"), [(3, 4), (12, 1)])
def test_stdb_over_frames_is_the_authors_run(frames: int, steps: int, accumulate: bool) -> None:
    """Potentials and the time since the last spike run on; the loss is of the potential at the end."""
    torch.manual_seed(1)
    arriving = torch.rand(frames, 4, dtype=torch.float64)
    theirs = [
        (2 * torch.rand(n, m, dtype=torch.float64) - 0.6).requires_grad_()
        for m, n in itertools.pairwise((4, 5, 3, 2))
    ]
    whole = arriving.repeat_interleave(steps, 0)
    readout, _ = in_the_authors_order(theirs, whole, frames * steps)
    nn.functional.cross_entropy(readout[None], torch.tensor([1])).backward()  # type: ignore[no-untyped-call]

    def ours(**options: bool) -> tuple[FrameNetwork, Tensor]:
        net = FrameNetwork((4,))
        for name, theta in zip(("h1", "h2"), THETA, strict=True):
            surrogate = SinceSpike(ALPHA, BETA)
            net.node(
                name,
                activation=SpikingNeuron(
                    steps, theta, trainable=False, start=0.0, surrogate=surrogate, detach_reset=True,
                    **options,  # type: ignore[arg-type]
                ),
            )  # fmt: skip
        net.readout("answer", accumulate=accumulate)
        for (n, m), (source, target), weight, worth in zip(
            ((4, 5), (5, 3), (3, 2)),
            (("input", "h1"), ("h1", "h2"), ("h2", "answer")),
            theirs,
            (1.0, *THETA),
            strict=True,
        ):
            layer = nn.Linear(n, m, bias=False)
            net.edge(source, target, layer, delay=0)
            layer.weight = nn.Parameter(weight.detach().clone() / worth)
        net.double()
        loss = Task(Stdb(loss="potential"), net).loss(arriving[None], torch.tensor([1]))
        loss.backward()  # type: ignore[no-untyped-call]
        return net, loss.detach()

    net, loss = ours(restart_frames=False)
    torch.testing.assert_close(
        loss, nn.functional.cross_entropy(readout.detach()[None], torch.tensor([1]))
    )
    for name, other, worth in zip(
        ("input_to_h1", "h1_to_h2", "h2_to_answer"), theirs, (1.0, *THETA), strict=True
    ):
        gradient = net.get_parameter(f"{name}.weight").grad
        assert gradient is not None and other.grad is not None
        torch.testing.assert_close(gradient / worth, other.grad, rtol=1e-6, atol=1e-12)
    restarted, _ = ours(restart_frames=True)
    again = restarted.get_parameter("input_to_h1.weight").grad
    assert again is None or not torch.allclose(again, theirs[0].grad)  # type: ignore[arg-type]


class AtifSpike(torch.autograd.Function):
    """The published neuron's: ``v >= Vth``; the logistic function's derivative, a = 1."""

    @staticmethod
    def forward(ctx: Any, q: Tensor) -> Tensor:
        ctx.save_for_backward(q)
        return (q >= 0).to(q.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (q,) = ctx.saved_tensors
        risen = 1 / (1 + torch.exp(-q))
        return gradients[0] * risen * (1 - risen)


@pytest.mark.parametrize("theta", [0.9, 3.0, 10.0])
def test_the_recipe_of_castagnetti_is_atif(theta: float) -> None:
    """qualia-plugin-snn, CustomNode.py @307b5a2: outputs and gradients of threshold and input."""
    net = FrameNetwork((3,))
    net.node("h")
    net.readout("y")
    net.edge("input", "h", nn.Linear(3, 3, bias=False), delay=0)
    net.edge("h", "y", nn.Linear(3, 2), delay=0)
    counts = np.ones((2, 1, 3), np.int64)
    task = Threshold.published("castagnetti2023", steps=6).prepare(net, counts)
    (neuron,) = task.network.spiking().values()
    neuron = neuron.double()
    with torch.no_grad():
        neuron.threshold.fill_(theta)
    torch.manual_seed(0)
    z = (theta * torch.randn(6, 1, 50, dtype=torch.float64)).requires_grad_()
    worth = torch.randn(6, 1, 50, dtype=torch.float64)
    found = neuron(z)
    (found * worth).sum().backward()

    vth = torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    x, v, out = z.detach().clone().requires_grad_(), torch.zeros(1, 50, dtype=torch.float64), []
    for arriving in x:
        v = v + arriving
        spikes = AtifSpike.apply(v - vth)  # type: ignore[no-untyped-call]
        v = v - spikes * vth
        out.append(spikes * vth)
    (torch.stack(out) * worth).sum().backward()  # type: ignore[no-untyped-call]
    assert torch.equal(found, torch.stack(out)) and float(found.detach().sum()) > 0
    torch.testing.assert_close(z.grad, x.grad, rtol=1e-12, atol=1e-12)
    assert neuron.threshold.grad is not None and vth.grad is not None
    torch.testing.assert_close(neuron.threshold.grad, vth.grad, rtol=1e-12, atol=1e-12)


def test_atif_thresholds_learn_as_weights_do() -> None:
    train, _ = digits()
    task = Threshold.published("castagnetti2023").prepare(trained_rollout(), train.x[:64])
    assert {factor for _, factor in task.groups()} == {1.0}
    usual = Threshold(steps=4).prepare(trained_rollout(), train.x[:64])
    assert {factor for _, factor in usual.groups()} != {1.0}


def test_a_recipe_sets_and_what_is_given_wins() -> None:
    method = parse_method("stdb{recipe=rathi2020}")
    assert method == Stdb.published("rathi2020") == Stdb(
        steps=100, surrogate="stdb", start=0.0, balance="maximum", scale=0.7, dropout=0.5,
        dropout_conv=0.3, samples=512,
        restart_frames=False, input="poisson", loss="potential",
    )  # fmt: skip
    assert parse_method(method_text(method)) == method
    given = parse_method("stdb{scale=1,recipe=rathi2020}", {"steps": 8})
    assert given == Stdb.published("rathi2020", scale=1.0, steps=8)
    assert isinstance(given, Stdb) and (given.scale, given.start, given.steps) == (1.0, 0.0, 8)
    found = parse_method("threshold{recipe=castagnetti2023,comparison=>}")
    assert isinstance(found, Threshold) and found.comparison == ">" and not found.relative
    for text, code in (("stdb{recipe=rathi}", "D326"), ("weights{recipe=rathi2020}", "D329")):
        with pytest.raises(UserError) as refused:
            parse_method(text)
        assert [d.code for d in refused.value.diagnostics] == [code]


def test_the_papers_balancing() -> None:
    """Layer by layer with spikes before it, the maximum of what arrives in a step, times 0.7."""
    train, _ = digits()
    network = trained_rollout()
    method = Stdb.published("rathi2020", steps=8, dropout=0.0, dropout_conv=0.0, input="counts")
    x = calibration_of(train, 0, method.samples_measured)  # type: ignore[arg-type]
    assert len(x) == 512 and len(calibration_of(train, 0)) == 64  # type: ignore[arg-type]
    spiking = method.prepare(network, x).network.eval()
    first = spiking.get_submodule("input_to_h1")
    with torch.no_grad():
        arriving = first(torch.from_numpy(x).float().flatten(0, 1))
    (found, _) = (float(n.threshold.detach()) for n in spiking.spiking().values())
    assert found == pytest.approx(0.7 * float(arriving.max()), rel=1e-4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_decay_is_where_the_docstring_says(optimizer: str) -> None:
    """Beside torch's own optimizers: AdamW, the authors' Adam with L2 decay, SGD."""
    torch.manual_seed(0)
    net = FrameNetwork((3,))
    net.node("h")
    net.readout("y")
    net.edge("input", "h", nn.Linear(3, 4), delay=0)
    net.edge("h", "y", nn.Linear(4, 2), delay=0)
    twin = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    for mine, other in zip(net.parameters(), twin.parameters(), strict=True):
        other.data.copy_(mine.data)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, (8, 1, 3)).astype(np.uint8), rng.integers(0, 2, 8)
    batches = Batches(x, y, 8)
    recipe = Recipe(
        epochs=60, learning_rate=1e-2, schedule="constant", weight_decay=0.1, clip=0.0, keep="last",
        optimizer=optimizer,
    )  # fmt: skip
    fit(parse_method("streaming").prepare(net, x), batches, batches, recipe)
    theirs: torch.optim.Optimizer = {
        "adam": lambda: torch.optim.AdamW(twin.parameters(), 1e-2, weight_decay=0.1),
        "amsgrad": lambda: torch.optim.Adam(twin.parameters(), 1e-2, weight_decay=0.1, amsgrad=True),
        "sgd": lambda: torch.optim.SGD(twin.parameters(), 1e-2, momentum=0.9, weight_decay=0.1),
    }[optimizer]()  # type: ignore[no-untyped-call]
    for _ in range(60):
        theirs.zero_grad()
        answers = twin(torch.from_numpy(x[:, 0]).float())
        nn.functional.cross_entropy(answers, torch.from_numpy(y)).backward()  # type: ignore[no-untyped-call]
        theirs.step()
    for mine, other in zip(net.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-4)


def test_first_thresholds_are_low_but_for_the_published_recipe() -> None:
    assert Threshold().percentile == 95.0
    assert Threshold.published("castagnetti2023").percentile == 99.9
