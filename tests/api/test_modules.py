"""Models of this process: modules and rollouts, compiled without a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import snnc
from snnc.api.inspection import rollout_of
from snnc.frontend import load_model
from snnc.ir import Kind

from .conftest import MODEL


def counts(*shape: int) -> Any:
    return np.random.default_rng(0).poisson(0.5, (24, 3, *shape))


def rollout() -> snnc.Rollout:
    torch.manual_seed(0)
    net = snnc.Rollout((6,))
    net.node("h")
    net.readout("out")
    net.edge("input", "h", nn.Linear(6, 8))
    net.edge("h", "out", nn.Linear(8, 3))
    return net


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


class Looping(nn.Module):
    """A state that comes in and goes out again."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inner, self.outer = nn.Linear(6, 4), nn.Linear(4, 3)

    def forward(self, frame: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        now = torch.relu(self.inner(frame) + before)
        return self.outer(now), now


def test_a_rollout(tmp_path: Path) -> None:
    net = rollout().train()
    bundle = snnc.compile(net, "reference", calibration=counts(6), code="rate", steps_per_frame=8)
    assert net.training and bundle.manifest.model.path is None
    assert bundle.manifest.calibration.origin == "array" and bundle.manifest.model.name == "rollout"
    net.export(tmp_path / "net.pt")
    np.savez(tmp_path / "x.npz", x=counts(6))
    file = snnc.compile(
        tmp_path / "net.pt",
        "reference",
        calibration=tmp_path / "x.npz",
        code="rate",
        steps_per_frame=8,
    )
    assert np.array_equal(file.run(counts(6)).potential, bundle.run(counts(6)).potential)


def test_a_module_by_example_shape_or_data() -> None:
    net = layers().train()
    for given in ({"example": torch.zeros(1, 6)}, {"input_shape": (6,)}, {}):
        bundle = snnc.compile(net, "reference", calibration=counts(6), code="graded", **given)
        assert bundle.program.input.shape == (6,) and bundle.manifest.kept is not None
    assert net.training
    with pytest.raises(snnc.UserError, match=r"D122[\s\S]*give example=frame"):
        snnc.compile(net, "reference")


def test_states_by_example() -> None:
    frame, state = np.zeros((1, 6)), np.zeros((1, 4))
    bundle = snnc.compile(
        Looping(), "reference", calibration=counts(6), code="graded", example=(frame, state)
    )
    loops = [q for q in bundle.program.projections if q.source == q.target]
    assert len(loops) == 1
    with pytest.raises(snnc.UserError, match="D124"):
        snnc.compile(Looping(), "reference", example=frame)


def test_the_ladder_remembers_what_was_given(tmp_path: Path) -> None:
    bundle = snnc.compile(layers(), "reference", calibration=counts(6), code="graded")
    found = bundle.ladder(counts(6))
    assert [r.name for r in found.rungs][:2] == ["torch model", "graph in floats"]
    assert not found.different and len(found.rungs) == 7
    saved = bundle.save(tmp_path / "net")
    assert not saved.ladder(counts(6)).different
    alone = snnc.load(saved.folder)
    with pytest.raises(snnc.UserError, match=r"D128[\s\S]*given in Python"):
        alone.ladder(counts(6))
    with pytest.raises(snnc.UserError, match=r"D128[\s\S]*calibration data .* given in Python"):
        alone.ladder(counts(6), model=layers())
    assert not alone.ladder(counts(6), model=layers(), calibration=counts(6)).different


def test_a_module_for_a_bundle_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to do is said in Python's words: the module cannot be named with --model or --module."""
    monkeypatch.chdir(tmp_path)
    torch.save(layers().state_dict(), "weights.pt")
    Path("own_layers.py").write_text("from tests.api.test_modules import layers\n")
    code = "own_layers:layers"
    bundle = snnc.compile("weights.pt", "reference", "b", module=code, calibration=counts(6))
    with pytest.raises(snnc.UserError, match=r"D128[\s\S]*given in Python") as refused:
        snnc.load(bundle.folder).ladder(counts(6), model=layers())
    assert "--" not in str(refused.value) and f"module='{code}'" in str(refused.value)
    with pytest.raises(snnc.UserError, match=rf"D128[\s\S]*ladder\(module='{code}'\)"):
        snnc.load(bundle.folder).ladder(counts(6), calibration=counts(6))
    assert not bundle.ladder(counts(6), module=code, calibration=counts(6)).different
    alone = snnc.compile(layers(), "reference", "c", calibration=counts(6))
    other = layers()
    with torch.no_grad():
        next(other.parameters()).add_(1)
    with pytest.raises(snnc.UserError, match=r"D128[\s\S]*not the model") as refused:
        snnc.load(alone.folder).ladder(counts(6), model=other)
    assert "--" not in str(refused.value)


@pytest.mark.parametrize("wrong", [3, None, {"a": 1}, [1.0]])
def test_what_is_no_model(wrong: Any) -> None:
    with pytest.raises(snnc.UserError, match=r"D337.*a model is a path, a torch module or a program"):
        snnc.compile(wrong, "reference")


def test_an_incomplete_rollout() -> None:
    with pytest.raises(snnc.UserError, match=r"D126.*incomplete"):
        snnc.compile(snnc.Rollout((6,)), "reference")


def test_tune_and_finetune_take_arrays(tmp_path: Path) -> None:
    x, y = counts(6), np.arange(24) % 3
    front = snnc.tune(
        layers(),
        "reference",
        (x, y),
        code=["rate", "graded"],
        steps_per_frame=8,
        weight_bits=[8, 4],
        workers=1,
    )
    assert len(front.rows) > 3 and front.advised in front.rows
    frame = front.to_pandas()
    assert list(frame["code"].unique()) == ["rate", "graded"] and "accuracy" in frame.columns
    assert len(repr(front)) < 2000 and "<table>" in front._repr_html_()
    trained = snnc.finetune(
        rollout(), "stdb", (x, y), tmp_path / "tuned.pt", steps=2, epochs=1, batch=8
    )
    assert trained.model.is_file() and "accuracy" in repr(trained)
    assert list(trained.to_pandas().columns) == ["method", "epoch", "accuracy", "samples"]
    assert snnc.compile(trained.model, "loihi").manifest.steps_per_frame == 2
    with pytest.raises(TypeError, match="epoch'"):
        snnc.finetune(rollout(), "stdb", (x, y), tmp_path / "tuned.pt", epoch=1)


def test_messages_are_explained() -> None:
    found = snnc.explain("n703")
    assert found.code == "N703" and repr(found).startswith("N703  ")
    assert "What to do" in repr(found) and len(repr(found)) <= 2000
    with pytest.raises(snnc.UserError, match="D335"):
        snnc.explain("X000")


def test_noise_of_a_module() -> None:
    found = snnc.measure_noise(layers(), counts(6), steps=[2, 4], spiking=False)
    frame = found.to_pandas()
    assert list(frame["steps"]) == [2, 4] and (frame["granular"] > 0).all()
    assert len(repr(found)) < 2000 and "<table>" in found._repr_html_()


def test_an_option_of_bundles_is_not_for_models() -> None:
    with pytest.raises(snnc.UserError, match=r"D327.*--allow-altered is for a bundle"):
        snnc.inspect(MODEL, allow_altered=True)


@pytest.mark.parametrize(
    ("model", "options", "code"),
    [
        ("module", {"dt": 1e-3}, "D118"),
        ("module", {"discretize": "euler"}, "D118"),
        ("module", {"reset": "zero"}, "D661"),
        (MODEL, {"reset": "subtract"}, "D661"),
        ("module", {"module": "nets:make"}, "D327"),
        (MODEL, {"example": np.zeros((1, 2, 16, 16))}, "D327"),
    ],
)
def test_no_option_is_ignored(model: Any, options: dict[str, Any], code: str) -> None:
    """What is for NIR files, for files of weights, or for modules, is refused elsewhere."""
    with pytest.raises(snnc.UserError, match=code):
        snnc.inspect(layers() if model == "module" else model, input_shape=(6,), **options)


def test_what_the_delays_of_a_model_mean() -> None:
    """An ordinary network is a sequential rollout: its layers one after the other, within a frame."""
    ordinary = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))
    found = snnc.inspect(ordinary, input_shape=(6,))
    assert found.content["rollout"] == {"first_response": 0, "full_response": 0, "inference_factor": 3}
    assert found.text.endswith(
        "first response after 0 frames, full response after 0 frames; inference factor 3"
    )
    net = snnc.Rollout((6,))
    net.node("h1")
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(6, 3))
    net.edge("h1", "answer", nn.Linear(3, 2), delay=2)
    net.edge("input", "answer", nn.Linear(6, 2))
    found = snnc.inspect(net)
    assert found.content["rollout"] == {"first_response": 1, "full_response": 3, "inference_factor": 1}


def test_populations_that_bring_a_bias_are_no_way_of_the_input() -> None:
    """As the reader of NIR makes them; an answer that no input reaches has no response."""
    graph = load_model(MODEL).graph
    bias = replace(graph.input, name="bias", kind=Kind.NEURONS)
    (first,) = [q for q in graph.projections if (q.source, q.target) == ("input", "h1")]
    biased = replace(
        graph,
        populations=(*graph.populations, bias),
        projections=(*graph.projections, replace(first, source="bias", target="answer", frames=0)),
    )
    assert rollout_of(biased) == rollout_of(graph) == snnc.inspect(MODEL).content["rollout"]
    cut = replace(graph, projections=tuple(q for q in graph.projections if q.target != "answer"))
    assert rollout_of(cut) == {"unknown": "unknown node 'answer'; known: input, h1, h2"}
