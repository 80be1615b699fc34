"""State dicts with ``--module``: the user's own code builds the network, the file gives the weights."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from snnc import Rollout
from snnc.errors import UserError
from snnc.frontend import Given, load_model
from snnc.sim.analog import run_frames

CODE = """
import torch
from torch import nn
from snnc import Rollout

class Net(nn.Module):
    def __init__(self, inside=4):
        super().__init__()
        self.conv = nn.Conv2d(2, inside, 3)
        self.head = nn.Linear(inside * 36, 5)
        self.register_buffer("state", torch.zeros(1, inside, 6, 6), persistent=False)
    def forward(self, x):
        x = torch.relu(self.conv(x) + 0.5 * self.state)
        self.state.copy_(x)
        return self.head(x.flatten(1))

def rollout():
    net = Rollout((2, 8, 8))
    net.node("h")
    net.readout("answer")
    net.edge("input", "h", nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)))
    net.edge("h", "h", nn.Conv2d(3, 3, 3, padding=1))
    net.edge("h", "answer", nn.Sequential(nn.Flatten(), nn.Linear(108, 5)))
    return net

def broken():
    raise ValueError("no such thing")

def leaves():
    raise SystemExit(3)

def needs(what):
    return what

def number():
    return 3

class Branches(Net):
    def forward(self, x):
        return x if x.sum() > 0 else -x

class Late(Net):
    def forward(self, x):
        from mine import later
        return later.double(super().forward(x))

class Stateful(Net):
    def forward(self, x, h, *more, scale=1.0):
        return super().forward(x + h * scale), h

instance = Net()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's folder: it is not on the path of these tests."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").write_text("")
    (tmp_path / "mine" / "nets.py").write_text(CODE)
    (tmp_path / "mine" / "bad.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "mine" / "worse.py").write_text("def f(:\n")
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    yield tmp_path
    assert sys.path == path
    for name in [name for name in sys.modules if name.partition(".")[0] == "mine"]:
        del sys.modules[name]


def own(name: str) -> nn.Module:
    """What the user's factory gives."""
    scope: dict[str, object] = {"__name__": "mine.nets"}
    exec(CODE, scope)
    factory = scope[name]
    assert callable(factory)
    net = factory()
    assert isinstance(net, nn.Module)
    return net


@pytest.mark.parametrize("zipped", [True, False])
def test_network_with_a_state(zipped: bool, folder: Path) -> None:
    torch.manual_seed(0)
    net = own("Net")
    torch.save(net.state_dict(), folder / "net.pt", _use_new_zipfile_serialization=zipped)
    graph = load_model(folder / "net.pt", given=Given("2,8,8", "mine.nets:Net")).graph
    frames = np.random.default_rng(0).normal(size=(1, 4, 2, 8, 8))
    found = run_frames(graph, frames)[graph.readout.name][0]
    with torch.no_grad():
        expected = [net(torch.tensor(f[None], dtype=torch.float32))[0].numpy() for f in frames[0]]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_forward_may_import_too(folder: Path) -> None:
    (folder / "mine" / "later.py").write_text("def double(x):\n    return 2 * x\n")
    torch.save(own("Net").state_dict(), folder / "net.pt")
    load_model(folder / "net.pt", given=Given("2,8,8", "mine.nets:Late"))


def test_rollout(folder: Path) -> None:
    torch.manual_seed(0)
    net = own("rollout")
    assert isinstance(net, Rollout)
    frames = torch.randn(2, 5, 2, 8, 8)
    net(frames)  # batch statistics that are not the trivial ones
    net.eval()
    torch.save(net.state_dict(), folder / "net.pt")
    for shape in (None, "2,8,8"):
        graph = load_model(folder / "net.pt", given=Given(shape, "mine.nets:rollout")).graph
        found = run_frames(graph, frames.numpy())["answer"]
        np.testing.assert_allclose(found, net(frames).detach().numpy(), atol=1e-5)
    with pytest.raises(UserError, match=r"D122.*takes frames of shape \(2, 8, 8\), not 2,8"):
        load_model(folder / "net.pt", given=Given("2,8", "mine.nets:rollout"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mine.nets", "D126.*'mine.nets' is not a factory"),
        ("mine.none:Net", "D126.*mine.none cannot be imported(?s:.*)ModuleNotFoundError"),
        ("mine.bad:Net", r"D126.*cannot be imported(?s:.*)nothing_of_that_name.*\(bad.py, line 1\)"),
        ("mine.worse:Net", "D126.*cannot be imported(?s:.*)SyntaxError"),
        ("mine.nets:Nothing", "D126.*mine.nets has no Nothing"),
        ("mine.nets:instance", "D126.*instance is a Net, not a function or class"),
        ("mine.nets:broken", r"D126.*broken\(\) failed(?s:.*)ValueError: no such thing \(nets.py"),
        ("mine.nets:leaves", r"D126.*leaves\(\) failed(?s:.*)SystemExit: 3"),
        ("mine.nets:needs", r"D126.*needs\(\) failed(?s:.*)TypeError.*missing 1 required"),
        ("mine.nets:number", r"D126.*number\(\) gives a int, not a torch.nn.Module"),
        ("mine.nets:Branches", "D124.*torch.export cannot follow"),
        ("mine.nets:rollout", "D127.*does not fit(?s:.*)the file lacks.*; the network lacks conv.bias"),
    ],
)
def test_refused(name: str, text: str, folder: Path) -> None:
    torch.save(own("Net").state_dict(), folder / "net.pt")
    with pytest.raises(UserError, match=text):
        load_model(folder / "net.pt", given=Given("2,8,8", name))


def test_states_as_arguments_need_an_archive(folder: Path) -> None:
    """What is wrong is not the frame's shape."""
    torch.save(own("Stateful").state_dict(), folder / "net.pt")
    with pytest.raises(UserError) as caught:
        load_model(folder / "net.pt", given=Given("2,8,8", "mine.nets:Stateful"))
    (problem,) = caught.value.diagnostics
    assert problem.code == "D124" and problem.what == "forward needs 2 arguments: x, h"
    assert "torch.export" in problem.help


def test_differences_in_one_message(folder: Path) -> None:
    state = own("Net").state_dict()
    state["conv.weight"] = torch.zeros(4, 3, 3, 3)
    state["more"] = state.pop("head.bias")
    torch.save(state, folder / "net.pt")
    with pytest.raises(UserError) as caught:
        load_model(folder / "net.pt", given=Given("2,8,8", "mine.nets:Net"))
    assert caught.value.diagnostics[0].why == (
        "the file lacks head.bias; the network lacks more; "
        "conv.weight is (4, 3, 3, 3) in the file and (4, 2, 3, 3) in the network"
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"epoch": 3, "loss": torch.zeros(1)}, "a dictionary of epoch, loss"),
        (torch.zeros(3), "holds a Tensor, not a state dict"),
        ({}, "holds a dict, not a state dict"),
    ],
)
def test_other_content(content: object, text: str, folder: Path) -> None:
    torch.save(content, folder / "net.pt")
    with pytest.raises(UserError, match=f"D104.*{text}"):
        load_model(folder / "net.pt", given=Given("2,8,8", "mine.nets:Net"))


def test_input_shape_is_asked_for(folder: Path) -> None:
    torch.save(own("Net").state_dict(), folder / "net.pt")
    with pytest.raises(UserError, match="D122"):
        load_model(folder / "net.pt", given=Given(module="mine.nets:Net"))


def test_a_whole_module_takes_no_factory(folder: Path) -> None:
    torch.save(nn.Linear(2, 2), folder / "net.pt")
    with pytest.raises(UserError, match="D121"):
        load_model(folder / "net.pt", given=Given("2", "mine.nets:Net"))
