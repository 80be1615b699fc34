"""Networks of sinabs 3.1.3: LIF neurons, and a convolution with IAF neurons that ends in spikes."""

from __future__ import annotations

from typing import Any

import sinabs
import sinabs.layers as sl
import torch
from sinabs.activation import SingleSpike
from torch import nn

from .data import CLASSES, PIXELS
from .train import Task, hooked, main

HIDDEN = 48
STEPS = 16


class Net(nn.Module):
    """Two layers of LIF, as many spikes in a step as thresholds are reached (the default)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(PIXELS, HIDDEN),
            sl.LIF(tau_mem=10.0),
            nn.Linear(HIDDEN, CLASSES),
            sl.LIF(tau_mem=10.0),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(samples, steps, 64) to spikes, (samples, steps, 10)."""
        answer: torch.Tensor = self.net(x)
        return answer


class SingleNet(nn.Module):
    """The same with one spike a step at most."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(PIXELS, HIDDEN),
            sl.LIF(tau_mem=10.0, spike_fn=SingleSpike),
            nn.Linear(HIDDEN, CLASSES),
            sl.LIF(tau_mem=10.0, spike_fn=SingleSpike),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(samples, steps, 64) to spikes, (samples, steps, 10)."""
        answer: torch.Tensor = self.net(x)
        return answer


class ConvNet(nn.Module):
    """Layers that take samples and steps as one axis."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False),
            sl.IAFSqueeze(num_timesteps=STEPS),
            sl.SumPool2d(2),
            nn.Flatten(),
            nn.Linear(8 * 16, CLASSES, bias=False),
            sl.IAFSqueeze(num_timesteps=STEPS),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(samples x steps, 1, 8, 8) to spikes, (samples x steps, 10)."""
        answer: torch.Tensor = self.net(x)
        return answer


def run(net: Any, x: torch.Tensor) -> torch.Tensor:
    """How often each class spikes."""
    _rest(net)
    answers: torch.Tensor = net(x)
    return answers.sum(1)


def spikes(net: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of every layer, (samples, steps, neurons)."""
    found = hooked(net, (sl.LIF,), lambda: run(net, x))
    return {name: whole[0] for name, whole in found.items()}


def run_squeezed(net: Any, x: torch.Tensor) -> torch.Tensor:
    """How often each class spikes, of samples and steps in one axis."""
    _rest(net)
    answers: torch.Tensor = net(x.flatten(0, 1))
    return answers.reshape(*x.shape[:2], -1).sum(1)


def spikes_squeezed(net: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of every layer, (samples, steps, ...)."""
    found = hooked(net, (sl.IAF,), lambda: run_squeezed(net, x))
    return {name: whole[0].reshape(*x.shape[:2], *whole[0].shape[1:]) for name, whole in found.items()}


def _rest(net: Any) -> None:
    # Where the number of samples changes sinabs draws rows of the old states at random: zeros, then.
    sinabs.reset_states(net)


TASKS = (
    Task("sinabs", "sinabs", Net, run, spikes, STEPS, epochs=20, rate=5e-3),
    Task("sinabs_single", "sinabs", SingleNet, run, spikes, STEPS, epochs=20, rate=5e-3),
    Task("sinabs_conv", "sinabs", ConvNet, run_squeezed, spikes_squeezed, STEPS, shape=(1, 8, 8)),
)

if __name__ == "__main__":
    main(TASKS)
