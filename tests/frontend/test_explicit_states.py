"""Networks whose step takes its states as arguments and returns them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from snnc.errors import UserError
from snnc.frontend import load_model
from snnc.sim.analog import run_frames

from .archives import MODEL, edit_json

Layer = Callable[[Tensor], Tensor]


class Step(nn.Module):
    """Two recurrent layers; ``does`` says how states come and go."""

    one: Layer
    two: Layer
    back: Layer
    head: Layer
    kept: Tensor

    def __init__(self, does: Callable[..., Any]) -> None:
        super().__init__()
        self.one, self.two = nn.Conv1d(2, 3, 3, padding=1), nn.Linear(24, 5)
        self.back, self.head = nn.Conv1d(3, 3, 1), nn.Linear(5, 4)
        self.register_buffer("kept", torch.zeros(1, 4))
        self.does = does

    def forward(self, frame: Tensor, *states: Any, **more: Any) -> Any:
        """One frame (1, 2, 8)."""
        return self.does(self, frame, *states, **more)

    def layers(self, frame: Tensor, h1: Tensor, h2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The answer from the states of the frame before, and the new states."""
        new_h1 = torch.relu(self.one(frame) + 0.5 * self.back(h1))
        new_h2 = torch.relu(self.two(new_h1.flatten(1)) - h2)
        return self.head(h2), new_h1, new_h2


H1, H2 = torch.zeros(1, 3, 8), torch.zeros(1, 5)


def in_dictionary(self: Step, x: Tensor, state: dict[str, Any]) -> Any:
    answer, h1, h2 = self.layers(x, state["h1"], state["deep"][0])
    return answer, {"h1": h1, "deep": [h2]}


def in_list(self: Step, x: Tensor, states: list[Tensor]) -> Any:
    answer, h1, h2 = self.layers(x, *states)
    return answer, [h1, h2]


def in_tuples(self: Step, x: Tensor, states: tuple[Tensor, tuple[Tensor]]) -> Any:
    answer, h1, h2 = self.layers(x, states[0], states[1][0])
    return answer, (h1, (h2,))


def ordered(self: Step, x: Tensor, states: OrderedDict[str, Tensor]) -> Any:
    answer, h1, h2 = self.layers(x, states["a"], states["b"])
    return answer, OrderedDict(a=h1, b=h2)


def longer(self: Step, x: Tensor, h1: Tensor, before: Tensor, long_before: Tensor) -> Any:
    """``long_before`` is handed on: two frames of delay."""
    answer, new_h1, h2 = self.layers(x, h1, long_before)
    return answer + self.head(before), new_h1, h2, before


def summed(self: Step, x: Tensor, h1: Tensor, total: Tensor) -> Any:
    """The answer is its own sum over the frames."""
    answer, new_h1, _ = self.layers(x, h1, torch.zeros(1, 5))
    total = total + self.head(torch.relu(self.two(new_h1.flatten(1)))) + answer
    return total, new_h1, total


def with_buffer(self: Step, x: Tensor, h1: Tensor, kept: Tensor) -> Any:
    """A buffer beside the arguments, and of the same name as one."""
    answer, new_h1, _ = self.layers(x, h1, torch.zeros(1, 5))
    before = self.kept.clone()
    self.kept.copy_(torch.relu(answer + new_h1.mean((1, 2), keepdim=True)[:, 0] + kept))
    return before + kept, new_h1, torch.relu(kept + 1)


def unused(self: Step, x: Tensor, h1: Tensor, nobody: Tensor) -> Any:
    answer, new_h1, _ = self.layers(x, h1, torch.zeros(1, 5))
    return answer + self.head(self.two(h1.flatten(1))), new_h1, nobody


def in_place(self: Step, x: Tensor, h1: Tensor, h2: Tensor) -> Any:
    answer, new_h1, new_h2 = self.layers(x, h1, h2)
    h2.copy_(new_h2)
    return answer, new_h1, h2


FORMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "arguments": (lambda self, x, h1, h2: self.layers(x, h1, h2), (H1, H2)),
    "dictionary": (in_dictionary, ({"h1": H1, "deep": [H2]},)),
    "list": (in_list, ([H1, H2],)),
    "tuples": (in_tuples, ((H1, (H2,)),)),
    "ordered": (ordered, (OrderedDict(a=H1, b=H2),)),
    "longer": (longer, (H1, H2, H2)),
    "summed": (summed, (H1, torch.zeros(1, 4))),
    "with-buffer": (with_buffer, (H1, torch.zeros(1, 4))),
    "unused": (unused, (H1, H2)),
    "in-place": (in_place, (H1, H2)),
}


def export(net: nn.Module, states: tuple[Any, ...], path: Path, *, decomposed: bool = False) -> Path:
    zeros = pytree.tree_map(torch.zeros_like, states)
    program = torch.export.export(net.eval(), (torch.zeros(1, 2, 8), *zeros))
    if decomposed:
        program = program.run_decompositions()
    torch.export.save(program, path)
    return path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("decomposed", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_equals_torch(name: str, decomposed: bool, tmp_path: Path) -> None:
    torch.manual_seed(len(name))
    does, states = FORMS[name]
    net = Step(does)
    graph = load_model(export(net, states, tmp_path / "n.pt2", decomposed=decomposed)).graph
    frames = np.random.default_rng(1).normal(size=(2, 6, 2, 8))
    found = run_frames(graph, frames)[graph.readout.name]
    with torch.no_grad():
        for sample, answers in zip(frames, found, strict=True):
            net.kept.zero_()
            now: Any = pytree.tree_map(torch.zeros_like, states)
            for frame, answer in zip(sample, answers, strict=True):
                expected, *new = net(torch.tensor(frame[None], dtype=torch.float32), *now)
                np.testing.assert_allclose(answer, expected[0].numpy(), atol=1e-5)
                now = pytree.tree_map(torch.clone, tuple(new))


def test_states_by_keyword(tmp_path: Path) -> None:
    net = Step(lambda self, x, h1, h2: self.layers(x, h1, h2)).eval()
    program = torch.export.export(net, (torch.zeros(1, 2, 8),), {"h1": H1, "h2": H2})
    torch.export.save(program, tmp_path / "net.pt2")
    graph = load_model(tmp_path / "net.pt2").graph
    assert [(q.source, q.target, q.frames) for q in graph.projections] == [
        ("input", "relu", 0),
        ("relu", "relu", 1),
        ("relu", "relu_1", 0),
        ("relu_1", "relu_1", 1),
        ("relu_1", "head", 1),
    ]


def reordered(self: Step, x: Tensor, states: dict[str, Tensor]) -> Any:
    answer, a, b = self.layers(x, states["a"], torch.zeros(1, 5))
    return answer + self.head(b), {"b": a, "a": torch.relu(states["b"])}


WRONG: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "state-not-returned": (lambda self, x, h1, h2: self.layers(x, h1, h2)[:2], (H1, H2)),
    "state-swapped": (
        lambda self, x, h1, h2: (lambda a, b, c: (a, c, b))(*self.layers(x, h1, h2)),
        (H1, H2),
    ),
    "state-other-key": (reordered, ({"a": H1, "b": H1},)),
    "state-without-key": (
        lambda self, x, s: self.layers(x, s["a"], s["b"]),
        ({"a": H1, "b": H2},),
    ),
    "explicit-state-without-batch": (
        lambda self, x, h: (self.layers(x, H1, H2)[0], torch.relu(h)),
        (torch.zeros(2, 4),),
    ),
    "none-returned": (lambda self, x, h: (self.layers(x, h, H2)[0], None), (H1,)),
    "none-first": (lambda self, x, h: (None, torch.relu(h)), (H1,)),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WRONG)
def test_refused(name: str, tmp_path: Path, refused: Callable[[Path, str], str]) -> None:
    does, states = WRONG[name]
    refused(export(Step(does), states, tmp_path / "net.pt2"), name)


def test_a_linear_state_with_a_bias_is_named(tmp_path: Path) -> None:
    net = Step(lambda self, x, h: (self.head(torch.relu(h)), self.two(self.one(x).flatten(1))))
    with pytest.raises(UserError, match=r"D208(?s:.*)at   states_0"):
        load_model(export(net, (H2,), tmp_path / "net.pt2"))


def test_a_damaged_tree_of_outputs(tmp_path: Path) -> None:
    path = export(Step(FORMS["list"][0]), FORMS["list"][1], tmp_path / "net.pt2")
    keys = ("graph_module", "module_call_graph", 0, "signature", "out_spec")
    leaf: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
    tree = {"type": "builtins.tuple", "context": "null", "children_spec": [leaf]}
    load_model(edit_json(path, MODEL, *keys, value=json.dumps([1, tree])))
    for junk in ("", "[]", "[1, {}]", "[1, 2]", 3, "[" * 100_000):
        with pytest.raises(UserError, match=r"D106"):
            load_model(edit_json(path, MODEL, *keys, value=junk))
