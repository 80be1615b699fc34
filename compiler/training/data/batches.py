"""Labelled event frames in batches: what a method is trained and judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Augment = Callable[[Tensor], Tensor]
"""From counts (batch, frames, *shape), float, to as many; draws from torch's global generator."""


class Batches:
    """An iterable of ``(x, y)``: x float (batch, frames, *shape), y int64 (batch,).

    With probabilities for labels, y is float (batch, classes). Anything that yields such pairs, a
    ``torch.utils.data.DataLoader`` for instance, can take its place. This one keeps counts in the type
    that they come in and cuts whole batches out of them, which for data that fit into memory is many
    times faster than a loader that collects samples one by one.

    Args:
        x: counts, (samples, frames, *shape).
        y: labels, (samples,), or the probabilities of the classes, (samples, classes).
        size: samples of a batch; the last one may have fewer.
        shuffle: another order each time, drawn from torch's global generator; a single sample that is
            left over joins the batch before, because alone it cannot be normalised.
        augment: applied to each batch.

    Raises:
        ValueError: labels and samples differ in number, there are none, or probabilities are below 0 or
            do not add up to 1.
    """

    def __init__(
        self,
        x: NDArray[np.generic],
        y: NDArray[np.integer[Any]] | NDArray[np.floating[Any]],
        size: int = 64,
        shuffle: bool = False,
        augment: Augment | None = None,
    ) -> None:
        if len(x) != len(y) or not len(x):
            raise ValueError(f"{len(x)} samples with {len(y)} labels")
        if size < 1:
            raise ValueError(f"a batch of {size} samples")
        self.x = torch.from_numpy(np.ascontiguousarray(_as_torch_has(x)))
        self.y = torch.from_numpy(_labels(np.asarray(y)))
        self.size = size
        self.shuffle = shuffle
        self.augment = augment

    def __len__(self) -> int:
        return len(self._sizes())

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = torch.randperm(len(self.y)) if self.shuffle else torch.arange(len(self.y))
        for chosen in torch.split(order, self._sizes()):
            x = self.x[chosen].float()
            yield (x if self.augment is None else self.augment(x)), self.y[chosen]

    def _sizes(self) -> list[int]:
        """Of all batches."""
        whole, rest = divmod(len(self.y), self.size)
        sizes = [self.size] * whole + [rest] * (rest > 0)
        if self.shuffle and rest == 1 and whole:
            sizes[-2:] = [self.size + 1]
        return sizes


def _labels(y: NDArray[Any]) -> NDArray[Any]:
    """Classes as int64, probabilities as float32."""
    if y.ndim == 1:
        return y.astype(np.int64)
    if y.ndim != 2 or (y < 0).any() or not np.allclose(y.sum(1), 1, atol=1e-3):
        raise ValueError(
            "labels of two axes are probabilities: from 0 on, and 1 in sum for each sample"
        )
    return y.astype(np.float32)


def _as_torch_has(x: NDArray[np.generic]) -> NDArray[np.generic]:
    """torch (2.13) computes little with wider unsigned integers than bytes."""
    return x.astype(np.int32) if x.dtype == np.uint16 else x
