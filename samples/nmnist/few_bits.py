"""The chain of N-MNIST in floats, then with 4-bit weights and 15 levels on Akida's grid.

    python -m samples.nmnist.few_bits [FOLDER]

``chain.toml`` step by step, so that the float network is judged on the test recordings, too: it and
the one with few bits, once each. Reads ``../shared/data/nmnist``; one thread and seed 0. Writes the
archives, ``test.npz`` and a bundle into FOLDER (``build/nmnist``), and verifies all test recordings on
both devices where akida is installed (its licence forbids to publish what that shows: docs/akida.md).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

import snnc
from snnc.authoring.network import FrameNetwork
from snnc.recordings.event_sets import as_frames, event_set
from snnc.training import Batches, Recipe, Streaming, fit, judge
from snnc.training.data.event_batches import EventBatches
from snnc.training.methods.weights import Weights

from .network import AUGMENTATION, CUT, SENSOR, chain
from .results import CALIBRATION, DATA, SHOWN

FLOATS = Recipe(
    epochs=30,
    learning_rate=4e-3,
    schedule="onecycle",
    weight_decay=0.02,
    smoothing=0.1,
    clip=0.0,
    keep="last",
    seed=0,
)
FEW_BITS = Recipe(
    epochs=15, learning_rate=5e-4, schedule="cosine", smoothing=0.1, clip=0.0, keep="last", seed=0
)
DEVICES = ("akd1000", "akd1500")


def main(folder: Path) -> None:
    """Train twice, judge, compile, and verify where that can be done."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = event_set(str(DATA))
    train = EventBatches(found.train, CUT, SENSOR, AUGMENTATION)
    plain = np.array([CUT(found.train[i]) for i in range(CALIBRATION)], np.uint8)
    shown = Batches(plain[:SHOWN], found.train.y[:SHOWN], 100)
    test = as_frames(found.test, CUT)
    np.savez_compressed(folder / "test.npz", x=test.x, y=test.y)
    network: FrameNetwork = chain()
    for name, method, recipe in (
        ("floats", Streaming(frozen=10), FLOATS),
        ("few_bits", Weights(bits=4, target="akida"), FEW_BITS),
    ):
        task = method.prepare(network, plain)
        fit(task, train, shown, recipe)
        network = task.network
        network.export(folder / f"{name}.pt", plain[:64])
        right = judge(network, Batches(test.x, test.y, 50)).right
        sys.stdout.write(f"{name}: {right[-1]:.1%} of {len(test.y)} test recordings\n")
    for device in DEVICES:
        bundle = snnc.compile(
            folder / "few_bits.pt", f"akida{{device={device}}}", folder / device, code="graded"
        )
        ran = bundle.run(folder / "test.npz")
        sys.stdout.write(f"{device}, integers: {ran.headline()}\n")
        verified = bundle.verify(folder / "test.npz", samples=len(test.y), potentials=True)
        sys.stdout.write(f"{device}: {verified.headline()}\n")
        for each in verified.measured:
            sys.stdout.write(f"  {each.name}: {each.value:g} {each.unit}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("build/nmnist"))
