"""Networks of SpikingJelly 2.0.0: LIF neurons step by step, a convolution with IF neurons at once."""

from __future__ import annotations

from typing import Any

import torch
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import nn

from .data import CLASSES, PIXELS
from .train import Task, hooked, main

HIDDEN = 48


class Net(nn.Module):
    """Linear layers and LIF neurons (tau 2, the input decays, back to 0), one step a call."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Sequential(
            layer.Flatten(),
            layer.Linear(PIXELS, HIDDEN, bias=False),
            neuron.LIFNode(surrogate_function=surrogate.ATan()),
            layer.Linear(HIDDEN, CLASSES, bias=False),
            neuron.LIFNode(surrogate_function=surrogate.ATan()),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(samples, 64) to spikes, (samples, 10)."""
        answer: torch.Tensor = self.layer(x)
        return answer


class ConvNet(nn.Module):
    """Convolutions with batch norm and IF neurons, all steps in one call."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            layer.Conv2d(1, 8, 3, padding=1, bias=False),
            layer.BatchNorm2d(8),
            neuron.IFNode(surrogate_function=surrogate.ATan()),
            layer.AvgPool2d(2),
            layer.Flatten(),
            layer.Linear(8 * 16, CLASSES, bias=False),
            neuron.IFNode(surrogate_function=surrogate.ATan()),
        )
        functional.set_step_mode(self, "m")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(steps, samples, 1, 8, 8) to spikes, (steps, samples, 10)."""
        answer: torch.Tensor = self.net(x)
        return answer


def run(net: Any, x: torch.Tensor) -> torch.Tensor:
    """The mean of the spikes of each class, step by step."""
    functional.reset_net(net)
    return torch.stack([net(x[:, step]) for step in range(x.shape[1])]).mean(0)


def spikes(net: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of every layer, (samples, steps, neurons)."""
    found = hooked(net, (neuron.BaseNode,), lambda: run(net, x))
    return {name: torch.stack(steps, 1) for name, steps in found.items()}


def run_sequence(net: Any, x: torch.Tensor) -> torch.Tensor:
    """The mean of the spikes of each class, all steps at once."""
    functional.reset_net(net)
    answers: torch.Tensor = net(x.transpose(0, 1))
    return answers.mean(0)


def spikes_of_sequence(net: Any, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Of every layer, (samples, steps, ...)."""
    found = hooked(net, (neuron.BaseNode,), lambda: run_sequence(net, x))
    return {name: whole[0].transpose(0, 1) for name, whole in found.items()}


def loss(answers: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Between frequencies and one for the right class: as in SpikingJelly's tutorial on MNIST."""
    wanted = torch.nn.functional.one_hot(y, CLASSES).float()
    return torch.nn.functional.mse_loss(answers, wanted)


TASKS = (
    Task("spikingjelly", "spikingjelly", Net, run, spikes, loss=loss),
    Task(
        "spikingjelly_conv",
        "spikingjelly",
        ConvNet,
        run_sequence,
        spikes_of_sequence,
        shape=(1, 8, 8),
        loss=loss,
    ),
)

if __name__ == "__main__":
    main(TASKS)
