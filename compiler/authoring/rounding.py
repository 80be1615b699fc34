"""Layers whose weight may be rounded to a grid; within its range gradients pass straight through."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch import Tensor, nn


class OnGrid(nn.Module):
    """Rounds a weight to the grid, which is in buffers.

    Attributes:
        factor: integer units for 1.0 of each weight, shape of the weight.
        step, low, high: of the integers, shape ().
        scale: integer units for one threshold of the target, (1,) or (channels,).
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        for name, value in (("factor", torch.ones_like(weight)), ("scale", torch.ones(1))):
            self.register_buffer(name, value.detach())
        for name, number in (("step", 1.0), ("low", -1.0), ("high", 1.0)):
            self.register_buffer(name, torch.tensor(number))

    def forward(self, weight: Tensor) -> Tensor:
        """The nearest on the grid, ties to even; any shape to the same."""
        get = self.get_buffer
        factor, step = get("factor"), get("step")
        inside = torch.clamp(weight * (factor / step), get("low") / step, get("high") / step)
        rounded = inside + (torch.round(inside) - inside).detach()
        weighted: Tensor = rounded * (step / factor)
        return weighted


class OnBiasGrid(nn.Module):
    """Rounds a constant to whole integer units, which is in buffers; gradients pass straight through.

    Attributes:
        factor, offset: integer units for 1.0 and for 0.0, shape of the values.
        step: of the integers, a power of 2, shape ().
        nudge: what is added to the integer, below half a unit, shape ().
    """

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.register_buffer("factor", torch.ones_like(values).detach())
        self.register_buffer("offset", torch.zeros_like(values).detach())
        self.register_buffer("step", torch.tensor(1.0))
        self.register_buffer("nudge", torch.tensor(0.0))

    def forward(self, values: Tensor) -> Tensor:
        """The nearest on the grid, ties to even; any shape to the same."""
        factor, offset = self.get_buffer("factor"), self.get_buffer("offset")
        step = self.get_buffer("step")
        units = (values * factor + offset).detach()
        moved = torch.round(units / step) * step + self.get_buffer("nudge") - units
        return values + moved / factor


class GridConv2d(nn.Conv2d):
    """A convolution without bias, with its weight rounded where it has a grid."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "bias": False})
        self.grid: OnGrid | None = None

    def forward(self, x: Tensor) -> Tensor:
        """As ``nn.Conv2d``."""
        weight = self.weight if self.grid is None else self.grid(self.weight)
        convolved: Tensor = self._conv_forward(x, weight, None)
        return convolved


class GridLinear(nn.Linear):
    """A matrix without bias, with its weight rounded where it has a grid."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, bias=False)
        self.grid: OnGrid | None = None

    def forward(self, x: Tensor) -> Tensor:
        """As ``nn.Linear``."""
        return nn.functional.linear(x, self.weight if self.grid is None else self.grid(self.weight))


Weighted: TypeAlias = GridConv2d | GridLinear
