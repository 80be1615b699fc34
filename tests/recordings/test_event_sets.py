"""Finding and naming sets of recordings; stand-ins for tonic's classes, so that no test needs it."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.errors import UserError
from snnc.recordings.event_sets import CIFAR10DVS_TEST_SHARE, EventSet, as_frames, event_set
from snnc.recordings.events import View, frames_by_time

NMNIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "nmnist"
needs_nmnist = pytest.mark.skipif(not NMNIST.is_dir(), reason=f"no N-MNIST recordings in {NMNIST}")
ONE_FRAME = partial(frames_by_time, view=View((34, 34)), frames=1, window=1000)


def write_nmnist(folder: Path, part: str, label: str, name: str, x: int) -> None:
    file = folder / part / label / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes([x, 0, 0, 0, 1]))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Class b has recordings 10..13, class a 20..23; the number is the x of the only event."""
    for label, first in (("b", 10), ("a", 20)):
        for x in range(first, first + 4):
            write_nmnist(tmp_path, "Train", label, f"{x}.bin", x)
        write_nmnist(tmp_path, "Test", label, "1.bin", first + 9)
    return tmp_path


def test_a_folder(small: Path) -> None:
    found = event_set(str(small))
    assert (found.name, found.sensor, found.classes) == (small.name, (34, 34), ("a", "b"))
    assert (len(found.train), len(found.test)) == (8, 2)
    xs = [int(events["x"][0]) for events in found.train]
    assert sorted(xs) == [10, 11, 12, 13, 20, 21, 22, 23] and xs != sorted(xs)
    assert found.train.y.tolist() == [0 if x >= 20 else 1 for x in xs]
    assert int(found.train[3]["x"][0]) == xs[3]
    again = event_set(str(small))
    assert [int(events["x"][0]) for events in again.train] == xs


def test_frames_of_a_folder(small: Path) -> None:
    part = event_set(str(small)).train
    frames = as_frames(part, ONE_FRAME)
    assert frames.x.shape == (8, 1, 2, 34, 34) and frames.x.dtype == np.uint8
    assert frames.y.dtype == np.int64
    assert [int(np.argwhere(sample)[0][3]) for sample in frames.x] == [int(e["x"][0]) for e in part]


def test_frames_of_different_shapes(small: Path) -> None:
    part = event_set(str(small)).train
    with pytest.raises(ValueError, match="must have one shape"):
        as_frames(part, lambda events: ONE_FRAME(events)[..., : int(events["x"][0]) - 9])


def test_a_folder_with_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no recordings Train/<class>/\*\.bin in .*; unpack"):
        event_set(str(tmp_path))


def test_a_test_class_that_training_has_not(small: Path) -> None:
    write_nmnist(small, "Test", "c", "1.bin", 1)
    with pytest.raises(ValueError, match="has classes that Train has not: c"):
        event_set(str(small))


def test_neither_a_name_nor_a_folder() -> None:
    with pytest.raises(ValueError, match="'nmist' is neither a folder nor one of the sets nmnist, dvs"):
        event_set("nmist")


def test_a_damaged_recording_is_named(small: Path) -> None:
    (small / "Test" / "a" / "1.bin").write_bytes(b"123")
    with pytest.raises(UserError, match=r"a/1\.bin\s+why  3 bytes"):
        as_frames(event_set(str(small)).test, ONE_FRAME)


@pytest.mark.parametrize("inner", ["", "train"])
def test_ncars(tmp_path: Path, inner: str) -> None:
    for part in ("n-cars_train", "n-cars_test"):
        for label, x in (("background", 1), ("cars", 2)):
            file = tmp_path / "Prophesee_Dataset_n_cars" / part / inner / label / "obj_000000_td.dat"
            file.parent.mkdir(parents=True)
            file.write_bytes(b"% header\n\x00\x08" + np.array([7, x], "<u4").tobytes())
    found = event_set("ncars", tmp_path)
    assert (found.sensor, found.classes) == ((100, 120), ("background", "cars"))
    assert [int(e["x"][0]) for e in found.train] == [1 + y for y in found.train.y.tolist()]
    assert len(found.test) == 2


def test_ncars_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no recordings n-cars_train/.*prophesee\.ai"):
        event_set("ncars", tmp_path)


@pytest.mark.parametrize("name", ["nmnist", "dvsgesture", "cifar10dvs"])
def test_tonic_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for module in ("tonic", "tonic.datasets", "aedat"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        ValueError, match=rf"'{name}' is read by tonic; .* pip install 'tonic>=1.6' 'aedat>=2'"
    ):
        event_set(name)


class Stand:
    """What tonic 1.7.0's data sets have in common: 20 recordings of each of two classes."""

    sensor_size = (128, 100, 2)
    classes: Any = ("left", "right")

    def __init__(self, save_to: str, train: bool = True) -> None:
        self.location_on_system = save_to
        # In the order of some file system.
        files = [
            (f"{save_to}/{train}/{label}/{i:02}.x", label)
            for i in (3, 1, 2, *range(4, 21))
            for label in (1, 0)
        ]
        self.data = [file for file, _ in files]
        self.targets = [label for _, label in files]

    def __getitem__(self, index: int) -> tuple[NDArray[Any], int]:
        place = int(Path(self.data[index]).stem)
        fields = [("t", np.uint64), ("x", np.uint16), ("y", np.uint16), ("p", bool)]
        return np.array([(5, place, self.targets[index], True)], fields), self.targets[index]


@pytest.fixture
def tonic(monkeypatch: pytest.MonkeyPatch) -> None:
    package: Any = ModuleType("tonic")
    package.datasets = ModuleType("tonic.datasets")
    package.datasets.NMNIST = package.datasets.DVSGesture = Stand
    # One part only, and classes that are a dictionary.
    package.datasets.CIFAR10DVS = type(
        "One",
        (Stand,),
        {"__init__": lambda self, save_to: Stand.__init__(self, save_to), "classes": {"l": 0, "r": 1}},
    )
    for module in (package, package.datasets, ModuleType("aedat")):
        monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.mark.usefixtures("tonic")
def test_tonic_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def empty(self: Stand, save_to: str, train: bool = True) -> None:
        self.location_on_system, self.data = save_to, []

    monkeypatch.setattr(Stand, "__init__", empty)
    with pytest.raises(ValueError, match=r"tonic finds no recordings in .*; delete it"):
        event_set("dvsgesture", tmp_path)


def check_labels(found: EventSet) -> None:
    for part in (found.train, found.test):
        assert [int(events["y"][0]) for events in part] == part.y.tolist()


@pytest.mark.usefixtures("tonic")
def test_dvsgesture(tmp_path: Path) -> None:
    found = event_set("dvsgesture", tmp_path)
    assert (found.sensor, found.classes) == ((100, 128), ("left", "right"))
    assert (len(found.train), len(found.test)) == (40, 40)
    check_labels(found)
    assert len({*found.train.y[:10].tolist()}) == 2


@pytest.mark.usefixtures("tonic")
def test_cifar10dvs_is_split_evenly_and_wholly(tmp_path: Path) -> None:
    found = event_set("cifar10dvs", tmp_path)
    assert found.classes == ("l", "r")
    assert np.bincount(found.test.y).tolist() == [20 // CIFAR10DVS_TEST_SHARE] * 2
    check_labels(found)
    places = {(int(e["x"][0]), int(e["y"][0])) for part in (found.train, found.test) for e in part}
    assert len(places) == len(found.train) + len(found.test) == 40


@needs_nmnist
def test_the_real_recordings() -> None:
    found = event_set(str(NMNIST))
    assert found.classes == tuple("0123456789")
    assert (len(found.train), len(found.test)) == (800, 100)
    frames = as_frames(
        found.test, partial(frames_by_time, view=View((34, 34)), frames=12, window=30_000)
    )
    assert frames.x.shape == (100, 12, 2, 34, 34) and frames.x.dtype == np.uint8
    assert np.bincount(frames.y).tolist() == [8, 14, 8, 11, 14, 7, 10, 15, 2, 11]
    assert 3_000 < frames.x.sum() / 100 < 6_000
