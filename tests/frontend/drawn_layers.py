"""Layers and sizes drawn at random, for the operations that are compared with torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from numpy.random import Generator
from torch import Tensor, nn

Shape = tuple[int, ...]
Mode = Literal["zeros", "reflect", "replicate", "circular"]
Case = tuple[Callable[[Tensor], Tensor], Shape]


def some(dice: Generator, low: int, high: int) -> int:
    """A whole number between two, both included."""
    return int(dice.integers(low, high + 1))


def line(dice: Generator, channels: int | None = None) -> Shape:
    """(channels, length)."""
    return (channels or some(dice, 1, 4), some(dice, 7, 12))


def image(dice: Generator, channels: int | None = None) -> Shape:
    """(channels, height, width)."""
    return (channels or some(dice, 1, 4), some(dice, 6, 9), some(dice, 6, 9))


def stacked(dice: Generator, channels: int | None = None) -> Shape:
    """(channels, depth, height, width)."""
    return (channels or some(dice, 1, 3), some(dice, 3, 5), some(dice, 5, 6), some(dice, 5, 6))


LIKE = (line, image, stacked)


def conv(axes: int) -> Callable[[Generator], Case]:
    """Kernel, stride, dilation, groups and padding drawn."""

    def draw(d: Generator) -> Case:
        groups = some(d, 1, 2)
        ins, outs = groups * some(d, 1, 2), groups * some(d, 1, 3)
        kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
        padding = tuple(some(d, 0, 2) for _ in range(axes))
        stride = tuple(some(d, 1, 3) for _ in range(axes))
        kernel = tuple(some(d, 1, 3) for _ in range(axes))
        dilation, bias = some(d, 1, 2), bool(some(d, 0, 1))
        layer = kind(ins, outs, kernel, stride, padding, dilation, groups, bias)  # type: ignore[arg-type]
        return layer, LIKE[axes - 1](d, ins)

    return draw


def same(axes: int, mode: Mode = "zeros") -> Callable[[Generator], Case]:
    """A convolution that keeps the size."""

    def draw(d: Generator) -> Case:
        kind = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
        kernel = some(d, 1, 2) * 2 + (mode == "zeros" and some(d, 0, 1)) - (mode != "zeros")
        return kind(2, 3, kernel, padding="same", padding_mode=mode), LIKE[axes - 1](d, 2)

    return draw


def norm(axes: int) -> Callable[[Generator], Case]:
    """Batch normalisation over a vector, a line or an image, with or without weights."""

    def draw(d: Generator) -> Case:
        channels = some(d, 1, 4)
        kind = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[axes]
        layer = kind(channels, eps=1e-3, affine=bool(some(d, 0, 1)))
        assert layer.running_mean is not None and layer.running_var is not None
        layer.running_mean.normal_()
        layer.running_var.uniform_(0.5, 2)
        if layer.affine:
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
        shape = ((channels,), *(like(d, channels) for like in LIKE))[axes]
        return layer.eval(), shape

    return draw


def pool(axes: int, override: bool = False) -> Callable[[Generator], Case]:
    """Every option drawn."""

    def draw(d: Generator) -> Case:
        kernel: Any = tuple(some(d, 2, 4 if axes < 3 else 3) for _ in range(axes))
        padding: Any = tuple(some(d, 0, k // 2) for k in kernel)
        stride: Any = tuple(some(d, 1, 4) for _ in range(axes))
        ceil, count = bool(some(d, 0, 1)), bool(some(d, 0, 1))
        if axes == 1:
            layer: nn.Module = nn.AvgPool1d(kernel, stride, padding, ceil, count)
        else:
            divisor = some(d, 1, 9) if override else None
            kind = nn.AvgPool2d if axes == 2 else nn.AvgPool3d
            layer = kind(kernel, stride, padding, ceil, count, divisor)
        return layer, LIKE[axes - 1](d)

    return draw


def transposed(axes: int) -> Callable[[Generator], Case]:
    """Everything that a transposed convolution has, drawn."""

    def draw(d: Generator) -> Case:
        groups, stride = some(d, 1, 2), some(d, 1, 3)
        ins, outs, kernel = groups * some(d, 1, 2), groups * some(d, 1, 2), some(d, 2, 3)
        kind = (nn.ConvTranspose1d, nn.ConvTranspose2d)[axes - 1]
        more = some(d, 0, stride - 1)
        layer = kind(ins, outs, kernel, stride, some(d, 0, 1), more, groups, bool(some(d, 0, 1)))
        return layer, (line, image)[axes - 1](d, ins)

    return draw


def max_pool(axes: int) -> Callable[[Generator], Case]:
    """Of what is never negative; window, stride, padding and dilation drawn."""

    def draw(d: Generator) -> Case:
        kernel = tuple(some(d, 2, 3) for _ in range(axes))
        layer = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)[axes - 1](
            kernel if axes > 1 else kernel[0],
            some(d, 1, 3),
            some(d, 0, 1),
            some(d, 1, 2 if axes < 3 else 1),
        )
        return nn.Sequential(nn.ReLU(), layer), LIKE[axes - 1](d)

    return draw
