"""N781 on data that hardly vary: the cause is the data, and equal decisions may prove nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import snnc
from snnc.errors import Diagnostic
from snnc.workflows.variation import Variation


def losses(notes: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [note for note in notes if note.code == "N781"]


def features() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Raw features of large means and small deviations, and the same normalised."""
    z = np.random.default_rng(0).standard_normal((128, 8))
    return 500 + 3 * z, (z - z.mean(0)) / z.std(0)


def trained() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))


def compiled(target: str, output: Path, data: np.ndarray[Any, Any]) -> snnc.Bundle:
    return snnc.compile(trained(), target, output, calibration=data, repeat=1, code="rate")


@pytest.mark.parametrize("target", ["loihi", "loihi1"])
def test_raw_features_are_named(tmp_path: Path, target: str) -> None:
    raw, normal = features()
    lossy = compiled(target, tmp_path / "raw", raw)
    (said,) = losses(lossy.notes)
    (share,) = re.findall(r"the data vary from sample to sample by ([\d.]+)% of their size", said.why)
    assert float(share) == pytest.approx(100 * 3 / 500, rel=0.2)  # of 16 samples
    assert "calibrate with such: (x - mean)" in said.help
    fine = compiled(target, tmp_path / "normal", normal)
    for note in losses(fine.notes):
        assert "vary from sample to sample" not in note.why


def test_equal_decisions_that_prove_nothing(tmp_path: Path) -> None:
    """One class wins on every sample, and the error is larger than all that samples differ by."""
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Linear(20, 12), nn.ReLU()]
    for _ in range(9):
        layers += [nn.Linear(12, 12), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(12, 5))
    x = np.random.default_rng(0).integers(0, 4, (64, 20))
    bundle = snnc.compile(
        net,
        "loihi",
        tmp_path / "a",
        calibration=x,
        repeat=1,
        code="rate",
        weight_bits=2,
        steps_per_frame=2,
    )
    kept = bundle.manifest.kept
    assert kept is not None and kept.decisions == 1.0 and kept.error > 1
    (said,) = losses(bundle.notes)
    assert f"off by {kept.error:.1%}" in said.what and "equal decisions prove nothing" in said.what
    assert "although the data vary by" in said.why and "answers off by" in said.help


@pytest.mark.parametrize(
    ("input_", "answers", "why", "cure"),
    [
        (0.01, 0.02, "the data vary from sample to sample by 1.00%", "calibrate with such"),
        (0.9, 0.02, "the float answers vary from sample to sample by 2.00%", ""),
        (0.9, 0.6, "", ""),
    ],
)
def test_what_is_said(input_: float, answers: float, why: str, cure: str) -> None:
    found = Variation(input_, answers, one_decision=False)
    assert (why in found.why()) and bool(found.why()) == bool(why)
    assert (cure in found.cure()) and bool(found.cure()) == bool(cure)
