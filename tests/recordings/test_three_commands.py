"""From a folder of real recordings to a verified bundle: frames, compile, verify."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile
from typer.testing import CliRunner

from snnc.commands.app import app

torch = pytest.importorskip("torch")

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def done(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def spoken(folder: Path, most: int) -> Path:
    """The first recordings as files, named as in the set: ``7_jackson_32.wav``."""
    folder.mkdir()
    with np.load(DATA / "fsdd" / "test.npz") as file:
        arrays = {name: file[name] for name in file.files}
    for i in range(0, len(arrays["label"]), len(arrays["label"]) // most):
        begin, end = arrays["offset"][i : i + 2]
        name = "_".join(str(arrays[key][i]) for key in ("label", "speaker", "index"))
        wavfile.write(folder / f"{name}.wav", 8000, arrays["samples"][begin:end])
    return folder


@pytest.mark.parametrize("name", ["nmnist", "fsdd"])
def test_three_commands(name: str, tmp_path: Path) -> None:
    import snnc

    if not (DATA / name).is_dir():
        pytest.skip(f"no recordings in {DATA / name}")
    torch.manual_seed(0)
    counts = tmp_path / "x.npz"
    shape: tuple[int, ...]
    how: tuple[str, ...]
    if name == "nmnist":
        folder, shape = DATA / "nmnist" / "Test", (2, 17, 17)
        how = ("--dt", "60ms", "--frames", "6", "--pool", "2", "--first", "20")
    else:
        folder, shape = spoken(tmp_path / "wav", 20), (32,)
        how = ("--dt", "25ms", "--frames", "20", "--label-from", "{label}_*")
    network = snnc.Rollout(shape)
    network.node("h")
    network.readout("answer", accumulate=True)
    inputs = int(np.prod(shape))
    layers = [torch.nn.Flatten()] if len(shape) > 1 else []
    network.edge("input", "h", torch.nn.Sequential(*layers, torch.nn.Linear(inputs, 24)))
    network.edge("h", "answer", torch.nn.Linear(24, 10))
    network.export(tmp_path / "net.pt")

    assert "10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in done("frames", folder, "-o", counts, *how)
    bundle = tmp_path / "net.reference"
    done("compile", tmp_path / "net.pt", "--target", "reference", "-o", bundle, "--calibration", counts)
    assert "\n0 of " in done("verify", bundle, "--data", counts)
    assert np.load(counts)["x"].sum() > 10_000
