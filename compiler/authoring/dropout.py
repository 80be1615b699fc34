"""Dropout whose mask lasts as long as its sample: the same neurons are out in every step and frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class FixedDropout(nn.Module):
    """Drops elements of each sample for its whole run (STDB: Rathi et al. 2020).

    A mask drawn again at each step would average out over them. A network draws masks when it starts
    (:meth:`begin`); used alone, the owner of the loop calls ``begin`` before each batch. In
    evaluation it passes everything on.

    Args:
        p: share that is dropped, from 0 to below 1; what stays is divided by ``1 - p``.
        whole_channels: drop all of a channel or nothing, as ``nn.Dropout2d`` does.

    One module on several edges of one node has one mask for all of them.

    Raises:
        ValueError: p out of bounds.
    """

    def __init__(self, p: float = 0.5, whole_channels: bool = False) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p is {p!r}; it must be at least 0 and below 1")
        self.p = float(p)
        self.whole_channels = whole_channels
        self._batch: int | None = None
        self._mask: Tensor | None = None

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        return f"p={self.p}" + (", whole_channels=True" if self.whole_channels else "")

    def begin(self, batch: int) -> None:
        """Drop the mask: the next call draws one for ``batch`` samples."""
        self._batch, self._mask = batch, None

    def forward(self, x: Tensor) -> Tensor:
        """(k * batch, *shape) to the same; sample ``i`` is at ``i``, ``batch + i``, ``2 batch + i``, ..

        Raises:
            ValueError: called in training before ``begin``, or with another batch.
        """
        if self.p == 0:
            return x
        if not self.training:
            # Nothing happens, but an exported program says what would in training.
            left_out = torch.feature_dropout if self.whole_channels else torch.dropout
            return left_out(x, self.p, train=False)
        if self._batch is None or x.shape[0] % self._batch:
            raise ValueError(f"{x.shape[0]} rows do not hold {self._batch} samples; call begin(batch)")
        if self._mask is None:
            alike = x.ndim - 2 if self.whole_channels else 0
            each = (*x.shape[1 : x.ndim - alike], *[1] * alike)
            keep = torch.full((self._batch, *each), 1 - self.p, dtype=x.dtype, device=x.device)
            self._mask = torch.bernoulli(keep) / (1 - self.p)
        return (x.view(-1, self._batch, *x.shape[1:]) * self._mask).view(x.shape)
