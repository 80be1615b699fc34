"""``[data]`` with a set of event recordings: parts, frames, and batches that are changed anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from snnc.errors import UserError
from snnc.training.config import read_training_data
from snnc.training.parts import Parts
from snnc.training.recordings import KEYS
from snnc.training.tables import Table
from tests.recordings.test_event_sets import write_nmnist

FRAMES = {"frames": 2, "window": 1000}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten training recordings, one event each, whose column is the recording's number; two to test."""
    for x in range(10, 20):
        write_nmnist(tmp_path / "set", "Train", "ab"[x % 2], f"{x}.bin", x)
    write_nmnist(tmp_path / "set", "Test", "a", "1.bin", 3)
    write_nmnist(tmp_path / "set", "Test", "b", "1.bin", 4)
    return tmp_path


def parts(folder: Path, **values: Any) -> Parts:
    table = Table({"set": "set", **FRAMES, **values}, "run.toml, [data]", KEYS)
    return read_training_data(table, folder, seed=0)


def columns(x: Any) -> list[int]:
    return [int(np.argwhere(np.asarray(sample))[0][3]) for sample in x]


def test_parts_of_a_folder(folder: Path) -> None:
    found = parts(folder, validation_share=0.3)
    assert found.train.x.shape == (7, 2, 2, 34, 34) and found.validation.x.shape[0] == 3
    assert found.test is not None and sorted(columns(found.test.x)) == [3, 4]
    held = {*columns(found.train.x), *columns(found.validation.x)}
    assert held == set(range(10, 20)) and "0.3 of set" in found.said and found.batches is None
    assert (np.array(columns(found.train.x)) % 2 == found.train.y).all()


def test_fewer_recordings_and_another_view(folder: Path) -> None:
    found = parts(folder, train_samples=4, test_samples=1, pool=2, merge_polarities=True, largest=1)
    assert found.train.x.shape == (3, 2, 1, 17, 17) and found.test is not None
    assert len(found.test.y) == 1
    cropped = parts(folder, crop=[0, 8, 16, 16], frames=1)
    assert cropped.train.x.shape[1:] == (1, 2, 16, 16)
    counted = Table({"set": "set", "frames": 3, "events_a_frame": 5}, "t", KEYS)
    assert read_training_data(counted, folder, 0).train.x.shape[1] == 3


def test_training_batches_are_changed_and_the_rest_is_not(folder: Path) -> None:
    plain, found = parts(folder), parts(folder, augment={"shift": 3})
    assert np.array_equal(plain.train.x, found.train.x) and found.batches is not None
    assert np.array_equal(plain.validation.x, found.validation.x)
    assert len(found.train.y) == 9
    batches: Any = found.batches(3)
    fours: Any = found.batches(4)
    assert len(batches) == 3 and len(fours) == 2  # only whole ones: for the statistics' sake
    runs = []
    for _ in range(2):
        torch.manual_seed(5)
        runs.append([list(batches), list(batches)])
    first, second = runs[0]
    for one, other in zip(first, runs[1][0], strict=True):
        assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])
    assert not torch.equal(torch.cat([x for x, _ in first]), torch.cat([x for x, _ in second]))
    x, y = torch.cat([x for x, _ in first]), torch.cat([y for _, y in first])
    assert x.shape == found.train.x.shape and x.dtype == torch.float32
    # Shifts keep who is who: the labels are those of the recordings that are trained on.
    assert sorted(y.tolist()) == sorted(found.train.y.tolist())
    unmoved: Any = parts(folder, augment={}).batches
    assert all(
        int(label) == column % 2
        for x, y in unmoved(4)
        for label, column in zip(y, columns(x), strict=True)
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"frame": 3}, "did you mean frames"),
        ({"augment": {"shifts": 3}}, "did you mean shift"),
        ({"augment": {"shift": -3}}, "the smallest is 0"),
        ({"augment": "a:b"}, "a table"),
        ({"crop": [0, 1]}, "top, left, height, width"),
        ({"events_a_frame": 10}, "give one of them"),
        ({"pool": 0}, "pool"),
        ({"duration": 10}, "two of frames, window and duration"),
        ({"train_samples": 0}, "0 samples"),
        ({"set": "nothing"}, "neither a folder nor one of the sets"),
        ({"validation_share": 2.0}, "is 2, it must be below 1"),
    ],
)
def test_tables_that_cannot_work(folder: Path, values: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        parts(folder, **values)
