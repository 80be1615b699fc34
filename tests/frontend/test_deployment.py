"""``snnc/deployment.json``: what a stranger may write there, and what becomes of it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from snnc.authoring import Rollout, SpikingNeuron
from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.ir import Comparison, Reset

MEMBER = "extra/snnc/deployment.json"
NEURON = {"reset": "zero", "comparison": ">=", "start_value": 0.25, "potential_kept": 0.5}


@pytest.fixture(scope="module")
def archive() -> bytes:
    net = Rollout((3,))
    net.node("h1", activation=SpikingNeuron(4, 2.0))
    net.readout("answer")
    net.edge("input", "h1", nn.Linear(3, 5))
    net.edge("h1", "answer", nn.Linear(5, 2))
    return net.to_bytes()


def with_said(archive: bytes, said: Any, folder: Path) -> Path:
    """The archive with something else in place of its deployment; ``said`` as JSON, or as it is."""
    path, buffer = folder / "net.pt", io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(MEMBER):
                content = said if isinstance(said, bytes) else json.dumps(said).encode()
            new.writestr(name, content)
    path.write_bytes(buffer.getvalue())
    return path


def test_all_that_can_be_said(archive: bytes, tmp_path: Path) -> None:
    said = {
        "format": 1,
        "steps_per_frame": 6,
        "weight_bits": 3,
        "neurons": {"h1": NEURON},
        "scales": {"h1": [1, 2, 3, 4, 5], "answer": [7]},
    }
    graph = load_model(with_said(archive, said, tmp_path)).graph
    h1, answer = graph.by_name["h1"], graph.by_name["answer"]
    assert (graph.trained_steps, graph.trained_bits) == (6, 3)
    assert h1.neuron is not None
    assert (h1.neuron.reset, h1.neuron.comparison) == (Reset.ZERO, Comparison.GREATER_EQUAL)
    assert (h1.neuron.start_value, h1.neuron.potential_kept) == (0.25, 0.5)
    assert h1.trained_scale is not None and h1.trained_scale.tolist() == [1, 2, 3, 4, 5]
    assert answer.trained_scale is not None and answer.trained_scale.tolist() == 7


@pytest.mark.parametrize(("said", "found"), [({}, True), ({"restart_frames": False}, False)])
def test_frame_boundaries_of_training(
    archive: bytes, tmp_path: Path, said: dict[str, bool], found: bool
) -> None:
    graph = load_model(with_said(archive, changed(**said), tmp_path)).graph
    assert graph.trained_restart is found


def test_neurons_with_frame_boundaries_of_their_own_are_refused(tmp_path: Path) -> None:
    net = Rollout((3,))
    for name in ("h1", "h2"):
        net.node(name, activation=SpikingNeuron(4, 2.0))
    net.readout("answer")
    for source, target in (("input", "h1"), ("h1", "h2"), ("h2", "answer")):
        net.edge(source, target, nn.Linear(3, 3))
    neurons = {"h1": NEURON, "h2": {**NEURON, "restart_frames": False}}
    path = with_said(net.to_bytes(), {"format": 1, "neurons": neurons}, tmp_path)
    with pytest.raises(UserError, match="some neurons restart at every frame") as refused:
        load_model(path)
    assert refused.value.diagnostics[0].code == "D106"


def changed(**entries: object) -> dict[str, object]:
    return {"format": 1, "neurons": {"h1": {**NEURON, **entries}}}


WRONG: dict[str, tuple[object, str]] = {
    "no JSON": (b"{", "not JSON"),
    "a list": ([], "format 1"),
    "another format": ({"format": 2}, "format 1"),
    "an unknown entry": ({"format": 1, "code": "x"}, "unknown key 'code'"),
    "no steps": ({"format": 1, "steps_per_frame": 0}, "steps_per_frame"),
    "broken steps": ({"format": 1, "steps_per_frame": 2.5}, "steps_per_frame"),
    "true steps": ({"format": 1, "steps_per_frame": True}, "steps_per_frame"),
    "many steps": ({"format": 1, "steps_per_frame": 10**9}, "steps_per_frame"),
    "many bits": ({"format": 1, "weight_bits": 99}, "weight_bits"),
    "a stranger": ({"format": 1, "neurons": {"h9": NEURON}}, "'h9'"),
    "the input": ({"format": 1, "scales": {"input": [1]}}, "'input'"),
    "a readout that spikes": ({"format": 1, "neurons": {"answer": NEURON}}, "does not spike"),
    "no table": ({"format": 1, "neurons": []}, "not a table"),
    "too little": ({"format": 1, "neurons": {"h1": {"reset": "zero"}}}, "nothing else"),
    "too much": (changed(more=1), "nothing else"),
    "another reset": (changed(reset="half"), "'half'"),
    "a list for a reset": (changed(reset=["zero"]), "['zero']"),
    "a table for a comparison": (changed(comparison={}), "{}"),
    "another comparison": (changed(comparison="<"), "'<'"),
    "a start at the threshold": (changed(start_value=1), "starts at its threshold"),
    "a start beyond": (changed(start_value=3), "start_value"),
    "a word for a number": (changed(start_value="0"), "start_value"),
    "nothing kept": (changed(potential_kept=0), "keeps nothing"),
    "a number for a truth value": (changed(restart_frames=1), "restart_frames"),
    "no number": (
        b'{"format": 1, "neurons": {"h1": {"reset": "zero", "comparison": ">", '
        b'"start_value": NaN, "potential_kept": 1}}}',
        "NaN is not a finite number",
    ),
    "other channels": ({"format": 1, "scales": {"h1": [1, 2]}}, "scales"),
    "a scale of 0": ({"format": 1, "scales": {"h1": [0]}}, "scale"),
    "half a unit": ({"format": 1, "scales": {"h1": [1.5]}}, "whole numbers"),
}


@pytest.mark.parametrize("what", WRONG)
def test_anything_else_is_refused(archive: bytes, tmp_path: Path, what: str) -> None:
    said, reason = WRONG[what]
    with pytest.raises(UserError) as refused:
        load_model(with_said(archive, said, tmp_path))
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "D106" and MEMBER in diagnostic.where
    assert reason in diagnostic.why
