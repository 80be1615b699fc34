"""Soft labels, mixup and schedules that fall in steps, beside loops of torch's own parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from snnc.authoring import FrameNetwork
from snnc.errors import UserError
from snnc.training import Batches, Recipe, Streaming, fit, judge
from snnc.training.data.mixing import mixed
from snnc.training.recipe import scheduler_of

from .test_fit import Stop, courses, run


def linear() -> FrameNetwork:
    torch.manual_seed(0)
    net = FrameNetwork((3,))
    net.node("h")
    net.readout("y")
    net.edge("input", "h", nn.Linear(3, 6), delay=0)
    net.edge("h", "y", nn.Linear(6, 4), delay=0)
    return net


def test_a_mixed_batch() -> None:
    """x' = l x + (1 - l) x[order], and the same of labels."""
    x, y = torch.rand(5, 2, 3), torch.tensor([0, 3, 1, 1, 2])
    torch.manual_seed(11)
    found, labels = mixed(x, y, 4, 0.4)
    torch.manual_seed(11)
    share = float(torch.distributions.Beta(0.4, 0.4).sample())
    order = torch.randperm(5)
    assert 0.01 < share < 0.99 and not torch.equal(order, torch.arange(5))
    for i, j in enumerate(order.tolist()):
        torch.testing.assert_close(found[i], share * x[i] + (1 - share) * x[j])
        expected = np.zeros(4)
        expected[y[i]] += share
        expected[y[j]] += 1 - share
        np.testing.assert_allclose(labels[i].numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_shares_have_the_spread_of_beta(alpha: float) -> None:
    """Variance ``1 / (4 (2 alpha + 1))``; what a sample keeps is read off its own label."""
    torch.manual_seed(0)
    x, y = torch.zeros(2, 1, 1), torch.tensor([0, 1])
    kept: list[float] = []
    while len(kept) < 1500:
        labels = mixed(x, y, 2, alpha)[1]
        if labels[0, 0] < 1:  # else the order was the old one
            kept.append(float(labels[0, 0]))
    assert np.mean(kept) == pytest.approx(0.5, abs=0.03)
    assert np.var(kept) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


def test_training_with_mixup_is_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, (12, 2, 3)).astype(np.uint8), rng.integers(0, 4, 12)
    net, batches = linear(), Batches(x, y, 4)
    twin = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 4))
    for mine, other in zip(net.parameters(), twin.parameters(), strict=True):
        other.data.copy_(mine.data)
    recipe = Recipe(
        epochs=2, learning_rate=0.1, optimizer="sgd", schedule="step", step_every=1, step_factor=0.25,
        mixup=0.5, clip=0.0, keep="last", seed=6,
    )  # fmt: skip
    fit(Streaming().prepare(net, x), batches, batches, recipe)
    optimizer = torch.optim.SGD(twin.parameters(), 0.1, momentum=0.9)
    for epoch in (1, 2):
        torch.manual_seed(6 * 100_003 + epoch)
        for begin in (0, 4, 8):
            counts = torch.from_numpy(x[begin : begin + 4]).float()
            hot = torch.eye(4)[torch.from_numpy(y[begin : begin + 4])]
            share = torch.distributions.Beta(0.5, 0.5).sample()
            order = torch.randperm(4)
            soft = share * hot + (1 - share) * hot[order]
            answers = twin(share * counts + (1 - share) * counts[order])
            loss = -(soft[:, None] * answers.log_softmax(-1)).sum(-1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        optimizer.param_groups[0]["lr"] *= 0.25
    for mine, other in zip(net.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def test_soft_labels_are_judged_by_the_largest() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 4, (30, 2, 3)).astype(np.uint8), rng.integers(0, 4, 30)
    soft = np.full((30, 4), 0.2)
    soft[np.arange(30), y] = 0.4
    found, plain = judge(linear(), Batches(x, soft, 8)), judge(linear(), Batches(x, y, 8))
    np.testing.assert_array_equal(found.right, plain.right)
    assert 0 < found.last < 1
    ((_, labels),) = Batches(x, soft, 30)
    assert labels.dtype == torch.float32 and labels.shape == (30, 4)


@pytest.mark.parametrize("wrong", [[[0.5, 0.4]], [[1.5, -0.5]], [[[1.0]]]])
def test_labels_that_are_no_probabilities(wrong: list[object]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        Batches(np.ones((1, 1, 3)), np.array(wrong))


def test_a_mixed_run_that_was_stopped_goes_on_as_it_would_have(tmp_path: Path) -> None:
    recipe = Recipe(epochs=3, learning_rate=1e-2, seed=3, mixup=0.3)
    whole, course = run("streaming", recipe)
    place = tmp_path / "run.ckpt"
    with pytest.raises(Stop):
        run("streaming", recipe, after=1, checkpoint=place)
    resumed, rest = run("streaming", recipe, checkpoint=place)
    assert rest.resumed_at == 1 and courses(rest) == courses(course)
    for mine, other in zip(whole.network.parameters(), resumed.network.parameters(), strict=True):
        assert torch.equal(mine, other)
    unmixed = run("streaming", Recipe(epochs=3, learning_rate=1e-2, seed=3))[1]
    assert courses(unmixed) != courses(course)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"step_every": 3, "step_factor": 0.5}, [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]),
        ({}, [1] * 6 + [0.2] * 2 + [0.04, 0.008]),
        ({"step_factor": 0.1}, [1] * 6 + [0.1] * 2 + [0.01, 0.001]),
    ],
)
def test_rates_that_fall_in_steps(options: dict[str, float], expected: list[float]) -> None:
    recipe = Recipe(epochs=10, learning_rate=1.0, schedule="step", **options)  # type: ignore[arg-type]
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1.0)
    scheduler = scheduler_of(recipe, optimizer, batches=4)
    rates = []
    for _ in range(10):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(4):
            optimizer.step()
            scheduler.step()
    np.testing.assert_allclose(rates, expected, rtol=1e-9)


@pytest.mark.parametrize(
    "wrong", [{"mixup": -0.1}, {"step_factor": 0.0}, {"step_every": -1}, {"best_by": "first"}]
)
def test_options_out_of_bounds(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        Recipe(**wrong)  # type: ignore[arg-type]
