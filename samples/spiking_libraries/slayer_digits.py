"""Networks of lava-dl's SLAYER 0.6.0: CUBA blocks, which train with the chip's integers."""

from __future__ import annotations

from typing import Any

import torch
from lava.lib.dl import slayer
from torch import nn

from .data import CLASSES, PIXELS
from .train import Task, hooked, main

HIDDEN = 64
STEPS = 32
NEURON = {
    "threshold": 1.25,
    "current_decay": 0.25,
    "voltage_decay": 0.03,
    "tau_grad": 0.03,
    "scale_grad": 3,
    "requires_grad": True,
}
"""As in lava-dl's tutorial on N-MNIST."""


class Net(nn.Module):
    """Two blocks, time is the last axis."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            [
                slayer.block.cuba.Dense(NEURON, PIXELS, HIDDEN, weight_norm=True),
                slayer.block.cuba.Dense(NEURON, HIDDEN, CLASSES, weight_norm=True),
            ]
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(samples, 64, steps) to spikes, (samples, 10, steps)."""
        for block in self.blocks:
            x = block(x)
        return x


class ConvNet(nn.Module):
    """A convolution, a pool and axonal delays, on images of 8 x 8."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            [
                slayer.block.cuba.Conv(NEURON, 1, 8, 3, padding=1, weight_norm=True),
                slayer.block.cuba.Pool(NEURON, 2, stride=2, weight_scale=2),
                slayer.block.cuba.Flatten(),
                slayer.block.cuba.Dense(NEURON, 128, 32, weight_norm=True, delay=True),
                slayer.block.cuba.Dense(NEURON, 32, CLASSES, weight_norm=True),
            ]
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(samples, 1, 8, 8, steps) to spikes, (samples, 10, steps)."""
        for block in self.blocks:
            x = block(x)
        return x


def run(net: Any, x: torch.Tensor) -> torch.Tensor:
    """The rate of each class."""
    answers: torch.Tensor = net(x.movedim(1, -1))
    return answers.mean(-1)


def spikes(net: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of every layer before the block's delay of one step, (samples, steps, neurons)."""
    found = hooked(net, (slayer.neuron.cuba.Neuron,), lambda: run(net, x))
    return {name: whole[0].movedim(-1, 1) for name, whole in found.items()}


def loss(answers: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Rates of 0.2 for the right class, 0.03 for others: lava-dl's tutorial on N-MNIST."""
    wanted = torch.where(torch.nn.functional.one_hot(y, CLASSES) > 0, 0.2, 0.03)
    return 0.5 * ((answers - wanted) ** 2).sum()


TASKS = (
    Task("slayer", "lava-dl", Net, run, spikes, STEPS, epochs=40, rate=1e-2, loss=loss),
    Task(
        "slayer_conv",
        "lava-dl",
        ConvNet,
        run,
        spikes,
        STEPS,
        epochs=20,
        rate=1e-2,
        shape=(1, 8, 8),
        loss=loss,
    ),
)

if __name__ == "__main__":
    main(TASKS)
