"""Ordinary networks without state, of the kinds that people train and of the sizes that they use."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


def with_statistics(net: nn.Module) -> nn.Module:
    """The network in evaluation, with batch statistics that are not the trivial ones."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.1, 0.1)
    return net.eval()


class Ceilings(nn.Module):
    """Every form of an activation with a ceiling, concatenated in two ways."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(2, 3, 3, padding=1) for _ in range(6))
        self.relu6, self.cut = nn.ReLU6(), nn.Hardtanh(0, 0.3)
        self.norm = nn.BatchNorm2d(18)
        self.mix = nn.Conv2d(18, 4, 3, padding=1)
        self.grouped = nn.Conv2d(18, 6, 1, groups=3)
        self.fc = nn.Linear(4 * 16 + 6 * 16, 5)

    def forward(self, x: Tensor) -> Tensor:
        """One image of 2x8x8."""
        a, b, c, d, e, f = (conv(x) for conv in self.convs)
        parts = [self.relu6(4 * a), self.cut(b), c.clamp(0, 0.2), d.clamp(min=0), F.relu6(9 * e)]
        whole = F.relu(self.norm(torch.cat([*parts, f.clamp_min(0)], dim=1)))
        pooled = F.avg_pool2d(whole, 2)
        mixed, grouped = F.relu(self.mix(pooled)), F.relu(self.grouped(pooled))
        flat = torch.cat([mixed.flatten(1), grouped.flatten(1)], dim=1)
        answer: Tensor = self.fc(flat)
        return answer


class Dense(nn.Module):
    """A dense block: every layer sees the concatenation of all before it, the input's included."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(2 + 4 * i, 4, 3, padding=1) for i in range(3))
        self.pool, self.fc = nn.AdaptiveAvgPool2d(2), nn.Linear(14 * 4, 5)

    def forward(self, x: Tensor) -> Tensor:
        """One image of 2x8x8."""
        for layer in self.layers:
            x = torch.cat([x, F.relu(layer(x))], dim=1)
        answer: Tensor = self.fc(self.pool(x).flatten(1))
        return answer


class Block(nn.Module):
    """A residual block of two convolutions."""

    def __init__(self, ins: int, outs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(ins, outs, 3, stride, 1, bias=False), nn.BatchNorm2d(outs), nn.ReLU()
        )
        self.second = nn.Sequential(nn.Conv2d(outs, outs, 3, 1, 1, bias=False), nn.BatchNorm2d(outs))
        self.short: nn.Module = nn.Identity()
        if stride != 1 or ins != outs:
            conv = nn.Conv2d(ins, outs, 1, stride, bias=False)
            self.short = nn.Sequential(conv, nn.BatchNorm2d(outs))

    def forward(self, x: Tensor) -> Tensor:
        """relu(residual + shortcut)."""
        return F.relu(self.second(self.first(x)) + self.short(x))


def resnet(blocks: Sequence[int], width: int = 64, channels: int = 3) -> nn.Module:
    """He et al. 2015 in the form for small images (3x3 stem): [2,2,2,2] is 18, [3,4,6,3] is 34."""
    layers: list[nn.Module] = [
        nn.Conv2d(channels, width, 3, 1, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    ins = width
    for stage, count in enumerate(blocks):
        for index in range(count):
            outs = width * 2**stage
            layers.append(Block(ins, outs, 2 if stage and not index else 1))
            ins = outs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(ins, 10))


VGG16 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)
"""Simonyan and Zisserman 2014, configuration D; 0 is a pooling, an average here."""


def vgg16() -> nn.Module:
    """VGG-16 for 32x32 images, batch normalisation, dropout, 15 M weights."""
    layers: list[nn.Module] = []
    ins = 3
    for outs in VGG16:
        if not outs:
            layers.append(nn.AvgPool2d(2))
            continue
        layers += [nn.Conv2d(ins, outs, 3, padding=1), nn.BatchNorm2d(outs), nn.ReLU(inplace=True)]
        ins = outs
    head = [nn.Flatten(), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 10)]
    return nn.Sequential(*layers, *head)
