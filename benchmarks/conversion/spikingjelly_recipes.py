"""Converts a network with SpikingJelly's recipes. Runs in its own environment: torch, no snnc.

    spikingjelly_recipes.py NETWORK.npz OUTPUT.npz

The network comes as ``feed_forward.Steps``. As in SpikingJelly's examples, the image is given anew at
every step and the answers of all steps are added up; with a delayed readout, of those after its own
estimate of the delay.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

STEPS = (8, 16, 32)

RECIPES: dict[str, dict[str, Any]] = {
    "max": {"mode": "max"},
    "99.9 %": {"mode": "99.9%"},
    "1/2 of max": {"mode": 1 / 2},
    "1/3 of max": {"mode": 1 / 3},
    "channel max": {"mode": "max", "channel_wise": True},
    "channel 99.9 %": {"mode": "99.9%", "channel_wise": True},
    "channel max, half threshold": {"mode": "max", "channel_wise": True, "half_threshold": True},
    "channel 99.9 %, half threshold": {"mode": "99.9%", "channel_wise": True, "half_threshold": True},
    "local threshold balancing": {},
}
"""What its examples and its documentation use; the last is a class of its own without options."""

DELAYED = ("99.9 %", "channel 99.9 %, half threshold", "local threshold balancing")
"""What its ImageNet example also reads out late."""

UPDATES = 390
"""Of local threshold balancing, whose thresholds grow from batch to batch: as many batches as its
ImageNet example calibrates with, here the same samples again and again."""
BATCH = 32


def names() -> list[str]:
    """All recipes as rows call them."""
    return [*RECIPES, *(f"{name}, delayed readout" for name in DELAYED)]


class Network(nn.Module):
    """The steps as modules, which is what SpikingJelly looks for."""

    def __init__(self, steps: list[dict[str, Any]], arrays: dict[str, Tensor]) -> None:
        super().__init__()
        self.steps = steps
        self.layers = nn.ModuleDict()
        for step in steps:
            layer = _layer(step, {role: arrays[name] for role, name in step["arrays"].items()})
            if layer is not None:
                self.layers[step["name"]] = layer

    def forward(self, x: Tensor) -> Tensor:
        """Images (samples, channels, height, width)."""
        values: dict[str, Tensor] = {"x": x}
        for step in self.steps:
            given = [values[name] for name in step["inputs"]]
            values[step["name"]] = self._of(step, given)
        answer: str = self.steps[-1]["name"]
        return values[answer]

    def _of(self, step: dict[str, Any], given: list[Tensor]) -> Tensor:
        if step["op"] == "add":
            return given[0] + given[1]
        if step["op"] == "cat":
            return torch.cat(given, dim=1)
        if step["op"] == "div":  # it takes products, no quotients
            factor: float = 1 / step["options"]["by"]
            return given[0] * factor
        found: Tensor = self.layers[step["name"]](*given)
        return found


def _layer(step: dict[str, Any], arrays: dict[str, Tensor]) -> nn.Module | None:
    op, options = step["op"], step["options"]
    if op in ("add", "cat", "div"):
        return None
    if op == "relu":
        return nn.ReLU()
    if op == "hardtanh":
        return nn.ReLU6() if (options["low"], options["high"]) == (0, 6) else nn.Hardtanh()
    if op == "flatten":
        return nn.Flatten()
    if op == "avg_pool2d":
        return nn.AvgPool2d(options["kernel"], options["stride"])
    weight = arrays["weight"]
    layer: nn.Module
    if op == "linear":
        layer = nn.Linear(weight.shape[1], weight.shape[0], "bias" in arrays)
    elif op == "conv2d":
        count = weight.shape[1] * options["groups"]
        height, width = weight.shape[2:]
        layer = nn.Conv2d(count, weight.shape[0], (height, width), bias="bias" in arrays, **options)
    elif op == "batch_norm":
        kind = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d)[options["dimensions"]]
        layer = kind(len(weight), eps=options["eps"])
        layer.running_mean, layer.running_var = arrays.pop("mean"), arrays.pop("variance")
    else:
        raise ValueError(f"no module for {op}")
    layer.load_state_dict(arrays, strict=False)
    return layer


def _batches(seen: Tensor) -> Iterator[Tensor]:
    pieces = torch.split(seen, BATCH)
    return (pieces[i % len(pieces)] for i in range(UPDATES))


def _converted(net: nn.Module, name: str, seen: Tensor) -> Any:
    from spikingjelly.activation_based.ann2snn import (
        Converter,
        LocalThresholdBalancingRecipe,
        RateCodingRecipe,
    )

    options = RECIPES[name]
    # One batch: its running mean over batches would weigh the first ones most.
    recipe = (
        RateCodingRecipe([seen], **options)
        if options
        else LocalThresholdBalancingRecipe(list(_batches(seen)))
    )
    return Converter(recipe).convert(copy.deepcopy(net))


def _answers(net: Any, x: Tensor) -> Tensor:
    """Of each step: (steps, samples, outputs)."""
    from spikingjelly.activation_based.functional import reset_net

    reset_net(net)
    return torch.stack([net(x) for _ in range(max(STEPS))])


def _means(net: Any, name: str, seen: Tensor, x: Tensor) -> dict[str, Tensor]:
    """The mean answer after each number of steps, (numbers, samples, outputs), by the rows' names."""
    from spikingjelly.activation_based.ann2snn import estimate_delay_start

    answers = _answers(net, x)
    found = {name: torch.stack([answers[:count].mean(0) for count in STEPS])}
    if name in DELAYED:
        starts = [estimate_delay_start(net, [seen], "cpu", count) for count in STEPS]
        late = [answers[a:b].mean(0) for a, b in zip(starts, STEPS, strict=True)]
        found[f"{name}, delayed readout"] = torch.stack(late)
    return found


def main() -> None:
    """One array a recipe, ``float`` for the network itself, and ``refused``: recipes with reasons."""
    torch.set_num_threads(1)
    with np.load(sys.argv[1]) as file:
        given = {name: file[name] for name in file.files}
    steps = json.loads(str(given.pop("steps")))
    seen, x = (torch.from_numpy(given.pop(name)) for name in ("seen", "test"))
    net = Network(steps, {name: torch.from_numpy(array) for name, array in given.items()}).eval()
    found: dict[str, Tensor] = {}
    refused: dict[str, str] = {}
    with torch.no_grad():
        found["float"] = net(x)
        for name in RECIPES:
            try:
                found |= _means(_converted(net, name, seen), name, seen, x)
            except Exception as problem:  # whatever it raises is what the row has to say
                reason = f"{type(problem).__name__}: {' '.join(str(problem).split())}"
                refused |= {row: reason for row in names() if row.split(", delayed")[0] == name}
    arrays = {name: values.numpy() for name, values in found.items()}
    np.savez(sys.argv[2], refused=json.dumps(refused), **arrays)


if __name__ == "__main__":
    main()
