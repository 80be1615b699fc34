"""How far gradients reach back through layers that spike: one batch, before any training."""

from __future__ import annotations

import torch

from samples.results.record import Outcome
from snnc.frontend import load_model
from snnc.training import Stdb, thaw

from .data import load
from .experiments import BATCH, float_network
from .spiking import STARTS, height

STEPS = 4
PUBLISHED = 0.3


def reach(seed: int) -> Outcome:
    """Norm of the gradient over norm of the weights, of every convolution in order, by height.

    The converted network with ``STEPS`` steps and the linear surrogate, on the first batch of the
    training images as they are, with batch normalisation as in training.
    """
    parts = load().train
    x, y = torch.from_numpy(parts.x[:BATCH, None]).float(), torch.from_numpy(parts.y[:BATCH])
    found: Outcome = {"steps": STEPS, "images": BATCH}
    for name, alpha in {"published": PUBLISHED, "ours": height(STEPS, "linear")}.items():
        method = Stdb(steps=STEPS, alpha=alpha, norms=True, **STARTS["default"])
        task = method.prepare(
            thaw(load_model(float_network(seed)).graph, norms=True), parts.x[:BATCH, None]
        )
        task.network.train()
        task.loss(x, y).backward()  # type: ignore[no-untyped-call]
        ratios = [
            float(weight.grad.norm() / weight.detach().norm())
            for weight in task.network.parameters()
            if weight.ndim == 4 and weight.grad is not None
        ]
        found[name] = {"height": alpha, "ratios": [float(f"{ratio:.2g}") for ratio in ratios]}
    return found
