"""Batches of recordings: everything drawn from torch's generator, so that an epoch can be had again."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from snnc.recordings.event_sets import Recordings
from snnc.recordings.events import EVENT, Events, View, frames_by_time
from snnc.training.data.augment import Augmentation
from snnc.training.data.event_batches import EventBatches

SENSOR = (8, 8)
CUT = partial(frames_by_time, view=View(SENSOR), frames=3, window=1000)


def recording(index: int) -> Events:
    rng = np.random.default_rng(index)
    events = np.zeros(50, EVENT)
    events["x"], events["y"] = rng.integers(0, 8, (2, 50))
    events["p"], events["t"] = rng.integers(0, 2, 50), np.sort(rng.integers(0, 3000, 50))
    return events


def batches(how: Augmentation, size: int = 4) -> EventBatches:
    recordings = Recordings(tuple(range(10)), np.arange(10), recording)
    return EventBatches(recordings, CUT, SENSOR, how, size)


def test_whole_batches_of_floats_with_their_labels() -> None:
    found = list(batches(Augmentation()))
    assert len(found) == len(batches(Augmentation())) == 2
    for x, y in found:
        assert x.shape == (4, 3, 2, 8, 8) and x.dtype == torch.float32 and y.dtype == torch.int64
        for counts, label in zip(x, y, strict=True):
            np.testing.assert_array_equal(counts.numpy(), CUT(recording(int(label))))


def test_the_seed_decides() -> None:
    drawn = []
    data = batches(Augmentation(shift=2, dropping=0.5))
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(torch.cat([x for x, _ in data]))
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


def test_too_few_for_a_batch_are_one() -> None:
    ((x, y),) = batches(Augmentation(), size=11)
    assert len(x) == len(y) == 10
    with pytest.raises(ValueError, match="batches of 0"):
        batches(Augmentation(), size=0)
