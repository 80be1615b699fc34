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
from snnc.bundle.kept import Kept
from snnc.errors import Diagnostic
from snnc.workflows.losses import uncertainty, what
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


def counted(samples: int, lost: int, accuracy: tuple[float, float] | None = None) -> Kept:
    return Kept(samples, True, 1 - lost / samples, 0.05, 16, 1e3, (), accuracy)


@pytest.mark.parametrize(
    ("samples", "lost", "said"),
    [
        (
            192,
            2,
            ", standard error 0.9%: 2 decisions lost here, too few to tell whether more than 1% of "
            "others are",
        ),
        (192, 9, ", standard error 1.6%"),
        (10**4, 101, ", standard error 0.1%: 101 decisions lost here, too few to tell whether more"),
        (10**4, 150, ", standard error 0.1%"),
        (192, 0, ", standard error 0.5%"),
    ],
)
def test_a_loss_of_few_samples_says_what_it_does_not_tell(samples: int, lost: int, said: str) -> None:
    """Counted decisions are lost for sure; how many others are is known to a standard error or two."""
    found = uncertainty(counted(samples, lost))
    assert found.startswith(said) and ("too few" in found) == ("too few" in said)


def test_a_difference_of_accuracies_may_be_chance() -> None:
    assert what(counted(192, 2, (0.9, 0.9 - 1 / 192))).endswith("up to 0.9%: it may be chance")
    assert what(counted(192, 9, (0.9, 0.9 - 8 / 192))).endswith("up to 1.6%")
    assert what(counted(192, 9, (0.9, 0.9))).endswith("up to 1.6%")


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
