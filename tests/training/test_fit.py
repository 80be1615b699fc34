"""The loop: the best network is kept, runs stop early, and go on as they would have."""

from __future__ import annotations

import copy
import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from snnc.authoring import FrameNetwork, QuantizedReLU, SpikingNeuron
from snnc.errors import UserError
from snnc.training import Batches, Recipe, judge
from snnc.training.checkpoint import Checkpoint, read_checkpoint
from snnc.training.fit import Progress, Run, fit
from snnc.training.methods.base import Method, Task, activation_ends
from snnc.training.methods.registry import parse_method
from snnc.training.placing import Placing
from snnc.training.recipe import OPTIMIZERS

RECIPE = Recipe(epochs=4, learning_rate=1e-2, schedule="onecycle", seed=3)


class Stop(Exception):
    """What ctrl-C is to the loop."""


def network() -> FrameNetwork:
    torch.manual_seed(0)
    net = FrameNetwork((2, 4, 4))
    net.node("h1", norm=nn.BatchNorm2d(4))
    net.node("h2")
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(2, 4, 3, padding=1, bias=False), delay=0)
    net.edge("h1", "h2", nn.Conv2d(4, 4, 3, 2, 1), delay=1)
    net.edge("h2", "answer", nn.Sequential(nn.Flatten(), nn.Linear(16, 3)), delay=0)
    return net


def data(samples: int = 60, seed: int = 0) -> tuple[Any, Any]:
    """Events in the upper half, the lower half or everywhere."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, samples)
    rate = np.full((samples, 1, 1, 4, 1), 0.15)
    rate[y == 0, :, :, :2] = rate[y == 1, :, :, 2:] = rate[y == 2] = 0.6
    return rng.poisson(np.broadcast_to(rate, (samples, 3, 2, 4, 4))).astype(np.uint8), y


def run(
    method: Method | str = "streaming{frozen=1}",
    recipe: Recipe = RECIPE,
    after: int | None = None,
    **options: Any,
) -> tuple[Task, Run]:
    """Train; stopped by force in the middle of the epoch that follows ``after``."""
    method = parse_method(method) if isinstance(method, str) else method
    x, y = data()
    task = method.prepare(network(), x)

    def listen(now: Progress) -> None:
        if after is not None and now.epoch > after and now.batch == 2:
            raise Stop

    train, validation = Batches(x, y, 16, shuffle=True), Batches(*data(40, seed=1))
    return task, fit(task, train, validation, recipe, listener=listen, **options)


def courses(found: Run) -> list[list[Any]]:
    return [
        [row.epoch, str(row.loss), *row.judgement.right, row.judgement.rates]
        for row in found.curve.rows
    ]


METHODS = [
    ("streaming{frozen=1,activity=0.01}", "sgd", "step"),
    ("stdb{steps=2,dropout=0.2,surrogate=stdb}", "adam", "step"),
    ("threshold{steps=2}", "adam", "cosine"),
    ("weights{bits=3,code=graded,steps=4}", "adam", "constant"),
    ("streaming", "sgd", "onecycle"),  # which moves the momentum, too
    ("streaming", "adam", "onecycle"),
    ("stdb{steps=2}", "amsgrad", "step"),
]


@pytest.mark.parametrize(("method", "optimizer", "schedule"), METHODS)
def test_a_resumed_run_is_the_uninterrupted_one(
    tmp_path: Path, method: str, optimizer: str, schedule: str
) -> None:
    recipe = Recipe(epochs=4, learning_rate=1e-2, schedule=schedule, seed=3, optimizer=optimizer)
    whole, course = run(method, recipe)
    place = tmp_path / "run.ckpt"
    with pytest.raises(Stop):
        run(method, recipe, after=2, checkpoint=place)
    torch.randn(7)  # whatever chance does between
    resumed, rest = run(method, recipe, checkpoint=place)
    assert rest.resumed_at == 2 and course.resumed_at is None
    assert courses(rest) == courses(course) and rest.best == course.best
    for name, values in whole.network.state_dict().items():
        assert torch.equal(values, resumed.network.state_dict()[name]), name
    assert resumed.network.scales == whole.network.scales
    again, nothing = run(method, recipe, checkpoint=place)
    assert nothing.resumed_at == 4 and courses(nothing) == courses(course)
    assert torch.equal(next(again.network.parameters()), next(whole.network.parameters()))
    assert [p.name for p in tmp_path.iterdir()] == ["run.ckpt"]


def test_the_same_seed_gives_the_same_network() -> None:
    one, two, other = (
        run(recipe=Recipe(epochs=2, learning_rate=0.02, seed=seed))[0].network for seed in (1, 1, 2)
    )
    flat = [torch.cat([p.detach().flatten() for p in net.parameters()]) for net in (one, two, other)]
    assert torch.equal(flat[0], flat[1]) and not torch.equal(flat[0], flat[2])


def test_it_learns_and_stops_early() -> None:
    _, found = run(recipe=Recipe(epochs=12, learning_rate=2e-2))
    assert found.curve.rows[found.best].judgement.last > 0.75 and not found.stopped_early
    _, found = run(recipe=Recipe(epochs=12, learning_rate=1e-12, patience=2))
    assert found.stopped_early and found.best == 0 and len(found.curve.rows) == 3


def test_an_early_stop_is_remembered(tmp_path: Path) -> None:
    recipe = Recipe(epochs=12, learning_rate=1e-12, patience=2)
    for _ in range(2):
        _, found = run(recipe=recipe, checkpoint=tmp_path / "run.ckpt")
        assert found.stopped_early and len(found.curve.rows) == 3


def test_the_best_is_kept() -> None:
    """A rate that destroys what was there: the network of before remains."""
    x, y = data()
    validation = Batches(*data(40, seed=1))
    task, _ = run(recipe=Recipe(epochs=8, learning_rate=2e-2))
    before = {name: values.clone() for name, values in task.network.state_dict().items()}
    good = judge(task.network, validation).last
    worse = Recipe(epochs=2, learning_rate=1.0, optimizer="sgd", schedule="constant", clip=0)
    again = parse_method("streaming").prepare(task.network, x)
    found = fit(again, Batches(x, y, 16, shuffle=True), validation, worse)
    assert found.best == 0 and found.curve.rows[-1].judgement.last < good
    for name, values in task.network.state_dict().items():
        assert torch.equal(values, before[name])


def test_no_epochs_convert_only() -> None:
    task, found = run("stdb{steps=4}", Recipe(epochs=0))
    assert found.best == 0 and len(found.curve.rows) == 1 and task.network.steps == 4


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"recipe": Recipe(epochs=5, learning_rate=1e-2, schedule="onecycle", seed=3)}, "epochs"),
        ({"recipe": Recipe(epochs=4, learning_rate=1e-2, schedule="onecycle", seed=4)}, "seed"),
        ({"method": "streaming{frozen=2}"}, "method frozen"),
        ({"method": "threshold"}, "method"),
        ({"about": {"data": "other"}}, "data"),
    ],
)
def test_a_checkpoint_of_another_run(tmp_path: Path, change: dict[str, Any], differs: str) -> None:
    place = tmp_path / "run.ckpt"
    run(checkpoint=place, about={"data": "these"})
    held = place.read_bytes()
    with pytest.raises(UserError, match=differs) as refused:
        run(**{"checkpoint": place, "about": {"data": "these"}, **change})
    assert refused.value.diagnostics[0].code == "D322"
    assert place.read_bytes() == held


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"hello", b"\x80\x04."])
def test_what_is_no_checkpoint(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "run.ckpt"
    place.write_bytes(content)
    with pytest.raises(UserError, match="D322"):
        run(checkpoint=place)
    torch.save({"epoch": 3}, place)
    with pytest.raises(UserError, match="D322"):
        run(checkpoint=place)


def test_a_loss_that_is_no_number() -> None:
    with pytest.raises(UserError, match="NaN or infinite") as refused:
        run(recipe=Recipe(learning_rate=1e30, optimizer="sgd", schedule="constant", clip=0))
    assert refused.value.diagnostics[0].code == "D323"


@pytest.mark.parametrize(
    "wrong",
    [
        *({"epochs": -1}, {"learning_rate": 0}, {"learning_rate": float("nan")}, {"optimizer": "x"}),
        *({"schedule": "x"}, {"smoothing": 1}, {"clip": -1}, {"patience": -1}, {"seed": -1}),
        {"weight_decay": -1},
    ],
)
def test_recipes_that_cannot_work(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"D305|D326"):
        Recipe(**wrong)


def test_the_curve_as_csv(tmp_path: Path) -> None:
    _, found = run(recipe=Recipe(epochs=2))
    (tmp_path / "curve.csv").write_text(found.curve.csv_text(), newline="")
    with (tmp_path / "curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"] and rows[0]["loss"] == "nan"
    frames = [f"accuracy_frame_{i}" for i in (1, 2, 3)]
    columns = ["epoch", "loss", "accuracy", "samples", *frames, "rate_h1", "rate_h2", "seconds"]
    assert list(rows[0]) == columns
    for row, told in zip(rows, found.curve.rows, strict=True):
        assert row["accuracy"] == row["accuracy_frame_3"] == f"{told.judgement.last:.6g}"
        assert row["samples"] == "40" and 0 < float(row["rate_h1"]) < 1


def test_a_listener_hears_every_batch_and_epoch() -> None:
    x, y = data()
    heard: list[Progress] = []
    task = parse_method("streaming").prepare(network(), x)
    train, validation = Batches(x, y, 16, shuffle=True), Batches(*data(40, seed=1))
    fit(task, train, validation, Recipe(epochs=2), listener=heard.append)
    assert [(now.epoch, now.batch, now.row is not None) for now in heard] == [
        (0, 0, True),
        *((1, batch, False) for batch in (1, 2, 3, 4)),
        (1, 4, True),
        *((2, batch, False) for batch in (1, 2, 3, 4)),
        (2, 4, True),
    ]


def test_a_checkpoint_that_changed_on_disk_is_refused(tmp_path: Path) -> None:
    """One bit of a weight would go on to another network without a word."""
    path = tmp_path / "run.ckpt"
    row = {"epoch": 0, "loss": 1.0, "right": [0.5], "samples": 2, "rates": {}, "seconds": 0.0}
    written = Checkpoint({"a": 1}, {"w": torch.ones(1000)}, {}, 0, {}, {}, [row])
    written.write(path)
    assert torch.equal(read_checkpoint(path).network["w"], torch.ones(1000))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        read_checkpoint(path)


@pytest.mark.parametrize("keep", ["best", "last"])
def test_what_is_kept(keep: str) -> None:
    """A rate that overshoots: the last epoch is not the best one."""
    recipe = Recipe(epochs=3, learning_rate=0.3, schedule="constant", clip=0.0, seed=3, keep=keep)
    x, y = data()
    task = parse_method("streaming{frozen=0}").prepare(network(), x)
    states: dict[int, dict[str, torch.Tensor]] = {}

    def listen(now: Progress) -> None:
        if now.row is not None:
            states[now.epoch] = {n: v.clone() for n, v in task.network.state_dict().items()}

    validation = Batches(*data(40, seed=1))
    found = fit(task, Batches(x, y, 16, shuffle=True), validation, recipe, listener=listen)
    right = [row.judgement.last for row in found.curve.rows]
    assert right[-1] < max(right)
    expected = 3 if keep == "last" else right.index(max(right))
    assert found.best == expected > 0
    for name, value in task.network.state_dict().items():
        assert torch.equal(value, states[expected][name]), name


def test_rates_are_spikes_a_neuron_and_step() -> None:
    """Steady input of a quarter and three quarters of the threshold, four steps, from zero."""
    net = FrameNetwork((2,))
    net.node("h1", activation=SpikingNeuron(4, 1.0, start=0.0, comparison=">="))
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(2, 2, bias=False), delay=0)
    net.edge("h1", "answer", nn.Linear(2, 2, bias=False), delay=0)
    with torch.no_grad():
        for name, weight in (
            ("input_to_h1", [[0.25, 0], [0, 0.75]]),
            ("h1_to_answer", [[1.0, 0], [0, 1]]),
        ):
            layer = net.get_submodule(name)
            assert isinstance(layer, nn.Linear)
            layer.weight.copy_(torch.tensor(weight))
    found = judge(
        net, [(torch.ones(1, 1, 2), torch.tensor([1])), (torch.ones(2, 1, 2), torch.tensor([1, 0]))]
    )
    assert found.rates == {"h1": (1 + 3) / 8}
    assert found.samples == 3 and found.last == pytest.approx(2 / 3)


def test_what_is_trained_in_bfloat16_is_judged_in_float32() -> None:
    task, found = run(recipe=Recipe(epochs=4, learning_rate=2e-2, seed=3, precision="bfloat16"))
    plain = run(recipe=Recipe(epochs=4, learning_rate=2e-2, seed=3))[1]
    assert courses(found)[0][2:] == courses(plain)[0][2:]  # before training
    assert courses(found)[1][1] != courses(plain)[1][1]
    rows = found.curve.rows
    assert rows[found.best].judgement.last > rows[0].judgement.last + 0.1
    assert {value.dtype for value in task.network.parameters()} == {torch.float32}
    again = judge(task.network, Batches(*data(40, seed=1)))
    assert again.last == rows[found.best].judgement.last


def test_bfloat16_lays_images_out_channels_last() -> None:
    placing = Placing(torch.device("cpu"), "bfloat16")
    x, y = data(8)
    ((laid_out, labels),) = placing.pairs([(torch.from_numpy(x).float(), torch.from_numpy(y))])
    assert laid_out.shape == x.shape and torch.equal(laid_out, torch.from_numpy(x).float())
    assert laid_out.stride()[2] == 1 and torch.equal(labels, torch.from_numpy(y))


@pytest.mark.parametrize("name", ["cuda:77", "tpu", "gpu", "meta"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(UserError, match="there is no device") as found:
        run(recipe=Recipe(epochs=1, device=name))
    assert "D326" in str(found.value) and "cpu" in str(found.value)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    "activation",
    [SpikingNeuron(2, [1.5] * 4, start=0.0), QuantizedReLU(4, 1.5)],
)
def test_weights_decay_and_what_activations_hold_does_not(activation: Any, optimizer: str) -> None:
    net = FrameNetwork((2, 4, 4))
    net.node("h1", activation=copy.deepcopy(activation))
    net.readout("answer")
    net.edge("input", "h1", nn.Conv2d(2, 4, 3, padding=1, bias=False), delay=0)
    net.edge("h1", "answer", nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), delay=0)
    weight = net.get_submodule("input_to_h1").get_parameter("weight")
    before = [p.detach().clone() for p in (weight, *activation_ends(net))]
    recipe = Recipe(
        epochs=1, learning_rate=4e-3, weight_decay=0.5, optimizer=optimizer, schedule="constant",
        keep="last",
    )  # fmt: skip
    x, y = np.zeros((4, 3, 2, 4, 4), np.uint8), np.zeros(4, np.int64)
    task = parse_method("streaming").prepare(net, x)
    fit(task, [next(iter(Batches(x, y, 4)))] * 200, Batches(x, y, 4), recipe)
    after = [p.detach() for p in (weight, *activation_ends(task.network))]
    assert float(after[0].abs().sum()) < 0.8 * float(before[0].abs().sum())
    assert len(after) == 2 and torch.equal(after[1], before[1])
