"""The authoring class: semantics of delays, agreement of its two forms, and what it exports."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.authoring import Rollout
from snnc.frontend import load_model


def run_stepwise(net: Rollout, frames: Tensor) -> Tensor:
    """(1, frames, ...) through ``step``, from zero states."""
    net.reset()
    return torch.stack([net.step(frames[:, r]) for r in range(frames.shape[1])], dim=1)


def load_with_extras(path: Path) -> tuple[torch.export.ExportedProgram, dict[str, str]]:
    # Not an empty one: torch replaces what is falsy by a dictionary that the caller never sees.
    extras = {"snnc/rollout.json": ""}
    return torch.export.load(io.BytesIO(path.read_bytes()), extra_files=extras), extras


def everything() -> Rollout:
    """Delays 1 to 3, recurrence, parallel edges, both norms, pooling, accumulation."""
    torch.manual_seed(0)
    net = Rollout((2, 8, 8))
    net.node("h1")
    net.node("h2", norm=nn.BatchNorm2d(4))
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Sequential(nn.Conv2d(2, 3, 3, 2, 1), nn.BatchNorm2d(3)))
    net.edge("input", "h1", nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(2, 3, 1)), delay=3)
    net.edge("h1", "h2", nn.Conv2d(3, 4, 3, padding=1), delay=2)
    net.edge("h2", "h2", nn.Conv2d(4, 4, 3, padding=1))
    net.edge("h1", "answer", nn.Sequential(nn.Flatten(), nn.Linear(48, 5)), delay=3)
    net.edge("h2", "answer", nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16, 5)))
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    return net.eval()


def chain(*delays: int, accumulate: bool = False) -> Rollout:
    """One number in, one number out, identities between, so that timing can be read off."""
    net = Rollout((1,))
    names = [f"n{i}" for i in range(len(delays) - 1)]
    for name in names:
        net.node(name)
    net.readout("answer", accumulate=accumulate)
    for source, target, delay in zip(["input", *names], [*names, "answer"], delays, strict=True):
        net.edge(source, target, nn.Identity(), delay)
    return net


def pulse(frames: int) -> Tensor:
    """One stream of one number: 1 in frame 0, then 0."""
    return nn.functional.one_hot(torch.tensor([0]), frames).float()[:, :, None]


def test_forward_agrees_with_step_by_step() -> None:
    net = everything()
    frames = torch.rand(3, 9, 2, 8, 8)
    with torch.no_grad():
        unrolled = net(frames)
    stepped = torch.cat([run_stepwise(net, frames[i : i + 1]) for i in range(3)])
    assert unrolled.shape == (3, 9, 5)
    torch.testing.assert_close(unrolled, stepped)


@pytest.mark.parametrize("delays", [(1,), (3,), (1, 1), (2, 1), (3, 2, 1)])
def test_pulse_arrives_after_the_sum_of_delays(delays: tuple[int, ...]) -> None:
    answers = chain(*delays)(pulse(8))[0, :, 0]
    assert answers.nonzero().flatten().tolist() == [sum(delays)]


def test_accumulating_readout_keeps_what_arrived() -> None:
    answers = chain(1, accumulate=True)(torch.ones(1, 4, 1))
    assert answers[0, :, 0].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_self_edge_feeds_back() -> None:
    net = Rollout((1,))
    net.node("h")
    net.readout("answer")
    net.edge("input", "h", nn.Identity())
    halve = nn.Linear(1, 1, bias=False)
    nn.init.constant_(halve.weight, 0.5)
    net.edge("h", "h", halve)
    net.edge("h", "answer", nn.Identity())
    with torch.no_grad():
        assert net(pulse(5))[0, :, 0].tolist() == [0.0, 0.0, 1.0, 0.5, 0.25]


def test_biases_act_from_frame_zero() -> None:
    net = Rollout((1,))
    net.readout("answer")
    biased = nn.Linear(1, 1)
    net.edge("input", "answer", biased, delay=3)
    assert net(torch.ones(1, 1, 1)).item() == pytest.approx(biased.bias.item())


def test_gradients_reach_every_weight() -> None:
    net = everything()
    net(torch.rand(2, 9, 2, 8, 8)).square().sum().backward()
    missing = [name for name, weight in net.named_parameters() if weight.grad is None]
    assert missing == []


def test_only_states_that_are_read_become_buffers_and_none_is_saved() -> None:
    net = everything()
    net.reset()
    states = {name for name, _ in net.named_buffers() if name.startswith("state_")}
    assert states == {
        *(f"state_input_{ago}" for ago in (1, 2, 3)),
        *(f"state_h1_{ago}" for ago in (1, 2, 3)),
        "state_h2_1",
        "state_answer_1",
    }
    assert not any(name.startswith("state_") for name in net.state_dict())
    everything().load_state_dict(net.state_dict())


def test_building_leaves_batch_norm_statistics_alone() -> None:
    net = everything().train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.reset()
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_subclass_can_author_itself() -> None:
    class Tiny(Rollout):
        def __init__(self) -> None:
            super().__init__((3,))
            self.readout("answer")
            self.edge("input", "answer", nn.Linear(3, 2))

    assert Tiny()(torch.zeros(1, 2, 3)).shape == (1, 2, 2)


def test_exported_program_answers_as_step_does(tmp_path: Path) -> None:
    net = everything().train()
    net.eval().step(torch.ones(1, 2, 8, 8))  # a state that the export must not carry over
    kept = net.get_buffer("state_input_1").clone()
    net.train()
    net.export(tmp_path / "model.pt")
    assert net.training
    torch.testing.assert_close(net.get_buffer("state_input_1"), kept)

    program, _ = load_with_extras(tmp_path / "model.pt")
    module = program.module()
    frames = torch.rand(1, 8, 2, 8, 8)
    with torch.no_grad():
        loaded = torch.stack([module(frames[:, r]) for r in range(8)], dim=1)
    torch.testing.assert_close(loaded, run_stepwise(net.eval(), frames))


def test_exported_operations_keep_the_users_module_paths(tmp_path: Path) -> None:
    everything().export(tmp_path / "model.pt")
    program, _ = load_with_extras(tmp_path / "model.pt")
    paths = [
        (str(node.target), list(node.meta["nn_module_stack"].values())[-1][0])
        for node in program.graph.nodes
        if node.op == "call_function"
    ]
    expected = {
        ("aten.conv2d.default", "input_to_h1.0"),
        ("aten.batch_norm.default", "input_to_h1.1"),
        ("aten.avg_pool2d.default", "input_to_h1_2.0"),
        ("aten.conv2d.default", "h2_to_h2"),
        ("aten.batch_norm.default", "h2.norm"),
        ("aten.relu.default", "h1"),
        ("aten.relu.default", "h2"),
        ("aten.add.Tensor", "answer"),
        ("aten.linear.default", "h2_to_answer.2"),
        ("aten.copy_.default", ""),
    }
    assert expected <= set(paths)
    assert sum(target == "aten.relu.default" for target, _ in paths) == 2


def test_archive_carries_calibration_and_structure(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).integers(0, 300, (4, 6, 2, 8, 8))
    everything().export(tmp_path / "model.pt", counts)
    _, extras = load_with_extras(tmp_path / "model.pt")
    stored = np.load(io.BytesIO(base64.b64decode(extras["snnc/calibration.npz.b64"])))["x"]
    assert stored.dtype == np.uint16
    np.testing.assert_array_equal(stored, counts)
    structure = json.loads(extras["snnc/rollout.json"])
    assert structure["format"] == 1
    assert structure["readout"] == "answer"
    assert structure["accumulate"] is True
    assert {"name": "h1_to_h2", "source": "h1", "target": "h2", "delay": 2} in structure["edges"]


def test_same_weights_give_the_same_bytes_without_local_paths(tmp_path: Path) -> None:
    counts = np.ones((1, 2, 2, 8, 8), np.uint8)
    for name in ("a.pt", "b.pt"):
        everything().export(tmp_path / name, counts)
    first = (tmp_path / "a.pt").read_bytes()
    assert first == (tmp_path / "b.pt").read_bytes()
    assert str(Path(__file__).parents[2]).encode() not in first


def test_structure_is_final_after_the_first_run() -> None:
    net = everything()
    net.reset()
    with pytest.raises(ValueError, match="structure is final"):
        net.node("late")


def _net() -> Rollout:
    net = Rollout((1, 4, 4))
    net.node("h")
    net.readout("answer")
    return net


WRONG_CALLS: list[tuple[str, Callable[[], object]]] = [
    ("input_shape", lambda: Rollout(())),
    ("unknown source 'x'; known: input, h", lambda: _net().edge("x", "h", nn.Identity())),
    ("unknown target 'x'; known: h, answer", lambda: _net().edge("h", "x", nn.Identity())),
    ("unknown target 'input'", lambda: _net().edge("h", "input", nn.Identity())),
    ("cannot be a source", lambda: _net().edge("answer", "h", nn.Identity())),
    ("at least 1", lambda: _net().edge("h", "h", nn.Identity(), delay=0)),
    ("ReLU cannot stand", lambda: _net().edge("h", "h", nn.Sequential(nn.ReLU()))),
    ("'h' is taken", lambda: _net().node("h")),
    ("'forward' is taken", lambda: _net().node("forward")),
    ("not a Python identifier", lambda: _net().node("layer.1")),
    ("reserved", lambda: _net().node("input")),
    ("reserved", lambda: _net().node("state_h_1")),
    ("one readout only", lambda: _net().readout("second")),
    ("no readout", lambda: Rollout((1,)).reset()),
    ("no path from the input leads to 'h'", lambda: _net().reset()),
]


@pytest.mark.parametrize(("message", "call"), WRONG_CALLS, ids=[m for m, _ in WRONG_CALLS])
def test_wrong_calls_are_told(message: str, call: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (nn.Conv2d(3, 2, 3), r"input_to_h cannot take a frame of shape \(1, 4, 4\)"),
        (nn.Conv2d(1, 2, 3), r"gives shape \(2, 4, 4\).*other edges into 'h' give \(2, 2, 2\)"),
        (nn.Conv2d(1, 2, 3, padding=1), r"'answer' has shape \(2, 4, 4\), expected \(classes,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_told(operation: nn.Module, message: str) -> None:
    net = _net()
    net.edge("input", "h", operation)
    net.edge("h", "h", nn.Sequential(nn.AvgPool2d(1), nn.Conv2d(2, 2, 3, padding=(1, 1))))
    net.edge("input", "h", nn.Conv2d(1, 2, 3, padding=1))
    net.edge("h", "answer", nn.Identity())
    with pytest.raises(ValueError, match=message):
        net.reset()


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (torch.zeros(1, 2, 8, 8), r"expected a tensor of shape \(batch, frames, 2, 8, 8\)"),
        (torch.zeros(1, 0, 2, 8, 8), r"got \(1, 0, 2, 8, 8\)"),
        (torch.zeros(1, 1, 2, 8, 8, dtype=torch.uint8), r"floating-point frames"),
    ],
)
def test_frames_that_do_not_fit_are_told(frames: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        everything()(frames)


def test_step_takes_one_stream() -> None:
    with pytest.raises(ValueError, match="batch of 2"):
        everything().step(torch.zeros(2, 2, 8, 8))


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.full((1, 1, 2, 8, 8), 0.5), "whole numbers"),
        (["a"], "array of event counts, got list"),
        (np.zeros((1, 2, 8, 8), np.uint8), r"\(samples, frames, 2, 8, 8\)"),
        (np.full((1, 1, 2, 8, 8), 70000), r"0\.\.65535"),
        (np.full((1, 1, 2, 8, 8), -40000), r"-32768\.\.32767; got -40000"),
    ],
)
def test_wrong_calibration_is_told(counts: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        everything().export(tmp_path / "model.pt", counts)
    assert not (tmp_path / "model.pt").exists()


def test_the_readout_keeps_its_name_with_a_single_edge(tmp_path: Path) -> None:
    net = Rollout((3,))
    net.node("h")
    net.readout("answer")
    net.edge("input", "h", nn.Linear(3, 4))
    net.edge("h", "answer", nn.Linear(4, 2))
    net.export(tmp_path / "net.pt")
    populations = load_model(tmp_path / "net.pt").graph.populations
    assert [p.name for p in populations] == ["input", "h", "answer"]


@pytest.mark.parametrize("kind", [torch.float32, torch.int64, torch.bool])
def test_calibration_may_be_a_tensor(kind: torch.dtype, tmp_path: Path) -> None:
    net = everything()
    net.export(tmp_path / "net.pt", calibration=torch.ones(2, 3, 2, 8, 8, dtype=kind))
    found = load_model(tmp_path / "net.pt").calibration
    assert found is not None and found.shape == (2, 3, 2, 8, 8) and np.all(found == 1)
