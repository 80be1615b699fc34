"""Networks that the compiler must understand, each with one thing in it that could go wrong."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

Shape = tuple[int, ...]
Layer = Callable[[Tensor], Tensor]
IMAGE: Shape = (2, 8, 8)


def with_statistics(net: nn.Module) -> nn.Module:
    """The network with random statistics and weights in its batch normalisations."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            if module.affine:
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
    return net.eval()


def plain(*layers: nn.Module, outputs: int) -> Callable[[], nn.Module]:
    """Layers on an image, a ReLU, and a classifier of four classes."""

    def build() -> nn.Module:
        parts = [*layers, nn.ReLU(), nn.Flatten(), nn.Linear(outputs, 4)]
        return with_statistics(nn.Sequential(*parts))

    return build


class Residual(nn.Module):
    """A shortcut around two convolutions, batch normalisation behind the sum."""

    head: Layer

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1)
        self.one = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.two = nn.Conv2d(4, 4, 1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 3)
        with_statistics(self)

    def forward(self, x: Tensor) -> Tensor:
        """One frame (1, 2, 8, 8)."""
        x = F.relu(self.stem(x))
        x = F.relu(self.norm(self.two(F.relu(self.one(x))) + x + 0.3))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Delays(nn.Module):
    """Chains of buffers, written in place, read before and after; recurrent."""

    conv: Layer
    again: Layer
    skip: Layer
    head: Layer
    x_1: Tensor
    x_2: Tensor
    x_3: Tensor
    h_1: Tensor
    h_2: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3, padding=1)
        self.again = nn.Conv2d(3, 3, 3, padding=1)
        self.skip = nn.Linear(128, 5)
        self.head = nn.Linear(192, 5)
        for ago in (1, 2, 3):
            self.register_buffer(f"x_{ago}", torch.zeros(1, 2, 8, 8))
        self.register_buffer("h_1", torch.zeros(1, 3, 8, 8))
        self.register_buffer("h_2", torch.zeros(1, 3, 8, 8))

    def forward(self, x: Tensor) -> Tensor:
        """One frame (1, 2, 8, 8)."""
        hidden = torch.relu(self.conv(self.x_1) + self.again(self.h_2) * 0.2)
        late = self.skip(self.x_3.flatten(1))
        self.x_3.copy_(self.x_2)
        self.x_2.copy_(self.x_1)
        self.x_1.copy_(x)
        self.h_2.copy_(self.h_1)
        self.h_1.copy_(hidden)
        # Read after it was written: this is the frame itself.
        return self.head(self.h_1.flatten(1)) - late + self.skip(self.x_1.flatten(1))


class Accumulating(nn.Module):
    """The readout sums over frames; ``late`` returns the sum before this frame is in it."""

    hidden: Layer
    head: Layer
    total: Tensor

    def __init__(self, late: bool = False, in_place: bool = False) -> None:
        super().__init__()
        self.hidden = nn.Linear(6, 8)
        self.head = nn.Linear(8, 3, bias=not late)
        self.late, self.in_place = late, in_place
        self.register_buffer("total", torch.zeros(1, 3))

    def forward(self, x: Tensor) -> Tensor:
        """One frame (1, 6)."""
        arriving = self.head(torch.relu(self.hidden(x)))
        if self.in_place:
            self.total.add_(arriving)
            return self.total
        before = self.total.clone()
        total = self.total + arriving
        self.total.copy_(total)
        return before if self.late else total


class Factors(nn.Module):
    """Scalars, channel factors, constants, divisions and signs in all the ways to write them."""

    gain: Tensor
    offset: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.register_buffer("gain", torch.tensor([0.5, -2.0, 1.5]).reshape(3, 1, 1))
        self.register_buffer("offset", torch.linspace(-1, 1, 36).reshape(1, 1, 6, 6))
        self.weight = nn.Parameter(torch.randn(108, 4))
        self.bias = nn.Parameter(torch.randn(4))

    def forward(self, x: Tensor) -> Tensor:
        """One frame (1, 2, 8, 8)."""
        x = (1 - x / 2) * 3
        x = self.conv(x - 0.25) * self.gain + self.offset
        x = torch.relu_(-x.sub(self.gain, alpha=0.5))
        x = x.reshape(1, -1).contiguous()
        y = torch.addmm(self.bias, x, self.weight) + x @ self.weight * torch.tensor(0.1)
        return F.dropout(y, 0.5, self.training) + torch.zeros(4)


class Passing(nn.Module):
    """The answer is a population of neurons itself."""

    act: Layer

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 3)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """One frame (1, 6)."""
        return self.act(self.fc(self.act(x)))


class GlobalMean(nn.Module):
    """Means over both image axes, with and without keeping them, and a pool with padding."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(3, 2, padding=1, divisor_override=5)

    def forward(self, x: Tensor) -> Tensor:
        """One frame (1, 2, 8, 8)."""
        x = torch.relu(self.pool(x))
        return x.mean((2, 3)) + x.mean((-1, -2), keepdim=True).flatten(1)


class HalfPrecision(nn.Module):
    """Weights in bfloat16 and float16 that share one storage, read with strides and an offset."""

    w: Tensor
    b: Tensor
    short: Tensor
    brain: Tensor

    def __init__(self) -> None:
        super().__init__()
        store = torch.randn(40)
        self.register_buffer("w", store[4:28].reshape(6, 4).t())
        self.register_buffer("b", store[28:32])
        self.register_buffer("short", torch.randn(4).half())
        self.register_buffer("brain", torch.randn(4).bfloat16())

    def forward(self, x: Tensor) -> Tensor:
        """One frame (1, 6)."""
        return F.linear(torch.relu(x), self.w, self.b) + self.short.float() + self.brain.float()


NETWORKS: dict[str, tuple[Callable[[], nn.Module], Shape]] = {
    "conv": (plain(nn.Conv2d(2, 3, 3), outputs=108), IMAGE),
    "stride": (plain(nn.Conv2d(2, 3, (3, 2), (2, 1), (1, 0)), outputs=84), IMAGE),
    "groups": (plain(nn.Conv2d(2, 4, 3, groups=2, bias=False), outputs=144), IMAGE),
    "dilation": (plain(nn.Conv2d(2, 3, 3, dilation=2, padding=1), outputs=108), IMAGE),
    "same": (plain(nn.Conv2d(2, 3, 3, padding="same"), outputs=192), IMAGE),
    "same-even": (plain(nn.Conv2d(2, 3, (4, 3), padding="same"), outputs=192), IMAGE),
    "same-even-dilated": (
        plain(nn.Conv2d(2, 3, (2, 4), padding="same", dilation=3), outputs=192),
        IMAGE,
    ),
    "valid": (plain(nn.Conv2d(2, 3, 3, padding="valid"), outputs=108), IMAGE),
    "norm": (plain(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), outputs=108), IMAGE),
    "pool": (plain(nn.Conv2d(2, 3, 3), nn.AvgPool2d(2), nn.Identity(), outputs=27), IMAGE),
    "pool-overlap": (plain(nn.AvgPool2d(3, 2, 1), nn.Dropout(), outputs=32), IMAGE),
    "adaptive": (plain(nn.AdaptiveAvgPool2d((4, 2)), outputs=16), IMAGE),
    "residual": (Residual, IMAGE),
    "delays": (Delays, IMAGE),
    "factors": (Factors, IMAGE),
    "mean": (GlobalMean, IMAGE),
    "accumulating": (Accumulating, (6,)),
    "accumulating-late": (lambda: Accumulating(late=True), (6,)),
    "accumulating-in-place": (lambda: Accumulating(in_place=True), (6,)),
    "passing": (Passing, (6,)),
    "half": (HalfPrecision, (6,)),
}
