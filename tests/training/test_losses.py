"""Losses by frame and by step, and the choice of the best epoch, beside sums written out by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.authoring import FrameNetwork, Rollout, SpikingNeuron
from snnc.errors import UserError
from snnc.training import Recipe
from snnc.training.checkpoint import read_checkpoint
from snnc.training.methods.registry import method_text, parse_method

from .test_fit import Stop, courses, run

STEPS = 3


def network(accumulate: bool = False, spikes: bool = True) -> Rollout:
    """A chain of two nodes with a shortcut: the first response is that of the second frame."""
    torch.manual_seed(3)
    net = Rollout((5,))
    for name in ("h1", "h2"):
        neuron = SpikingNeuron(STEPS, 0.5, surrogate=None) if spikes else None
        net.node(name, activation=neuron)
    net.readout("answer", accumulate=accumulate)
    net.edge("input", "h1", nn.Linear(5, 8))
    net.edge("h1", "h2", nn.Linear(8, 6))
    net.edge("h2", "answer", nn.Linear(6, 4))
    net.edge("h1", "answer", nn.Linear(8, 4))
    return net


def batch() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.randint(0, 3, (7, 5, 5)).float(), torch.randint(0, 4, (7,))


def entropy(logits: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    """Of one answer and the probabilities of its classes, by the definition."""
    shifted = logits - logits.max()
    return float(-(wanted * (shifted - np.log(np.exp(shifted).sum()))).sum())


def sent_by_step(net: FrameNetwork, x: Tensor) -> dict[str, NDArray[np.float64]]:
    """What each node sends in each step, (samples, frames, steps, neurons)."""
    net.finalize()
    seen: dict[str, list[Tensor]] = {"h1": [], "h2": []}
    hooks = [
        net.get_submodule(n).register_forward_hook(lambda _m, _i, out, kept=kept: kept.append(out))
        for n, kept in seen.items()
    ]
    with torch.no_grad():
        net(x)
    for hook in hooks:
        hook.remove()
    return {n: torch.stack(k).permute(2, 0, 1, 3).double().numpy() for n, k in seen.items()}


def arrived_by_step(net: FrameNetwork, x: Tensor) -> NDArray[np.float64]:
    """What arrives at the readout in each step, (samples, frames, steps, classes): one frame later."""
    total = 0.0
    for name, sent in sent_by_step(net, x).items():
        layer = net.get_submodule(f"{name}_to_answer")
        assert isinstance(layer, nn.Linear)
        late = np.concatenate([np.zeros_like(sent[:, :1]), sent[:, :-1]], 1)
        weight, bias = (v.detach().double().numpy() for v in (layer.weight, layer.bias))
        total = total + late @ weight.T + bias
    return np.asarray(total)


@pytest.mark.parametrize("accumulate", [False, True])
def test_the_answer_after_each_step(accumulate: bool) -> None:
    """The mean of what arrived in the frame so far; accumulated, the sum of all, in frames."""
    net, (x, _) = network(accumulate), batch()
    arrived = arrived_by_step(net, x)
    if accumulate:
        flat = arrived.reshape(7, -1, 4).cumsum(1).reshape(arrived.shape) / STEPS
    else:
        flat = arrived.cumsum(2) / np.arange(1, STEPS + 1)[:, None]
    with torch.no_grad():
        found = net.by_step(x)
        np.testing.assert_allclose(found.numpy(), flat, atol=1e-5)
        torch.testing.assert_close(found[:, :, -1], net(x), rtol=1e-5, atol=1e-5)
    assert np.ptp(flat[:, 2:], axis=2).max() > 0.05  # steps do differ


def test_a_network_without_spikes_has_no_steps() -> None:
    with pytest.raises(ValueError, match="no node spikes"):
        network(spikes=False).by_step(batch()[0])
    with pytest.raises(UserError) as refused:
        parse_method("streaming{loss=steps}").prepare(network(spikes=False), np.ones((2, 3, 5), int))
    assert [d.code for d in refused.value.diagnostics] == ["D315"]


KINDS = [
    *((kind, "") for kind in ("mean", "sum", "last", "potential", "steps")),
    *((kind, "0:1:2.5") for kind in ("mean", "sum", "steps")),
]


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("accumulate", [False, True])
@pytest.mark.parametrize(("kind", "weights"), KINDS)
def test_losses_by_hand(kind: str, weights: str, accumulate: bool, soft: bool) -> None:
    net, (x, y) = network(accumulate), batch()
    method = parse_method(f"streaming{{loss={kind}{',frame-weights=' + weights if weights else ''}}}")
    task = method.prepare(net, x.numpy().astype(np.int64))
    wanted = np.eye(4)[y.numpy()]
    if soft:
        wanted = 0.7 * wanted + 0.3 * wanted[::-1]
    labels = torch.from_numpy(wanted).float() if soft else y
    with torch.no_grad():
        found = float(task.loss(x, labels))
        answers, by_step = net(x).double().numpy(), net.by_step(x).double().numpy()
    arrived = arrived_by_step(net, x)
    first, samples = 2, range(7)
    assert net.first_response == first
    w = np.array([float(t) for t in weights.split(":")]) if weights else np.ones(3)
    if kind == "last":
        expected = np.mean([entropy(answers[i, -1], wanted[i]) for i in samples])
    elif kind == "potential":
        expected = np.mean([entropy(arrived[i].sum((0, 1)), wanted[i]) for i in samples])
    else:
        each = np.zeros(3)
        for r in range(3):
            of = by_step[:, first + r] if kind == "steps" else answers[:, first + r, None]
            each[r] = np.mean([[entropy(a, wanted[i]) for a in of[i]] for i in samples])
        expected = (w * each).sum() / (1.0 if kind == "sum" else w.sum())
    assert found == pytest.approx(float(expected), rel=1e-5)


def test_fischers_sum_has_as_many_times_the_gradient() -> None:
    net, (x, y) = network(), batch()
    found = {}
    for kind in ("mean", "sum"):
        net.zero_grad()
        parse_method(f"streaming{{loss={kind}}}").prepare(net, np.ones((2, 3, 5), int)).loss(
            x, y
        ).backward()  # type: ignore[no-untyped-call]
        found[kind] = net.get_parameter("h1_to_answer.weight").grad.clone()  # type: ignore[union-attr]
    torch.testing.assert_close(found["sum"], 3 * found["mean"])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("streaming{loss=first}", "D326"),
        ("stdb{loss=last,frame-weights=1}", "D327"),
        ("stdb{loss=potential,frame-weights=1:1}", "D327"),
        ("weights{frame-weights=1:x}", "D308"),
        ("weights{frame-weights=0:0}", "D308"),
        ("threshold{frame-weights=1:-1}", "D308"),
        ("threshold{frame-weights=1:nan}", "D308"),
    ],
)
def test_losses_that_cannot_be(text: str, code: str) -> None:
    with pytest.raises(UserError) as refused:
        parse_method(text)
    assert [d.code for d in refused.value.diagnostics] == [code]


def test_other_frames_than_weights() -> None:
    net, (x, y) = network(), batch()
    task = parse_method("streaming{frame-weights=1:2}").prepare(net, np.ones((2, 3, 5), int))
    with pytest.raises(UserError, match="2 weights for 3 frames after the 2 frames") as refused:
        task.loss(x, y)
    assert [d.code for d in refused.value.diagnostics] == ["D327"]


def test_options_keep_their_text() -> None:
    method = parse_method("stdb{loss=sum,frame-weights=0:1}")
    assert parse_method(method_text(method)) == method
    assert (method.loss, method.frame_weights) == ("sum", "0:1")


@pytest.mark.parametrize("best_by", ["last", "frames"])
def test_the_best_epoch_by_the_last_or_by_all_frames(best_by: str) -> None:
    recipe = Recipe(epochs=6, learning_rate=5e-3, schedule="constant", seed=5, best_by=best_by)
    task, found = run("streaming{frozen=0}", recipe)
    first = task.network.first_response
    assert first == 1
    last = [float(row.judgement.right[-1]) for row in found.curve.rows]
    mean = [float(np.mean(row.judgement.right[first:])) for row in found.curve.rows]
    best = {"last": last.index(max(last)), "frames": mean.index(max(mean))}
    assert best["last"] != best["frames"]
    assert found.best == best[best_by]


def test_a_checkpoint_of_before_an_option_is_resumed(tmp_path: Path) -> None:
    """What was no option then had the default; with another value it is another run."""
    place = tmp_path / "run.ckpt"
    recipe = Recipe(epochs=3, learning_rate=1e-2, seed=3)
    _, whole = run("streaming", recipe)
    with pytest.raises(Stop):
        run("streaming", recipe, after=1, checkpoint=place)
    written = read_checkpoint(place)
    gone = ("best_by", "mixup", "step_every", "recompute_steps", "method loss", "method frame_weights")
    old: dict[str, Any] = {k: v for k, v in written.recipe.items() if k not in gone}
    assert len(old) == len(written.recipe) - len(gone)
    dataclasses.replace(written, recipe=old).write(place)
    for changed in (dataclasses.replace(recipe, mixup=0.2), recipe):
        method = "streaming" if changed is not recipe else "streaming{loss=sum}"
        with pytest.raises(UserError, match="another run"):
            run(method, changed, checkpoint=place)
    _, rest = run("streaming", recipe, checkpoint=place)
    assert rest.resumed_at == 1 and courses(rest) == courses(whole)
