"""Every operation that the front end knows, each with random sizes."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from numpy.random import Generator
from torch import Tensor, nn

from .drawn_layers import (
    Case,
    Shape,
    conv,
    image,
    line,
    max_pool,
    norm,
    pool,
    same,
    some,
    stacked,
    transposed,
)


def on(
    shape: Callable[[Generator], Shape] | Shape, function: Callable[[Tensor], Tensor]
) -> Callable[[Generator], Case]:
    """A function without numbers of its own."""
    return lambda d: (function, shape(d) if callable(shape) else shape)


def scaled(d: Generator) -> Case:
    shape = image(d)
    each, rows, one = torch.randn(shape), torch.randn(shape[1], 1), torch.rand(shape[0], 1, 1) + 0.5
    return lambda x: (3 - x * each) / one - rows * x / 4 + 0.5 + each, shape


def matrices(d: Generator) -> Case:
    shape = line(d, 3)
    left, right = torch.randn(5, shape[0]), torch.randn(shape[1], 4)
    return lambda x: torch.bmm(left[None], x) @ right, shape


def from_left(d: Generator) -> Case:
    shape = line(d)
    left = torch.randn(3, shape[0])
    return lambda x: left @ x, shape


def linear(d: Generator) -> Case:
    shape = line(d, 3)
    weight = torch.randn(2, shape[1])
    return lambda x: F.linear(x, weight), shape


def einsum(d: Generator) -> Case:
    shape = line(d, 3)
    one, two = torch.randn(4, 3), torch.randn(shape[1], 2)
    return lambda x: torch.einsum("dc,bcl,lk->bkd", one, x, two), shape


def addmm(d: Generator) -> Case:
    size = some(d, 2, 9)
    weight, bias = torch.randn(size, 4), torch.randn(4)
    return lambda x: torch.addmm(bias, x, weight), (size,)


def padded(mode: str, value: float = 0.0, low: int = 0) -> Callable[[Generator], Case]:
    def draw(d: Generator) -> Case:
        widths = [some(d, low, 3) for _ in range(4)]
        if mode == "constant":
            return lambda x: F.pad(x, widths, value=value), image(d)
        return lambda x: F.pad(x, widths, mode=mode), image(d)

    return draw


def padded_line(d: Generator) -> Case:
    widths = [some(d, -1, 3), some(d, -1, 3)]
    return lambda x: F.pad(x, widths), line(d)


def joined(axis: int, stacked: bool = False) -> Callable[[Generator], Case]:
    def draw(d: Generator) -> Case:
        def function(x: Tensor) -> Tensor:
            parts = [x, torch.relu(x), 2 * x]
            return torch.stack(parts, axis) if stacked else torch.cat(parts, axis)

        return function, image(d)

    return draw


def image_of_three(d: Generator) -> Shape:
    return image(d, 3)


DROPOUTS = (nn.Dropout1d(), nn.AlphaDropout(), nn.FeatureAlphaDropout(), nn.Dropout())

OPERATIONS: dict[str, Callable[[Generator], Case]] = {
    "conv1d": conv(1),
    "conv2d": conv(2),
    "conv1d-same": same(1),
    "conv2d-same": same(2),
    "conv3d": conv(3),
    "conv3d-same": same(3),
    "conv3d-circular": same(3, "circular"),
    "conv1d-circular": same(1, "circular"),
    "conv2d-reflect": same(2, "reflect"),
    "conv2d-replicate": same(2, "replicate"),
    "linear": lambda d: (nn.Linear(5, 3, bias=bool(some(d, 0, 1))), (5,)),
    "linear-last-axis": lambda d: (nn.Linear(5, 3), (some(d, 1, 3), some(d, 1, 4), 5)),
    "linear-functional": linear,
    "einsum": einsum,
    "addmm": addmm,
    "matrices": matrices,
    "matrix-from-left": from_left,
    "batch-norm-vector": norm(0),
    "batch-norm-line": norm(1),
    "batch-norm-image": norm(2),
    "batch-norm-stacked": norm(3),
    "avg-pool1d": pool(1),
    "avg-pool2d": pool(2),
    "avg-pool3d": pool(3),
    "avg-pool3d-divisor": pool(3, override=True),
    "avg-pool2d-divisor": pool(2, override=True),
    "adaptive1d": lambda d: (nn.AdaptiveAvgPool1d(some(d, 1, 9)), line(d)),
    "adaptive2d": lambda d: (nn.AdaptiveAvgPool2d((some(d, 1, 8), some(d, 1, 8))), image(d)),
    "adaptive3d": lambda d: (nn.AdaptiveAvgPool3d((some(d, 1, 3), None, some(d, 1, 6))), stacked(d)),
    "adaptive3d-even": lambda d: (nn.AdaptiveAvgPool3d((1, 1, 1)), stacked(d)),
    "adaptive2d-one-side": lambda d: (nn.AdaptiveAvgPool2d((None, some(d, 1, 4))), image(d)),
    "mean-image": on(image, lambda x: x.mean((2, 3))),
    "mean-image-kept": on(image, lambda x: x.mean((-1, -2), keepdim=True)),
    "mean-rows": on(image, lambda x: x.mean(2)),
    "mean-channels": on(image, lambda x: x.mean(1, keepdim=True)),
    "mean-line": on(line, lambda x: x.mean(-1)),
    "mean-all": on(image, lambda x: x.mean((1, 2, 3), keepdim=True)),
    "sum": on(image, lambda x: x.sum((1, 3))),
    "scaled": scaled,
    "sub": on(line, lambda x: 2 - x - torch.relu(x).sub(x, alpha=0.3)),
    "sum-stretched": on(image, lambda x: x.mean((2, 3), keepdim=True) - x + x.mean(1, keepdim=True)),
    "neg": on(line, lambda x: -x),
    "identity": lambda d: (nn.Sequential(nn.Identity(), nn.Dropout(0.3)).eval(), line(d)),
    "dropouts": lambda d: (nn.Sequential(*DROPOUTS).eval(), line(d)),
    "relu": on(line, torch.relu),
    "relu6": lambda d: (nn.Sequential(nn.Conv1d(2, 3, 2), nn.ReLU6()), line(d, 2)),
    "hardtanh": lambda d: (nn.Hardtanh(0, 0.5), line(d)),
    "clamp": on(line, lambda x: x.clamp(0, 0.7)),
    "clamp-min": on(line, lambda x: x.clamp_min(0)),
    "hardtanh-usual": lambda d: (nn.Hardtanh(), line(d)),
    "hardsigmoid": lambda d: (nn.Hardsigmoid(), line(d)),
    "clamp-elsewhere": on(line, lambda x: x.clamp(-0.5, 1.5)),
    "clamp-max": on(line, lambda x: x.clamp_max(0.3)),
    "threshold": lambda d: (nn.Threshold(0, 0), line(d)),
    "leaky-relu": lambda d: (nn.LeakyReLU(0.1 * some(d, 0, 3)), line(d)),
    "prelu": lambda d: (nn.PReLU(3), image(d, 3)),
    "prelu-one": lambda d: (nn.PReLU(), image(d)),
    "abs": on(line, torch.abs),
    "maximum-relu": on(line, lambda x: torch.maximum(x, torch.zeros(()))),
    "maximum-constant": on(line, lambda x: torch.maximum(torch.full((1,), 0.5), x)),
    "maximum-two": on(image, lambda x: torch.maximum(x, 0.5 * x.flip(2))),
    "minimum": on(line, lambda x: torch.minimum(x, 0.2 - x)),
    "max-of-two": on(line, lambda x: torch.max(x, -x)),
    "min-of-two": on(line, lambda x: torch.min(x, torch.full((1,), 0.5))),
    "chunk": on(image, lambda x: sum(x.repeat(1, 2, 1, 1).chunk(2, 1), torch.zeros(()))),
    "chunk-uneven": on((5,), lambda x: torch.cat(x.chunk(3, 1)[::-1], 1)),
    "split": on((7, 3), lambda x: torch.cat(torch.split(x, 3, 1)[::-1], 1)),
    "split-sizes": on((4, 6), lambda x: torch.cat(torch.split(x, [1, 5], 2)[::-1], 2)),
    "unbind": on((3, 4), lambda x: x.unbind(1)[0] - x.unbind(1)[2]),
    "index": on(image_of_three, lambda x: x[:, [2, 0]]),
    "index-select": on(image_of_three, lambda x: torch.index_select(x, 1, torch.tensor([1, 1, 0]))),
    "roll": on(image, lambda x: x.roll((1, -2), (2, 3))),
    "pixel-shuffle": on((8, 3, 4), lambda x: F.pixel_shuffle(x, 2)),
    "pixel-unshuffle": on((2, 4, 6), lambda x: F.pixel_unshuffle(x, 2)),
    "channel-shuffle": on((6, 3, 2), lambda x: F.channel_shuffle(x, 3)),
    "upsample-nearest1d": on(line, lambda x: F.interpolate(x, scale_factor=2.5)),
    "upsample-nearest2d": on(image, lambda x: F.interpolate(x, size=(11, 5))),
    "upsample-nearest-factor": on(image, lambda x: F.interpolate(x, scale_factor=(2, 1.7))),
    "upsample-exact1d": on(line, lambda x: F.interpolate(x, size=17, mode="nearest-exact")),
    "upsample-exact2d": on(image, lambda x: F.interpolate(x, size=(11, 5), mode="nearest-exact")),
    "upsample-linear": on(line, lambda x: F.interpolate(x, scale_factor=1.6, mode="linear")),
    "upsample-bilinear": on(image, lambda x: F.interpolate(x, size=(11, 5), mode="bilinear")),
    "upsample-corners": on(
        image, lambda x: F.interpolate(x, size=(11, 1), mode="bilinear", align_corners=True)
    ),
    "conv-transpose1d": transposed(1),
    "conv-transpose2d": transposed(2),
    "max-pool1d": max_pool(1),
    "max-pool2d": max_pool(2),
    "max-pool3d": max_pool(3),
    "max-pool-wide": lambda d: (
        nn.Sequential(
            nn.ReLU(), nn.MaxPool2d((some(d, 4, 5), some(d, 5, 6)), some(d, 1, 2), (some(d, 0, 2), 1))
        ),
        image(d),
    ),
    "max-pool-dilated": lambda d: (
        nn.Sequential(nn.ReLU(), nn.MaxPool2d((3, 6), 1, 1, (2, 1))),
        image(d),
    ),
    "max-pool-long": lambda d: (nn.Sequential(nn.ReLU(), nn.MaxPool1d(20, 1, 10)), (2, 24)),
    "max-pool3d-before-relu": lambda d: (
        nn.Sequential(nn.Conv3d(2, 3, 2), nn.MaxPool3d(2), nn.ReLU()),
        stacked(d, 2),
    ),
    "max-pool-before-relu6": lambda d: (
        nn.Sequential(nn.Conv2d(2, 3, 2), nn.MaxPool2d(2), nn.ReLU6()),
        image(d, 2),
    ),
    "flatten": lambda d: (nn.Flatten(), image(d)),
    "flatten-some": lambda d: (nn.Flatten(2), image(d)),
    "flatten-front": lambda d: (nn.Flatten(1, 2), image(d)),
    "unflatten": lambda d: (nn.Unflatten(1, (2, 3)), (6,)),
    "unflatten-middle": on((6, 5), lambda x: torch.unflatten(x, 1, (3, -1))),
    "view": on((4, 6), lambda x: x.view(1, -1, 2, 3)),
    "reshape": on((4, 6), lambda x: x.reshape(1, 3, 8)),
    "squeeze": on((1, 6, 1), lambda x: x.squeeze(1)),
    "squeeze-two": on((1, 6, 1), lambda x: x.squeeze((1, 3))),
    "unsqueeze": on(line, lambda x: x.unsqueeze(2)),
    "transpose": on(line, lambda x: x.transpose(1, 2)),
    "matrix-transpose": on(image, lambda x: x.mT),
    "permute": on(image, lambda x: x.permute(0, 3, 1, 2)),
    "movedim": on(image, lambda x: x.movedim(1, -1)),
    "channels-last-linear": lambda d: (
        nn.Sequential(nn.Flatten(2), Turned(), nn.Linear(3, 4), nn.ReLU(), Turned()),
        image(d, 3),
    ),
    "expand": on((1, 5), lambda x: x.expand(1, 3, 5)),
    "repeat": on(line, lambda x: x.repeat(1, 2, 3)),
    "slice": on(image, lambda x: x[:, :, 1:5:2, -4:]),
    "narrow": on(line, lambda x: x.narrow(2, 1, 4)),
    "select": on(image, lambda x: x[:, -1]),
    "flip": on(image, lambda x: x.flip((2, 3))),
    "pad": padded("constant"),
    "pad-line": padded_line,
    "pad-crop": padded("constant", low=-2),
    "pad-value": padded("constant", 1.5),
    "pad-reflect": padded("reflect"),
    "pad-replicate": padded("replicate"),
    "pad-circular": padded("circular"),
    "zero-pad-conv": lambda d: (
        nn.Sequential(nn.ZeroPad2d((some(d, 0, 2), 1, 2, some(d, 0, 2))), nn.Conv2d(2, 3, 3, 2)),
        image(d, 2),
    ),
    "cat-channels": joined(1),
    "cat-rows": joined(2),
    "cat-columns": joined(-1),
    "stack": joined(1, stacked=True),
    "stack-last": joined(-1, stacked=True),
    "cat-then-conv1d": lambda d: (Doubled(nn.Conv1d(4, 3, 3)), line(d, 2)),
}
"""By name: a function of a frame with its batch axis, and the shape of the frame."""

NOT_DECOMPOSED = frozenset(
    {
        "conv3d-circular",
        "conv1d-circular",  # becomes arange and index, or copies into parts of tensors
        "pad-circular",
        "linear-last-axis",  # becomes a matrix product without the batch axis
        "linear-functional",
        "matrices",
        "einsum",
        "prelu",  # becomes a choice between two tensors, element by element
        "prelu-one",
        "threshold",
    }
)
"""What torch's decompositions make of these is not understood, and is refused."""


class Turned(nn.Module):
    """The last two axes change places."""

    def forward(self, x: Tensor) -> Tensor:
        """(1, a, b) to (1, b, a)."""
        return x.transpose(1, 2)


class Doubled(nn.Module):
    """A layer of a concatenation."""

    layer: Callable[[Tensor], Tensor]

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """A frame of half as many channels as the layer takes."""
        return self.layer(torch.cat([torch.relu(x), x], 1))
