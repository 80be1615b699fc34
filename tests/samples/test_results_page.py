"""The verdicts on the papers' claims, from numbers whose verdict is known; what the pages rest on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samples.results.cifar10_page import (
    cifar10_hybrid,
    cifar10_introduction,
    cifar10_quantization,
)
from samples.results.claims import differences, fewer_steps, steps_claim
from samples.results.quantization_page import quantization_claims
from samples.results.vgg_page import vgg_hybrid, vgg_quantization, vgg_summary

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_events_of_cifar_lose_nothing_on_the_way_to_the_chip() -> None:
    found = json.loads((DOCS / "results.json").read_text())["cifar_events"]["networks"]
    for ways in found.values():
        for quantized, grid in zip(ways["levels"], ways["grid"], strict=True):
            assert grid["differ"] == 0 and quantized["lava"]["differ"] == 0
            assert grid["by_frame"] == quantized["integers"]


def test_as_good_is_within_one_standard_error() -> None:
    converted = {4: 80.0, 8: 89.6, 16: 89.8, 40: 91.0}  # of 90 % of 10,000, it is 0.3 points
    assert fewer_steps({4: 90.0}, converted, 10_000) == {4: 4.0}
    assert fewer_steps({4: 90.0}, converted, 1_000) == {4: 2.0}
    assert fewer_steps({4: 99.0}, converted, 10_000) == {4: None}


@pytest.mark.parametrize(
    ("trained", "verdict"),
    [
        ({4: 99.0}, "holds"),
        ({4: 90.0}, "does not hold"),
        ({4: 99.0, 8: 80.0}, "holds at T = 4 only"),
        ({8: 99.0}, "open at T = 8"),
    ],
)
def test_the_verdict_on_steps(trained: dict[int, float], verdict: str) -> None:
    converted = {4: 80.0, 8: 89.6, 16: 89.8, 40: 91.0}
    assert verdict in steps_claim("data", "a conversion", trained, converted, 10_000).verdict


def test_a_difference_has_its_error() -> None:
    ((gap, error),) = differences({4: 90.0}, {4: 89.0, 8: 1.0}, 900).values()
    assert gap == 1.0 and error == pytest.approx((0.09 / 900 + 0.89 * 0.11 / 900) ** 0.5 * 100)


def test_a_claim_that_fails_is_said_to() -> None:
    found = json.loads((DOCS / "results.json").read_text())
    fashion = found["fashion_mnist"]
    better, _, *_ = (c for c in quantization_claims(found) if "Fashion" in c.ours)
    assert fashion["trained_thresholds"]["1"] > fashion["fixed_thresholds"]["1"] + 1
    assert "T = 1" in better.verdict or better.verdict == "holds at every T"
    fashion["trained_thresholds"] = {"1": 50.0}
    worse, far, *_ = (c for c in quantization_claims(found) if "Fashion" in c.ours)
    assert "worse than fixed at T = 1" in worse.verdict and far.verdict.startswith("not within")


def test_vgg_has_its_tables_and_not_resnets_hours() -> None:
    floats = {"epochs": 18, "torch_test": 90.0, "seconds": 7200.0, "train_seconds": 3600.0}
    graded = {"epochs": 2, "torch_test": 89.0, "test": 88.0, "test_samples": 500, "seconds": 1.0}
    few = {"test": 70.0, "test_samples": 500, "seconds": 1.0}
    found = {"vgg16_float_0": floats, "vgg16_levels_15_0": graded, "vgg16_converted_8_0": few}
    page = "\n".join(cifar10_quantization({"experiments": found, "seeds": []}))
    assert "| floats | 18 | 90 ± 0.3 |  |" in page and "together: 2.0 hours" in page
    assert "| 15 levels, code `graded` | 2 | 89 ± 1.4 of 500 | 88 ± 1.5 of 500 |" in page
    spiking = {**graded, "epochs": 1, "trained_with": 10_240}
    page = "\n".join(vgg_quantization({**found, "vgg16_thresholds_fixed_4_0": spiking}))
    assert "| thresholds fixed, T = 4, code `rate` | 1, of 10,240 images | 89 ± 1.4 of 500 | 88" in page
    page = "\n".join(vgg_quantization({**found, "vgg16_counted_0": {**few, "torch_test": 91.0}}))
    assert "| floats | 18 | 90 ± 0.3; 91 ± 1.3 of 500 |  |" in page
    assert "| 8 | 70 ± 2.0 |" in "\n".join(cifar10_hybrid({"experiments": found}))
    both = {"experiments": {"jpeg_0": {"seconds": 3600.0}, **found}, "spiking_test": 1}
    assert "together: 1.0 hours" in "\n".join(cifar10_introduction(both))
    assert vgg_summary(found) == {
        "float": 90.0,
        "levels": 89.0,
        "graded": 88.0,
        "converted": {"8": 70.0},
    }


def test_pages_without_vgg_do_not_name_it() -> None:
    assert vgg_quantization({}) == [] and vgg_hybrid({}) == []
