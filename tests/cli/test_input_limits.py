"""Counts that a target's input cannot carry: refused at compile, with a cure that helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from snnc import Rollout

from .conftest import Command


def model(path: Path, delay: int = 0) -> Path:
    """Twelve inputs, six hidden neurons; a shortcut that comes so many frames later."""
    torch.manual_seed(0)
    net = Rollout((12,))
    net.node("h")
    net.readout("answer")
    net.edge("input", "h", nn.Linear(12, 6))
    net.edge("h", "answer", nn.Linear(6, 3))
    if delay:
        net.edge("input", "answer", nn.Linear(12, 3), delay=delay)
    net.export(path)
    return path


def data(path: Path, low: int, high: int) -> Path:
    x = np.random.default_rng(0).integers(0, 3, (4, 5, 12))
    x[0, 0, 0], x[0, 0, 1] = low, high
    np.savez(path, x=x)
    return path


GRADED = "encode-input{code=graded}"
SPREAD = "encode-input{code=spread}"


@pytest.mark.parametrize(
    ("target", "ends", "asked", "code", "numbers", "cure"),
    [
        ("sanafe", (0, 20), ("--set", GRADED), "D520", ("15", "20"), ("sanafe{input-bits=5}", (0, 20))),
        (
            "sanafe",
            (-20, 3),
            ("--set", GRADED),
            "D470",
            ("-16", "-20"),
            ("sanafe{input-bits=5}", (-20, 3)),
        ),
        ("xylo", (0, 16), (), "D520", ("15", "16"), ("xylo", (0, 15))),
        ("xylo", (-1, 4), (), "D470", ("0", "-1"), ("xylo", (0, 4))),
    ],
)
def test_beyond_what_an_input_takes(
    target: str,
    ends: tuple[int, int],
    asked: tuple[str, ...],
    code: str,
    numbers: tuple[str, str],
    cure: tuple[str, tuple[int, int]],
    snnc: Command,
    tmp_path: Path,
) -> None:
    path, out = model(tmp_path / "net.pt"), tmp_path / "out"
    given = data(tmp_path / "data.npz", *ends)
    fixed = ("--steps-per-frame", "4", "-o", out, *asked)
    done = snnc("compile", path, "--target", target, "--calibration", given, *fixed)
    assert done.code == 2 and f"error[{code}]" in done.err and not out.exists(), done.err
    assert str(given) in done.err and all(f" {number}" in done.err for number in numbers)
    better = data(tmp_path / "data.npz", *cure[1])
    assert snnc("compile", path, "--target", cure[0], "--calibration", better, *fixed).code == 0
    # What was refused for calibration is refused of other data by the same check.
    wild = data(tmp_path / "more.npz", ends[0] * 3, ends[1] * 3 + 40)
    for command in (("run", out, "-o", tmp_path / "a.npz"), ("verify", out)):
        other = snnc(*command, "--data", wild)
        assert other.code == 2 and "error[D520]" in other.err
        assert ("error[D470]" in other.err) is (ends[0] < 0)


@pytest.mark.parametrize(
    ("target", "ends", "cures"),
    [
        ("loihi", (0, 7), (("--steps-per-frame", "7", "--set", SPREAD), ("--set", GRADED))),
        ("loihi", (-2, 3), (("--set", GRADED),)),
        ("loihi1", (0, 7), (("--steps-per-frame", "7"),)),
        ("sanafe", (0, 7), (("--steps-per-frame", "7"), ("--set", GRADED))),
    ],
)
def test_beyond_what_binary_spikes_carry(
    target: str,
    ends: tuple[int, int],
    cures: tuple[tuple[str, ...], ...],
    snnc: Command,
    tmp_path: Path,
) -> None:
    path, given = model(tmp_path / "net.pt"), data(tmp_path / "data.npz", *ends)
    asked = ("compile", path, "--target", target, "--calibration", given, "-o", tmp_path / "out")
    spread = () if target == "loihi1" else ("--set", SPREAD)
    done = snnc(*asked, "--steps-per-frame", "4", *spread)
    assert done.code == 2 and "error[D509]" in done.err and "0..4" in done.err
    assert ("largest 7" if ends[1] == 7 else "smallest -2") in done.err
    assert ("--steps-per-frame 7" in done.err) is (ends[0] == 0)
    assert (GRADED in done.err) is (target != "loihi1")
    for cure in cures:
        steps = () if "--steps-per-frame" in cure else ("--steps-per-frame", "4")
        assert snnc(*asked, *steps, *cure).code == 0, cure


def test_negative_counts_that_would_have_to_pass_relays(snnc: Command, tmp_path: Path) -> None:
    path, given = model(tmp_path / "net.pt", delay=5), data(tmp_path / "data.npz", -2, 3)
    asked = ("compile", path, "--target", "loihi", "--calibration", given, "-o", tmp_path / "out")
    done = snnc(*asked, "--steps-per-frame", "32")
    assert done.code == 2 and "error[D511]" in done.err and "smallest -2" in done.err
    told = snnc(*asked, "--steps-per-frame", "32", "--set", "match-delays{relays=false}")
    assert told.code == 2 and "--steps-per-frame 20" in told.err
    assert snnc(*asked, "--steps-per-frame", "20").code == 0
