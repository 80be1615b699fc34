"""Networks of snnTorch 1.0.0: Leaky as in its tutorial 5, with its own reset, and Synaptic."""

from __future__ import annotations

from typing import Any

import snntorch
import torch
from torch import nn

from .data import CLASSES, PIXELS
from .train import Task, hooked, main

STEPS = 20
HIDDEN = 48


class Net(nn.Module):
    """Two layers of Leaky; the threshold is taken away one step after a spike (the default)."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(PIXELS, HIDDEN)
        self.lif1 = snntorch.Leaky(beta=0.9)
        self.fc2 = nn.Linear(HIDDEN, CLASSES)
        self.lif2 = snntorch.Leaky(beta=0.9)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(steps, samples, 64) to spikes and potentials, (steps, samples, 10)."""
        mem1 = self.lif1.reset_mem()
        mem2 = self.lif2.reset_mem()
        spikes, potentials = [], []
        for step in range(x.shape[0]):
            spk1, mem1 = self.lif1(self.fc1(x[step]), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            spikes.append(spk2)
            potentials.append(mem2)
        return torch.stack(spikes, dim=0), torch.stack(potentials, dim=0)


class SynapticNet(nn.Module):
    """The same with a current that lasts, and a recurrent layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(PIXELS, HIDDEN)
        self.lif1 = snntorch.Synaptic(alpha=0.6, beta=0.8)
        self.fc2 = nn.Linear(HIDDEN, HIDDEN)
        self.lif2 = snntorch.RLeaky(beta=0.8, linear_features=HIDDEN)
        self.fc3 = nn.Linear(HIDDEN, CLASSES)
        self.lif3 = snntorch.Leaky(beta=0.9)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(steps, samples, 64) to spikes and potentials, (steps, samples, 10)."""
        syn1, mem1 = self.lif1.reset_mem()
        spk2, mem2 = self.lif2.reset_mem()
        mem3 = self.lif3.reset_mem()
        spikes, potentials = [], []
        for step in range(x.shape[0]):
            spk1, syn1, mem1 = self.lif1(self.fc1(x[step]), syn1, mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), spk2, mem2)
            spk3, mem3 = self.lif3(self.fc3(spk2), mem3)
            spikes.append(spk3)
            potentials.append(mem3)
        return torch.stack(spikes, dim=0), torch.stack(potentials, dim=0)


def run(net: Any, x: torch.Tensor) -> torch.Tensor:
    """How often each class spikes."""
    spikes: torch.Tensor = net(x.transpose(0, 1))[0]
    return spikes.sum(0)


def spikes(net: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of every layer, (samples, steps, neurons)."""
    kinds = (snntorch.Leaky, snntorch.Synaptic, snntorch.RLeaky)
    found = hooked(net, kinds, lambda: net(x.transpose(0, 1)))
    return {name: torch.stack(steps, 1) for name, steps in found.items()}


TASKS = (
    Task("snntorch", "snntorch", Net, run, spikes, STEPS),
    Task("snntorch_synaptic", "snntorch", SynapticNet, run, spikes, STEPS),
)

if __name__ == "__main__":
    main(TASKS)
