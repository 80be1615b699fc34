"""Networks that spike, from ResNet-20 in floats: converted, trained through spikes, from scratch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from samples.results.chip import compiled
from samples.results.record import Outcome
from snnc.authoring import SpikingNeuron
from snnc.authoring.surrogate import Linear
from snnc.frontend import load_model
from snnc.training import Recipe, Stdb, Streaming, Threshold, thaw
from snnc.training.methods.base import Method, Task

from .data import first, load
from .experiments import (
    CALIBRATION,
    MOST_PROVED,
    PLACE,
    SPIKING_TEST,
    Computing,
    channels_last,
    float_network,
    integers,
    right_of,
    test_file,
    trained,
)
from .networks import resnet20

JUDGED_BY = 1_000
"""Validation images that judge a training on a part of the images: more would take longer than it."""

MOST_IN_TORCH = 40
"""With more steps torch, which holds every layer's steps, would take hours: integers are counted."""

SPIKING = Recipe(epochs=1, learning_rate=1e-4)
"""From the converted network, batch normalisation folded: kept, its statistics over steps shrink what
arrives, and the network begins anew. At 3e-4 it falls apart within 50 batches, at 1e-4 it learns."""

FROM_SCRATCH = Recipe(epochs=4, learning_rate=5e-3, schedule="onecycle")


def converted(start: str, steps: int, seed: int) -> Outcome:
    """Converted and no more: the paper's way or ``snnc compile``'s own defaults, counted in integers.

    Args:
        start: a key of ``STARTS``.
        steps: of a frame.
        seed: of the network in floats.
    """
    name = f"converted_{start}_{steps}_{seed}"
    model, test = float_network(seed), test_file(SPIKING_TEST)
    found: Outcome = {}
    if start == "paper":
        network = _prepared(_method(start, steps, "linear"), seed).network
        model = PLACE / f"{name}.pt"
        network.export(model, load().train.x[:CALIBRATION, None])
        if steps <= MOST_IN_TORCH:
            found["torch_test"] = right_of(network, SPIKING_TEST)
    overflow = steps > MOST_PROVED
    done = compiled(model, PLACE / f"{name}.loihi", test, steps=steps, allow_overflow=overflow)
    return {**found, "test": done.by_frame[-1], "test_samples": done.samples}


STARTS: dict[str, dict[str, Any]] = {
    "paper": {"balance": "maximum", "scale": 0.7, "start": 0.0, "per": "population"},
    "default": {"per": "channel", "rounds": 2},
}
"""Options of the conversion: that of Rathi et al. 2020, and snnc's own."""


def hybrid(
    computing: Computing, seed: int, start: str, steps: int, surrogate: str, images: int | None
) -> Outcome:
    """Converted, then trained through its spikes (method ``stdb``), ``images`` as in ``thresholds``."""
    name = f"stdb_{start}_{surrogate}_{steps}_{seed}"
    task = _prepared(_method(start, steps, surrogate), seed)
    outcome = on_some(name, task, computing.of(SPIKING, seed), SPIKING_TEST, images)
    return {**outcome, **integers(name, "rate", test_file(SPIKING_TEST))}


def from_scratch(computing: Computing, seed: int, steps: int, epochs: int) -> Outcome:
    """The same network, spiking from the first epoch, with batch normalisation trained."""
    torch.manual_seed(seed)
    name = f"scratch_{steps}_{seed}"
    network = resnet20(lambda _node: SpikingNeuron(steps, 1.0, surrogate=Linear(0.3)))
    task = Streaming(frozen=1).prepare(channels_last(network), load().train.x[:1, None])
    recipe = computing.of(replace(FROM_SCRATCH, epochs=epochs), seed)
    outcome = trained(name, task, recipe, SPIKING_TEST)
    return {**outcome, **integers(name, "rate", test_file(SPIKING_TEST))}


def thresholds(
    computing: Computing, seed: int, steps: int, kind: str, images: int | None = None
) -> Outcome:
    """Thresholds trained with the weights, held fixed, or trained in the published form.

    Args:
        computing: where.
        seed: of the network in floats too.
        steps: T.
        kind: ``trained``, ``fixed`` or ``published`` (``threshold{recipe=castagnetti2023}``).
        images: that one epoch sees, the first of the training images; None for all. An epoch of all
            takes as many times as long as one in floats as there are steps, and more.
    """
    name = f"thresholds_{kind}_{steps}_{seed}"
    if kind == "published":
        method = Threshold.published("castagnetti2023", steps=steps)
    else:
        method = Threshold(steps=steps, trained=kind == "trained", per="channel", rounds=2)
    task = _prepared(method, seed)
    outcome = on_some(name, task, computing.of(SPIKING, seed), None, images)
    made = integers(name, "rate", test_file(None))
    return {**outcome, **made, "percentile": method.percentile}


def on_some(name: str, task: Task, recipe: Recipe, tested: int | None, images: int | None) -> Outcome:
    """``trained``, on all images or on the first ones."""
    if images is None:
        return trained(name, task, recipe, tested)
    outcome = trained(name, task, recipe, tested, parts=first(load(), images, JUDGED_BY))
    return {**outcome, "trained_with": images}


def _method(start: str, steps: int, surrogate: str) -> Stdb:
    return Stdb(steps=steps, surrogate=surrogate, alpha=height(steps, surrogate), **STARTS[start])


def height(steps: int, surrogate: str) -> float:
    """Of the surrogate gradient, so that a gradient neither fades nor grows from layer to layer.

    What arrives in step t stays in the potential for all later steps (the reset passes nothing on), so
    a step's input moves the count by ``mean slope * (steps + 1) / 2`` on average, and should by 1. The
    triangle's mean over its two thresholds is half of its height; the other surrogate is as high as it
    is. The published 0.3 is that of 12 steps, or of 6.
    """
    return (4.0 if surrogate == "linear" else 2.0) / (steps + 1)


def _prepared(method: Method, seed: int) -> Task:
    network = thaw(load_model(float_network(seed)).graph)
    task = method.prepare(network, load().train.x[:CALIBRATION, None])
    channels_last(task.network)
    return task
