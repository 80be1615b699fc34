"""Trains ResNet-20 on CIFAR-10 in floats.

    python -m samples.cifar10.train [--seed 0] [--epochs 30] [--device cpu] [--precision float32]

Writes ``build/results/cifar10/resnet20_<seed>.pt``, its curve, and a checkpoint after each epoch: the
same command goes on from there. What is kept is decided by 5,000 of the training images.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch

from samples.results.record import FOLDER
from snnc.files.writing import write_file
from snnc.training import Batches, Recipe, Streaming, fit
from snnc.training.fit import Progress

from .data import DataMissing, augment, load
from .networks import resnet20

PLACE = FOLDER / "cifar10"
BATCH, JUDGED = 128, 250
CALIBRATION = 256


def train(seed: int, epochs: int, device: str = "cpu", precision: str = "float32") -> None:
    """One network, from its checkpoint where there is one."""
    PLACE.mkdir(parents=True, exist_ok=True)
    name = f"resnet20_{seed}"
    recipe = Recipe(
        epochs=epochs,
        learning_rate=0.2,
        optimizer="sgd",
        schedule="onecycle",
        weight_decay=5e-4,
        clip=0.0,
        precision=precision,
        device=device,
        seed=seed,
    )
    parts = load()
    torch.manual_seed(seed)
    calibration = parts.train.x[:CALIBRATION, None]
    network = resnet20()
    for weight in network.parameters():
        if weight.ndim == 4:  # 1.4 times faster on a CPU
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    task = Streaming(frozen=1).prepare(network, calibration)
    images = Batches(parts.train.x[:, None], parts.train.y, BATCH, shuffle=True, augment=augment)
    judged = Batches(parts.validation.x[:, None], parts.validation.y, JUDGED)
    run = fit(task, images, judged, recipe, checkpoint=PLACE / f"{name}.checkpoint", listener=_told)
    write_file(PLACE / f"{name}.csv", run.curve.csv_text().encode())
    task.network.export(PLACE / f"{name}.pt", np.ascontiguousarray(calibration))
    print(f"{PLACE / name}.pt: epoch {run.best} of {epochs}, {run.seconds:.0f} s")


def _told(now: Progress) -> None:
    if now.row is not None:
        right = now.row.judgement.last
        shown = (
            f"loss {now.loss:.3f}, right of the validation images {right:.2%}, {now.row.seconds:.0f} s"
        )
        print(f"epoch {now.epoch} of {now.epochs}: {shown}", flush=True)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="ResNet-20 on CIFAR-10.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="float32")
    given = parser.parse_args()
    try:
        train(given.seed, given.epochs, given.device, given.precision)
    except DataMissing as missing:
        raise SystemExit(f"error: {missing}") from None


if __name__ == "__main__":
    main()
