"""Poisson input of both signs: draws, what is trained on them, and the compiled network on them."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import snnc
from snnc.authoring import FrameNetwork, SpikingNeuron
from snnc.errors import UserError
from snnc.recordings.event_sets import Labelled
from snnc.sim import encode
from snnc.sim.engines import simulate
from snnc.training import Batches, PoissonInput, Recipe, Stdb, Streaming, fit, judge
from snnc.training.methods.registry import parse_method
from snnc.training.parts import Parts
from snnc.training.stages import Files, Stage, train_through
from tests.by_options import compile_model

from .problems import digits, trained_rollout
from .test_published import in_the_authors_order

LARGEST = 4


def chain() -> FrameNetwork:
    torch.manual_seed(0)
    net = FrameNetwork((4,))
    net.node("h1")
    net.node("h2")
    net.readout("answer")
    for source, target, (n, m) in (
        ("input", "h1", (4, 6)),
        ("h1", "h2", (6, 5)),
        ("h2", "answer", (5, 3)),
    ):
        net.edge(source, target, nn.Linear(n, m, bias=False), delay=0)
    return net


def signed(samples: int = 40, seed: int = 0) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Counts from -4 to 4, one frame; the class is the largest of the first three."""
    x = np.random.default_rng(seed).integers(-LARGEST, LARGEST + 1, (samples, 1, 4)).astype(np.int8)
    x[0, 0, 3] = -LARGEST
    return x, x[:, 0, :3].argmax(1)


def test_draws_are_the_published_ones() -> None:
    """``sign(x) * [rand < |x|]``, x in -1..1, in every step of every frame; written out."""
    x = signed(5)[0]
    found = PoissonInput(3, LARGEST).drawn(np.repeat(x, 2, 1), seed=9)
    assert found.dtype == np.int8 and found.shape == (5, 6, 4)
    rng = np.random.default_rng(9)
    for sample in range(5):
        uniform = rng.random((6, 4))
        for step, element in itertools.product(range(6), range(4)):
            value = x[sample, 0, element] / 4
            fires = uniform[step, element] < abs(value)
            assert found[sample, step, element] == (np.sign(value) if fires else 0)


@pytest.mark.parametrize("by", ["numpy", "torch"])
def test_rates_are_counts_of_the_largest(by: str) -> None:
    x, steps = signed(30)[0], 2000
    code = PoissonInput(steps, LARGEST)
    torch.manual_seed(0)
    found = code.drawn(x, 1) if by == "numpy" else code.draw(torch.from_numpy(x).float()).numpy()
    assert set(np.unique(found)) == {-1, 0, 1} and found.shape == (30, steps, 4)
    rate = np.abs(x) / 4
    off = np.abs(found.mean(1) - x[:, 0] / 4)
    assert (off <= 5 * np.sqrt(rate * (1 - rate) / steps)[:, 0]).all()
    # One step says nothing of the next.
    half = found[:, :, :][np.broadcast_to(rate == 0.5, found.shape)].reshape(-1, 2) != 0
    together = (half[:, 0] & half[:, 1]).mean()
    assert together == pytest.approx(0.25, abs=0.02)


def test_the_same_seed_draws_the_same() -> None:
    x, code = signed(10)[0], PoissonInput(7, LARGEST)
    one = code.drawn(x, 3)
    np.testing.assert_array_equal(one, code.drawn(x, 3))
    np.testing.assert_array_equal(one[:4], code.drawn(x[:4], 3))
    assert (one != code.drawn(x, 4)).any()
    torch.manual_seed(5)
    drawn = code.draw(torch.from_numpy(x).float())
    assert not torch.equal(drawn, code.draw(torch.from_numpy(x).float()))
    torch.manual_seed(5)
    assert torch.equal(drawn, code.draw(torch.from_numpy(x).float()))


def test_a_count_beyond_the_largest_is_refused() -> None:
    for draw in (
        PoissonInput(2, 3).drawn,
        lambda x: PoissonInput(2, 3).draw(torch.from_numpy(x).float()),
    ):
        with pytest.raises(UserError, match="a count of 4; 3 spikes") as refused:
            draw(signed(4)[0])
        assert refused.value.diagnostics[0].code == "D522"


@pytest.mark.parametrize("steps", [1, 12])
def test_the_recipe_is_the_authors_training_step(steps: int) -> None:
    """Poisson input, potentials and clock that run on, one loss: loss and gradients are theirs."""
    x, y = signed(6)
    net = chain()
    method = Stdb.published("rathi2020", steps=steps, dropout=0.0, dropout_conv=0.0, beta=0.05)
    task = method.prepare(net, x)
    task.network.double()
    thetas = tuple(float(n.threshold.detach()) for n in task.network.spiking().values())
    counts, labels = torch.from_numpy(x).double(), torch.from_numpy(y)
    torch.manual_seed(17)
    loss = task.loss(counts, labels)
    loss.backward()  # type: ignore[no-untyped-call]

    layers = [m for m in task.network.modules() if isinstance(m, nn.Linear)]
    worth = (float(LARGEST), *thetas)
    theirs = [
        (layer.weight.detach() * factor).requires_grad_()
        for layer, factor in zip(layers, worth, strict=True)
    ]
    torch.manual_seed(17)
    values = (counts / LARGEST).repeat_interleave(steps, 1)
    drawn = values.sign() * (torch.rand_like(values) < values.abs())
    outputs = [in_the_authors_order(theirs, drawn[i], steps, thetas)[0] for i in range(len(x))]
    expected = nn.functional.cross_entropy(torch.stack(outputs), labels)
    expected.backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss, expected)
    for layer, other, factor in zip(layers, theirs, worth, strict=True):
        assert layer.weight.grad is not None and other.grad is not None
        torch.testing.assert_close(layer.weight.grad / factor, other.grad, rtol=1e-6, atol=1e-12)
    assert steps == 1 or all(float(t.grad.abs().max()) > 0 for t in theirs)  # type: ignore[union-attr]


def test_the_papers_balancing_looks_at_draws() -> None:
    """The largest input of a step, times 0.7; the second layer's with spikes of the first."""
    x, _ = signed(30)
    method = Stdb.published("rathi2020", steps=20, input_seed=2)
    spiking = method.prepare(chain(), x).network
    first, second, _ = (
        m.weight.detach().double().numpy() for m in spiking.modules() if isinstance(m, nn.Linear)
    )
    drawn = LARGEST * PoissonInput(20, LARGEST).drawn(x, 2).astype(np.float64)
    arriving = drawn @ first.T
    thetas = [float(n.threshold.detach()) for n in spiking.spiking().values()]
    assert thetas[0] == pytest.approx(0.7 * arriving.max(), rel=1e-5)
    threshold = arriving.max()  # of the balancing: scaled only in the end
    potential, largest = np.zeros((30, 6)), 0.0
    for step in range(20):
        potential += arriving[:, step]
        spikes = potential > threshold
        potential -= threshold * spikes
        largest = max(largest, (threshold * spikes @ second.T).max())
    assert thetas[1] == pytest.approx(0.7 * largest, rel=1e-4)


def test_other_balancing_looks_at_counts() -> None:
    x, _ = signed(30)
    thresholds = [
        [
            float(n.threshold.detach())
            for n in Stdb(steps=8, input=code).prepare(chain(), x).network.spiking().values()
        ]
        for code in ("counts", "poisson")
    ]
    assert thresholds[0] == pytest.approx(thresholds[1])


def test_the_compiled_network_has_the_spikes_of_training(tmp_path: Path) -> None:
    """Negative payloads, K = 1, potentials that run on: all that a stream of draws needs."""
    net = FrameNetwork((4,))
    for name in ("h1", "h2"):
        net.node(name, activation=SpikingNeuron(1, 1.0, start=0.0, restart_frames=False))
    net.readout("answer", accumulate=True)
    generator = torch.Generator().manual_seed(1)
    for source, target, (n, m) in (
        ("input", "h1", (4, 6)),
        ("h1", "h2", (6, 5)),
        ("h2", "answer", (5, 3)),
    ):
        layer = nn.Linear(n, m, bias=False)
        layer.weight.data = torch.randint(-20, 31, (m, n), generator=generator) / 32
        net.edge(source, target, layer, delay=0)
    net.weight_bits, net.scales = 8, {name: [64] for name in ("h1", "h2", "answer")}
    drawn = PoissonInput(15, LARGEST).drawn(signed(8)[0], 0)
    seen: list[Tensor] = []
    net.finalize()
    hook = net.get_submodule("h2").register_forward_hook(lambda _m, _i, sent: seen.append(sent[0] > 0))
    with torch.no_grad():
        answers = net.eval()(torch.from_numpy(drawn).float())
    hook.remove()
    net.export(tmp_path / "net.pt", calibration=drawn)
    done = compile_model(tmp_path / "net.pt", "loihi", tmp_path / "net.loihi")
    assert "N737" not in [n.code for n in done.notes]
    trace = simulate(done.program, encode(done.program, drawn), simulator="reference")
    start = done.program.by_name["h2"].start
    spikes = torch.stack(seen, 1).numpy()
    assert 0.02 < spikes.mean() < 0.9
    np.testing.assert_array_equal(trace.spikes["h2"][:, start : start + 15] > 0, spikes)
    readout = done.program.by_name["answer"]
    found = trace.potentials["answer"][:, readout.start : readout.start + 15]
    one = done.manifest.readout.potential_of_one
    np.testing.assert_allclose(found / one, answers.numpy(), atol=1e-6)


def images() -> tuple[Labelled, Labelled]:
    """scikit-learn's digits, one frame, of either sign: 2 count - 4."""
    train, validation = digits()
    return tuple(  # type: ignore[return-value]
        Labelled((2 * part.x[:, :1].astype(np.int8) - 4), part.y) for part in (train, validation)
    )


def perceptron(train: Labelled, validation: Labelled) -> FrameNetwork:
    """No biases, as in the paper; trained without spikes."""
    torch.manual_seed(0)
    net = FrameNetwork((1, 8, 8))
    net.node("h1")
    net.readout("answer")
    net.edge("input", "h1", nn.Sequential(nn.Flatten(), nn.Linear(64, 48, bias=False)), delay=0)
    net.edge("h1", "answer", nn.Linear(48, 10, bias=False), delay=0)
    recipe = Recipe(epochs=12, learning_rate=1e-2)
    batches = Batches(train.x, train.y, 50, shuffle=True)
    fit(Streaming().prepare(net, train.x), batches, Batches(validation.x, validation.y), recipe)
    return net


def test_from_images_to_a_bundle(tmp_path: Path) -> None:
    """Trained on draws, judged on draws; the chip's accuracy on the same draws is the judged one."""
    train, validation = images()
    net = perceptron(train, validation)
    floats = judge(net, Batches(validation.x, validation.y)).last
    parts = Parts(train, validation, "", test=validation)
    stage = Stage(
        Stdb.published("rathi2020", steps=12, dropout=0.0),
        Recipe(epochs=3, learning_rate=1e-3, optimizer="amsgrad", schedule="step", clip=0.0),
    )
    done = train_through(net, [stage], parts, Files(tmp_path / "a.pt"))
    assert [n.code for n in done.notes] == ["N796"] and "PoissonInput(12, 4)" in done.notes[0].help
    rows = done.runs[0].curve.rows
    assert len(rows[0].judgement.right) == 12  # accuracy after each step
    assert done.test is not None and done.test.last == rows[done.runs[0].best].judgement.last
    assert floats > 0.9 and done.test.last > 0.9 and rows[0].judgement.right[0] < 0.5
    again = train_through(perceptron(train, validation), [stage], parts, Files(tmp_path / "b.pt"))
    assert again.files.model.read_bytes() == done.files.model.read_bytes()
    drawn = PoissonInput(12, 4).drawn(validation.x, 0)
    snnc.compile(tmp_path / "a.pt", target="loihi", output=tmp_path / "a.loihi")
    ran = snnc.load(tmp_path / "a.loihi").run((drawn, validation.y))
    assert ran.accuracy is not None
    np.testing.assert_allclose(ran.accuracy, done.test.right, atol=0.01)


def test_a_run_on_draws_that_was_stopped_goes_on(tmp_path: Path) -> None:
    x, y = signed(40)

    def run(stop: bool, **options: Any) -> list[list[float]]:
        task = parse_method("stdb{input=poisson,steps=6,dropout=0.2}").prepare(chain(), x)
        validation = Batches(task.encoded(x), y, 16)

        def listen(now: Any) -> None:
            if stop and now.epoch == 2:
                raise KeyboardInterrupt

        recipe = Recipe(epochs=3, learning_rate=1e-2)
        found = fit(
            task, Batches(x, y, 16, shuffle=True), validation, recipe, listener=listen, **options
        )
        return [[row.loss, *row.judgement.right] for row in found.curve.rows[1:]]

    whole, place = run(False), tmp_path / "run.ckpt"
    with pytest.raises(KeyboardInterrupt):
        run(True, checkpoint=place)
    assert run(False, checkpoint=place) == whole


def test_delays_of_frames_and_later_stages_are_refused(tmp_path: Path) -> None:
    train, _ = digits()
    with pytest.raises(UserError, match="delays of frames") as refused:
        parse_method("stdb{input=poisson}").prepare(trained_rollout(), train.x)
    assert refused.value.diagnostics[0].code == "D315"
    x, y = signed(20)
    part = Labelled(x, y)
    stages = [
        Stage(parse_method(text), Recipe(epochs=0)) for text in ("stdb{input=poisson}", "weights")
    ]
    with pytest.raises(UserError, match="a stage after it") as refused:
        train_through(chain(), stages, Parts(part, part, ""), Files(tmp_path / "net.pt"))
    assert refused.value.diagnostics[0].code == "D327"
