"""Each method from end to end: it learns, and the chip answers as the trained network does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from snnc.authoring import FrameNetwork, QuantizedReLU, Rollout
from snnc.errors import UserError
from snnc.ir import Conv2d, Linear
from snnc.training import Recipe, Stdb, Streaming, Threshold, Weights, fit, judge
from snnc.training.methods.base import Task
from snnc.training.methods.grid import weighted_edges
from snnc.training.methods.registry import METHODS, method_text, parse_method
from snnc.training.parts import calibration_of
from snnc.training.recipe import optimizer_of
from snnc.workflows.compile import Compiled
from snnc.workflows.run import Run
from tests.by_options import compile_model, run_bundle

from .problems import Digits, digits, trained, trained_rollout

CHANCE = 0.1
RECIPE = Recipe(epochs=4, learning_rate=3e-3)


def test_streaming_learns() -> None:
    _, accuracy = trained()
    assert accuracy[0] < 2 * CHANCE and max(accuracy) > 0.9


def finished(task: Task, recipe: Recipe = RECIPE) -> list[float]:
    """Train, and say how good the network was after each epoch; the best one remains."""
    train, validation = digits()
    run = fit(task, train.batches(shuffle=True), validation.batches(), recipe)
    accuracy = [row.judgement.last for row in run.curve.rows]
    assert judge(task.network, validation.batches()).last == max(accuracy)
    return accuracy


def on_chip(
    network: FrameNetwork, calibration: Any, place: Path, **options: Any
) -> tuple[Compiled, Run]:
    """Exported, compiled without further calibration data, run in integers on the validation part."""
    _, validation = digits()
    network.export(place / "net.pt", calibration=calibration)
    compiled = compile_model(place / "net.pt", "loihi", place / "net.loihi", **options)
    np.savez(place / "data.npz", x=validation.x, y=validation.y)
    return compiled, run_bundle(place / "net.loihi", place / "data.npz")


def test_ranges_learn_at_a_rate_of_their_own() -> None:
    train, _ = digits()
    net = Rollout((1, 8, 8))
    net.node("hidden", None, QuantizedReLU(4, 2.0))
    net.readout("answer")
    net.edge("input", "hidden", nn.Sequential(nn.Flatten(), nn.Linear(64, 20)))
    net.edge("hidden", "answer", nn.Linear(20, 10))
    task = Streaming(rate=100.0).prepare(net, train.x)
    batch = next(iter(train.batches()))
    task.loss(*batch)  # builds the network
    before = {name: value.detach().clone() for name, value in net.named_parameters()}
    optimizer = optimizer_of(Recipe(learning_rate=1e-4, weight_decay=0.0), task.groups())
    task.loss(*batch).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    moved = {n: float((v.detach() - before[n]).abs().max()) for n, v in net.named_parameters()}
    # Adam's first step is the rate itself, whatever the gradient.
    ranges = [moved.pop(name) for name in list(moved) if name.endswith("range")]
    assert ranges == [pytest.approx(1e-2, rel=1e-3)]
    assert max(moved.values()) == pytest.approx(1e-4, rel=1e-2)


def test_stdb(tmp_path: Path) -> None:
    train, _ = digits()
    network = trained_rollout()
    task = Stdb(steps=2, percentile=95.0).prepare(network, train.x)
    accuracy = finished(task)
    assert max(accuracy) > accuracy[0] and max(accuracy) > 0.88
    compiled, ran = on_chip(task.network, train.x[:64], tmp_path)
    assert compiled.program.steps_per_frame == 2
    assert ran.accuracy is not None and abs(ran.accuracy[-1] - max(accuracy)) < 0.03


@pytest.mark.parametrize(("start", "enough"), [(0.5, 0.88), (0.0, 0.8)])
def test_threshold(tmp_path: Path, start: float, enough: float) -> None:
    train, _ = digits()
    task = Threshold(steps=2, start=start).prepare(trained_rollout(), train.x)
    before = {name: float(n.threshold.detach()) for name, n in task.network.spiking().items()}
    accuracy = finished(task)
    after = {name: float(n.threshold.detach()) for name, n in task.network.spiking().items()}
    assert all(after[name] != before[name] for name in before)
    assert max(accuracy) > accuracy[0] and max(accuracy) > enough
    compiled, ran = on_chip(task.network, train.x[:64], tmp_path)
    assert compiled.program.steps_per_frame == 2
    assert ran.accuracy is not None and abs(ran.accuracy[-1] - max(accuracy)) < 0.03


@pytest.mark.parametrize("code", ["graded", "rate"])
def test_weights(tmp_path: Path, code: str) -> None:
    train, validation = digits()
    calibration = calibration_of(train, seed=0)  # type: ignore[arg-type]
    method = Weights(bits=3, code=code, steps=6)
    task = method.prepare(trained_rollout(), calibration)
    integers: dict[str, Any] = {}
    finish = task.finish

    def look_and_finish() -> None:
        for edge, module in weighted_edges(task.network):
            assert module.grid is not None
            factor = module.grid.get_buffer("factor")
            integers[edge.name] = (module.grid(module.weight) * factor).detach().numpy()
        finish()

    task.finish = look_and_finish  # type: ignore[method-assign]
    accuracy = finished(task)
    assert max(accuracy) > accuracy[0] and max(accuracy) > 0.88
    options: dict[str, Any] = {"code": code} if code != "rate" else {}
    compiled, ran = on_chip(task.network, calibration, tmp_path, **options)
    # Nothing that was trained is corrected or warned of.
    assert not {"N722", "N734"} & {note.code for note in compiled.notes}
    for name, trained_on in integers.items():
        (projection,) = (q for q in compiled.program.projections if name in q.origin)
        assert isinstance(projection.op, Conv2d | Linear)
        assert np.abs(trained_on - np.rint(trained_on)).max() < 1e-3
        weight = projection.op.weight
        np.testing.assert_array_equal(weight, np.rint(trained_on).reshape(weight.shape), err_msg=name)
    assert ran.accuracy is not None
    if code == "rate":
        assert abs(ran.accuracy[-1] - max(accuracy)) < 0.04
        return
    with torch.no_grad():
        answers = task.network(torch.from_numpy(validation.x).float()).numpy()
    # Not only the decisions: biases were trained on the chip's grid, too, and all levels are the same.
    potentials = ran.potential / compiled.manifest.readout.potential_of_one
    np.testing.assert_allclose(potentials, answers, atol=1e-4)
    assert ran.accuracy[-1] == max(accuracy)


def test_corrected_biases_bring_rates_nearer_to_activations() -> None:
    train, _ = digits()
    network, apart = trained_rollout(), {}
    frames = torch.from_numpy(train.x[:64]).float()
    for rounds in (0, 2):
        spiking = Stdb(steps=4, per="channel", rounds=rounds, samples=64).prepare(network, train.x[:64])
        ends = {n: neuron.threshold.detach() for n, neuron in spiking.network.spiking().items()}
        wanted, found = mean_states(network, frames, ends), mean_states(spiking.network, frames, ends)
        apart[rounds] = {n: (found[n] - wanted[n]).abs().mean().item() for n in ends}
    assert apart[2]["h1"] <= apart[0]["h1"]  # its input is steady: what is left is rounding
    assert apart[2]["h2"] < 0.9 * apart[0]["h2"]


def mean_states(
    network: FrameNetwork, frames: torch.Tensor, ends: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """What each channel of a node puts out on average, in its thresholds and at most one, by node."""
    sums: dict[str, torch.Tensor] = {}

    def look(name: str) -> Any:
        def hook(_module: Any, _given: Any, out: torch.Tensor) -> None:
            rows = (out / ends[name].view(-1, 1, 1)).clamp(max=1).movedim(-3, 0).flatten(1)
            sums[name] = sums.get(name, torch.zeros(())) + rows.mean(1) / frames.shape[1]

        return hook

    handles = [getattr(network, n).register_forward_hook(look(n)) for n in ends]
    with torch.no_grad():
        network.eval()(frames)
    for handle in handles:
        handle.remove()
    return sums


@pytest.mark.parametrize("method", [Stdb(steps=2, norms=True), Threshold(steps=2, norms=True)])
def test_batch_normalisation_is_trained_along(tmp_path: Path, method: Stdb | Threshold) -> None:
    train, _ = digits()
    task = method.prepare(trained_rollout(), train.x)
    norms = [m for m in task.network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    (norm,) = norms
    before = [norm.running_mean.clone(), norm.weight.detach().clone()]  # type: ignore[union-attr]
    accuracy = finished(task)
    assert max(accuracy) > accuracy[0] and max(accuracy) > 0.88
    after = [norm.running_mean, norm.weight.detach()]
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))  # type: ignore[arg-type]
    _, ran = on_chip(task.network, train.x[:64], tmp_path)
    assert ran.accuracy is not None and abs(ran.accuracy[-1] - max(accuracy)) < 0.03
    folded = Stdb(steps=2).prepare(trained_rollout(), train.x).network
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())


def test_biases_are_not_corrected_by_draws() -> None:
    with pytest.raises(UserError) as refused:
        Stdb.published("rathi2020", steps=4, rounds=2).prepare(trained_rollout(), digits()[0].x)
    assert [d.code for d in refused.value.diagnostics] == ["D327"]


def test_weights_for_a_target_of_few_bits(tmp_path: Path) -> None:
    """Code and levels are the target's: trained, compiled and run in integers, all answers are one."""
    train, validation = digits()
    method = Weights(bits=4, target="akida")
    assert method.chosen_code == "graded" and Weights(bits=4).chosen_code == "rate"
    task = method.prepare(trained_rollout(), train.x[:64])
    levels = [m.levels for m in task.network.modules() if isinstance(m, QuantizedReLU)]
    assert levels == [15, 15]
    accuracy = finished(task)
    assert max(accuracy) > 0.9
    task.network.export(tmp_path / "net.pt", calibration=train.x[:64])
    compiled = compile_model(tmp_path / "net.pt", "akida", tmp_path / "net.akida", code="graded")
    for p in compiled.program.projections:
        assert isinstance(p.op, Conv2d | Linear) and p.exponent == -5
        assert np.abs(p.op.weight).max() <= 7 * 32 and not np.any(p.op.weight % 32)
    np.savez(tmp_path / "data.npz", x=validation.x, y=validation.y)
    ran = run_bundle(tmp_path / "net.akida", tmp_path / "data.npz")
    assert ran.accuracy is not None and ran.accuracy[-1] == max(accuracy)


def test_a_second_method_starts_from_the_first(tmp_path: Path) -> None:
    """Thresholds are trained first, then the weights of the spiking network get few bits."""
    train, _ = digits()
    calibration = calibration_of(train, seed=0)  # type: ignore[arg-type]
    spiking = Threshold(steps=4).prepare(trained_rollout(), calibration)
    finished(spiking, Recipe(epochs=1, learning_rate=1e-3))
    task = Weights(bits=4).prepare(spiking.network, calibration)
    assert task.network.steps == 4
    accuracy = finished(task, Recipe(epochs=2, learning_rate=1e-3))
    compiled, ran = on_chip(task.network, calibration, tmp_path)
    assert compiled.program.steps_per_frame == 4
    assert ran.accuracy is not None and abs(ran.accuracy[-1] - max(accuracy)) < 0.03


def test_text_forms() -> None:
    assert set(METHODS) == {"stdb", "streaming", "threshold", "weights"}
    for kind in METHODS.values():
        assert parse_method(method_text(kind())) == kind()
    assert parse_method("stdb{leak=0.5}", {"steps": 8, "bits": None}) == Stdb(steps=8, leak=0.5)
    assert parse_method("stdb{steps=8}", {"steps": 8}) == Stdb(steps=8)


@pytest.mark.parametrize(
    ("text", "short", "parts"),
    [
        ("sdtb", {}, ["D330", "no method 'sdtb'", "did you mean stdb?"]),
        ("magic", {}, ["D330", "stdb, streaming, threshold, weights"]),
        ("stdb{stepps=4}", {}, ["D329", "no option 'stepps'"]),
        ("stdb{steps=many}", {}, ["D308", "'many' is not a int"]),
        ("stdb", {"bits": 4}, ["D329", "method stdb has no option 'bits'"]),
        ("stdb{steps=4}", {"steps": 8}, ["D320", "4 and 8"]),
    ],
)
def test_what_is_no_method(text: str, short: dict[str, object], parts: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        parse_method(text, short)
    for part in parts:
        assert part in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        *("stdb{steps=0}", "stdb{leak=0}", "stdb{start=1}", "stdb{balance=x}", "stdb{percentile=101}"),
        *("stdb{per=x}", "stdb{scale=0}", "stdb{surrogate=x}", "stdb{dropout=1}", "stdb{scale=nan}"),
        *("threshold{rate=nan}", "streaming{frozen=-1}", "weights{bits=0}", "weights{bits=99}"),
        *("weights{code=x}", "weights{target=x}", "weights{percentile=-1}", "weights{steps=0}"),
    ],
)
def test_options_out_of_bounds(text: str) -> None:
    train, _ = digits()
    with pytest.raises(UserError):
        parse_method(text).prepare(trained_rollout(), train.x[:8])


def test_the_calibration_has_the_largest_count() -> None:
    train, _ = digits()
    x = train.x.copy()
    x[400, 1, 0, 3, 3] = 9
    chosen = calibration_of(Digits(x, train.y), seed=0)  # type: ignore[arg-type]
    assert chosen.shape == (64, *x.shape[1:]) and chosen.max() == 9


def test_the_pieces_in_a_loop_of_ones_own(tmp_path: Path) -> None:
    """As docs/training.md shows it."""
    train, _ = digits()
    task = Weights(bits=4, code="graded", steps=4).prepare(trained_rollout(), train.x[:64])
    optimizer = torch.optim.SGD(task.network.parameters(), lr=0.01)
    for epoch in range(2):
        task.network.train()
        task.begin_epoch(epoch, 2)
        for x, y in list(train.batches())[:2]:
            loss = task.loss(x, y)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    task.finish()
    task.network.export(tmp_path / "tuned.pt", calibration=train.x[:64])
    compiled = compile_model(tmp_path / "tuned.pt", "reference", tmp_path / "bundle", code="graded")
    assert {"N735"} <= {note.code for note in compiled.notes}
