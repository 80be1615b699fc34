"""Time and memory of networks of the size that people use: file to bundle to answers.

    python -m benchmarks.large_networks [--runs 3]

VGG-16 and ResNet-18 with batch normalisation for images of 3x32x32, and two convolutions of 8 channels
for images of 2x256x256, a million neurons; random weights (seed 0), as archives of ``torch.export``; 32
calibration samples of 2 frames, K = 4, target ``reference``. Prints a Markdown table: medians, and the
spread from the fastest to the slowest run.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.frontend.ordinary import resnet, vgg16, with_statistics


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


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, int, int]]] = {
    "VGG-16": (vgg16, (3, 32, 32)),
    "ResNet-18": (lambda: resnet([2, 2, 2, 2]), (3, 32, 32)),
    "a million neurons": (million, (2, 256, 256)),
}
CALIBRATION = (32, 2)
"""Samples and frames."""


def prepare(name: str, folder: Path) -> int:
    """Write ``net.pt2`` and ``calibration.npz``; returns the number of weights and biases."""
    torch.manual_seed(0)
    build, shape = NETWORKS[name]
    net = with_statistics(build())
    torch.export.save(torch.export.export(net, (torch.zeros(1, *shape),)), folder / "net.pt2")
    counts = np.random.default_rng(0).poisson(0.5, (*CALIBRATION, *shape)).astype(np.uint8)
    np.savez(folder / "calibration.npz", x=counts)
    return sum(p.numel() for p in net.parameters())


def measured(*arguments: str) -> tuple[float, float]:
    """Seconds and GiB at the most of one command, in a process of its own."""
    command = [sys.executable, "-m", "snnc", *arguments]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return seconds, usage.ru_maxrss / 2**20  # kibibytes on Linux


def measure(folder: Path) -> tuple[float, float, float, float]:
    """Seconds and GiB of one compile, and of running the bundle on the calibration data."""
    place = Path(tempfile.mkdtemp(dir=folder))
    model, data, bundle = str(folder / "net.pt2"), str(folder / "calibration.npz"), str(place / "b")
    options = ("--calibration", data, "--steps-per-frame", "4", "-o", bundle)
    compiled = measured("compile", model, "--target", "reference", *options)
    return *compiled, *measured("run", bundle, "--data", data, "-o", str(place / "answers.npz"))


def main() -> None:
    """Measure every network and print the table."""
    parser = argparse.ArgumentParser(description="Compile and run large networks.")
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    print("| network | parameters | compile: seconds | GiB | run: seconds | GiB |")
    print("|---|---|---|---|---|---|")
    for name in NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            parameters = prepare(name, Path(folder))
            compiling, memory, running, more = zip(
                *(measure(Path(folder)) for _ in range(runs)), strict=True
            )
        cells = [name, f"{parameters / 1e6:.2f} M", spread(compiling), f"{max(memory):.2f}"]
        print(f"| {' | '.join([*cells, spread(running), f'{max(more):.2f}'])} |")
    cores = len(os.sched_getaffinity(0))
    print(f"\n{runs} runs on {cores} cores, {platform.machine()}, Python {platform.python_version()}.")


def spread(seconds: tuple[float, ...]) -> str:
    """Median (fastest to slowest)."""
    return f"{statistics.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f})"


if __name__ == "__main__":
    main()
