"""A network of Norse 1.1.0: LIF neurons with a current that lasts, read out by a leaky integrator."""

from __future__ import annotations

from typing import Any

import norse.torch as norse
import torch
from torch import nn

from .data import CLASSES, PIXELS
from .train import Task, hooked, main

HIDDEN = 64
STEPS = 32


class Net(nn.Module):
    """Steps of 1 ms; a potential keeps 0.9, a current 0.8 of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.net = norse.SequentialState(
            nn.Linear(PIXELS, HIDDEN),
            norse.LIFCell(),
            nn.Linear(HIDDEN, CLASSES, bias=False),
            norse.LICell(),
        )

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """One step: (samples, 64) to potentials of the readout, (samples, 10), and the states."""
        output, state = self.net(x, state)
        return output, state


class SequenceNet(nn.Module):
    """The same, recurrent and with all steps in one call."""

    def __init__(self) -> None:
        super().__init__()
        self.net = norse.SequentialState(
            norse.Lift(nn.Linear(PIXELS, HIDDEN)),
            norse.LIFRecurrent(HIDDEN, HIDDEN),
            norse.Lift(nn.Linear(HIDDEN, CLASSES)),
            norse.LI(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(steps, samples, 64) to potentials of the readout, (steps, samples, 10)."""
        output, _ = self.net(x)
        found: torch.Tensor = output
        return found


def run(net: Any, x: torch.Tensor) -> torch.Tensor:
    """The sum of the readout's potentials over all steps."""
    state, outputs = None, []
    for step in range(x.shape[1]):
        output, state = net(x[:, step], state)
        outputs.append(output)
    return torch.stack(outputs).sum(0)


def spikes(net: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of every layer, (samples, steps, neurons)."""
    found = hooked(net, (norse.LIFCell,), lambda: run(net, x))
    return {name: torch.stack(steps, 1) for name, steps in found.items()}


def run_sequence(net: Any, x: torch.Tensor) -> torch.Tensor:
    """The sum of the readout's potentials over all steps."""
    potentials: torch.Tensor = net(x.transpose(0, 1))
    return potentials.sum(0)


def spikes_of_sequence(net: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of every layer, (samples, steps, neurons)."""
    found = hooked(net, (norse.LIFRecurrent,), lambda: run_sequence(net, x))
    return {name: whole[0].transpose(0, 1) for name, whole in found.items()}


TASKS = (
    Task("norse", "norse", Net, run, spikes, STEPS),
    Task("norse_recurrent", "norse", SequenceNet, run_sequence, spikes_of_sequence, STEPS),
)

if __name__ == "__main__":
    main(TASKS)
