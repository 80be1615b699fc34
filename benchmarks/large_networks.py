"""Time and memory of networks of the size that people use: file to bundle to answers.

    python -m benchmarks.large_networks [--runs 3] [--networks NAME ...]

VGG-16 and ResNet-18 with batch normalisation for images of 3x32x32, and two convolutions of 8 channels
for images of 2x256x256, a million neurons: 32 calibration samples of 2 frames, K = 4. VGG-16 without
batch normalisation and ResNet-50 for images of 3x224x224, 1,000 classes, and VGG-16 at sizes between: 2
samples of one frame, K = 8, code ``rate``. Random weights (seed 0), as archives of ``torch.export``;
target ``reference``. Prints a Markdown table: medians, and the spread from the fastest to the slowest
run; the processor's time beside the clock's, for machines that do other things as well.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from tests.frontend.ordinary import VGG16, resnet, vgg16, with_statistics


def million() -> nn.Module:
    """8 channels of 256x256, twice, pooled to 10 answers."""
    return nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(32),
        nn.Flatten(),
        nn.Linear(8 * 8 * 8, 10),
    )


class Bottleneck(nn.Module):
    """He et al. 2015, figure 5, right: 1x1, 3x3, 1x1 and a shortcut."""

    def __init__(self, ins: int, width: int, stride: int) -> None:
        super().__init__()
        outs = 4 * width
        kernels = ((ins, width, 1, 1), (width, width, 3, stride), (width, outs, 1, 1))
        parts = [
            nn.Sequential(nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b))
            for a, b, k, s in kernels
        ]
        self.parts, self.short = nn.ModuleList(parts), nn.Sequential()
        if stride != 1 or ins != outs:
            conv = nn.Conv2d(ins, outs, 1, stride, bias=False)
            self.short = nn.Sequential(conv, nn.BatchNorm2d(outs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """relu(residual + shortcut)."""
        y = x
        for part in self.parts[:-1]:
            y = torch.relu(part(y))
        return torch.relu(self.parts[-1](y) + self.short(x))


def resnet50() -> nn.Module:
    """25.6 million weights; average pooling after the stem, where the paper takes the maximum."""
    stem = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
    layers: list[nn.Module] = [stem, nn.BatchNorm2d(64), nn.ReLU(), nn.AvgPool2d(2)]
    ins = 64
    for stage, count in enumerate((3, 4, 6, 3)):
        for index in range(count):
            layers.append(Bottleneck(ins, 64 * 2**stage, 2 if stage and not index else 1))
            ins = 256 * 2**stage
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(ins, 1000))


def imagenet_vgg16(side: int) -> nn.Module:
    """Simonyan and Zisserman 2014, configuration D, average pooling; 138 million weights at 224."""
    layers: list[nn.Module] = []
    ins = 3
    for outs in VGG16:
        layers += [nn.Conv2d(ins, outs, 3, padding=1), nn.ReLU()] if outs else [nn.AvgPool2d(2)]
        ins = outs or ins
    sizes = (512 * (side // 32) ** 2, 4096, 4096)
    layers.append(nn.Flatten())
    for one, two in pairwise(sizes):
        layers += [nn.Linear(one, two), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(4096, 1000))
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
    return net


@dataclass(frozen=True)
class Case:
    """A network, the shape of its images, and how it is calibrated and compiled."""

    build: Callable[[], nn.Module]
    shape: tuple[int, int, int]
    calibration: tuple[int, int] = (32, 2)  # samples and frames
    options: tuple[str, ...] = ("--steps-per-frame", "4")


LARGEST: dict[str, Any] = {
    "calibration": (2, 1),
    "options": ("--steps-per-frame", "8", "--code", "rate"),
}

NETWORKS: dict[str, Case] = {
    "VGG-16": Case(lambda: with_statistics(vgg16()), (3, 32, 32)),
    "ResNet-18": Case(lambda: with_statistics(resnet([2, 2, 2, 2])), (3, 32, 32)),
    "a million neurons": Case(million, (2, 256, 256)),
    "ResNet-50 at 224": Case(lambda: with_statistics(resnet50()), (3, 224, 224), **LARGEST),
    **{
        f"VGG-16 at {side}": Case(partial(imagenet_vgg16, side), (3, side, side), **LARGEST)
        for side in (32, 64, 128, 224)
    },
}


def prepare(name: str, folder: Path) -> int:
    """Write ``net.pt2`` and ``calibration.npz``; returns the number of weights and biases."""
    torch.manual_seed(0)
    case = NETWORKS[name]
    net = case.build()
    torch.export.save(torch.export.export(net, (torch.zeros(1, *case.shape),)), folder / "net.pt2")
    counts = np.random.default_rng(0).poisson(0.5, (*case.calibration, *case.shape)).astype(np.uint8)
    np.savez(folder / "calibration.npz", x=counts)
    return sum(p.numel() for p in net.parameters())


@dataclass(frozen=True)
class Used:
    """What one command took."""

    seconds: float
    processor: float
    gibibytes: float


def measured(*arguments: str) -> Used:
    """One command, in a process of its own."""
    command = [sys.executable, "-m", "snnc", *arguments]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    said = child.stderr.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    # kibibytes on Linux
    return Used(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20)


def measure(name: str, folder: Path) -> tuple[Used, Used]:
    """One compile, and one run on the calibration data, of a large network on one image."""
    place = Path(tempfile.mkdtemp(dir=folder))
    model, data, bundle = str(folder / "net.pt2"), str(folder / "calibration.npz"), str(place / "b")
    case = NETWORKS[name]
    options = ("--calibration", data, *case.options, "-o", bundle)
    compiled = measured("compile", model, "--target", "reference", *options)
    some = ("--samples", "1") if case.calibration[0] == 2 else ()
    ran = measured("run", bundle, "--data", data, *some, "-o", str(place / "answers.npz"))
    shutil.rmtree(place)
    return compiled, ran


def main() -> None:
    """Measure every network and print the table."""
    parser = argparse.ArgumentParser(description="Compile and run large networks.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    given = parser.parse_args()
    print(
        "| network | parameters | compile: seconds | processor | GiB | run: seconds | processor | GiB |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name in given.networks:
        with tempfile.TemporaryDirectory() as folder:
            parameters = prepare(name, Path(folder))
            each = zip(*(measure(name, Path(folder)) for _ in range(given.runs)), strict=True)
        cells = [name, f"{parameters / 1e6:.2f} M"]
        for used in each:
            cells += [spread([u.seconds for u in used]), spread([u.processor for u in used])]
            cells.append(f"{max(u.gibibytes for u in used):.2f}")
        print(f"| {' | '.join(cells)} |", flush=True)
    cores = len(os.sched_getaffinity(0))
    python = platform.python_version()
    print(f"\n{given.runs} runs on {cores} cores, {platform.machine()}, Python {python}.")


def spread(seconds: list[float]) -> str:
    """Median (fastest to slowest)."""
    if len(seconds) == 1:
        return f"{seconds[0]:.1f}"
    return f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


if __name__ == "__main__":
    main()
