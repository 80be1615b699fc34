"""Trains a streaming rollout of 16 inputs and 128 neurons: what fits a Xylo.

    python -m samples.small_digits.train [--epochs 24] [--output FILE]

The moving digits of ``samples/moving_digits`` (real handwritten digits, seen by a moving sensor), both
polarities added up and pooled to 4 by 4. A chain, because Xylo has no delays: with more than one step a
frame, a shortcut or a loop would need some. Runs on the CPU in about a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn

from samples.moving_digits.data import calibration_part
from samples.moving_digits.events import training_and_test
from samples.moving_digits.train import CLASSES, COPIES, SEED, accuracy_by_frame, train
from snnc.authoring import Rollout

from .data import SIDE, pooled

WIDTH = 64


def build() -> Rollout:
    """The untrained network, without biases: Xylo adds those from its first step on."""
    net = Rollout((SIDE * SIDE,))
    for name in ("h1", "h2"):
        net.node(name)
    net.readout("answer", accumulate=True)
    net.edge("input", "h1", nn.Linear(SIDE * SIDE, WIDTH, bias=False))
    net.edge("h1", "h2", nn.Linear(WIDTH, WIDTH, bias=False))
    net.edge("h2", "answer", nn.Linear(WIDTH, CLASSES, bias=False))
    return net


def main() -> None:
    """Train, report and export."""
    parser = argparse.ArgumentParser(description="Train the small-digits sample.")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("model.pt"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    seen, unseen = map(pooled, training_and_test(COPIES))
    net = build()
    train(net, seen, options.epochs)
    for frame, share in enumerate(accuracy_by_frame(net, unseen)):
        print(f"frame {frame:2}  accuracy {share:.1%}")
    net.export(options.output, calibration_part(seen).x)
    print(f"wrote {options.output}, {options.output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
