"""What a compile says of ranges: shorter than the calibration data, or broken by a bias."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from snnc import QuantizedReLU, Rollout

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
    asked = ("compile", path, "--target", "loihi", "-o", tmp_path / "out")
    done = snnc(*asked, "--allow-overflow")
    assert done.code == 0 and "warning[N732]" in done.err and "N704" in done.err
    assert "proved for 2 frames, the calibration data have 6" in done.err
    assert "at   answer" in done.err and "fewer steps a frame" in done.err
    assert "up to 2 frames\n" in done.out
    assert "N732" not in snnc("compile", model(path), *asked[2:]).err


@pytest.mark.parametrize("code", ["rate", "graded"])
@pytest.mark.parametrize(("where", "other"), [("hidden", "answer"), ("answer", "hidden")])
def test_a_bias_that_fits_nothing_is_named(
    code: str, where: str, other: str, snnc: Command, tmp_path: Path
) -> None:
    path = model(tmp_path / "net.pt", **{f"{where}_bias": -1e9})
    asked = ("compile", path, "--target", "loihi", "--code", code, "-o", tmp_path / "out")
    done = snnc(*asked)
    assert done.code == 2 and "error[D319]" in done.err
    assert "its biases are up to" in done.err and "smaller biases" in done.err
    assert "0%" not in done.err and not (tmp_path / "out").exists()
    # The chip holds no such bias; what is then proved is about the one that it does hold.
    done = snnc(*asked, "--allow-overflow")
    assert done.code == 0 and "N704" in done.err and "about the clipped biases" in done.err
    assert "N724" not in done.err and "ranges proved" in done.out
