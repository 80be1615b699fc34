"""Sets of labelled event recordings: a folder in N-MNIST's own layout, or one of four by name.

The names stand for the sets on which conversion of streaming rollouts was reported (Kugele et al.
2020). ``tonic`` (GPL, optional) downloads and reads three of them; N-CARS, which tonic 1.7 no longer
has and which is handed out after a registration, and N-MNIST's layout are read here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.optional import install_command

from .events import Counts, Events, as_events, narrow, read_dat, read_nmnist

NAMES = ("nmnist", "dvsgesture", "ncars", "cifar10dvs")

NCARS_CLASSES = ("background", "cars")
NCARS_SENSOR = (100, 120)
"""Height and width of the largest recording (Sironi et al. 2018); each is cut to its object."""

CIFAR10DVS_TEST_SHARE = 10
"""CIFAR10-DVS has no test part of its own: every so manieth recording of each class becomes it."""

INSTALL_TONIC = install_command("tonic", "aedat")


@dataclass(frozen=True)
class Recordings:
    """Labelled recordings, each read when it is asked for: DvsGesture's events take gigabytes.

    Attributes:
        sources: one a recording, whatever ``read`` takes.
        y: int64 (recordings,), the classes' numbers.
        read: gives the events of one.
    """

    sources: tuple[Any, ...]
    y: NDArray[np.int64]
    read: Callable[[Any], Events]

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> Events:
        """Events of one recording, (events,). Raises ValueError where it is damaged."""
        return self.read(self.sources[index])

    def __iter__(self) -> Iterator[Events]:
        return map(self.read, self.sources)


@dataclass(frozen=True)
class EventSet:
    """A set of recordings.

    Attributes:
        name: of the set, or the folder's.
        sensor: height and width, pixels.
        classes: their names; a label is an index into it.
        train, test: the two parts, each in an order drawn once, so that the first few have all classes.
    """

    name: str
    sensor: tuple[int, int]
    classes: tuple[str, ...]
    train: Recordings
    test: Recordings


@dataclass(frozen=True)
class Labelled:
    """Frames with labels: x uint8 or uint16 (samples, frames, channels, height, width), y int64
    (samples,)."""

    x: Counts
    y: NDArray[np.int64]


def event_set(source: str, folder: Path = Path("data")) -> EventSet:
    """Find a set of recordings.

    Args:
        source: one of ``NAMES``, or a folder with ``Train/<class>/*.bin`` and ``Test/<class>/*.bin``,
            the layout of N-MNIST. ``./nmnist`` is a folder even though ``nmnist`` is a name.
        folder: where the sets that have names are. What is not there, tonic downloads into it
            (gigabytes). N-CARS is expected there unpacked, as ``n-cars_train`` and ``n-cars_test`` at
            any depth.

    Returns:
        The set; events are read later.

    Raises:
        ValueError: neither a name nor a folder, recordings missing, tonic missing; with the cure.
    """
    if source in ("nmnist", "dvsgesture", "cifar10dvs"):
        return _from_tonic(source, folder)
    if source == "ncars":
        return _ncars(folder)
    if not Path(source).is_dir():
        raise ValueError(f"{source!r} is neither a folder nor one of the sets {', '.join(NAMES)}")
    return nmnist_folder(Path(source))


def nmnist_folder(folder: Path) -> EventSet:
    """A set in N-MNIST's own layout and format, whole or in part, read without any other package.

    Args:
        folder: holds ``Train`` and ``Test``, these a folder a class, these ``.bin`` files.

    Raises:
        ValueError: a part is missing or empty, or the test part has a class that training has not.
    """
    parts = {}
    classes: tuple[str, ...] = ()
    for part in ("Train", "Test"):
        files = sorted((folder / part).glob("*/*.bin"))
        if not files:
            raise ValueError(
                f"no recordings {part}/<class>/*.bin in {folder}; unpack N-MNIST's Train.zip and "
                "Test.zip there"
            )
        classes = classes or tuple(sorted({file.parent.name for file in files}))
        if unknown := sorted({file.parent.name for file in files} - {*classes}):
            raise ValueError(f"{folder / part} has classes that Train has not: {', '.join(unknown)}")
        parts[part] = _shuffled(files, [classes.index(file.parent.name) for file in files], read_nmnist)
    return EventSet(folder.name, (34, 34), classes, parts["Train"], parts["Test"])


def as_frames(recordings: Recordings, cut: Callable[[Events], Counts]) -> Labelled:
    """Turn a part of a set into frames.

    Args:
        recordings: at least one.
        cut: makes frames of events, e.g. ``partial(frames_by_time, view=View((34, 34)), frames=12,
            window=30_000)``; of the same shape for all.

    Returns:
        Frames and labels; uint16 if any count is above 255, else uint8.

    Raises:
        ValueError: no recordings, shapes that differ, or as ``cut``.
    """
    if not len(recordings):
        raise ValueError("there are no recordings to turn into frames")
    frames = [cut(events) for events in recordings]
    if len(shapes := {part.shape for part in frames}) > 1:
        raise ValueError(f"frames of all recordings must have one shape, got {sorted(shapes)}")
    return Labelled(narrow(np.stack(frames)), recordings.y)


def _from_tonic(name: str, folder: Path) -> EventSet:
    """N-MNIST, DvsGesture or CIFAR10-DVS through tonic (checked with 1.7.0)."""
    tonic = _tonic(name)
    kind = {
        "nmnist": tonic.datasets.NMNIST,
        "dvsgesture": tonic.datasets.DVSGesture,
        "cifar10dvs": tonic.datasets.CIFAR10DVS,
    }[name]
    width, height, _ = kind.sensor_size
    if name == "cifar10dvs":
        train, test = _split(_tonic_part(kind(str(folder))))
    else:
        train, test = (_tonic_part(kind(str(folder), train=part)) for part in (True, False))
    return EventSet(name, (height, width), tuple(kind.classes), train, test)


def _tonic(name: str) -> ModuleType:
    try:
        if name == "cifar10dvs":
            # tonic asks for it only when it reads the first file of this set.
            importlib.import_module("aedat")
        importlib.import_module("tonic.datasets")
        return importlib.import_module("tonic")
    except ImportError as error:
        raise ValueError(
            f"the set {name!r} is read by tonic; {error.name or 'it'} is not installed: {INSTALL_TONIC}"
        ) from error


def _tonic_part(dataset: Any) -> Recordings:
    """tonic lists some sets in the order of the file system, which differs between machines."""
    files = [Path(file) for file in dataset.data]
    if not files:
        raise ValueError(
            f"tonic finds no recordings in {dataset.location_on_system}; delete it to load it again"
        )
    order = sorted(range(len(files)), key=lambda i: files[i].parts)
    return _shuffled(order, [int(dataset.targets[i]) for i in order], partial(_read_tonic, dataset))


def _read_tonic(dataset: Any, index: int) -> Events:
    events, _ = dataset[index]
    return as_events(events)


def _split(recordings: Recordings) -> tuple[Recordings, Recordings]:
    """Training and test part of a set that has one part, the same on every machine."""
    test = np.zeros(len(recordings), bool)
    for label in np.unique(recordings.y):
        test[np.flatnonzero(recordings.y == label)[::CIFAR10DVS_TEST_SHARE]] = True
    return chosen(recordings, np.flatnonzero(~test)), chosen(recordings, np.flatnonzero(test))


def _ncars(folder: Path) -> EventSet:
    parts = {}
    for part in ("n-cars_train", "n-cars_test"):
        # The archives inside the archive have been unpacked with and without folders of their own.
        files = sorted(file for place in folder.rglob(part) for file in place.rglob("*.dat"))
        files = [file for file in files if file.parent.name in NCARS_CLASSES]
        if not files:
            raise ValueError(
                f"no recordings {part}/**/{{{','.join(NCARS_CLASSES)}}}/*.dat in {folder}; unpack "
                "Prophesee_Dataset_n_cars.zip of prophesee.ai and the two archives in it there"
            )
        labels = [NCARS_CLASSES.index(file.parent.name) for file in files]
        parts[part] = _shuffled(files, labels, read_dat)
    return EventSet("ncars", NCARS_SENSOR, NCARS_CLASSES, parts["n-cars_train"], parts["n-cars_test"])


def _shuffled(sources: list[Any], labels: list[int], read: Callable[[Any], Events]) -> Recordings:
    ordered = Recordings(tuple(sources), np.array(labels, np.int64), read)
    return chosen(ordered, np.random.default_rng(0).permutation(len(sources)))


def chosen(recordings: Recordings, which: NDArray[np.integer[Any]]) -> Recordings:
    """The recordings of those indices, in their order."""
    sources = tuple(recordings.sources[i] for i in which)
    return Recordings(sources, recordings.y[which], recordings.read)
