"""Poisson input: in every time step a draw of each count, as a spike of its sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.errors import fail


@dataclass(frozen=True)
class PoissonInput:
    """A frame of counts becomes ``steps`` frames of spikes, each a draw (Rathi et al. 2020).

    In each of them an element of count c spikes with the probability ``|c| / largest``, and its spike
    is worth the sign of c: -1 or 1. The mean over many steps is ``c / largest``.

    Attributes:
        steps: draws of a frame, each a frame of one time step.
        largest: the count, of either sign, that spikes in every step.

    Raises:
        ValueError: one of them is below 1.
    """

    steps: int
    largest: int

    def __post_init__(self) -> None:
        if self.steps < 1 or self.largest < 1:
            raise ValueError(f"{self.steps} steps, largest count {self.largest}: both are at least 1")

    def draw(self, x: Tensor) -> Tensor:
        """Draws from torch's global generator.

        Args:
            x: counts as floats, (batch, frames, *shape); what lies between two of them has the rate
                between theirs.

        Returns:
            -1, 0 and 1, float, (batch, frames * steps, *shape).

        Raises:
            UserError: D522 a count is beyond the largest.
        """
        self._refuse_larger(float(x.abs().max()))
        rate = (x.abs() / self.largest).repeat_interleave(self.steps, 1)
        fires = torch.rand_like(rate) < rate
        return fires * x.sign().repeat_interleave(self.steps, 1)

    def drawn(self, x: NDArray[Any], seed: int = 0) -> NDArray[np.int8]:
        """Draws that depend on the seed and on the samples before, and on nothing else.

        Args:
            x: counts, (samples, frames, *shape).
            seed: of the draws.

        Returns:
            -1, 0 and 1, int8, (samples, frames * steps, *shape).

        Raises:
            UserError: D522 a count is beyond the largest.
        """
        rng = np.random.default_rng(seed)
        found = np.empty((x.shape[0], x.shape[1] * self.steps, *x.shape[2:]), np.int8)
        for sample, counts in zip(found, x, strict=True):
            wide = counts.astype(np.float64)
            self._refuse_larger(float(np.abs(wide).max(initial=0.0)))
            rate = np.repeat(np.abs(wide) / self.largest, self.steps, 0)
            fires = rng.random(rate.shape) < rate
            sample[:] = fires * np.repeat(np.sign(wide), self.steps, 0)
        return found

    def _refuse_larger(self, most: float) -> None:
        if most > self.largest:
            raise fail(
                "D522",
                f"a count of {most:g}; {self.largest} spikes in every step already",
                where="Poisson input",
                why="a count's share of the largest one is how probable its spike is",
                help="give the largest count of all data: stdb{input=poisson,largest=N}",
            )


def largest_count(x: NDArray[Any]) -> int:
    """The largest count of either sign, at least 1."""
    return max(1, int(x.max(initial=0)), -int(x.min(initial=0)))
