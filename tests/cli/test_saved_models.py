"""Files of ``torch.save`` on the command line: a module with a shape, a state dict with a factory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from .conftest import Command

CODE = """
import torch
from torch import nn

def build():
    return nn.Sequential(nn.Conv2d(2, 3, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(27, 4))

def broken():
    raise RuntimeError("the user's own mistake")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the user's code, a module, its state dict and data."""
    (tmp_path / "my_small_nets.py").write_text(CODE)
    scope: dict[str, object] = {}
    exec(CODE, scope)
    build = scope["build"]
    assert callable(build)
    torch.manual_seed(0)
    net = build()
    assert isinstance(net, nn.Module)
    torch.save(net, tmp_path / "module.pt")
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    np.savez(tmp_path / "data.npz", x=np.random.default_rng(0).poisson(0.6, (4, 2, 2, 8, 8)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


FACTORY = ("--module", "my_small_nets:build")


@pytest.mark.parametrize(("name", "options"), [("module.pt", ()), ("weights.pt", FACTORY)])
def test_compile(name: str, options: tuple[str, ...], snnc: Command, folder: Path) -> None:
    shape = ("--input-shape", "2,8,8")
    for more in (shape, ("--calibration", "data.npz"), (*shape, "--calibration", "data.npz")):
        done = snnc("compile", name, "--target", "reference", *options, *more, "-o", "out")
        assert done.code == 0, done.err
    assert snnc("verify", "out", "--data", "data.npz").code == 0
    done = snnc("inspect", name, *options, *shape)
    assert done.code == 0
    assert "input input 2x8x8" in done.out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("module.pt",), ("D122", "--input-shape 2,16,16")),
        (("module.pt", "--input-shape", "2x8x8"), ("D122", "'2x8x8'")),
        (("module.pt", "--input-shape", "8,8"), ("D124", "cannot take a frame of shape (8, 8)")),
        (("module.pt", "--input-shape", "2,9,9", "--calibration", "data.npz"), ("D124", "(2, 9, 9)")),
        (("module.pt", *FACTORY), ("D121", "--module")),
        (("weights.pt",), ("D104", "--module package.module:factory")),
        (("weights.pt", *FACTORY), ("D122",)),
        (("weights.pt", "--module", "my_small_nets:broken"), ("D126", "the user's own mistake")),
        (("weights.pt", "--module", "absent_nets:build"), ("D126", "No module named 'absent_nets'")),
    ],
)
def test_refused(
    arguments: tuple[str, ...], parts: tuple[str, ...], snnc: Command, folder: Path
) -> None:
    done = snnc("compile", *arguments, "--target", "loihi")
    assert done.code == 2 and "Traceback" not in done.err
    for part in parts:
        assert part in " ".join(done.err.split()), done.err
    assert not list(folder.glob("*.loihi"))
