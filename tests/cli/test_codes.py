"""The exact codes from a torch network to Lava, and a network that is built to overflow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from .conftest import Command

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from torch import nn  # noqa: E402  (only with torch)

from snnc import QuantizedReLU, Rollout  # noqa: E402

MODEL = Path(__file__).resolve().parents[2] / "samples" / "moving_digits" / "model_8_levels.pt"


def overflowing(path: Path) -> Path:
    """Weights that are huge beside the levels of the activation."""
    net = Rollout((4,))
    net.node("h", activation=QuantizedReLU(4, 0.01))
    net.readout("answer")
    fan = nn.Linear(4, 3)
    net.edge("input", "h", fan)
    net.edge("h", "answer", nn.Linear(3, 2))
    with torch.no_grad():
        fan.weight.copy_(torch.tensor([[900.0, 800, -1, 1], [2, 1, 3, 1], [-900, -950, 0.1, 2]]))
    net.export(path)
    return path


def big_counts(path: Path) -> Path:
    np.savez(path, x=np.random.default_rng(0).integers(0, 2000, (4, 6, 4)))
    return path


@pytest.mark.lava
@pytest.mark.parametrize("code", ["frame", "graded"])
def test_what_overflows_is_refused_and_wraps_alike_if_the_user_goes_on(
    code: str, snnc: Command, tmp_path: Path
) -> None:
    model, data = overflowing(tmp_path / "wild.pt"), big_counts(tmp_path / "data.npz")
    folder = tmp_path / "wild.loihi"
    asked = ("compile", model, "--target", "loihi", "--code", code, "--calibration", data, "-o", folder)
    refused = snnc(*asked)
    assert refused.code == 2 and "error[D319]" in refused.err and not folder.exists()
    limit = "32767" if code == "frame" else "8388607"
    assert limit in refused.err and "--allow-overflow" in refused.err
    done = snnc(*asked, "--allow-overflow")
    assert done.code == 0 and "N724" in done.err
    ranges = json.loads((folder / "manifest.json").read_text())["ranges"]
    assert ranges["status"] == "observed on 4 samples"
    assert sum(r["overflows"] for r in ranges["observed"]) > 0
    for engine in ("lava", "lava-inprocess"):
        verified = snnc("verify", folder, "--data", data, "--engine", engine, "--json")
        found = json.loads(verified.out)
        assert verified.code == 0 and found["mismatches"] == 0 and found["compared"] > 0


def test_data_beyond_the_proof_are_named(snnc: Command, tmp_path: Path) -> None:
    folder = tmp_path / "exact.loihi"
    assert snnc("compile", MODEL, "--target", "loihi", "--code", "frame", "-o", folder).code == 0
    most = json.loads((folder / "manifest.json").read_text())["ranges"]["claims"][-1]["counts"][1]
    for count, beyond in ((most, False), (most + 1, True)):
        data = tmp_path / "data.npz"
        np.savez(data, x=np.full((1, 2, 2, 16, 16), count))
        ran = snnc("run", folder, "--data", data, "-o", tmp_path / "out.npz")
        assert ran.code == 0 and ("N725" in ran.err) is beyond


def test_a_code_that_the_target_lacks(snnc: Command, tmp_path: Path) -> None:
    pytest.importorskip("nir", reason="the package nir is not installed")
    done = snnc("compile", MODEL, "--target", "nir", "--code", "frame", "-o", tmp_path / "out")
    assert done.code == 2 and "error[D316]" in done.err and "rate" in done.err


def test_more_levels_than_steps(snnc: Command, tmp_path: Path) -> None:
    asked = ("compile", MODEL, "--target", "loihi", "--code", "frame", "-o", tmp_path / "out")
    done = snnc(*asked, "--steps-per-frame", "4")
    assert done.code == 2 and "error[D318]" in done.err
    assert "8 levels" in done.err and "--steps-per-frame 8" in done.err


def test_no_range_and_no_data(snnc: Command, tmp_path: Path) -> None:
    net = Rollout((4,))
    net.node("h")
    net.readout("answer")
    net.edge("input", "h", nn.Linear(4, 3))
    net.edge("h", "answer", nn.Linear(3, 2))
    net.export(tmp_path / "plain.pt")
    asked = ("compile", tmp_path / "plain.pt", "--target", "loihi", "-o", tmp_path / "out")
    done = snnc(*asked, "--code", "graded")
    assert done.code == 2 and "error[D317]" in done.err and "QuantizedReLU" in done.err
    wrong = snnc(*asked, "--code", "morse")
    assert wrong.code == 2 and "error[D326]" in wrong.err and "frame" in wrong.err


def test_a_bundles_own_encode_refuses_counts_that_are_not_whole(finished: Path) -> None:
    """Cut to integers, counts below 1 would all be lost without a word."""
    code = (
        "import sys, numpy as np\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from model_lava.encoding import encode\n"
        "whole = np.ones((2, 2, 16, 16))\n"
        "assert encode(whole).any()\n"
        "encode(whole / 2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(finished)], capture_output=True, text=True
    )
    assert done.returncode == 1 and "event counts are whole numbers" in done.stderr
