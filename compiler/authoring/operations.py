"""Linear operations on an edge that torch has no layer for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .rounding import OnBiasGrid


class Bias(nn.Module):
    """Adds a constant that is trained.

    Args:
        values: broadcastable to one frame: (channels, 1, 1) is one a channel.
    """

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.values = nn.Parameter(values.detach().clone())
        self.grid: OnBiasGrid | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(batch, *shape) to the same; the constant is rounded where it has a grid."""
        return x + (self.values if self.grid is None else self.grid(self.values))


class Factor(nn.Module):
    """Multiplies by a constant that is not trained.

    Args:
        values: broadcastable to one frame.
    """

    def __init__(self, values: Tensor) -> None:
        super().__init__()
        self.register_buffer("values", values.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """(batch, *shape) to the same."""
        return x * self.get_buffer("values")


class Pad(nn.Module):
    """Channels of zeros before and after: the part that one source has in a concatenation.

    Args:
        before, after: channels of zeros.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.before, self.after = before, after

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        return f"before={self.before}, after={self.after}"

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, ...) to (batch, before + channels + after, ...)."""
        others = [0, 0] * (x.ndim - 2)
        return torch.nn.functional.pad(x, [*others, self.before, self.after])


class Shaped(nn.Module):
    """The same elements in C order, in another shape.

    Args:
        shape: without the batch.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        return str(self.shape)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, ...) to (batch, *shape)."""
        return x.reshape(x.shape[0], *self.shape)


class FixedMatrix(nn.Module):
    """A matrix that is not trained: it says which elements go where.

    Args:
        values: (outputs, inputs), of the flattened source in C order.
        shape: of the result, without the batch.
    """

    def __init__(self, values: Tensor, shape: Sequence[int]) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.register_buffer("values", values.detach().clone())

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        return f"to {self.shape}"

    def forward(self, x: Tensor) -> Tensor:
        """(batch, ...) to (batch, *shape)."""
        flat = nn.functional.linear(x.flatten(1), self.get_buffer("values"))
        return flat.reshape(x.shape[0], *self.shape)
