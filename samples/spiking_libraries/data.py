"""scikit-learn's handwritten digits as spike trains: 1,797 grey images of 8 by 8 pixels, 0 to 16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits

CLASSES = 10
PIXELS = 64
TEST = 360
"""Of 1,797 digits."""


@dataclass(frozen=True)
class Part:
    """Spike trains and what they show.

    Attributes:
        x: (samples, steps, pixels), 0 or 1, uint8.
        y: (samples,), the digit, int64.
    """

    x: NDArray[np.uint8]
    y: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.y)

    def first(self, count: int) -> Part:
        """Its first samples."""
        return Part(self.x[:count], self.y[:count])


def digits(steps: int, seed: int = 0) -> tuple[Part, Part]:
    """Training and test part: in each step a pixel spikes with a probability of its value / 16.

    Args:
        steps: of one sample.
        seed: of the spikes; which digits are the test part depends on nothing.
    """
    loaded: Any = load_digits()
    order = np.random.default_rng(0).permutation(len(loaded.target))
    images = np.asarray(loaded.data, np.float64)[order] / 16
    y = np.asarray(loaded.target, np.int64)[order]
    drawn = np.random.default_rng(seed).random((len(y), steps, PIXELS))
    x = (drawn < images[:, None]).astype(np.uint8)
    return Part(x[TEST:], y[TEST:]), Part(x[:TEST], y[:TEST])
