"""Batches of event recordings, each changed anew every time: what augmented training sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from snnc.recordings.event_sets import Recordings
from snnc.recordings.events import Counts, Events

from .augment import Augmentation, augment


class EventBatches:
    """An iterable of ``(x, y)``: x float (batch, frames, channels, height, width), y int64 (batch,).

    Args:
        recordings: read anew each time: events take gigabytes. Events, not frames, so that they can be
            turned and shifted.
        cut: from the events of one recording to frames of counts.
        sensor: height and width, pixels.
        how: the bounds of what is changed; drawn from torch's global generator.
        size: samples of a batch; a last one with fewer is left out, for batch normalisation's sake,
            unless it is the only one.

    Raises:
        ValueError: a batch of no samples, or no recordings.
    """

    def __init__(
        self,
        recordings: Recordings,
        cut: Callable[[Events], Counts],
        sensor: tuple[int, int],
        how: Augmentation,
        size: int = 64,
    ) -> None:
        if size < 1 or not len(recordings):
            raise ValueError(f"batches of {size} out of {len(recordings)} recordings")
        self.recordings = recordings
        self.y = torch.from_numpy(recordings.y)
        self.cut, self.sensor, self.how = cut, sensor, how
        self.size = min(size, len(recordings))

    def __len__(self) -> int:
        return len(self.recordings) // self.size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        order = rng.permutation(len(self.recordings))[: len(self) * self.size]
        for chosen in order.reshape(len(self), self.size):
            changed = (augment(self.recordings[i], self.sensor, self.how, rng) for i in chosen)
            x = np.stack([self.cut(events) for events in changed])
            yield torch.from_numpy(x.astype(np.float32)), self.y[torch.from_numpy(chosen)]
