"""CIFAR-10: levels, conversion, spikes and thresholds trained, weights of few bits, on ResNet-20;
levels and conversion on VGG-16.

    python -m samples.cifar10.results [BEGINNING ...] [--precision bfloat16] [--device cpu]

Runs what is not there yet (``build/results/cifar10``) of the experiments whose names begin so, or all,
one after the other; a training that is stopped goes on after its last epoch. ``python -m
samples.results --only cifar10`` puts what is there into ``docs/results.json``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from samples.results.record import Outcome, found_before, recorded
from samples.results.vgg_page import vgg_summary

from . import experiments as one
from . import gradients, jpeg, spiking, vgg
from . import noise as noises
from .data import DataMissing
from .experiments import PLACE, SPIKING_TEST, Computing

SEEDS = (0, 1)
LEVELS = (15, 8, 4, 2)
BITS = (8, 4, 3)
LAVA_IMAGES = 5
TORCH_IMAGES = 1_000
CONVERTED = (4, 8, 16, 40, 80, 160, 512)
"""Few and many, and ten times as many steps as the hybrid networks have."""

HYBRID = {4: None, 8: None, 16: 10_240}
"""Steps, and images that the one epoch of training sees (None: all), whatever the start."""

THRESHOLDS = {1: None, 2: None, 4: None, 8: 10_240}
"""Likewise."""

SCRATCH_EPOCHS = 1

KINDS = ("trained", "fixed", "published")

Experiments = dict[str, Callable[[], Outcome]]
Found = dict[str, Outcome]


def experiments(computing: Computing) -> Experiments:
    """All, in an order in which each has what it begins with."""
    found: Experiments = {}
    for seed in SEEDS:
        found[f"begun_{seed}"] = partial(one.begun, computing, seed)
        found[f"float_{seed}"] = partial(one.floats, computing, seed)
        found[f"whole_{seed}"] = partial(one.on_all, computing, seed)
        found[f"gradients_{seed}"] = partial(gradients.reach, seed)
        found[f"jpeg_{seed}"] = partial(jpeg.cost, seed)
        for levels in LEVELS if seed == 0 else LEVELS[:1]:
            lava = LAVA_IMAGES if levels == LEVELS[0] else 0
            found[f"levels_{levels}_{seed}"] = partial(one.with_levels, computing, seed, levels, lava)
        most = LEVELS[0]
        found[f"torch_{most}_{seed}"] = partial(one.against_torch, seed, most, TORCH_IMAGES)
        for steps, images in THRESHOLDS.items():
            for kind in KINDS if seed == 0 else KINDS[:2]:
                run = partial(spiking.thresholds, computing, seed, steps, kind, images)
                found[f"thresholds_{kind}_{steps}_{seed}"] = run
            found[f"noise_{steps}_{seed}"] = partial(noises.noise, steps, seed)
    for start in spiking.STARTS:
        for steps in CONVERTED:
            found[f"converted_{start}_{steps}_0"] = partial(spiking.converted, start, steps, 0)
    for steps, images in HYBRID.items():
        for start in spiking.STARTS:
            for surrogate in ("linear", "stdb"):
                run = partial(spiking.hybrid, computing, 0, start, steps, surrogate, images)
                found[f"stdb_{start}_{surrogate}_{steps}_0"] = run
        found[f"scratch_{steps}_0"] = partial(spiking.from_scratch, computing, 0, steps, SCRATCH_EPOCHS)
    for bits in BITS:
        found[f"weights_{bits}_0"] = partial(one.few_bits, computing, 0, bits)
    found.update(vgg.experiments(computing))
    return found


def run(beginnings: list[str], computing: Computing) -> None:
    """Those whose names begin so, or all."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for name, experiment in experiments(computing).items():
        if not beginnings or name.startswith(tuple(beginnings)):
            recorded(f"cifar10/{name}", experiment)


def results() -> dict[str, Any]:
    """What has been computed, by experiment; the page's tables leave out what is not there."""
    known = experiments(Computing())
    each = {name: found_before(f"cifar10/{name}") for name in known}
    found = {name: outcome for name, outcome in each.items() if outcome is not None}
    return {
        "seeds": list(SEEDS),
        "spiking_test": SPIKING_TEST,
        "resnet20": summary(found),
        "vgg16": vgg_summary(found),
        "experiments": found,
    }


def summary(found: Found) -> dict[str, Any]:
    """The figures of seed 0 that people look up, by steps T where there are several.

    ``float``, ``float_all_images`` trained with the validation images, too, and ``levels`` in torch
    and ``graded`` in integers with 15 levels; ``converted`` by ``snnc compile`` and
    ``converted_paper``, as Rathi et al. 2020; ``stdb``, the best start and surrogate;
    ``trained_thresholds`` and ``fixed_thresholds``. Right of the test images in percent, in integers
    unless the network is in floats or stands under ``levels``; what has not been computed is left out.
    """
    one: dict[str, Any] = {}
    most = f"levels_{LEVELS[0]}_0"
    for key, name, figure in (
        ("float", "float_0", "torch_test"),
        ("float_all_images", "whole_0", "torch_test"),
        ("levels", most, "torch_test"),
        ("graded", most, "test"),
    ):
        if name in found:
            one[key] = found[name][figure]
    for key, beginning in (
        ("converted", "converted_default_"),
        ("converted_paper", "converted_paper_"),
        ("trained_thresholds", "thresholds_trained_"),
        ("fixed_thresholds", "thresholds_fixed_"),
    ):
        one[key] = {
            name.removeprefix(beginning).removesuffix("_0"): outcome["test"]
            for name, outcome in found.items()
            if name.startswith(beginning) and name.endswith("_0")
        }
    one["stdb"] = {}
    for name, outcome in found.items():
        if name.startswith("stdb_"):
            steps = name.split("_")[3]
            best = one["stdb"].get(steps)
            if best is None or outcome["test"] > best["accuracy"]:
                one["stdb"][steps] = {"accuracy": outcome["test"], "epochs": outcome["epochs"]}
    return one


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="The methods on CIFAR-10.")
    parser.add_argument("beginnings", nargs="*", help="of names of experiments; none for all")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32")
    given = parser.parse_args()
    try:
        run(given.beginnings, Computing(given.device, given.precision))
    except DataMissing as missing:
        raise SystemExit(f"error: {missing}") from None


if __name__ == "__main__":
    main()
