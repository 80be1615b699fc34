"""Batches of event recordings, each changed anew every time: what augmented training sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from .augment import Augmentation, augment
from .event_sets import Recordings
from .events import Counts, Events


class EventBatches:
    """An iterable of ``(x, y)``: x float (batch, frames, channels, height, width), y int64 (batch,).

    Args:
        recordings: read once and kept; events, not frames, so that they can be turned and shifted.
        cut: from the events of one recording to frames of counts.
        sensor: height and width, pixels.
        how: the bounds of what is changed; drawn from torch's global generator.
        size: samples of a batch; a last one with fewer is left out, for batch normalisation's sake.

    Raises:
        ValueError: fewer recordings than a batch holds.
    """

    def __init__(
        self,
        recordings: Recordings,
        cut: Callable[[Events], Counts],
        sensor: tuple[int, int],
        how: Augmentation,
        size: int = 64,
    ) -> None:
        if len(recordings) < size:
            raise ValueError(f"{len(recordings)} recordings do not fill a batch of {size}")
        self.events = list(recordings)
        self.y = torch.from_numpy(recordings.y)
        self.cut, self.sensor, self.how, self.size = cut, sensor, how, size

    def __len__(self) -> int:
        return len(self.events) // self.size

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        order = rng.permutation(len(self.events))[: len(self) * self.size]
        for chosen in order.reshape(len(self), self.size):
            changed = (augment(self.events[i], self.sensor, self.how, rng) for i in chosen)
            x = np.stack([self.cut(events) for events in changed])
            yield torch.from_numpy(x.astype(np.float32)), self.y[torch.from_numpy(chosen)]
