"""Small made-up sets of recordings in the layouts and formats of DvsGesture, N-CARS and CIFAR10-DVS.

What a class is shows in where its events are. tonic (GPL) is not needed: ``stand_ins`` has classes that
read the folders of DvsGesture and CIFAR10-DVS as tonic 1.7.0's do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.recordings.events import EVENT, Events, as_events

GESTURES = 11
CIFAR_CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
CARS = ("background", "cars")


def events_of(label: int, sensor: tuple[int, int], seconds: float, seed: int) -> Events:
    """Some 1,500 events in a square whose place stands for the class."""
    rng = np.random.default_rng([label, seed])
    height, width = sensor
    events = np.empty(1500, EVENT)
    top, left = (label // 4) * height // 4, (label % 4) * width // 4
    events["y"] = rng.integers(top, top + height // 4, len(events))
    events["x"] = rng.integers(left, left + width // 4, len(events))
    events["p"] = rng.integers(0, 2, len(events))
    events["t"] = rng.integers(0, int(seconds * 1e6), len(events))
    return as_events(events)


def write_ncars(folder: Path, each: int) -> None:
    """``n-cars_train/cars/obj_000000_td.dat`` and so on, as the unpacked archives have them."""
    for part, number in (("n-cars_train", each), ("n-cars_test", 2)):
        for label, name in enumerate(CARS):
            for n in range(number):
                rows = events_of(label, (100, 120), 0.1, n + 100 * (part == "n-cars_test"))
                words = np.stack([rows["t"], rows["p"].astype(np.int64) << 28], 1)
                words[:, 1] |= rows["y"].astype(np.int64) << 14 | rows["x"]
                path = folder / "Prophesee_Dataset_n_cars" / part / name / f"obj_{n:06}_td.dat"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"% Data file.\n% Version 2\n\x00\x08" + words.astype("<u4").tobytes())


def write_dvsgesture(folder: Path, each: int) -> None:
    """``ibmGestureTrain/user01_led/0.npy``: rows of x, y, polarity and milliseconds."""
    for part, users in (("Train", range(1, each + 1)), ("Test", range(24, 25))):
        for user in users:
            for label in range(GESTURES):
                rows = events_of(label, (128, 128), 3.0, user)
                path = folder / "DVSGesture" / f"ibmGesture{part}" / f"user{user:02}_led"
                path.mkdir(parents=True, exist_ok=True)
                columns = [rows["x"], rows["y"], rows["p"], rows["t"] / 1000]
                np.save(path / f"{label}.npy", np.stack(columns, 1).astype(np.float64))


def write_cifar10dvs(folder: Path, each: int) -> None:
    """``airplane/cifar10_airplane_0.aedat4`` and so on, written by faery."""
    faery = __import__("faery")
    for label, name in enumerate(CIFAR_CLASSES):
        place = folder / "CIFAR10DVS" / name
        place.mkdir(parents=True, exist_ok=True)
        for n in range(each):
            rows = events_of(label, (128, 128), 1.2, n)
            given = np.zeros(len(rows), faery.EVENTS_DTYPE)
            for field in "xytp":
                given[field] = rows[field]
            stream = faery.events_stream_from_array(given, (128, 128))
            stream.to_file(str(place / f"cifar10_{name}_{n}.aedat4"))


@dataclass(frozen=True)
class MadeUp:
    """A set: what writes it (folder, recordings a class), and its classes."""

    write: Callable[[Path, int], None]
    classes: int


SETS = {
    "dvsgesture": MadeUp(write_dvsgesture, GESTURES),
    "ncars": MadeUp(write_ncars, len(CARS)),
    "cifar10dvs": MadeUp(write_cifar10dvs, len(CIFAR_CLASSES)),
}


class Gestures:
    """Reads what ``tonic.datasets.DVSGesture`` reads, as it does."""

    sensor_size = (128, 128, 2)
    classes = tuple(map(str, range(GESTURES)))

    def __init__(self, save_to: str, train: bool = True) -> None:
        self.location_on_system = f"{save_to}/DVSGesture"
        folder = Path(self.location_on_system) / f"ibmGesture{'Train' if train else 'Test'}"
        self.data = [str(path) for path in folder.glob("*/*.npy")]
        self.targets = [int(Path(path).stem) for path in self.data]

    def __getitem__(self, index: int) -> tuple[NDArray[Any], int]:
        rows = np.load(self.data[index])
        rows[:, 3] *= 1000
        fields = [("x", np.int16), ("y", np.int16), ("p", bool), ("t", np.int64)]
        events = np.empty(len(rows), fields)
        for n, (name, _) in enumerate(fields):
            events[name] = rows[:, n]
        return events, self.targets[index]


class Cifar10Dvs:
    """Reads what ``tonic.datasets.CIFAR10DVS`` reads, as it does."""

    sensor_size = (128, 128, 2)
    classes: ClassVar[dict[str, int]] = {name: n for n, name in enumerate(CIFAR_CLASSES)}

    def __init__(self, save_to: str) -> None:
        self.location_on_system = f"{save_to}/CIFAR10DVS"
        self.data = [str(path) for path in Path(self.location_on_system).glob("*/*.aedat4")]
        self.targets = [self.classes[Path(path).parent.name] for path in self.data]

    def __getitem__(self, index: int) -> tuple[NDArray[Any], int]:
        aedat = __import__("aedat")
        parts = [p["events"] for p in aedat.Decoder(self.data[index]) if "events" in p]
        events = np.concatenate(parts)
        events.dtype.names = ["t", "x", "y", "p"]
        return events, self.targets[index]


def stand_ins() -> dict[str, ModuleType]:
    """Modules by name, to stand for tonic."""
    package: Any = ModuleType("tonic")
    package.datasets = datasets = ModuleType("tonic.datasets")
    package.datasets.NMNIST = None
    package.datasets.DVSGesture, package.datasets.CIFAR10DVS = Gestures, Cifar10Dvs
    return {"tonic": package, "tonic.datasets": datasets}
