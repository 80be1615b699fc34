"""VGG-16 on CIFAR-10: 15 million weights, in floats, with levels, and converted.

The weights (30 MB at half precision) stay in ``build/results/cifar10``; the outcome has their digest.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from samples.results.chip import compiled
from samples.results.record import Outcome
from snnc.authoring import QuantizedReLU
from snnc.frontend import load_model
from snnc.ir import Population
from snnc.training import Recipe, Streaming, Threshold, thaw
from snnc.training.methods.balancing import balanced_thresholds

from . import experiments as one
from . import spiking
from .data import DataMissing, load
from .experiments import CALIBRATION, FLOATS, MOST_PROVED, PLACE, RANGE_RATE, RANGES, Computing
from .networks import vgg16

EPOCHS = 18
LEVELS_EPOCHS = 2
PERCENTILE = 99.9
"""Of activations, where the first thresholds are. ResNet-20 begins better at 95, the default now."""

CHIPS = 4
"""Of Loihi 2, for 395 million synapses: 120 million a chip."""

TRAINED = 10_240
"""Images that thresholds are trained with, of 45,000: the first ones, as many of each class."""

TESTED = 500
"""The first test images, as many of each class: what the converted network is counted on."""


def floats(computing: Computing, seed: int) -> Outcome:
    """From scratch, with ReLUs and batch normalisation."""
    torch.manual_seed(seed)
    name = f"vgg16_float_{seed}"
    outcome = one.in_floats(name, vgg16(), computing.of(replace(FLOATS, epochs=EPOCHS), seed))
    digest = hashlib.sha256((PLACE / f"{name}.npz").read_bytes()).hexdigest()
    return {**outcome, "weights_sha256": digest}


def network(seed: int) -> Path:
    """The archive of the network in floats.

    Raises:
        DataMissing: it has not been trained here.
    """
    path = PLACE / f"vgg16_float_{seed}.pt"
    if not path.exists():
        raise DataMissing(
            f"there is no VGG-16 of seed {seed} yet: run the experiment vgg16_float_{seed}"
        )
    return path


def counted(seed: int) -> Outcome:
    """The network in floats on the images that the others are counted on."""
    net = thaw(load_model(network(seed)).graph)
    return {"torch_test": one.right_of(net, TESTED), "test_samples": TESTED}


def converted(steps: int, seed: int) -> Outcome:
    """By ``snnc compile``'s own defaults, counted in integers."""
    name = f"vgg16_converted_{steps}_{seed}"
    overflow = steps > MOST_PROVED
    done = compiled(
        network(seed),
        PLACE / f"{name}.loihi",
        one.test_file(TESTED),
        steps=steps,
        allow_overflow=overflow,
        chips=CHIPS,
    )
    return {"test": done.by_frame[-1], "test_samples": done.samples}


def with_levels(computing: Computing, seed: int, levels: int) -> Outcome:
    """So many levels an activation, trained; exact on a chip in the code ``graded``."""
    name = f"vgg16_levels_{levels}_{seed}"
    counts = np.ascontiguousarray(load().train.x[:CALIBRATION, None])
    graph = load_model(network(seed)).graph
    ranges = balanced_thresholds(graph, counts, steps=levels, percentile=RANGES[levels])

    def activation(population: Population) -> QuantizedReLU:
        return QuantizedReLU(levels, ranges[population.name].tolist())

    net = one.channels_last(thaw(graph, activation, norms=True))
    task = Streaming(frozen=2, rate=RANGE_RATE).prepare(net, counts)
    recipe = Recipe(epochs=LEVELS_EPOCHS, learning_rate=1e-4)
    outcome = one.trained(name, task, computing.of(recipe, seed), TESTED)
    return {**outcome, **one.integers(name, "graded", one.test_file(TESTED), chips=CHIPS)}


def thresholds(computing: Computing, seed: int, steps: int, kind: str) -> Outcome:
    """Thresholds trained with the weights, or held fixed, through ``steps`` time steps.

    An epoch of all images would take hours: ``TRAINED`` are trained with.

    Args:
        computing: where.
        seed: of the network in floats too.
        steps: T.
        kind: ``trained`` or ``fixed``.
    """
    method = Threshold(
        steps=steps, trained=kind == "trained", per="channel", rounds=2, percentile=PERCENTILE
    )
    net = thaw(load_model(network(seed)).graph)
    task = method.prepare(net, np.ascontiguousarray(load().train.x[:CALIBRATION, None]))
    one.channels_last(task.network)
    name = f"vgg16_thresholds_{kind}_{steps}_{seed}"
    recipe = computing.of(Recipe(epochs=1, learning_rate=1e-4), seed)
    outcome = spiking.on_some(name, task, recipe, TESTED, TRAINED)
    return {**outcome, **one.integers(name, "rate", one.test_file(TESTED), chips=CHIPS)}


def experiments(computing: Computing) -> dict[str, partial[Outcome]]:
    """In an order in which each has what it begins with."""
    found = {"vgg16_float_0": partial(floats, computing, 0)}
    found["vgg16_counted_0"] = partial(counted, 0)
    found["vgg16_levels_15_0"] = partial(with_levels, computing, 0, 15)
    for steps in (4, 8, 16, 40, 80, 160):
        found[f"vgg16_converted_{steps}_0"] = partial(converted, steps, 0)
    for kind in ("trained", "fixed"):
        found[f"vgg16_thresholds_{kind}_4_0"] = partial(thresholds, computing, 0, 4, kind)
    return found
