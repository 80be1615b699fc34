"""N781's command for training further: it can be typed as it stands, whatever was said of the model."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import snnc as package
from snnc.backends import find_backend
from snnc.bundle.data import DataSource
from snnc.errors import Diagnostic
from snnc.frontend import ModelSource
from snnc.ir import Code
from snnc.passes import Pipeline
from snnc.workflows.retraining import Retraining

from .conftest import Command

CODE = """from torch import nn

def build():
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))
"""
FEW_BITS = ("--target", "loihi", "--weight-bits", "2", "--repeat", "1")


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 5))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with weights, code, and still images that 2 bits lose much on."""
    monkeypatch.chdir(tmp_path)
    net = network()
    x = np.random.default_rng(0).integers(0, 4, (128, 20))
    np.savez("with labels.npz", x=x, y=net(torch.tensor(x).float()).argmax(1).numpy())
    np.savez("images.npz", x=x)
    torch.save(net.state_dict(), "weights.pt")
    torch.save(net, "net.pt")
    Path("own_net.py").write_text(CODE)
    return tmp_path


def command_in(text: str) -> list[str]:
    (found,) = re.findall(r"train it for the chip: snnc (finetune .*)", text)
    return shlex.split(found)


def of_loss(notes: Iterable[Diagnostic]) -> Diagnostic:
    (found,) = (note for note in notes if note.code == "N781")
    return found


@pytest.mark.parametrize("code", ["graded", "rate"])
def test_the_command_can_be_typed(snnc: Command, place: Path, code: str) -> None:
    model = ("weights.pt", "--module", "own_net:build", "--input-shape", "20")
    asked = ("compile", *model, *FEW_BITS, "--code", code)
    done = snnc(*asked, "--calibration", "with labels.npz", "-o", "out")
    assert done.code == 0, done.err
    command = command_in(done.err)
    method = {"graded": "weights{code=graded,bits=2}", "rate": "stdb"}[code]
    assert command[:4] == ["finetune", "weights.pt", "--method", method]
    said = dict(zip(command[4::2], command[5::2], strict=True))
    assert said == {
        "--data": "with labels.npz",
        "--repeat": "1",
        "--input-shape": "20",
        "--module": "own_net:build",
    }
    done = snnc(*command, "--epochs", "1")
    assert done.code == 0, done.err
    (following,) = re.findall("next: snnc (.*)", done.out)
    assert snnc(*shlex.split(following)).code == 0


def test_what_has_to_be_labelled_first(snnc: Command, place: Path) -> None:
    done = snnc("compile", "net.pt", *FEW_BITS, "--calibration", "images.npz", "-o", "out")
    command = command_in(done.err)
    assert command[command.index("--data") + 1] == "LABELLED.npz"


def test_in_python_it_is_a_call(place: Path) -> None:
    with np.load("with labels.npz") as data:
        x, labels = data["x"], data["y"]
    model = network()
    bundle = package.compile(model, "loihi", "out", calibration=(x, labels), repeat=1, weight_bits=2)
    (call,) = re.findall(r"train it for the chip: (snnc\.finetune\(.*\))", of_loss(bundle.notes).help)
    assert call.endswith("(x, labels), repeat=1)")
    trained = eval(  # the message's own words
        call.replace("repeat=1", "repeat=1, epochs=0"),
        {"snnc": package, "model": model, "x": x, "labels": labels},
    )
    assert trained.model.is_file()


def test_values_cannot_be_trained_on(snnc: Command, place: Path) -> None:
    """``finetune`` takes counts: it is no cure for a network that takes values."""
    with np.load("images.npz") as data:
        np.savez("values.npz", x=data["x"] / 3, y=np.arange(128) % 5)
    done = snnc("compile", "net.pt", *FEW_BITS, "--calibration", "values.npz", "-o", "out")
    assert "warning[N781]" in done.err and "finetune" not in done.err
    done = snnc("finetune", "net.pt", "--method", "stdb", "--data", "values.npz", "--repeat", "1")
    assert done.code == 2 and "own code" in done.err and "--input-scale" not in done.err


@pytest.mark.parametrize(
    ("code", "spikes", "method"),
    [
        (Code.FRAME, False, "weights{code=frame,target=loihi1,bits=5,steps=7}"),
        (Code.RATE, False, "stdb{steps=7}"),
        (Code.RATE, True, "weights{code=rate,target=loihi1,bits=5}"),
    ],
)
def test_what_was_asked_for_is_kept(code: Code, spikes: bool, method: str) -> None:
    asked = Pipeline.parse(find_backend("loihi1").pipeline())
    asked = asked.with_option("match-delays", steps_per_frame=7).with_option("quantize-weights", bits=5)
    data = DataSource(Path("d.npz"))
    found = Retraining(ModelSource(Path("m.pt"), answer="a b"), data, None, "loihi1")
    said = shlex.split(found.command(asked, code, spikes=spikes, labelled=True))
    expected = ["snnc", "finetune", "m.pt", "--method", method, "--data", "d.npz", "--answer", "a b"]
    assert said == expected
