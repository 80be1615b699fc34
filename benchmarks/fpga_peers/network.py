"""The network that spikerplus builds of its dictionary, written as a network of snnTorch.

``--module`` names ``Net``: spikerplus's own class returns nothing, it keeps its spikes.
"""

from __future__ import annotations

import snntorch
import torch
from torch import nn

from benchmarks.fpga_peers import BETA, CLASSES, HIDDEN, PIXELS


class Net(nn.Module):
    """64-48-10 without biases; reset by subtraction, a step late, as in snnTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(PIXELS, HIDDEN, bias=False)
        self.lif1 = snntorch.Leaky(beta=BETA)
        self.fc2 = nn.Linear(HIDDEN, CLASSES, bias=False)
        self.lif2 = snntorch.Leaky(beta=BETA)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(steps, samples, 64) to spikes, (steps, samples, 10)."""
        mem1, mem2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        spikes = []
        for step in range(x.shape[0]):
            spk1, mem1 = self.lif1(self.fc1(x[step]), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            spikes.append(spk2)
        return torch.stack(spikes, dim=0)
