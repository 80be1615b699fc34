"""Weights as training scripts save them: the same network as of the bare state dict."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from snnc.errors import UserError
from snnc.frontend import Given, Model, load_model
from snnc.ir import Linear

CODE = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4))
    def forward(self, x):
        return self.net(x)

class Wrapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.module = Net()
    def forward(self, x):
        return self.module(x)
"""
GIVEN = Given("1,8,8", "checkpointed:Net")
SHAPES = {"net.1.weight": (32, 64), "net.1.bias": (32,), "net.3.weight": (4, 32), "net.3.bias": (4,)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "checkpointed.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("checkpointed", None)


def weights(seed: int = 0) -> dict[str, Tensor]:
    drawn = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=drawn) for name, shape in SHAPES.items()}


def under(prefix: str, seed: int = 0) -> dict[str, Tensor]:
    return {prefix + name: values for name, values in weights(seed).items()}


def matrices(model: Model) -> list[Any]:
    return [op.weight for p in model.graph.projections for op in p.ops if isinstance(op, Linear)]


def saved(content: Any, folder: Path, given: Given = GIVEN) -> Model:
    torch.save(content, folder / "net.pt")
    return load_model(folder / "net.pt", given=given)


BUFFER = {"criterion.weight": torch.ones(4)}
FORMS: dict[str, tuple[Any, str]] = {
    "state_dict": ({"epoch": 3, "state_dict": weights()}, "under the key 'state_dict'"),
    "optimizer": (
        {
            "model_state_dict": weights(),
            "optimizer": {"state": {}, "lr": 0.1},
            "loss": torch.tensor(0.5),
        },
        "under the key 'model_state_dict'",
    ),
    "own-key": ({"classifier": weights(), "step": 7}, "under the key 'classifier'"),
    "usual-key": ({"state_dict": weights(), "ema": weights(1)}, "under the key 'state_dict'"),
    "lightning": ({"epoch": 3, "state_dict": under("model.")}, "model.net.1.weight as net.1.weight"),
    "criterion": (
        {"state_dict": {**under("model."), **BUFFER}},
        "model.net.1.weight as net.1.weight",
    ),
    "parallel": (under("module."), "module.net.1.weight as net.1.weight"),
    "compiled": (under("_orig_mod."), "_orig_mod.net.1.weight as net.1.weight"),
    "inside": (
        {name.replace("net.", "net._orig_mod.", 1): v for name, v in weights().items()},
        "net._orig_mod.1.weight as net.1.weight",
    ),
    "all": (
        {"state_dict": under("_orig_mod.module.model.")},
        "_orig_mod.module.model.net.1.weight as net.1.weight",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_network(form: str, folder: Path) -> None:
    content, told = FORMS[form]
    bare, found = saved(weights(), folder), saved(content, folder)
    assert all(np.array_equal(a, b) for a, b in zip(matrices(bare), matrices(found), strict=True))
    (note,) = found.notes
    assert note.code == "N765" and told in note.what and not bare.notes
    assert ("criterion.weight" in note.why) == (form == "criterion")


def test_a_network_may_have_an_attribute_of_that_name(folder: Path) -> None:
    """Then the names are right as they are."""
    given = Given("1,8,8", "checkpointed:Wrapped")
    assert not saved(under("module."), folder, given).notes
    assert saved(under("module.module."), folder, given).notes  # DataParallel around it


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"generator": weights(), "critic": weights(1)}, "D104.*2 state dicts: critic, generator"),
        ({"model": weights(), "net": weights(1)}, "D104.*2 state dicts: model, net"),
        ({**under("student."), **under("teacher.", 1)}, "D127.*2 times: student., teacher."),
        ({"epoch": 3, "accuracy": 0.5}, "D104.*a dictionary of epoch, accuracy"),
        ({"state_dict": {**under("model."), "model.more": torch.ones(1)}}, "D127.*does not fit"),
    ],
)
def test_nothing_is_guessed(content: Any, text: str, folder: Path) -> None:
    with pytest.raises(UserError, match=f"(?s){text}"):
        saved(content, folder)


# --- safetensors


def test_safetensors(folder: Path) -> None:
    from safetensors.torch import save_file

    save_file(under("model."), folder / "net.safetensors")
    found = load_model(folder / "net.safetensors", given=GIVEN)
    bare = saved(weights(), folder)
    assert all(np.array_equal(a, b) for a, b in zip(matrices(bare), matrices(found), strict=True))
    with pytest.raises(UserError, match=r"(?s)D104.*holds tensors.*--module"):
        load_model(folder / "net.safetensors")


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"{",
        b'{"w": 3}',
        b'{"net.1.weight": {"dtype": "F32", "shape": [32, 64], "data_offsets": [0, 99999999]}}',
        b'{"net.1.weight": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}}',
        b'{"net.1.weight": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
    ],
)
def test_damaged_safetensors(header: bytes, folder: Path) -> None:
    path = folder / "net.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(UserError) as caught:
        load_model(path, given=GIVEN)
    assert caught.value.diagnostics[0].code in ("D104", "D106")


def test_without_the_package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.torch import save_file

    save_file(weights(), folder / "net.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(UserError, match=r"(?s)D123.*pip install 'safetensors"):
        load_model(folder / "net.safetensors", given=GIVEN)
