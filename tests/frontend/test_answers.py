"""Networks with several outputs: the one that is named is compiled, and nothing else of them."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree
from typer.testing import CliRunner

import snnc
from snnc.commands.app import app
from snnc.errors import UserError
from snnc.frontend import Given, load_model
from snnc.frontend.operations.outputs import Output, chosen
from snnc.ir import Graph
from snnc.sim.analog import run_frames

Pair = namedtuple("Pair", ("scores", "features"))
pytree._register_namedtuple(Pair, serialized_type_name="Pair")


class Heads(nn.Module):
    """Two heads on one trunk; ``does`` says how they come out."""

    def __init__(self, does: Callable[..., Any]) -> None:
        super().__init__()
        self.trunk, self.first, self.second = nn.Linear(6, 5), nn.Linear(5, 4), nn.Linear(5, 3)
        self.does = does

    def forward(self, x: Tensor, *states: Tensor) -> Any:
        """x (1, 6)."""
        return self.does(self, x, *states)

    def heads(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Of 4 and of 3 numbers."""
        inner = torch.relu(self.trunk(x))
        return self.first(inner), self.second(inner)


def as_tuple(self: Heads, x: Tensor) -> Any:
    return self.heads(x)


def as_list(self: Heads, x: Tensor) -> Any:
    return list(self.heads(x))


def as_dict(self: Heads, x: Tensor) -> Any:
    a, b = self.heads(x)
    return {"logits": a, "more": {"box": b}}


def as_named(self: Heads, x: Tensor) -> Any:
    return Pair(*self.heads(x))


def with_none(self: Heads, x: Tensor) -> Any:
    return None, self.heads(x)[1]


def with_sines(self: Heads, x: Tensor) -> Any:
    """The second head is no network that a chip could run, and writes in place."""
    a, b = self.heads(x)
    return a, torch.sin(b).mul_(2).view(1, 3).add_(1)


def softened(self: Heads, x: Tensor) -> Any:
    a, _ = self.heads(x)
    return torch.softmax(a, 1), a


def saved(folder: Path, does: Callable[..., Any], *states: Tensor) -> tuple[Path, Heads]:
    """The file and its network."""
    torch.manual_seed(0)
    net = Heads(does).eval()
    path = folder / "net.pt2"
    torch.export.save(torch.export.export(net, (torch.zeros(1, 6), *states)), path)
    return path, net


X = np.random.default_rng(0).poisson(1.0, (8, 1, 6))


def answers(path: Path, answer: str | None) -> np.ndarray[Any, Any]:
    """What the graph answers for X."""
    return last(load_model(path, given=Given(answer=answer)).graph, X)


def last(graph: Graph, frames: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The answer after the last frame."""
    return run_frames(graph, frames)[graph.readout.name][:, -1]


WAYS = (
    (as_tuple, "0", 0),
    (as_tuple, "1", 1),
    (as_tuple, "first", 0),
    (as_tuple, "second", 1),
    (as_tuple, "linear_2", 1),
    (as_list, "second", 1),
    (as_dict, "logits", 0),
    (as_dict, "box", 1),
    (as_dict, "1", 1),
    (as_dict, "second", 1),
    (as_named, "first", 0),
    (as_named, "1", 1),
    (with_none, "second", 1),
    (with_none, "1", 1),
    (with_none, None, 1),
    (with_sines, "first", 0),
    (softened, "0", 0),
    (softened, "1", 0),
)


@pytest.mark.parametrize(
    ("does", "answer", "head"), WAYS, ids=[f"{d.__name__}-{a}" for d, a, _ in WAYS]
)
def test_the_named_output_is_compiled(
    does: Callable[..., Any], answer: str | None, head: int, tmp_path: Path
) -> None:
    path, net = saved(tmp_path, does)
    with torch.no_grad():
        wanted = net.heads(torch.tensor(X[:, 0], dtype=torch.float32))[head].numpy()
    np.testing.assert_allclose(answers(path, answer), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("does", "answer", "parts"),
    [
        (as_tuple, None, ("gives 2 outputs", "0 first (4,); 1 second (3,)", "--answer first")),
        (as_tuple, "third", ("no output is called 'third'", "1 second (3,)")),
        (as_tuple, "2", ("no output is called '2'",)),
        (as_tuple, "-1", ("no output is called '-1'",)),
        (as_tuple, "²", ("no output is called '²'",)),
        (as_dict, None, ("0 logits (4,); 1 box (3,)",)),
        (with_none, "0", ("output 0 is not a tensor", "1 second (3,)")),
    ],
)
def test_what_is_not_clear_is_asked(
    does: Callable[..., Any], answer: str | None, parts: tuple[str, ...], tmp_path: Path
) -> None:
    path, _ = saved(tmp_path, does)
    with pytest.raises(UserError) as refused:
        answers(path, answer)
    text = str(refused.value)
    assert "D228" in text and str(path) in text
    for part in parts:
        assert part in text


def test_one_name_for_two_outputs() -> None:
    heads = [Output(("head",), (3,), "a"), Output(("head",), (3,), "b")]
    with pytest.raises(UserError, match="2 outputs are called 'head'"):
        chosen(heads, "head", "net")
    assert chosen(heads, "1", "net") == 1
    same = [Output(("head",), (3,), "a"), Output(("head",), (3,), "a")]
    assert chosen(same, "head", "net") == 0
    many = [Output((f"o{n}",), None, f"o{n}") for n in range(40)]
    with pytest.raises(UserError, match="o11 of no fixed shape; and 28 more"):
        chosen(many, None, "net")


def test_a_name_goes_before_a_position() -> None:
    assert chosen([Output(("1",), (3,), "a"), Output(("0",), (3,), "b")], "1", "net") == 0


def rolled(self: Heads, x: Tensor, state: Tensor) -> Any:
    """The answer, features that a state's shape has not, and the state."""
    inner = torch.relu(self.trunk(x) + 0.5 * state)
    return self.second(inner), self.first(inner), inner


def rolled_twice(self: Heads, x: Tensor, state: Tensor) -> Any:
    inner = torch.relu(self.trunk(x) + 0.5 * state)
    return self.first(inner), 2 * inner, inner


def state_first(self: Heads, x: Tensor, state: Tensor) -> Any:
    inner = torch.relu(self.trunk(x) + 0.5 * state)
    return inner, self.first(inner)


@pytest.mark.parametrize(
    ("does", "answer", "place"), [(rolled, "first", 1), (rolled, "0", 0), (state_first, "1", 1)]
)
def test_states_are_found_among_the_outputs(
    does: Callable[..., Any], answer: str, place: int, tmp_path: Path
) -> None:
    path, net = saved(tmp_path, does, torch.zeros(1, 5))
    x = np.random.default_rng(1).poisson(1.0, (3, 4, 6))
    graph = load_model(path, given=Given(answer=answer)).graph
    state = torch.zeros(3, 5)
    for t in range(4):
        with torch.no_grad():
            given = net(torch.tensor(x[:, t], dtype=torch.float32), state)
        state = given[0] if does is state_first else given[-1]
    np.testing.assert_allclose(last(graph, x), given[place].numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("does", "answer", "part"),
    [(rolled_twice, "first", "more than one choice fits"), (rolled, "linear", None)],
)
def test_states_that_are_not_clear(
    does: Callable[..., Any], answer: str, part: str | None, tmp_path: Path
) -> None:
    path, _ = saved(tmp_path, does, torch.zeros(1, 5))
    with pytest.raises(UserError) as refused:
        answers(path, answer)
    assert refused.value.diagnostics[0].code == ("D228" if part is None else "D219")
    assert part is None or part in str(refused.value)


def test_a_state_that_is_the_answer(tmp_path: Path) -> None:
    path, _ = saved(tmp_path, rolled, torch.zeros(1, 5))
    with pytest.raises(UserError, match="none fits"):
        answers(path, "relu")


def test_a_module_of_this_process(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = Heads(as_dict).eval()
    bundle = snnc.compile(
        net, "reference", tmp_path / "out", calibration=X, example=torch.zeros(1, 6), answer="box"
    )
    assert bundle.manifest.model.answer == "box"
    assert bundle.run(X).potential.shape[-1] == 3
    assert not bundle.ladder(X, samples=4, model=net, calibration=X).first_broken


def test_the_bundle_keeps_the_name(tmp_path: Path) -> None:
    path, _ = saved(tmp_path, as_dict)
    bundle = snnc.compile(path, "reference", tmp_path / "out", calibration=X, answer=1)
    assert snnc.load(tmp_path / "out").manifest.model.answer == "1"
    np.savez(tmp_path / "x.npz", x=X)
    assert not bundle.ladder(X, samples=4, calibration=X).first_broken
    assert "readout second 3" in snnc.inspect(path, answer="second").text


def test_every_command_that_reads_a_model_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(tmp_path, as_dict)
    x = np.random.default_rng(0).poisson(1.0, (24, 1, 6))
    np.savez(tmp_path / "x.npz", x=x, y=np.arange(24) % 3)
    monkeypatch.chdir(tmp_path)
    target = ("--target", "reference")
    for command in (
        ("compile", "net.pt2", *target, "-o", "out", "--calibration", "x.npz"),
        ("inspect", "net.pt2"),
        ("tune", "net.pt2", *target, "--data", "x.npz", "--code", "graded", "--workers", "1"),
        ("noise", "net.pt2", "--data", "x.npz", "--ideal", "--steps", "4"),
        ("finetune", "net.pt2", "--method", "stdb", "--data", "x.npz", "--steps", "2", "--epochs", "1"),
    ):
        refused = CliRunner().invoke(app, command)
        assert refused.exit_code == 2 and "D228" in refused.stderr, command
        done = CliRunner().invoke(app, [*command, "--answer", "box"])
        assert done.exit_code == 0, (command, done.stderr)
        if command[0] == "tune":
            assert "--answer box" in done.stdout
    done = CliRunner().invoke(app, ["verify", "out", "--data", "x.npz", "--ladder"])
    assert done.exit_code == 0, done.stderr


def test_other_files_have_no_choice(tmp_path: Path) -> None:
    weights = np.ones((2, 3))
    graph = nir.NIRGraph(
        {
            "in": nir.Input(np.array([3])),
            "fc": nir.Linear(weights),
            "lif": nir.IF(r=np.ones(2), v_threshold=np.ones(2)),
            "out": nir.Output(np.array([2])),
        },
        [("in", "fc"), ("fc", "lif"), ("lif", "out")],
    )
    nir.write(tmp_path / "net.nir", graph)
    with pytest.raises(UserError, match=r"D327(.|\n)*--answer is for networks of PyTorch"):
        load_model(tmp_path / "net.nir", dt=0.1, given=Given(answer="out"))
    snnc.inspect(tmp_path / "net.nir", dt=0.1)
