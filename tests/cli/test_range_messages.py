"""What a compile says of ranges: shorter than the calibration data, or broken by a bias."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from snnc import QuantizedReLU, Rollout
from snnc.bundle.folder import read_bundle
from snnc.sim import encode, simulate

from .conftest import Command


def model(path: Path, *, hidden_bias: float = 0.1, answer_bias: float = 0.1) -> Path:
    """One hidden layer of three neurons; the answer sums up; streams of 6 frames to calibrate with."""
    torch.manual_seed(0)
    net = Rollout((4,))
    net.node("h", activation=QuantizedReLU(8))
    net.readout("answer", accumulate=True)
    first, last = nn.Linear(4, 3), nn.Linear(3, 2)
    with torch.no_grad():
        first.bias.fill_(hidden_bias)
        last.bias.fill_(answer_bias)
    net.edge("input", "h", first)
    net.edge("h", "answer", last)
    net.export(path, calibration=torch.randint(0, 4, (5, 6, 4)))
    return path


def test_a_proof_shorter_than_the_calibration_data(snnc: Command, tmp_path: Path) -> None:
    path = model(tmp_path / "net.pt", answer_bias=1e9)
    asked = ("compile", path, "--target", "loihi", "--code", "rate", "-o", tmp_path / "out")
    done = snnc(*asked, "--allow-overflow")
    assert done.code == 0 and "warning[N732]" in done.err and "N704" in done.err
    assert "proved for 2 frames, the calibration data have 6" in done.err
    assert "at   answer" in done.err and "fewer steps a frame" in done.err
    assert "up to 2 frames\n" in done.out
    assert "N732" not in snnc("compile", model(path), *asked[2:]).err


@pytest.mark.parametrize("code", ["rate", "graded"])
def test_a_bias_that_fits_nothing_is_named(code: str, snnc: Command, tmp_path: Path) -> None:
    path = model(tmp_path / "net.pt", answer_bias=-1e9)
    asked = ("compile", path, "--target", "loihi", "--code", code, "-o", tmp_path / "out")
    done = snnc(*asked)
    assert done.code == 2 and "error[D319]" in done.err
    assert "its biases are up to" in done.err and "smaller biases" in done.err
    assert not (tmp_path / "out").exists()
    # The chip holds no such bias; what is then proved is about the one that it does hold.
    done = snnc(*asked, "--allow-overflow")
    assert done.code == 0 and "N704" in done.err and "proved for the clipped biases" in done.err
    assert "N724" not in done.err and "ranges proved" in done.out


def test_a_bias_that_silences_is_no_larger_than_that_takes(snnc: Command, tmp_path: Path) -> None:
    """Neurons that never emit stay so with a bias that fits."""
    path = model(tmp_path / "net.pt", hidden_bias=-1e9)
    asked = ("compile", path, "--target", "loihi", "--code", "rate", "-o", tmp_path / "out")
    done = snnc(*asked)
    assert done.code == 0 and "N704" not in done.err and "100.0% of the float" in done.out
    program = read_bundle(tmp_path / "out")[0].program
    spikes = simulate(program, encode(program, np.full((2, 6, 4), 3))).spikes["h"]
    assert not spikes.any()
