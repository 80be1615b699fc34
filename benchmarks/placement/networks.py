"""Networks of more than eight cores of Loihi 1, trained briefly or from shipped weights.

Each is made once, into ``build/placement``: an archive and its calibration data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from samples.cifar10.data import read
from samples.cifar10.experiments import SHIPPED
from samples.cifar10.networks import resnet20
from samples.cifar10.weights import read_weights
from samples.cifar_events import network as events
from samples.cifar_events.camera import Camera
from samples.cifar_events.data import recorded
from samples.nmnist.network import AUGMENTATION, CUT, SENSOR
from samples.nmnist.network import build as nmnist
from samples.nmnist.results import DATA
from samples.nmnist.results import RECIPE as NMNIST_RECIPE
from snnc.authoring import FrameNetwork
from snnc.recordings.event_sets import event_set
from snnc.training import Batches, Recipe, Streaming, fit
from snnc.training.data.event_batches import EventBatches

PLACE = Path("build/placement")
EPOCHS, EPOCHS_EVENTS = 6, 6
CALIBRATION, RESNET_CALIBRATION = 16, 8
IMAGES, HELD = 1_000, 250
SIDE = 12
"""Pixels a side that ResNet-20 sees here, the middle of each image: whole, it takes two chips."""


@dataclass(frozen=True)
class Network:
    """One network of the benchmark.

    Attributes:
        name: of its files.
        what: in words.
        make: writes ``NAME.pt`` with data that calibrate.
        steps: a frame.
        input_bits: of sanafe's inputs, where they are payloads; None for binary spikes.
    """

    name: str
    what: str
    make: Callable[[str], None]
    steps: int
    input_bits: int | None = None


def make_nmnist(name: str) -> None:
    """The rollout with shortcuts of ``samples/nmnist``, six epochs of its 800 recordings."""
    torch.manual_seed(0)
    found = event_set(str(DATA))
    plain = np.array([CUT(found.train[i]) for i in range(128)], np.uint8)
    task = Streaming(frozen=2).prepare(nmnist(), plain)
    shown = Batches(plain[:100], found.train.y[:100], 100)
    train = EventBatches(found.train, CUT, SENSOR, AUGMENTATION)
    fit(task, train, shown, replace(NMNIST_RECIPE, epochs=EPOCHS))
    _write(task.network, name, plain[:CALIBRATION])


def make_events(name: str) -> None:
    """The chain of ``samples/cifar_events``, six epochs of 1000 recordings."""
    torch.manual_seed(0)
    images = read("train")
    x = recorded(images.x[: IMAGES + HELD], Camera(), np.random.default_rng(0))
    y = images.y[: IMAGES + HELD]
    task = Streaming(frozen=2).prepare(events.build("chain"), x[:128])
    recipe = Recipe(epochs=EPOCHS_EVENTS, learning_rate=4e-3, schedule="onecycle", seed=0)
    train = Batches(x[:IMAGES], y[:IMAGES], 50, shuffle=True)
    fit(task, train, Batches(x[IMAGES:], y[IMAGES:], 50), recipe)
    _write(task.network, name, x[:CALIBRATION])


def make_resnet(name: str) -> None:
    """ResNet-20 with the shipped weights on the middle of CIFAR-10's images."""
    network = resnet20(side=SIDE)
    read_weights(network, SHIPPED / "resnet20_0.npz")
    begin = (32 - SIDE) // 2
    images = read("train").x[:RESNET_CALIBRATION, None, :, begin:, begin:][..., :SIDE, :SIDE]
    _write(network, name, np.ascontiguousarray(images))


def _write(network: FrameNetwork, name: str, x: NDArray[np.uint8]) -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    network.export(PLACE / f"{name}.pt", x)
    np.savez_compressed(PLACE / f"{name}.npz", x=x)


NETWORKS = (
    Network("nmnist", "N-MNIST rollout with shortcuts", make_nmnist, 8),
    Network("events", "CIFAR-10 as events, a chain", make_events, 16),
    Network("resnet20_12", "ResNet-20, 12 x 12 pixels", make_resnet, 16, input_bits=8),
)


def archive(network: Network) -> Path:
    """The network's archive, made where it is not there yet."""
    path = PLACE / f"{network.name}.pt"
    if not path.exists():
        torch.set_num_threads(1)
        network.make(network.name)
    return path
